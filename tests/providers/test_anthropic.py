"""What the row says about the models, one fact per line of the vendor's tables (read 2026-11-23)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from portable_llm._capabilities import Capabilities
from portable_llm._messages import user
from portable_llm._plan import make_plan
from portable_llm._request import Reasoning, Request, Sampling, Tool
from portable_llm.providers import provider
from portable_llm.providers._target import Target
from portable_llm.wire.anthropic_messages import CAPABILITIES

ROW = provider("anthropic")


def of(model: str) -> Capabilities:
    return ROW.capabilities_of(model, CAPABILITIES)


def accepts(model: str, feature: str) -> bool:
    return of(model)[feature].support == "yes"


OLD = [
    "claude-3-haiku-20240307",
    "claude-3-5-sonnet-20241022",
    "claude-3-7-sonnet@20250219",
    "claude-sonnet-4-20250514",
]
OLD += ["claude-opus-4-1-20250805", "claude-haiku-4-5-20251001", "anthropic/claude-haiku-4.5", "claude-sonnet-4-6"]
NEW = ["claude-opus-4-7", "claude-opus-4-8", "claude-sonnet-5", "claude-opus-5", "claude-fable-5", "claude-opus-5-5"]
NEW += ["claude-sonnet-5-5", "claude-haiku-5-5", "claude-mythos-5-2", "claude-of-tomorrow-9"]


@pytest.mark.parametrize("model", OLD)
def test_models_up_to_4_6_take_sampling(model: str) -> None:
    assert accepts(model, "sampling/temperature")
    assert of(model)["sampling/temperature"].maximum == 1


@pytest.mark.parametrize("model", NEW)
def test_later_and_unknown_models_take_none(model: str) -> None:
    assert not any(accepts(model, f"sampling/{name}") for name in ("temperature", "top_p", "top_k"))


@pytest.mark.parametrize(
    ("model", "budget", "words"),
    [
        ("claude-3-5-haiku-latest", False, None),
        ("claude-3-7-sonnet-20250219", True, ()),
        ("claude-opus-4-5-20251101", True, ()),
        ("claude-opus-4-6", True, ("none", "low", "medium", "high", "max")),
        ("claude-opus-4-7", False, ("none", "low", "medium", "high", "xhigh", "max")),
        ("claude-fable-5", False, ("low", "medium", "high", "xhigh", "max")),
        ("claude-opus-5-20260724", False, ("none", "low", "medium", "high", "xhigh", "max")),
        ("claude-opus-5-5", False, ("low", "medium", "high", "xhigh", "max")),
        ("claude-sonnet-5-5", False, ("none", "low", "medium", "high", "xhigh", "max")),
    ],
)
def test_each_generation_speaks_its_language_of_thinking(
    model: str, budget: bool, words: tuple[str, ...] | None
) -> None:
    assert accepts(model, "reasoning/budget_tokens") is budget
    assert accepts(model, "reasoning/effort") is (words is not None)
    assert of(model)["reasoning/effort"].values == (words or ())
    assert (of(model).spelling.get("reasoning/effort") == "budget") is (words == ())


@pytest.mark.parametrize(
    ("model", "forced"),
    [
        *((model, True) for model in (*OLD, "claude-opus-4-8", "claude-sonnet-5", "claude-opus-5", "claude-fable-5")),
        *((f"claude-{name}", False) for name in ("opus-5-5", "sonnet-5-5", "fable-5-1", "mythos-5-2", "opus-6")),
    ],
)
def test_the_newest_models_refuse_a_forced_call(model: str, forced: bool) -> None:
    assert accepts(model, "tool_choice/required") is forced
    assert accepts(model, "tool_choice/named") is forced
    assert accepts(model, "tool_choice/none")


@pytest.mark.parametrize(
    ("model", "prefill", "schemas", "late_system", "limit"),
    [
        ("claude-3-haiku-20240307", True, False, False, 4096),
        ("claude-3-5-sonnet-20241022", True, False, False, 8192),
        ("claude-opus-4-20250514", True, False, False, 32_000),
        ("claude-sonnet-4-0", True, False, False, 64_000),
        ("claude-sonnet-4-5", True, True, False, 64_000),
        ("claude-sonnet-4-6", False, True, False, 128_000),
        ("claude-opus-4-8", False, True, True, 128_000),
        ("claude-opus-5-5", False, True, True, 128_000),
        ("claude-haiku-5-5", False, True, False, 128_000),
    ],
)
def test_prefill_schemas_late_system_and_limits(
    model: str, prefill: bool, schemas: bool, late_system: bool, limit: int
) -> None:
    assert accepts(model, "messages/prefill") is prefill
    assert accepts(model, "output/native") is schemas
    assert accepts(model, "messages/late_system") is late_system
    assert of(model)["max_output_tokens"].maximum == limit


def test_facts_about_claude_have_a_source_and_a_day() -> None:
    for model in (*OLD, *NEW):
        assert [name for name, fact in of(model).facts.items() if fact.is_assumed or not fact.date] == []


def test_other_people_s_models_keep_everything_and_the_ledger_says_it_is_assumed() -> None:
    body, ledger = planned("smollm2", sampling=Sampling(temperature=0.0), tool_choice="required")

    assert body["temperature"] == 0.0
    assert body["tool_choice"] == {"type": "any"}
    assert ledger["/sampling/temperature"].source == "assumed"


# ---- through a plan --------------------------------------------------------------------------------------------------

WEATHER = Tool(name="weather", parameters={"type": "object", "properties": {}})


def planned(model: str, **options: Any) -> tuple[Any, dict[str, Any]]:
    """The wire body, and the ledger by subject."""
    base: Request[Any] = Request(model="", messages=(user("hello"),), tools=(WEATHER,))
    target = Target(provider=ROW, model=model, base_url="https://api.anthropic.com", is_override=False)
    plan = make_plan(replace(base, **options), target)
    return json.loads(plan.call.body), {entry.subject: entry for entry in plan.adaptations}


def test_the_required_limit_is_filled_in_and_said_so() -> None:
    body, ledger = planned("claude-opus-5-5")

    assert body["max_tokens"] == 32_000
    assert "/max_output_tokens" in ledger


def test_a_temperature_goes_with_the_older_version_or_not_at_all() -> None:
    old, _ = planned("claude-sonnet-4-5", sampling=Sampling(temperature=0.3))
    new, ledger = planned("claude-opus-5-5", sampling=Sampling(temperature=0.3))

    assert old["temperature"] == 0.3
    assert "temperature" not in new
    assert ledger["/sampling/temperature"].severity == "lost"


@pytest.mark.parametrize(
    ("model", "thinking", "effort"),
    [
        ("claude-sonnet-4-5", {"type": "enabled", "budget_tokens": 25_600}, None),
        ("claude-opus-4-7", {"type": "adaptive"}, "high"),
        ("claude-3-5-haiku-latest", None, None),
    ],
)
def test_an_effort_reaches_each_generation_in_its_own_form(model: str, thinking: Any, effort: str | None) -> None:
    body, ledger = planned(model, reasoning=Reasoning(effort="high"))

    assert body.get("thinking") == thinking
    assert body.get("output_config", {}).get("effort") == effort
    assert "/reasoning/effort" in ledger


@pytest.mark.parametrize(
    ("model", "thinking"),
    [
        ("claude-opus-5", {"type": "disabled"}),
        ("claude-sonnet-5-5", {"type": "between_tools"}),
        ("claude-opus-5-5", {"type": "adaptive"}),
    ],
)
def test_no_reasoning_is_as_little_as_the_model_can(model: str, thinking: Any) -> None:
    body, _ = planned(model, reasoning=Reasoning(effort="none"))

    assert body["thinking"] == thinking


def test_a_forced_call_is_weakened_where_the_model_refuses_it() -> None:
    body, ledger = planned("claude-opus-5-5", tool_choice="required")

    assert "tool_choice" not in body
    assert ledger["/tool_choice"].severity == "lost"
