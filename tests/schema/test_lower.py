"""Schemas lowered to every dialect: what is sent obeys it, what is lost is said, and values find their way back."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portable_llm import UnsupportedSchemaError
from portable_llm.schema import Lowered, dialect, dialect_names, lower
from schema.kinds import anything
from schema.kinds import mixed_kinds as kinds

CARRYING = [name for name in dialect_names() if dialect(name).carries_schema and dialect(name).is_enforced]
CASES = Path(__file__).parents[2].parent / "shared" / "data" / "schemas"


def bare(value: Any) -> Any:
    """Absent and null members as the same."""
    if isinstance(value, dict):
        return {name: bare(one) for name, one in value.items() if one is not None}
    return [bare(one) for one in value] if isinstance(value, list) else value


def said(lowered: Lowered) -> set[tuple[str, str]]:
    return {(entry.subject.removeprefix("/output/schema"), entry.action) for entry in lowered.adaptations}


def test_what_a_dialect_accepts_goes_through_unchanged() -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "required": ["name"],
        "additionalProperties": False,
    }

    lowered = lower(schema, "openai-strict")

    assert (lowered.schema, lowered.adaptations, lowered.is_identity) == (schema, (), True)


def test_an_optional_member_becomes_nullable_and_its_null_is_removed() -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "additionalProperties": False}

    lowered = lower(schema, "openai-strict")

    assert lowered.schema["properties"] == {"age": {"type": ["integer", "null"]}}
    assert lowered.encode({}) == {"age": None}
    assert lowered.restore({"age": None}) == {}
    assert said(lowered) == {("/properties/age/type", "encoded")}


@pytest.mark.parametrize("name", ["openai-strict", "anthropic", "bedrock", "mistral", "gemini-schema"])
def test_a_map_is_written_as_pairs(name: str) -> None:
    schema = {
        "type": "object",
        "properties": {"scores": {"type": "object", "additionalProperties": {"type": "integer"}}},
        "required": ["scores"],
        "additionalProperties": False,
    }

    lowered = lower(schema, name)

    assert lowered.schema["properties"]["scores"]["type"] == "array"
    assert lowered.encode({"scores": {"a": 1}}) == {"scores": [{"key": "a", "value": 1}]}
    assert lowered.restore({"scores": [{"key": "a", "value": 1}]}) == {"scores": {"a": 1}}


def test_a_wrong_reply_is_left_for_validation() -> None:
    lowered = lower({"type": "object", "additionalProperties": {"type": "integer"}}, "anthropic")

    assert lowered.restore({"entries": 3}) == {"entries": 3}
    assert lowered.restore("no") == "no"


def test_a_bound_that_is_not_enforced_is_told_to_the_model_and_checked_by_the_client() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}

    lowered = lower(schema, "anthropic")

    [entry] = [entry for entry in lowered.adaptations if entry.action == "weakened"]
    assert (entry.subject, entry.severity) == ("/output/schema/properties/n/minimum", "checked")
    assert lowered.schema["properties"]["n"]["description"] == "Must satisfy minimum: 1"
    small = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 3}}, "required": ["n"]}
    assert lower(small, "anthropic", small_ranges=True).schema["properties"]["n"]["enum"] == [1, 2, 3]


def test_closing_what_is_open_by_silence_is_said_and_advisory() -> None:
    lowered = lower({"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a"]}, "openai-strict")

    [entry] = lowered.adaptations
    assert (entry.subject, entry.action) == ("/output/schema/additionalProperties", "narrowed")
    assert (entry.severity, entry.effect) == ("advisory", "narrowed")


def test_one_of_is_any_of_only_where_no_two_branches_can_hold() -> None:
    def branch(kind: str) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {"kind": {"const": kind}},
            "required": ["kind"],
            "additionalProperties": False,
        }

    apart = lower({"type": "array", "items": {"oneOf": [branch("a"), branch("b")]}}, "anthropic")
    together = lower({"type": "array", "items": {"oneOf": [{"type": "number"}, {"type": "integer"}]}}, "anthropic")

    assert ("/items/oneOf", "renamed") in said(apart)
    assert ("/items/oneOf", "weakened") in said(together)


def test_a_schema_that_contains_itself_is_written_out_and_ends_in_text() -> None:
    schema = {
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"next": {"$ref": "#/$defs/node"}},
                "additionalProperties": False,
            }
        },
        "$ref": "#/$defs/node",
    }
    value: dict[str, Any] = {}
    for _ in range(8):
        value = {"next": value}

    for name in CARRYING:
        lowered = lower(schema, name)
        assert bare(lowered.restore(lowered.encode(value))) == value


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.com/schema.json"},
        {"$ref": "#/$defs/missing"},
        {"$ref": "#"},
        {"type": "unknown"},
        {"not-a-schema": 1, "properties": 3},
        {"enum": []},
        {"type": "object", "properties": {"a": False}, "required": ["a"]},
    ],
    ids=str,
)
def test_what_cannot_be_carried_is_a_typed_error(schema: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedSchemaError):
        lower(schema, "openai-strict")


def test_the_order_of_keys_changes_nothing_but_their_order() -> None:
    schema = {"type": "object", "properties": {"a": {"minimum": 1, "type": "integer", "title": "A"}}, "required": ["a"]}
    turned = dict(reversed(schema.items()))

    for name in CARRYING:
        assert lower(schema, name).schema == lower(turned, name).schema
        assert lower(schema, name).adaptations == lower(turned, name).adaptations


# ---- generated schemas -----------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(kinds, st.sampled_from(CARRYING), st.data())
def test_every_value_goes_there_and_back(kind: Any, name: str, data: st.DataObject) -> None:
    schema, values = kind
    value = data.draw(values)
    before = copy.deepcopy((schema, value))

    lowered = lower(schema, name)
    written = lowered.encode(value)

    assert bare(lowered.restore(written)) == bare(value)
    assert (schema, value) == before
    if not dialect(name).nullable:
        jsonschema.validate(written, lowered.schema)


@settings(max_examples=40, deadline=None)
@given(kinds, st.sampled_from(CARRYING))
def test_what_was_lowered_is_accepted_as_it_is(kind: Any, name: str) -> None:
    once = lower(kind[0], name)

    assert lower(once.schema, name).is_identity


@settings(max_examples=40, deadline=None)
@given(kinds, st.sampled_from(CARRYING), st.data())
def test_restoring_nonsense_never_raises(kind: Any, name: str, data: st.DataObject) -> None:
    lowered = lower(kind[0], name)
    lowered.restore(data.draw(anything))


# ---- the official test suite as an oracle ----------------------------------------------------------------------------


def _suite() -> Iterator[dict[str, Any]]:
    file = CASES / "testsuite.jsonl.gz"
    if not file.exists():
        return
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@pytest.mark.skipif(not CASES.exists(), reason="needs ../shared/data/schemas")
@pytest.mark.parametrize("name", CARRYING)
def test_the_verdict_survives_the_way_there_and_back(name: str) -> None:
    rs = pytest.importorskip("jsonschema_rs")
    validators = {7: rs.Draft7Validator}
    count = 0
    for case in _suite():
        judge = validators.get(case["draft"], rs.Draft202012Validator)(case["schema"])
        try:
            lowered = lower(case["schema"], name)
        except UnsupportedSchemaError:
            continue
        sent = rs.Draft202012Validator(lowered.schema)
        for test in case["tests"]:
            if not test["valid"] or not judge.is_valid(test["data"]):
                continue
            written = lowered.encode(test["data"])
            is_narrowed = any(entry.effect == "narrowed" for entry in lowered.adaptations)
            if is_narrowed and not sent.is_valid(written):
                continue  # the dialect cannot express it, as the ledger says
            count += 1
            back = lowered.restore(written)
            assert judge.is_valid(back), (case["id"], test["data"], back)
            assert bare(back) == bare(test["data"]), (case["id"], test["data"], back)

    assert count > 150


@pytest.mark.skipif(not CASES.exists(), reason="needs ../shared/data/schemas")
@pytest.mark.parametrize("name", CARRYING)
def test_what_is_invalid_stays_invalid_and_is_refused_where_nothing_is_lost(name: str) -> None:
    rs = pytest.importorskip("jsonschema_rs")
    validators = {7: rs.Draft7Validator}
    count = 0
    for case in _suite():
        judge = validators.get(case["draft"], rs.Draft202012Validator)(case["schema"])
        try:
            lowered = lower(case["schema"], name)
        except UnsupportedSchemaError:
            continue
        is_lossless = all(entry.severity == "exact" or entry.effect == "annotation" for entry in lowered.adaptations)
        sent = rs.Draft202012Validator(lowered.schema)
        for test in case["tests"]:
            # A null that stands for an absent member is one that the original may accept.
            if judge.is_valid(test["data"]) or judge.is_valid(bare(test["data"])):
                continue
            count += 1
            written = lowered.encode(test["data"])
            assert not judge.is_valid(lowered.restore(written)), (case["id"], test["data"], written)
            if is_lossless and not dialect(name).nullable:
                assert not sent.is_valid(written), (case["id"], test["data"], written)

    assert count > 100


@pytest.mark.parametrize("name", CARRYING)
def test_an_alternative_of_an_alternative_is_told_apart_by_what_both_say(name: str) -> None:
    inner = {"anyOf": [{"type": "string"}, {"type": "array", "items": {}}]}
    outer = {"anyOf": [{"$ref": "#/$defs/inner"}, {"type": "null"}]}
    schema = {
        "type": "object",
        "properties": {"v": {"$ref": "#/$defs/outer"}},
        "required": ["v"],
        "additionalProperties": False,
        "$defs": {"inner": inner, "outer": outer},
    }

    lowered = lower(schema, name)

    value = {"v": [[1], {"k": 1}]}
    assert lowered.restore(lowered.encode(value)) == value
    if name == "anthropic":
        assert lowered.encode(value) == {"v": [{"json": "[1]"}, {"json": '{"k": 1}'}]}


def test_a_branch_that_counts_every_one_of_goes_first() -> None:
    either = {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
    first = {"type": "object", "properties": {"kind": {"type": ["string", "null"]}, "of": either}}
    second = {"type": "object", "properties": {"kind": {"const": "both"}, "of": {"type": "object"}}, "required": ["of"]}
    schema = {"type": "object", "properties": {"v": {"anyOf": [first, second]}}, "additionalProperties": False}

    lowered = lower(schema, "openai-strict")

    # Only the second alternative takes both members at once; the first would add a kind of null.
    value = {"v": {"of": {"a": 1, "b": 2}}}
    assert lowered.restore(lowered.encode(value)) == value


def test_a_null_where_members_are_counted_is_read_as_what_makes_the_object_valid() -> None:
    members = {"id": {"type": "number"}, "name": {"type": ["string", "null"]}, "any": {}}
    schema = {"type": "object", "properties": members, "additionalProperties": False}
    least = lower({**schema, "minProperties": 2}, "openai-strict")
    most = lower({**schema, "maxProperties": 1}, "openai-strict")
    both = lower({**schema, "dependentRequired": {"id": ["any"]}}, "openai-strict")

    for lowered, value in (
        (least, {"name": "x", "any": None}),
        (least, {"id": 1, "any": 2}),
        (most, {"id": 1}),
        (both, {"id": 1, "any": None}),
    ):
        assert lowered.schema["type"] == "object"
        assert bare(lowered.restore(lowered.encode(value))) == bare(value)
        jsonschema.validate(lowered.restore(lowered.encode(value)), {**schema, "minProperties": 1})
    assert least.restore(least.encode({"name": "x", "any": None})) == {"name": "x", "any": None}
    assert most.restore(most.encode({"id": 1})) == {"id": 1}
    assert both.restore(both.encode({"id": 1, "any": None}))["any"] is None


def test_a_null_that_the_original_refuses_is_an_absent_member() -> None:
    member = {"type": ["string", "null"], "not": {"type": "null"}}
    schema = {"type": "object", "properties": {"a": member}, "additionalProperties": False}

    assert lower(schema, "openai-strict").restore({"a": None}) == {}


@pytest.mark.parametrize("name", CARRYING)
def test_items_of_several_lists_are_told_apart(name: str) -> None:
    texts = {"type": "array", "items": {"type": "string"}}
    objects = {"type": "array", "items": {"type": "object"}}
    schema = {"type": "object", "properties": {"v": {"anyOf": [texts, objects]}}, "required": ["v"]}

    lowered = lower(schema, name)

    for value in ({"v": ['{"a": 1}']}, {"v": [{"a": 1}]}):
        assert lowered.restore(lowered.encode(value)) == value


def test_a_tuple_beside_an_open_object_is_read_as_the_tuple() -> None:
    pair = {"prefixItems": [{"type": "integer"}, {"type": "integer"}], "type": "array"}
    either = {"anyOf": [{"type": "object", "additionalProperties": True}, pair]}
    lowered = lower({"type": "object", "properties": {"v": either}, "required": ["v"]}, "llama-cpp")

    assert lowered.restore(lowered.encode({"v": [1, 2]})) == {"v": [1, 2]}
    assert lowered.restore(lowered.encode({"v": {"a": 1}})) == {"v": {"a": 1}}
