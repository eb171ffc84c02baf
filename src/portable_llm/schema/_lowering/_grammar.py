"""Patterns for llama.cpp, which makes a grammar over the *JSON text* of a string out of them.

Observed on its server (xllamacpp 2026.10.11549, 2026-11-24): an escape that the grammar does not have makes the whole
pattern count for nothing, with status 200; `.` and `[^a]` also match a quote or a line end, which breaks the JSON
(status 500); a letter outside ASCII is refused (status 400).
"""

from __future__ import annotations

import re

_REFUSED = re.compile(
    r"""
      [^ -!\#-~]       # outside ASCII, a control character, or the quote that would end the string
    | \(\? | \\k< | \\[1-9]   # groups with a meaning of their own, references
    | \\[\\"]          # a backslash stands twice in JSON text, a quote with one before it
    | \\(?![dw])[a-zA-Z0]      # other classes and control characters
    | \[\^ | \[\\\^       # whatever is not in the class: quotes and line ends too
    """,
    re.VERBOSE,
)
_SPELLED = {r"\d": "0-9", r"\w": "A-Za-z0-9_"}
_PIECE = re.compile(r"\\.|.")
_PLAIN_IN_CLASS = frozenset("]-[")
_PLAIN_OUTSIDE = frozenset("^$.[](){}|*+?")
"""What needs its backslash there; before anything else the grammar does not know one."""


def grammar_pattern(pattern: str) -> str | None:
    """The pattern between `^` and `$`, in the grammar's words; `None` where that would say something else.

    An alternative at the top would be anchored on one side only, so it is not taken.
    """
    if not (pattern.startswith("^") and pattern.endswith("$")) or pattern.endswith(r"\$") or _REFUSED.search(pattern):
        return None
    pieces: list[str] = _PIECE.findall(pattern[1:-1])
    result: list[str] = []
    in_class, level = False, 0
    for i, piece in enumerate(pieces):
        if in_class:
            in_class = piece != "]"
            result.append(_in_class(pieces, i))
            continue
        in_class = piece == "["
        level += (piece == "(") - (piece == ")")
        if piece in (".", "^", "$") or (piece == "|" and level == 0):
            return None
        result.append(_outside(piece))
    return f"^{''.join(result)}$"


def _outside(piece: str) -> str:
    if piece in _SPELLED:
        return f"[{_SPELLED[piece]}]"
    return piece[1:] if len(piece) == 2 and piece[1] not in _PLAIN_OUTSIDE else piece


def _in_class(pieces: list[str], i: int) -> str:
    piece = pieces[i]
    if piece in _SPELLED:
        return _SPELLED[piece]
    # Beside a class there is no range: `[\w-.]` has a hyphen, which the spelled class would turn into one.
    if piece == "-" and not _SPELLED.keys().isdisjoint(pieces[max(i - 1, 0) : i + 2]):
        return r"\-"
    return piece[1:] if len(piece) == 2 and piece[1] not in _PLAIN_IN_CLASS else piece
