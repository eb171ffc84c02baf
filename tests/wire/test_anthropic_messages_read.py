"""Stored Messages requests, read as portable ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portable_llm._errors import InvalidRequestError
from portable_llm._messages import BlobPart, TextPart, ToolResultPart, UnknownPart, UriPart, system, user
from portable_llm._request import CacheHint, Output, Reasoning, Tool
from portable_llm.wire.anthropic_messages import CAPABILITIES, build_request, read_request

HELLO = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}


def read(**fields: Any) -> tuple[Any, dict[str, str]]:
    """The request, and the ledger's severities by subject."""
    request, ledger = read_request({**HELLO, **fields})
    return request, {entry.subject: entry.severity for entry in ledger}


def test_the_smallest_request() -> None:
    request, ledger = read()

    assert (request.model, request.messages, request.max_output_tokens) == ("m", (user("hello"),), 9)
    assert ledger == {}


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1/projects/p/locations/l/publishers/x/models/claude-3-7@20250219:rawPredict", "claude-3-7@20250219"),
        ("/model/anthropic.claude-3-haiku-20240307-v1%3A0/invoke", "anthropic.claude-3-haiku-20240307-v1:0"),
    ],
)
def test_cloud_hosts_have_the_model_in_the_path(path: str, model: str) -> None:
    body = {"anthropic_version": "vertex-2023-10-16", "max_tokens": 9, "messages": HELLO["messages"]}

    request, ledger = read_request(body, path=path)

    assert request.model == model
    assert [entry.subject for entry in ledger] == ["/extra/anthropic_version"]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"model": "m"}, "messages"),
        ({"messages": []}, "model"),
        ({"model": "m", "messages": [{"role": "alien", "content": "x"}]}, "alien"),
        ({"model": "m", "messages": ["x"]}, "role None"),
        ({"model": "m", "messages": [{"role": "user", "content": 5}]}, "content"),
    ],
)
def test_json_that_is_no_request_says_what_is_wrong(body: dict[str, Any], what: str) -> None:
    with pytest.raises(InvalidRequestError, match=what):
        read_request(body)


def test_system_text_in_blocks_is_one_message() -> None:
    request, _ = read(system=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])

    assert request.messages[0].role == "system"
    assert request.messages[0].text == "ab"
    assert read(system="a")[0].messages[0] == system("a")


def test_a_turn_with_results_becomes_a_message_for_each_and_one_for_the_rest() -> None:
    result = {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "12 C"}]}

    request, _ = read(messages=[{"role": "user", "content": [result, {"type": "text", "text": "Hurry."}]}])

    assert [message.role for message in request.messages] == ["tool", "user"]
    assert request.messages[0].parts == (ToolResultPart(call_id="a", parts=(TextPart(text="12 C"),)),)


def test_older_schemas_are_read_from_their_old_place() -> None:
    schema = {"type": "object", "properties": {}}

    request, _ = read(output_format={"type": "json_schema", "schema": schema})

    assert request.output == Output(schema=schema)
    assert request.extra == {}


@pytest.mark.parametrize(
    ("fields", "reasoning"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, Reasoning(budget_tokens=2000)),
        ({"thinking": {"type": "disabled"}}, Reasoning(effort="none")),
        (
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "max"}},
            Reasoning(effort="max", summary=True),
        ),
        ({"thinking": {"type": "adaptive"}}, Reasoning(effort="high")),
        ({"output_config": {"effort": "low"}}, Reasoning(effort="low")),
    ],
)
def test_both_languages_of_thinking_are_read(fields: dict[str, Any], reasoning: Reasoning) -> None:
    request, _ = read(**fields)

    assert request.reasoning == reasoning
    assert request.extra == {}


def test_thinking_of_another_kind_passes_through() -> None:
    request, _ = read(thinking={"type": "between_tools"}, output_config={"effort": "low"})

    assert request.reasoning is None
    assert request.extra == {"thinking": {"type": "between_tools"}, "output_config": {"effort": "low"}}


def test_server_tools_and_unknown_fields_pass_through_as_extra() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    mine = {"name": "weather", "input_schema": {"type": "object"}, "defer_loading": True}

    request, ledger = read(tools=[search, mine], service_tier="auto", stream=True)

    assert request.tools == (Tool(name="weather", parameters={"type": "object"}),)
    assert request.extra == {"tools": [search], "service_tier": "auto"}
    assert ledger == {"/tools": "exact", "/tools/0": "lost"}


def test_cache_marks_become_pointers_into_the_portable_request() -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}

    request, _ = read(
        system=[{"type": "text", "text": "a", "cache_control": mark}],
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t", "content": "x"},
                    {"type": "text", "text": "b", "cache_control": mark},
                ],
            }
        ],
        tools=[{"name": "n", "input_schema": {"type": "object"}, "cache_control": mark}],
    )

    assert request.cache == CacheHint(breakpoints=("/messages/0/parts/0", "/messages/2/parts/0", "/tools/0"), ttl="1h")


def test_what_a_document_says_about_itself_has_no_place_and_is_listed() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "x"}
    block = {"type": "document", "source": source, "title": "T", "citations": {"enabled": True}}

    request, ledger = read(messages=[{"role": "user", "content": [block]}])

    assert request.messages[0].parts == (BlobPart(mime_type="text/plain", data=b"x"),)
    assert ledger == {"/messages/0/parts/0/title": "changed", "/messages/0/parts/0/citations": "changed"}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "search_result", "source": "s", "title": "t", "content": []},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "no base64!"}},
        {"type": "document", "source": {"type": "content", "content": []}},
        {"type": "container_upload", "file_id": "f"},
    ],
)
def test_blocks_without_a_portable_type_are_kept_whole(block: dict[str, Any]) -> None:
    request, _ = read(messages=[{"role": "user", "content": [block]}])

    assert request.messages[0].parts == (UnknownPart(raw=block),)
    assert json.loads(build_request(request, CAPABILITIES)[0].body)["messages"][0]["content"] == [block]


def test_addresses_keep_their_kind() -> None:
    blocks = [
        {"type": kind, "source": {"type": "url", "url": "https://example.test/x"}} for kind in ("image", "document")
    ]

    request, _ = read(messages=[{"role": "user", "content": blocks}])

    assert request.messages[0].parts == (
        UriPart(uri="https://example.test/x"),
        UriPart(uri="https://example.test/x", mime_type="application/pdf"),
    )


def test_the_vendor_s_own_example_reads_and_builds_again() -> None:
    body = {
        "model": "claude-sonnet-5",
        "max_tokens": 1024,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "", "signature": "EqQB"},
                    {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "12 C"}]},
        ],
        "tools": [{"name": "weather", "description": "Weather", "strict": True, "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {"effort": "medium", "format": {"type": "json_schema", "schema": {"type": "object"}}},
    }

    request, ledger = read_request(body)

    assert ledger == ()
    assert json.loads(build_request(request, CAPABILITIES)[0].body) == body
