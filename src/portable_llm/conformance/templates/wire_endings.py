"""Templates of the axis `wire` about how answers end and what they cost: limits, stop sequences, calls, usage."""

from __future__ import annotations

from portable_llm.conformance.templates.draw import Draw
from portable_llm.conformance.templates.template import Catalogue, Draft, Json, ask, calls, of, tool
from portable_llm.conformance.templates.wire_texts import ends

template = Catalogue("wire")


def weather_call(draw: Draw, *, stream: bool = False, usage: bool = False) -> Draft:
    """A call that every model with tools makes, so that only the wire can lose how it ends."""
    city = draw.town()
    weather = tool("get_weather", "Get the current weather of a city.", {"city": of("string", "Name of the city")})
    text = f"Get the weather in {city}. Use the tool."
    request = ask(text, tools=[weather], tool_choice="required", stream=stream)
    asserted: Json = {"finish": "tool_call", **({"usage": True} if usage else {})}
    return calls(request, ("get_weather", {"city": city}), judge="wire.call", **asserted)


def stopped(full: str, said: str, stop: list[str], met: str, after: str, *, stream: bool = False) -> Draft:
    """Repeat a text that holds a stop sequence: what stands before it comes, what stands behind it does not."""
    request = ask(f"Repeat exactly, and nothing else: {full}", stop=stop, stream=stream, budget=96)
    check: Json = {"check": "starts", "value": said}
    return ends(request, said, check, stop={"sequence": met, "after": after}, uncut=full)


@template("w3", "streamed_limit", tags=("medium", "finish", "stream"))
def streamed_limit(draw: Draw) -> Draft:
    """A stream cut by the output limit says so in its last event."""
    thing, town, limit = draw.pick(draw.words(30)), draw.town(), 32
    opening = f"Many years ago a {thing} stood in the middle of {town}, and nobody could say who had put it there"
    whole = f"{opening}{', nor why it was there, nor what it was for' * 4}."
    request = ask(f"Write a long tale about a {thing} in {town}.", budget=limit, stream=True)
    check: Json = {"check": "words", "least": 3, "most": limit, "code": "cap_ignored"}
    return ends(request, opening, check, finish="length", uncut=whole)


@template("w3", "cut_echo", tags=("medium", "finish"))
def cut_echo(draw: Draw) -> Draft:
    """A text longer than the output limit comes from its beginning on, and ends where the limit is."""
    words, limit = draw.words(48), 24
    whole = " ".join(words)
    request = ask(f"Repeat exactly, and nothing else: {whole}", budget=limit)
    cap: Json = {"check": "words", "least": 3, "most": limit, "code": "cap_ignored"}
    start: Json = {"check": "starts", "value": " ".join(words[:3])}
    return ends(request, " ".join(words[:12]), cap, start, finish="length", uncut=whole)


@template("w3", "streamed_tool_call", tags=("medium", "finish", "tools", "stream"))
def streamed_tool_call(draw: Draw) -> Draft:
    """A stream that calls a tool says so."""
    return weather_call(draw, stream=True)


@template("w4", "tool_usage", tags=("medium", "usage", "tools"))
def tool_usage(draw: Draw) -> Draft:
    """Token counts are reported beside a call too."""
    return weather_call(draw, usage=True)


@template("w9", "either_stop", tags=("medium", "stop"))
def either_stop(draw: Draw) -> Draft:
    """Of two stop sequences the one that comes first in the text counts, not the one named first."""
    before, (one, other) = draw.words(4), draw.words(2)
    middle, after = draw.town(), draw.code()
    said, near, far = " ".join(before), f"[[{one}]]", f"(({other}))"
    return stopped(f"{said} {near} {middle} {far} {after}", said, [far, near], near, middle)


@template("w9", "unicode_stop", tags=("hard", "stop", "unicode"))
def unicode_stop(draw: Draw) -> Draft:
    """A stop sequence of characters that take several bytes, and often several tokens."""
    said, after = " ".join(draw.words(4)), draw.code()
    mark = f"§{draw.pick('★☂♞⚑')}{draw.pick('日月火水木')}§"
    return stopped(f"{said} {mark} {after}", said, [mark], mark, after)


@template("w9", "stop_not_met", tags=("easy", "stop"))
def stop_not_met(draw: Draw) -> Draft:
    """A stop sequence that never comes changes nothing, although its first half comes."""
    first, second = draw.words(2)
    said = f"{first} {second} {draw.code()}"
    request = ask(f"Repeat exactly, and nothing else: {said}", stop=[f"{second} [[{first}]]"])
    return ends(request, said, {"check": "equals", "value": said})
