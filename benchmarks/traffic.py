"""Scores of the decoders on recorded traffic, as the outside scorer gives them: stored without times and ids.

    PYTHONPATH=benchmarks:src python benchmarks/traffic.py SCORER RECORDINGS

SCORER is the scorer's file, RECORDINGS its folder of data. Writes `benchmarks/results/traffic.json`;
`scripts/traffic_pages.py` makes the page of it.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import contracts
from recorded_requests import WIRE_OF_FAMILY

RESULTS = Path(__file__).parent / "results" / "traffic.json"


def scorer(file: Path) -> ModuleType:
    """The scorer as it lies there."""
    spec = importlib.util.spec_from_file_location("score_traffic", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(file: Path, folder: Path, family: str) -> dict[str, Any]:
    """Counts of one family: exchanges, crashes, agreement by field, silent falsifications by kind."""
    groups, detail = scorer(file).score(contracts.decode, str(folder), family)
    (group,) = groups.values()
    differ = Counter(field for one in detail for field in one.get("wrong", ()))
    return {
        "exchanges": group["n"],
        "crashes": group["crashes"],
        "invalid": group["invalid"],
        "silent": dict(group["silent"]),
        "agree": group["whole_agreement"],
        "fields": {field: {"agree": good, "n": n} for field, (good, n) in sorted(group["fields"].items())},
        "differ": dict(differ),
    }


def main(argv: list[str]) -> None:
    """Measure the families of all wire formats and store the counts."""
    file, folder = map(Path, argv)
    families = {family: measure(file, folder, family) for family in WIRE_OF_FAMILY}
    for family, row in families.items():
        print(f"{family:25} {row['agree']:5} of {row['exchanges']:5}  {row['crashes']} crashes  {row['silent'] or ''}")
    stored = {"date": datetime.now(UTC).date().isoformat(), "families": families}
    RESULTS.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
