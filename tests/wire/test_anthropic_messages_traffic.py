"""Recorded answers and requests of real clients: reading changes nothing with the chunks, and requests come back."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portable_llm._errors import InvalidRequestError
from portable_llm._frames import SseDecoder
from portable_llm._messages import Origin
from portable_llm._response import Response
from portable_llm.wire.anthropic_messages import CAPABILITIES, build_request, read_request, stream_decoder

FILE = Path(os.environ.get("TRAFFIC_DIR", "../shared/data/traffic")) / "anthropic-messages.jsonl.gz"
HERE = Origin(provider="somebody", host="recorded", model="m")
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=f"recorded traffic not found at {FILE}")


def exchanges(step: int) -> Iterator[dict[str, Any]]:
    """Every `step`-th recording."""
    with gzip.open(FILE, "rt", encoding="utf-8", errors="surrogatepass") as lines:
        for number, line in enumerate(lines):
            if number % step == 0:
                yield json.loads(line)


def decode(chunks: list[bytes]) -> tuple[list[Any], Response[None], bool]:
    frames, decoder, deltas = SseDecoder(), stream_decoder(HERE), list[Any]()
    for chunk in chunks:
        for frame in frames.feed(chunk):
            deltas += decoder.feed(frame)
    for frame in frames.close():
        deltas += decoder.feed(frame)
    last, response = decoder.finish()
    return [*deltas, *last], response, decoder.is_complete


@pytest.mark.parametrize("step", [29, pytest.param(1, marks=pytest.mark.slow)])
def test_chunks_of_any_size_give_the_same_answer(step: int) -> None:
    seen = 0
    for exchange in exchanges(step):
        if not exchange["streaming"]:
            continue
        seen += 1
        body = exchange["response_body_text"].encode("utf-8", "surrogatepass")
        whole = decode([body])
        for size in (1, 7, 4096):
            assert decode([body[at : at + size] for at in range(0, len(body), size)]) == whole, exchange["id"]
        assert whole[2], exchange["id"]
    assert seen


LISTED = {"/messages", "/tools", "/reasoning", "/cache/ttl", "/extra/anthropic_version"}
"""Where something of a real request may have no place: always with a ledger entry."""


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_a_real_request_reads_and_is_built_again(step: int) -> None:
    seen = 0
    for exchange in exchanges(step):
        wire = exchange["request_json"]
        if not isinstance(wire, dict) or exchange["status"] != 200:
            continue
        try:
            request, ledger = read_request(wire, path=exchange["url"])
        except InvalidRequestError:
            pytest.fail(f"{exchange['id']}: a request that was answered cannot be read")
        call, _ = build_request(request, CAPABILITIES)
        again, _ = read_request(json.loads(call.body))
        seen += 1
        if not ledger:
            assert again == request, exchange["id"]
        assert all(entry.subject.startswith(tuple(LISTED)) for entry in ledger), exchange["id"]
    assert seen
