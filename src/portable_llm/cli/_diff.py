"""The edits of a text for people: where, what stood there, what stands there now.

The text comes from a model: nothing of it reaches the terminal that the terminal would obey.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

import click

from portable_llm._adaptation import Repair

AROUND = 32
"""Characters of the text shown on each side of an edit."""
SHOWN = 240
"""Characters shown of one piece; of a longer one the beginning and the end."""


def is_coloured(stream: IO[str]) -> bool:
    """Whether a stream is a terminal that shows colours, and nobody asked for none (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def visible(text: str) -> str:
    """The text in one line, with everything a terminal would obey or not show spelt out."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _MARKS.get(char) or _spelt(char) for char in text)


_LINE_END = re.compile("\n")
_MARKS = {"\n": "↵", "\t": "⇥"}


def _spelt(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def positions(text: str, offsets: Iterable[int]) -> list[tuple[int, int]]:
    """Line and column of each offset, both counted from 1."""
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    found: list[tuple[int, int]] = []
    for offset in offsets:
        line = bisect_right(starts, offset)
        found.append((line, offset - starts[line - 1] + 1))
    return found


def summary(repairs: Sequence[Repair], text: str) -> Iterator[str]:
    """A line for each kind of edit: the place of the first, and how many there are."""
    first: dict[tuple[str, str], int] = {}
    count: dict[tuple[str, str], int] = {}
    for index, repair in enumerate(repairs):
        kind = (repair.stage, repair.kind)
        first.setdefault(kind, index)
        count[kind] = count.get(kind, 0) + 1
    places = positions(text, [repairs[index].location[0] for index in first.values()])
    for (kind, _), place in zip(first.items(), places, strict=True):
        times = f"  ×{count[kind]}" if count[kind] > 1 else ""
        yield f"  {_title(*kind, place)}{times}"


def explained(repairs: Sequence[Repair], text: str, *, coloured: bool) -> Iterator[str]:
    """Each edit as a small diff."""
    places = positions(text, [repair.location[0] for repair in repairs])
    for repair, place in zip(repairs, places, strict=True):
        title = _title(repair.stage, repair.kind, place)
        yield "  " + (click.style(title, bold=True) if coloured else title)
        for sign, line in _diff(repair, text):
            colour = {"-": "red", "+": "green"}.get(sign) if coloured else None
            yield "      " + (click.style(f"{sign} {line}", fg=colour) if colour else f"{sign} {line}")


def _title(stage: str, kind: str, place: tuple[int, int]) -> str:
    return f"{stage:6}  {kind:26}  {place[0]}:{place[1]}"


def _diff(repair: Repair, text: str) -> Iterator[tuple[str, str]]:
    """The lines of one edit, each with its sign."""
    start, end = repair.location
    if repair.before == text and repair.after == text[start:end]:
        yield from _taken_out(text, start, end)
        return
    before, after = _clipped(repair.before), _clipped(repair.after)
    lead, rest = _context(text, start, end) if text[start:end] == repair.before else ("", "")
    if before or lead or rest:
        yield "-", f"{lead}{before}{rest}"
    if after or lead or rest:
        yield "+", f"{lead}{after}{rest}"


def _taken_out(text: str, start: int, end: int) -> Iterator[tuple[str, str]]:
    """A value that was taken out of the text: what stood before it and behind it is gone."""
    if start:
        yield "-", _clipped(text[:start])
    yield " ", _clipped(text[start:end])
    if end < len(text):
        yield "-", _clipped(text[end:])


def _context(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands around on the same line."""
    begin = max(text.rfind("\n", max(0, start - AROUND), start) + 1, start - AROUND, 0)
    stop = text.find("\n", end, end + AROUND)
    stop = min(end + AROUND, len(text)) if stop < 0 else stop
    lead = "…" if begin > 0 and text[begin - 1] != "\n" else ""
    rest = "…" if stop < len(text) and text[stop] != "\n" else ""
    return lead + visible(text[begin:start]), visible(text[end:stop]) + rest


def _clipped(piece: str) -> str:
    if len(piece) <= SHOWN:
        return visible(piece)
    half = SHOWN // 2
    return f"{visible(piece[:half])} … {visible(piece[-half:])}"
