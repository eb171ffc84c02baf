"""Thin adapters that let an outside scorer drive this library: plain dictionaries in, plain dictionaries out.

`decode` reads one recorded exchange as the client would (frames, stream decoder or whole answer, error answer) and
reports what it understood in the scorer's vocabulary. It adds nothing to the decoding itself.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from portable_llm._errors import PortableLLMError, ProviderError, StreamInterruptedError, UnreadableAnswerError
from portable_llm._frames import JSON_LINES, SSE, Framing
from portable_llm._http import HttpReply
from portable_llm._messages import Origin, Part, ReasoningPart, RefusalPart, ToolCallPart, UnknownPart
from portable_llm._response import Response
from portable_llm.wire import StreamDecoder, WireFormat, wire_format
from portable_llm.wire._reading import error_message

WIRE_OF_PROTOCOL: Mapping[str, str] = {
    "anthropic-messages": "anthropic-messages",
    "azure-openai": "openai-chat",
    "bedrock-converse": "bedrock-converse",
    "bedrock-converse-stream": "bedrock-converse",
    "cohere": "cohere-v2",
    "gemini": "gemini",
    "mistral": "mistral-chat",
    "ollama": "ollama-chat",
    "openai-chat": "openai-chat",
    "openai-compatible": "openai-chat",
    "openai-responses": "openai-responses",
    "vertex-gemini": "gemini",
}
"""Protocol family of a recording → wire format; a family without a row has none in this version."""

WIRE_OF_OPERATION: Mapping[str, str] = {
    "messages": "anthropic-messages",
    "generate": "gemini",
    "responses": "openai-responses",
}
"""Hosts that speak several protocols: the operation of the recording decides."""


LINES = ("application/stream+json", "application/x-ndjson")


def decode(exchange: Mapping[str, Any]) -> dict[str, Any]:
    """What the library reads from one recorded exchange; raises `LookupError` for a protocol it does not speak."""
    wire = wire_of(exchange)
    reply = HttpReply(status=exchange["status"], headers=exchange["response_headers"] or {}, body=_body(exchange))
    origin = Origin(provider=exchange["vendor"], host="recorded", model=exchange["model"] or "")
    if reply.status >= 400:
        return _error_answer(wire.parse_error(reply, origin), reply)
    # An older version of a protocol may have been framed otherwise.
    is_in_lines = reply.media_type in LINES or b'"event_type"' in reply.body[:200]
    framing = JSON_LINES if is_in_lines else wire.FRAMING
    if exchange["streaming"] and (framing is not SSE or reply.body.lstrip()[:1] not in (b"[", b"{")):
        return _stream(wire.stream_decoder(origin), framing, reply)
    try:
        return _fields(wire.parse_response(reply, origin))
    except (ProviderError, UnreadableAnswerError) as error:
        return _failed(error, error.partial)


def wire_of(exchange: Mapping[str, Any]) -> WireFormat:
    family = exchange["protocol"].partition(":")[0]
    if family not in WIRE_OF_PROTOCOL:
        raise LookupError(f"no wire format speaks {family!r}")
    name = WIRE_OF_PROTOCOL[family]
    return wire_format(WIRE_OF_OPERATION.get(exchange["operation"], name) if name == "openai-chat" else name)


def _body(exchange: Mapping[str, Any]) -> bytes:
    text: str = exchange["response_body_text"] or ""
    return base64.b64decode(text) if exchange["response_body_encoding"] == "base64" else text.encode("utf-8", "replace")


def _stream(decoder: StreamDecoder, framing: Framing, reply: HttpReply) -> dict[str, Any]:
    frames = framing.decoder()
    try:
        for frame in [*frames.feed(reply.body), *frames.close()]:
            decoder.feed(frame)
    except (ProviderError, UnreadableAnswerError) as error:
        return _failed(error, decoder.finish()[1])
    response = decoder.finish()[1]
    if decoder.is_complete:
        return _fields(response)
    interrupted = StreamInterruptedError("the stream ended before its last event", status=reply.status)
    # An interruption is no error of the recording: the scorer wants the partial answer and a finish it can trust.
    # A word of success is not one: what it crowns did not come whole.
    reason = "unknown" if response.finish_reason in ("stop", "tool_call") else response.finish_reason
    return {**_fields(response), "finish_reason": reason, "interrupted": str(interrupted)}


def _error_answer(read: ProviderError | Response[None], reply: HttpReply) -> dict[str, Any]:
    if isinstance(read, ProviderError):
        return _failed(read, None)
    message = error_message(read.raw)
    error = {"kind": "content_filter", "status": reply.status, "message": message}
    return {**_fields(read), "refusal": None, "error": error}


def _failed(error: PortableLLMError, partial: Response[Any] | None) -> dict[str, Any]:
    kind = error.kind if isinstance(error, ProviderError) else "unknown"
    fields = _fields(partial) if partial is not None else _NOTHING
    said = {"kind": kind, "status": error.status, "message": error.message}
    return {**fields, "finish_reason": "error", "error": said}


def _fields(response: Response[Any]) -> dict[str, Any]:
    parts = response.message.parts
    return {
        "text": response.text,
        "reasoning": "".join(part.text for part in parts if isinstance(part, ReasoningPart) and not _is_plan(part)),
        "tool_calls": [call for part in parts for call in _calls(part)],
        "finish_reason": response.finish_reason,
        "raw_finish_reason": response.raw_finish_reason,
        "refusal": "".join(part.text for part in parts if isinstance(part, RefusalPart)) or None,
        "input_tokens": response.usage.input_tokens,
        "output_tokens": response.usage.output_tokens,
        "error": None,
    }


def _calls(part: Part) -> Iterator[dict[str, Any]]:
    """The call that a part is, in the scorer's words.

    The recordings' reader of Converse is botocore, which makes no difference between a call to be run and one that the
    host ran itself (`server_tool_use`). The library does: the latter is no tool call of the response but a part of the
    provider's own, kept whole. It is listed here as that reader lists it.
    """
    if isinstance(part, ToolCallPart):
        arguments = part.raw_arguments if part.arguments is None else part.arguments
        yield {"id": part.id, "name": part.name, "arguments": arguments}
    elif isinstance(part, UnknownPart) and isinstance(ran := part.raw.get("toolUse"), dict):
        yield {"id": ran.get("toolUseId"), "name": ran.get("name"), "arguments": ran.get("input")}


def _is_plan(part: ReasoningPart) -> bool:
    """What a model says it will do with its calls: reasoning to this library, a field of its own to the scorer."""
    return (part.state or {}).get("field") == "tool_plan"


_NOTHING: dict[str, Any] = {
    "text": "",
    "reasoning": "",
    "tool_calls": [],
    "finish_reason": "error",
    "raw_finish_reason": None,
    "refusal": None,
    "input_tokens": None,
    "output_tokens": None,
    "error": None,
}


def compile_schema(schema: dict[str, Any], dialect: str) -> tuple[dict[str, Any], list[dict[str, str]], Any, Any]:
    """`lower` in the scorer's words: an encoding is a loss at its place, at the root one of the keyword `type`."""
    from portable_llm.schema import lower

    lowered = lower(schema, dialect, at="/s")
    losses = [
        _loss(entry.subject.removeprefix("/s"), entry.action, entry.effect)
        for entry in lowered.adaptations
        if entry.effect is not None
    ]
    return lowered.schema, losses, lowered.encode, lowered.restore


def _loss(subject: str, action: str, effect: str) -> dict[str, str]:
    place, _, keyword = subject.rpartition("/")
    if action == "encoded":
        keyword = "" if place else "type"
    return {"path": place, "keyword": keyword, "effect": effect}


def repair(text: str, schema: Mapping[str, Any] | None) -> Any:
    """The value that `read` finds with its default policy; raises `ValueError` where it finds none."""
    from portable_llm._response import Invalid
    from portable_llm.output import read

    outcome = read(text, schema)
    if isinstance(outcome, Invalid):
        raise ValueError("; ".join(outcome.errors))
    return outcome.value


def classify_refusal(prompt: str, response: str) -> str:
    """What the library's own classifier calls an answer: `compliance`, `partial` or `refusal`."""
    from portable_llm.refusal._soft import classify  # its weights are read on first use only

    return classify(prompt, response).label
