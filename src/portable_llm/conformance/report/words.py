"""What the figures mean, in words that a manager and an engineer both understand; shared by all reports."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from portable_llm.conformance.estimate import MINIMUM_TEMPLATES, Estimate
from portable_llm.conformance.report.model import Report, lane_counts
from portable_llm.conformance.score import AxisScore, Decomposition
from portable_llm.conformance.statistics import Interval
from portable_llm.conformance.trials import Lane
from portable_llm.conformance.verdict import ALPHA, DEPTHS, Blocker, Depth, Reason, Word

# Figures


def points(value: float) -> str:
    """Whole points; 100 only when nothing is missing, as in the headline."""
    return str(round(value) if value >= 100 or value < 0 else min(99, round(value)))


def span(interval: Interval) -> str:
    """The interval in whole points, rounded outwards and cut at 100 as P is."""
    return f"{math.floor(min(100.0, interval.lower))}–{math.ceil(min(100.0, interval.upper))}"


def signed_span(interval: Interval) -> str:
    """The interval of a difference: `-6 to +1`."""
    return f"{math.floor(interval.lower):+d} to {math.ceil(interval.upper):+d}"


def plural(count: int, noun: str, many: str | None = None) -> str:
    """`1 blocker`, `2 blockers`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def age(days: float) -> str:
    """An age in days, or that it is less than one."""
    return "less than a day" if days < 1 else plural(round(days), "day")


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """A decomposition in whole points that still sum to 100."""

    raw: int
    removed: int
    residual: int

    @property
    def norm(self) -> int:
        """What is kept through the library."""
        return self.raw + self.removed


def funnel(parts: Decomposition) -> Funnel:
    """Round raw and the sum, and let the other two follow, so that the printed parts sum to 100."""
    raw, norm = int(points(parts.raw)), int(points(parts.raw + parts.removed))
    return Funnel(raw=raw, removed=norm - raw, residual=100 - norm)


def without_interval(report: Report) -> list[str]:
    """The used axes that have counts only."""
    return [axis for axis in report.weights if report.axes[axis].headline.interval is None]


def overall_funnel(report: Report) -> Funnel | None:
    """The axes' decompositions by usage weight; `None` unless every used axis has one and enough templates for it."""
    parts = {axis: report.axes[axis].decomposition for axis in report.weights}
    known = [(report.weights[axis], part) for axis, part in parts.items() if part is not None]
    if not known or len(known) < len(parts) or without_interval(report):
        return None
    raw = math.fsum(weight * part.raw for weight, part in known)
    removed = math.fsum(weight * part.removed for weight, part in known)
    return funnel(Decomposition(cases=0, raw=raw, removed=removed, residual=0.0, removed_interval=None))


# Untrusted text

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def visible(text: str) -> str:
    """Control, bidirectional and other invisible characters (and lone surrogates) made visible.

    What a model answered must not steer a terminal, reorder a line, or make the report impossible to encode.
    """
    return _INVISIBLE.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)


# Verdict

TITLES: Mapping[Word, str] = {
    "PORTABLE": "Portable",
    "NOT PORTABLE": "Not portable",
    "INCONCLUSIVE": "Inconclusive",
    "INCOMPLETE": "Incomplete",
}

WHY: Mapping[Reason, str] = {
    "clears_margin": "the lower bound clears the margin",
    "below_margin": "more is lost than the margin allows",
    "blocker": "something that A does is missing at B",
    "not_resolved": "the interval still spans the margin",
    "few_templates": f"fewer than {MINIMUM_TEMPLATES} templates carry evidence, so there is no interval",
    "noise_not_corrected": "one trial per case cannot tell A's own noise from a loss",
    "pooled_not_resolved": "the lower bound over all axes together is not above 95",
    "must_family": "a family of must-keep contracts is not yet shown to be kept",
    "smoke": "depth smoke can find that something is broken, never that nothing is",
    "infra": "too many calls ended without an answer (rate limits, outages, timeouts)",
    "no_evidence": "A kept none of these contracts itself, so there is nothing to compare",
    "unfinished": "the run was stopped before its last call",
}
"""Reason of a verdict → half a sentence."""


def listed(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`; nothing when there are none."""
    *rest, last = [*words] or [""]
    return f"{', '.join(rest)} and {last}" if rest else last


def verdict_sentence(report: Report) -> str:
    """The verdict in one plain sentence."""
    match report.word:
        case "PORTABLE":
            return f"B does what A reliably does, within {points(_margin(report))} points on every axis measured."
        case "NOT PORTABLE":
            return _sentence_against(report)
        case "INCOMPLETE":
            if "unfinished" in report.reasons:
                return f"These figures are of a part only: {WHY['unfinished']}."
            axes = [axis for axis, verdict in report.verdicts.items() if verdict.word == "INCOMPLETE"]
            return f"There is no overall number: {_because(report, axes)}."
        case "INCONCLUSIVE":
            # What a depth can never show says more than the particular reasons, which follow from it.
            reasons: Sequence[Reason] = ("smoke",) if "smoke" in report.reasons else report.reasons
            return f"The evidence does not decide either way: {'; '.join(WHY[reason] for reason in reasons)}."


def _margin(report: Report) -> float:
    return DEPTHS[report.suite.depth].margin


def _sentence_against(report: Report) -> str:
    found: list[str] = []
    if report.blockers:
        count = plural(len(report.blockers), "blocker")
        found.append(f"B does not do what A does ({count}), and no average outweighs that")
    if "below_margin" in report.reasons:
        axes = [axis for axis, one in report.verdicts.items() if one.p_holm is not None and one.p_holm <= ALPHA]
        found.append(f"more than {points(_margin(report))} points are lost on {listed(axes)}")
    sentence = "; ".join(found) or "B does not keep what A does"
    return f"{sentence[0].upper()}{sentence[1:]}."


def _because(report: Report, axes: Sequence[str]) -> str:
    if not axes:
        return "no axis was measured"
    return "; ".join(f"on {axis}, {WHY[report.verdicts[axis].reason]}" for axis in axes)


def meaning(report: Report) -> list[str]:
    """What the result means, in a paragraph's sentences."""
    sentences = [_overall_sentence(report)]
    parts = overall_funnel(report)
    sentences.append(_counts_sentence(report) if parts is None else _funnel_sentence(report, parts))
    if report.overall.floor is not None:
        floor = report.overall.floor
        sure = math.floor(floor.lower)
        claim = f"only {sure} % is sure to be kept there" if sure > 0 else "nothing is sure to be kept there"
        sentences.append(f"The weakest family is {floor.axis}/{floor.family}: {claim}.")
    sensitivity = report.overall.sensitivity
    if sensitivity is not None and len(report.weights) > 1:
        sentences.append(
            f"Whatever weight each axis is given, the number lies between {points(sensitivity.lower)} "
            f"(weakest axis) and {points(sensitivity.upper)} (strongest)."
        )
    return sentences


def _overall_sentence(report: Report) -> str:
    value = report.overall.value
    axes = f"{report.overall.axes_with_evidence} of {report.overall.axes_used} axes"
    if value is None:
        return f"Only {axes} carry enough evidence, so no overall number is given rather than a guess."
    interval = report.overall.interval
    if interval is not None:
        sure = f"95 % interval {span(interval)}"
    else:
        sure = (
            f"no interval, because there are too few templates on {listed(without_interval(report))}: read the counts"
        )
    return f"Of what A reliably does, B also does about {points(value)} % through portable-llm ({sure}), over {axes}."


def _counts_sentence(report: Report) -> str:
    """Trials that passed, over all axes, where shares would claim too much."""
    names: dict[Lane, str] = {"home": "A", "raw": "B with renamed fields", "norm": "B through the library"}
    found = [(name, lane_counts(report.cases, lane)) for lane, name in names.items()]
    return f"In trials passed: {listed(f'{name} {c.passed} of {c.scored}' for name, c in found if c.scored) or 'none'}."


def _funnel_sentence(report: Report, parts: Funnel) -> str:
    if parts.removed < 0:
        defects = [axis for axis, one in report.axes.items() if one.decomposition and is_defect(one.decomposition)]
        cause = f"a defect on {listed(defects)}" if defects else "which chance may explain"
        return (
            f"Carried over by renaming fields alone, {parts.raw} % would be kept: "
            f"the library keeps {plural(-parts.removed, 'point')} less than that, {cause}."
        )
    return (
        f"Carried over by renaming fields alone, {parts.raw} % would be kept; the library removes "
        f"{parts.removed} points of the loss, and {parts.residual} stay."
    )


def is_defect(parts: Decomposition) -> bool:
    """Whether it is sure that the library keeps less than the raw request."""
    return parts.removed_interval is not None and parts.removed_interval.upper < 0


def worse_sentence(parts: Decomposition) -> str:
    """What to make of a negative `removed`."""
    if is_defect(parts):
        return "The interval excludes zero: a defect of the library. Please report it."
    return "This may be chance: the interval, where there is one, includes zero."


# Axes


def axis_value(axis: AxisScore) -> str:
    """`82 (74–90)`, or what stands in its place."""
    estimate = axis.headline
    if estimate.portability is None:
        return "no evidence"
    if estimate.interval is None:
        return "counts only"
    return f"{points(estimate.portability)} ({span(estimate.interval)})"


def axis_counts(report: Report, axis: str) -> str:
    """`A 6/6, raw 2/6, norm 5/6`: trials that passed, by lane."""
    cases = [case for case in report.cases if case.axis == axis]
    names: dict[Lane, str] = {"home": "A", "raw": "raw", "norm": "norm"}
    found = [(name, lane_counts(cases, lane)) for lane, name in names.items()]
    return ", ".join(f"{name} {counts.passed}/{counts.scored}" for name, counts in found if counts.scored)


def notes_of(axis: AxisScore) -> list[str]:
    """What a careful reader should know about the axis's number."""
    notes: list[str] = []
    estimate = axis.headline
    if estimate.method == "kept" and estimate.ratio is not None:
        notes.append("one trial of A per case: not corrected for noise")
    if estimate.unstable_share:
        notes.append(f"{points(estimate.unstable_share)} % of the cases A passes are unstable at A itself")
    if estimate.capped_ratio is not None:
        notes.append(f"{points(estimate.capped_ratio)} when gains on unstable cases may not offset losses")
    notes += _left_out(axis, estimate)
    return notes


def _left_out(axis: AxisScore, estimate: Estimate) -> list[str]:
    lane = axis.lanes["norm"]
    counts = [
        (estimate.never_at_home, "never passed by A"),
        (estimate.gained, "of those passed by B (gained; offsets nothing)"),
        (axis.unsupported_at_home, "not supported at A (left the axis)"),
        (axis.invalid_cases, "with a judge that failed its self-check (left the axis)"),
        (lane.unsupported, "not available at B"),
        (lane.missing, "without an answer to judge (missing data)"),
    ]
    notes = [f"{plural(count, 'case')} {what}" for count, what in counts if count]
    raw = axis.lanes.get("raw")
    if raw is not None and raw.rejected:
        notes.append(f"B refused the raw request of {plural(raw.rejected, 'case')}")
    return notes


def evidence_share(report: Report, axis: str) -> str:
    """q = N/N*, the share of the needed evidence that exists; `1+` when nothing more is needed."""
    verdict = report.verdicts.get(axis)
    if verdict is None:
        return "–"
    if verdict.needed is None:
        return "–" if verdict.word in ("INCONCLUSIVE", "INCOMPLETE") else "1+"
    return f"{verdict.needed.share:.2f}"


# Blockers and what to do

KINDS: Mapping[str, str] = {
    "contract": "a must-keep contract that A keeps and B does not",
    "capability": "a capability that A has and B does not",
    "safety": "a safety failure that A does not show",
}


def place_of(blocker: Blocker) -> str:
    """`tools/t3`, or the template when it is one."""
    return f"{blocker.axis}/{blocker.family}" if blocker.template is None else blocker.template


def code_counts(codes: Mapping[str, int]) -> str:
    """`no_call 12, wrong_tool 3`, most frequent first."""
    return ", ".join(f"{code} {count}" for code, count in sorted(codes.items(), key=lambda item: (-item[1], item[0])))


DEEPER: Mapping[Depth, str] = {
    "smoke": "Run --depth quick: smoke cannot show that nothing is broken.",
    "quick": "Run --depth standard: more trials per case tell noise from losses.",
    "standard": "Run --depth full: more trials per case narrow the interval.",
    "full": "Add cases of your own: more templates narrow the interval more than more trials do.",
    "certified": "Add cases of your own: more templates narrow the interval more than more trials do.",
}
"""What an undecided run needs, by the depth it had."""


def next_steps(report: Report) -> list[str]:
    """What to do now, most useful first."""
    steps = [*_steps_of_run(report), *_steps_of_blockers(report), *_steps_of_library(report), *_steps_of_axes(report)]
    if report.suite.depth == "smoke" and not steps:
        steps.append("Nothing broke. Run --depth quick or standard to show that nothing is.")
    elif report.suite.depth == "smoke":
        steps.append("Then run --depth quick or standard: smoke cannot show that nothing is broken.")
    elif not steps and report.word == "INCONCLUSIVE":
        steps.append(DEEPER[report.suite.depth])
    if not steps and report.overall.floor is not None:
        floor = report.overall.floor
        when = "Before you switch, read" if report.word == "PORTABLE" else "Read"
        steps.append(f"{when} the weakest family, {floor.axis}/{floor.family}, case by case.")
    return steps


def _steps_of_run(report: Report) -> list[str]:
    stopped = report.run.stopped
    if stopped is None:
        return []
    made, planned = report.run.calls.get("made", 0), report.run.calls.get("planned", 0)
    why = {"max_calls": "the cap on calls", "deadline": "the deadline", "interrupted": "an interruption"}
    cause = f", stopped by {why[stopped]}" if stopped in why else ""
    return [f"Resume the run ({made:,} of {planned:,} calls made{cause}): same command, same --out."]


def _steps_of_blockers(report: Report) -> list[str]:
    places = list(dict.fromkeys(place_of(blocker) for blocker in report.blockers))
    if not places:
        return []
    more = f" (and {len(places) - 3} more)" if len(places) > 3 else ""
    return [f"Look at {listed(places[:3])}{more}: work around what is missing, or keep A for it."]


def _steps_of_library(report: Report) -> list[str]:
    worse = [name for name, axis in report.axes.items() if axis.decomposition and is_defect(axis.decomposition)]
    return [f"Report a defect of portable-llm: it keeps less than the raw request on {listed(worse)}."] if worse else []


def _steps_of_axes(report: Report) -> list[str]:
    steps: list[str] = []
    for axis, verdict in report.verdicts.items():
        if verdict.reason == "infra":
            share = max(report.axes[axis].infra_share_a, report.axes[axis].infra_share_b)
            steps.append(f"Run {axis} again: {share:.1f} % of its calls got no answer (limit 2 %).")
    needed = {axis: verdict.needed for axis, verdict in report.verdicts.items() if verdict.needed is not None}
    if repeat := [axis for axis, one in needed.items() if one.repeat_home]:
        steps.append(f"Repeat {listed(repeat)} with --trials 3: one trial of A cannot tell noise from a loss.")
    more = {axis: one for axis, one in needed.items() if not one.repeat_home and one.more_trials}
    if more:
        counts = listed(f"{one.more_trials:,} on {axis} ({one.templates} templates)" for axis, one in more.items())
        steps.append(f"About this many more trials would decide: {counts}.")
    return steps
