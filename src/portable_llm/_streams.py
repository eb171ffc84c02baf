"""`Stream` and `AsyncStream`: events of one answer, and what they add up to so far."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from portable_llm._errors import PortableLLMError
from portable_llm._events import Event, Finished, PartialOutput, Restarted, TextDelta
from portable_llm._json import JsonValue
from portable_llm._plan import Plan
from portable_llm._response import Refused, Response

if TYPE_CHECKING:
    from portable_llm.transport import AsyncRun, SyncRun

T = TypeVar("T")


class _Progress(Generic[T]):
    """What has come so far; one consumer."""

    def __init__(self, plan: Plan[T]) -> None:
        self.plan = plan
        """What was sent, with its ledger; after `Restarted`, to the model that goes on."""
        self._pieces: list[str] = []
        self._partial: PartialOutput | None = None
        self._response: Response[T] | None = None

    def _note(self, event: Event[T]) -> None:
        kind = type(event)
        if kind is TextDelta:
            self._pieces.append(cast("TextDelta", event).text)
        elif kind is PartialOutput:
            self._partial = cast("PartialOutput", event)
        elif kind is Finished:
            self._response = cast("Finished[T]", event).response
            if type(self._response.outcome) is Refused:  # some providers say so behind the words of it
                self._partial = None
        elif kind is Restarted:
            self._pieces.clear()
            self._partial = None
            self.plan = cast("Plan[T]", cast("Restarted", event).plan or self.plan)

    @property
    def text(self) -> str:
        """The visible text so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    @property
    def partial(self) -> JsonValue:
        """The wanted value as far as it is certain, as JSON in the shape that was asked for: the last `PartialOutput`.

        `None` before anything of it can be shown, and where no value was asked for. What is not there yet is absent; a
        string may still grow. It stays after an error, and is not checked: the value to rely on is `response.parsed`.
        """
        return None if self._partial is None else self._partial.value

    @property
    def response(self) -> Response[T]:
        """The whole answer; raises `PortableLLMError` before the last event has come."""
        if self._response is None:
            raise PortableLLMError("the stream is not finished; read its events to the end, or call finish()")
        return self._response


class Stream(_Progress[T]):
    """Events of one answer: iterate over it inside a `with` block.

    Exactly one `Finished` comes last. A broken stream raises, with what had come as `error.partial`.
    """

    def __init__(self, run: SyncRun[Any, Any], plan: Plan[T]) -> None:
        super().__init__(plan)
        self._run = run

    def __iter__(self) -> Iterator[Event[T]]:
        return self

    def __next__(self) -> Event[T]:
        event = cast("Event[T]", next(self._run))
        self._note(event)
        return event

    def texts(self) -> Iterator[str]:
        """Only the pieces of visible text."""
        for event in self:
            if type(event) is TextDelta:
                yield event.text

    def finish(self) -> Response[T]:
        """Read the rest and give the whole answer."""
        for _ in self:
            pass
        return self.response

    def close(self) -> None:
        """Close the connection at once, read or not."""
        self._run.close()

    def __enter__(self) -> Stream[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncStream(_Progress[T]):
    """Events of one answer: iterate over it inside an `async with` block; everything else is as in `Stream`."""

    def __init__(self, run: AsyncRun[Any, Any], plan: Plan[T]) -> None:
        super().__init__(plan)
        self._run = run

    def __aiter__(self) -> AsyncIterator[Event[T]]:
        return self

    async def __anext__(self) -> Event[T]:
        event = cast("Event[T]", await anext(self._run))
        self._note(event)
        return event

    async def texts(self) -> AsyncIterator[str]:
        """Only the pieces of visible text."""
        async for event in self:
            if type(event) is TextDelta:
                yield event.text

    async def finish(self) -> Response[T]:
        """Read the rest and give the whole answer."""
        async for _ in self:
            pass
        return self.response

    async def close(self) -> None:
        """Close the connection at once, read or not."""
        await self._run.aclose()

    async def __aenter__(self) -> AsyncStream[T]:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
