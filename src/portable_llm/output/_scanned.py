"""What the tolerant reader hands to the alignment: a value, its edits, and where each piece stands in the text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from portable_llm._adaptation import Repair
from portable_llm._json import JsonValue

Path: TypeAlias = tuple[str | int, ...]
"""The way from the root of a value to a piece of it: names and indexes."""
Span: TypeAlias = tuple[int, int]
"""Start and end in the model's text, in characters."""
MAX_DEPTH = 512
"""Levels of a value that is read. What Python does with a value afterwards (compare, print, write as JSON) takes one
level of its stack for each, of a thousand that it has; beyond, reading it would only move the failure to the caller."""
CutKind = Literal["string", "number", "literal", "key", "value", "closer"]
"""What the end of the text broke off. `string`: the part that came stands in the value. `number`, `literal`: what came
is no value and is left out. `key`: a name without its value, left out. `value`: a name whose value never began, left
out. `closer`: an object or array that was closed for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One thing that the end of the text broke off."""

    path: Path
    """Where it stands, or would stand, in the value."""
    kind: CutKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """One value read out of a text."""

    value: JsonValue
    repairs: tuple[Repair, ...] = ()
    """Edits of the stages `find` and `repair`, in the order of the text."""
    span: Span
    """Where the value's text stands in the model's text."""
    locate: Callable[[Path], Span]
    """Where the piece at a path stands; the nearest enclosing piece where the path leads nowhere."""
    cuts: tuple[Cut, ...] = ()
    """Empty where the text of the value came whole."""
