"""Reader of Anthropic Messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm.conformance.case import json_list, json_object
from portable_llm.conformance.observation import Observation
from portable_llm.conformance.readers.exchange import call, decode, failed, failure, frames, observation, text_of

WORDS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_call",
    "refusal": "refusal",
    "pause_turn": "pause",
    "model_context_window_exceeded": "context_overflow",
}


def read(status: int | None, headers: Mapping[str, str], body: bytes, streamed: bool, wants_json: bool) -> Observation:
    """What the text and tool_use blocks say, whole or put together from events."""
    try:
        message = {} if failure(status, body) else put_together(frames(body)) if streamed else decode(body)
    except ValueError as error:
        return failed(status, f"unreadable body: {error}")
    if not message or message.get("error"):
        return failure(status, body) or failed(status, message.get("error") or "no data")
    blocks = [json_object(block) for block in json_list(message.get("content"))]
    text = "".join(text_of(block.get("text")) for block in blocks if block.get("type") == "text")
    asked = [block for block in blocks if block.get("type") == "tool_use"]
    calls = [call(a.get("id"), a.get("name"), a.get("json") or a.get("input")) for a in asked]
    usage, finish = json_object(message.get("usage")), message.get("stop_reason")
    tokens = usage.get("input_tokens"), usage.get("output_tokens")
    return observation(text, calls, finish, WORDS, tokens, streamed=streamed, wants_json=wants_json)


def put_together(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The message that a stream of events describes."""
    message: dict[str, Any] = {}
    blocks: dict[object, dict[str, Any]] = {}
    for event in events:
        delta = json_object(event.get("delta"))
        if event.get("type") == "content_block_start":
            blocks[event.get("index")] = {**json_object(event.get("content_block")), "said": [], "raw": []}
        elif event.get("type") == "content_block_delta" and (block := blocks.get(event.get("index"))) is not None:
            block["said"].append(text_of(delta.get("text")))
            block["raw"].append(text_of(delta.get("partial_json")))
        message |= json_object(event.get("message")) | {k: v for k, v in delta.items() if k == "stop_reason"}
        message["usage"] = {**json_object(message.get("usage")), **json_object(event.get("usage"))}
        message |= {"error": event["error"]} if event.get("error") else {}
    for block in blocks.values():
        block["text"] = text_of(block.get("text")) + "".join(block["said"])
        block["json"] = "".join(block["raw"])
    return {**message, "content": list(blocks.values())}
