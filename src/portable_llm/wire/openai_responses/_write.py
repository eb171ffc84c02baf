"""A response → the body the provider would send: for fake servers and round-trip tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portable_llm._http import HttpReply
from portable_llm._json import dump_json
from portable_llm._messages import Citation, Part, ReasoningPart, RefusalPart, TextPart, ToolCallPart, UnknownPart
from portable_llm._response import FinishReason, Response, Usage
from portable_llm.wire._functions import arguments_text
from portable_llm.wire._logprobs import tokens_of, wire_tokens
from portable_llm.wire.openai_responses._parse import FINISH_REASONS

_REASONS: Mapping[FinishReason, str] = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""Why an answer is incomplete; what is neither of these, done, failed or cancelled ends without a known word."""
_STATUSES: Mapping[FinishReason, str] = {
    "stop": "completed",
    "tool_call": "completed",
    # A refusal is a completed answer whose message has words of refusal.
    "refusal": "completed",
    "error": "failed",
    "cancelled": "cancelled",
}
_NO_WORDS = "I'm sorry, I can't help with that."

_ECHOED: Mapping[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "user": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "text": {"format": {"type": "text"}},
    "temperature": 1,
    "top_p": 1,
    "top_logprobs": 0,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "truncation": "disabled",
    "store": False,
    "background": False,
    "service_tier": "default",
}
"""What the provider says of the request, with its defaults: an answer does not know what it was asked."""


def write_response(response: Response[Any]) -> HttpReply:
    """The whole answer."""
    return HttpReply(
        status=200,
        headers=headers_of(response, "application/json"),
        body=dump_json(response_object(response, output_items(response))),
    )


def headers_of(response: Response[Any], media_type: str) -> dict[str, str]:
    """The headers of the answer."""
    headers = {"content-type": media_type}
    return headers if response.request_id is None else {**headers, "x-request-id": response.request_id}


def response_object(response: Response[Any], output: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The response object with these items, as it stands at the end."""
    status, reason = _ending(response)
    error = {"code": "server_error", "message": "The model failed to answer."} if status == "failed" else None
    return {
        "id": response.id or "",
        "object": "response",
        "created_at": 0,
        "completed_at": 0 if status == "completed" else None,
        "status": status,
        "error": error,
        "incomplete_details": None if reason is None else {"reason": reason},
        "model": response.model or "",
        "output": list(output),
        "usage": _usage(response.usage),
        **_ECHOED,
    }


def _ending(response: Response[Any]) -> tuple[str, str | None]:
    """Status, and why it is incomplete; the provider's own word where this protocol knows it to mean the same."""
    raw, reason = response.raw_finish_reason, response.finish_reason
    status = _STATUSES.get(reason)
    if status is not None:
        return status, None
    if raw is not None and FINISH_REASONS.get(raw) == reason:
        return "incomplete", raw
    return "incomplete", _REASONS.get(reason, raw if reason == "unknown" else None)


# ---- output items ----------------------------------------------------------------------------------------------------


def output_items(response: Response[Any]) -> list[dict[str, Any]]:
    """The parts as items: neighbouring texts of one phase are one message."""
    items: list[dict[str, Any]] = []
    for part in _parts(response):
        if not isinstance(part, (TextPart, RefusalPart)):
            if (item := _item(part, response, len(items))) is not None:
                items.append(item)
            continue
        phase = (part.state or {}).get("phase") if isinstance(part, TextPart) else None
        last = items[-1] if items else {}
        if last.get("type") == "message" and last.get("phase") == phase and "id" in last:
            last["content"].append(_content(part))
        else:
            items.append(_message(part, phase, response, len(items)))
    _tell(items, response)
    return items


def _tell(items: Sequence[Mapping[str, Any]], response: Response[Any]) -> None:
    """Put log-probabilities where the first text is: a response does not say which token is of which text."""
    contents = (content for item in items for content in item.get("content") or ())
    text = next((content for content in contents if content.get("type") == "output_text"), None)
    if text is not None and (tokens := tokens_of(response, "text")):
        text["logprobs"] = wire_tokens(tokens)


def _parts(response: Response[Any]) -> tuple[Part, ...]:
    parts = response.message.parts
    if response.finish_reason != "refusal" or any(isinstance(part, RefusalPart) for part in parts):
        return parts
    said = (response.refusal.text if response.refusal else None) or _NO_WORDS
    return (*parts, RefusalPart(text=said))


def item_status(response: Response[Any]) -> str:
    """Whether the items came to their end."""
    return "incomplete" if _ending(response)[0] == "incomplete" else "completed"


def _id(kind: str, response: Response[Any], place: int) -> str:
    return f"{kind}_{response.id or 'fake'}_{place}"


def _message(part: TextPart | RefusalPart, phase: Any, response: Response[Any], place: int) -> dict[str, Any]:
    item: dict[str, Any] = {
        "type": "message",
        "id": _id("msg", response, place),
        "status": item_status(response),
        "role": "assistant",
        "content": [_content(part)],
    }
    return item if phase is None else {**item, "phase": phase}


def _content(part: TextPart | RefusalPart) -> dict[str, Any]:
    if isinstance(part, RefusalPart):
        return {"type": "refusal", "refusal": part.text}
    annotations = [annotation(citation) for citation in part.citations]
    return {"type": "output_text", "text": part.text, "annotations": annotations, "logprobs": []}


def _item(part: Part, response: Response[Any], place: int) -> dict[str, Any] | None:
    match part:
        case ReasoningPart():
            return _reasoning(part, _id("rs", response, place))
        case ToolCallPart():
            return _call(part, _id("fc", response, place), item_status(response))
        case UnknownPart():
            return dict(part.raw)
        case _:
            return None  # media has no place in an answer


def _reasoning(part: ReasoningPart, id: str) -> dict[str, Any]:
    state = dict(part.state or {})
    if state.get("type") == "reasoning":
        return state
    summary = [{"type": "summary_text", "text": part.text}] if part.text else []
    return {"type": "reasoning", "id": id, "summary": summary}


def _call(call: ToolCallPart, id: str, status: str) -> dict[str, Any]:
    state = call.state or {}
    head: dict[str, Any] = {"id": id, "status": status, "call_id": call.id, "name": call.name}
    if namespace := state.get("namespace"):
        head["namespace"] = namespace
    if state.get("type") == "custom":
        return {"type": "custom_tool_call", **head, "input": call.raw_arguments}
    return {"type": "function_call", **head, "arguments": arguments_text(call)}


def annotation(citation: Citation) -> dict[str, Any]:
    """A citation as the provider writes it."""
    if citation.raw is not None and "type" in citation.raw:
        return dict(citation.raw)
    return {
        "type": "url_citation",
        "start_index": citation.start or 0,
        "end_index": citation.end or 0,
        "url": citation.url or "",
        "title": citation.title or "",
    }


def _usage(usage: Usage) -> dict[str, Any] | None:
    """The usage object; `None` without any count.

    The protocol demands the counts of its details: what is not known of a cache or of reasoning is written as 0.
    """
    if usage == Usage():
        return None
    sent, came = usage.input_tokens, usage.output_tokens
    written: dict[str, Any] = {"input_tokens": sent, "output_tokens": came}
    if sent is not None and came is not None:
        written["total_tokens"] = sent + came
    written["input_tokens_details"] = {
        "cached_tokens": usage.cache_read_input_tokens or 0,
        "cache_write_tokens": usage.cache_creation_input_tokens or 0,
    }
    written["output_tokens_details"] = {"reasoning_tokens": usage.reasoning_output_tokens or 0}
    return written


# ---- errors ----------------------------------------------------------------------------------------------------------

_JSON: Mapping[str, str] = {"content-type": "application/json"}
_ERRORS: Mapping[str, tuple[int, str, str | None]] = {
    "rate_limit": (429, "tokens", "rate_limit_exceeded"),
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
