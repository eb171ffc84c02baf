"""The formulas behind score and verdict, each with its source; rates and differences are fractions, not percent.

Everything is a pure function of counts. Sums go through `math.fsum`, whose result does not depend on the order of
the terms, so that the same trials give the same bytes in whatever order they arrive. The special functions come
from scipy (extra `conformance`), imported on first use because it takes a noticeable part of a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from statistics import NormalDist
from typing import Any, Literal, TypeAlias

Tail: TypeAlias = Literal["both", "one"]
"""`both`: a two-sided interval. `one`: each end is a one-sided bound at the stated confidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A lower and an upper bound in the unit of the estimate."""

    lower: float
    upper: float

    def scaled(self, factor: float) -> Interval:
        """The interval in another unit, e.g. percent for `factor=100`."""
        return Interval(lower=self.lower * factor, upper=self.upper * factor)


# Quantiles and tails


def _special(function: str, *arguments: float) -> float:
    """One value of a scipy special function (no stubs exist, so the untyped call stays in this function).

    Raises `ImportError` with the remedy when scipy is not installed.
    """
    try:
        module: Any = import_module("scipy.special")
    except ImportError as error:
        raise ImportError("scoring needs scipy; install it with: pip install 'portable-llm[conformance]'") from error
    return float(getattr(module, function)(*arguments))


def normal_quantile(probability: float) -> float:
    """The standard normal quantile."""
    return NormalDist().inv_cdf(probability)


def t_quantile(probability: float, degrees: int) -> float:
    """The quantile of Student's t with `degrees` of freedom."""
    return _special("stdtrit", degrees, probability)


def t_below(value: float, degrees: int) -> float:
    """P(t <= value) for Student's t with `degrees` of freedom."""
    return _special("stdtr", degrees, value)


def upper_probability(confidence: float, tail: Tail) -> float:
    """The quantile's probability that belongs to a confidence, e.g. .975 for a two-sided 95 %."""
    return (1 + confidence) / 2 if tail == "both" else confidence


# Single rates


def wilson(successes: float, trials: float, *, confidence: float = 0.95, tail: Tail = "both") -> Interval:
    """Wilson's score interval for a rate (JASA 22, 1927); `trials` may be an effective, fractional number.

    Raises `ValueError` unless 0 <= successes <= trials and trials > 0.
    """
    if not (trials > 0 and 0 <= successes <= trials):
        raise ValueError(f"a rate needs 0 <= successes <= trials, trials > 0; got {successes} of {trials}")
    z = normal_quantile(upper_probability(confidence, tail))
    rate, shrink = successes / trials, 1 + z * z / trials
    centre = (rate + z * z / (2 * trials)) / shrink
    half = z * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials)) / shrink
    return Interval(
        lower=0.0 if successes == 0 else max(0.0, centre - half),
        upper=1.0 if successes == trials else min(1.0, centre + half),
    )


def clopper_pearson(successes: float, trials: float, *, confidence: float = 0.95, tail: Tail = "both") -> Interval:
    """The exact interval for a rate (Biometrika 26, 1934): never covers less than stated, so used for blockers."""
    if not (trials > 0 and 0 <= successes <= trials):
        raise ValueError(f"a rate needs 0 <= successes <= trials, trials > 0; got {successes} of {trials}")
    high = upper_probability(confidence, tail)
    failures = trials - successes
    lower = 0.0 if successes == 0 else _special("betaincinv", successes, failures + 1, 1 - high)
    upper = 1.0 if failures == 0 else _special("betaincinv", successes + 1, failures, high)
    return Interval(lower=lower, upper=upper)


def rule_of_three(observations: int) -> float:
    """The 95 % upper bound 3/n for the rate of an event not seen in n observations (Hanley, JAMA 249, 1983)."""
    return min(1.0, 3 / observations)


def pass_power(successes: int, trials: int, repeats: int) -> float:
    """pass^k: the probability that k trials drawn without replacement all pass (tau-bench, arXiv 2406.12045).

    Raises `ValueError` when fewer than k trials exist.
    """
    if repeats > trials:
        raise ValueError(f"pass^{repeats} needs at least {repeats} trials; got {trials}")
    return math.comb(successes, repeats) / math.comb(trials, repeats)


# Clusters


def design_effect(size: float, correlation: float) -> float:
    """How much a cluster sample is worth less than an independent one: 1 + (m - 1) ICC (Kish, 1965)."""
    return 1 + (size - 1) * correlation


def intraclass_correlation(clusters: Sequence[Sequence[float]]) -> float:
    """The one-way ANOVA estimate of the ICC, cut to [0, 1]; 1 when nothing varies, for then nothing is known.

    Reading "no variation" as "independent" would count ten kept instances of one template as ten proofs.
    """
    groups = [group for group in clusters if group]
    total = sum(len(group) for group in groups)
    if total == len(groups):
        return 0.0
    mean = math.fsum(value for group in groups for value in group) / total
    means = [math.fsum(group) / len(group) for group in groups]
    inner = math.fsum((value - m) ** 2 for group, m in zip(groups, means, strict=True) for value in group)
    outer = math.fsum(len(group) * (m - mean) ** 2 for group, m in zip(groups, means, strict=True))
    if len(groups) == 1 or inner + outer == 0:
        return 1.0
    within, between = inner / (total - len(groups)), outer / (len(groups) - 1)
    size = (total - sum(len(group) ** 2 for group in groups) / total) / (len(groups) - 1)
    return min(1.0, max(0.0, (between - within) / (between + (size - 1) * within)))


def effective_size(clusters: Sequence[Sequence[float]]) -> float:
    """n_eff = n / (1 + (m - 1) ICC), with m the size of the cluster in which an average member lives."""
    sizes = [len(group) for group in clusters if group]
    total = sum(sizes)
    if not total:
        return 0.0
    size = sum(m * m for m in sizes) / total
    return total / design_effect(size, intraclass_correlation(clusters))


# The ratio of two cluster totals


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioEstimate:
    """A ratio of totals with its linearised standard error over clusters.

    Losses are skewed: most clusters lose nothing, a few lose everything. The plain t bound then lies above the truth
    in 13 % of runs instead of 5 % (40 clusters, a tenth of them halved; simulated in the tests), which would be that
    many false PORTABLE. So the bound on the long tail's side is moved out by the skewness term of the Cornish-Fisher
    expansion of t (Hall, Annals of Statistics 11, 1983); the other bound stays at the plain t.
    """

    ratio: float
    error: float
    """Standard error of the ratio."""
    clusters: int
    skewness: float = 0.0
    """Third standardised moment of the residuals."""

    @property
    def degrees(self) -> int:
        """Degrees of freedom: clusters - 1."""
        return self.clusters - 1

    @property
    def _tilt(self) -> float:
        return self.skewness / math.sqrt(self.clusters)

    def interval(self, confidence: float = 0.95, tail: Tail = "both") -> Interval:
        """ratio -+ t * error, with the long tail's side widened."""
        t = t_quantile(upper_probability(confidence, tail), self.degrees)
        wider = (2 * t * t + 1) / 6
        return Interval(
            lower=self.ratio - (t + max(0.0, -self._tilt) * wider) * self.error,
            upper=self.ratio + (t + max(0.0, self._tilt) * wider) * self.error,
        )

    def p_at_least(self, threshold: float) -> float:
        """One-sided p-value of "the true ratio is at least `threshold`": where the upper bound just touches it."""
        if self.error == 0:
            return 0.0 if self.ratio < threshold else 1.0
        distance, tilt = (threshold - self.ratio) / self.error, max(0.0, self._tilt)
        excess = distance - tilt / 6
        if excess > 0:
            # t with t + tilt (2 t^2 + 1) / 6 = distance, written so that a tilt of zero needs no case of its own.
            distance = 2 * excess / (1 + math.sqrt(1 + 4 * tilt * excess / 3))
        else:
            distance = min(0.0, distance)
        return t_below(-distance, self.degrees)


def ratio_t(numerators: Sequence[float], denominators: Sequence[float]) -> RatioEstimate:
    """The ratio of the sums over clusters, with the linearised error sqrt(T/(T-1) sum e^2) / sum(den).

    e = num - ratio * den per cluster; the e sum to zero (Cochran, Sampling Techniques, 1977, 6.3). Not the
    percentile bootstrap, which covers 84 % instead of 95 % with 20 clusters and heavy-tailed losses.
    Raises `ValueError` for fewer than two clusters or a denominator total of zero.
    """
    count, total = len(numerators), math.fsum(denominators)
    if count < 2 or count != len(denominators) or total <= 0:
        raise ValueError("a cluster ratio needs at least two clusters and a positive denominator")
    ratio = math.fsum(numerators) / total
    residuals = [n - ratio * d for n, d in zip(numerators, denominators, strict=True)]
    variance = math.fsum(e * e for e in residuals) / (count - 1)
    third = math.fsum(e**3 for e in residuals) / count
    return RatioEstimate(
        ratio=ratio,
        error=math.sqrt(variance * count) / total,
        clusters=count,
        skewness=third / variance**1.5 if variance > 0 else 0.0,
    )


def combine(weights: Sequence[float], points: Sequence[float], intervals: Sequence[Interval]) -> Interval:
    """An interval for a weighted sum from the intervals of its independent terms, symmetric or not.

    Square-and-add of the distances to each bound (MOVER; Zou and Donner, Statistics in Medicine 27, 2008).
    """
    centre = math.fsum(w * p for w, p in zip(weights, points, strict=True))
    rows = list(zip(weights, points, intervals, strict=True))
    below = math.sqrt(math.fsum((w * (p - i.lower)) ** 2 for w, p, i in rows))
    above = math.sqrt(math.fsum((w * (i.upper - p)) ** 2 for w, p, i in rows))
    return Interval(lower=centre - below, upper=centre + above)


# Paired single trials


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTable:
    """Counts of pairs (A, B): both pass, only A, only B, neither."""

    n11: int
    n10: int
    n01: int
    n00: int

    @property
    def total(self) -> int:
        """All pairs."""
        return self.n11 + self.n10 + self.n01 + self.n00

    @property
    def difference(self) -> float:
        """Rate of B minus rate of A."""
        return (self.n01 - self.n10) / self.total

    @property
    def discordant_share(self) -> float:
        """Share of pairs that disagree (psi in the power formulas)."""
        return (self.n01 + self.n10) / self.total


def paired_table(pairs: Iterable[tuple[bool, bool]]) -> PairedTable:
    """Count (A passed, B passed) pairs."""
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for a, b in pairs:
        counts[a, b] += 1
    return PairedTable(
        n11=counts[True, True], n10=counts[True, False], n01=counts[False, True], n00=counts[False, False]
    )


def mcnemar_exact(table: PairedTable) -> float:
    """Two-sided exact p-value of "as many losses as gains" (binomial over the discordant pairs)."""
    count, small = table.n10 + table.n01, min(table.n10, table.n01)
    return float(min(Fraction(1), 2 * Fraction(sum(math.comb(count, i) for i in range(small + 1)), 2**count)))


def mcnemar_midp(table: PairedTable) -> float:
    """The mid-p variant, less conservative than the exact test (Fagerland et al., BMC Med Res Meth 13:91, 2013).

    The observed table counts half in each tail, so a balanced one gives 1.
    """
    count, small = table.n10 + table.n01, min(table.n10, table.n01)
    if table.n10 == table.n01:
        return 1.0
    return mcnemar_exact(table) - float(Fraction(math.comb(count, small), 2**count))


def tango(table: PairedTable, *, confidence: float = 0.95, tail: Tail = "both") -> Interval:
    """Tango's score interval for rate(B) - rate(A) of paired trials (Statistics in Medicine 17, 1998).

    Raises `ValueError` for an empty table.
    """
    if not table.total:
        raise ValueError("a paired difference needs at least one pair")
    z = normal_quantile(upper_probability(confidence, tail))
    lower = _crossing(lambda delta: _tango_score(table, delta) > z, -1.0, table.difference)
    upper = _crossing(lambda delta: _tango_score(table, delta) > -z, table.difference, 1.0)
    return Interval(lower=lower, upper=upper)


def _tango_score(table: PairedTable, delta: float) -> float:
    """The score statistic at a hypothetical difference; falls as `delta` rises."""
    count, gains, losses = table.total, table.n01, table.n10
    linear = -gains - losses + (2 * count - gains + losses) * delta
    constant = -losses * delta * (1 - delta)
    root = math.sqrt(max(0.0, linear * linear - 8 * count * constant))
    nuisance = (root - linear) / (4 * count)
    variance = count * (2 * nuisance + delta * (1 - delta))
    distance = gains - losses - count * delta
    if variance <= 0:
        return 0.0 if distance == 0 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def _crossing(is_left: Callable[[float], bool], low: float, high: float) -> float:
    """Where a statement that is true on the left becomes false, by bisection to the last bit or so."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if is_left(middle) else (low, middle)
    return (low + high) / 2


# Many trials per case, many hypotheses


def sign_flip(sums: Sequence[Fraction]) -> float:
    """Exact two-sided sign-flip p-value of "the clusters' sums are symmetric about zero".

    The distribution over all 2^T sign patterns comes from one convolution on a common denominator, so no random
    draws are needed.
    """
    scale = math.lcm(*(value.denominator for value in sums)) if sums else 1
    steps = [int(abs(value) * scale) for value in sums if value]
    counts = {0: 1}
    for step in steps:
        following: dict[int, int] = {}
        for total, ways in counts.items():
            following[total + step] = following.get(total + step, 0) + ways
            following[total - step] = following.get(total - step, 0) + ways
        counts = following
    seen = abs(sum(int(value * scale) for value in sums))
    return float(Fraction(sum(ways for total, ways in counts.items() if abs(total) >= seen), 2 ** len(steps)))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values that keep the chance of any false rejection (Holm, Scand. J. Statistics 6, 1979)."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, running = [1.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return tuple(adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values that keep the share of false rejections (JRSS B 57, 1995); for exploration only."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i], reverse=True)
    adjusted, running = [1.0] * len(p_values), 1.0
    for rank, i in enumerate(order):
        running = min(running, p_values[i] * len(p_values) / (len(p_values) - rank))
        adjusted[i] = running
    return tuple(adjusted)


# Looking while it runs


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordantBets:
    """An e-process on discordant pairs: capital won by betting that losses (or gains) prevail.

    The hypothesis of each side is "at most half of the discordant pairs go this way". The stake is a mixture of all
    constant bets, weighted by the half of a Beta(1/2, 1/2) that favours the side; the capital then has a closed
    form in the two counts, and by Ville's inequality exceeds c at any time with probability at most 1/c.
    """

    losses: int = 0
    gains: int = 0

    def observe(self, a_passed: bool, b_passed: bool) -> DiscordantBets:
        """The process after one more pair; agreeing pairs carry no stake."""
        return DiscordantBets(
            losses=self.losses + (a_passed and not b_passed), gains=self.gains + (b_passed and not a_passed)
        )

    @property
    def e_loss(self) -> float:
        """Evidence that B loses more than it gains."""
        return _capital(self.losses, self.gains)

    @property
    def e_gain(self) -> float:
        """Evidence that B gains more than it loses."""
        return _capital(self.gains, self.losses)

    @property
    def e_either(self) -> float:
        """Evidence that B differs in either direction: the capital of one who staked half on each side."""
        return (self.e_loss + self.e_gain) / 2

    def is_decided(self, axes: int, alpha: float = 0.05) -> bool:
        """Whether an axis may stop early, with error alpha over all `axes` together (union bound: e >= axes/alpha)."""
        return self.e_either >= axes / alpha


def _capital(wins: int, defeats: int) -> float:
    share = _special("betaincc", wins + 0.5, defeats + 0.5, 0.5)
    if share <= 0:
        return 0.0
    log_beta = _special("betaln", wins + 0.5, defeats + 0.5) - _special("betaln", 0.5, 0.5)
    return math.exp(min(700.0, math.log(2 * share) + log_beta + (wins + defeats) * math.log(2)))


# How many are needed


def pairs_needed(drop: float, discordant: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Pairs of single trials that show a true `drop` two-sided (Connor, Biometrics 43, 1987).

    Exact tests need about 15 % more. Raises `ValueError` unless 0 < drop <= discordant <= 1.
    """
    if not 0 < drop <= discordant <= 1:
        raise ValueError(f"need 0 < drop <= discordant <= 1; got drop {drop}, discordant {discordant}")
    spread = normal_quantile(1 - alpha / 2) * math.sqrt(discordant)
    spread += normal_quantile(power) * math.sqrt(discordant - drop * drop)
    return math.ceil((spread / drop) ** 2)


def pairs_needed_for_margin(margin: float, discordant: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Pairs of single trials that show "no more than `margin` lost", one-sided, when nothing is lost."""
    if not (0 < margin <= 1 and 0 < discordant <= 1):
        raise ValueError(f"need 0 < margin, discordant <= 1; got margin {margin}, discordant {discordant}")
    z = normal_quantile(1 - alpha) + normal_quantile(power)
    return math.ceil(z * z * discordant / (margin * margin))


def cases_needed(
    difference: float, *, within: float, between: float, trials: int, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Cases with `trials` trials per arm that show a true `difference` two-sided.

    `within` is the variance of one trial around its case's rate, `between` that of the cases' true differences.
    """
    z = normal_quantile(1 - alpha / 2) + normal_quantile(power)
    return math.ceil(z * z * (between + 2 * within / trials) / (difference * difference))
