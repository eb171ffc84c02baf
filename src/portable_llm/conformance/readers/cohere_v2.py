"""Reader of Cohere v2 Chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm.conformance.case import json_list, json_object
from portable_llm.conformance.observation import Observation
from portable_llm.conformance.readers.exchange import (
    call,
    decode,
    failed,
    failure,
    frames,
    observation,
    text_of,
    with_logprobs,
)

WORDS = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_call",
    "ERROR": "error",
    "TIMEOUT": "error",
    "ERROR_TOXIC": "content_filter",
    "ERROR_LIMIT": "context_overflow",
}


def read(status: int | None, headers: Mapping[str, str], body: bytes, streamed: bool, wants_json: bool) -> Observation:
    """What the texts and calls of `message` say, whole or put together from events."""
    try:
        answer = {} if failure(status, body) else put_together(frames(body)) if streamed else decode(body)
    except ValueError as error:
        return failed(status, f"unreadable body: {error}")
    message = json_object(answer.get("message"))
    if not message:
        return failure(status, body) or failed(status, answer.get("error") or answer.get("message") or "no data")
    blocks = [json_object(block) for block in json_list(message.get("content"))]
    text = "".join(text_of(block.get("text")) for block in blocks)
    asked = [json_object(made) for made in json_list(message.get("tool_calls"))]
    named = [(made.get("id"), json_object(made.get("function"))) for made in asked]
    calls = [call(call_id, function.get("name"), function.get("arguments")) for call_id, function in named]
    usage = json_object(answer.get("usage"))
    counts = json_object(usage.get("tokens")) or json_object(usage.get("billed_units"))
    tokens = counts.get("input_tokens"), counts.get("output_tokens")
    scored = with_logprobs(answer.get("logprobs"))
    how: dict[str, Any] = {"streamed": streamed, "wants_json": wants_json, "logprobs": scored}
    return observation(text, calls, answer.get("finish_reason"), WORDS, tokens, **how)


def put_together(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer that a stream of events describes."""
    texts, calls, answer = list[str](), dict[object, dict[str, Any]](), dict[str, Any]()
    scored = [item for event in events for item in json_list(event.get("logprobs")) or [event.get("logprobs")]]
    for event in events:
        delta = json_object(event.get("delta"))
        message = json_object(delta.get("message"))
        made = json_object(message.get("tool_calls"))
        if event.get("type") == "content-delta":
            texts.append(text_of(json_object(message.get("content")).get("text")))
        elif event.get("type") == "tool-call-start":
            calls[event.get("index")] = {"id": made.get("id"), "function": dict(json_object(made.get("function")))}
        elif event.get("type") == "tool-call-delta" and (known := calls.get(event.get("index"))) is not None:
            piece = text_of(json_object(made.get("function")).get("arguments"))
            known["function"]["arguments"] = text_of(known["function"].get("arguments")) + piece
        elif event.get("type") == "message-end":
            answer = delta
    said = {"content": [{"text": "".join(texts)}], "tool_calls": list(calls.values())}
    return {**answer, "message": said, "logprobs": scored} if events else {}
