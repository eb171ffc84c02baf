"""The rows of compatible services: what they send, and what they know."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portable_llm import Client, Reasoning, Sampling
from portable_llm._plan import Plan
from portable_llm._request import Effort
from portable_llm.providers import Provider, _engines, _hosted, provider, provider_names
from portable_llm.providers._target import Keyring, Settings

ROWS: tuple[Provider, ...] = (*_hosted.ROWS, *_engines.ROWS)
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
DRAWING = ("temperature", "top_p", "presence_penalty", "frequency_penalty")


def planned(model: str, **options: Any) -> Plan[Any]:
    with Client(on_loss="never") as client:
        return client.plan(model, "Hello", **options)


def sent(model: str, **options: Any) -> dict[str, Any]:
    return json.loads(planned(model, **options).call.body)


def thinking(model: str, effort: Effort | None, **more: Any) -> dict[str, Any]:
    """What is sent for this effort, without what every request holds."""
    body = sent(model, reasoning=Reasoning(effort=effort), **more)
    return {key: value for key, value in body.items() if key not in ("model", "messages")}


# ---- all rows --------------------------------------------------------------------------------------------------------


def test_there_are_more_than_twenty_five() -> None:
    assert len(ROWS) >= 25
    assert {row.name for row in ROWS} <= set(provider_names())
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_is_a_whole_provider(row: Provider) -> None:
    assert provider(row.name) is row
    assert row.title
    assert row.auth.env
    assert row.base_url is None or row.base_url.startswith("http://" if row.is_self_hosted else "https://")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_fact_that_is_known_has_a_source_and_a_day(row: Provider) -> None:
    facts = [*row.capabilities.facts.items(), *(item for rule in row.models for item in rule.facts.items())]

    assert [name for name, fact in facts if not fact.is_assumed and not (fact.date and fact.source)] == []


def test_a_service_without_an_address_of_its_own_says_what_to_write() -> None:
    with Client() as client, pytest.raises(Exception, match="write databricks:m@http://host/v1"):
        client.plan("databricks:m", "Hello")


def test_the_key_of_an_engine_goes_where_the_user_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_API_KEY", "mine")
    monkeypatch.setenv("GROQ_API_KEY", "vendor's")
    keys, settings = Keyring(), Settings()

    assert keys.key_for(settings.resolve("vllm:m@http://gpu-3:9000/v1")) == "mine"
    assert keys.key_for(settings.resolve("groq:m@http://gpu-3:9000/v1")) is None


# ---- where they differ -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "effort", "body"),
    [
        ("openrouter:a/b", "high", {"reasoning": {"effort": "high"}}),
        ("deepseek:deepseek-v4-pro", "none", {"thinking": {"type": "disabled"}}),
        ("deepseek:deepseek-v4-pro", "high", {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("dashscope:qwen3.7-plus", "none", {"enable_thinking": False}),
        ("dashscope:qwen3.7-plus", "medium", {"enable_thinking": True}),
        ("moonshot:kimi-k2.6", "none", {"thinking": {"type": "disabled"}}),
        ("moonshot:kimi-k3", "max", {"reasoning_effort": "max"}),
        ("zai:glm-4.7", "none", {"thinking": {"type": "disabled"}}),
        ("zai:glm-5.3", "high", {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("minimax:MiniMax-M3", "medium", {"thinking": {"type": "adaptive"}}),
        ("groq:qwen/qwen3-32b", "medium", {"reasoning_effort": "default"}),
        ("groq:openai/gpt-oss-120b", "low", {"reasoning_effort": "low"}),
        ("vllm:Qwen/Qwen3-8B", "none", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("groq:llama-3.3-70b", "high", {}),
    ],
)
def test_each_is_asked_to_think_in_its_own_words(model: str, effort: Effort, body: dict[str, Any]) -> None:
    assert thinking(model, effort) == body
    said = [entry.action for entry in planned(model, reasoning=Reasoning(effort=effort)).adaptations]
    assert said == (["renamed"] if body else ["dropped"])


def test_a_budget_goes_where_the_host_looks_for_it() -> None:
    budget = Reasoning(budget_tokens=512)

    assert sent("openrouter:a/b", reasoning=budget)["reasoning"] == {"max_tokens": 512}
    qwen = sent("dashscope:qwen-plus", reasoning=budget)
    assert (qwen["thinking_budget"], qwen["enable_thinking"]) == (512, True)


def test_a_switch_takes_any_effort_for_on_and_the_ledger_says_so() -> None:
    plan = planned("zai:glm-4.7", reasoning=Reasoning(effort="low"))

    assert [entry.action for entry in plan.adaptations] == ["substituted", "renamed"]
    assert json.loads(plan.call.body)["thinking"] == {"type": "enabled"}


def test_what_a_model_ignores_while_it_thinks_is_sent_when_it_does_not() -> None:
    options = {"sampling": Sampling(temperature=0.5, top_p=0.5, presence_penalty=0.5, frequency_penalty=0.5)}
    model = "deepseek:deepseek-v4-pro"

    assert not set(DRAWING) & thinking(model, None, **options).keys()
    assert not set(DRAWING) & thinking(model, "high", **options).keys()
    assert set(DRAWING) <= thinking(model, "none", **options).keys()
    plan = planned(model, temperature=0.5)
    assert [(entry.subject, entry.severity) for entry in plan.adaptations] == [("/sampling/temperature", "lost")]


def test_a_value_is_never_fetched_by_a_forced_call_from_a_model_that_thinks() -> None:
    thoughtful = planned("deepseek:deepseek-v4-pro", output=SCHEMA)
    quick = planned("deepseek:deepseek-v4-pro", output=SCHEMA, reasoning=Reasoning(effort="none"))

    assert [plan.output.mode for plan in (thoughtful, quick) if plan.output] == ["prompt", "tool"]


def test_a_service_may_have_another_path() -> None:
    assert planned("writer:palmyra-x5").call.path == "/chat"
