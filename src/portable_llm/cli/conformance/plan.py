"""`portable-llm conformance plan`: what a comparison would send."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import click

from portable_llm.cli._shared import print_json
from portable_llm.cli.conformance._options import suite_options
from portable_llm.conformance.comparison import Comparison, compare
from portable_llm.conformance.money import Prices, money_of
from portable_llm.providers._target import load_settings
from portable_llm.tokens._prices import dollars


@click.command("plan")
@click.argument("a")
@click.argument("b", required=False)
@suite_options
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(a: str, b: str | None, as_json: bool, **options: Any) -> None:
    """Show what a comparison of A with B would send; nothing is sent."""
    comparison = compare(a, b, settings=load_settings(), **options)
    facts = _facts(comparison)
    if as_json:
        print_json(facts)
        return
    click.echo(f"{facts['a']}  →  {facts['b'] or '(baseline of A alone)'}")
    click.echo(f"depth {comparison.depth}, suite {comparison.suite}, trials per case and arm: {comparison.trials}")
    for axis, row in facts["axes"].items():
        unsupported = f", {row['unsupported_at_home']} not available at home" if row["unsupported_at_home"] else ""
        click.echo(
            f"  {axis:9} {row['templates']:3} templates, {row['cases']:3} cases, {row['calls']:4} calls{unsupported}"
        )
    click.echo(f"  {'total':9} {facts['calls']} calls ({facts['shared']} of them serve both lanes of B)")
    click.echo(f"  at most {facts['output_tokens']} output tokens; {_money_text(facts['money'])}")
    click.echo(f"  {_power(comparison)}")


def _facts(comparison: Comparison) -> dict[str, Any]:
    jobs = comparison.jobs()
    sent = [job for job in jobs if job.is_sent]
    axes: dict[str, dict[str, int]] = {}
    for axis in comparison.axes:
        cases = [case for case in comparison.cases if case.axis == axis]
        axes[axis] = {
            "templates": len({case.template for case in cases}),
            "cases": len(cases),
            "calls": sum(job.case.axis == axis for job in sent),
            "unsupported_at_home": sum(job.case.axis == axis for job in jobs if not job.is_sent and job.arm == "a"),
        }
    return {
        "a": comparison.a.label,
        "b": comparison.b.label if comparison.b else None,
        "suite": comparison.suite,
        "depth": comparison.depth,
        "trials": comparison.trials,
        "axes": axes,
        "calls": len(sent),
        "shared": sum(len(job.lanes) > 1 for job in sent),
        "output_tokens": sum(int(job.case.request.get("max_output_tokens", 0)) for job in sent),
        "money": {
            arm: {"max_usd": None if one.highest is None else str(one.highest), "unknown": one.unknown}
            for arm, one in sorted(money_of(sent, Prices(comparison.endpoints)).items())
        },
    }


def _money_text(money: dict[str, dict[str, str | None]]) -> str:
    """What it can cost, endpoint by endpoint; why not, where that is not known."""
    told = [
        f"{arm.upper()} {_at_most(row['max_usd'])}"
        if row["max_usd"] is not None
        else f"{arm.upper()}: {row['unknown']}"
        for arm, row in money.items()
    ]
    return "money: " + "; ".join(told)


def _at_most(amount: str) -> str:
    return f"at most {dollars(Decimal(amount))}"


def _power(comparison: Comparison) -> str:
    """What this many pairs can show, by the tables of the suite's statistics."""
    from portable_llm.conformance.statistics import pairs_needed

    cases, needed = len(comparison.cases), pairs_needed(0.05, 0.10)
    enough = "enough" if cases >= needed else "not enough"
    return f"{cases} pairs: {enough} to see a true drop of 5 points between close vendors (about {needed} needed)"
