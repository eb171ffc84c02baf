"""The report on one screen: headline, a bar per axis, blockers, reasons, what to do next."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import groupby
from typing import IO, TYPE_CHECKING

from portable_llm._errors import ConfigurationError
from portable_llm.conformance.report.model import (
    LANES,
    CodeRow,
    JsonObject,
    Report,
    blockers_of,
    code_rows,
    read_report,
)
from portable_llm.conformance.report.words import (
    WHY,
    axis_counts,
    axis_value,
    code_counts,
    evidence_share,
    funnel,
    next_steps,
    place_of,
    verdict_sentence,
    visible,
)
from portable_llm.conformance.score import AxisScore
from portable_llm.conformance.verdict import Blocker, Word

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

BAR = 10
"""Cells of a bar."""
MAX_BLOCKERS = 12
"""Blockers printed; the rest is counted."""
MAX_STEPS = 3
"""Next steps printed; the HTML report has all of them."""

PLAIN = str.maketrans({"█": "#", "░": ".", "–": "-", "…": "...", "⟨": "<", "⟩": ">"})
"""What a terminal that does not speak Unicode shows instead."""

STYLES: dict[Word, str] = {
    "PORTABLE": "bold green",
    "NOT PORTABLE": "bold red",
    "INCONCLUSIVE": "bold yellow",
    "INCOMPLETE": "bold magenta",
}


def render_terminal(data: JsonObject, *, width: int = 80, html: str | None = None, looks: int | None = None) -> str:
    """The report as plain text without colour, the same for the same input.

    `html` is where the full report lies, `looks` how many runs of this comparison are known.
    Raises `ConfigurationError` when `data` is no report or rich is missing.
    """
    out = io.StringIO()
    _print(read_report(data), _console(file=out, width=width, color_system=None), html, looks)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def print_terminal(
    data: JsonObject, *, html: str | None = None, looks: int | None = None, file: IO[str] | None = None
) -> None:
    """Print the report, in colour where the terminal shows it (`NO_COLOR` and pipes are respected).

    Raises `ConfigurationError` when `data` is no report or rich is missing.
    """
    console = _console(file=file)
    if console.encoding.lower().startswith("utf"):
        _print(read_report(data), console, html, looks)
    else:
        plain = render_terminal(data, width=console.width, html=html, looks=looks).translate(PLAIN)
        console.file.write(plain.encode(console.encoding, "replace").decode(console.encoding))


def _console(**options: object) -> Console:
    try:
        from rich.console import Console  # delayed: an extra
    except ImportError as error:
        raise ConfigurationError(
            "the terminal report needs rich; install it with: pip install 'portable-llm[conformance]'"
        ) from error
    return Console(**options, highlight=False, markup=False, emoji=False)  # type: ignore[arg-type]


def _print(report: Report, console: Console, html: str | None, looks: int | None) -> None:
    from rich.text import Text

    console.print(Text(visible(report.headline), style="bold"))
    console.print(Text.assemble((report.word, STYLES[report.word]), "  ", visible(verdict_sentence(report))))
    console.print(_axes(report))
    if report.blockers:
        console.print(_blockers(report))
    console.print(_pairs(report, html, looks))


# Axes


def _axes(report: Report) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("axis", no_wrap=True)
    table.add_column("kept by B, through the library")
    table.add_column("raw+removed+left", justify="right", no_wrap=True)
    table.add_column("block", justify="right", no_wrap=True)
    table.add_column("n_eff", justify="right", no_wrap=True)
    table.add_column("q", justify="right", no_wrap=True)
    for name, axis in report.axes.items():
        table.add_row(
            visible(name),
            _bar(report, axis),
            _funnel(axis),
            str(blockers_of(report, name)),
            f"{axis.headline.effective_cases:.0f}",
            evidence_share(report, name),
        )
    return table


def _bar(report: Report, axis: AxisScore) -> Text:
    """A bar where there is an interval, else the counts: a bar would promise more than they hold."""
    from rich.text import Text

    estimate = axis.headline
    if estimate.portability is None or estimate.interval is None:
        return Text(axis_counts(report, axis.axis) or "nothing to compare")
    filled = int(estimate.portability / 100 * BAR)
    style = STYLES[report.verdicts[axis.axis].word].removeprefix("bold ") if axis.axis in report.verdicts else ""
    return Text.assemble(("█" * filled, style), ("░" * (BAR - filled), "dim"), " ", axis_value(axis))


def _funnel(axis: AxisScore) -> Text:
    from rich.text import Text

    if axis.decomposition is None or axis.headline.interval is None:
        return Text("–")
    parts = funnel(axis.decomposition)
    removed = (f"{parts.removed:+d}", "bold red" if parts.removed < 0 else "")
    return Text.assemble(f"{parts.raw} ", removed, f" +{parts.residual}")


# Below the axes


def _blockers(report: Report) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    for blocker in report.blockers[:MAX_BLOCKERS]:
        table.add_row(Text("blocker", style="bold red"), _blocker(blocker))
    if len(report.blockers) > MAX_BLOCKERS:
        table.add_row("", Text(f"and {len(report.blockers) - MAX_BLOCKERS} more"))
    return table


def _blocker(blocker: Blocker) -> Text:
    from rich.text import Text

    counts = f"A {blocker.a_passes}/{blocker.a_trials}, B {blocker.b_passes}/{blocker.b_trials}"
    codes = code_counts(blocker.codes)
    return Text.assemble((visible(place_of(blocker)), "bold"), f"  {counts}  {visible(codes)}")


def _pairs(report: Report, html: str | None, looks: int | None) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    for label, text in _lines(report, html, looks):
        table.add_row(Text(label, style="dim"), Text(visible(text)))
    return table


def _lines(report: Report, html: str | None, looks: int | None) -> Iterator[tuple[str, str]]:
    if reasons := _reasons(report):
        yield "why", reasons
    if without := _without_interval(report):
        yield "note", without
    for step in next_steps(report)[:MAX_STEPS]:
        yield "next", step
    if looks is not None:
        yield "looks", looks_sentence(looks)
    if html is not None:
        yield "report", html


def looks_sentence(looks: int) -> str:
    """How many runs of the comparison are known, and what follows from that."""
    if looks == 1:
        return "first run of this comparison here"
    return f"{looks} runs of this comparison here: the best of several proves nothing"


def _reasons(report: Report) -> str:
    """The most frequent reason codes per axis, by lane: two where few axes leave room."""
    parts: list[str] = []
    room = 2 if len(report.axes) <= 4 else 1
    for axis, rows in groupby(code_rows(report), key=lambda row: row.axis):
        parts.append(f"{axis}: {', '.join(_code(row) for row in list(rows)[:room])}")
    return "; ".join(parts)


def _code(row: CodeRow) -> str:
    lanes = (f"{_lane(lane)} {row.counts[lane]}" for lane in LANES if row.counts.get(lane))
    return f"{row.code} {' '.join(lanes)}"


def _lane(lane: str) -> str:
    return "A" if lane == "home" else lane


def _without_interval(report: Report) -> str:
    axes = [name for name, axis in report.axes.items() if axis.headline.interval is None]
    reasons = {report.verdicts[axis].reason for axis in axes if axis in report.verdicts}
    if not axes:
        return ""
    if reasons <= {"few_templates", "smoke", "blocker"}:
        return f"counts only on {', '.join(axes)}: {WHY['few_templates']}"
    return "; ".join(f"{axis}: {WHY[report.verdicts[axis].reason]}" for axis in axes if axis in report.verdicts)
