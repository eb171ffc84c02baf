"""What reading costs, beside `pydantic_core.from_json` for clean text and the repair libraries for broken text.

    PYTHONPATH=src python benchmarks/repair.py

Peers that are not installed are left out. Each figure is the median of several runs in one process.
"""

from __future__ import annotations

import importlib
import json
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pydantic_core import from_json

from portable_llm.output import read

RUNS = 31
ROW = {"name": "Ada Lovelace", "age": 36, "tags": ["mathematics", "engines"], "note": "wrote the first program"}


def clean(size: int) -> str:
    """A list of objects of about `size` characters."""
    return json.dumps([ROW] * max(1, size // len(json.dumps(ROW))))


def broken(size: int) -> str:
    """The same as Python prints it, with a comment and trailing commas, in a fence."""
    text = repr(json.loads(clean(size))).replace("}", ",}")
    return f"Here it is:\n```json\n// rows\n{text}\n```\n"


def median_us(call: Callable[[], object], runs: int = RUNS) -> float:
    """The median time of a call in microseconds."""
    times: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def peers() -> Iterator[tuple[str, Callable[[str], Any]]]:
    """The repair libraries that are installed."""
    for module, name in (("json_repair", "loads"), ("fast_json_repair", "loads"), ("dirtyjson", "loads")):
        try:
            yield module, getattr(importlib.import_module(module), name)
        except ImportError:
            continue


def main() -> None:
    """Print the figures."""
    for size in (300, 2_000, 4_000, 64_000):
        text = clean(size)
        ours, theirs = median_us(partial(read, text), 301), median_us(partial(from_json, text), 301)
        print(f"clean  {len(text):>9,} characters: read {ours:9.1f} us, from_json {theirs:9.1f} us")
    for size in (2_000, 1_000_000):
        text = broken(size)
        runs = 31 if size < 10_000 else 3
        print(f"broken {len(text):>9,} characters: read {median_us(partial(read, text), runs):11.1f} us")
        for name, call in peers():
            print(f"{'':>26} {name} {median_us(partial(call, text), runs if size < 10_000 else 1):11.1f} us")


if __name__ == "__main__":
    main()
