"""Stored Responses requests as portable ones."""

from __future__ import annotations

from typing import Any

import pytest

from portable_llm._errors import InvalidRequestError
from portable_llm._messages import BlobPart, FilePart, ReasoningPart, RefusalPart, TextPart, UnknownPart, UriPart
from portable_llm._request import NamedTool, Output, Reasoning, Request
from portable_llm.wire.openai_responses import CAPABILITIES, build_request, read_request


def read(given: Any = "hi", **fields: Any) -> Request[Any]:
    return read_request({"model": "m", "input": given, "store": False, **fields})[0]


def ledger(given: Any = "hi", **fields: Any) -> dict[str, str]:
    return {entry.subject: entry.action for entry in read_request({"model": "m", "input": given, **fields})[1]}


def again(given: Any, **fields: Any) -> list[dict[str, Any]]:
    body = build_request(read(given, **fields), CAPABILITIES)[0].json
    assert isinstance(body, dict)
    return body["input"]  # type: ignore[return-value]


def test_input_may_be_a_text() -> None:
    assert [(message.role, message.text) for message in read("hi").messages] == [("user", "hi")]


def test_instructions_are_the_first_system_message() -> None:
    asked = read("hi", instructions="Be brief.")

    assert [(message.role, message.text) for message in asked.messages] == [("system", "Be brief."), ("user", "hi")]
    assert ledger("hi", instructions="Be brief.")["/messages/0"] == "renamed"


def test_what_a_model_made_in_one_go_is_one_turn() -> None:
    items = [
        {"role": "user", "content": "?"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "g"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Let me see."}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "c2", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "1"},
        {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "2"}]},
        {"role": "developer", "content": "Now in French."},
    ]
    asked = read(items)

    assert [message.role for message in asked.messages] == ["user", "assistant", "tool", "tool", "system"]
    assert [type(part).__name__ for part in asked.messages[1].parts] == [
        "ReasoningPart",
        "TextPart",
        "ToolCallPart",
        "ToolCallPart",
    ]


def test_a_second_message_of_the_model_begins_another_turn() -> None:
    said = {"type": "message", "role": "assistant", "content": "x"}

    assert [message.role for message in read([said, said]).messages] == ["assistant", "assistant"]
    assert len(again([said, said])) == 2


@pytest.mark.parametrize(
    ("piece", "part"),
    [
        ({"type": "input_text", "text": "x"}, TextPart(text="x")),
        (
            {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "auto"},
            BlobPart(mime_type="image/png", data=b"\x89PNG\r\n\x1a\n"),
        ),
        (
            {"type": "input_image", "image_url": "https://example.test/a.php"},
            UriPart(uri="https://example.test/a.php", mime_type="image/*"),
        ),
        ({"type": "input_image", "file_id": "file-1"}, FilePart(id="file-1", mime_type="image/*")),
        ({"type": "input_file", "file_id": "file-1"}, FilePart(id="file-1")),
        (
            {"type": "input_file", "file_url": "https://example.test/a"},
            UriPart(uri="https://example.test/a", mime_type="application/pdf"),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "mp3"}},
            BlobPart(mime_type="audio/mpeg", data=b"RIFF"),
        ),
        (
            {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}},
            UnknownPart(raw={"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}}),
        ),
        ({"type": "input_hologram", "x": 1}, UnknownPart(raw={"type": "input_hologram", "x": 1})),
    ],
)
def test_pieces_of_a_message(piece: dict[str, Any], part: Any) -> None:
    [message] = read([{"role": "user", "content": [piece]}]).messages

    assert message.parts == (part,)


@pytest.mark.parametrize(
    "item",
    [
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {}},
        {"type": "tool_search_output", "execution": "server", "call_id": None, "tools": []},
        {"type": "computer_call_output", "call_id": "c", "output": {}},
        {"type": "additional_tools", "role": "developer", "tools": []},
        {"type": "mcp_approval_response", "approval_request_id": "a", "approve": True},
        {"type": "compaction", "encrypted_content": "g"},
        {"type": "configuration_update", "reasoning": {"effort": "low"}},
    ],
)
def test_odd_items_are_kept_whole_and_in_their_place(item: dict[str, Any]) -> None:
    before, after = {"role": "user", "content": "a"}, {"role": "user", "content": "b"}

    assert again([before, item, after])[1] == item


def test_texts_keep_phase_refusals_and_citations() -> None:
    cited = {"type": "url_citation", "start_index": 0, "end_index": 1, "url": "https://example.test", "title": "T"}
    item = {
        "type": "message",
        "role": "assistant",
        "phase": "commentary",
        "content": [{"type": "output_text", "text": "x", "annotations": [cited]}],
    }
    refused = {
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "refusal", "refusal": "No."}],
    }
    [part] = read([item]).messages[0].parts

    assert isinstance(part, TextPart)
    assert [citation.url for citation in part.citations] == ["https://example.test"]
    assert again([item, refused]) == [{**item, "content": "x"}, refused]
    assert read([refused]).messages[0].parts == (RefusalPart(text="No."),)


def test_reasoning_is_read_with_what_it_shows() -> None:
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "One."}, {"type": "summary_text", "text": "Two."}],
        "encrypted_content": "g",
    }
    [message] = read([item]).messages

    assert message.parts == (ReasoningPart(text="One.\n\nTwo.", state=item),)


def test_ids_of_items_are_not_kept_and_that_is_said() -> None:
    item = {"type": "function_call", "id": "fc_1", "status": "completed", "call_id": "c", "name": "f", "arguments": ""}

    assert "id" not in again([item])[0]
    assert ledger([item])["/messages/0/parts/0/state"] == "renamed"


def test_a_request_that_leans_on_stored_items_stays_stateful() -> None:
    bare = {"type": "reasoning", "id": "rs_1", "summary": []}
    said = {"type": "message", "role": "assistant", "content": "x"}
    asked, _ = read_request({"model": "m", "input": [bare, said]})

    assert asked.extra == {"store": True}


def test_unset_store_means_stored_which_is_not_how_it_is_built_again() -> None:
    assert ledger("hi")["/extra/store"] == "defaulted"
    assert read("hi").extra == {}


def test_options() -> None:
    asked = read(
        tools=[
            {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True},
            {"type": "web_search"},
        ],
        tool_choice={"type": "function", "name": "f"},
        text={"format": {"type": "json_schema", "name": "a", "schema": {"type": "object"}}, "verbosity": "low"},
        reasoning={"effort": "low", "summary": "auto", "context": "all_turns"},
        include=["reasoning.encrypted_content", "message.output_text.logprobs"],
        top_logprobs=2,
        service_tier="flex",
        metadata={"a": "b"},
        prompt_cache_key="k",
        stream=True,
    )

    assert [tool.strict for tool in asked.tools] == [True]
    assert asked.tool_choice == NamedTool("f")
    assert asked.output == Output(schema={"type": "object"}, name="a")
    assert asked.reasoning == Reasoning(effort="low", summary=True)
    assert asked.sampling.logprobs == 2
    assert asked.metadata == {"a": "b"}
    assert asked.cache is not None
    assert asked.extra == {
        "tools": [{"type": "web_search"}],
        "text": {"verbosity": "low"},
        "reasoning": {"context": "all_turns"},
        "service_tier": "flex",
    }


def test_a_subset_of_tools() -> None:
    choice = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]}
    hosted = {**choice, "tools": [{"type": "web_search"}]}

    assert (read(tool_choice=choice).tool_choice, read(tool_choice=choice).allowed_tools) == ("auto", ("f",))
    assert read(tool_choice=hosted).extra == {"tool_choice": hosted}


def test_a_function_s_own_members_without_a_portable_field_are_listed() -> None:
    tools = [{"type": "function", "name": "f", "parameters": {}, "strict": False, "defer_loading": True}]

    assert ledger(tools=tools)["/tools/0/defer_loading"] == "dropped"


@pytest.mark.parametrize(
    "body", [{}, {"model": "m"}, {"input": "hi"}, {"model": "m", "input": 5}, {"model": 1, "input": "hi"}]
)
def test_what_is_no_request(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="a Responses request has"):
        read_request(body)


def test_an_unknown_role_is_named_with_its_place() -> None:
    with pytest.raises(InvalidRequestError, match="/input/1/role: 'wizard' is no role"):
        read([{"role": "user", "content": "a"}, {"role": "wizard", "content": "b"}])
