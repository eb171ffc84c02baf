"""Does an answer hold the value asked for? Calls are no failed values, and a number that was cut is none."""

from __future__ import annotations

from typing import Any

import pytest

from portable_llm import Invalid, Message, NoOutput, Output, Parsed, Response, TextPart, ToolCallPart, Usage
from portable_llm.output import OutputPlan, check

CALL = ToolCallPart(id="c1", name="weather", arguments={}, raw_arguments="{}")


def checked(*parts: Any, finish: Any = "stop", schema: dict[str, Any] | None = None) -> Any:
    """The outcome of an answer made of these parts."""
    response = Response[Any](
        message=Message(role="assistant", parts=parts),
        finish_reason=finish,
        raw_finish_reason=finish,
        outcome=NoOutput(),
        refusal=None,
        usage=Usage(),
        model="m",
        id="1",
    )
    return check(response, Output[Any](schema=schema), OutputPlan(mode="native", schema=schema, name="output")).outcome


@pytest.mark.parametrize("text", ["", "Let me look that up.", "{ I think"])
def test_words_before_a_call_are_no_failed_value(text: str) -> None:
    assert checked(*([TextPart(text=text)] if text else []), CALL, finish="tool_call") == NoOutput()


def test_a_value_beside_a_call_is_a_value() -> None:
    assert checked(TextPart(text='{"a": 1}'), CALL, finish="tool_call") == Parsed(value={"a": 1})


@pytest.mark.parametrize("finish", ["length", "context_overflow", "content_filter"])
@pytest.mark.parametrize("text", ["123", "1.5", "```json\n12\n```"])
def test_a_number_that_may_have_been_cut_is_no_value(text: str, finish: str) -> None:
    outcome = checked(TextPart(text=text), finish=finish, schema={"type": "number"})

    assert isinstance(outcome, Invalid)
    assert finish in outcome.errors[0]


@pytest.mark.parametrize("text", ['{"a": 1}', "[1]", '"12"', "true", "null"])
def test_a_value_whose_end_can_be_seen_is_one_wherever_the_answer_stopped(text: str) -> None:
    assert isinstance(checked(TextPart(text=text), finish="length"), Parsed)


def test_a_number_that_came_whole_is_a_value() -> None:
    assert checked(TextPart(text="123")) == Parsed(value=123)
