"""A conversation begun with one vendor goes on with any other: accepted there, nothing foreign in it, nothing unsaid.

The conversations are recorded requests of real clients (tools, reasoning, images, documents, refusals in the history).
They are other people's work and stay where they are; `TRAFFIC_DIR` says where, and without them this skips.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from portable_llm._errors import InvalidRequestError
from portable_llm._messages import (
    Message,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
)
from portable_llm._plan import Plan, make_plan
from portable_llm._request import Request
from portable_llm.providers import provider
from portable_llm.providers._target import Target
from portable_llm.wire import wire_format, wire_names
from support.sdk_types import ACCEPTS

FOLDER = Path(os.environ.get("TRAFFIC_DIR", Path(__file__).parents[2] / "shared" / "data" / "traffic"))
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"recorded traffic not found at {FOLDER}")

SOURCES: dict[str, tuple[str, str]] = {
    "anthropic-messages": ("anthropic-messages", "messages"),
    "azure-openai": ("openai-chat", "chat"),
    "bedrock-converse": ("bedrock-converse", "converse"),
    "bedrock-converse-stream": ("bedrock-converse", "converse-stream"),
    "cohere": ("cohere-v2", "chat"),
    "gemini": ("gemini", "generate"),
    "mistral": ("mistral-chat", "chat"),
    "ollama": ("ollama-chat", "chat"),
    "openai-chat": ("openai-chat", "chat"),
    "openai-compatible": ("openai-chat", "chat"),
    "openai-responses": ("openai-responses", "responses"),
    "vertex-gemini": ("gemini", "generate"),
}
"""Family of recordings → wire format and operation of those that are conversations."""

TARGETS = {
    "anthropic-messages": "anthropic:claude-sonnet-4-5",
    "bedrock-converse": "bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0",
    "cohere-v2": "cohere:command-a-03-2025",
    "gemini": "google:gemini-3-pro",
    "mistral-chat": "mistral:mistral-large-latest",
    "ollama-chat": "ollama:qwen3:8b",
    "openai-chat": "openai:gpt-4.1",
    "openai-responses": "openai-responses:gpt-4.1",
}
HOW_MANY = [12, pytest.param(10_000, marks=pytest.mark.slow)]
"""Conversations of each family: the longest ones of each kind."""


@cache
def conversations(family: str) -> list[Request[Any]]:
    """Requests that hold an earlier answer, the richest first, one of each length."""
    return [request for _, request in sorted(_read(family), key=lambda item: (-item[0], len(item[1].messages)))]


def _read(family: str) -> Iterator[tuple[int, Request[Any]]]:
    name, operation = SOURCES[family]
    wire = wire_format(name)
    with gzip.open(FOLDER / f"{family}.jsonl.gz", "rt", encoding="utf-8", errors="surrogatepass") as lines:
        for exchange in map(json.loads, lines):
            body = exchange["request_json"]
            if not isinstance(body, dict) or exchange["operation"] != operation or exchange["status"] != 200:
                continue
            try:
                request, _ = wire.read_request(body, path=urlsplit(exchange["url"]).path)
            except InvalidRequestError:
                continue
            if any(message.role == "assistant" for message in request.messages):
                yield len({type(part) for part in parts_of(request)}), request


def parts_of(request: Request[Any]) -> list[Part]:
    return [part for message in request.messages for part in message.parts]


def target_of(wire: str) -> Target:
    name, _, model = TARGETS[wire].partition(":")
    row = provider(name)
    return Target(provider=row, model=model, base_url=row.base_url or "https://host", is_override=False)


def states_of(messages: tuple[Message, ...]) -> set[str]:
    """The opaque texts of a history: signatures, encrypted reasoning, what only their maker understands.

    Opaque is a long run without blanks that is no id of a call.
    """
    ids = {part.id for message in messages for part in message.parts if isinstance(part, ToolCallPart)}
    found: set[str] = set()
    waiting: list[Any] = [
        part.state
        for message in messages
        for part in message.parts
        if isinstance(part, (TextPart, ReasoningPart, ToolCallPart)) and part.state is not None
    ]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and len(value) >= 24 and " " not in value and value not in ids:
            found.add(value)
        elif isinstance(value, (dict, list)):
            waiting += value.values() if isinstance(value, dict) else value
    return found


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_in(item)


@pytest.mark.parametrize("count", HOW_MANY)
@pytest.mark.parametrize("to", wire_names())
@pytest.mark.parametrize("family", SOURCES)
def test_every_conversation_goes_on_with_every_vendor(family: str, to: str, count: int) -> None:
    histories = conversations(family)[:count]
    refused = 0
    for request in histories:
        try:
            plan = make_plan(without_own(request), target_of(to))
        except InvalidRequestError as error:
            # A history that means nothing anywhere: a message without a word, a result without its call.
            assert str(error).startswith("/messages/")  # noqa: PT017
            refused += 1
            continue
        body: Any = plan.call.json

        ACCEPTS[to](body, plan.target.model)
        sent = "\n".join(texts_in(body))
        assert not [state for state in states_of(request.messages) if state in sent], "foreign state was sent"
        assert list(unsaid(request, plan, sent)) == []
    assert refused <= len(histories) // 50


def without_own(request: Request[Any]) -> Request[Any]:
    """Fields of the first vendor's own are not carried by a request that changes it."""
    return replace(request, extra={})


def unsaid(request: Request[Any], plan: Plan[Any], sent: str) -> Iterator[str]:
    """Places of the history of which neither the request nor the ledger has anything."""
    subjects = [entry.subject for entry in plan.adaptations]
    for number, message in enumerate(request.messages):
        for position, part in enumerate(message.parts):
            place = f"/messages/{number}/parts/{position}"
            if not _is_in(part, sent) and not any(
                subject == place or subject.startswith(f"{place}/") or place.startswith(f"{subject}/")
                for subject in subjects
            ):
                yield f"{place}: {type(part).__name__}"


def _is_in(part: Part, sent: str) -> bool:
    match part:
        case TextPart():
            return not part.text.strip() or part.text in sent
        case RefusalPart():
            return part.text in sent
        case ReasoningPart() | UnknownPart():
            return False
        case ToolCallPart():
            return part.name in sent
        case ToolResultPart():
            return all(_is_in(inner, sent) for inner in part.parts)
        case _:
            return True


def test_what_is_left_out_without_a_word_would_be_found() -> None:
    request = next(one for one in conversations("openai-responses") if states_of(one.messages))
    plan = make_plan(without_own(request), target_of("gemini"))
    silent = replace(plan, adaptations=())

    assert list(unsaid(request, plan, "\n".join(texts_in(plan.call.json)))) == []
    assert list(unsaid(request, silent, "\n".join(texts_in(plan.call.json)))) != []
