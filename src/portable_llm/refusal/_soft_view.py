"""Which part of an answer is read, in plain letters.

An answer says at its beginning or its end whether it serves the request. Of a long one the opening, the end and the
places between that may decline something are read, so that the time has a bound. Every letter that is read keeps its
place in the answer: evidence points there.
"""

from __future__ import annotations

import re
from typing import Final

VIEW_HEAD: Final = 640
VIEW_TAIL: Final = 320
VIEW_LIMIT: Final = 1000
"""Letters up to which an answer is read whole; beyond it the head, up to two windows and the tail."""
WINDOWS: Final = 2
BEFORE: Final = 20
AFTER: Final = 140
SEARCH_LIMIT: Final = 200_000
"""Letters between head and tail that are searched for a place to read."""
STEMS: Final = (
    "i can't", "i cannot", "i won't", "i will not", "i'm sorry", "i'm not able", "i am not able", "i'm unable",
    "i am unable", "must decline", "kann ich nicht", "ich kann nicht", "darf ich nicht", "je ne peux pas",
    "no puedo", "não posso", "non posso", "не могу", "できません", "无法", "不能", "수 없", "لا أستطيع", "لا يمكنني",
    "नहीं कर सकत", "नहीं दे सकत",
)  # fmt: skip
"""What a speaker who declines something says, in twelve languages: where to look, not what to conclude."""
_PLAIN_STEMS: Final = tuple(stem for stem in STEMS if stem.isascii())

Pieces = tuple[tuple[int, int], ...]

_THOUGHTS: Final = re.compile(r"<(think|thinking|thought|reasoning)>")
_TEXT_FENCE: Final = re.compile(r"```(?:text|txt|plaintext|markdown|md)?[ \t]{0,8}\r?\n")
_TAG: Final = re.compile(r"</?[a-z][a-z0-9]{0,9} ?/?>")
_SAME: Final = dict(
    zip(
        "\u2019\u2018\u02bc\u201c\u201d\u00ab\u00bb\u300c\u300d\u3002\uff01\uff1f\uff0c\u3001\u060c\u061f\u0964\uff1a\u2014\u2013\u2026"
        "\u00a0\u202f\u00bf\u00a1\uff1b\u0130\r\u2011\u200b\u200c\u200d\ufeff\ufe0f",
        '\'\'\'"""""".!?,,,?.:--.    ;i\n-     ',
        strict=True,
    )
)
_PICTURES: Final = re.compile("[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
_WIDE_LETTER: Final = re.compile("[\uff10-\uff5a]")
_WIDE: Final = {code: chr(code - 0xFEE0) for code in range(0xFF10, 0xFF5B)}
"""Letters and digits of double width."""


def view(answer: str) -> tuple[str, Pieces]:
    """The part of an answer that is read, and where its pieces come from: (place in the part, place in the answer)."""
    start, length = _bounds(answer)
    if length - start <= VIEW_LIMIT:
        return answer[start:], ((0, start),)
    head, tail = start + VIEW_HEAD, length - VIEW_TAIL
    texts: list[str] = []
    pieces: list[tuple[int, int]] = []
    written = 0
    for begin, end in ((start, head), *_windows(answer, head, tail), (tail, length)):
        pieces.append((written, begin))
        texts.append(answer[begin:end] + "\n")
        written += end - begin + 1
    return "".join(texts), tuple(pieces)


def _bounds(answer: str) -> tuple[int, int]:
    """Beginning and end: within the fence where one holds the whole answer in plain text."""
    start, length = _begin(answer), len(answer)
    fence = _TEXT_FENCE.match(answer, start)
    if fence:
        closing = answer.find("```", fence.end())
        if closing > 0 and not answer[closing + 3 : closing + 100].strip():
            return fence.end(), closing
    return start, length


def _begin(answer: str) -> int:
    """Where the answer begins: after white space, and after thoughts a model wrote down before it."""
    start = len(answer) - len(answer.lstrip())
    thoughts = _THOUGHTS.match(answer, start)
    close = answer.find(f"</{thoughts[1]}>", start) if thoughts else -1
    if thoughts is None or close < 0:
        return start
    after = close + len(thoughts[1]) + 3
    rest = answer[after:].lstrip()
    return len(answer) - len(rest) if rest else start


def _windows(answer: str, begin: int, end: int) -> list[tuple[int, int]]:
    """Around the first words that may decline something between the opening and the end."""
    middle = answer[begin : min(end, begin + SEARCH_LIMIT)].lower()
    stems = _PLAIN_STEMS if middle.isascii() else STEMS
    if stems is STEMS:
        middle = middle.replace("\u2019", "'")
    found: list[tuple[int, int]] = []
    last = begin
    for place in sorted(begin + at for at in map(middle.find, stems) if at >= 0):
        if place >= last and len(found) < WINDOWS and place < end:
            found.append((max(last, place - BEFORE), min(end, place + AFTER)))
            last = found[-1][1]
    return found


def normalise(text: str) -> str:
    """Lower case, plain quotes and marks, no pictures, no tags; as long as the text."""
    if not text.isascii():
        for odd, plain in _SAME.items():
            if odd in text:
                text = text.replace(odd, plain)
        text = _PICTURES.sub(" ", text)
        if _WIDE_LETTER.search(text):
            text = text.translate(_WIDE)
    elif "\r" in text:
        text = text.replace("\r", "\n")
    text = text.lower()
    return _TAG.sub(_blank, text) if "<" in text else text


def _blank(match: re.Match[str]) -> str:
    return " " * (match.end() - match.start())
