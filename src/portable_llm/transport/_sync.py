"""The blocking driver. `_async` is the same with `await`; what does not wait is shared in `_httpx` and `_bodies`."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from portable_llm._errors import ConfigurationError, TransportError
from portable_llm._http import Acquire, HttpReply, Now, Pause, Raised, Read, Record, Send, Step, Token, Work
from portable_llm.transport import _httpx
from portable_llm.transport._bodies import Inflater, WholeBody, inflater

if TYPE_CHECKING:
    import httpx
    import httpx2

E = TypeVar("E")
R = TypeVar("R")


class SyncDriver:
    """Runs exchanges in the calling thread; may be shared by threads.

    Without a `client` it makes an `httpx2.Client` on the first `Send` and closes it with itself; one that was passed in
    stays its owner's. Raises `ConfigurationError` for a client of another kind.
    """

    def __init__(
        self,
        client: httpx2.Client | httpx.Client | None = None,
        *,
        recorder: Callable[[object], object] | None = None,
    ) -> None:
        if client is not None:
            _httpx.check_client(client, "Client")
        self.recorder = recorder
        """Takes the entries of `Record` steps; returns when one is durable."""
        self._client: Any = client
        self._is_own = client is None
        self._build: Callable[..., Any] | None = None if client is None else client.build_request
        self._is_closed = False
        self._lock = threading.Lock()

    def run(self, exchange: Generator[Step | Any, Any, R]) -> R:
        """The answer of an exchange; events, if it has any, are dropped."""
        with self.open(exchange) as run:
            for _ in run:
                pass
            return run.value

    def open(self, exchange: Generator[Step | E, Any, R]) -> SyncRun[E, R]:
        """An exchange whose events are wanted; nothing happens before the first is asked for."""
        return SyncRun(self, exchange)

    def close(self) -> None:
        """Close the HTTP client, if it is the driver's own; further exchanges raise `ConfigurationError`."""
        with self._lock:
            self._is_closed = True
            if self._is_own and self._client is not None:
                self._client.close()

    def send(self, step: Send) -> tuple[HttpReply, OpenReply | None]:
        """One HTTP call: its reply, whole, or open beside what reads it. Raises `TransportError`."""
        client, build = self._connect()
        bound = _httpx.Bound(step, time.monotonic())
        token = _httpx.current.set(bound)
        try:
            bound.seconds()
            arguments = _httpx.request_arguments(bound, _httpx.trace(bound))
            response = client.send(build(step.method, step.url, **arguments), stream=True, follow_redirects=False)
            return _receive(response, bound)
        except Exception as raised:
            error = _httpx.translate(raised, bound)
        finally:
            _httpx.current.reset(token)
        raise error  # outside of the handler, so that the original, which holds credentials, is not its context

    def _connect(self) -> tuple[Any, Callable[..., Any]]:
        if self._build is None or self._is_closed:
            with self._lock:
                if self._is_closed:
                    raise ConfigurationError("this client was closed; make a new one")
                if self._build is None:
                    self._make_client()
        return self._client, cast("Callable[..., Any]", self._build)

    def _make_client(self) -> None:
        import httpx2  # on the first call: importing it takes longer than all of this library

        self._client = _httpx.own_client(httpx2, is_async=False)
        self._build = _httpx.request_builder(httpx2)


def _receive(response: Any, bound: _httpx.Bound) -> tuple[HttpReply, OpenReply | None]:
    try:
        _httpx.guard(response.extensions.get("network_stream"))
        if bound.send.stream and 200 <= response.status_code < 300:
            opened = OpenReply(response, bound)
            return _httpx.reply_of(response, is_open=True), opened
        body = _read_whole(response, bound)
    except BaseException:
        response.close()
        raise
    response.close()
    return _httpx.reply_of(response, body), None


def _read_whole(response: Any, bound: _httpx.Bound) -> bytes:
    encoding, chunks = _httpx.raw_body(response)
    body = WholeBody(response.status_code, encoding)
    try:
        for chunk in chunks:
            if not body.feed(chunk):
                return body.content
            if bound.is_over:
                raise bound.error(bound.until_phase)
    except Exception as raised:
        error = _httpx.translate(raised, bound)
        if not (isinstance(error, TransportError) and response.status_code >= 400):
            raise
        return body.content  # the status is known, and says more than that its explanation broke off
    return body.finish()


class OpenReply:
    """The rest of a reply that is being streamed."""

    __slots__ = ("_bound", "_chunks", "_inflater", "_is_first", "_pieces", "_response")

    def __init__(self, response: Any, bound: _httpx.Bound) -> None:
        encoding, chunks = _httpx.raw_body(response)
        self._response, self._bound = response, bound
        self._chunks: Iterator[bytes] = iter(chunks)
        self._inflater: Inflater | None = inflater(encoding)
        self._pieces: Iterator[bytes] = iter(())
        self._is_first = True

    def read(self) -> bytes | None:
        """The next bytes, `None` at the end; raises `TransportError`, `UnreadableAnswerError`."""
        token = _httpx.current.set(self._bound)
        try:
            if self._is_first or self._inflater is not None:
                chunk = self._read_carefully()
            else:
                chunk = next(self._chunks, None)
            if chunk is None:
                self._response.close()
            return chunk
        except Exception as raised:
            error = _httpx.translate(raised, self._bound)
        finally:
            _httpx.current.reset(token)
        raise error

    def _read_carefully(self) -> bytes | None:
        while (piece := next(self._pieces, None)) is None:
            raw = next(self._chunks, None)
            if raw is None:
                if self._inflater is not None:
                    self._inflater.finish()
                return None
            if self._is_first and raw:
                self._is_first = False
                self._bound.start_idle()
            self._pieces = iter((raw,)) if self._inflater is None else self._inflater.feed(raw)
        return piece

    def close(self) -> None:
        """End it: a connection with bytes to come is closed."""
        self._response.close()


class SyncRun(Generic[E, R]):
    """An exchange under way: iterate over its events, then `value` holds its answer."""

    def __init__(self, driver: SyncDriver, exchange: Generator[Step | E, Any, R]) -> None:
        self._driver = driver
        self._exchange = exchange
        self._reply: OpenReply | None = None
        self._value: list[R] = []

    @property
    def value(self) -> R:
        """What the exchange returned; raises `RuntimeError` before its end."""
        if not self._value:
            raise RuntimeError("the exchange has not come to its end")
        return self._value[0]

    def advance(self) -> E:
        """The next event; raises `StopIteration` with the exchange's answer at its end, and what went wrong."""
        value: Any = None
        error: Exception | None = None
        try:
            while True:
                step = self._exchange.send(value) if error is None else self._exchange.throw(error)
                act = _ACTS.get(type(step))
                if act is None:
                    return cast("E", step)
                try:
                    value, error = act(self, step), None
                except Exception as raised:
                    value, error = None, raised
        except StopIteration as stop:
            self._value.append(stop.value)
            self._drop_reply()
            raise
        except BaseException:
            self.close()
            raise

    def events(self) -> Iterator[E]:
        """The events, one after another."""
        return self

    def close(self) -> None:
        """End the exchange and close its connection at once; harmless when it is over."""
        self._drop_reply()
        self._exchange.close()

    __next__ = advance

    def __iter__(self) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- steps

    def _drop_reply(self) -> None:
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.close()

    def _send(self, step: Send) -> HttpReply:
        self._drop_reply()
        reply, self._reply = self._driver.send(step)
        return reply

    def _read(self, step: Read) -> bytes | None:
        if self._reply is None:
            raise RuntimeError("Read without an open reply: the Send before it needs stream=True and a 2xx answer")
        try:
            return self._reply.read()
        except Exception:
            self._drop_reply()
            raise

    def _pause(self, step: Pause) -> None:
        time.sleep(max(step.seconds, 0.0))

    def _acquire(self, step: Acquire) -> None:
        while (wait := step.limiter.reserve(step.cost, now := time.monotonic())) > 0:
            if step.deadline is not None and now + wait > step.deadline:
                raise _httpx.late_for_limiter(wait)
            time.sleep(wait)

    def _record(self, step: Record) -> None:
        if self._driver.recorder is not None:
            _forbid_awaitable(self._driver.recorder(step.entry), "recorder")

    def _token(self, step: Token) -> object:
        return _forbid_awaitable(step.source(), "credential callback")

    def _now(self, step: Now) -> float:
        return time.monotonic() if step.clock == "monotonic" else time.time()

    def _work(self, step: Work) -> list[object]:
        if step.workers is None or step.workers < 2 or len(step.jobs) < 2:
            return [_outcome(job, step.deadline) for job in step.jobs]
        from concurrent.futures import ThreadPoolExecutor  # here: few programs run tools side by side

        with ThreadPoolExecutor(step.workers) as pool:
            started = [pool.submit(copy_context().run, _outcome, job, step.deadline) for job in step.jobs]
            return [future.result() for future in started]


def _outcome(job: Callable[[], object], deadline: float | None) -> object:
    if deadline is not None and time.monotonic() >= deadline:
        return Raised(TimeoutError("not started: the time of the run is over"))
    try:
        return _forbid_awaitable(job(), "function")
    except Exception as error:
        return Raised(error)


def _forbid_awaitable(value: object, what: str) -> object:
    if not inspect.isawaitable(value):
        return value
    if inspect.iscoroutine(value):
        value.close()
    raise ConfigurationError(f"the {what} is async, and this client is not: pass a plain function, or use AsyncClient")


_ACTS: dict[type, Callable[[SyncRun[Any, Any], Any], Any]] = {
    Read: SyncRun[Any, Any]._read,  # pyright: ignore[reportPrivateUsage]
    Send: SyncRun[Any, Any]._send,  # pyright: ignore[reportPrivateUsage]
    Pause: SyncRun[Any, Any]._pause,  # pyright: ignore[reportPrivateUsage]
    Acquire: SyncRun[Any, Any]._acquire,  # pyright: ignore[reportPrivateUsage]
    Record: SyncRun[Any, Any]._record,  # pyright: ignore[reportPrivateUsage]
    Token: SyncRun[Any, Any]._token,  # pyright: ignore[reportPrivateUsage]
    Now: SyncRun[Any, Any]._now,  # pyright: ignore[reportPrivateUsage]
    Work: SyncRun[Any, Any]._work,  # pyright: ignore[reportPrivateUsage]
}
