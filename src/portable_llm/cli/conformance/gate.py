"""`portable-llm conformance gate`: a report's verdict as an exit code."""

from __future__ import annotations

from pathlib import Path

import click

from portable_llm.cli._shared import print_json
from portable_llm.conformance.gate import Gate, gate
from portable_llm.conformance.report import Report, read_report
from portable_llm.conformance.store import RunStore

_RUN = click.Path(path_type=Path)


@click.command("gate")
@click.argument("run", type=_RUN)
@click.option("--baseline", type=_RUN, help="An earlier run, or its report.json: fail on what has become worse since.")
@click.option("--margin", type=float, help="Points that an axis may lose, instead of the depth's own margin.")
@click.option("--inconclusive-ok", is_flag=True, help="Exit with 0 instead of 2 when the evidence does not decide.")
@click.option("--only-regressions", is_flag=True, help="With --baseline: let losses pass that were there before.")
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
def command(
    run: Path,
    baseline: Path | None,
    margin: float | None,
    inconclusive_ok: bool,
    only_regressions: bool,
    as_json: bool,
) -> int:
    """Exit by the verdict of a run: 0 portable, 1 not portable, 2 inconclusive, 3 incomplete, 4 wrong use.

    RUN is a run directory or a report.json. The decision rests on bounds and blockers, never on the point score.
    """
    decided = gate(
        stored_report(run),
        None if baseline is None else stored_report(baseline),
        margin=margin,
        inconclusive_ok=inconclusive_ok,
        only_regressions=only_regressions,
    )
    if as_json:
        print_json(decided.to_json())
    else:
        _say(decided)
    return decided.code


def stored_report(path: Path) -> Report:
    """The report of a run directory, or in a file of its own."""
    store, name = (RunStore(path), "report.json") if path.is_dir() else (RunStore(path.parent), path.name)
    return read_report(store.read_json(name))


def _say(decided: Gate) -> None:
    click.echo(f"{decided.word}  {decided.sentence}")
    for regression in decided.regressions:
        click.echo(f"regressed  {regression.sentence}")
    if decided.is_compared and not decided.regressions:
        click.echo("nothing has regressed from the baseline")
    for note in decided.notes:
        click.echo(f"note  {note}")
