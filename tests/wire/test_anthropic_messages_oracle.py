"""The vendor's own SDK as the oracle: it sends the same request and reads what we write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings

import strategies
from portable_llm._capabilities import FEATURES
from portable_llm._http import HttpReply
from portable_llm._messages import BlobPart, Message, ReasoningPart, assistant, system, tool_result, user
from portable_llm._messages import ToolCallPart as Call
from portable_llm._request import CacheHint, NamedTool, Output, Reasoning, Request, Sampling, Tool
from portable_llm._response import Response
from portable_llm.wire.anthropic_messages import (
    CAPABILITIES,
    build_request,
    parse_error,
    write_error,
    write_response,
    write_stream,
)
from strategies import ORIGIN
from wire.anthropic_messages_strategies import own_responses

anthropic = pytest.importorskip("anthropic", reason="the vendor's SDK is the oracle here")
pydantic = pytest.importorskip("pydantic", reason="the SDK's types are checked with pydantic")
from anthropic.types import message_create_params  # noqa: E402

FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Peer:
    """The SDK's client, wired to a peer in memory that notes the request and gives one answer."""

    def __init__(self, answer: HttpReply, **options: Any) -> None:
        self.seen: list[httpx2.Request] = []
        self._answer = answer
        http = anthropic.DefaultHttpxClient(transport=httpx2.MockTransport(self._reply))
        self.client = anthropic.Anthropic(api_key="k", max_retries=0, http_client=http, **options)

    def _reply(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        answer = self._answer
        return httpx2.Response(answer.status, headers=dict(answer.headers), content=answer.body)


ANSWER = HttpReply(
    status=200,
    headers={"content-type": "application/json"},
    body=json.dumps(
        {"id": "msg", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": "end_turn"}
        | {"stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
    ).encode(),
)

# ---- requests --------------------------------------------------------------------------------------------------------

SCHEMA = {"type": "object", "properties": {"t": {"type": "number"}}, "required": ["t"], "additionalProperties": False}
WEATHER = Tool(name="weather", description="Current weather", parameters=SCHEMA, strict=True)
HELLO: Request[Any] = Request(model="m", messages=(user("hello"),), max_output_tokens=4096)
HELLO_SDK: dict[str, Any] = {
    "model": "m",
    "max_tokens": 4096,
    "messages": [{"role": "user", "content": "hello"}],
}

SAME: dict[str, tuple[Request[Any], dict[str, Any]]] = {
    "plain": (HELLO, {}),
    "system and turns": (
        replace(HELLO, messages=(system("Be brief."), user("a"), assistant("b"), user("c"))),
        {
            "system": "Be brief.",
            "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b"},
                {"role": "user", "content": "c"},
            ],
        },
    ),
    "image": (
        replace(HELLO, messages=(user("Look", BlobPart(mime_type="image/png", data=b"\x89PNG")),)),
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Look"},
                        {
                            "type": "image",
                            "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="},
                        },
                    ],
                }
            ]
        },
    ),
    "tools and results": (
        replace(
            HELLO,
            tools=(WEATHER,),
            tool_choice=NamedTool("weather"),
            parallel_tool_calls=False,
            messages=(
                user("Weather?"),
                assistant(
                    ReasoningPart(text="", state={"signature": "EqQB"}, origin=ORIGIN),
                    Call(id="toolu_1", name="weather", arguments={"t": 1}),
                ),
                tool_result("toolu_1", "12 C", is_error=True),
                user("Hurry."),
            ),
        ),
        {
            "tools": [{"name": "weather", "description": "Current weather", "strict": True, "input_schema": SCHEMA}],
            "tool_choice": {"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
            "messages": [
                {"role": "user", "content": "Weather?"},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "", "signature": "EqQB"},
                        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"t": 1}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "12 C", "is_error": True},
                        {"type": "text", "text": "Hurry."},
                    ],
                },
            ],
        },
    ),
    "schema, effort, stop, user": (
        replace(
            HELLO,
            output=Output(schema=SCHEMA),
            reasoning=Reasoning(effort="low", summary=True),
            stop=("END",),
            metadata={"user_id": "u"},
        ),
        {
            "thinking": {"type": "adaptive", "display": "summarized"},
            "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
            "stop_sequences": ["END"],
            "metadata": {"user_id": "u"},
        },
    ),
    "budget and cache": (
        replace(
            HELLO,
            reasoning=Reasoning(budget_tokens=2000),
            cache=CacheHint(breakpoints=("/messages/0",), ttl="1h"),
        ),
        {
            "thinking": {"type": "enabled", "budget_tokens": 2000},
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "hello", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
                }
            ],
        },
    ),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", SAME)
def test_the_sdk_sends_the_same_request(name: str, stream: bool) -> None:
    request, arguments = SAME[name]
    call, _ = build_request(request, CAPABILITIES, stream=stream)
    peer = Peer(ANSWER)

    peer.client.messages.create(**{**HELLO_SDK, **arguments}, **({"stream": True} if stream else {}))

    sent = peer.seen[-1]
    assert (sent.method, sent.url.path) == (call.method, call.path)
    assert json.loads(sent.content) == call.json
    assert sent.headers["anthropic-version"] == call.headers["anthropic-version"]


def test_the_sdk_sends_sampling_under_the_older_version() -> None:
    call, _ = build_request(replace(HELLO, sampling=Sampling(temperature=0.5, top_k=3)), CAPABILITIES)
    peer = Peer(ANSWER, default_headers={"anthropic-version": "2023-06-01"})

    peer.client.messages.create(**HELLO_SDK, extra_body={"temperature": 0.5, "top_k": 3})

    assert json.loads(peer.seen[-1].content) == call.json
    assert peer.seen[-1].headers["anthropic-version"] == call.headers["anthropic-version"]


PARAMETERS = pydantic.TypeAdapter(message_create_params.MessageCreateParamsNonStreaming)
CARRIED = frozenset(name for name in FEATURES if CAPABILITIES[name].support == "yes")


@FEW
@given(request=strategies.requests(carries=CARRIED))
def test_the_sdk_s_types_accept_what_we_build(request: Request[Any]) -> None:
    call, _ = build_request(replace(request, max_output_tokens=request.max_output_tokens or 9), CAPABILITIES)
    body = call.json
    assert isinstance(body, dict)
    sampling = {name: body.pop(name) for name in ("temperature", "top_p", "top_k") if name in body}

    _walk(PARAMETERS.validate_python(body))
    assert body.keys() <= message_create_params.MessageCreateParamsNonStreaming.__annotations__.keys()
    assert bool(sampling) == (call.headers["anthropic-version"] == "2023-06-01")


def test_the_sdk_s_types_refuse_what_is_wrong() -> None:
    wrong = {**HELLO_SDK, "messages": [{"role": "user", "content": [{"type": "galaxy"}]}]}

    with pytest.raises(pydantic.ValidationError):
        _walk(PARAMETERS.validate_python(wrong))


def _walk(checked: Any) -> None:
    """Go through all of it: pydantic checks the items of an iterable only when they are taken."""
    if isinstance(checked, Mapping):
        checked = checked.values()
    elif isinstance(checked, (str, bytes)) or not isinstance(checked, Iterable):
        return
    for item in checked:
        _walk(item)


# ---- answers ---------------------------------------------------------------------------------------------------------


@FEW
@given(response=own_responses())
def test_the_sdk_reads_a_written_answer(response: Response[None]) -> None:
    peer = Peer(write_response(response))

    read = peer.client.messages.create(**HELLO_SDK)

    _same_answer(read, response)


@FEW
@given(response=own_responses())
def test_the_sdk_reads_a_written_stream(response: Response[None]) -> None:
    stream = b"".join(write_stream(response))
    peer = Peer(HttpReply(status=200, headers={"content-type": "text/event-stream"}, body=stream))

    with peer.client.messages.stream(**HELLO_SDK) as events:
        read = events.get_final_message()

    _same_answer(read, response)


def _same_answer(read: Any, response: Response[None]) -> None:
    assert (read.id, read.model) == (response.id, response.model)
    assert "".join(block.text for block in read.content if block.type == "text") == response.text
    assert [(block.id, block.name, block.input) for block in read.content if block.type == "tool_use"] == [
        (call.id, call.name, call.arguments) for call in response.tool_calls
    ]
    assert [(block.thinking, block.signature) for block in read.content if block.type == "thinking"] == _signed(
        response.message
    )
    words = {"stop": "end_turn", "tool_call": "tool_use", "length": "max_tokens", "refusal": "refusal"}
    assert read.stop_reason == words[response.finish_reason]
    _same_usage(read.usage, response)


def _signed(message: Message) -> list[tuple[str, Any]]:
    reasoning = [part for part in message.parts if isinstance(part, ReasoningPart)]
    states: list[tuple[str, Mapping[str, Any]]] = [(part.text, part.state or {}) for part in reasoning]
    return [(text, state["signature"]) for text, state in states if "signature" in state]


def _same_usage(read: Any, response: Response[None]) -> None:
    usage = response.usage
    assert read.input_tokens + read.cache_read_input_tokens + read.cache_creation_input_tokens == usage.input_tokens
    assert read.output_tokens == usage.output_tokens
    assert read.cache_read_input_tokens == usage.cache_read_input_tokens


# ---- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("invalid_request", "BadRequestError"),
        ("context_overflow", "BadRequestError"),
        ("auth", "AuthenticationError"),
        ("permission", "PermissionDeniedError"),
        ("not_found", "NotFoundError"),
        ("rate_limit", "RateLimitError"),
        ("server_error", "InternalServerError"),
        ("overloaded", "InternalServerError"),
    ],
)
def test_the_sdk_reads_a_written_error(kind: str, error: str) -> None:
    written = write_error(kind, "something went wrong")
    peer = Peer(written)

    with pytest.raises(getattr(anthropic, error)) as caught:
        peer.client.messages.create(**HELLO_SDK)

    ours = parse_error(written, ORIGIN)
    assert isinstance(ours, Exception)
    assert "something went wrong" in str(caught.value)
    assert caught.value.status_code == written.status
    assert caught.value.request_id == ours.request_id
