"""Templates of the axis `tools` whose answer is one or more calls."""

from __future__ import annotations

from portable_llm.conformance.templates.draw import Draw
from portable_llm.conformance.templates.pools import COLOURS, CURRENCIES, PRODUCTS, WEEKDAYS
from portable_llm.conformance.templates.template import (
    Catalogue,
    Draft,
    Json,
    accepted,
    ask,
    assistant,
    calls,
    of,
    result,
    tool,
)

template = Catalogue("tools")


def weather() -> Json:
    """The tool that every vendor's first example has."""
    return tool("get_weather", "Get the current weather of a city.", {"city": of("string", "Name of the city")})


def order_status() -> Json:
    """A look-up by a code that cannot be guessed."""
    return tool(
        "get_order_status", "Look up the status of an order.", {"order_id": of("string", "Order id, like AB-12345")}
    )


def stock_level() -> Json:
    """A look-up by product and warehouse."""
    places = {"product": of("string", "Name of the product"), "warehouse": of("string", "Town of the warehouse")}
    return tool("get_stock_level", "Get how many pieces of a product a warehouse has.", places)


@template("t1", "one_string", tags=("easy", "flat"), smoke=True)
def one_string(draw: Draw) -> Draft:
    """One required string."""
    city = draw.town()
    request = ask(f"Get the weather in {city}. Use the tool.", tools=[weather()], tool_choice="required")
    return calls(request, ("get_weather", {"city": city}))


@template("t1", "typed_arguments", tags=("easy", "flat"), smoke=True)
def typed_arguments(draw: Draw) -> Draft:
    """A string, a whole number and a boolean keep their types."""
    room, minutes, quiet = draw.pick(draw.words(12)), draw.between(11, 95), draw.pick((True, False))
    parameters = {"room": of("string", "Name of the room"), "minutes": of("integer", "Length in minutes")}
    booking = tool(
        "book_room", "Book a meeting room.", {**parameters, "quiet": of("boolean", "Whether it must be quiet")}
    )
    facts = f"Name of the room: {room}. Minutes: {minutes}. Quiet: {'true' if quiet else 'false'}."
    text = f"Book a room for {draw.person()}. {facts} Use the tool."
    request = ask(text, tools=[booking], tool_choice="required", budget=96)
    return calls(request, ("book_room", {"room": room, "minutes": minutes, "quiet": quiet}))


@template("t1", "decimal_number", tags=("easy", "flat"))
def decimal_number(draw: Draw) -> Draft:
    """A decimal number arrives as a number, not as text."""
    amount, source, target = draw.between(1_001, 99_999) / 100, *draw.sample(CURRENCIES, 2)
    parameters = {
        "amount": of("number"),
        "source": of("string", "ISO 4217 code"),
        "target": of("string", "ISO 4217 code"),
    }
    convert = tool("convert_currency", "Convert an amount of money.", parameters)
    text = f"For {draw.person()}: convert {amount} {source} to {target}. Use the tool."
    return calls(
        ask(text, tools=[convert], budget=96),
        ("convert_currency", {"amount": amount, "source": source, "target": target}),
    )


@template("t2", "one_of_three", tags=("easy", "choice"))
def one_of_three(draw: Draw) -> Draft:
    """The right tool among three unrelated ones."""
    code = draw.code()
    tools = [weather(), stock_level(), order_status()]
    request = ask(f"What is the status of order {code}? Use a tool.", tools=draw.sample(tools, 3))
    return calls(request, ("get_order_status", {"order_id": code}), also={"order_id": accepted(code, exact=True)})


@template("t2", "one_of_eight", tags=("medium", "choice"))
def one_of_eight(draw: Draw) -> Draft:
    """The right tool among eight with one parameter each."""
    kinds = ("invoice", "order", "ticket", "shipment", "contract", "voucher", "refund", "booking")
    kind, code = draw.pick(kinds), draw.code()
    tools = [tool(f"get_{k}", f"Get the record of one {k}.", {"id": of("string", f"Id of the {k}")}) for k in kinds]
    request = ask(f"Show me the record of {kind} {code}. Use a tool.", tools=tools)
    return calls(request, (f"get_{kind}", {"id": code}), also={"id": accepted(code, exact=True)})


@template("t2", "one_of_twenty", tags=("hard", "choice"))
def one_of_twenty(draw: Draw) -> Draft:
    """The right tool among twenty that differ in what is done and to what."""
    kinds = ("invoice", "order", "ticket", "shipment", "contract", "voucher", "refund", "booking", "report", "licence")
    tools = [
        tool(f"{deed}_{kind}", f"{deed.capitalize()} one {kind}.", {"id": of("string", f"Id of the {kind}")})
        for kind in kinds
        for deed in ("print", "archive")
    ]
    deed, kind, code = draw.pick(("print", "archive")), draw.pick(kinds), draw.code()
    request = ask(f"Please {deed} the {kind} {code}. Use a tool.", tools=tools)
    return calls(request, (f"{deed}_{kind}", {"id": code}), also={"id": accepted(code, exact=True)})


@template("t3", "same_tool_twice", tags=("medium", "parallel"), smoke=True)
def same_tool_twice(draw: Draw) -> Draft:
    """Two independent calls of one tool in one answer."""
    first, second = draw.towns(2)
    text = (
        f"Get the weather in {first} and in {second}. Call the tool once for each city, both calls in this one answer."
    )
    request = ask(text, tools=[weather()], tool_choice="required", parallel_tool_calls=True, budget=96)
    return calls(request, ("get_weather", {"city": first}), ("get_weather", {"city": second}))


@template("t3", "same_tool_three_times", tags=("medium", "parallel"))
def same_tool_three_times(draw: Draw) -> Draft:
    """Three independent calls of one tool."""
    codes = [draw.code() for _ in range(3)]
    text = f"Look up the orders {codes[0]}, {codes[1]} and {codes[2]}: one call for each, all in this one answer."
    request = ask(text, tools=[order_status()], parallel_tool_calls=True, budget=128)
    return calls(request, *(("get_order_status", {"order_id": code}) for code in codes))


@template("t3", "two_tools", tags=("medium", "parallel"))
def two_tools(draw: Draw) -> Draft:
    """Independent calls of two tools."""
    city, code = draw.town(), draw.code()
    text = (
        f"I need two things: the weather in {city}, and the status of order {code}. Make both calls in this one answer."
    )
    request = ask(text, tools=[weather(), order_status()], parallel_tool_calls=True, budget=96)
    return calls(request, ("get_weather", {"city": city}), ("get_order_status", {"order_id": code}))


@template("t4", "second_step", tags=("medium", "sequential"))
def second_step(draw: Draw) -> Draft:
    """The next call needs what the last result said."""
    person, number = draw.person(), f"C-{draw.between(100_000, 999_999)}"
    find = tool("find_customer", "Find the customer number of a person.", {"name": of("string")})
    balance = tool("get_balance", "Get the balance of a customer.", {"customer_number": of("string")})
    asked = assistant("", {"id": "call_a1", "name": "find_customer", "arguments": {"name": person}})
    request = ask(
        f"What is the balance of {person}? First find the customer number, then get the balance.",
        asked,
        result("call_a1", number),
        tools=[find, balance],
    )
    return calls(
        request, ("get_balance", {"customer_number": number}), also={"customer_number": accepted(number, exact=True)}
    )


@template("t4", "third_step", tags=("hard", "sequential"))
def third_step(draw: Draw) -> Draft:
    """The third call of a chain: only the last result counts, and the earlier ones look like it."""
    person, number, order = draw.person(), f"C-{draw.between(100_000, 999_999)}", f"O-{draw.between(100_000, 999_999)}"
    tools = [
        tool("find_customer", "Find the customer number of a person.", {"name": of("string")}),
        tool("find_last_order", "Find the last order of a customer.", {"customer_number": of("string")}),
        tool("get_delivery_date", "Get the date on which an order is delivered.", {"order_number": of("string")}),
    ]
    first = {"id": "call_g7", "name": "find_customer", "arguments": {"name": person}}
    second = {"id": "call_h8", "name": "find_last_order", "arguments": {"customer_number": number}}
    question = f"When is the last order of {person} delivered? Use the tools, one after the other."
    turns = (assistant("", first), result("call_g7", number), assistant("", second), result("call_h8", order))
    also = {"order_number": accepted(order, exact=True)}
    return calls(ask(question, *turns, tools=tools), ("get_delivery_date", {"order_number": order}), also=also)


@template("t6", "answer_completes", tags=("medium", "history"))
def answer_completes(draw: Draw) -> Draft:
    """A parameter that was asked for and then given completes the call."""
    product, town, number = draw.pick(PRODUCTS), draw.town(), draw.between(2, 199)
    address = f"{draw.pick(draw.words(10)).capitalize()} Street {number}, {town}"
    buy = tool(
        "place_order", "Place an order.", {"product": of("string"), "delivery_address": of("string", "Full address")}
    )
    request = ask(
        f"Please order one {product} for me.",
        assistant("What is the address for the delivery?"),
        f"The address is {address}. Place the order with the tool now.",
        tools=[buy],
        budget=96,
    )
    return calls(request, ("place_order", {"product": product, "delivery_address": address}))


@template("t7", "named_tool", tags=("easy", "choice"), smoke=True)
def named_tool(draw: Draw) -> Draft:
    """A choice that names the tool is obeyed, even where another tool would do."""
    text = "{}, {}, {} and {}".format(*draw.words(4))
    note = tool("save_note", "Save a short note.", {"note": of("string", "Text of the note")})
    request = ask(f"Save the note: {text}", tools=[note, order_status()], tool_choice={"name": "save_note"})
    return calls(request, ("save_note", {"note": text}))


@template("t7", "required", tags=("easy", "choice"), smoke=True)
def required(draw: Draw) -> Draft:
    """With `required` an answer in text is wrong."""
    minutes = draw.between(2, 240)
    timer = tool("set_timer", "Set a kitchen timer.", {"minutes": of("integer", "Minutes"), "label": of("string")})
    label = draw.pick(draw.words(20)) + str(draw.between(100, 999))
    request = ask(f"Set a timer of {minutes} minutes with the label {label}.", tools=[timer], tool_choice="required")
    return calls(request, ("set_timer", {"minutes": minutes, "label": label}))


@template("t8", "no_parameters", tags=("easy", "schema"), smoke=True)
def no_parameters(draw: Draw) -> Draft:
    """A tool without parameters is called with an empty object."""
    person = draw.person()
    ping = tool("get_server_time", "Get the current time of the server. Takes no parameters.")
    request = ask(
        f"{person} asks for the time of the server. Call the tool get_server_time.",
        tools=[ping],
        tool_choice="required",
    )
    return calls(request, ("get_server_time", {}))


@template("t8", "nested_object", tags=("medium", "schema"))
def nested_object(draw: Draw) -> Draft:
    """An object inside an object."""
    person, town, number = draw.person(), draw.town(), draw.between(1, 199)
    street = f"{draw.pick(draw.words(10)).capitalize()} Street"
    address: Json = {
        "type": "object",
        "properties": {"street": of("string"), "number": of("integer"), "town": of("string")},
    }
    address |= {"required": ["street", "number", "town"], "additionalProperties": False}
    add = tool("add_contact", "Add a contact.", {"name": of("string", "Full name"), "address": address})
    text = f"Add the contact {person}, who lives at {street} {number} in {town} (street: {street}). Use the tool."
    value = {"name": person, "address": {"street": street, "number": number, "town": town}}
    return calls(ask(text, tools=[add], budget=128), ("add_contact", value))


@template("t8", "array_of_enum", tags=("medium", "schema"))
def array_of_enum(draw: Draw) -> Draft:
    """A list whose items come from an enumeration, in the order given."""
    days, code = draw.sample(WEEKDAYS, 3), draw.code()
    listed: Json = {"type": "array", "items": {"type": "string", "enum": list(WEEKDAYS)}}
    plan = tool("set_schedule", "Set the days on which a job runs.", {"job": of("string"), "days": listed})
    text = f"Let job {code} run on {days[0]}, {days[1]} and {days[2]}, listed in this order. Use the tool."
    return calls(ask(text, tools=[plan], budget=96), ("set_schedule", {"job": code, "days": days}))


@template("t8", "nullable", tags=("medium", "schema"))
def nullable(draw: Draw) -> Draft:
    """A required parameter that may be null is null when nothing was said."""
    person, date = draw.person(), draw.date()
    parameters: Json = {"guest": of("string", "Full name"), "arrival": of("string", "ISO date")}
    parameters["departure"] = {"type": ["string", "null"], "description": "ISO date, or null if not known yet"}
    book = tool("book_stay", "Book a stay at a hotel.", parameters)
    text = f"Book a stay for {person} from {date}; the departure is not known yet. Use the tool."
    value = {"guest": person, "arrival": date, "departure": None}
    return calls(ask(text, tools=[book], budget=96), ("book_stay", value))


@template("t8", "reference", tags=("hard", "schema"))
def reference(draw: Draw) -> Draft:
    """Parameters that share a definition by `$ref`."""
    first, second = draw.towns(2)
    weight = draw.between(2, 400)
    place: Json = {
        "type": "object",
        "properties": {"town": of("string")},
        "required": ["town"],
        "additionalProperties": False,
    }
    ends: Json = {
        "origin": {"$ref": "#/$defs/place"},
        "destination": {"$ref": "#/$defs/place"},
        "kilograms": of("integer"),
    }
    ship = tool("ship_parcel", "Ship a parcel.", ends, **{"$defs": {"place": place}})
    text = f"Ship a parcel of {weight} kilograms from {first} to {second}. Use the tool."
    value = {"origin": {"town": first}, "destination": {"town": second}, "kilograms": weight}
    return calls(ask(text, tools=[ship], budget=128), ("ship_parcel", value))


@template("t8", "any_of", tags=("hard", "schema"), tier="should")
def any_of(draw: Draw) -> Draft:
    """A parameter of one of two shapes."""
    code, date = draw.code(), draw.date()
    day: Json = {
        "type": "object",
        "properties": {"date": of("string")},
        "required": ["date"],
        "additionalProperties": False,
    }
    wait: Json = {
        "type": "object",
        "properties": {"in_days": of("integer")},
        "required": ["in_days"],
        "additionalProperties": False,
    }
    remind = tool(
        "remind", "Set a reminder, on a date or in some days.", {"about": of("string"), "when": {"anyOf": [day, wait]}}
    )
    days = draw.between(2, 40)
    is_date = draw.pick((True, False))
    text = f"Remind me about {code} {f'on {date}' if is_date else f'in {days} days'}. Use the tool."
    when = {"date": date} if is_date else {"in_days": days}
    return calls(ask(text, tools=[remind], budget=96), ("remind", {"about": code, "when": when}))


@template("t8", "large_enum", tags=("medium", "schema"))
def large_enum(draw: Draw) -> Draft:
    """One of 120 enumerated values."""
    shelves = [f"{letter}{number}" for letter in "ABCDEF" for number in range(1, 21)]
    shelf, product, code = draw.pick(shelves), draw.pick(PRODUCTS), draw.code()
    parameters: Json = {"item": of("string", "Id of the item"), "shelf": {"type": "string", "enum": shelves}}
    store = tool("store_item", "Put an item on a shelf.", parameters)
    text = f"Put the {product} with the id {code} on shelf {shelf}. Use the tool."
    return calls(ask(text, tools=[store]), ("store_item", {"item": code, "shelf": shelf}))


@template("t8", "bounds", tags=("medium", "schema"))
def bounds(draw: Draw) -> Draft:
    """Numbers with minimum and maximum, text with a pattern."""
    code, rating = f"R{draw.between(100_000, 999_999)}", draw.between(1, 5)
    parameters: Json = {"review": of("string", pattern="^R[0-9]{6}$"), "rating": of("integer", minimum=1, maximum=5)}
    rate = tool("rate", "Rate a review from 1 to 5.", parameters)
    request = ask(f"Give review {code} a rating of {rating}. Use the tool.", tools=[rate])
    return calls(request, ("rate", {"review": code, "rating": rating}))


@template("t8", "optional_left_out", tags=("medium", "schema"))
def optional_left_out(draw: Draw) -> Draft:
    """An optional parameter that was not mentioned is left out, null, or its stated default."""
    code = draw.code()
    cancel = tool(
        "cancel_order",
        "Cancel an order.",
        {"order_id": of("string")},
        {"refund": of("boolean", "Default: true", default=True)},
    )
    request = ask(f"Cancel order {code}. Use the tool.", tools=[cancel])
    also = {"order_id": accepted(code, exact=True), "refund": accepted(True, None, optional=True)}
    return calls(request, ("cancel_order", {"order_id": code}), also=also)


@template("t9", "long_name", tags=("medium", "names"))
def long_name(draw: Draw) -> Draft:
    """A name of 64 characters with dashes and underscores comes back as it was given."""
    parts = "-".join(draw.words(15))
    name = f"run_{parts}"[:63] + "x"
    code = draw.code()
    request = ask(
        f"Run the job {code}. Use the tool.",
        tools=[tool(name, "Run a job.", {"job": of("string", "Job id")})],
        budget=128,
    )
    return calls(request, (name, {"job": code}))


@template("t9", "dotted_name", tags=("hard", "names"), tier="should")
def dotted_name(draw: Draw) -> Draft:
    """A dotted name, which several vendors refuse."""
    name, code = f"{draw.pick(draw.words(9))}.lookup", draw.code()
    request = ask(f"Look up {code}. Use the tool.", tools=[tool(name, "Look up an id.", {"id": of("string")})])
    return calls(request, (name, {"id": code}))


@template("t10", "recovery", tags=("medium", "error"))
def recovery(draw: Draw) -> Draft:
    """After a tool's error that says what to send, the call is made again, corrected."""
    code, short = draw.code(), draw.between(10_000, 99_999)
    find = tool("find_part", "Find a part by its number.", {"number": of("string", "Part number")})
    wrong = assistant("", {"id": "call_b2", "name": "find_part", "arguments": {"number": code}})
    message = f"error: unknown number {code}; this part was renumbered, use P-{short}"
    request = ask(f"Find part {code} with the tool.", wrong, result("call_b2", message, is_error=True), tools=[find])
    return calls(request, ("find_part", {"number": f"P-{short}"}), also={"number": accepted(f"P-{short}", exact=True)})


@template("t12", "quotes", tags=("medium", "strings"))
def quotes(draw: Draw) -> Draft:
    """Quotes, a backslash and braces survive in an argument."""
    first, second, third = draw.words(3)
    text = f'{first} "{second}" \\ {{{third}}} {draw.between(10, 99)}'
    save = tool("save_text", "Save a text exactly as given.", {"text": of("string")})
    request = ask(
        f"Save exactly this text, every character of it:\n{text}", tools=[save], tool_choice="required", budget=96
    )
    return calls(request, ("save_text", {"text": text}), also={"text": accepted(text, exact=True)})


@template("t12", "newlines", tags=("medium", "strings"))
def newlines(draw: Draw) -> Draft:
    """Line breaks survive in an argument."""
    text = "\n".join(f"{word} {draw.between(10, 99)}" for word in draw.words(3))
    save = tool("save_text", "Save a text exactly as given.", {"text": of("string")})
    request = ask(
        f"Save exactly these three lines as one text:\n{text}", tools=[save], tool_choice="required", budget=96
    )
    return calls(request, ("save_text", {"text": text}), also={"text": accepted(text, text + "\n", exact=True)})


@template("t13", "strict", tags=("medium", "schema"), tier="should")
def strict(draw: Draw) -> Draft:
    """A tool whose arguments the provider is asked to hold to the schema."""
    code, pieces, colour = draw.code(), draw.between(2, 900), draw.pick(COLOURS)
    parameters = {"order_id": of("string"), "pieces": of("integer"), "colour": of("string", enum=list(COLOURS))}
    change = {**tool("change_order", "Change an order.", parameters), "strict": True}
    text = f"Change order {code} to {pieces} pieces in {colour}. Use the tool."
    value = {"order_id": code, "pieces": pieces, "colour": colour}
    return calls(
        ask(text, tools=[change], budget=96),
        ("change_order", value),
        also={"order_id": accepted(code, exact=True), "colour": accepted(colour, exact=True)},
    )


@template("t14", "streamed", tags=("easy", "stream"))
def streamed(draw: Draw) -> Draft:
    """One call whose arguments arrive in fragments."""
    product, town = draw.pick(PRODUCTS), draw.town()
    text = f"How many pieces of the product '{product}' does the warehouse in {town} have? Use the tool."
    request = ask(text, tools=[stock_level()], stream=True)
    return calls(request, ("get_stock_level", {"product": product, "warehouse": town}))


@template("t14", "streamed_parallel", tags=("medium", "stream", "parallel"))
def streamed_parallel(draw: Draw) -> Draft:
    """Two calls whose fragments must not be mixed up."""
    first, second = draw.code(), draw.code()
    text = f"Look up order {first} and order {second}: one call for each, both in this one answer."
    request = ask(text, tools=[order_status()], parallel_tool_calls=True, stream=True, budget=96)
    return calls(request, ("get_order_status", {"order_id": first}), ("get_order_status", {"order_id": second}))


@template("t16", "by_description", tags=("medium", "choice"))
def by_description(draw: Draw) -> Draft:
    """Tools that only their descriptions tell apart."""
    colours, code = draw.sample(COLOURS, 3), draw.code()
    tools = [
        tool(f"handler_{index}", f"Handles parcels with a {colour} label.", {"parcel": of("string", "Parcel id")})
        for index, colour in enumerate(colours, 1)
    ]
    chosen = draw.below(3)
    request = ask(f"Handle parcel {code}. It has a {colours[chosen]} label. Use the right tool.", tools=tools)
    return calls(request, (f"handler_{chosen + 1}", {"parcel": code}))
