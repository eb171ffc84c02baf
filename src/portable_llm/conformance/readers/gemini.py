"""Reader of Gemini generateContent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm.conformance.case import json_list, json_object
from portable_llm.conformance.observation import Observation
from portable_llm.conformance.readers.exchange import (
    call,
    count_of,
    decode,
    failed,
    failure,
    frames,
    observation,
    text_of,
    with_logprobs,
)

_FILTERED = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "MODEL_ARMOR")
_BROKEN = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE")
WORDS = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "pause",
    **dict.fromkeys(_FILTERED, "content_filter"),
    **dict.fromkeys(_BROKEN, "error"),
}


def read(status: int | None, headers: Mapping[str, str], body: bytes, streamed: bool, wants_json: bool) -> Observation:
    """What the parts of `candidates[0]` say, over all chunks."""
    try:
        chunks = [] if failure(status, body) else frames(body) if streamed else [decode(body)]
    except ValueError as error:
        return failed(status, f"unreadable body: {error}")
    errors = [chunk["error"] for chunk in chunks if chunk.get("error")]
    if errors or not chunks:
        return failure(status, body) or failed(status, errors[0] if errors else "no data")
    finish: object = None
    scored = 0
    parts, usage = list[dict[str, Any]](), dict[str, Any]()
    for chunk in chunks:
        candidate = json_object(next(iter(json_list(chunk.get("candidates"))), None))
        parts += [json_object(part) for part in json_list(json_object(candidate.get("content")).get("parts"))]
        finish = candidate.get("finishReason") or finish
        usage = json_object(chunk.get("usageMetadata")) or usage
        scored += with_logprobs(json_object(candidate.get("logprobsResult")).get("chosenCandidates"))
    blocked = json_object(chunks[0].get("promptFeedback")).get("blockReason")
    text = "".join(text_of(part.get("text")) for part in parts if not part.get("thought"))
    asked = [json_object(part["functionCall"]) for part in parts if part.get("functionCall")]
    calls = [call(a.get("id"), a.get("name"), a.get("args") or {}) for a in asked]
    output = count_of(usage.get("candidatesTokenCount")) + count_of(usage.get("thoughtsTokenCount")) if usage else None
    words, finish = ({**WORDS, str(blocked): "content_filter"}, blocked) if blocked else (WORDS, finish)
    tokens = usage.get("promptTokenCount"), output
    how: dict[str, Any] = {"streamed": streamed, "wants_json": wants_json, "logprobs": scored}
    return observation(text, calls, finish, words, tokens, **how)
