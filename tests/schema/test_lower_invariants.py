"""What holds for every schema: no order of keys matters, what was lowered stays, and more support never loses more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portable_llm import UnsupportedSchemaError
from portable_llm._adaptation import SEVERITIES
from portable_llm.schema import Dialect, Lowered, dialect, dialect_names, lower

CARRYING = [name for name in dialect_names() if dialect(name).carries_schema and dialect(name).is_enforced]
ADDED = sorted(dialect("mistral").supported)


# ---- schemas of every kind -------------------------------------------------------------------------------------------

small = st.integers(0, 4)
leaves: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={
            "minLength": small,
            "maxLength": small,
            "pattern": st.sampled_from(["^a+$", "b", "^(?=x)"]),
            "format": st.sampled_from(["date", "uuid", "uri"]),
            "description": st.just("text"),
        },
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional={"minimum": small, "exclusiveMaximum": st.integers(5, 9), "multipleOf": st.just(2)},
    ),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"enum": ["x", "y", 1]}, {"const": "x"}, {}]),
    st.sampled_from([{"type": ["string", "null"], "minLength": 2}, {"minLength": 2}, {"enum": [None, "x"]}]),
)
members = st.sampled_from(["a", "b", "c"])


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(members, inner, min_size=1, max_size=3)},
        optional={
            "required": st.lists(members, max_size=2, unique=True),
            "additionalProperties": st.one_of(st.booleans(), inner),
            "minProperties": small,
            "patternProperties": st.dictionaries(st.just("^x"), inner, max_size=1),
            "dependentRequired": st.just({"a": ["b"]}),
        },
    )


def _others(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": inner},
            optional={"minItems": small, "uniqueItems": st.booleans(), "contains": inner},
        ),
        st.builds(lambda first, rest: {"type": "array", "prefixItems": first, "items": rest}, several, st.just(False)),
        st.builds(lambda inner: {"type": "object", "additionalProperties": inner}, inner),
        st.builds(lambda branches: {"anyOf": branches}, several),
        st.builds(lambda branches: {"oneOf": branches}, several),
        st.builds(lambda one, other: {"allOf": [one, {"not": other}]}, inner, inner),
    )


schemas = _objects(st.recursive(leaves, lambda inner: st.one_of(_objects(inner), _others(inner)), max_leaves=5))


def lowered_or_skipped(schema: Any, row: Dialect | str) -> Lowered:
    try:
        return lower(schema, row)
    except UnsupportedSchemaError:
        assume(False)
        raise


# ---- order -----------------------------------------------------------------------------------------------------------


def turned(value: Any) -> Any:
    """The same JSON with the members of every object in the opposite order."""
    if isinstance(value, dict):
        return {name: turned(value[name]) for name in reversed(value)}
    return [turned(one) for one in value] if isinstance(value, list) else value


def sets(value: Any) -> Any:
    """A schema with its lists that are sets in one order."""
    if isinstance(value, dict):
        made = {name: sets(one) for name, one in value.items()}
        return {
            name: sorted(one) if name in ("required", "type") and isinstance(one, list) else one
            for name, one in made.items()
        }
    return [sets(one) for one in value] if isinstance(value, list) else value


@settings(max_examples=80, deadline=None)
@given(schemas, st.sampled_from(CARRYING))
def test_the_order_of_members_and_keywords_changes_nothing(schema: Any, name: str) -> None:
    one, other = lowered_or_skipped(schema, name), lowered_or_skipped(turned(schema), name)

    assert sets(one.schema) == sets(other.schema)
    assert one.adaptations == other.adaptations


@settings(max_examples=40, deadline=None)
@given(schemas, st.sampled_from(CARRYING))
def test_the_same_schema_gives_the_same_text(schema: Any, name: str) -> None:
    first = lowered_or_skipped(schema, name)
    again = lower(schema, replace(dialect(name), name="again"))

    assert repr(first.schema) == repr(again.schema)


# ---- once and twice --------------------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(schemas, st.sampled_from(CARRYING))
def test_what_was_lowered_stays_as_it_is(schema: Any, name: str) -> None:
    once = lowered_or_skipped(schema, name)
    twice = lower(once.schema, name)

    assert twice.is_identity
    # Where anyOf is not enforced it goes on being lost, and `nullable` is no word of JSON Schema, so it is noted.
    if dialect(name).support("anyOf") == "supported" and not dialect(name).nullable:
        assert losses(twice) == set()


# ---- more support ----------------------------------------------------------------------------------------------------


def losses(lowered: Lowered) -> set[str]:
    return {entry.subject for entry in lowered.adaptations if SEVERITIES.index(entry.severity) > 1}


@settings(max_examples=120, deadline=None)
@given(schemas, st.sampled_from(CARRYING), st.sets(st.sampled_from(ADDED), min_size=1))
def test_a_dialect_that_supports_more_never_loses_more(schema: Any, name: str, added: set[str]) -> None:
    row = dialect(name)
    more = replace(row, name="more", supported=row.supported | added, ignored=row.ignored - added)
    before = losses(lowered_or_skipped(schema, row))

    for subject in losses(lowered_or_skipped(schema, more)):
        assert any(subject == one or subject.startswith(one + "/") for one in before), subject
