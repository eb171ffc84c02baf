"""Error answers: `{"error": "text"}`, whole or as a line of a stream. The status or the sentence says what it is."""

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
from portable_llm.wire._reading import error_message

_SENTENCES: tuple[tuple[re.Pattern[str], ErrorKind], ...] = (
    (re.compile(r"model .{0,200}not found", re.IGNORECASE | re.DOTALL), "not_found"),
    (re.compile(r"server busy|maximum pending requests", re.IGNORECASE), "overloaded"),
    (re.compile(r"does not support (tools|thinking|images|vision|insert|chat)", re.IGNORECASE), "invalid_request"),
)
"""For errors inside a stream, whose status was 200."""


def parse_error(reply: HttpReply, origin: Origin) -> ProviderError | Response[None]:
    """Read an error answer. Nothing is ever declined by an error here."""
    message = error_message(error_body(reply))
    kind: ErrorKind = kind_of_status(reply.status)
    if 400 <= reply.status < 500 and is_overflow(message):
        kind = "context_overflow"
    return provider_error(reply, kind=kind, message=message)


def error_inside(body: Mapping[str, Any], reply: HttpReply) -> ProviderError | None:
    """The error in a 2xx answer or in a line of a stream, if there is one."""
    if not body.get("error"):
        return None
    message = error_message(dict(body))
    return provider_error(reply, kind=_kind(message), message=message)


def _kind(message: str) -> ErrorKind:
    if is_overflow(message):
        return "context_overflow"
    for pattern, kind in _SENTENCES:
        if pattern.search(message):
            return kind
    return "server_error"


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
    "unknown": 409,
}


def write_error(kind: str, message: str, *, status: int | None = None) -> HttpReply:
    """An error answer; a kind without a row is written as a server error."""
    if kind == "context_overflow":
        message = f"{message} (the prompt exceeds the available context size)"
    headers = {"content-type": "application/json; charset=utf-8"}
    code = status or _STATUS.get(kind, 500)
    return HttpReply(status=code, headers=headers, body=dump_json({"error": message}))
