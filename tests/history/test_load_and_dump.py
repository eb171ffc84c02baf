"""Stored histories: read from each vendor's JSON, told apart by their marks, and written again, no loss unsaid."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import (
    BlobPart,
    InvalidRequestError,
    Message,
    Origin,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
    assistant,
    history,
    system,
    tool_result,
    user,
)
from strategies import conversations

CALL = ToolCallPart(id="call_1", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city":"Oslo"}')
TALK = (system("Be brief."), user("Weather in Oslo?"), assistant(CALL), tool_result("call_1", "12 C"), assistant("12."))

CHAT: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Weather in Oslo?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "12 C"},
    {"role": "assistant", "content": "12."},
]
RESPONSES: dict[str, Any] = {
    "instructions": "Be brief.",
    "input": [
        {"role": "user", "content": "Weather in Oslo?"},
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "12 C"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "12."}]},
    ],
}
ANTHROPIC: dict[str, Any] = {
    "system": "Be brief.",
    "messages": [
        {"role": "user", "content": "Weather in Oslo?"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Oslo"}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "12 C"}]},
        {"role": "assistant", "content": "12."},
    ],
}
GEMINI: dict[str, Any] = {
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
        {"role": "user", "parts": [{"text": "Weather in Oslo?"}]},
        {
            "role": "model",
            "parts": [{"functionCall": {"id": "call_1", "name": "weather", "args": {"city": "Oslo"}}}],
        },
        {
            "role": "user",
            "parts": [{"functionResponse": {"id": "call_1", "name": "weather", "response": {"output": "12 C"}}}],
        },
        {"role": "model", "parts": [{"text": "12."}]},
    ],
}
STORED: dict[str, Any] = {
    "openai-chat": {"messages": CHAT},
    "openai-responses": RESPONSES,
    "anthropic-messages": ANTHROPIC,
    "gemini": GEMINI,
}


@pytest.mark.parametrize("name", STORED)
def test_the_same_conversation_is_read_from_every_format(name: str) -> None:
    stored = history.load(STORED[name])

    assert stored.format == name
    assert stored.messages == TALK


@pytest.mark.parametrize("to", STORED)
@pytest.mark.parametrize("name", STORED)
def test_any_format_is_written_as_any_other(name: str, to: str) -> None:
    written = history.dump(history.load(STORED[name]).messages, to)

    assert history.load(written.data).messages == TALK
    assert {entry.severity for entry in written.adaptations} <= {"exact", "advisory"}


@pytest.mark.parametrize(
    "data",
    [
        CHAT,
        json.dumps(CHAT),
        json.dumps(CHAT).encode(),
        "\n".join(map(json.dumps, CHAT)),
        "\r\n".join(map(json.dumps, CHAT)) + "\r\n\r\n",
        {"messages": CHAT, "model": "gpt-4.1", "temperature": 0.5},
    ],
    ids=["list", "text", "bytes", "lines", "lines of Windows", "request"],
)
def test_a_history_is_a_list_text_lines_or_a_request(data: Any) -> None:
    assert history.load(data).messages == TALK


def test_a_whole_request_keeps_its_options_beside_the_history() -> None:
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    stored = history.load({"model": "gpt-4.1", "temperature": 0.5, "messages": CHAT, "tools": tools})

    assert stored.request is not None
    assert (stored.request.model, stored.request.sampling.temperature) == ("gpt-4.1", 0.5)
    assert [tool.name for tool in stored.tools] == ["weather"]
    written = history.dump(stored.messages, "anthropic-messages", tools=stored.tools).data
    assert history.load(written).tools == stored.tools


def test_lists_without_a_body_are_told_apart() -> None:
    assert history.load(ANTHROPIC["messages"]).format == "anthropic-messages"
    assert history.load(RESPONSES["input"]).format == "openai-responses"
    assert history.load(GEMINI["contents"]).format == "gemini"


_HI = [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"messages": _HI, "tools": [{"name": "f", "input_schema": {}}]}, "anthropic-messages"),
        ({"messages": _HI, "tools": [{"type": "function", "function": {"name": "f"}}]}, "openai-chat"),
        ({"input": _HI, "tools": [{"type": "function", "name": "f"}]}, "openai-responses"),
        ({"prompt": {"id": "pmpt_1"}, "model": "gpt-4.1"}, "openai-responses"),
        ({"contents": [], "tools": [{"functionDeclarations": []}]}, "gemini"),
        ([*_HI, {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."}]}], "anthropic-messages"),
        ([*_HI, {"role": "assistant", "content": [{"type": "thinking", "thinking": []}]}], "openai-chat"),
        ([*_HI, {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}], "openai-chat"),
        (
            [{"type": "reasoning", "summary": []}, {"role": "assistant", "content": [{"type": "refusal"}]}],
            "openai-responses",
        ),
        ([{"role": "user", "content": [{"text": "Hi"}]}], "bedrock-converse"),
        (
            {"system": [{"text": "Hm."}], "messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
            "bedrock-converse",
        ),
        (
            [*_HI, {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}],
            "ollama-chat",
        ),
    ],
)
def test_each_format_has_its_marks(data: Any, name: str) -> None:
    assert history.load(data).format == name


def test_without_marks_the_meaning_has_to_be_the_same_in_all_formats() -> None:
    odd = [*_HI, {"role": "assistant", "content": [{"type": "reasoning", "text": "Hm."}]}]

    with pytest.raises(InvalidRequestError, match="could be openai-chat or anthropic-messages"):
        history.load(odd)
    assert history.load([{"role": "developer", "content": "Be brief."}]).messages == (system("Be brief."),)


def test_formats_beyond_the_four_are_read_where_they_are_named() -> None:
    messages = [{"role": "user", "content": [{"text": "Hello"}]}]

    assert history.load(messages, "bedrock-converse").messages == (user("Hello"),)
    assert history.dump((user("Hello"),), "bedrock-converse").data == {"messages": messages}


# ---- what cannot be read ---------------------------------------------------------------------------------------------


def test_plain_texts_have_no_marks_and_need_none() -> None:
    plain = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}]

    assert history.load(plain).messages == (user("Hi"), assistant("Hello"))


def test_marks_of_two_formats_have_to_be_settled_by_the_caller() -> None:
    mixed = [*CHAT, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1"}]}]

    with pytest.raises(InvalidRequestError, match=r"marks of anthropic-messages and openai-chat.*format="):
        history.load(mixed)
    assert history.load(mixed, "openai-chat").format == "openai-chat"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("no json", "JSON or JSON lines"),
        ('{"role": "user"}\n{"role": ', "line 2"),
        ("12", "a list of messages"),
        ([1], "/0 of the stored history is no object"),
        ([{"messages": []}, {"messages": []}], "whole request"),
        ([{"role": "galaxy", "content": "Hi"}], "no known format"),
        ("[" * 300 + "]" * 300, "deeper"),
        ({"messages": {1, 2}}, "JSON"),
    ],
)
def test_what_is_no_history_says_why(data: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        history.load(data)


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(InvalidRequestError, match="openai-chat"):
        history.load(CHAT, "galaxy")
    with pytest.raises(InvalidRequestError, match="openai-chat"):
        history.dump(TALK, "galaxy")


def test_size_and_number_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portable_llm.history._load.MAX_TURNS", 4)
    with pytest.raises(InvalidRequestError, match="4 messages, this one has 5"):
        history.load(CHAT)
    monkeypatch.setattr("portable_llm.history._load.MAX_BYTES", 100)
    with pytest.raises(InvalidRequestError, match="100 bytes"):
        history.load(CHAT)


# ---- opaque state ----------------------------------------------------------------------------------------------------

THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmF0dXJl"}
SEARCH = {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "Oslo"}}
SIGNED = [
    {"role": "user", "content": "Weather?"},
    {"role": "assistant", "content": [THOUGHT, SEARCH, {"type": "text", "text": "12."}]},
]


def test_state_without_a_maker_goes_back_into_its_own_format_only() -> None:
    stored = history.load(SIGNED)

    assert history.dump(stored.messages, "anthropic-messages").data == {
        "messages": [{"role": "user", "content": "Weather?"}, SIGNED[1]]
    }
    elsewhere = history.dump(stored.messages, "openai-responses")
    assert history.load(elsewhere.data).messages == (user("Weather?"), assistant("12."))
    assert [(entry.subject, entry.action) for entry in elsewhere.adaptations if entry.severity != "exact"] == [
        ("/messages/1/parts/0/state", "dropped"),
        ("/messages/1/parts/1", "dropped"),
    ]


def test_the_caller_may_say_who_made_the_state() -> None:
    maker = Origin(provider="anthropic", host="api.anthropic.com", model="claude-sonnet-4-5")

    parts = history.load(SIGNED, origin=maker).messages[1].parts

    assert [part.origin for part in parts if isinstance(part, (ReasoningPart, UnknownPart))] == [maker, maker]
    written = history.dump((user("Weather?"), Message(role="assistant", parts=parts)), "anthropic-messages")
    assert written.data["messages"] == SIGNED


def test_state_of_an_unknown_maker_is_left_out_with_an_entry() -> None:
    thought = ReasoningPart(text="Hm.", state={"signature": "x"}, origin=None)
    own = ReasoningPart(text="Hm.", state={"x": 1}, origin=Origin(provider="my-own", host="here", model="m"))

    written = history.dump((user("Hi"), assistant(thought, own, "Hello")), "anthropic-messages")

    assert history.load(written.data).messages == (user("Hi"), assistant("Hello"))
    assert [entry.subject for entry in written.adaptations] == [
        "/messages/1/parts/0/state",
        "/messages/1/parts/1/state",
    ]


def test_pieces_of_tool_results_belong_to_their_format_too() -> None:
    piece = {"type": "search_result", "title": "Oslo", "source": "https://a.example", "content": []}
    stored = history.load(
        [
            *ANTHROPIC["messages"][:2],
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": [piece]}]},
        ]
    )

    assert history.load(history.dump(stored.messages, "anthropic-messages").data).messages == stored.messages
    written = history.dump(stored.messages, "openai-chat")
    assert "/messages/2/parts/0/parts/0" in [entry.subject for entry in written.adaptations]


def test_fields_that_nobody_reads_are_named() -> None:
    stored = history.load([{"role": "user", "content": "Hi", "galaxy": 42, "created_at": 17}], "openai-chat")

    assert sorted((entry.detail.split(" of ")[0], entry.severity) for entry in stored.adaptations) == [
        ("'galaxy' has no portable field", "changed"),
        ("the field 'created_at'", "advisory"),
    ]


def test_marks_for_the_cache_are_said_to_be_gone() -> None:
    marked = {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}
    stored = history.load([{"role": "user", "content": [marked]}], "anthropic-messages")

    assert [(entry.subject, entry.severity) for entry in stored.adaptations] == [("/cache/breakpoints", "advisory")]


def test_a_history_that_a_format_cannot_say_is_an_error() -> None:
    with pytest.raises(InvalidRequestError, match="no earlier message makes"):
        history.dump((user("Hi"), tool_result("call_9", "12 C")), "gemini")


def test_what_json_cannot_hold_is_not_written() -> None:
    call = ToolCallPart(id="a", name="f", arguments={"x": float("nan")}, raw_arguments="")

    with pytest.raises(InvalidRequestError, match="something JSON cannot"):
        history.dump((user("Hi"), assistant(call), tool_result("a", "1")), "anthropic-messages")


# ---- invariants ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STORED)
@given(data=st.data())
def test_what_is_written_is_read_again(name: str, data: st.DataObject) -> None:
    """Texts, calls, results and images come back equal; whatever does not has an entry."""
    messages = data.draw(conversations())

    written = history.dump(messages, name)
    again = history.load(json.dumps(written.data), name)

    grave = [entry for entry in (*written.adaptations, *again.adaptations) if entry.severity in ("lost", "changed")]
    assert grave or _said(again.messages) == _said(messages)


def _said(messages: tuple[Message, ...]) -> list[tuple[str, Any]]:
    """What the model sees, whatever the borders of turns and texts."""
    found: list[tuple[str, Any]] = []
    for message in messages:
        for part in message.parts:
            role = "user" if message.role == "tool" else message.role
            value = part.text if isinstance(part, TextPart) else part
            if isinstance(part, ToolResultPart):
                value = (part.call_id, [_text(inner) for inner in part.parts])
            elif isinstance(part, ToolCallPart):
                value = (part.id, part.name, part.arguments)
            elif isinstance(part, BlobPart):
                value = (part.mime_type, part.data)
            elif isinstance(part, UriPart):
                value = part.uri
            if isinstance(value, str) and found and found[-1][0] == role and isinstance(found[-1][1], str):
                found[-1] = (role, found[-1][1] + value)
            else:
                found.append((role, value))
    return found


def _text(part: Any) -> Any:
    """A failed result says so in its words where the format has no mark for it."""
    return part.text.removeprefix("Error: ") if isinstance(part, TextPart) else part


@given(data=st.binary(max_size=200) | st.text(max_size=200))
def test_nothing_that_is_stored_breaks_the_reader(data: Any) -> None:
    with suppress(InvalidRequestError):
        history.load(data)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["user", "assistant", "tool", "text", "model", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "type", "text", "messages", "input", "contents", "parts", "tool_calls"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(data=_JSON, name=st.sampled_from([None, *STORED]))
def test_no_json_breaks_the_reader(data: Any, name: str | None) -> None:
    try:
        stored = history.load(data, name)
    except InvalidRequestError:
        return
    assert all(isinstance(message, Message) for message in stored.messages)
