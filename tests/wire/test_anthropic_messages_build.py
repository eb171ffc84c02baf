"""Portable requests as the Messages protocol carries them, and what the ledger says about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
from portable_llm._errors import InvalidRequestError
from portable_llm._messages import (
    BlobPart,
    Citation,
    FilePart,
    Message,
    Origin,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
    assistant,
    system,
    tool_result,
    user,
)
from portable_llm._request import CacheHint, NamedTool, Output, Reasoning, Request, Sampling, Tool
from portable_llm.wire.anthropic_messages import CAPABILITIES, build_request

HERE = Origin(provider="somebody", host="example.test", model="m")
WEATHER = Tool(name="weather", description="Current weather", parameters={"type": "object", "properties": {}})
HELLO: Request[Any] = Request(model="m", messages=(user("hello"),), max_output_tokens=4096)


def spelled(**spelling: str) -> Capabilities:
    return CAPABILITIES.with_(spelling={name.replace("_", "/"): value for name, value in spelling.items()})


def built(request: Request[Any], capabilities: Capabilities = CAPABILITIES) -> tuple[Any, dict[str, Adaptation]]:
    """The wire body, and the ledger by subject."""
    call, ledger = build_request(request, capabilities)
    return call.json, {entry.subject: entry for entry in ledger}


def turns(*messages: Message) -> tuple[Any, dict[str, Adaptation]]:
    body, ledger = built(replace(HELLO, messages=messages))
    return body["messages"], ledger


def call(id: str = "toolu_1", **fields: Any) -> ToolCallPart:
    return ToolCallPart(**{"id": id, "name": "weather", "arguments": {"city": "Oslo"}, **fields})


# ---- the shape of a request ------------------------------------------------------------------------------------------


def test_the_smallest_request_needs_a_path_a_version_and_three_fields() -> None:
    http, ledger = build_request(HELLO, CAPABILITIES)

    assert (http.method, http.path) == ("POST", "/v1/messages")
    assert http.headers == {"anthropic-version": "2026-10-21"}
    assert http.json == {"model": "m", "max_tokens": 4096, "messages": [{"role": "user", "content": "hello"}]}
    assert [(entry.subject, entry.severity) for entry in ledger] == [("/max_output_tokens", "exact")]


def test_a_stream_is_asked_for_in_the_body() -> None:
    http, _ = build_request(HELLO, CAPABILITIES, stream=True)

    assert isinstance(http.json, dict)
    assert http.json["stream"] is True


@pytest.mark.parametrize("name", ["temperature", "top_p", "top_k"])
def test_sampling_asks_for_the_older_version_which_still_has_it(name: str) -> None:
    http, _ = build_request(replace(HELLO, sampling=Sampling(**{name: 1})), CAPABILITIES)

    assert isinstance(http.json, dict)
    assert http.json[name] == 1
    assert http.headers["anthropic-version"] == "2023-06-01"


def test_sampling_put_in_by_extra_asks_for_it_too() -> None:
    http, _ = build_request(replace(HELLO, extra={"temperature": 0.5}), CAPABILITIES)

    assert http.headers["anthropic-version"] == "2023-06-01"


def test_a_sampling_option_without_a_field_is_lost_and_said_so() -> None:
    body, ledger = built(replace(HELLO, sampling=Sampling(seed=7)))

    assert "seed" not in body
    assert ledger["/sampling/seed"].severity == "lost"


# ---- turns -----------------------------------------------------------------------------------------------------------


def test_leading_system_text_stands_in_its_own_field() -> None:
    body, ledger = built(replace(HELLO, messages=(system("Be brief."), user("hello"))))

    assert body["system"] == "Be brief."
    assert [turn["role"] for turn in body["messages"]] == ["user"]
    assert ledger["/messages/0"].severity == "exact"


def test_several_leading_system_messages_become_blocks_in_order() -> None:
    body, _ = built(replace(HELLO, messages=(system("a"), system("b"), user("hello"))))

    assert body["system"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]


def test_a_late_system_message_stays_a_turn() -> None:
    wire, _ = turns(user("hello"), system("Be brief."))

    assert [turn["role"] for turn in wire] == ["user", "system"]


def test_results_of_one_round_and_what_the_user_adds_are_one_turn_with_the_results_first() -> None:
    wire, ledger = turns(
        user("Weather?"),
        assistant(call("a"), call("b")),
        tool_result("a", "12 C"),
        tool_result("b", "no such city", is_error=True),
        user("Hurry."),
    )

    assert wire[2:] == [
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "12 C"},
                {"type": "tool_result", "tool_use_id": "b", "content": "no such city", "is_error": True},
                {"type": "text", "text": "Hurry."},
            ],
        }
    ]
    assert ledger["/messages"].severity == "exact"


def test_a_result_behind_the_user_s_words_still_comes_first() -> None:
    wire, _ = turns(assistant(call("a"), call("b")), tool_result("a", "1"), user("Hurry."), tool_result("b", "2"))

    assert [block["type"] for block in wire[1]["content"]] == ["tool_result", "tool_result", "text"]


def test_results_of_different_rounds_stay_apart() -> None:
    wire, _ = turns(assistant(call("a")), tool_result("a", "1"), assistant(call("b")), tool_result("b", "2"))

    assert [turn["role"] for turn in wire] == ["assistant", "user", "assistant", "user"]


def test_two_user_turns_without_results_stay_two() -> None:
    wire, _ = turns(user("a"), user("b"))

    assert [turn["content"] for turn in wire] == ["a", "b"]


def test_white_space_of_the_model_is_replayed() -> None:
    wire, _ = turns(user("Weather?"), assistant("\n\n", call()))

    assert [block["type"] for block in wire[1]["content"]] == ["text", "tool_use"]


def test_an_empty_text_is_left_out_since_the_wire_refuses_it() -> None:
    wire, ledger = turns(user("Weather?"), assistant("", call()))

    assert [block["type"] for block in wire[1]["content"]] == ["tool_use"]
    assert ledger["/messages/1/parts/0"].severity == "exact"


def test_a_message_that_says_nothing_is_left_out() -> None:
    wire, ledger = turns(user("a"), Message(role="assistant", parts=()), user("b"))

    assert [turn["role"] for turn in wire] == ["user", "user"]
    assert "/messages/1" in ledger


# ---- parts -----------------------------------------------------------------------------------------------------------

PARTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "image": (
        BlobPart(mime_type="image/png", data=b"\x89PNG"),
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}},
    ),
    "pdf": (
        BlobPart(mime_type="application/pdf", data=b"%PDF"),
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="}},
    ),
    "plain text": (
        BlobPart(mime_type="text/plain", data="å".encode()),
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "å"}},
    ),
    "image by address": (
        UriPart(uri="https://example.test/a.png"),
        {"type": "image", "source": {"type": "url", "url": "https://example.test/a.png"}},
    ),
    "pdf by address": (
        UriPart(uri="https://example.test/a.PDF?x=1"),
        {"type": "document", "source": {"type": "url", "url": "https://example.test/a.PDF?x=1"}},
    ),
    "document by address and type": (
        UriPart(uri="https://example.test/a", mime_type="application/pdf"),
        {"type": "document", "source": {"type": "url", "url": "https://example.test/a"}},
    ),
    "stored image": (
        FilePart(id="file_1", mime_type="image/png", origin=HERE),
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
    ),
    "stored file": (
        FilePart(id="file_1", origin=HERE),
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
    ),
    "unknown": (UnknownPart(raw={"type": "galaxy", "x": 1}, origin=HERE), {"type": "galaxy", "x": 1}),
}


@pytest.mark.parametrize("name", PARTS)
def test_each_kind_of_content_has_its_block(name: str) -> None:
    part, block = PARTS[name]

    wire, _ = turns(user("Look:", part))

    assert wire[0]["content"][1] == block


def test_content_the_wire_cannot_carry_is_a_change() -> None:
    wire, ledger = turns(user("Listen:", BlobPart(mime_type="audio/wav", data=b"RIFF")))

    assert wire[0]["content"] == "Listen:"
    assert ledger["/messages/0/parts/1"].severity == "changed"


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            ReasoningPart(text="Hm.", state={"signature": "EqQB"}, origin=HERE),
            {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"},
        ),
        (
            ReasoningPart(text="", state={"signature": "EqQB"}, origin=HERE),
            {"type": "thinking", "thinking": "", "signature": "EqQB"},
        ),
        (
            ReasoningPart(state={"redacted_data": "Evg"}, origin=HERE),
            {"type": "redacted_thinking", "data": "Evg"},
        ),
        (ReasoningPart(text="Hm.", origin=HERE), {"type": "thinking", "thinking": "Hm."}),
    ],
)
def test_reasoning_goes_back_as_it_came(part: ReasoningPart, block: dict[str, Any]) -> None:
    wire, _ = turns(user("a"), assistant(part, "b"))

    assert wire[1]["content"][0] == block


def test_reasoning_nobody_signed_is_not_sent() -> None:
    wire, ledger = turns(user("a"), assistant(ReasoningPart(text="Hm."), "b"))

    assert wire[1]["content"] == "b"
    assert ledger["/messages/1/parts/0/state"].severity == "lost"


def test_citations_go_back_with_their_text() -> None:
    cited = TextPart(text="x", citations=(Citation(quote="y"),), state={"citations": [{"cited_text": "y"}]})

    wire, _ = turns(user("a"), assistant(cited))

    assert wire[1]["content"] == [{"type": "text", "text": "x", "citations": [{"cited_text": "y"}]}]


def test_words_of_refusal_are_plain_text() -> None:
    wire, ledger = turns(user("a"), assistant(RefusalPart(text="No.")), user("b"))

    assert wire[1] == {"role": "assistant", "content": "No."}
    assert ledger["/messages/1/parts/0"].action == "renamed"


def test_arguments_that_are_no_object_cannot_be_replayed() -> None:
    wire, ledger = turns(user("a"), assistant(call(arguments=None, raw_arguments='{"city": "Os')))

    assert wire[1]["content"][0]["input"] == {}
    assert ledger["/messages/1/parts/0/arguments"].severity == "changed"


def test_a_foreign_id_is_rewritten_alike_in_call_and_result() -> None:
    wire, ledger = turns(
        user("a"), assistant(call("call:1"), call("call.1")), tool_result("call.1", "x"), tool_result("call:1", "y")
    )

    calls, results = wire[1]["content"], wire[2]["content"]
    assert [block["id"] for block in calls] == [block["tool_use_id"] for block in reversed(results)]
    assert calls[0]["id"] != calls[1]["id"]
    assert all(set(block["id"]) <= set("call_0123456789abcdef") for block in calls)
    assert ledger["/messages/1/parts/0/id"].severity == ledger["/messages/2/parts/0/id"].severity == "exact"


def test_a_caller_other_than_the_model_goes_back() -> None:
    caller = {"type": "code_execution_20260120", "tool_id": "srvtoolu_1"}

    wire, _ = turns(user("a"), assistant(call(state={"caller": caller}, origin=HERE)))

    assert wire[1]["content"][0]["caller"] == caller


def test_a_result_may_hold_several_parts() -> None:
    part = ToolResultPart(call_id="a", parts=(TextPart(text="x"), BlobPart(mime_type="image/png", data=b"")))

    wire, _ = turns(assistant(call("a")), Message(role="tool", parts=(part,)))

    assert [block["type"] for block in wire[1]["content"][0]["content"]] == ["text", "image"]


def test_a_result_without_content_has_none() -> None:
    wire, _ = turns(assistant(call("a")), tool_result("a"))

    assert wire[1]["content"] == [{"type": "tool_result", "tool_use_id": "a"}]


# ---- tools -----------------------------------------------------------------------------------------------------------

WITH_TOOL = replace(HELLO, tools=(WEATHER,))


def test_a_tool_is_declared_by_its_input_schema() -> None:
    body, ledger = built(replace(HELLO, tools=(replace(WEATHER, strict=True),)))

    assert body["tools"] == [
        {
            "name": "weather",
            "description": "Current weather",
            "input_schema": {"type": "object", "properties": {}},
            "strict": True,
        }
    ]
    assert ledger["/tools"].severity == "exact"


def test_a_schema_without_a_type_gets_the_one_the_wire_demands() -> None:
    body, ledger = built(replace(HELLO, tools=(Tool(name="now", parameters={}),)))

    assert body["tools"] == [{"name": "now", "input_schema": {"type": "object"}}]
    assert ledger["/tools/0/parameters/type"].severity == "exact"


@pytest.mark.parametrize(
    ("choice", "wire"),
    [
        ("auto", {"type": "auto"}),
        ("required", {"type": "any"}),
        ("none", {"type": "none"}),
        (NamedTool("weather"), {"type": "tool", "name": "weather"}),
    ],
)
def test_a_choice_is_an_object(choice: Any, wire: dict[str, Any]) -> None:
    body, ledger = built(replace(WITH_TOOL, tool_choice=choice))

    assert body["tool_choice"] == wire
    assert ledger["/tool_choice"].severity == "exact"


@pytest.mark.parametrize("choice", [None, "required"])
def test_the_parallel_switch_lives_inside_the_choice(choice: Any) -> None:
    body, ledger = built(replace(WITH_TOOL, tool_choice=choice, parallel_tool_calls=False))

    assert body["tool_choice"]["disable_parallel_tool_use"] is True
    assert ledger["/parallel_tool_calls"].severity == "exact"


def test_the_parallel_switch_has_no_meaning_where_no_call_may_be_made() -> None:
    body, ledger = built(replace(WITH_TOOL, tool_choice="none", parallel_tool_calls=False))

    assert body["tool_choice"] == {"type": "none"}
    assert ledger["/parallel_tool_calls"].severity == "exact"


def test_a_choice_without_tools_is_not_sent() -> None:
    body, ledger = built(replace(HELLO, tool_choice="auto", parallel_tool_calls=False))

    assert "tool_choice" not in body
    assert {"/tool_choice", "/parallel_tool_calls"} <= ledger.keys()


# ---- output and reasoning --------------------------------------------------------------------------------------------

SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}


@pytest.mark.parametrize(("strict", "severity"), [(True, "exact"), (False, "advisory")], ids=["strict", "not strict"])
def test_a_schema_is_always_enforced_and_has_no_name(strict: bool, severity: str) -> None:
    body, ledger = built(replace(HELLO, output=Output(schema=SCHEMA, name="mine", strict=strict)))

    assert body["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}
    assert ledger["/output"].severity == "exact"
    assert ledger["/output/strict"].severity == severity
    assert ledger["/output/name"].severity == "advisory"


def test_json_without_a_schema_cannot_be_asked_for() -> None:
    body, ledger = built(replace(HELLO, output=Output()))

    assert "output_config" not in body
    assert ledger["/output"].severity == "lost"


BUDGETS = spelled(reasoning_effort="budget")
REASONING: dict[str, tuple[Reasoning, Capabilities, Any, Any]] = {
    "effort": (Reasoning(effort="low"), CAPABILITIES, {"type": "adaptive"}, "low"),
    "none": (Reasoning(effort="none"), CAPABILITIES, {"type": "disabled"}, None),
    "none where thinking stays on": (
        Reasoning(effort="none"),
        spelled(reasoning_none="between_tools"),
        {"type": "between_tools"},
        None,
    ),
    "budget": (Reasoning(budget_tokens=2000), CAPABILITIES, {"type": "enabled", "budget_tokens": 2000}, None),
    "both": (
        Reasoning(effort="high", budget_tokens=2000),
        CAPABILITIES,
        {"type": "enabled", "budget_tokens": 2000},
        "high",
    ),
    "both, one language": (
        Reasoning(effort="high", budget_tokens=2000),
        BUDGETS,
        {"type": "enabled", "budget_tokens": 2000},
        None,
    ),
    "effort as budget": (Reasoning(effort="medium"), BUDGETS, {"type": "enabled", "budget_tokens": 2048}, None),
    "shown": (
        Reasoning(effort="low", summary=True),
        CAPABILITIES,
        {"type": "adaptive", "display": "summarized"},
        "low",
    ),
    "hidden": (
        Reasoning(budget_tokens=2000, summary=False),
        CAPABILITIES,
        {"type": "enabled", "budget_tokens": 2000, "display": "omitted"},
        None,
    ),
    "only shown": (Reasoning(summary=True), CAPABILITIES, {"type": "adaptive", "display": "summarized"}, None),
    "only shown, budgets": (Reasoning(summary=True), BUDGETS, None, None),
    "only hidden": (Reasoning(summary=False), CAPABILITIES, None, None),
    "too large a budget": (
        Reasoning(budget_tokens=9000),
        CAPABILITIES,
        {"type": "enabled", "budget_tokens": 3072},
        None,
    ),
}


@pytest.mark.parametrize("name", REASONING)
def test_reasoning_speaks_the_model_s_language(name: str) -> None:
    reasoning, capabilities, thinking, effort = REASONING[name]

    body, ledger = built(replace(HELLO, reasoning=reasoning), capabilities)

    assert body.get("thinking") == thinking
    assert body.get("output_config", {}).get("effort") == effort
    asked = {
        f"/reasoning/{field}"
        for field in ("effort", "budget_tokens", "summary")
        if getattr(reasoning, field) is not None
    }
    assert asked <= ledger.keys()


@pytest.mark.parametrize(
    ("name", "subject", "severity"),
    [
        ("effort", "/reasoning/effort", "exact"),
        ("none where thinking stays on", "/reasoning/effort", "lost"),
        ("effort as budget", "/reasoning/effort", "lost"),
        ("too large a budget", "/reasoning/budget_tokens", "lost"),
        ("only shown, budgets", "/reasoning/summary", "lost"),
        ("only hidden", "/reasoning/summary", "exact"),
    ],
)
def test_the_ledger_tells_exact_reasoning_from_approximate(name: str, subject: str, severity: str) -> None:
    reasoning, capabilities, *_ = REASONING[name]

    _, ledger = built(replace(HELLO, reasoning=reasoning), capabilities)

    assert ledger[subject].severity == severity


def test_a_budget_that_cannot_fit_is_not_sent() -> None:
    body, ledger = built(replace(HELLO, max_output_tokens=500, reasoning=Reasoning(budget_tokens=2000)))

    assert "thinking" not in body
    assert ledger["/reasoning/budget_tokens"].severity == "lost"


# ---- what a model refuses together -----------------------------------------------------------------------------------

EXCLUSIVE = spelled(exclusive="thinking:sampling thinking:forced temperature:top_p")


def test_thinking_goes_without_an_own_temperature() -> None:
    request = replace(HELLO, reasoning=Reasoning(effort="low"), sampling=Sampling(temperature=0.2, top_p=0.5, top_k=3))

    body, ledger = built(request, EXCLUSIVE)

    assert not {"temperature", "top_p", "top_k"} & body.keys()
    assert [ledger[f"/sampling/{name}"].severity for name in ("temperature", "top_p", "top_k")] == ["lost"] * 3


def test_thinking_goes_with_temperature_one() -> None:
    body, _ = built(replace(HELLO, reasoning=Reasoning(effort="low"), sampling=Sampling(temperature=1)), EXCLUSIVE)

    assert body["temperature"] == 1


def test_a_forced_call_wins_over_thinking() -> None:
    request = replace(WITH_TOOL, reasoning=Reasoning(effort="low"), tool_choice="required")

    body, ledger = built(request, EXCLUSIVE)

    assert body["tool_choice"] == {"type": "any"}
    assert "thinking" not in body
    assert ledger["/reasoning"].severity == "lost"


def test_temperature_wins_over_top_p() -> None:
    body, ledger = built(replace(HELLO, sampling=Sampling(temperature=0.2, top_p=0.5)), EXCLUSIVE)

    assert (body["temperature"], "top_p" in body) == (0.2, False)
    assert ledger["/sampling/top_p"].severity == "lost"


def test_models_without_such_pairs_get_both() -> None:
    body, _ = built(replace(HELLO, sampling=Sampling(temperature=0.2, top_p=0.5)))

    assert (body["temperature"], body["top_p"]) == (0.2, 0.5)


# ---- stop, cache, metadata, extra ------------------------------------------------------------------------------------


def test_stop_sequences_of_white_space_go_where_they_are_taken() -> None:
    request = replace(HELLO, stop=("\n", "END"))

    everywhere, _ = built(request)
    vendor, ledger = built(request, spelled(stop_blank="refused"))

    assert everywhere["stop_sequences"] == ["\n", "END"]
    assert vendor["stop_sequences"] == ["END"]
    assert ledger["/stop/0"].severity == "lost"


def test_cache_breakpoints_mark_the_blocks_they_end_with() -> None:
    request = replace(
        WITH_TOOL,
        messages=(system("Be brief."), user("a", "b"), assistant("c"), user("d")),
        cache=CacheHint(breakpoints=("/tools", "/messages/0", "/messages/1/parts/0", "/messages/2"), ttl="1h"),
    )

    body, ledger = built(request)

    mark = {"type": "ephemeral", "ttl": "1h"}
    assert body["tools"][0]["cache_control"] == mark
    assert body["system"] == [{"type": "text", "text": "Be brief.", "cache_control": mark}]
    assert [block.get("cache_control") for block in body["messages"][0]["content"]] == [mark, None]
    assert body["messages"][1]["content"][0]["cache_control"] == mark
    assert {entry.severity for subject, entry in ledger.items() if subject.startswith("/cache")} == {"advisory"}


def test_reasoning_carries_no_mark_the_block_before_does() -> None:
    thought = ReasoningPart(text="Hm.", state={"signature": "x"}, origin=HERE)
    request = replace(
        HELLO, messages=(user("a"), assistant("b", thought)), cache=CacheHint(breakpoints=("/messages/1",))
    )

    body, _ = built(request)

    assert [block.get("cache_control") for block in body["messages"][1]["content"]] == [{"type": "ephemeral"}, None]


@pytest.mark.parametrize("pointer", ["/messages/7", "/messages/0/parts/9", "/tools", "/nonsense"])
def test_a_mark_on_nothing_is_said_to_be_lost(pointer: str) -> None:
    body, ledger = built(replace(HELLO, cache=CacheHint(breakpoints=(pointer,))))

    assert body["messages"] == [{"role": "user", "content": "hello"}]
    assert ledger["/cache/breakpoints"].action == "dropped"


def test_only_four_marks_are_set() -> None:
    messages = tuple(user(str(index)) for index in range(6))
    pointers = tuple(f"/messages/{index}" for index in range(6))

    body, ledger = built(replace(HELLO, messages=messages, cache=CacheHint(breakpoints=pointers)))

    assert sum(isinstance(turn["content"], list) for turn in body["messages"]) == 4
    assert "/cache/breakpoints" in ledger


def test_metadata_keep_the_one_key_the_protocol_has() -> None:
    body, ledger = built(replace(HELLO, metadata={"user_id": "u", "team": "a"}))

    assert body["metadata"] == {"user_id": "u"}
    assert ledger["/metadata/team"].severity == "advisory"


def test_extra_fields_are_merged_and_server_tools_appended() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    request = replace(
        WITH_TOOL,
        output=Output(schema=SCHEMA),
        extra={"tools": [search], "output_config": {"task_budget": 1}, "service_tier": "auto"},
    )

    body, ledger = built(request)

    assert [tool["name"] for tool in body["tools"]] == ["weather", "web_search"]
    assert body["output_config"].keys() == {"format", "task_budget"}
    assert body["service_tier"] == "auto"
    assert {f"/extra/{key}" for key in request.extra} <= ledger.keys()


def test_beta_names_travel_in_their_header() -> None:
    http, ledger = build_request(replace(HELLO, extra={"betas": ["a-2026", "b-2026"]}), CAPABILITIES)

    assert http.headers["anthropic-beta"] == "a-2026,b-2026"
    assert isinstance(http.json, dict)
    assert "betas" not in http.json
    assert "/extra/betas" in [entry.subject for entry in ledger]


@pytest.mark.parametrize("extra", [{"max_tokens": 1}, {"output_config": {"format": {"type": "json_schema"}}}])
def test_an_extra_field_cannot_overwrite_an_option(extra: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="would overwrite"):
        build_request(replace(HELLO, output=Output(schema=SCHEMA), extra=extra), CAPABILITIES)
