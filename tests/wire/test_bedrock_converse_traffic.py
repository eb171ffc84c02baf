"""Recorded Converse traffic: real requests come back as they were, real streams do not mind how they are cut.

The recordings are other people's work and stay where they are; `TRAFFIC_DIR` says where, and without them this skips.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from portable_llm._adaptation import Adaptation
from portable_llm._eventstream import EventStreamDecoder
from portable_llm._messages import Origin
from portable_llm.providers import provider
from portable_llm.wire.bedrock_converse import CAPABILITIES, build_request, read_request, stream_decoder

DATA = Path(os.environ.get("TRAFFIC_DIR", Path(__file__).parents[3] / "shared" / "data" / "traffic"))
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"recorded traffic not found at {DATA}")

ORIGIN = Origin(provider="p", host="h", model="m")
PROTOCOLS = ("bedrock-converse", "bedrock-converse-stream")


def exchanges(protocol: str) -> Iterator[dict[str, Any]]:
    with gzip.open(DATA / f"{protocol}.jsonl.gz", "rt", encoding="utf-8", errors="surrogatepass") as lines:
        yield from map(json.loads, lines)


# ---- requests --------------------------------------------------------------------------------------------------------


def built_again(body: dict[str, Any], path: str) -> tuple[str, dict[str, Any], tuple[Adaptation, ...]]:
    """Path and body for the same model, and both ledgers."""
    request, read = read_request(body, path=path)
    capabilities = provider("bedrock").capabilities_of(request.model, CAPABILITIES)
    call, built = build_request(request, capabilities, stream=path.endswith("-stream"))
    assert isinstance(call.json, dict)
    return call.path, call.json, (*read, *built)


def differences(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """Places at which two JSON values differ; objects and lists without anything in them say nothing."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            if one.get(name) not in (None, {}, []) or other.get(name) not in (None, {}, []):
                yield from differences(one.get(name), other.get(name), f"{at}/{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{at}/{index}")
    elif one != other:
        yield at


ENTRY_OF = {"json": "parts", "text": "parts", "bytes": "data", "source": "data", "messages": "messages"}
"""Last step of a place on the wire → what the subject of its entry holds, where that is not the step itself."""


def is_said(place: str, ledger: tuple[Adaptation, ...]) -> bool:
    """Whether an entry speaks of it: the exact words differ, since messages nest differently on the wire."""
    step = place.rpartition("/")[2]
    if place.startswith("/additionalModelRequestFields"):
        return any(entry.subject.startswith("/reasoning") and entry.action == "defaulted" for entry in ledger)
    return any(ENTRY_OF.get(step, step) in entry.subject.split("/") for entry in ledger)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_recorded_request_is_built_again_up_to_ledger_entries(protocol: str) -> None:
    seen = 0
    for exchange in exchanges(protocol):
        body, path = exchange["request_json"], urlsplit(exchange["url"]).path
        if not isinstance(body, dict):
            continue
        seen += 1
        new_path, again, ledger = built_again(body, path)
        unsaid = [place for place in differences(body, again) if not is_said(place, ledger)]

        assert new_path == path, exchange["id"]
        assert unsaid == [], exchange["id"]
    assert seen > 40


# ---- streams ---------------------------------------------------------------------------------------------------------


def decoded(body: bytes, size: int) -> tuple[Any, Any, bool]:
    frames, decoder, deltas = EventStreamDecoder(), stream_decoder(ORIGIN), list[Any]()
    for start in range(0, len(body), size):
        for frame in frames.feed(body[start : start + size]):
            deltas += decoder.feed(frame)
    return deltas, decoder.finish(), decoder.is_complete


@pytest.mark.parametrize("size", [7, 4096, pytest.param(1, marks=pytest.mark.slow)])
def test_chunking_of_a_recorded_stream_does_not_matter(size: int) -> None:
    streams = [exchange for exchange in exchanges("bedrock-converse-stream") if exchange["streaming"]]
    for exchange in streams:
        body = base64.b64decode(exchange["response_body_text"])
        whole = decoded(body, len(body))

        assert whole[2], exchange["id"]
        assert decoded(body, size) == whole, exchange["id"]
    assert len(streams) > 40


def test_a_recorded_stream_cut_anywhere_is_never_a_success() -> None:
    for exchange in list(exchanges("bedrock-converse-stream"))[:10]:
        if not exchange["streaming"]:
            continue
        body = base64.b64decode(exchange["response_body_text"])
        whole = decoded(body, len(body))[1][1]
        for cut in range(0, len(body), 97):
            _, (_, partial), is_complete = decoded(body[:cut], max(cut, 1))

            assert whole.text.startswith(partial.text), exchange["id"]
            assert is_complete or partial.finish_reason == "unknown", exchange["id"]
