"""Reader of OpenAI Responses."""

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
    "completed": "stop",
    "max_output_tokens": "length",
    "content_filter": "content_filter",
    "failed": "error",
    "cancelled": "cancelled",
}


def read(status: int | None, headers: Mapping[str, str], body: bytes, streamed: bool, wants_json: bool) -> Observation:
    """What the message and function_call items of `output` say; of a stream, of its last response."""
    try:
        answer = {} if failure(status, body) else last_response(frames(body)) if streamed else decode(body)
    except ValueError as error:
        return failed(status, f"unreadable body: {error}")
    items = [json_object(item) for item in json_list(answer.get("output"))]
    if not answer or (answer.get("error") and not items):
        return failure(status, body) or failed(status, answer.get("error") or "no data")
    parts = [json_object(part) for item in items for part in json_list(item.get("content")) if said_by_model(item)]
    text = "".join(text_of(part.get("text")) for part in parts if part.get("type") == "output_text")
    refusal = "".join(text_of(part.get("refusal")) for part in parts)
    asked = [item for item in items if item.get("type") == "function_call"]
    calls = [call(a.get("call_id"), a.get("name"), a.get("arguments")) for a in asked]
    usage = json_object(answer.get("usage"))
    finish = json_object(answer.get("incomplete_details")).get("reason") or answer.get("status")
    tokens = usage.get("input_tokens"), usage.get("output_tokens")
    scored = with_logprobs(*(part.get("logprobs") for part in parts))
    how: dict[str, Any] = {"streamed": streamed, "wants_json": wants_json, "refusal": refusal, "logprobs": scored}
    return observation(text, calls, finish, WORDS, tokens, **how)


def said_by_model(item: dict[str, Any]) -> bool:
    """Whether an item is a message (reasoning has content too)."""
    return item.get("type") == "message"


def last_response(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The response as the last event that holds one has it; items that came one by one where it lists none."""
    answer: dict[str, Any] = {}
    items: dict[object, Any] = {}
    for event in events:
        answer = json_object(event.get("response")) or answer
        if event.get("type") == "response.output_item.done":
            items[event.get("output_index")] = event.get("item")
        if event.get("type") == "error":
            answer = {**answer, "error": event.get("error") or event}
    return answer if answer.get("output") or not items else {**answer, "output": list(items.values())}
