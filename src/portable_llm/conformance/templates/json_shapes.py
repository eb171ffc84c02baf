"""Templates of the axis `json`: a value that satisfies a schema and is the correct one."""

from __future__ import annotations

from portable_llm.conformance.templates.draw import Draw
from portable_llm.conformance.templates.pools import COLOURS, CURRENCIES, PRODUCTS
from portable_llm.conformance.templates.template import Catalogue, Draft, Json, ask, gives, of, schema

template = Catalogue("json")

AS_JSON = "Return it as JSON."


@template("j1", "person", tags=("easy", "flat"), smoke=True)
def person(draw: Draw) -> Draft:
    """A string and a whole number."""
    name, age = draw.person(), draw.between(18, 89)
    form = schema({"name": of("string"), "age": of("integer")})
    request = ask(f"Extract the name and the age: {name} is {age} years old. {AS_JSON}", schema=form)
    return gives(request, {"name": name, "age": age})


@template("j1", "residence", tags=("easy", "flat"), smoke=True)
def residence(draw: Draw) -> Draft:
    """Two strings that must not be swapped."""
    name, place = draw.person(), draw.town()
    form = schema({"name": of("string"), "town": of("string")})
    request = ask(f"{name} lives in {place}. Return name and town as JSON.", schema=form)
    return gives(request, {"name": name, "town": place})


@template("j1", "booleans", tags=("easy", "flat"))
def booleans(draw: Draw) -> Draft:
    """Booleans stay booleans."""
    code, paid, sent = draw.code(), draw.pick((True, False)), draw.pick((True, False))
    form = schema({"order": of("string"), "paid": of("boolean"), "sent": of("boolean")})
    facts = f"Order {code} is {'paid' if paid else 'not paid'} and {'sent' if sent else 'not sent'}."
    return gives(ask(f"Extract the facts. {facts} {AS_JSON}", schema=form), {"order": code, "paid": paid, "sent": sent})


@template("j2", "three_levels", tags=("medium", "nested"))
def three_levels(draw: Draw) -> Draft:
    """Objects in objects."""
    code, name, place = draw.code(), draw.person(), draw.town()
    customer = schema({"name": of("string"), "address": schema({"town": of("string")})})
    form = schema({"order": schema({"id": of("string"), "customer": customer})})
    request = ask(f"Extract: order {code} by {name}, who lives in {place}. {AS_JSON}", schema=form, budget=96)
    return gives(request, {"order": {"id": code, "customer": {"name": name, "address": {"town": place}}}})


@template("j2", "five_levels", tags=("hard", "nested"))
def five_levels(draw: Draw) -> Draft:
    """Five levels, each with one member."""
    names, code = ("site", "building", "floor", "room"), draw.code()
    form, value = of("string"), code
    shown: Json | str = value
    for name in reversed(names):
        form, shown = schema({name: form}), {name: shown}
    form, shown = schema({"place": form}), {"place": shown}
    text = f"The place has a site, the site a building, the building a floor, the floor a room, and the room is {code}."
    return gives(ask(f"Extract the nested place. {text} {AS_JSON}", schema=form, budget=96), shown)


@template("j3", "lines", tags=("medium", "array"))
def lines(draw: Draw) -> Draft:
    """A list of objects, complete and in order."""
    goods = [{"product": p, "pieces": draw.between(2, 99)} for p in draw.sample(PRODUCTS, 3)]
    form = schema({"items": {"type": "array", "items": schema({"product": of("string"), "pieces": of("integer")})}})
    listed = ", ".join(f"{g['pieces']} x {g['product']}" for g in goods)
    request = ask(
        f"Extract the items in this order, product names as written: {listed}. {AS_JSON}", schema=form, budget=128
    )
    return gives(request, {"items": goods})


@template("j3", "strings", tags=("easy", "array"), smoke=True)
def strings(draw: Draw) -> Draft:
    """A list of strings."""
    words = draw.words(4)
    form = schema({"words": {"type": "array", "items": of("string")}})
    return gives(ask(f"Put these words in a list: {', '.join(words)}. {AS_JSON}", schema=form), {"words": words})


@template("j4", "enum", tags=("easy", "enum"), smoke=True)
def enum(draw: Draw) -> Draft:
    """One of the enumerated words."""
    colour, thing = draw.pick(COLOURS), draw.words(3)
    form = schema({"colour": {"type": "string", "enum": list(COLOURS)}})
    text = f"The {thing[0]} beside the {thing[1]} and the {thing[2]} is {colour}. Which colour does it have? {AS_JSON}"
    return gives(ask(text, schema=form), {"colour": colour})


@template("j4", "const", tags=("medium", "enum"))
def const(draw: Draw) -> Draft:
    """A member with one possible value."""
    code = draw.code()
    form = schema({"type": {"type": "string", "const": "ticket"}, "id": of("string")})
    return gives(
        ask(f"Make a ticket record with the id {code}. {AS_JSON}", schema=form), {"type": "ticket", "id": code}
    )


@template("j5", "null", tags=("medium", "null"))
def null(draw: Draw) -> Draft:
    """A required member that may be null is null when it is not known."""
    name = draw.person()
    form = schema({"name": of("string"), "phone": {"type": ["string", "null"]}})
    request = ask(f"Extract name and phone; null if unknown. {name} left no phone number. {AS_JSON}", schema=form)
    return gives(request, {"name": name, "phone": None})


@template("j5", "optional", tags=("medium", "null"))
def optional(draw: Draw) -> Draft:
    """An optional member that is not known is absent or null."""
    name, place = draw.person(), draw.town()
    form = schema({"name": of("string")}, {"town": {"type": ["string", "null"]}, "phone": {"type": ["string", "null"]}})
    text = f"Extract what is known about {name}, who lives in {place}. Leave out what is not known. {AS_JSON}"
    return gives(ask(text, schema=form), {"name": name, "town": place}, absent_is_null=True)


@template("j6", "large_integer", tags=("medium", "number"))
def large_integer(draw: Draw) -> Draft:
    """Sixteen digits, below 2^53, none lost."""
    number = draw.between(1_000_000_000_000_000, 8_999_999_999_999_999)
    request = ask(
        f"Extract the account number {number} as a number. {AS_JSON}", schema=schema({"account": of("integer")})
    )
    return gives(request, {"account": number})


@template("j6", "decimals", tags=("medium", "number"))
def decimals(draw: Draw) -> Draft:
    """A negative decimal, and an amount of money that has to stay text."""
    degrees, amount = -draw.between(101, 999) / 10, f"{draw.between(100, 999)}.{draw.pick((10, 20, 30, 50, 70))}"
    form = schema({"temperature": of("number"), "price": of("string", "Exactly as written, with all digits")})
    text = f"In {draw.town()} it is {degrees} degrees and a coat costs {amount} {draw.pick(CURRENCIES)}."
    request = ask(f"Extract the temperature and the price (digits only, as text). {text} {AS_JSON}", schema=form)
    return gives(request, {"temperature": degrees, "price": amount})


@template("j7", "quotes", tags=("medium", "string"))
def quotes(draw: Draw) -> Draft:
    """Quotes and a backslash inside a string."""
    first, second, third = draw.words(3)
    text = f'{first} "{second}" \\{third}{draw.between(10, 99)}'
    request = ask(
        f"Copy the line below exactly into the member 'line'. {AS_JSON}\n{text}", schema=schema({"line": of("string")})
    )
    return gives(request, {"line": text})


@template("j7", "newlines", tags=("medium", "string"))
def newlines(draw: Draw) -> Draft:
    """Line breaks inside a string are escaped."""
    text = "\n".join(f"{word}: {draw.between(100, 999)}" for word in draw.words(3))
    request = ask(
        f"Copy the three lines below exactly, line breaks included, into the member 'text'. {AS_JSON}\n{text}",
        schema=schema({"text": of("string")}),
        budget=96,
    )
    return gives(request, {"text": text})


@template("j7", "emoji", tags=("medium", "string", "unicode"))
def emoji(draw: Draw) -> Draft:
    """Astral and accented characters survive."""
    accented = draw.pick(("café", "Zürich", "naïve", "Åse", "señor"))
    text = f"{draw.town()} {draw.pick('😀🚀🎈🌍🐙🍀🔑🎲')} {accented} {draw.between(10, 99)}"
    request = ask(f"Copy exactly into the member 'text': {text}\n{AS_JSON}", schema=schema({"text": of("string")}))
    return gives(request, {"text": text})


@template("j8", "union", tags=("hard", "union"))
def union(draw: Draw) -> Draft:
    """One of two shapes, told apart by a constant."""
    code, name, card = draw.code(), draw.person(), draw.pick((True, False))
    by_card = schema({"kind": {"type": "string", "const": "card"}, "holder": of("string")})
    by_invoice = schema({"kind": {"type": "string", "const": "invoice"}, "number": of("string")})
    form = schema({"payment": {"anyOf": [by_card, by_invoice]}})
    said = (
        f"Paid by card; the holder of the card is {name}."
        if card
        else f"Paid by invoice; the invoice number is {code}."
    )
    payment = {"kind": "card", "holder": name} if card else {"kind": "invoice", "number": code}
    return gives(ask(f"Extract the payment. {said} {AS_JSON}", schema=form), {"payment": payment})


@template("j9", "tree", tags=("hard", "recursive"))
def tree(draw: Draw) -> Draft:
    """A recursive schema."""
    root, left, right, leaf = draw.words(4)
    node = schema({"name": of("string"), "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}})
    form = schema({"root": {"$ref": "#/$defs/node"}}, **{"$defs": {"node": node}})
    text = f"The root is {root}. Its children are {left} and {right}, in this order. {right} has one child, {leaf}."
    value: Json = {"name": right, "children": [{"name": leaf, "children": []}]}
    value = {"root": {"name": root, "children": [{"name": left, "children": []}, value]}}
    return gives(ask(f"Build the tree. {text} {AS_JSON}", schema=form, budget=160), value)


@template("j10", "bounds", tags=("easy", "keywords"), smoke=True)
def bounds(draw: Draw) -> Draft:
    """Easy: minimum and maximum."""
    name, score = draw.person(), draw.between(0, 100)
    form = schema({"player": of("string"), "score": of("integer", minimum=0, maximum=100)})
    return gives(
        ask(f"Extract: player {name} has score {score}. {AS_JSON}", schema=form), {"player": name, "score": score}
    )


@template("j10", "pattern_and_length", tags=("medium", "keywords"))
def pattern_and_length(draw: Draw) -> Draft:
    """Medium: a pattern, a length of a list, a format."""
    code, date, words = draw.code(), draw.date(), draw.words(2)
    form = schema(
        {
            "id": of("string", pattern="^[A-Z]{2}-[0-9]{5}$"),
            "due": of("string", format="date"),
            "tags": {"type": "array", "items": of("string"), "minItems": 2, "maxItems": 2},
        }
    )
    text = f"Task {code} is due on {date} and has the tags {words[0]} and {words[1]}, in this order."
    return gives(
        ask(f"Extract the task. {text} {AS_JSON}", schema=form, budget=96), {"id": code, "due": date, "tags": words}
    )


@template("j10", "many_keywords", tags=("hard", "keywords"), tier="should")
def many_keywords(draw: Draw) -> Draft:
    """Hard: allOf, not, multipleOf, uniqueItems in one schema."""
    code, price, words = draw.code(), draw.between(10, 99) * 5, sorted(draw.words(2))
    priced: Json = {"type": "integer", "multipleOf": 5, "exclusiveMinimum": 0}
    form = schema(
        {
            "id": {"allOf": [of("string"), {"minLength": 8}, {"not": {"const": "unknown"}}]},
            "price": priced,
            "tags": {"type": "array", "items": of("string"), "uniqueItems": True},
        }
    )
    text = f"Article {code} costs {price} and has the tags {words[0]} and {words[1]}, in this order."
    return gives(ask(f"Extract. {text} {AS_JSON}", schema=form, budget=96), {"id": code, "price": price, "tags": words})


@template("j11", "prompted_object", tags=("easy", "prompt-only"), smoke=True)
def prompted_object(draw: Draw) -> Draft:
    """No schema in the request, only words: the answer is JSON and nothing else."""
    name, age = draw.person(), draw.between(18, 89)
    text = f'Answer only with JSON of the form {{"name": "...", "age": 0}}, no other text. {name} is {age} years old.'
    form = schema({"name": of("string"), "age": of("integer")})
    return gives(ask(text), {"name": name, "age": age}, schema=form)


@template("j11", "prompted_list", tags=("medium", "prompt-only"))
def prompted_list(draw: Draw) -> Draft:
    """A list of objects by words only."""
    goods = [{"product": p, "pieces": draw.between(2, 99)} for p in draw.sample(PRODUCTS, 2)]
    listed = " and ".join(f"{g['pieces']} x {g['product']}" for g in goods)
    form = '{"items": [{"product": "...", "pieces": 0}]}'
    text = f"Answer only with JSON of the form {form}, no other text. The items: {listed}."
    return gives(ask(text, budget=96), {"items": goods})


@template("j11", "prompted_words", tags=("medium", "prompt-only"))
def prompted_words(draw: Draw) -> Draft:
    """JSON's true, false and null, not another language's."""
    code, paid = draw.code(), draw.pick((True, False))
    text = (
        'Answer only with JSON of the form {"order": "...", "paid": true or false, "note": null or text}. '
        f"Order {code} is {'paid' if paid else 'not paid'}; there is no note."
    )
    return gives(ask(text), {"order": code, "paid": paid, "note": None})


@template("j12", "top_level_array", tags=("medium", "top-level"))
def top_level_array(draw: Draw) -> Draft:
    """The value is a list."""
    words = [f"{word}{draw.between(100, 999)}" for word in draw.words(3)]
    text = f"Answer only with a JSON array of strings, no other text. The strings: {', '.join(words)}."
    return gives(ask(text), words)


@template("j12", "top_level_number", tags=("medium", "top-level"))
def top_level_number(draw: Draw) -> Draft:
    """The value is a number."""
    left, right = draw.between(2_000, 99_999), draw.between(2, 999)
    thing = draw.pick(draw.words(9))
    text = f"A {thing} costs {left} and another {right}. How much is the sum? Answer with the number only, as JSON."
    return gives(ask(text), left + right)


@template("j13", "key_order", tags=("hard", "order"), tier="should")
def key_order(draw: Draw) -> Draft:
    """Members come in the order asked for, which is not the alphabet's."""
    name, place, code = draw.person(), draw.town(), draw.code()
    form = schema({"town": of("string"), "name": of("string"), "id": of("string")})
    text = f"Extract, with the members in the order town, name, id: {name} from {place} has the id {code}. {AS_JSON}"
    value = {"town": place, "name": name, "id": code}
    return gives(ask(text, schema=form, budget=96), value, key_order=["town", "name", "id"])


@template("j14", "no_more_members", tags=("medium", "closed"))
def no_more_members(draw: Draw) -> Draft:
    """What the schema has no place for stays out."""
    name, place, age = draw.person(), draw.town(), draw.between(18, 89)
    form = schema({"name": of("string")})
    return gives(
        ask(f"{name}, {age}, lives in {place} and likes tea. Extract the person. {AS_JSON}", schema=form),
        {"name": name},
    )


@template("j1", "streamed", tags=("easy", "flat", "stream"))
def streamed(draw: Draw) -> Draft:
    """The same from a stream."""
    code, pieces = draw.code(), draw.between(2, 999)
    form = schema({"order": of("string"), "pieces": of("integer")})
    request = ask(f"Extract: order {code} has {pieces} pieces. {AS_JSON}", schema=form, stream=True)
    return gives(request, {"order": code, "pieces": pieces})
