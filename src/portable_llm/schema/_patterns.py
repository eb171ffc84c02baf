"""`pattern` as JSON Schema means it (ECMA-262), run by the `regex` module under a time limit.

Python's dialect differs from ECMA-262 where it hurts silently: `$` also matches before a last line break, `\\d`, `\\w`
and `\\b` know all of Unicode, `.` matches `\\r`. Such pieces are translated; what both write alike is kept.
Python's and Rust's own spellings (`\\A`, `\\Z`, `(?P<name>…)`, `(?i)`), which ECMA-262 does not have, keep the
meaning their authors gave them: pydantic models write them. An unknown letter escape (`\\h`) is the letter,
as in ECMA-262 annex B.
"""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regex import Pattern

PATTERN_SECONDS = 0.25
"""Time one pattern may take on one string."""
TOTAL_SECONDS = 1.0
"""Time that all patterns of one validation may take."""
MAX_PATTERN = 20_000
"""Characters of a pattern."""

_WORD = "A-Za-z0-9_"
_SPACE = r"\t\n\x0b\x0c\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_CLASSES = {"d": "0-9", "w": _WORD, "s": _SPACE}
_NEGATED = {
    "D": r"\x00-/:-\U0010ffff",
    "W": r"\x00-/:-@\[-\^`{-\U0010ffff",
    "S": r"\x00-\x08\x0e-\x1f!-\x9f\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff"
    r"\u3001-\ufefe\uff00-\U0010ffff",
}
_BOUNDARY = f"(?:(?<=[{_WORD}])(?![{_WORD}])|(?<![{_WORD}])(?=[{_WORD}]))"
_NO_BOUNDARY = f"(?:(?<=[{_WORD}])(?=[{_WORD}])|(?<![{_WORD}])(?![{_WORD}]))"
_ANYTHING = r"[\x00-\U0010ffff]"
_TOKEN = re.compile(
    r"\\(?P<point>u\{[0-9A-Fa-f]+\}|u[0-9A-Fa-f]{4}(?:\\u[0-9A-Fa-f]{4})?|x[0-9A-Fa-f]{2})"
    r"|\\c(?P<control>[A-Za-z])"
    r"|\\(?P<property>[pP]\{[^{}]*\})"
    r"|\\k<(?P<name>\w+)>"
    r"|\\(?P<number>\d+)"
    r"|\\(?P<escape>.)"
    r"|(?P<times>\{\d+(?:,\d*)?\})"
    r"|(?P<group>\(\?(?:[:=!>]|<[=!]|P?<\w+>|P=\w+\)|[a-zA-Z-]+[:)]))"
    r"|(?P<class>\[\^?\]?)"
    r"|(?P<plain>.)",
    re.DOTALL,
)


class TimeOut(Exception):  # noqa: N818 (it ends a search and is no error of anybody's)
    """A search took longer than it may."""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Pattern[str]:
    """The pattern, ready to search; raises `ValueError` that says why it is none."""
    import regex

    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"the pattern has {len(pattern)} characters; at most {MAX_PATTERN} are run")
    try:
        return regex.compile(translated(pattern), regex.VERSION0)
    except (regex.error, OverflowError, RecursionError, MemoryError) as error:
        raise ValueError(f"not a regular expression: {error}") from error


class Clock:
    """The time all patterns of one validation have left."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = TOTAL_SECONDS

    def found(self, pattern: str, text: str) -> bool:
        """Whether the pattern matches anywhere in the text; raises `TimeOut`."""
        search = compiled(pattern).search
        limit = min(PATTERN_SECONDS, self.left)
        if limit <= 0:
            raise TimeOut
        started = time.monotonic()
        try:
            return search(text, timeout=limit) is not None
        except TimeoutError:
            raise TimeOut from None
        finally:
            self.left -= time.monotonic() - started


def translated(pattern: str) -> str:
    """The pattern in the words of the `regex` module."""
    done: list[str] = []
    position = 0
    in_class = False
    while position < len(pattern):
        found = _TOKEN.match(pattern, position)
        assert found is not None, "the last alternative takes any character"
        kind, text = found.lastgroup, found[0]
        position = found.end()
        if kind == "class" and in_class:
            done.append(r"\[")
            position = found.start() + 1
        elif kind == "class":
            opened, position = _open_class(pattern, found.start())
            done.append(opened)
            in_class = opened in ("[", "[^")
        elif kind in ("plain", "times", "group") and in_class:
            position = found.start() + 1
            done.append(_in_class(text[0]))
            in_class = text[0] != "]"
        else:
            done.append(_piece(kind, found, in_class))
    return "".join(done)


def _open_class(pattern: str, start: int) -> tuple[str, int]:
    """ECMA-262 knows the empty class (nothing) and its negation (anything)."""
    if pattern.startswith("[^]", start):
        return _ANYTHING, start + 3
    if pattern.startswith("[]", start):
        return "(?!)", start + 2
    if pattern.startswith("[^", start):
        return "[^", start + 2
    return "[", start + 1


def _in_class(character: str) -> str:
    """Set operators of the `regex` module are plain characters in ECMA-262."""
    return "\\" + character if character in "&|~" else character


_PLAIN = {"$": r"\Z", ".": r"[^\n\r\u2028\u2029]", "{": r"\{", "}": r"\}"}


def _piece(kind: str | None, found: re.Match[str], in_class: bool) -> str:
    match kind:
        case "plain":
            return _PLAIN.get(found[0], found[0])
        case "point":
            return _code_points(found[0])
        case "control":
            return f"\\x{ord(found['control']) % 32:02x}"
        case "name":
            return f"(?P={found['name']})"
        case "number":
            return r"\x00" if found["number"] == "0" else found[0]
        case "escape":
            return _escape(found["escape"], in_class)
        case _:
            return found[0]


def _code_points(text: str) -> str:
    digits = [int(piece.strip("\\ux{}"), 16) for piece in text.split("\\u") if piece] if "\\u" in text else []
    points = digits or [int(text[2:], 16)]
    if len(points) == 2 and 0xD800 <= points[0] < 0xDC00 <= points[1] < 0xE000:
        points = [0x10000 + (points[0] - 0xD800) * 0x400 + points[1] - 0xDC00]
    return "".join(f"\\U{point:08x}" for point in points)


def _escape(letter: str, in_class: bool) -> str:
    inside = _CLASSES.get(letter) or _NEGATED.get(letter)
    if inside is not None:
        return inside if in_class else f"[{inside}]"
    if letter == "b":
        return r"\x08" if in_class else _BOUNDARY
    if letter == "B" and not in_class:
        return _NO_BOUNDARY
    if letter in "nrtvf":
        return "\\" + letter
    if letter in "AZz" and not in_class:
        return r"\A" if letter == "A" else r"\Z"
    return re.escape(letter)
