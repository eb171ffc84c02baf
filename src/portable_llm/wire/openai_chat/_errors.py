"""Error answers in the shapes of all the hosts that speak this protocol, and errors inside answers.

What the provider's own code or type says comes first, then its sentence, then the status. Shapes (wire facts,
2026-11-23): `{"error": {message, type, param, code}}`, `{"error": "text"}`, `{"code", "error": "text"}`,
`{"code", "message", "type"}`, `{"detail"}`, `{"message"}`; `code` is text, a number or null.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portable_llm._errors import ErrorKind, ProviderError, kind_of_status
from portable_llm._http import HttpReply
from portable_llm._messages import Message, Origin
from portable_llm._response import Refusal, RefusalSource, Refused, Response, Usage
from portable_llm.wire._errors import error_body, is_overflow, provider_error, request_id
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str, error_message

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

FILTER_CODES: Mapping[str, RefusalSource] = {
    "content_filter": "input_filter",
    "responsibleaipolicyviolation": "input_filter",
    "data_inspection_failed": "input_filter",
    "1301": "input_filter",
    "content_policy_violation": "provider_policy",
    "invalid_prompt": "provider_policy",
}
"""A code or type (lower case) that says: declined. Such an answer is a refusal and no error."""

_KINDS_OF_STATUS: Mapping[int, ErrorKind] = {413: "context_overflow", 424: "server_error", 498: "overloaded"}
_SAID_KEY = re.compile(r"(incorrect|invalid) api key", re.IGNORECASE)
_SAID_MODEL = re.compile(
    r"model not found|model .{0,80}does not exist|not a valid model id|supported api model names are", re.IGNORECASE
)


def parse_error(reply: HttpReply, origin: Origin) -> ProviderError | Response[None]:
    """Read an error answer; what a filter or a policy declined is a `Response` with its refusal."""
    body = error_body(reply)
    fields = as_dict(body)
    error = as_dict(fields.get("error"))
    choice = as_dict(next(iter(as_list(fields.get("choices"))), None))
    words = _words(fields, error)
    if choice.get("finish_reason") == "content_filter":
        return _declined(reply, origin, _refusal("content_filter", "output_filter", error), fields)
    if (refusal := _refusal_in(words, error)) is not None:
        return _declined(reply, origin, refusal, fields)
    if reply.status == 403 and as_dict(error.get("metadata")).get("reasons"):
        return _declined(reply, origin, _refusal("moderation", "input_filter", error), fields)
    message = error_message(body)
    kind = _kind(words, message, reply.status)
    return provider_error(reply, kind=kind, message=message, code=words[0] if words else None)


def declined_inside(body: Mapping[str, Any], choice: Mapping[str, Any]) -> Refusal | None:
    """The refusal of a filter that speaks up as an error in a 2xx answer or in the middle of a stream."""
    error = as_dict(body.get("error") or choice.get("error"))
    return _refusal_in(_words({} if "choices" in body else body, error), error)


def error_inside(body: Mapping[str, Any], choice: Mapping[str, Any], reply: HttpReply) -> ProviderError | None:
    """The error in a 2xx answer or in a chunk of a stream, if there is one."""
    error = body.get("error") or choice.get("error")
    if error:
        return _error_of({"error": error}, reply)
    base = as_dict(body.get("base_resp"))
    if as_int(base.get("status_code")):
        return _error_of({"error": {"message": base.get("status_msg"), "code": base["status_code"]}}, reply)
    if body.get("object") == "error" or (not choice and "choices" not in body and error_message(body)):
        return _error_of(body, reply)
    return None


def _error_of(fields: Mapping[str, Any], reply: HttpReply) -> ProviderError:
    error = as_dict(fields.get("error"))
    words = _words(fields, error)
    message = error_message(dict(fields))
    status = as_int(error.get("status_code")) or next((int(word) for word in words if word.isdecimal()), 0)
    kind = _kind(words, message, status if 400 <= status < 600 else 500)
    return provider_error(reply, kind=kind, message=message, code=words[0] if words else None)


def _words(fields: Mapping[str, Any], error: Mapping[str, Any]) -> list[str]:
    """The provider's words for the error, the most specific first."""
    inner = as_dict(error.get("innererror"))
    listed = (error.get("code"), error.get("type"), inner.get("code"), fields.get("code"), fields.get("type"))
    return [str(word) for word in listed if isinstance(word, (str, int)) and not isinstance(word, bool) and word != ""]


def _kind(words: list[str], message: str, status: int) -> ErrorKind:
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


def _refusal_in(words: list[str], error: Mapping[str, Any]) -> Refusal | None:
    for word in words:
        if (source := FILTER_CODES.get(word.lower())) is not None:
            return _refusal(word, source, error)
    return None


def _refusal(word: str, source: RefusalSource, error: Mapping[str, Any]) -> Refusal:
    """The refusal that an error's code stands for, with the categories its report marks."""
    hit = filtered_categories(as_dict(as_dict(error.get("innererror")).get("content_filter_result")))
    reasons = [reason for reason in as_list(as_dict(error.get("metadata")).get("reasons")) if isinstance(reason, str)]
    category = ",".join(hit or reasons) or "unspecified"
    return Refusal(kind="hard", source=source, category=category, evidence=(f"code={word}",))


def filtered_categories(report: Mapping[str, Any]) -> list[str]:
    """The categories that a filter report marks as filtered."""
    return [name for name, result in report.items() if as_dict(result).get("filtered") is True]


def _declined(reply: HttpReply, origin: Origin, refusal: Refusal, body: Mapping[str, Any]) -> Response[None]:
    refusal = replace(refusal, evidence=(f"HTTP {reply.status}", *refusal.evidence))
    return Response(
        message=Message(role="assistant", parts=()),
        finish_reason="content_filter",
        raw_finish_reason=refusal.evidence[1].removeprefix("code="),
        outcome=Refused(refusal=refusal),
        refusal=refusal,
        usage=Usage(),
        model=as_str(body.get("model")) or origin.model,
        id=as_str(body.get("id")),
        provider=origin.provider,
        request_id=request_id(reply),
        raw=dict(body),
    )
