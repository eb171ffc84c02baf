"""Runs a comparison: sends what is missing, stores every exchange, and stops cleanly wherever it is stopped."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from portable_llm._errors import (
    ConfigurationError,
    ConnectionFailedError,
    PortableLLMError,
    ProviderError,
    ProviderTimeoutError,
    TransportError,
)
from portable_llm._exchange import Link, begin, deliver
from portable_llm._http import Exchange, HttpCall, HttpReply, Read, Timeouts
from portable_llm._retry import RetryPolicy
from portable_llm.conformance.endpoints import Endpoint
from portable_llm.conformance.jobs import Job
from portable_llm.conformance.lanes import LaneCall, NotSent
from portable_llm.conformance.money import Prices
from portable_llm.conformance.store import KEPT_HEADERS, Record, RunStore
from portable_llm.providers._target import Keyring, Target, source_for
from portable_llm.transport import SyncDriver
from portable_llm.wire import wire_format

MAX_STREAM = 16 * 1024 * 1024
"""Bytes of a streamed answer that are kept; suite answers are short, so a longer one is a fault of its own."""
_READ = Read()
_LAST_ANSWERS = 5.0
"""Seconds that the workers of a stopped run have to store the answers they wait for."""
_DEAD_AFTER = 3
"""An endpoint whose first exchanges all fail is not there; going on would only waste the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps that end a run early and cleanly; `None` = none."""

    max_calls: int | None = None
    deadline: float | None = None
    """Seconds the run may take."""
    max_usd: Decimal | None = None
    """US dollars that this process may spend; each call counts with the most it can cost."""
    concurrency: int = 1
    """Calls in flight per endpoint."""


@dataclass(slots=True)
class Progress:
    """How far a run is; handed to the callback after each exchange."""

    done: int
    """Exchanges stored, earlier runs included."""
    total: int
    made: int = 0
    """Calls made by this process."""
    failed: int = 0
    """Exchanges of this process that brought no answer."""
    stopped: str | None = None
    """Why it ended before the last job: `max_calls`, `max_usd`, `deadline`, `interrupted`."""
    reserved: Decimal = Decimal(0)
    """US dollars that the calls of this process can have cost at the most; counted only under a cap."""
    last: Job | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds_left(self) -> float | None:
        """A guess from the pace so far; `None` before the first call."""
        if not self.made:
            return None
        return (time.monotonic() - self.started) / self.made * (self.total - self.done)


class Runner:
    """One run over one store. `run` may be called again after an interruption: finished exchanges are not repeated."""

    def __init__(
        self,
        store: RunStore,
        endpoints: Mapping[str, Endpoint],
        keys: Keyring,
        *,
        limits: Limits | None = None,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._store = store
        self._prices = Prices(endpoints)
        self._limits = limits or Limits()
        self._on_progress = on_progress or _silent
        self._keys = keys
        self._retry = retry or RetryPolicy(max_attempts=4)
        self._timeouts = timeouts or Timeouts(read=180.0, first_token=120.0, idle=60.0, total=600.0)
        self._targets = {arm: endpoint.target for arm, endpoint in endpoints.items()}
        self._links: dict[str, Link] = {}
        self._stop = threading.Event()
        self._is_over = False
        """Set before the store is closed: an answer that comes later than that belongs to no run."""
        self._busy = 0
        """Workers that may still hold a connection; the last one closes the HTTP client."""
        self._lock = threading.Lock()
        self._driver = SyncDriver()
        self._first: dict[str, list[Record]] = {arm: [] for arm in endpoints}

    def run(self, jobs: Sequence[Job]) -> Progress:
        """Make the exchanges that are not stored yet, or that failed for want of a line, a key or a server.

        Raises `RunStoreError` when the disk fails, `ConfigurationError` for a missing key, and
        `ConnectionFailedError` when an endpoint does not answer at all.
        """
        finished = {record.key for record in self._store.records() if not record.is_missing}
        missing = [job for job in jobs if job.key not in finished]
        self._check_prices(missing)
        self._links = {arm: self._link(arm) for arm in sorted({job.arm for job in missing if job.is_sent})}
        progress = Progress(done=len(jobs) - len(missing), total=len(jobs))
        self._on_progress(progress)
        failures: list[BaseException] = []
        workers = [
            threading.Thread(
                target=self._work, args=(lane, progress, failures), name=f"conformance-{number}", daemon=True
            )
            for number, lane in enumerate(self._queues(missing))
        ]
        started: list[threading.Thread] = []
        try:
            for worker in workers:
                with self._lock:
                    self._busy += 1
                worker.start()
                started.append(worker)
            self._wait(workers, progress)
        except KeyboardInterrupt:
            progress.stopped = "interrupted"
        finally:
            self._stop.set()
            patience = time.monotonic() + _LAST_ANSWERS
            for worker in started:
                worker.join(timeout=max(0.0, patience - time.monotonic()))
            with self._lock:
                self._is_over = True
            self._close_if_idle()
            self._store.close()
        if failures:
            raise failures[0]
        return progress

    def _check_prices(self, jobs: Sequence[Job]) -> None:
        """Raise `ConfigurationError` where a cap on money could not be kept, before anything is sent."""
        if self._limits.max_usd is None:
            return
        for job in jobs:
            if self._prices.highest(job) is None:
                cost = self._prices.cost(job)
                why = "a case cannot be planned" if cost is None else cost.unknown
                raise ConfigurationError(
                    f"a cap on money cannot be kept for endpoint {job.arm.upper()}: {why}; nothing was sent; "
                    "cap the calls instead"
                )

    def _link(self, arm: str) -> Link:
        target = self._targets[arm]
        key = self._keys.key_for(target)
        token = source_for(target) if key is None else None
        return Link(key=key, token=token, retry=self._retry, timeouts=self._timeouts)

    def _queues(self, jobs: Iterable[Job]) -> list[queue.SimpleQueue[Job]]:
        """One queue per endpoint, once per worker that serves it."""
        queues: dict[str, queue.SimpleQueue[Job]] = {}
        for job in jobs:
            queues.setdefault(job.arm, queue.SimpleQueue()).put(job)
        return [lane for lane in queues.values() for _ in range(self._limits.concurrency)]

    def _wait(self, workers: Sequence[threading.Thread], progress: Progress) -> None:
        """Wait for the workers in short steps, so that Ctrl-C is heard, and not past the deadline."""
        while any(worker.is_alive() for worker in workers):
            if self._limits.deadline is not None and time.monotonic() - progress.started > self._limits.deadline:
                progress.stopped = "deadline"
                return
            for worker in workers:
                worker.join(timeout=0.1)

    def _work(self, jobs: queue.SimpleQueue[Job], progress: Progress, failures: list[BaseException]) -> None:
        try:
            while not self._stop.is_set():
                try:
                    job = jobs.get_nowait()
                except queue.Empty:
                    return
                if not self._may_call(job, progress):
                    return
                self._note(job, self._make(job), progress)
        except BaseException as error:  # raised again by `run`, in the thread that called it
            failures.append(error)
            self._stop.set()
        finally:
            with self._lock:
                self._busy -= 1
            self._close_if_idle()

    def _close_if_idle(self) -> None:
        """Close the HTTP client once nobody reads: a descriptor closed under a reader may soon be somebody else's."""
        with self._lock:
            is_idle = self._is_over and self._busy == 0
        if is_idle:
            self._driver.close()

    def _may_call(self, job: Job, progress: Progress) -> bool:
        if not job.is_sent:
            return True
        with self._lock:
            if self._limits.max_calls is not None and progress.made >= self._limits.max_calls:
                progress.stopped = "max_calls"
                self._stop.set()
                return False
            if self._limits.max_usd is not None:
                reserved = progress.reserved + (self._prices.highest(job) or Decimal(0))
                if reserved > self._limits.max_usd:
                    progress.stopped = "max_usd"
                    self._stop.set()
                    return False
                progress.reserved = reserved
            progress.made += 1
            return True

    def _note(self, job: Job, record: Record, progress: Progress) -> None:
        with self._lock:
            if self._is_over:
                return
            self._store.append(record)
            progress.done += 1
            progress.failed += record.error is not None and job.is_sent
            progress.last = job
            self._on_progress(progress)
            if job.is_sent:
                self._check_alive(job.arm, record)

    def _check_alive(self, arm: str, record: Record) -> None:
        """Raise `ConnectionFailedError` when the first exchanges with an endpoint have all failed."""
        first = self._first[arm]
        if len(first) >= _DEAD_AFTER:
            return
        first.append(record)
        if len(first) == _DEAD_AFTER and all(one.is_missing for one in first):
            target = self._targets[arm]
            said = (
                record.error["message"]
                if record.error
                else f"HTTP {record.status} {record.body[:200].decode(errors='replace')}"
            )
            raise ConnectionFailedError(
                f"endpoint {arm.upper()} ({target.provider.name}:{target.model} at {target.base_url}) "
                f"does not answer: {said}; check its address, model name and key; what was stored is kept",
                provider=target.provider.name,
            )

    def _make(self, job: Job) -> Record:
        if isinstance(job.call, NotSent):
            return _record(job, error={"kind": job.call.kind, "message": job.call.reason})
        try:
            got = self._driver.run(
                fetch(self._targets[job.arm], job.call.call, self._links[job.arm], job.case.streamed)
            )
        except PortableLLMError as error:
            return _record(job, error=_failure(error), status=error.status, attempts=error.attempts or 0)
        return _record(job, got=got)


def _silent(_: Progress) -> None:
    return


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer as bytes."""

    reply: HttpReply
    body: bytes
    attempts: int
    broken: str | None = None
    """Why a stream ended before its connection did."""


def fetch(target: Target, call: HttpCall, link: Link, stream: bool) -> Exchange[Fetched]:
    """The answer to a call, errors included: retried where waiting may help, never for what it says."""
    wire, last = wire_format(target.provider.wire), list[HttpReply]()

    def read(reply: HttpReply) -> HttpReply:
        last[:] = [reply]
        if reply.status >= 400:
            answer = wire.parse_error(reply, target.origin)
            if isinstance(answer, ProviderError):
                raise answer
        return reply

    tries = yield from begin(target, link)
    try:
        reply = yield from deliver(target, call, link, read, tries, stream=stream)
    except ProviderError:
        return Fetched(last[0], last[0].body, len(tries.attempts))
    if not reply.is_open:
        return Fetched(reply, reply.body, len(tries.attempts) + 1)
    chunks, size = list[bytes](), 0
    try:
        while (chunk := (yield _READ)) is not None and size <= MAX_STREAM:
            chunks.append(chunk)
            size += len(chunk)
    except TransportError as error:
        return Fetched(reply, b"".join(chunks), len(tries.attempts) + 1, error.message)
    return Fetched(reply, b"".join(chunks), len(tries.attempts) + 1)


def _record(
    job: Job,
    *,
    got: Fetched | None = None,
    error: dict[str, Any] | None = None,
    status: int | None = None,
    attempts: int = 0,
) -> Record:
    call = job.call.call if isinstance(job.call, LaneCall) else None
    if got is not None and got.broken is not None:
        error = {"kind": "connection", "message": got.broken}
    return Record(
        arm=job.arm,
        case=job.case.id,
        lanes=job.lanes,
        trial=job.trial,
        path=call.path if call else "",
        request=call.json if call else None,
        streamed=job.case.streamed,
        status=got.reply.status if got else status,
        headers={name: value for name, value in got.reply.headers.items() if KEPT_HEADERS.fullmatch(name)}
        if got
        else {},
        body=got.body if got else b"",
        attempts=got.attempts if got else attempts,
        error=error,
    )


def _failure(error: PortableLLMError) -> dict[str, Any]:
    kind = "timeout" if isinstance(error, ProviderTimeoutError) else "connection"
    if not isinstance(error, TransportError):
        kind = "unreadable"
    return {"kind": kind, "message": error.message}
