"""The vendors' own SDKs for Vertex AI as oracles: they send what we send, and read what the fake server writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from portable_llm import (
    BlobPart,
    Client,
    Reasoning,
    Request,
    Tool,
    request,
    system,
    user,
)
from portable_llm._plan import make_plan
from portable_llm.providers._target import load_settings
from portable_llm.testing import FakeServer, Received, Reply, Status, answer

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = Tool(name="get_weather", description="Current weather", parameters=SCHEMA)
CALLS = [("get_weather", {"city": "Oslo"})]
GEMINI, CLAUDE = "gemini-3-flash", "claude-sonnet-4-5@20250929"


def respond(asked: Request[Any], received: Received) -> Any:
    """Calls where there are tools, an error where one is asked for, else a text."""
    if "fail" in asked.messages[-1].text:
        return Reply(response=answer(), faults=(Status(429),))
    return answer("Both.", tool_calls=CALLS) if asked.tools else answer("hello from a fake")


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    with FakeServer(respond, api_key="test-token") as running:
        yield running
        assert running.errors == ()


def planned(server: FakeServer, asked: Request[Any], *, stream: bool = False) -> tuple[str, Any]:
    """Path, without the host, and body."""
    name = asked.model.partition(":")[0]
    settings = load_settings(base_urls={name: server.base_url(name)}, environ={})
    plan = make_plan(asked, settings.resolve(asked.model), stream=stream)
    return plan.target.url(plan.call.path).removeprefix(server.url), plan.call.json


# ---- Gemini ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def gemini(server: FakeServer) -> Iterator[Any]:
    genai = pytest.importorskip("google.genai")
    credentials = pytest.importorskip("google.oauth2.credentials")
    client = genai.Client(
        vertexai=True,
        project="fake",
        location="global",
        credentials=credentials.Credentials("test-token"),
        http_options={"base_url": server.url, "api_version": "v1"},
    )
    yield client
    client.close()


GEMINI_INTENTS: dict[str, tuple[Request[Any], dict[str, Any]]] = {
    "text": (request(f"vertex:{GEMINI}", "hi"), {}),
    "system, limits, labels": (
        request(
            f"vertex:{GEMINI}",
            [system("Be brief."), user("hi")],
            temperature=0.5,
            max_output_tokens=99,
            metadata={"team": "a"},
            reasoning=Reasoning(effort="low"),
        ),
        {
            "system_instruction": {"parts": [{"text": "Be brief."}]},
            "temperature": 0.5,
            "max_output_tokens": 99,
            "labels": {"team": "a"},
            "thinking_config": {"thinking_level": "LOW"},
        },
    ),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("intent", GEMINI_INTENTS)
def test_google_genai_sends_the_same(intent: str, stream: bool, server: FakeServer, gemini: Any) -> None:
    asked, config = GEMINI_INTENTS[intent]
    contents = [{"role": "user", "parts": [{"text": "hi"}]}]

    if stream:
        list(gemini.models.generate_content_stream(model=GEMINI, contents=contents, config=config))
    else:
        gemini.models.generate_content(model=GEMINI, contents=contents, config=config)

    theirs = server.requests[-1]
    path, body = planned(server, asked, stream=stream)
    assert path == theirs.path
    assert same(body) == same(theirs.json)


def same(body: Any) -> Any:
    """Two differences that the service does not see: the role of a system instruction is ignored and the SDK says
    `user`; what is given to it as an object inside the configuration it sends in snake case, which is read as well."""
    text = json.dumps(body).replace("thinking_level", "thinkingLevel")
    instruction = body.get("systemInstruction")
    read = json.loads(text)
    return read if instruction is None else {**read, "systemInstruction": {"parts": instruction["parts"]}}


def test_google_genai_reads_answers_and_errors(gemini: Any) -> None:
    from google.genai import errors

    whole = gemini.models.generate_content(model=GEMINI, contents="hi")
    chunks = list(gemini.models.generate_content_stream(model=GEMINI, contents="hi"))

    assert whole.text == "hello from a fake"
    assert "".join(chunk.text or "" for chunk in chunks) == "hello from a fake"
    with pytest.raises(errors.ClientError, match="injected by the fake server"):
        gemini.models.generate_content(model=GEMINI, contents="fail")


# ---- Claude ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def claude(server: FakeServer) -> Iterator[Any]:
    anthropic = pytest.importorskip("anthropic")
    with anthropic.AnthropicVertex(
        region="global",
        project_id="fake",
        access_token="test-token",
        base_url=f"{server.url}/v1",
        max_retries=0,
    ) as client:
        yield client


PNG = b"\x89PNG\r\n\x1a\n"
CLAUDE_INTENTS: dict[str, tuple[Request[Any], dict[str, Any]]] = {
    "text": (
        request(f"vertex-anthropic:{CLAUDE}", "hi", max_output_tokens=9),
        {"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]},
    ),
    "an image and a tool": (
        request(
            f"vertex-anthropic:{CLAUDE}",
            [system("Be brief."), user("Look.", BlobPart(mime_type="image/png", data=PNG))],
            max_output_tokens=9,
            tools=[TOOL],
            tool_choice="required",
        ),
        {
            "max_tokens": 9,
            "system": "Be brief.",
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Look."},
                        {
                            "type": "image",
                            "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
                        },
                    ],
                }
            ],
            "tools": [{"name": "get_weather", "description": "Current weather", "input_schema": SCHEMA}],
            "tool_choice": {"type": "any"},
        },
    ),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("intent", CLAUDE_INTENTS)
def test_anthropic_vertex_sends_the_same(intent: str, stream: bool, server: FakeServer, claude: Any) -> None:
    asked, arguments = CLAUDE_INTENTS[intent]

    if stream:
        list(claude.messages.create(model=CLAUDE, stream=True, **arguments))
    else:
        claude.messages.create(model=CLAUDE, **arguments)

    theirs = server.requests[-1]
    path, body = planned(server, asked, stream=stream)
    assert path == theirs.path
    assert body == theirs.json
    assert body["anthropic_version"] == "2026-10-21"


def test_anthropic_vertex_reads_answers_and_errors(claude: Any) -> None:
    import anthropic

    asked: dict[str, Any] = {"model": CLAUDE, "max_tokens": 9}
    message = claude.messages.create(**asked, messages=[{"role": "user", "content": "hi"}])
    with claude.messages.stream(**asked, messages=[{"role": "user", "content": "hi"}]) as stream:
        streamed = stream.get_final_message()

    assert message.content[0].text == streamed.content[0].text == "hello from a fake"
    with pytest.raises(anthropic.RateLimitError, match="injected by the fake server"):
        claude.messages.create(**asked, messages=[{"role": "user", "content": "fail"}])


# ---- both ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [f"vertex:{GEMINI}", f"vertex-anthropic:{CLAUDE}"])
def test_our_client_with_a_token_callback(model: str, server: FakeServer) -> None:
    name = model.partition(":")[0]
    tokens = iter(["stale-token", "test-token", "test-token", "test-token"])
    with Client(base_urls={name: server.base_url(name)}, tokens={name: lambda: next(tokens)}) as client:
        response = client.chat(model, "hi", max_output_tokens=99)
        with client.stream(model, "hi", tools=[TOOL], max_output_tokens=99) as stream:
            streamed = stream.finish()

    assert response.text == "hello from a fake"
    assert [attempt.status for attempt in response.attempts] == [401, 200]
    assert [call.arguments for call in streamed.tool_calls] == [{"city": "Oslo"}]
