"""What is wrong, in words a model can act on: what was found, what is expected, and where."""

from __future__ import annotations

from typing import Any

import pytest

from portable_llm.schema import Problem, iter_problems, validate

PAYMENT = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"kind": {"const": "card"}, "number": {"type": "string"}},
            "required": ["kind", "number"],
        },
        {
            "type": "object",
            "properties": {"kind": {"const": "transfer"}, "iban": {"type": "string"}},
            "required": ["kind", "iban"],
        },
    ]
}
CASES: dict[str, tuple[Any, Any, str]] = {
    "type": ("two", {"type": "integer"}, "/: \"two\" is not of type 'integer'"),
    "types": ([], {"type": ["integer", "null"]}, "/: [] is not of type 'integer', 'null'"),
    "missing": ({}, {"required": ["a"]}, "/: 'a' is a required property"),
    "several missing": ({}, {"required": ["a", "b"]}, "/: 'a', 'b' are required properties"),
    "extra": (
        {"nmae": "x"},
        {"properties": {"name": {}}, "additionalProperties": False},
        "/: 'nmae' not allowed; allowed: 'name'",
    ),
    "unevaluated": (
        {"a": 1, "b": 1},
        {"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False},
        "/: 'b' not allowed; none is",
    ),
    "enum": ("GBP", {"enum": ["EUR", "USD"]}, '/: "GBP" is not one of "EUR", "USD"'),
    "const": (1, {"const": True}, "/: 1 is not true, the only value allowed"),
    "minimum": (-1, {"minimum": 0}, "/: -1 is not at least 0"),
    "length": ("", {"minLength": 1}, "/: has 0 characters; at least 1 expected"),
    "items": ([1, 2, 3], {"maxItems": 2}, "/: has 3 items; at most 2 expected"),
    "pattern": ("abc", {"pattern": "^x"}, "/: \"abc\" does not match the pattern '^x'"),
    "false": ({"a": [1]}, {"properties": {"a": False}}, "/a: an array of 1 item is not allowed here"),
    "not": ({"a": 1}, {"not": {"required": ["a"]}}, "/: an object with 'a' is a value that the schema excludes"),
    "scalars": ([], {"anyOf": [{"type": "integer"}, {"type": "null"}]}, "/: [] is not of type 'integer' or 'null'"),
    "closest by tag": (
        {"kind": "transfer", "number": "1"},
        PAYMENT,
        "/: 'iban' is a required property (alternative 2 of 2 came closest)",
    ),
    "more than one": (1, {"oneOf": [{}, True]}, "/: 1 fits more than one of the 2 alternatives; exactly one may"),
    "a place with odd characters": (
        {"a/b": {"~": 1}},
        {"properties": {"a/b": {"properties": {"~": False}}}},
        "/a~1b/~0: 1 is not allowed here",
    ),
}


@pytest.mark.parametrize(("value", "schema", "expected"), CASES.values(), ids=CASES)
def test_a_problem_says_what_to_do(value: Any, schema: Any, expected: str) -> None:
    assert validate(value, schema) == (expected,)


def test_a_problem_names_keyword_and_both_places() -> None:
    schema = {"properties": {"rows": {"items": {"$ref": "#/$defs/row"}}}, "$defs": {"row": {"maximum": 3}}}

    (problem,) = iter_problems({"rows": [1, 9]}, schema)

    assert problem == Problem(
        location="/rows/1",
        message="9 is not at most 3",
        keyword="maximum",
        schema_location="/properties/rows/items/maximum",
    )


def test_the_best_of_a_nested_union_is_found() -> None:
    schema = {"anyOf": [{"type": "null"}, {"type": "array", "items": PAYMENT}]}

    errors = validate([{"kind": "card"}], schema)

    assert errors == ("/0: 'number' is a required property (alternative 1 of 2 came closest)",)


def test_at_most_eight_problems_are_named() -> None:
    assert len(validate(["x"] * 100, {"items": {"type": "integer"}})) == 9
    assert validate(["x"] * 100, {"items": {"type": "integer"}})[-1] == "… and more"


def test_messages_stay_short_whatever_is_found() -> None:
    value = {"k" * 500 + str(number): "v" * 10_000 for number in range(100)}

    for error in validate(value, {"additionalProperties": {"type": "integer"}, "maxProperties": 1}):
        location, _, message = error.partition(": ")
        assert len(message) <= 301, location


def test_formats_are_checked_when_asked_for() -> None:
    schema = {"type": "string", "format": "ipv4"}

    assert validate("somewhere", schema) == ()
    assert validate("somewhere", schema, formats=True) == ('/: "somewhere" is no ipv4',)
