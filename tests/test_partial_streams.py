"""The wanted value while an answer is streamed: every wire format, every way it travels, both kinds of client."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest

from portable_llm import (
    AsyncClient,
    Client,
    Invalid,
    Output,
    Parsed,
    PartialOutput,
    PortableLLMError,
    RefusalDelta,
    Restarted,
    TextDelta,
    Tool,
    ToolCallDelta,
    request,
)
from portable_llm._events import Event
from portable_llm._plan import Plan, make_plan
from portable_llm._stream import Decoding
from portable_llm._streams import Stream
from portable_llm.providers import provider
from portable_llm.providers._target import load_settings
from portable_llm.testing import FakeServer, FenceJson, ProseAroundJson, StreamError, answer, first
from portable_llm.testing._script import reply
from portable_llm.tools import RoundFinished, RunEvent, tool
from support.growth import at, grows
from support.speakers import can_be_forced, one_of_each_wire

SCHEMA = {
    "type": "object",
    "properties": {
        "scores": {"type": "object", "additionalProperties": {"type": "integer"}},
        "note": {"type": "string"},
        "pair": {
            "type": "array",
            "prefixItems": [{"type": "string"}, {"type": "integer"}],
            "items": False,
            "minItems": 2,
        },
        "colour": {"enum": ["red", "green"]},
    },
    "required": ["scores", "pair", "colour"],
    "additionalProperties": False,
}
VALUE = {"scores": {"Ada": 36, "Alan": 41}, "pair": ["left", 7], "colour": "green"}
LIST = {"type": "array", "items": {"type": "string"}}
KNOWN = {
    "openai": "gpt-4o",
    "anthropic": "claude-sonnet-5",
    "google": "gemini-3-pro",
    "mistral": "mistral-large-latest",
}
MODELS = tuple(f"{name}:{KNOWN.get(name, 'tiny')}" for name in one_of_each_wire())
OPENAI = "openai:gpt-4o"
EVERY_WIRE = pytest.mark.parametrize("model", MODELS)
KEYS = dict.fromkeys([model.partition(":")[0] for model in MODELS], "test-key")


def at_server(model: str, server: FakeServer) -> str:
    return f"{model}@{server.base_url(model.partition(':')[0])}"


def by_plan(plan: Plan[Any], value: Any) -> Any:
    """What a model that obeys the request answers: text, or the call it has to make."""
    how = plan.output
    assert how is not None
    written = value if how.lowered is None else how.lowered.encode(value)
    if how.mode != "tool":
        return answer(json_text(written))
    return answer(tool_calls=[(how.name, {"value": written} if how.is_wrapped else written)])


def json_text(value: Any) -> str:
    from portable_llm._json import dump_json

    return dump_json(value).decode()


def plan_of(model: str, output: Any) -> Plan[Any]:
    with Client(api_keys=KEYS) as client:
        return client.plan(
            request(model if "compatible" not in model else f"{model}@http://x/v1", "Go.", output=output)
        )


def read_sync(asked: Any) -> tuple[list[Any], Any]:
    with Client(api_keys=KEYS) as client, client.stream(asked, on_loss="never") as running:
        events = list(running)
        return events, running


def read_async(asked: Any) -> tuple[list[Any], Any]:
    async def run() -> tuple[list[Any], Any]:
        async with AsyncClient(api_keys=KEYS) as client, client.stream(asked, on_loss="never") as running:
            return [event async for event in running], running

    return asyncio.run(run())


BOTH = pytest.mark.parametrize("read", [read_sync, read_async], ids=["sync", "async"])
Read = Callable[[Any], tuple[list[Any], Any]]


def partials(events: list[Any]) -> list[PartialOutput]:
    return [event for event in events if isinstance(event, PartialOutput)]


@BOTH
@EVERY_WIRE
@pytest.mark.parametrize("mode", ["native", "tool", "prompt"])
@pytest.mark.parametrize(("schema", "value"), [(SCHEMA, VALUE), (LIST, ["one", "two"])], ids=["object", "list"])
def test_the_value_grows_to_what_was_asked_for(
    read: Read, model: str, mode: Any, schema: dict[str, Any], value: Any
) -> None:
    if mode == "tool" and not can_be_forced(model.partition(":")[0]):
        pytest.skip("nobody can force a call there")
    output = Output(schema=schema, mode=mode)
    with FakeServer(lambda asked, received: by_plan(plan_of(model, output), value), pieces=15) as server:
        events, running = read(request(at_server(model, server), "Go.", output=output))

    seen = [event.value for event in partials(events)]
    assert running.response.outcome == Parsed(value=value)
    assert seen[-1] == running.partial == value
    assert all(grows(before, after) for before, after in pairwise(seen))
    completed = [pointer for event in partials(events) for pointer in event.completed]
    assert completed[-1] == ""
    assert all(at(value, pointer) is not None for pointer in completed)
    pieces = [event for event in events if isinstance(event, (TextDelta, ToolCallDelta))]
    assert len(pieces) < 10 or len(seen) > 3


@EVERY_WIRE
def test_into_how_many_pieces_an_answer_is_cut_changes_nothing_in_the_end(model: str) -> None:
    ends: list[Any] = []
    for pieces in (1, 3, 200):
        with FakeServer(lambda asked, received: by_plan(plan_of(model, SCHEMA), VALUE), pieces=pieces) as server:
            events, running = read_sync(request(at_server(model, server), "Go.", output=SCHEMA))
        places = {pointer for event in partials(events) for pointer in event.completed}
        ends.append((running.partial, running.response.outcome, places))

    assert ends[0] == ends[1] == ends[2]


@EVERY_WIRE
def test_thoughts_never_become_values(model: str) -> None:
    words = answer(json_text({"note": "yes"}), reasoning='Perhaps {"note": "no"}?')
    schema = {"type": "object", "properties": {"note": {"type": "string"}}, "required": ["note"]}
    with FakeServer(lambda asked, received: words) as server:
        events, _ = read_sync(request(at_server(model, server), "Go.", output=Output(schema=schema, mode="prompt")))

    assert {event.value["note"] for event in partials(events)} <= {"", "y", "ye", "yes"}


@EVERY_WIRE
def test_the_words_of_a_refusal_never_become_values(model: str) -> None:
    with FakeServer(lambda asked, received: answer(refusal='No: {"note": "no"}')) as server:
        events, running = read_sync(request(at_server(model, server), "Go.", output="json"))

    if provider(model.partition(":")[0]).wire == "ollama-chat":
        assert running.response.refusal is None  # its models decline in words only
        return
    assert running.response.refusal is not None
    assert running.partial is None
    # Where the format has no word for it but the last one, the text could not be told from an answer.
    assert not partials(events) or not any(isinstance(event, RefusalDelta) for event in events)


@pytest.mark.parametrize("fault", [FenceJson(), ProseAroundJson()], ids=["fence", "prose"])
def test_what_stands_around_a_value_is_passed_over(fault: Any) -> None:
    output = Output(schema=SCHEMA, mode="prompt")
    with FakeServer(lambda asked, received: answer(json_text(VALUE)), faults=[fault], pieces=30) as server:
        events, running = read_sync(request(at_server(OPENAI, server), "Go.", output=output))

    assert partials(events)[-1].value == running.response.parsed == VALUE


def test_a_partial_value_follows_the_text_that_brought_it() -> None:
    with FakeServer(lambda asked, received: answer('{"note": "abc"}'), pieces=5) as server:
        events, _ = read_sync(request(at_server(OPENAI, server), "Go.", output="json"))

    for before, event in pairwise(events):
        assert not isinstance(event, PartialOutput) or isinstance(before, TextDelta)


@EVERY_WIRE
def test_nobody_who_wants_no_value_pays_for_one(model: str) -> None:
    with FakeServer(lambda asked, received: answer(json_text(VALUE))) as server:
        events, running = read_sync(request(at_server(model, server), "Go."))

    assert not partials(events)
    assert running.partial is None


def test_calls_of_other_tools_are_no_values() -> None:
    other = Tool(name="look", parameters={"type": "object"})
    calls = answer("Let me see.", tool_calls=[("look", {"note": "no"})])
    with FakeServer(lambda asked, received: calls) as server:
        events, running = read_sync(request(at_server(OPENAI, server), "Go.", output=SCHEMA, tools=[other]))

    assert running.response.tool_calls
    assert not partials(events)


def test_an_answer_that_comes_whole_has_its_partial_value_as_well() -> None:
    plan = scripted_plan()
    body = {"choices": [{"message": {"role": "assistant", "content": '{"note": "x"}'}, "finish_reason": "stop"}]}
    whole = reply(200, json={"id": "1", "model": "m", **body})
    decoding = Decoding(plan, whole, partials=True)

    assert decoding.feed(whole.body) == []
    assert [event.value for event in partials(decoding.finish()[0])] == [{"note": "x"}]


def scripted_plan() -> Plan[Any]:
    settings = load_settings(environ={})
    asked = request("compatible:m@http://127.0.0.1:1/v1", "Go.", output=Output(mode="prompt"))
    return make_plan(asked, settings.resolve(asked.model), stream=True)


# ---- what breaks -----------------------------------------------------------------------------------------------------


@EVERY_WIRE
def test_a_broken_stream_leaves_what_had_come(model: str) -> None:
    text = json_text({"words": ["one", "two", "three"] * 10})
    with (
        FakeServer(lambda asked, received: answer(text), faults=[StreamError(after_events=6)], pieces=10) as server,
        Client(api_keys=KEYS) as client,
        client.stream(request(at_server(model, server), "Go.", output="json"), on_loss="never") as running,
        pytest.raises(PortableLLMError) as caught,
    ):
        running.finish()

    partial = caught.value.partial
    assert partial is not None
    assert isinstance(partial.outcome, Invalid)
    assert running.partial == partial.outcome.best_effort
    assert running.partial["words"][:2] == ["one", "two"]  # type: ignore[index,call-overload]


def test_what_is_void_is_no_value_any_more() -> None:
    partial = PartialOutput(lambda: {"note": "x"}, lambda: ())
    running: Stream[Any] = Stream(iter([partial, Restarted("so"), partial]), scripted_plan())  # type: ignore[arg-type]

    assert [(next(running), running.partial)[1] for _ in range(3)] == [{"note": "x"}, None, {"note": "x"}]


def test_a_stream_that_is_sent_again_begins_anew() -> None:
    with FakeServer(
        lambda asked, received: answer('{"note": "x"}'), faults=[StreamError(after_events=1, on=first(1))]
    ) as server:
        events, running = read_sync(request(at_server(OPENAI, server), "Go.", output="json"))

    assert [type(event) for event in events].count(Restarted) == 1
    assert running.partial == {"note": "x"}


# ---- runs ------------------------------------------------------------------------------------------------------------


def test_a_run_shows_the_value_of_the_round_that_is_on() -> None:
    @tool
    def look(place: str) -> str:
        """Look there."""
        return place

    def respond(asked: Any, received: Any) -> Any:
        if asked.messages[-1].role == "user":
            return answer('{"note": "not yet"}', tool_calls=[("look", {"place": "x"})])
        return answer('{"note": "yes"}')

    with FakeServer(respond) as server, Client(api_keys=KEYS) as client:
        model = at_server(OPENAI, server)
        with client.run_stream(model, "Go.", tools=[look], output="json") as running:
            after: list[Any] = []
            for event in running:
                if isinstance(event, RoundFinished) or not after or after[-1] != running.partial:
                    after.append(running.partial)

    assert after[0] is None
    assert {"note": "not yet"} in after
    assert None in after[after.index({"note": "not yet"}) :]
    assert running.partial == running.run.response.parsed == {"note": "yes"}


# ---- the page --------------------------------------------------------------------------------------------------------


def test_the_reference_names_every_event_and_its_fields() -> None:
    page = Path(__file__).parents[1].joinpath("docs", "reference", "stream-events.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", page, re.MULTILINE))
    events = {event for union in (Event, RunEvent) for event in map(origin, get_args(union))}

    assert {event.__name__ for event in events} == {name for name in rows if name[0].isupper()}
    for event in events - {PartialOutput}:
        assert re.findall(r"`(\w+)`", rows[event.__name__]) == [field.name for field in fields(event)]
    assert all(hasattr(PartialOutput, name) for name in re.findall(r"`(\w+)`", rows["PartialOutput"]))


def origin(event: Any) -> Any:
    return get_origin(event) or event
