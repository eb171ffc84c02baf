"""Error answers in the shapes of all the hosts that speak this protocol, and errors inside answers.

What the provider's own code or type says comes first, then its sentence, then the status. Shapes (wire facts,
2026-11-23): `{"error": {message, type, param, code}}`, `{"error": "text"}`, `{"code", "error": "text"}`,
`{"code", "message", "type"}`, `{"detail"}`, `{"message"}`; `code` is text, a number or null.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from portable_llm._errors import ErrorKind, ProviderError, kind_of_status
from portable_llm._http import HttpReply
from portable_llm._messages import Message, Origin
from portable_llm._response import Refusal, Refused, Response, Usage
from portable_llm.wire._errors import error_body, is_overflow, provider_error, request_id
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str, error_message
from portable_llm.wire.openai_chat._declined import declined_by_answer, declined_by_error, words_of

KINDS: Mapping[str, ErrorKind] = {
    "context_length_exceeded": "context_overflow",
    "exceed_context_size_error": "context_overflow",
    "1261": "context_overflow",
    "insufficient_quota": "quota",
    "billing_hard_limit_reached": "quota",
    "billing_not_active": "quota",
    "exceeded_current_quota_error": "quota",
    "1113": "quota",
    "invalid_api_key": "auth",
    "authentication_error": "auth",
    "model_not_found": "not_found",
    "deploymentnotfound": "not_found",
    "rate_limit_exceeded": "rate_limit",
    "rate_limit_reached_error": "rate_limit",
    "1302": "rate_limit",
    "1303": "rate_limit",
    "1305": "overloaded",
    "engine_overloaded_error": "overloaded",
    "overloaded_error": "overloaded",
    "server_overloaded": "overloaded",
    "unavailable_error": "overloaded",
    "tool_use_failed": "invalid_request",
    "json_validate_failed": "invalid_request",
}
"""A code or type (lower case) → what it means, whatever the status."""

_KINDS_OF_STATUS: Mapping[int, ErrorKind] = {413: "context_overflow", 424: "server_error", 498: "overloaded"}
_SAID_KEY = re.compile(r"(incorrect|invalid) api key", re.IGNORECASE)
_SAID_MODEL = re.compile(
    r"model not found|model .{0,80}does not exist|not a valid model id|supported api model names are", re.IGNORECASE
)


def parse_error(reply: HttpReply, origin: Origin) -> ProviderError | Response[None]:
    """Read an error answer; what a filter or a policy declined is a `Response` with its refusal."""
    body = error_body(reply)
    fields = as_dict(body)
    status = (f"HTTP {reply.status}",)
    choice = as_dict(next(iter(as_list(fields.get("choices"))), None))
    declined = declined_by_answer(fields, choice, before=status) if choice else None
    declined = declined or declined_by_error(fields, reply.status, before=status)
    if declined is not None:
        return declined_response(reply, origin, declined, fields)
    message = error_message(body)
    words = words_of(fields, as_dict(fields.get("error")))
    kind = kind_of(words, message, reply.status)
    return provider_error(reply, kind=kind, message=message, code=words[0] if words else None)


def error_inside(body: Mapping[str, Any], choice: Mapping[str, Any], reply: HttpReply) -> ProviderError | None:
    """The error in a 2xx answer or in a chunk of a stream, if there is one."""
    error = body.get("error") or choice.get("error")
    if error:
        return error_of({"error": error}, reply)
    base = as_dict(body.get("base_resp"))
    if as_int(base.get("status_code")):
        return error_of({"error": {"message": base.get("status_msg"), "code": base["status_code"]}}, reply)
    if body.get("object") == "error" or (not choice and "choices" not in body and error_message(body)):
        return error_of(body, reply)
    return None


def error_of(fields: Mapping[str, Any], reply: HttpReply) -> ProviderError:
    """The error that a 2xx answer or a stream holds: a status of its own, else one that says the provider failed."""
    error = as_dict(fields.get("error"))
    words = words_of(fields, error)
    message = error_message(dict(fields))
    status = as_int(error.get("status_code")) or next((int(word) for word in words if word.isdecimal()), 0)
    kind = kind_of(words, message, status if 400 <= status < 600 else 500)
    return provider_error(reply, kind=kind, message=message, code=words[0] if words else None)


def kind_of(words: list[str], message: str, status: int) -> ErrorKind:
    """What an error means, by its words, then its sentence, then the status."""
    for word in words:
        if (kind := KINDS.get(word.lower())) is not None:
            return kind
    if 400 <= status < 500 and is_overflow(message):
        return "context_overflow"
    if status == 400 and _SAID_KEY.search(message):
        return "auth"
    if status == 400 and _SAID_MODEL.search(message):
        return "not_found"
    return _KINDS_OF_STATUS.get(status) or kind_of_status(status)


def declined_response(
    reply: HttpReply, origin: Origin, declined: tuple[Refusal, str], body: Mapping[str, Any]
) -> Response[None]:
    """The answer that a refusal is which came as an error."""
    refusal, word = declined
    return Response(
        message=Message(role="assistant", parts=()),
        finish_reason="content_filter",
        raw_finish_reason=word,
        outcome=Refused(refusal=refusal),
        refusal=refusal,
        usage=Usage(),
        model=as_str(body.get("model")) or origin.model,
        id=as_str(body.get("id")),
        provider=origin.provider,
        request_id=request_id(reply),
        raw=dict(body),
    )
