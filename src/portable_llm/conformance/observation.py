"""The observation: what a lane's reader saw in one answer, as plain JSON that a judge can read years later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from portable_llm.conformance.case import JsonObject


class _Absent:
    """The type of `ABSENT`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""No JSON value was read; `None` is the JSON value null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call as read: `arguments` is `None` when the raw text is not a JSON object."""

    id: str
    name: str
    arguments: JsonObject | None
    raw_arguments: str = ""

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return {"id": self.id, "name": self.name, "arguments": self.arguments, "raw_arguments": self.raw_arguments}


def _no_events() -> dict[str, Any]:
    return {}


def _no_facts() -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One answer, read. Stored beside the bytes; judged without them."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    value: object = ABSENT
    """The JSON value read from the text, where the case asks for one."""
    value_error: str | None = None
    """Why there is no value."""
    finish: str = "unknown"
    """Portable word: stop length tool_call content_filter refusal pause context_overflow error cancelled unknown."""
    raw_finish: str | None = None
    refusal: str | None = None
    """Text of a typed refusal."""
    usage: Mapping[str, int | None] | None = None
    """`{"input_tokens", "output_tokens"}`; `None` when nothing was reported."""
    error: JsonObject | None = None
    """`{"kind", "status", "message"}` of a failed exchange."""
    ledger: tuple[JsonObject, ...] = ()
    """Adaptations, in the lanes that have a ledger."""
    repairs: tuple[str, ...] = ()
    """Kinds of repair that were needed to read the value, in the lane that repairs."""
    events: JsonObject = field(default_factory=_no_events)
    """Facts about a stream: `streamed`, `ended` (a finish word came), `text_equal` (deltas make up the final text)."""
    facts: JsonObject = field(default_factory=_no_facts)
    """What else an axis asks about: `omitted` (fields of home's request that the raw lane could not carry), and what a
    reader saw beside text and calls (`logprobs`: tokens with log-probabilities, `choices`: how many answers came)."""

    @property
    def has_value(self) -> bool:
        """Whether a JSON value was read."""
        return self.value is not ABSENT

    def to_json(self) -> dict[str, Any]:
        """The JSON form; the keys `value` and `facts` are there only when something was read."""
        form: dict[str, Any] = {
            "text": self.text,
            "tool_calls": [call.to_json() for call in self.tool_calls],
            "value_error": self.value_error,
            "finish": self.finish,
            "raw_finish": self.raw_finish,
            "refusal": self.refusal,
            "usage": None if self.usage is None else dict(self.usage),
            "error": None if self.error is None else dict(self.error),
            "ledger": [dict(entry) for entry in self.ledger],
            "repairs": list(self.repairs),
            "events": dict(self.events),
        }
        if self.facts:
            form["facts"] = dict(self.facts)
        return {**form, "value": self.value} if self.has_value else form

    @classmethod
    def from_json(cls, form: JsonObject) -> Observation:
        """The observation that `to_json` wrote."""
        fields = dict(form)
        fields["tool_calls"] = tuple(ToolCall(**call) for call in form["tool_calls"])
        fields["ledger"] = tuple(form["ledger"])
        fields["repairs"] = tuple(form["repairs"])
        return cls(**fields)
