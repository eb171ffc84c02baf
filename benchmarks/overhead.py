"""Measure one library in this process: `python overhead.py NAME CALLS` prints one JSON object (CPU µs, import in ms).

`FAKE_BASE` is the address of server.py; run.py starts both.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from collections.abc import Callable
from types import ModuleType

ROUNDS = 3
IN_FLIGHT = 64


def best(work: Callable[[], int]) -> float:
    """CPU µs per unit of `work`, which returns how many units it did: the best of three rounds."""
    rounds: list[float] = []
    for _ in range(ROUNDS):
        start = time.process_time()
        units = work()
        rounds.append((time.process_time() - start) / units * 1e6)
    return round(min(rounds), 1)


def blocking(library: ModuleType, calls: int) -> dict[str, float]:
    """A call and a streamed chunk, warmed up."""

    def many() -> int:
        for _ in range(calls):
            library.call()
        return calls

    for _ in range(30):
        library.call()
    library.stream()
    return {"sync": best(many), "per chunk": best(library.stream)}


async def concurrent(library: ModuleType, calls: int) -> dict[str, float]:
    """A call awaited alone, and one of 64 in flight."""
    library.setup()
    for _ in range(10):
        await library.acall()
    return {
        "async": await _in_flight(library, calls, 1),
        f"{IN_FLIGHT} in flight": await _in_flight(library, calls, IN_FLIGHT),
    }


async def _in_flight(library: ModuleType, calls: int, workers: int) -> float:
    each = max(1, calls // workers)

    async def work() -> None:
        for _ in range(each):
            await library.acall()

    rounds: list[float] = []
    for _ in range(ROUNDS):
        start = time.process_time()
        await asyncio.gather(*(work() for _ in range(workers)))
        rounds.append((time.process_time() - start) / (each * workers) * 1e6)
    return round(min(rounds), 1)


def main(name: str, calls: int) -> None:
    start = time.perf_counter()
    library = importlib.import_module(f"impl_{name}")
    figures = {"import": round((time.perf_counter() - start) * 1e3, 1)}
    figures |= blocking(library, calls)
    figures |= asyncio.run(concurrent(library, calls))
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
