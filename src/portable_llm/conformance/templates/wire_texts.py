"""Templates of the axis `wire`: the protocol keeps text, endings, usage and streams as they are.

The answers are forced echoes and closed answers, so that what differs is the wire and not the model's mind.
"""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from portable_llm.conformance.templates.draw import Draw
from portable_llm.conformance.templates.pools import CAPITALS
from portable_llm.conformance.templates.template import (
    Catalogue,
    Draft,
    Json,
    ask,
    assistant,
    calls,
    of,
    says,
    tool,
    user,
)

template = Catalogue("wire")

EMOJI = "😀🚀🎈🌍🐙🍀🔑🎲🧭🪁🦊🐝"
JOINED_EMOJI = ("👩‍🚀", "👨‍👩‍👧", "🏳️‍🌈", "👍🏽", "🤷🏿‍♀️", "❤️‍🔥", "🇨🇭", "🇯🇵", "1️⃣", "🐻‍❄️")
"""Several code points each: joiners, skin tones, flags, key caps."""
EAST_ASIAN = ("東京", "図書館", "さくら", "カメラ", "北京", "朋友", "學生", "한국", "사과", "바다", "手紙", "天気")
INDIC_AND_THAI = ("नमस्ते", "पानी", "किताब", "सूरज", "বাংলা", "নদী", "தமிழ்", "மலை", "สวัสดี", "น้ำ", "หนังสือ", "ต้นไม้")
"""Scripts whose vowels and signs are combining characters."""


def echo(said: str, *, stream: bool = False, budget: int = 64, usage: bool = False) -> Draft:
    """Say exactly this text, and end normally."""
    request = ask(f"Repeat exactly, and nothing else: {said}", stream=stream, budget=budget)
    return ends(request, said, {"check": "equals", "value": said}, usage=usage)


def ends(
    request: Json,
    said: str,
    *checks: Json,
    usage: bool = False,
    finish: str = "stop",
    uncut: str | None = None,
    **contract: object,
) -> Draft:
    """Say a text and end in a certain way; `usage` asks for positive token counts."""
    asserted = {"finish": finish, **({"usage": True} if usage else {}), **contract}
    return says(request, said, *checks, judge="wire.text", ending=finish, uncut=uncut, **asserted)


def holds(said: str) -> tuple[Json, Json]:
    """The text holds this word, whatever stands beside it, unless it is the question sent back."""
    echoed = ["say the code", "what is the code"]
    return {"check": "holds", "all_of": [said]}, {"check": "lacks", "words": echoed, "code": "wrong_answer"}


def capital(draw: Draw, *, stream: bool = False, usage: bool = False) -> Draft:
    """A question whose answer every model knows, so that only the wire can lose it."""
    country, city = draw.pick(CAPITALS)
    request = ask(f"{draw.person()} asks: what is the capital of {country}?", stream=stream)
    return ends(request, f"The capital of {country} is {city}.", {"check": "holds", "all_of": [city]}, usage=usage)


@template("w1", "text", tags=("easy",), smoke=True)
def text(draw: Draw) -> Draft:
    """A reply in text with a normal ending."""
    return capital(draw)


@template("w1", "marks", tags=("medium",))
def marks(draw: Draw) -> Draft:
    """Angle brackets, ampersands, quotes and backslashes are neither escaped nor removed."""
    first, second, third = draw.words(3)
    return echo(f"<{first} id=\"{draw.between(10, 99)}\">{second} & '{third}' \\ 100%</{first}> {draw.code()}")


@template("w1", "lines", tags=("medium",))
def lines(draw: Draw) -> Draft:
    """Line breaks, an empty line and indentation arrive as they are."""
    return several_lines(draw, stream=False)


def several_lines(draw: Draw, *, stream: bool) -> Draft:
    """Three lines with an empty one between, one of them indented."""
    first, second, third = draw.words(3)
    said = f"{first}: {draw.code()}\n\n    {second} {draw.between(10, 99)}\n{third}"
    request = ask(f"Repeat exactly, line breaks included, and nothing else:\n{said}", stream=stream)
    return ends(request, said, {"check": "equals", "value": said})


@template("w2", "streamed_lines", tags=("medium", "stream"))
def streamed_lines(draw: Draw) -> Draft:
    """The same in a stream, whose events end at empty lines."""
    return several_lines(draw, stream=True)


@template("w2", "streamed_answer", tags=("easy", "stream"), smoke=True)
def streamed_answer(draw: Draw) -> Draft:
    """The same as a stream, which has to end with a finish reason."""
    return capital(draw, stream=True)


@template("w2", "echo", tags=("medium", "stream"))
def streamed_echo(draw: Draw) -> Draft:
    """The deltas of a stream make up the text."""
    return echo(" ".join(draw.words(5)), stream=True)


@template("w2", "long_echo", tags=("medium", "stream"))
def long_echo(draw: Draw) -> Draft:
    """The same over many deltas, with marks that frame streams: colons, braces, `data:`."""
    return echo(f"data: {{{', '.join(draw.words(12))}}} event: {draw.code()}", stream=True, budget=128)


@template("w3", "output_limit", tags=("easy", "finish"), smoke=True)
def output_limit(draw: Draw) -> Draft:
    """An answer cut by the output limit says so; a token is at most one word."""
    thing, town, limit = draw.pick(draw.words(30)), draw.town(), 32
    story = f"In the old town of {town} there was a {thing} that nobody had seen for many years, until one day"
    whole = f"{story} a child found it {'and ran from house to house to show it ' * 4}to all."
    request = ask(f"Write a long story about a {thing} in {town}.", budget=limit)
    check: Json = {"check": "words", "least": 3, "most": limit, "code": "cap_ignored"}
    return ends(request, story, check, finish="length", uncut=whole)


@template("w3", "tool_call", tags=("easy", "finish", "tools"), smoke=True)
def tool_call(draw: Draw) -> Draft:
    """An answer that calls a tool says so."""
    city = draw.town()
    weather = tool("get_weather", "Get the current weather of a city.", {"city": of("string", "Name of the city")})
    request = ask(f"Get the weather in {city}. Use the tool.", tools=[weather], tool_choice="required")
    return calls(request, ("get_weather", {"city": city}), judge="wire.call", finish="tool_call")


@template("w4", "usage", tags=("easy", "usage"), smoke=True)
def usage(draw: Draw) -> Draft:
    """Token counts are reported."""
    return capital(draw, usage=True)


@template("w4", "streamed_usage", tags=("medium", "usage", "stream"))
def streamed_usage(draw: Draw) -> Draft:
    """Token counts are reported for streams too."""
    return capital(draw, usage=True, stream=True)


@template("w6", "astral", tags=("medium", "unicode"))
def astral(draw: Draw) -> Draft:
    """Characters outside the basic plane are not split."""
    return echo(f"{''.join(draw.sample(EMOJI, 4))} {draw.code()}")


@template("w6", "astral_stream", tags=("medium", "unicode", "stream"))
def astral_stream(draw: Draw) -> Draft:
    """Nor are they split between the deltas of a stream."""
    return echo(f"{''.join(draw.sample(EMOJI, 4))} {draw.code()}", stream=True)


@template("w6", "right_to_left", tags=("medium", "unicode"))
def right_to_left(draw: Draw) -> Draft:
    """Right-to-left text keeps its order."""
    words = draw.sample(("שלום", "בית", "ספר", "מים", "سلام", "كتاب", "ماء", "بيت"), 3)
    return echo(f"{' '.join(words)} {draw.between(1_000_000, 9_999_999)}")


@template("w6", "east_asian", tags=("medium", "unicode"))
def east_asian(draw: Draw) -> Draft:
    """Chinese, Japanese and Korean text."""
    return echo(f"{' '.join(draw.sample(EAST_ASIAN, 4))} {draw.between(1_000, 9_999)}")


@template("w6", "combining_stream", tags=("hard", "unicode", "stream"))
def combining_stream(draw: Draw) -> Draft:
    """Combining vowels and signs stay with their letters in a stream."""
    return echo(f"{' '.join(draw.sample(INDIC_AND_THAI, 3))} {draw.between(1_000, 9_999)}", stream=True, budget=96)


@template("w6", "joined_emoji", tags=("hard", "unicode"), tier="should")
def joined_emoji(draw: Draw) -> Draft:
    """Emoji of several code points are not taken apart."""
    return echo(f"{' '.join(draw.sample(JOINED_EMOJI, 3))} {draw.code()}", budget=96)


@template("w6", "normal_forms", tags=("hard", "unicode"), tier="should")
def normal_forms(draw: Draw) -> Draft:
    """Composed letters stay composed."""
    word = unicodedata.normalize("NFC", draw.pick(("Ångström", "Zürich", "señor", "crème", "Dvořák", "Łódź")))
    return echo(f"{word} {draw.code()}")


@template("w7", "system_text", tags=("easy", "system"))
def system_text(draw: Draw) -> Draft:
    """The system text reaches the model."""
    code = draw.code()
    request = ask(f"{draw.person()} asks: what is the code?", system=f"The code is {code}. When asked, say the code.")
    return ends(request, code, *holds(code))


@template("w7", "long_system", tags=("medium", "system"))
def long_system(draw: Draw) -> Draft:
    """A system text of many lines with headings, tags and braces reaches the model whole."""
    code, words = draw.code(), draw.words(12)
    rules = "\n".join(f"- {word.capitalize()} is written {{{word}}}." for word in words)
    system = f"# Rules\n{rules}\n<facts>\nThe code is {code}.\n</facts>\nWhen asked for the code, say the code."
    request = ask(f"{draw.person()} asks: what is the code?", system=system)
    return ends(request, code, *holds(code))


@template("w7", "two_system_texts", tags=("medium", "system"), tier="should")
def two_system_texts(draw: Draw) -> Draft:
    """Two system texts in a row, which some wire formats have to join."""
    first, second = draw.code(), draw.code()
    added: Json = {"role": "system", "content": f"The code of the garden is {second}. When asked, say the code."}
    request = ask(
        added, f"{draw.person()} asks: what is the code of the garden?", system=f"The code of the house is {first}."
    )
    return ends(request, second, *holds(second), {"check": "lacks", "words": [first], "code": "wrong_answer"})


@template("w8", "long_message", tags=("medium", "long"))
def long_message(draw: Draw) -> Draft:
    """A message of some 3,000 characters arrives whole, its middle included."""
    code, words = draw.code(), draw.words(90)
    told = [f"The {one} stands beside the {other}." for one, other in pairwise(words)]
    text = " ".join([*told[:44], f"The secret code is {code}.", *told[44:]])
    request = ask(f"{text}\nWhich secret code stands in this text? Answer with the code only.")
    short: Json = {"check": "words", "least": 1, "most": 20, "code": "wrong_answer"}
    return ends(request, code, {"check": "holds", "all_of": [code]}, short)


@template("w8", "turn_order", tags=("easy", "history"))
def turn_order(draw: Draw) -> Draft:
    """Turns arrive in their order."""
    first, second, third = (draw.code() for _ in range(3))
    chat = [turn for code in (first, second, third) for turn in (user(f"A code: {code}"), assistant("Noted."))]
    request = ask(*chat, "Which code did I give second? Answer with that code only.")
    others: Json = {"check": "lacks", "words": [first, third], "code": "wrong_answer"}
    return ends(request, second, *holds(second), others)


@template("w8", "many_turns", tags=("medium", "history"))
def many_turns(draw: Draw) -> Draft:
    """Forty turns arrive, the first included."""
    code, words = draw.code(), draw.words(19)
    opening = user(f"Remember the code {code}. For every word that follows say ok.")
    chat = [turn for word in words for turn in (user(word), assistant("ok"))]
    request = ask(opening, assistant("ok"), *chat, "Now say the code of my first message, only the code.")
    return ends(request, code, *holds(code))


@template("w8", "long_tool_name", tags=("medium", "names", "tools"))
def long_tool_name(draw: Draw) -> Draft:
    """A tool name of 64 characters comes back whole."""
    name = f"look_up_{'_'.join(draw.words(15))}"[:63] + "x"
    code = draw.code()
    request = ask(
        f"Look up {code}. Use the tool.", tools=[tool(name, "Look up a code.", {"code": of("string")})], budget=96
    )
    request["tool_choice"] = "required"
    return calls(request, (name, {"code": code}), judge="wire.call", finish="tool_call")


@template("w9", "stop_sequence", tags=("easy", "stop"), smoke=True)
def stop_sequence(draw: Draw) -> Draft:
    """The text ends at the stop sequence."""
    last = draw.between(14, 22)
    numbers = [str(number) for number in range(1, last + 9)]
    said, full = ", ".join(numbers[: last - 1]) + ", ", ", ".join(numbers)
    text = f"Please write the numbers from 1 to {last + 8}, for {draw.person()}: 1, 2, 3,"
    request = ask(text, stop=[str(last)], budget=120)
    check: Json = {"check": "holds", "all_of": numbers[3 : last - 1]}
    return ends(request, said, check, stop={"sequence": str(last), "after": str(last + 2)}, uncut=full)


@template("w9", "streamed_stop", tags=("medium", "stop", "stream"))
def streamed_stop(draw: Draw) -> Draft:
    """The same in a stream, where the sequence may span deltas."""
    before, after = draw.words(4), draw.code()
    said, mark = " ".join(before), f"[[{draw.pick(draw.words(5))}]]"
    full = f"{said} {mark} {after}"
    request = ask(f"Repeat exactly, and nothing else: {full}", stop=[mark], stream=True, budget=96)
    return ends(request, said, {"check": "starts", "value": said}, stop={"sequence": mark, "after": after}, uncut=full)
