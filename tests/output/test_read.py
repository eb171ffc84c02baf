"""The strict parse wins; fences and prose are taken away on record; nothing is guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import Invalid, Parsed
from portable_llm.output import Policy, ReadPolicy, read

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
containers = values.filter(lambda value: isinstance(value, (dict, list)) and bool(value))


@given(values)
def test_json_is_taken_as_it_is(value: Any) -> None:
    assert read(json.dumps(value)) == Parsed(value=value)


@given(
    containers, st.sampled_from(["```json\n{}\n```", "```\n{}\n```", "Here you are:\n```json\n{}\n```\nAnything else?"])
)
def test_fences_are_taken_away_on_record(value: Any, template: str) -> None:
    outcome = read(template.replace("{}", json.dumps(value)))

    assert isinstance(outcome, Parsed)
    assert (outcome.value, outcome.grade) == (value, "syntax")
    assert [repair.kind for repair in outcome.repairs] == ["fence_removed"]


def test_prose_around_one_value_is_taken_away() -> None:
    outcome = read('Sure! The answer is {"a": 1}. Hope that helps.', SCHEMA)

    assert isinstance(outcome, Parsed)
    assert outcome.value == {"a": 1}
    (repair,) = outcome.repairs
    assert (repair.kind, repair.after) == ("prose_removed", '{"a": 1}')


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("nothing", ""),
        ("no JSON", "I would rather not."),
        ("cut off", '{"a": 1'),
        ("cut off in a fence", '```json\n{"a": 1'),
        ("a cut number is no value", '{"a": 12345'),
        ("a piece of a cut value is not the answer", '{"rows": [{"a": 1}, {"a": '),
        ("a piece of a cut value in a fence", '```json\n{"rows": [{"a": 1}, {"a": 2'),
        ("two that disagree", 'Either {"a": 1} or {"a": 2}.'),
        ("two fences that disagree", '```json\n{"a": 1}\n```\nor\n```json\n{"a": 2}\n```'),
        ("against the schema", '{"a": "one"}'),
        ("missing and never filled", "{}"),
    ],
)
def test_what_is_not_there_is_invalid(why: str, text: str) -> None:
    assert isinstance(read(text, SCHEMA), Invalid), why


def test_the_schema_chooses_among_candidates() -> None:
    outcome = read('With {"b": 0} in mind: {"a": 1}', SCHEMA)

    assert isinstance(outcome, Parsed)
    assert outcome.value == {"a": 1}


def test_strict_repairs_nothing() -> None:
    assert isinstance(read('```json\n{"a": 1}\n```', SCHEMA, policy="strict"), Invalid)


@given(st.text(alphabet="{}[]\"'`:, \n\\abc123", max_size=200))
def test_any_text_gives_an_outcome(text: str) -> None:
    assert isinstance(read(text, SCHEMA), (Parsed, Invalid))


def test_hostile_text_takes_bounded_work() -> None:
    assert isinstance(read('{"a":' * 20_000, SCHEMA), Invalid)
    assert isinstance(read("[" * 200_000, SCHEMA), Invalid)


@pytest.mark.parametrize("policy", ["strict", "syntax", "align", "lenient"])
def test_a_date_that_the_schema_accepts_stays_as_it_is_unless_asked_for(policy: Policy) -> None:
    schema = {"type": "string", "format": "date"}

    assert read('"March 5, 2024"', schema, policy=policy) == Parsed(value="March 5, 2024")
    asked = read('"March 5, 2024"', schema, policy=ReadPolicy(dates=True))
    assert isinstance(asked, Parsed)
    assert (asked.value, asked.grade) == ("2024-03-05", "aligned")
