"""Which words of an answer the other answer does not have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_WORDS = 120
"""Words and spaces compared from the first difference on; the time is their product."""

_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of characters of the answer."""

    text: str
    is_own: bool
    """Whether the other answer lacks it."""


def difference(text: str, other: str) -> list[Piece]:
    """`text` in pieces, marked where `other` differs. The pieces make up `text` again.

    What lies beyond `MAX_WORDS` words after the first difference is marked as a whole.
    """
    mine, theirs = _WORD.findall(text), _WORD.findall(other)
    start = _common(mine, theirs)
    end = _common(mine[start:][::-1], theirs[start:][::-1])
    middle, against = mine[start : len(mine) - end], theirs[start : len(theirs) - end]
    pieces = [
        Piece(text="".join(mine[:start]), is_own=False),
        *_compared(middle[:MAX_WORDS], against[:MAX_WORDS]),
        Piece(text="".join(middle[MAX_WORDS:]), is_own=True),
        Piece(text="".join(mine[len(mine) - end :]), is_own=False),
    ]
    return _joined(_bridged(_joined(pieces)))


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """How many words both begin with."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _compared(mine: Sequence[str], theirs: Sequence[str]) -> list[Piece]:
    """`mine` word by word; a word is common when it is in the longest common subsequence."""
    # The plain table costs the same for every input, unlike difflib, which an answer can make cubic.
    longest = [[0] * (len(theirs) + 1) for _ in range(len(mine) + 1)]
    for row in range(len(mine) - 1, -1, -1):
        below, current, word = longest[row + 1], longest[row], mine[row]
        for column in range(len(theirs) - 1, -1, -1):
            if word == theirs[column]:
                current[column] = below[column + 1] + 1
            else:
                current[column] = max(below[column], current[column + 1])
    pieces: list[Piece] = []
    row = column = 0
    while row < len(mine):
        is_common = column < len(theirs) and mine[row] == theirs[column]
        if not is_common and column < len(theirs) and longest[row][column + 1] >= longest[row + 1][column]:
            column += 1
            continue
        pieces.append(Piece(text=mine[row], is_own=not is_common))
        row, column = row + 1, column + is_common
    return pieces


def _bridged(pieces: Sequence[Piece]) -> list[Piece]:
    """White space between two marked runs is marked with them, so that a phrase reads as one."""
    last = len(pieces) - 1
    return [
        Piece(text=piece.text, is_own=piece.is_own or (piece.text.isspace() and 0 < index < last))
        for index, piece in enumerate(pieces)
    ]


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours of the same kind as one, empty ones left out."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].is_own == piece.is_own:
            joined[-1] = Piece(text=joined[-1].text + piece.text, is_own=piece.is_own)
        elif piece.text:
            joined.append(piece)
    return joined
