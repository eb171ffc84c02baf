"""Reader of OpenAI Chat Completions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm.conformance.case import json_list, json_object
from portable_llm.conformance.observation import Observation
from portable_llm.conformance.readers.exchange import (
    all_text,
    call,
    choice_scores,
    decode,
    failed,
    failure,
    first_choice,
    frames,
    observation,
    text_of,
)

WORDS = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_call",
    "function_call": "tool_call",
    "content_filter": "content_filter",
}


def read(
    status: int | None,
    headers: Mapping[str, str],
    body: bytes,
    streamed: bool,
    wants_json: bool,
    words: Mapping[str, str] = WORDS,
) -> Observation:
    """What `choices[0]` says, whole or put together from deltas."""
    try:
        chunks = [] if failure(status, body) else frames(body) if streamed else [decode(body)]
    except ValueError as error:
        return failed(status, f"unreadable body: {error}")
    errors = [chunk["error"] for chunk in chunks if chunk.get("error")]
    if errors or not chunks:
        return failure(status, body) or failed(status, errors[0] if errors else "no data")
    text, refusal, usage = list[str](), list[str](), dict[str, Any]()
    finish: object = None
    calls: dict[str, dict[str, Any]] = {}
    for chunk in chunks:
        usage = json_object(chunk.get("usage")) or usage
        choice = first_choice(chunk)
        message = json_object(choice.get("delta" if streamed else "message"))
        text.append(all_text(message.get("content")))
        refusal.append(text_of(message.get("refusal")))
        finish = choice.get("finish_reason") or finish
        for position, item in enumerate(map(json_object, json_list(message.get("tool_calls")))):
            known = calls.setdefault(str(item.get("index", position)), {"id": "", "name": "", "raw": list[str]()})
            function = json_object(item.get("function"))
            known["id"] = text_of(item.get("id")) or known["id"]
            known["name"] = text_of(function.get("name")) or known["name"]
            known["raw"].append(text_of(function.get("arguments")))
    made = [call(c["id"], c["name"], "".join(c["raw"])) for c in calls.values()]
    tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")
    how: dict[str, Any] = {"streamed": streamed, "wants_json": wants_json, "refusal": "".join(refusal)}
    return observation("".join(text), made, finish, words, tokens, **how, logprobs=choice_scores(chunks))
