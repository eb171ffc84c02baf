"""Readings of a string: as a number, a truth value, nothing, a date; and spellings that mean the same name.

Every function answers with the one reading that the text has, or with `None`: "03/04/2024" has two, "1,234" has two
(a thousand and a bit, or one and a bit), and neither is a value here unless a lossy kind is allowed.
"""

from __future__ import annotations

import math
import re
from datetime import date
from typing import NamedTuple

MAX_NUMBER = 400
"""Characters of a text that is read as a number; Python refuses to read integers past 4,300 digits."""

_INTEGER = re.compile(r"[+-]?\d+(?:_\d+)*")
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:_\d+)*)?\.?\d+(?:[eE][+-]?\d{1,3})?")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_FRACTION = re.compile(r"([+-]?\d{1,15})\s*/\s*(\d{1,15})")
_MONEY = re.compile(r"[$€£¥₹]\s*(.+)|(.+?)\s*[$€£¥₹]", re.DOTALL)
_UNIT = re.compile(r"([+-]?[\d.,_]+)\s*[A-Za-zµ°Ω²³]{1,12}")


class ReadNumber(NamedTuple):
    value: int | float
    kind: str
    """The coercion that this reading is."""


def number_of(text: str) -> ReadNumber | None:
    """The number a text stands for. A percentage has none: 50 % is 50 to some and 0.5 to others."""
    if len(text) > MAX_NUMBER:
        return None
    bare = text.strip().replace("\u2212", "-")
    if bare.endswith(".") and bare[-2:-1].isdigit():
        bare = bare[:-1]  # the end of a sentence
    return _plain(bare) or _grouped(bare) or _fraction(bare) or _measured(bare)


def _plain(text: str) -> ReadNumber | None:
    if _INTEGER.fullmatch(text):
        return ReadNumber(int(text), "number_from_text")
    if _DECIMAL.fullmatch(text) and math.isfinite(value := float(text)):
        return ReadNumber(value, "number_from_text")
    return None


def _grouped(text: str) -> ReadNumber | None:
    """ "1,234,567" and "1,234.5" have one reading; "1,234" is 1.234 where the comma is the decimal mark."""
    if not _GROUPED.fullmatch(text):
        return None
    kind = "separator_guessed" if text.count(",") == 1 and "." not in text else "number_from_text"
    digits = text.replace(",", "")
    return ReadNumber(float(digits) if "." in digits else int(digits), kind)


def _fraction(text: str) -> ReadNumber | None:
    """Fractions that end as decimals. Lossy all the same: "4/5" may be 0.8, or four stars of five."""
    match = _FRACTION.fullmatch(text)
    if match is None or not _ends_as_decimal(int(match[2])):
        return None
    return ReadNumber(int(match[1]) / int(match[2]), "fraction_computed")


def _ends_as_decimal(denominator: int) -> bool:
    for prime in (2, 5):
        while denominator and denominator % prime == 0:
            denominator //= prime
    return denominator == 1


def _measured(text: str) -> ReadNumber | None:
    match = _MONEY.fullmatch(text) or _UNIT.fullmatch(text)
    found = match and (_plain(inner := next(filter(None, match.groups()))) or _grouped(inner))
    return ReadNumber(found.value, "unit_removed") if found else None


_TRUTH = {"true": True, "false": False}
_WORDS = {"yes": True, "no": False, "y": True, "n": False, "on": True, "off": False}
NULLS = frozenset({"null", "none"})
PLACEHOLDERS = frozenset({"", "-", "n/a", "na", "nil", "undefined", "unknown", "not available", "not applicable"})


def boolean_of(text: str) -> tuple[bool, str] | None:
    """The truth value a word stands for, with the coercion that this is."""
    bare = unquoted(text).casefold()
    if bare in _TRUTH:
        return _TRUTH[bare], "boolean_from_text"
    return (_WORDS[bare], "boolean_from_word") if bare in _WORDS else None


_PAIRS = {'"': '"', "'": "'", "`": "`", "*": "*", "(": ")", "[": "]", "“": "”", "‘": "’", "«": "»"}


def unquoted(text: str) -> str:
    """The text without white space, quotes, emphasis or brackets around it, and without the end of a sentence."""
    start, end = 0, len(text)
    while True:
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if end - start >= 2 and _PAIRS.get(text[start]) == text[end - 1]:
            start, end = start + 1, end - 1
        elif end - start >= 2 and text[end - 1] in ".,;:!":
            end -= 1
        else:
            return text[start:end]


# Only between letters and digits, and never between two digits: "A-" is not "A", "-1" is not "1", "1-2" is not "12".
_SEPARATOR = re.compile(r"(?<=[^\W\d_])[\s_\-]+(?=[^\W_])|(?<=\d)[\s_\-]+(?=[^\W\d_])")
MAX_NAME = 200
"""Characters of a text that is compared with names; no name of a schema is longer in practice."""


def spelling(text: str) -> str:
    """What stays of a name when case and the separators of its words do not count."""
    return _SEPARATOR.sub("", text).casefold()


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL_MONTHS = (
    "january february march april may june july august september october november december sept".split()  # noqa: SIM905
)
_MONTH_NUMBER = {name: index % 12 + 1 if name != "sept" else 9 for index, name in enumerate(_FULL_MONTHS)} | {
    name: index + 1 for index, name in enumerate(_MONTHS)
}
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s\-]+(?:of\s+)?([A-Za-z]{3,9})\.?,?[\s\-]+(\d{4})")
_TIME = re.compile(r"(.+?)(?:\s+|[Tt])(\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)\s*(Z|z|UTC|GMT|[+-]\d{2}:?\d{2})?")


def iso_date(text: str) -> str | None:
    """The day a text names, as `YYYY-MM-DD`; `None` where it names none, or one that could be two."""
    bare = text.strip()
    if len(bare) > 40:
        return None
    return _from_year_first(bare) or _from_words(bare) or _from_year_last(bare)


def _from_year_first(text: str) -> str | None:
    match = _YEAR_FIRST.fullmatch(text)
    if match is None:
        return None
    year, month, day = (match[1], match[3], match[4]) if match[1] else (match[5], match[6], match[7])
    return _day(int(year), int(month), int(day))


def _from_words(text: str) -> str | None:
    if match := _MONTH_FIRST.fullmatch(text):
        name, day, year = match.groups()
    elif match := _DAY_FIRST.fullmatch(text):
        day, name, year = match.groups()
    else:
        return None
    month = _MONTH_NUMBER.get(name.casefold())
    return _day(int(year), month, int(day)) if month else None


def _from_year_last(text: str) -> str | None:
    """Day and month tell themselves apart where one is past 12, or where both are the same."""
    match = _YEAR_LAST.fullmatch(text)
    if match is None:
        return None
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    if first != second and first <= 12 and second <= 12:
        return None
    return _day(year, second, first) if first > 12 else _day(year, first, second)


def _day(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def iso_datetime(text: str) -> str | None:
    """The moment a text names, as ISO 8601. An offset is written only where one stands: it is never made up."""
    match = _TIME.fullmatch(text.strip()) if len(text) <= 60 else None
    day = iso_date(match[1]) if match else None
    if match is None or day is None:
        return None
    offset = match[3] or ""
    if offset in ("z", "UTC", "GMT"):
        offset = "Z"
    elif len(offset) == 5:
        offset = f"{offset[:3]}:{offset[3:]}"
    return f"{day}T{match[2]}{offset}"
