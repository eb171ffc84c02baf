"""`Response` → the wire answer, whole or streamed: the way back of `_parse` and `_stream`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, assert_never

from portable_llm._http import HttpReply
from portable_llm._json import dump_json
from portable_llm._messages import (
    BlobPart,
    FilePart,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
)
from portable_llm._response import Response, Usage
from portable_llm.refusal import vendor_word
from portable_llm.wire.anthropic_messages._blocks import Block, block_of
from portable_llm.wire.anthropic_messages._capabilities import FINISH_REASONS, NAME

_WORDS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_call": "tool_use",
    "pause": "pause_turn",
    "refusal": "refusal",
    "content_filter": "refusal",
    "context_overflow": "model_context_window_exceeded",
}


def write_response(response: Response[Any]) -> HttpReply:
    """The answer in one body."""
    body = {
        **_head(response),
        "content": [written_block(part) for part in response.message.parts],
        **_end(response),
        "usage": _usage(response.usage),
    }
    return HttpReply(status=200, headers=_headers("application/json", response), body=dump_json(body))


def write_stream(response: Response[Any], *, pieces: int = 4) -> Iterator[bytes]:
    """The answer as events, one chunk each."""
    usage = _usage(response.usage)
    start = {name: value for name, value in usage.items() if name not in ("output_tokens", "output_tokens_details")}
    yield _event("message_start", message={**_head(response), "content": [], **_NO_END, "usage": start})
    for index, part in enumerate(response.message.parts):
        opened, deltas = _streamed(part, pieces)
        yield _event("content_block_start", index=index, content_block=opened)
        for delta in deltas:
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    yield _event("message_delta", delta=_end(response), usage=usage)
    yield _event("message_stop")


def _event(name: str, **fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), dump_json({"type": name, **fields}))


def _headers(media_type: str, response: Response[Any]) -> dict[str, str]:
    headers = {"content-type": media_type}
    return {**headers, "request-id": response.request_id} if response.request_id else headers


def _head(response: Response[Any]) -> Block:
    head: Block = {"id": response.id, "type": "message", "role": "assistant", "model": response.model}
    return {name: value for name, value in head.items() if value is not None}


# ---- the end ---------------------------------------------------------------------------------------------------------

_NO_END: Block = {"stop_reason": None, "stop_sequence": None}


def _end(response: Response[Any]) -> Block:
    return {"stop_reason": _word(response), "stop_sequence": None, "stop_details": _details(response)}


def _word(response: Response[Any]) -> str | None:
    """The provider's own word where it says the same, else this wire's word for the reason."""
    raw, reason = response.raw_finish_reason, response.finish_reason
    if raw is not None and FINISH_REASONS.get(raw.lower(), "unknown") == reason:
        return raw
    # Calls turn a plain stop into `tool_call`: the word stays what it was.
    if raw is not None and reason == "tool_call" and FINISH_REASONS.get(raw.lower()) == "stop":
        return raw
    return _WORDS.get(reason, raw)


def _details(response: Response[Any]) -> Block | None:
    refusal = response.refusal
    if refusal is None or refusal.kind != "hard":
        return None
    category = (
        None if refusal.category == "unspecified" else refusal.raw_category or vendor_word(NAME, refusal.category)
    )
    return {"type": "refusal", "category": category, "explanation": refusal.text}


def _usage(usage: Usage) -> Block:
    """Counts as this wire has them: cached tokens beside `input_tokens`, nothing for what is not known."""
    read, created = usage.cache_read_input_tokens, usage.cache_creation_input_tokens
    fresh = None if usage.input_tokens is None else usage.input_tokens - (read or 0) - (created or 0)
    counts = {
        "input_tokens": fresh,
        "cache_creation_input_tokens": created,
        "cache_read_input_tokens": read,
        "output_tokens": usage.output_tokens,
    }
    wire: Block = {name: value for name, value in counts.items() if value is not None}
    if usage.reasoning_output_tokens is not None:
        wire["output_tokens_details"] = {"thinking_tokens": usage.reasoning_output_tokens}
    return wire


# ---- blocks ----------------------------------------------------------------------------------------------------------


def written_block(part: Part) -> Block:
    """One part of an answer, whole."""
    match part:
        case TextPart():
            return _text(part)
        case RefusalPart():
            return {"type": "text", "text": part.text}
        case ToolCallPart():
            return _call(part, part.raw_arguments if part.arguments is None else part.arguments)
        case ReasoningPart():
            return _reasoning(part)
        case UnknownPart():
            return dict(part.raw)
        case BlobPart() | UriPart() | FilePart() | ToolResultPart():
            return block_of(part, "", []) or {"type": "text", "text": ""}
        case _:
            assert_never(part)


def _text(part: TextPart) -> Block:
    block: Block = {"type": "text", "text": part.text}
    citations = (part.state or {}).get("citations") or [dict(cited.raw) for cited in part.citations if cited.raw]
    return {**block, "citations": citations} if citations else block


def _call(part: ToolCallPart, arguments: object) -> Block:
    return {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments, **(part.state or {})}


def _reasoning(part: ReasoningPart) -> Block:
    state = part.state or {}
    if "redacted_data" in state:
        return {"type": "redacted_thinking", "data": state["redacted_data"]}
    block: Block = {"type": "thinking", "thinking": part.text}
    return {**block, "signature": state["signature"]} if "signature" in state else block


def _streamed(part: Part, pieces: int) -> tuple[Block, Iterable[Block]]:
    """The block as it opens, and the deltas that fill it."""
    match part:
        case TextPart() if part.text:
            return _streamed_text(part, pieces)
        case ToolCallPart():
            written = dump_json(part.arguments).decode() if part.arguments is not None else part.raw_arguments
            deltas = ({"type": "input_json_delta", "partial_json": piece} for piece in ("", *_cut(written, pieces)))
            return _call(part, {}), deltas
        case ReasoningPart() if "redacted_data" not in (part.state or {}):
            return _streamed_reasoning(part, pieces)
        case RefusalPart():
            return _streamed_text(TextPart(text=part.text), pieces)
        case _:
            return written_block(part), ()


def _streamed_text(part: TextPart, pieces: int) -> tuple[Block, Iterable[Block]]:
    whole = _text(part)
    cited = [{"type": "citations_delta", "citation": citation} for citation in whole.get("citations", ())]
    said = [{"type": "text_delta", "text": piece} for piece in _cut(part.text, pieces)]
    return {"type": "text", "text": ""}, (*cited, *said)


def _streamed_reasoning(part: ReasoningPart, pieces: int) -> tuple[Block, Iterable[Block]]:
    deltas: list[Block] = [{"type": "thinking_delta", "thinking": piece} for piece in _cut(part.text, pieces)]
    signature = (part.state or {}).get("signature")
    if signature is None:
        return {"type": "thinking", "thinking": ""}, deltas
    deltas.append({"type": "signature_delta", "signature": signature})
    return {"type": "thinking", "thinking": "", "signature": ""}, deltas


def _cut(text: str, pieces: int) -> list[str]:
    """The text in about that many pieces."""
    size = max(1, -(-len(text) // max(1, pieces)))
    return [text[start : start + size] for start in range(0, len(text), size)]
