"""`portable-llm conformance verify`: does a report follow from its evidence?"""

from __future__ import annotations

from pathlib import Path

import click

from portable_llm.conformance.verify import verify as verify_run


@click.command("verify")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def command(directory: Path) -> int:
    """Recompute a report from its evidence; fails after one changed byte or figure."""
    found = verify_run(directory)
    for problem in found.problems:
        click.echo(problem, err=True)
    if not found.holds:
        click.echo(f"does not hold: {len(found.problems)} problems", err=True)
        return 1
    click.echo(f"holds: {found.exchanges} exchanges, {found.observations} observations, every figure recomputed")
    return 0
