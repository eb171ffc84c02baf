"""Error answers and exceptions inside a stream.

A type and a message: the type stands in the header `x-amzn-errortype` (cut at `:`), in `__type` of the body, or in the
name of a stream's exception; the message in `message` or `Message`. Where no type came, as through some proxies, the
status says it.
"""

from __future__ import annotations

from typing import Any

from portable_llm._errors import ErrorKind, ProviderError, kind_of_status
from portable_llm._eventstream import ERROR, EXCEPTION
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._json import dump_json
from portable_llm._messages import Message, Origin
from portable_llm._response import Refusal, Refused, Response, Usage
from portable_llm.refusal import Signal, hard, signal_in
from portable_llm.wire._errors import error_body, is_overflow, provider_error, request_id
from portable_llm.wire._reading import as_dict, as_int, as_str, error_message
from portable_llm.wire.bedrock_converse._capabilities import NAME

TYPE_HEADER = "x-amzn-errortype"

KINDS: dict[str, ErrorKind] = {
    "validationexception": "invalid_request",
    "servicequotaexceededexception": "quota",
    "accessdeniedexception": "permission",
    "unrecognizedclientexception": "auth",
    "expiredtokenexception": "auth",
    "expiredtoken": "auth",
    "invalidsignatureexception": "auth",
    "invalidsignature": "auth",
    "incompletesignature": "auth",
    "incompletesignatureexception": "auth",
    "missingauthenticationtoken": "auth",
    "missingauthenticationtokenexception": "auth",
    "invalidclienttokenid": "auth",
    "requestexpired": "auth",
    "notauthorized": "permission",
    "optinrequired": "permission",
    "resourcenotfoundexception": "not_found",
    "unknownoperationexception": "not_found",
    "conflictexception": "unknown",
    "modeltimeoutexception": "timeout",
    "modelerrorexception": "server_error",
    "modelstreamerrorexception": "server_error",
    "throttlingexception": "rate_limit",
    "throttling": "rate_limit",
    "toomanyrequestsexception": "rate_limit",
    "modelnotreadyexception": "overloaded",
    "internalserverexception": "server_error",
    "internalservererror": "server_error",
    "internalfailure": "server_error",
    "serviceunavailableexception": "overloaded",
    "serviceunavailable": "overloaded",
}
"""Type in lower case → kind."""

_CREDENTIALS = ("security token", "signature", "credential", "api key", "bearer token", "not authenticated")
"""Parts of a 403's message, without a type, that speak of who asks and not of what they may do."""


def parse_error(reply: HttpReply, origin: Origin) -> ProviderError | Response[None]:
    """The error of that answer; a blocked answer is a `Response`, since a filter's word is an answer."""
    body = error_body(reply)
    message = error_message(body)
    signal = signal_in(NAME, message)
    if reply.status < 500 and signal is not None:
        return _filtered(reply, as_dict(body), signal, origin)
    return error_of(type_of(reply, body), message, reply, kind_of_status(reply.status))


def type_of(reply: HttpReply, body: object) -> str | None:
    """The vendor's word for the error, without its address."""
    word = reply.headers.get(TYPE_HEADER) or as_str(as_dict(body).get("__type")) or as_str(as_dict(body).get("code"))
    return None if not word else word.partition(":")[0].rpartition("#")[2]


def error_of(word: str | None, message: str, reply: HttpReply, otherwise: ErrorKind) -> ProviderError:
    """The error of that type; `otherwise` is its kind where no type came, or one that nobody knows."""
    kind = KINDS.get((word or "").lower(), otherwise)
    if kind in ("invalid_request", "server_error") and is_overflow(message):
        kind = "context_overflow"
    if word is None and kind == "permission" and any(part in message.lower() for part in _CREDENTIALS):
        kind = "auth"
    return provider_error(reply, kind=kind, message=message, code=word)


# ---- inside a stream -------------------------------------------------------------------------------------------------


def is_exception(frame: Frame) -> bool:
    """Whether a frame ends the stream with an error."""
    return frame.event.startswith((EXCEPTION, ERROR))


def exception_of(frame: Frame, body: object) -> ProviderError:
    """The error that such a frame is; `originalStatusCode` is what the model's own server said."""
    word = frame.event.partition(":")[2] or None
    fields = as_dict(body)
    message = error_message(fields) or as_str(fields.get("originalMessage")) or ""
    status = as_int(fields.get("originalStatusCode"))
    otherwise: ErrorKind = kind_of_status(status) if status is not None else "server_error"
    return error_of(word, message, HttpReply(status=200, body=frame.data), otherwise)


def declined_inside(body: object, *, has_text: bool) -> Refusal | None:
    """The refusal of a filter that breaks into an answer as an error."""
    message = error_message(body)
    signal = signal_in(NAME, message)
    if signal is None:
        return None
    return hard(signal, text=message, evidence=(f"error.message={message[:200]}",), has_text=has_text)


def _filtered(reply: HttpReply, body: dict[str, Any], signal: Signal, origin: Origin) -> Response[None]:
    message = error_message(body)
    refusal = hard(signal, text=message, evidence=(f"HTTP {reply.status}", f"error.message={message[:200]}"))
    return Response(
        message=Message(role="assistant", parts=()),
        finish_reason="content_filter",
        raw_finish_reason=type_of(reply, body),
        outcome=Refused(refusal=refusal),
        refusal=refusal,
        usage=Usage(),
        model=origin.model,
        id=None,
        provider=origin.provider,
        request_id=request_id(reply),
        raw=body,
    )


# ---- the way back ----------------------------------------------------------------------------------------------------

_WRITTEN: dict[str, tuple[int, str]] = {
    "rate_limit": (429, "ThrottlingException"),
    "quota": (400, "ServiceQuotaExceededException"),
    "overloaded": (503, "ServiceUnavailableException"),
    "server_error": (500, "InternalServerException"),
    "timeout": (408, "ModelTimeoutException"),
    "auth": (403, "UnrecognizedClientException"),
    "permission": (403, "AccessDeniedException"),
    "not_found": (404, "ResourceNotFoundException"),
    "invalid_request": (400, "ValidationException"),
    "context_overflow": (400, "ValidationException"),
    "content_filter": (400, "ValidationException"),
    "unknown": (409, "ConflictException"),
}
_FILTERED = "content filtering policy"
"""Part of the sentence for a blocked answer, as the table of signals has it."""


def write_error(kind: str, message: str, *, status: int | None = None) -> HttpReply:
    """An error answer as the vendor words it; a word that is no kind is sent as its type."""
    usual, word = _WRITTEN.get(kind, (500, kind))
    if kind == "context_overflow" and not is_overflow(message):
        message = f"Input is too long for requested model. {message}".rstrip()
    if kind == "content_filter" and _FILTERED not in message.lower():
        message = f"Output blocked by content filtering policy. {message}".rstrip()
    headers = {
        "content-type": "application/json",
        TYPE_HEADER: f"{word}:http://internal.amazon.com/coral/com.amazon.bedrock/",
        "x-amzn-requestid": "00000000-0000-4000-8000-000000000000",
    }
    return HttpReply(status=status or usual, headers=headers, body=dump_json({"message": message}))
