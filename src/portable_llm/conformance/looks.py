"""How often has this been looked at? A file beside the runs that counts runs of one suite on one pair of endpoints.

Who runs until it is green will get green in the end, so the number of runs is printed with every report. It is no part
of `report.json`, which follows from one run's evidence alone. The file is no proof: it can be deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from portable_llm.conformance.case import canonical_json, json_object

LEDGER = "ledger.jsonl"
"""Name of the file, in the directory that holds the run directories."""


def note_look(directory: Path, report: Mapping[str, Any]) -> int | None:
    """Enter a run's report, once a run, and give how many runs of the same comparison are known, this one included.

    `None` when the file cannot be written: then nobody knows.
    """
    path, entry = directory.resolve().parent / LEDGER, _entry(report)
    try:
        known = {one.get("run") for one in _entries(path) if _is_same(one, entry)}
        if entry["run"] not in known:
            with path.open("a", encoding="ascii") as file:
                file.write(canonical_json(entry) + "\n")
    except OSError:
        return None
    return len(known | {entry["run"]})


def _entry(report: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "run": report["run"]["id"],
        "started": report["run"]["started"],
        "suite": report["suite"]["id"],
        "a": report["endpoints"]["a"]["label"],
        "b": report["endpoints"]["b"]["label"],
    }


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(name) == other[name] for name in ("suite", "a", "b"))


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    """What the file holds; a line that a crash has torn counts for nothing."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            yield json_object(json.loads(line))
        except (ValueError, RecursionError):
            continue
