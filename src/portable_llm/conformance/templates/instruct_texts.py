"""Templates of the axis `instruct`: constraints on the output that a program can verify."""

from __future__ import annotations

import re

from portable_llm.conformance.templates.draw import Draw
from portable_llm.conformance.templates.pools import CAPITALS, COLOURS
from portable_llm.conformance.templates.template import Catalogue, Draft, Json, ask, says

template = Catalogue("instruct")

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

SENTENCE = r".*[.!?][\"']?"
"""A line that ends as a sentence does."""


def must(request: Json, said: str, *checks: Json) -> Draft:
    """The answer keeps all of these constraints."""
    return says(request, said, *checks, judge="instruct.text")


def mentions(*words: str) -> Json:
    """Required words."""
    return {"check": "holds", "all_of": list(words), "code": "missing_text"}


@template("i1", "items", tags=("easy", "count"))
def items(draw: Draw) -> Draft:
    """Exactly n lines, each a list item."""
    words = draw.words(4)
    text = f"Write these words as a list, one a line, each starting with '- ', and nothing else: {', '.join(words)}."
    checks: tuple[Json, ...] = ({"check": "lines", "count": 4, "pattern": r"- \S.*"}, mentions(*words))
    return must(ask(text), "\n".join(f"- {word}" for word in words), *checks)


@template("i1", "numbered_items", tags=("easy", "count"), smoke=True)
def numbered_items(draw: Draw) -> Draft:
    """Three numbered lines: short and concrete enough for very small models."""
    given = draw.words(3)
    text = f"Write a numbered list of these three words: {', '.join(given)}."
    checks: tuple[Json, ...] = ({"check": "lines", "count": 3, "pattern": r"\d[.)] \S.*"}, mentions(*given))
    said = "\n".join(f"{number}. {word}" for number, word in enumerate(given, 1))
    return must(ask(text), said, *checks)


@template("i1", "repeated_word", tags=("medium", "count"))
def repeated_word(draw: Draw) -> Draft:
    """One word a number of times."""
    name, times = draw.town(), draw.between(3, 6)
    text = f"Write the word {name} {times} times in one line, with a space between, and nothing else."
    said = " ".join([name] * times)
    return must(ask(text), said, {"check": "words", "least": times, "most": times}, {"check": "equals", "value": said})


@template("i2", "one_word", tags=("easy", "count"))
def one_word(draw: Draw) -> Draft:
    """An answer of one word, where a sentence comes more easily."""
    country, city = draw.pick(CAPITALS)
    text = f"{draw.person()} asks: what is the capital of {country}? Answer with one word only."
    checks: tuple[Json, ...] = ({"check": "words", "least": 1, "most": 1}, {"check": "answer", "any_of": [city]})
    return must(ask(text), city, *checks)


@template("i2", "sentences", tags=("hard", "count"))
def sentences(draw: Draw) -> Draft:
    """Exactly three sentences."""
    thing, name = draw.pick(draw.words(30)), draw.town()
    text = (
        f"Write exactly three sentences about a {thing} in {name}, in one paragraph, without abbreviations and "
        "numbers. Name both."
    )
    said = f"There is a {thing} in {name}. Nobody knows how old it is. People like it."
    one = r"[^.!?\n]+[.!?]"
    checks: tuple[Json, ...] = ({"check": "matches", "pattern": f"{one} +{one} +{one}"}, mentions(thing, name))
    return must(ask(text, budget=128), said, *checks)


@template("i2", "words", tags=("medium", "count"))
def words(draw: Draw) -> Draft:
    """A number of words between two bounds, about something given."""
    least, thing, name = draw.between(4, 6), draw.pick(draw.words(30)), draw.town()
    text = (
        f"Write one sentence about a {thing} in {name}, with at least {least} and at most {least + 8} words. Name both."
    )
    said = f"The {thing} in {name} is very old."
    said = said if len(said.split()) >= least else said + " Indeed."
    return must(ask(text), said, {"check": "words", "least": least, "most": least + 8}, mentions(thing, name))


@template("i3", "required_and_forbidden", tags=("medium", "tokens"))
def required_and_forbidden(draw: Draw) -> Draft:
    """Required words are there, forbidden ones are not."""
    first, second, banned = draw.words(3)
    name = draw.town()
    text = f"Write one short sentence with the words {first}, {second} and {name}, and without the word {banned}."
    checks: tuple[Json, ...] = (mentions(first, second, name), {"check": "lacks", "words": [banned]})
    return must(ask(text), f"The {first} and the {second} are in {name}.", *checks)


@template("i3", "without_a_word", tags=("easy", "tokens"), smoke=True)
def without_a_word(draw: Draw) -> Draft:
    """Two words are there and a third is not: short and concrete enough for very small models."""
    first, second, banned = draw.words(3)
    text = f"Write one sentence about a {first} and a {second}, without the word {banned}."
    checks: tuple[Json, ...] = (
        mentions(first, second),
        {"check": "lacks", "words": [banned]},
        {"check": "lines", "count": 1, "pattern": SENTENCE},
    )
    return must(ask(text, budget=96), f"The {first} and the {second} are old.", *checks)


@template("i3", "word_twice", tags=("hard", "tokens", "count"))
def word_twice(draw: Draw) -> Draft:
    """A word exactly two times, neither once nor three times."""
    word, name = draw.pick(draw.words(30)), draw.town()
    text = f"Write one sentence about {name} in which the word {word} stands exactly two times."
    other = rf"(?:(?!\b{word}\b).)*"
    pattern = rf"(?i){other}\b{word}\b{other}\b{word}\b{other}[.!?]"
    checks: tuple[Json, ...] = ({"check": "matches", "pattern": pattern}, mentions(name))
    return must(ask(text), f"The {word} in {name} is the oldest {word} of all.", *checks)


@template("i4", "sentence_start", tags=("easy", "edges"), smoke=True)
def sentence_start(draw: Draw) -> Draft:
    """A sentence that begins as told: short and concrete enough for very small models."""
    thing, name = draw.pick(draw.words(30)), draw.town()
    start = f"The {thing} in {name}"
    text = f"Write one sentence about a {thing} in {name}. Start with '{start}'."
    checks: tuple[Json, ...] = (
        {"check": "starts", "value": start},
        {"check": "lines", "count": 1, "pattern": SENTENCE},
    )
    return must(ask(text, budget=96), f"{start} is very old.", *checks)


@template("i4", "tagged", tags=("medium", "edges"))
def tagged(draw: Draw) -> Draft:
    """The answer between tags, and nothing outside them."""
    country, city = draw.pick(CAPITALS)
    text = (
        f"{draw.person()} asks: what is the capital of {country}? Write the name of the city between <answer> and "
        "</answer>, and nothing else."
    )
    pattern = rf"<answer>\s*{city}\s*</answer>"
    return must(ask(text), f"<answer>{city}</answer>", {"check": "matches", "pattern": pattern})


@template("i4", "start_and_end", tags=("easy", "edges"))
def start_and_end(draw: Draw) -> Draft:
    """The answer begins and ends as told."""
    start, code, name = f"{draw.pick(draw.words(20)).upper()}:", draw.code(), draw.town()
    text = (
        f"Write one line that starts with '{start}', then says the name {name}, and ends with '{code}'. Nothing else."
    )
    checks: tuple[Json, ...] = (
        {"check": "starts", "value": start},
        {"check": "ends", "value": code},
        mentions(name),
        {"check": "lines", "count": 1},
    )
    return must(ask(text), f"{start} {name} {code}", *checks)


@template("i6", "lower_case", tags=("easy", "case"))
def lower_case(draw: Draw) -> Draft:
    """All letters small."""
    shouted = " ".join([*draw.words(3), draw.town()]).upper()
    text = f"Write this in small letters, and nothing else: {shouted}"
    return must(
        ask(text), shouted.lower(), {"check": "case", "letters": "lower"}, {"check": "equals", "value": shouted.lower()}
    )


@template("i6", "upper_case", tags=("easy", "case"))
def upper_case(draw: Draw) -> Draft:
    """All letters capital."""
    whispered = " ".join([*draw.words(3), draw.town()]).lower()
    text = f"Write this in capital letters, and nothing else: {whispered}"
    return must(
        ask(text),
        whispered.upper(),
        {"check": "case", "letters": "upper"},
        {"check": "equals", "value": whispered.upper()},
    )


@template("i7", "iso_date", tags=("medium", "format"), smoke=True)
def iso_date(draw: Draw) -> Draft:
    """A date in ISO 8601."""
    year, month, day = draw.between(1900, 2099), draw.between(1, 12), draw.between(1, 28)
    text = (
        f"Meeting with {draw.person()}: {day} {MONTHS[month - 1]} {year}. Write only the date, in the form YYYY-MM-DD."
    )
    said = f"{year}-{month:02}-{day:02}"
    return must(
        ask(text), said, {"check": "matches", "pattern": r"\d{4}-\d{2}-\d{2}"}, {"check": "equals", "value": said}
    )


@template("i7", "decimal_comma", tags=("medium", "format"))
def decimal_comma(draw: Draw) -> Draft:
    """A number with a decimal comma."""
    whole, part = draw.between(100, 99_999), draw.between(11, 99)
    text = f"For {draw.town()}: write {whole}.{part} with a decimal comma instead of the point, and nothing else."
    return must(ask(text), f"{whole},{part}", {"check": "equals", "value": f"{whole},{part}"})


@template("i8", "label", tags=("easy", "label"), smoke=True)
def label(draw: Draw) -> Draft:
    """Exactly one of the labels, letter for letter."""
    labels = [f"{word.upper()}_{draw.between(100, 999)}" for word in draw.words(3)]
    colours = draw.sample(COLOURS, 3)
    chosen = draw.below(3)
    rules = "; ".join(f"{colour} means {name}" for colour, name in zip(colours, labels, strict=True))
    text = f"Labels: {rules}. The item is {colours[chosen]}. Answer with its label only."
    return must(ask(text), labels[chosen], {"check": "label", "value": labels[chosen]})


@template("i9", "two_constraints", tags=("hard", "count", "case"))
def two_constraints(draw: Draw) -> Draft:
    """Three lines, all in capital letters."""
    given = [*draw.words(2), draw.town().lower()]
    text = f"Write these words in capital letters, one a line, three lines and nothing else: {', '.join(given)}."
    checks: tuple[Json, ...] = ({"check": "lines", "count": 3}, {"check": "case", "letters": "upper"}, mentions(*given))
    return must(ask(text), "\n".join(given).upper(), *checks)


@template("i10", "no_preamble", tags=("medium", "edges"))
def no_preamble(draw: Draw) -> Draft:
    """The answer itself, without an introduction or a sign-off."""
    left, right = draw.between(2_000, 9_999), draw.between(2_000, 9_999)
    text = f"How much is {left} plus {right}? Write the digits of the result and nothing before or after them."
    return must(ask(text), str(left + right), {"check": "equals", "value": str(left + right)})


@template("i11", "csv", tags=("medium", "format"))
def csv(draw: Draw) -> Draft:
    """Comma-separated lines with three columns."""
    rows = [(name, draw.pick(COLOURS), str(draw.between(10, 99))) for name in draw.towns(3)]
    listed = "; ".join(f"{name} is {colour} and has {number} seats" for name, colour, number in rows)
    text = f"Write only CSV with the columns name,colour,seats, in the given order, without a header. {listed}."
    said = "\n".join(",".join(row) for row in rows)
    pattern = r"[^,]+, ?[^,]+, ?\d+"
    exact = {"check": "matches", "pattern": r"\s*\n\s*".join(", ?".join(map(re.escape, row)) for row in rows)}
    return must(ask(text, budget=96), said, {"check": "lines", "count": 3, "pattern": pattern}, exact)


@template("i12", "verbatim", tags=("medium", "echo"), smoke=True)
def verbatim(draw: Draw) -> Draft:
    """An exact copy."""
    said = f"{' '.join(draw.words(4))}, {draw.code()}; {draw.town()}"
    return must(ask(f"Repeat exactly, and nothing else:\n{said}"), said, {"check": "equals", "value": said})
