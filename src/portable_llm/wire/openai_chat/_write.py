"""A response → the bytes the provider would send: for fake servers and round-trip tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from portable_llm._http import HttpReply
from portable_llm._json import dump_json
from portable_llm._messages import Citation, ReasoningPart, RefusalPart, TextPart, ToolCallPart, UnknownPart
from portable_llm._response import FinishReason, Response, TokenKind, Usage
from portable_llm.wire._functions import arguments_text
from portable_llm.wire._logprobs import Dealer, tokens_of, wire_choice
from portable_llm.wire._reading import as_dict
from portable_llm.wire.openai_chat._parse import FINISH_REASONS

WORDS: Mapping[FinishReason, str] = {
    "stop": "stop",
    "length": "length",
    "tool_call": "tool_calls",
    "content_filter": "content_filter",
    # A refusal is a stop whose message has words of refusal.
    "refusal": "stop",
    "context_overflow": "model_context_window_exceeded",
    "error": "error",
}
"""The protocol's word for a finish reason; those without one end without a word."""

_TOLD: Mapping[str, TokenKind] = {"reasoning_content": "reasoning", "content": "text", "refusal": "refusal"}
"""Field of a delta → the tokens it is made of."""

_NO_WORDS = "I'm sorry, I can't help with that."
_JSON: Mapping[str, str] = {"content-type": "application/json"}


def write_response(response: Response[Any]) -> HttpReply:
    """The whole answer."""
    logprobs = wire_choice(response.logprobs or ())
    choice = {"index": 0, "message": _message(response), "logprobs": logprobs, "finish_reason": _word(response)}
    body: dict[str, Any] = {**_head(response, "chat.completion"), "choices": [choice]}
    if (usage := _usage(response.usage)) is not None:
        body["usage"] = usage
    return HttpReply(status=200, headers=_headers(response, "application/json"), body=dump_json(body))


def write_stream(response: Response[Any], *, pieces: int = 4) -> Iterable[bytes]:
    """The same answer as a stream, one event per element; each text is cut into about `pieces` deltas."""
    head = _head(response, "chat.completion.chunk")
    yield _event(head, {"role": "assistant", "content": "", "refusal": None})
    dealers = {name: Dealer(tokens_of(response, kind)) for name, kind in _TOLD.items()}
    for delta in _deltas(response, max(1, pieces)):
        told = [one for name, dealer in dealers.items() if isinstance(said := delta.get(name), str)
                for one in dealer.next(said)]  # fmt: skip
        yield _event(head, delta, logprobs=wire_choice(told))
    rest = [one for dealer in dealers.values() for one in dealer.rest()]
    yield _event(head, {}, _word(response), logprobs=wire_choice(rest))
    if (usage := _usage(response.usage)) is not None:
        yield b"data: " + dump_json({**head, "choices": [], "usage": usage}) + b"\n\n"
    yield b"data: [DONE]\n\n"


def _headers(response: Response[Any], media_type: str) -> dict[str, str]:
    headers = {"content-type": media_type}
    return headers if response.request_id is None else {**headers, "x-request-id": response.request_id}


def _head(response: Response[Any], kind: str) -> dict[str, Any]:
    return {"id": response.id or "", "object": kind, "created": 0, "model": response.model or ""}


def _word(response: Response[Any]) -> str | None:
    """The provider's own word where this protocol knows it to mean the same, else the protocol's."""
    raw, reason = response.raw_finish_reason, response.finish_reason
    if raw is not None and (reason == "unknown" or FINISH_REASONS.get(raw.lower()) == reason):
        return raw
    return WORDS.get(reason)


# ---- the message -----------------------------------------------------------------------------------------------------


def _message(response: Response[Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": _refusal(response) or None}
    content: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    citations: list[Citation] = []
    for part in response.message.parts:
        match part:
            case TextPart():
                content.append({"type": "text", "text": part.text})
                citations += part.citations
            case ReasoningPart():
                content += _reasoning(message, part)
            case ToolCallPart():
                calls.append(wire_call(part))
            case UnknownPart():
                _unknown(message, content, calls, part.raw)
            case _:
                pass  # refusals are gathered above; media has no place in an answer
    message["content"] = _content(content)
    message["annotations"] = [_annotation(citation) for citation in citations]
    if calls:
        message["tool_calls"] = calls
    return message


def _content(content: Sequence[Mapping[str, Any]]) -> str | list[Mapping[str, Any]] | None:
    if all(item.get("type") == "text" for item in content):
        return "".join(item["text"] for item in content) if content else None
    return list(content)


def _reasoning(message: dict[str, Any], part: ReasoningPart) -> list[dict[str, Any]]:
    """Put reasoning where its host has it; what belongs into the content list is given back."""
    state = part.state or {}
    field = state.get("field")
    if details := state.get("reasoning_details"):
        message["reasoning_details"] = details
    if field == "content":
        return [{"type": "thinking", "thinking": [{"type": "text", "text": part.text}]}]
    if isinstance(field, str) or not details:
        name = field if isinstance(field, str) else "reasoning_content"
        message[name] = message.get(name, "") + part.text
    return []


def _unknown(
    message: dict[str, Any], content: list[dict[str, Any]], calls: list[dict[str, Any]], raw: Mapping[str, Any]
) -> None:
    if "type" not in raw:
        message.update(raw)
    elif "id" in raw:
        calls.append(dict(raw))
    else:
        content.append(dict(raw))


def wire_call(call: ToolCallPart) -> dict[str, Any]:
    """A call as the provider writes it."""
    state = call.state or {}
    if state.get("type") == "custom":
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.raw_arguments}}
    wire: dict[str, Any] = {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments_text(call)},
    }
    if extra := state.get("extra_content"):
        wire["extra_content"] = extra
    return wire


def _refusal(response: Response[Any]) -> str:
    said = "".join(part.text for part in response.message.parts if isinstance(part, RefusalPart))
    if said or response.finish_reason != "refusal":
        return said
    return (response.refusal.text if response.refusal else None) or _NO_WORDS


def _annotation(citation: Citation) -> dict[str, Any]:
    if citation.raw is not None:
        return dict(citation.raw)
    source = {
        "start_index": citation.start,
        "end_index": citation.end,
        "url": citation.url or "",
        "title": citation.title or "",
    }
    return {"type": "url_citation", "url_citation": source}


def _usage(usage: Usage) -> dict[str, Any] | None:
    """The usage object with the counts that are known; `None` without any."""
    if usage == Usage():
        return None
    prompt, completion = usage.input_tokens, usage.output_tokens
    written: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": completion}
    if prompt is not None and completion is not None:
        written["total_tokens"] = prompt + completion
    details = {
        "cached_tokens": usage.cache_read_input_tokens,
        "cache_write_tokens": usage.cache_creation_input_tokens,
    }
    if known := {name: count for name, count in details.items() if count is not None}:
        written["prompt_tokens_details"] = known
    if usage.reasoning_output_tokens is not None:
        written["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_output_tokens}
    return written


# ---- the stream ------------------------------------------------------------------------------------------------------


def _event(
    head: Mapping[str, Any], delta: Mapping[str, Any], word: str | None = None, *, logprobs: object = None
) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": word}
    return b"data: " + dump_json({**head, "choices": [choice]}) + b"\n\n"


def _cut(text: str, pieces: int) -> Iterator[str]:
    size = max(1, -(-len(text) // pieces))
    for start in range(0, len(text), size):
        yield text[start : start + size]


def _deltas(response: Response[Any], pieces: int) -> Iterator[dict[str, Any]]:
    """The whole message's fields as deltas: texts in pieces, other fields at once, calls last."""
    message = _message(response)
    calls = message.pop("tool_calls", [])
    content, annotations = message.pop("content"), message.pop("annotations")
    refusal = message.pop("refusal")
    del message["role"]
    reasoning = {name: message.pop(name) for name in list(message) if isinstance(message[name], str)}
    if details := message.pop("reasoning_details", None):
        # One field at a time, as the hosts do: the text stands in the details as well.
        yield {"reasoning_details": details, **{name: text for name, text in reasoning.items() if text}}
        reasoning = {}
    for name, text in reasoning.items():
        yield from ({name: piece} for piece in _cut(text, pieces))
    if isinstance(content, str):
        yield from ({"content": piece} for piece in _cut(content, pieces))
    elif content:
        yield from ({"content": [item]} for item in content)
    if annotations:
        yield {"annotations": annotations}
    yield from ({"refusal": piece} for piece in _cut(refusal or "", pieces))
    if message:
        yield message
    for index, call in enumerate(calls):
        yield from _call_deltas(index, call, pieces)


def _call_deltas(index: int, call: Mapping[str, Any], pieces: int) -> Iterator[dict[str, Any]]:
    kind, name = call.get("type", "function"), "arguments"
    if kind == "custom":
        name = "input"
    inner = as_dict(call.get(kind))
    if name not in inner:
        yield {"tool_calls": [{"index": index, **call}]}
        return
    begun = {"index": index, **call, kind: {**inner, name: ""}}
    yield {"tool_calls": [begun]}
    for piece in _cut(str(inner[name]), pieces):
        yield {"tool_calls": [{"index": index, kind: {name: piece}}]}


# ---- errors ----------------------------------------------------------------------------------------------------------

_ERRORS: Mapping[str, tuple[int, str, str | None]] = {
    "rate_limit": (429, "requests", "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota", "insufficient_quota"),
    "overloaded": (503, "server_error", None),
    "server_error": (500, "server_error", None),
    "timeout": (504, "server_error", None),
    "auth": (401, "invalid_request_error", "invalid_api_key"),
    "permission": (403, "invalid_request_error", None),
    "not_found": (404, "invalid_request_error", "model_not_found"),
    "invalid_request": (400, "invalid_request_error", "invalid_value"),
    "context_overflow": (400, "invalid_request_error", "context_length_exceeded"),
    "content_filter": (400, "invalid_request_error", "content_filter"),
    "unknown": (409, "conflict", None),
}
"""Kind → status, type and code, as the provider documents them."""


def write_error(kind: str, message: str, *, status: int | None = None) -> HttpReply:
    """An error answer; a kind without a row is written as a server error."""
    usual, type_, code = _ERRORS.get(kind, _ERRORS["server_error"])
    error = {"message": message, "type": type_, "param": None, "code": code}
    return HttpReply(status=status or usual, headers=_JSON, body=dump_json({"error": error}))
