"""Reader of Bedrock Converse, whole and as a binary event stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portable_llm.conformance.case import json_list, json_object
from portable_llm.conformance.observation import Observation
from portable_llm.conformance.readers.exchange import call, decode, event_frames, failed, failure, observation, text_of

WORDS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_call",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "refusal": "refusal",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
    "model_context_window_exceeded": "context_overflow",
}


def read(status: int | None, headers: Mapping[str, str], body: bytes, streamed: bool, wants_json: bool) -> Observation:
    """What the text and toolUse blocks say, whole or put together from events."""
    try:
        answer = {} if failure(status, body) else put_together(event_frames(body)) if streamed else decode(body)
    except ValueError as error:
        return failed(status, f"unreadable body: {error}")
    message = json_object(json_object(answer.get("output")).get("message"))
    if not message or answer.get("error"):
        return failure(status, body) or failed(status, answer.get("error") or answer.get("message") or "no data")
    blocks = [one for block in json_list(message.get("content")) for one in said(json_object(block))]
    text = "".join(text_of(block.get("text")) for block in blocks)
    asked = [json_object(block["toolUse"]) for block in blocks if "toolUse" in block]
    calls = [call(a.get("toolUseId"), a.get("name"), a.get("input") or {}) for a in asked]
    usage = json_object(answer.get("usage"))
    tokens = usage.get("inputTokens"), usage.get("outputTokens")
    return observation(text, calls, answer.get("stopReason"), WORDS, tokens, streamed=streamed, wants_json=wants_json)


def said(block: dict[str, Any]) -> list[dict[str, Any]]:
    """A block, or the texts inside one that cites."""
    cited = json_object(block.get("citationsContent")).get("content")
    return [block] if cited is None else [json_object(part) for part in json_list(cited)]


def put_together(frames: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """The answer that a stream of events describes."""
    texts, tools, answer = list[str](), dict[object, dict[str, Any]](), dict[str, Any]()
    for name, event in frames:
        delta, at = json_object(event.get("delta")), event.get("contentBlockIndex")
        started = json_object(json_object(event.get("start")).get("toolUse"))
        if started:
            tools[at] = {**started, "raw": []}
        if "toolUse" in delta and at in tools:
            tools[at]["raw"].append(text_of(json_object(delta["toolUse"]).get("input")))
        texts.append(text_of(delta.get("text")))
        answer |= {key: value for key, value in event.items() if key in ("stopReason", "usage")}
        answer |= {"error": event} if name.lower().endswith("exception") else {}
    used = [{"toolUse": {**tool, "input": "".join(tool["raw"])}} for tool in tools.values()]
    return {**answer, "output": {"message": {"content": [{"text": "".join(texts)}, *used]}}}
