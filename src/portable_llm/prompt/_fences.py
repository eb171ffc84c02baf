"""Fenced code in Markdown: lines inside it are no headings.

A fence that never closes is none: it would swallow whatever stands behind it. After such a one no more fences are
looked for, which keeps the scan to one look per line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from portable_llm.prompt._values import touches

_FENCE = re.compile(r"^ {0,3}(?P<run>`{3,}|~{3,})(?P<info>[^\n]*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fences:
    """The fences of a text."""

    spans: tuple[tuple[int, int], ...]
    """From the start of the opening line to the end of the closing one, in order."""
    loose: tuple[int, ...]
    """Where runs begin that open a fence and never close it."""


def fences(text: str, data: tuple[tuple[int, int], ...] = ()) -> Fences:
    """The fences that the text itself has; runs that touch `data` neither open nor close one."""
    spans: list[tuple[int, int]] = []
    marks = [mark for mark in _FENCE.finditer(text) if not touches(data, *mark.span("run"))]
    opened: re.Match[str] | None = None
    after = 0
    for number, mark in enumerate(marks):
        if opened is None:
            opened, after = (mark, number) if _opens(mark) else (None, after)
        elif _closes(mark, opened):
            spans.append((opened.start(), mark.end()))
            opened = None
    loose = tuple(mark.start("run") for mark in marks[after:] if _opens(mark)) if opened is not None else ()
    return Fences(tuple(spans), loose)


def _opens(mark: re.Match[str]) -> bool:
    return mark["run"][0] == "~" or "`" not in mark["info"]


def _closes(mark: re.Match[str], opened: re.Match[str]) -> bool:
    run, wanted = mark["run"], opened["run"]
    return run[0] == wanted[0] and len(run) >= len(wanted) and not mark["info"].strip(" \t")


def lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Each line with where it starts and whether it stands in a fence."""
    spans = fences(text).spans
    at, number = 0, 0
    for line in text.split("\n"):
        while number < len(spans) and spans[number][1] < at:
            number += 1
        yield at, line, number < len(spans) and spans[number][0] <= at
        at += len(line) + 1
