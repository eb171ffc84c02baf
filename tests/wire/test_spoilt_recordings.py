"""Recorded answers with something wrong in them: a typed error or an honest reading, and nothing else.

The slow tier tries ten thousand for each family of recordings.
"""

from __future__ import annotations

import base64
import gzip
import importlib
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from portable_llm._errors import PortableLLMError

ROUNDS = [300, pytest.param(10_000, marks=pytest.mark.slow)]
VALUES: tuple[Any, ...] = (None, True, 0, -1, 1.5, 10**30, "", "x", "\ud800", [], [None], {}, {"x": None}, [[]])
TRAFFIC = Path(os.environ.get("TRAFFIC_DIR", Path(__file__).parents[3] / "shared" / "data" / "traffic"))
FAMILIES = sorted(file.name.removesuffix(".jsonl.gz") for file in TRAFFIC.glob("*.jsonl.gz"))
SPOKEN = [name for name in FAMILIES if name in importlib.import_module("contracts").WIRE_OF_PROTOCOL]


def spoilt(data: bytes, chance: random.Random) -> bytes:
    """The bytes with something wrong in them: bytes changed, cut off, said twice; or a value of another type."""
    match chance.randrange(5):
        case 0:
            place = chance.randrange(len(data) or 1)
            return data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]
        case 1:
            return data[: chance.randrange(len(data) + 1)]
        case 2:
            return chance.randbytes(chance.randrange(64))
        case 3:
            start = chance.randrange(len(data) or 1)
            return data[:start] + data[start // 2 :]
        case _:
            return with_another_value(data, chance)


def with_another_value(data: bytes, chance: random.Random) -> bytes:
    try:
        body = json.loads(data)
    except ValueError:
        return json.dumps(chance.choice(VALUES)).encode()
    places: list[tuple[Any, Any]] = []
    waiting = [body]
    while waiting:
        node = waiting.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, inner in items:
            places.append((node, key))
            waiting.append(inner)
    if not places:
        return json.dumps(chance.choice(VALUES)).encode()
    holder, key = chance.choice(places)
    holder[key] = chance.choice(VALUES)
    return json.dumps(body).encode()


@pytest.mark.skipif(not SPOKEN, reason=f"recorded traffic not found at {TRAFFIC}")
@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("family", SPOKEN or ["none"])
def test_spoilt_recordings(family: str, rounds: int) -> None:
    decode, chance = importlib.import_module("contracts").decode, random.Random(5)
    with gzip.open(TRAFFIC / f"{family}.jsonl.gz", "rt", encoding="utf-8", errors="surrogatepass") as lines:
        exchanges = [json.loads(line) for line in lines]
    small = [one for one in exchanges if len(one["response_body_text"] or "") < 20_000]
    for exchange in chance.choices(small, k=rounds):
        body = exchange["response_body_text"] or ""
        is_binary = exchange["response_body_encoding"] == "base64"
        data = spoilt(base64.b64decode(body) if is_binary else body.encode("utf-8", "replace"), chance)
        text = base64.b64encode(data).decode() if is_binary else data.decode("utf-8", "replace")
        try:
            decode({**exchange, "response_body_text": text})
        except PortableLLMError:
            pass
        except LookupError as error:
            if type(error) is not LookupError:  # an operation that nobody speaks is fine, a missing key is not
                raise
