"""Reader of Ollama chat: one JSON object, or one a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm.conformance.case import json_list, json_object
from portable_llm.conformance.observation import Observation
from portable_llm.conformance.readers.exchange import call, decode, failed, failure, observation, text_of, with_logprobs

WORDS = {"stop": "stop", "length": "length"}


def read(status: int | None, headers: Mapping[str, str], body: bytes, streamed: bool, wants_json: bool) -> Observation:
    """What `message` says, over all lines; arguments are objects here."""
    try:
        lines = [line for line in body.splitlines() if line.strip()] if streamed else [body]
        chunks = [] if failure(status, body) else [decode(line) for line in lines]
    except ValueError as error:
        return failed(status, f"unreadable body: {error}")
    errors = [chunk["error"] for chunk in chunks if chunk.get("error")]
    if errors or not chunks:
        return failure(status, body) or failed(status, errors[0] if errors else "no data")
    messages = [json_object(chunk.get("message")) for chunk in chunks]
    text = "".join(text_of(message.get("content")) for message in messages)
    asked: list[dict[str, Any]] = [
        json_object(made) for message in messages for made in json_list(message.get("tool_calls"))
    ]
    named = [(made.get("id"), json_object(made.get("function"))) for made in asked]
    calls = [call(call_id, function.get("name"), function.get("arguments") or {}) for call_id, function in named]
    last = chunks[-1]
    tokens = last.get("prompt_eval_count"), last.get("eval_count")
    scored = with_logprobs(*(chunk.get("logprobs") for chunk in chunks))
    how: dict[str, Any] = {"streamed": streamed, "wants_json": wants_json, "logprobs": scored}
    return observation(text, calls, last.get("done_reason"), WORDS, tokens, **how)
