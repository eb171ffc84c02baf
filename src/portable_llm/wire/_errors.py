"""Error answers → the error tree, with what every wire format has in common."""

from __future__ import annotations

import re

from portable_llm._errors import BY_KIND, ErrorKind, ProviderError, kind_of_status
from portable_llm._http import HttpReply
from portable_llm._json import load_json

REQUEST_ID_HEADERS = (
    "x-request-id",
    "request-id",
    "mistral-correlation-id",
    "x-kong-request-id",
    "x-debug-trace-id",
    "x-amzn-requestid",
    "apim-request-id",
    "cf-ray",
)

# Context overflow has a code of its own at few providers; these are their sentences (wire facts, 2026-11-23).
_OVERFLOW = re.compile(
    r"prompt is too long|maximum context length|context length|context window|input token count.{0,80}exceed|"
    r"input is too long|too many tokens|exceed_context_size|exceeds the available context",
    re.IGNORECASE,
)


def error_body(reply: HttpReply) -> object:
    """The decoded body, or its text where it is no JSON."""
    try:
        return load_json(reply.body)
    except ValueError:
        return reply.body.decode("utf-8", "replace")


def request_id(reply: HttpReply) -> str | None:
    """The provider's id of the exchange, from the usual headers."""
    return next((reply.headers[name] for name in REQUEST_ID_HEADERS if name in reply.headers), None)


def is_overflow(message: str) -> bool:
    """Whether the message says that the input is longer than the context window."""
    return _OVERFLOW.search(message) is not None


def provider_error(
    reply: HttpReply,
    *,
    kind: ErrorKind | None = None,
    message: str = "",
    code: str | None = None,
    request_id_: str | None = None,
    retry_after: float | None = None,
) -> ProviderError:
    """The error of that kind (by default: what the status says); the exchange adds provider, model and attempts.

    The text says what the provider said; a body without a message shows how it begins.
    """
    chosen = kind or kind_of_status(reply.status)
    cls = BY_KIND.get(chosen, BY_KIND["unknown"])
    said = message or _beginning(reply) or "no message"
    return cls(
        f"HTTP {reply.status}: {said}"
        if reply.status >= 400
        else f"error inside an answer (HTTP {reply.status}): {said}",
        status=reply.status,
        request_id=request_id_ or request_id(reply),
        retry_after=retry_after,
        body=reply.body,
        code=code,
    )


def _beginning(reply: HttpReply) -> str:
    text = " ".join(reply.body[:400].decode("utf-8", "replace").split())
    return text[:200]
