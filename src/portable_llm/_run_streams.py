"""How a run with tools is opened for a client, and the objects that hand out its events; loaded on the first run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from portable_llm import _fallback as fallback
from portable_llm._errors import ConfigurationError, InvalidRequestError, PortableLLMError
from portable_llm._events import PartialOutput, Restarted, Started
from portable_llm._exchange import Link
from portable_llm._json import JsonValue
from portable_llm._loop import RunExchange, run_tools, without_end
from portable_llm._messages import Message
from portable_llm._request import Request, request
from portable_llm._spending import SEND_OPTIONS
from portable_llm.tools import FunctionTool, Loop, LoopOptions, Run, RunEvent, RunFinished

if TYPE_CHECKING:
    from portable_llm.transport import AsyncRun, SyncRun

T = TypeVar("T")

Messages = str | Message | Sequence[Message]


def open_run(
    client: Any, what: str | Request[Any], messages: Messages | None, options: dict[str, Any], stream: bool
) -> tuple[Request[Any], RunExchange[Any]]:
    """The request that starts the run, and the run; raises what `chat` raises before anything is sent.

    `client` is either client: the rooms are one, split by size alone.
    """
    on_loss = options.pop("on_loss", None)
    sending = {name: options.pop(name) for name in SEND_OPTIONS if name in options}
    loop = Loop(**{name: options.pop(name) for name in LoopOptions.__annotations__ if name in options})
    if isinstance(what, Request):
        if messages is not None or any(value is not None for value in options.values()):
            raise InvalidRequestError("a Request is complete: change it with dataclasses.replace(request, ...)")
        start = what
    elif messages is None:
        raise InvalidRequestError('messages are missing: run("provider:model", "Hello", tools=[...])')
    else:
        start = cast("Request[Any]", request(what, messages, **options))
    if unknown := loop.handlers.keys() - {tool.name for tool in start.tools}:
        raise InvalidRequestError(f"handlers names {min(unknown)!r}, which is none of the request's tools")

    purse = client._limits.with_(sending).purse()  # of the whole run

    def ask(asked: Request[Any], left: float | None) -> Any:
        routes, policy = client._routes(client._plan(asked, stream=stream), on_loss, sending, purse)
        routes = tuple(replace(route, link=_within(route.link, left)) for route in routes)
        return without_end(fallback.stream(routes, policy)) if stream else fallback.chat(routes, policy)

    return start, run_tools(start, loop, ask)


def _within(link: Link, left: float | None) -> Link:
    """The link with no more time for an answer than the run has left."""
    total = link.timeouts.total
    if left is None or (total is not None and total <= left):
        return link
    return replace(link, timeouts=replace(link.timeouts, total=left))


def refuse_async(start: Request[Any]) -> None:
    for tool in start.tools:
        if isinstance(tool, FunctionTool) and tool.is_async:
            raise ConfigurationError(f"the tool {tool.name!r} is async, and this client is not: use AsyncClient")


class _Events(Generic[T]):
    """What both kinds of run streams have."""

    _run: Run[T] | None = None
    _partial: PartialOutput | None = None

    def _note(self, event: RunEvent[T]) -> RunEvent[T]:
        if isinstance(event, PartialOutput):
            self._partial = event
        elif isinstance(event, (Started, Restarted)):  # the next answer, or the same once more
            self._partial = None
        elif isinstance(event, RunFinished):
            self._run = event.run
        return event

    @property
    def partial(self) -> JsonValue:
        """The wanted value so far, in the answer that is coming or came last; as `Stream.partial`."""
        return None if self._partial is None else self._partial.value

    @property
    def run(self) -> Run[T]:
        """The whole run; raises `PortableLLMError` before its last event has come."""
        if self._run is None:
            raise PortableLLMError("the run is not finished; read its events to the end, or call finish()")
        return self._run


class RunStream(_Events[T]):
    """Events of all rounds of a run, the last of them `RunFinished`: iterate over it inside a `with` block."""

    def __init__(self, events: SyncRun[Any, Any]) -> None:
        self._events = events

    def __iter__(self) -> Iterator[RunEvent[T]]:
        return self

    def __next__(self) -> RunEvent[T]:
        return self._note(next(self._events))

    def finish(self) -> Run[T]:
        """Read the rest and give the whole run."""
        for _ in self:
            pass
        return self.run

    def close(self) -> None:
        """End the run and close its connection at once."""
        self._events.close()

    def __enter__(self) -> RunStream[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncRunStream(_Events[T]):
    """Events of all rounds of a run; as `RunStream`, with `async with` and `async for`."""

    def __init__(self, events: AsyncRun[Any, Any]) -> None:
        self._events = events

    def __aiter__(self) -> AsyncIterator[RunEvent[T]]:
        return self

    async def __anext__(self) -> RunEvent[T]:
        return self._note(await anext(self._events))

    async def finish(self) -> Run[T]:
        """Read the rest and give the whole run."""
        async for _ in self:
            pass
        return self.run

    async def close(self) -> None:
        """End the run and close its connection at once."""
        await self._events.aclose()

    async def __aenter__(self) -> AsyncRunStream[T]:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
