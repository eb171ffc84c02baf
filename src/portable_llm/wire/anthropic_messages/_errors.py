"""Error answers, in the vendor's envelope and in the one of servers that imitate it.

The vendor sends `{"type":"error","error":{"type","message","details"?},"request_id"}`; llama.cpp answers on the same
path with `{"error":{"code","message","type"}}` and no request id (seen 2026-11-23). The type's word wins over the
status.
"""

from __future__ import annotations

from typing import Any

from portable_llm._errors import ErrorKind, ProviderError, kind_of_status
from portable_llm._http import HttpReply
from portable_llm._json import dump_json
from portable_llm._messages import Message, Origin
from portable_llm._response import Refusal, Refused, Response, Usage
from portable_llm.refusal import Signal, hard, signal_in
from portable_llm.wire._errors import error_body, is_overflow, provider_error, request_id
from portable_llm.wire._reading import as_dict, as_str, error_message
from portable_llm.wire.anthropic_messages._capabilities import NAME

KINDS: dict[str, ErrorKind] = {
    "invalid_request_error": "invalid_request",
    "authentication_error": "auth",
    "billing_error": "quota",
    "permission_error": "permission",
    "not_found_error": "not_found",
    "request_too_large": "context_overflow",
    "conflict_error": "unknown",
    "rate_limit_error": "rate_limit",
    "api_error": "server_error",
    "timeout_error": "timeout",
    "overloaded_error": "overloaded",
    # llama.cpp's words
    "exceed_context_size_error": "context_overflow",
    "not_supported_error": "invalid_request",
    "server_error": "server_error",
    "unavailable_error": "overloaded",
}
"""`error.type` → kind."""

_SPEND_LIMITS = ("enforced_spend_limit_reached", "contract_spend_limit_reached")
_FILTERED = "content filtering policy"
"""Part of the vendor's sentence for a blocked answer, as the table of signals has it."""


def parse_error(reply: HttpReply, origin: Origin) -> ProviderError | Response[None]:
    """The error of that answer; a blocked answer is a `Response`, since a filter's word is an answer."""
    body = error_body(reply)
    signal = signal_in(NAME, error_message(body))
    if reply.status < 500 and signal is not None:
        return _filtered(reply, as_dict(body), signal, origin)
    return error_of(body, reply, kind_of_status(reply.status))


def declined_inside(event: object, *, has_text: bool) -> Refusal | None:
    """The refusal of a filter that breaks into an answer as an error."""
    message = error_message(event)
    signal = signal_in(NAME, message)
    if signal is None:
        return None
    return hard(signal, text=message, evidence=(f"error.message={message[:200]}",), has_text=has_text)


def error_of(body: object, reply: HttpReply, otherwise: ErrorKind) -> ProviderError:
    """The error a body holds; `otherwise` is its kind where the body has no word for it."""
    error = as_dict(as_dict(body).get("error"))
    word = as_str(error.get("type"))
    details = as_str(as_dict(error.get("details")).get("error_code"))
    message = error_message(body)
    return provider_error(
        reply,
        kind=_kind(word, details, message, otherwise),
        message=message,
        code=details or word,
        request_id_=as_str(as_dict(body).get("request_id")),
    )


def _kind(word: str | None, details: str | None, message: str, otherwise: ErrorKind) -> ErrorKind:
    kind = KINDS.get(word or "", otherwise)
    if details in _SPEND_LIMITS:
        return "quota"
    if kind == "invalid_request" and "credit balance" in message.lower():
        return "quota"
    if kind in ("invalid_request", "server_error") and is_overflow(message):
        return "context_overflow"
    return kind


def _filtered(reply: HttpReply, body: dict[str, Any], signal: Signal, origin: Origin) -> Response[None]:
    message = error_message(body)
    refusal = hard(signal, text=message, evidence=(f"HTTP {reply.status}", f"error.message={message[:200]}"))
    return Response(
        message=Message(role="assistant", parts=()),
        finish_reason="content_filter",
        raw_finish_reason=as_str(as_dict(body.get("error")).get("type")),
        outcome=Refused(refusal=refusal),
        refusal=refusal,
        usage=Usage(),
        model=origin.model,
        id=None,
        provider=origin.provider,
        request_id=as_str(body.get("request_id")) or request_id(reply),
        raw=body,
    )


# ---- the way back ----------------------------------------------------------------------------------------------------

_WRITTEN: dict[str, tuple[int, str]] = {
    "rate_limit": (429, "rate_limit_error"),
    "quota": (402, "billing_error"),
    "overloaded": (529, "overloaded_error"),
    "server_error": (500, "api_error"),
    "timeout": (504, "timeout_error"),
    "auth": (401, "authentication_error"),
    "permission": (403, "permission_error"),
    "not_found": (404, "not_found_error"),
    "invalid_request": (400, "invalid_request_error"),
    "context_overflow": (400, "invalid_request_error"),
    "content_filter": (400, "invalid_request_error"),
    "unknown": (409, "conflict_error"),
}


def write_error(kind: str, message: str, *, status: int | None = None) -> HttpReply:
    """An error answer as the vendor words it; a word that is no kind is sent as its error type."""
    usual, word = _WRITTEN.get(kind, (500, kind))
    if kind == "context_overflow" and not is_overflow(message):
        message = f"prompt is too long: {message}"
    if kind == "content_filter" and _FILTERED not in message.lower():
        message = f"Output blocked by content filtering policy. {message}".rstrip()
    return HttpReply(
        status=status or usual,
        headers={"content-type": "application/json", "request-id": "req_written"},
        body=dump_json(error_envelope(word, message)),
    )


def error_envelope(word: str, message: str) -> dict[str, Any]:
    """The body of an error, also the data of an `error` event."""
    return {"type": "error", "error": {"type": word, "message": message}, "request_id": "req_written"}
