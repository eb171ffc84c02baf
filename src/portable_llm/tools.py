"""Tools with functions behind them: `@tool`, and what a run with tools gives back.

    @tool
    def weather(city: str) -> str:
        "Current weather in a city."
        return "12 C"

    run = client.run("openai:gpt-6-luna", "Weather in Oslo?", tools=[weather])

A run asks the model, runs the tools it calls and sends the results, until it answers. `portable_llm.Client.run` is
where it starts; the loop itself is in `_loop`.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial, wraps
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast, overload

from portable_llm._adaptation import Adaptation, LossPolicy, OnLoss, Repair
from portable_llm._calls._arguments import CheckedCall, check_call, invalid_arguments
from portable_llm._errors import ConfigurationError, UnsupportedSchemaError
from portable_llm._events import Delta, PartialOutput, Restarted
from portable_llm._json import JsonValue
from portable_llm._messages import Message, ToolCallPart, ToolResultPart
from portable_llm._request import Options, Request, Tool
from portable_llm._response import Attempt, Response, Usage
from portable_llm._spending import SendOptions
from portable_llm.schema import parameters_of

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Handler: TypeAlias = Callable[..., Any]
"""What runs a call: gets the arguments by name; may be async in `AsyncClient.run`."""


@dataclass(frozen=True, kw_only=True)
class FunctionTool(Tool):
    """A tool with the function behind it; calling it calls the function."""

    function: Handler = field(repr=False, compare=False)
    is_typed: bool = field(default=True, repr=False)
    """The arguments are turned into what the function's annotations name (dates, models, enums) before the call."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    @property
    def is_async(self) -> bool:
        """Whether calling it gives something to be awaited."""
        return inspect.iscoroutinefunction(self.function)

    def __reduce__(self) -> tuple[Any, ...]:
        # A plan can be pickled, and needs the declaration only; a function is not something to be sent around.
        return (_plain_tool, (self.name, self.description, self.parameters, self.strict))


def _plain_tool(name: str, description: str, parameters: Mapping[str, Any], strict: bool | None) -> Tool:
    return Tool(name=name, description=description, parameters=parameters, strict=strict)


@overload
def tool(function: Callable[..., Any], /) -> FunctionTool: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    strict: bool | None = None,
) -> Callable[[Callable[..., Any]], FunctionTool]: ...
def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    strict: bool | None = None,
) -> FunctionTool | Callable[[Callable[..., Any]], FunctionTool]:
    """A tool from a function: its name, docstring and annotations, where nothing else is given.

    With `parameters` (a JSON Schema) the function gets the arguments as they are. Raises `UnsupportedSchemaError` for
    annotations that JSON cannot hold.
    """

    def declare(function: Callable[..., Any]) -> FunctionTool:
        return FunctionTool(
            name=name or function.__name__,
            description=_first_part(function) if description is None else description,
            parameters=_parameters(function) if parameters is None else parameters,
            strict=strict,
            function=function,
            is_typed=parameters is None,
        )

    return declare if function is None else declare(function)


def _parameters(function: Callable[..., Any]) -> Mapping[str, Any]:
    """The schema of the arguments by name; raises `UnsupportedSchemaError` that names the function."""
    name = getattr(function, "__name__", repr(function))
    try:
        schema = parameters_of(function).parameters
    except UnsupportedSchemaError as error:
        reason = error.message.partition(": ")[2] or error.message
        raise UnsupportedSchemaError(f"the annotations of {name} are nothing that JSON can hold: {reason}") from error
    if schema.get("type") != "object":
        raise UnsupportedSchemaError(f"{name} takes arguments by position only; a model gives them by name")
    return schema


def _first_part(function: Callable[..., Any]) -> str:
    """The docstring up to its list of arguments."""
    text = inspect.getdoc(function) or ""
    for heading in ("\nArgs:", "\nArguments:", "\nParameters\n", "\nReturns:", "\nRaises:", "\n:param"):
        text = text.partition(heading)[0]
    return text.strip()


class ToolError(Exception):
    """Raised by a tool: its words go to the model as they are, as a failed result."""

    @property
    def for_model(self) -> str:
        """What the model is told."""
        return str(self)


# ---- what a run did --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call of a run, and what became of it."""

    call: ToolCallPart
    """As the model made it."""
    outcome: Literal["ran", "failed", "invalid", "unknown_tool", "declined", "not_run", "pending"]
    """`ran`, `failed` (it raised); the handler never saw it: `invalid` arguments, `unknown_tool`, `declined` by
    `approve`, `not_run` (the answer was cut or a limit reached), `pending` (no handler: yours to run)."""
    arguments: dict[str, JsonValue] | None = None
    """What the handler saw; valid by the tool's schema."""
    repairs: tuple[Repair, ...] = ()
    """Edits that were needed to read the arguments."""
    result: ToolResultPart | None = None
    """What the model is told; `None` while it is `pending`."""
    error: Exception | None = None
    """What was raised, or what is wrong with the arguments."""


@dataclass(frozen=True, kw_only=True)
class Round(Generic[T_co]):
    """One answer of the model, and the calls in it."""

    response: Response[T_co]
    calls: tuple[CallRecord, ...] = ()

    @property
    def messages(self) -> tuple[Message, ...]:
        """The model's turn, and the results of its calls."""
        results = tuple(record.result for record in self.calls if record.result is not None)
        turn = self.response.message
        return (turn, Message(role="tool", parts=results)) if results else (turn,)


EndedBy = Literal["answer", "refusal", "empty", "cut", "pending", "stop_when", "limit", "error"]


@dataclass(frozen=True, kw_only=True)
class Run(Generic[T_co]):
    """A run with tools: every answer, every call, and the messages that continue the conversation."""

    rounds: tuple[Round[T_co], ...]
    messages: tuple[Message, ...]
    """What the run added to the conversation. Each call in it has its result, unless it is `pending`."""
    ended_by: EndedBy
    """`answer`; `refusal`: the model or a filter declined; `empty`: nothing came; `cut`: the last answer is not whole,
    its calls were not run; `pending`: calls without a handler wait for you; `stop_when`: your condition held; in errors
    `limit`, `error`."""

    @property
    def response(self) -> Response[T_co]:
        """The last answer."""
        return self.rounds[-1].response

    @property
    def text(self) -> str:
        """The text of the last answer."""
        return self.response.text

    @property
    def parsed(self) -> T_co:
        """The value asked for; raises as `Response.parsed` does."""
        return self.response.parsed

    @property
    def calls(self) -> tuple[CallRecord, ...]:
        """All calls of all rounds."""
        return tuple(call for each in self.rounds for call in each.calls)

    @property
    def pending(self) -> tuple[ToolCallPart, ...]:
        """Calls of the last round that have no handler: run them, and go on with their results."""
        return tuple(record.call for record in self.calls if record.outcome == "pending")

    @property
    def usage(self) -> Usage:
        """The tokens of all rounds; a count that one of them did not report is unknown."""
        total, *more = [each.response.usage for each in self.rounds] or [Usage()]
        for usage in more:
            total = total.plus(usage)
        return total

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The HTTP tries of all rounds."""
        return tuple(attempt for each in self.rounds for attempt in each.response.attempts)

    @property
    def adaptations(self) -> tuple[Adaptation, ...]:
        """The ledgers of all rounds, each entry once."""
        return tuple(dict.fromkeys(entry for each in self.rounds for entry in each.response.adaptations))


# ---- how a run goes --------------------------------------------------------------------------------------------------

Approve: TypeAlias = Callable[[ToolCallPart, Tool], bool | str | Awaitable[bool | str]]
"""Asked before each call, with the valid arguments: `True` runs it; `False`, or the words the model is told, does not.
"""
Prepare: TypeAlias = Callable[[Request[Any], "Run[Any]"], Request[Any]]
"""The request of the next round and the run so far → the request that is sent."""
OnToolError: TypeAlias = Literal["return", "raise"] | Callable[[ToolCallPart, Exception], object]
"""`return`: the model is told class and message; `raise`: `ToolFailedError`; or a function that gives the result to
send in place of the exception."""


class LoopOptions(SendOptions, total=False):
    """How a run goes; what it says about refusals holds for each round, `max_cost` for the whole run."""

    handlers: Mapping[str, Handler]
    """Functions by tool name, for tools that have none of their own (an MCP server's, say)."""
    max_rounds: int
    """How often the model is asked at most; 10 by default. Then `ToolRunLimitError`."""
    max_seconds: float
    """Time for all rounds and tools together. Then `ToolRunLimitError`, or `ProviderTimeoutError` in an answer."""
    max_parallel: int
    """Tools at once. By default `Client` runs one after another, and `AsyncClient` all of a round."""
    approve: Approve
    on_tool_error: OnToolError
    stop_when: Callable[[Run[Any]], bool]
    """Asked after each round of tools with the run so far; `True` ends it."""
    prepare: Prepare
    """Gives what is really asked in a round: another model or choice, fewer tools, a shorter history."""
    on_loss: OnLoss | LossPolicy
    """As in `chat`; for each round."""


class RunOptions(Options, LoopOptions, total=False):
    """The options of `Client.run`: of the request and of the loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """`LoopOptions`, checked and complete."""

    handlers: Mapping[str, Handler] = field(default_factory=dict[str, Handler])
    max_rounds: int = 10
    max_seconds: float | None = None
    max_parallel: int | None = None
    approve: Approve | None = None
    on_tool_error: OnToolError = "return"
    stop_when: Callable[[Run[Any]], bool] | None = None
    prepare: Prepare | None = None

    def __post_init__(self) -> None:
        if self.max_rounds < 1:
            raise ConfigurationError(f"max_rounds is {self.max_rounds}; the model is asked at least once")
        if self.on_tool_error not in ("return", "raise") and not callable(self.on_tool_error):
            raise ConfigurationError(f"on_tool_error is {self.on_tool_error!r}; 'return', 'raise' or a function")

    def handler(self, declared: Tool) -> Handler | None:
        """What runs the calls of a tool."""
        given = self.handlers.get(declared.name)
        if given is not None:
            return given
        return declared.function if isinstance(declared, FunctionTool) else None


def bind(checked: CheckedCall, declared: Tool, handler: Handler) -> Callable[[], Any]:
    """The call, ready to be made; raises `InvalidToolArgumentsError` where the function's own types refuse it."""
    is_typed = isinstance(declared, FunctionTool) and declared.is_typed and handler is declared.function
    if not is_typed:
        return partial(handler, **checked.arguments)
    import pydantic
    from pydantic_core import ArgsKwargs

    try:
        positional, named = _argument_reader(handler).validate_python(ArgsKwargs((), dict(checked.arguments)))
    except pydantic.ValidationError as error:
        problems = tuple(f"/{'/'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise invalid_arguments(checked.call, problems) from error
    return partial(handler, *positional, **named)


@lru_cache(maxsize=512)
def _argument_reader(function: Handler) -> TypeAdapter[Any]:
    """Turns JSON arguments into what the function's annotations name, and calls nothing."""
    import pydantic

    @wraps(function)
    def arguments(*positional: Any, **named: Any) -> Any:
        return positional, named

    return pydantic.TypeAdapter(cast("Any", arguments))


def check_arguments(call: ToolCallPart, declared: Tool) -> CheckedCall:
    """The call with arguments that the tool's own schema accepts, every repair on record.

    For those who run tools themselves; `Client.run` does this for each call. Raises `InvalidToolArgumentsError`, which
    `tool_result(call.id, error)` turns into what the model is told.
    """
    return check_call(call, declared)


# ---- events of a run that is streamed --------------------------------------------------------------------------------


@dataclass(frozen=True)
class RoundFinished(Generic[T_co]):
    """An answer has ended, and the tools it called have run."""

    round: Round[T_co]


@dataclass(frozen=True)
class RunFinished(Generic[T_co]):
    """The last event."""

    run: Run[T_co]


RunEvent: TypeAlias = Delta | PartialOutput | Restarted | RoundFinished[T_co] | RunFinished[T_co]
