"""Requests to Converse: what changes on the way, for which model, and what the ledger says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from portable_llm import (
    BlobPart,
    CacheHint,
    InvalidRequestError,
    Output,
    Plan,
    Reasoning,
    ReasoningPart,
    Request,
    TextPart,
    Tool,
    ToolCallPart,
    UriPart,
    assistant,
    request,
    system,
    tool_result,
    user,
)
from portable_llm._plan import make_plan
from portable_llm.providers._target import load_settings

SETTINGS = load_settings(environ={}, base_urls={"bedrock": "https://bedrock-runtime.eu-west-1.amazonaws.com"})
NOVA, NOVA_2 = "us.amazon.nova-lite-v1:0", "us.amazon.nova-2-lite-v1:0"
CLAUDE_4, CLAUDE_46 = "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-sonnet-4-6"
UNKNOWN = "acme.model-of-tomorrow-v1:0"
TOOL = Tool(name="get_weather", description="Current weather", parameters={"type": "object", "properties": {}})
CALL = ToolCallPart(id="tooluse_1", name="get_weather", arguments={})
ROUND = (user("hi"), assistant(CALL), tool_result("tooluse_1", "rain"))


def plan(model: str, messages: Any = "hi", **options: Any) -> Plan[Any]:
    asked = request(f"bedrock:{model}", messages, **options)
    return make_plan(asked, SETTINGS.resolve(asked.model))


def body(planned: Plan[Any]) -> dict[str, Any]:
    assert isinstance(planned.call.json, dict)
    return planned.call.json


def said(planned: Plan[Any]) -> list[tuple[str, str, str]]:
    """The ledger without what is only renamed or moved."""
    return [
        (entry.subject, entry.action, entry.severity)
        for entry in planned.adaptations
        if entry.action not in ("renamed", "moved")
    ]


# ---- where it goes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (NOVA, "/model/us.amazon.nova-lite-v1%3A0/converse"),
        (
            "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.x",
            "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Ainference-profile%2Feu.x/converse",
        ),
    ],
)
def test_the_model_is_one_segment_of_the_path(model: str, path: str) -> None:
    planned = plan(model)

    assert planned.call.path == path
    assert planned.target.url(path) == f"https://bedrock-runtime.eu-west-1.amazonaws.com{path}"
    assert "modelId" not in body(planned)


# ---- families --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "options", "more"),
    [
        (CLAUDE_4, {"top_k": 20}, {"top_k": 20}),
        (NOVA, {"top_k": 20}, {"inferenceConfig": {"topK": 20}}),
        (
            CLAUDE_46,
            {"reasoning": Reasoning(effort="high")},
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
        ),
        (CLAUDE_46, {"reasoning": Reasoning(effort="none")}, {"thinking": {"type": "disabled"}}),
        (
            CLAUDE_4,
            {"reasoning": Reasoning(budget_tokens=2048), "max_output_tokens": 4096},
            {"thinking": {"type": "enabled", "budget_tokens": 2048}},
        ),
        (
            CLAUDE_4,
            {"reasoning": Reasoning(effort="medium"), "max_output_tokens": 4096},
            {"thinking": {"type": "enabled", "budget_tokens": 2048}},
        ),
        (
            NOVA_2,
            {"reasoning": Reasoning(effort="low")},
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}},
        ),
        (NOVA_2, {"reasoning": Reasoning(effort="none")}, {"reasoningConfig": {"type": "disabled"}}),
        ("openai.gpt-oss-120b-1:0", {"reasoning": Reasoning(effort="medium")}, {"reasoning_effort": "medium"}),
        ("qwen.qwen3-32b-v1:0", {"reasoning": Reasoning(effort="high")}, {"reasoning_config": "high"}),
    ],
)
def test_each_family_is_told_in_its_own_words(model: str, options: dict[str, Any], more: dict[str, Any]) -> None:
    assert body(plan(model, **options))["additionalModelRequestFields"] == more


@pytest.mark.parametrize(
    ("model", "options", "subject"),
    [
        (UNKNOWN, {"top_k": 20}, "/sampling/top_k"),
        (UNKNOWN, {"reasoning": Reasoning(effort="high")}, "/reasoning/effort"),
        (NOVA, {"reasoning": Reasoning(budget_tokens=2048)}, "/reasoning/budget_tokens"),
        (NOVA, {"seed": 1}, "/sampling/seed"),
        (NOVA, {"tools": [TOOL], "parallel_tool_calls": False}, "/parallel_tool_calls"),
        ("anthropic.claude-v2:1", {"reasoning": Reasoning(effort="high")}, "/reasoning/effort"),
        (CLAUDE_4, {"cache": CacheHint(key="k")}, "/cache/key"),
    ],
)
def test_what_a_model_has_no_field_for_is_left_out_and_said(model: str, options: dict[str, Any], subject: str) -> None:
    planned = plan(model, **options)

    assert "additionalModelRequestFields" not in body(planned)
    assert [action for where, action, _ in said(planned) if where == subject] == ["dropped"]


def test_an_unknown_model_gets_what_is_assumed_and_the_ledger_says_so() -> None:
    planned = plan(UNKNOWN, tools=[TOOL], tool_choice="required", temperature=0.5)

    assert body(planned)["toolConfig"]["toolChoice"] == {"any": {}}
    assert ("/tool_choice", "defaulted", "advisory") in said(planned)


def test_no_limit_is_made_up_where_claude_s_own_host_demands_one() -> None:
    assert "inferenceConfig" not in body(plan(CLAUDE_46))


def test_a_schema_travels_natively_only_where_the_model_holds_it() -> None:
    schema = {
        "type": "object",
        "properties": {"t": {"type": "number"}},
        "required": ["t"],
        "additionalProperties": False,
    }

    native, forced = (plan(model, output=Output(schema=schema)) for model in (CLAUDE_4, NOVA))

    assert json.loads(body(native)["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"]) == schema
    assert body(forced)["toolConfig"]["toolChoice"] == {"tool": {"name": "output"}}


# ---- messages --------------------------------------------------------------------------------------------------------


def test_turns_of_one_role_are_merged_and_results_come_first() -> None:
    planned = plan(
        NOVA, (user("a"), user("b"), assistant(CALL), tool_result("tooluse_1", "rain"), user("And?")), tools=[TOOL]
    )

    turns = body(planned)["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[0]["content"] == [{"text": "a"}, {"text": "b"}]
    assert [next(iter(block)) for block in turns[2]["content"]] == ["toolResult", "text"]
    assert said(planned) == [("/messages", "encoded", "exact")]


def test_calls_in_the_history_bring_their_tools() -> None:
    planned = plan(NOVA, (*ROUND, user("And?")))

    assert body(planned)["toolConfig"] == {
        "tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": {"type": "object"}}}}]
    }
    assert ("/tools", "defaulted", "advisory") in said(planned)


def test_blank_text_beside_a_call_is_left_out() -> None:
    planned = plan(CLAUDE_4, (user("hi"), assistant("\n\n", CALL), tool_result("tooluse_1", "rain")), tools=[TOOL])

    assert [next(iter(block)) for block in body(planned)["messages"][1]["content"]] == ["toolUse"]
    assert ("/messages/1", "encoded", "exact") in said(planned)


def test_a_document_wants_a_name_and_text_beside_it() -> None:
    document = BlobPart(mime_type="application/pdf", data=b"%PDF")

    named, alone = plan(CLAUDE_4, user("Read.", document)), plan(CLAUDE_4, user(document))

    assert body(named)["messages"][0]["content"][1]["document"]["name"] == "document-1"
    assert ("/messages", "defaulted", "advisory") in said(named)
    assert ("/messages/0", "weakened", "changed") in said(alone)


@pytest.mark.parametrize(
    "part",
    [
        BlobPart(mime_type="image/bmp", data=b"BM"),
        UriPart(uri="https://example.test/cat.png", mime_type="image/png"),
        UriPart(uri="s3://bucket/thing"),
    ],
)
def test_what_this_wire_does_not_carry_is_left_out_and_said(part: Any) -> None:
    planned = plan(UNKNOWN, user("Look.", part))

    assert body(planned)["messages"][0]["content"] == [{"text": "Look."}]
    assert ("/messages/0/parts/1", "dropped", "changed") in said(planned)


def test_media_of_every_format_read_back() -> None:
    from portable_llm.wire.bedrock_converse import CAPABILITIES, build_request, read_request
    from portable_llm.wire.bedrock_converse._media import FORMATS

    parts = [BlobPart(mime_type=mime, data=b"x") for formats in FORMATS.values() for mime in formats.values()]
    asked: Request[Any] = Request(model="m", messages=(user("Look.", *parts, UriPart(uri="s3://b/a.mp4")),))

    call, _ = build_request(asked, CAPABILITIES)
    read, ledger = read_request(call.json, path=call.path)  # type: ignore[arg-type]

    last = UriPart(uri="s3://b/a.mp4", mime_type="video/mp4")
    assert read.messages == (user("Look.", *parts, last),)
    assert ledger == ()


# ---- state -----------------------------------------------------------------------------------------------------------


def test_reasoning_of_somebody_else_is_left_out_and_never_text() -> None:
    foreign = ReasoningPart(text="secret thought", state={"signature": "x"}, origin=None)

    planned = plan(CLAUDE_4, (user("hi"), assistant(foreign, "Yes."), user("Why?")))

    assert b"secret thought" not in planned.call.body
    assert ("/messages/1/parts/0/state", "dropped", "lost") in said(planned)


@pytest.mark.parametrize(("model", "is_sent"), [("openai.gpt-oss-120b-1:0", True), ("us.deepseek.r1-v1:0", False)])
def test_unsigned_reasoning_goes_back_where_the_model_takes_it(model: str, is_sent: bool) -> None:
    here = plan(model).origin
    own = ReasoningPart(text="a thought", origin=here)

    planned = plan(model, (user("hi"), assistant(own, "Yes."), user("Why?")))

    assert (b"a thought" in planned.call.body) is is_sent
    assert is_sent or ("/messages/1/parts/0/state", "dropped", "lost") in said(planned)


def test_arguments_that_are_no_object_cannot_be_sent() -> None:
    broken = ToolCallPart(id="tooluse_1", name="get_weather", arguments=None, raw_arguments='{"city')

    planned = plan(NOVA, (user("hi"), assistant(broken), tool_result("tooluse_1", "?")), tools=[TOOL])

    assert body(planned)["messages"][1]["content"][0]["toolUse"]["input"] == {}
    assert any(where.endswith("/arguments") and action == "substituted" for where, action, _ in said(planned))


# ---- cache and extras ------------------------------------------------------------------------------------------------


def test_cache_points_stand_behind_what_they_end() -> None:
    marks = ("/messages/0", "/tools/0", "/messages/1/parts/0", "/messages/1", "/messages/9")
    planned = plan(
        CLAUDE_4,
        (system("Long."), user("one", "two")),
        tools=[TOOL, replace(TOOL, name="time")],
        cache=CacheHint(breakpoints=marks, ttl="1h"),
    )

    point = {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert body(planned)["system"] == [{"text": "Long."}, point]
    assert body(planned)["messages"][0]["content"] == [{"text": "one"}, point, {"text": "two"}, point]
    assert [next(iter(tool)) for tool in body(planned)["toolConfig"]["tools"]] == ["toolSpec", "cachePoint", "toolSpec"]
    assert ("/cache/breakpoints", "dropped", "advisory") in said(planned)


def test_no_cache_point_behind_a_document_that_is_no_pdf() -> None:
    planned = plan(
        CLAUDE_4,
        user("Read.", BlobPart(mime_type="text/csv", data=b"a,b")),
        cache=CacheHint(breakpoints=("/messages/0",)),
    )

    assert b"cachePoint" not in planned.call.body
    assert ("/cache/breakpoints", "dropped", "advisory") in said(planned)


def test_extras_are_merged_and_never_overwrite() -> None:
    server_tool = {"systemTool": {"name": "nova_grounding"}}
    merged = body(
        plan(
            NOVA_2,
            tools=[TOOL],
            reasoning=Reasoning(effort="low"),
            extra={
                "toolConfig": {"tools": [server_tool]},
                "additionalModelRequestFields": {"inferenceConfig": {"topK": 3}},
            },
        )
    )

    assert merged["toolConfig"]["tools"][1] == server_tool
    assert merged["additionalModelRequestFields"].keys() == {"reasoningConfig", "inferenceConfig"}
    with pytest.raises(InvalidRequestError, match=r"inferenceConfig\.maxTokens"):
        plan(NOVA, max_output_tokens=9, extra={"inferenceConfig": {"maxTokens": 10}})


def test_a_request_without_content_in_a_turn_is_sent_without_the_turn() -> None:
    planned = plan(NOVA, (user("hi"), assistant(TextPart(text="")), user("again")))

    assert body(planned)["messages"] == [{"role": "user", "content": [{"text": "hi"}, {"text": "again"}]}]
    assert ("/messages/1", "encoded", "exact") in said(planned)
