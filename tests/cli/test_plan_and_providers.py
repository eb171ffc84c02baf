"""`portable-llm plan` and `portable-llm providers`: offline, without a key."""

from __future__ import annotations

import json
import re

from portable_llm.providers import provider_names


def test_a_plan_says_what_each_target_does_not_honour(run):
    ended = run("plan", "openai:gpt-6-luna", "anthropic:claude-haiku-4-5", "-p", "Hi", "--seed", "7", "-m", "9")

    assert ended.code == 0
    assert [line.split()[:3] for line in ended.out.splitlines() if line.strip().startswith("lost ")] == [
        ["lost", "dropped", "/sampling/seed"]
    ]
    assert "https://api.openai.com/v1" in ended.out


def test_plans_as_json_hold_the_wire_request_and_the_ledger(run):
    ended = run("plan", "openai:gpt-6-luna", "anthropic:claude-haiku-4-5", "--seed", "7", "-m", "9", "--json")
    first, second = json.loads(ended.out)

    assert first != second
    assert any(entry["subject"] == "/sampling/seed" for entry in second["adaptations"])


def test_a_plan_says_how_many_tokens_it_is_and_what_they_cost(run):
    ended = run("plan", "openai:gpt-4o", "ollama:llama3.1", "-p", "Hello", "-m", "9")
    as_json = json.loads(run("plan", "openai:gpt-4o", "ollama:llama3.1", "-p", "Hello", "-m", "9", "--json").out)

    assert re.search(r"8 tokens \((exact, o200k|\d+ to \d+, estimated, o200k)\) in, at most 9 out; ", ended.out)
    assert "cost unknown: " in ended.out
    assert as_json[0]["input_tokens"]["tokens"] == 8
    assert as_json[1]["cost_usd"]["high"] is None
    assert as_json[1]["cost_usd"]["unknown"]


def test_all_providers_are_listed_uncut(run):
    ended = run("providers")

    assert ended.code == 0
    assert [name for name in provider_names() if f"\n{name} " not in ended.out] == []
    assert "https://generativelanguage.googleapis.com" in ended.out
    assert "…" not in ended.out


def test_providers_as_json_say_whether_a_key_is_set_and_never_which(run, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-mine")
    ended = run("providers", "--json")
    rows = {row["name"]: row for row in json.loads(ended.out)}

    assert (rows["openai"]["has_key"], rows["anthropic"]["has_key"]) == (True, False)
    assert "sk-secret-of-mine" not in ended.out


def test_one_provider_shows_its_facts_with_source_and_date(run):
    facts = json.loads(run("providers", "anthropic", "--json").out)["facts"]

    assert facts["sampling/seed"]["support"] == "no"
    assert facts["sampling/seed"]["source"]
    assert facts["sampling/seed"]["date"]


def test_it_says_how_much_is_known_and_how_old_that_is(run):
    ended = run("providers", "groq")

    assert re.search(r"\d+ of \d+ facts are known, read between 2026-\d\d-\d\d and", ended.out)
    assert re.search(r"the oldest \d+ days ago\); \d+ are assumed", ended.out)
