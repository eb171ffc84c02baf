"""What reading costs: clean text beside `pydantic_core.from_json`, broken text beside the repair libraries, and growth.

    cd benchmarks; PYTHONPATH=../src python repair.py 2026-11-24 [--python PYTHON] [--node-modules FOLDER]

Writes `results/repair_speed.json`, from which the documentation's tables are made. PYTHON and FOLDER hold the other
libraries, as for `collect_repairs.py`; without them only this one is measured. Times are processor time of the fastest
of 25 batches, so that other programs disturb them little; all the same, run it where little else runs. Without a date
it prints a few figures and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from collect_repairs import NPM, Peer
from peer_repair import per_call
from portable_llm import Parsed
from portable_llm.output import read

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "repair_speed.json"
CLEAN_SIZES = (64, 256, 1_000, 2_000, 4_000, 16_000, 64_000, 1_000_000, 10_000_000)
GROWTH_SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
HOSTILE_SIZES = (62_500, 250_000, 1_000_000)
BESIDE_SIZE = 100_000
PYTHON_PEERS = ("json_repair", "fast_json_repair", "baml-py")

ROW: dict[str, Any] = {
    "name": "Ada Lovelace",
    "age": 36,
    "tags": ["mathematics", "engines"],
    "note": "wrote the first program, for a machine that was never built",
    "rate": 0.75,
    "active": True,
}
ROWS: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "note": {"type": "string"},
            "rate": {"type": "number"},
            "active": {"type": "boolean"},
        },
        "required": ["name", "age", "tags", "note", "rate", "active"],
    },
}


def rows(size: int) -> list[dict[str, Any]]:
    """Rows that make a text of about `size` characters."""
    return [ROW] * max(1, round(size / (len(json.dumps(ROW)) + 2)))


def clean(size: int) -> str:
    """JSON of about `size` characters."""
    return json.dumps(rows(size)) if size >= 200 else json.dumps({"note": "x" * (size - 12)})


BROKEN: dict[str, Callable[[int], str]] = {
    "in a fence, with prose": lambda n: f"Sure, here it is:\n```json\n{clean(n)}\n```\nAnything else?",
    "as Python prints it": lambda n: repr(rows(n)),
    "trailing commas": lambda n: clean(n).replace("}", ",}"),
    "commas missing": lambda n: clean(n).replace("}, {", "}\n{"),
    "names without quotes": lambda n: clean(n).replace('"name"', "name").replace('"age"', "age"),
    "comments": lambda n: clean(n).replace('"tags"', '// the tags\n"tags"'),
    "quotes within texts": lambda n: clean(n).replace("first program", '"first" program'),
    "line breaks within texts": lambda n: clean(n).replace("program, ", "program,\n"),
    "cut off within a text": lambda n: clean(n)[: clean(n).rindex("never")],
    "behind reasoning": lambda n: f"<think>{{a}} or {{b}}? I take {{a}}.</think>\n{clean(n)}",
}
"""Breakages that models write, each at a size. With one exception their value is that of the clean text."""


def mixed(size: int) -> str:
    """Several breakages at once, for growth."""
    text = repr(rows(size)).replace("}", ",}").replace("'tags'", "// the tags\n'tags'")
    return f"Here it is:\n```json\n{text}\n```\n"


HOSTILE: dict[str, Callable[[int], str]] = {
    "open lists": lambda n: "[" * n,
    "open objects": lambda n: '{"a":' * (n // 5),
    "closed lists": lambda n: "[" * (n // 2) + "]" * (n // 2),
    "quotes": lambda n: '{"a": "' + '"' * n + '"}',
    "escaped quotes, not closed": lambda n: '{"a": "' + '\\"' * (n // 2),
    "backslashes": lambda n: '{"a": "' + "\\" * n + '"}',
    "commas": lambda n: "[" + "," * n + "]",
    "braces in prose": lambda n: "some { text " * (n // 12),
    "starts of objects in prose": lambda n: 'see {"a": or ' * (n // 13),
    "fences": lambda n: "```json\n" * (n // 8),
    "quoted words within a text": lambda n: '{"a": "' + 'say "hi" and, ' * (n // 14) + '"}',
    "names within a text": lambda n: '{"a": "' + 'b": "c, ' * (n // 8),
    "apostrophes": lambda n: "{'a': '" + "it's " * (n // 5) + "'}",
    "comments": lambda n: "/* x */" * (n // 7) + "{}",
    "a comment that does not end": lambda n: "{ /*" + "*" * n,
    "digits": lambda n: "[" + "9" * n + "]",
    "words without quotes": lambda n: "{a: " + "word " * (n // 5),
    "one value a line": lambda n: '{"a":1}\n' * (n // 8),
    "reasoning tags": lambda n: "<think>{" * (n // 8),
    "marks of calls": lambda n: "<tool_call>\n" * (n // 12),
    "calls of Python": lambda n: "f(a=1)\n" * (n // 7) + "f(x)",
}
"""Texts of about `n` characters that make a careless reader slow or deep."""
NEAR_MISSES: dict[str, Any] = {
    "type": "object",
    "properties": {f"member_{n:03}": {"type": "integer"} for n in range(200)},
    "required": [f"member_{n:03}" for n in range(200)],
    "additionalProperties": False,
}


def near_misses(size: int) -> str:
    """An object whose names nearly are those of a schema."""
    return "{" + ", ".join(f'"Member-{n:03}x": "{n}"' for n in range(size // 20)) + "}"


# ---------------------------------------------------------------- measuring


def clean_figures() -> list[dict[str, Any]]:
    """Strictly valid text: `read` and the parser that it uses."""
    return [
        {"size": len(text), "read_us": us(partial(read, text)), "from_json_us": us(partial(from_json, text))}
        for text in map(clean, CLEAN_SIZES)
    ]


def us(call: Callable[[], object]) -> float:
    """Microseconds of a call."""
    return round(per_call(call), 3)


def broken_figures(peers: list[Peer], size: int = 2_000) -> list[dict[str, Any]]:
    """Broken text as long as models write it, without and with the schema."""
    found: list[dict[str, Any]] = []
    for name, make in BROKEN.items():
        text = make(size)
        assert isinstance(read(text), Parsed), name
        row = {"text": name, "portable-llm": us(partial(read, text)), "with schema": us(partial(read, text, ROWS))}
        for peer in peers:
            schema = ROWS if peer.about["library"] == "baml-py" else None
            row[peer.about["library"]] = peer.ask({"text": text, "schema": schema, "runs": True}).get("us")
        found.append(row)
    return found


def growth_figures() -> list[dict[str, Any]]:
    """Time and peak memory for texts from 1 kB to 10 MB, each in a process of its own."""
    return [_in_own_process("grow", size) for size in GROWTH_SIZES]


def hostile_figures(peers: list[Peer]) -> list[dict[str, Any]]:
    """Time at three sizes, the exponent of growth, and what others do at one size."""
    found: list[dict[str, Any]] = []
    for name, make in {**HOSTILE, "near-miss names": near_misses}.items():
        schema = NEAR_MISSES if make is near_misses else None
        times = [_once(make(size), schema) for size in HOSTILE_SIZES]
        row: dict[str, Any] = {"family": name, "seconds": [round(seconds, 4) for seconds, _ in times]}
        row["outcome"] = times[-1][1]
        row["exponent"] = _exponent([seconds for seconds, _ in times])
        if schema is None:
            row |= {peer.about["library"]: _peer_once(peer, make(BESIDE_SIZE)) for peer in peers}
        found.append(row)
    return found


def _once(text: str, schema: dict[str, Any] | None) -> tuple[float, str]:
    taken: list[float] = []
    outcome = ""
    for _ in range(3):
        start = time.process_time()
        try:
            outcome = "value" if isinstance(read(text, schema), Parsed) else "Invalid"
        except Exception as error:  # counted, whatever it is
            outcome = type(error).__name__
        taken.append(time.process_time() - start)
    return min(taken), outcome


def _exponent(seconds: list[float]) -> float | None:
    """How time grows: 1 = in proportion, 2 = quadratic; `None` where all was too fast to say."""
    if seconds[-1] < 0.1 or seconds[-2] <= 0:
        return None
    return round(math.log(seconds[-1] / seconds[-2]) / math.log(HOSTILE_SIZES[-1] / HOSTILE_SIZES[-2]), 2)


def _peer_once(peer: Peer, text: str) -> dict[str, Any]:
    if peer.about["library"] == "baml-py":
        return {}
    start = time.perf_counter()
    answer = peer.ask({"text": text, "schema": None})
    said = answer.get("error", "")
    outcome = (
        "value" if "value" in answer else said if said.startswith(("no answer within", "its process")) else "error"
    )
    if "recursion" in said.lower() or "call stack" in said.lower():
        outcome = "stack overflow"
    return {"seconds": round(time.perf_counter() - start, 3), "outcome": outcome}


def _in_own_process(what: str, size: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--part", what, "--size", str(size)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def grow(size: int) -> dict[str, Any]:
    """Time of one text, then once more with every allocation counted: its peak, beyond the text itself."""
    text = mixed(size)
    read(mixed(1_000))  # whatever is imported and compiled on the first call
    start = time.process_time()
    outcome = read(text)
    seconds = time.process_time() - start
    assert isinstance(outcome, Parsed)
    if size <= 100_000:
        seconds = per_call(partial(read, text)) / 1e6
    edits = len(outcome.repairs)
    del outcome
    tracemalloc.start()
    kept = read(text)
    peak = tracemalloc.get_traced_memory()[1]
    del kept
    return {"size": len(text), "seconds": round(seconds, 6), "peak_kb": peak // 1024, "edits": edits}


def main() -> None:
    """Measure everything, or one part of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("date", nargs="?")
    parser.add_argument("--python")
    parser.add_argument("--node-modules")
    parser.add_argument("--part")
    parser.add_argument("--size", type=int, default=0)
    asked = parser.parse_args()
    if asked.part:
        print(json.dumps(grow(asked.size)))
        return
    if asked.date is None:
        _show()
        return
    commands = [[asked.python, str(HERE / "peer_repair.py"), name] for name in PYTHON_PEERS] if asked.python else []
    if asked.node_modules:
        commands.append(["node", str(HERE / "peer_repair.mjs"), asked.node_modules, NPM[0]])
    peers = [Peer(command) for command in commands]
    load = os.getloadavg()[0]
    stored = {
        "date": asked.date,
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "load": round(load, 2),
        "libraries": [peer.about for peer in peers],
        "clean": clean_figures(),
        "broken": broken_figures(peers),
        "growth": growth_figures(),
        "hostile": hostile_figures(peers),
    }
    for peer in peers:
        peer.stop()
    RESULTS.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def _show() -> None:
    for text in map(clean, CLEAN_SIZES[:6]):
        ours, parser = us(partial(read, text)), us(partial(from_json, text))
        print(
            f"clean  {len(text):>9,} characters: read {ours:9.2f} us, from_json {parser:9.2f} us, {ours / parser:.2f} x"
        )
    times = {name: us(partial(read, make(2_000))) for name, make in BROKEN.items()}
    for name, taken in times.items():
        print(f"broken {name:<28} read {taken:9.1f} us")
    print(f"broken median                       read {statistics.median(times.values()):9.1f} us")


if __name__ == "__main__":
    main()
