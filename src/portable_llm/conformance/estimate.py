"""R on a set of cases: how much of what A reliably does B does too, and how well that is known.

With a = P(pass | A, home), b = P(pass | B, lane) and a weight w per case:  R = sum w a b / sum w a^2.

* `corrected` (two or more trials of A): a^2 is estimated by pairs of distinct trials, s(s-1) / (k(k-1)), so A against
  itself is 100 in expectation: flaky cases count less, and A's own noise is not called lock-in.
* `kept` (one trial of A): the plain share n11 / (n11 + n10), which still contains A's noise.

Weights depend on which cases could be scored and never on what came out: equal per family, then per template, then
per case. That is why a case that A never passes "leaves" R without moving any other weight (both of its terms are
zero), and why a lucky trial cannot make other losses count less. infra and invalid rows are missing data.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from portable_llm.conformance.statistics import (
    Interval,
    RatioEstimate,
    effective_size,
    ratio_t,
    rule_of_three,
    wilson,
)
from portable_llm.conformance.tally import CaseTally
from portable_llm.conformance.trials import Lane

Method: TypeAlias = Literal["corrected", "kept"]

MINIMUM_TEMPLATES = 20
"""Fewer clusters than this give no interval: the t interval covers less than 88 % there (suite reference §6)."""
CAP_NOTICE = 3.0
"""Points by which the capped ratio must be lower than R to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One case as R sees it: A's trials, B's trials, the weight."""

    template: tuple[str, str, str]
    a_passes: int
    a_trials: int
    b_passes: int
    b_trials: int
    weight: float

    @property
    def a(self) -> float:
        """A's pass rate."""
        return self.a_passes / self.a_trials

    @property
    def b(self) -> float:
        """B's pass rate."""
        return self.b_passes / self.b_trials

    @property
    def carries_evidence(self) -> bool:
        """Whether A passed at all, so that there is something to keep."""
        return self.a_passes > 0

    def square(self, method: Method) -> float:
        """What the case adds to the denominator, before its weight."""
        if method == "kept":
            return self.a
        return self.a_passes * (self.a_passes - 1) / (self.a_trials * (self.a_trials - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """R on a set of cases with everything needed to judge how well it is known. Rates are in percent."""

    method: Method
    cases: int
    """Cases scored in both arms."""
    templates: int
    """Templates in which A passed at all: the number of independent observations."""
    lossy_templates: int
    """Templates with a case that A passed and B failed at least once."""
    never_at_home: int
    """Cases that A never passed: no behaviour to keep."""
    gained: int
    """Those of them that B passed at least once; never offsets a loss."""
    ratio: float | None
    """R, not cut at 100; `None` means NO EVIDENCE."""
    error: float | None
    """Linearised standard error of R over templates (`corrected`, from `MINIMUM_TEMPLATES` on)."""
    skewness: float | None
    """Skewness of the templates' residuals; the bounds are corrected for it."""
    interval: Interval | None
    """Two-sided 95 % interval of R, for print."""
    bounds: Interval | None
    """One-sided 95 % bounds of R, for verdicts."""
    unstable_share: float | None
    """Share of the cases A passes at all that it passes less than half of the time."""
    capped_ratio: float | None
    """R with each b cut at a (biased low); only when more than `CAP_NOTICE` points below R."""
    effective_cases: float
    """n_eff: what the evidence would be worth as independent cases."""

    @property
    def portability(self) -> float | None:
        """P = min(100, R)."""
        return None if self.ratio is None else min(100.0, self.ratio)

    def p_at_least(self, threshold: float) -> float | None:
        """One-sided p-value of "R is at least `threshold` percent"; `None` where noise is not corrected."""
        if self.ratio is None or self.error is None:
            return None
        linear = RatioEstimate(
            ratio=self.ratio, error=self.error, clusters=self.templates, skewness=self.skewness or 0.0
        )
        return linear.p_at_least(threshold)


def method_for(cases: Iterable[CaseTally]) -> Method:
    """`corrected` when at least half of the usable cases have two scored trials of A, else `kept`."""
    trials = [case.lane("home").scored for case in cases if case.is_usable]
    repeated = sum(count >= 2 for count in trials)
    return "corrected" if repeated and 2 * repeated >= len(trials) else "kept"


def pairs_of(
    cases: Sequence[CaseTally], lane: Lane, method: Method, axis_weights: Mapping[str, float] | None = None
) -> list[Pair]:
    """The cases scored in both arms, weighted; `axis_weights` only when axes are pooled."""
    needed = 2 if method == "corrected" else 1
    scored = [c for c in cases if c.is_usable and c.lane("home").scored >= needed and c.lane(lane).scored > 0]
    uniform = [1 / len(scored) for _ in scored]
    weights = _hierarchical_weights(scored, axis_weights) if method == "corrected" else uniform
    return [_pair(case, lane, weight) for case, weight in zip(scored, weights, strict=True)]


def _pair(case: CaseTally, lane: Lane, weight: float) -> Pair:
    home, away = case.lane("home"), case.lane(lane)
    return Pair(
        template=(case.axis, case.family, case.template),
        a_passes=home.passes,
        a_trials=home.scored,
        b_passes=away.passes,
        b_trials=away.scored,
        weight=weight,
    )


def _hierarchical_weights(cases: Sequence[CaseTally], axis_weights: Mapping[str, float] | None) -> list[float]:
    """Equal per family, then per template, then per case; axes by their usage weight."""
    in_template = Counter((c.axis, c.family, c.template) for c in cases)
    in_family = Counter((axis, family) for axis, family, _ in in_template)
    in_axis = Counter(axis for axis, _ in in_family)
    return [
        (1.0 if axis_weights is None else axis_weights[c.axis])
        / (in_axis[c.axis] * in_family[c.axis, c.family] * in_template[c.axis, c.family, c.template])
        for c in cases
    ]


def by_template(pairs: Iterable[Pair]) -> dict[tuple[str, str, str], list[Pair]]:
    """The templates in which A passed at all, with all their cases."""
    groups: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.template].append(pair)
    return {key: group for key, group in groups.items() if any(pair.carries_evidence for pair in group)}


def totals(groups: Collection[Sequence[Pair]], term: Callable[[Pair], float]) -> list[float]:
    """The weighted sum of a term per group."""
    return [math.fsum(pair.weight * term(pair) for pair in group) for group in groups]


def estimate_of(pairs: Sequence[Pair], method: Method) -> Estimate:
    """R and its uncertainty on these cases."""
    groups = list(by_template(pairs).values())
    evident = [[pair for pair in group if pair.carries_evidence] for group in groups]
    kept = totals(groups, lambda pair: pair.a * pair.b)
    home = totals(groups, lambda pair: pair.square(method))
    ratio = math.fsum(kept) / math.fsum(home) if math.fsum(home) > 0 else None
    size = effective_size([[pair.b for pair in group] for group in evident])
    lossy = sum(any(pair.b_passes < pair.b_trials for pair in group) for group in evident)
    keeping = sum(any(pair.b_passes for pair in group) for group in evident)
    error = skewness = interval = bounds = None
    if ratio is not None and len(groups) >= MINIMUM_TEMPLATES and method == "kept":
        interval, bounds = wilson_bounds(ratio, size)
    elif ratio is not None and len(groups) >= MINIMUM_TEMPLATES:
        linear = ratio_t(kept, home)
        error, skewness = linear.error * 100, linear.skewness
        interval, bounds = _ratio_bounds(linear, lossy, keeping)
    return Estimate(
        method=method,
        cases=len(pairs),
        templates=len(groups),
        lossy_templates=lossy,
        never_at_home=sum(not pair.carries_evidence for pair in pairs),
        gained=sum(not pair.carries_evidence and pair.b_passes > 0 for pair in pairs),
        ratio=None if ratio is None else ratio * 100,
        error=error,
        skewness=skewness,
        interval=interval,
        bounds=bounds,
        unstable_share=_unstable_share(evident),
        capped_ratio=_capped(groups, home, ratio),
        effective_cases=size,
    )


def _unstable_share(evident: Collection[Sequence[Pair]]) -> float | None:
    rates = [pair.a for group in evident for pair in group]
    return 100 * sum(rate < 0.5 for rate in rates) / len(rates) if rates else None


def _capped(groups: Collection[Sequence[Pair]], home: Sequence[float], ratio: float | None) -> float | None:
    if ratio is None:
        return None
    capped = math.fsum(totals(groups, lambda pair: pair.a * min(pair.a, pair.b))) / math.fsum(home)
    return capped * 100 if (ratio - capped) * 100 > CAP_NOTICE else None


def wilson_bounds(rate: float, size: float) -> tuple[Interval, Interval]:
    """Printed interval and verdict bounds of a plain rate, in percent; `size` is n_eff."""
    successes = min(size, rate * size)
    return wilson(successes, size).scaled(100), wilson(successes, size, tail="one").scaled(100)


def _ratio_bounds(linear: RatioEstimate, lossy: int, keeping: int) -> tuple[Interval, Interval]:
    """Printed interval and verdict bounds, widened by the rule of three where nothing varied.

    With no lossy template seen the linearised error is zero or nearly so, which would claim certainty.
    """
    unseen = rule_of_three(linear.clusters)
    widened: list[Interval] = []
    for interval in (linear.interval(), linear.interval(tail="one")):
        lower = interval.lower if lossy else min(interval.lower, 1 - unseen)
        upper = interval.upper if keeping else max(interval.upper, unseen)
        widened.append(Interval(lower=max(0.0, lower) * 100, upper=upper * 100))
    return widened[0], widened[1]
