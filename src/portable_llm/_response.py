"""What came back, normalised, with the provider's own words kept beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast

from portable_llm._adaptation import Adaptation, Repair
from portable_llm._errors import InvalidOutputError, InvalidToolArgumentsError, RefusedError
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

RefusalKind = Literal["hard", "soft", "empty"]
"""`hard`: typed by the provider; `soft`: said in the text; `empty`: no text, no call, no reason."""

RefusalSource = Literal["model", "input_filter", "output_filter", "provider_policy"]
"""Who declined: the model itself, a filter on what went in or came out, or a rule of the provider's."""

RefusalCategory = Literal[
    "violence",
    "hate",
    "sexual",
    "self_harm",
    "illegal",
    "cyber",
    "bio_chem",
    "privacy",
    "copyright",
    "reasoning_extraction",
    "prompt_attack",
    "recitation",
    "language",
    "capability",
    "out_of_scope",
    "other",
    "unspecified",
]
"""Why, in one vocabulary for all providers; `other`: a reason that has no word here, `unspecified`: none was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Who declined, and how we know. An answer, not an error."""

    kind: RefusalKind
    source: RefusalSource
    category: RefusalCategory = "unspecified"
    raw_category: str | None = None
    """The provider's own word for the category; several are joined by commas."""
    text: str | None = None
    """The words of refusal, where there are any."""
    evidence: tuple[str, ...] = ()
    """What says so: signals on the wire (`"stop_reason=refusal"`), or the words of a soft refusal."""
    is_retryable: bool = False
    """Whether the same request may be answered when it is sent again; the library itself never does so."""
    is_billed: bool | None = None
    """Whether it costs: by the provider's own rule, else `True` where output tokens were counted; `None`: not known."""
    is_withdrawn: bool = False
    """The provider takes back the text that came before: show it no longer, and keep it out of the history."""
    is_partial: bool = False
    """One part of what was asked for was declined and the rest answered; only ever so in a soft refusal."""
    probability: float | None = None
    """How sure the classifier of a soft refusal is; `None` for one that was typed."""


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


TokenKind = Literal["text", "reasoning", "refusal"]
"""What a token is of: the visible text, reasoning that is told, or the words of refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogprob:
    """A token of the answer, or an alternative to one, and how likely the model held it to be."""

    token: str
    """Its text; a sign of several bytes may be cut between two tokens: `bytes` put together have it whole."""
    logprob: float | None = None
    """Natural logarithm of the probability; `None`: not reported. Some services say -9999 for *very unlikely*."""
    bytes: bytes | None = None
    """UTF-8 of the token; `None`: not reported."""
    ids: tuple[int, ...] = ()
    """The model's numbers for it, where they are told; of a piece of several tokens `logprob` is the sum."""
    kind: TokenKind = "text"
    top: tuple[TokenLogprob, ...] = ()
    """The likeliest tokens at this place, the chosen one among them if it is one of them."""

    def to_json(self) -> dict[str, JsonValue]:
        """As JSON, without what is not reported; `from_json` reads it back."""
        stored: dict[str, JsonValue] = {"token": self.token, "logprob": self.logprob}
        if self.bytes is not None:
            stored["bytes"] = list(self.bytes)
        if self.ids:
            stored["ids"] = list(self.ids)
        if self.kind != "text":
            stored["kind"] = self.kind
        if self.top:
            stored["top"] = [other.to_json() for other in self.top]
        return stored

    @staticmethod
    def from_json(stored: Mapping[str, JsonValue]) -> TokenLogprob:
        """The way back of `to_json`; raises `ValueError` for JSON that it did not write."""
        values: dict[str, Any] = {**stored}
        try:
            if "bytes" in values:
                values["bytes"] = bytes(values["bytes"])
            values["ids"] = tuple(values.get("ids", ()))
            values["top"] = tuple(TokenLogprob.from_json(other) for other in values.get("top", ()))
            return TokenLogprob(**values)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"no log-probability of a token: {error}") from error


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
class CallCheck:
    """A call held to its tool's own schema, since the provider does not hold all of it."""

    call: ToolCallPart
    problems: tuple[str, ...] = ()
    """What is wrong with the arguments, each with its place (JSON Pointer); `()` if the schema accepts them."""
    repairs: tuple[Repair, ...] = ()
    """Edits that were needed to read them."""

    @property
    def error(self) -> InvalidToolArgumentsError | None:
        """What `tool_result(call.id, error)` tells the model, so that it can call again; `None` for a valid call."""
        if not self.problems:
            return None
        said = "; ".join(self.problems)
        text = f"the arguments of {self.call.name} (call {self.call.id}) are not what its schema asks for: {said}"
        return InvalidToolArgumentsError(text, call=self.call, problems=self.problems)


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
    logprobs: tuple[TokenLogprob, ...] | None = None
    """The tokens of the answer with their log-probabilities, in order; `None` where none came."""
    declined: tuple[Response[Any], ...] = ()
    """Refusals that this answer stands in for, oldest first: `usage` and `attempts` count them as well."""
    call_checks: tuple[CallCheck, ...] = ()
    """Its calls of tools whose schema the provider does not hold in full, each held to the tool's own."""
    prompt_hash: str | None = None
    """Version of the portable prompt that was answered, overlays included; see `Prompt.hash`."""

    def answering(
        self,
        provider: str,
        adaptations: tuple[Adaptation, ...],
        attempts: tuple[Attempt, ...],
        prompt_hash: str | None = None,
    ) -> Response[T_co]:
        """The response as the answer to a request: who gave it, what was not honoured, how often it was sent."""
        # Each call does this once: dataclasses.replace would set all fields anew, one by one.
        known = cast("Response[T_co]", object.__new__(Response))
        vars(known).update(vars(self), provider=provider, adaptations=adaptations, attempts=attempts)
        if prompt_hash is not None:
            vars(known)["prompt_hash"] = prompt_hash
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
    def is_complete(self) -> bool:
        """The model came to its own end: a plain stop or calls, not declined, and no call is unreadable or invalid.

        What is neither complete nor truncated was declined, failed, paused, or ended for a reason that is not known.
        """
        return (
            self.finish_reason in ("stop", "tool_call")
            and self.refusal is None
            and all(call.arguments is not None for call in self.tool_calls)
            and not self.invalid_calls
        )

    @property
    def invalid_calls(self) -> tuple[CallCheck, ...]:
        """Of `call_checks`, those whose arguments the tool's own schema does not accept; see `CallCheck.error`."""
        return tuple(check for check in self.call_checks if check.problems)

    @property
    def is_truncated(self) -> bool:
        """A limit on tokens or the context window cut the answer: its last text, value or call may be a piece."""
        return self.finish_reason in ("length", "context_overflow")

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
            said = (outcome.refusal.text or ", ".join(outcome.refusal.evidence))[:500]
            raise RefusedError(f"the model or a filter declined ({outcome.refusal.kind}): {said}", self, **context)
        if isinstance(outcome, Invalid):
            raise InvalidOutputError(f"no valid value in the answer: {'; '.join(outcome.errors)}", self, **context)
        raise InvalidOutputError(_nothing_to_parse(self), self, **context)


def _nothing_to_parse(response: Response[Any]) -> str:
    if response.tool_calls:
        names = ", ".join(call.name for call in response.tool_calls)
        return f"the model called {names} instead of answering; run the tools and send the results"
    return "no output was asked for; pass output=... to get a value"
