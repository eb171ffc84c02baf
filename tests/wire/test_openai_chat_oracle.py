"""The official SDK as an oracle: it sends what we build and reads what we write; recordings decode as it reads them."""

from __future__ import annotations

import gzip
import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from openai import DefaultHttpxClient, OpenAI
from openai.types.chat import ChatCompletion

import strategies
from portable_llm._frames import SseDecoder
from portable_llm._messages import Message, RefusalPart, TextPart, assistant, system, tool_result, user
from portable_llm._request import NamedTool, Output, Reasoning, Request, Sampling, Tool
from portable_llm._response import NoOutput, Response, Usage
from portable_llm.wire import wire_format
from portable_llm.wire.openai_chat import CAPABILITIES, build_request, write_error, write_response, write_stream

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def sdk(answer: Callable[[httpx2.Request], httpx2.Response]) -> OpenAI:
    transport = httpx2.MockTransport(answer)
    return OpenAI(api_key="k", max_retries=0, http_client=DefaultHttpxClient(transport=transport))


def answering(body: bytes, media_type: str = "application/json", status: int = 200) -> OpenAI:
    return sdk(lambda _: httpx2.Response(status, headers={"content-type": media_type}, content=body))


def captured(**arguments: Any) -> tuple[str, str, Any]:
    """Method, path below the base URL, and body of what the SDK sends for these arguments."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        hello = Response(
            message=Message(role="assistant", parts=(TextPart(text="hi"),)),
            finish_reason="stop",
            raw_finish_reason="stop",
            outcome=NoOutput(),
            refusal=None,
            usage=Usage(),
            model="m",
            id="c",
        )
        return httpx2.Response(200, headers={"content-type": "application/json"}, content=write_response(hello).body)

    sdk(answer).chat.completions.create(**arguments)
    return seen[0].method, str(seen[0].url).removeprefix("https://api.openai.com/v1"), json.loads(seen[0].content)


WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
CALL = strategies.ToolCallPart(id="call_1", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city":"Oslo"}')

REQUEST: Request[Any] = Request(
    model="gpt-4o",
    messages=(
        system("Be brief."),
        user("Weather?", strategies.BlobPart(mime_type="image/png", data=strategies.PNG)),
        assistant(CALL),
        tool_result("call_1", "12 C"),
    ),
    tools=(Tool(name="weather", description="Current weather", parameters=WEATHER, strict=True),),
    tool_choice=NamedTool("weather"),
    parallel_tool_calls=False,
    output=Output(schema=WEATHER, name="answer", strict=True),
    sampling=Sampling(
        temperature=0.5,
        top_p=0.9,
        seed=7,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        logit_bias={"5": -1},
        logprobs=2,
    ),
    reasoning=Reasoning(effort="low"),
    max_output_tokens=256,
    stop=("END",),
    metadata={"team": "a"},
)
ARGUMENTS: dict[str, Any] = {
    "model": "gpt-4o",
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
            "content": None,
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "12 C"},
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
    "seed": 7,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.2,
    "logit_bias": {"5": -1},
    "logprobs": True,
    "top_logprobs": 2,
    "reasoning_effort": "low",
    "max_completion_tokens": 256,
    "stop": ["END"],
    "metadata": {"team": "a"},
}


def test_the_sdk_sends_what_we_build() -> None:
    call, _ = build_request(REQUEST, CAPABILITIES)

    assert (call.method, call.path, call.json) == captured(**ARGUMENTS)


@FEW
@given(
    request=strategies.requests(carries=[name for name, fact in CAPABILITIES.facts.items() if fact.support == "yes"])
)
def test_the_sdk_takes_every_field_we_build_and_sends_it_on_unchanged(request: Request[Any]) -> None:
    call, _ = build_request(request, CAPABILITIES)
    assert isinstance(call.json, dict)

    assert captured(**call.json)[2] == call.json


@FEW
@given(response=strategies.responses())
def test_the_sdk_reads_our_answers(response: Response[None]) -> None:
    body = write_response(response).body

    ChatCompletion.model_validate_json(body)  # strict: the client itself would let anything pass
    read = answering(body).chat.completions.create(model="m", messages=[])

    message = read.choices[0].message
    assert (message.content or "") == response.text
    assert [(c.id, json.loads(c.function.arguments)) for c in message.tool_calls or [] if c.type == "function"] == [
        (c.id, c.arguments) for c in response.tool_calls
    ]
    assert message.refusal == _refusal(response)
    assert read.usage is not None
    assert read.usage.prompt_tokens == response.usage.input_tokens
    assert read.usage.completion_tokens == response.usage.output_tokens


@FEW
@given(response=strategies.responses())
def test_the_sdk_reads_our_streams(response: Response[None]) -> None:
    client = answering(b"".join(write_stream(response)), "text/event-stream")

    with client.chat.completions.stream(model="m", messages=[]) as stream:
        read = stream.get_final_completion() if response.finish_reason != "length" else _last(stream)

    message = read.choices[0].message
    assert (message.content or "") == response.text
    assert [(c.id, json.loads(c.function.arguments)) for c in message.tool_calls or []] == [
        (c.id, c.arguments) for c in response.tool_calls
    ]
    assert (message.refusal or None) == _refusal(response)
    assert read.usage is not None
    assert read.usage.completion_tokens == response.usage.output_tokens


def _last(stream: Any) -> Any:
    """What came of a cut answer: the helper refuses to call it final."""
    for _ in stream:
        pass
    return stream.current_completion_snapshot


def _refusal(response: Response[None]) -> str | None:
    return next((part.text for part in response.message.parts if isinstance(part, RefusalPart)), None)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("rate_limit", "RateLimitError"),
        ("auth", "AuthenticationError"),
        ("not_found", "NotFoundError"),
        ("invalid_request", "BadRequestError"),
        ("server_error", "InternalServerError"),
    ],
)
def test_the_sdk_raises_its_own_class_for_our_errors(kind: str, name: str) -> None:
    reply = write_error(kind, "something went wrong")

    with pytest.raises(Exception, match="something went wrong") as caught:
        answering(reply.body, status=reply.status).chat.completions.create(model="m", messages=[])

    assert type(caught.value).__name__ == name


# ---- recorded traffic ------------------------------------------------------------------------------------------------

SHARED = Path(os.environ.get("SHARED_DIR", Path(__file__).parents[3] / "shared"))
recorded = pytest.mark.skipif(
    not (SHARED / "bench" / "score_traffic.py").is_file(), reason=f"recorded traffic not found at {SHARED}"
)


def _score(protocol: str, limit: int | None = None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    sys.path.insert(0, str(SHARED / "bench"))
    try:
        scorer = importlib.import_module("score_traffic")
    finally:
        sys.path.pop(0)
    decode = importlib.import_module("contracts").decode
    groups, detail = scorer.score(decode, str(SHARED / "data" / "traffic"), protocol, limit)
    return groups[protocol], detail


@recorded
def test_recorded_answers_are_read_as_the_sdk_reads_them() -> None:
    group, detail = _score("openai-chat")

    assert (group["crashes"], dict(group["silent"]), detail) == (0, {}, [])


@recorded
def test_recorded_answers_of_compatible_hosts_hide_nothing() -> None:
    group, detail = _score("openai-compatible")

    assert dict(group["silent"]) == {}
    assert group["crashes"] == 0
    # Where we differ on purpose: reasoning is output, and an error's sentence says more than its code.
    assert {field for item in detail for field in item.get("wrong", ())} <= {"output_tokens", "error_kind"}


@recorded
@pytest.mark.parametrize("size", [1, 7])
def test_recorded_streams_do_not_depend_on_their_chunks(size: int) -> None:
    wire = wire_format("openai-chat")
    for exchange in _recorded_streams(limit=8):
        body = exchange["response_body_text"].encode()
        chunks = [body[i : i + size] for i in range(0, len(body), size)]

        assert _decoded(wire, chunks) == _decoded(wire, [body]), exchange["id"]


def _recorded_streams(limit: int) -> list[dict[str, Any]]:
    with gzip.open(SHARED / "data" / "traffic" / "openai-chat.jsonl.gz", "rt", encoding="utf-8") as file:
        exchanges = map(json.loads, file)
        return [x for x in exchanges if x["streaming"] and len(x["response_body_text"]) < 20_000][:limit]


def _decoded(wire: Any, chunks: list[bytes]) -> tuple[list[Any], Any]:
    frames, decoder = SseDecoder(), wire.stream_decoder(strategies.ORIGIN)
    deltas = [delta for chunk in chunks for frame in frames.feed(chunk) for delta in decoder.feed(frame)]
    return deltas, decoder.finish()
