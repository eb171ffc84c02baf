"""The score of one comparison, axis by axis and overall: a pure function of trials, in percent.

P = 100 min(1, R) per lane (see `estimate`). The headline is never one number alone: it comes with its interval, the
weakest family, the range over all weightings, and how many of the used axes carry evidence.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Literal, TypeAlias

from portable_llm.conformance.estimate import (
    MINIMUM_TEMPLATES,
    Estimate,
    Method,
    Pair,
    by_template,
    estimate_of,
    method_for,
    pairs_of,
    totals,
    wilson_bounds,
)
from portable_llm.conformance.figures import Json, object_form
from portable_llm.conformance.statistics import Interval, benjamini_hochberg, combine, ratio_t, sign_flip
from portable_llm.conformance.tally import CaseTally, infra_share, is_lost_capability, tally
from portable_llm.conformance.trials import LANES_OF_B, Lane, Trial

AxisStatus: TypeAlias = Literal["scored", "incomplete", "no_evidence"]

INFRA_LIMIT = 0.02
"""An axis with a larger share of infra trials in either arm is INCOMPLETE."""
HEADLINE: Lane = "norm"
"""The lane of the headline: through the library, without tuning for B."""


# Axes


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneScore:
    """One lane of an axis: R and what is not in it."""

    lane: Lane
    estimate: Estimate
    missing: int
    """Usable cases without enough scored trials in either arm (infra)."""
    unsupported: int
    """Cases that A passes and for which B says "not available" every time."""
    rejected: int
    """Cases of which B refused a request."""
    codes: Mapping[str, int]
    """How often each reason code occurs in B's trials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decomposition:
    """100 = raw + removed + residual, in points of P, on the cases scored in both lanes."""

    cases: int
    raw: float
    removed: float
    """Lock-in that the library removes; negative is a defect of the library."""
    residual: float
    """Lock-in that stays."""
    removed_interval: Interval | None
    """Two-sided 95 % interval of R(norm) - R(raw), neither cut at 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyScore:
    """One family in the headline lane."""

    axis: str
    family: str
    is_must: bool
    """Whether all of its cases are `must`."""
    estimate: Estimate
    lower: float | None
    """One-sided 95 % lower bound of P in percent, also below `MINIMUM_TEMPLATES` (then Wilson with n_eff: rough)."""
    p_value: float
    """Two-sided exact sign-flip over templates, B against A. Exploration only."""
    q_value: float
    """The same adjusted over all families (Benjamini-Hochberg)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisScore:
    """Everything the report prints about one axis."""

    axis: str
    status: AxisStatus
    cases: int
    unsupported_at_home: int
    """Cases that left because A does not have the capability."""
    invalid_cases: int
    """Cases that left because their judge failed its self-check."""
    infra_share_a: float
    """Percent of A's trials that ended in infra."""
    infra_share_b: float
    lanes: Mapping[Lane, LaneScore]
    decomposition: Decomposition | None
    """`None` unless raw and norm were both run and carry evidence."""
    decomposition_without_rejected: Decomposition | None
    """The same without the cases whose raw request B rejected."""
    families: tuple[FamilyScore, ...]

    @property
    def availability_delta(self) -> float:
        """Points by which B's trials end in infra more often than A's."""
        return self.infra_share_b - self.infra_share_a

    @property
    def headline(self) -> Estimate:
        """The estimate of the headline lane."""
        return self.lanes[HEADLINE].estimate


def _axis_score(axis: str, cases: Sequence[CaseTally]) -> AxisScore:
    method = method_for(cases)
    run: list[Lane] = [lane for lane in LANES_OF_B if lane == HEADLINE or any(lane in case.lanes for case in cases)]
    lanes: dict[Lane, LaneScore] = {lane: _lane_score(cases, lane, method) for lane in run}
    share_a, share_b = infra_share(cases, ("home",)), infra_share(cases, LANES_OF_B)
    return AxisScore(
        axis=axis,
        status=_status(lanes[HEADLINE].estimate, max(share_a, share_b)),
        cases=len(cases),
        unsupported_at_home=sum(case.is_unsupported_at_home for case in cases),
        invalid_cases=sum(case.is_invalid for case in cases),
        infra_share_a=100 * share_a,
        infra_share_b=100 * share_b,
        lanes=lanes,
        decomposition=_decompose(cases, method),
        decomposition_without_rejected=_decompose([c for c in cases if not c.lane("raw").rejected], method),
        families=_families(axis, cases, method),
    )


def _status(estimate: Estimate, infra: float) -> AxisStatus:
    if estimate.ratio is None:
        return "no_evidence"
    return "incomplete" if infra > INFRA_LIMIT else "scored"


def _lane_score(cases: Sequence[CaseTally], lane: Lane, method: Method) -> LaneScore:
    pairs = pairs_of(cases, lane, method)
    usable = [case for case in cases if case.is_usable]
    return LaneScore(
        lane=lane,
        estimate=estimate_of(pairs, method),
        missing=len(usable) - len(pairs),
        unsupported=sum(is_lost_capability(case, lane) for case in usable),
        rejected=sum(case.lane(lane).rejected for case in cases),
        codes=dict(sorted(Counter(code for case in cases for code in case.lane(lane).codes).items())),
    )


def _decompose(cases: Sequence[CaseTally], method: Method) -> Decomposition | None:
    common = [case for case in cases if case.lane("raw").scored and case.lane("norm").scored]
    raw, norm = pairs_of(common, "raw", method), pairs_of(common, "norm", method)
    p_raw, p_norm = estimate_of(raw, method).portability, estimate_of(norm, method).portability
    if p_raw is None or p_norm is None:
        return None
    return Decomposition(
        cases=len(norm),
        raw=p_raw,
        removed=p_norm - p_raw,
        residual=100 - p_norm,
        removed_interval=_removed_interval(raw, norm, method),
    )


def _removed_interval(raw: Sequence[Pair], norm: Sequence[Pair], method: Method) -> Interval | None:
    raw_groups, norm_groups = list(by_template(raw).values()), list(by_template(norm).values())
    if len(norm_groups) < MINIMUM_TEMPLATES:
        return None
    before = totals(raw_groups, lambda pair: pair.a * pair.b)
    after = totals(norm_groups, lambda pair: pair.a * pair.b)
    home = totals(norm_groups, lambda pair: pair.square(method))
    return ratio_t([n - r for n, r in zip(after, before, strict=True)], home).interval().scaled(100)


def _families(axis: str, cases: Sequence[CaseTally], method: Method) -> tuple[FamilyScore, ...]:
    groups: dict[str, list[CaseTally]] = defaultdict(list)
    for case in cases:
        groups[case.family].append(case)
    return tuple(_family_score(axis, family, groups[family], method) for family in sorted(groups))


def _family_score(axis: str, family: str, cases: Sequence[CaseTally], method: Method) -> FamilyScore:
    pairs = pairs_of(cases, HEADLINE, method)
    estimate = estimate_of(pairs, method)
    p_value = sign_flip(_template_differences(pairs))
    return FamilyScore(
        axis=axis,
        family=family,
        is_must=all(case.tier == "must" for case in cases),
        estimate=estimate,
        lower=_family_lower(estimate),
        p_value=p_value,
        q_value=p_value,  # adjusted once all families are known
    )


def _template_differences(pairs: Iterable[Pair]) -> list[Fraction]:
    sums: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    for pair in pairs:
        sums[pair.template] += Fraction(pair.b_passes, pair.b_trials) - Fraction(pair.a_passes, pair.a_trials)
    return list(sums.values())


def _family_lower(estimate: Estimate) -> float | None:
    if estimate.portability is None:
        return None
    if estimate.bounds is not None:
        return min(100.0, estimate.bounds.lower)
    return wilson_bounds(estimate.portability / 100, estimate.effective_cases)[1].lower


# All axes


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The family about which least can be claimed."""

    axis: str
    family: str
    lower: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Overall:
    """The headline: sum u P(norm) over the used axes, with what keeps it from hiding a gap."""

    value: float | None
    """`None` when a used axis lacks evidence: INCOMPLETE."""
    interval: Interval | None
    """Two-sided 95 %; `None` when an axis has no interval."""
    floor: Floor | None
    sensitivity: Interval | None
    """The range of the value over all possible weightings: lowest and highest axis."""
    axes_with_evidence: int
    axes_used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The whole result: a pure function of trials and usage weights."""

    axes: Mapping[str, AxisScore]
    weights: Mapping[str, float]
    """Usage weights of the used axes; they sum to 1."""
    overall: Overall
    pooled: Estimate
    """R over all templates of the used axes together, axes by weight."""
    cases: tuple[CaseTally, ...]

    def to_json(self) -> dict[str, Json]:
        """The score without the case rows, figures rounded to 6 digits."""
        return object_form({f.name: getattr(self, f.name) for f in fields(self) if f.name != "cases"})


def score(trials: Iterable[Trial], *, weights: Mapping[str, float] | None = None) -> Score:
    """Score all axes; `weights` names the used axes and how much each is used (default: equal over the axes seen).

    Raises `ValueError` when a trial occurs twice, or when weights are negative, not finite or all zero.
    """
    cases = tally(trials)
    by_axis: dict[str, list[CaseTally]] = defaultdict(list)
    for case in cases:
        by_axis[case.axis].append(case)
    used = _usage(weights if weights is not None else dict.fromkeys(by_axis, 1.0))
    scored = [_axis_score(axis, by_axis.get(axis, [])) for axis in sorted({*by_axis, *used})]
    axes = {axis.axis: axis for axis in _adjust(scored)}
    pooled = [case for case in cases if case.axis in used]
    # Noise can only be corrected for all axes or for none: one plain axis makes the pool plain.
    plain = any(axes[axis].headline.method == "kept" for axis in used)
    method: Method = "kept" if plain else "corrected"
    return Score(
        axes=axes,
        weights=used,
        overall=_overall([axes[axis] for axis in used], used),
        pooled=estimate_of(pairs_of(pooled, HEADLINE, method, used), method),
        cases=cases,
    )


def _usage(weights: Mapping[str, float]) -> dict[str, float]:
    if any(not math.isfinite(weight) or weight < 0 for weight in weights.values()):
        raise ValueError("usage weights must be finite and not negative")
    total = math.fsum(weights.values())
    if weights and total <= 0:
        raise ValueError("at least one usage weight must be positive")
    return {axis: weights[axis] / total for axis in sorted(weights) if weights[axis] > 0}


def _adjust(axes: Sequence[AxisScore]) -> list[AxisScore]:
    """The axes with each family's q-value, adjusted over all families of all axes."""
    adjusted = iter(benjamini_hochberg([family.p_value for axis in axes for family in axis.families]))
    return [
        replace(axis, families=tuple(replace(family, q_value=next(adjusted)) for family in axis.families))
        for axis in axes
    ]


def _overall(axes: Sequence[AxisScore], weights: Mapping[str, float]) -> Overall:
    scored = [axis for axis in axes if axis.status == "scored"]
    points = [axis.headline.portability or 0.0 for axis in scored]
    is_complete = bool(axes) and len(scored) == len(axes)
    shares = [weights[axis.axis] for axis in scored]
    return Overall(
        value=math.fsum(u * p for u, p in zip(shares, points, strict=True)) if is_complete else None,
        interval=_overall_interval(scored, shares, points) if is_complete else None,
        floor=_floor(axes),
        sensitivity=Interval(lower=min(points), upper=max(points)) if is_complete else None,
        axes_with_evidence=len(scored),
        axes_used=len(axes),
    )


def _overall_interval(axes: Sequence[AxisScore], shares: Sequence[float], points: Sequence[float]) -> Interval | None:
    found = [axis.headline.interval for axis in axes]
    # P is cut at 100, so its interval is too; a point must lie within its own interval.
    cut = [Interval(lower=min(100.0, i.lower), upper=min(100.0, i.upper)) for i in found if i is not None]
    return combine(shares, points, cut) if len(cut) == len(found) else None


def _floor(axes: Iterable[AxisScore]) -> Floor | None:
    families = [family for axis in axes for family in axis.families]
    floors = [Floor(axis=f.axis, family=f.family, lower=f.lower) for f in families if f.lower is not None]
    return min(floors, key=lambda floor: (floor.lower, floor.axis, floor.family), default=None)
