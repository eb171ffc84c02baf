"""HTTP as plain data, and the closed set of steps an exchange may take.

An exchange is a generator: it yields steps (and, for streams, events), is sent each step's result, and returns its
answer. A driver in `transport/` interprets the steps, so the conversation itself is written once for sync and async,
and a test can script it without a network or a clock.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from portable_llm._json import JsonValue, load_json

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """One HTTP request without host and credentials: what a plan holds and shows."""

    method: str = "POST"
    path: str
    """Path below the provider's base URL, with a leading slash; may carry a query."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Protocol headers (versions, betas); never credentials."""
    body: bytes = b""

    @property
    def json(self) -> JsonValue:
        """The body, decoded (`None` for an empty one)."""
        return load_json(self.body) if self.body else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Names in lower case."""
    body: bytes = b""
    """Decompressed; empty while `is_open`."""
    is_open: bool = False
    """The body is still to be had, by `Read` steps."""

    @property
    def json(self) -> JsonValue:
        """The body, decoded (`None` for an empty one); raises `ValueError` if it is no JSON."""
        return load_json(self.body) if self.body else None

    @property
    def media_type(self) -> str:
        """The content type without parameters, in lower case; `""` if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Limits in seconds; `None` = none. The defaults suit models that think for minutes before they answer."""

    connect: float | None = 10.0
    read: float | None = 600.0
    """Between two reads of an answer that is not streamed: the model is thinking all this time."""
    first_token: float | None = 300.0
    """Streams: until the first byte of the body."""
    idle: float | None = 120.0
    """Streams: between two reads after that."""
    total: float | None = 1800.0
    """The whole exchange, with all its attempts and pauses."""


# ---- steps -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Send:
    """Send one HTTP request → `HttpReply`.

    With `stream`, a 2xx reply is open and is read by `Read`; any other reply comes whole. A driver has one open reply
    at most: the next `Send`, the end of the exchange, or its cancellation closes it. Throws `TransportError`.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    """With credentials: never shown."""
    body: bytes = field(repr=False)
    stream: bool = False
    timeouts: Timeouts = Timeouts()
    deadline: float | None = None
    """Monotonic time at which the whole exchange has to be over."""


@dataclass(frozen=True, slots=True)
class Read:
    """The next bytes of the open reply → `bytes`, or `None` at its end. Throws `TransportError`."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait that many seconds."""

    seconds: float


class Limiter(Protocol):
    """A rate limit shared by exchanges; thread-safe."""

    def reserve(self, cost: float, now: float) -> float:
        """Take `cost` at monotonic time `now` → seconds to wait before another try, 0 when it was granted."""
        ...


@dataclass(frozen=True, slots=True)
class Acquire:
    """Wait until `limiter` grants `cost`; throws `ProviderTimeoutError` when that is later than `deadline`."""

    limiter: Limiter
    cost: float
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """Hand an entry to the client's recorder; returns when it is durable."""

    entry: object


@dataclass(frozen=True, slots=True)
class Token:
    """A credential from a callback (blocking or async, as the driver can) → `Credential`."""

    source: Callable[[], Credential | Awaitable[Credential]] = field(repr=False)
    may_block: bool = False
    """It may go over the network by itself: an async driver gives it a thread."""


@dataclass(frozen=True, slots=True)
class Now:
    """The time in seconds → `float`."""

    clock: Literal["monotonic", "wall"] = "monotonic"


@dataclass(frozen=True, slots=True)
class Work:
    """Run functions of the application → for each, in order, what it gave, or `Raised`.

    One after another, or `workers` at once: in threads by a blocking driver; an async one awaits those that are async
    and gives the others a thread. At the monotonic time `deadline` an async driver cancels; a blocking one starts no
    further function.
    """

    jobs: tuple[Callable[[], object], ...] = field(repr=False)
    workers: int | None = None
    """`None`: one by a blocking driver, all by an async one."""
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """A function of the application raised, or was not run or not finished by the deadline (`TimeoutError`)."""

    error: Exception


class Signer(Protocol):
    """A credential that is not sent but signs each request."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in any text."""
        ...

    def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes, wall: float) -> Mapping[str, str]:
        """The headers that authorise this very request at the time `wall`, in seconds since 1970."""
        ...


Credential: TypeAlias = str | Signer
"""A key or token that is sent, or what signs."""

Step: TypeAlias = Send | Read | Pause | Acquire | Record | Token | Now | Work

Exchange: TypeAlias = Generator[Step, Any, R]
"""Steps out, their results in, an answer at the end."""
