"""The official SDK as an oracle: it sends what we build and reads what we write; recordings decode as it reads them."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from mistralai.client import Mistral
from mistralai.client.errors import SDKError
from mistralai.client.models import ChatCompletionResponse

import strategies
from portable_llm._messages import (
    BlobPart,
    FilePart,
    Message,
    ReasoningPart,
    TextPart,
    UriPart,
    assistant,
    system,
    tool_result,
    user,
)
from portable_llm._request import CacheHint, NamedTool, Output, Reasoning, Request, Sampling, Tool
from portable_llm._response import NoOutput, Response, Usage
from portable_llm.testing import FakeServer, answer, fixed
from portable_llm.wire.mistral import CAPABILITIES, build_request, write_error, write_response, write_stream

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CANNOT = ("refusal", "cache_creation", "reasoning_tokens")


def sdk(reply: Callable[[httpx.Request], httpx.Response]) -> Mistral:
    return Mistral(api_key="k", client=httpx.Client(transport=httpx.MockTransport(reply)))


def answering(body: bytes, media_type: str = "application/json", status: int = 200) -> Mistral:
    return sdk(lambda _: httpx.Response(status, headers={"content-type": media_type}, content=body))


HELLO = Response(
    message=Message(role="assistant", parts=(TextPart(text="hi"),)),
    finish_reason="stop",
    raw_finish_reason="stop",
    outcome=NoOutput(),
    refusal=None,
    usage=Usage(input_tokens=1, output_tokens=1),
    model="m",
    id="c",
)


def captured(**arguments: Any) -> tuple[str, str, Any]:
    """Method, path below the base URL, and body of what the SDK sends for these arguments."""
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, headers={"content-type": "application/json"}, content=write_response(HELLO).body)

    sdk(reply).chat.complete(**arguments)
    body = json.loads(seen[0].content)
    assert body.pop("stream") is False  # the SDK says so; without the field nothing is streamed either
    return seen[0].method, str(seen[0].url).removeprefix("https://api.mistral.ai/v1"), body


WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
CALL = strategies.ToolCallPart(
    id="a1B2c3D4e", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city":"Oslo"}'
)

REQUEST: Request[Any] = Request(
    model="mistral-small-latest",
    messages=(
        system("Be brief."),
        user(
            "Weather?",
            BlobPart(mime_type="image/png", data=strategies.PNG),
            BlobPart(mime_type="application/pdf", data=b"%PDF"),
            UriPart(uri="https://example.com/a.pdf", mime_type="application/pdf"),
            BlobPart(mime_type="audio/wav", data=b"RIFF"),
            FilePart(id="file-1"),
        ),
        assistant(ReasoningPart(text="Look it up.", state={"signature": "s"}), "One moment.", CALL),
        tool_result("a1B2c3D4e", "12 C"),
        user("And tomorrow?"),
        assistant("Tomorrow"),
    ),
    tools=(Tool(name="weather", description="Current weather", parameters=WEATHER, strict=True),),
    tool_choice=NamedTool("weather"),
    parallel_tool_calls=False,
    output=Output(schema=WEATHER, name="answer", strict=True),
    sampling=Sampling(
        temperature=0.5, top_p=0.9, top_k=40, seed=7, presence_penalty=0.1, frequency_penalty=0.2, logprobs=2
    ),
    reasoning=Reasoning(effort="high"),
    max_output_tokens=256,
    stop=("END",),
    cache=CacheHint(key="k"),
    metadata={"team": "a"},
    extra={"safe_prompt": True, "service_tier": "auto", "n": 1, "prediction": {"type": "content", "content": "x"}},
)
ARGUMENTS: dict[str, Any] = {
    "model": "mistral-small-latest",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Weather?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                {"type": "document_url", "document_url": "data:application/pdf;base64,JVBERg=="},
                {"type": "document_url", "document_url": "https://example.com/a.pdf"},
                {"type": "input_audio", "input_audio": "UklGRg=="},
                {"type": "file", "file_id": "file-1"},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "Look it up."}], "signature": "s"},
                {"type": "text", "text": "One moment."},
            ],
            "tool_calls": [
                {"id": "a1B2c3D4e", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "a1B2c3D4e", "content": "12 C"},
        {"role": "user", "content": "And tomorrow?"},
        {"role": "assistant", "content": "Tomorrow", "prefix": True},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "Current weather",
                "parameters": WEATHER,
                "strict": True,
            },
        }
    ],
    "tool_choice": {"type": "function", "function": {"name": "weather"}},
    "parallel_tool_calls": False,
    "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": WEATHER, "strict": True}},
    "temperature": 0.5,
    "top_p": 0.9,
    "top_k": 40,
    "random_seed": 7,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.2,
    "logprobs": True,
    "top_logprobs": 2,
    "reasoning_effort": "high",
    "max_tokens": 256,
    "stop": ["END"],
    "prompt_cache_key": "k",
    "metadata": {"team": "a"},
    "safe_prompt": True,
    "service_tier": "auto",
    "n": 1,
    "prediction": {"type": "content", "content": "x"},
}


def sent_by_the_sdk(body: Any) -> Any:
    """What we build, with what the SDK adds to it: `prefix: false` on assistant messages, `strict: false` on
    functions and schemas where nobody said, `index: 0` on calls, and an empty description."""
    full = json.loads(json.dumps(body))
    for message in full["messages"]:
        if message["role"] == "assistant":
            message.setdefault("prefix", False)
        for call in message.get("tool_calls") or ():
            call.setdefault("index", 0)
    for tool in full.get("tools", ()):
        tool["function"].setdefault("strict", False)
        tool["function"].setdefault("description", "")
    if (schema := full.get("response_format", {}).get("json_schema")) is not None:
        schema.setdefault("strict", False)
    return full


def test_the_sdk_sends_what_we_build() -> None:
    call, _ = build_request(REQUEST, CAPABILITIES)
    method, path, body = captured(**ARGUMENTS)

    assert (call.method, call.path) == (method, path)
    assert call.json == ARGUMENTS
    assert sent_by_the_sdk(call.json) == sent_by_the_sdk(body)


@FEW
@given(
    request=strategies.requests(carries=[name for name, fact in CAPABILITIES.facts.items() if fact.support == "yes"])
)
def test_the_sdk_takes_every_field_we_build_and_sends_it_on_unchanged(request: Request[Any]) -> None:
    call, _ = build_request(request, CAPABILITIES)
    assert isinstance(call.json, dict)

    assert sent_by_the_sdk(captured(**call.json)[2]) == sent_by_the_sdk(call.json)


def test_a_streamed_request_of_the_sdk_differs_by_one_field() -> None:
    call, _ = build_request(REQUEST, CAPABILITIES, stream=True)

    assert call.json == {**ARGUMENTS, "stream": True}


def visible(content: Any) -> str:
    """The text of a content as the SDK gives it."""
    if isinstance(content, str):
        return content
    return "".join(chunk.text for chunk in content or () if chunk.type == "text")


def thought(content: Any) -> str:
    chunks = content if isinstance(content, list) else []
    return "".join(piece.text for chunk in chunks if chunk.type == "thinking" for piece in chunk.thinking)


def reasoning_of(response: Response[Any]) -> str:
    return "".join(part.text for part in response.message.parts if isinstance(part, ReasoningPart))


@FEW
@given(response=strategies.responses(cannot=CANNOT))
def test_the_sdk_reads_our_answers(response: Response[None]) -> None:
    body = write_response(response).body

    ChatCompletionResponse.model_validate_json(body)
    choice = answering(body).chat.complete(model="m", messages=[{"role": "user", "content": "x"}]).choices[0]

    assert visible(choice.message.content) == response.text
    assert thought(choice.message.content) == reasoning_of(response)
    assert [(c.id, json.loads(c.function.arguments)) for c in choice.message.tool_calls or []] == [
        (c.id, c.arguments) for c in response.tool_calls
    ]
    assert (
        choice.finish_reason == {"stop": "stop", "length": "length", "tool_call": "tool_calls"}[response.finish_reason]
    )


@FEW
@given(response=strategies.responses(cannot=CANNOT))
def test_the_sdk_reads_our_streams(response: Response[None]) -> None:
    client = answering(b"".join(write_stream(response)), "text/event-stream")

    with client.chat.stream(model="m", messages=[{"role": "user", "content": "x"}]) as events:
        chunks = [event.data for event in events]

    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert "".join(visible(delta.content) for delta in deltas) == response.text
    assert "".join(thought(delta.content) for delta in deltas) == reasoning_of(response)
    calls = [call for delta in deltas for call in delta.tool_calls or []]
    assert [(c.id, json.loads(c.function.arguments)) for c in calls] == [
        (c.id, c.arguments) for c in response.tool_calls
    ]
    assert chunks[-1].usage.completion_tokens == response.usage.output_tokens


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_sdk_talks_to_the_fake_server(stream: bool) -> None:
    said = answer("12 C", reasoning="Look up.", tool_calls=[("weather", {"city": "Oslo"})])
    messages = [{"role": "user", "content": "Weather?"}]
    with FakeServer(fixed(said), api_key="k") as server:
        url = server.base_url("mistral-chat").removesuffix("/v1")
        with Mistral(api_key="k", server_url=url) as client:
            if stream:
                events = client.chat.stream(model="tiny", messages=messages)
                contents = [event.data.choices[0].delta for event in events]
            else:
                contents = [client.chat.complete(model="tiny", messages=messages).choices[0].message]

    assert "".join(visible(one.content) for one in contents) == "12 C"
    assert "".join(thought(one.content) for one in contents) == "Look up."
    assert [call.function.name for one in contents for call in one.tool_calls or []] == ["weather"]


@pytest.mark.parametrize("kind", ["rate_limit", "auth", "not_found", "invalid_request", "server_error"])
def test_the_sdk_raises_its_own_class_for_our_errors(kind: str) -> None:
    reply = write_error(kind, "something went wrong")

    with pytest.raises(SDKError, match="something went wrong") as caught:
        answering(reply.body, status=reply.status).chat.complete(model="m", messages=[{"role": "user", "content": "x"}])

    assert caught.value.status_code == reply.status


# ---- recorded traffic ------------------------------------------------------------------------------------------------

SHARED = Path(os.environ.get("SHARED_DIR", Path(__file__).parents[3] / "shared"))


@pytest.mark.skipif(
    not (SHARED / "bench" / "score_traffic.py").is_file(), reason=f"recorded traffic not found at {SHARED}"
)
def test_recorded_answers_are_read_as_the_sdk_reads_them() -> None:
    sys.path.insert(0, str(SHARED / "bench"))
    try:
        scorer = importlib.import_module("score_traffic")
    finally:
        sys.path.pop(0)
    decode = importlib.import_module("contracts").decode
    groups, detail = scorer.score(decode, str(SHARED / "data" / "traffic"), "mistral")

    assert (groups["mistral"]["crashes"], dict(groups["mistral"]["silent"]), detail) == (0, {}, [])
