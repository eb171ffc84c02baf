"""The spread over dialects: found where it was planted, and no larger than chance where it was not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portable_llm.conformance.spread import spreads
from portable_llm.testing.fault import draw
from support.endpoints import name_of, run_comparison, scripted_server

DIALECTS = ("json", "markdown", "plain", "xml")


def rows(chance: dict[str, float], tasks: int = 40, trials: int = 1) -> list[dict[str, Any]]:
    """Cases of one endpoint that passes with a chance by dialect."""
    return [
        {
            "template": f"prompt.p1.task{task}_{dialect}",
            "instance": 0,
            "tags": ["easy", f"dialect:{dialect}"],
            "trials": [
                {
                    "arm": "a",
                    "lane": "home",
                    "outcome": "pass" if draw(3, task, dialect, trial) < chance[dialect] else "fail",
                }
                for trial in range(trials)
            ],
        }
        for task in range(tasks)
        for dialect in DIALECTS
    ]


def test_a_planted_spread_is_found_with_its_size() -> None:
    (found,) = spreads(rows({"json": 0.4, "markdown": 0.9, "plain": 0.9, "xml": 0.9}, tasks=100))

    assert 0.35 <= found.spread <= 0.65
    assert found.p_value < 0.01
    assert found.by_chance < 0.2
    assert min(found.rates, key=lambda dialect: found.rates[dialect]) == "json"


def test_without_one_it_is_as_large_as_chance_makes_it() -> None:
    p_values = [spreads(rows(dict.fromkeys(DIALECTS, 0.7), tasks=20 + size))[0].p_value for size in range(20)]

    assert sum(p < 0.05 for p in p_values) <= 4


@given(st.permutations(rows({"json": 0.4, "markdown": 0.9, "plain": 0.9, "xml": 0.9}, tasks=6)))
def test_the_order_of_the_cases_plays_no_part(cases: list[dict[str, Any]]) -> None:
    assert spreads(cases) == spreads(sorted(cases, key=lambda case: case["template"]))


def test_trials_without_an_answer_are_no_evidence() -> None:
    cases = rows(dict.fromkeys(DIALECTS, 1.0), tasks=4)
    cases[0]["trials"][0]["outcome"] = "infra"

    (found,) = spreads(cases)

    assert set(found.rates.values()) == {1.0}


def test_a_run_has_one_for_each_endpoint_and_lane(tmp_path: Path) -> None:
    with scripted_server() as server:
        report, _ = run_comparison(
            name_of(server), name_of(server, "anthropic"), tmp_path, axes=("prompt",), depth="quick"
        )

    found = {(one.arm, one.lane): one for one in spreads(report["cases"])}

    assert set(found) == {("a", "home"), ("b", "norm"), ("b", "raw")}
    assert {one.spread for one in found.values()} == {0.0}
    assert set(found["a", "home"].rates) == set(DIALECTS)
