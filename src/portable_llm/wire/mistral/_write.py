"""A response → the bytes the provider would send: for fake servers and round-trip tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from portable_llm._http import HttpReply
from portable_llm._json import dump_json
from portable_llm._messages import ReasoningPart, RefusalPart, TextPart, ToolCallPart, UnknownPart
from portable_llm._response import FinishReason, Response, TokenLogprob, Usage
from portable_llm.wire._logprobs import Dealer, tokens_of, wire_tokens
from portable_llm.wire._reading import as_dict, as_list, as_str
from portable_llm.wire.mistral._messages import Chunk, wire_call, wire_text, wire_thinking
from portable_llm.wire.mistral._parse import FINISH_REASONS

WORDS: Mapping[FinishReason, str] = {
    "stop": "stop",
    "length": "length",
    "tool_call": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "error": "error",
}
"""The protocol's word for a finish reason; those without one end without a word. A refusal has none of its own."""

_JSON: Mapping[str, str] = {"content-type": "application/json"}


def write_response(response: Response[Any]) -> HttpReply:
    """The whole answer."""
    chunks, calls = _said(response)
    message = {"role": "assistant", "content": _content(chunks), "tool_calls": calls or None}
    choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": _word(response)}
    if tokens := tokens_of(response, "text"):
        choice["logprobs"] = {"content": wire_tokens(tokens)}
    body: dict[str, Any] = {**_head(response, "chat.completion"), "choices": [choice]}
    if (usage := _usage(response.usage)) is not None:
        body["usage"] = usage
    headers = {**_JSON} if response.request_id is None else {**_JSON, "mistral-correlation-id": response.request_id}
    return HttpReply(status=200, headers=headers, body=dump_json(body))


def write_stream(response: Response[Any], *, pieces: int = 4) -> Iterable[bytes]:
    """The same answer as a stream: texts in about `pieces` deltas, each call whole, in the last chunk the end."""
    head = _head(response, "chat.completion.chunk")
    chunks, calls = _said(response)
    yield _event({**head, "choices": [_choice({"role": "assistant", "content": ""})]})
    dealer = Dealer(tokens_of(response, "text"))
    for chunk in chunks:
        for content in _cut(chunk, max(1, pieces)):
            told = dealer.next(content) if isinstance(content, str) else []
            yield _event({**head, "choices": [_choice({"content": content}, told=told)]})
    last: dict[str, Any] = {"content": ""}
    if calls:
        last["tool_calls"] = [{**call, "index": index} for index, call in enumerate(calls)]
    ending: dict[str, Any] = {**head, "choices": [_choice(last, _word(response), told=dealer.rest())]}
    if (usage := _usage(response.usage)) is not None:
        ending["usage"] = usage
    yield _event(ending)
    yield b"data: [DONE]\n\n"


def _head(response: Response[Any], kind: str) -> dict[str, Any]:
    return {"id": response.id or "", "object": kind, "created": 0, "model": response.model or ""}


def _choice(delta: Mapping[str, Any], word: str | None = None, *, told: Sequence[TokenLogprob] = ()) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": 0, "delta": delta, "finish_reason": word}
    return {**choice, "logprobs": {"content": wire_tokens(told)}} if told else choice


def _event(chunk: Mapping[str, Any]) -> bytes:
    return b"data: " + dump_json(dict(chunk)) + b"\n\n"


def _word(response: Response[Any]) -> str | None:
    """The provider's own word where this protocol knows it to mean the same, else the protocol's."""
    raw, reason = response.raw_finish_reason, response.finish_reason
    if raw is not None and (reason == "unknown" or FINISH_REASONS.get(raw.lower()) == reason):
        return raw
    return WORDS.get(reason)


def _said(response: Response[Any]) -> tuple[list[Chunk], list[dict[str, Any]]]:
    """The chunks of the content, and the calls."""
    chunks: list[Chunk] = []
    calls: list[dict[str, Any]] = []
    for part in response.message.parts:
        match part:
            case TextPart():
                chunks += wire_text(part)
            case RefusalPart():
                chunks.append({"type": "text", "text": part.text})
            case ReasoningPart():
                chunks.append(wire_thinking(part))
            case ToolCallPart():
                calls.append(wire_call(part))
            case UnknownPart():
                (calls if "id" in part.raw else chunks).append(dict(part.raw))
            case _:
                pass  # media has no place in an answer
    return chunks, calls


def _content(chunks: list[Chunk]) -> str | list[Chunk]:
    """Plain text as a string; a list as soon as there is anything else."""
    if all(chunk.get("type") == "text" for chunk in chunks):
        return "".join(chunk["text"] for chunk in chunks)
    return chunks


def _cut(chunk: Chunk, pieces: int) -> Iterator[str | list[Chunk]]:
    """The deltas of one chunk: text as strings, thinking in lists; what carries more than words stays whole."""
    if chunk.get("type") == "text":
        yield from _slices(chunk["text"], pieces)
        return
    thinking = as_list(chunk.get("thinking"))
    if len(thinking) != 1 or len(chunk) > 2 or not (text := as_str(as_dict(thinking[0]).get("text"))):
        yield [chunk]
        return
    for piece in _slices(text, pieces):
        yield [{"type": "thinking", "thinking": [{"type": "text", "text": piece}]}]


def _slices(text: str, pieces: int) -> Iterator[str]:
    size = max(1, -(-len(text) // pieces))
    for start in range(0, len(text), size):
        yield text[start : start + size]


def _usage(usage: Usage) -> dict[str, Any] | None:
    """The usage object with the counts that are known; `None` without any."""
    if usage == Usage():
        return None
    prompt, completion = usage.input_tokens, usage.output_tokens
    written: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": completion}
    if prompt is not None and completion is not None:
        written["total_tokens"] = prompt + completion
    if usage.cache_read_input_tokens is not None:
        written["prompt_tokens_details"] = {"cached_tokens": usage.cache_read_input_tokens}
    return written


# ---- errors ----------------------------------------------------------------------------------------------------------

_ERRORS: Mapping[str, tuple[int, str, str | None]] = {
    "rate_limit": (429, "rate_limited", "1300"),
    "quota": (402, "payment_required", None),
    "overloaded": (503, "service_unavailable", None),
    "server_error": (500, "internal_server_error", "1000"),
    "timeout": (504, "timeout", None),
    "auth": (401, "unauthorized", None),
    "permission": (403, "forbidden", None),
    "not_found": (404, "not_found", None),
    "invalid_request": (400, "invalid_request_invalid_args", "3051"),
    "context_overflow": (400, "invalid_request_prompt", "3051"),
    "unknown": (409, "conflict", None),
}
"""Kind → status, type and code; those of `3051` and `1000` are recorded."""


def write_error(kind: str, message: str, *, status: int | None = None) -> HttpReply:
    """An error answer; a kind without a row is written as a server error."""
    if kind == "content_filter":
        report = [{"moderation_llm_v2": {"action": "block", "categories": dict[str, Any]()}}]
        blocked = {"object": "error", "message": message, "type": "guardrail_violation", "param": None, "code": "1920"}
        said = {**blocked, "raw_status_code": status or 403, "guardrails": report}
        return HttpReply(status=status or 403, headers=_JSON, body=dump_json(said))
    usual, type_, code = _ERRORS.get(kind, _ERRORS["server_error"])
    if kind == "context_overflow":
        message = f"{message} (Prompt too large for model with 0 maximum context length)"
    body = {
        "object": "error",
        "message": message,
        "type": type_,
        "param": None,
        "code": code,
        "raw_status_code": status or usual,
    }
    return HttpReply(status=status or usual, headers=_JSON, body=dump_json(body))
