"""`portable-llm providers`: who can be reached, and what is known, assumed and unknown about each."""

from __future__ import annotations

import os
from datetime import date
from typing import Any

import click

from portable_llm._capabilities import FEATURES, Capabilities, Fact
from portable_llm._probing import MAX_CALLS, MAX_TOKENS
from portable_llm.cli._probe import run_probe
from portable_llm.cli._shared import print_json, print_table
from portable_llm.providers import Provider, provider, provider_names
from portable_llm.wire import wire_format


@click.command("providers", short_help="List providers, or show what is known about one.")
@click.argument("name", required=False)
@click.option("--model", help="Show the facts for this model of it.")
@click.option("--models", is_flag=True, help="Ask the provider which models it has; needs its key.")
@click.option("--probe", metavar="MODEL", help="Find out with small calls what this model of it accepts.")
@click.option("--yes", is_flag=True, help="With --probe: make the calls without asking first.")
@click.option("--output", "-o", metavar="FILE", help="With --probe: the file to write [default: NAME-MODEL.toml].")
@click.option("--force", is_flag=True, help="With --probe: write over a file that is there.")
@click.option("--max-calls", type=click.IntRange(min=1), default=MAX_CALLS, show_default=True,
              help="With --probe: no more calls than this.")  # fmt: skip
@click.option("--max-tokens", type=click.IntRange(min=1), default=MAX_TOKENS, show_default=True,
              help="With --probe: no more output tokens than this, all calls together.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(
    name: str | None, model: str | None, models: bool, probe: str | None, as_json: bool, **options: Any
) -> None:
    """List the built-in providers; with NAME, every fact with its source and date.

    With --probe, NAME may be a provider of your own, and carry a base URL (name@http://host/v1). The facts that are
    found are written to a file that PORTABLE_LLM_CONFIG can name.
    """
    if probe is not None:
        if name is None:
            raise click.UsageError("--probe needs the provider's NAME as well")
        run_probe(name, probe, as_json=as_json, **options)
        return
    if name is None:
        _list(as_json)
        return
    if models:
        _show_models(name, as_json)
        return
    row = provider(name)
    facts = row.capabilities_of(model or "", wire_format(row.wire).CAPABILITIES)
    if as_json:
        print_json({**_summary(row), "model": model, "facts": {key: _fact_json(facts[key]) for key in FEATURES}})
        return
    _show(row, model, facts)


def _summary(row: Provider) -> dict[str, Any]:
    return {
        "name": row.name,
        "title": row.title,
        "wire": row.wire,
        "base_url": row.base_url,
        "key_variables": list(row.auth.env),
        "has_key": any(os.environ.get(variable) for variable in row.auth.env),
    }


def _list(as_json: bool) -> None:
    rows = [_summary(provider(name)) for name in provider_names()]
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    table = Table("name", "wire format", "base URL", "key from", "key set", box=None, pad_edge=False)
    for row in rows:
        table.add_row(
            row["name"], row["wire"], row["base_url"] or "(yours)", ", ".join(row["key_variables"]) or "—",
            "yes" if row["has_key"] else "no",
        )  # fmt: skip
    print_table(table)


def _fact_json(fact: Fact) -> dict[str, Any]:
    return {
        "support": "unknown" if fact.is_assumed else fact.support,
        "minimum": fact.minimum,
        "maximum": fact.maximum,
        "values": list(fact.values),
        "required": fact.required,
        "source": fact.source,
        "date": fact.date,
        "note": fact.note,
    }


def _show(row: Provider, model: str | None, facts: Capabilities) -> None:
    from rich.table import Table

    click.echo(f"{row.title} ({row.name}{':' + model if model else ''})")
    click.echo(
        f"  wire format {row.wire}, {row.base_url or 'base URL: yours'}, key from {', '.join(row.auth.env) or '—'}"
    )
    table = Table("feature", "", "details", "source", box=None, pad_edge=False)
    for feature in FEATURES:
        fact = facts[feature]
        support = "assumed" if fact.is_assumed else fact.support
        table.add_row(feature, support, _details(fact), "" if fact.is_assumed else fact.reference)
    print_table(table)
    click.echo(f"  {_age(facts)}")
    if row.models and model is None:
        click.echo(f"  {len(row.models)} rules for single models; see one with --model NAME")


def _show_models(name: str, as_json: bool) -> None:
    """What the provider itself says that it has, at this moment."""
    from portable_llm import Client

    with Client() as client:
        listed = client.models(name)
    if as_json:
        print_json([dict(model.raw) for model in listed])
        return
    from rich.table import Table

    table = Table("model", "since", "context", "output", "until", box=None, pad_edge=False)
    for model in sorted(listed, key=lambda one: one.id):
        table.add_row(
            model.id, model.created or "", _tokens(model.context_window), _tokens(model.max_output_tokens),
            model.shutdown or "",
        )  # fmt: skip
    print_table(table)


def _tokens(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _age(facts: Capabilities) -> str:
    """How much is known, and how old it is."""
    known = [facts[feature] for feature in FEATURES if not facts[feature].is_assumed]
    days = sorted(fact.date for fact in known if fact.date)
    since = f", read between {days[0]} and {days[-1]}" if days else ""
    oldest = f" (the oldest {(date.today() - date.fromisoformat(days[0])).days} days ago)" if days else ""
    return f"{len(known)} of {len(FEATURES)} facts are known{since}{oldest}; {len(FEATURES) - len(known)} are assumed"


def _details(fact: Fact) -> str:
    told: list[str] = []
    if fact.minimum is not None or fact.maximum is not None:
        told.append(f"{_bound(fact.minimum)}…{_bound(fact.maximum)}")
    if fact.values:
        told.append(" ".join(fact.values))
    if fact.required:
        told.append("required")
    if fact.note:
        told.append(fact.note)
    return "; ".join(told)


def _bound(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
