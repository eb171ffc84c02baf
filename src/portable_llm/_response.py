"""What came back, normalised, with the provider's own words kept beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast

from portable_llm._adaptation import Adaptation, Repair
from portable_llm._errors import InvalidOutputError, RefusedError
from portable_llm._json import JsonValue
from portable_llm._messages import Message, ToolCallPart

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

FinishReason = Literal[
    "stop",
    "length",
    "tool_call",
    "content_filter",
    "refusal",
    "pause",
    "context_overflow",
    "error",
    "cancelled",
    "unknown",
]

RefusalSource = Literal["model", "input_filter", "output_filter", "provider_policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Who declined, and how we know. An answer, not an error."""

    kind: Literal["hard", "soft", "empty"]
    """`hard`: typed by the provider; `soft`: said in the text; `empty`: no text, no call, no reason."""
    source: RefusalSource
    category: str = "unspecified"
    text: str | None = None
    """The words of refusal, where there are any."""
    evidence: tuple[str, ...] = ()
    """The signals on the wire that say so, e.g. `"stop_reason=refusal"`."""
    is_retryable: bool = False
    is_billed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as OpenTelemetry GenAI counts them; `None` = not reported."""

    input_tokens: int | None = None
    """All input, cached tokens included."""
    output_tokens: int | None = None
    """All output, reasoning included."""
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    reasoning_output_tokens: int | None = None

    def plus(self, other: Usage) -> Usage:
        """Both together; a count that one of them did not report stays unknown."""
        return Usage(
            **{field.name: _sum(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)}
        )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


Grade = Literal["exact", "syntax", "aligned", "lossy"]


@dataclass(frozen=True, kw_only=True)
class Parsed(Generic[T_co]):
    """The value asked for; `grade` says how far the text was from it."""

    value: T_co
    repairs: tuple[Repair, ...] = ()
    grade: Grade = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The model or a filter declined; no value can be expected."""

    refusal: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """The text does not yield a value that the schema accepts."""

    errors: tuple[str, ...]
    """What is wrong, each with its place (JSON Pointer) where there is one."""
    best_effort: JsonValue = None
    """What could be read; never to be used as if it were valid."""
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOutput:
    """No value was asked for, or the model called a tool instead."""


Outcome: TypeAlias = Parsed[T] | Refused | Invalid | NoOutput


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One HTTP try."""

    status: int | None
    """`None`: no answer came."""
    error: str | None = None
    """Class and message of what went wrong."""
    request_id: str | None = None
    waited: float = 0.0
    """Seconds of pause before this try."""


@dataclass(frozen=True, kw_only=True)
class Response(Generic[T_co]):
    """One answer."""

    message: Message
    """The model's turn; append it to the history as it is."""
    finish_reason: FinishReason
    raw_finish_reason: str | None
    """The provider's own word."""
    outcome: Outcome[T_co]
    refusal: Refusal | None
    usage: Usage
    model: str | None
    """The model that answered, by the provider's word."""
    id: str | None
    provider: str | None = None
    request_id: str | None = None
    adaptations: tuple[Adaptation, ...] = ()
    """The ledger: everything this provider did not honour as asked."""
    attempts: tuple[Attempt, ...] = ()
    raw: Mapping[str, JsonValue] | None = None
    """The wire response; for a stream `None` (the events were its pieces)."""

    def answering(
        self, provider: str, adaptations: tuple[Adaptation, ...], attempts: tuple[Attempt, ...]
    ) -> Response[T_co]:
        """The response as the answer to a request: who gave it, what was not honoured, how often it was sent."""
        # Each call does this once: dataclasses.replace would set all fields anew, one by one.
        known = cast("Response[T_co]", object.__new__(Response))
        vars(known).update(vars(self), provider=provider, adaptations=adaptations, attempts=attempts)
        return known

    @property
    def text(self) -> str:
        """The visible text, parts joined without a separator."""
        return self.message.text

    @property
    def tool_calls(self) -> tuple[ToolCallPart, ...]:
        """The calls the application has to run, in the model's order."""
        return self.message.tool_calls

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """Edits that were needed to read the value."""
        return self.outcome.repairs if isinstance(self.outcome, (Parsed, Invalid)) else ()

    @property
    def parsed(self) -> T_co:
        """The value asked for; raises `RefusedError` or `InvalidOutputError`, both carrying the response."""
        outcome: Outcome[Any] = self.outcome
        if isinstance(outcome, Parsed):
            return outcome.value
        context = {"provider": self.provider, "model": self.model, "request_id": self.request_id}
        if isinstance(outcome, Refused):
            said = outcome.refusal.text or ", ".join(outcome.refusal.evidence)
            raise RefusedError(f"the model or a filter declined ({outcome.refusal.kind}): {said}", self, **context)
        if isinstance(outcome, Invalid):
            raise InvalidOutputError(f"no valid value in the answer: {'; '.join(outcome.errors)}", self, **context)
        raise InvalidOutputError(_nothing_to_parse(self), self, **context)


def _nothing_to_parse(response: Response[Any]) -> str:
    if response.tool_calls:
        names = ", ".join(call.name for call in response.tool_calls)
        return f"the model called {names} instead of answering; run the tools and send the results"
    return "no output was asked for; pass output=... to get a value"
