"""Options that several commands of the suite share."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

from portable_llm.conformance.runner import Limits
from portable_llm.conformance.templates.suite import AXES

F = TypeVar("F", bound=Callable[..., Any])

DEPTHS = ("smoke", "quick", "standard", "full")


def _axes(_context: object, _option: object, value: str) -> tuple[str, ...]:
    return tuple(axis.strip() for axis in value.split(",") if axis.strip())


def _dollars(_context: object, _option: object, value: str | None) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(value)
    except ArithmeticError:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise click.BadParameter(f"{value!r} is no amount of dollars")
    return amount


def suite_options(command: F) -> F:
    """What is asked: depth, axes, trials, seed."""
    options = [
        click.option(
            "--depth", type=click.Choice(DEPTHS), default="quick", show_default=True, help="How much is asked."
        ),
        click.option("--axes", callback=_axes, default=",".join(AXES), show_default=True, help="Axes, with commas."),
        click.option("--trials", type=click.IntRange(min=1), help="Trials per case and arm, instead of the depth's."),
        click.option("--seed", type=int, default=7, show_default=True, help="Order of the exchanges."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def run_options(command: F) -> F:
    """Where a run is kept, and where it ends."""
    options = [
        click.option("--out", type=click.Path(file_okay=False, path_type=Path),
                     help="Run directory; resumed if it exists."),
        click.option("--fresh", is_flag=True, help="Begin anew in an existing run directory."),
        click.option("--max-calls", type=click.IntRange(min=0), help="Stop cleanly after that many calls."),
        click.option("--max-usd", callback=_dollars, metavar="AMOUNT",
                     help="Stop cleanly before the calls of this run can have cost more."),
        click.option("--deadline", type=click.FloatRange(min=0), help="Stop cleanly after that many seconds."),
        click.option("--concurrency", type=click.IntRange(1, 256), default=1, show_default=True,
                     help="Calls in flight per endpoint."),
        click.option("--json", "as_json", is_flag=True, help="Print the report as JSON."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def split(options: dict[str, Any]) -> tuple[dict[str, Any], Limits, dict[str, Any]]:
    """The options of a run by what they are about: the suite, its limits, its directory."""
    suite = {name: options[name] for name in ("depth", "axes", "trials", "seed")}
    names = ("max_calls", "max_usd", "deadline", "concurrency")
    limits = Limits(**{name: options[name] for name in names})
    return suite, limits, {"out": options["out"], "fresh": options["fresh"]}
