"""The official SDK as an oracle: it sends what we build and reads what we write; recordings decode as it reads them."""

from __future__ import annotations

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
from openai.types.responses import Response as SdkResponse
from openai.types.responses import ResponseInputItemParam, ResponseStreamEvent
from pydantic import TypeAdapter

import strategies
from portable_llm._frames import SseDecoder
from portable_llm._messages import Message, RefusalPart, TextPart, assistant, system, tool_result, user
from portable_llm._request import NamedTool, Output, Reasoning, Request, Sampling, Tool
from portable_llm._response import NoOutput, Response, Usage
from portable_llm.providers import provider
from portable_llm.testing import FakeServer, answer, fixed
from portable_llm.wire.openai_responses import CAPABILITIES, build_request, write_error, write_response, write_stream

# What the vendor's own service takes: the specification has two fields more.
OWN = provider("openai-responses").capabilities_of("some-model", CAPABILITIES)
CARRIES = [name for name, fact in OWN.facts.items() if fact.support == "yes"]
ITEMS: TypeAdapter[Any] = TypeAdapter(list[ResponseInputItemParam])
EVENTS: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def sdk(answer: Callable[[httpx2.Request], httpx2.Response]) -> OpenAI:
    transport = httpx2.MockTransport(answer)
    return OpenAI(api_key="k", max_retries=0, http_client=DefaultHttpxClient(transport=transport))


def answering(body: bytes, media_type: str = "application/json", status: int = 200) -> OpenAI:
    return sdk(lambda _: httpx2.Response(status, headers={"content-type": media_type}, content=body))


def captured(**arguments: Any) -> tuple[str, str, Any]:
    """Method, path below the base URL, and body of what the SDK sends for these arguments."""
    seen: list[httpx2.Request] = []

    def reply(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        hello = Response(
            message=Message(role="assistant", parts=(TextPart(text="hi"),)),
            finish_reason="stop",
            raw_finish_reason="completed",
            outcome=NoOutput(),
            refusal=None,
            usage=Usage(),
            model="m",
            id="c",
        )
        return httpx2.Response(200, headers={"content-type": "application/json"}, content=write_response(hello).body)

    sdk(reply).responses.create(**arguments)
    return seen[0].method, str(seen[0].url).removeprefix("https://api.openai.com/v1"), json.loads(seen[0].content)


WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
CALL = strategies.ToolCallPart(id="call_1", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city":"Oslo"}')

REQUEST: Request[Any] = Request(
    model="gpt-5.4",
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
    sampling=Sampling(temperature=0.5, top_p=0.9, logprobs=2),
    reasoning=Reasoning(effort="low", summary=True),
    max_output_tokens=256,
    metadata={"team": "a"},
    extra={"service_tier": "flex", "safety_identifier": "u-1", "previous_response_id": "resp_1"},
)
ARGUMENTS: dict[str, Any] = {
    "model": "gpt-5.4",
    "input": [
        {"type": "message", "role": "system", "content": "Be brief."},
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Weather?"},
                {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,iVBORw0KGgo="},
            ],
        },
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "12 C"},
    ],
    "tools": [
        {
            "type": "function",
            "name": "weather",
            "description": "Current weather",
            "parameters": WEATHER,
            "strict": True,
        }
    ],
    "tool_choice": {"type": "function", "name": "weather"},
    "parallel_tool_calls": False,
    "text": {"format": {"type": "json_schema", "name": "answer", "schema": WEATHER, "strict": True}},
    "temperature": 0.5,
    "top_p": 0.9,
    "top_logprobs": 2,
    "include": ["message.output_text.logprobs", "reasoning.encrypted_content"],
    "reasoning": {"effort": "low", "summary": "auto"},
    "max_output_tokens": 256,
    "metadata": {"team": "a"},
    "service_tier": "flex",
    "safety_identifier": "u-1",
    "previous_response_id": "resp_1",
}


def test_the_sdk_sends_what_we_build() -> None:
    call, _ = build_request(REQUEST, CAPABILITIES)

    assert (call.method, call.path, call.json) == captured(**ARGUMENTS)


@FEW
@given(request=strategies.requests(carries=CARRIES))
def test_the_sdk_takes_every_field_we_build_and_sends_it_on_unchanged(request: Request[Any]) -> None:
    call, _ = build_request(request, CAPABILITIES)
    assert isinstance(call.json, dict)

    assert captured(**call.json)[2] == call.json


@FEW
@given(request=strategies.requests(carries=CARRIES))
def test_every_item_is_one_of_the_sdk_s_types(request: Request[Any]) -> None:
    call, _ = build_request(request, CAPABILITIES)
    assert isinstance(call.json, dict)

    ITEMS.validate_python(call.json["input"])


@FEW
@given(response=strategies.responses())
def test_the_sdk_reads_our_answers(response: Response[None]) -> None:
    body = write_response(response).body

    SdkResponse.model_validate_json(body)  # strict: the client itself would let anything pass
    _same(answering(body).responses.create(model="m", input="x"), response)


@FEW
@given(response=strategies.responses())
def test_the_sdk_reads_our_streams(response: Response[None]) -> None:
    stream_bytes = b"".join(write_stream(response))
    for frame in SseDecoder().feed(stream_bytes):
        assert EVENTS.validate_json(frame.data).type == frame.event

    with answering(stream_bytes, "text/event-stream").responses.stream(model="m", input="x") as stream:
        for _ in stream:
            pass
        read = stream.get_final_response() if response.finish_reason != "length" else stream._state  # pyright: ignore
    if response.finish_reason != "length":
        _same(read, response)


def _same(read: Any, response: Response[None]) -> None:
    assert read.output_text == response.text
    calls = [item for item in read.output if item.type == "function_call"]
    assert [(call.call_id, call.name, json.loads(call.arguments)) for call in calls] == [
        (call.id, call.name, call.arguments) for call in response.tool_calls
    ]
    messages = [item for item in read.output if item.type == "message"]
    refused = [part.refusal for item in messages for part in item.content if part.type == "refusal"]
    assert refused == [part.text for part in response.message.parts if isinstance(part, RefusalPart)]
    assert read.status == ("incomplete" if response.finish_reason == "length" else "completed")
    assert read.usage.input_tokens == response.usage.input_tokens
    assert read.usage.output_tokens == response.usage.output_tokens


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
        answering(reply.body, status=reply.status).responses.create(model="m", input="x")

    assert type(caught.value).__name__ == name


# ---- the Open Responses specification --------------------------------------------------------------------------------
# The ideas of its public compliance cases (openresponses.org, read 2026-11-24), as tests of the fake server by the
# official client: what a server has to say for each kind of request.

USER = {"type": "message", "role": "user"}
CASES: dict[str, dict[str, Any]] = {
    "a text": {"input": [{**USER, "content": "Say hello."}]},
    "system text as an item": {
        "input": [{"type": "message", "role": "system", "content": "Be a pirate."}, {**USER, "content": "Say hello."}]
    },
    "an image": {
        "input": [
            {
                **USER,
                "content": [
                    {"type": "input_text", "text": "What is it?"},
                    {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="},
                ],
            }
        ]
    },
    "several turns": {
        "input": [
            {**USER, "content": "I am Alice."},
            {"type": "message", "role": "assistant", "content": "Hello Alice."},
            {**USER, "content": "Who am I?"},
        ]
    },
}
REQUIRED = (
    *("id", "object", "created_at", "completed_at", "status", "incomplete_details", "model", "previous_response_id"),
    *("instructions", "output", "error", "tools", "tool_choice", "truncation", "parallel_tool_calls", "text", "top_p"),
    *("presence_penalty", "frequency_penalty", "top_logprobs", "temperature", "reasoning", "user", "usage"),
    *("max_output_tokens", "max_tool_calls", "store", "background", "service_tier", "metadata", "safety_identifier"),
    "prompt_cache_key",
)
"""What the specification demands of a response object."""


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_compliance_of_answers(case: str, stream: bool) -> None:
    with FakeServer(fixed("Hello there, matey.")) as server:
        client = OpenAI(api_key="k", base_url=server.base_url("openai-responses"), max_retries=0)
        if stream:
            events = list(client.responses.create(model="m", stream=True, **CASES[case]))
            assert [event.type for event in events[:2]] == ["response.created", "response.in_progress"]
            assert [event.sequence_number for event in events] == list(range(len(events)))
            read = events[-1].response  # type: ignore[union-attr]
        else:
            read = client.responses.create(model="m", **CASES[case])

    assert read.status == "completed"
    assert [item.type for item in read.output] == ["message"]
    assert set(REQUIRED) <= read.model_dump().keys()


def test_compliance_of_streamed_calls() -> None:
    tool = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}, "strict": False}
    with FakeServer(fixed(answer(tool_calls=[("get_weather", {"location": "San Francisco, CA"})]))) as server:
        client = OpenAI(api_key="k", base_url=server.base_url("openai-responses"), max_retries=0)
        events = list(client.responses.create(model="m", input="Weather?", tools=[tool], stream=True))  # type: ignore[call-overload]

    kinds = [event.type for event in events]
    assert kinds.index("response.output_item.added") < kinds.index("response.function_call_arguments.delta")
    assert kinds.index("response.function_call_arguments.done") < kinds.index("response.output_item.done")
    done = next(event.item for event in events if event.type == "response.output_item.done")
    assert (done.type, done.name) == ("function_call", "get_weather")
    assert json.loads(done.arguments) == {"location": "San Francisco, CA"}


# ---- recorded traffic ------------------------------------------------------------------------------------------------

SHARED = Path(os.environ.get("SHARED_DIR", Path(__file__).parents[3] / "shared"))
recorded = pytest.mark.skipif(
    not (SHARED / "bench" / "score_traffic.py").is_file(), reason=f"recorded traffic not found at {SHARED}"
)


@recorded
@pytest.mark.parametrize("protocol", ["openai-responses", "azure-openai"])
def test_recorded_answers_are_read_as_the_sdk_reads_them(protocol: str) -> None:
    sys.path.insert(0, str(SHARED / "bench"))
    try:
        scorer = importlib.import_module("score_traffic")
    finally:
        sys.path.pop(0)
    decode = importlib.import_module("contracts").decode

    groups, detail = scorer.score(decode, str(SHARED / "data" / "traffic"), protocol, None)

    assert (groups[protocol]["crashes"], dict(groups[protocol]["silent"]), detail) == (0, {}, [])
