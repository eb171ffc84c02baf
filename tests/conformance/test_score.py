"""What R, P and their companions mean, first by example, then as properties of any run."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rows import case, templates

from portable_llm.conformance.score import AxisScore, Score, score
from portable_llm.conformance.trials import Trial


def tools(trials: list[Trial]) -> AxisScore:
    return score(trials).axes["tools"]


# By example


def test_everything_kept_is_100_and_no_more_certain_than_the_rule_of_three():
    estimate = tools(templates(40, "PPP", "PPP")).headline

    assert estimate.portability == 100
    assert estimate.interval is not None
    assert (estimate.interval.lower, estimate.interval.upper) == pytest.approx((100 - 300 / 40, 100))


def test_everything_lost_is_0_and_no_more_certain_than_the_rule_of_three():
    estimate = tools(templates(40, "PPP", "FFF")).headline

    assert estimate.portability == 0
    assert estimate.bounds is not None
    assert (estimate.bounds.lower, estimate.bounds.upper) == pytest.approx((0, 300 / 40))


def test_r_is_mean_a_times_mean_b_over_pairs_of_distinct_a_trials():
    trials = case("PPF", "PF", name="c1", template="t1") + case("PPP", "PP", name="c2", template="t2")

    # (2/3 * 1/2 + 1 * 1) / (2*1 / 3*2 + 1)
    assert tools(trials).headline.ratio == pytest.approx(100 * (1 / 3 + 1) / (1 / 3 + 1))


def test_families_weigh_the_same_whatever_their_size():
    small = case("PP", "FF", family="small", template="s")
    large = [t for i in range(9) for t in case("PP", "PP", family="large", template=f"l{i}")]

    assert tools(small + large).headline.ratio == pytest.approx(50)


def test_a_case_that_a_never_passes_carries_nothing_to_keep_and_counts_as_gained():
    estimate = tools(case("PP", "FF", name="lost") + case("FF", "PP", name="new")).headline

    assert (estimate.ratio, estimate.never_at_home, estimate.gained) == (0, 1, 1)


@pytest.mark.parametrize("home", ["FFF", "PFF", "III", "F"])
def test_no_behaviour_at_home_is_no_evidence_and_not_zero(home: str):
    axis = tools(templates(40, home, "PPP"))

    assert axis.status == "no_evidence"
    assert axis.headline.portability is None


def test_one_trial_of_a_gives_the_plain_share_kept_with_wilson():
    trials = templates(30, "P", "P") + templates(10, "P", "F", family="g") + templates(5, "F", "P", family="h")
    estimate = tools(trials).headline

    assert estimate.method == "kept"
    assert estimate.ratio == pytest.approx(75)
    assert estimate.interval is not None
    assert (estimate.interval.lower, estimate.interval.upper) == pytest.approx((59.81, 85.81), abs=0.01)
    assert estimate.error is None


def test_instances_of_one_template_that_agree_are_not_independent_proofs():
    trials = [t for i in range(20) for c in range(5) for t in case("P", "FP"[i > 3], name=f"c{c}", template=f"t{i}")]

    assert tools(trials).headline.effective_cases == pytest.approx(20)


def test_under_20_templates_there_are_counts_and_no_interval():
    estimate = tools(templates(19, "PPP", "PPF")).headline

    assert estimate.ratio == pytest.approx(200 / 3)
    assert (estimate.interval, estimate.bounds, estimate.error) == (None, None, None)


def test_infra_is_missing_and_more_than_two_percent_of_it_makes_the_axis_incomplete():
    few = tools(templates(99, "PP", "PP") + case("PP", "PI", name="cut"))
    many = tools(templates(9, "PP", "PP") + case("PP", "PI", name="cut"))

    assert (few.headline.ratio, few.status) == (100, "scored")
    assert (many.headline.ratio, many.status) == (100, "incomplete")
    assert many.availability_delta == pytest.approx(5)


def test_a_case_without_enough_trials_is_listed_as_missing():
    lane = tools(templates(5, "PP", "PP") + case("PI", "PP", name="a-cut") + case("PP", "II", name="b-cut")).lanes[
        "norm"
    ]

    assert (lane.estimate.cases, lane.missing) == (5, 2)


def test_what_a_does_not_offer_leaves_the_axis():
    axis = tools(case("PP", "PP", name="kept") + case("UU", "PP", name="not-at-home"))

    assert (axis.headline.cases, axis.unsupported_at_home) == (1, 1)


def test_what_b_does_not_offer_is_lost_and_counted():
    lane = tools(case("PP", "PP", name="kept") + case("PP", "UU", name="gone")).lanes["norm"]

    assert (lane.estimate.ratio, lane.unsupported, lane.codes) == (50, 1, {"code-U": 2})


def test_a_judge_that_fails_its_self_check_takes_the_case_out():
    axis = tools(case("PP", "PP", name="kept") + case("PP", "FX", name="misjudged"))

    assert (axis.headline.ratio, axis.invalid_cases) == (100, 1)


def test_unstable_cases_are_counted_and_the_capped_ratio_shows_what_they_hide():
    trials = templates(20, "PFFFF", "PPPPP") + templates(20, "PPPPP", "PPPPF", family="g")
    trials += templates(20, "PPFFF", "PPPPP", family="h")
    estimate = tools(trials).headline

    assert estimate.unstable_share == pytest.approx(200 / 3)
    assert estimate.ratio is not None
    assert estimate.ratio > 100
    assert estimate.capped_ratio is not None
    assert estimate.capped_ratio < estimate.ratio - 3


def test_the_library_is_credited_with_what_raw_loses_and_norm_keeps():
    trials = templates(30, "PP", norm="PP", raw="PP") + templates(10, "PP", norm="PP", raw="FF", family="g")
    trials += templates(10, "PP", norm="FF", raw="FF", family="h")
    axis = tools(trials)
    parts = axis.decomposition

    assert parts is not None
    assert parts.raw + parts.removed + parts.residual == pytest.approx(100)
    assert parts.removed == pytest.approx(12.5)
    assert parts.residual == pytest.approx(12.5)
    assert parts.removed_interval is not None
    assert parts.removed_interval.lower < 12.5 < parts.removed_interval.upper


def test_removed_is_shown_without_the_requests_that_b_rejected():
    trials = templates(30, "PP", norm="PP", raw="PP")
    trials += templates(10, "PP", norm="PP", raw="FF", family="g", rejected=True)  # type: ignore[arg-type]
    axis = tools(trials)

    assert axis.decomposition is not None
    assert axis.decomposition.removed == pytest.approx(100 / 7)
    assert axis.decomposition_without_rejected is not None
    assert axis.decomposition_without_rejected.removed == 0
    assert axis.lanes["raw"].rejected == 10


def test_a_library_that_makes_it_worse_is_shown_as_negative():
    parts = tools(templates(5, "PP", norm="PF", raw="PP")).decomposition

    assert parts is not None
    assert parts.removed == pytest.approx(-50)


def test_decomposition_compares_the_same_cases_when_a_lane_is_missing_some():
    trials = templates(4, "PP", norm="PP", raw="PP") + case("PP", norm="FF", raw="II", name="raw-cut", template="x")
    parts = tools(trials).decomposition

    assert parts is not None
    assert (parts.cases, parts.raw, parts.removed) == (4, 100, 0)


def test_overall_weighs_axes_by_use_and_shows_the_range_over_all_weightings():
    trials = templates(20, "PP", "PP", axis="json") + templates(20, "PP", "PF", axis="tools")
    result = score(trials, weights={"json": 3, "tools": 1})

    assert result.overall.value == pytest.approx(87.5)
    assert result.overall.sensitivity is not None
    assert (result.overall.sensitivity.lower, result.overall.sensitivity.upper) == (50, 100)
    assert result.overall.interval is not None


def test_there_is_no_overall_number_while_a_used_axis_lacks_evidence():
    overall = score(templates(40, "PP", "PP"), weights={"tools": 1, "json": 1}).overall

    assert (overall.value, overall.interval, overall.axes_with_evidence, overall.axes_used) == (None, None, 1, 2)


def test_floor_is_the_family_about_which_least_can_be_claimed():
    floor = score(templates(40, "PP", "PP") + case("PP", "PF", family="parallel")).overall.floor

    assert floor is not None
    assert (floor.axis, floor.family) == ("tools", "parallel")
    assert floor.lower < 50


def test_families_are_explored_with_adjusted_p_values():
    trials = [t for i in range(8) for t in case("PP", "FF", family="lost", template=f"t{i}")]
    trials += [t for i in range(8) for t in case("PP", "PP", family="kept", template=f"t{i}")]
    kept, lost = tools(trials).families

    assert (lost.p_value, lost.q_value) == (2 / 2**8, 4 / 2**8)
    assert kept.p_value == 1


@pytest.mark.parametrize("weights", [{"tools": -1.0}, {"tools": 0.0}, {"tools": float("nan")}])
def test_senseless_weights_are_an_error(weights: dict[str, float]):
    with pytest.raises(ValueError, match="weight"):
        score(case("P", "P"), weights=weights)


def test_no_trials_give_no_number():
    result = score([])

    assert (result.overall.value, result.pooled.ratio, result.axes) == (None, None, {})


# As properties of any run

CELL = st.tuples(st.text("PF", min_size=3, max_size=3), st.text("PF", min_size=1, max_size=3))
RUNS = st.lists(st.lists(CELL, min_size=1, max_size=3), min_size=1, max_size=24)
"""Templates of cases of (home, norm) letters; three trials of A so that noise is corrected."""

INFRA = st.lists(st.integers(0, 200), max_size=5)


def build(run: list[list[tuple[str, str]]], suffix: str = "") -> list[Trial]:
    return [
        trial
        for t, cases in enumerate(run)
        for c, (home, norm) in enumerate(cases)
        for trial in case(
            home, norm, norm[::-1] + "P", name=f"c{c}{suffix}", template=f"t{t}", family=f"f{t // 4}", axis=f"x{t % 2}"
        )
    ]


def points(result: Score) -> dict[str, float | None]:
    """The point estimates of all lanes, and the overall value."""
    rows = {f"{a}/{name}": lane.estimate.ratio for a, axis in result.axes.items() for name, lane in axis.lanes.items()}
    return rows | {"overall": result.overall.value, "pooled": result.pooled.ratio}


def frozen(result: Score) -> str:
    return json.dumps(result.to_json(), sort_keys=True, allow_nan=False)


@given(RUNS)
def test_portability_is_bounded_and_lies_in_its_interval(run: list[list[tuple[str, str]]]):
    for axis in score(build(run)).axes.values():
        for lane in axis.lanes.values():
            estimate = lane.estimate
            assert estimate.portability is None or 0 <= estimate.portability <= 100
            if estimate.interval is not None and estimate.ratio is not None:
                assert estimate.interval.lower <= estimate.ratio + 1e-9
                assert estimate.ratio <= estimate.interval.upper + 1e-9


@given(RUNS)
def test_raw_removed_and_residual_are_100_exactly(run: list[list[tuple[str, str]]]):
    for axis in score(build(run)).axes.values():
        parts = axis.decomposition
        if parts is not None:
            assert parts.raw + parts.removed + parts.residual == pytest.approx(100, abs=1e-9)
            assert axis.headline.portability == pytest.approx(100 - parts.residual)


@given(RUNS, st.randoms(use_true_random=False))
def test_order_of_the_trials_changes_no_byte(run: list[list[tuple[str, str]]], rng: random.Random):
    trials = build(run)
    shuffled = rng.sample(trials, len(trials))

    assert frozen(score(shuffled)) == frozen(score(trials))


@given(RUNS, st.data())
def test_labels_carry_no_information(run: list[list[tuple[str, str]]], data: st.DataObject):
    def renamed(kind: str) -> Callable[[str], str]:
        names = data.draw(st.permutations([f"{kind}{i}" for i in range(24)]))
        return lambda old: names[int(old[1:])]

    family, template, name = renamed("g"), renamed("u"), renamed("d")
    trials = build(run)
    other = [replace(t, family=family(t.family), template=template(t.template), case=name(t.case)) for t in trials]

    assert points(score(other)) == points(score(trials))


@given(RUNS, st.integers(0, 23))
def test_duplicating_every_case_of_a_template_changes_no_estimate(run: list[list[tuple[str, str]]], which: int):
    trials = build(run)
    twins = [t for t in build(run, suffix="-twin") if t.template == f"t{which % len(run)}"]

    for name, value in points(score(trials + twins)).items():
        assert value == pytest.approx(points(score(trials))[name])


@given(RUNS, st.integers(0, 500))
def test_turning_a_fail_of_b_into_a_pass_never_lowers_r(run: list[list[tuple[str, str]]], which: int):
    cells = [(t, c) for t, cases in enumerate(run) for c, (_, norm) in enumerate(cases) if "F" in norm]
    assume(cells)
    t, c = cells[which % len(cells)]
    better = [list(cases) for cases in run]
    better[t][c] = (run[t][c][0], run[t][c][1].replace("F", "P", 1))

    _assert_not_lower(points(score(build(run))), points(score(build(better))))


@given(RUNS, st.integers(0, 500), st.integers(1, 3))
def test_a_passing_more_where_b_never_passes_never_raises_r(run: list[list[tuple[str, str]]], which: int, trials: int):
    cells = [(t, c) for t, cases in enumerate(run) for c, (home, _) in enumerate(cases) if "F" in home]
    assume(cells)
    t, c = cells[which % len(cells)]
    before = [list(cases) for cases in run]
    before[t][c] = (run[t][c][0], "F" * trials)
    after = [list(cases) for cases in before]
    after[t][c] = (run[t][c][0].replace("F", "P", 1), "F" * trials)

    norm_only = [[trial for trial in build(r) if trial.lane != "raw"] for r in (after, before)]
    _assert_not_lower(*(points(score(trials)) for trials in norm_only))


def _assert_not_lower(before: dict[str, float | None], after: dict[str, float | None]) -> None:
    for name, value in before.items():
        later = after[name]
        if value is not None and later is not None:
            assert later >= value - 1e-9


@given(RUNS, st.lists(st.tuples(st.integers(0, 23), st.sampled_from(["home", "norm", "raw"])), max_size=6))
def test_infra_rows_change_no_point_estimate(run: list[list[tuple[str, str]]], where: list[tuple[int, str]]):
    trials = build(run)
    extra = [
        replace(t, index=90 + i, outcome="infra", code="timeout")
        for i, (which, lane) in enumerate(where)
        for t in trials
        if t.template == f"t{which}" and t.lane == lane and t.index == 0
    ]
    before, after = score(trials), score(trials + extra)

    assert {k: v for k, v in points(after).items() if k != "overall"} == {
        k: v for k, v in points(before).items() if k != "overall"
    }


@given(RUNS)
def test_no_evidence_is_absorbing(run: list[list[tuple[str, str]]]):
    never = [[("FFF", norm) for _, norm in cases] for cases in run]
    dead = [t for t in build(never) if t.axis == "x0"]
    result = score(dead + [t for t in build(run) if t.axis == "x1"])

    assert result.axes["x0"].status == "no_evidence"
    assert result.overall.value is None


@given(RUNS)
@settings(max_examples=30)
def test_the_json_form_has_rounded_figures_only(run: list[list[tuple[str, str]]]):
    def check(value: object) -> None:
        if isinstance(value, dict):
            for item in value.values():
                check(item)
        elif isinstance(value, list):
            for item in value:
                check(item)
        elif isinstance(value, float):
            assert value == round(value, 6)

    check(json.loads(frozen(score(build(run)))))
