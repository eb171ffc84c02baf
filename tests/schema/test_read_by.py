"""Replies under a lowered schema, read by what JSON Schema makes of it: `nullable` is a word of some dialects alone."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portable_llm import Message, NoOutput, Output, Parsed, Response, TextPart, Usage
from portable_llm.output import OutputPlan, check
from portable_llm.schema import dialect, dialect_names, lower
from schema.kinds import all_kinds

CARRYING = [name for name in dialect_names() if dialect(name).carries_schema]


def checked(schema: dict[str, Any], name: str, reply: Any) -> Any:
    response: Response[None] = Response(
        message=Message(role="assistant", parts=(TextPart(text=json.dumps(reply)),)),
        finish_reason="stop",
        raw_finish_reason="stop",
        outcome=NoOutput(),
        refusal=None,
        usage=Usage(),
        model=None,
        id=None,
    )
    how = OutputPlan(mode="native", schema=schema, name="output", lowered=lower(schema, name))
    return check(response, Output[Any](schema=schema), how).outcome


@settings(max_examples=100, deadline=None)
@given(all_kinds, st.sampled_from(CARRYING), st.data())
def test_the_reply_of_a_model_that_obeys_is_the_value(kind: Any, name: str, data: st.DataObject) -> None:
    schema = {"type": "object", "properties": {"it": kind[0]}, "required": ["it"]}
    lowered = lower(schema, name)
    reply = lowered.encode({"it": data.draw(kind[1])})
    assume(jsonschema.Draft202012Validator(lowered.read_by).is_valid(reply))

    assert checked(schema, name, reply) == Parsed(value=lowered.restore(reply))


def test_null_beside_an_encoded_member_is_a_value_where_the_dialect_says_nullable() -> None:
    scores = {"type": "object", "additionalProperties": {"type": "integer"}}
    schema = {
        "type": "object",
        "properties": {"scores": scores, "n": {"type": ["integer", "null"]}},
        "required": ["scores", "n"],
        "additionalProperties": False,
    }
    reply = {"scores": [{"key": "a", "value": 1}], "n": None}

    assert checked(schema, "gemini-schema", reply) == Parsed(value={"scores": {"a": 1}, "n": None})


@pytest.mark.parametrize("name", CARRYING)
def test_a_dialect_without_that_word_is_read_by_what_is_sent(name: str) -> None:
    lowered = lower({"type": "object", "properties": {"nullable": {"type": ["string", "null"]}}}, name)

    assert (lowered.read_by == lowered.schema) is not dialect(name).nullable
    assert "nullable" in lowered.read_by["properties"]
