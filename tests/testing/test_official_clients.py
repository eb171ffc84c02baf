"""The vendors' own SDKs take the fake server for their vendor: whole and streamed, calls and errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portable_llm.testing import FakeServer, Received, Reply, Status, answer

CALLS = [("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Rome"})]
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def respond(request: Any, received: Received) -> Any:
    """Calls where there are tools, an error where one is asked for, else a text."""
    if "fail" in request.messages[-1].text:
        return Reply(response=answer(), faults=(Status(429, retry_after=1),))
    return answer("Both.", tool_calls=CALLS) if request.tools else answer("hello from a fake")


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    with FakeServer(respond, api_key="test-key") as running:
        yield running
        assert running.errors == ()


# ---- OpenAI ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def openai_client(server: FakeServer) -> Iterator[Any]:
    openai = pytest.importorskip("openai")
    with openai.OpenAI(api_key="test-key", base_url=server.base_url("openai"), max_retries=0) as client:
        yield client


OPENAI_TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}


def test_openai_reads_a_whole_answer(openai_client: Any) -> None:
    completion = openai_client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])

    assert completion.choices[0].message.content == "hello from a fake"
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.completion_tokens == 5


def test_openai_reads_a_stream(openai_client: Any) -> None:
    with openai_client.chat.completions.stream(
        model="m", messages=[{"role": "user", "content": "hi"}], tools=[OPENAI_TOOL]
    ) as stream:
        [choice] = stream.get_final_completion().choices

    assert choice.message.content == "Both."
    assert [call.function.arguments for call in choice.message.tool_calls] == ['{"city":"Oslo"}', '{"city":"Rome"}']


def test_openai_raises_its_own_error(openai_client: Any) -> None:
    import openai

    with pytest.raises(openai.RateLimitError, match="injected by the fake server"):
        openai_client.chat.completions.create(model="m", messages=[{"role": "user", "content": "fail"}])
    with pytest.raises(openai.AuthenticationError):
        openai_client.with_options(api_key="wrong").chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}]
        )


# ---- Anthropic -------------------------------------------------------------------------------------------------------


@pytest.fixture
def anthropic_client(server: FakeServer) -> Iterator[Any]:
    anthropic = pytest.importorskip("anthropic")
    with anthropic.Anthropic(api_key="test-key", base_url=server.base_url("anthropic"), max_retries=0) as client:
        yield client


ANTHROPIC_CALL: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}


def test_anthropic_reads_a_whole_answer(anthropic_client: Any) -> None:
    message = anthropic_client.messages.create(**ANTHROPIC_CALL)

    assert message.content[0].text == "hello from a fake"
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens == 5


def test_anthropic_reads_a_stream(anthropic_client: Any) -> None:
    tool = {"name": "get_weather", "input_schema": SCHEMA}
    with anthropic_client.messages.stream(**ANTHROPIC_CALL, tools=[tool]) as stream:
        message = stream.get_final_message()

    assert message.content[0].text == "Both."
    assert [block.input for block in message.content[1:]] == [{"city": "Oslo"}, {"city": "Rome"}]
    assert message.stop_reason == "tool_use"


def test_anthropic_raises_its_own_error(anthropic_client: Any) -> None:
    import anthropic

    with pytest.raises(anthropic.RateLimitError, match="injected by the fake server"):
        anthropic_client.messages.create(**{**ANTHROPIC_CALL, "messages": [{"role": "user", "content": "fail"}]})


# ---- Google ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def google_client(server: FakeServer) -> Iterator[Any]:
    genai = pytest.importorskip("google.genai")
    client = genai.Client(api_key="test-key", http_options={"base_url": server.url})
    yield client
    client.close()


def test_google_reads_a_whole_answer(google_client: Any) -> None:
    reply = google_client.models.generate_content(model="m", contents="hi")

    assert reply.text == "hello from a fake"
    assert reply.candidates[0].finish_reason.name == "STOP"
    assert reply.usage_metadata.candidates_token_count == 5


def test_google_reads_a_stream(google_client: Any) -> None:
    tools = [{"function_declarations": [{"name": "get_weather", "parameters_json_schema": SCHEMA}]}]
    chunks = list(google_client.models.generate_content_stream(model="m", contents="hi", config={"tools": tools}))
    parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts or []]

    assert "".join(part.text or "" for part in parts) == "Both."
    assert [part.function_call.args for part in parts if part.function_call] == [{"city": "Oslo"}, {"city": "Rome"}]


def test_google_raises_its_own_error(google_client: Any) -> None:
    from google.genai import errors

    with pytest.raises(errors.ClientError, match="injected by the fake server") as caught:
        google_client.models.generate_content(model="m", contents="fail")
    assert caught.value.code == 429
