"""`portable-llm conformance run`: compare two endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from portable_llm.cli.conformance._execution import run_to_its_end
from portable_llm.cli.conformance._options import run_options, split, suite_options
from portable_llm.conformance.comparison import compare
from portable_llm.conformance.store import RunStore
from portable_llm.providers._target import load_settings


@click.command("run")
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--home", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="A stored run of A (see baseline), instead of asking A again.")  # fmt: skip
@click.option("--to", "to", help="B, when --home stands for A.")
@suite_options
@run_options
@click.option(
    "--gate", is_flag=True, help="Exit by the verdict: 0 portable, 1 not portable, 2 inconclusive, 3 incomplete."
)
def command(
    a: str | None, b: str | None, home: Path | None, to: str | None, gate: bool, as_json: bool, **options: Any
) -> int:
    """Compare A with B and write the report. Running it again takes up an interrupted run."""
    first, second = _who(a, b, home, to)
    suite, limits, where = split(options)
    comparison = compare(first, second, settings=load_settings(), home=home, **suite)
    return run_to_its_end(comparison, where, limits, as_json=as_json, gate=gate)


def _who(a: str | None, b: str | None, home: Path | None, to: str | None) -> tuple[str, str]:
    if home is not None:
        target = to or a
        if target is None or b is not None:
            raise click.UsageError("with --home give only the new endpoint: run --home RUN --to provider:model")
        return str(RunStore(home).read_manifest()["endpoints"]["a"]["label"]), target
    if a is None or b is None or to is not None:
        raise click.UsageError("give two endpoints, A and B (provider:model), or --home RUN --to B")
    return a, b
