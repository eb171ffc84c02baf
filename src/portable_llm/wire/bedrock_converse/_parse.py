"""A wire answer → `Response`. A tolerant reader: it takes what it knows and keeps what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from portable_llm._errors import ProviderError, UnreadableAnswerError
from portable_llm._http import HttpReply
from portable_llm._json import JsonValue
from portable_llm._messages import Citation, Origin
from portable_llm._response import NoOutput, Refusal, Refused, Response, Usage
from portable_llm.refusal import guardrail, hard, signal_of
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._errors import request_id
from portable_llm.wire._finish import finish_reason
from portable_llm.wire._reading import add, as_dict, as_int, as_list, as_str, body_object, error_message
from portable_llm.wire.bedrock_converse._capabilities import FINISH_REASONS, NAME
from portable_llm.wire.bedrock_converse._errors import error_of, parse_error, type_of

MODEL_FIELDS = "additionalModelResponseFields"
"""Where a model's own fields come back, if the request asks for them."""

SERVER_TOOL = "server_tool_use"
"""The type of a call that the provider runs itself."""


def parse_response(reply: HttpReply, origin: Origin) -> Response[None]:
    """Read a 2xx answer.

    Raises `UnreadableAnswerError` for JSON that is no message, and a `ProviderError` for an error inside it.
    """
    body = body_object(reply, "answer")
    message = as_dict(body.get("output")).get("message")
    content = as_dict(message).get("content")
    if not isinstance(content, list):
        return _no_message(body, reply, origin)
    assembly = Assembly(origin)
    for index, block in enumerate(cast("list[Any]", content)):
        read_block(assembly, index, as_dict(block) or {"block": block})
    return response_of(assembly, body, request_id=request_id(reply), raw=body)


def _no_message(body: dict[str, Any], reply: HttpReply, origin: Origin) -> Response[None]:
    """A body without a message: an error inside a 200, or nothing this wire knows."""
    word = type_of(reply, body)
    if word is not None or error_message(body):
        answer = parse_error(reply, origin)
        if isinstance(answer, ProviderError):
            raise error_of(word, error_message(body), reply, "server_error")
        return answer
    raise UnreadableAnswerError(
        f"answer: expected output.message with a list 'content', got the fields {sorted(body)[:8]}",
        status=reply.status,
        body=reply.body,
    )


def response_of(
    assembly: Assembly,
    end: Mapping[str, Any],
    *,
    request_id: str | None = None,
    raw: Mapping[str, JsonValue] | None = None,
    declined: Refusal | None = None,
) -> Response[None]:
    """The response of an assembled message; `end` holds what stands beside it, `declined` a refusal that came as an
    error. The protocol names neither the answer nor its model: the model is the one that was asked."""
    word = as_str(end.get("stopReason"))
    usage = usage_of(as_dict(end.get("usage")))
    message = assembly.message()
    refusal = declined or refusal_of(end, usage, text=message.text)
    return Response(
        message=message,
        finish_reason=finish_reason(
            word.lower() if word else word,
            FINISH_REASONS,
            has_calls=assembly.has_calls,
            has_refusal=refusal is not None,
            is_filtered=refusal is not None and refusal.source.endswith("_filter"),
        ),
        raw_finish_reason=word,
        outcome=NoOutput() if refusal is None else Refused(refusal=refusal),
        refusal=refusal,
        usage=usage,
        model=assembly.origin.model,
        id=None,
        provider=assembly.origin.provider,
        request_id=request_id,
        raw=raw,
    )


# ---- blocks ----------------------------------------------------------------------------------------------------------


def read_block(assembly: Assembly, key: int, block: dict[str, Any]) -> None:
    """One whole block, as a part of the message."""
    match block:
        case {"text": str() as text}:
            assembly.text(key, text)
        case {"toolUse": dict()} if block["toolUse"].get("type") != SERVER_TOOL:
            read_call(assembly, key, block["toolUse"])
            read_input(assembly, key, block["toolUse"].get("input"))
        case {"reasoningContent": dict()}:
            read_reasoning(assembly, key, block["reasoningContent"])
        case {"citationsContent": dict()}:
            read_citations(assembly, key, block["citationsContent"])
        case _:  # calls the provider ran itself and their results, images, and what comes next year
            assembly.unknown(key, block)
    assembly.close(key)


def read_call(assembly: Assembly, key: int, call: Mapping[str, Any]) -> None:
    """The head of a call."""
    assembly.tool_call(key, id=as_str(call.get("toolUseId")), name=as_str(call.get("name")))


def read_input(assembly: Assembly, key: int, value: object) -> None:
    """The arguments of a whole call: an object; JSON text is read as well, `None` is no arguments."""
    if isinstance(value, dict):
        assembly.tool_call(key, arguments=cast("dict[str, JsonValue]", value))
    elif isinstance(value, str):
        assembly.tool_call(key, piece=value)


def read_reasoning(assembly: Assembly, key: int, block: Mapping[str, Any]) -> None:
    """Reasoning as text with a signature, or as bytes nobody can read."""
    redacted = as_str(block.get("redactedContent"))
    if redacted is not None:
        assembly.reasoning(key, "", {"redactedContent": redacted})
        return
    thought = as_dict(block.get("reasoningText"))
    signature = as_str(thought.get("signature"))
    assembly.reasoning(key, as_str(thought.get("text")) or "", {"signature": signature} if signature else None)


def read_citations(assembly: Assembly, key: int, block: Mapping[str, Any]) -> None:
    """Text that stands here, and not in a text block, because something is cited for it."""
    for item in as_list(block.get("content")):
        assembly.text(key, as_str(as_dict(item).get("text")) or "")
    cited = as_list(block.get("citations"))
    for citation in cited:
        assembly.cite(key, citation_of(as_dict(citation)))
    assembly.state(key, {"citations": cited})


def citation_of(raw: dict[str, Any]) -> Citation:
    """One citation; it stands for the whole text block, so it has no start or end."""
    quotes = [as_str(as_dict(item).get("text")) or "" for item in as_list(raw.get("sourceContent"))]
    url = as_str(as_dict(as_dict(raw.get("location")).get("web")).get("url"))
    return Citation(url=url, title=as_str(raw.get("title")), quote="".join(quotes) or None, raw=raw)


# ---- the end ---------------------------------------------------------------------------------------------------------


def refusal_of(end: Mapping[str, Any], usage: Usage, *, text: str) -> Refusal | None:
    """A refusal by the stop reason, and by what a guardrail's trace says of it; the text is the guardrail's own words,
    or the answer with what had to be hidden masked."""
    word = as_str(end.get("stopReason")) or ""
    signal = signal_of(NAME, "stopReason", word)
    if signal is None:
        return _refused_by_model(as_dict(end.get(MODEL_FIELDS)), usage, has_text=bool(text))
    found = guardrail(as_dict(as_dict(end.get("trace")).get("guardrail")))
    is_blocked = any(shown.endswith("=BLOCKED") for shown in found.evidence)
    refusal = hard(
        signal,
        categories=found.categories,
        text=text if is_blocked and text else None,
        evidence=(f"stopReason={word}", *found.evidence),
        usage=usage,
        has_text=bool(text),
    )
    return replace(refusal, source="input_filter") if found.is_input else refusal


def _refused_by_model(fields: Mapping[str, Any], usage: Usage, *, has_text: bool) -> Refusal | None:
    """A refusal in the model's own words: the protocol's stop reason beside it may be a plain one."""
    word = as_str(fields.get("stop_reason")) or as_str(fields.get("/stop_reason")) or ""
    place = f"{MODEL_FIELDS}.stop_reason"
    signal = signal_of(NAME, place, word)
    if signal is None:
        return None
    details = as_dict(fields.get("stop_details"))
    category = as_str(details.get("category"))
    return hard(
        signal,
        categories=(category,) if category else (),
        text=as_str(details.get("explanation")),
        evidence=(f"{place}={word}",),
        usage=usage,
        has_text=has_text,
    )


def usage_of(usage: Mapping[str, Any]) -> Usage:
    """Token counts. This wire reports cached tokens beside `inputTokens`; OpenTelemetry counts them inside."""
    fresh = as_int(usage.get("inputTokens"))
    read, written = as_int(usage.get("cacheReadInputTokens")), as_int(usage.get("cacheWriteInputTokens"))
    return Usage(
        input_tokens=None if fresh is None else add(fresh, read, written),
        output_tokens=as_int(usage.get("outputTokens")),
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
    )
