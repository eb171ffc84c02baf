"""The client on a real engine: what a user does first, over both protocols that the engine speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from engine import Engine, is_installed
from portable_llm import (
    AsyncClient,
    Client,
    ConnectionFailedError,
    Invalid,
    Parsed,
    Tool,
    assistant,
    tool_result,
    user,
)

pytestmark = pytest.mark.engine

PROTOCOLS = ("compatible", "anthropic")
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
WEATHER = Tool(
    name="get_weather",
    description="Get the current weather in a city.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
)
QUESTION = "What is the weather in Paris? Use the tool."


def model_of(engine: Engine, provider: str) -> str:
    return f"{provider}:{engine.model}@{engine.url}"


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as client:
        yield client


@pytest.mark.parametrize("provider", PROTOCOLS)
def test_the_stream_is_the_whole_answer(local_engine, client, provider):
    asked = {"max_output_tokens": 24, "temperature": 0.0}
    model = model_of(local_engine, provider)
    whole = client.chat(model, "Name three colours.", **asked)
    with client.stream(model, "Name three colours.", **asked) as stream:
        pieces = list(stream.texts())
        streamed = stream.finish()

    assert whole.text
    assert "".join(pieces) == streamed.text == whole.text
    assert streamed.finish_reason == whole.finish_reason
    assert streamed.usage.output_tokens == whole.usage.output_tokens


def test_the_async_client_gives_the_same_answer(local_engine, client):
    model = model_of(local_engine, "compatible")

    async def ask() -> str:
        async with AsyncClient() as several:
            return (await several.chat(model, "Say hello.", max_output_tokens=16, temperature=0.0)).text

    assert asyncio.run(ask()) == client.chat(model, "Say hello.", max_output_tokens=16, temperature=0.0).text


@pytest.mark.parametrize("provider", PROTOCOLS)
def test_an_answer_cut_by_the_limit_says_so(local_engine, client, provider):
    response = client.chat(model_of(local_engine, provider), "Tell a long story.", max_output_tokens=4, temperature=0.0)

    assert response.finish_reason == "length"


@pytest.mark.parametrize("provider", PROTOCOLS)
@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_a_tool_call_goes_there_and_back(local_engine, client, provider, is_streamed):
    model = model_of(local_engine, provider)
    asked = {"tools": [WEATHER], "max_output_tokens": 48, "temperature": 0.0}
    if is_streamed:
        with client.stream(model, QUESTION, **asked) as stream:
            called = stream.finish()
    else:
        called = client.chat(model, QUESTION, **asked)
    (call,) = called.tool_calls
    history = [user(QUESTION), called.message, tool_result(call.id, "sunny, 21 degrees")]
    answered = client.chat(model, history, tools=[WEATHER], max_output_tokens=32, temperature=0.0)

    assert (call.name, call.arguments, called.finish_reason) == ("get_weather", {"city": "Paris"}, "tool_call")
    assert answered.tool_calls == ()
    assert answered.text


def test_a_schema_that_the_engine_enforces_gives_a_value(local_engine, client):
    response = client.chat(
        model_of(local_engine, "compatible"),
        "Extract the name and the age: Ada is 37 years old. Return it as JSON.",
        output=PERSON,
        max_output_tokens=64,
        temperature=0.0,
    )

    assert response.outcome == Parsed(value={"name": "Ada", "age": 37})


def test_a_schema_that_the_engine_ignores_is_never_taken_for_kept(local_engine, client):
    """Its Messages endpoint answers 200 and in prose: the client's own check is what notices."""
    response = client.chat(
        model_of(local_engine, "anthropic"),
        "Ada is 37 years old. Say one word about her.",
        output=PERSON,
        max_output_tokens=24,
        temperature=0.0,
    )

    assert isinstance(response.outcome, Invalid)
    assert response.text


def test_dropped_tools_leave_text_and_no_call(client):
    """The model's own template drops `tools` with status 200."""
    if not is_installed():
        pytest.skip("the local engine is not installed: scripts/install --engine")
    with Engine(tools=False) as engine:
        response = client.chat(
            model_of(engine, "compatible"),
            QUESTION,
            tools=[WEATHER],
            tool_choice="required",
            max_output_tokens=16,
            temperature=0.0,
        )

    assert response.tool_calls == ()
    assert response.finish_reason != "tool_call"


def test_an_engine_that_has_gone_is_named_with_its_address(client):
    if not is_installed():
        pytest.skip("the local engine is not installed: scripts/install --engine")
    with Engine() as engine:
        model = model_of(engine, "compatible")

    with pytest.raises(ConnectionFailedError, match=r"127\.0\.0\.1"):
        client.chat(model, [user("hi"), assistant("hello"), user("again")], max_output_tokens=4)
