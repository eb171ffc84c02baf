"""Options of a portable request as the Messages protocol carries them, and what the ledger says about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portable_llm._capabilities import Capabilities
from portable_llm._errors import InvalidRequestError
from portable_llm._messages import ReasoningPart, assistant, system, user
from portable_llm._request import CacheHint, NamedTool, Output, Reasoning, Sampling, Tool
from portable_llm.wire.anthropic_messages import CAPABILITIES, build_request
from wire.anthropic_messages_building import HELLO, HERE, WEATHER, built, spelled

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
