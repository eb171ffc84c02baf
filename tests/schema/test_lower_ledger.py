"""What the ledger of a lowered schema says: the exact place, what happened there, and how much it matters."""

from __future__ import annotations

from typing import Any

import pytest

from portable_llm.schema import Lowered, dialect, dialect_names, lower

CARRYING = [name for name in dialect_names() if dialect(name).carries_schema and dialect(name).is_enforced]


def said(lowered: Lowered) -> set[tuple[str, str]]:
    return {(entry.subject.removeprefix("/output/schema"), entry.action) for entry in lowered.adaptations}


def held(value: dict[str, Any]) -> dict[str, Any]:
    """The schema as the one required member of a closed object."""
    return {"type": "object", "properties": {"v": value}, "required": ["v"], "additionalProperties": False}


@pytest.mark.parametrize("keyword", ["unevaluatedProperties", "unevaluatedItems"])
def test_a_schema_of_unevaluated_values_that_is_lost_in_part_is_lost_as_that_keyword(keyword: str) -> None:
    kind = "object" if keyword == "unevaluatedProperties" else "array"
    lowered = lower(held({"type": kind, keyword: {"type": "string", "minLength": 3}}), "gemini-json-schema")

    # A validator says that the value is unevaluated, not that it is too short: so both places are named.
    assert (f"/properties/v/{keyword}", "weakened") in said(lowered)
    assert (f"/properties/v/{keyword}/minLength", "weakened") in said(lowered)


def test_a_schema_beside_is_out_of_the_scope_of_unevaluated_properties() -> None:
    beside = {"allOf": [{"unevaluatedProperties": True}, {"properties": {"a": {}}, "unevaluatedProperties": False}]}
    around = {"allOf": [{"unevaluatedProperties": True}], "properties": {"a": {}}, "unevaluatedProperties": False}

    for schema, is_closed in ((beside, True), (around, False)):
        lowered = lower(held({"type": "object", **schema}), "gemini-json-schema")
        assert (lowered.schema["properties"]["v"]["additionalProperties"] is False) == is_closed


@pytest.mark.parametrize("name", CARRYING)
def test_the_empty_list_and_the_empty_object_stay_apart(name: str) -> None:
    schema = held({"prefixItems": [{"type": "boolean"}, {"type": "boolean"}], "items": False})

    lowered = lower(schema, name)

    for value in ({}, [], [True], [True, False], {"a": 1}, "text", None):
        assert lowered.restore(lowered.encode({"v": value})) == {"v": value}
