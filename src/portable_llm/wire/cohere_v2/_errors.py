"""Error answers: `{"message", "id"}` without a wrapper; the status says what it is, at times with the sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from portable_llm._errors import ErrorKind, ProviderError, kind_of_status
from portable_llm._http import HttpReply
from portable_llm._json import dump_json
from portable_llm._messages import Origin
from portable_llm._response import Response
from portable_llm.wire._errors import error_body, is_overflow, provider_error
from portable_llm.wire._reading import as_dict, as_str, error_message

_KINDS_OF_STATUS: Mapping[int, ErrorKind] = {498: "auth", 499: "unknown"}
_MONTHLY = re.compile(r"/ ?month|per month|monthly", re.IGNORECASE)
"""The trial key's limit for a whole month: waiting a minute helps nobody."""


def parse_error(reply: HttpReply, origin: Origin) -> ProviderError | Response[None]:
    """Read an error answer. Nothing is ever declined by an error here."""
    body = error_body(reply)
    message = error_message(body)
    return provider_error(
        reply, kind=_kind(reply.status, message), message=message, request_id_=as_str(as_dict(body).get("id"))
    )


def _kind(status: int, message: str) -> ErrorKind:
    if 400 <= status < 500 and status != 429 and is_overflow(message):
        return "context_overflow"
    if status == 429 and _MONTHLY.search(message):
        return "quota"
    return _KINDS_OF_STATUS.get(status) or kind_of_status(status)


def error_inside(body: Mapping[str, Any], reply: HttpReply) -> ProviderError | None:
    """The error in a 2xx answer or in an event of a stream: a sentence where an answer has its message."""
    if not isinstance(body.get("message"), str) and not body.get("error"):
        return None
    message = error_message(dict(body))
    return provider_error(reply, kind="context_overflow" if is_overflow(message) else "server_error", message=message)


_STATUS: Mapping[str, int] = {
    "rate_limit": 429,
    "quota": 402,
    "overloaded": 503,
    "server_error": 500,
    "timeout": 504,
    "auth": 401,
    "permission": 403,
    "not_found": 404,
    "invalid_request": 400,
    "context_overflow": 400,
    "unknown": 499,
}


def write_error(kind: str, message: str, *, status: int | None = None) -> HttpReply:
    """An error answer; a kind without a row is written as a server error."""
    if kind == "context_overflow":
        message = f"too many tokens: {message}"
    body = dump_json({"id": "fake", "message": message})
    headers = {"content-type": "application/json"}
    return HttpReply(status=status or _STATUS.get(kind, 500), headers=headers, body=body)
