"""Templates of the axis `tokens`: what a text costs, how much fits in, how much comes out.

Bounds are wide enough for any tokenizer and any chat template, and narrow enough for counts that are of another text,
of a part of it, or made up. They are the suite's own rough count (characters), never the library's.
"""

from __future__ import annotations

from typing import Any

from portable_llm.conformance.case import text_content
from portable_llm.conformance.templates.draw import Draw
from portable_llm.conformance.templates.template import Catalogue, Draft, Json, ask, assistant, says, user

template = Catalogue("tokens")

SHORT: Json = {"check": "words", "least": 1, "most": 15, "code": "wrong_answer"}
OVERHEAD = 400
"""Tokens that a chat template may add: role marks, a date, a default system text."""


def bounds(request: Json) -> Json:
    """Least and most tokens of each side. A token of plain text has at most ten characters on average, and at least
    one byte; an answer has at least one token and at most as many as the limit allows."""
    text = str(request.get("system", "")) + "".join(text_content(turn["content"]) for turn in request["messages"])
    limit = request["max_output_tokens"]
    return {"input_tokens": [max(1, len(text) // 10), len(text.encode()) + OVERHEAD], "output_tokens": [1, limit]}


def closed(request: Json, said: str, *wrong: str, **contract: Any) -> Draft:
    """The answer is this code, said shortly and without a wrong one, and what it cost is plausible."""
    lacks: Json = {"check": "lacks", "words": list(wrong), "code": "wrong_answer"}
    checks = [{"check": "holds", "all_of": said.split()}, SHORT, *([lacks] if wrong else [])]
    return says(request, said, *checks, judge="tokens.bounds", bounds=bounds(request), **contract)


def codes(draw: Draw) -> tuple[str, str, str, str]:
    """Two facts, the question about one, and the right and the wrong code."""
    (here, there), right, wrong = draw.towns(2), draw.code(), draw.code()
    facts = [f"The code of {here} is {right}.", f"The code of {there} is {wrong}."]
    told = " ".join(facts if draw.below(2) else facts[::-1])
    return told, f"What is the code of {here}? Answer with the code only.", right, wrong


def filler(draw: Draw, size: int) -> list[str]:
    """Sentences that tell nothing, of at least `size` characters together."""
    found = list[str]()
    words = draw.words(12)
    while sum(map(len, found)) + len(found) < size:
        found.append(f"Somebody in {draw.town()} spoke of a {draw.pick(words)} and of the weather.")
    return found


# k1: the price of a small prompt, in every shape


@template("k1", "plain", tags=("easy",), smoke=True)
def plain(draw: Draw) -> Draft:
    """One short turn."""
    told, question, right, wrong = codes(draw)
    return closed(ask(f"{told} {question}"), right, wrong)


@template("k1", "streamed", tags=("easy", "stream"))
def streamed(draw: Draw) -> Draft:
    """The same, streamed: counts come with the last event."""
    told, question, right, wrong = codes(draw)
    return closed(ask(f"{told} {question}", stream=True), right, wrong)


@template("k1", "with_system", tags=("medium",))
def with_system(draw: Draw) -> Draft:
    """The system text counts too."""
    told, question, right, wrong = codes(draw)
    return closed(ask(question, system=told), right, wrong)


@template("k1", "with_history", tags=("medium",))
def with_history(draw: Draw) -> Draft:
    """Every turn counts, the model's own too."""
    told, question, right, wrong = codes(draw)
    talk = [turn for word in draw.words(6) for turn in (user(f"I like the word {word}."), assistant("Noted."))]
    return closed(ask(user(told), assistant("Noted."), *talk, question), right, wrong)


# k2: counts against a rough estimate, for texts that tokenizers treat in different ways


def estimated(draw: Draw, text: str, *, stream: bool = False) -> Draft:
    """A question after a text of some kind."""
    told, question, right, wrong = codes(draw)
    return closed(ask(f"{text}\n\n{told} {question}", stream=stream), right, wrong)


@template("k2", "words", tags=("easy",), smoke=True)
def words(draw: Draw) -> Draft:
    """Common words."""
    return estimated(draw, " ".join(draw.words(40)))


@template("k2", "digits", tags=("medium",))
def digits(draw: Draw) -> Draft:
    """Long numbers."""
    return estimated(draw, " ".join(str(draw.between(10**8, 10**9)) for _ in range(30)))


@template("k2", "program", tags=("medium",))
def program(draw: Draw) -> Draft:
    """Lines of a program, with indents and brackets."""
    names = draw.words(12)
    lines = [f"    {name}[{draw.below(100)}] = {{'{name}': ({draw.below(1000)}, None)}}" for name in names]
    return estimated(draw, "\n".join(["def load(state):", *lines, "    return state"]))


@template("k2", "prose", tags=("hard",))
def prose(draw: Draw) -> Draft:
    """Sentences with invented names, streamed."""
    return estimated(draw, " ".join(filler(draw, 1500)), stream=True)


# k3: a needle at a depth of a text of some length

LENGTHS = {"easy": 2000, "medium": 4000, "hard": 8000}
DEPTHS = {"start": 0.05, "middle": 0.5, "end": 0.95}


def needle(draw: Draw, size: int, depth: float) -> Draft:
    """One sentence among many holds the code; another, elsewhere, a wrong one."""
    text = filler(draw, size)
    (here, there), right, wrong = draw.towns(2), draw.code(), draw.code()
    text.insert(int(depth * len(text)), f"The code of {here} is {right}.")
    text.insert(draw.below(len(text)), f"The code of {there} is {wrong}.")
    return closed(ask(f"{' '.join(text)}\n\nWhat is the code of {here}? Answer with the code only."), right, wrong)


def needle_template(grade: str, place: str) -> None:
    """One template of length and depth."""

    def make(draw: Draw) -> Draft:
        return needle(draw, LENGTHS[grade], DEPTHS[place])

    template("k3", f"{place}_of_{LENGTHS[grade]}", tags=(grade, f"depth:{place}"))(make)


for _grade in LENGTHS:
    for _place in DEPTHS:
        needle_template(_grade, _place)


# k4: the output limit is obeyed, said so, and paid for


def cut(draw: Draw, limit: int, *, stream: bool = False) -> Draft:
    """A text that is longer than the limit allows comes from its beginning on."""
    listed = draw.words(60)
    whole = " ".join(listed)
    request = ask(f"Repeat exactly, and nothing else: {whole}", budget=limit, stream=stream)
    cap: Json = {"check": "words", "least": 3, "most": limit, "code": "cap_ignored"}
    start: Json = {"check": "starts", "value": " ".join(listed[:3])}
    said = " ".join(listed[: limit // 2])
    judged: Json = {"judge": "tokens.bounds", "bounds": bounds(request), "finish": "length"}
    return says(request, said, cap, start, ending="length", uncut=whole, **judged)


@template("k4", "at_12", tags=("easy", "finish"), smoke=True)
def at_12(draw: Draw) -> Draft:
    """Twelve tokens."""
    return cut(draw, 12)


@template("k4", "at_24", tags=("medium", "finish"))
def at_24(draw: Draw) -> Draft:
    """Twenty-four tokens."""
    return cut(draw, 24)


@template("k4", "streamed_at_16", tags=("medium", "finish", "stream"))
def streamed_at_16(draw: Draw) -> Draft:
    """A stream of sixteen tokens."""
    return cut(draw, 16, stream=True)


@template("k4", "streamed_at_32", tags=("hard", "finish", "stream"))
def streamed_at_32(draw: Draw) -> Draft:
    """A stream of thirty-two tokens."""
    return cut(draw, 32, stream=True)


# k6: what is thought counts as output


@template("k6", "thought", tier="should", tags=("medium", "reasoning"))
def thought(draw: Draw) -> Draft:
    """Reasoning is asked for: the answer is there, and output stays within the limit that covers both."""
    told, question, right, wrong = codes(draw)
    return closed(ask(f"{told} {question}", budget=2048, reasoning={"effort": "low"}), right, wrong)


@template("k6", "streamed_thought", tier="should", tags=("hard", "reasoning", "stream"))
def streamed_thought(draw: Draw) -> Draft:
    """The same, streamed."""
    told, question, right, wrong = codes(draw)
    return closed(ask(f"{told} {question}", budget=2048, reasoning={"effort": "low"}, stream=True), right, wrong)


# k8: the same text in six scripts

SCRIPTS = {
    "latin": "The river is wide and the bridge is old. In winter the road is closed.",
    "cyrillic": "Река широкая, а мост старый. Зимой дорога закрыта.",
    "greek": "Το ποτάμι είναι πλατύ και η γέφυρα παλιά. Τον χειμώνα ο δρόμος είναι κλειστός.",
    "arabic": "النهر واسع والجسر قديم. في الشتاء يكون الطريق مغلقا.",
    "devanagari": "नदी चौड़ी है और पुल पुराना है। सर्दियों में सड़क बंद रहती है।",
    "han": "河很宽，桥很旧。冬天道路封闭。",
}


def script_template(script: str, grade: str, *, smoke: bool = False) -> None:
    """One template a script: they draw alike, so that the ratio of their counts is the script's."""

    def make(draw: Draw) -> Draft:
        told, question, right, wrong = codes(draw)
        return closed(ask(f"{' '.join([SCRIPTS[script]] * 3)}\n\n{told} {question}"), right, wrong)

    template("k8", script, tags=(grade, f"script:{script}"), smoke=smoke, twin="tokens.k8")(make)


script_template("latin", "easy", smoke=True)
script_template("cyrillic", "medium")
script_template("greek", "medium")
script_template("arabic", "hard")
script_template("devanagari", "hard")
script_template("han", "medium", smoke=True)


# k9: a limit that the answer does not reach changes nothing


def roomy(draw: Draw, limit: int, *, stream: bool = False) -> Draft:
    """The answer comes whole below a limit."""
    told, question, right, wrong = codes(draw)
    return closed(ask(f"{told} {question}", budget=limit, stream=stream), right, wrong)


@template("k9", "limit_32", tags=("easy",), smoke=True)
def limit_32(draw: Draw) -> Draft:
    """A limit just above the answer."""
    return roomy(draw, 32)


@template("k9", "limit_160", tags=("easy",))
def limit_160(draw: Draw) -> Draft:
    """A limit far above the answer."""
    return roomy(draw, 160)


@template("k9", "streamed_limit_48", tags=("easy", "stream"))
def streamed_limit_48(draw: Draw) -> Draft:
    """A limit on a stream."""
    return roomy(draw, 48, stream=True)


# k10: nothing is cut away in silence: what stands first and what stands last both arrive


def both_ends(draw: Draw, size: int) -> Draft:
    """The code has two halves, at the two ends of a text."""
    first, last = draw.code(), draw.code()
    text = [f"The first code is {first}.", *filler(draw, size), f"The last code is {last}."]
    asked = "What are the first and the last code? Answer with the two codes only, separated by a blank."
    return closed(ask(f"{' '.join(text)}\n\n{asked}"), f"{first} {last}")


@template("k10", "ends_of_1000", tags=("medium",))
def ends_of_1000(draw: Draw) -> Draft:
    """A page."""
    return both_ends(draw, 1000)


@template("k10", "ends_of_6000", tags=("hard",))
def ends_of_6000(draw: Draw) -> Draft:
    """Several pages."""
    return both_ends(draw, 6000)


@template("k10", "first_of_many_turns", tags=("hard",))
def first_of_many_turns(draw: Draw) -> Draft:
    """The first of many turns: old turns are not left out."""
    told, question, right, wrong = codes(draw)
    talk = [turn for text in filler(draw, 3000) for turn in (user(text), assistant("Noted."))]
    return closed(ask(user(told), assistant("Noted."), *talk, question), right, wrong)
