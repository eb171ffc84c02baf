"""Error answers: `{"error": {code, message, status, details}}`, also inside an array or an answer with status 200."""

from __future__ import annotations

from typing import Any

from portable_llm._errors import ErrorKind, ProviderError, kind_of_status
from portable_llm._http import HttpReply
from portable_llm.wire._errors import is_overflow, provider_error
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str, error_message

_KINDS: dict[str, ErrorKind] = {
    "INVALID_ARGUMENT": "invalid_request",
    "FAILED_PRECONDITION": "invalid_request",
    "OUT_OF_RANGE": "invalid_request",
    "UNIMPLEMENTED": "invalid_request",
    "UNAUTHENTICATED": "auth",
    "PERMISSION_DENIED": "permission",
    "NOT_FOUND": "not_found",
    "RESOURCE_EXHAUSTED": "rate_limit",
    "UNAVAILABLE": "overloaded",
    "INTERNAL": "server_error",
    "UNKNOWN": "server_error",
    "DATA_LOSS": "server_error",
    "DEADLINE_EXCEEDED": "timeout",
    "CANCELLED": "unknown",
    "ABORTED": "unknown",
    "ALREADY_EXISTS": "unknown",
}
_BAD_KEYS = ("API_KEY_INVALID", "API_KEY_EXPIRED", "API_KEY_MISSING")


def error_of(body: object, reply: HttpReply) -> ProviderError:
    """The error in a decoded body or chunk that came in `reply`."""
    error = as_dict(as_dict(body).get("error"))
    details = [as_dict(detail) for detail in as_list(error.get("details"))]
    message = error_message(body)
    reason = next((as_str(detail["reason"]) for detail in details if "reason" in detail), None)
    word = as_str(error.get("status"))
    return provider_error(
        reply,
        kind=_kind(word, reason, message, details, as_int(error.get("code")) or reply.status),
        message=message,
        code=reason or word,
        retry_after=_retry_after(details),
    )


def _kind(word: str | None, reason: str | None, message: str, details: list[dict[str, Any]], status: int) -> ErrorKind:
    kind = _KINDS.get(word or "") or kind_of_status(status)
    # A wrong key is a plain 400 here (recorded 2026-11-23).
    if reason in _BAD_KEYS or (kind == "invalid_request" and message.startswith("API key ")):
        return "auth"
    if kind == "invalid_request" and (status == 413 or is_overflow(message)):
        return "context_overflow"
    if kind == "rate_limit" and any("PerDay" in quota for quota in _quotas(details)):
        return "quota"
    return kind


def _quotas(details: list[dict[str, Any]]) -> list[str]:
    violations = [as_dict(item) for detail in details for item in as_list(detail.get("violations"))]
    return [as_str(violation.get("quotaId")) or "" for violation in violations]


def _retry_after(details: list[dict[str, Any]]) -> float | None:
    """Seconds of a `RetryInfo`: the service has no Retry-After header."""
    delay = next((detail["retryDelay"] for detail in details if "retryDelay" in detail), None)
    if isinstance(delay, str) and delay.endswith("s"):
        try:
            seconds = float(delay[:-1])
        except ValueError:
            return None
        return seconds if 0 <= seconds < float("inf") else None
    parts = as_dict(delay)
    seconds = as_int(parts.get("seconds"))
    return None if seconds is None else seconds + (as_int(parts.get("nanos")) or 0) / 1e9
