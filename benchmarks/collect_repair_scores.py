"""Gathers what the outside scorer of JSON repair wrote into the one file behind the documentation's table.

    cd benchmarks; python collect_repair_scores.py 2026-11-24 DATA ours.rows ours.json json_repair=0.64.6:peer.json ...

DATA is the folder with the texts and `ours.rows` the scorer's outcome of each. A file alone is this library;
`NAME=VERSION:FILE` is a peer, run in an environment of its own.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
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


REASONS = {
    "ends within a number": "the text breaks off within a number",
    "ends within a literal": "the text breaks off within `true`, `false` or `null`",
    "values that disagree": "it holds two answers",
    "no value stands behind": "a value is not there",
    "is no JSON value": "it holds `NaN` or `Infinity`",
    "nests deeper": "it nests deeper than 512 levels",
    "loses something": "something would be lost",
    "is not of type": "nothing of the type asked for could be read",
    "required property": "a required member could not be read",
    "the only value allowed": "it names two of the values allowed",
    "is not one of": "it names two of the values allowed",
}
"""What the error of a text says → why there is no answer."""


def without_answer(data: Path, rows: Path) -> tuple[dict[str, int], list[dict[str, str]]]:
    """Of the agreed texts those without an answer, counted by reason, and those with another one, by name."""
    cases = {case["id"]: case for file in sorted(data.glob("*.jsonl.gz")) for case in _lines(file)}
    lost: Counter[str] = Counter()
    wrong: list[dict[str, str]] = []
    for row in _lines(rows):
        case = cases[row["id"]]
        if case["strictness"] != "agreed" or row["outcome"] == "exact":
            continue
        if row["outcome"] == "honest":
            said = row["r"].get("err", "")
            lost[next((why for words, why in REASONS.items() if words in said), "its syntax could not be read")] += 1
        else:
            wrong.append({"id": row["id"], "category": case["category"], "outcome": row["outcome"]})
    return dict(lost.most_common()), wrong


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    yield from map(json.loads, filter(None, data.decode().split("\n")))


def main() -> None:
    date, data, outcomes, *arguments = sys.argv[1:]
    rows = [row_of(argument) for argument in arguments]
    rows.sort(key=lambda row: (row["library"] != OURS, -row["macro_net_pct"]))
    lost, wrong = without_answer(Path(data), Path(outcomes))
    RESULTS.write_text(
        json.dumps({"date": date, "lost": lost, "wrong": wrong, "rows": rows}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
