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


CLOSING = [name for name in CARRYING if dialect(name).closes_by_silence]


def narrowed(lowered: Lowered) -> list[tuple[str, str]]:
    return [
        (entry.subject.removeprefix("/output/schema"), entry.severity)
        for entry in lowered.adaptations
        if entry.effect == "narrowed"
    ]


@pytest.mark.parametrize("name", CLOSING)
def test_what_is_closed_is_named_where_it_is_closed_and_at_the_union_written_around_it(name: str) -> None:
    lowered = lower(held({"properties": {"a": {"type": "string"}}, "required": ["a"]}), name)

    is_union = "anyOf" in lowered.schema["properties"]["v"]
    around = [("/properties/v/anyOf", "advisory")] if is_union else []
    assert narrowed(lowered) == [("/properties/v/additionalProperties", "advisory"), *around]
    assert ("/properties/v/type", "renamed") not in said(lowered)


@pytest.mark.parametrize("name", CARRYING)
def test_a_union_by_type_that_accepts_the_same_is_only_other_words(name: str) -> None:
    closed = {"properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
    lowered = lower(held(closed), name)

    assert narrowed(lowered) == []
    is_union = "anyOf" in lowered.schema["properties"]["v"]
    assert (("/properties/v/type", "renamed") in said(lowered)) == is_union


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_a_union_of_closed_alternatives_is_named_by_what_is_written(keyword: str) -> None:
    lowered = lower(held({keyword: [OPEN, {"type": "string"}]}), "anthropic")

    assert ("/properties/v/anyOf", "advisory") in narrowed(lowered)
    assert [place for place, _severity in narrowed(lowered) if place.endswith("/v/oneOf")] == []


def test_a_union_is_as_narrow_as_the_definitions_its_alternatives_lead_to() -> None:
    definitions = {
        "a": {**OPEN, "properties": {"a": {"type": "string"}, "b": {"$ref": "#/$defs/b"}}},
        "b": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}, "c": {"$ref": "#/$defs/c"}}},
        "c": {"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": False},
    }
    schema = held({"anyOf": [{"$ref": "#/$defs/c"}, {"type": "string"}]})
    closed = {"type": "object", "properties": {"v": {"$ref": "#/$defs/b"}}, "additionalProperties": False}

    # `v` may be absent, so it is written as anyOf with null; what is closed stands in b, and in a, which b leads to.
    assert ("/properties/v/anyOf", "advisory") in narrowed(lower({**closed, "$defs": definitions}, "openai-strict"))
    assert narrowed(lower({**schema, "$defs": definitions}, "openai-strict")) == []


def test_what_is_given_up_is_named_by_the_keywords_that_may_fail_there() -> None:
    then = {"properties": {"a": {"type": "string", "minLength": 3, "title": "A"}, "b": False}, "required": ["c"]}
    schema = held({"type": "object", "if": {"required": ["a"]}, "then": then})

    lost = {place for place, action in said(lower(schema, "gemini-json-schema")) if action == "weakened"}

    at = "/properties/v"
    below = {"properties/a/type", "properties/a/minLength", "properties/b", "required"}
    assert lost == {f"{at}/if", *(f"{at}/then/{one}" for one in below)}


def test_what_names_itself_in_an_error_is_named_alone() -> None:
    for said_of_it in ({"not": {"minLength": 3}}, {"type": "array", "contains": {"minLength": 3}}):
        lost = [entry.subject for entry in lower(held(said_of_it), "gemini-json-schema").adaptations]

        [keyword] = said_of_it.keys() - {"type"}
        assert lost == [f"/output/schema/properties/v/{keyword}"]


def test_a_definition_that_is_given_up_in_one_place_is_named_where_it_stands() -> None:
    schema = {**held({"type": "object", "propertyNames": {"$ref": "#/$defs/key"}}), "$defs": {"key": {"maxLength": 3}}}

    lost = {entry.subject: entry for entry in lower(schema, "gemini-json-schema", at="").adaptations}

    assert lost.keys() == {"/properties/v/propertyNames", "/$defs/key/maxLength"}
    assert "everywhere" in lost["/$defs/key/maxLength"].detail


def test_values_that_every_member_has_to_be_are_not_given_up_with_the_pattern_of_their_names() -> None:
    schema = held({"type": "object", "patternProperties": {"^x": {"minLength": 3}}, "additionalProperties": False})

    lost = [entry.subject for entry in lower(schema, "mistral").adaptations if entry.effect == "widened"]

    assert lost == ["/output/schema/properties/v/patternProperties"]


def test_a_value_of_several_alternatives_at_once_counts_in_full() -> None:
    alternatives = [{"properties": {name: {"type": "string"}}, "required": [name]} for name in "ab"]
    lowered = lower(held({"type": "object", "anyOf": alternatives, "unevaluatedProperties": False}), "anthropic")

    assert ("/properties/v/anyOf", "changed") in narrowed(lowered)


@pytest.mark.parametrize("name", ["anthropic", "openai-strict", "json-object"])
def test_a_root_that_names_members_and_no_type_is_taken_for_an_object_and_said_so(name: str) -> None:
    schema = {"properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}

    [output] = [entry for entry in lower(schema, name).adaptations if entry.effect == "narrowed"]
    assert (output.subject, output.severity) == ("/output/schema/type", "advisory")

    arguments = lower(schema, name, at="/tools/0/parameters")
    assert [entry.subject for entry in arguments.adaptations if entry.effect == "narrowed"] == []


@pytest.mark.parametrize("name", CARRYING)
def test_members_that_have_no_value_leave_all_others_free(name: str) -> None:
    lowered = lower(held({"type": "object", "properties": {"a": False}}), name)

    assert lowered.restore(lowered.encode({"v": {"b": 1}})) == {"v": {"b": 1}}
    assert narrowed(lowered) == []
    assert ("/properties/v/properties/a", "weakened") in said(lowered)


@pytest.mark.parametrize("name", CARRYING)
def test_only_closing_what_is_silent_is_advisory(name: str) -> None:
    schema = held(
        {"anyOf": [OPEN, {"type": "object", "additionalProperties": True, "properties": {"b": {"type": "null"}}}]}
    )

    for entry in lower(schema, name).adaptations:
        if entry.severity == "advisory":
            keyword = entry.subject.rpartition("/")[2]
            assert entry.effect == "annotation" or keyword in ("additionalProperties", "anyOf")
            assert "/anyOf/1" not in entry.subject


def test_a_member_that_may_not_be_there_is_named_by_what_forbids_it() -> None:
    lowered = lower({"type": "object", "properties": {"a": False, "b": {"type": "string", "enum": []}}}, "cohere")

    assert ("/properties/a", "weakened") in said(lowered)
    assert ("/properties/b/enum", "weakened") in said(lowered)


def test_a_schema_that_is_advice_goes_as_it_is_and_is_checked_as_a_whole() -> None:
    lowered = lower(held({"type": "string", "minLength": 3}), "openai-nonstrict")

    [entry] = lowered.adaptations
    assert lowered.schema == held({"type": "string", "minLength": 3})
    assert (entry.subject, entry.enforced_by, entry.severity) == ("/output/schema", "client", "checked")
    with pytest.raises(UnsupportedSchemaError, match="never fetched"):
        lower(held({"$ref": "https://example.com/schema.json"}), "openai-nonstrict")


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_a_union_is_as_weak_as_the_definitions_its_alternatives_lead_to(keyword: str) -> None:
    outer = {"type": "object", "properties": {"s": {"$ref": "#/$defs/s"}}, "required": ["s"]}
    schema = held({keyword: [{"$ref": "#/$defs/o"}, {"type": "null"}]})
    definitions = {"o": outer, "s": {"type": "string", "minLength": 3}}

    lowered = lower({**schema, "$defs": definitions}, "anthropic")

    # A validator names the union for a text that is too short, and the minLength that is lost stands elsewhere.
    assert {("/$defs/s/minLength", "weakened"), (f"/properties/v/{keyword}", "weakened")} <= said(lowered)
    del definitions["s"]["minLength"]
    assert (f"/properties/v/{keyword}", "weakened") not in said(lower({**schema, "$defs": definitions}, "anthropic"))


@pytest.mark.parametrize("name", CARRYING)
def test_what_is_said_of_all_others_is_lost_with_the_patterns_beside_it(name: str) -> None:
    patterns = {"^x": {"type": "integer"}, "^y": {"type": "boolean"}}
    others = {"type": "string", "maxLength": 3}
    lowered = lower(held({"type": "object", "patternProperties": patterns, "additionalProperties": others}), name)

    assert ("/properties/v/additionalProperties/maxLength", "weakened") in said(lowered)
    assert ("/properties/v/patternProperties/^x/type", "weakened") in said(lowered)
