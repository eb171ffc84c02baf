"""Which constant of a schema a value means: by case, separators, quotes, type, another word for it, or an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from portable_llm.output._align_text import MAX_NAME, NULLS, boolean_of, number_of, spelling, unquoted


class Meant(NamedTuple):
    value: Any
    kind: str
    """The coercion that leads to it."""


AMBIGUOUS = Meant(None, "ambiguous")
"""Several constants have this spelling."""


class Names:
    """The constants that one place accepts."""

    def __init__(self, rows: Iterable[tuple[Any, tuple[str, ...]]]) -> None:
        self.values: list[Any] = []
        words: list[tuple[str, Any]] = []
        for value, aliases in rows:
            if not self.has(value):
                self.values.append(value)
                words += [(alias, value) for alias in aliases]
        self._texts = [value for value in self.values if isinstance(value, str)]
        self._levels: list[tuple[Callable[[str], str], dict[str, Meant]]] = [
            (str.strip, _index(str.strip, self._pairs(), "enum_spelling")),
            (_folded, _index(_folded, self._pairs(), "enum_spelling")),
            (_spelled, _index(_spelled, self._pairs(), "enum_spelling")),
            (_spelled, _index(_spelled, words, "enum_alias")),
        ]

    def _pairs(self) -> list[tuple[str, Any]]:
        return [(text, text) for text in self._texts]

    def has(self, value: object) -> bool:
        """Whether the value is one of the constants; `True` is not 1."""
        return any(isinstance(value, bool) == isinstance(known, bool) and value == known for known in self.values)

    def meant_by(self, value: object) -> Meant | None:
        """The constant that the value is a spelling of; `AMBIGUOUS` if there are several."""
        if not isinstance(value, str):
            return self._meant_by_type(value)
        if len(value) > MAX_NAME:
            return None
        for key_of, index in self._levels:
            # An empty key says nothing: a text of quotes and white space is no spelling of a text of separators.
            if (key := key_of(value)) and (found := index.get(key)):
                return found
        return self._only(self._of_other_type(value), "enum_type")

    def _meant_by_type(self, value: object) -> Meant | None:
        """The text for a bare number or literal. A float has several texts (1.0, 1.00), so it has none here."""
        if value is None or isinstance(value, bool):
            words = {None: NULLS, True: {"true"}, False: {"false"}}[value]
            return self._only((text for text in self._texts if text.strip().casefold() in words), "enum_type")
        if isinstance(value, int) and str(value) in self._texts:
            return Meant(str(value), "enum_type")
        return None

    def _of_other_type(self, text: str) -> Iterator[Any]:
        number, truth, bare = number_of(text), boolean_of(text), text.strip().casefold()
        for value in self.values:
            if value is None:
                if bare in NULLS:
                    yield None
            elif isinstance(value, bool):
                if truth == (value, "boolean_from_text"):
                    yield value
            elif isinstance(value, (int, float)) and number == (value, "number_from_text"):
                yield value

    @staticmethod
    def _only(found: Iterable[Any], kind: str) -> Meant | None:
        values = list(found)
        return None if not values else Meant(values[0], kind) if len(values) == 1 else AMBIGUOUS

    def near(self, text: str) -> Meant | None:
        """The constant that differs in one letter; `AMBIGUOUS` if there are several."""
        wanted = _spelled(text[:MAX_NAME])
        close = (value for value in self._texts if is_one_letter_off(wanted, _spelled(value)))
        return self._only(close, "enum_near") if len(text) <= MAX_NAME else None

    def answer_in(self, text: str) -> str | None:
        """The constant that a text gives as its answer: opens with or announces, and does not deny or decline."""
        if len(text) > MAX_PROSE or _DECLINES.search(text):
            return None
        if (announced := self._announced_in(text)) is not None:
            return announced
        for value in self._texts:
            rest = _after_answer(text, value)
            if rest is None or _is_doubtful(rest):
                continue
            if not any(_mentions(text, other) for other in self._texts if other != value):
                return value
        return None

    def _announced_in(self, text: str) -> str | None:
        """The constant behind "Answer:" on a line of its own, or at the end of one short sentence that is all."""
        found = list(_ANNOUNCED.finditer(text))
        sentence = _STATED.fullmatch(text.strip())
        if not found and sentence is not None and not _DOUBT.search(text):
            found = [sentence]
        meant = {self._spelled_like(match["value"].strip("*_` ")) for match in found}
        if len(meant) != 1 or (value := meant.pop()) is None:
            return None
        rest = text[found[-1].end() :]
        return None if any(_mentions(rest, other) for other in self._texts if other != value) else value

    def _spelled_like(self, text: str) -> str | None:
        """The constant whose letters these are."""
        for key_of, index in self._levels[:2]:
            if (found := index.get(key_of(text))) and isinstance(found.value, str):
                return found.value
        return None


def _folded(text: str) -> str:
    return unquoted(text).casefold()


def _spelled(text: str) -> str:
    return spelling(unquoted(text))


def _index(key_of: Callable[[str], str], pairs: Iterable[tuple[str, Any]], kind: str) -> dict[str, Meant]:
    found: dict[str, Meant] = {}
    for text, value in pairs:
        key = key_of(text)
        found[key] = AMBIGUOUS if key in found and found[key].value != value else Meant(value, kind)
    return found


MIN_NEAR = 5
"""Letters from which one letter off is a slip; among shorter words it is another word."""


def is_one_letter_off(left: str, right: str) -> bool:
    """Whether one letter was left out, put in, replaced, or swapped with the next."""
    if min(len(left), len(right)) < MIN_NEAR or abs(len(left) - len(right)) > 1 or left == right:
        return False
    start = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    tails = [(1, 1), (1, 0), (0, 1)]
    if left[start : start + 2] == right[start : start + 2][::-1]:
        tails.append((2, 2))
    return any(left[start + skip :] == right[start + other :] for skip, other in tails)


_ANSWER = re.compile(
    r"[\"'`*”’]{0,3}(?:\s*$|\s*\n|\s*[:;,.!(–—]|\s+-\s"
    r"|\s+is (?:the|my|one of the|a) (?:\w+ ){0,2}(?:answer|choice|option|result|value|label|category|class|one)s?\b)"
)
_SET_APART = re.compile(r"[\"'`*”’]{0,3}[^\S\n]*(?:$|[.:–—]|\n|-\s)")
_DOUBT = re.compile(
    r"\b(?:not|no|never|neither|nor|or|either|cannot|wrong|incorrect|unlikely|maybe|perhaps|possibly|might|unless"
    r"|unsure|\w+n['’]t)\b|\?",
    re.IGNORECASE,
)
_DECLINES = re.compile(
    r"\b(?:sorry|apologi[sz]e|unable|can(?:no|['’])t (?:help|assist|comply|provide|do|answer|fulfil)|won['’]t)\b",
    re.IGNORECASE,
)
_LABELS = (
    r"(?:final |correct |best |predicted |overall )?(?:answer|label|category|class|classification|sentiment|choice"
    r"|option|result|output|verdict|decision|intent|conclusion)"
)
_ANNOUNCED = re.compile(
    rf"^[ \t>*_#`-]*(?:the |my )?{_LABELS}[*_` ]*(?::|=|is:?)[*_` ]*(?P<value>[^\n]{{1,200}}?)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_STATED = re.compile(r"(?:[\w'’]+ ){1,6}(?:is|are|as):? (?P<value>[^\n]{1,200})")
_SENTENCE_END = re.compile(r"[.!](?:\s|\\n|$)|\n")
MAX_PROSE = 20_000
"""Characters of a text that an answer is looked for in."""


def _after_answer(text: str, value: str) -> str | None:
    """What follows the value where the text opens with it; `None` where it does not, or where it is no answer."""
    opened = text.lstrip(" \t\r\n\"'`*“‘")
    if not value.strip() or opened[: len(value)] not in (value, value[:1].upper() + value[1:]):
        return None
    rest = opened[len(value) :]
    # In another case it may be a word of the sentence ("No, that …"); what ends or sets it apart shows the answer.
    if not opened.startswith(value) and not _SET_APART.match(rest):
        return None
    # One letter and a comma may be a word of the sentence ("I, for one"): only an enumeration's mark counts there.
    if len(value) == 1 and not re.match(r"[:.)](?:\s|$)", rest):
        return None
    return rest if _ANSWER.match(rest) else None


def _is_doubtful(rest: str) -> bool:
    """Whether the sentence of the answer weighs it or denies it. A full stop right behind the answer ends it."""
    end = _SENTENCE_END.search(rest)
    return _DOUBT.search(rest[: end.start() + 1] if end else rest) is not None


def _mentions(text: str, value: str) -> bool:
    """Whether the value occurs as a word, in any case; "one" is not a mention of `ONE`, it is English."""
    flags = re.NOFLAG if value.isupper() else re.IGNORECASE
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, flags) is not None


_TRUTHS = re.compile(r"\b(?:(true|yes)|(false|no))\b", re.IGNORECASE)


def truth_in(text: str) -> bool | None:
    """The truth value that a text opens with as its answer, where the other one does not occur."""
    match = re.match(r"\W*(true|false|yes|no)\b[\"'`*”’]{0,3}(?:\s*$|\s*[:;,.!–—]|\s+-\s|\s*\n)", text, re.IGNORECASE)
    if match is None or len(text) > MAX_PROSE:
        return None
    answers = {bool(found[1]) for found in _TRUTHS.finditer(text)}
    return answers.pop() if len(answers) == 1 else None
