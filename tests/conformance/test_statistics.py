"""The formulas against published figures, scipy, statsmodels and brute force."""

from __future__ import annotations

import itertools
import math
import os
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from portable_llm.conformance import statistics as stats

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(stats.__file__).parents[2])}

COUNTS = st.integers(min_value=0, max_value=60)
TABLES = st.builds(stats.PairedTable, n11=COUNTS, n10=COUNTS, n01=COUNTS, n00=COUNTS).filter(lambda t: t.total > 0)
RATES = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(RATES, st.sampled_from([0.9, 0.95, 0.99]))
def test_wilson_and_clopper_pearson_agree_with_scipy(rate: tuple[int, int], confidence: float):
    result = scipy.stats.binomtest(*rate)
    for ours, method in ((stats.wilson, "wilson"), (stats.clopper_pearson, "exact")):
        theirs = result.proportion_ci(confidence, method=method)
        found = ours(*rate, confidence=confidence)
        assert (found.lower, found.upper) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_wilson_of_95_in_100():
    interval = stats.wilson(95, 100).scaled(100)

    assert (round(interval.lower, 1), round(interval.upper, 1)) == (88.8, 97.8)


def test_a_one_sided_bound_is_the_end_of_a_wider_two_sided_interval():
    assert stats.wilson(30, 40, tail="one") == stats.wilson(30, 40, confidence=0.9)


@pytest.mark.parametrize(("successes", "trials"), [(1, 0), (5, 4), (-1, 3)])
def test_a_rate_without_trials_is_an_error(successes: int, trials: int):
    with pytest.raises(ValueError, match="a rate needs"):
        stats.wilson(successes, trials)
    with pytest.raises(ValueError, match="a rate needs"):
        stats.clopper_pearson(successes, trials)


@given(TABLES)
def test_mcnemar_is_the_binomial_test_of_the_discordant_pairs(table: stats.PairedTable):
    discordant = table.n10 + table.n01
    expected = scipy.stats.binomtest(table.n10, discordant).pvalue if discordant else 1.0

    assert stats.mcnemar_exact(table) == pytest.approx(expected, abs=1e-9)


@given(TABLES)
def test_mid_p_counts_the_observed_table_half(table: stats.PairedTable):
    discordant, small = table.n10 + table.n01, min(table.n10, table.n01)
    tail = scipy.stats.binom.cdf(small, discordant, 0.5) - scipy.stats.binom.pmf(small, discordant, 0.5) / 2

    assert stats.mcnemar_midp(table) == pytest.approx(min(1.0, 2 * tail), abs=1e-9)


def _constrained_score(table: stats.PairedTable, delta: float) -> float:
    """Tango's statistic with the nuisance rate found by maximising the likelihood, not by the closed form."""
    low, high = max(0.0, -delta), (1 - delta) / 2

    def slope(losses: float) -> float:
        # Losses have rate q, gains q + delta, agreement the rest; derivative of the log likelihood in q.
        agree = 1 - 2 * losses - delta
        return table.n10 / losses + table.n01 / (losses + delta) - 2 * (table.n11 + table.n00) / agree

    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    variance = table.total * (2 * low + delta - delta * delta)
    return (table.n01 - table.n10 - table.total * delta) / math.sqrt(variance)


@given(st.builds(stats.PairedTable, n11=COUNTS, n10=st.integers(1, 40), n01=st.integers(1, 40), n00=st.integers(1, 40)))
@settings(max_examples=50)
def test_tango_bounds_are_where_the_score_statistic_reaches_the_quantile(table: stats.PairedTable):
    interval = stats.tango(table)

    assert _constrained_score(table, interval.lower) == pytest.approx(1.959964, abs=1e-4)
    assert _constrained_score(table, interval.upper) == pytest.approx(-1.959964, abs=1e-4)


@given(TABLES)
def test_tango_holds_the_estimate_and_turns_with_the_table(table: stats.PairedTable):
    interval = stats.tango(table)
    turned = stats.tango(stats.PairedTable(n11=table.n11, n10=table.n01, n01=table.n10, n00=table.n00))

    assert -1 <= interval.lower <= table.difference + 1e-9
    assert table.difference - 1e-9 <= interval.upper <= 1
    assert (turned.lower, turned.upper) == pytest.approx((-interval.upper, -interval.lower), abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_benjamini_hochberg_agrees_with_scipy(p_values: list[float]):
    assert stats.benjamini_hochberg(p_values) == pytest.approx(scipy.stats.false_discovery_control(p_values), abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closure_of_bonferroni(p_values: list[float]):
    """A hypothesis is rejected when every set of hypotheses that contains it is (Marcus, Peritz, Gabriel, 1976)."""
    everything = range(len(p_values))
    subsets = [c for size in range(1, len(p_values) + 1) for c in itertools.combinations(everything, size)]
    closed = [max(min(1.0, len(c) * min(p_values[j] for j in c)) for c in subsets if i in c) for i in everything]

    assert stats.holm(p_values) == pytest.approx(closed, abs=1e-12)


@given(st.lists(st.fractions(-2, 2, max_denominator=6), max_size=9))
def test_sign_flip_counts_all_patterns(sums: list[Fraction]):
    seen = abs(sum(sums))
    patterns = [
        abs(sum(s * v for s, v in zip(signs, sums, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(sums))
    ]

    assert stats.sign_flip(sums) == pytest.approx(sum(total >= seen for total in patterns) / len(patterns))


def test_sign_flip_of_single_trials_is_exact_mcnemar():
    differences = [Fraction(-1)] * 14 + [Fraction(1)] * 36 + [Fraction(0)] * 350

    assert stats.sign_flip(differences) == pytest.approx(
        stats.mcnemar_exact(stats.PairedTable(n11=339, n10=14, n01=36, n00=11))
    )


@pytest.mark.parametrize(("correlation", "effect"), [(0.1, 1.9), (0.3, 3.7)])
def test_design_effect_of_ten_instances(correlation: float, effect: float):
    assert stats.design_effect(10, correlation) == pytest.approx(effect)


def test_clusters_that_agree_within_count_once_each():
    assert stats.effective_size([[1.0] * 5, [0.0] * 5, [1.0] * 5]) == pytest.approx(3)
    assert stats.effective_size([[1.0] * 5, [1.0] * 5]) == pytest.approx(2), "no variation is no proof of independence"


def test_clusters_that_do_not_cluster_count_in_full():
    rng = random.Random(1)
    clusters = [[float(rng.random() < 0.5) for _ in range(5)] for _ in range(4000)]

    assert stats.intraclass_correlation(clusters) == pytest.approx(0, abs=0.02)


def test_intraclass_correlation_recovers_a_known_one():
    rng = random.Random(2)
    # Beta(1, 1) rates: between-variance 1/12, total 1/4, so the correlation is 1/3.
    clusters = [[float(rng.random() < rate) for _ in range(4)] for rate in (rng.random() for _ in range(4000))]

    assert stats.intraclass_correlation(clusters) == pytest.approx(1 / 3, abs=0.03)


def test_ratio_with_equal_denominators_and_no_skewness_is_a_mean_with_students_t():
    values = [0.2, 1.0, 0.7, 0.4, 1.2]
    found, expected = stats.ratio_t(values, [1.0] * 5), scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)

    assert found.skewness == pytest.approx(0, abs=1e-9)
    assert (found.interval().lower, found.interval().upper) == pytest.approx((expected.low, expected.high))
    assert found.p_at_least(1.0) == pytest.approx(scipy.stats.ttest_1samp(values, 1.0, alternative="less").pvalue)


VALUES = st.lists(st.floats(0, 1), min_size=5, max_size=40).filter(lambda values: max(values) - min(values) > 0.01)


@given(VALUES)
def test_the_long_tail_widens_its_side_only(values: list[float]):
    found = stats.ratio_t(values, [1.0] * len(values))
    plain = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)

    assert found.interval().lower <= plain.low + 1e-9
    assert found.interval().upper >= plain.high - 1e-9
    assert found.interval().lower == pytest.approx(plain.low) or found.interval().upper == pytest.approx(plain.high)


@given(VALUES)
def test_rare_losses_pull_the_lower_bound_down_and_mirror_exactly(values: list[float]):
    found = stats.ratio_t(values, [1.0] * len(values))
    mirrored = stats.ratio_t([1 - value for value in values], [1.0] * len(values))

    assert found.skewness == pytest.approx(scipy.stats.skew(values) * (1 - 1 / len(values)) ** 1.5, abs=1e-6)
    assert found.interval().lower == pytest.approx(1 - mirrored.interval().upper, abs=1e-6)


@given(VALUES, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_the_p_value_at_the_upper_bound_is_its_error(values: list[float], confidence: float):
    found = stats.ratio_t(values, [1.0] * len(values))
    upper = found.interval(confidence, "one").upper

    assert found.p_at_least(upper) == pytest.approx(1 - confidence, abs=1e-6)


@pytest.mark.parametrize(
    ("numerators", "denominators"), [([1.0], [1.0]), ([0.0, 0.0], [0.0, 0.0]), ([1.0, 1.0], [1.0])]
)
def test_a_ratio_without_clusters_or_denominator_is_an_error(numerators: list[float], denominators: list[float]):
    with pytest.raises(ValueError, match="cluster ratio needs"):
        stats.ratio_t(numerators, denominators)


@pytest.mark.parametrize(
    ("discordant", "power80", "power90", "margin5"),
    [
        (0.06, 186, 249, 149),
        (0.10, 312, 417, 248),
        (0.15, 469, 627, 371),
        (0.20, 626, 837, 495),
        (0.30, 940, 1257, 742),
    ],
)
def test_pairs_needed_are_the_published_ones(discordant: float, power80: int, power90: int, margin5: int):
    assert stats.pairs_needed(0.05, discordant) == pytest.approx(power80, abs=1)
    assert stats.pairs_needed(0.05, discordant, power=0.9) == pytest.approx(power90, abs=1)
    assert stats.pairs_needed_for_margin(0.05, discordant) == pytest.approx(margin5, abs=1)


def test_margin_two_needs_1546_pairs():
    assert stats.pairs_needed_for_margin(0.02, 0.1) == 1546


@pytest.mark.parametrize(("trials", "cases"), [(1, 283), (3, 137), (5, 107), (10, 85)])
def test_more_cases_beat_more_trials(trials: int, cases: int):
    assert stats.cases_needed(0.05, within=0.035, between=0.02, trials=trials) == cases


@pytest.mark.parametrize(("drop", "discordant"), [(0, 0.1), (0.2, 0.1), (0.1, 1.1)])
def test_an_impossible_drop_is_an_error(drop: float, discordant: float):
    with pytest.raises(ValueError, match="need 0 < drop"):
        stats.pairs_needed(drop, discordant)


def test_bets_start_at_one_and_ignore_agreement():
    start = stats.DiscordantBets()

    assert start.e_loss == pytest.approx(1)
    assert start.observe(True, True).observe(False, False) == start


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_capital_is_a_fair_game_under_equal_chances(losses: int, gains: int):
    """Where the hypothesis holds with equality, the expected capital after the next pair is the capital now."""
    now = stats.DiscordantBets(losses=losses, gains=gains)
    expected = (now.observe(True, False).e_loss + now.observe(False, True).e_loss) / 2

    assert expected == pytest.approx(now.e_loss, rel=1e-9)


def test_bets_decide_a_clear_loss_soon_and_scale_with_the_axes():
    bets = stats.DiscordantBets(losses=8)

    assert bets.is_decided(axes=1)
    assert not bets.is_decided(axes=9)
    assert not stats.DiscordantBets(losses=200, gains=200).is_decided(axes=1)


@given(st.integers(0, 8), st.integers(1, 8), st.integers(1, 8))
def test_pass_power_is_the_share_of_all_draws_that_pass(successes: int, trials: int, repeats: int):
    successes, repeats = min(successes, trials), min(repeats, trials)
    draws = list(itertools.combinations([True] * successes + [False] * (trials - successes), repeats))

    assert stats.pass_power(successes, trials, repeats) == pytest.approx(sum(map(all, draws)) / len(draws))


def test_pass_power_needs_enough_trials():
    with pytest.raises(ValueError, match="at least 5 trials"):
        stats.pass_power(3, 4, 5)


def test_combined_interval_of_equal_terms_shrinks_with_the_square_root():
    interval = stats.combine([0.25] * 4, [90.0] * 4, [stats.Interval(lower=80, upper=94)] * 4)

    assert (interval.lower, interval.upper) == pytest.approx((85, 92))


def test_without_scipy_the_error_names_the_remedy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "scipy.special", None)

    with pytest.raises(ImportError, match=r"pip install 'portable-llm\[conformance\]'"):
        stats.t_quantile(0.95, 19)


def test_loading_the_statistics_does_not_load_scipy():
    code = "import sys, portable_llm.conformance.verdict; print('scipy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT)

    assert found.stdout.strip() == "False"
