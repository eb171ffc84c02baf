"""A gate decides on bounds and blockers, and tells worse from wobbling."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from rows import Shape, against_itself, flaky_rates, simulate, templates
from sample_reports import itself, report_of, smoke, switch

from portable_llm import ConfigurationError
from portable_llm.conformance.gate import gate, word_within
from portable_llm.conformance.report import Report, read_report
from portable_llm.conformance.trials import Trial
from portable_llm.conformance.verdict import Depth


def report(trials: list[Trial], depth: Depth = "standard", **run: Any) -> Report:
    return read_report(report_of(trials, depth=depth, **run))


def kept(share: float, seed: int = 3) -> list[Trial]:
    """Forty templates; A is reliable and B passes this share of the cases."""
    shape, rng = Shape(templates=40, instances=2, trials=3), random.Random(seed)
    return simulate(rng, [(1.0, share, share)] * (shape.templates * shape.instances), shape)


@pytest.mark.parametrize(
    ("found", "word", "code"),
    [
        (report(templates(80, "PPP", "PPP")), "PORTABLE", 0),
        (report(switch()), "NOT PORTABLE", 1),
        (report(templates(6, "PPP", "PPP"), depth="smoke"), "INCONCLUSIVE", 2),
        (report(templates(40, "III", "PPP")), "INCOMPLETE", 3),
    ],
    ids=["portable", "not-portable", "inconclusive", "incomplete"],
)
def test_each_verdict_has_its_exit_code(found: Report, word: str, code: int) -> None:
    decided = gate(found)

    assert (decided.word, decided.code) == (word, code)


def test_inconclusive_may_pass_where_one_says_so_and_nothing_else_may() -> None:
    assert gate(report(smoke(), depth="smoke"), inconclusive_ok=True).code == 0
    assert gate(report(switch()), inconclusive_ok=True).code == 1
    assert gate(report(templates(40, "III", "PPP")), inconclusive_ok=True).code == 3


@pytest.mark.parametrize("trials", [switch(), itself(), templates(80, "PPP", "PPP"), templates(40, "III", "PPP")])
def test_the_depths_own_margin_gives_the_reports_own_word(trials: list[Trial]) -> None:
    found = report(trials)

    assert word_within(found, 10.0) == found.word


def test_a_margin_moves_the_decision_by_the_bounds() -> None:
    found = report(kept(0.93))  # R about 93, interval some points wide

    assert gate(found, margin=3).word == "NOT PORTABLE"
    assert gate(found, margin=7).word == "INCONCLUSIVE"
    assert gate(report(kept(0.99)), margin=5).word == "PORTABLE"


@pytest.mark.parametrize("margin", [0, -5, 100, float("nan")])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    with pytest.raises(ConfigurationError, match="margin"):
        gate(report(smoke(), depth="smoke"), margin=margin)


def test_no_margin_outweighs_a_blocker() -> None:
    assert gate(report(switch()), margin=99).code == 1


def test_an_axis_that_is_surely_worse_has_regressed() -> None:
    decided = gate(report(kept(0.8)), report(kept(0.99)))
    (axis,) = [one for one in decided.regressions if one.kind == "axis"]

    assert decided.code == 1
    assert axis.place == "tools"
    assert axis.now is not None
    assert axis.before is not None
    assert axis.now.upper < axis.before.lower
    assert axis.sentence.startswith("tools: ")


def test_losses_that_were_there_before_pass_where_only_regressions_count() -> None:
    before, now = report(switch(seed=7)), report(switch(seed=8))

    assert gate(now, before).code == 1
    assert gate(now, before, only_regressions=True).code == 0
    assert gate(report(kept(0.8)), report(kept(0.99)), only_regressions=True).code == 1


def test_a_new_blocker_is_a_regression_and_one_inside_a_known_one_is_not() -> None:
    fine, lost = templates(10, "PPP", "PPP", tier="must"), templates(10, "PPP", "FFF", tier="must", family="f0")
    (new, *_) = gate(report(lost), report(fine)).regressions

    assert (new.kind, new.place) == ("blocker", "tools/f0")
    assert gate(report(lost), report(lost)).regressions == ()


def test_an_axis_without_evidence_now_leaves_the_gate_incomplete() -> None:
    decided = gate(report(templates(40, "PPP", "III")), report(templates(40, "PPP", "PPP")), only_regressions=True)

    assert [one.kind for one in decided.regressions] == ["evidence"]
    assert decided.code == 3


def test_a_stopped_run_is_incomplete_even_where_only_regressions_count() -> None:
    found = report(templates(80, "PPP", "PPP"), stopped="max_calls")

    assert gate(found, found, only_regressions=True).code == 3


def test_the_noise_of_a_flaky_endpoint_is_no_regression() -> None:
    """Two hundred pairs of runs of one endpoint with many families: next to none may look worse."""
    shape = Shape(templates=40, instances=2, trials=3)
    rng = random.Random(11)
    rates = flaky_rates(rng, shape)
    runs = [report(simulate(rng, against_itself(rates), shape)) for _ in range(21)]
    looks = [gate(now, before).regressions for before in runs for now in runs if now is not before]
    false = sum(bool(look) for look in looks)

    assert len(looks) == 420
    assert false / len(looks) <= 0.02


def test_unlike_suites_are_never_compared() -> None:
    data = report_of(smoke(), depth="smoke")
    other = {**data, "suite": {**data["suite"], "id": "0" * 16}}

    with pytest.raises(ConfigurationError, match=r"suite 0{16} .*make the baseline again"):
        gate(read_report(data), read_report(other))


def test_regressions_need_something_to_have_regressed_from() -> None:
    with pytest.raises(ConfigurationError, match="baseline"):
        gate(report(smoke(), depth="smoke"), only_regressions=True)


def test_what_differs_beside_the_figures_is_noted() -> None:
    data = report_of(smoke(), depth="smoke")
    renamed: Callable[[str], dict[str, Any]] = lambda arm: {**data["endpoints"][arm], "label": f"old:{arm}"}  # noqa: E731
    older = {
        **data,
        "endpoints": {"a": renamed("a"), "b": renamed("b")},
        "suite": {**data["suite"], "library_version": "0.0.9"},
    }
    notes = gate(read_report(data), read_report(older)).notes

    assert notes[0].endswith("in the baseline old:a")
    assert "portable-llm 0.1.0, in the baseline 0.0.9" in notes
