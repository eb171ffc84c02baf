"""Templates of the axis `dialogue` about histories as they are found: foreign calls, gaps, long rules, languages."""

from __future__ import annotations

from portable_llm.conformance.templates.dialogue_turns import closed, noted
from portable_llm.conformance.templates.draw import Draw
from portable_llm.conformance.templates.template import Catalogue, Draft, Json, ask, assistant, of, result, tool, user

template = Catalogue("dialogue")

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"


def identifier(draw: Draw, prefix: str, length: int) -> str:
    """An id as a vendor makes it."""
    return prefix + "".join(draw.pick(LETTERS) for _ in range(length))


# d7: calls made with another vendor


def called(draw: Draw, ids: list[str], *, text: str = "") -> Draft:
    """A history with one call for each id, all answered in time; a value from a result is asked for."""
    towns, codes = draw.towns(len(ids)), [draw.code() for _ in ids]
    lookup = tool("find_code", "Find the code of a town.", {"town": of("string", "Name of the town")})
    made: list[Json] = [
        {"id": each, "name": "find_code", "arguments": {"town": town}} for each, town in zip(ids, towns, strict=True)
    ]
    results = [result(each, code) for each, code in zip(ids, codes, strict=True)]
    turns = [user(f"Find the codes of {' and '.join(towns)}."), assistant(text, *made), *results]
    which = draw.below(len(ids))
    asked = f"Which code did the tool give for {towns[which]}? Answer with the code only, without a tool."
    others = [code for code in codes if code != codes[which]]
    history = [*turns, assistant("I have the codes."), asked]
    return closed(ask(*history, tools=[lookup]), codes[which], *others)


@template("d7", "chat_ids", tags=("easy", "tools", "ids"), smoke=True)
def chat_ids(draw: Draw) -> Draft:
    """Ids as Chat Completions makes them."""
    return called(draw, [identifier(draw, "call_", 24)])


@template("d7", "messages_ids", tags=("easy", "tools", "ids"))
def messages_ids(draw: Draw) -> Draft:
    """Ids as Messages makes them, with a text before the call."""
    return called(draw, [identifier(draw, "toolu_01", 22)], text="I look it up.")


@template("d7", "short_ids", tags=("medium", "tools", "ids"))
def short_ids(draw: Draw) -> Draft:
    """Nine letters and digits, two calls at once."""
    return called(draw, [identifier(draw, "", 9), identifier(draw, "", 9)])


@template("d7", "named_ids", tags=("medium", "tools", "ids"))
def named_ids(draw: Draw) -> Draft:
    """Ids that hold the name, a dot and a colon, as open models' servers make them."""
    return called(draw, [f"functions.find_code:{number}" for number in range(draw.between(2, 3))])


@template("d7", "long_ids", tags=("hard", "tools", "ids"))
def long_ids(draw: Draw) -> Draft:
    """Ids longer than some vendors take."""
    return called(draw, [identifier(draw, "call_", 70), identifier(draw, "call_", 70)])


# d8: turns that say nothing


def with_empty(draw: Draw, said: str, role: str, count: int = 1) -> Draft:
    """A history with turns that are empty or blank."""
    code, town = draw.code(), draw.town()
    turns = noted(f"The code of {town} is {code}.")
    for _ in range(count):
        blank = user(said) if role == "user" else assistant(said)
        turns += [blank, assistant("Yes?")] if role == "user" else [user("Wait."), blank]
    return closed(ask(*turns, f"What is the code of {town}? Answer with the code only."), code)


@template("d8", "blank_user", tags=("medium",))
def blank_user(draw: Draw) -> Draft:
    """A user turn of one space."""
    return with_empty(draw, " ", "user")


@template("d8", "empty_assistant", tags=("medium",), tier="should")
def empty_assistant(draw: Draw) -> Draft:
    """An assistant turn without text, as a cut stream leaves it."""
    return with_empty(draw, "", "assistant")


@template("d8", "newlines", tags=("medium",))
def newlines(draw: Draw) -> Draft:
    """A user turn of line breaks."""
    return with_empty(draw, "\n\n", "user")


@template("d8", "several", tags=("hard",))
def several(draw: Draw) -> Draft:
    """Three blank turns."""
    return with_empty(draw, " ", "user", 3)


# d9: a rule of the first turn


def kept(draw: Draw, turns: int) -> Draft:
    """A rule given at the start binds the answer after many turns."""
    code, town = draw.code(), draw.town()
    rule = f"A rule for this whole conversation: whenever I say {town}, answer with {code} and nothing else."
    talk = [turn for word in draw.words(turns - 1) for turn in (user(f"Tell me: is {word} a word?"), assistant("Yes."))]
    return closed(ask(user(rule), assistant("Understood."), *talk, town), code)


@template("d9", "after_10", tags=("medium", "turns:10"))
def after_10(draw: Draw) -> Draft:
    """Ten turns later."""
    return kept(draw, 10)


@template("d9", "after_20", tags=("hard", "turns:20"))
def after_20(draw: Draw) -> Draft:
    """Twenty turns later."""
    return kept(draw, 20)


@template("d9", "after_40", tags=("hard", "turns:40"))
def after_40(draw: Draw) -> Draft:
    """Forty turns later."""
    return kept(draw, 40)


# d10: the language changes

TELLING = {
    "German": ("Der Code von {town} ist {code}.", "Wie lautet der Code von {town}? Antworte nur mit dem Code."),
    "French": ("Le code de {town} est {code}.", "Quel est le code de {town} ? Réponds seulement par le code."),
    "Spanish": ("El código de {town} es {code}.", "¿Cuál es el código de {town}? Responde solo con el código."),
    "English": ("The code of {town} is {code}.", "What is the code of {town}? Answer with the code only."),
    "Japanese": ("{town}のコードは{code}です。", "{town}のコードは何ですか。コードだけを答えてください。"),
}


def switched(draw: Draw, *languages: str) -> Draft:
    """Each turn in another language; the last one asks for what one of the others told."""
    towns, codes = draw.towns(len(languages) - 1), [draw.code() for _ in languages[1:]]
    told = [TELLING[spoken][0].format(town=t, code=c) for spoken, t, c in zip(languages, towns, codes, strict=False)]
    which = draw.below(len(told))
    asked = TELLING[languages[-1]][1].format(town=towns[which])
    turns = [turn for text in told for turn in (user(text), assistant("OK."))]
    return closed(ask(*turns, asked), codes[which], *(code for code in codes if code != codes[which]))


@template("d10", "one_switch", tags=("easy", "language"))
def one_switch(draw: Draw) -> Draft:
    """Told in one language, asked in another."""
    first, second = draw.sample(("German", "French", "Spanish", "English"), 2)
    return switched(draw, first, second)


@template("d10", "three_languages", tags=("medium", "language"))
def three_languages(draw: Draw) -> Draft:
    """Told in three languages, asked in a fourth."""
    return switched(draw, *draw.sample(("German", "French", "Spanish", "English"), 4))


@template("d10", "other_script", tags=("hard", "language"))
def other_script(draw: Draw) -> Draft:
    """Told in two languages, asked in a language of another script."""
    first, second = draw.sample(("German", "French", "Spanish", "English"), 2)
    return switched(draw, first, second, "Japanese")


# d11: an answer that was cut off


def resumed(draw: Draw, items: list[str], shown: int, asked: str) -> Draft:
    """The assistant's list broke off; the next item is asked for."""
    said = ", ".join(items[:shown]) + ","
    start = f"Write these, parted by commas: {', '.join(items)}."
    return closed(ask(start, assistant(said), asked), items[shown], *items[:shown])


@template("d11", "next_word", tags=("easy",), smoke=True)
def next_word(draw: Draw) -> Draft:
    """The next word of three."""
    return resumed(draw, draw.towns(3), 2, "You were cut off. Which word comes next? Answer with that word only.")


@template("d11", "next_code", tags=("medium",))
def next_code(draw: Draw) -> Draft:
    """The next code of eight."""
    codes = [draw.code() for _ in range(8)]
    return resumed(draw, codes, draw.between(3, 6), "You were cut off. Which code comes next? Answer with it only.")


@template("d11", "next_after_talk", tags=("hard",))
def next_after_talk(draw: Draw) -> Draft:
    """The next code, after other turns."""
    codes = [draw.code() for _ in range(6)]
    shown = draw.between(2, 4)
    start = f"Write these, parted by commas: {', '.join(codes)}."
    turns = [user(start), assistant(", ".join(codes[:shown]) + ","), *noted(f"I am {draw.person()}, by the way.")]
    asked = "Your list was cut off. Which code comes next in it? Answer with that code only."
    return closed(ask(*turns, asked), codes[shown], *codes[:shown])
