"""A run with tools, written once: ask, hold the calls to their schemas, run them, send the results, ask again.

Like every exchange it is a generator of steps and events; the tools run inside of a `Work` step. Whatever ends it,
nothing is lost: each error carries the run so far, and each call in its messages has a result, so that the
conversation can go on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from portable_llm._calls._arguments import CheckedCall, check_call
from portable_llm._errors import (
    ConfigurationError,
    InvalidToolArgumentsError,
    PortableLLMError,
    ToolFailedError,
    ToolRunError,
    ToolRunLimitError,
)
from portable_llm._events import Finished
from portable_llm._http import Now, Raised, Step, Work
from portable_llm._messages import Message, ToolCallPart, ToolResultPart, tool_result
from portable_llm._request import NamedTool, Request, Tool
from portable_llm._response import Response
from portable_llm.tools import CallRecord, EndedBy, Loop, Round, RoundFinished, Run, RunEvent, RunFinished, bind

T = TypeVar("T")

RunExchange: TypeAlias = Generator[Step | RunEvent[T], Any, Run[T]]
Ask: TypeAlias = Callable[[Request[T], float | None], Generator[Any, Any, Response[T]]]
"""A request and the seconds left → the exchange that answers it."""

_WHOLE = ("tool_call", "stop")
"""Only after these words of the provider a call is known to have come whole."""
_CUT = "This call was not run: the answer that held it was cut off."
_LIMIT = "This call was not run: the limit of this run was reached."
_DECLINED = "The application did not allow this call, so it was not run."


def run_tools(request: Request[T], loop: Loop, ask: Ask[T]) -> RunExchange[T]:
    """Rounds until the model answers; raises `ToolRunError`s, and what `ask` raises, each with `run`."""
    progress = _Progress(request)
    try:
        deadline = None if loop.max_seconds is None else (yield Now()) + loop.max_seconds
        ended_by = yield from _rounds(progress, loop, ask, deadline)
    except PortableLLMError as error:
        if error.run is None:
            error.run = progress.run("limit" if isinstance(error, ToolRunLimitError) else "error")
        if isinstance(error, ToolRunError) and error.run.rounds:
            error.response = error.run.response
        raise
    run = progress.run(ended_by)
    yield RunFinished(run)
    return run


def without_end(stream: Generator[Any, Any, Response[T]]) -> Generator[Any, Any, Response[T]]:
    """The exchange of a streamed answer without its last event: in a run more may follow."""
    value: object = None
    error: BaseException | None = None
    try:
        while True:
            step = stream.send(value) if error is None else stream.throw(error)
            value, error = None, None
            if isinstance(step, Finished):
                continue
            try:
                value = yield step
            except GeneratorExit:
                stream.close()
                raise
            except BaseException as raised:
                error = raised
    except StopIteration as stop:
        return stop.value


class _Progress(Generic[T]):
    """What a run has done so far."""

    def __init__(self, request: Request[T]) -> None:
        self._request = request
        self.tools = {tool.name: tool for tool in request.tools}
        self._rounds: list[Round[T]] = []
        self._messages: list[Message] = []

    def next_request(self) -> Request[T]:
        """What is asked next. A forced call holds for the first round: for all, there would be no end."""
        choice = self._request.tool_choice
        is_done = bool(self._rounds) and (choice == "required" or isinstance(choice, NamedTool))
        messages = (*self._request.messages, *self._messages)
        return replace(self._request, messages=messages, tool_choice=None if is_done else choice)

    def calls_of(self, response: Response[T]) -> tuple[ToolCallPart, ...]:
        """The calls of tools; one that carries the wanted value is none."""
        output = self._request.output
        carrier = None if output is None or output.name in self.tools else output.name
        return tuple(call for call in response.tool_calls if call.name != carrier)

    def add(self, response: Response[T], calls: Sequence[CallRecord] = ()) -> Round[T]:
        done: Round[T] = Round(response=response, calls=tuple(calls))
        self._rounds.append(done)
        self._messages.extend(done.messages)
        return done

    def run(self, ended_by: EndedBy) -> Run[T]:
        return Run(rounds=tuple(self._rounds), messages=tuple(self._messages), ended_by=ended_by)


def _rounds(progress: _Progress[T], loop: Loop, ask: Ask[T], deadline: float | None) -> Generator[Any, Any, EndedBy]:
    for number in range(1, loop.max_rounds + 1):
        left = None if deadline is None else deadline - (yield Now())
        if left is not None and left <= 0:
            raise ToolRunLimitError(f"the run took longer than max_seconds={loop.max_seconds}; {_GO_ON}")
        request = progress.next_request()
        if loop.prepare is not None:
            request = _own("prepare", loop.prepare, request, progress.run("stop_when"))
        response = yield from ask(request, left)
        calls = progress.calls_of(response)
        ended_by = _end(response, calls)
        is_last = number == loop.max_rounds
        if ended_by is not None or is_last:
            why = _CUT if ended_by is not None else _LIMIT
            yield RoundFinished(progress.add(response, [_told(call, "not_run", why) for call in calls]))
            if ended_by is not None:
                return ended_by
            break
        records, failure = yield from _run_calls(calls, progress.tools, loop, deadline)
        records = _with_repairs(records, response)
        yield RoundFinished(progress.add(response, records))
        if failure is not None:
            raise failure
        if any(record.outcome == "pending" for record in records):
            return "pending"
        if loop.stop_when is not None and records and _own("stop_when", loop.stop_when, progress.run("stop_when")):
            return "stop_when"
    raise ToolRunLimitError(f"no answer within max_rounds={loop.max_rounds}; {_GO_ON}")


def _own(what: str, function: Callable[..., Any], *arguments: object) -> Any:
    """What a function of the application gives; what it raises ends the run, which keeps what was done."""
    try:
        return function(*arguments)
    except Exception as error:
        raise ToolFailedError(f"{what} raised {type(error).__name__}: {error}") from error


_GO_ON = "error.run has all that was done, and its messages go on from there"


def _end(response: Response[Any], calls: Sequence[ToolCallPart]) -> EndedBy | None:
    """Why the run is over with this answer; `None` if it goes on."""
    refusal = response.refusal
    # Words of refusal beside calls decline something else than the calls.
    if refusal is not None and (refusal.kind == "hard" or not calls):
        return "empty" if refusal.kind == "empty" else "refusal"
    if not calls:
        if response.finish_reason == "pause":  # the provider interrupted its own work: sent back, it goes on
            return None
        return "answer" if response.finish_reason in (*_WHOLE, "unknown") else "cut"
    return None if response.finish_reason in _WHOLE else "cut"


def _told(call: ToolCallPart, outcome: Any, words: object, error: Exception | None = None) -> CallRecord:
    """A call that was not run, and what the model is told."""
    return CallRecord(call=call, outcome=outcome, result=_result(call, words, is_error=True), error=error)


def _result(call: ToolCallPart, value: object, *, is_error: bool = False) -> ToolResultPart:
    (part,) = tool_result(call.id, value, is_error=is_error).parts
    assert isinstance(part, ToolResultPart)
    return part


# ---- one round of calls ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Ready:
    """A call that may be run."""

    place: int
    tool: Tool
    checked: CheckedCall
    job: Callable[[], object] = field(repr=False)

    @property
    def call(self) -> ToolCallPart:
        """With the arguments that were read."""
        return replace(self.checked.call, arguments=self.checked.arguments)

    def record(self, outcome: Any, result: ToolResultPart, error: Exception | None = None) -> CallRecord:
        return CallRecord(
            call=self.checked.call,
            outcome=outcome,
            arguments=self.checked.arguments,
            repairs=self.checked.repairs,
            result=result,
            error=error,
        )


def _run_calls(
    calls: Sequence[ToolCallPart], tools: dict[str, Tool], loop: Loop, deadline: float | None
) -> Generator[Step, Any, tuple[list[CallRecord], PortableLLMError | None]]:
    """What became of each call, in order, and the failure that ends the run."""
    prepared = [_prepare(call, place, tools, loop) for place, call in enumerate(calls)]
    records = {place: item for place, item in enumerate(prepared) if isinstance(item, CallRecord)}
    ready = [item for item in prepared if isinstance(item, _Ready)]
    failure: PortableLLMError | None = None
    if loop.approve is not None and ready:
        ready, failure = yield from _approved(ready, loop, records, deadline)
    if ready:
        results = yield Work(tuple(one.job for one in ready), loop.max_parallel, deadline)
        for one, result in zip(ready, results, strict=True):
            records[one.place], failed = _outcome(one, result, loop)
            failure = failure or failed
    return [records[place] for place in sorted(records)], failure


def _with_repairs(records: list[CallRecord], response: Response[Any]) -> list[CallRecord]:
    """The records with the edits that it took to read arguments which travel in another form."""
    repairs = {check.call.id: check.repairs for check in response.call_checks if check.repairs}
    if not repairs:
        return records
    return [replace(record, repairs=(*repairs.get(record.call.id, ()), *record.repairs)) for record in records]


def _prepare(call: ToolCallPart, place: int, tools: dict[str, Tool], loop: Loop) -> CallRecord | _Ready:
    tool = tools.get(call.name)
    if tool is None:
        names = ", ".join(sorted(tools)) or "none"
        return _told(call, "unknown_tool", f"There is no tool {call.name!r}. The tools are: {names}.")
    try:
        checked = check_call(call, tool)
        handler = loop.handler(tool)
        if handler is None:
            return CallRecord(call=call, outcome="pending", arguments=checked.arguments, repairs=checked.repairs)
        return _Ready(place, tool, checked, bind(checked, tool, handler))
    except InvalidToolArgumentsError as error:
        return _told(call, "invalid", error, error)


def _approved(
    ready: list[_Ready], loop: Loop, records: dict[int, CallRecord], deadline: float | None
) -> Generator[Step, Any, tuple[list[_Ready], PortableLLMError | None]]:
    """The calls that may run, asked for one after another; when asking itself fails, none may."""
    ask: Any = loop.approve
    answers = yield Work(tuple(partial(ask, one.call, one.tool) for one in ready), 1, deadline)
    failure: ToolFailedError | None = None
    for one, answer in zip(ready, answers, strict=True):
        if isinstance(answer, Raised):
            failure = failure or _failure(one.call, answer.error, "approve")
    kept: list[_Ready] = []
    for one, answer in zip(ready, answers, strict=True):
        if answer is True and failure is None:
            kept.append(one)
        else:
            words = answer if isinstance(answer, str) else _DECLINED
            records[one.place] = one.record("declined", _result(one.call, words, is_error=True))
    return kept, failure


def _outcome(one: _Ready, result: object, loop: Loop) -> tuple[CallRecord, PortableLLMError | None]:
    if not isinstance(result, Raised):
        try:
            return one.record("ran", _result(one.call, result)), None
        except PortableLLMError as error:  # the value is nothing that can be sent
            result = Raised(error)
    error = result.error
    words: object = error
    failure: PortableLLMError | None = None
    if isinstance(error, ConfigurationError):  # a tool that this client cannot run: nothing for the model to mend
        failure = error
    elif loop.on_tool_error == "raise":
        failure = _failure(one.call, error, one.tool.name)
    elif callable(loop.on_tool_error):
        try:
            words = loop.on_tool_error(one.call, error)
        except Exception as second:
            failure = _failure(one.call, second, "on_tool_error")
    return one.record("failed", _result(one.call, words, is_error=True), error), failure


def _failure(call: ToolCallPart, error: Exception, what: str) -> ToolFailedError:
    failure = ToolFailedError(f"{what} raised {type(error).__name__} for the call {call.id}: {error}")
    failure.__cause__ = error
    return failure
