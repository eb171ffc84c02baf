"""What may be cut as one: a message, or calls with all that lies between them and their results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portable_llm._messages import Message, ToolCallPart, ToolResultPart
from portable_llm.history._strategies import Pinned


@dataclass(slots=True, eq=False)
class Unit:
    """Neighbouring messages that stay or go together."""

    start: int
    end: int
    """One past the last message."""
    opens: bool
    """Whether it begins with the user's words: a conversation may begin with it."""
    is_kept: bool
    """Whether it is never cut."""
    is_system: bool
    tokens: int = 0


def units_of(messages: Sequence[Message], pinned: Pinned) -> list[Unit]:
    """The units in order. Kept are system text, what is pinned and the question that it answers."""
    units: list[Unit] = []
    made_by: dict[str, int] = {}
    for index, message in enumerate(messages):
        has_results = any(isinstance(part, ToolResultPart) for part in message.parts)
        is_kept = message.role == "system" or (pinned(message) if callable(pinned) else index in pinned)
        opens = message.role == "user" and not has_results
        units.append(Unit(index, index + 1, opens=opens, is_kept=is_kept, is_system=message.role == "system"))
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                made_by[part.id] = index
            elif isinstance(part, ToolResultPart) and (start := made_by.get(part.call_id)) is not None:
                _join(units, start)
    _keep_questions(units)
    return units


def _join(units: list[Unit], start: int) -> None:
    """Make one unit of all that lie at or behind the message `start`."""
    while len(units) > 1 and units[-1].start > start:
        last = units.pop()
        units[-1].end = last.end
        # System text between a call and its result stays, and so does the pair.
        units[-1].is_kept |= last.is_kept


def _keep_questions(units: Sequence[Unit]) -> None:
    """A kept turn of the model keeps the user's turn before it: no conversation begins with an answer."""
    question: Unit | None = None
    for unit in units:
        if unit.opens:
            question = unit
        elif unit.is_kept and not unit.is_system and question is not None:
            question.is_kept = True
