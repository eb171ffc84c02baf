"""One place while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from portable_llm.schema._lowering._shape import Shape

if TYPE_CHECKING:
    from portable_llm.schema._lowering._compile import Compiler, Spot


class Site(NamedTuple):
    """What holds at a place of the original, and where the result stands."""

    compiler: Compiler
    shape: Shape
    at: str
    """Where the original speaks of it."""
    spot: Spot
    words: list[str]
    """Constraints that the result cannot say, for the description; they grow while the place is written."""
