"""Templates of the axis `json` that read before they write: signs, marks, shapes, and JSON as a subject."""

from __future__ import annotations

import json

from portable_llm.conformance.templates.draw import Draw
from portable_llm.conformance.templates.json_shapes import AS_JSON
from portable_llm.conformance.templates.template import Catalogue, Draft, Json, ask, gives, of, schema

template = Catalogue("json")


@template("j2", "map", tags=("hard", "nested", "map"), tier="should")
def open_map(draw: Draw) -> Draft:
    """An object whose member names are data: several vendors' schemas have no word for it."""
    counts = {word: draw.between(2, 99) for word in draw.words(3)}
    form = schema({"stock": {"type": "object", "additionalProperties": of("integer")}})
    listed = ", ".join(f"{count} of {word}" for word, count in counts.items())
    text = f"Map each thing to its number of pieces, things as written: {listed}. {AS_JSON}"
    return gives(ask(text, schema=form, budget=96), {"stock": counts})


@template("j3", "sorted_numbers", tags=("medium", "array"))
def sorted_numbers(draw: Draw) -> Draft:
    """A list of exactly five numbers, put in order."""
    numbers: list[int] = []
    while len(numbers) < 5:
        number = draw.between(10, 999)
        numbers += [] if number in numbers else [number]
    form = schema({"numbers": {"type": "array", "items": of("integer"), "minItems": 5, "maxItems": 5}})
    text = f"Put these numbers in ascending order: {', '.join(map(str, numbers))}. {AS_JSON}"
    return gives(ask(text, schema=form), {"numbers": sorted(numbers)})


@template("j5", "known_nullable", tags=("easy", "null"))
def known_nullable(draw: Draw) -> Draft:
    """A member that may be null holds what is known."""
    name, phone = draw.person(), f"{draw.between(100, 999)} {draw.between(1000, 9999)}"
    form = schema({"name": of("string"), "phone": {"type": ["string", "null"]}})
    request = ask(f"Extract name and phone; null if unknown. {name} has the phone {phone}. {AS_JSON}", schema=form)
    return gives(request, {"name": name, "phone": phone})


@template("j6", "signed_numbers", tags=("medium", "number"))
def signed_numbers(draw: Draw) -> Draft:
    """A negative number, zero, and a small fraction."""
    balance, rate = -draw.between(1_001, 99_999), draw.between(11, 99) / 10_000
    form = schema({"balance": of("integer"), "change": of("integer"), "rate": of("number")})
    text = f"The account of {draw.person()} has a balance of {balance}, a change of 0 and a rate of {rate:.4f}."
    request = ask(f"Extract the three numbers. {text} {AS_JSON}", schema=form)
    return gives(request, {"balance": balance, "change": 0, "rate": rate})


@template("j7", "code", tags=("hard", "string"))
def code(draw: Draw) -> Draft:
    """A line of code: quotes, a backslash that is no line break, slashes, angle brackets."""
    first, second = draw.words(2)
    text = rf"""print("{first}\n", '{second}', a < b && c > {draw.between(100, 999)});  // "ok" \t"""
    request = ask(
        f"Copy the line of code below exactly into the member 'code'. {AS_JSON}\n{text}",
        schema=schema({"code": of("string")}),
        budget=96,
    )
    return gives(request, {"code": text})


@template("j8", "list_of_shapes", tags=("hard", "union", "array"))
def list_of_shapes(draw: Draw) -> Draft:
    """A list whose items have different shapes."""
    name, place, pieces = draw.person(), draw.town(), draw.between(2, 99)
    call = schema({"kind": {"type": "string", "const": "call"}, "person": of("string")})
    trip = schema({"kind": {"type": "string", "const": "trip"}, "town": of("string")})
    order = schema({"kind": {"type": "string", "const": "order"}, "pieces": of("integer")})
    form = schema({"tasks": {"type": "array", "items": {"anyOf": [call, trip, order]}}})
    text = f"First an order of {pieces} pieces, then a call with {name}, then a trip to {place}."
    tasks: list[Json] = [{"kind": "order", "pieces": pieces}, {"kind": "call", "person": name}]
    request = ask(f"Extract the tasks in this order. {text} {AS_JSON}", schema=form, budget=128)
    return gives(request, {"tasks": [*tasks, {"kind": "trip", "town": place}]})


@template("j9", "chain", tags=("hard", "recursive", "null"))
def chain(draw: Draw) -> Draft:
    """A recursive schema that ends in null."""
    stations = draw.towns(3)
    stop = schema({"town": of("string"), "next": {"anyOf": [{"$ref": "#/$defs/stop"}, {"type": "null"}]}})
    form = schema({"route": {"$ref": "#/$defs/stop"}}, **{"$defs": {"stop": stop}})
    text = f"The route starts in {stations[0]}, goes on to {stations[1]}, and ends in {stations[2]}."
    value: Json | None = None
    for town in reversed(stations):
        value = {"town": town, "next": value}
    request = ask(f"Write the route as a chain; next is null at the end. {text} {AS_JSON}", schema=form, budget=128)
    return gives(request, {"route": value})


@template("j15", "embedded_object", tags=("medium", "prompt-only", "prose"))
def embedded_object(draw: Draw) -> Draft:
    """The JSON object that stands in the middle of prose, without the prose."""
    value = {"order": draw.code(), "pieces": draw.between(2, 99), "paid": draw.pick((True, False)), "note": None}
    first, second = draw.words(2)
    log = f"The {first} was ready and then this came: {json.dumps(value)} but the {second} was closed by that time."
    text = f"The text below holds one JSON object. Answer only with that object, unchanged, no other text.\n{log}"
    return gives(ask(text, budget=96), value)


@template("j15", "json_as_text", tags=("hard", "prompt-only", "string"))
def json_as_text(draw: Draw) -> Draft:
    """JSON inside a string stays a string, escaped once."""
    inner = json.dumps({"id": draw.code(), "pieces": draw.between(2, 99)})
    text = (
        'Answer only with JSON of the form {"payload": "..."}, no other text. '
        f"The payload is a string that holds exactly this text: {inner}"
    )
    return gives(ask(text, budget=96), {"payload": inner}, schema=schema({"payload": of("string")}))


@template("j16", "two_candidates", tags=("medium", "prompt-only", "candidates"))
def two_candidates(draw: Draw) -> Draft:
    """Of two objects that disagree only the one asked for is the answer; both of them are none."""
    code, draft, corrected = draw.code(), draw.between(10, 49), draw.between(50, 99)
    wrong, right = {"order": code, "pieces": draft}, {"order": code, "pieces": corrected}
    text = (
        f"Draft: {json.dumps(wrong)}\nCorrection: {json.dumps(right)}\n"
        "Answer only with the corrected JSON object, without the draft and without other text."
    )
    return gives(ask(text), right, schema=schema({"order": of("string"), "pieces": of("integer")}))


@template("j16", "unfinished_record", tags=("hard", "null", "cut"), tier="should")
def unfinished_record(draw: Draw) -> Draft:
    """A value that breaks off is not completed."""
    name, phone = draw.person(), f"{draw.between(100, 999)} {draw.between(10, 99)}"
    form = schema({"name": of("string"), "phone": {"type": ["string", "null"]}, "complete": of("boolean")})
    text = (
        "Extract the record below. A phone number has seven digits; if the record breaks off before the last digit, "
        f"phone is null and complete is false. {AS_JSON}\nname: {name}; phone: {phone}"
    )
    return gives(ask(text, schema=form), {"name": name, "phone": None, "complete": False})
