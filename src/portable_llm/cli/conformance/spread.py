"""`portable-llm conformance spread`: how much the form of a prompt matters to each endpoint of a run."""

from __future__ import annotations

from pathlib import Path

import click

from portable_llm.cli._shared import print_json
from portable_llm.conformance.spread import Spread, spreads
from portable_llm.conformance.store import RunStore


@click.command("spread")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(directory: Path, as_json: bool) -> None:
    """Show how far the pass rates of a run's axis prompt lie apart between plain text, Markdown, XML and JSON."""
    report = RunStore(directory).read_json("report.json")
    found = spreads(report["cases"])
    if as_json:
        print_json([one.to_json() for one in found])
        return
    if not found:
        click.echo("no spread: the run has no axis prompt, or no task in every dialect")
    for one in found:
        click.echo(_text(one, str(report["endpoints"][one.arm]["label"])))


def _text(one: Spread, label: str) -> str:
    rates = ", ".join(f"{dialect} {100 * rate:.1f} %" for dialect, rate in sorted(one.rates.items()))
    return (
        f"{label} ({one.lane}): {rates}\n"
        f"  spread {100 * one.spread:.1f} points over {one.groups} tasks; by chance {100 * one.by_chance:.1f} "
        f"(p = {one.p_value:.3f})"
    )
