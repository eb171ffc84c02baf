"""The report as Markdown for a pull request: at most 60 lines, with the change against another run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from portable_llm.conformance.report.model import CodeRow, Report, blockers_of, code_rows
from portable_llm.conformance.report.words import (
    axis_counts,
    axis_value,
    code_counts,
    funnel,
    next_steps,
    place_of,
    plural,
    verdict_sentence,
    visible,
)
from portable_llm.conformance.score import AxisScore

MAX_LINES = 60
MAX_ROWS = 8
"""Blockers, reason codes and regressions printed; the rest is counted."""
MAX_TEXT = 160
"""Characters of one piece of text."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~$-])")


def render_markdown(report: Report, base: Report | None = None) -> str:
    """The report as Markdown; with `base`, an earlier report of the same suite, what has changed since.

    Raises `ConfigurationError` when `base` is of another suite.
    """
    lines = list(_lines(report, base))
    return "\n".join(lines[:MAX_LINES]) + "\n"


def escaped(text: str) -> str:
    """Text that is shown as it is: no mark-up, no mention of a person, no line of its own; cut when long."""
    plain = " ".join(visible(text).split())
    cut = plain if len(plain) <= MAX_TEXT else plain[: MAX_TEXT - 1] + "…"
    shown = _SPECIAL.sub(r"\\\1", cut.replace("&", "&amp;"))
    return shown.replace("@", "&#64;").replace("://", "&#58;//").replace("www.", "www&#46;")


def _lines(report: Report, base: Report | None) -> Iterator[str]:
    yield f"### Portability: {report.word}"
    yield ""
    yield f"**{escaped(report.headline)}**"
    yield ""
    yield f"{escaped(report.a.label)} → {escaped(report.b.label)}, depth {report.suite.depth}. {_sentence(report)}"
    yield ""
    yield from _axes(report, base)
    yield from _blockers(report)
    yield from _codes(report)
    yield from _changes(report, base)
    if steps := next_steps(report):
        yield ""
        yield f"**Next:** {escaped(steps[0])}"
    yield ""
    yield f"<sub>suite {escaped(report.suite.id)}, portable-llm {escaped(report.suite.library_version)}</sub>"


def _sentence(report: Report) -> str:
    return escaped(verdict_sentence(report))


def _axes(report: Report, base: Report | None) -> Iterator[str]:
    last = "" if base is None else " base |"
    yield f"| axis | kept by B | raw + removed + left | blockers | verdict |{last}"
    yield f"| --- | --- | --- | ---: | --- |{'' if base is None else ' --- |'}"
    for name, axis in report.axes.items():
        word = report.verdicts[name].word if name in report.verdicts else "not used"
        row = [escaped(name), _value(report, axis), _funnel(axis), str(blockers_of(report, name)), word]
        if base is not None:
            row.append(_value(base, base.axes[name]) if name in base.axes else "–")
        yield f"| {' | '.join(row)} |"


def _value(report: Report, axis: AxisScore) -> str:
    """The share with its interval, or counts where there is none."""
    if axis.headline.interval is None:
        return escaped(axis_counts(report, axis.axis) or "no evidence")
    return axis_value(axis)


def _funnel(axis: AxisScore) -> str:
    if axis.decomposition is None or axis.headline.interval is None:
        return "–"
    parts = funnel(axis.decomposition)
    return f"{parts.raw} {parts.removed:+d} +{parts.residual}"


def _blockers(report: Report) -> Iterator[str]:
    if not report.blockers:
        return
    yield ""
    yield f"**{plural(len(report.blockers), 'blocker')}**"
    yield ""
    for one in report.blockers[:MAX_ROWS]:
        counts = f"A {one.a_passes}/{one.a_trials}, B {one.b_passes}/{one.b_trials}"
        yield f"- {escaped(place_of(one))}: {counts}; {escaped(code_counts(one.codes))}"
    if len(report.blockers) > MAX_ROWS:
        yield f"- and {len(report.blockers) - MAX_ROWS} more"


def _codes(report: Report) -> Iterator[str]:
    rows = sorted((row for row in code_rows(report) if row.away), key=lambda row: (-row.away, row.axis, row.code))
    if not rows:
        return
    yield ""
    yield "| why B fails | axis | trials | raw lane | A | meaning |"
    yield "| --- | --- | ---: | ---: | ---: | --- |"
    yield from (_code(row) for row in rows[:MAX_ROWS])


def _code(row: CodeRow) -> str:
    counts = f"{row.away} | {row.counts.get('raw', 0)} | {row.counts.get('home', 0)}"
    return f"| {escaped(row.code)} | {escaped(row.axis)} | {counts} | {escaped(row.meaning)} |"


def _changes(report: Report, base: Report | None) -> Iterator[str]:
    if base is None:
        return
    from portable_llm.conformance.gate import check_comparable, regressions  # delayed: it reads reports itself

    check_comparable(report, base)
    found = list(regressions(report, base))
    yield ""
    if not found:
        yield "Nothing is surely worse than in the base run."
        return
    yield f"**Worse than in the base run:** {plural(len(found), 'finding')}"
    yield ""
    yield from (f"- {escaped(one.sentence)}" for one in islice(found, MAX_ROWS))
