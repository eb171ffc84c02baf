"""When to send again, and after how long.

Exponential back-off with full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), the
provider's own wish first, and a budget shared by all calls of a client so that an outage does not double its load.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from portable_llm._errors import (
    GatewayTimeoutError,
    PortableLLMError,
    ProviderError,
    ProviderTimeoutError,
    ServerError,
    TransportError,
    WaitError,
)

_RETRYABLE_STATUS = frozenset({408, 409, 429})
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how patiently; times in seconds."""

    max_attempts: int = 3
    """Tries in all; 1 = never again."""
    base: float = 0.5
    """The first pause lies between 0 and this, the n-th between 0 and `base * 2**(n-1)`."""
    cap: float = 8.0
    """No pause of our own is longer."""
    max_retry_after: float = 120.0
    """A provider that asks for more is not waited for: the error says how long it asked."""

    def delay(self, attempt: int, error: PortableLLMError, hint: RetryHint, random: float) -> float | None:
        """Seconds to wait before trying again after `attempt` tries, or `None` to give up.

        `random` is a draw from [0, 1).
        """
        if attempt >= self.max_attempts or not is_retryable(error, hint):
            return None
        pause = random * min(self.cap, self.base * 2 ** (attempt - 1))
        wanted = error.retry_after
        if wanted is None:
            return pause
        # Never earlier than asked, and a little apart from everybody who was told the same.
        return None if wanted > self.max_retry_after else wanted + pause * 0.1


NO_RETRY = RetryPolicy(max_attempts=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryHint:
    """What the headers of an error answer say about trying again."""

    after: float | None = None
    should_retry: bool | None = None


def is_retryable(error: PortableLLMError, hint: RetryHint) -> bool:
    """Whether the same request may succeed later; never for the caller's own mistakes."""
    if isinstance(error, ProviderTimeoutError):
        return error.phase != "total"
    if isinstance(error, TransportError):
        return True
    if not isinstance(error, ProviderError):
        return False
    if hint.should_retry is not None:
        return hint.should_retry
    return isinstance(error, (WaitError, ServerError, GatewayTimeoutError)) or (
        error.kind == "unknown" and error.status in _RETRYABLE_STATUS
    )


def read_hint(headers: Mapping[str, str], wall: float) -> RetryHint:
    """`Retry-After` in both forms, `retry-after-ms`, the vendors' reset headers, `x-should-retry`.

    `wall` is the time now in seconds since 1970, for forms that name a moment. Of two forms the later counts: one
    vendor sends `retry-after-ms: 0` beside `retry-after: 1`.
    """
    said = headers.get("x-should-retry")
    should_retry = {"true": True, "false": False}.get(said.lower()) if said else None
    asked = [_milliseconds(headers.get("retry-after-ms")), _seconds_or_date(headers.get("retry-after"), wall)]
    known = [value for value in asked if value is not None]
    after = max(known) if known else _reset(headers, wall)
    return RetryHint(after=after, should_retry=should_retry)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _milliseconds(text: str | None) -> float | None:
    value = _number(text) if text else None
    return None if value is None else value / 1000


def _seconds_or_date(text: str | None, wall: float) -> float | None:
    if not text:
        return None
    seconds = _number(text)
    if seconds is not None:
        return seconds
    from email.utils import parsedate_to_datetime  # here, since a date is rare and the module heavy

    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return _until(moment, wall)


def _until(moment: datetime, wall: float) -> float | None:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return max(0.0, aware.timestamp() - wall)
    except (OverflowError, ValueError):
        return None


def _reset(headers: Mapping[str, str], wall: float) -> float | None:
    """The latest reset of a limit that is used up: a duration (`6m0s`) or an RFC 3339 moment."""
    waits: list[float] = []
    for name, value in headers.items():
        if "ratelimit" not in name or "reset" not in name:
            continue
        remaining = headers.get(name.replace("reset", "remaining"))
        wait = _duration_or_moment(value, wall) if remaining == "0" else None
        if wait is not None:
            waits.append(wait)
    return max(waits, default=None)


def _duration_or_moment(text: str, wall: float) -> float | None:
    match = _DURATION.fullmatch(text.strip())
    if match and any(match.groups()):
        hours, minutes, seconds, millis = (float(part or 0) for part in match.groups())
        return hours * 3600 + minutes * 60 + seconds + millis / 1000
    try:
        return _until(datetime.fromisoformat(text.strip()), wall)
    except ValueError:
        return None


class RetryBudget:
    """Retries allowed per call made, shared and thread-safe.

    Each first try earns `ratio` of a retry, up to `capacity`; the budget starts full. When it is empty, errors are
    raised at once: everything is failing, and trying harder makes an outage worse.
    """

    def __init__(self, *, ratio: float = 0.2, capacity: float = 20.0) -> None:
        self._ratio, self._capacity, self._left = ratio, capacity, capacity
        self._lock = Lock()

    def earn(self) -> None:
        """Count a first try."""
        if self._left < self._capacity:
            with self._lock:
                self._left = min(self._capacity, self._left + self._ratio)

    def spend(self) -> bool:
        """Take one retry, if there is one."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True
