"""`portable-llm conformance baseline`: how A behaves today."""

from __future__ import annotations

from typing import Any

import click

from portable_llm.cli.conformance._execution import run_to_its_end
from portable_llm.cli.conformance._options import run_options, split, suite_options
from portable_llm.conformance.comparison import compare
from portable_llm.providers._target import load_settings


@click.command("baseline")
@click.argument("a")
@suite_options
@run_options
def command(a: str, as_json: bool, **options: Any) -> int:
    """Store how A behaves today, to compare with it when A is gone."""
    suite, limits, where = split(options)
    return run_to_its_end(
        compare(a, None, settings=load_settings(), **suite), where, limits, as_json=as_json, gate=False
    )
