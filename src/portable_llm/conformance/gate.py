"""May a pipeline go on? The answer to a report, and to what has become worse since a stored one.

A gate looks at bounds and blockers, never at the point score: a score that wobbles by a point must not turn a pipeline
red, and one that looks good on too little evidence must not turn it green. "Worse than before" is held to the same
care: an axis has regressed when all of its interval lies below all of the stored one. Of the many families some would
do so by chance, so theirs are simultaneous 95 % intervals (Bonferroni over the families of the report).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from portable_llm._errors import ConfigurationError
from portable_llm.conformance.estimate import Estimate
from portable_llm.conformance.report.model import Report
from portable_llm.conformance.report.words import place_of, points, span, verdict_sentence
from portable_llm.conformance.statistics import Interval, holm, wilson
from portable_llm.conformance.verdict import ALPHA, DEPTHS, POOLED_MARGIN, Blocker, Word

RegressionKind: TypeAlias = Literal["blocker", "axis", "family", "evidence"]

EXIT_CODES: Mapping[Word, int] = {"PORTABLE": 0, "NOT PORTABLE": 1, "INCONCLUSIVE": 2, "INCOMPLETE": 3}
"""Exit code of a verdict; 4 is a wrong use of the command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """One thing that a stored report had and this one does not."""

    kind: RegressionKind
    """`evidence`: an axis was scored then and is not now, so nobody knows."""
    place: str
    """`tools`, `tools/t3`, or a template."""
    before: Interval | None
    now: Interval | None

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if self.kind == "blocker":
            return f"{self.place}: blocked now, and not in the baseline"
        if self.before is None or self.now is None:
            return f"{self.place}: scored in the baseline, no evidence now"
        return f"{self.place}: {span(self.now)} now, {span(self.before)} in the baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a gate decides and why."""

    code: int
    word: Word
    """The verdict under the gate's margin."""
    sentence: str
    regressions: tuple[Regression, ...]
    is_compared: bool
    """Whether a baseline was given."""
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The decision as JSON."""
        return asdict(self)


def gate(
    report: Report,
    baseline: Report | None = None,
    *,
    margin: float | None = None,
    inconclusive_ok: bool = False,
    only_regressions: bool = False,
) -> Gate:
    """The decision on a report. `margin` (points, above 0 and below 100) takes the place of the depth's own.

    With a baseline, what has regressed since closes the gate as NOT PORTABLE does; `only_regressions` lets losses pass
    that were there before. Raises `ConfigurationError` for reports of unlike suites and for a margin that is none.
    """
    if margin is not None and not 0 < margin < 100:
        raise ConfigurationError(f"margin is {margin:g}; it is given in points, above 0 and below 100")
    if only_regressions and baseline is None:
        raise ConfigurationError("there is nothing to have regressed from; give a baseline, or leave the option out")
    if baseline is not None:
        check_comparable(report, baseline)
    word = word_within(report, margin)
    found = () if baseline is None else tuple(regressions(report, baseline))
    return Gate(
        code=_code(report, word, found, inconclusive_ok, only_regressions),
        word=word,
        sentence=_sentence(report, word, margin),
        regressions=found,
        is_compared=baseline is not None,
        notes=tuple(_notes(report, baseline)),
    )


def check_comparable(report: Report, baseline: Report) -> None:
    """Raises `ConfigurationError` unless both asked the same questions, judged by the same judges."""
    if report.suite.id != baseline.suite.id:
        raise ConfigurationError(
            f"the baseline is of {_asked(baseline)}, this report of {_asked(report)}: other questions or judges, "
            "so no figure of one says anything about the other; make the baseline again"
        )


def _asked(report: Report) -> str:
    return f"suite {report.suite.id} (depth {report.suite.depth}, axes {','.join(report.suite.axes)})"


def word_within(report: Report, margin: float | None) -> Word:
    """The verdict with another margin for each axis; the report's own without one.

    The rules are those of the verdict (see `verdict`), over the bounds that the report holds. A margin below the
    pooled one takes its place there too.
    """
    if margin is None:
        return report.word
    if report.blockers or _is_below(report, 100 - margin):
        return "NOT PORTABLE"
    used = [report.axes[axis] for axis in report.weights]
    if not used or report.run.stopped is not None or any(axis.status != "scored" for axis in used):
        return "INCOMPLETE"
    pooled = min(margin, POOLED_MARGIN)
    clears = [_clears(axis.headline, margin) for axis in used] + [_clears(report.pooled, pooled)]
    may_be_portable = DEPTHS[report.suite.depth].may_be_portable and "must_family" not in report.reasons
    return "PORTABLE" if may_be_portable and all(clears) else "INCONCLUSIVE"


def _clears(estimate: Estimate, margin: float) -> bool:
    return estimate.bounds is not None and estimate.bounds.lower > 100 - margin


def _is_below(report: Report, threshold: float) -> bool:
    """Whether some axis is surely below, corrected for having looked at all (Holm)."""
    scored = [report.axes[axis] for axis in report.weights if report.axes[axis].status == "scored"]
    found = [p for axis in scored if (p := axis.headline.p_at_least(threshold)) is not None]
    return any(p <= ALPHA for p in holm(found))


# What has become worse


def regressions(report: Report, baseline: Report) -> Iterator[Regression]:
    """New blockers, axes and families that are surely worse than in the baseline, axes without evidence now."""
    for blocker in report.blockers:
        if not any(_covers(old, blocker) for old in baseline.blockers):
            yield Regression(kind="blocker", place=place_of(blocker), before=None, now=None)
    for axis, score in report.axes.items():
        before = baseline.axes.get(axis)
        if before is None:
            continue
        if before.status == "scored" and score.status != "scored":
            yield Regression(kind="evidence", place=axis, before=before.headline.interval, now=None)
        elif _is_worse(now := score.headline.interval, then := before.headline.interval):
            yield Regression(kind="axis", place=axis, before=then, now=now)
    stored = family_intervals(baseline)
    for place, now in family_intervals(report).items():
        if _is_worse(now, then := stored.get(place)):
            yield Regression(kind="family", place=place, before=then, now=now)


def _covers(old: Blocker, new: Blocker) -> bool:
    """Whether the old blocker already said that this is broken: a broken family covers its templates."""
    return (old.axis, old.family) == (new.axis, new.family) and old.template in (None, new.template)


def _is_worse(now: Interval | None, before: Interval | None) -> bool:
    return now is not None and before is not None and now.upper < before.lower


def family_intervals(report: Report) -> dict[str, Interval]:
    """Simultaneous 95 % intervals of all families' P, by `axis/family`: Wilson's with n_eff, as for the floor."""
    families = [family for axis in report.axes.values() for family in axis.families]
    confidence = 1 - ALPHA / max(1, len(families))
    found: dict[str, Interval] = {}
    for family in families:
        kept, size = family.estimate.portability, family.estimate.effective_cases
        if kept is not None and size > 0:
            interval = wilson(min(size, kept / 100 * size), size, confidence=confidence)
            found[f"{family.axis}/{family.family}"] = interval.scaled(100)
    return found


# The decision


def _code(
    report: Report, word: Word, found: tuple[Regression, ...], inconclusive_ok: bool, only_regressions: bool
) -> int:
    """What is surely lost outranks what is not known."""
    kinds = {one.kind for one in found}
    if kinds - {"evidence"} or (word == "NOT PORTABLE" and not only_regressions):
        return 1
    if kinds or word == "INCOMPLETE" or report.run.stopped is not None:
        return 3
    if only_regressions or (word == "INCONCLUSIVE" and inconclusive_ok):
        return 0
    return EXIT_CODES[word]


def _sentence(report: Report, word: Word, margin: float | None) -> str:
    if margin is None:
        return verdict_sentence(report)
    said: dict[Word, str] = {
        "PORTABLE": f"Every axis measured clears a margin of {points(margin)} points.",
        "NOT PORTABLE": "Something that A does is missing at B, and no margin outweighs that."
        if report.blockers
        else f"More than {points(margin)} points are lost.",
        "INCONCLUSIVE": f"The evidence does not decide whether {points(margin)} points are lost.",
        "INCOMPLETE": "Evidence is missing: the run was stopped, or an axis got no answers to judge.",
    }
    return said[word]


def _notes(report: Report, baseline: Report | None) -> Iterator[str]:
    """Differences from the baseline that a reader has to know of, and that change no figure."""
    if baseline is None:
        return
    if report.a.label != baseline.a.label:
        yield f"A is {report.a.label}, in the baseline {baseline.a.label}"
    if report.b.label != baseline.b.label:
        yield f"B is {report.b.label}, in the baseline {baseline.b.label}"
    if report.suite.library_version != baseline.suite.library_version:
        yield f"portable-llm {report.suite.library_version}, in the baseline {baseline.suite.library_version}"
    if report.run.id == baseline.run.id:
        yield "this is the baseline's own run"
