"""The official SDK as an oracle: it sends what we build and reads what we write; recordings decode as it reads them."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cohere
import httpx
import pytest
from cohere.core.api_error import ApiError
from hypothesis import HealthCheck, given, settings

import strategies
from portable_llm._messages import BlobPart, Message, ReasoningPart, TextPart, assistant, system, tool_result, user
from portable_llm._request import Output, Reasoning, Request, Sampling, Tool
from portable_llm._response import NoOutput, Response, Usage
from portable_llm.testing import FakeServer, answer, fixed
from portable_llm.wire.cohere_v2 import CAPABILITIES, build_request, write_error, write_response, write_stream

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CANNOT = ("refusal", "cache_creation", "token_bytes", "alternatives")
ASKING: list[Any] = [{"role": "user", "content": "x"}]


def sdk(reply: Callable[[httpx.Request], httpx.Response]) -> cohere.ClientV2:
    return cohere.ClientV2(api_key="k", httpx_client=httpx.Client(transport=httpx.MockTransport(reply)))


def answering(body: bytes, media_type: str = "application/json", status: int = 200) -> cohere.ClientV2:
    return sdk(lambda _: httpx.Response(status, headers={"content-type": media_type}, content=body))


HELLO = Response(
    message=Message(role="assistant", parts=(TextPart(text="hi"),)),
    finish_reason="stop",
    raw_finish_reason=None,
    outcome=NoOutput(),
    refusal=None,
    usage=Usage(),
    model="m",
    id="c",
)


def captured(**arguments: Any) -> tuple[str, str, Any]:
    """Method, address, and body of what the SDK sends for these arguments."""
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, headers={"content-type": "application/json"}, content=write_response(HELLO).body)

    sdk(reply).chat(**arguments)
    body = json.loads(seen[0].content)
    assert body.pop("stream") is False  # the SDK says so; without the field nothing is streamed either
    return seen[0].method, str(seen[0].url), body


WEATHER: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CALL = strategies.ToolCallPart(
    id="weather_a1", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city":"Oslo"}'
)

REQUEST: Request[Any] = Request(
    model="command-a-03-2025",
    messages=(
        system("Be brief."),
        user("Weather?", BlobPart(mime_type="image/png", data=strategies.PNG)),
        assistant(ReasoningPart(text="Look it up.", state={"field": "tool_plan"}), CALL),
        tool_result("weather_a1", "12 C"),
        assistant(ReasoningPart(text="So."), "12 C"),
        user("Thanks."),
    ),
    tools=(Tool(name="weather", description="Current weather", parameters=WEATHER, strict=True),),
    tool_choice="required",
    output=Output(schema=WEATHER),
    sampling=Sampling(
        temperature=0.5, top_p=0.9, top_k=40, seed=7, presence_penalty=0.1, frequency_penalty=0.2, logprobs=0
    ),
    reasoning=Reasoning(budget_tokens=512),
    max_output_tokens=256,
    stop=("END",),
    extra={"safety_mode": "STRICT", "citation_options": {"mode": "ACCURATE"}, "priority": 1},
)
ARGUMENTS: dict[str, Any] = {
    "model": "command-a-03-2025",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Weather?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
            ],
        },
        {
            "role": "assistant",
            "tool_plan": "Look it up.",
            "tool_calls": [
                {
                    "id": "weather_a1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "weather_a1", "content": "12 C"},
        {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "So."}, {"type": "text", "text": "12 C"}],
        },
        {"role": "user", "content": "Thanks."},
    ],
    "tools": [
        {
            "type": "function",
            "function": {"name": "weather", "description": "Current weather", "parameters": WEATHER},
        }
    ],
    "strict_tools": True,
    "tool_choice": "REQUIRED",
    "response_format": {"type": "json_object", "json_schema": WEATHER},
    "temperature": 0.5,
    "p": 0.9,
    "k": 40,
    "seed": 7,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.2,
    "logprobs": True,
    "thinking": {"type": "enabled", "token_budget": 512},
    "max_tokens": 256,
    "stop_sequences": ["END"],
    "safety_mode": "STRICT",
    "citation_options": {"mode": "ACCURATE"},
    "priority": 1,
}


def test_the_sdk_sends_what_we_build() -> None:
    call, _ = build_request(REQUEST, CAPABILITIES)

    assert (call.method, f"https://api.cohere.com{call.path}", call.json) == captured(**ARGUMENTS)
    assert call.json == ARGUMENTS


@FEW
@given(
    request=strategies.requests(carries=[name for name, fact in CAPABILITIES.facts.items() if fact.support == "yes"])
)
def test_the_sdk_takes_every_field_we_build_and_sends_it_on_unchanged(request: Request[Any]) -> None:
    call, _ = build_request(request, CAPABILITIES)
    assert isinstance(call.json, dict)

    assert captured(**call.json)[2] == call.json


def test_a_streamed_request_of_the_sdk_differs_by_one_field() -> None:
    call, _ = build_request(REQUEST, CAPABILITIES, stream=True)

    assert call.json == {**ARGUMENTS, "stream": True}


def reasoning_of(response: Response[Any]) -> str:
    return "".join(part.text for part in response.message.parts if isinstance(part, ReasoningPart))


@FEW
@given(response=strategies.responses(cannot=CANNOT))
def test_the_sdk_reads_our_answers(response: Response[None]) -> None:
    read = answering(write_response(response).body).chat(model="m", messages=ASKING)

    content = read.message.content or []
    assert "".join(item.text for item in content if item.type == "text") == response.text
    assert "".join(item.thinking for item in content if item.type == "thinking") == reasoning_of(response)
    assert [(c.id, json.loads(c.function.arguments)) for c in read.message.tool_calls or []] == [
        (c.id, c.arguments) for c in response.tool_calls
    ]
    assert read.usage.tokens.input_tokens == response.usage.input_tokens
    words = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_call": "TOOL_CALL"}
    assert (read.id, read.finish_reason) == (response.id, words[response.finish_reason])


@FEW
@given(response=strategies.responses(cannot=CANNOT))
def test_the_sdk_reads_our_streams(response: Response[None]) -> None:
    client = answering(b"".join(write_stream(response)), "text/event-stream")
    events = list(client.chat_stream(model="m", messages=ASKING))

    contents = [event.delta.message.content for event in events if event.type == "content-delta"]
    assert "".join(content.text or "" for content in contents) == response.text
    assert "".join(content.thinking or "" for content in contents) == reasoning_of(response)
    begun = [event.delta.message.tool_calls for event in events if event.type == "tool-call-start"]
    assert [(call.id, call.function.name) for call in begun] == [(c.id, c.name) for c in response.tool_calls]
    arguments = [""] * len(begun)
    for event in events:
        if event.type == "tool-call-delta":
            arguments[event.index] += event.delta.message.tool_calls.function.arguments
    assert [json.loads(text) for text in arguments] == [c.arguments for c in response.tool_calls]
    assert events[-1].delta.usage.tokens.output_tokens == response.usage.output_tokens


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_sdk_talks_to_the_fake_server(stream: bool) -> None:
    said = answer("12 C", reasoning="Look up.", tool_calls=[("weather", {"city": "Oslo"})])
    with FakeServer(fixed(said), api_key="k") as server, httpx.Client() as line:
        client = cohere.ClientV2(api_key="k", base_url=server.base_url("cohere-v2"), httpx_client=line)
        if stream:
            events = list(client.chat_stream(model="tiny", messages=ASKING))
            contents = [event.delta.message.content for event in events if event.type == "content-delta"]
            text = "".join(content.text or "" for content in contents)
            names = [e.delta.message.tool_calls.function.name for e in events if e.type == "tool-call-start"]
        else:
            message = client.chat(model="tiny", messages=ASKING).message
            text = "".join(item.text for item in message.content or [] if item.type == "text")
            names = [call.function.name for call in message.tool_calls or []]

    assert text == "12 C"
    assert names == ["weather"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("rate_limit", "TooManyRequestsError"),
        ("auth", "UnauthorizedError"),
        ("not_found", "NotFoundError"),
        ("invalid_request", "BadRequestError"),
        ("server_error", "InternalServerError"),
    ],
)
def test_the_sdk_raises_its_own_class_for_our_errors(kind: str, name: str) -> None:
    reply = write_error(kind, "something went wrong")
    client = answering(reply.body, status=reply.status)

    with pytest.raises(ApiError, match="something went wrong") as caught:
        client.chat(model="m", messages=ASKING, request_options={"max_retries": 0})

    assert type(caught.value).__name__ == name


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
    groups, detail = scorer.score(decode, str(SHARED / "data" / "traffic"), "cohere")

    assert (groups["cohere"]["crashes"], dict(groups["cohere"]["silent"]), detail) == (0, {}, [])
