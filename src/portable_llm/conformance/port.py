"""The day-one port: home's wire request, carried to another endpoint by a table of renamed fields.

What the lane `raw` sends. Only what a team renames on the first day is carried: model, system text, messages, tools,
tool choice, output limit, stop, temperature, top_p. A field without a row is omitted and listed. Nothing is lowered,
emulated, repaired or retried. Between two endpoints of one wire format only the model changes.

Where a wire format keeps each of these fields is data (`carry/<wire>.json`); a table between two is put together from
their two files, so that a new format is one file. The shape of messages is code (`turns/`): turns nest differently.
Paths are relative to the provider's base URL (`https://api.openai.com/v1`, `https://api.anthropic.com`, `…/v1beta`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast

from portable_llm.conformance.case import JsonObject, json_list, json_object
from portable_llm.conformance.turns import TURNS

_HOLE = object()
WIRES = tuple(TURNS)
_CHOICES = ("named", "auto", "required", "none")
"""Forms of a tool choice; a named one first, since it also fits the pattern of a forced one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A request for the target endpoint."""

    path: str
    """Path and query, relative to the base URL, the model filled in."""
    body: dict[str, Any]
    omitted: tuple[str, ...]
    """Paths in home's request that no row carries, sorted; `[]` stands for every item of a list."""


@cache
def _wire_fields(wire: str) -> JsonObject:
    """Where a wire format keeps what a day-one port carries. Raises `ValueError` for an unknown one."""
    if wire not in TURNS:
        raise ValueError(f"no carry file for {wire!r}; known wire formats: {', '.join(WIRES)}")
    file = resources.files("portable_llm.conformance").joinpath("carry", f"{wire}.json")
    return json_object(json.loads(file.read_text("utf-8")))


@cache
def carry_table(source: str, target: str) -> JsonObject:
    """The table between two wire formats. Raises `ValueError` for an unknown one."""
    home, away = _wire_fields(source), _wire_fields(target)
    same = source == target
    return {
        "from": source,
        "to": target,
        "path": away["path"],
        "verbatim": same,
        "set": [field for field in away["set"] if not same or field["value"] == "$model"],
        "handled": [] if same else home["handled"],
        "rows": [] if same else list(_rows(home, away)),
    }


def _rows(home: JsonObject, away: JsonObject) -> Iterator[JsonObject]:
    """Every spelling of a field at home → its first spelling away, in the order in which they win."""
    for name, spellings in home["fields"].items():
        if name == "tools.name":
            yield from ({"from": spellings[0], "to": to, "value": value} for to, value in away["constants"].items())
        for spelling in spellings if name in away["fields"] else ():
            rule = {"values": "list"} if name == "stop" else {}
            yield {"from": spelling, "to": away["fields"][name][0], **rule}
    yield from ({"from": constant, "to": None} for constant in home["constants"])
    if home["tool_choice"] and away["tool_choice"]:
        ours, theirs = home["tool_choice"], away["tool_choice"]
        known = [name for name in _CHOICES if name in ours["forms"]]
        # A form that the target lacks stays in the list, so that no weaker one takes its place unseen.
        pairs = [[ours["forms"][name], theirs["forms"].get(name)] for name in known]
        pairs += [[form, theirs["forms"].get(name)] for name in known for form in ours.get("also", {}).get(name, ())]
        yield {"from": ours["at"], "to": theirs["at"], "values": pairs}


def carry(body: JsonObject, table: JsonObject, model: str, *, streamed: bool = False) -> Carried:
    """Home's request body as the target's, with what it cost.

    `streamed` says how home was asked: one wire format says so in the path and not in the body.
    """
    path = str(table["path"]["stream" if streamed else "whole"]).replace("{model}", model)
    if table["verbatim"]:
        carried = dict(body)
        _set_fields(carried, table["set"], model, streamed=streamed)
        return Carried(path=path, body=carried, omitted=())
    omitted: set[str] = set()
    turns = TURNS[table["from"]].read(body, omitted)
    target: dict[str, Any] = {}
    _set_fields(target, table["set"], model, streamed=streamed)
    target |= TURNS[table["to"]].write(turns, omitted)
    for row in table["rows"]:
        omitted |= _apply(row, body, target)
    covered = [*table["handled"], *(row["from"] for row in table["rows"])]
    omitted |= set(_uncovered(body, "", covered))
    return Carried(path=path, body=_without_holes(target), omitted=tuple(sorted(omitted)))


def _set_fields(body: dict[str, Any], fields: Sequence[JsonObject], model: str, *, streamed: bool) -> None:
    """The fields that do not come from home's body: the model, and the wish for a stream where there is one."""
    for field in fields:
        if field["value"] == "$model":
            body[field["to"]] = model
        elif streamed or "else" in field:
            body[field["to"]] = streamed or field["else"]


def _apply(row: JsonObject, body: JsonObject, target: dict[str, Any]) -> set[str]:
    """Carry one row; the parts of its value that no entry of `values` covers are returned as omitted paths."""
    omitted: set[str] = set()
    if row["to"] is None:
        return omitted
    for indices, value in _find(body, _steps(row["from"]), ()):
        carried, left = _translate(row, value)
        omitted |= {f"{row['from']}.{name}" if name else row["from"] for name in left}
        if "" not in left:
            _place(target, _steps(row["to"]), list(indices), carried)
    return omitted


def _translate(row: JsonObject, value: object) -> tuple[object, set[str]]:
    """The target's value and the names of members that are lost; the name `""` means that the whole value is."""
    if "value" in row:
        return row["value"], set()
    rule = row.get("values")
    if rule is None:
        return value, set()
    if rule == "list":
        return json_list(value) or [value], set()
    for pattern, replacement in rule:
        bound: dict[str, object] = {}
        if _fits(value, pattern, bound):
            if replacement is None:
                break
            lost = json_object(value).keys() - json_object(pattern).keys()
            return _filled(replacement, bound), set(lost)
    return None, {""}


def _fits(value: object, pattern: object, bound: dict[str, object]) -> bool:
    """Whether a value has the pattern's shape; further members are free, `$name` binds."""
    if isinstance(pattern, str) and pattern.startswith("$"):
        bound[pattern] = value
        return True
    if isinstance(pattern, dict):
        members = json_object(value)
        return all(
            k in members and _fits(members[k], p, bound) for k, p in json_object(cast("object", pattern)).items()
        )
    if isinstance(pattern, list):
        items, patterns = json_list(value), json_list(cast("object", pattern))
        return len(items) == len(patterns) and all(_fits(i, p, bound) for i, p in zip(items, patterns, strict=True))
    return value == pattern


def _filled(template: object, bound: Mapping[str, object]) -> object:
    if isinstance(template, dict):
        return {key: _filled(item, bound) for key, item in json_object(cast("object", template)).items()}
    if isinstance(template, list):
        return [_filled(item, bound) for item in json_list(cast("object", template))]
    return bound.get(template, template) if isinstance(template, str) else template


def _steps(path: str) -> list[str]:
    """`tools[0].functionDeclarations[].name` → `tools`, `[0]`, `functionDeclarations`, `[]`, `name`."""
    return re.findall(r"\[\d*\]|[^.\[\]]+", path)


def _find(value: object, steps: Sequence[str], indices: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], object]]:
    """Every value at a path, with the list positions that `[]` stood for."""
    if not steps:
        yield indices, value
    elif steps[0] == "[]":
        for index, item in enumerate(json_list(value)):
            yield from _find(item, steps[1:], (*indices, index))
    elif steps[0].startswith("["):
        position = int(steps[0][1:-1])
        yield from (_find(json_list(value)[position], steps[1:], indices) if len(json_list(value)) > position else ())
    elif steps[0] in json_object(value):
        yield from _find(json_object(value)[steps[0]], steps[1:], indices)


def _place(target: dict[str, Any], steps: list[str], indices: list[int], value: object) -> None:
    """Put a value at a path, making the objects and lists on the way."""
    here: Any = target
    for position, step in enumerate(steps):
        key = (indices.pop(0) if step == "[]" else int(step[1:-1])) if step.startswith("[") else step
        if isinstance(key, int):
            here.extend(_HOLE for _ in range(key + 1 - len(here)))
        if position == len(steps) - 1:
            here[key] = value
            return
        known = here[key] if isinstance(key, int) else here.get(key)
        if known is None or known is _HOLE:
            here[key] = [] if steps[position + 1].startswith("[") else {}
        here = here[key]


def _without_holes(value: object) -> Any:
    """List places that no row filled (a tool of a kind that is not carried) are closed."""
    if isinstance(value, dict):
        return {key: _without_holes(item) for key, item in json_object(cast("object", value)).items()}
    if isinstance(value, list):
        return [_without_holes(item) for item in json_list(cast("object", value)) if item is not _HOLE]
    return value


def _uncovered(value: object, path: str, covered: Sequence[str]) -> Iterator[str]:
    """Paths of `value` that are neither carried nor handled, as far up as nothing below is carried."""
    if path in covered:
        return
    inside = [entry for entry in covered if not path or entry.startswith((f"{path}.", f"{path}["))]
    if path and not inside:
        yield path
    elif isinstance(value, dict):
        for key, item in json_object(cast("object", value)).items():
            yield from _uncovered(item, f"{path}.{key}" if path else key, covered)
    elif isinstance(value, list):
        for index, item in enumerate(json_list(cast("object", value))):
            numbered = any(entry.startswith(f"{path}[{index}]") for entry in inside)
            step = (
                f"[{index}]" if numbered else "[]" if any(e.startswith(f"{path}[]") for e in inside) else f"[{index}]"
            )
            yield from _uncovered(item, f"{path}{step}", covered)
    else:
        yield path
