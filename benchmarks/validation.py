"""Validation per answer beside plain jsonschema and jsonschema-rs: `python benchmarks/validation.py [CORPUS …]`.

A corpus is a file of JSON lines, packed with gzip or not, each with a `schema` and its `tests` (`data`). Without one,
three schemas of the kind applications send are measured. Every validator is made once and warm, as in a long-running
process; `hot` goes through `portable_llm.schema.validate`, which looks the validator up by the schema's content.
"""

from __future__ import annotations

import gzip
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import referencing

from portable_llm.schema import compile_validator, validate

TICKET = {
    "type": "object",
    "properties": {
        "product": {"type": "string", "minLength": 1},
        "urgent": {"type": "boolean"},
        "tags": {"type": "array", "items": {"enum": ["bug", "wish", "question"]}, "maxItems": 5},
        "total": {"type": ["number", "null"]},
    },
    "required": ["product", "urgent"],
    "additionalProperties": False,
}
BUILT_IN: list[tuple[dict[str, Any], list[Any]]] = [
    (TICKET, [{"product": "kettle", "urgent": True, "tags": ["bug"], "total": 19.99}]),
    ({"type": "array", "items": TICKET}, [[{"product": "kettle", "urgent": True, "tags": ["bug", "wish"]}] * 20]),
    ({"anyOf": [TICKET, {"type": "null"}]}, [{"product": "kettle", "urgent": False}]),
]


def pairs(paths: list[str]) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    if not paths:
        yield from BUILT_IN
    for path in paths:
        packed = Path(path).read_bytes()
        for line in (gzip.decompress(packed) if path.endswith(".gz") else packed).splitlines():
            record = json.loads(line)
            yield record["schema"], [test["data"] for test in record["tests"]]


def ways(schema: dict[str, Any]) -> dict[str, Callable[[Any], object]]:
    cls: Any = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    plain = cls(schema, registry=referencing.Registry())
    ours = compile_validator(schema)
    slow = compile_validator({**schema, "$comment": "without the extra"})
    slow._fast = None
    return {
        "jsonschema": plain.is_valid,
        "jsonschema-rs": jsonschema_rs.validator_for(schema, offline=True).is_valid,
        "portable_llm, no extra": slow.errors,
        "portable_llm, fast": ours.errors,
        "portable_llm, fast, hot": lambda value: validate(value, schema),
    }


def seconds(check: Callable[[Any], object], value: Any, rounds: int) -> float:
    check(value)
    started = time.process_time()
    for _ in range(rounds):
        check(value)
    return (time.process_time() - started) / rounds


def measure(paths: list[str], rounds: int = 30) -> dict[str, list[float]]:
    """Seconds per valid answer, by way; answers that jsonschema refuses are left out, since only we explain them."""
    figures: dict[str, list[float]] = {}
    for schema, values in pairs(paths):
        try:
            found = ways(schema)
        except ValueError:
            continue  # jsonschema-rs does not take the schema
        for value in values:
            if found["jsonschema"](value) and found["jsonschema-rs"](value):
                for name, check in found.items():
                    figures.setdefault(name, []).append(seconds(check, value, rounds))
    return figures


def main() -> None:
    figures = measure(sys.argv[1:])
    base = statistics.median(figures["jsonschema"])
    print(f"{len(figures['jsonschema'])} valid answers; median µs of CPU, in brackets: times jsonschema; 95th centile")
    for name, times in figures.items():
        median = statistics.median(times)
        high = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else median
        print(f"{name:<26}{median * 1e6:>9.1f} ({median / base:.2f} x){high * 1e6:>10.1f}")


if __name__ == "__main__":
    main()
