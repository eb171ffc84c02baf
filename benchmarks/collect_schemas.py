"""Gathers what the outside scorer of schema dialects wrote into the one file behind the documentation's table.

    cd benchmarks; python collect_schemas.py 2026-11-24 ours.json openai=3.57.0:peer.json > results/schemas.json

A file alone is this library; `NAME=VERSION:FILE` is a peer, run in an environment of its own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

OURS = "portable-llm"


def rows_of(argument: str) -> list[dict[str, Any]]:
    """The rows of one score file, one for each dialect in it."""
    name, _, rest = argument.rpartition("=")
    version, _, file = rest.partition(":") if name else ("", "", rest)
    scored = json.loads(Path(file).read_text(encoding="utf-8"))["dialects"]
    return [_row(name or OURS, version, dialect, figures) for dialect, figures in scored.items()]


def _row(name: str, version: str, dialect: str, figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "library": name,
        "version": version,
        "dialect": dialect,
        "schemas": figures["n"],
        "raised": figures["raised"],
        "valid_pct": figures["valid_pct"],
        "usable_pct": figures["usable_pct"],
        "silent_widening": figures["silent_widening"],
        "silent_narrowing": figures["silent_narrowing"],
        "kept_acceptance_pct": figures["kept_acceptance_pct"],
        "kept_rejection_pct": figures["kept_rejection_pct"],
        "losses_per_schema": figures["losses_per_schema"],
        "median_ms": figures["time_ms"]["median"],
    }


def main() -> None:
    date, *arguments = sys.argv[1:]
    rows = [row for argument in arguments for row in rows_of(argument)]
    rows.sort(key=lambda row: (row["dialect"], row["library"] != OURS, row["library"]))
    json.dump({"date": date, "rows": rows}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
