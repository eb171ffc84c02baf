"""Hostile and huge schemas: each ends in a bounded result or a typed error that says which limit it met."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portable_llm import UnsupportedSchemaError
from portable_llm.schema import dialect, dialect_names, lower

CARRYING = [name for name in dialect_names() if dialect(name).carries_schema and dialect(name).is_enforced]


def chain(length: int, step: Any, last: Any) -> dict[str, Any]:
    """Definitions that each refer to the next one twice, so that writing them out doubles each time."""
    definitions = {f"d{i}": step({"$ref": f"#/$defs/d{i + 1}"}) for i in range(length)}
    return {"$defs": {**definitions, f"d{length}": last}, "$ref": "#/$defs/d0"}


def both_members(ref: Any) -> Any:
    return {"type": "object", "properties": {"left": ref, "right": ref}}


def held(value: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"v": value}, "required": ["v"], "additionalProperties": False}


@pytest.mark.parametrize("name", dialect_names())
def test_a_schema_of_ten_thousand_levels_is_refused(name: str) -> None:
    deep: Any = {}
    for _ in range(10_000):
        deep = {"properties": {"a": deep}}

    with pytest.raises(UnsupportedSchemaError):
        lower(deep, name)


@pytest.mark.parametrize("name", CARRYING)
def test_references_that_double_are_shared_or_refused(name: str) -> None:
    bomb = chain(40, both_members, {"type": "string"})

    if dialect(name).refs:
        assert len(json.dumps(lower(bomb, name).schema)) < 5 * len(json.dumps(bomb))
    else:
        with pytest.raises(UnsupportedSchemaError, match="expands to more than"):
            lower(bomb, name)


@pytest.mark.parametrize("name", CARRYING)
def test_all_of_that_doubles_is_refused(name: str) -> None:
    with pytest.raises(UnsupportedSchemaError, match="expands to more than"):
        lower(chain(40, lambda ref: {"allOf": [ref, ref]}, {"type": "object"}), name)


@pytest.mark.parametrize("name", CARRYING)
def test_unions_that_multiply_are_left_to_the_client(name: str) -> None:
    unions = {"type": "object", "allOf": [{"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}] * 40}

    lowered = lower(unions, name)

    assert len(json.dumps(lowered.schema)) < 20_000
    assert any(entry.action == "weakened" and entry.subject.endswith("/anyOf") for entry in lowered.adaptations)


@pytest.mark.parametrize("name", CARRYING)
def test_a_pattern_that_explodes_on_a_member_is_refused(name: str) -> None:
    schema = {"type": "object", "patternProperties": {"^(a|aa)+$": {}}, "properties": {"a" * 60 + "!": {}}}

    with pytest.raises(UnsupportedSchemaError, match="takes too long on the member"):
        lower(schema, name)


def test_many_patterns_that_explode_on_values_are_refused() -> None:
    places = {f"m{i}": {"type": "string", "pattern": f"^(a|aa)+{i}$", "enum": ["a" * 60 + "!"]} for i in range(100)}

    with pytest.raises(UnsupportedSchemaError, match="patterns take too long"):
        lower({"type": "object", "properties": places}, "anthropic")


def test_a_value_that_no_pattern_can_be_held_against_is_taken_to_be_fitting() -> None:
    lowered = lower(held({"type": "string", "pattern": "^(a|aa)+$", "enum": ["a" * 60 + "!", "b"]}), "anthropic")

    assert lowered.schema["properties"]["v"]["enum"] == ["a" * 60 + "!"]


@pytest.mark.parametrize("name", CARRYING)
def test_half_a_megabyte_is_lowered_or_refused_by_a_limit_of_the_dialect(name: str) -> None:
    member = {
        "type": "object",
        "properties": {"name": {"type": "string", "description": "x" * 60}, "n": {"type": "integer", "minimum": 0}},
        "required": ["name"],
    }
    schema = {"type": "object", "properties": {f"member_{i}": member for i in range(2300)}}
    assert len(json.dumps(schema)) > 500_000

    if dialect(name).max_properties is not None:
        with pytest.raises(UnsupportedSchemaError, match="takes at most"):
            lower(schema, name)
    else:
        assert len(lower(schema, name).schema["properties"]) == 2300


def test_a_schema_beyond_the_limit_of_size_is_refused() -> None:
    with pytest.raises(UnsupportedSchemaError, match="characters; the limit is"):
        lower({"type": "object", "description": "x" * 4_000_001}, "anthropic")


def test_what_stands_beside_a_union_counts_in_each_alternative() -> None:
    values = {"type": "string", "enum": [f"value {i}" for i in range(60)]}
    alternatives = [{"required": [f"m{i}"], "properties": {f"m{i}": {"type": "integer"}}} for i in range(20)]
    schema = held({"type": "object", "properties": {"kind": values}, "required": ["kind"], "anyOf": alternatives})

    lowered = lower(schema, "openai-strict")

    # 20 alternatives of 60 values are more than the 1000 that the dialect takes in all.
    branches = lowered.schema["properties"]["v"]["anyOf"]
    assert sum(len(one["properties"]["kind"].get("enum", ())) for one in branches) == 16 * 60
    assert any(entry.subject.endswith("/kind/enum") and entry.effect == "widened" for entry in lowered.adaptations)


def test_a_wide_object_in_a_dialect_without_optional_members_is_refused_by_its_limit() -> None:
    wide = {"type": "object", "properties": {f"p{i}": {"type": "integer"} for i in range(20_000)}}

    with pytest.raises(UnsupportedSchemaError, match="at most 5000 members"):
        lower(wide, "openai-strict")
