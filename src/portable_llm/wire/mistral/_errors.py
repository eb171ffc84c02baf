"""Error answers, and errors inside answers. The body has no wrapper: message, type and code stand at its top.

Shapes (wire facts, 2026-11-23): `{"object": "error", "message", "type", "code"}` where the message may be an object
itself, `{"detail": "text"}`, `{"detail": [{type, loc, msg, input}]}`, `{"message", "request_id"}`.

A guardrail of the request's own blocks with 403. In production (a public log of 2026-10-03) it has the type
`guardrail_violation` and, beside it, `guardrails: [{moderation_llm_v2: {action, categories: {name: {violated}}}}]`.
The vendor's page of 2026-04-23 shows `{"error": {message, status}, "guardrails": {"results": {name: {decisions}}}}`.
Both are read. A guardrail that failed (`block_on_error`, same page) is a 403 as well: code 3201, an `error` in the
report and nothing violated. That is a failure of the provider's and no refusal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from portable_llm._errors import ErrorKind, ProviderError, kind_of_status
from portable_llm._http import HttpReply
from portable_llm._messages import Message, Origin
from portable_llm._response import Refusal, Refused, Response, Usage
from portable_llm.refusal import hard, signal_of
from portable_llm.wire._errors import error_body, is_overflow, provider_error, request_id
from portable_llm.wire._reading import as_dict, as_list, as_str, error_message
from portable_llm.wire.mistral._capabilities import NAME

KINDS: Mapping[str, ErrorKind] = {
    "3505": "rate_limit",
    "service_tier_capacity_exceeded": "rate_limit",
    "3201": "server_error",
}
"""A code or type (lower case) → what it means, whatever the status."""

_SAID_LONG = re.compile(r"too large for model with \d+ maximum context length", re.IGNORECASE)


def parse_error(reply: HttpReply, origin: Origin) -> ProviderError | Response[None]:
    """Read an error answer; what a guardrail blocked is a `Response` with its refusal."""
    body = error_body(reply)
    fields = as_dict(body)
    if (declined := declined_by(fields, reply.status)) is not None:
        return _declined(reply, origin, declined, fields)
    return _error(body, reply, reply.status)


def error_inside(body: Mapping[str, Any], reply: HttpReply) -> ProviderError | None:
    """The error in a 2xx answer or in a chunk of a stream, if it is one."""
    is_error = body.get("object") == "error" or bool(body.get("error"))
    if not is_error and ("choices" in body or not message_of(body)):
        return None
    status = body.get("raw_status_code")
    return _error(dict(body), reply, status if isinstance(status, int) and status >= 400 else 500)


def _error(body: object, reply: HttpReply, status: int) -> ProviderError:
    fields = as_dict(body)
    words, message = _words(fields), message_of(body)
    return provider_error(
        reply,
        kind=_kind(words, message, status),
        message=message,
        code=words[0] if words else None,
        request_id_=as_str(fields.get("request_id")),
    )


def message_of(body: object) -> str:
    """The provider's sentence; a message that is an object holds it one level deeper."""
    inner = as_dict(as_dict(body).get("message"))
    return error_message(inner or body)


def _words(fields: Mapping[str, Any]) -> list[str]:
    error = as_dict(fields.get("error"))
    listed = (error.get("code"), error.get("type"), fields.get("code"), fields.get("type"))
    return [str(word) for word in listed if isinstance(word, (str, int)) and not isinstance(word, bool) and word != ""]


def _kind(words: list[str], message: str, status: int) -> ErrorKind:
    for word in words:
        if (kind := KINDS.get(word.lower())) is not None:
            return kind
    if 400 <= status < 500 and (is_overflow(message) or _SAID_LONG.search(message)):
        return "context_overflow"
    return kind_of_status(status)


# ---- guardrails ------------------------------------------------------------------------------------------------------


def declined_by(fields: Mapping[str, Any], status: int) -> tuple[Refusal, str] | None:
    """The refusal of a guardrail, with its word: its code or type, or a 403 that brings the guardrail's report."""
    word = next((word for word in _words(fields) if signal_of(NAME, "code", word)), None)
    report = _report(fields)
    place = "code" if word is not None else "guardrails"
    is_forbidden = 403 in (status, as_dict(fields.get("error")).get("status"), fields.get("raw_status_code"))
    if word is None and not (is_forbidden and report and not _has_failed(report)):
        return None
    signal = signal_of(NAME, place, word or "")
    if signal is None:
        return None
    flagged = _flagged(fields, report)
    evidence = (
        f"HTTP {status}",
        f"code={word}" if word is not None else "guardrails",
        *(f"guardrails.{name}" for name in flagged),
    )
    refusal = hard(signal, word, categories=flagged, evidence=evidence, text=message_of(dict(fields)) or None)
    return refusal, word or "guardrails"


def _report(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What each guardrail found, whether they are listed or named."""
    said = fields.get("guardrails") or as_dict(fields.get("error")).get("guardrails")
    named = as_dict(said)
    groups = [as_dict(group) for group in as_list(said)] or [as_dict(named.get("results")) or named]
    return [found for group in groups for found in map(as_dict, group.values()) if found]


def _has_failed(report: list[dict[str, Any]]) -> bool:
    """Whether the guardrails could not judge, and blocked for that reason alone."""
    return any(found.get("error") for found in report) and not _violated(report)


def _violated(report: list[dict[str, Any]]) -> list[str]:
    """The categories that a report marks."""
    return [
        name
        for found in report
        for name, result in (as_dict(found.get("categories")) or as_dict(found.get("decisions"))).items()
        if as_dict(result).get("violated") is True
    ]


def _flagged(fields: Mapping[str, Any], report: list[dict[str, Any]]) -> list[str]:
    """The categories that blocked: listed as such, or marked in the report of a guardrail."""
    details = as_dict(as_dict(fields.get("error")).get("details")) or as_dict(fields.get("details"))
    listed = [name for name in as_list(details.get("categories")) if isinstance(name, str)]
    return listed or _violated(report)


def _declined(
    reply: HttpReply, origin: Origin, declined: tuple[Refusal, str], body: Mapping[str, Any]
) -> Response[None]:
    refusal, word = declined
    return Response(
        message=Message(role="assistant", parts=()),
        finish_reason="content_filter",
        raw_finish_reason=word,
        outcome=Refused(refusal=refusal),
        refusal=refusal,
        usage=Usage(),
        model=origin.model,
        id=None,
        provider=origin.provider,
        request_id=request_id(reply),
        raw=dict(body),
    )
