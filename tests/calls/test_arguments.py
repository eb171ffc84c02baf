"""Arguments held to a tool's schema: repaired where that invents nothing, and never when they were cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portable_llm import InvalidToolArgumentsError, Tool, ToolCallPart
from portable_llm.tools import check_arguments
from strategies import json_objects

ANYTHING = Tool(name="note", parameters={"type": "object"})


def call(raw: str) -> ToolCallPart:
    return ToolCallPart(id="call_1", name="note", arguments=None, raw_arguments=raw)


@given(value=json_objects, data=st.data())
def test_no_beginning_of_the_arguments_is_ever_acted_upon(value: dict[str, object], data: st.DataObject) -> None:
    whole = json.dumps(value)
    cut = data.draw(st.integers(1, len(whole) - 1))

    with pytest.raises(InvalidToolArgumentsError, match="break off"):
        check_arguments(call(whole[:cut]), ANYTHING)


@settings(deadline=None)  # the first reading loads what reads
@given(value=json_objects)
def test_whole_arguments_in_a_fence_are_read_and_the_edit_is_shown(value: dict[str, object]) -> None:
    checked = check_arguments(call(f"```json\n{json.dumps(value)}\n```"), ANYTHING)

    assert checked.arguments == value
    assert checked.repairs


@pytest.mark.parametrize("raw", ["[1]", "12", "nothing of the kind", "null"])
def test_what_is_no_object_is_refused_with_its_place(raw: str) -> None:
    with pytest.raises(InvalidToolArgumentsError) as caught:
        check_arguments(call(raw), ANYTHING)

    assert caught.value.problems[0].startswith("/")


def test_what_the_schema_does_not_accept_is_named_with_its_place() -> None:
    strict = Tool(name="note", parameters={"type": "object", "properties": {"a": {"type": "integer"}}})
    wrong = ToolCallPart(id="call_1", name="note", arguments={"a": "no number"}, raw_arguments="{}")

    with pytest.raises(InvalidToolArgumentsError) as caught:
        check_arguments(wrong, strict)

    assert caught.value.problems[0].startswith("/a: ")
