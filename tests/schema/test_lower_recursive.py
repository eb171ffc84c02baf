"""Schemas that contain themselves: every value finds its way there and back, and some finite value always fits."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from portable_llm._errors import UnsupportedSchemaError
from portable_llm.schema import dialect, dialect_names, lower

CARRYING = [name for name in dialect_names() if dialect(name).carries_schema and dialect(name).is_enforced]
ALL_REQUIRED = [name for name in CARRYING if dialect(name).all_required or dialect(name).min_required]
KINDS = ("text", "ref", "list", "map", "nullable")


def bare(value: Any) -> Any:
    """Absent and null members as the same."""
    if isinstance(value, dict):
        return {name: bare(one) for name, one in value.items() if one is not None}
    return [bare(one) for one in value] if isinstance(value, list) else value


def test_an_optional_reference_may_be_null_where_all_members_are_required() -> None:
    lowered = lower({"type": "object", "properties": {"next": {"$ref": "#"}}}, "openai-strict")

    inner = lowered.schema["$defs"]["root"]
    assert inner["required"] == ["next"]
    assert inner["properties"]["next"] == {"anyOf": [{"$ref": "#/$defs/root"}, {"type": "null"}]}
    assert lowered.encode({"next": {}}) == {"next": {"next": None}}
    assert lowered.restore({"next": {"next": None}}) == {"next": {}}


@pytest.mark.parametrize("name", ALL_REQUIRED)
def test_two_definitions_that_refer_to_each_other_end(name: str) -> None:
    schema = {
        "$defs": {
            "a": {"type": "object", "properties": {"b": {"$ref": "#/$defs/b"}}},
            "b": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}},
        },
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/a"}},
        "required": ["a"],
    }
    value = {"a": {"b": {"a": {}}}}

    lowered = lower(schema, name)

    jsonschema.validate(lowered.encode(value), lowered.schema)
    assert lowered.restore(lowered.encode(value)) == value


# ---- generated -------------------------------------------------------------------------------------------------------


def _member(kind: str, target: str) -> dict[str, Any]:
    ref = {"$ref": f"#/$defs/{target}"}
    return {
        "text": {"type": "string"},
        "ref": ref,
        "list": {"type": "array", "items": ref},
        "map": {"type": "object", "additionalProperties": ref},
        "nullable": {"anyOf": [ref, {"type": "null"}]},
    }[kind]


Plan = dict[str, dict[str, tuple[str, str, bool]]]
"""Definition → member → kind, target and whether it is required."""


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Definitions over each other; a reference is only required where that ends."""
    names = ["n0", "n1", "n2"][: draw(st.integers(1, 3))]
    made: Plan = {}
    for i, name in enumerate(names):
        members: dict[str, tuple[str, str, bool]] = {}
        for member in draw(st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=3, unique=True)):
            kind, target = draw(st.sampled_from(KINDS)), draw(st.sampled_from(names))
            ends = kind != "ref" or target in names[i + 1 :]
            members[member] = (kind, target, ends and draw(st.booleans()))
        made[name] = members
    return made


def _schema(plan: Plan) -> dict[str, Any]:
    definitions = {
        name: {
            "type": "object",
            "properties": {member: _member(kind, target) for member, (kind, target, _must) in members.items()},
            "required": sorted(member for member, (_kind, _target, must) in members.items() if must),
            "additionalProperties": False,
        }
        for name, members in plan.items()
    }
    return {"$defs": definitions, "$ref": "#/$defs/n0"}


def _value(draw: Any, plan: Plan, name: str, depth: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for member, (kind, target, must) in plan[name].items():
        if not must and (depth <= 0 or not draw(st.booleans())):
            continue
        goes_on = depth > 0 and draw(st.booleans())
        if kind == "text":
            result[member] = draw(st.text(max_size=2))
        elif kind == "ref":
            result[member] = _value(draw, plan, target, depth - 1)
        elif kind == "list":
            result[member] = [_value(draw, plan, target, depth - 1)] if goes_on else []
        elif kind == "map":
            result[member] = {"k": _value(draw, plan, target, depth - 1)} if goes_on else {}
        else:
            result[member] = _value(draw, plan, target, depth - 1) if goes_on else None
    return result


@settings(max_examples=80, deadline=None)
@given(plans(), st.sampled_from(CARRYING), st.data())
def test_every_recursive_value_goes_there_and_back(plan: Plan, name: str, data: st.DataObject) -> None:
    schema = _schema(plan)
    value = _value(data.draw, plan, "n0", 4)
    jsonschema.validate(value, schema)

    try:
        lowered = lower(schema, name)
    except UnsupportedSchemaError:
        reject()  # written out, it exceeds what the dialect takes: said so, and nothing is lost
    written = lowered.encode(value)
    back = lowered.restore(written)

    assert bare(back) == bare(value)
    jsonschema.validate(back, schema)
    if not dialect(name).nullable:
        jsonschema.validate(written, lowered.schema)


def test_a_null_that_is_a_value_is_kept_in_a_schema_that_contains_itself() -> None:
    node = {"type": ["object", "null"], "properties": {"next": {"$ref": "#/$defs/node"}}, "minProperties": 1}
    schema = {"$defs": {"node": node}, "type": "object", "properties": {"a": {"$ref": "#/$defs/node"}}}
    value = {"a": {"next": {"next": None}}}

    lowered = lower(schema, "openai-strict")

    assert lowered.restore(lowered.encode(value)) == value


@pytest.mark.parametrize("name", CARRYING)
def test_references_that_lead_only_to_each_other_are_refused(name: str) -> None:
    loop = {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}
    schema = {"type": "object", "properties": {"v": {"$ref": "#/$defs/a"}}, "$defs": loop}

    with pytest.raises(UnsupportedSchemaError, match="leads back to itself"):
        lower(schema, name)


@pytest.mark.parametrize("name", [name for name in CARRYING if dialect(name).recursion == "forbidden"])
def test_a_definition_that_contains_itself_in_many_places_is_not_multiplied(name: str) -> None:
    members = {f"m{i}": {"$ref": "#/$defs/node", "description": "x" * 300} for i in range(12)}
    node = {"type": "object", "properties": members, "required": ["m0"], "additionalProperties": False}
    schema = {
        "type": "object",
        "properties": {"v": {"$ref": "#/$defs/node"}},
        "required": ["v"],
        "$defs": {"node": node},
    }

    assert len(str(lower(schema, name).schema)) < 4 * len(str(schema))
