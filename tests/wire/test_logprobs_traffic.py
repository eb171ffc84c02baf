"""Recorded log-probabilities: every token that a vendor sent is read, whole and streamed.

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

from portable_llm._errors import PortableLLMError
from portable_llm._http import HttpReply
from portable_llm._messages import Origin
from portable_llm._response import Response
from portable_llm.wire import WireFormat, wire_format

DATA = Path(os.environ.get("TRAFFIC_DIR", Path(__file__).parents[3] / "shared" / "data" / "traffic"))
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"recorded traffic not found at {DATA}")

ORIGIN = Origin(provider="p", host="h", model="m")
WIRES = {
    "openai-chat": "openai-chat",
    "openai-compatible": "openai-chat",
    "openai-responses": "openai-responses",
    "vertex-gemini": "gemini",
}
"""Protocol of the recordings in which there are any → wire format."""


def recorded(protocol: str) -> Iterator[tuple[str, str]]:
    with gzip.open(DATA / f"{protocol}.jsonl.gz", "rt", encoding="utf-8", errors="surrogatepass") as lines:
        for line in lines:
            if "ogprob" in line:
                exchange = json.loads(line)
                if exchange["status"] == 200 and exchange["operation"] not in ("completions", "batch"):
                    yield exchange["id"], exchange["response_body_text"] or ""


def bodies(text: str) -> list[Any]:
    """The objects of an answer, in the order in which they came."""
    if not text.lstrip().startswith(("data:", "event:", ":")):
        return [json.loads(text)]
    return [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:") and "{" in line]


def sent(found: Any) -> Iterator[tuple[str, float]]:
    """Tokens of the first choice, read as plainly as can be: those of events that say them again are left out."""
    if isinstance(found, list):
        for item in found:
            yield from sent(item)
        return
    kind = str(found.get("type", ""))
    for choice in [one for one in found.get("choices") or () if not one.get("index")]:
        for items in (choice.get("logprobs") or {}).values():
            yield from ((one["token"], one["logprob"]) for one in items or ())
    for candidate in found.get("candidates") or ():
        for one in (candidate.get("logprobsResult") or {}).get("chosenCandidates") or ():
            yield one["token"], one["logProbability"]
    if kind == "response.output_text.delta":
        yield from ((one["token"], one["logprob"]) for one in found.get("logprobs") or ())
    for item in (found.get("output") or ()) if found.get("object") == "response" else ():
        for part in item.get("content") or ():
            yield from ((one["token"], one["logprob"]) for one in part.get("logprobs") or ())


def read(wire: WireFormat, text: str) -> Response[None]:
    body = text.encode("utf-8", "surrogatepass")
    if not text.lstrip().startswith(("data:", "event:", ":")):
        return wire.parse_response(HttpReply(status=200, body=body), ORIGIN)
    frames, decoder = wire.FRAMING.decoder(), wire.stream_decoder(ORIGIN)
    for frame in [*frames.feed(body), *frames.close()]:
        decoder.feed(frame)
    return decoder.finish()[1]


@pytest.mark.parametrize("protocol", WIRES)
def test_every_token_that_was_sent_is_read(protocol: str) -> None:
    seen = 0
    for name, text in recorded(protocol):
        try:
            told = list(sent(bodies(text)))
            response = read(wire_format(WIRES[protocol]), text)
        except (ValueError, PortableLLMError):
            continue  # recorded on purpose as it is: cut, or an error

        got = [(token.token, token.logprob) for token in response.logprobs or ()]
        assert sorted(map(repr, got)) == sorted(map(repr, ((token, float(number)) for token, number in told))), name
        seen += bool(told)
    assert seen >= 1
