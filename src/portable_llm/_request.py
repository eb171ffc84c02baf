"""What the application asks for, in one vocabulary for all providers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypedDict, TypeVar, cast, overload

from portable_llm._errors import InvalidRequestError
from portable_llm._json import JsonValue
from portable_llm._messages import Message, user

if TYPE_CHECKING:
    from typing_extensions import TypeForm, Unpack

# Generic values have no slots: on Python 3.11 `Output[int](...)` raises TypeError for a class that is frozen, slotted
# and generic at once, since its `__setattr__` still refers to the class before slots were added.
T = TypeVar("T")

JsonSchema: TypeAlias = Mapping[str, Any]
"""A JSON Schema as decoded JSON."""

OutputMode = Literal["auto", "native", "tool", "prompt"]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function the model may ask the application to run."""

    name: str
    description: str = ""
    parameters: JsonSchema = field(default_factory=lambda: {"type": "object", "properties": {}})
    """JSON Schema of the arguments; its root is an object."""
    strict: bool | None = None
    """Whether the provider must hold the arguments to the schema; `None` leaves it to the provider."""


@dataclass(frozen=True, slots=True)
class NamedTool:
    """The model must call this tool."""

    name: str


ToolChoice: TypeAlias = Literal["auto", "required", "none"] | NamedTool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the next token is drawn; `None` leaves it to the provider."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: Mapping[str, float] | None = None
    """Token id (as the provider's tokenizer counts) → bias."""
    logprobs: int | None = None
    """Log-probabilities wanted: 0 = of the chosen tokens only, n = and of the n likeliest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoning:
    """How much the model may think before it answers."""

    effort: Effort | None = None
    budget_tokens: int | None = None
    summary: bool | None = None
    """Whether readable reasoning is wanted in the response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheHint:
    """What of the prompt is worth caching; affects cost and latency only."""

    breakpoints: tuple[str, ...] = ()
    """JSON Pointers into the request after which a prefix ends: `/tools`, `/messages/0`, …"""
    key: str | None = None
    """Routes requests with the same prefix to the same cache."""
    ttl: Literal["5m", "1h"] | None = None


@dataclass(frozen=True, kw_only=True)
class Output(Generic[T]):
    """The value wanted back: exactly one of a Python type and a JSON Schema; neither means any JSON value."""

    type: TypeForm[T] | None = None
    """A pydantic model, dataclass, TypedDict, union, Literal, …"""
    schema: JsonSchema | None = None
    mode: OutputMode = "auto"
    reask: int = 0
    """How often the errors may be sent back to the model when the value does not validate; each time costs a call."""
    name: str = "output"
    """Name of the schema on the wire: letters, digits, `_`, `-`; at most 64."""
    strict: bool | None = None
    """Whether the provider is asked to enforce the schema; `None`: yes, where that loses nothing grave."""
    keep: tuple[str, ...] = ()
    """Keywords that the provider itself must enforce: where it would leave one to the client, another way is taken."""


def output_of(wanted: Any) -> Output[Any]:
    """The `Output` a caller meant: itself, `"json"`, a JSON Schema as a mapping, or a Python type."""
    if isinstance(wanted, Output):
        return cast("Output[Any]", wanted)
    if isinstance(wanted, str):
        if wanted != "json":
            raise InvalidRequestError(f'output is a type, a JSON Schema or "json", got the string {wanted!r}')
        return Output()
    if isinstance(wanted, Mapping):
        return Output(schema=cast("JsonSchema", wanted))
    return Output(type=wanted)


_SHORTCUTS = ("temperature", "top_p", "top_k", "seed")
"""Fields of `Sampling` that may be given directly."""


class Options(TypedDict, total=False):
    """The keyword options of `Client.chat` and friends; each is a field of `Request` or of its `Sampling`."""

    tools: Sequence[Tool]
    tool_choice: ToolChoice
    allowed_tools: Sequence[str]
    parallel_tool_calls: bool
    sampling: Sampling
    reasoning: Reasoning
    max_output_tokens: int
    stop: str | Sequence[str]
    cache: CacheHint
    metadata: Mapping[str, str]
    extra: Mapping[str, JsonValue]
    temperature: float
    top_p: float
    top_k: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRef:
    """Which prompt, in which version."""

    name: str
    hash: str
    """SHA-256 (hex) of all that makes a difference to what a model sees."""
    overlays: tuple[str, ...] = ()
    """Names of the overlays that `hash` covers."""

    def __str__(self) -> str:
        overlays = f", with overlay {', '.join(self.overlays)}" if self.overlays else ""
        return f"prompt {self.name or 'without a name'}, version {self.hash[:12]}{overlays}"

    def to_json(self) -> dict[str, JsonValue]:
        """The reference as an object."""
        return {"name": self.name, "hash": self.hash, "overlays": list(self.overlays)}


@dataclass(frozen=True, kw_only=True)
class Request(Generic[T]):
    """One request to any model."""

    model: str
    """`provider:model`, `provider:model@base_url`, or an alias from configuration."""
    messages: tuple[Message, ...]
    output: Output[T] | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    allowed_tools: tuple[str, ...] | None = None
    """Names of the tools that may be called, if not all of `tools`."""
    parallel_tool_calls: bool | None = None
    """`False`: at most one call per turn. `None` leaves it to the provider."""
    sampling: Sampling = Sampling()
    reasoning: Reasoning | None = None
    max_output_tokens: int | None = None
    """Upper limit of the answer in tokens, reasoning included where the provider counts it."""
    stop: tuple[str, ...] = ()
    cache: CacheHint | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    extra: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """Provider-specific fields, put on the wire as they are and listed in the ledger."""
    prompt: PromptRef | None = None
    """The portable prompt that made the first messages; planning writes them anew for the target. Never sent itself."""

    def with_model(self, model: str) -> Request[T]:
        """The same request to another model."""
        # Each call does this once: dataclasses.replace would set all fields anew, one by one.
        changed = cast("Request[T]", object.__new__(Request))
        vars(changed).update(vars(self), model=model)
        return changed


@overload
def request(model: str, messages: str | Message | Sequence[Message], **options: Unpack[Options]) -> Request[None]: ...
@overload
def request(
    model: str, messages: str | Message | Sequence[Message], *, output: Output[T], **options: Unpack[Options]
) -> Request[T]: ...
@overload
def request(
    model: str,
    messages: str | Message | Sequence[Message],
    *,
    output: JsonSchema | Literal["json"],
    **options: Unpack[Options],
) -> Request[JsonValue]: ...
@overload
def request(
    model: str, messages: str | Message | Sequence[Message], *, output: TypeForm[T], **options: Unpack[Options]
) -> Request[T]: ...
def request(
    model: str, messages: str | Message | Sequence[Message], *, output: Any = None, **options: Unpack[Options]
) -> Request[Any]:
    """Build a `Request` from the short forms: a string is one user message, sampling fields may stand at the top.

    Raises `InvalidRequestError` for an unknown option.
    """
    values = cast("dict[str, Any]", options)
    unknown = values.keys() - Options.__annotations__.keys() if values else ()
    if unknown:
        known = ", ".join(sorted(Options.__annotations__))
        raise InvalidRequestError(
            f"unknown option {sorted(unknown)[0]!r}; known: {known}; others go into extra={{...}}"
        )
    shortcuts = {name: values.pop(name) for name in _SHORTCUTS if name in values} if values else {}
    if shortcuts:
        values["sampling"] = replace(values.get("sampling", Sampling()), **shortcuts)
    if "stop" in values:
        values["stop"] = (values["stop"],) if isinstance(values["stop"], str) else tuple(values["stop"])
    for name in ("tools", "allowed_tools"):
        if name in values:
            values[name] = tuple(values[name])
    wanted = None if output is None else output_of(output)
    return Request(model=model, messages=_messages(messages), output=wanted, **values)


def _messages(messages: str | Message | Sequence[Message]) -> tuple[Message, ...]:
    if isinstance(messages, str):
        return (user(messages),)
    return (messages,) if isinstance(messages, Message) else tuple(messages)
