"""Recorded requests of real clients: read, and built again, they are what they were, or the ledger says what is not.

Parametrised over the protocols below. The recordings are other people's work and stay where they are; `TRAFFIC_DIR`
says where, and without them this skips.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from portable_llm._adaptation import Adaptation
from portable_llm._errors import PortableLLMError
from portable_llm.wire import wire_format

FOLDER = Path(os.environ.get("TRAFFIC_DIR", Path(__file__).parents[3] / "shared" / "data" / "traffic"))
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"recorded traffic not found at {FOLDER}")

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """Which recordings are of a wire format, and which spellings mean the same there."""

    file: str
    wire: str
    path: str
    same: Callable[[Any], Any]
    """A body in the one of several equal spellings that this library writes."""
    fewest: int


def without_nulls(value: Any) -> Any:
    """No members that say nothing."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def plain(content: Any) -> Any:
    """A single text as a string, no content as an empty one."""
    if content in (None, []):
        return ""
    if isinstance(content, list) and len(content) == 1 and content[0].get("type") == "text":
        return content[0]["text"]
    return content


def mistral(body: Body) -> Body:
    """`any` and `required` mean the same; a position beside a call, `prefix: false` and `detail: auto` nothing."""
    same = without_nulls(body)
    same.pop("stream", None)
    if same.get("tool_choice") == "required":
        same["tool_choice"] = "any"
    if same.get("tools") == []:
        del same["tools"]
    if same.get("response_format", {}).get("json_schema", {}).get("description") == "":
        del same["response_format"]["json_schema"]["description"]
    if isinstance(same.get("stop"), str):
        same["stop"] = [same["stop"]]
    for tool in same.get("tools", ()):
        tool.setdefault("type", "function")
        if not tool["function"].get("description"):
            tool["function"].pop("description", None)
    for message in same["messages"]:
        for chunk in message["content"] if isinstance(message.get("content"), list) else ():
            if chunk.get("type") == "image_url" and chunk["image_url"].get("detail") == "auto":
                del chunk["image_url"]["detail"]
        message["content"] = plain(message.get("content"))
        if message.get("prefix") is False:
            del message["prefix"]
        calls = message.get("tool_calls")
        if calls == []:
            del message["tool_calls"]
        for call in calls or ():
            call.pop("index", None)
    return same


def ollama(body: Body) -> Body:
    """A call's `type` and an empty folder of options mean nothing; ids that the recording lacks are made up."""
    same = without_nulls(body)
    for name in ("stream", "truncate"):
        same.pop(name, None)
    for name in ("options", "tools", "format"):
        if not same.get(name):
            same.pop(name, None)
    for message in same["messages"]:
        message.setdefault("content", "")
        if message.get("tool_calls") == []:
            del message["tool_calls"]
        for call in message.get("tool_calls", ()):
            call.pop("type", None)
    return same


def cohere(body: Body) -> Body:
    """Empty lists and a text in a list of its own mean the same as none and the text."""
    same = without_nulls(body)
    same.pop("stream", None)
    if not same.get("tools"):
        same.pop("tools", None)
    if not same.get("documents"):
        same.pop("documents", None)
    for tool in same.get("tools", ()):
        if not tool["function"].get("description"):
            tool["function"].pop("description", None)
    for message in same["messages"]:
        if not plain(message.get("content")):
            message.pop("content", None)
        else:
            message["content"] = plain(message["content"])
        for name in ("citations", "tool_calls", "tool_plan"):
            if not message.get(name):
                message.pop(name, None)
    return same


PROTOCOLS = [
    Protocol(file="cohere", wire="cohere-v2", path="/v2/chat", same=cohere, fewest=60),
    Protocol(file="mistral", wire="mistral-chat", path="/v1/chat/completions", same=mistral, fewest=250),
    Protocol(file="ollama", wire="ollama-chat", path="/api/chat", same=ollama, fewest=50),
]
EVERY_PROTOCOL = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.wire)


def recorded(protocol: Protocol) -> Iterator[tuple[str, Body]]:
    """Requests that were answered."""
    with gzip.open(FOLDER / f"{protocol.file}.jsonl.gz", "rt", encoding="utf-8", errors="surrogatepass") as lines:
        for exchange in map(json.loads, lines):
            body, path = exchange["request_json"], urlsplit(exchange["url"]).path
            if isinstance(body, dict) and path == protocol.path and exchange["status"] == 200:
                yield exchange["id"], body


def again(protocol: Protocol, body: Body) -> tuple[Body, tuple[Adaptation, ...]]:
    """The body built from what was read, and both ledgers."""
    wire = wire_format(protocol.wire)
    request, read = wire.read_request(body, path=protocol.path)
    call, built = wire.build_request(request, wire.CAPABILITIES)
    assert isinstance(call.json, dict)
    return call.json, (*read, *built)


def differences(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """Places at which two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            if name not in one or name not in other:
                yield f"{at}/{name}"
            else:
                yield from differences(one[name], other[name], f"{at}/{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{at}/{index}")
    elif one != other:
        yield at


PORTABLE = {"response_format": "output"}
"""Field of a wire request → root of what entries call it."""


def is_said(place: str, ledger: tuple[Adaptation, ...]) -> bool:
    """Whether an entry that is more than a new name speaks of this place, or of the message that it stands in."""
    steps = place.split("/")
    steps[1] = PORTABLE.get(steps[1], steps[1])
    root = "/".join(steps[:3] if steps[1] in ("messages", "tools") else steps[:2])
    return any(entry.subject.startswith(root) and entry.action != "renamed" for entry in ledger)


@EVERY_PROTOCOL
def test_a_recorded_request_is_built_again_as_it_was(protocol: Protocol) -> None:
    unlike: list[tuple[str, list[str]]] = []
    seen = 0
    for name, body in recorded(protocol):
        seen += 1
        built, ledger = again(protocol, body)
        found = list(differences(protocol.same(json.loads(json.dumps(body))), protocol.same(built)))
        if unsaid := [place for place in found if not is_said(place, ledger)]:
            unlike.append((name, unsaid))

    assert seen >= protocol.fewest
    assert unlike == []


@EVERY_PROTOCOL
def test_a_recorded_request_means_the_same_when_it_is_read_again(protocol: Protocol) -> None:
    wire = wire_format(protocol.wire)
    for name, body in recorded(protocol):
        request, _ = wire.read_request(body, path=protocol.path)
        call, _ = wire.build_request(request, wire.CAPABILITIES)
        assert isinstance(call.json, dict)

        assert wire.read_request(call.json, path=protocol.path)[0] == request, name


VALUES: tuple[Any, ...] = (None, True, 0, -1, 1.5, 10**30, "", "x", "\ud800", [], [None], {}, {"x": None}, [[]])


def spoilt(body: Body, chance: random.Random) -> Body:
    """The body with one value of another type."""
    copy: Body = json.loads(json.dumps(body))
    places: list[tuple[Any, Any]] = []
    waiting: list[Any] = [copy]
    while waiting:
        node = waiting.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, inner in items:
            places.append((node, key))
            waiting.append(inner)
    holder, key = chance.choice(places)
    holder[key] = chance.choice(VALUES)
    return copy


@EVERY_PROTOCOL
@pytest.mark.parametrize("rounds", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_spoilt_request_is_read_and_built_or_refused(protocol: Protocol, rounds: int) -> None:
    wire, chance = wire_format(protocol.wire), random.Random(6)
    bodies = [body for _, body in recorded(protocol) if len(json.dumps(body)) < 20_000]
    for body in chance.choices(bodies, k=rounds):
        with contextlib.suppress(PortableLLMError):
            request, _ = wire.read_request(spoilt(body, chance), path=protocol.path)
            wire.build_request(request, wire.CAPABILITIES)
