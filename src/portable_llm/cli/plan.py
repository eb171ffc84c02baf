"""`portable-llm plan`: what would be sent and what would be lost, for one target or several side by side."""

from __future__ import annotations

from typing import Any

import click

from portable_llm._adaptation import SEVERITIES
from portable_llm._client import Client
from portable_llm._plan import Plan
from portable_llm.cli._shared import build_request, check_prompt, print_json, print_table, request_options


@click.command("plan", short_help="Show what a target would not honour; offline, without a key.")
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
        print_json([plan.to_json() for plan in plans])
        return
    for plan in plans:
        click.echo(plan.explain())
        if wire:
            print_json(plan.call.json)
    if len(plans) > 1:
        _table(plans)


def _table(plans: tuple[Plan[Any], ...]) -> None:
    from rich.table import Table

    table = Table("target", *reversed(SEVERITIES), box=None, pad_edge=False)
    for plan in plans:
        counts = (sum(entry.severity == severity for entry in plan.adaptations) for severity in reversed(SEVERITIES))
        name = f"{plan.target.provider.name}:{plan.target.model}"
        table.add_row(name, *(str(count) if count else "·" for count in counts))
    print_table(table)
