"""Writes `docs/reference/providers.md` from the rows of providers: `python scripts/provider_reference.py`.

A test holds the committed page to what this writes. Runs with the Python of `.venv`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from portable_llm._capabilities import FEATURES, Fact
from portable_llm.providers import Provider, provider, provider_names
from portable_llm.wire import wire_format, wire_names

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "providers.md"

HEAD = """\
# Providers

<!-- Written by scripts/provider_reference.py. -->

Everybody that a model string can name without further ado: `groq:openai/gpt-oss-120b`. For one of them,
`portable-llm providers NAME` prints every fact with its source and day, `--model` those of one model.
Yours is missing? [Add a provider](../how-to/add-a-provider.md): one row, in code, in a file, or in a package.

A fact is **known** if somebody read it (documentation, types of an SDK, recorded answers; *not re-checked* means an
older page of the vendor), and **assumed** if nobody did. What is assumed is sent, and the ledger says so. None of these
services was asked while this page was made.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_tables(), *_differences()]) + "\n"


def _tables() -> Iterator[str]:
    for wire in wire_names():
        rows = [row for name in provider_names() if (row := provider(name)).wire == wire]
        if not rows:
            continue
        yield f"## {wire}\n"
        yield "| name | service | address | key from | known of its own |"
        yield "|---|---|---|---|---|"
        yield from map(_row, rows)
        yield ""


def _row(row: Provider) -> str:
    title = f"[{row.title}]({row.documentation})" if row.documentation else row.title
    keys = [f"`{name}`" for name in row.auth.env] + ["the machine's credentials or a callback"] * bool(row.auth.source)
    return f"| `{row.name}` | {title} | {_address(row)} | {', '.join(keys) or 'none'} | {_count(row)} |"


def _address(row: Provider) -> str:
    if row.located_by:
        made = f"made of {', '.join(f'`{name}`' for name in row.located_by)}"
        return f"{made}, else `{row.base_url}`" if row.base_url else made
    own = f"yours: `{row.name}:MODEL@https://host{'' if row.prefix else '/v1'}`"
    return f"`{row.base_url}`" if row.base_url else own


def _count(row: Provider) -> str:
    protocol = wire_format(row.wire).CAPABILITIES
    facts = row.capabilities_of("", protocol)
    own = sum(facts[name] != protocol[name] and not facts[name].is_assumed for name in FEATURES)
    assumed = sum(facts[name].is_assumed for name in FEATURES)
    models = f", {len(row.models)} rules for models" if row.models else ""
    return f"{own} facts{models}; {assumed} assumed"


def _differences() -> Iterator[str]:
    yield "## What compatible services do differently\n"
    yield "Only what is refused, ignored or limited, for any model of theirs.\n"
    usual = provider("compatible").capabilities.facts
    for name in provider_names():
        row = provider(name)
        if row.wire != "openai-chat" or name in ("compatible", "openai"):
            continue
        own = {key: fact for key, fact in row.capabilities.facts.items() if fact != usual.get(key)}
        lines = [line for key, fact in own.items() if (line := _difference(key, fact))]
        if lines:
            yield f"**{row.title}** (`{name}`)\n"
            yield from lines
            yield ""


def _difference(feature: str, fact: Fact) -> str | None:
    told: list[str] = []
    if fact.support != "yes":
        told.append({"no": "refused", "ignored": "ignored"}[fact.support])
    if fact.maximum is not None:
        told.append(f"at most {fact.maximum:g}")
    if fact.values:
        told.append("takes " + ", ".join(fact.values))
    if fact.note:
        told.append(fact.note)
    if not told:
        return None
    source = "assumed" if fact.is_assumed else fact.reference
    return f"- `{feature}`: {'; '.join(told)} ({source})"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
