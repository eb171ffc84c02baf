"""The readers on recorded traffic, against what the vendors' own SDKs read from the same bytes."""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portable_llm.conformance.observation import Observation
from portable_llm.conformance.readers import READERS

DATA = Path(os.environ.get("TRAFFIC_DIR", Path(__file__).parents[4] / "shared/data/traffic"))
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"recorded traffic not found at {DATA}")

LEAST_AGREEMENT = 0.995
"""The rest is what naive consumer code gets wrong: broken or cut bodies, old forms."""


def lines(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8", errors="surrogatepass") as file:
        yield from map(json.loads, file)


FAMILIES = {
    "openai-chat": ("openai-chat", 800),
    "anthropic-messages": ("anthropic-messages", 900),
    "gemini": ("gemini", 700),
    "openai-responses": ("openai-responses", 800),
    "mistral-chat": ("mistral", 280),
    "cohere-v2": ("cohere", 70),
    "ollama-chat": ("ollama", 80),
    "bedrock-converse": ("bedrock-converse", 230),
    "bedrock-converse as a stream": ("bedrock-converse-stream", 50),
}
"""Wire format → its recordings, and how many there are at least."""

OTHER_PROTOCOLS = ("/v1/chat", "/v1/generate", "/api/generate")
"""Older interfaces of the same vendor, which another reader would have to read."""


@pytest.fixture(scope="module")
def expected() -> dict[str, dict[str, Any]]:
    return {line["id"]: line for line in lines("expected")}


def test_every_reader_is_held_to_recordings() -> None:
    assert {name.split(" ")[0] for name in FAMILIES} == set(READERS)


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_reader_reads_what_the_sdk_reads(name: str, expected: dict[str, dict[str, Any]]) -> None:
    total, different = 0, list[str]()
    family, least = FAMILIES[name]
    for exchange in lines(family):
        line = expected.get(exchange["id"])
        if line is not None and not (
            name in ("cohere-v2", "ollama-chat") and exchange["url"].endswith(OTHER_PROTOCOLS)
        ):
            total += 1
            different += [
                f"{exchange['id']} {field}" for field in differences(read(exchange, name.split(" ")[0]), line)
            ][:1]

    assert total >= least
    assert 1 - len(different) / total >= LEAST_AGREEMENT, (len(different), total, different[:40])


def read(exchange: dict[str, Any], wire: str) -> Observation:
    text = exchange["response_body_text"]
    is_text = exchange["response_body_encoding"] == "text"
    body = text.encode("utf-8", "surrogatepass") if is_text else base64.b64decode(text)
    return READERS[wire](exchange["status"], exchange["response_headers"], body, exchange["streaming"], False)


def differences(seen: Observation, line: dict[str, Any]) -> list[str]:
    oracle, skipped = line["expected"], set(line.get("exclude") or ())
    calls = [(call["name"], call["arguments"]) for call in oracle["tool_calls"]]
    found = {
        "text": "".join(seen.text.split()) == "".join((oracle["text"] or "").split()),
        "tool_calls": [(c.name, c.arguments if c.arguments is not None else c.raw_arguments) for c in seen.tool_calls]
        == calls,
        "finish_reason": seen.finish in {oracle["finish_reason"], *(oracle.get("accept_finish") or ())},
        "refusal": (seen.refusal is None) == (oracle["refusal"] is None),
        "error": (seen.error is None) == (oracle["error"] is None),
    }
    return [name for name, agrees in found.items() if not agrees and name not in skipped]
