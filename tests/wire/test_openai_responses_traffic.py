"""Recorded Responses traffic: real requests survive a round trip up to what the ledger says, streams any chunking.

The recordings are other people's work and stay where they are; `TRAFFIC_DIR` says where, and without them this skips.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from portable_llm._errors import InvalidRequestError, ProviderError, UnreadableAnswerError
from portable_llm._frames import SseDecoder
from portable_llm._messages import Origin
from portable_llm.wire.openai_responses import CAPABILITIES, build_request, read_request, stream_decoder

DATA = Path(os.environ.get("TRAFFIC_DIR", Path(__file__).parents[3] / "shared" / "data" / "traffic"))
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"recorded traffic not found at {DATA}")

ORIGIN = Origin(provider="p", host="h", model="m")


def exchanges() -> Iterator[dict[str, Any]]:
    for protocol in ("openai-responses", "openai-compatible", "azure-openai"):
        with gzip.open(DATA / f"{protocol}.jsonl.gz", "rt", encoding="utf-8", errors="surrogatepass") as lines:
            for line in lines:
                exchange = json.loads(line)
                if exchange["operation"] == "responses" and not exchange["url"].endswith("/input_tokens"):
                    yield exchange


# ---- requests --------------------------------------------------------------------------------------------------------
# One form for what is the same, and for what the ledger says is not kept: ids and states of items, which instruction
# is a developer's, citations, how closely an image is looked at, names of files, lengths of summaries, members of
# tools.


def plain(body: Mapping[str, Any]) -> dict[str, Any]:
    left = {name: value for name, value in body.items() if value not in (None, [], {}, "")}
    for name in ("stream", "stream_options"):
        left.pop(name, None)
    given = left.pop("input", [])
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    if "instructions" in left:
        items = [{"role": "system", "content": left.pop("instructions")}, *items]
    if not left.get("store"):
        left.pop("store", None)
    thinks = left.get("reasoning", {}).get("effort") not in (None, "none")
    asked = {*left.pop("include", ()), *(["reasoning.encrypted_content"] if thinks else ())}
    return {
        **left,
        "input": [_item(item) for item in items],
        "include": sorted(asked),
        "reasoning": _reasoning(left.pop("reasoning", {})),
        "text": _text(left.pop("text", {})),
        "tools": sorted((_tool(tool) for tool in left.pop("tools", [])), key=lambda tool: tool["type"] != "function"),
    }


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    kind = item.get("type") or "message"
    bare = {**item, "type": kind}
    if kind in ("message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output"):
        bare = {name: value for name, value in bare.items() if name not in ("id", "status")}
    if kind == "message" and bare["role"] == "developer":
        bare["role"] = "system"
    for field in ("content", "output"):
        if kind != "reasoning" and isinstance(bare.get(field), list):
            bare[field] = _pieces([_piece(piece) for piece in bare[field]])
    return bare


def _piece(piece: Mapping[str, Any]) -> dict[str, Any]:
    if piece["type"] == "output_text":
        return {"type": "output_text", "text": piece["text"]}
    return {name: value for name, value in piece.items() if name not in ("detail", "filename")}


def _pieces(pieces: list[dict[str, Any]]) -> Any:
    return pieces[0]["text"] if len(pieces) == 1 and {*pieces[0]} == {"type", "text"} else pieces


def _reasoning(given: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in given.items() if value is not None}
    return {**said, "summary": "auto"} if "summary" in said else said


def _text(given: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in given.items() if value is not None}
    wanted = {name: value for name, value in said.pop("format", {}).items() if name != "description"}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    return said if wanted.get("type") in (None, "text") else {**said, "format": wanted}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    if tool["type"] != "function":
        return dict(tool)
    own = ("type", "name", "description", "parameters", "strict")
    empty = {"strict": False, "description": "", "parameters": {"type": "object", "properties": {}}}
    return {**empty, **{name: value for name, value in tool.items() if name in own and value is not None}}


def test_recorded_requests_are_built_again_as_they_were_up_to_the_ledger() -> None:
    seen, unreadable = 0, list[dict[str, Any]]()
    for exchange in exchanges():
        body = exchange["request_json"]
        if not isinstance(body, dict):
            continue
        seen += 1
        try:
            request, _ = read_request(body)
        except InvalidRequestError:
            unreadable.append(body)
            continue
        again = build_request(request, CAPABILITIES)[0].json
        assert isinstance(again, dict)
        before, after = json.loads(json.dumps(plain(body))), json.loads(json.dumps(plain(again)))
        if "store" not in body:
            after.pop("store", None)  # unset means stored

        assert after == before, exchange["id"]
    assert seen > 900
    # What names neither model nor input, but a prompt that is stored at the provider.
    assert all("prompt" in body and "model" not in body for body in unreadable)
    assert len(unreadable) <= seen * 0.01


# ---- streams ---------------------------------------------------------------------------------------------------------


def _decoded(body: bytes, size: int) -> tuple[Any, Any]:
    frames, decoder = SseDecoder(), stream_decoder(ORIGIN)
    deltas: list[Any] = []
    try:
        for start in range(0, len(body), size):
            for frame in frames.feed(body[start : start + size]):
                deltas += decoder.feed(frame)
        for frame in frames.close():
            deltas += decoder.feed(frame)
    except (ProviderError, UnreadableAnswerError) as error:
        deltas.append(str(error))
    return deltas, decoder.finish()


@pytest.mark.parametrize("size", [64, pytest.param(1, marks=pytest.mark.slow), pytest.param(7, marks=pytest.mark.slow)])
def test_chunking_of_a_recorded_stream_does_not_matter(size: int) -> None:
    streams = [x for x in exchanges() if x["streaming"] and "response.completed" in x["response_body_text"]]
    for exchange in streams[:: 1 if size == 1 else 4]:
        body = exchange["response_body_text"].encode("utf-8", "surrogatepass")[:100_000]

        assert _decoded(body, size) == _decoded(body, len(body) or 1), exchange["id"]
    assert len(streams) > 100
