"""What stands without quotes: numbers and literals as people, Python and JavaScript write them, and bare words."""

from __future__ import annotations

import re
from typing import NamedTuple

from portable_llm._json import JsonValue

MAX_DIGITS = 4300
"""Digits of an integer; Python refuses to read longer ones, since that takes quadratic time."""

LITERALS: dict[str, JsonValue] = {
    "true": True,
    "false": False,
    "null": None,
    "True": True,
    "False": False,
    "None": None,
    "TRUE": True,
    "FALSE": False,
    "NULL": None,
    "Null": None,
    "undefined": None,
}
"""Ways to write a JSON literal: as JSON, Python, SQL and JavaScript do."""

NOT_FINITE = {
    "NaN": float("nan"),
    "nan": float("nan"),
    "Infinity": float("inf"),
    "+Infinity": float("inf"),
    "-Infinity": float("-inf"),
    "inf": float("inf"),
    "-inf": float("-inf"),
}
_INFINITIES = (float("inf"), float("-inf"))
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_LOOSE = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<hex>0[xX][0-9a-fA-F]+)"
    r"|(?P<whole>\d+(?:_\d+)*|\d{1,3}(?:,\d{3})+)?(?P<fraction>\.(?:\d+(?:_\d+)*)?)?(?P<exponent>[eE][+-]?\d+)?)",
    re.ASCII,
)
# A number of several groups, as no list of numbers would be written: no white space behind its commas.
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?(?=\s*(?:[}\n]|,\s|\Z))", re.ASCII)

LONG_NUMBER = re.compile(r"[+-]?[\d,]+|[+-]?[\d.]+[eE][+-]?")
"""A number that is too long to be read, or not whole."""
STRICT_WORD = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?=[,\]}\s])|true\b|false\b|null\b", re.ASCII)
"""A number or literal as JSON writes it."""


class Word(NamedTuple):
    """What a bare word stands for."""

    value: JsonValue
    kind: str
    """The repair that it took, `""` for none."""


def word_value(word: str) -> Word | None:
    """The JSON value a word stands for; `None` for a word that is only text, or a number too long to read."""
    if word in LITERALS:
        return Word(LITERALS[word], "" if word in ("true", "false", "null") else "literal_replaced")
    if word in NOT_FINITE:
        return Word(NOT_FINITE[word], "not_finite")
    if len(word) > MAX_DIGITS:
        return None
    match = _NUMBER.fullmatch(word)
    if match is not None:
        if not match[1] and not match[2]:
            return Word(int(word), "")
        value = float(word)
        return Word(value, "not_finite" if value in _INFINITIES else "")
    return _loose_number(word)


def is_cut_short(word: str) -> bool:
    """Whether more characters could make a number or a literal of it, or another one."""
    return bool(re.match(r"[-+.\d]", word)) or any(name.startswith(word) for name in (*LITERALS, *NOT_FINITE))


def _loose_number(word: str) -> Word | None:
    match = _LOOSE.fullmatch(word)
    if match is None or not (match["hex"] or match["whole"] or (match["fraction"] or "") > "."):
        return None
    sign = -1 if match["sign"] == "-" else 1
    if match["hex"]:
        return Word(sign * int(match["hex"], 16), "number_rewritten")
    whole = (match["whole"] or "0").replace("_", "").replace(",", "")
    if match["fraction"] is None and match["exponent"] is None:
        return Word(sign * int(whole), "number_rewritten")
    fraction = (match["fraction"] or "").replace("_", "").removesuffix(".") or ".0"
    value = sign * float(whole + fraction + (match["exponent"] or ""))
    return Word(value, "not_finite" if value in _INFINITIES else "number_rewritten")
