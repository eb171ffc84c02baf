"""Probing a model: what is asked, how answers are read, and that nothing is guessed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portable_llm import Fact, ModelRule, Response, TokenLogprob, Usage
from portable_llm._capabilities import FEATURES
from portable_llm._errors import (
    AuthenticationError,
    ConnectionFailedError,
    PortableLLMError,
    ProviderError,
    RateLimitError,
)
from portable_llm._http import HttpReply
from portable_llm._probes import ASKS, Ask
from portable_llm._probing import Answer, AnyPlan, Finding, Report, opened, probing, read_answer, steps
from portable_llm.providers import provider
from portable_llm.providers._target import Target
from portable_llm.testing import answer
from portable_llm.wire import wire_format
from portable_llm.wire._errors import provider_error
from support.speakers import one_of_each_wire

DAY = "2026-11-24"
ASK = {ask.feature: ask for ask in ASKS}
HELLO = answer("Hello.", usage=Usage(input_tokens=5, output_tokens=2))
EVERY_PROVIDER = pytest.mark.parametrize("name", one_of_each_wire())


def target_of(name: str, model: str = "some-model") -> Target:
    return Target(provider=provider(name), model=model, base_url="http://host/v1", is_override=True)


TARGET = target_of("compatible")


def refused(message: str, *, code: str | None = None, param: str | None = None, status: int = 400) -> ProviderError:
    body = json.dumps({"error": {"message": message, "param": param, "code": code}}).encode()
    return provider_error(HttpReply(status=status, body=body), message=message, code=code)


def talk(respond: Callable[[AnyPlan], Answer], target: Target = TARGET, **caps: int) -> tuple[list[AnyPlan], Report]:
    """The whole conversation with a model that answers by this rule."""
    conversation = probing(target, DAY, **caps)
    plans = [next(conversation)]
    while True:
        try:
            plans.append(conversation.send(respond(plans[-1])))
        except StopIteration as end:
            return plans, end.value


def plan_of(feature: str, target: Target = TARGET) -> AnyPlan:
    plan = next(step.plan for step in steps(opened(target)) if step.ask.feature == feature)
    assert plan is not None
    return plan


def read(feature: str, said: Answer, known: Fact | None = None) -> Finding:
    plan = plan_of(feature)
    if isinstance(said, Response):
        said = replace(said, adaptations=plan.adaptations)
    return read_answer(ASK[feature], plan, said, known or Fact(), DAY)


# ---- what is asked ---------------------------------------------------------------------------------------------------


def test_every_question_is_about_a_feature_or_about_the_stream() -> None:
    assert {ask.feature for ask in ASKS} - FEATURES.keys() == {"stream/usage"}
    assert len({ask.feature for ask in ASKS}) == len(ASKS)
    assert {name for ask in ASKS for name in ask.needs} <= {ask.feature for ask in ASKS}


@EVERY_PROVIDER
def test_what_the_provider_is_known_to_refuse_is_asked_all_the_same(name: str) -> None:
    """Nothing is left out before it is sent, or a fact could never be found to be out of date."""
    row = provider(name)
    no = {feature: Fact(support="no", source="docs", date=DAY) for feature in FEATURES}
    closed = row.with_(capabilities=row.capabilities.with_(no), models=(ModelRule(pattern=".*", facts=no),))
    plain = replace(target_of(name), provider=closed)

    asked = {step.ask.feature for step in steps(opened(plain)) if step.plan is not None}

    wire = wire_format(row.wire).CAPABILITIES
    assert {"sampling/temperature", "stop", "tools"} - {f for f in FEATURES if wire[f].support != "yes"} <= asked


@EVERY_PROVIDER
def test_each_request_says_one_thing_more_and_is_short(name: str) -> None:
    for step in steps(opened(target_of(name))):
        if step.plan is None:
            assert step.why_not
            continue
        assert (step.plan.request.max_output_tokens or 0) <= 1100
        assert not [one for one in step.plan.adaptations if one.action == "dropped" and one.subject != "/extra/store"]


@EVERY_PROVIDER
def test_a_model_that_takes_everything_is_found_to_do_so(name: str) -> None:
    plans, report = talk(lambda plan: HELLO, target_of(name))

    assert report.calls == len(plans)
    assert report.error is None
    assert {one.verdict for one in report.findings} <= {"accepted", "ignored", "applied", "not asked"}
    rule = report.rules[0]
    assert all(fact.reference == f"observed {DAY}" and fact.note for fact in rule.facts.values())
    assert rule.facts["sampling/temperature"].support == "yes"


# ---- refusals --------------------------------------------------------------------------------------------------------

BY_NAME = [
    ("sampling/temperature", "Unsupported parameter: 'temperature' is not supported with this model."),
    ("sampling/seed", "seed: Extra inputs are not permitted"),
    ("stop", "Unsupported parameter: 'stop' is not supported with this model."),
    ("parallel_tool_calls", "`parallel_tool_calls` is not supported"),
    ("output/native", "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."),
    ("tools", "registry.example/library/m does not support tools"),
    ("messages/prefill", "This model does not support assistant message prefill."),
    ("parts/image", "image input is not supported by this model"),
    ("messages/system", "Developer instruction is not enabled for models/m"),
    ("sampling/logprobs", "Logprobs are not enabled for this model"),
]


@pytest.mark.parametrize(("feature", "message"), BY_NAME, ids=[name for name, _ in BY_NAME])
def test_what_an_error_says_is_not_supported_is_refused(feature: str, message: str) -> None:
    target = target_of("anthropic") if feature == "messages/prefill" else TARGET

    found = read_answer(ASK[feature], plan_of(feature, target), refused(message), Fact(), DAY)

    assert (found.verdict, found.fact and found.fact.support) == ("refused", "no")
    assert found.fact is not None
    assert found.fact.reference == f"observed {DAY}"
    assert message in found.fact.note


UNKNOWN: list[PortableLLMError] = [
    refused("temperature must be between 0 and 1", param="temperature"),
    refused("Invalid request"),
    refused("something else is not supported"),
    refused("'seed' is not supported", status=500),
    refused("'temperature' is not supported", status=429),
    ConnectionFailedError("refused"),
    RateLimitError("slow down"),
]


@pytest.mark.parametrize("error", UNKNOWN, ids=str)
def test_any_other_error_leaves_the_feature_unknown(error: PortableLLMError) -> None:
    found = read("sampling/temperature", error)

    assert (found.verdict, found.fact) == ("unknown", None)
    assert type(error).__name__ in found.note


def test_a_value_that_is_refused_is_not_the_feature() -> None:
    error = refused("Unsupported level of reasoning: 'low'. Supported values are: a lot, and none at all.")

    assert read("reasoning/effort", error).verdict == "unknown"


def test_a_word_of_the_schema_that_is_refused_is_not_the_feature() -> None:
    error = refused("Unknown name 'additionalProperties' at 'generation_config.response_schema': cannot find field")

    assert read("output/native", error).verdict == "unknown"


def test_an_error_about_another_thing_says_nothing_about_this_one() -> None:
    message = "Unsupported parameter: 'max_completion_tokens' is not supported, images neither."
    found = read("parts/image", refused("Unsupported value: 'temperature' does not support tools"))

    assert found.verdict == "unknown"
    assert read("sampling/seed", refused(message)).verdict == "unknown"


def test_the_words_for_effort_are_learned_where_one_is_refused() -> None:
    found = read("reasoning/effort", refused("It does not support effort 'low'. Supported levels: none, high."))

    assert found.fact is not None
    assert (found.fact.support, found.fact.values) == ("yes", ("none", "high"))


# ---- what is seen ----------------------------------------------------------------------------------------------------

CALL = ("get_weather", {"city": "Oslo"})
SEEN: list[tuple[str, Response[Any], str]] = [
    ("stop", answer("red, green, "), "applied"),
    ("stop", answer("red, green, blue, black, white"), "ignored"),
    ("stop", answer("I would rather not."), "accepted"),
    ("max_output_tokens", answer("One, two", finish_reason="length"), "applied"),
    ("max_output_tokens", answer("One, two", usage=Usage(output_tokens=200)), "ignored"),
    ("max_output_tokens", answer("One, two", usage=Usage(output_tokens=4)), "accepted"),
    ("sampling/logprobs", answer("red", logprobs=[TokenLogprob(token="red", logprob=-1)]), "applied"),
    ("sampling/logprobs", answer("red"), "ignored"),
    ("tool_choice/required", answer(tool_calls=[CALL]), "applied"),
    ("tool_choice/required", answer("Hello."), "ignored"),
    ("tool_choice/required", answer("Hel", finish_reason="length"), "accepted"),
    ("tool_choice/required", answer(refusal="No."), "accepted"),
    ("tool_choice/named", answer(tool_calls=[("write_note", {"city": "Oslo"})]), "applied"),
    ("tool_choice/named", answer(tool_calls=[CALL]), "ignored"),
    ("tool_choice/none", answer(tool_calls=[CALL]), "ignored"),
    ("tool_choice/none", answer("Cold."), "accepted"),
    ("parallel_tool_calls", answer(tool_calls=[CALL, CALL]), "ignored"),
    ("parallel_tool_calls", answer(tool_calls=[CALL]), "accepted"),
    ("messages/system", answer("Zebra."), "applied"),
    ("messages/system", answer("Hello."), "accepted"),
    ("parts/image", answer("It is red."), "applied"),
    ("sampling/temperature", answer("red"), "accepted"),
]


@pytest.mark.parametrize(("feature", "response", "verdict"), SEEN, ids=[f"{one[0]}-{one[2]}" for one in SEEN])
def test_an_answer_shows_what_became_of_the_option(feature: str, response: Response[Any], verdict: str) -> None:
    found = read(feature, response)

    assert found.verdict == verdict
    assert found.fact is not None
    assert found.fact.support == ("ignored" if verdict == "ignored" else "yes")
    assert found.note == found.fact.note


def test_accepted_is_not_called_applied() -> None:
    assert read("sampling/temperature", HELLO).note == "accepted; whether it has an effect was not seen"


def test_a_known_range_is_kept() -> None:
    known = Fact(minimum=0, maximum=1.5, source="docs", date="2026-01-01")

    found = read("sampling/temperature", HELLO, known)

    assert found.fact is not None
    assert (found.fact.minimum, found.fact.maximum, found.fact.source) == (0, 1.5, "observed")


def test_what_is_known_to_have_no_effect_is_not_made_a_yes_by_being_accepted() -> None:
    known = Fact(support="ignored", source="docs", date=DAY)

    assert read("sampling/temperature", HELLO, known).fact is None
    seen = read("stop", answer("red, green, "), known).fact
    assert seen is not None
    assert seen.support == "yes"


def test_a_field_that_the_protocol_does_not_have_is_not_made_a_yes_by_being_accepted() -> None:
    assert ASK["sampling/top_k"].feature in {step.ask.feature for step in steps(opened(TARGET)) if step.plan}

    assert read("sampling/top_k", HELLO).fact is None


# ---- the conversation ------------------------------------------------------------------------------------------------


def test_a_refused_name_of_the_limit_is_replaced_before_anything_else_is_asked() -> None:
    def respond(plan: AnyPlan) -> Answer:
        body: Any = plan.call.json
        if "max_tokens" in body:
            return refused("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        return HELLO

    row = provider("compatible")
    spelled = row.with_(capabilities=row.capabilities.with_(spelling={"max_output_tokens": "max_tokens"}))
    plans, report = talk(respond, replace(TARGET, provider=spelled))

    assert report.spelling == {"max_output_tokens": "max_completion_tokens"}
    assert all("max_tokens" not in plan.call.json for plan in plans[1:])  # type: ignore[operator]


def test_a_limit_without_effect_is_tried_under_its_other_name() -> None:
    def respond(plan: AnyPlan) -> Answer:
        body: Any = plan.call.json
        obeys = "max_tokens" in body
        return answer("One", finish_reason="length") if obeys else answer("One", usage=Usage(output_tokens=99))

    row = provider("compatible")
    spelled = row.with_(capabilities=row.capabilities.with_(spelling={"max_output_tokens": "max_completion_tokens"}))
    _, report = talk(respond, replace(TARGET, provider=spelled))

    assert report.spelling == {"max_output_tokens": "max_tokens"}
    assert report.findings[0].verdict == "applied"


def test_without_an_answer_to_the_plain_request_nothing_is_found() -> None:
    plans, report = talk(lambda plan: AuthenticationError("wrong key"))

    assert len(plans) == 1
    assert isinstance(report.error, AuthenticationError)
    assert (report.findings, report.rules) == ((), ())


def test_what_means_nothing_without_tools_is_not_asked_where_tools_are_refused() -> None:
    def respond(plan: AnyPlan) -> Answer:
        return refused("tools are not supported") if plan.request.tools else HELLO

    _, report = talk(respond)

    verdicts = {one.feature: one.verdict for one in report.findings}
    assert verdicts["tools"] == "refused"
    assert {verdicts[ask.feature] for ask in ASKS if "tools" in ask.needs} == {"not asked"}


@pytest.mark.parametrize("caps", [{"max_calls": 5}, {"max_tokens": 100}], ids=["calls", "tokens"])
def test_a_cap_ends_the_questions_and_says_so(caps: dict[str, int]) -> None:
    plans, report = talk(lambda plan: answer("Hi", usage=Usage(output_tokens=20)), TARGET, **caps)

    assert len(plans) == 5 if "max_calls" in caps else report.output_tokens <= 100
    assert "cap" in report.findings[-1].note
    assert report.findings[-1].fact is None


def test_three_failures_in_a_row_end_the_questions() -> None:
    answers = iter([HELLO, HELLO])

    plans, report = talk(lambda plan: next(answers, ConnectionFailedError("gone")))

    assert len(plans) == 5
    assert [one.verdict for one in report.findings].count("unknown") == 3
    assert "given up" in report.findings[-1].note


def test_facts_found_while_not_thinking_do_not_cover_those_that_hold_while_it_thinks() -> None:
    ignored = {"sampling/temperature": Fact(support="ignored", source="docs", date=DAY)}
    row = provider("compatible").with_(models=(ModelRule(pattern=".*", when="thinking", facts=ignored),))
    _, report = talk(lambda plan: HELLO, replace(TARGET, provider=row))

    found = row.with_(models=(*row.models, *report.rules))
    wire = wire_format(row.wire).CAPABILITIES
    assert found.capabilities_of("some-model", wire)["sampling/temperature"].support == "yes"
    assert found.capabilities_of("some-model", wire, thinking=True)["sampling/temperature"].support == "ignored"
    assert not ModelRule(pattern=report.rules[0].pattern).matches("some_model")


def test_what_a_provider_says_is_one_short_line_that_can_be_printed() -> None:
    found = read("parts/image", refused("image\x1b[31m input\nis not supported" + "x" * 500))

    assert found.fact is not None
    assert found.note == found.fact.note
    assert found.note.isprintable()
    assert len(found.note) <= 160


def test_a_question_of_one_s_own_is_read_in_the_same_way() -> None:
    ask = Ask(feature="stop", change=lambda plain: replace(plain, stop=("x",)))

    assert read_answer(ask, plan_of("stop"), HELLO, Fact(), DAY).verdict == "accepted"
