"""What the ledger of a lowered schema says: the exact place, what happened there, and how much it matters."""

from __future__ import annotations

from typing import Any

import pytest

from portable_llm import UnsupportedSchemaError
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


OPEN = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


@pytest.mark.parametrize("name", [name for name in CARRYING if dialect(name).closes_by_silence])
def test_what_is_closed_is_named_where_it_is_closed_and_at_no_union_that_nobody_wrote(name: str) -> None:
    lowered = lower(held({"properties": {"a": {"type": "string"}}, "required": ["a"]}), name)

    narrowed = [entry for entry in lowered.adaptations if entry.effect == "narrowed"]
    assert [(entry.subject, entry.severity) for entry in narrowed] == [
        ("/output/schema/properties/v/additionalProperties", "advisory")
    ]
    is_union = "anyOf" in lowered.schema["properties"]["v"]
    assert (("/properties/v/type", "renamed") in said(lowered)) == is_union


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_a_union_of_closed_alternatives_is_named_by_its_own_keyword(keyword: str) -> None:
    lowered = lower(held({keyword: [OPEN, {"type": "string"}]}), "anthropic")

    [entry] = [entry for entry in lowered.adaptations if entry.subject.endswith(f"/v/{keyword}") and entry.effect]
    assert (entry.action, entry.effect, entry.severity) == ("narrowed", "narrowed", "advisory")


def test_a_value_of_several_alternatives_at_once_counts_in_full() -> None:
    alternatives = [{"properties": {name: {"type": "string"}}, "required": [name]} for name in "ab"]
    lowered = lower(held({"type": "object", "anyOf": alternatives, "unevaluatedProperties": False}), "anthropic")

    [entry] = [entry for entry in lowered.adaptations if entry.subject.endswith("/v/anyOf")]
    assert (entry.effect, entry.severity) == ("narrowed", "changed")


def test_a_root_without_a_type_is_taken_for_an_object_and_that_counts_unless_it_must_be_one() -> None:
    schema = {"properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}

    [output] = lower(schema, "anthropic").adaptations
    [tool] = lower(schema, "anthropic", at="/tools/0/parameters").adaptations

    assert (output.subject, output.severity) == ("/output/schema/type", "changed")
    assert (tool.subject, tool.severity) == ("/tools/0/parameters/type", "exact")


@pytest.mark.parametrize("name", CARRYING)
def test_only_closing_what_is_silent_is_advisory(name: str) -> None:
    schema = held(
        {"anyOf": [OPEN, {"type": "object", "additionalProperties": True, "properties": {"b": {"type": "null"}}}]}
    )

    for entry in lower(schema, name).adaptations:
        if entry.severity == "advisory":
            assert entry.effect == "annotation" or entry.subject.rpartition("/")[2] in ("additionalProperties", "anyOf")
            assert "/anyOf/1" not in entry.subject


def test_a_member_that_may_not_be_there_is_named_by_what_forbids_it() -> None:
    lowered = lower({"type": "object", "properties": {"a": False, "b": {"type": "string", "enum": []}}}, "cohere")

    assert {place for place, action in said(lowered) if place.startswith("/properties/a")} == {"/properties/a"}
    assert ("/properties/b/enum", "weakened") in said(lowered)


def test_a_schema_that_is_advice_goes_as_it_is_and_is_checked_as_a_whole() -> None:
    lowered = lower(held({"type": "string", "minLength": 3}), "openai-nonstrict")

    [entry] = lowered.adaptations
    assert lowered.schema == held({"type": "string", "minLength": 3})
    assert (entry.subject, entry.enforced_by, entry.severity) == ("/output/schema", "client", "checked")
    with pytest.raises(UnsupportedSchemaError, match="never fetched"):
        lower(held({"$ref": "https://example.com/schema.json"}), "openai-nonstrict")
