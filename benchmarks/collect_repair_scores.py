"""Gathers what the outside scorer of JSON repair wrote into the one file behind the documentation's table.

    cd benchmarks; python collect_repair_scores.py 2026-11-24 ours.json json_repair=0.64.6:peer.json ...

A file alone is this library; `NAME=VERSION:FILE` is a peer, run in an environment of its own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results" / "repair_scores.json"
OURS = "portable-llm"
OUTCOMES = ("cases", "exact", "honest", "wrong", "invented", "timeout", "crash")


def row_of(argument: str) -> dict[str, Any]:
    """The figures of one score file."""
    name, _, rest = argument.rpartition("=")
    version, _, file = rest.partition(":") if name else ("", "", rest)
    scored = json.loads(Path(file).read_text(encoding="utf-8"))
    return {
        "library": name or OURS,
        "version": version,
        "macro_exact_pct": scored["macro_exact_pct"],
        "macro_net_pct": scored["macro_net_pct"],
        "total": {outcome: scored["total"][outcome] for outcome in OUTCOMES},
        "categories": {
            category: {"cases": figures["cases"], "exact_pct": figures["exact_pct"], "net_pct": figures["net_pct"]}
            for category, figures in scored["categories"].items()
        },
        "families": len(scored["adversarial"]),
        "unsafe_families": scored["adversarial_bad_families"],
        "median_us": scored["time"]["median_us"],
    }


def main() -> None:
    date, *arguments = sys.argv[1:]
    rows = [row_of(argument) for argument in arguments]
    rows.sort(key=lambda row: (row["library"] != OURS, -row["macro_net_pct"]))
    RESULTS.write_text(json.dumps({"date": date, "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
