"""A run with tools: rounds until the model answers; no cut call is run, no result is lost, and every end has a name."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portable_llm import (
    AsyncClient,
    Client,
    ConfigurationError,
    InvalidRequestError,
    InvalidToolArgumentsError,
    NamedTool,
    Output,
    RefusedError,
    ServerError,
    Tool,
    ToolCallPart,
    ToolFailedError,
    ToolRunLimitError,
    provider_names,
    tool_result,
    user,
)
from portable_llm.testing import FakeServer, Received, Reply, Status, answer, nth, scripted
from portable_llm.tools import FunctionTool, RoundFinished, Run, RunFinished, ToolError, check_arguments, tool

PROVIDERS = sorted({"openai", "anthropic", "google"} & set(provider_names()))
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@tool
def weather(city: str) -> str:
    """Current weather in a city."""
    return f"12 C in {city}"


def start(client: Any, name: str, server: FakeServer, **options: Any) -> Any:
    model = f"{name}:any-model@{server.base_url(name)}"
    return client(model, "Weather?", max_output_tokens=100, **{"tools": [weather], **options})


def blocking(name: str, server: FakeServer, **options: Any) -> Run[Any]:
    with Client(api_keys={name: "any"}) as client:
        return start(client.run, name, server, **options)


def asynchronous(name: str, server: FakeServer, **options: Any) -> Run[Any]:
    async def main() -> Run[Any]:
        async with AsyncClient(api_keys={name: "any"}) as client:
            return await start(client.run, name, server, **options)

    return asyncio.run(main())


def streamed(name: str, server: FakeServer, **options: Any) -> Run[Any]:
    with Client(api_keys={name: "any"}) as client, start(client.run_stream, name, server, **options) as events:
        return events.finish()


def streamed_asynchronously(name: str, server: FakeServer, **options: Any) -> Run[Any]:
    async def main() -> Run[Any]:
        async with (
            AsyncClient(api_keys={name: "any"}) as client,
            start(client.run_stream, name, server, **options) as events,
        ):
            return await events.finish()

    return asyncio.run(main())


WAYS = [blocking, asynchronous, streamed, streamed_asynchronously]
Way = Callable[..., Run[Any]]

calls = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
everywhere = pytest.mark.parametrize("name", PROVIDERS)


def asks(*items: Any) -> FakeServer:
    """A server that gives these answers: calls as (name, arguments), and then a text."""
    return FakeServer(scripted([answer(tool_calls=[item]) if isinstance(item, tuple) else item for item in items]))


def run(*items: Any, way: Way = blocking, **options: Any) -> Run[Any]:
    with asks(*items) as server:
        return way("openai", server, **options)


# ---- the loop --------------------------------------------------------------------------------------------------------


@calls
@everywhere
def test_a_run_asks_runs_and_asks_again_until_there_is_an_answer(name: str, way: Way) -> None:
    with asks(("weather", {"city": "Oslo"}), "It is 12 C.") as server:
        done = way(name, server)

    (call,) = done.calls
    assert (done.text, done.ended_by, call.outcome) == ("It is 12 C.", "answer", "ran")
    assert [message.role for message in done.messages] == ["assistant", "tool", "assistant"]
    assert "12 C in Oslo" in str(server.requests[1].json)
    assert len(done.attempts) == 2
    assert done.usage.input_tokens == sum(each.response.usage.input_tokens or 0 for each in done.rounds)


@calls
@everywhere
def test_a_name_the_provider_does_not_take_is_the_application_s_own_again(name: str, way: Way) -> None:
    mcp = Tool(name="server.tool/x é", description="Look it up.", parameters=CITY)

    def model(request: Any, received: Received) -> Reply:
        (declared,) = request.tools
        if len(request.messages) > 1:
            return Reply(response=answer("done"))
        return Reply(response=answer(tool_calls=[(declared.name, {"city": "Oslo"})]))

    seen: list[str] = []
    with FakeServer(model) as server:
        done = way(name, server, tools=[mcp], handlers={mcp.name: lambda city: seen.append(city)})

    assert seen == ["Oslo"]
    assert [call.call.name for call in done.calls] == [mcp.name]
    assert mcp.name not in str([request.json for request in server.requests])


def test_what_a_run_added_can_be_sent_again() -> None:
    first = run(("weather", {"city": "Oslo"}), "12 C")

    with asks("Colder.") as server, Client(api_keys={"openai": "any"}) as client:
        model = f"openai:any-model@{server.base_url('openai')}"
        again = client.run(model, [user("Weather?"), *first.messages, user("And Bergen?")], tools=[weather])

    assert again.text == "Colder."


@calls
def test_the_value_of_the_last_answer_is_parsed(way: Way) -> None:
    done = run(("weather", {"city": "Oslo"}), '{"degrees": 12}', way=way, output={"type": "object"})

    assert done.parsed == {"degrees": 12}


def test_a_value_that_travels_as_a_call_is_no_call_of_a_tool() -> None:
    done = run(("output", {"degrees": 12}), output=Output[Any](schema=CITY | {"required": []}, mode="tool"))

    assert (done.parsed, done.calls, done.ended_by) == ({"degrees": 12}, (), "answer")


@pytest.mark.parametrize("choice", ["required", NamedTool("weather")])
def test_a_forced_call_is_forced_in_the_first_round_only(choice: Any) -> None:
    with asks(("weather", {"city": "Oslo"}), "12 C") as server:
        blocking("openai", server, tool_choice=choice)

    assert ["tool_choice" in request.json for request in server.requests] == [True, False]


def test_events_of_all_rounds_come_as_they_are_and_one_is_the_last() -> None:
    with asks(("weather", {"city": "Oslo"}), "12 C") as server, Client(api_keys={"openai": "any"}) as client:
        events = list(start(client.run_stream, "openai", server))

    kinds = [type(event) for event in events]
    assert kinds.count(RoundFinished) == 2
    assert kinds.index(RunFinished) == len(kinds) - 1
    rounds = [event.round.messages for event in events if isinstance(event, RoundFinished)]
    assert tuple(message for messages in rounds for message in messages) == events[-1].run.messages
    assert "12 C" in "".join(getattr(event, "text", "") for event in events)


# ---- what is run, and what is not ------------------------------------------------------------------------------------


def cut(finish: Any) -> Any:
    return replace(answer(tool_calls=[("weather", {"city": "Oslo"})]), finish_reason=finish)


@calls
@everywhere
@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_a_call_in_an_answer_that_is_not_whole_is_never_run(name: str, way: Way, finish: Any) -> None:
    with FakeServer(scripted([cut(finish)])) as server:
        done = way(name, server, tools=[forbidden()])

    assert [call.outcome for call in done.calls] in (["not_run"], [])
    assert done.ended_by in ("cut", "refusal")


def forbidden() -> FunctionTool:
    """A tool that must not be run."""

    @tool(name="weather", parameters=CITY)
    def never(**_: Any) -> None:
        raise AssertionError("this tool was run")

    return replace(never)


@calls
def test_arguments_that_break_off_are_not_run_whatever_the_provider_says(way: Way) -> None:
    broken = ToolCallPart(id="call_1", name="weather", arguments=None, raw_arguments='{"city": "Os')
    response = answer(tool_calls=[("weather", {})])
    response = replace(response, message=replace(response.message, parts=(broken,)))
    with FakeServer(scripted([response, "I see."])) as server:
        done = way("openai", server, tools=[forbidden()])

    (call,) = done.calls
    assert call.outcome == "invalid"
    assert call.result is not None
    assert call.result.is_error
    assert done.text == "I see."


def test_arguments_are_held_to_the_schema_and_the_model_is_told_what_is_wrong() -> None:
    with asks(("weather", {"town": "Oslo"}), ("weather", {"city": "Oslo"}), "12 C") as server:
        done = blocking("openai", server)

    first, second = done.calls
    assert (first.outcome, second.outcome) == ("invalid", "ran")
    assert isinstance(first.error, InvalidToolArgumentsError)
    assert "'city' is a required property" in str(server.requests[1].json)


def test_arguments_become_what_the_function_s_annotations_name() -> None:
    seen: list[Any] = []

    def book(day: date, nights: int = 1) -> None:
        """Book a room."""
        seen.append((day, nights))

    run(("book", {"day": "2026-11-24"}), "Booked.", tools=[tool(replace_annotations(book))])

    assert seen == [(date(2026, 11, 24), 1)]


def replace_annotations(function: Any) -> Any:
    """Annotations as types: this module's are strings, and pydantic reads either."""
    function.__annotations__ = {"day": date, "nights": int}
    return function


def test_arguments_that_only_the_annotations_refuse_are_invalid_too() -> None:
    @tool
    def book(day: str) -> None:
        raise AssertionError("this tool was run")

    book.function.__annotations__["day"] = date
    done = run(("book", {"day": "the 41st"}), "I see.", tools=[book])

    assert [call.outcome for call in done.calls] == ["invalid"]


def test_an_unknown_tool_is_answered_with_the_known_ones() -> None:
    with asks(("whether", {}), "I see.") as server:
        done = blocking("openai", server)

    assert [call.outcome for call in done.calls] == ["unknown_tool"]
    assert "The tools are: weather" in str(server.requests[1].json)


def test_a_refusal_ends_the_run() -> None:
    done = run(answer(refusal="I won't."))

    assert (done.ended_by, done.calls) == ("refusal", ())
    assert done.response.refusal is not None


@calls
def test_another_model_takes_over_from_one_that_declines(way: Way) -> None:
    with (
        asks(answer(refusal="I won't.")) as first,
        FakeServer(scripted([answer(tool_calls=[("weather", {"city": "Oslo"})]), "12 C"])) as second,
    ):
        other = f"openai:other@{second.base_url('openai')}"
        turns = {"prepare": lambda request, so_far: request if not so_far.rounds else request.with_model(other)}
        done = way("openai", first, on_refusal="fallback", fallback=[other], **turns)

    assert (done.text, [call.outcome for call in done.calls]) == ("12 C", ["ran"])
    assert len(done.rounds[0].response.declined) == 1


def test_a_refusal_can_be_raised_out_of_a_run() -> None:
    with pytest.raises(RefusedError) as caught:
        run(answer(refusal="I won't."), on_refusal="raise")

    assert caught.value.run is not None


def test_calls_without_a_handler_wait_and_the_others_are_run() -> None:
    both = answer(tool_calls=[("weather", {"city": "Oslo"}), ("ask_user", {})])
    done = run(both, tools=[weather, Tool(name="ask_user")])

    (waiting,) = done.pending
    assert (done.ended_by, waiting.name) == ("pending", "ask_user")
    assert [call.outcome for call in done.calls] == ["ran", "pending"]

    with asks("Thanks.") as server, Client(api_keys={"openai": "any"}) as client:
        model = f"openai:any-model@{server.base_url('openai')}"
        messages = [user("Weather?"), *done.messages, tool_result(waiting.id, "yes")]
        assert client.run(model, messages, tools=[weather]).text == "Thanks."


# ---- failures --------------------------------------------------------------------------------------------------------


def failing(error: Exception) -> FunctionTool:
    @tool(name="weather", parameters=CITY)
    def fail(**_: Any) -> None:
        raise error

    return fail


@calls
@everywhere
def test_a_tool_that_raises_gives_a_failed_result(name: str, way: Way) -> None:
    with asks(("weather", {"city": "Oslo"}), "Sorry.") as server:
        done = way(name, server, tools=[failing(KeyError("Oslo"))])

    (call,) = done.calls
    assert call.outcome == "failed"
    assert isinstance(call.error, KeyError)
    assert "KeyError" in str(server.requests[1].json)
    assert done.text == "Sorry."


def test_the_words_of_a_tool_error_go_to_the_model_as_they_are() -> None:
    done = run(("weather", {"city": "Oslo"}), "Sorry.", tools=[failing(ToolError("try Bergen"))])

    assert done.calls[0].result == tool_result(done.calls[0].call.id, "try Bergen", is_error=True).parts[0]


def test_a_function_can_say_what_the_model_is_told_of_a_failure() -> None:
    options = {"tools": [failing(KeyError("secret"))], "on_tool_error": lambda call, error: f"{call.name} is down"}
    with asks(("weather", {"city": "Oslo"}), "Sorry.") as server:
        blocking("openai", server, **options)

    assert "weather is down" in str(server.requests[1].json)
    assert "secret" not in str(server.requests[1].json)


@calls
def test_a_failure_can_end_the_run_and_nothing_is_lost(way: Way) -> None:
    both = answer(tool_calls=[("fine", {}), ("weather", {"city": "Oslo"})])

    @tool(name="fine")
    def fine() -> str:
        return "all is well"

    with pytest.raises(ToolFailedError) as caught:
        run(both, way=way, tools=[fine, failing(KeyError("Oslo"))], on_tool_error="raise")

    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.run is not None
    assert [call.outcome for call in caught.value.run.calls] == ["ran", "failed"]
    assert [message.role for message in caught.value.run.messages] == ["assistant", "tool"]


@calls
def test_a_provider_that_breaks_later_leaves_what_was_done(way: Way) -> None:
    with (
        FakeServer(
            scripted([answer(tool_calls=[("weather", {"city": "Oslo"})])]), faults=[Status(500, on=nth(2, 3, 4, 5, 6))]
        ) as server,
        pytest.raises(ServerError) as caught,
    ):
        way("openai", server)

    assert caught.value.run is not None
    assert [call.outcome for call in caught.value.run.calls] == ["ran"]


def test_what_cannot_be_sent_as_a_result_is_a_failure() -> None:
    @tool(name="weather", parameters=CITY)
    def photo(**_: Any) -> bytes:
        return b"\x89PNG"

    done = run(("weather", {"city": "Oslo"}), "Sorry.", tools=[photo])

    assert done.calls[0].outcome == "failed"
    assert "BlobPart" in str(done.calls[0].error)


# ---- limits ----------------------------------------------------------------------------------------------------------


@calls
def test_rounds_that_are_used_up_end_the_run_with_all_it_did(way: Way) -> None:
    with pytest.raises(ToolRunLimitError, match="max_rounds=2") as caught:
        run(*[("weather", {"city": "Oslo"})] * 5, way=way, max_rounds=2)

    done = caught.value.run
    assert done is not None
    assert [call.outcome for call in done.calls] == ["ran", "not_run"]
    assert [message.role for message in done.messages] == ["assistant", "tool"] * 2
    assert done.ended_by == "limit"
    assert caught.value.response is done.response


def test_no_time_left_ends_the_run_before_the_next_question() -> None:
    with pytest.raises(ToolRunLimitError, match="max_seconds=0") as caught:
        run("never asked", max_seconds=0)

    assert caught.value.run is not None
    assert caught.value.run.rounds == ()


def test_an_async_tool_is_ended_with_the_time_of_the_run() -> None:
    @tool(name="weather", parameters=CITY)
    async def forever(**_: Any) -> None:
        await asyncio.Event().wait()

    with pytest.raises(ToolRunLimitError) as caught:
        run(("weather", {"city": "Oslo"}), way=asynchronous, tools=[forever], max_seconds=0.5)

    assert caught.value.run is not None
    assert isinstance(caught.value.run.calls[0].error, TimeoutError)


@calls
def test_a_condition_of_one_s_own_ends_the_run(way: Way) -> None:
    done = run(*[("weather", {"city": "Oslo"})] * 5, way=way, stop_when=lambda so_far: len(so_far.calls) == 2)

    assert (done.ended_by, len(done.calls)) == ("stop_when", 2)


def test_a_round_can_be_asked_otherwise_than_the_one_before() -> None:
    def prepare(request: Any, so_far: Run[Any]) -> Any:
        return replace(request, tools=()) if so_far.calls else request

    with asks(("weather", {"city": "Oslo"}), "12 C") as server:
        done = blocking("openai", server, prepare=prepare)

    assert ["tools" in request.json for request in server.requests] == [True, False]
    assert done.text == "12 C"


@pytest.mark.parametrize("what", ["stop_when", "prepare", "on_tool_error"])
def test_a_function_of_the_application_that_raises_ends_the_run_and_nothing_is_lost(what: str) -> None:
    def fail(*arguments: Any) -> Any:
        if what != "prepare" or arguments[1].calls:
            raise LookupError("oops")
        return arguments[0]

    with pytest.raises(ToolFailedError, match=f"{what} raised LookupError") as caught:
        run(*[("weather", {"city": "Oslo"})] * 2, tools=[failing(KeyError("Oslo"))], **{what: fail})

    assert caught.value.run is not None
    assert len(caught.value.run.calls) == 1


def test_a_tool_that_turns_out_to_be_async_ends_a_blocking_run_with_what_was_done() -> None:
    async def later() -> str:
        return "later"

    both = answer(tool_calls=[("weather", {"city": "Oslo"}), ("later", {})])
    with pytest.raises(ConfigurationError, match="use AsyncClient") as caught:
        run(both, tools=[weather, Tool(name="later")], handlers={"later": lambda: later()})

    assert caught.value.run is not None
    assert [call.outcome for call in caught.value.run.calls] == ["ran", "failed"]


# ---- approval --------------------------------------------------------------------------------------------------------


@calls
@pytest.mark.parametrize(("verdict", "told"), [(False, "did not allow"), ("ask the boss", "ask the boss")])
def test_a_call_that_is_not_approved_is_not_run_and_the_model_is_told(way: Way, verdict: Any, told: str) -> None:
    done = run(
        ("weather", {"city": "Oslo"}), "I see.", way=way, tools=[forbidden()], approve=lambda call, tool: verdict
    )

    (call,) = done.calls
    assert call.outcome == "declined"
    assert told in str(call.result)


def test_approval_sees_the_valid_arguments() -> None:
    seen: list[Any] = []

    def approve(call: ToolCallPart, declared: Tool) -> bool:
        seen.append((declared.name, call.arguments))
        return True

    run(("weather", {"city": "Oslo"}), "12 C", approve=approve)

    assert seen == [("weather", {"city": "Oslo"})]


def test_approval_that_fails_lets_nothing_run() -> None:
    def approve(call: ToolCallPart, declared: Tool) -> bool:
        raise LookupError("nobody there")

    with pytest.raises(ToolFailedError) as caught:
        run(("weather", {"city": "Oslo"}), tools=[forbidden()], approve=approve)

    assert isinstance(caught.value.__cause__, LookupError)


# ---- side by side ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("way", [asynchronous, blocking], ids=lambda way: way.__name__)
def test_calls_of_one_round_can_run_side_by_side(way: Way, is_async: bool) -> None:
    if way is blocking and is_async:
        pytest.skip("the blocking client runs no async tools")
    met, meeting = threading.Barrier(2, timeout=20), asyncio.Barrier(2)

    @tool(name="meet")
    def meet() -> str:
        met.wait()
        return "met"

    @tool(name="meet")
    async def meet_async() -> str:
        await asyncio.wait_for(meeting.wait(), 20)
        return "met"

    both = answer(tool_calls=[("meet", {}), ("meet", {})])
    done = run(both, "Hello.", way=way, tools=[meet_async if is_async else meet], max_parallel=2)

    assert [call.outcome for call in done.calls] == ["ran", "ran"]


# ---- misuse ----------------------------------------------------------------------------------------------------------


def test_an_async_tool_in_a_blocking_client_is_refused_before_anything_is_sent() -> None:
    @tool
    async def slow() -> None:
        """Never run."""

    with asks("never asked") as server, pytest.raises(ConfigurationError, match="use AsyncClient"):
        blocking("openai", server, tools=[slow])

    assert not server.requests


def test_a_handler_for_no_tool_is_a_mistake() -> None:
    with pytest.raises(InvalidRequestError, match="'wether'"):
        run("never asked", handlers={"wether": print})


def test_a_run_of_no_rounds_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="max_rounds"):
        run("never asked", max_rounds=0)


# ---- by hand ---------------------------------------------------------------------------------------------------------


def test_calls_can_be_checked_by_hand() -> None:
    good = ToolCallPart(id="1", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city": "Oslo"}')
    fenced = ToolCallPart(id="2", name="weather", arguments=None, raw_arguments='```json\n{"city": "Oslo"}\n```')

    assert check_arguments(good, weather).repairs == ()
    assert check_arguments(fenced, weather).arguments == {"city": "Oslo"}
    assert len(check_arguments(fenced, weather).repairs) == 1


def test_invalid_arguments_can_be_sent_back_by_hand() -> None:
    call = ToolCallPart(id="1", name="weather", arguments={}, raw_arguments="{}")
    with pytest.raises(InvalidToolArgumentsError) as caught:
        check_arguments(call, weather)

    (part,) = tool_result("1", caught.value).parts
    assert caught.value.call == call
    assert caught.value.problems == ("/: 'city' is a required property",)
    assert part == tool_result("1", caught.value.for_model, is_error=True).parts[0]
