"""What a schema may cost: its size and depth, and how often its references are followed for one value.

A schema may come from a stranger (an MCP server, a customer's form). Everything here is a loop, no recursion, and ends
at a limit with an `UnsupportedSchemaError` that names the place and the number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from portable_llm._errors import UnsupportedSchemaError
from portable_llm.schema._words import pointer

MAX_DEPTH = 200
"""Levels of objects and arrays in a schema; the deepest of 10,000 public schemas has fewer than 60."""
MAX_NODES = 500_000
"""Values in a schema, shared ones counted each time they appear."""
MAX_FOLLOWED = 100_000
"""Schemas that one value may have to be held against, all references followed."""


def check_size(schema: object, where: str) -> None:
    """Raise `UnsupportedSchemaError` where the schema is too deep, too large, or holds what JSON cannot."""
    level: list[tuple[object, tuple[str | int, ...]]] = [(schema, ())]
    count = depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise UnsupportedSchemaError(f"{where} nests deeper than {MAX_DEPTH} levels; use $defs and $ref")
        below: list[tuple[object, tuple[str | int, ...]]] = []
        for value, steps in level:
            inside = _inside(value, steps, where)
            count += len(inside)
            if count > MAX_NODES:
                raise UnsupportedSchemaError(f"{where} holds more than {MAX_NODES:,} values; split it")
            below += [
                (item, (*steps, step)) for step, item in inside if not isinstance(item, (str, int, float, type(None)))
            ]
        level = below


def _inside(value: object, steps: tuple[str | int, ...], where: str) -> list[tuple[str | int, object]]:
    if isinstance(value, Mapping):
        mapping = cast("Mapping[Any, object]", value)
        for name in mapping:
            if not isinstance(name, str):
                raise UnsupportedSchemaError(f"{where} is no JSON: at {pointer(steps)} the name {name!r} is no string")
        return list(mapping.items())
    if isinstance(value, (list, tuple)):
        return list(enumerate(cast("list[object]", value)))
    raise UnsupportedSchemaError(
        f"{where} is no JSON Schema: at {pointer(steps)} stands a {type(value).__name__}, which JSON does not have"
    )


class Graph:
    """Which schemas hold for the same value as which; nodes are numbered in the order they are met."""

    __slots__ = ("below", "places", "same")

    def __init__(self) -> None:
        self.same: list[list[int]] = []
        self.below: list[list[int]] = []
        self.places: list[str] = []

    def add(self, place: str) -> int:
        self.same.append([])
        self.below.append([])
        self.places.append(place)
        return len(self.places) - 1

    def check_progress(self, where: str) -> list[int]:
        """How many schemas each schema holds for one value, itself included.

        Raises `UnsupportedSchemaError` where references lead back to their start without a step into the value, which
        would never end, and where they multiply (`$ref` bombs).
        """
        costs = [0] * len(self.same)
        for node in _after_its_targets(self.same, self.places, where):
            costs[node] = 1 + sum(costs[target] for target in self.same[node])
            if costs[node] > MAX_FOLLOWED:
                raise UnsupportedSchemaError(
                    f"{where}: at {self.places[node]} one value would have to be held against more than "
                    f"{MAX_FOLLOWED:,} schemas, all references followed"
                )
        return costs

    def is_tame(self) -> bool:
        """Whether the work is bounded by the schema alone, however deep the value: no recursion, no multiplication."""
        both = [[*same, *below] for same, below in zip(self.same, self.below, strict=True)]
        costs = [0] * len(both)
        try:
            for node in _after_its_targets(both, self.places, ""):
                costs[node] = 1 + sum(costs[target] for target in both[node])
                if costs[node] > MAX_FOLLOWED:
                    return False
        except UnsupportedSchemaError:
            return False
        return True


def _after_its_targets(edges: list[list[int]], places: list[str], where: str) -> list[int]:
    """All nodes, each behind those it leads to; raises `UnsupportedSchemaError` for a circle."""
    done: list[int] = []
    state = [0] * len(edges)
    for start in range(len(edges)):
        if state[start]:
            continue
        stack = [(start, 0)]
        state[start] = 1
        while stack:
            node, position = stack.pop()
            if position == len(edges[node]):
                state[node] = 2
                done.append(node)
                continue
            stack.append((node, position + 1))
            target = edges[node][position]
            if state[target] == 1:
                raise UnsupportedSchemaError(
                    f"{where}: the references at {places[target]} lead back to it without a step into the value"
                )
            if not state[target]:
                state[target] = 1
                stack.append((target, 0))
    return done
