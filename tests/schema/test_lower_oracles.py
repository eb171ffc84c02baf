"""Official clients as oracles: what they do to a schema before they send it changes nothing that was lowered.

The Anthropic client moves every keyword that its API refuses to the description. Two that the API takes it does not
know (`pattern`, `default`), and it cannot read a list of types, which the API takes as well (docs of structured
outputs, as read for the dialect); these three are put aside first.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from portable_llm import UnsupportedSchemaError
from portable_llm.schema import lower
from support import real_schemas

OWN: dict[str, Any] = {
    "bounds and lengths": {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 2},
            "s": {"type": "string", "minLength": 1, "maxLength": 5, "format": "uri-reference"},
            "d": {"type": "string", "format": "date"},
            "l": {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 4, "uniqueItems": True},
        },
        "required": ["n"],
    },
    "a map, a tuple, anything": {
        "type": "object",
        "properties": {
            "m": {"type": "object", "additionalProperties": {"type": "integer"}},
            "t": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
            "any": {},
        },
    },
    "unions of definitions": {
        "type": "object",
        "properties": {"u": {"oneOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}, {"type": "null"}]}},
        "$defs": {
            "a": {"type": "object", "properties": {"kind": {"const": "a"}}, "required": ["kind"]},
            "b": {
                "type": "object",
                "properties": {"kind": {"const": "b"}, "v": {"enum": [1, 2]}},
                "required": ["kind"],
            },
        },
    },
    "a tree": {
        "$ref": "#/$defs/node",
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
    },
    "no object": {"type": "array", "items": {"type": ["string", "null"], "pattern": "^a"}},
}


def put_aside(schema: Any) -> Any:
    """Without `pattern` and `default`, a list of types as a union, and no type beside values that say it."""
    if not isinstance(schema, dict):
        return schema
    kept = {name: _inside(name, one) for name, one in schema.items() if name not in ("pattern", "default")}
    if {"enum", "const"} & kept.keys():
        kept.pop("type", None)
    kinds = kept.get("type")
    if not isinstance(kinds, list):
        return kept
    notes = {name: kept.pop(name) for name in ("title", "description") if name in kept}
    return {"anyOf": [_of_kind(kind, kept) for kind in kinds], **notes}


def _of_kind(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    about = {
        "object": ("properties", "required", "additionalProperties"),
        "array": ("items", "minItems"),
        "string": ("format",),
    }
    own = {"type": kind, **{name: schema[name] for name in about.get(kind, ()) if name in schema}}
    return {**own, "properties": own.get("properties", {}), "additionalProperties": False} if kind == "object" else own


def _inside(keyword: str, value: Any) -> Any:
    if keyword in ("properties", "$defs"):
        return {name: put_aside(one) for name, one in value.items()}
    if keyword in ("anyOf", "allOf"):
        return [put_aside(one) for one in value]
    return put_aside(value) if keyword == "items" else value


def lowered(schemas: dict[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    for label, schema in schemas.items():
        try:
            yield label, lower(schema, name).schema
        except UnsupportedSchemaError:
            continue


def real() -> dict[str, Any]:
    return {record["id"]: record["schema"] for record in real_schemas.records()}


needs_data = pytest.mark.skipif(not real_schemas.FOLDER.exists(), reason="needs the shared schemas, which are not here")
WHICH = [pytest.param(lambda: OWN, id="own"), pytest.param(real, id="real", marks=needs_data)]


@pytest.mark.parametrize("schemas", WHICH)
@pytest.mark.parametrize("name", ["anthropic", "bedrock"])
def test_the_anthropic_client_finds_nothing_to_move_to_a_description(schemas: Any, name: str) -> None:
    anthropic = pytest.importorskip("anthropic")

    found = 0
    for label, schema in lowered(schemas(), name):
        sent = put_aside(schema)
        # Compared as text without order: it writes keywords in an order of its own.
        assert ordered(anthropic.transform_schema(copy.deepcopy(sent))) == ordered(sent), label
        found += 1
    assert found


@pytest.mark.parametrize("schemas", WHICH)
def test_the_openai_client_finds_nothing_to_change(schemas: Any) -> None:
    openai = pytest.importorskip("openai.lib._pydantic")

    for label, schema in lowered(schemas(), "openai-strict"):
        made = openai._ensure_strict_json_schema(copy.deepcopy(schema), path=(), root=copy.deepcopy(schema))
        assert made == schema, label


@pytest.mark.parametrize("schemas", WHICH)
def test_the_google_client_knows_every_word(schemas: Any) -> None:
    google = pytest.importorskip("google.genai.types")

    for label, schema in lowered(schemas(), "gemini-schema"):
        assert google.Schema.model_validate(schema), label  # it forbids what it does not know


def ordered(schema: Any) -> str:
    return json.dumps(schema, sort_keys=True)
