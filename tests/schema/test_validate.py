"""Values are held against the schema they were asked for; hostile schemas cost bounded time and fetch nothing."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel

from portable_llm import UnsupportedSchemaError
from portable_llm.schema import check_schema, json_schema_of, validate


class Invoice(BaseModel):
    total: float
    currency: Literal["EUR", "USD"]


def test_errors_carry_their_place() -> None:
    schema = {"type": "object", "properties": {"rows": {"type": "array", "items": {"type": "integer"}}}}

    assert validate({"rows": [1, 2]}, schema) == ()
    (error,) = validate({"rows": [1, "two"]}, schema)
    assert error.startswith("/rows/1: \"two\" is not of type 'integer'")


@pytest.mark.parametrize("schema", [None, [], "object", {"type": "invoice"}, {"required": "all"}, {"minimum": "low"}])
def test_a_schema_that_is_none_is_named(schema: Any) -> None:
    with pytest.raises(UnsupportedSchemaError, match="/output/schema is no JSON Schema"):
        check_schema(schema, "/output/schema")


def test_references_are_never_fetched() -> None:
    (error,) = validate({}, {"$ref": "http://127.0.0.1:9/schema.json"})

    assert "never fetched" in error


def test_a_pattern_that_explodes_is_stopped() -> None:
    (error,) = validate("a" * 60 + "!", {"type": "string", "pattern": "^(a|aa)+$"})

    assert "could not be checked" in error or "does not match" in error


def test_python_types_become_schemas() -> None:
    schema = json_schema_of(Invoice)

    assert schema["required"] == ["total", "currency"]
    assert validate({"total": 1.5, "currency": "EUR"}, schema) == ()
    assert validate({"total": 1.5, "currency": "GBP"}, schema)
    assert json_schema_of(int | None) == {"anyOf": [{"type": "integer"}, {"type": "null"}]}


def test_a_type_json_cannot_hold_is_named() -> None:
    with pytest.raises(UnsupportedSchemaError, match=r"no JSON Schema|no type that JSON"):
        json_schema_of(type(lambda: None))
