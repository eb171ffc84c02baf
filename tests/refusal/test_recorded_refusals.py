"""Recorded vendor traffic: every answer marked as a refusal or as filtered is one, and no other answer is."""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from portable_llm._errors import PortableLLMError
from portable_llm._http import HttpReply
from portable_llm._messages import Origin
from portable_llm._response import Refusal, Response
from portable_llm.wire import WireFormat, wire_format

FOLDER = Path(os.environ.get("TRAFFIC_DIR", "../shared/data/traffic"))
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"recorded traffic not found at {FOLDER}")

WIRES = {
    "anthropic-messages": "anthropic-messages",
    "azure-openai": "openai-chat",
    "bedrock-converse": "bedrock-converse",
    "bedrock-converse-stream": "bedrock-converse",
    "gemini": "gemini",
    "mistral": "mistral-chat",
    "openai-chat": "openai-chat",
    "openai-compatible": "openai-chat",
    "openai-responses": "openai-responses",
    "vertex-gemini": "gemini",
}
"""Protocol of a recording → the wire format that reads it; others have none yet."""

OPERATIONS = {
    "converse": "bedrock-converse",
    "converse-stream": "bedrock-converse",
    "messages": "anthropic-messages",
    "generate": "gemini",
    "chat": "openai-chat",
    "completions": "openai-chat",
    "responses": "openai-responses",
}
MARKS = {"refusal", "content-filter", "prompt-blocked", "guardrail-intervened"}


@cache
def expected() -> dict[str, str]:
    """Recording → the finish reason that a right decoder reads from it."""
    with gzip.open(FOLDER / "expected.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {row["id"]: row["expected"]["finish_reason"] for row in rows}


def is_marked(exchange: Mapping[str, Any]) -> bool:
    """By the recording's features, or by the answer expected of a decoder: some filters have no mark of their own."""
    return bool(MARKS & set(exchange["features"])) or expected().get(exchange["id"]) in ("refusal", "content_filter")


def recordings(*, marked_only: bool = False) -> Iterator[Mapping[str, Any]]:
    """All recordings of formats that are spoken."""
    for file in sorted(FOLDER.glob("*.jsonl.gz")):
        if file.name.startswith(("expected", "embeddings", "batch", "other")):
            continue
        with gzip.open(file, "rt", encoding="utf-8", errors="surrogatepass") as lines:
            for line in lines:
                exchange = json.loads(line)
                if wire_of(exchange) is not None and (not marked_only or is_marked(exchange)):
                    yield exchange


def wire_of(exchange: Mapping[str, Any]) -> WireFormat | None:
    name = WIRES.get(exchange["protocol"].partition(":")[0])
    if name is None or exchange["operation"] not in OPERATIONS:
        return None
    return wire_format(OPERATIONS[exchange["operation"]] if name == "openai-chat" else name)


def refusal_in(exchange: Mapping[str, Any]) -> Refusal | None:
    """The refusal that the library reads from the recording; an error holds none."""
    wire = wire_of(exchange)
    assert wire is not None
    text = exchange["response_body_text"] or ""
    is_binary = exchange["response_body_encoding"] == "base64"
    body = base64.b64decode(text) if is_binary else text.encode("utf-8", "replace")
    reply = HttpReply(status=exchange["status"], headers=exchange["response_headers"] or {}, body=body)
    try:
        answer = read(wire, reply, is_stream=exchange["streaming"] and body.lstrip()[:1] not in (b"{", b"["))
    except PortableLLMError:
        return None
    return answer.refusal if isinstance(answer, Response) else None


def read(wire: WireFormat, reply: HttpReply, *, is_stream: bool) -> object:
    origin = Origin(provider="somebody", host="recorded", model="m")
    if reply.status >= 400:
        return wire.parse_error(reply, origin)
    if not is_stream:
        return wire.parse_response(reply, origin)
    frames, decoder = wire.FRAMING.decoder(), wire.stream_decoder(origin)
    for frame in [*frames.feed(reply.body), *frames.close()]:
        decoder.feed(frame)
    return decoder.finish()[1]


def source_of(exchange: Mapping[str, Any]) -> set[str]:
    """Who declined, by the marks and the status of the recording alone."""
    marks = set(exchange["features"])
    if "prompt-blocked" in marks:
        return {"input_filter"}
    if "refusal" in marks:
        # A refusal that names a category of the vendor's policy comes from its classifiers.
        return {"provider_policy"} if '"category":"' in exchange["response_body_text"] else {"model"}
    if "guardrail-intervened" in marks and exchange["operation"] == "converse":
        # Its trace says on which side it stepped in; nothing is said of the answer that there is none of.
        return {"output_filter"} if "modelOutput" in exchange["response_body_text"] else {"input_filter"}
    return {"input_filter", "output_filter"} if exchange["status"] >= 400 else {"output_filter"}


def test_marked_answers_are_typed_refusals_and_no_others_are() -> None:
    marked = 0
    for exchange in recordings():
        refusal = refusal_in(exchange)
        if not is_marked(exchange):
            assert refusal is None, f"{exchange['id']}: {refusal}"
            continue
        marked += 1
        assert refusal is not None, exchange["id"]
        assert refusal.kind == "hard", exchange["id"]
        assert refusal.source in source_of(exchange), f"{exchange['id']}: {refusal.source}"
        assert refusal.evidence, exchange["id"]
    assert marked >= 30


def test_categories_of_recorded_filters_are_ours_with_the_vendor_s_word_beside() -> None:
    named: dict[str, str] = {}
    for exchange in recordings(marked_only=True):
        refusal = refusal_in(exchange)
        if refusal is not None and refusal.raw_category is not None:
            named[refusal.raw_category] = refusal.category

    assert named == {
        "HARM_CATEGORY_HARASSMENT": "hate",
        "HARM_CATEGORY_HATE_SPEECH": "hate",
        "MODEL_ARMOR": "other",
        "PROHIBITED_CONTENT": "other",
        "RECITATION": "recitation",
        "cyber": "cyber",
        "sensitive_information_policy": "privacy",
        "sexual": "sexual",
        "violence": "violence",
        "word_policy": "other",
    }
