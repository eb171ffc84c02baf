"""A whole answer → `Response`. Parts keep the order of the content list; calls come last.

The stream decoder shares `finished` and the readers of single pieces with this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._http import HttpReply
from portable_llm._json import JsonValue
from portable_llm._messages import Origin
from portable_llm._response import NoOutput, Refusal, Refused, Response, Usage
from portable_llm.refusal import hard, signal_of
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._errors import request_id
from portable_llm.wire._finish import finish_reason
from portable_llm.wire._logprobs import read_choice
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str, body_object
from portable_llm.wire.mistral._capabilities import NAME
from portable_llm.wire.mistral._content import ContentReader
from portable_llm.wire.mistral._errors import declined_by, error_inside
from portable_llm.wire.openai_chat._parse import read_call

FINISH_REASONS: Mapping[str, str] = {
    "stop": "stop",
    "length": "length",
    "model_length": "length",
    "tool_calls": "tool_call",
    "content_filter": "content_filter",
    "error": "error",
}
"""Lower case. `content_filter` is no word of the vendor's own service but of hosts that filter its models."""


def parse_response(reply: HttpReply, origin: Origin) -> Response[None]:
    """Read a 2xx answer; raises `UnreadableAnswerError`, or a `ProviderError` for an error inside it.

    Only the first choice is read; others stay in `raw`.
    """
    body = body_object(reply, "chat completion")
    choice = as_dict(next(iter(as_list(body.get("choices"))), None))
    declined = declined_by(body, reply.status)
    if declined is None and (error := error_inside(body, reply)) is not None:
        raise error
    assembly = Assembly(origin)
    assembly.start(as_str(body.get("id")) or None, as_str(body.get("model")))
    message = as_dict(choice.get("message"))
    ContentReader(assembly).add(message.get("content"))
    for position, call in enumerate(as_list(message.get("tool_calls"))):
        read_call(assembly, ("call", position), without_null_id(as_dict(call)))
    if logprobs := choice.get("logprobs"):
        read_choice(assembly, logprobs)
    return finished(
        assembly,
        choice.get("finish_reason"),
        as_dict(body.get("usage")),
        request_id_=request_id(reply),
        raw=body,
        declined=declined,
    )


def without_null_id(call: Mapping[str, Any]) -> Mapping[str, Any]:
    """The call; the word `null` as its id, which the vendor's SDK fills in, is none."""
    return {**call, "id": None} if call.get("id") == "null" else call


def read_usage(fields: Mapping[str, Any]) -> Usage:
    """Counts: input includes cached tokens; reasoning is not counted on its own."""
    cached = as_int(as_dict(fields.get("prompt_tokens_details")).get("cached_tokens"))
    return Usage(
        input_tokens=as_int(fields.get("prompt_tokens")),
        output_tokens=as_int(fields.get("completion_tokens")),
        cache_read_input_tokens=as_int(fields.get("num_cached_tokens")) if cached is None else cached,
    )


def finished(
    assembly: Assembly,
    word: object,
    usage: Mapping[str, Any],
    *,
    request_id_: str | None = None,
    raw: Mapping[str, JsonValue] | None = None,
    declined: tuple[Refusal, str] | None = None,
    is_error: bool = False,
) -> Response[None]:
    """The response that an assembled message, a finish word and a usage object add up to; `declined` is a refusal that
    came as an error, with its word."""
    said, counts = as_str(word), read_usage(usage)
    signal = signal_of(NAME, "finish_reason", said or "")
    refusal = None if signal is None else hard(signal, said, usage=counts, has_text=assembly.has_text)
    if declined is not None:
        refusal, said = declined
    reason = finish_reason(
        said.lower() if said else None,
        FINISH_REASONS,
        has_calls=assembly.has_calls,
        is_filtered=refusal is not None,
        is_error=is_error,
    )
    return Response(
        message=assembly.message(),
        finish_reason=reason,
        raw_finish_reason=said,
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
