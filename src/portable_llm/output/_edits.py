"""The edits of a scan as values, as many of them as anybody reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TypeAlias, cast

from portable_llm._adaptation import Repair

Edit: TypeAlias = tuple[str, int, int, str]
"""Kind, start, end, and the text that replaces what stands there."""
MAX_LISTED = 10_000
"""Edits of a value that are listed one by one; a text of a megabyte can take a million."""

_place = itemgetter(1)
_new = object.__new__
_set_stage, _set_kind, _set_location, _set_before, _set_after = (
    cast("Callable[[Repair, object], None]", Repair.__dict__[name].__set__)
    for name in ("stage", "kind", "location", "before", "after")
)


def repairs_of(text: str, edits: Sequence[Edit]) -> tuple[Repair, ...]:
    """The edits in the order of the text. Behind the first `MAX_LISTED`, the stretch with all others is rewritten at
    once, and listed once for each kind of edit in it: as with several edits of one string, all show the same text."""
    if not edits:
        return ()
    edits = sorted(edits, key=_place)
    cut = min(MAX_LISTED, len(edits))
    while 0 < cut < len(edits) and edits[cut][1] < edits[cut - 1][2]:  # edits of one string stay together
        cut += 1
    listed = [_repair(text, kind, start, end, after) for kind, start, end, after in edits[:cut]]
    return (*listed, *_rewritten(text, edits[cut:])) if cut < len(edits) else tuple(listed)


def _rewritten(text: str, edits: Sequence[Edit]) -> list[Repair]:
    begin = at = edits[0][1]
    pieces: list[str] = []
    done: tuple[int, int] | None = None
    for _, start, end, after in edits:
        if (start, end) == done and start < end:
            continue
        done = (start, end)
        pieces += (text[at:start], after)
        at = end
    kinds = dict.fromkeys(kind for kind, _, _, _ in edits)
    after = "".join(pieces)
    return [_repair(text, kind, begin, at, after) for kind in kinds]


def _repair(text: str, kind: str, start: int, end: int, after: str) -> Repair:
    """One edit as a value; past the constructor, which takes three times as long, and texts have hundreds of edits."""
    repair = _new(Repair)
    _set_stage(repair, "repair")
    _set_kind(repair, kind)
    _set_location(repair, (start, end))
    _set_before(repair, text[start:end])
    _set_after(repair, after)
    return repair
