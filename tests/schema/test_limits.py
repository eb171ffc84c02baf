"""Schemas and values from strangers cost bounded time: every one ends in a verdict or in an error that says why."""

from __future__ import annotations

from typing import Any

import pytest

from portable_llm import UnsupportedSchemaError
from portable_llm.schema import check_schema, validate


def nested(keyword: str, levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {keyword: {"a": schema}} if keyword == "properties" else {keyword: [schema]}
    return schema


def doubled(levels: int) -> dict[str, Any]:
    """Each definition refers to the next one twice: 2 ** levels schemas for one value."""
    steps = {f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(levels)}
    return {"$defs": {**steps, f"d{levels}": {"type": "string"}}, "$ref": "#/$defs/d0"}


def shared(levels: int) -> dict[str, Any]:
    """As YAML aliases make them: small in memory, without end as text."""
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"properties": {"a": schema, "b": schema}}
    return schema


def own_part() -> dict[str, Any]:
    schema: dict[str, Any] = {}
    schema["properties"] = {"a": schema}
    return schema


HOSTILE = {
    "10,000 levels of properties": (nested("properties", 10_000), "deeper than 200 levels"),
    "10,000 levels of anyOf": (nested("anyOf", 10_000), "deeper than 200 levels"),
    "a schema that is its own part": (own_part(), "deeper than 200 levels"),
    "parts shared over and over": (shared(60), "more than 500,000 values"),
    "references that double": (doubled(40), "more than 100,000 schemas"),
    "a reference to itself": ({"$ref": "#"}, "without a step into the value"),
    "a circle of references": (
        {
            "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}},
            "$ref": "#/$defs/a",
        },
        "without a step into the value",
    ),
    "a remote reference": ({"$ref": "http://127.0.0.1:9/schema.json"}, "never fetched"),
    "a reference to nothing": ({"properties": {"a": {"$ref": "#/$defs/b"}}}, "at /properties/a/\\$ref: it refers to"),
    "a pattern that nests too deep": ({"pattern": "(" * 6000 + "a" + ")" * 6000}, "not a regular expression"),
    "a pattern of a megabyte": ({"pattern": "a" * 1_000_000}, "characters"),
    "draft 3": ({"$schema": "http://json-schema.org/draft-03/schema#"}, "draft 3 is not supported"),
    "a list of draft 7": ({"items": [{}]}, "write prefixItems"),
    "a bound of draft 4": ({"minimum": 1, "exclusiveMinimum": True}, "OpenAPI 3.0"),
    "a part of another draft": (
        {"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}, "$schema": "other"},
        "another draft",
    ),
    "a number JSON does not have": ({"minimum": float("inf")}, "JSON"),
    "a value JSON does not have": ({"const": {1, 2}}, "set, which JSON does not have"),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize(("schema", "why"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_schema_ends_in_a_typed_error(schema: dict[str, Any], why: str) -> None:
    with pytest.raises(UnsupportedSchemaError, match=why):
        check_schema(schema, "/tools/0/parameters")

    (error,) = validate({}, schema)  # an answer that was paid for is not lost to an exception
    assert error.startswith("/: the schema")


def test_recursion_that_multiplies_with_the_value_is_stopped() -> None:
    node = {"properties": {"next": {"$ref": "#/$defs/node"}}}
    schema = {
        "$defs": {"node": {"anyOf": [{**node, "required": ["x"]}, {**node, "required": ["y"]}]}},
        "$ref": "#/$defs/node",
    }
    value: dict[str, Any] = {}
    for _ in range(60):
        value = {"next": value}

    assert validate(value, schema) == ("/: the schema asks for too much work to check this value",)


def test_a_value_that_nests_without_end_is_a_problem_and_no_crash() -> None:
    value: dict[str, Any] = {}
    for _ in range(50_000):
        value = {"a": value}

    (error,) = validate(value, {"$defs": {"n": {"properties": {"a": {"$ref": "#/$defs/n"}}}}, "$ref": "#/$defs/n"})

    assert "too deep" in error


def test_all_patterns_of_a_value_share_one_clock() -> None:
    schema = {"allOf": [{"pattern": "^(a|aa)+$"}] * 500}

    errors = validate("a" * 60 + "!", schema)

    assert errors
    assert all("could not be checked" in error or "does not match" in error for error in errors)


@pytest.mark.timeout(20)
def test_unique_items_are_found_in_linear_time() -> None:
    rows = [{"row": number} for number in range(100_000)]

    assert validate(rows, {"uniqueItems": True}) == ()
    assert validate([*rows, {"row": 7}], {"uniqueItems": True}) == ("/: items 7 and 100000 are equal; all must differ",)


def test_a_list_of_ten_thousand_values_is_shown_by_its_start() -> None:
    (error,) = validate("x", {"enum": [f"value {number}" for number in range(10_000)]})

    assert "(10000 in all)" in error
    assert len(error) < 400
