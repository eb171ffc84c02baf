"""A response → the bytes the provider would send: for fake servers and round-trip tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from portable_llm._http import HttpReply
from portable_llm._json import dump_json
from portable_llm._messages import ReasoningPart, RefusalPart, TextPart, ToolCallPart, UnknownPart
from portable_llm._response import FinishReason, Response, Usage
from portable_llm.wire._logprobs import Dealer, tokens_of, wire_pieces
from portable_llm.wire._reading import as_dict
from portable_llm.wire.cohere_v2._messages import PLAN, is_plan, merge, wire_call, wire_citations
from portable_llm.wire.cohere_v2._parse import FINISH_REASONS

WORDS: Mapping[FinishReason, str] = {
    "stop": "COMPLETE",
    "length": "MAX_TOKENS",
    "tool_call": "TOOL_CALL",
    "content_filter": "ERROR_TOXIC",
    "refusal": "ERROR_TOXIC",
    "context_overflow": "ERROR_LIMIT",
    "error": "ERROR",
    "cancelled": "USER_CANCEL",
}
"""The protocol's word for a finish reason; those without one end without a word."""


def write_response(response: Response[Any]) -> HttpReply:
    """The whole answer."""
    message = {name: value for name, value in _message(response).items() if value}
    body: dict[str, Any] = {
        "id": response.id or "",
        "finish_reason": _word(response),
        "message": {"role": "assistant", **message},
    }
    if (usage := _usage(response.usage)) is not None:
        body["usage"] = usage
    if tokens := tokens_of(response, "text"):
        body["logprobs"] = wire_pieces(tokens)
    headers = {"content-type": "application/json"}
    if response.request_id is not None:
        headers["x-debug-trace-id"] = response.request_id
    return HttpReply(status=200, headers=headers, body=dump_json(body))


def write_stream(response: Response[Any], *, pieces: int = 4) -> Iterable[bytes]:
    """The same answer as events; texts and arguments are cut into about `pieces` deltas."""
    pieces = max(1, pieces)
    message = _message(response)
    empty: dict[str, Any] = {"role": "assistant", "content": [], PLAN: "", "tool_calls": [], "citations": []}
    yield _event("message-start", id=response.id or "", delta={"message": empty})
    dealer = Dealer(tokens_of(response, "text"))
    for index, item in enumerate(message["content"]):
        yield from _content(index, item, pieces, dealer)
    for piece in wire_pieces(dealer.rest()):  # of no text: a mark of its end
        yield _event("content-delta", index=0, delta={"message": {"content": {}}}, logprobs=piece)
    for piece in _slices(message[PLAN], pieces):
        yield _event("tool-plan-delta", delta={"message": {PLAN: piece}})
    for index, citation in enumerate(message["citations"]):
        yield _event("citation-start", index=index, delta={"message": {"citations": citation}})
        yield _event("citation-end", index=index)
    for index, call in enumerate(message["tool_calls"]):
        yield from _call(index, call, pieces)
    ending: dict[str, Any] = {"finish_reason": _word(response)}
    if (usage := _usage(response.usage)) is not None:
        ending["usage"] = usage
    yield _event("message-end", delta=ending)
    yield b"data: [DONE]\n\n"


def _event(kind: str, **fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), dump_json({"type": kind, **fields}))


def _content(index: int, item: Mapping[str, Any], pieces: int, dealer: Dealer) -> Iterator[bytes]:
    kind = str(item.get("type"))
    if not isinstance(item.get(kind), str):
        yield _event("content-start", index=index, delta={"message": {"content": item}})
    else:
        yield _event("content-start", index=index, delta={"message": {"content": {"type": kind, kind: ""}}})
        for piece in _slices(item[kind], pieces):
            delta = {"message": {"content": {kind: piece}}}
            told = wire_pieces(dealer.next(piece)) if kind == "text" else []
            yield _event("content-delta", index=index, delta=delta, **({"logprobs": told[0]} if told else {}))
            for more in told[1:]:  # one piece to an event
                nothing = {"message": {"content": {kind: ""}}}
                yield _event("content-delta", index=index, delta=nothing, logprobs=more)
    yield _event("content-end", index=index)


def _call(index: int, call: Mapping[str, Any], pieces: int) -> Iterator[bytes]:
    function = as_dict(call.get("function"))
    begun = {**call, "function": {**function, "arguments": ""}}
    yield _event("tool-call-start", index=index, delta={"message": {"tool_calls": begun}})
    for piece in _slices(function["arguments"], pieces):
        more = {"function": {"arguments": piece}}
        yield _event("tool-call-delta", index=index, delta={"message": {"tool_calls": more}})
    yield _event("tool-call-end", index=index)


def _slices(text: str, pieces: int) -> Iterator[str]:
    size = max(1, -(-len(text) // pieces))
    for start in range(0, len(text), size):
        yield text[start : start + size]


def _word(response: Response[Any]) -> str | None:
    """The provider's own word where this protocol knows it to mean the same, else the protocol's."""
    raw, reason = response.raw_finish_reason, response.finish_reason
    if raw is not None and (reason == "unknown" or FINISH_REASONS.get(raw.lower()) == reason):
        return raw
    return WORDS.get(reason)


def _message(response: Response[Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"content": [], PLAN: "", "citations": [], "tool_calls": []}
    content: list[dict[str, Any]] = message["content"]
    for part in response.message.parts:
        match part:
            case TextPart():
                wire_citations(message, part, len(content))
                content.append({"type": "text", "text": part.text})
            case RefusalPart():
                content.append({"type": "text", "text": part.text})
            case ReasoningPart() if is_plan(part):
                message[PLAN] += part.text
            case ReasoningPart():
                content.append({"type": "thinking", "thinking": part.text})
            case ToolCallPart():
                message["tool_calls"].append(wire_call(part))
            case UnknownPart() if "type" in part.raw:
                content.append(dict(part.raw))
            case UnknownPart():
                merge(message, part)
            case _:
                pass  # media has no place in an answer
    return message


def _usage(usage: Usage) -> dict[str, Any] | None:
    """The usage object with the counts that are known; `None` without any."""
    if usage == Usage():
        return None
    counts = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_output_tokens,
    }
    known = {name: count for name, count in counts.items() if count is not None}
    billed = {name: count for name, count in known.items() if name != "reasoning_tokens"}
    written: dict[str, Any] = {"billed_units": billed, "tokens": known}
    if usage.cache_read_input_tokens is not None:
        written["cached_tokens"] = usage.cache_read_input_tokens
    return written
