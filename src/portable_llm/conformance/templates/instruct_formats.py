"""Templates of the axis `instruct` whose answer has a given content in another form: languages, numbers, tables."""

from __future__ import annotations

from portable_llm.conformance.templates.draw import Draw
from portable_llm.conformance.templates.instruct_texts import must
from portable_llm.conformance.templates.pools import CAPITALS, COLOURS
from portable_llm.conformance.templates.template import Catalogue, Draft, Json, ask

template = Catalogue("instruct")

GERMAN_COLOURS = (
    ("black", "schwarz"),
    ("blue", "blau"),
    ("brown", "braun"),
    ("green", "grün"),
    ("grey", "grau"),
    ("red", "rot"),
    ("white", "weiß"),
    ("yellow", "gelb"),
)
RUSSIAN_CAPITALS = (
    ("Austria", "Вена"),
    ("England", "Лондон"),
    ("France", "Париж"),
    ("Germany", "Берлин"),
    ("Italy", "Рим"),
    ("Japan", "Токио"),
    ("Poland", "Варшава"),
    ("Russia", "Москва"),
    ("Spain", "Мадрид"),
)
GREEK_LETTERS = (
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ε"),
    ("zeta", "ζ"),
    ("eta", "η"),
    ("theta", "θ"),
    ("iota", "ι"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("nu", "ν"),
    ("xi", "ξ"),
    ("pi", "π"),
    ("rho", "ρ"),
    ("tau", "τ"),
    ("phi", "φ"),
    ("chi", "χ"),
    ("psi", "ψ"),
    ("omega", "ω"),
)
CHINESE_DIGITS = "一二三四五六七八九"
"""1 to 9; zero has two common characters and is left out."""


def exactly(request: Json, said: str) -> Draft:
    """The answer is this text and nothing else."""
    return must(request, said, {"check": "equals", "value": said})


@template("i5", "german_word", tags=("easy", "language"))
def german_word(draw: Draw) -> Draft:
    """One word in another language of the same script."""
    english, german = draw.pick(GERMAN_COLOURS)
    spellings = [german, german.replace("ß", "ss")]
    text = f"{draw.person()} asks: what is the German word for the colour {english}? Answer with that German word only."
    return must(ask(text), german, {"check": "answer", "any_of": spellings})


@template("i5", "cyrillic_script", tags=("medium", "language", "script"))
def cyrillic_script(draw: Draw) -> Draft:
    """A name in another language and script."""
    country, capital = draw.pick(RUSSIAN_CAPITALS)
    text = (
        f"{draw.person()} asks: what is the capital of {country}? Answer in Russian, in Cyrillic letters, with the "
        "name of the city only."
    )
    return must(ask(text), capital, {"check": "answer", "any_of": [capital]})


@template("i5", "greek_letters", tags=("medium", "script"))
def greek_letters(draw: Draw) -> Draft:
    """Letters of another script, named in English."""
    chosen = draw.sample(GREEK_LETTERS, 5)
    names = ", ".join(name for name, _ in chosen)
    text = f"Write these small Greek letters as characters, in this order, with a space between, nothing else: {names}."
    return exactly(ask(text), " ".join(letter for _, letter in chosen))


@template("i5", "chinese_digits", tags=("hard", "script"))
def chinese_digits(draw: Draw) -> Draft:
    """A number digit by digit in the characters of another script."""
    digits = [draw.between(1, 9) for _ in range(7)]
    number = "".join(map(str, digits))
    text = (
        f"Write the number {number} digit by digit with the Chinese characters from 一 (1) to 九 (9): seven "
        "characters, nothing between them and nothing else."
    )
    said = "".join(CHINESE_DIGITS[digit - 1] for digit in digits)
    return must(ask(text), said, {"check": "answer", "any_of": [said]})


@template("i6", "title_case", tags=("medium", "case"))
def title_case(draw: Draw) -> Draft:
    """The first letter of every word a capital, the others small."""
    given = [*draw.words(3), draw.town().lower()]
    text = f"Write these words with a capital first letter each, with a space between, nothing else: {' '.join(given)}"
    return exactly(ask(text), " ".join(word.capitalize() for word in given))


@template("i7", "clock", tags=("medium", "format"))
def clock(draw: Draw) -> Draft:
    """A time of day on the 24-hour clock."""
    hour, minute = draw.between(1, 11), draw.between(10, 59)
    text = (
        f"The train of {draw.person()} leaves at {hour}:{minute} in the afternoon (pm). Write only the time on the "
        "24-hour clock, in the form HH:MM."
    )
    return exactly(ask(text), f"{hour + 12}:{minute}")


@template("i7", "thousands", tags=("easy", "format"))
def thousands(draw: Draw) -> Draft:
    """A number with commas between the thousands."""
    number = draw.between(1_000_000, 9_999_999)
    text = f"Write the number {number} with commas between the thousands, as in 12,345, and nothing else."
    return exactly(ask(text), f"{number:,}")


@template("i8", "yes_no", tags=("easy", "label"))
def yes_no(draw: Draw) -> Draft:
    """One of two labels in capital letters."""
    left, right = draw.between(1_000, 4_999), draw.between(5_000, 9_999)
    larger = draw.pick((True, False))
    first, second = (right, left) if larger else (left, right)
    text = f"Is {first} greater than {second}? Answer with YES or NO, in capital letters, and nothing else."
    return must(ask(text), "YES" if larger else "NO", {"check": "label", "value": "YES" if larger else "NO"})


@template("i8", "letter_choice", tags=("medium", "label"))
def letter_choice(draw: Draw) -> Draft:
    """The letter of the right option, in round brackets."""
    options, thing, chosen = draw.sample(COLOURS, 4), draw.pick(draw.words(30)), draw.below(4)
    listed = " ".join(f"({letter}) {option}" for letter, option in zip("ABCD", options, strict=True))
    text = (
        f"The {thing} in {draw.town()} is {options[chosen]}. Which colour does it have? {listed}\n"
        "Answer with the letter in round brackets, as in (E), and nothing else."
    )
    said = f"({'ABCD'[chosen]})"
    return must(ask(text), said, {"check": "label", "value": said})


@template("i9", "sorted_capitals", tags=("hard", "case", "order"))
def sorted_capitals(draw: Draw) -> Draft:
    """The alphabet's order, capital letters and a separator, all at once."""
    given = draw.words(5)
    text = (
        "Write these words in alphabetical order, in capital letters, separated by semicolons without spaces, and "
        f"nothing else: {', '.join(given)}."
    )
    return exactly(ask(text), ";".join(sorted(given)).upper())


@template("i10", "surname", tags=("easy", "edges"))
def surname(draw: Draw) -> Draft:
    """A single word out of the question, and nothing around it."""
    name, country = draw.person(), draw.pick(CAPITALS)[0]
    text = f"{name} travels to {country}. Write the surname of this person and nothing before or after it."
    return exactly(ask(text), name.split()[1])


@template("i11", "table", tags=("hard", "format"))
def table(draw: Draw) -> Draft:
    """A Markdown table with a header, a rule and two rows."""
    rows = [(name, str(draw.between(100, 999))) for name in draw.towns(2)]
    listed = "; ".join(f"{name} has {number} seats" for name, number in rows)
    text = (
        "Write only a Markdown table with the columns name and seats, in the given order, with a | at both ends of "
        f"every line. {listed}."
    )
    lines = ["| name | seats |", "| --- | --- |", *(f"| {name} | {number} |" for name, number in rows)]
    # Blanks are matched so that no two of these can share them: a pattern meets an endpoint's text.
    cells = [r"(?i:\|[ \t]*name[ \t]*\|[ \t]*seats[ \t]*\|)", r"\|[ \t:]*-[ \t:-]*\|[ \t:]*-[ \t:-]*\|"]
    cells += [rf"\|[ \t]*{name}[ \t]*\|[ \t]*{number}[ \t]*\|" for name, number in rows]
    checks: tuple[Json, ...] = (
        {"check": "lines", "count": 4, "pattern": r"\|.*\|"},
        {"check": "matches", "pattern": r"[ \t]*\n\s*".join(cells)},
    )
    return must(ask(text, budget=96), "\n".join(lines), *checks)


@template("i12", "long_verbatim", tags=("hard", "echo"))
def long_verbatim(draw: Draw) -> Draft:
    """An exact copy of some 250 characters, with marks that invite tidying up."""
    towns, words = draw.towns(3), draw.words(16)
    said = (
        f"{towns[0]} -- {', '.join(words[:6])} ; {draw.code()} (see {towns[1]}) {' '.join(words[6:11])} ... "
        f"{draw.between(1_000, 9_999)},{draw.between(10, 99)} % of {' / '.join(words[11:])} : {towns[2]}"
    )
    return exactly(ask(f"Repeat exactly, and nothing else:\n{said}", budget=160), said)
