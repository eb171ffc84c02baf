"""Does a report follow from its evidence? Every figure is computed again, and every exchange is held to its digest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from portable_llm.conformance.case import canonical_json, json_list, json_object
from portable_llm.conformance.comparison import recompute
from portable_llm.conformance.evaluate import Seen, observations_file, read_observations, record_digest
from portable_llm.conformance.store import RunStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was checked, and where it fails; `problems` is empty for a report that holds."""

    exchanges: int
    observations: int
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.problems


def verify(directory: Path) -> Verification:
    """Check a run directory; raises `RunStoreError` for one that cannot be read."""
    store = RunStore(directory)
    digests = {record.key: record_digest(record) for record in store.records()}
    seen = read_observations(store)
    problems = [*_bytes(store, seen), *_evidence(digests, seen)]
    stored, computed = store.read("report.json"), recompute(directory)
    if stored != computed:
        problems.append(f"report.json does not follow from the observations: {first_difference(stored, computed)}")
    return Verification(exchanges=len(digests), observations=len(seen), problems=tuple(problems))


def _bytes(store: RunStore, seen: Sequence[Seen]) -> Iterator[str]:
    """Files whose bytes are not those that their content is stored as: also what no reader looks at is held."""
    rewritten = "".join(canonical_json(record.to_json()) + "\n" for record in store.lines()).encode("ascii")
    for name, expected in (("transcripts.jsonl", rewritten), ("observations.jsonl", observations_file(seen))):
        content = store.read(name)
        if content != expected:
            yield f"{name} was changed after it had been written, at byte {_parting(content, expected)}"


def _parting(left: bytes, right: bytes) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(left), len(right)))


def _evidence(digests: dict[str, str], seen: Sequence[Seen]) -> Iterator[str]:
    used: set[str] = set()
    for one in seen:
        used.add(one.record)
        if one.record not in digests:
            yield f"observation {one.lane} of {one.record}: its exchange is not in transcripts.jsonl"
        elif digests[one.record] != one.evidence:
            yield f"exchange {one.record} was changed after it had been read (digest differs)"
    for key in sorted(digests.keys() - used):
        yield f"exchange {key} is in transcripts.jsonl and was never read"


def first_difference(stored: bytes, computed: bytes) -> str:
    """Where two JSON texts part: the pointer and both values, or the byte where one is no JSON."""
    try:
        found = _differ(json.loads(stored), json.loads(computed), "")
    except ValueError:
        found = None
    if found is not None:
        return found
    return f"byte {_parting(stored, computed)}"


def _differ(left: object, right: object, where: str) -> str | None:
    if isinstance(left, dict) and isinstance(right, dict):
        a, b = json_object(cast("object", left)), json_object(cast("object", right))
        found = (_differ(a.get(key), b.get(key), f"{where}/{key}") for key in sorted(a.keys() | b.keys()))
        return next((place for place in found if place is not None), None)
    if isinstance(left, list) and isinstance(right, list):
        c, d = json_list(cast("object", left)), json_list(cast("object", right))
        if len(c) != len(d):
            return f"{where}: {len(c)} items stored, {len(d)} computed"
        found = (_differ(x, y, f"{where}/{i}") for i, (x, y) in enumerate(zip(c, d, strict=True)))
        return next((place for place in found if place is not None), None)
    if left == right and type(left) is type(right):  # pyright: ignore[reportUnknownArgumentType]
        return None
    return f"{where}: {json.dumps(left)[:80]} stored, {json.dumps(right)[:80]} computed"
