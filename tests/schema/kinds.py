"""Schemas, each with the values that it accepts: `(schema, strategy of values)`."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

names = st.sampled_from(["a", "b", "c"])
scalars: st.SearchStrategy[Any] = st.sampled_from(
    [
        ({"type": "string"}, st.text(max_size=3)),
        ({"type": "integer", "minimum": 0}, st.integers(0, 9)),
        ({"type": "boolean"}, st.booleans()),
        ({"enum": ["x", "y"]}, st.sampled_from(["x", "y"])),
        ({"const": 3}, st.just(3)),
        ({"type": ["string", "integer"]}, st.text(max_size=2) | st.integers(0, 5)),
    ]
)


def _object(members: dict[str, Any], required: set[str]) -> Any:
    schema = {
        "type": "object",
        "properties": {name: one for name, (one, _values) in members.items()},
        "required": sorted(required & members.keys()),
        "additionalProperties": False,
    }
    values = {name: one for name, (_schema, one) in members.items()}
    must = {name: one for name, one in values.items() if name in required}
    may = {name: one for name, one in values.items() if name not in required}
    return schema, st.fixed_dictionaries(must, optional=may)


def _map(inner: Any) -> Any:
    return {"type": "object", "additionalProperties": inner[0]}, st.dictionaries(names, inner[1], max_size=2)


def _pair(first: Any, second: Any) -> Any:
    schema = {"type": "array", "prefixItems": [first[0], second[0]], "items": False, "minItems": 2, "maxItems": 2}
    return schema, st.tuples(first[1], second[1]).map(list)


def _list(inner: Any) -> Any:
    return {"type": "array", "items": inner[0]}, st.lists(inner[1], max_size=2)


kinds = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.builds(_object, st.dictionaries(names, inner, min_size=1, max_size=3), st.sets(names)),
        st.builds(_map, inner),
        st.builds(_pair, inner, inner),
        st.builds(_list, inner),
    ),
    max_leaves=5,
)


def _union(parts: list[Any]) -> Any:
    return {"anyOf": [schema for schema, _values in parts]}, st.one_of([values for _schema, values in parts])


def _counted(members: dict[str, Any], least: int) -> Any:
    """An object whose members may all be absent, but not too many of them."""
    schema, values = _object(members, set())
    return {**schema, "minProperties": least}, values.filter(lambda value: len(value) >= least)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
mixed_kinds = st.recursive(
    scalars | st.just(({"type": ["string", "null"]}, st.none() | st.text(max_size=2))) | st.just(({}, anything)),
    lambda inner: st.one_of(
        st.builds(_union, st.lists(inner, min_size=2, max_size=3)),
        st.builds(_counted, st.dictionaries(names, inner, min_size=2, max_size=3), st.integers(0, 1)),
        st.builds(_object, st.dictionaries(names, inner, min_size=1, max_size=3), st.sets(names)),
        st.builds(_map, inner),
        st.builds(_pair, inner, inner),
        st.builds(_list, inner),
    ),
    max_leaves=5,
)
"""As `kinds`, with unions of anything and objects whose members are counted."""


# ---- what only some encodings are needed for -------------------------------------------------------------------------


def _open(members: dict[str, Any], further: Any) -> Any:
    """An object with members of its own and any number of others."""
    schema, values = _object(members, set(members))
    others = st.dictionaries(st.sampled_from(["x", "y", "z/~"]), further[1], max_size=2)
    return {**schema, "additionalProperties": further[0]}, st.builds(lambda one, more: one | more, values, others)


def _optional(inner: Any) -> Any:
    return {"anyOf": [inner[0], {"type": "null"}]}, st.none() | inner[1]


def _either(first: Any, second: Any) -> Any:
    """Two objects that a word tells apart."""
    branches = [
        _object({"kind": ({"const": word}, st.just(word)), "a": one}, {"kind", "a"})
        for word, one in (("first", first), ("second", second))
    ]
    return {"anyOf": [schema for schema, _values in branches]}, st.one_of([values for _schema, values in branches])


def _one_of_both(first: Any, second: Any) -> Any:
    """Two kinds that nothing has to tell apart."""
    return {"anyOf": [first[0], second[0]]}, first[1] | second[1]


def _places(first: Any, second: Any, rest: Any) -> Any:
    schema = {"type": "array", "prefixItems": [first[0], second[0]], "items": rest[0], "minItems": 1}
    tail = st.builds(lambda one, more: [one, *more], second[1], st.lists(rest[1], max_size=2)) | st.just([])
    return schema, st.builds(lambda one, more: [one, *more], first[1], tail)


_json = st.recursive(
    st.none() | st.booleans() | st.integers(0, 300) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
all_kinds = st.recursive(
    scalars | st.sampled_from([({}, _json), ({"enum": ["x", 1, None]}, st.sampled_from(["x", 1, None]))]),
    lambda inner: st.one_of(
        st.builds(_object, st.dictionaries(names, inner, min_size=1, max_size=3), st.sets(names)),
        st.builds(_open, st.dictionaries(names, inner, min_size=1, max_size=2), inner),
        st.builds(_map, inner),
        st.builds(_list, inner),
        st.builds(_places, inner, inner, inner),
        st.builds(_optional, inner),
        st.builds(_either, inner, inner),
        st.builds(_one_of_both, inner, inner),
    ),
    max_leaves=6,
)
"""As `kinds`, with unions, members that have no names, and values of any type."""
