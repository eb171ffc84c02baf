"""The async driver: `_sync` with `await`, and time limits that the event loop keeps."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast
from weakref import WeakKeyDictionary

from portable_llm._errors import ConfigurationError, TransportError
from portable_llm._http import Acquire, HttpReply, Now, Pause, Raised, Read, Record, Send, Step, Token, Work
from portable_llm.transport import _httpx
from portable_llm.transport._bodies import Inflater, WholeBody, inflater

if TYPE_CHECKING:
    import httpx
    import httpx2

E = TypeVar("E")
R = TypeVar("R")


class AsyncDriver:
    """Runs exchanges on the running asyncio loop.

    Without a `client` it makes an `httpx2.AsyncClient` on the first `Send` of each event loop, since connections belong
    to the loop that opened them; `aclose` closes the running loop's. A client that was passed in stays its owner's.
    Raises `ConfigurationError` for a client of another kind.
    """

    def __init__(
        self,
        client: httpx2.AsyncClient | httpx.AsyncClient | None = None,
        *,
        recorder: Callable[[object], object] | None = None,
    ) -> None:
        if client is not None:
            _httpx.check_client(client, "AsyncClient")
        self.recorder = recorder
        """Takes the entries of `Record` steps; returns, or is awaited, until one is durable."""
        self._client: Any = client
        self._build: Callable[..., Any] | None = None if client is None else client.build_request
        self._own: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()
        self._is_closed = False

    async def run(self, exchange: Generator[Step | Any, Any, R]) -> R:
        """The answer of an exchange; events, if it has any, are dropped."""
        async with self.open(exchange) as run:
            async for _ in run:
                pass
            return run.value

    def open(self, exchange: Generator[Step | E, Any, R]) -> AsyncRun[E, R]:
        """An exchange whose events are wanted; nothing happens before the first is asked for."""
        return AsyncRun(self, exchange)

    async def aclose(self) -> None:
        """Close the running loop's HTTP client, if it is the driver's own; further exchanges raise."""
        self._is_closed = True
        own = self._own.pop(asyncio.get_running_loop(), None)
        if own is not None:
            await self._close_own(own)

    async def send(self, step: Send) -> tuple[HttpReply, AsyncOpenReply | None]:
        """One HTTP call: its reply, whole, or open beside what reads it. Raises `TransportError`."""
        bound = _httpx.Bound(step, time.monotonic())
        token = _httpx.current.set(bound)
        try:
            bound.seconds()
            async with asyncio.timeout(bound.left()):
                response = await self._respond(bound)
            return await _receive(response, bound)
        except Exception as raised:
            error = _httpx.translate(raised, bound)
        finally:
            _httpx.current.reset(token)
        raise error  # outside of the handler, so that the original, which holds credentials, is not its context

    async def _respond(self, bound: _httpx.Bound) -> Any:
        """The response, its body still to come."""
        client, build = self._connect()
        arguments = _httpx.request_arguments(bound, _httpx.trace_async(bound))
        request = build(bound.send.method, bound.send.url, **arguments)
        return await client.send(request, stream=True, follow_redirects=False)

    def _connect(self) -> tuple[Any, Callable[..., Any]]:
        self._check_open()
        client = self._client or self._own.get(asyncio.get_running_loop()) or self._make_client()
        return client, cast("Callable[..., Any]", self._build)

    def _make_client(self) -> Any:
        import httpx2  # on the first call: importing it takes longer than all of this library

        self._build = self._build or _httpx.request_builder(httpx2)
        own = self._own[asyncio.get_running_loop()] = _httpx.own_client(httpx2, is_async=True)
        return own

    def _check_open(self) -> None:
        if self._is_closed:
            raise ConfigurationError("this client was closed; make a new one")

    async def _close_own(self, own: Any) -> None:
        await own.aclose()


async def _receive(response: Any, bound: _httpx.Bound) -> tuple[HttpReply, AsyncOpenReply | None]:
    try:
        is_guarded = _httpx.guard_async(response.extensions.get("network_stream"))
        if bound.send.stream and 200 <= response.status_code < 300:
            opened = AsyncOpenReply(response, bound, is_guarded)
            return _httpx.reply_of(response, is_open=True), opened
        body = await _read_whole(response, bound)
    except BaseException:
        await response.aclose()
        raise
    await response.aclose()
    return _httpx.reply_of(response, body), None


async def _read_whole(response: Any, bound: _httpx.Bound) -> bytes:
    encoding, chunks = _httpx.raw_body(response)
    body = WholeBody(response.status_code, encoding)
    try:
        async with asyncio.timeout(bound.left()):
            async for chunk in chunks:
                if not body.feed(chunk):
                    return body.content
    except Exception as raised:
        error = _httpx.translate(raised, bound)
        if not (isinstance(error, TransportError) and response.status_code >= 400):
            raise
        return body.content  # the status is known, and says more than that its explanation broke off
    return body.finish()


class AsyncOpenReply:
    """The rest of a reply that is being streamed."""

    __slots__ = ("_bound", "_chunks", "_inflater", "_is_first", "_is_guarded", "_pieces", "_response")

    def __init__(self, response: Any, bound: _httpx.Bound, is_guarded: bool) -> None:
        encoding, chunks = _httpx.raw_body(response)
        self._response, self._bound, self._is_guarded = response, bound, is_guarded
        self._chunks: AsyncIterator[bytes] = aiter(chunks)
        self._inflater: Inflater | None = inflater(encoding)
        self._pieces: Iterator[bytes] = iter(())
        self._is_first = True

    async def read(self) -> bytes | None:
        """The next bytes, `None` at the end; raises `TransportError`, `UnreadableAnswerError`."""
        token = _httpx.current.set(self._bound)
        try:
            if self._is_first or self._inflater is not None:
                return await self._read_carefully()
            return await self._next_chunk()
        except Exception as raised:
            error = _httpx.translate(raised, self._bound)
        finally:
            _httpx.current.reset(token)
        raise error

    async def _next_chunk(self) -> bytes | None:
        try:
            if self._is_guarded:
                return await anext(self._chunks)
            async with asyncio.timeout(self._bound.seconds()):
                return await anext(self._chunks)
        except StopAsyncIteration:
            await self._response.aclose()
            return None

    async def _read_carefully(self) -> bytes | None:
        while (piece := next(self._pieces, None)) is None:
            raw = await self._next_chunk()
            if raw is None:
                if self._inflater is not None:
                    self._inflater.finish()
                return None
            if self._is_first and raw:
                self._is_first = False
                self._bound.start_idle()
            self._pieces = iter((raw,)) if self._inflater is None else self._inflater.feed(raw)
        return piece

    async def aclose(self) -> None:
        """End it: a connection with bytes to come is closed."""
        await self._response.aclose()
        end_chunks = getattr(self._chunks, "aclose", None)
        if end_chunks is not None:
            await end_chunks()


class AsyncRun(Generic[E, R]):
    """An exchange under way: iterate over its events, then `value` holds its answer."""

    def __init__(self, driver: AsyncDriver, exchange: Generator[Step | E, Any, R]) -> None:
        self._driver = driver
        self._exchange = exchange
        self._reply: AsyncOpenReply | None = None
        self._value: list[R] = []

    @property
    def value(self) -> R:
        """What the exchange returned; raises `RuntimeError` before its end."""
        if not self._value:
            raise RuntimeError("the exchange has not come to its end")
        return self._value[0]

    async def advance(self) -> E:
        """The next event; raises `StopAsyncIteration` at the exchange's end (see `value`), and what went wrong."""
        value: Any = None
        error: Exception | None = None
        try:
            while True:
                step = self._exchange.send(value) if error is None else self._exchange.throw(error)
                act = _ACTS.get(type(step))
                if act is None:
                    return cast("E", step)
                try:
                    value, error = await act(self, step), None
                except Exception as raised:
                    value, error = None, raised
        except StopIteration as stop:
            self._value.append(stop.value)
        except BaseException:
            await self.aclose()
            raise
        await self._drop_reply()
        raise StopAsyncIteration

    def events(self) -> AsyncIterator[E]:
        """The events, one after another."""
        return self

    async def aclose(self) -> None:
        """End the exchange and close its connection at once; harmless when it is over."""
        try:
            await self._drop_reply()
        finally:
            self._exchange.close()

    __anext__ = advance

    def __aiter__(self) -> Self:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # ---- steps

    async def _drop_reply(self) -> None:
        reply, self._reply = self._reply, None
        if reply is not None:
            await reply.aclose()

    async def _send(self, step: Send) -> HttpReply:
        await self._drop_reply()
        reply, self._reply = await self._driver.send(step)
        return reply

    async def _read(self, step: Read) -> bytes | None:
        if self._reply is None:
            raise RuntimeError("Read without an open reply: the Send before it needs stream=True and a 2xx answer")
        try:
            return await self._reply.read()
        except Exception:
            await self._drop_reply()
            raise

    async def _pause(self, step: Pause) -> None:
        await asyncio.sleep(max(step.seconds, 0.0))

    async def _acquire(self, step: Acquire) -> None:
        while (wait := step.limiter.reserve(step.cost, now := time.monotonic())) > 0:
            if step.deadline is not None and now + wait > step.deadline:
                raise _httpx.late_for_limiter(wait)
            await asyncio.sleep(wait)

    async def _record(self, step: Record) -> None:
        if self._driver.recorder is not None:
            await _settled(self._driver.recorder(step.entry))

    async def _token(self, step: Token) -> object:
        return await _settled(await asyncio.to_thread(step.source) if step.may_block else step.source())

    async def _now(self, step: Now) -> float:
        return time.monotonic() if step.clock == "monotonic" else time.time()

    async def _work(self, step: Work) -> list[object]:
        gate = asyncio.Semaphore(max(step.workers or len(step.jobs), 1))
        return list(await asyncio.gather(*(_outcome(job, gate, step.deadline) for job in step.jobs)))


async def _outcome(job: Callable[[], object], gate: asyncio.Semaphore, deadline: float | None) -> object:
    try:
        async with gate, asyncio.timeout(left := None if deadline is None else deadline - time.monotonic()):
            if left is not None and left <= 0:
                raise TimeoutError("not started: the time of the run is over")
            # A function that is not async may block: it gets a thread, so that the others and the loop go on.
            return await job() if inspect.iscoroutinefunction(job) else await _settled(await asyncio.to_thread(job))  # type: ignore[misc]
    except Exception as error:
        return Raised(error)


async def _settled(value: object) -> object:
    return await value if inspect.isawaitable(value) else value


_ACTS: dict[type, Callable[[AsyncRun[Any, Any], Any], Awaitable[Any]]] = {
    Read: AsyncRun[Any, Any]._read,  # pyright: ignore[reportPrivateUsage]
    Send: AsyncRun[Any, Any]._send,  # pyright: ignore[reportPrivateUsage]
    Pause: AsyncRun[Any, Any]._pause,  # pyright: ignore[reportPrivateUsage]
    Acquire: AsyncRun[Any, Any]._acquire,  # pyright: ignore[reportPrivateUsage]
    Record: AsyncRun[Any, Any]._record,  # pyright: ignore[reportPrivateUsage]
    Token: AsyncRun[Any, Any]._token,  # pyright: ignore[reportPrivateUsage]
    Now: AsyncRun[Any, Any]._now,  # pyright: ignore[reportPrivateUsage]
    Work: AsyncRun[Any, Any]._work,  # pyright: ignore[reportPrivateUsage]
}
