"""Recorded conversations of every vendor: read as stored histories, handed to each other vendor, written, read again.

They are requests of real clients, other people's work, and stay where they are; `TRAFFIC_DIR` says where, and without
them this skips. What a target takes is held to its vendor's own types; how turns have to follow one another to the
rules that the vendors publish.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from portable_llm import (
    Adaptation,
    BlobPart,
    FilePart,
    InvalidRequestError,
    Message,
    ReasoningPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
    history,
)
from portable_llm._plan import make_plan
from portable_llm.history._formats import DETECTED, SHAPES
from portable_llm.wire import wire_names
from support.sdk_types import ACCEPTS
from test_hand_over import FOLDER, SOURCES, states_of, target_of, texts_in

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"recorded traffic not found at {FOLDER}")

HOW_MANY = [12, pytest.param(100_000, marks=pytest.mark.slow)]


@cache
def stored(family: str) -> list[dict[str, Any]]:
    """Bodies of requests that were answered, those with the most turns first, each conversation once."""
    found = {json.dumps(body, sort_keys=True): body for body in _bodies(family)}
    return sorted(found.values(), key=lambda body: -len(json.dumps(body.get(_turns(family)))))


def _turns(family: str) -> str:
    return SHAPES[SOURCES[family][0]].turns


def _bodies(family: str) -> Iterator[dict[str, Any]]:
    name, operation = SOURCES[family]
    with gzip.open(FOLDER / f"{family}.jsonl.gz", "rt", encoding="utf-8", errors="surrogatepass") as lines:
        for exchange in map(json.loads, lines):
            body = exchange["request_json"]
            if not isinstance(body, dict) or exchange["operation"] != operation or exchange["status"] != 200:
                continue
            if isinstance(body.get(SHAPES[name].turns), list):
                yield body


@cache
def histories(family: str) -> list[history.History]:
    return [history.load(body, SOURCES[family][0]) for body in stored(family)]


@pytest.mark.parametrize("family", SOURCES)
def test_every_conversation_is_read(family: str) -> None:
    assert len(histories(family)) == len(stored(family)) > 0


@pytest.mark.parametrize("family", [family for family, (name, _) in SOURCES.items() if name in DETECTED])
def test_formats_are_told_apart(family: str) -> None:
    """By marks, or, where only plain texts stand in it, with the same meaning."""
    for body, known in zip(stored(family), histories(family), strict=True):
        found = history.load(body)

        assert found.format == known.format or _said(found.messages) == _said(known.messages)


@pytest.mark.parametrize("count", HOW_MANY)
@pytest.mark.parametrize("family", SOURCES)
def test_every_conversation_comes_back_from_its_own_format(family: str, count: int) -> None:
    """Opaque state and parts of an unknown kind too; whatever does not has an entry."""
    for one in histories(family)[:count]:
        if (written := written_as(one, one.format)) is None:
            continue
        again = history.load(written.data, one.format)

        entries = [entry for entry in written.adaptations if entry.severity in ("lost", "changed", "advisory")]
        assert _rest(again.messages, one.messages, entries) == []


def _rest(after: Sequence[Message], before: Sequence[Message], entries: Sequence[Adaptation]) -> list[Any]:
    """Parts that did not come back and of which no entry speaks."""
    came = _said(after, with_state=True)
    return [
        said
        for said, place in _placed(before, with_state=True)
        if said not in came and not any(_speaks(entry, place) for entry in entries)
    ]


def _speaks(entry: Adaptation, place: str) -> bool:
    return entry.subject == place or entry.subject.startswith(f"{place}/") or place.startswith(f"{entry.subject}/")


@pytest.mark.parametrize("count", HOW_MANY)
@pytest.mark.parametrize("to", DETECTED)
@pytest.mark.parametrize("family", SOURCES)
def test_every_conversation_is_written_as_any_other_and_read_again(family: str, to: str, count: int) -> None:
    for one in histories(family)[:count]:
        if one.format == to or (written := written_as(one, to)) is None:
            continue
        again = history.load(written.data, to)

        sent = "\n".join(texts_in(written.data))
        assert not [state for state in states_of(one.messages) if state in sent], "foreign state was written"
        assert _rest_of_meaning(one.messages, again.messages, written.adaptations) == []


def _rest_of_meaning(
    before: Sequence[Message], after: Sequence[Message], entries: Sequence[Adaptation]
) -> list[tuple[str, Any]]:
    came = _said(after)
    texts = "\n".join(str(value) for _, value in came)
    return [
        (place, said)
        for said, place in _placed(before)
        if said not in came
        and not (isinstance(said[1], str) and said[1] in texts)
        and not any(_speaks(entry, place) for entry in entries)
    ]


@pytest.mark.parametrize("count", HOW_MANY)
@pytest.mark.parametrize("to", wire_names())
@pytest.mark.parametrize("family", SOURCES)
def test_every_conversation_is_handed_over(family: str, to: str, count: int) -> None:
    """The vendor's own types accept it, its rules on turns hold, and nothing foreign is in it."""
    for one in histories(family)[:count]:
        sound = history.repair(one.messages).messages
        if is_out_of_reach(sound):
            continue
        plan = make_plan(Request[Any](model="", messages=sound, tools=named(one)), target_of(to))
        body: Any = plan.call.json

        ACCEPTS[to](body, plan.target.model)
        assert list(broken_rules(to, body)) == []
        sent = "\n".join(texts_in(body))
        assert not [state for state in states_of(sound) if state in sent], "foreign state was sent"


def is_out_of_reach(messages: Sequence[Message]) -> bool:
    """Whether nothing stands in it but what its maker alone can read: files stored there and the like."""
    parts = [part for message in messages if message.role != "system" for part in message.parts]
    return all(isinstance(part, (FilePart, UnknownPart, ReasoningPart)) for part in parts)


def named(one: history.History) -> tuple[Any, ...]:
    """The tools, each name once."""
    return tuple({tool.name: tool for tool in one.tools if tool.name}.values())


def written_as(one: history.History, to: str) -> history.Dumped | None:
    """The history in the format, or nothing where it is broken and the format cannot say it."""
    try:
        return history.dump(one.messages, to)
    except InvalidRequestError:
        repaired = history.repair(one.messages)
        if all(message.role == "system" for message in repaired.messages):
            return None  # nothing is left but instructions
        assert repaired.adaptations, "only a broken history may be refused"
        assert history.dump(repaired.messages, to).data
        return None


# ---- what is said ----------------------------------------------------------------------------------------------------


def _said(messages: Sequence[Message], *, with_state: bool = False) -> list[Any]:
    return [said for said, _ in _placed(messages, with_state=with_state)]


def _placed(messages: Sequence[Message], *, with_state: bool = False) -> Iterator[tuple[tuple[str, Any], str]]:
    """Each part as (what it is, what it says) and where it stands; blank texts say nothing."""
    names = {part.id: part.name for message in messages for part in message.parts if isinstance(part, ToolCallPart)}
    for number, message in enumerate(messages):
        for position, part in enumerate(message.parts):
            place = f"/messages/{number}/parts/{position}"
            match part:
                case TextPart(text=text) if text.strip():
                    yield (_side(message), text), place
                case ToolCallPart():
                    yield ("call", (part.name, part.arguments)), place
                case ToolResultPart():
                    texts = [inner.text for inner in part.parts if isinstance(inner, TextPart)]
                    yield ("result", (names.get(part.call_id), "".join(texts).removeprefix("Error: "))), place
                case BlobPart():
                    yield ("bytes", part.data), place
                case UriPart():
                    yield ("address", part.uri), place
                case ReasoningPart() | UnknownPart() if with_state:
                    yield ("kept", replace(part, origin=None)), place
                case _:
                    pass


def _side(message: Message) -> str:
    return "user" if message.role == "tool" else message.role


# ---- rules of turns --------------------------------------------------------------------------------------------------


def broken_rules(to: str, body: dict[str, Any]) -> Iterator[str]:
    """What the vendor would refuse in the way that turns follow one another: calls, results, ids, empty turns."""
    turns = list(_flat(to, body))
    if not turns:
        yield "no turns"
    waiting: list[str] = []
    seen: set[str] = set()
    for number, (role, calls, results, is_empty) in enumerate(turns):
        if is_empty:
            yield f"turn {number} ({role}) is empty"
        if waiting and not results:
            yield f"turn {number}: no result for {waiting}"
            waiting = []
        for result in results:
            if result not in waiting:
                yield f"turn {number}: result for {result!r}, which is not waited for"
            else:
                waiting.remove(result)
        if calls and to not in ("gemini", "ollama-chat") and (len(set(calls)) < len(calls) or seen & set(calls)):
            yield f"turn {number}: an id of a call is used twice"
        seen.update(calls)
        waiting += calls
    if waiting:
        yield f"no result for {waiting} at the end"


def _flat(to: str, body: dict[str, Any]) -> Iterator[tuple[str, list[str], list[str], bool]]:
    """(role, ids of calls, ids of results, whether it is empty) of each turn; names where a format has no ids."""
    if to == "gemini":
        for content in body["contents"]:
            parts = content["parts"]
            calls = [part["functionCall"]["name"] for part in parts if "functionCall" in part]
            results = [part["functionResponse"]["name"] for part in parts if "functionResponse" in part]
            yield content["role"], calls, results, not parts
    elif to == "openai-responses":
        yield from _items(body)
    elif to in ("anthropic-messages", "bedrock-converse"):
        yield from _blocks(body)
    else:
        for message in body["messages"]:
            calls = [
                call["function"]["name"] if to == "ollama-chat" else call["id"]
                for call in message.get("tool_calls") or ()
            ]
            result = message.get("tool_name" if to == "ollama-chat" else "tool_call_id")
            results = [result] if message["role"] == "tool" else []
            yield message["role"], calls, results, not calls and not results and not message.keys() - {"role"}


def _items(body: dict[str, Any]) -> Iterator[tuple[str, list[str], list[str], bool]]:
    """What the model made in one go is one turn."""
    made: list[str] = []
    for item in body["input"]:
        if item["type"] in ("function_call", "custom_tool_call"):
            made.append(item["call_id"])
            continue
        if made:
            yield "assistant", made, [], False
            made = []
        results = [item["call_id"]] if item["type"].endswith("_call_output") else []
        yield item.get("role", "item"), [], results, item["type"] == "message" and not item["content"]
    if made:
        yield "assistant", made, [], False


def _blocks(body: dict[str, Any]) -> Iterator[tuple[str, list[str], list[str], bool]]:
    for turn in body["messages"]:
        blocks: list[Any] = [] if isinstance(turn["content"], str) else turn["content"]
        calls = [block["id"] for block in blocks if block.get("type") == "tool_use"]
        calls += [block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block]
        results = [block["tool_use_id"] for block in blocks if block.get("type") == "tool_result"]
        results += [block["toolResult"]["toolUseId"] for block in blocks if "toolResult" in block]
        yield turn["role"], calls, results, not turn["content"]
