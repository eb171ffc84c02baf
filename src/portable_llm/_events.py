"""What a stream yields. Exactly one `Finished` comes last; a broken stream raises with the partial response instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

from portable_llm._json import JsonValue
from portable_llm._messages import Part
from portable_llm._response import Response

if TYPE_CHECKING:
    from portable_llm._plan import Plan

T_co = TypeVar("T_co", covariant=True)

PartKind = Literal["text", "reasoning", "tool_call", "refusal", "unknown"]


@dataclass(frozen=True, slots=True)
class Started:
    """The provider has begun to answer."""

    id: str | None
    model: str | None


@dataclass(frozen=True, slots=True)
class PartStart:
    index: int
    """Position of the part in the message."""
    kind: PartKind


@dataclass(frozen=True, slots=True)
class TextDelta:
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    index: int
    id: str | None
    """Known from the first delta on, except where the provider sends none."""
    name: str | None
    arguments: str
    """The next piece of the arguments' JSON text."""


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    index: int
    text: str


class PartialOutput:
    """The wanted value so far, as JSON; what it lacks may still come.

    Built when it is read, so that an event nobody looks at costs next to nothing. Finished parts are shared between
    events: read them, do not change them.
    """

    __slots__ = ("_completed", "_read", "_value")

    def __init__(self, read: Callable[[], JsonValue], completed: Callable[[], tuple[str, ...]]) -> None:
        self._read: Callable[[], JsonValue] | None = read
        self._value: JsonValue = None
        self._completed = completed

    @property
    def value(self) -> JsonValue:
        """The value as it stood when the event came; a string may be the beginning of one, nothing else is cut."""
        if self._read is not None:
            self._value, self._read = self._read(), None
        return self._value

    @property
    def completed(self) -> tuple[str, ...]:
        """JSON Pointers of the places that this event finished; later values never change them."""
        return self._completed()

    def __repr__(self) -> str:
        return f"PartialOutput(value={self.value!r}, completed={self.completed!r})"


@dataclass(frozen=True, slots=True)
class PartEnd:
    index: int
    part: Part


@dataclass(frozen=True, slots=True)
class Restarted:
    """What came so far is void: the request was sent again before its first visible output."""

    reason: str
    plan: Plan[Any] | None = None
    """The `Plan` of another model that goes on in its place; `None`: the same one was asked again."""


@dataclass(frozen=True)
class Finished(Generic[T_co]):
    """The last event."""

    response: Response[T_co]


Delta: TypeAlias = Started | PartStart | TextDelta | ReasoningDelta | ToolCallDelta | RefusalDelta | PartEnd
"""What a wire module's stream decoder produces."""

Event: TypeAlias = Delta | PartialOutput | Restarted | Finished[T_co]
