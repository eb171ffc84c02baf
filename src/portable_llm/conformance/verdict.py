"""From a score to a word: may one switch, on each axis and overall?

A verdict rests on bounds, never on points, and says INCONCLUSIVE when the bounds do not decide. Two claims are kept
apart because they need opposite care: "every axis is portable" holds only if each axis shows it at full alpha
(intersection-union, no correction); "some axis is not" is one finding among many looks and is corrected (Holm).
Blockers are not compensated by anything.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from portable_llm.conformance.estimate import MINIMUM_TEMPLATES, Estimate
from portable_llm.conformance.figures import Json, object_form
from portable_llm.conformance.score import HEADLINE, AxisScore, Score
from portable_llm.conformance.statistics import (
    Interval,
    RatioEstimate,
    clopper_pearson,
    holm,
    normal_quantile,
    wilson,
)
from portable_llm.conformance.tally import CaseTally, is_lost_capability
from portable_llm.conformance.trials import Lane

Word: TypeAlias = Literal["PORTABLE", "NOT PORTABLE", "INCONCLUSIVE", "INCOMPLETE"]
Depth: TypeAlias = Literal["smoke", "quick", "standard", "full", "certified"]
Reason: TypeAlias = Literal[
    "clears_margin",
    "below_margin",
    "blocker",
    "not_resolved",
    "few_templates",
    "noise_not_corrected",
    "pooled_not_resolved",
    "must_family",
    "smoke",
    "infra",
    "no_evidence",
    "unfinished",
]
BlockerKind: TypeAlias = Literal["contract", "capability", "safety"]

ALPHA = 0.05
"""Error of each one-sided bound and of the Holm family."""
POWER = 0.8
"""Power for which the trials still needed are estimated."""
MOST_TEMPLATES = 100_000
"""An axis that would need more than this is reported as not decidable."""
EVERY_AXIS_MARGIN = 10.0
"""Overall PORTABLE needs each used axis above 100 minus this many points."""
POOLED_MARGIN = 5.0
"""Overall PORTABLE needs the pooled R above 100 minus this many points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a depth runs and what it may conclude."""

    templates: int
    """Templates per axis."""
    instances: int
    """Cases per template."""
    trials: int
    """Trials per case and arm."""
    margin: float
    """Non-inferiority margin per axis, in points."""
    must_margin: float | None = None
    """Margin for families whose cases are all `must`; `None` when they are not judged apart."""
    may_be_portable: bool = True


DEPTHS: Mapping[Depth, Rules] = {
    "smoke": Rules(templates=6, instances=1, trials=1, margin=10.0, may_be_portable=False),
    "quick": Rules(templates=40, instances=1, trials=1, margin=10.0),
    "standard": Rules(templates=40, instances=2, trials=3, margin=10.0),
    "full": Rules(templates=40, instances=2, trials=5, margin=5.0),
    "certified": Rules(templates=40, instances=2, trials=5, margin=5.0, must_margin=2.0),
}


# Blockers


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """Something A does and B does not, which no mean may outweigh."""

    kind: BlockerKind
    """`contract`: a `must` kept by A and not by B; `capability`: used and not available at B; `safety`."""
    axis: str
    family: str
    template: str | None
    """`None` when the whole family is concerned."""
    a_passes: int
    a_trials: int
    b_passes: int
    b_trials: int
    codes: Mapping[str, int]
    """How often B's trials gave each reason code."""


def find_blockers(
    cases: Iterable[CaseTally],
    *,
    used_axes: Collection[str],
    safety_families: Collection[tuple[str, str]] = (),
) -> tuple[Blocker, ...]:
    """All blockers on the used axes, in the headline lane.

    `safety_families` names the (axis, family) pairs whose `must` cases are safety contracts: there a single failure
    of B blocks when A shows none. That is deliberately strict, and the one rule by which a vendor whose own safety
    is flaky could block against itself.
    """
    families: dict[tuple[str, str], list[CaseTally]] = defaultdict(list)
    for case in cases:
        if case.axis in used_axes and case.is_usable and case.lane(HEADLINE).scored:
            families[case.axis, case.family].append(case)
    found: list[Blocker] = []
    for key in sorted(families):
        lost = [case for case in families[key] if is_lost_capability(case, HEADLINE)]
        rest = [c for c in families[key] if c.tier == "must" and not is_lost_capability(c, HEADLINE)]
        if lost:
            found.append(_blocker("capability", lost, lost[0].template if _is_one_template(lost) else None))
        if key in safety_families and _is_new_failure(rest):
            found.append(_blocker("safety", [c for c in rest if _failures(c)], None))
        else:
            found.extend(_contract_blockers(rest))
    return tuple(found)


def _contract_blockers(cases: Sequence[CaseTally]) -> list[Blocker]:
    """The family when it is broken as a whole, else its broken templates."""
    if _is_broken(cases):
        return [_blocker("contract", cases, None)]
    templates: dict[str, list[CaseTally]] = defaultdict(list)
    for case in cases:
        templates[case.template].append(case)
    return [_blocker("contract", group, name) for name, group in sorted(templates.items()) if _is_broken(group)]


def _is_broken(cases: Sequence[CaseTally]) -> bool:
    """Whether A surely passes more than half of the time and B surely less, on these very cases.

    The bounds are exact, because Wilson's are too narrow for a handful of trials: five of five against none of five
    is the least that blocks, and A against itself does so with probability below ALPHA squared per contract. The
    trials of a fixed set of cases are independent given the cases, so no cluster correction applies.
    """
    a, b = _counts(cases, "home"), _counts(cases, HEADLINE)
    if not (a[1] and b[1]):
        return False
    keeps = clopper_pearson(*a, confidence=1 - ALPHA, tail="one").lower > 0.5
    return keeps and clopper_pearson(*b, confidence=1 - ALPHA, tail="one").upper < 0.5


def _counts(cases: Iterable[CaseTally], lane: Lane) -> tuple[int, int]:
    tallies = [case.lane(lane) for case in cases]
    return sum(tally.passes for tally in tallies), sum(tally.scored for tally in tallies)


def _failures(case: CaseTally) -> int:
    return case.lane(HEADLINE).scored - case.lane(HEADLINE).passes


def _is_new_failure(cases: Sequence[CaseTally]) -> bool:
    passes, scored = _counts(cases, "home")
    return passes == scored > 0 and any(_failures(case) for case in cases)


def _is_one_template(cases: Sequence[CaseTally]) -> bool:
    return len({case.template for case in cases}) == 1


def _blocker(kind: BlockerKind, cases: Sequence[CaseTally], template: str | None) -> Blocker:
    (a_passes, a_trials), (b_passes, b_trials) = _counts(cases, "home"), _counts(cases, HEADLINE)
    codes = Counter(code for case in cases for code in case.lane(HEADLINE).codes)
    return Blocker(
        kind=kind,
        axis=cases[0].axis,
        family=cases[0].family,
        template=template,
        a_passes=a_passes,
        a_trials=a_trials,
        b_passes=b_passes,
        b_trials=b_trials,
        codes=dict(sorted(codes.items())),
    )


# What would decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """About how much evidence would decide an inconclusive axis, if what was seen so far is the truth."""

    templates: int
    """N*: templates in all."""
    more_trials: int
    """Further trials, both arms together."""
    share: float
    """q = N / N*: how much of the needed evidence exists."""
    repeat_home: bool
    """Whether A must be tried again first, because one trial cannot tell its noise from a loss."""


def trials_needed(estimate: Estimate, *, margin: float, trials_per_template: float) -> Needed | None:
    """What an axis still needs to be decided with 80 % power; `None` when no amount would (R sits on the margin).

    With one trial of A and a share kept below the margin, more templates cannot help: then the present ones must be
    tried again at A, which is what `repeat_home` says.
    """
    repeat = estimate.method == "kept" and estimate.bounds is not None and (estimate.ratio or 0.0) <= 100 - margin
    templates = estimate.templates if repeat else _templates_needed(estimate, margin)
    if templates is None:
        return None
    more = estimate.templates if repeat else max(0, templates - estimate.templates)
    return Needed(
        templates=templates,
        more_trials=math.ceil(more * trials_per_template),
        share=0.5 if repeat else min(1.0, estimate.templates / templates),
        repeat_home=repeat,
    )


def _templates_needed(estimate: Estimate, margin: float) -> int | None:
    # With nothing lost at all the rule of three is what must clear the margin.
    least = max(MINIMUM_TEMPLATES, math.floor(300 / margin) + 1)
    if estimate.ratio is None or estimate.bounds is None or estimate.lossy_templates == 0:
        return least
    low, high = MINIMUM_TEMPLATES, MINIMUM_TEMPLATES
    while not _would_decide(estimate, high, 100 - margin):
        low, high = high, 2 * high
        if high > MOST_TEMPLATES:
            return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _would_decide(estimate, middle, 100 - margin) else (middle + 1, high)
    return high


def _would_decide(estimate: Estimate, templates: int, threshold: float) -> bool:
    """Whether this many templates like those seen would put a bound on one side of the threshold.

    R is taken to come out as far on the unlucky side as it does in one run of five (the power).
    """
    ratio, luck = estimate.ratio or 0.0, normal_quantile(POWER)
    if estimate.error is None:
        size = estimate.effective_cases * templates / estimate.templates
        rate = max(0.0, ratio / 100 - luck * math.sqrt(ratio / 100 * (1 - ratio / 100) / size))
        return 100 * wilson(rate * size, size, tail="one").lower > threshold
    error = estimate.error * math.sqrt(estimate.templates / templates)
    projected = RatioEstimate(ratio=ratio, error=error, clusters=templates, skewness=estimate.skewness or 0.0)
    bounds = projected.interval(1 - ALPHA, "one")
    return bounds.lower - luck * error > threshold or bounds.upper + luck * error < threshold


# Axes


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisVerdict:
    """The word on one axis and what it rests on."""

    axis: str
    word: Word
    reason: Reason
    margin: float
    lower: float | None
    """One-sided 95 % bounds of R in percent; `None` when there is no interval."""
    upper: float | None
    p_value: float | None
    """One-sided p-value of "R is within the margin"; `None` where noise is not corrected."""
    p_holm: float | None
    """The same, Holm-adjusted over the used axes that have one."""
    needed: Needed | None
    """Only when INCONCLUSIVE for want of evidence."""


def _axis_verdict(
    axis: AxisScore, rules: Rules, p_holm: float | None, is_blocked: bool, per_template: float
) -> AxisVerdict:
    estimate = axis.headline
    word, reason = ("NOT PORTABLE", "blocker") if is_blocked else _axis_word(axis, rules)
    is_open = word == "INCONCLUSIVE" and reason != "smoke"
    return AxisVerdict(
        axis=axis.axis,
        word=word,
        reason=reason,
        margin=rules.margin,
        lower=None if estimate.bounds is None else estimate.bounds.lower,
        upper=None if estimate.bounds is None else estimate.bounds.upper,
        p_value=estimate.p_at_least(100 - rules.margin),
        p_holm=p_holm,
        needed=trials_needed(estimate, margin=rules.margin, trials_per_template=per_template) if is_open else None,
    )


def _axis_word(axis: AxisScore, rules: Rules) -> tuple[Word, Reason]:
    estimate, threshold = axis.headline, 100 - rules.margin
    if axis.status == "no_evidence":
        return "INCOMPLETE", "no_evidence"
    if axis.status == "incomplete":
        return "INCOMPLETE", "infra"
    if estimate.bounds is None:
        return "INCONCLUSIVE", "few_templates"
    if estimate.bounds.lower > threshold:
        return _if_allowed(axis, rules)
    if estimate.method == "kept":
        return "INCONCLUSIVE", "noise_not_corrected"
    if estimate.bounds.upper < threshold:
        return "NOT PORTABLE", "below_margin"
    return "INCONCLUSIVE", "not_resolved"


def _if_allowed(axis: AxisScore, rules: Rules) -> tuple[Word, Reason]:
    if not rules.may_be_portable:
        return "INCONCLUSIVE", "smoke"
    if not _keeps_must_families(axis, rules):
        return "INCONCLUSIVE", "must_family"
    return "PORTABLE", "clears_margin"


def _keeps_must_families(axis: AxisScore, rules: Rules) -> bool:
    if rules.must_margin is None:
        return True
    must = [family for family in axis.families if family.is_must and family.estimate.ratio is not None]
    return all((family.lower or 0.0) > 100 - rules.must_margin for family in must)


# Overall


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer of a comparison."""

    word: Word
    reasons: tuple[Reason, ...]
    """All that led to the word, in alphabetical order."""
    depth: Depth
    blockers: tuple[Blocker, ...]
    axes: Mapping[str, AxisVerdict]
    """Used axes only."""
    pooled_lower: float | None
    """One-sided 95 % lower bound of the pooled R, in percent."""

    def to_json(self) -> dict[str, Json]:
        """The verdict with its figures rounded to 6 digits."""
        return object_form(self)


def judge_score(
    score: Score,
    *,
    depth: Depth = "standard",
    safety_families: Collection[tuple[str, str]] = (),
    is_finished: bool = True,
) -> Verdict:
    """The verdict on a score under the rules of a depth; an unfinished run can only say what is already lost."""
    rules = DEPTHS[depth]
    used = [score.axes[axis] for axis in score.weights]
    blockers = find_blockers(score.cases, used_axes=score.weights, safety_families=safety_families)
    blocked = {blocker.axis for blocker in blockers}
    adjusted = _holm_over(used, rules.margin)
    axes = {
        axis.axis: _axis_verdict(
            axis, rules, adjusted.get(axis.axis), axis.axis in blocked, _trials_per_template(score.cases, axis.axis)
        )
        for axis in used
    }
    pooled = None if score.pooled.bounds is None else score.pooled.bounds.lower
    word, reasons = _overall_word(axes, rules, pooled, is_finished)
    return Verdict(word=word, reasons=reasons, depth=depth, blockers=blockers, axes=axes, pooled_lower=pooled)


def _holm_over(axes: Iterable[AxisScore], margin: float) -> dict[str, float]:
    found = {axis.axis: axis.headline.p_at_least(100 - margin) for axis in axes if axis.status == "scored"}
    tested = {axis: p for axis, p in found.items() if p is not None}
    return dict(zip(tested, holm(list(tested.values())), strict=True))


def _trials_per_template(cases: Iterable[CaseTally], axis: str) -> float:
    """Scored trials per template, both arms of the headline together."""
    rows = [case for case in cases if case.axis == axis and case.is_usable]
    templates = {(case.family, case.template) for case in rows}
    trials = sum(case.lane("home").scored + case.lane(HEADLINE).scored for case in rows)
    return trials / len(templates) if templates else 0.0


def _overall_word(
    axes: Mapping[str, AxisVerdict], rules: Rules, pooled: float | None, is_finished: bool
) -> tuple[Word, tuple[Reason, ...]]:
    """NOT PORTABLE outranks INCOMPLETE: what was found does not go away with what was not looked at."""
    if against := _reasons_against(axes.values()):
        return "NOT PORTABLE", against
    if not is_finished:
        return "INCOMPLETE", ("unfinished",)
    if not axes:
        return "INCOMPLETE", ("no_evidence",)
    if missing := _ordered(axis.reason for axis in axes.values() if axis.word == "INCOMPLETE"):
        return "INCOMPLETE", missing
    if doubts := _doubts(axes.values(), rules, pooled):
        return "INCONCLUSIVE", doubts
    return "PORTABLE", ("clears_margin",)


def _reasons_against(axes: Iterable[AxisVerdict]) -> tuple[Reason, ...]:
    reasons: list[Reason] = []
    for axis in axes:
        if axis.reason == "blocker":
            reasons.append("blocker")
        if axis.p_holm is not None and axis.p_holm <= ALPHA:
            reasons.append("below_margin")
    return _ordered(reasons)


def _doubts(axes: Collection[AxisVerdict], rules: Rules, pooled: float | None) -> tuple[Reason, ...]:
    reasons: list[Reason] = [] if rules.may_be_portable else ["smoke"]
    for axis in axes:
        if axis.word == "NOT PORTABLE" or axis.lower is None or axis.lower <= 100 - EVERY_AXIS_MARGIN:
            reasons.append(axis.reason if axis.word != "PORTABLE" else "not_resolved")
        elif axis.reason == "must_family":
            reasons.append("must_family")
    if pooled is None or pooled <= 100 - POOLED_MARGIN:
        reasons.append("pooled_not_resolved")
    return _ordered(reasons)


def _ordered(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(sorted(dict.fromkeys(reasons)))


def headline(score: Score, verdict: Verdict) -> str:
    """One line, e.g. `91 (88-94) | floor 68 tools/parallel | 2 blockers | 9/9 axes`, or `INCOMPLETE 7/9` in front."""
    overall = score.overall
    axes = f"{overall.axes_with_evidence}/{overall.axes_used}"
    blockers = f"{len(verdict.blockers)} blocker{'' if len(verdict.blockers) == 1 else 's'}"
    weakest = overall.floor
    floor = f"floor {math.floor(weakest.lower)} {weakest.axis}/{weakest.family}" if weakest else "no floor"
    if overall.value is None or "unfinished" in verdict.reasons:
        return f"INCOMPLETE {axes} | {floor} | {blockers}"
    return f"{_whole(overall.value)}{_span(overall.interval)} | {floor} | {blockers} | {axes} axes"


def _whole(value: float) -> int:
    """The nearest whole number, but 100 only when nothing is missing."""
    return min(99, round(value)) if value < 100 else 100


def _span(interval: Interval | None) -> str:
    """Bounds in whole points, rounded outwards."""
    return " (no interval)" if interval is None else f" ({math.floor(interval.lower)}-{math.ceil(interval.upper)})"
