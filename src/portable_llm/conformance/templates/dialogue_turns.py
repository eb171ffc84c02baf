"""Templates of the axis `dialogue`: what many turns do to an answer.

User turns are scripted, never made from replies.
"""

from __future__ import annotations

from portable_llm.conformance.templates.draw import Draw
from portable_llm.conformance.templates.pools import CAPITALS, COLOURS
from portable_llm.conformance.templates.template import Catalogue, Draft, Json, ask, assistant, says, user

template = Catalogue("dialogue")

SHORT: Json = {"check": "words", "least": 1, "most": 15, "code": "wrong_answer"}


def closed(request: Json, said: str, *wrong: str) -> Draft:
    """The last answer is this word, number or code, said shortly and without any of the wrong ones."""
    lacks: Json = {"check": "lacks", "words": list(wrong), "code": "wrong_answer"}
    checks = [{"check": "holds", "all_of": [said]}, SHORT, *([lacks] if wrong else [])]
    return says(request, said, *checks, judge="dialogue.text")


def noted(*told: str) -> list[Json]:
    """User turns that tell something, each taken note of."""
    return [turn for text in told for turn in (user(text), assistant("Noted."))]


# d1: the same facts in one question, as a list, and over several turns


def shards(draw: Draw) -> tuple[list[str], str, str, list[str]]:
    """Facts, the question, its answer, and the other answers."""
    towns, colours = draw.towns(4), draw.sample(COLOURS, 4)
    facts = [f"The key of {town} is {colour}." for town, colour in zip(towns, colours, strict=True)]
    which = draw.below(4)
    question = f"Which colour has the key of {towns[which]}? Answer with the colour only."
    return facts, question, colours[which], [c for c in colours if c != colours[which]]


@template("d1", "full", tags=("easy", "shards:full"), smoke=True, twin="dialogue.d1")
def full(draw: Draw) -> Draft:
    """Everything in one question."""
    facts, question, right, wrong = shards(draw)
    return closed(ask(f"{' '.join(facts)} {question}"), right, *wrong)


@template("d1", "concat", tags=("easy", "shards:concat"), twin="dialogue.d1")
def concat(draw: Draw) -> Draft:
    """The facts as a list in one turn."""
    facts, question, right, wrong = shards(draw)
    return closed(ask("\n".join([*(f"- {fact}" for fact in facts), f"- {question}"])), right, *wrong)


@template("d1", "sharded", tags=("medium", "shards:sharded"), smoke=True, twin="dialogue.d1")
def sharded(draw: Draw) -> Draft:
    """One fact a turn."""
    facts, question, right, wrong = shards(draw)
    return closed(ask(*noted(*facts), question), right, *wrong)


# d2: what was said is corrected


def corrected(draw: Draw, before: int, between: int, *, again: bool = False) -> Draft:
    """A code is told and corrected later, with small talk before and between."""
    codes = [draw.code() for _ in range(3 if again else 2)]
    person, talk = draw.person(), draw.words(before + between)
    turns = noted(*(f"I like the word {word}." for word in talk[:before]), f"The code of {person} is {codes[0]}.")
    for code in codes[1:]:
        turns += noted(*(f"I like the word {word}." for word in talk[before:]))
        turns += noted(f"A correction: the code of {person} is {code}, not what I said before.")
    return closed(ask(*turns, f"What is the code of {person}? Answer with the code only."), codes[-1], *codes[:-1])


@template("d2", "at_once", tags=("easy",), smoke=True)
def at_once(draw: Draw) -> Draft:
    """The correction follows at once."""
    return corrected(draw, 0, 0)


@template("d2", "later", tags=("medium",))
def later(draw: Draw) -> Draft:
    """Some turns lie between."""
    return corrected(draw, 1, 4)


@template("d2", "twice", tags=("medium",))
def twice(draw: Draw) -> Draft:
    """Corrected twice: the last word counts."""
    return corrected(draw, 0, 1, again=True)


@template("d2", "long_after", tags=("hard",))
def long_after(draw: Draw) -> Draft:
    """Ten turns lie between."""
    return corrected(draw, 2, 10)


# d3: one turn among many


def turn_of(draw: Draw, count: int) -> Draft:
    """Each turn names a code; the one of a certain turn is asked for."""
    towns, codes = draw.towns(count), [draw.code() for _ in range(count)]
    which = draw.below(count)
    turns = noted(*(f"The code of {town} is {code}." for town, code in zip(towns, codes, strict=True)))
    others = [code for code in codes if code != codes[which]]
    return closed(ask(*turns, f"What is the code of {towns[which]}? Answer with the code only."), codes[which], *others)


@template("d3", "of_3", tags=("easy", "turns:3"))
def of_3(draw: Draw) -> Draft:
    """One of three turns."""
    return turn_of(draw, 3)


@template("d3", "of_10", tags=("medium", "turns:10"))
def of_10(draw: Draw) -> Draft:
    """One of ten turns."""
    return turn_of(draw, 10)


@template("d3", "of_20", tags=("hard", "turns:20"))
def of_20(draw: Draw) -> Draft:
    """One of twenty turns."""
    return turn_of(draw, 20)


@template("d3", "of_40", tags=("hard", "turns:40"))
def of_40(draw: Draw) -> Draft:
    """One of forty turns."""
    return turn_of(draw, 40)


# d4: turns of one role in a row


@template("d4", "two_users", tags=("easy",), smoke=True)
def two_users(draw: Draw) -> Draft:
    """Two user turns: the first tells, the second asks."""
    code = draw.code()
    return closed(ask(f"The code of {draw.town()} is {code}.", "What is the code? Answer with the code only."), code)


@template("d4", "three_users", tags=("medium",))
def three_users(draw: Draw) -> Draft:
    """Three user turns, each with a part of what is asked."""
    first, second = draw.towns(2)
    right, wrong = draw.code(), draw.code()
    asked = f"What is the code of {second}? Answer with the code only."
    return closed(ask(f"The code of {first} is {wrong}.", f"The code of {second} is {right}.", asked), right, wrong)


@template("d4", "two_assistants", tags=("medium",))
def two_assistants(draw: Draw) -> Draft:
    """Two assistant turns in a row, both with something to remember."""
    first, second = draw.towns(2)
    right, wrong = draw.code(), draw.code()
    turns = [user("Which codes are there?"), assistant(f"The code of {first} is {wrong}.")]
    turns.append(assistant(f"And the code of {second} is {right}."))
    return closed(ask(*turns, f"What is the code of {second}? Answer with the code only."), right, wrong)


@template("d4", "both_doubled", tags=("hard",))
def both_doubled(draw: Draw) -> Draft:
    """Both roles in doubles."""
    right, wrong, town = draw.code(), draw.code(), draw.town()
    turns = [user("I have two codes."), user(f"The old one is {wrong}."), assistant("Noted."), assistant("Go on.")]
    asked = f"What is the new code of {town}? Answer with the code only."
    return closed(ask(*turns, f"The new one of {town} is {right}.", asked), right, wrong)


# d5: the assistant has begun its answer


def begun(opening: str, said: str, asked: str, *wrong: str, system: str | None = None) -> Draft:
    """The history ends with the opening of the answer; what comes is its continuation."""
    return closed(ask(asked, assistant(opening), budget=24, system=system), said, *wrong)


@template("d5", "capital", tags=("easy", "prefill"))
def capital(draw: Draw) -> Draft:
    """A fact that everybody knows."""
    country, city = draw.pick(CAPITALS)
    asked = f"{draw.person()} asks for the capital of {country}. One sentence."
    return begun(f"The capital of {country} is", city, asked)


@template("d5", "code", tags=("easy", "prefill"))
def begun_code(draw: Draw) -> Draft:
    """A code from the system text."""
    code, town = draw.code(), draw.town()
    return begun("The code is", code, f"What is the code of {town}?", system=f"The code of {town} is {code}.")


@template("d5", "list", tags=("medium", "prefill"))
def begun_list(draw: Draw) -> Draft:
    """The second half of a list."""
    first, second, third = draw.towns(3)
    asked = f"Write these towns in this order, parted by commas, and nothing else: {first}, {second}, {third}."
    return begun(f"{first}, {second},", third, asked, first)


@template("d5", "quoted", tags=("medium", "prefill"))
def begun_json(draw: Draw) -> Draft:
    """A JSON object whose brace and key are there already."""
    code, town = draw.code(), draw.town()
    asked = f'What is the code of {town}? Answer as JSON: {{"code": "..."}}'
    return begun('{"code": "', code, asked, system=f"The code of {town} is {code}.")


# d6: the system text changes


def changed(draw: Draw, turns: int, *, back: bool = False) -> Draft:
    """A second system text after some turns says what to answer from now on."""
    old, new = draw.code(), draw.code()
    rule = "When the user asks for the code, the code is {code}."
    said = [{"role": "system", "content": f"From now on: {rule.format(code=new)}"}]
    if back:
        said.append({"role": "system", "content": f"Back to the first rule: {rule.format(code=old)}"})
    talk = noted(*(f"I like the word {word}." for word in draw.words(turns)))
    right, wrong = (old, new) if back else (new, old)
    asked = f"{draw.person()} asks: what is the code? Answer with the code only."
    return closed(ask(*talk, *said, asked, system=rule.format(code=old)), right, wrong)


@template("d6", "early", tags=("medium", "system"), tier="should")
def early(draw: Draw) -> Draft:
    """After one turn."""
    return changed(draw, 1)


@template("d6", "midway", tags=("medium", "system"), tier="should")
def midway(draw: Draw) -> Draft:
    """After four turns."""
    return changed(draw, 4)


@template("d6", "late", tags=("hard", "system"), tier="should")
def late(draw: Draw) -> Draft:
    """After ten turns."""
    return changed(draw, 10)


@template("d6", "back_again", tags=("hard", "system"), tier="should")
def back_again(draw: Draw) -> Draft:
    """And back to the first rule."""
    return changed(draw, 2, back=True)
