"""A history under repair: turns and pieces that may be moved and remember where they stood."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from portable_llm._adaptation import Adaptation
from portable_llm._messages import Message, Part, Role, ToolCallPart, ToolResultPart

Say: TypeAlias = Callable[[int, Adaptation], None]
"""Takes an entry, and the message behind which the model sees another conversation by it."""


@dataclass(slots=True, eq=False)
class Piece:
    """A part, and where it stood in the history that was given."""

    part: Part
    index: int
    at: str


@dataclass(slots=True, eq=False)
class Turn:
    """A message that can still change."""

    role: Role
    index: int
    pieces: list[Piece] = field(default_factory=list[Piece])

    @property
    def calls(self) -> list[Piece]:
        """The pieces that call a tool."""
        return [piece for piece in self.pieces if isinstance(piece.part, ToolCallPart)]

    @property
    def results(self) -> list[Piece]:
        """The pieces that are results."""
        return [piece for piece in self.pieces if isinstance(piece.part, ToolResultPart)]

    @property
    def is_results(self) -> bool:
        """Whether nothing but results stands in it."""
        return len(self.results) == len(self.pieces)

    def without(self, gone: Iterable[Piece]) -> None:
        """Take pieces out."""
        left_out = set(gone)
        self.pieces = [piece for piece in self.pieces if piece not in left_out]


def messages_of(turns: Iterable[Turn]) -> tuple[Message, ...]:
    """The turns as messages again."""
    return tuple(Message(role=turn.role, parts=tuple(piece.part for piece in turn.pieces)) for turn in turns)


def last_to_speak(turns: Sequence[Turn], words: Container[Turn] = ()) -> Turn | None:
    """The last turn that is not made of results alone; those in `words` will not be."""
    return next((turn for turn in reversed(turns) if not turn.is_results or turn in words), None)
