"""A whole answer → `Response`; what it shares with the end of a stream is `finished`.

The order of the parts is that of the output items, which is the model's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._http import HttpReply
from portable_llm._json import JsonValue
from portable_llm._messages import Origin
from portable_llm._response import NoOutput, Refusal, Refused, Response, Usage
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._errors import request_id
from portable_llm.wire._finish import finish_reason
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str, body_object, error_message
from portable_llm.wire.openai_responses._declined import declined_by_answer
from portable_llm.wire.openai_responses._errors import declined_inside, error_inside
from portable_llm.wire.openai_responses._output import OutputReader

FINISH_REASONS: Mapping[str, str] = {
    "completed": "stop",
    "max_output_tokens": "length",
    "content_filter": "content_filter",
    "failed": "error",
    "cancelled": "cancelled",
}
"""The reason why an answer is incomplete, or else its status. `queued` and `in_progress` are no ends: `unknown`."""


def parse_response(reply: HttpReply, origin: Origin) -> Response[None]:
    """Read a 2xx answer; raises `UnreadableAnswerError`, or a `ProviderError` for an error inside it.

    An error beside a partial answer carries it as `partial`.
    """
    body = body_object(reply, "response")
    assembly = Assembly(origin)
    assembly.start(as_str(body.get("id")) or None, as_str(body.get("model")))
    reader = OutputReader(assembly)
    for place, item in enumerate(as_list(body.get("output"))):
        reader.item(place, as_dict(item))
    said = body if "output" in body or not error_message(body) else {"error": body.get("error") or body}
    declined = declined_inside(said, has_text=assembly.has_text)
    error = None if declined is not None else error_inside(said, reply)
    response = finished(
        assembly, body, request_id_=request_id(reply), raw=body, declined=declined, is_error=error is not None
    )
    if error is not None:
        error.partial = response if response.message.parts else None
        raise error
    return response


def word_of(body: Mapping[str, Any]) -> str | None:
    """Why the answer is incomplete, or else its status."""
    reason = as_str(as_dict(body.get("incomplete_details")).get("reason"))
    return reason or as_str(body.get("status")) or None


def read_usage(fields: Mapping[str, Any]) -> Usage:
    """Counts: input includes cached and written tokens, output includes reasoning. Some hosts use the older names."""
    details = as_dict(fields.get("input_tokens_details"))
    sent, came = as_int(fields.get("input_tokens")), as_int(fields.get("output_tokens"))
    return Usage(
        input_tokens=as_int(fields.get("prompt_tokens")) if sent is None else sent,
        output_tokens=as_int(fields.get("completion_tokens")) if came is None else came,
        cache_read_input_tokens=as_int(details.get("cached_tokens")),
        cache_creation_input_tokens=as_int(details.get("cache_write_tokens")),
        reasoning_output_tokens=as_int(as_dict(fields.get("output_tokens_details")).get("reasoning_tokens")),
    )


def finished(
    assembly: Assembly,
    body: Mapping[str, Any],
    *,
    request_id_: str | None = None,
    raw: Mapping[str, JsonValue] | None = None,
    declined: tuple[Refusal, str] | None = None,
    is_error: bool = False,
) -> Response[None]:
    """The response that an assembled message and the response object (status, usage, filter report) add up to.

    `declined` is a refusal that came as an error, with its word.
    """
    word, said, counts = word_of(body), assembly.refusal_text, read_usage(as_dict(body.get("usage")))
    found = declined or declined_by_answer(body, word, said=said, usage=counts, has_text=assembly.has_text)
    refusal = found[0] if found else None
    reason = finish_reason(
        word,
        FINISH_REASONS,
        has_calls=assembly.has_calls,
        has_refusal=bool(said),
        is_filtered=refusal is not None and refusal.source != "model",
        is_error=is_error,
    )
    return Response(
        message=assembly.message(),
        finish_reason=reason,
        raw_finish_reason=declined[1] if declined else word,
        outcome=NoOutput() if refusal is None else Refused(refusal=refusal),
        refusal=refusal,
        usage=counts,
        model=assembly.model,
        id=assembly.id,
        provider=assembly.origin.provider,
        request_id=request_id_,
        raw=raw,
        logprobs=assembly.token_logprobs,
    )
