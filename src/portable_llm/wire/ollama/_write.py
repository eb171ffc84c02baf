"""A response → the bytes the server would send: for fake servers and round-trip tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from portable_llm._http import HttpReply
from portable_llm._json import dump_json
from portable_llm._messages import ReasoningPart, RefusalPart, TextPart, ToolCallPart, UnknownPart
from portable_llm._response import Response, TokenLogprob, Usage
from portable_llm.wire._logprobs import Dealer, tokens_of, wire_tokens
from portable_llm.wire.ollama._messages import wire_call

_CREATED = "2026-01-01T00:00:00Z"
_WORDS: Mapping[str, str | None] = {"stop": "stop", "tool_call": "stop", "length": "length", "unknown": None}
"""The server's word for a finish reason. For those it has none for, ours: a runner may send any word, and a reader
takes it for unknown."""


def write_response(response: Response[Any]) -> HttpReply:
    """The whole answer."""
    message = {"role": "assistant", "content": "", **_message(response)}
    headers = {"content-type": "application/json; charset=utf-8"}
    if response.request_id is not None:
        headers["x-request-id"] = response.request_id
    body = {**_head(response), "message": message, **_told(tokens_of(response, "text")), **_ending(response)}
    return HttpReply(status=200, headers=headers, body=dump_json(body))


def write_stream(response: Response[Any], *, pieces: int = 4) -> Iterable[bytes]:
    """The same answer as lines: thinking and text in about `pieces` deltas, each call whole, then the counts."""
    head = _head(response)
    dealer = Dealer(tokens_of(response, "text"))
    for message in _deltas(_message(response), max(1, pieces)):
        told = _told(dealer.next(message.get("content", "")))
        yield _line({**head, "message": {"role": "assistant", "content": "", **message}, **told, "done": False})
    yield _line({**head, "message": {"role": "assistant", "content": ""}, **_told(dealer.rest()), **_ending(response)})


def _told(tokens: Sequence[TokenLogprob]) -> dict[str, Any]:
    return {"logprobs": wire_tokens(tokens)} if tokens else {}


_BREAKS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""Signs that some readers of lines take for their end; the server escapes most of them as well."""


def _line(value: Mapping[str, Any]) -> bytes:
    return dump_json(dict(value)).decode().translate(_BREAKS).encode() + b"\n"


def _head(response: Response[Any]) -> dict[str, Any]:
    return {"model": response.model or "", "created_at": _CREATED}


def _ending(response: Response[Any]) -> dict[str, Any]:
    ending: dict[str, Any] = {"done": True}
    if (word := _word(response)) is not None:
        ending["done_reason"] = word
    return {**ending, **_usage(response.usage)}


def _word(response: Response[Any]) -> str | None:
    """The server's own word where it means the same."""
    if response.finish_reason == "unknown" and response.raw_finish_reason is not None:
        return response.raw_finish_reason
    return _WORDS.get(response.finish_reason, response.finish_reason)


def _usage(usage: Usage) -> dict[str, Any]:
    """The counts that are known."""
    counts = {"prompt_eval_count": usage.input_tokens, "eval_count": usage.output_tokens}
    return {name: count for name, count in counts.items() if count is not None}


def _message(response: Response[Any]) -> dict[str, Any]:
    message: dict[str, Any] = {}
    for part in response.message.parts:
        match part:
            case TextPart() | RefusalPart():
                message["content"] = message.get("content", "") + part.text
            case ReasoningPart():
                message["thinking"] = message.get("thinking", "") + part.text
            case ToolCallPart():
                message.setdefault("tool_calls", []).append(wire_call(part))
            case UnknownPart():
                message.update(part.raw)
            case _:
                pass  # media has no place in an answer
    return message


def _deltas(message: dict[str, Any], pieces: int) -> Iterator[dict[str, Any]]:
    for name in ("thinking", "content"):
        text = message.pop(name, "")
        size = max(1, -(-len(text) // pieces))
        for start in range(0, len(text), size):
            yield {name: text[start : start + size]}
    calls = message.pop("tool_calls", [])
    if message:
        yield message
    for call in calls:
        yield {"tool_calls": [call]}
