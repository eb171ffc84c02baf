"""The model card says what the stored results say, and the results what the issue asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portable_llm.refusal._soft_model import FILE
from refusals import pages
from refusals.notes import NOTES
from refusals.perturb import NAMES

WEIGHTS = pages.ROOT / "src" / "portable_llm" / "refusal" / FILE


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    return json.loads(pages.RESULTS.read_text(encoding="utf-8"))


def test_page_and_plot_are_what_the_results_give(results: dict[str, Any]):
    again = "python scripts/train_refusals.py --page"

    assert pages.PAGE.read_text(encoding="utf-8") == pages.page(results), again
    assert pages.PLOT.read_text(encoding="utf-8") == pages.plot(results["calibration"]), again


def test_figures_out_of_fold_reach_what_was_asked(results: dict[str, Any]):
    figures, agreement = results["figures"], results["agreement"]

    assert figures["declined or not, macro-F1"] >= 0.92
    assert figures["three classes, macro-F1"] >= 0.75
    assert figures["F1 of partial"] >= 0.4
    assert figures["silent misses"] <= 0.07
    assert figures["false alarms"] <= 0.06
    assert results["languages"]["ko"]["accepted"] >= 0.9
    assert (agreement["gpt4"], agreement["llama2orig"], agreement["mistralinstruct"]) > (0.936, 0.893, 0.860)
    assert all(agreement[name] > least for name, least in (("llama2orig", 0.893), ("mistralinstruct", 0.860)))
    assert sum(agreement.values()) / 3 >= 0.92
    assert pages.unchanged(results) >= 0.97


def test_no_keyword_list_is_ahead_in_total(results: dict[str, Any]):
    for name in ("declined or not, macro-F1", "three classes, macro-F1", "accepted"):
        assert all(results["figures"][name] > one["figures"][name] for one in results["baselines"].values())


def test_the_outside_scorer_counts_the_same(results: dict[str, Any]):
    scorer, figures = results["scorer"], results["figures"]

    assert scorer["binary_macro_f1"] == figures["declined or not, macro-F1"]
    assert scorer["macro_f1_3"] == figures["three classes, macro-F1"]
    assert scorer["f1_partial"] == figures["F1 of partial"]
    assert round(scorer["silent_misses"] / scorer["refusals"], 4) == figures["silent misses"]
    assert round(scorer["false_alarms"] / scorer["compliances"], 4) == figures["false alarms"]
    assert scorer["errors"] == 0


def test_the_weights_are_those_that_were_measured_and_small(results: dict[str, Any]):
    assert WEIGHTS.stat().st_size == results["weights"]["bytes"] <= 1_000_000


def test_nothing_was_fitted_on_data_that_forbids_commercial_use(results: dict[str, Any]):
    trained = set(results["trained_on"])

    assert trained == {name for name, (_, _, use) in pages.SOURCES.items() if use == "trains"}
    assert not any("NC" in pages.SOURCES[name][0] for name in trained)


def test_each_of_the_fifty_worst_errors_is_described(results: dict[str, Any]):
    assert [one["id"] for one in results["worst"] if one["id"] not in NOTES] == []
    assert len(results["worst"]) == 50


def test_rewriting_was_tried_in_at_least_forty_ways(results: dict[str, Any]):
    assert set(results["robustness"]) == set(NAMES)
    assert len(NAMES) >= 40
