"""The published figures about recorded answers and calls are reached again, and nothing is lost on the way."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import recorded

DATA = Path(__file__).parents[3] / "shared" / "data" / "vendor_outputs"
STORED = json.loads(recorded.RESULTS.read_text(encoding="utf-8"))
REFERENCE = {
    ("gpt-4o-2024-08-06", "simple"): 93.0,
    ("gpt-4o-2024-08-06", "parallel_function"): 81.5,
    ("mistral-large-2407", "simple"): 79.5,
    ("mistral-large-2407", "parallel_function"): 68.5,
    ("gpt-4o-2024-05-13", "simple"): 96.5,
    ("gpt-4o-2024-05-13", "parallel_function"): 74.0,
}
"""Percent of right calls after a tolerant parse that tries the strict one first, by an independent implementation."""
COMPUTED = 2
"""Texts in which an argument is a sum (`2 * 3.1416`): the leaderboard evaluates it, and `read` evaluates nothing."""
JUDGED_OTHERWISE = 1
"""An empty list where the leaderboard takes no argument; both read the same."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs the recorded outputs beside the repository"),
]


@cache
def calls() -> list[dict[str, Any]]:
    return recorded.calls(DATA)


@cache
def answers() -> list[dict[str, Any]]:
    return recorded.answers(DATA)


@pytest.mark.parametrize(("model", "category"), REFERENCE)
def test_as_many_right_calls_as_the_reference(model: str, category: str) -> None:
    row = next(row for row in calls() if (row["model"], row["category"]) == (model, category))

    assert row["read_pct"] >= REFERENCE[model, category]


def test_no_right_call_is_lost_and_none_is_read_otherwise() -> None:
    assert sum(row["changed"] for row in calls()) == 0
    assert sum(row["lost"] for row in calls()) <= COMPUTED + JUDGED_OTHERWISE


def test_no_answer_that_is_json_is_lost_or_read_otherwise() -> None:
    assert [row for row in answers() if row["lost"]] == []


@pytest.mark.parametrize("what", ["answers", "calls"])
def test_the_published_figures_are_reached(what: str) -> None:
    found = answers() if what == "answers" else calls()
    below = [
        (now, published)
        for now, published in zip(found, STORED[what], strict=True)
        if now["read_pct"] < published["read_pct"] or now["texts"] != published["texts"]
    ]

    assert below == []
