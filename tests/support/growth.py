"""Values that grow: what every reader of partial values has to keep."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

from portable_llm.output import PartialReader


def grows(before: Any, after: Any) -> bool:
    """Whether `after` only adds to `before`: members and items at the end, characters to the last string."""
    if isinstance(before, str) and isinstance(after, str):
        return after.startswith(before)
    if isinstance(before, dict) and isinstance(after, dict):
        return all(name in after and grows(one, after[name]) for name, one in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) <= len(after) and all(map(grows, before, after))
    return type(before) is type(after) and before == after


def at(value: Any, pointer: str) -> Any:
    """What stands at a JSON Pointer; raises `LookupError` where nothing does."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


def states(reader: PartialReader, pieces: Iterable[str]) -> list[tuple[int, Any, frozenset[str]]]:
    """After each piece that added something: the characters read, the value, and all places completed so far."""
    found: list[tuple[int, Any, frozenset[str]]] = []
    size, completed = 0, frozenset[str]()
    for piece in pieces:
        size += len(piece)
        partial = reader.feed(piece)
        if partial is not None:
            completed |= set(partial.completed)
            found.append((size, partial.value, completed))
    return found


def cut(text: str, ends: Iterable[int]) -> list[str]:
    """The text in pieces that end at the given places."""
    places = [0, *sorted(ends), len(text)]
    return [text[start:end] for start, end in pairwise(places)]


def calls(act: Callable[[], object]) -> int:
    """How many functions `act` calls, of Python or not: work that no clock has to measure."""
    count = Counter[str]()

    def note(_frame: object, event: str, _argument: object) -> None:
        count[event] += 1

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count["call"] + count["c_call"]
