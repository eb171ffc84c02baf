"""What the drivers share about httpx2 and httpx: time limits, requests, replies, and what their exceptions mean.

Neither library is imported here: they have the same names, and an exception is recognised by the names of its bases.

Time limits. httpx has one limit per socket read, fixed when the request is sent, and none for the whole: a server that
drips a byte per second holds a blocking call for ever. So each call has a `Bound`, which says before every read how
long it may take, and `guard_…` puts it in front of a connection's `read` and `write`. It gets hold of a connection by
the `trace` and `network_stream` extensions of httpx, which are public. What it cannot bound, in blocking calls only:
- name resolution (`getaddrinfo` has no limit) and the second and further addresses of a name, each of which gets the
  connect limit again;
- headers that drip in over a connection which the application's own client opened past us, or for the second request
  of an auth flow;
- transports without a network stream (mocks, WSGI, foreign ones): there only the time between two chunks is checked.
An async call is ended by the event loop, whatever it waits for.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from portable_llm._errors import (
    ConfigurationError,
    ConnectionFailedError,
    PortableLLMError,
    ProviderTimeoutError,
)
from portable_llm._http import HttpReply, Send
from portable_llm.transport._bodies import ACCEPTED

Phase: TypeAlias = Literal["connect", "read", "first_token", "idle", "total"]

MAX_CONNECTIONS = 1000
MAX_IDLE_CONNECTIONS = 100
KEEP_ALIVE = 30.0
"""Seconds an idle connection is kept."""

_SLICE = 64 * 1024


class Bound:
    """How long one HTTP call may still take."""

    __slots__ = ("deadline", "is_sent", "limit", "phase", "reason", "send", "until", "until_phase")

    def __init__(self, send: Send, now: float) -> None:
        timeouts = send.timeouts
        total = None if timeouts.total is None else now + timeouts.total
        self.send = send
        self.until_phase: Phase
        self.deadline = total if send.deadline is None else send.deadline
        """Monotonic time at which the exchange ends in any case."""
        self.until, self.until_phase = self.deadline, "total"
        self.limit = timeouts.read
        """Seconds for one read or write."""
        self.phase: Phase = "read"
        self.is_sent: bool | None = None
        """Whether bytes went out; `None`: the HTTP client does not say."""
        if send.stream:
            self._expect_first_token(now)
        self.reason: Phase = self.phase
        """The limit that the last wait was given."""

    def _expect_first_token(self, now: float) -> None:
        seconds = self.send.timeouts.first_token
        self.limit, self.phase = None, "first_token"
        if seconds is not None and (self.until is None or now + seconds < self.until):
            self.until, self.until_phase = now + seconds, "first_token"

    def start_idle(self) -> None:
        """The first bytes came: from here on the idle limit holds."""
        self.until, self.until_phase = self.deadline, "total"
        self.limit, self.phase, self.reason = self.send.timeouts.idle, "idle", "idle"

    def left(self) -> float | None:
        """Seconds until it ends in any case."""
        return None if self.until is None else max(self.until - time.monotonic(), 0.0)

    @property
    def is_over(self) -> bool:
        """No time is left."""
        return self.until is not None and self.until <= time.monotonic()

    def seconds(self) -> float | None:
        """How long the next wait may take; raises `ProviderTimeoutError` when no time is left."""
        if self.until is None:
            self.reason = self.phase
            return self.limit
        left = self.until - time.monotonic()
        if self.limit is not None and self.limit <= left:
            self.reason = self.phase
            return self.limit
        self.reason = self.until_phase
        if left <= 0:
            raise self.error()
        return left

    def error(self, phase: Phase | None = None) -> ProviderTimeoutError:
        """The limit that was exceeded, as an error."""
        phase = phase or self.reason
        error = ProviderTimeoutError(
            f"{place(self.send.url)}: {_WAITED_FOR[phase]} took longer than timeouts.{phase} allows", phase=phase
        )
        if self.is_sent is False:
            error.is_sent = False
        return error


def late_for_limiter(wait: float) -> ProviderTimeoutError:
    """The rate limit grants the call only after its deadline."""
    error = ProviderTimeoutError(
        f"the rate limit asks to wait {wait:.1f} s more, longer than timeouts.total allows; nothing was sent",
        phase="total",
    )
    error.is_sent = False
    return error


_WAITED_FOR: dict[Phase, str] = {
    "connect": "connecting",
    "read": "the answer",
    "first_token": "the first byte of the stream",
    "idle": "the next bytes of the stream",
    "total": "the whole exchange, with all its attempts,",
}

current: ContextVar[Bound | None] = ContextVar("current", default=None)
"""The bound of the call that this thread or task is waiting for."""


# ---- connections -----------------------------------------------------------------------------------------------------


def guard(stream: Any) -> None:
    """Let a blocking connection ask the current bound before it waits."""
    if "read" in getattr(stream, "__dict__", {"read": None}):
        return
    read, write = stream.read, stream.write

    def bounded_read(max_bytes: int, timeout: float | None = None) -> bytes:
        bound = current.get()
        return read(max_bytes, timeout if bound is None else bound.seconds())

    def bounded_write(buffer: bytes, timeout: float | None = None) -> None:
        bound = current.get()
        if bound is None:
            return write(buffer, timeout)
        # In slices: the client's own loop would give each of its partial sends the whole time anew.
        for start in range(0, len(buffer), _SLICE):
            write(buffer[start : start + _SLICE], bound.seconds())
        return None

    stream.read, stream.write = bounded_read, bounded_write


def guard_async(stream: Any) -> bool:
    """Let an async connection ask the current bound before it waits → whether it does now."""
    if "read" in getattr(stream, "__dict__", {"read": None}):
        return hasattr(stream, "__dict__")
    read = stream.read

    async def bounded_read(max_bytes: int, timeout: float | None = None) -> bytes:
        bound = current.get()
        return await read(max_bytes, timeout if bound is None else bound.seconds())

    stream.read = bounded_read
    return True


_OPENED = ("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")


def note(bound: Bound, name: str, info: Mapping[str, Any]) -> None:
    """Learn from a trace event whether the request has begun to go out."""
    if bound.is_sent is None:
        bound.is_sent = False
    if name.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
        bound.is_sent = True
        # All is known now, and each of the eight events to come would cost as much as a streamed chunk.
        info["request"].extensions.pop("trace", None)


def trace(bound: Bound) -> Callable[[str, Mapping[str, Any]], None]:
    """The `trace` extension of a blocking call."""

    def on_event(name: str, info: Mapping[str, Any]) -> None:
        note(bound, name, info)
        if name.endswith(_OPENED):
            guard(info["return_value"])

    return on_event


def trace_async(bound: Bound) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
    """The `trace` extension of an async call."""

    async def on_event(name: str, info: Mapping[str, Any]) -> None:
        note(bound, name, info)

    return on_event


# ---- requests and replies --------------------------------------------------------------------------------------------


def request_arguments(bound: Bound, on_event: Callable[..., Any]) -> dict[str, Any]:
    """Keyword arguments for `Request` or `build_request`."""
    send = bound.send
    headers = {name.lower(): value for name, value in send.headers.items()}
    headers["accept-encoding"] = ACCEPTED
    extensions = {"timeout": client_limits(bound), "trace": on_event}
    return {"headers": headers, "content": send.body, "extensions": extensions}


def request_builder(library: Any) -> Callable[..., Any]:
    """Makes the library's requests, the quick way: URLs are parsed once, since a client talks to few, and the headers
    that every request needs are set here instead of being worked out from all the forms a body may have."""
    make, wrap, parsed = library.Request, library.ByteStream, lru_cache(maxsize=256)(library.URL)

    def build(method: str, url: str, *, headers: dict[str, str], content: bytes, extensions: dict[str, Any]) -> Any:
        target = parsed(url)
        head = {"host": target.netloc.decode("ascii"), **headers}
        if content or method not in ("GET", "HEAD"):
            head["content-length"] = str(len(content))
        return make(method, target, headers=head, stream=wrap(content), extensions=extensions)

    return build


def client_limits(bound: Bound) -> dict[str, float | None]:
    """The HTTP client's own limits: all there is where no bound can be put in front of the connection."""
    timeouts, left = bound.send.timeouts, bound.left()
    read = timeouts.first_token if bound.send.stream else timeouts.read
    limits = {"connect": timeouts.connect, "read": read, "write": read, "pool": None}
    return {name: _shorter(limit, left) for name, limit in limits.items()}


def _shorter(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else min(one, other)


def headers_of(response: Any) -> dict[str, str]:
    """Names in lower case; a field that came twice is joined by commas."""
    headers: dict[str, str] = {}
    raw: list[tuple[bytes, bytes]] = response.headers.raw
    for name_bytes, value_bytes in raw:
        name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def reply_of(response: Any, body: bytes = b"", *, is_open: bool = False) -> HttpReply:
    """A response of the HTTP client as plain data."""
    status: int = response.status_code
    return HttpReply(status=status, headers=headers_of(response), body=body, is_open=is_open)


def raw_body(response: Any) -> tuple[str, Any]:
    """The content encoding and the chunks as they came; for a response that a hook has read: none, and its content."""
    if response.is_stream_consumed:
        return "", _Chunks([response.content])
    return response.headers.get("content-encoding", ""), response.stream


class _Chunks:
    """Chunks that are there already, for both kinds of loop."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


def place(url: str) -> str:
    """A URL for messages: without user, password, query and fragment, any of which may hold a secret."""
    scheme, separator, rest = url.partition("#")[0].partition("?")[0].partition("://")
    if not separator:
        return "the request"
    authority, slash, path = rest.partition("/")
    host, colon, port = authority.rpartition("@")[2].rpartition(":")
    # A port that is none is the rest of a password, one that had a "#" or "?" in it.
    shown = f"{host}{colon}{port}" if port.isdigit() or not colon or port.endswith("]") else host
    return f"{scheme}://{shown}{slash}{path}"


# ---- exceptions ------------------------------------------------------------------------------------------------------


def translate(error: Exception, bound: Bound) -> Exception:
    """What an exception of the HTTP client means; one that is none of its own comes back as it is.

    The original is not chained: it carries the request, and with it the credentials.
    """
    if isinstance(error, PortableLLMError):
        return error
    names = {cls.__name__ for cls in type(error).__mro__}
    for name, mapped in _MEANINGS.items():
        if name in names:
            return mapped(error, bound)
    if isinstance(error, RuntimeError) and error.args in _CLOSED:
        return ConfigurationError("the HTTP client was closed; give an open one, or none to have one made")
    return error


_CLOSED = {("Cannot send a request, as the client has been closed.",), ("Session is closed",)}


def _connect_timeout(error: Exception, bound: Bound) -> Exception:
    phase: Phase = bound.until_phase if bound.is_over else "connect"
    translated = ProviderTimeoutError(f"{place(bound.send.url)}: no connection within timeouts.{phase}", phase=phase)
    translated.is_sent = False
    return translated


def _pool_timeout(error: Exception, bound: Bound) -> Exception:
    translated = ProviderTimeoutError(
        f"{place(bound.send.url)}: all connections of the HTTP client were in use; allow more or send less at once",
        phase=bound.until_phase,
    )
    translated.is_sent = False
    return translated


def _read_timeout(error: Exception, bound: Bound) -> Exception:
    return bound.error(bound.until_phase if bound.is_over else bound.reason)


def _not_connected(error: Exception, bound: Bound) -> Exception:
    if "://" not in bound.send.url or "///" in place(bound.send.url):  # no host: httpx2 looks "" up
        return _bad_url(error, bound)
    return ConnectionFailedError(f"{place(bound.send.url)}: no connection: {_words(error)}", is_sent=False)


def _broken(error: Exception, bound: Bound) -> Exception:
    what = "the connection broke" if bound.is_sent is not False else "the connection broke before the request"
    return ConnectionFailedError(
        f"{place(bound.send.url)}: {what}: {_words(error)}", is_sent=bound.is_sent is not False
    )


def _bad_url(error: Exception, bound: Bound) -> Exception:
    return bad_url(bound.send)


def bad_url(send: Send) -> ConfigurationError:
    """No request can be made of this URL."""
    return ConfigurationError(f"{place(send.url)}: not a URL that can be called; check the base URL")


def _bad_request(error: Exception, bound: Bound) -> Exception:
    return bad_header(bound.send)


def is_valid_header(value: str) -> bool:
    """Whether HTTP can carry it."""
    return value.isascii() and value.isprintable() and value == value.strip()


def bad_header(send: Send) -> ConfigurationError:
    """The HTTP client quotes the header it dislikes, which may be the key: only its name is told."""
    for name, value in send.headers.items():
        if not is_valid_header(value):
            return ConfigurationError(
                f"the value of the header {name!r} has characters that HTTP forbids (a line break, a blank at an end, "
                "a letter beyond ASCII); check where the key or header was copied from"
            )
    return ConfigurationError(f"{place(send.url)}: the HTTP client refused the request as malformed")


_MEANINGS: dict[str, Callable[[Exception, Bound], Exception]] = {
    "ConnectTimeout": _connect_timeout,
    "ConnectionTimeoutError": _connect_timeout,
    "PoolTimeout": _pool_timeout,
    "TimeoutException": _read_timeout,
    "TimeoutError": _read_timeout,
    "ConnectError": _not_connected,
    "ClientConnectorError": _not_connected,
    "ClientHttpProxyError": _not_connected,
    "ProxyError": _not_connected,
    "UnsupportedProtocol": _bad_url,
    "InvalidURL": _bad_url,
    "NonHttpUrlClientError": _bad_url,
    "LocalProtocolError": _bad_request,
    "UnicodeEncodeError": _bad_request,
    "TransportError": _broken,
    "ClientError": _broken,
    "OSError": _broken,
}
"""httpx's and aiohttp's, by name of the exception or one of its bases; the first that fits counts."""


def _words(error: Exception) -> str:
    text = "".join(char if char.isprintable() else " " for char in str(error)[:200])
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


# ---- clients ---------------------------------------------------------------------------------------------------------


def check_client(client: object, wanted: Literal["Client", "AsyncClient"]) -> None:
    """Raises `ConfigurationError` unless `client` is one of httpx2 or httpx of that kind."""
    # Whoever made a client has imported its library, so nothing needs to be imported to recognise it.
    for name in ("httpx2", "httpx"):
        kind: type | None = getattr(sys.modules.get(name), wanted, None)
        if kind is not None and isinstance(client, kind):
            return
    came = f"{type(client).__module__.partition('.')[0]}.{type(client).__name__}"
    other = "AsyncClient" if wanted == "Client" else "Client"
    raise ConfigurationError(
        f"http_client must be an httpx2.{wanted} or httpx.{wanted}, not {came}; "
        f"pass one of these, or use portable_llm.{other} if {came} is meant for it"
    )


class Direct:
    """A driver's own client where no proxy stands in between: the transport itself.

    A `Client` also looks after redirects, cookies and auth flows, which no exchange uses and every call would pay for.
    """

    __slots__ = ("transport",)

    def __init__(self, transport: Any) -> None:
        self.transport = transport

    def send(self, request: Any, **_: object) -> Any:
        """The response to a request, its body still to come."""
        response = self.transport.handle_request(request)
        response.request = request
        return response

    def close(self) -> None:
        self.transport.close()


class AsyncDirect(Direct):
    """The same for async calls."""

    __slots__ = ()

    async def send(self, request: Any, **_: object) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        response = await self.transport.handle_async_request(request)
        response.request = request
        return response

    async def aclose(self) -> None:
        await self.transport.aclose()


def own_client(library: Any, *, is_async: bool) -> Any:
    """The client a driver makes for itself from the HTTP library."""
    from urllib.request import getproxies  # the HTTP library has loaded it

    limits = library.Limits(
        max_connections=MAX_CONNECTIONS,
        max_keepalive_connections=MAX_IDLE_CONNECTIONS,
        keepalive_expiry=KEEP_ALIVE,
    )
    if getproxies():
        make = library.AsyncClient if is_async else library.Client
        return make(http2=False, timeout=None, follow_redirects=False, limits=limits)
    if is_async:
        return AsyncDirect(library.AsyncHTTPTransport(http2=False, limits=limits))
    return Direct(library.HTTPTransport(http2=False, limits=limits))
