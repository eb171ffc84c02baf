"""Error answers, and errors inside answers and streams: the same shapes as in Chat Completions, a few words more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._errors import ErrorKind, ProviderError
from portable_llm._http import HttpReply
from portable_llm._messages import Origin
from portable_llm._response import Refusal, Response
from portable_llm.wire._errors import error_body, provider_error
from portable_llm.wire._reading import as_dict, error_message
from portable_llm.wire.openai_chat._declined import declined_by_error, words_of
from portable_llm.wire.openai_chat._errors import declined_response, kind_of
from portable_llm.wire.openai_responses._capabilities import NAME

_IMAGES = (
    "invalid_image",
    "invalid_image_format",
    "invalid_base64_image",
    "invalid_image_url",
    "image_too_large",
    "image_too_small",
    "image_parse_error",
    "invalid_image_mode",
    "image_file_too_large",
    "unsupported_image_media_type",
    "empty_image_file",
    "failed_to_download_image",
    "image_file_not_found",
)
KINDS: Mapping[str, ErrorKind] = {
    **dict.fromkeys(_IMAGES, "invalid_request"),
    "data_residency_mismatch": "invalid_request",
    "invalid_encrypted_content": "invalid_request",
    "previous_response_not_found": "not_found",
    "vector_store_timeout": "timeout",
}
"""Codes that only this protocol has → what they mean, whatever the status."""


def parse_error(reply: HttpReply, origin: Origin) -> ProviderError | Response[None]:
    """Read an error answer; what a filter or a policy declined is a `Response` with its refusal."""
    body = error_body(reply)
    fields = as_dict(body)
    declined = declined_by_error(fields, reply.status, before=(f"HTTP {reply.status}",), wire=NAME)
    if declined is not None:
        return declined_response(reply, origin, declined, fields)
    words = words_of(fields, as_dict(fields.get("error")))
    message = error_message(body)
    kind = _kind(words, message, reply.status)
    return provider_error(reply, kind=kind, message=message, code=words[0] if words else None)


def declined_inside(body: Mapping[str, Any], *, has_text: bool = False) -> tuple[Refusal, str] | None:
    """The refusal that a response object or an event of a stream has as its error."""
    error = _error(body)
    return declined_by_error({"error": error}, has_text=has_text, wire=NAME) if error else None


def error_inside(body: Mapping[str, Any], reply: HttpReply) -> ProviderError | None:
    """The error in a 2xx answer or in an event of a stream; an answer that failed without one is an error too."""
    error = _error(body)
    if not error and body.get("status") != "failed":
        return None
    fields = {"error": error}
    words, message = words_of(fields, as_dict(error)), error_message(fields)
    status = next((int(word) for word in words if word.isdecimal()), 0)
    kind = _kind(words, message, status if 400 <= status < 600 else 500)
    return provider_error(reply, kind=kind, message=message or "the answer failed", code=words[0] if words else None)


def _error(body: Mapping[str, Any]) -> object:
    """The error of a response object, or of an `error` event: nested as recorded, or flat as documented."""
    error = body.get("error")
    if not error and (body.get("type") == "error" or body.get("object") == "error"):
        return {name: body.get(name) for name in ("code", "message", "param")}
    return error


def _kind(words: list[str], message: str, status: int) -> ErrorKind:
    for word in words:
        if (kind := KINDS.get(word.lower())) is not None:
            return kind
    return kind_of(words, message, status)
