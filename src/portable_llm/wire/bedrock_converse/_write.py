"""`Response` → the wire answer, whole or streamed: the way back of `_parse` and `_stream`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, assert_never

from portable_llm._capabilities import Capabilities
from portable_llm._eventstream import write_event
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
from portable_llm.wire._reading import as_dict
from portable_llm.wire.bedrock_converse._blocks import Writing, block_of
from portable_llm.wire.bedrock_converse._capabilities import FINISH_REASONS
from portable_llm.wire.bedrock_converse._media import Block

_WORDS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_call": "tool_use",
    "refusal": "content_filtered",
    "content_filter": "content_filtered",
    "context_overflow": "model_context_window_exceeded",
    "error": "malformed_model_output",
}


def write_response(response: Response[Any]) -> HttpReply:
    """The answer in one body."""
    body: Block = {
        "metrics": {"latencyMs": 0},
        "output": {"message": {"role": "assistant", "content": [written_block(p) for p in response.message.parts]}},
        "stopReason": _word(response),
        "usage": _usage(response.usage),
    }
    return HttpReply(status=200, headers=_headers("application/json", response), body=dump_json(body))


def write_stream(response: Response[Any], *, pieces: int = 4) -> Iterator[bytes]:
    """The answer as events, one message each."""
    yield _event("messageStart", role="assistant")
    for index, part in enumerate(response.message.parts):
        start, deltas = _streamed(part, pieces)
        if start is not None:
            yield _event("contentBlockStart", contentBlockIndex=index, start=start)
        for delta in deltas:
            yield _event("contentBlockDelta", contentBlockIndex=index, delta=delta)
        yield _event("contentBlockStop", contentBlockIndex=index)
    yield _event("messageStop", stopReason=_word(response))
    yield _event("metadata", usage=_usage(response.usage), metrics={"latencyMs": 0})


def _event(name: str, **fields: Any) -> bytes:
    return write_event(name, dump_json(fields))


def _headers(media_type: str, response: Response[Any]) -> dict[str, str]:
    headers = {"content-type": media_type}
    return {**headers, "x-amzn-requestid": response.request_id} if response.request_id else headers


def _word(response: Response[Any]) -> str | None:
    """The provider's own word where it says the same, else this wire's word for the reason."""
    raw, reason = response.raw_finish_reason, response.finish_reason
    if raw is not None and FINISH_REASONS.get(raw.lower(), "unknown") == reason:
        return raw
    # Calls turn a plain stop into `tool_call`: the word stays what it was.
    if raw is not None and reason == "tool_call" and FINISH_REASONS.get(raw.lower()) == "stop":
        return raw
    return _WORDS.get(reason, raw)


def _usage(usage: Usage) -> Block:
    """Counts as this wire has them: cached tokens beside `inputTokens`, nothing for what is not known."""
    read, written = usage.cache_read_input_tokens, usage.cache_creation_input_tokens
    fresh = None if usage.input_tokens is None else usage.input_tokens - (read or 0) - (written or 0)
    total = None if None in (usage.input_tokens, usage.output_tokens) else _total(usage)
    counts = {
        "inputTokens": fresh,
        "outputTokens": usage.output_tokens,
        "totalTokens": total,
        "cacheReadInputTokens": read,
        "cacheWriteInputTokens": written,
    }
    return {name: value for name, value in counts.items() if value is not None}


def _total(usage: Usage) -> int:
    return (usage.input_tokens or 0) + (usage.output_tokens or 0)


# ---- blocks ----------------------------------------------------------------------------------------------------------


def written_block(part: Part) -> Block:
    """One part of an answer, whole."""
    match part:
        case TextPart():
            return _text(part)
        case RefusalPart():
            return {"text": part.text}
        case ToolCallPart():
            arguments = part.raw_arguments if part.arguments is None else part.arguments
            return {"toolUse": {**_call(part), "input": arguments}}
        case ReasoningPart():
            return _reasoning(part)
        case UnknownPart():
            return dict(part.raw)
        case BlobPart() | UriPart() | FilePart() | ToolResultPart():
            return block_of(part, "", Writing(Capabilities())) or {"text": ""}
        case _:
            assert_never(part)


def _text(part: TextPart) -> Block:
    citations = (part.state or {}).get("citations")
    if citations is None:
        return {"text": part.text}
    return {"citationsContent": {"content": [{"text": part.text}], "citations": citations}}


def _call(part: ToolCallPart) -> Block:
    return {"toolUseId": part.id, "name": part.name}


def _reasoning(part: ReasoningPart) -> Block:
    state = part.state or {}
    if "redactedContent" in state:
        return {"reasoningContent": {"redactedContent": state["redactedContent"]}}
    thought: Block = {"text": part.text}
    if "signature" in state:
        thought["signature"] = state["signature"]
    return {"reasoningContent": {"reasoningText": thought}}


def _streamed(part: Part, pieces: int) -> tuple[Block | None, Iterable[Block]]:
    """What announces the block, if anything does, and the deltas that fill it."""
    match part:
        case TextPart() | RefusalPart():
            cited = (part.state or {}).get("citations") if isinstance(part, TextPart) else None
            said: list[Block] = [{"text": piece} for piece in _cut(part.text, pieces) or [""]]
            return None, (*said, *({"citation": citation} for citation in cited or ()))  # type: ignore[union-attr]
        case ToolCallPart():
            written = dump_json(part.arguments).decode() if part.arguments is not None else part.raw_arguments
            return {"toolUse": _call(part)}, ({"toolUse": {"input": piece}} for piece in _cut(written, pieces))
        case ReasoningPart():
            return None, _streamed_reasoning(part, pieces)
        case _:
            return _announced(written_block(part))


def _streamed_reasoning(part: ReasoningPart, pieces: int) -> Iterable[Block]:
    state = part.state or {}
    deltas: list[Block] = [{"text": piece} for piece in _cut(part.text, pieces)]
    deltas += [{name: state[name]} for name in ("signature", "redactedContent") if name in state]
    return ({"reasoningContent": delta} for delta in deltas or [{"text": ""}])


def _announced(block: Block) -> tuple[Block | None, Iterable[Block]]:
    """A block of another kind: announced by what identifies it, filled by one delta."""
    kind, fields = next(iter(block.items()))
    held = dict(as_dict(fields))
    if kind == "toolResult":
        return {kind: {k: v for k, v in held.items() if k != "content"}}, ({kind: held.get("content", [])},)
    if kind == "toolUse":
        return {kind: {k: v for k, v in held.items() if k != "input"}}, (
            {kind: {"input": dump_json(held.get("input", {})).decode()}},
        )
    return {kind: held}, ()


def _cut(text: str, pieces: int) -> list[str]:
    """The text in about that many pieces."""
    size = max(1, -(-len(text) // max(1, pieces)))
    return [text[start : start + size] for start in range(0, len(text), size)]
