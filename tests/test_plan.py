"""A plan says before anything is sent what a target does not honour."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pytest

import portable_llm
from portable_llm import (
    BlobPart,
    Capabilities,
    Client,
    Fact,
    FilePart,
    InvalidRequestError,
    LossError,
    Message,
    NamedTool,
    Origin,
    Output,
    Plan,
    ReasoningPart,
    Request,
    Sampling,
    TextPart,
    Tool,
    ToolCallPart,
    UnsupportedSchemaError,
    assistant,
    system,
    tool_result,
    user,
)
from portable_llm._adaptation import LossPolicy
from portable_llm._plan import make_plan
from portable_llm._request import Reasoning
from portable_llm.providers import provider
from portable_llm.providers._target import Target

WEATHER = Tool(name="weather", description="Current weather")
CALL = ToolCallPart(id="c1", name="weather", arguments={}, raw_arguments="{}")
SCHEMA = {"type": "object", "properties": {"t": {"type": "number"}}, "required": ["t"]}


def plan(
    *messages: Message, facts: dict[str, Fact] | None = None, policy: LossPolicy | None = None, **fields: Any
) -> Plan[Any]:
    """A plan for a target whose capabilities are exactly these facts."""
    row = provider("compatible").with_(capabilities=Capabilities(facts=facts or {}))
    target = Target(provider=row, model="m", base_url="http://host/v1", is_override=True)
    request = Request[Any](model="compatible:m", messages=messages or (user("Hello"),), **fields)
    return make_plan(request, target, policy=policy)


def ledger(made: Plan[Any]) -> list[tuple[str, str, str]]:
    """What matters of the entries: those that are not just other words, without the notes on what is assumed."""
    return [
        (entry.subject, entry.action, entry.severity)
        for entry in made.adaptations
        if entry.severity != "exact" and entry.source != "assumed"
    ]


NO = Fact(support="no", source="docs", date="2026-01-01")
IGNORED = Fact(support="ignored", source="docs", date="2026-01-01")


def known(**fields: Any) -> Fact:
    return Fact(source="docs", date="2026-01-01", **fields)


# ---- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fact", [NO, IGNORED])
def test_what_is_refused_or_ignored_is_left_out_and_said(fact: Fact) -> None:
    made = plan(facts={"sampling/temperature": fact}, sampling=Sampling(temperature=0.5))

    assert "temperature" not in made.call.json
    assert ledger(made) == [("/sampling/temperature", "dropped", "lost")]


def test_what_is_out_of_range_is_clamped_and_said() -> None:
    made = plan(facts={"sampling/temperature": known(minimum=0, maximum=1)}, sampling=Sampling(temperature=1.5))

    assert made.call.json["temperature"] == 1
    assert ledger(made) == [("/sampling/temperature", "clamped", "lost")]


def test_what_nobody_checked_is_sent_and_said_to_be_assumed() -> None:
    made = plan(facts={"sampling/temperature": Fact()}, sampling=Sampling(temperature=0.5))

    (entry,) = [entry for entry in made.adaptations if entry.subject == "/sampling/temperature"]
    assert (entry.action, entry.severity, entry.source) == ("defaulted", "advisory", "assumed")
    assert made.call.json["temperature"] == 0.5


@pytest.mark.parametrize(
    ("wanted", "values", "sent"),
    [
        ("max", ("low", "high"), "high"),
        ("minimal", ("none", "low", "high"), "low"),
        ("none", ("low", "high"), "low"),
        ("xhigh", ("low", "high", "max"), "high"),
        ("low", ("low", "high"), "low"),
    ],
)
def test_effort_goes_to_the_nearest_word(wanted: Any, values: tuple[str, ...], sent: str) -> None:
    made = plan(facts={"reasoning/effort": known(values=values)}, reasoning=Reasoning(effort=wanted))

    assert made.call.json["reasoning_effort"] == sent
    assert (ledger(made) == []) == (wanted == sent)


def test_a_limit_that_the_provider_demands_is_filled_in_and_said() -> None:
    made = plan(facts={"max_output_tokens": known(required=True, default=4096)})

    assert ledger(made) == [("/max_output_tokens", "defaulted", "advisory")]
    assert 4096 in made.call.json.values()


def test_stop_sequences_past_the_provider_s_number_are_left_out() -> None:
    made = plan(facts={"stop": known(maximum=2)}, stop=("a", "b", "c"))

    assert made.call.json["stop"] == ["a", "b"]
    assert ledger(made) == [("/stop", "clamped", "lost")]


# ---- tools and output ------------------------------------------------------------------------------------------------


def test_a_forced_call_that_is_refused_is_asked_for_no_more() -> None:
    refused = {"tool_choice/named": NO, "tool_choice/required": NO}
    made = plan(facts=refused, tools=(WEATHER,), tool_choice=NamedTool("weather"))

    assert "tool_choice" not in made.call.json
    assert ledger(made) == [("/tool_choice", "dropped", "lost")]


def test_calls_that_cannot_be_forbidden_are_made_impossible() -> None:
    made = plan(facts={"tool_choice/none": NO}, tools=(WEATHER,), tool_choice="none")

    assert "tools" not in made.call.json
    assert ("/tools", "dropped", "lost") in ledger(made)


def test_a_model_without_tools_loses_all_that_is_said_about_them() -> None:
    made = plan(facts={"tools": NO}, tools=(WEATHER,), tool_choice="required", parallel_tool_calls=False)

    assert {entry[0] for entry in ledger(made)} == {"/tools", "/tool_choice", "/parallel_tool_calls"}


def test_a_schema_the_provider_cannot_hold_goes_into_the_prompt_and_is_checked_here() -> None:
    facts = {"output/native": NO, "output/json": NO, "tool_choice/named": NO}
    made = plan(system("Be brief."), user("?"), facts=facts, output=Output(schema=SCHEMA))

    assert made.output is not None
    assert made.output.mode == "prompt"
    assert '"required":["t"]' in made.call.json["messages"][0]["content"][-1]["text"]
    assert ledger(made) == [("/output", "emulated", "checked")]


def test_a_schema_may_travel_as_a_forced_call() -> None:
    made = plan(output=Output(schema={"type": "array"}, mode="tool", name="answer"))

    assert made.output is not None
    assert (made.output.mode, made.output.is_wrapped) == ("tool", True)
    assert made.call.json["tool_choice"] == {"type": "function", "function": {"name": "answer"}}
    parameters = made.call.json["tools"][0]["function"]["parameters"]
    assert parameters["properties"] == {"value": {"type": "array"}}


@pytest.mark.parametrize("fields", [{"tools": (WEATHER,)}, {"tools": (WEATHER,), "tool_choice": "none"}])
def test_a_forced_call_that_displaces_the_tools_of_the_request_is_said(fields: dict[str, Any]) -> None:
    made = plan(output=Output(schema=SCHEMA, mode="tool"), **fields)

    assert ("/tool_choice", "substituted", "lost") in ledger(made)


def test_a_schema_beside_tools_goes_into_the_prompt_where_both_are_refused() -> None:
    made = plan(facts={"output/with_tools": NO}, tools=(WEATHER,), output=Output(schema=SCHEMA))

    assert made.output is not None
    assert made.output.mode == "prompt"


@pytest.mark.parametrize(("mode", "feature"), [("native", "output/native"), ("tool", "tool_choice/named")])
def test_a_vehicle_that_was_insisted_on_and_is_refused_is_an_error(mode: Any, feature: str) -> None:
    with pytest.raises(InvalidRequestError, match="use mode='auto' or 'prompt'"):
        plan(facts={feature: NO}, output=Output(schema=SCHEMA, mode=mode))


# ---- messages --------------------------------------------------------------------------------------------------------

ELSEWHERE = Origin(provider="other", host="other.example", model="o1")


def test_foreign_reasoning_is_left_out_never_turned_into_text() -> None:
    thought = ReasoningPart(text="the secret plan", state={"signature": "s"}, origin=ELSEWHERE)

    made = plan(user("?"), assistant(thought, "Because."), user("Go on."))

    assert "the secret plan" not in str(made.call.json)
    assert ledger(made) == [("/messages/1/parts/0/state", "dropped", "lost")]


def test_a_turn_of_foreign_reasoning_alone_disappears() -> None:
    made = plan(user("?"), assistant(ReasoningPart(text="hm", origin=ELSEWHERE)), user("Go on."))

    assert [message["role"] for message in made.call.json["messages"]] == ["user", "user"]


def test_foreign_state_is_taken_off_a_call_that_stays() -> None:
    signed = replace(CALL, state={"signature": "s"}, origin=ELSEWHERE)

    made = plan(user("?"), assistant(signed), tool_result("c1", "12"), tools=(WEATHER,))

    assert "signature" not in str(made.call.json)
    assert ("/messages/1/parts/0/state", "dropped", "lost") in ledger(made)


@pytest.mark.parametrize(
    ("part", "facts"),
    [
        (BlobPart(mime_type="image/png", data=b"x"), {"parts/image": NO}),
        (FilePart(id="file_1", origin=ELSEWHERE), {}),
    ],
)
def test_content_the_model_will_not_see_is_a_change(part: Any, facts: dict[str, Fact]) -> None:
    made = plan(user(part, "What is it?"), facts=facts)

    assert ledger(made) == [("/messages/0/parts/0", "dropped", "changed")]
    with pytest.raises(LossError, match="/messages/0/parts/0"):
        plan(user(part, "What is it?"), facts=facts, policy=LossPolicy())


def test_a_late_system_message_becomes_a_user_turn_where_it_must() -> None:
    made = plan(user("Hi"), system("Be brief."), user("?"), facts={"messages/late_system": NO})

    assert [message["role"] for message in made.call.json["messages"]] == ["user", "user", "user"]
    assert ledger(made) == [("/messages/1", "substituted", "changed")]


def test_system_text_becomes_a_user_turn_where_a_model_has_none() -> None:
    made = plan(system("Be brief."), user("?"), facts={"messages/system": NO})

    assert [message["role"] for message in made.call.json["messages"]] == ["user", "user"]
    assert ledger(made) == [("/messages/0", "substituted", "changed")]


def test_any_json_is_asked_for_by_name_where_the_provider_wants_that() -> None:
    row = provider("openai")
    target = Target(provider=row, model="gpt-4o", base_url="http://host/v1", is_override=True)

    made = make_plan(portable_llm.request("openai:gpt-4o", "Three primes?", output="json"), target)

    assert "JSON" in str(made.call.json["messages"])
    assert ("/output", "emulated") in [(entry.subject, entry.action) for entry in made.adaptations]


# ---- what cannot be meant --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("messages", "fields", "complaint"),
    [
        ((), {"messages": ()}, "messages is empty; give at least one user message"),
        ((Message(role="user", parts=()),), {}, r"/messages/0 \(user\) has no parts"),
        ((user("?"), tool_result("c9", "12")), {}, "result for the call 'c9', which no earlier message makes"),
        ((user(CALL),), {}, "a tool call stands in a user message"),
        ((Message(role="tool", parts=(TextPart(text="12"),)),), {}, "a tool message holds tool results only"),
        ((), {"tools": (WEATHER, WEATHER)}, "a second tool is named 'weather'"),
        (
            (),
            {"tools": (Tool(name="x", parameters={"type": "wrong"}),)},
            r"/tools/0/parameters \(x\) is no JSON Schema",
        ),
        ((), {"tool_choice": NamedTool("x"), "tools": (WEATHER,)}, "names 'x'; the tools are: weather"),
        ((), {"tool_choice": "required"}, "there are no tools"),
        ((), {"sampling": Sampling(temperature=float("nan"))}, "/sampling/temperature is nan"),
        ((), {"max_output_tokens": 0}, "must be at least 1"),
        ((), {"stop": ("",)}, "empty string"),
        ((), {"output": Output(schema={"type": "wrong"})}, "/output/schema is no JSON Schema"),
        ((), {"output": Output(schema=SCHEMA, name="a b")}, "/output/name 'a b'"),
        ((), {"extra": {"messages": []}}, "messages"),
    ],
)
def test_a_request_that_cannot_be_meant(messages: Any, fields: dict[str, Any], complaint: str) -> None:
    if "messages" in fields:
        request = Request[Any](model="compatible:m", messages=())
        with pytest.raises(InvalidRequestError, match=complaint):
            make_plan(request, plan().target)
        return
    with pytest.raises(InvalidRequestError, match=complaint):
        plan(*messages, **fields)


def test_a_python_type_without_a_schema_is_named() -> None:
    with pytest.raises(UnsupportedSchemaError):
        plan(output=Output(type=type(lambda: None)))


# ---- the plan as a value ---------------------------------------------------------------------------------------------


def test_a_plan_can_be_kept_and_explained() -> None:
    made = plan(facts={"sampling/seed": NO}, sampling=Sampling(seed=1))

    twin = pickle.loads(pickle.dumps(made))
    assert (twin.call, twin.adaptations, twin.request) == (made.call, made.adaptations, made.request)
    text = made.explain()
    assert text.splitlines()[0] == "compatible:m  POST http://host/v1/chat/completions"
    assert "lost     dropped     /sampling/seed" in text
    assert "[docs 2026-01-01]" in text
    assert "/sampling/seed" not in made.explain("changed")
    assert made.explain("changed").splitlines()[-1].strip() == "1 lost"
    assert max(map(len, text.splitlines())) <= 88
    assert made.worst == "lost"
    assert plan(facts={"sampling/seed": NO}, policy=LossPolicy(raise_from="lost")).worst is None


def test_several_targets_are_planned_side_by_side() -> None:
    with Client() as client:
        request = portable_llm.request("openai:a", "Hello", temperature=0.3)
        plans = client.plan(request, models=["openai:gpt-4o", "anthropic:claude-opus-5", "google:gemini-4-argon"])

    assert [made.target.provider.name for made in plans] == ["openai", "anthropic", "google"]
    assert ("/sampling/temperature", "dropped", "lost") in ledger(plans[1])
