"""The library's own path meets the fake server: every provider, every output mode, faults that it has to bear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portable_llm import Client, Output, Tool, request, system, user
from portable_llm._errors import PortableLLMError
from portable_llm._retry import RetryPolicy
from portable_llm.testing import CloseKeepAlive, FakeServer, ScriptedAnswer, ScriptedEndpoint, Status, answer, first
from support.speakers import can_be_forced, one_of_each_wire

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
WEATHER = Tool(
    name="get_weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
)
EVERY_PROVIDER = pytest.mark.parametrize("provider", one_of_each_wire())


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(api_keys=dict.fromkeys(one_of_each_wire(), "test-key")) as running:
        yield running


def model(server: FakeServer, provider: str) -> str:
    return f"{provider}:tiny@{server.base_url(provider)}"


@EVERY_PROVIDER
def test_chat_and_stream_say_the_same(provider: str, client: Client) -> None:
    with FakeServer(api_key="test-key") as server:
        asked = request(model(server, provider), "hello there", max_output_tokens=50)
        whole = client.chat(asked)
        with client.stream(asked) as stream:
            for _ in stream:
                pass

    assert whole.text == stream.response.text == "hello there"
    assert whole.usage == stream.response.usage


@EVERY_PROVIDER
@pytest.mark.parametrize("mode", ["native", "tool", "prompt"])
def test_a_scripted_case_is_found_however_its_schema_travels(provider: str, mode: Any, client: Client) -> None:
    if mode == "tool" and not can_be_forced(provider):
        pytest.skip("nobody can force this provider's models to make a certain call")
    messages = (system("You read texts."), user("Ada is 36. Who is it?"))
    case = ScriptedAnswer(
        request=request("any", messages, output=SCHEMA, max_output_tokens=50), text='{"name": "Ada", "age": 36}'
    )
    endpoint = ScriptedEndpoint({"person": case}, needs_schema=True)
    with FakeServer(endpoint) as server:
        wanted = Output(schema=SCHEMA, mode=mode)
        asked = request(model(server, provider), messages, output=wanted, max_output_tokens=50)
        response = client.chat(asked, on_loss="never")

    assert endpoint.trials == {"person": 1}
    assert response.parsed == {"name": "Ada", "age": 36}


@EVERY_PROVIDER
def test_a_scripted_case_with_tools_is_found(provider: str, client: Client) -> None:
    messages = (system("You are terse."), user("Weather in Oslo?"))
    calls = answer(tool_calls=[("get_weather", {"city": "Oslo"})]).tool_calls
    case = ScriptedAnswer(request=request("any", messages, tools=[WEATHER], max_output_tokens=50), tool_calls=calls)
    with FakeServer(ScriptedEndpoint({"weather": case})) as server:
        response = client.chat(case.request.with_model(model(server, provider)))

    assert [(call.name, call.arguments) for call in response.tool_calls] == [("get_weather", {"city": "Oslo"})]
    assert response.finish_reason == "tool_call"


@pytest.mark.parametrize(
    "fault",
    [Status(429, retry_after=0, on=first(1)), Status(503, retry_after=0, on=first(1)), CloseKeepAlive()],
    ids=["429", "503", "keep-alive"],
)
def test_the_client_gets_over_it(fault: Any, client: Client) -> None:
    with FakeServer(faults=[fault]) as server:
        texts = [client.chat(model(server, "compatible"), "still here").text for _ in range(2)]

    assert texts == ["still here"] * 2


def test_a_bug_of_the_responder_is_no_answer() -> None:
    def broken(asked: Any, received: Any) -> Any:
        raise ZeroDivisionError("bug")

    once = RetryPolicy(max_attempts=1)
    with FakeServer(broken) as server, Client(retry=once) as client:
        with pytest.raises(PortableLLMError, match="ZeroDivisionError"):
            client.chat(model(server, "compatible"), "hi")
        assert [type(error) for error in server.errors] == [ZeroDivisionError]
