"""The real vendors, asked for a few cents: run with keys in the environment, `pytest -m live`; skipped without them.

`LIVE_OPENAI_MODEL` and friends choose the model; the defaults are small ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from portable_llm import Client, NotFoundError, Tool, assistant, tool_result, user
from portable_llm.providers import provider

pytestmark = pytest.mark.live

MODELS = {"openai": "gpt-5.4-mini", "anthropic": "claude-haiku-5-5", "google": "gemini-3.6-flash"}
SCHEMA = {
    "type": "object",
    "properties": {"capital": {"type": "string"}},
    "required": ["capital"],
    "additionalProperties": False,
}
WEATHER = Tool(
    name="get_weather",
    description="Get the current weather of a city.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
)


@pytest.fixture(params=sorted(MODELS))
def model(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if not any(os.environ.get(variable) for variable in provider(name).auth.env):
        pytest.skip(f"no key for {name}: set {' or '.join(provider(name).auth.env)}")
    return f"{name}:{os.environ.get(f'LIVE_{name.upper()}_MODEL', MODELS[name])}"


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(on_loss="never") as client:
        yield client


def test_a_first_answer(client: Client, model: str) -> None:
    response = client.chat(model, "Answer with the word ready only.", max_output_tokens=512)

    assert "ready" in response.text.lower()
    assert response.finish_reason == "stop"
    assert (response.usage.input_tokens or 0) > 0


def test_a_stream_adds_up(client: Client, model: str) -> None:
    with client.stream(model, "Count from 1 to 5, with commas.", max_output_tokens=512) as stream:
        pieces = list(stream.texts())

    assert "".join(pieces) == stream.response.text
    assert stream.response.finish_reason == "stop"


def test_a_schema_is_kept(client: Client, model: str) -> None:
    response = client.chat(model, "What is the capital of Norway?", output=SCHEMA, max_output_tokens=512)

    assert response.parsed == {"capital": "Oslo"}


def test_a_tool_is_called_and_its_result_used(client: Client, model: str) -> None:
    question = user("What is the weather in Oslo? Use the tool.")
    first = client.chat(model, [question], tools=[WEATHER], max_output_tokens=1024)

    (call,) = first.tool_calls
    assert call.arguments == {"city": "Oslo"}
    history = [question, assistant(*first.message.parts), tool_result(call.id, "12 degrees and rain")]
    second = client.chat(model, history, tools=[WEATHER], max_output_tokens=1024)
    assert "12" in second.text


def test_an_unknown_model_is_told_as_such(client: Client, model: str) -> None:
    name = model.partition(":")[0]

    with pytest.raises(NotFoundError):
        client.chat(f"{name}:no-such-model-2026", "Hello", max_output_tokens=16)
