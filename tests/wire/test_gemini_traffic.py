"""Recorded traffic of the Gemini API and Vertex AI: real requests survive a round trip, real streams any chunking.

The recordings are other people's work and stay where they are; `TRAFFIC_DIR` says where, and without them this skips.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portable_llm._errors import ProviderError
from portable_llm._frames import SseDecoder
from portable_llm._messages import Origin
from portable_llm.wire.gemini import CAPABILITIES, build_request, read_request, stream_decoder

DATA = Path(os.environ.get("TRAFFIC_DIR", Path(__file__).parents[3] / "shared" / "data" / "traffic"))
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"recorded traffic not found at {DATA}")

ORIGIN = Origin(provider="p", host="h", model="m")
PROTOCOLS = ("gemini", "vertex-gemini")
UNSIGNED = CAPABILITIES.with_(spelling={"messages/signature": ""})


def exchanges(protocol: str) -> Iterator[dict[str, Any]]:
    with gzip.open(DATA / f"{protocol}.jsonl.gz", "rt", encoding="utf-8", errors="surrogatepass") as lines:
        yield from map(json.loads, lines)


def requests(protocol: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for exchange in exchanges(protocol):
        body, path = exchange["request_json"], exchange["url"].partition("?")[0]
        if isinstance(body, dict) and exchange["status"] == 200 and path.endswith("enerateContent"):
            yield exchange["id"], path, body


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_recorded_request_that_was_answered_is_read_and_means_the_same_when_built_again(protocol: str) -> None:
    seen = 0
    for name, path, body in requests(protocol):
        request, _ = read_request(body, path=path)
        call, _ = build_request(request, UNSIGNED)
        again, _ = read_request(call.json, path=call.path)  # type: ignore[arg-type]

        assert again == request, name
        assert request.model, name
        seen += 1
    assert seen > 100


def _decoded(body: bytes, size: int) -> tuple[Any, Any]:
    frames, decoder = SseDecoder(), stream_decoder(ORIGIN)
    deltas: list[Any] = []
    try:
        for start in range(0, len(body), size):
            for frame in frames.feed(body[start : start + size]):
                deltas += decoder.feed(frame)
        for frame in frames.close():
            deltas += decoder.feed(frame)
    except ProviderError as error:
        deltas.append(str(error))
    return deltas, decoder.finish()


@pytest.mark.parametrize("size", [7, 64, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_chunking_of_a_recorded_stream_does_not_matter(protocol: str, size: int) -> None:
    streams = [x for x in exchanges(protocol) if x["streaming"] and x["response_body_text"].startswith("data:")]
    for exchange in streams:
        body = exchange["response_body_text"].encode("utf-8", "surrogatepass")[:200_000]

        assert _decoded(body, size) == _decoded(body, len(body) or 1), exchange["id"]
    assert len(streams) > 10
