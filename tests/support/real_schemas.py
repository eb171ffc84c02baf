"""Real-world schemas for tests, and the question of whether a ledger foresaw what a validator finds."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema

from portable_llm import Adaptation

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "schemas"
SOURCES = ("jsonschemabench", "requests", "bfcl_tools")
"""Collected from public repositories, recorded requests and function calls; the test suite's own are no real ones."""

_DRAFTS = {
    4: jsonschema.Draft4Validator,
    6: jsonschema.Draft6Validator,
    7: jsonschema.Draft7Validator,
    2019: jsonschema.Draft201909Validator,
}


def records() -> list[dict[str, Any]]:
    """All of them, in an order that only the names decide and no source dominates."""
    found = [record for source in SOURCES for record in _read(FOLDER / f"{source}.jsonl.gz")]
    return sorted(found, key=lambda record: hashlib.sha256(str(record["id"]).encode()).digest())


def _read(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def errors_of(record: dict[str, Any], value: Any) -> list[jsonschema.ValidationError]:
    """What the original schema has against the value, by the draft it was written in."""
    validator = _DRAFTS.get(record.get("draft"), jsonschema.Draft202012Validator)
    return list(validator(record["schema"]).iter_errors(value))


def is_foreseen(
    error: jsonschema.ValidationError, schema: dict[str, Any], adaptations: Sequence[Adaptation], at: str
) -> bool:
    """Whether an entry says that this keyword at this place (or all above it) is not the provider's to keep.

    An alternative fails with the errors of each branch: the one that the model took is foreseen in all its errors.
    """
    open_places = {
        entry.subject.removeprefix(at)
        for entry in adaptations
        if entry.effect in ("widened", "changed") and entry.enforced_by != "provider"
    }
    return _is_open(error, schema, open_places)


def _is_open(error: jsonschema.ValidationError, schema: dict[str, Any], open_places: set[str]) -> bool:
    if any(place in open_places for place in _places(error, schema)):
        return True
    branches: dict[Any, list[jsonschema.ValidationError]] = {}
    for each in error.context or ():
        branches.setdefault(each.schema_path[0], []).append(each)
    return any(all(_is_open(each, schema, open_places) for each in branch) for branch in branches.values())


def _places(error: jsonschema.ValidationError, schema: dict[str, Any]) -> Iterator[str]:
    """The pointer to the failing keyword and to everything above it, with references followed as a path passes them.

    The validator's own path leaves `$ref` out.
    """
    node: Any = schema
    place = ""
    yield place
    for step in error.absolute_schema_path:
        while isinstance(node, dict) and step not in node and isinstance(node.get("$ref"), str):
            place = unquote(node["$ref"].removeprefix("#"))
            node = _at(schema, place)
            yield place
        place += "/" + str(step).replace("~", "~0").replace("/", "~1")
        node = _child(node, step)
        yield place


def _at(schema: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        schema = _child(schema, part.replace("~1", "/").replace("~0", "~"))
    return schema


def _child(node: Any, step: Any) -> Any:
    if isinstance(node, dict):
        return node.get(step)
    if isinstance(node, list) and str(step).isdigit() and int(step) < len(node):
        return node[int(step)]
    return None
