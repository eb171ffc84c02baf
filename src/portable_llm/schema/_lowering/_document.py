"""The whole schema as one document: its limits, its draft, and where its references lead. Nothing is ever fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import unquote

from portable_llm._errors import UnsupportedSchemaError

Schema = Any
"""An object or a boolean; anything else has been refused."""
Sub = tuple[Schema, str]
"""A subschema and its JSON Pointer in the original."""
Conj = tuple[Sub, ...]
"""Schemas that all hold at once."""

MAX_DEPTH = 160
"""JSON levels of a schema; a recursive definition is shorter than its unrolled form."""
MAX_WAITS = 20
"""Times that a pattern may run into its time limit while a schema is compiled."""
MAX_SIZE = 4_000_000
"""Characters of a schema's JSON text."""

_OLD_DRAFT = re.compile(r"json-schema\.org/draft-0([3467])")
_SINCE_6 = frozenset({"const", "contains", "propertyNames"})
_SINCE_7 = frozenset({"if", "then", "else"})
_SINCE_2019 = frozenset(
    [
        "unevaluatedProperties",
        "unevaluatedItems",
        "dependentRequired",
        "dependentSchemas",
        "minContains",
        "maxContains",
        "$dynamicRef",
        "$recursiveRef",
        "prefixItems",
    ]
)
_UNKNOWN_IN = {3: _SINCE_6 | _SINCE_7 | _SINCE_2019, 4: _SINCE_6 | _SINCE_7 | _SINCE_2019, 6: _SINCE_7 | _SINCE_2019}


_FORMATS_SINCE_2019 = frozenset({"uuid", "duration"})


def escape(name: str) -> str:
    """A member's name as one step of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name


def check_limits(schema: object, size: int) -> None:
    """Raise `UnsupportedSchemaError` for a schema that is too large, too deep or no JSON object."""
    if not isinstance(schema, dict):
        raise UnsupportedSchemaError(f"a JSON Schema is an object here, not {type(schema).__name__}")
    if size > MAX_SIZE:
        raise UnsupportedSchemaError(f"the schema has {size} characters; the limit is {MAX_SIZE}")


def check_depth(schema: object) -> None:
    """Raise `UnsupportedSchemaError` for a value that nests deeper than `MAX_DEPTH`."""
    level: list[Any] = [schema]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            inner: Any = cast("dict[str, Any]", item).values() if isinstance(item, dict) else item
            below += [one for one in inner if isinstance(one, (dict, list))]
        if not below:
            return
        level = below
    raise UnsupportedSchemaError(f"the schema nests deeper than {MAX_DEPTH} levels")


class Document:
    """The root schema with what has to be known about all of it."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root
        found = _OLD_DRAFT.search(str(root.get("$schema", "")))
        draft = int(found[1]) if found else 2020
        self.ref_hides_siblings = draft < 2019
        self.unknown: frozenset[str] = _UNKNOWN_IN.get(draft, _SINCE_2019 if draft == 7 else frozenset())
        self.unknown_formats = frozenset[str]() if draft >= 2019 else _FORMATS_SINCE_2019
        self._anchors: dict[str, str] | None = None
        self._waits: int | None = None
        self._cycles: dict[str, frozenset[str]] = {}

    def count_waits(self, is_counted: bool) -> None:
        """Whether patterns that take too long are counted: they are while the schema is compiled."""
        self._waits = 0 if is_counted else None

    def wait(self, pattern: str) -> None:
        """One pattern took too long; raises `UnsupportedSchemaError` when that has cost enough."""
        if self._waits is None:
            return
        self._waits += 1
        if self._waits > MAX_WAITS:
            raise UnsupportedSchemaError(f"patterns take too long, the last one was {pattern[:80]!r}")

    def target(self, ref: object, at: str) -> Sub:
        """What a reference leads to; raises `UnsupportedSchemaError` for everything that is not in this document."""
        if not isinstance(ref, str):
            raise UnsupportedSchemaError(f"the $ref at {at or '/'} is no text")
        pointer = unquote(ref[1:]) if ref.startswith("#") else None
        if pointer is None or (pointer and not pointer.startswith("/")):
            pointer = self._by_name(ref, at)
        return self.at(pointer, ref)

    def at(self, pointer: str, ref: str) -> Sub:
        """The subschema at a pointer."""
        node: Any = self.root
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict) and name in node:
                node = cast("dict[str, Any]", node)[name]
            elif isinstance(node, list) and name.isdigit() and int(name) < len(cast("list[Any]", node)):
                node = cast("list[Any]", node)[int(name)]
            else:
                raise UnsupportedSchemaError(f"$ref {ref!r} leads nowhere in this schema; references are never fetched")
        if not isinstance(node, (dict, bool)):
            raise UnsupportedSchemaError(f"$ref {ref!r} does not lead to a schema")
        return cast("Schema", node), pointer

    def _by_name(self, ref: str, at: str) -> str:
        if self._anchors is None:
            self._anchors = dict(_anchors(self.root))
        base, _, fragment = ref.partition("#")
        for candidate in (ref, base + "#" + fragment, "#" + fragment if not base else ref):
            if candidate in self._anchors:
                return self._anchors[candidate]
        if base in self._anchors and (not fragment or fragment.startswith("/")):
            return self._anchors[base] + unquote(fragment)
        raise UnsupportedSchemaError(f"$ref {ref!r} at {at or '/'} is not in this schema; references are never fetched")

    def cycle_of(self, pointer: str) -> frozenset[str]:
        """The reference targets that refer to this one and are referred to by it; empty if it is not recursive."""
        if pointer not in self._cycles:
            self._find_cycles(pointer)
        return self._cycles[pointer]

    def _find_cycles(self, start: str) -> None:
        """Tarjan's strongly connected components, without recursion."""
        index: dict[str, int] = {}
        low: dict[str, int] = {}
        stack: list[str] = []
        on_stack: set[str] = set()
        work: list[tuple[str, list[str], int]] = [(start, self._targets_in(start), 0)]
        index[start] = low[start] = 0
        stack.append(start)
        on_stack.add(start)
        loops: set[str] = set()
        while work:
            node, targets, position = work.pop()
            if position < len(targets):
                work.append((node, targets, position + 1))
                target = targets[position]
                if target == node:
                    loops.add(node)
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, self._targets_in(target), 0))
                elif target in on_stack:
                    low[node] = min(low[node], index[target])
                continue
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[node])
            if low[node] == index[node]:
                component: set[str] = set()
                while node not in component:
                    component.add(stack.pop())
                on_stack -= component
                recursive = len(component) > 1 or node in loops
                for member in component:
                    self._cycles.setdefault(member, frozenset(component) if recursive else frozenset())

    def reachable(self, value: Any) -> list[str]:
        """All reference targets below a value, and below those."""
        found: dict[str, None] = {}
        pending: list[tuple[Any, str]] = [(value, "")]
        while pending:
            schema, at = pending.pop()
            for node, place in _walk(schema, at):
                for keyword in _REFS & node.keys():
                    target, pointer = self.target(node[keyword], place)
                    if pointer not in found:
                        found[pointer] = None
                        pending.append((target, pointer))
        return list(found)

    def targets_below(self, schema: Schema, at: str) -> list[Sub]:
        """What is referred to from a place or from below it, each once."""
        found: dict[str, Sub] = {}
        for node, place in _walk(schema, at):
            for keyword in _REFS & node.keys():
                target = self.target(node[keyword], place)
                found.setdefault(target[1], target)
        return list(found.values())

    def references_to_itself(self, pointer: str) -> tuple[int, int]:
        """How often a definition refers to itself, and its characters of JSON."""
        schema, at = self.at(pointer, "#" + pointer)
        count = sum(
            self.target(node[keyword], place)[1] == pointer
            for node, place in _walk(schema, at)
            for keyword in _REFS & node.keys()
        )
        return count, len(json.dumps(schema))

    def _targets_in(self, pointer: str) -> list[str]:
        return [place for _schema, place in self.targets_below(*self.at(pointer, "#" + pointer))]


_REFS = frozenset({"$ref", "$recursiveRef", "$dynamicRef"})
_DATA = frozenset({"enum", "const", "default", "examples", "example", "$defs", "definitions"})
_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas", "dependencies"})
"""Their members have names of the schema's own, which may look like keywords."""


def _walk(schema: Schema, at: str) -> Iterator[tuple[dict[str, Any], str]]:
    stack: list[tuple[Any, str]] = [(schema, at)]
    while stack:
        node, place = stack.pop()
        if isinstance(node, list):
            stack += [(value, f"{place}/{i}") for i, value in enumerate(cast("list[Any]", node))]
        if not isinstance(node, dict):
            continue
        members = cast("dict[str, Any]", node)
        yield members, place
        for name, value in members.items():
            if name in _MAPS and isinstance(value, dict):
                inside = cast("dict[str, Any]", value)
                stack += [(one, f"{place}/{name}/{escape(key)}") for key, one in inside.items()]
            elif isinstance(value, (dict, list)) and name not in _DATA:
                stack.append((cast("Any", value), f"{place}/{escape(name)}"))


def _anchors(root: Schema) -> Iterator[tuple[str, str]]:
    stack: list[tuple[Any, str]] = [(root, "")]
    while stack:
        node, place = stack.pop()
        if isinstance(node, dict):
            members = cast("dict[str, Any]", node)
            for keyword in ("$anchor", "$dynamicAnchor"):
                if isinstance(members.get(keyword), str):
                    yield "#" + members[keyword], place
            for keyword in ("$id", "id"):
                name = members.get(keyword)
                if isinstance(name, str):
                    yield name, place
                    if name.endswith("#"):
                        yield name[:-1], place
            stack += [(value, f"{place}/{escape(name)}") for name, value in members.items()]
        elif isinstance(node, list):
            stack += [(value, f"{place}/{i}") for i, value in enumerate(cast("list[Any]", node))]
