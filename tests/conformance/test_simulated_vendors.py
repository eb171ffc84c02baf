"""Simulated vendors with known pass probabilities: does the score find the truth as often as it says?

Seeds are fixed, so a figure that holds here holds on every machine. The long forms run more sizes and more runs.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from rows import Shape, against_itself, flaky_rates, simulate

from portable_llm.conformance.estimate import Estimate, Pair, estimate_of
from portable_llm.conformance.score import score
from portable_llm.conformance.statistics import (
    DiscordantBets,
    PairedTable,
    mcnemar_exact,
    mcnemar_midp,
    pairs_needed,
    pass_power,
    tango,
)
from portable_llm.conformance.verdict import DEPTHS, Depth, judge_score

Population = Callable[[np.random.Generator], tuple[float, float]]
"""Draws one template: the pass rates of A and B on its cases."""


def heavy_tailed(rng: np.random.Generator) -> tuple[float, float]:
    """One template in ten loses half of its behaviour."""
    return 1.0, 0.5 if rng.random() < 0.1 else 1.0


def all_or_nothing(rng: np.random.Generator) -> tuple[float, float]:
    """One template in five is lost outright."""
    return 1.0, 0.0 if rng.random() < 0.2 else 1.0


def rare(rng: np.random.Generator) -> tuple[float, float]:
    """One template in fifty loses half of its behaviour."""
    return 1.0, 0.5 if rng.random() < 0.02 else 1.0


def flaky(rng: np.random.Generator) -> tuple[float, float]:
    """A third of the templates is unstable at A; B is a little worse everywhere."""
    a = float(rng.uniform(0.4, 0.95)) if rng.random() < 0.33 else 1.0
    return a, 0.95 * a


TRUE_RATIO = {heavy_tailed: 0.95, all_or_nothing: 0.8, rare: 0.99, flaky: 0.95}


def run_of(rng: np.random.Generator, population: Population, shape: Shape) -> Estimate:
    weight = 1 / (shape.templates * shape.instances)
    rates = np.repeat([population(rng) for _ in range(shape.templates)], shape.instances, axis=0)
    passes = rng.binomial(shape.trials, rates).tolist()
    pairs = [
        Pair(
            template=("x", "f", f"t{i // shape.instances}"),
            a_passes=a,
            a_trials=shape.trials,
            b_passes=b,
            b_trials=shape.trials,
            weight=weight,
        )
        for i, (a, b) in enumerate(passes)
    ]
    return estimate_of(pairs, "corrected")


def errors(population: Population, shape: Shape, runs: int) -> tuple[float, float]:
    """How often the truth lies below and above the two-sided 95 % interval."""
    rng, truth = np.random.default_rng(20240811), 100 * TRUE_RATIO[population]
    found = [run_of(rng, population, shape).interval for _ in range(runs)]
    intervals = [interval for interval in found if interval is not None]
    assert len(intervals) == runs
    return sum(truth < i.lower for i in intervals) / runs, sum(truth > i.upper for i in intervals) / runs


POPULATIONS = pytest.mark.parametrize("population", [heavy_tailed, all_or_nothing, rare, flaky])


def check_coverage(population: Population, shape: Shape, runs: int) -> None:
    below, above = errors(population, shape, runs)

    assert below <= 0.05, "the lower bound decides PORTABLE"
    assert above <= 0.04, "the upper bound decides NOT PORTABLE"
    # Where losses are so rare that runs without any are common, the rule of three makes the interval cover more.
    assert 0.92 <= 1 - below - above <= (1 if population is rare else 0.985)


@POPULATIONS
def test_the_95_percent_interval_covers_92_to_98_percent(population: Population):
    """The quick form; the seeds are fixed, so 200 runs decide the same way everywhere."""
    check_coverage(population, Shape(templates=40), runs=200)


@pytest.mark.slow
@pytest.mark.timeout(600)
@POPULATIONS
@pytest.mark.parametrize("templates", [40, 80])
def test_the_95_percent_interval_covers_92_to_98_percent_of_a_thousand_runs(population: Population, templates: int):
    check_coverage(population, Shape(templates=templates), runs=1000)


@pytest.mark.slow
@pytest.mark.timeout(600)
@POPULATIONS
@pytest.mark.parametrize(
    "shape",
    [
        Shape(templates=24),
        Shape(templates=40, instances=1, trials=2),
        Shape(templates=40, instances=10),
        Shape(templates=160),
        Shape(templates=320),
    ],
)
def test_coverage_holds_for_other_shapes(population: Population, shape: Shape):
    below, above = errors(population, shape, runs=1000)

    assert below <= 0.05
    assert above <= 0.05
    assert 1 - below - above >= 0.92


def test_bounds_tighten_around_the_true_value_as_templates_grow():
    rng = np.random.default_rng(7)
    wide, narrow = (run_of(rng, flaky, Shape(templates=size)) for size in (40, 4000))

    assert narrow.ratio == pytest.approx(95, abs=1)
    assert narrow.error is not None
    assert wide.error is not None
    assert narrow.error < wide.error / 5


# Paired single trials


def paired_runs(pairs: int, losses: float, gains: float, runs: int) -> list[PairedTable]:
    rng = np.random.default_rng(17)
    counts = rng.multinomial(pairs, [0.8 - losses, losses, gains, 0.2 - gains], size=runs)
    return [PairedTable(n11=int(a), n10=int(b), n01=int(c), n00=int(d)) for a, b, c, d in counts]


def check_paired(pairs: int, losses: float, gains: float, runs: int) -> None:
    tables = paired_runs(pairs, losses, gains, runs)
    intervals = [tango(table) for table in tables]
    hits = sum(i.lower <= gains - losses <= i.upper for i in intervals) / runs

    assert 0.93 <= hits <= 0.98
    if losses == gains:
        assert sum(mcnemar_exact(table) <= 0.05 for table in tables) / runs <= 0.05
        assert sum(mcnemar_midp(table) <= 0.05 for table in tables) / runs <= 0.065


@pytest.mark.parametrize(("losses", "gains"), [(0.05, 0.05), (0.10, 0.04)])
def test_tango_covers_and_mcnemar_keeps_its_level(losses: float, gains: float):
    check_paired(200, losses, gains, runs=300)


@pytest.mark.slow
@pytest.mark.parametrize("pairs", [80, 200, 400, 800, 2000])
@pytest.mark.parametrize(("losses", "gains"), [(0.05, 0.05), (0.03, 0.03), (0.10, 0.05), (0.25, 0.02)])
def test_tango_covers_and_mcnemar_keeps_its_level_at_other_sizes(pairs: int, losses: float, gains: float):
    check_paired(pairs, losses, gains, runs=2000)


@pytest.mark.parametrize("drop", [0.05])
def test_the_needed_pairs_give_the_promised_power(drop: float):
    pairs = pairs_needed(drop, 0.15)
    tables = paired_runs(pairs, 0.10, 0.05, runs=400)
    shown = sum(not tango(table).lower <= 0 <= tango(table).upper for table in tables) / 400

    assert shown == pytest.approx(0.8, abs=0.04)


def test_watching_all_the_time_does_not_find_what_is_not_there():
    """The bets are looked at after every pair; an axis is stopped wrongly in at most 5 % of the runs."""
    rng, stopped = random.Random(3), 0
    for _ in range(100):
        bets = DiscordantBets()
        for _ in range(80):
            lost = rng.random() < 0.5
            bets = bets.observe(lost, not lost)
            if bets.is_decided(axes=1):
                stopped += 1
                break

    assert stopped / 100 <= 0.05


# Whole runs


def words(depth: Depth, axes: int, runs: int, *, share_flaky: float = 0.2, seed: int = 11) -> Counter[str]:
    """The overall words of a vendor compared with itself, every contract `must`."""
    rules, rng = DEPTHS[depth], random.Random(seed)
    shape = Shape(templates=rules.templates, instances=rules.instances, trials=rules.trials)
    found: Counter[str] = Counter()
    for _ in range(runs):
        trials = [
            trial
            for axis in range(axes)
            for trial in simulate(
                rng, against_itself(flaky_rates(rng, shape, flaky=share_flaky)), shape, axis=f"x{axis}", tier="must"
            )
        ]
        found[judge_score(score(trials), depth=depth).word] += 1
    return found


def test_a_perfect_vendor_against_itself_is_portable_at_quick_depth():
    assert words("quick", axes=2, runs=3, share_flaky=0) == {"PORTABLE": 3}


@pytest.mark.parametrize("depth", ["smoke", "quick"])
def test_a_flaky_vendor_against_itself_is_not_condemned_on_single_trials(depth: Depth):
    assert words(depth, axes=3, runs=15)["NOT PORTABLE"] == 0


def test_a_flaky_vendor_against_itself_is_portable_at_standard_depth():
    found = words("standard", axes=3, runs=10)

    assert found["NOT PORTABLE"] == 0
    assert found["PORTABLE"] >= 9


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("depth", ["standard", "full"])
def test_a_flaky_vendor_against_itself_on_nine_axes(depth: Depth):
    """The pooled rule is what keeps this from being a lottery over nine margins (suite reference §3)."""
    found = words(depth, axes=9, runs=200)

    assert found["NOT PORTABLE"] <= 10
    assert found["PORTABLE"] >= 190


def known_rates(rng: random.Random, shape: Shape) -> list[tuple[float, float, float]]:
    """A is right nine times in ten where it is unsure; B through the library loses a tenth, raw a half."""
    rates: list[tuple[float, float, float]] = []
    for _ in range(shape.templates):
        a = 0.9 if rng.random() < 0.5 else 1.0
        lossy = rng.random() < 0.5
        rates += [(a, a * (0.8 if lossy else 1.0), a * (0.5 if lossy else 1.0) - 0.25 * a)] * shape.instances
    return rates


def recovery(shape: Shape, runs: int) -> tuple[float, float, float]:
    """How often R(norm), R(raw) and `removed` hold their true values, 90, 50 and 40."""
    rng, hits = random.Random(5), [0, 0, 0]
    for _ in range(runs):
        axis = score(simulate(rng, known_rates(rng, shape), shape)).axes["tools"]
        assert axis.decomposition is not None
        found = (axis.lanes["norm"].estimate.interval, axis.lanes["raw"].estimate.interval)
        for i, (interval, truth) in enumerate(
            zip((*found, axis.decomposition.removed_interval), (90, 50, 40), strict=True)
        ):
            hits[i] += interval is not None and interval.lower <= truth <= interval.upper
    return hits[0] / runs, hits[1] / runs, hits[2] / runs


def test_known_pass_probabilities_are_recovered_within_the_interval():
    assert min(recovery(Shape(), runs=40)) >= 0.90


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_known_pass_probabilities_are_recovered_in_95_percent_of_a_thousand_runs():
    for share in recovery(Shape(), runs=1000):
        assert 0.925 <= share <= 0.98


def test_power_of_pass_draws_matches_repeated_trials():
    rng = random.Random(9)
    tasks = [sum(rng.random() < 0.7 for _ in range(8)) for _ in range(4000)]

    assert sum(pass_power(passes, 8, 3) for passes in tasks) / 4000 == pytest.approx(0.7**3, abs=0.01)
