"""A schema comes from a Python type or from a schema of any kind; what it accepts stays what it accepted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter
from typing_extensions import TypedDict

from portable_llm import UnsupportedSchemaError
from portable_llm.schema import json_schema_of, validate


class Colour(Enum):
    RED = "red"


class Node(BaseModel):
    value: int
    next: Node | None = None


@dataclass
class Point:
    x: float
    y: float = 0.0


class Row(TypedDict, total=False):
    name: str


@pytest.mark.parametrize(
    ("source", "accepted", "refused"),
    [
        (Node, {"value": 1, "next": {"value": 2}}, {"value": 1, "next": {"value": "x"}}),
        (TypeAdapter(list[Node]), [{"value": 1}], [1]),
        (Point, {"x": 1.5}, {"y": 1}),
        (Row, {}, {"name": 1}),
        (Colour, "red", "blue"),
        (Literal["a", 1], 1, 2),
        (int | list[str], ["x"], [1]),
        (Annotated[int, Field(ge=1, multiple_of=5)], 5, 6),
        (dict[str, Annotated[str, Field(max_length=2)]], {"a": "xy"}, {"a": "xyz"}),
    ],
)
def test_a_type_becomes_a_schema_of_what_it_accepts(source: Any, accepted: Any, refused: Any) -> None:
    schema = json_schema_of(source)

    assert validate(accepted, schema) == ()
    assert validate(refused, schema)


ZOD_3 = {
    "$ref": "#/definitions/Ticket",
    "definitions": {
        "Ticket": {
            "type": "object",
            "properties": {"id": {"type": "integer", "exclusiveMinimum": 0}},
            "required": ["id"],
            "additionalProperties": False,
        }
    },
    "$schema": "http://json-schema.org/draft-07/schema#",
}
ZOD_4 = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"id": {"type": "integer", "minimum": 1, "maximum": 9007199254740991}},
    "required": ["id"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("schema", [ZOD_3, ZOD_4, {"jsonSchema": ZOD_3}], ids=["zod 3", "zod 4", "vercel"])
def test_exports_of_zod_and_vercel_are_read(schema: dict[str, Any]) -> None:
    read = json_schema_of(schema)

    assert read in (ZOD_3, ZOD_4)
    assert validate({"id": 1}, read) == ()
    assert validate({"id": 0}, read)
    assert validate({"id": 1, "more": 1}, read)


def test_a_wrapper_that_says_more_is_no_schema() -> None:
    with pytest.raises(UnsupportedSchemaError, match="also validate"):
        json_schema_of({"jsonSchema": {}, "validate": "code"})


def test_openapi_3_0_is_rewritten_in_the_words_of_json_schema() -> None:
    schema = {
        "type": "object",
        "properties": {
            "age": {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "nullable": True, "example": 3},
            "nullable": {"type": "boolean"},
            "pet": {"$ref": "#/components/schemas/Pet"},
            "choice": {"anyOf": [{"type": "string", "nullable": True}]},
        },
        "components": {"schemas": {"Pet": {"type": "string", "nullable": True}}},
    }

    read = json_schema_of(schema)

    assert read["properties"]["age"] == {"type": ["integer", "null"], "exclusiveMinimum": 0, "examples": [3]}
    assert read["properties"]["nullable"] == {"type": "boolean"}
    for accepted in ({"age": None}, {"age": 1}, {"nullable": True}, {"pet": None}, {"choice": None}):
        assert validate(accepted, read) == ()
    for refused in ({"age": 0}, {"nullable": None}, {"pet": 1}):
        assert validate(refused, read)


def test_a_schema_of_json_schema_stays_as_it_is() -> None:
    for schema in (ZOD_3, {"$schema": ZOD_4["$schema"], "nullable": True}, {"properties": {"nullable": {}}}):
        assert json_schema_of(schema) == schema
