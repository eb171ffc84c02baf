"""The scripted endpoint knows its cases by what they ask, on every wire, and its pass rate is the one it was given."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import Request, Tool, assistant, system, tool_result, user
from portable_llm._errors import ConfigurationError
from portable_llm._messages import BlobPart, FilePart, ReasoningPart, TextPart, ToolCallPart, UriPart
from portable_llm._request import NamedTool, Output
from portable_llm._response import Response
from portable_llm.testing import (
    DropParallelCalls,
    FakeServer,
    FenceJson,
    IgnoreSchema,
    IgnoreStop,
    Received,
    ScriptedAnswer,
    ScriptedEndpoint,
    answer,
    sometimes,
)
from portable_llm.testing.content import content_of
from portable_llm.wire import wire_format, wire_names
from support.loopback import answered, asking

EVERY_WIRE = pytest.mark.parametrize("wire", wire_names())
WHOLE_AND_STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = Tool(name="get_weather", description="Weather now", parameters=CITY)
TIME = Tool(name="get_time", description="Time now", parameters=CITY)
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


def call(name: str, **arguments: Any) -> ToolCallPart:
    [part] = answer(tool_calls=[(name, arguments)]).tool_calls
    return part


TWO_CITIES = ScriptedAnswer(
    request=Request(
        model="any",
        messages=(system("You are terse."), user("Weather in Oslo and Rome?")),
        tools=(WEATHER, TIME),
        max_output_tokens=100,
    ),
    tool_calls=(call("get_weather", city="Oslo"), call("get_weather", city="Rome")),
)
PERSON = ScriptedAnswer(
    request=asking("Ada is 36. Who is it?", output=Output(schema=SCHEMA)), text='{"name": "Ada", "age": 36}'
)
COUNTING = ScriptedAnswer(request=asking("Count to three.", stop=["3"]), text="1 2 3 4 5")
SEQUEL = ScriptedAnswer(
    request=Request(
        model="any",
        messages=(
            user("Weather in Oslo?"),
            assistant(replace(call("get_weather", city="Oslo"), id="c00000001")),
            tool_result("c00000001", "rainy, 7 degrees"),
        ),
        tools=(WEATHER,),
        max_output_tokens=100,
    ),
    text="It rains, at 7 degrees.",
)
CASES = {"two-cities": TWO_CITIES, "person": PERSON, "counting": COUNTING, "sequel": SEQUEL}


def sent(case: ScriptedAnswer) -> Request[Any]:
    return case.request.with_model("tiny")


def calls_of(response: Response[Any]) -> list[tuple[str, Any]]:
    return [(part.name, part.arguments) for part in response.tool_calls]


def played(endpoint: ScriptedEndpoint, request: Request[Any], *, is_stream: bool = False) -> Response[Any]:
    """What the endpoint says, without a line between."""
    received = Received(
        number=1, method="POST", path="/", headers={}, body=b"", json=None, wire=None, is_stream=is_stream
    )
    return endpoint(request, received).response


# ---- right answers ---------------------------------------------------------------------------------------------------


@EVERY_WIRE
@WHOLE_AND_STREAMED
def test_answers_every_case_rightly_over_http(wire: str, stream: bool) -> None:
    endpoint = ScriptedEndpoint(CASES)
    with FakeServer(endpoint) as server:
        cities, person, counting, sequel = (
            answered(server, wire, sent(case), stream=stream) for case in CASES.values()
        )

    assert calls_of(cities) == [("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Rome"})]
    assert cities.finish_reason == "tool_call"
    assert person.text == PERSON.text
    has_stop = wire_format(wire).CAPABILITIES["stop"].support == "yes"
    assert (counting.text, counting.finish_reason) == ("1 2 " if has_stop else COUNTING.text, "stop")
    assert sequel.text == SEQUEL.text
    assert endpoint.trials == dict.fromkeys(CASES, 1)
    assert endpoint.unknown == 0


@EVERY_WIRE
def test_echoes_what_is_no_case(wire: str) -> None:
    endpoint = ScriptedEndpoint(CASES)
    with FakeServer(endpoint) as server:
        assert answered(server, wire, asking("Something else")).text == "Something else"

    assert endpoint.unknown == 1


def test_nothing_on_the_wire_marks_a_test() -> None:
    with FakeServer(ScriptedEndpoint(CASES)) as server:
        answered(server, "openai-chat", sent(COUNTING))
        [received] = server.requests

    assert not re.search(rb"counting", received.body)


# ---- found by content ------------------------------------------------------------------------------------------------

text = st.text(alphabet="abc XYZ\n\té世", max_size=12)


@given(st.lists(text, max_size=3), st.lists(text, min_size=1, max_size=4))
def test_the_key_does_not_depend_on_how_text_is_laid_out(instructions: list[str], said: list[str]) -> None:
    apart = Request(
        model="a", messages=(*(system(one) for one in instructions), *(user(one) for one in said)), tools=(WEATHER,)
    )
    together = Request(
        model="b",
        messages=(system("  ".join(instructions)), user(*(f"{one}\n" for one in said))),
        tools=(replace(WEATHER, name="Get.Weather"),),
    )

    assert content_of(apart).key == content_of(together).key


@given(text, text)
def test_the_key_tells_other_questions_apart(one: str, other: str) -> None:
    same = one.split() == other.split()

    assert (content_of(asking(one)).key == content_of(asking(other)).key) == same


def test_the_key_ignores_call_ids_and_opaque_state() -> None:
    history = SEQUEL.request.messages
    moved = replace(
        SEQUEL.request,
        messages=(
            history[0],
            assistant(ReasoningPart(text="hm", state={"s": 1}), replace(call("get_weather", city="Oslo"), id="xyz")),
            tool_result("xyz", "rainy, 7 degrees"),
        ),
    )

    assert content_of(moved).key == content_of(SEQUEL.request).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (BlobPart(mime_type="image/png", data=b"1"), BlobPart(mime_type="image/png", data=b"2")),
        (UriPart(uri="https://a"), UriPart(uri="https://b")),
        (FilePart(id="a"), FilePart(id="b")),
    ],
    ids=["bytes", "address", "file"],
)
def test_the_key_tells_other_pictures_apart(one: Any, other: Any) -> None:
    keys = [content_of(Request(model="a", messages=(user("What is it?", part),))).key for part in (one, one, other)]

    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param((user("You are terse.\n\nWeather in Oslo and Rome?"),), id="system folded into the user turn"),
        pytest.param((user("Weather in Oslo and Rome?"), system("You are terse.")), id="system late"),
        pytest.param(
            (system("You are terse.\nAnswer with care."), user("Weather in Oslo and Rome?")), id="more system"
        ),
        pytest.param((system("You are terse."), user("Weather in Oslo and Rome? Thanks!")), id="more in the turn"),
    ],
)
def test_finds_the_case_where_text_was_moved_or_added(messages: Any) -> None:
    moved = replace(TWO_CITIES.request, messages=messages)

    assert len(played(ScriptedEndpoint(CASES), moved).tool_calls) == 2


def test_of_several_fitting_cases_the_one_that_explains_most_is_taken() -> None:
    short = ScriptedAnswer(request=asking("Oslo?"), text="short")
    long = ScriptedAnswer(request=Request(model="a", messages=(system("In Norway."), user("Oslo?"))), text="long")
    endpoint = ScriptedEndpoint({"short": short, "long": long})
    folded = asking("In Norway.\n\nOslo?")

    assert played(endpoint, folded).text == "long"
    assert played(endpoint, asking("Oslo?")).text == "short"


def test_cases_that_ask_the_same_are_told_apart_by_their_options() -> None:
    plain = ScriptedAnswer(request=asking("Count to three."), text="plain")
    streamed = ScriptedAnswer(request=asking("Count to three."), text="streamed", is_stream=True)
    endpoint = ScriptedEndpoint({"stop": COUNTING, "plain": replace(plain, is_stream=False), "streamed": streamed})

    assert played(endpoint, COUNTING.request).text == "1 2 "
    assert played(endpoint, plain.request).text == "plain"
    assert played(endpoint, plain.request, is_stream=True).text == "streamed"


# ---- the raw lane, and what a library does instead -------------------------------------------------------------------


def test_answers_when_the_schema_got_lost_unless_told_otherwise() -> None:
    carried = replace(PERSON.request, output=None)

    assert played(ScriptedEndpoint(CASES), carried).text == PERSON.text
    assert (
        played(ScriptedEndpoint(CASES, needs_schema=True), carried).text == "Sure! the name is Ada, and the age is 36."
    )


def test_obeys_a_prompt_that_stands_for_the_schema() -> None:
    prompted = replace(
        PERSON.request, output=None, messages=(system("Answer in JSON: {schema}"), *PERSON.request.messages)
    )

    assert played(ScriptedEndpoint(CASES, needs_schema=True), prompted).text == PERSON.text


def test_obeys_a_tool_that_stands_for_the_schema() -> None:
    emulated = replace(
        PERSON.request, output=None, tools=(Tool(name="output", parameters=SCHEMA),), tool_choice=NamedTool("output")
    )

    assert calls_of(played(ScriptedEndpoint(CASES), emulated)) == [("output", {"name": "Ada", "age": 36})]


def test_wraps_a_value_that_is_no_object_for_such_a_tool() -> None:
    case = ScriptedAnswer(request=asking("Even numbers?", output={"type": "array"}), text="[2, 4]")
    wrapper = Tool(name="output", parameters={"type": "object", "properties": {"items": {"type": "array"}}})
    emulated = replace(case.request, output=None, tools=(wrapper,), tool_choice="required")

    assert calls_of(played(ScriptedEndpoint({"even": case}), emulated)) == [("output", {"items": [2, 4]})]


def test_calls_tools_by_the_names_that_arrive() -> None:
    renamed = replace(TWO_CITIES.request, tools=(replace(WEATHER, name="Get_Weather"), replace(TIME, name="t2")))

    assert {name for name, _ in calls_of(played(ScriptedEndpoint(CASES), renamed))} == {"Get_Weather"}


def test_cannot_call_a_tool_that_did_not_arrive() -> None:
    response = played(ScriptedEndpoint(CASES), replace(TWO_CITIES.request, tools=()))

    assert response.tool_calls == ()
    assert response.finish_reason == "stop"
    assert response.text


def test_obeys_tool_choice_none_and_no_parallel_calls() -> None:
    endpoint = ScriptedEndpoint(CASES)

    assert played(endpoint, replace(TWO_CITIES.request, tool_choice="none")).tool_calls == ()
    assert len(played(endpoint, replace(TWO_CITIES.request, parallel_tool_calls=False)).tool_calls) == 1


def test_is_cut_by_a_limit_only_where_one_arrives() -> None:
    case = ScriptedAnswer(
        request=asking("Tell a story."), text="Once upon", uncut="Once upon a time.", finish_reason="length"
    )
    endpoint = ScriptedEndpoint({"story": case})
    limited = played(endpoint, case.request)
    free = played(endpoint, replace(case.request, max_output_tokens=None))

    assert (limited.text, limited.finish_reason) == ("Once upon", "length")
    assert (free.text, free.finish_reason) == ("Once upon a time.", "stop")


def test_is_cut_by_a_stop_string_only_where_one_arrives() -> None:
    case = replace(COUNTING, text="1 2 ", uncut="1 2 3 4 5")
    endpoint = ScriptedEndpoint({"counting": case})

    assert played(endpoint, case.request).text == "1 2 "
    assert played(endpoint, replace(case.request, stop=())).text == "1 2 3 4 5"


# ---- known truth -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("probability", [0.0, 0.3, 0.9, 1.0])
def test_the_pass_rate_is_the_one_given(probability: float) -> None:
    endpoint = ScriptedEndpoint(CASES, pass_probability=probability, seed=3)
    passed = sum(played(endpoint, PERSON.request).text == PERSON.text for _ in range(1000))

    assert abs(passed / 1000 - probability) < 0.05
    assert passed == sum(endpoint.passes("person", trial) for trial in range(1, 1001))


def test_trials_are_counted_rightly_by_many_threads() -> None:
    endpoint = ScriptedEndpoint(CASES, pass_probability=0.5)
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda _: played(endpoint, PERSON.request).text, range(400)))

    assert endpoint.trials == {"person": 400}
    assert texts.count(PERSON.text) == sum(endpoint.passes("person", trial) for trial in range(1, 401))


def test_each_case_has_its_own_probability_and_its_own_draws() -> None:
    endpoint = ScriptedEndpoint(CASES, pass_probability={"person": 0.5, "counting": 0.5})

    assert {played(endpoint, SEQUEL.request).text for _ in range(20)} == {SEQUEL.text}
    draws = [[endpoint.passes(case, trial) for trial in range(60)] for case in ("person", "counting")]
    assert draws[0] != draws[1]


def test_a_run_can_be_repeated_in_any_order_of_the_cases() -> None:
    def texts(order: list[ScriptedAnswer]) -> list[str]:
        endpoint = ScriptedEndpoint(CASES, pass_probability=0.5, seed=1)
        return sorted(played(endpoint, case.request).text for case in order)

    assert texts([PERSON] * 20 + [COUNTING] * 20) == texts([COUNTING, PERSON] * 20)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_failed_trial_answers_something_else(case: ScriptedAnswer) -> None:
    right = played(ScriptedEndpoint(CASES), case.request)
    endpoint = ScriptedEndpoint(CASES, pass_probability=0.0)
    wrongs = [played(endpoint, case.request) for _ in range(50)]

    assert all((wrong.text, calls_of(wrong)) != (right.text, calls_of(right)) for wrong in wrongs)
    assert len({repr((wrong.text, calls_of(wrong))) for wrong in wrongs}) > 1


def test_no_leaf_of_a_wrong_value_is_right() -> None:
    request = asking("Values?", output={"type": "object"})
    case = ScriptedAnswer(request=request, text='{"a": [1, 2.5, true], "b": {"c": "x", "d": null}, "e": [], "f": {}}')
    endpoint = ScriptedEndpoint({"v": case}, pass_probability=0.0)
    wrongs = {played(endpoint, request).text for _ in range(30)}

    assert wrongs == {
        "",
        '{"a":[7921,7924.0,false],"b":{"c":"zzz","d":"zzz"},"e":["zzz"],"f":{"zzz":1}}',
    }


def test_a_case_may_bring_its_own_wrong_answer() -> None:
    case = replace(PERSON, wrong=answer("I would rather not."))
    endpoint = ScriptedEndpoint({"person": case}, pass_probability=0.0)

    assert played(endpoint, PERSON.request).text == "I would rather not."


@pytest.mark.parametrize("given_", [1.5, -0.1, {"person": 2.0}, {"nobody": 0.5}])
def test_a_probability_that_is_none_is_refused(given_: Any) -> None:
    with pytest.raises(ConfigurationError, match="pass_probability"):
        ScriptedEndpoint(CASES, pass_probability=given_)


# ---- faults ----------------------------------------------------------------------------------------------------------


@EVERY_WIRE
def test_faults_strike_the_right_answers(wire: str) -> None:
    endpoint = ScriptedEndpoint(CASES, faults=[DropParallelCalls(), FenceJson()])
    with FakeServer(endpoint) as server:
        cities, person = answered(server, wire, sent(TWO_CITIES)), answered(server, wire, sent(PERSON))

    assert len(cities.tool_calls) == 1
    assert person.text == f"```json\n{PERSON.text}\n```"


@EVERY_WIRE
def test_faults_of_the_endpoint_keep_options_from_its_model(wire: str) -> None:
    endpoint = ScriptedEndpoint(CASES, faults=[IgnoreStop(), IgnoreSchema()], needs_schema=True)
    with FakeServer(endpoint) as server:
        counting, person = answered(server, wire, sent(COUNTING)), answered(server, wire, sent(PERSON))

    assert counting.text == "1 2 3 4 5"
    assert person.text == "Sure! the name is Ada, and the age is 36."


def test_a_fault_may_strike_by_chance() -> None:
    endpoint = ScriptedEndpoint(CASES, faults=[FenceJson(on=sometimes(0.5))])
    with FakeServer(endpoint) as server:
        texts = [answered(server, "openai-chat", sent(PERSON)).text for _ in range(40)]

    assert 5 < sum(text.startswith("```") for text in texts) < 35


def test_a_host_that_drops_the_schema_gets_prose_from_a_model_that_needs_it() -> None:
    with FakeServer(ScriptedEndpoint(CASES, needs_schema=True), faults=[IgnoreSchema()]) as server:
        response = answered(server, "openai-chat", sent(PERSON))

    assert response.message.parts == (TextPart(text="Sure! the name is Ada, and the age is 36."),)
