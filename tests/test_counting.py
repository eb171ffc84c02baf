"""Asking the provider how many tokens a request is, over real connections to the fake server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from portable_llm import AsyncClient, Client, ConfigurationError, NotFoundError, Tool, UnreadableAnswerError, request
from portable_llm._counting import count_tokens
from portable_llm._exchange import Link
from portable_llm._plan import make_plan
from portable_llm.providers._target import load_settings
from portable_llm.testing import FakeServer, answer, echo
from portable_llm.testing._script import play, reply
from portable_llm.testing.responders import count_usage

TOOL = Tool(name="look", description="Looks.", parameters={"type": "object", "properties": {"at": {"type": "string"}}})
ASKED: dict[str, Any] = {"tools": [TOOL], "max_output_tokens": 50, "stop": "END"}
MODELS = {
    "anthropic": "claude-sonnet-4-5",
    "openai-responses": "gpt-4o",
    "google": "gemini-2.5-flash",
    "bedrock": "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "vllm": "some-model",
}


def expected(model: str) -> int:
    """By the fake server's rule, which anyone can check."""
    return count_usage(request(model, "Hello, how are you?", tools=[TOOL]), answer()).input_tokens or 0


@pytest.fixture(scope="module")
def server() -> Any:
    with FakeServer(echo()) as running:
        yield running


def options(server: FakeServer, name: str) -> dict[str, Any]:
    return {"base_urls": {name: server.base_url(name)}, "api_keys": {name: "k"}}


@pytest.mark.parametrize("name", MODELS)
def test_the_provider_counts(server: FakeServer, name: str) -> None:
    model = f"{name}:{MODELS[name]}"
    with Client(**options(server, name)) as client:
        count = client.count_tokens(model, "Hello, how are you?", **ASKED)

    assert (count.tokens, count.low, count.high) == (expected(model),) * 3
    assert (count.method, count.source) == ("provider", f"counted by {name}")


@pytest.mark.parametrize("name", MODELS)
def test_both_clients_count_the_same(server: FakeServer, name: str) -> None:
    async def ask() -> Any:
        async with AsyncClient(**options(server, name)) as client:
            return await client.count_tokens(f"{name}:{MODELS[name]}", "Hello, how are you?", **ASKED)

    with Client(**options(server, name)) as client:
        assert asyncio.run(ask()) == client.count_tokens(f"{name}:{MODELS[name]}", "Hello, how are you?", **ASKED)


def test_llama_cpp_is_asked_for_the_prompt_and_then_for_its_tokens(server: FakeServer) -> None:
    with Client(**options(server, "llamacpp")) as client:
        count = client.count_tokens("llamacpp:m", "Hello, how are you?")

    assert [received.path for received in server.requests[-2:]] == ["/apply-template", "/tokenize"]
    assert count.tokens == -(-len("<user>Hello, how are you?") // 4)


def test_what_is_about_the_answer_is_not_sent(server: FakeServer) -> None:
    """The vendors refuse such fields there (400)."""
    with Client(**options(server, "anthropic")) as client:
        client.count_tokens(f"anthropic:{MODELS['anthropic']}", "Hello", temperature=0.5, **ASKED)
    sent = server.requests[-1].json

    assert isinstance(sent, dict)
    assert sorted(sent) == ["messages", "model", "tools"]


@pytest.mark.parametrize("model", ["cohere:command-a", "ollama:llama3.1", "groq:llama-3.3-70b-versatile"])
def test_a_provider_that_cannot_count_is_a_clear_error(model: str) -> None:
    keys = {"cohere": "k", "groq": "k"}
    with (
        Client(api_keys=keys) as client,
        pytest.raises(ConfigurationError, match=r"has no endpoint that counts tokens; .*plan"),
    ):
        client.count_tokens(model, "Hello")


def plan_for(model: str) -> Any:
    asked = request(model, "Hello")
    return make_plan(asked, load_settings(environ={}).resolve(model))


@pytest.mark.parametrize("body", [b'{"input_tokens": "many"}', b"{}", b"[]", b"<html>", b'{"input_tokens": -1}'])
def test_an_answer_without_a_number_is_unreadable(body: bytes) -> None:
    exchange = count_tokens(plan_for("anthropic:claude-sonnet-4-5"), Link(key="k"))

    with pytest.raises(UnreadableAnswerError):
        play(exchange, reply(200, body=body))


def test_an_error_is_raised_as_everywhere() -> None:
    exchange = count_tokens(plan_for("anthropic:claude-sonnet-4-5"), Link(key="k"))
    error = {"type": "error", "error": {"type": "not_found_error", "message": "model: nobody"}}

    with pytest.raises(NotFoundError, match="nobody"):
        play(exchange, reply(404, json=error))


def test_the_official_sdk_sends_the_same() -> None:
    """The vendor's own client is the reference for the path."""
    anthropic = pytest.importorskip("anthropic")
    httpx2 = pytest.importorskip("httpx2")
    seen: list[str] = []

    def respond(asked: Any) -> Any:
        seen.append(asked.url.path)
        return httpx2.Response(200, json={"input_tokens": 1})

    transport = httpx2.MockTransport(respond)
    sdk = anthropic.Anthropic(api_key="k", http_client=anthropic.DefaultHttpxClient(transport=transport))
    sdk.messages.count_tokens(model="m", messages=[{"role": "user", "content": "x"}])
    steps, _ = play(
        count_tokens(plan_for("anthropic:claude-sonnet-4-5"), Link(key="k")), reply(200, json={"input_tokens": 3})
    )

    assert steps[0].url.endswith(seen[0])
