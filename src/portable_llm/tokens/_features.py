"""What of a text decides how many tokens it becomes, counted without a tokenizer.

A tokenizer cuts a text where the kind of character changes (a word, a number, punctuation, blanks) and then spends more
tokens on long words, on scripts it saw little of, on runs of digits. All of that can be counted: the UTF-8 bytes are
translated to one letter per character that says its kind, and words, runs and their lengths are occurrences of short
byte strings in that. Every step is one pass in C, so a megabyte takes some 25 ms.

`measure` gives one number per name in `FEATURES`. The numbers of two texts add up to those of both, but for the weight
of the language, which is the text's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

LATIN_LENGTHS = (1, 4, 6, 8, 11, 15)
"""A Latin word is counted once for each of these lengths that it reaches."""
OTHER_LENGTHS = (1, 4, 7, 10)
"""The same for scripts that divide words with spaces."""

_SPACED = {"greek": b"g", "cyrillic": b"c", "hebrew": b"h", "arabic": b"r"}
_INDIC = {
    "devanagari": (b"\xe0\xa4", b"\xe0\xa5"),
    "bengali": (b"\xe0\xa6", b"\xe0\xa7"),
    "tamil": (b"\xe0\xae", b"\xe0\xaf"),
    "thai": (b"\xe0\xb8", b"\xe0\xb9"),
}
_MORE = {
    "vietnamese": (b"\xe1\xb8", b"\xe1\xb9", b"\xe1\xba", b"\xe1\xbb"),
    "georgian": (b"\xe1\x83", b"\xe1\x82"),
}

FEATURES: tuple[str, ...] = (
    *(f"latin/{length}" for length in LATIN_LENGTHS),
    *(f"foreign/{length}" for length in LATIN_LENGTHS),
    "latin/accents",
    "latin/capitals",
    "latin/humps",
    "digits",
    "digits/runs",
    "digits/threes",
    "digits/spaced",
    "punctuation",
    "punctuation/runs",
    "punctuation/unspaced",
    "blank/runs",
    "blank/wide",
    "lines",
    "lines/joined",
    *(f"{script}/{length}" for script in _SPACED for length in OTHER_LENGTHS),
    *(f"{script}/letters" for script in _SPACED),
    *_INDIC,
    "indic",
    *_MORE,
    "rare",
    "symbols",
    "kana",
    "han",
    "hangul",
    "wide",
    "emoji",
)
"""Names of the numbers that `measure` gives, in order."""

SCRIPTS: Mapping[str, str] = {
    "english": "English words and names in code",
    "latin": "other languages in Latin letters",
    "code": "digits, punctuation and blanks",
    "cyrillic": "Cyrillic",
    "greek": "Greek",
    "semitic": "Arabic and Hebrew",
    "indic": "Devanagari, Bengali, Tamil and their neighbours",
    "thai": "Thai",
    "cjk": "Chinese, Japanese and Korean",
    "other": "all other scripts, symbols and emoji",
}
"""The groups that an estimate's bound is stated for."""

_GROUP_OF = {
    "vietnamese": "latin",
    "digits": "code",
    "punctuation": "code",
    "blank": "code",
    "lines": "code",
    "arabic": "semitic",
    "hebrew": "semitic",
    "devanagari": "indic",
    "bengali": "indic",
    "tamil": "indic",
    "kana": "cjk",
    "han": "cjk",
    "hangul": "cjk",
    "wide": "cjk",
}
_OWN_GROUP = ("latin", "foreign", "cyrillic", "greek", "indic", "thai")


def _group(feature: str) -> str:
    head = feature.partition("/")[0]
    return head if head in _OWN_GROUP else _GROUP_OF.get(head, "other")


GROUPS: tuple[str, ...] = tuple(_group(feature) for feature in FEATURES)
"""The group of `SCRIPTS` that each of `FEATURES` belongs to; `foreign` and `latin` are parted by their share later."""


def _kinds() -> bytes:
    """Byte → kind of the character that it begins."""
    table = bytearray(b"p" * 256)
    rows: tuple[tuple[range, str], ...] = (
        (range(0x61, 0x7B), "a"),
        (range(0x41, 0x5B), "A"),
        (range(0x30, 0x3A), "d"),
        (range(0xC2, 0xC3), "q"),
        (range(0xC3, 0xCE), "x"),
        (range(0xCE, 0xD0), "g"),
        (range(0xD0, 0xD4), "c"),
        (range(0xD4, 0xD8), "h"),
        (range(0xD8, 0xE0), "r"),
        (range(0xE0, 0xE1), "i"),
        (range(0xE1, 0xE2), "o"),
        (range(0xE2, 0xE3), "q"),
        (range(0xE3, 0xE4), "k"),
        (range(0xE4, 0xEA), "z"),
        (range(0xEA, 0xEE), "K"),
        (range(0xEE, 0xF0), "w"),
        (range(0xF0, 0x100), "e"),
    )
    for span, kind in rows:
        for byte in span:
            table[byte] = ord(kind)
    table[0x20] = table[0x09] = ord(" ")
    table[0x0A] = table[0x0D] = ord("n")
    return bytes(table)


def _only(kinds: bytes) -> bytes:
    """A table that leaves `W` for these kinds and a dot for all others."""
    return bytes(ord("W") if byte in kinds else ord(".") for byte in range(256))


_KINDS = _kinds()
_CONTINUATIONS = bytes(range(0x80, 0xC0))
_LATIN = _only(b"aAx")
_DIGITS = _only(b"d")
_PUNCTUATION = _only(b"p")
_BLANKS = _only(b" ")
_LINES = _only(b"n")
_OF_SCRIPT = {script: _only(kind) for script, kind in _SPACED.items()}

_ENGLISH = (b" the ", b" of ", b" and ", b" to ", b" in ", b" is ", b" a ", b" you ", b" for ")
_SAMPLE, _SLICES = 131_072, 16
"""Bytes, and how many places of the text they are taken from."""
_ENGLISH_SHARE = 0.12
"""Share of these words from which a text counts as English throughout; prose has about 0.2."""


def _words(kinds: bytes, table: bytes, lengths: tuple[int, ...]) -> list[int]:
    """How many runs reach each of the lengths."""
    runs = kinds.translate(table)
    return [runs.count(b"." + b"W" * length) + runs.startswith(b"W" * length) for length in lengths]


def _count(raw: bytes, prefixes: tuple[bytes, ...]) -> int:
    return sum(raw.count(prefix) for prefix in prefixes)


def measure(text: str) -> tuple[float, ...]:
    """The numbers of a text, one per name in `FEATURES`."""
    raw = text.encode("utf-8", "surrogatepass")
    kinds = raw.translate(_KINDS, _CONTINUATIONS)
    found = {**_latin(raw, kinds), **_code(kinds)}
    if len(raw) != len(text):
        found.update(_others(raw, kinds))
    get: Callable[[str, float], float] = found.get
    return tuple(get(name, 0.0) for name in FEATURES)


def _latin(raw: bytes, kinds: bytes) -> dict[str, float]:
    counts = _words(kinds, _LATIN, LATIN_LENGTHS)
    words = counts[0]
    foreign = _foreign_share(raw, kinds, words) if words else 0.0
    found: dict[str, float] = {f"latin/{length}": count for length, count in zip(LATIN_LENGTHS, counts, strict=True)}
    if foreign:
        found.update(
            (f"foreign/{length}", foreign * count) for length, count in zip(LATIN_LENGTHS, counts, strict=True)
        )
    found["latin/accents"] = kinds.count(b"x")
    found["latin/capitals"] = kinds.count(b"AA")
    found["latin/humps"] = kinds.count(b"aA")
    return found


def _foreign_share(raw: bytes, kinds: bytes, words: int) -> float:
    """How far the words are prose in another language than English, 0 to 1; of a long text, a sample is asked."""
    if len(raw) > _SAMPLE:
        step = len(raw) // _SLICES
        raw = b" ".join(raw[at : at + _SAMPLE // _SLICES] for at in range(0, len(raw), step))
        kinds = raw.translate(_KINDS, _CONTINUATIONS)
        words = _words(kinds, _LATIN, (1,))[0] or 1
    english = sum(raw.count(word) for word in _ENGLISH) / (words * _ENGLISH_SHARE)
    if english >= 1:
        return 0.0
    prose = kinds.count(b"a a") / words
    return (1 - english) * min(1.0, prose)


def _code(kinds: bytes) -> dict[str, float]:
    digits, threes = kinds.count(b"d"), kinds.count(b"ddd")
    return {
        "digits": digits,
        "digits/runs": _words(kinds, _DIGITS, (1,))[0] if digits else 0,
        "digits/threes": threes,
        "digits/spaced": kinds.count(b" d"),
        "punctuation": kinds.count(b"p"),
        "punctuation/runs": _words(kinds, _PUNCTUATION, (1,))[0],
        "punctuation/unspaced": kinds.count(b"pa") + kinds.count(b"pA"),
        "blank/runs": _words(kinds, _BLANKS, (2,))[0],
        "blank/wide": kinds.count(b" " * 8),
        "lines": _words(kinds, _LINES, (1,))[0],
        "lines/joined": kinds.count(b"pn"),
    }


def _others(raw: bytes, kinds: bytes) -> dict[str, float]:
    found: dict[str, float] = {}
    for script, kind in _SPACED.items():
        letters = kinds.count(kind)
        if letters:
            counts = _words(kinds, _OF_SCRIPT[script], OTHER_LENGTHS)
            found.update((f"{script}/{length}", count) for length, count in zip(OTHER_LENGTHS, counts, strict=True))
            found[f"{script}/letters"] = letters
    for kind, rest, scripts in ((b"i", "indic", _INDIC), (b"o", "rare", _MORE)):
        letters = kinds.count(kind)
        if letters:
            known = {script: _count(raw, prefixes) for script, prefixes in scripts.items()}
            found.update(known)
            found[rest] = letters - sum(known.values())
    for name, kind in (
        ("symbols", b"q"),
        ("kana", b"k"),
        ("han", b"z"),
        ("hangul", b"K"),
        ("wide", b"w"),
        ("emoji", b"e"),
    ):
        found[name] = kinds.count(kind)
    return found
