"""Words in the place of an answer: when they are classified, by whom, and what becomes of the outcome."""

from __future__ import annotations

from typing import Any

import pytest

from portable_llm import (
    Client,
    Invalid,
    NoOutput,
    Output,
    Parsed,
    Refused,
    RefusedError,
    Response,
    Tool,
)
from portable_llm._errors import ConfigurationError
from portable_llm.refusal import prompt_of
from portable_llm.testing import FakeServer, answer, fixed
from support.judge import Judge, Judged
from support.speakers import can_be_forced, one_of_each_wire

NO = "I'm sorry, but I can't help with that."
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def said(reply: Any, judge: Judge | None, *, provider: str = "compatible", **options: Any) -> Response[Any]:
    if judge is not None:
        options["refusal_classifier"] = judge
    with FakeServer(fixed(reply)) as server, Client(api_keys={provider: "k"}) as client:
        return client.chat(f"{provider}:m@{server.base_url(provider)}", "Who is it?", max_output_tokens=50, **options)


@pytest.mark.parametrize("provider", one_of_each_wire())
@pytest.mark.parametrize("mode", ["native", "tool", "prompt"])
def test_words_in_the_place_of_a_value_are_a_refusal_and_no_error(provider: str, mode: Any) -> None:
    if mode == "tool" and not can_be_forced(provider):
        pytest.skip("nobody can force this provider's models to make a certain call")
    judge = Judge()

    response = said(answer(NO), judge, provider=provider, output=Output(schema=SCHEMA, mode=mode))

    assert judge.asked == [("Who is it?", NO)]
    assert response.refusal is not None
    assert response.outcome == Refused(refusal=response.refusal)
    assert (response.refusal.kind, response.refusal.source) == ("soft", "model")
    assert (response.refusal.category, response.refusal.text) == ("out_of_scope", NO)
    assert (response.refusal.evidence, response.refusal.probability) == (("I'm sorry",), 0.9)
    with pytest.raises(RefusedError, match="soft"):
        _ = response.parsed


def test_a_refusal_is_not_asked_for_again_however_often_a_value_may_be() -> None:
    response = said(answer(NO), Judge(), output=Output(schema=SCHEMA, reask=3))

    assert len(response.attempts) == 1


def test_without_a_judge_of_one_s_own_the_library_s_classifier_reads_it() -> None:
    refused = said(answer(NO), None, output=Output(schema=SCHEMA))
    served = said(answer("Ada Lovelace, born in 1815, wrote the first program."), None, output=Output(schema=SCHEMA))

    assert isinstance(refused.outcome, Refused)
    assert refused.refusal is not None
    assert refused.refusal.probability is not None
    assert isinstance(served.outcome, Invalid)


def test_prose_that_is_no_refusal_stays_invalid() -> None:
    response = said(answer("It is Ada."), Judge(Judged("compliance")), output=Output(schema=SCHEMA))

    assert isinstance(response.outcome, Invalid)
    assert response.refusal is None


def test_plain_text_and_valid_values_are_not_classified_by_default() -> None:
    judge = Judge()

    assert said(answer(NO), judge).refusal is None
    assert said(answer('{"a": "b"}'), judge, output=Output(schema=SCHEMA)).parsed == {"a": "b"}
    assert judge.asked == []


def test_never_means_never() -> None:
    response = said(answer(NO), Judge(), output=Output(schema=SCHEMA), soft_refusals="never")

    assert isinstance(response.outcome, Invalid)


def test_plain_text_is_classified_where_that_is_wished_for() -> None:
    response = said(answer(NO), Judge(), soft_refusals="always")

    assert response.refusal is not None
    assert response.outcome == Refused(refusal=response.refusal)
    assert (response.text, response.finish_reason) == (NO, "stop")


def test_a_valid_value_that_declines_is_kept_with_the_refusal_beside() -> None:
    response = said(answer('{"a": "I can\'t say."}'), Judge(), output=Output(schema=SCHEMA), soft_refusals="always")

    assert isinstance(response.outcome, Parsed)
    assert response.refusal is not None


def test_a_valid_value_that_declines_is_raised_where_that_is_wished_for() -> None:
    options: dict[str, Any] = {"output": Output(schema=SCHEMA), "soft_refusals": "always", "on_refusal": "raise"}

    with pytest.raises(RefusedError):
        said(answer('{"a": "I can\'t say."}'), Judge(), **options)


@pytest.mark.parametrize(
    ("evidence", "shown"),
    [
        (((0, 9, "apology"), (4, 9, "apology"), (15, 20, "refuse")), ("I'm sorry", "I can")),
        (("I can't",), ("I can't",)),
        ((), ()),
    ],
)
def test_evidence_is_quoted_and_never_twice(evidence: Any, shown: tuple[str, ...]) -> None:
    response = said(answer(NO), Judge(Judged(evidence=evidence)), soft_refusals="always")

    assert response.refusal is not None
    assert response.refusal.evidence == shown


def test_words_of_a_call_count_where_nothing_else_was_said() -> None:
    judge = Judge()
    tool = Tool(name="reply", parameters=SCHEMA)

    response = said(answer(tool_calls=[("reply", {"a": NO})]), judge, tools=[tool], soft_refusals="always")

    assert NO in judge.asked[0][1]
    assert response.refusal is not None
    assert isinstance(response.outcome, NoOutput)
    assert response.tool_calls


def test_a_partial_refusal_is_an_answer() -> None:
    response = said(answer("First: 4. The second I can't say."), Judge(Judged("partial")), soft_refusals="always")

    assert response.refusal is not None
    assert response.refusal.is_partial
    assert isinstance(response.outcome, NoOutput)


def test_a_partial_refusal_is_not_raised() -> None:
    assert said(answer("4."), Judge(Judged("partial")), soft_refusals="always", on_refusal="raise").text == "4."


def test_a_category_that_is_none_of_ours_is_unspecified() -> None:
    response = said(answer(NO), Judge(Judged(category="galaxy")), soft_refusals="always")

    assert response.refusal is not None
    assert response.refusal.category == "unspecified"


def test_an_unknown_word_is_an_error_of_the_caller() -> None:
    with pytest.raises(ConfigurationError, match="soft_refusals='sometimes'"), Client(soft_refusals="sometimes"):  # type: ignore[arg-type]
        pass


def test_a_streamed_answer_is_classified_at_its_end() -> None:
    judge = Judge()
    with FakeServer(fixed(answer(NO))) as server, Client(refusal_classifier=judge) as client:
        model = f"compatible:m@{server.base_url('compatible')}"
        with client.stream(model, "Who is it?", output=Output[Any](schema=SCHEMA)) as stream:
            response = stream.finish()

    assert isinstance(response.outcome, Refused)
    assert len(judge.asked) == 1


def test_the_prompt_is_what_was_asked_last() -> None:
    from portable_llm import assistant, request, tool_result, user
    from portable_llm._messages import ToolCallPart

    call = ToolCallPart(id="1", name="f", arguments={}, raw_arguments="{}")
    turns = [user("one"), assistant(call), tool_result("1", "two")]

    assert prompt_of(request("m", turns)) == "two"
    assert prompt_of(request("m", "three")) == "three"
    assert prompt_of(request("m", [])) == ""
