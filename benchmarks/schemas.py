"""Time to lower a schema into each dialect: `python benchmarks/schemas.py CORPUS.jsonl.gz ...`.

A corpus is a file of JSON lines, packed with gzip or not, each with a `schema`. Every schema is lowered for the first
time (the cache by content is emptied before), once more from the cache, and beside them one generated schema of half a
megabyte. CPU time of this process.
"""

from __future__ import annotations

import gzip
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portable_llm import UnsupportedSchemaError
from portable_llm.schema import Dialect, dialect, dialect_names, lower
from portable_llm.schema._lowering import _lowered

MEMBER = {
    "type": "object",
    "properties": {"name": {"type": "string", "description": "x" * 60}, "n": {"type": "integer", "minimum": 0}},
    "required": ["name"],
}
LARGE = {"type": "object", "properties": {f"member_{i}": MEMBER for i in range(2300)}}


def schemas(paths: list[str]) -> Iterator[dict[str, Any]]:
    for path in paths:
        packed = Path(path).read_bytes()
        for line in (gzip.decompress(packed) if path.endswith(".gz") else packed).splitlines():
            yield json.loads(line)["schema"]


def timed(schema: dict[str, Any], row: Dialect) -> float | None:
    """Milliseconds of CPU; `None` where it is refused."""
    started = time.process_time_ns()
    try:
        lower(schema, row)
    except UnsupportedSchemaError:
        return None
    return (time.process_time_ns() - started) / 1e6


def line(row: Dialect, corpus: list[dict[str, Any]]) -> str:
    """One row of the table: first time, from the cache, and the large schema."""
    first: list[float] = []
    again: list[float] = []
    for schema in corpus:
        _lowered.cache_clear()
        one, two = timed(schema, row), timed(schema, row)
        if one is not None and two is not None:
            first.append(one)
            again.append(two)
    large = timed(LARGE, row)
    centiles = statistics.quantiles(first, n=100)
    said = "refused" if large is None else f"{large:.0f} ms"
    return (
        f"| `{row.name}` | {statistics.median(first):.3f} ms | {centiles[94]:.2f} ms | {centiles[98]:.2f} ms "
        f"| {statistics.median(again):.3f} ms | {said} |"
    )


def main(paths: list[str]) -> None:
    corpus = list(schemas(paths)) or [MEMBER] * 100
    print(f"{len(corpus)} schemas; one of {len(json.dumps(LARGE)):,} characters")
    print("| | median | 95th centile | 99th | again | large |\n|---|---|---|---|---|---|")
    for name in dialect_names():
        print(line(dialect(name), corpus))


if __name__ == "__main__":
    main(sys.argv[1:])
