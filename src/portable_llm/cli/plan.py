"""`portable-llm plan`: what would be sent, lost and paid, for one target or several side by side."""

from __future__ import annotations

from typing import Any

import click

from portable_llm._adaptation import SEVERITIES
from portable_llm._client import Client
from portable_llm._plan import Plan
from portable_llm.cli._shared import build_request, check_prompt, print_json, print_table, request_options
from portable_llm.tokens import Cost, TokenCount
from portable_llm.tokens._prices import dollars


@click.command("plan", short_help="Show what a target would not honour, and the cost; offline, without a key.")
@click.argument("models", nargs=-1, required=True)
@click.option("-p", "--prompt", default="Hello", show_default=True, help="The user message.")
@request_options
@click.option("--wire", is_flag=True, help="Show the wire request as well.")
@click.option("--json", "as_json", is_flag=True, help="Print the plans as JSON.")
def command(models: tuple[str, ...], prompt: str, wire: bool, as_json: bool, **options: Any) -> None:
    """Plan one request for MODELS. Nothing is sent."""
    with Client() as client:
        plans = client.plan(build_request(models[0], check_prompt(prompt), **options), models=models)
    if as_json:
        print_json([_json(plan) for plan in plans])
        return
    for plan in plans:
        click.echo(plan.explain(cost=True))
        if wire:
            print_json(plan.call.json)
    if len(plans) > 1:
        _table(plans)


def _json(plan: Plan[Any]) -> dict[str, Any]:
    tokens, cost = plan.tokens, plan.cost
    return {
        **plan.to_json(),
        "input_tokens": {name: getattr(tokens, name) for name in TokenCount.__dataclass_fields__},
        "cost_usd": {
            "low": None if cost.low is None else str(cost.low),
            "high": None if cost.high is None else str(cost.high),
            "source": cost.source,
            "unknown": cost.unknown,
        },
    }


def _table(plans: tuple[Plan[Any], ...]) -> None:
    from rich.table import Table

    table = Table("target", *reversed(SEVERITIES), "tokens in", "cost", box=None, pad_edge=False)
    for plan in plans:
        counts = (sum(entry.severity == severity for entry in plan.adaptations) for severity in reversed(SEVERITIES))
        name = f"{plan.target.provider.name}:{plan.target.model}"
        shown = (str(count) if count else "·" for count in counts)
        table.add_row(name, *shown, _tokens(plan.tokens), _dollars(plan.cost))
    print_table(table)


def _tokens(count: TokenCount) -> str:
    return str(count.tokens) if count.low == count.high else f"{count.low} to {count.high}"


def _dollars(cost: Cost) -> str:
    if cost.low is None:
        return "unknown"
    return f"{dollars(cost.low)} or more" if cost.high is None else f"{dollars(cost.low)} to {dollars(cost.high)}"
