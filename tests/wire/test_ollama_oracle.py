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
import ollama
import pytest
from hypothesis import HealthCheck, given, settings

import strategies
from portable_llm._messages import BlobPart, ReasoningPart, assistant, system, tool_result, user
from portable_llm._request import Output, Reasoning, Request, Sampling, Tool
from portable_llm._response import Response
from portable_llm.testing import FakeServer, answer, fixed
from portable_llm.wire.ollama import CAPABILITIES, build_request, write_error, write_response, write_stream

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CANNOT = ("refusal", "id", "cache_creation", "cache_read", "reasoning_tokens")


def sdk(reply: Callable[[httpx.Request], httpx.Response]) -> ollama.Client:
    return ollama.Client(host="http://localhost:11434", transport=httpx.MockTransport(reply))


def answering(body: bytes, status: int = 200) -> ollama.Client:
    return sdk(lambda _: httpx.Response(status, content=body))


def captured(**arguments: Any) -> tuple[str, str, Any]:
    """Method, path below the base URL, and body of what the SDK sends for these arguments."""
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"model": "m", "message": {"role": "assistant", "content": "hi"}, "done": True})

    sdk(reply).chat(**arguments)
    return seen[0].method, seen[0].url.path, json.loads(seen[0].content)


WEATHER: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CALL = strategies.ToolCallPart(id="call_1", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city":"Oslo"}')

REQUEST: Request[Any] = Request(
    model="qwen3:4b",
    messages=(
        system("Be brief."),
        user("Weather?", BlobPart(mime_type="image/png", data=strategies.PNG)),
        assistant(ReasoningPart(text="Look it up."), CALL),
        tool_result("call_1", "12 C"),
    ),
    tools=(Tool(name="weather", description="Current weather", parameters=WEATHER),),
    output=Output(schema=WEATHER),
    sampling=Sampling(
        temperature=0.5, top_p=0.9, top_k=40, seed=7, presence_penalty=0.1, frequency_penalty=0.2, logprobs=2
    ),
    reasoning=Reasoning(effort="high"),
    max_output_tokens=256,
    stop=("END",),
    extra={"keep_alive": "5m", "options": {"num_ctx": 16384, "min_p": 0.1}},
)
ARGUMENTS: dict[str, Any] = {
    "model": "qwen3:4b",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather?", "images": ["iVBORw0KGgo="]},
        {
            "role": "assistant",
            "content": "",
            "thinking": "Look it up.",
            "tool_calls": [{"id": "call_1", "function": {"name": "weather", "arguments": {"city": "Oslo"}}}],
        },
        {"role": "tool", "tool_name": "weather", "tool_call_id": "call_1", "content": "12 C"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {"name": "weather", "description": "Current weather", "parameters": WEATHER},
        }
    ],
    "format": WEATHER,
    "options": {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "seed": 7,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "num_predict": 256,
        "stop": ["END"],
        "num_ctx": 16384,
        "min_p": 0.1,
    },
    "logprobs": True,
    "top_logprobs": 2,
    "think": "high",
    "keep_alive": "5m",
}


def as_the_sdk_sends(body: dict[str, Any]) -> dict[str, Any]:
    """What we build, as the SDK's types leave it.

    They know no ids of calls and results and no empty text, of a tool's parameters only type, items, enum and
    description, and of the options only those with a field of their own; and they send `tools: []` where there are
    none. The server takes all that we send.
    """
    sent = json.loads(json.dumps(body))
    for message in sent["messages"]:
        message.setdefault("content", "")
        message.pop("tool_call_id", None)
        if message["content"] == "":
            del message["content"]
        for call in message.get("tool_calls", ()):
            call.pop("id", None)
    for tool in sent.setdefault("tools", []):
        parameters = tool["function"]["parameters"]
        parameters.pop("additionalProperties", None)
    sent.get("options", {}).pop("min_p", None)
    return sent


def test_the_sdk_sends_what_we_build() -> None:
    call, _ = build_request(REQUEST, CAPABILITIES)
    method, path, body = captured(**ARGUMENTS)

    assert (call.method, call.path) == (method, path)
    assert call.json == {**ARGUMENTS, "stream": False}
    assert isinstance(call.json, dict)
    assert as_the_sdk_sends(call.json) == as_the_sdk_sends(body)


@FEW
@given(
    request=strategies.requests(carries=[name for name, fact in CAPABILITIES.facts.items() if fact.support == "yes"])
)
def test_the_sdk_takes_every_field_we_build_and_sends_it_on_unchanged(request: Request[Any]) -> None:
    call, _ = build_request(request, CAPABILITIES)
    assert isinstance(call.json, dict)

    assert as_the_sdk_sends(captured(**call.json)[2]) == as_the_sdk_sends(call.json)


def said(message: ollama.Message) -> tuple[str, str]:
    return message.content or "", message.thinking or ""


def calls_of(*messages: ollama.Message) -> list[tuple[str, Any]]:
    return [
        (call.function.name, dict(call.function.arguments)) for message in messages for call in message.tool_calls or ()
    ]


def reasoning_of(response: Response[Any]) -> str:
    return "".join(part.text for part in response.message.parts if isinstance(part, ReasoningPart))


@FEW
@given(response=strategies.responses(cannot=CANNOT))
def test_the_sdk_reads_our_answers(response: Response[None]) -> None:
    body = write_response(response).body

    ollama.ChatResponse.model_validate_json(body)
    read = answering(body).chat(model="m", messages=[])

    assert said(read.message) == (response.text, reasoning_of(response))
    assert calls_of(read.message) == [(call.name, call.arguments) for call in response.tool_calls]
    assert (read.prompt_eval_count, read.eval_count) == (response.usage.input_tokens, response.usage.output_tokens)
    assert read.done_reason == ("length" if response.finish_reason == "length" else "stop")


@FEW
@given(response=strategies.responses(cannot=CANNOT))
def test_the_sdk_reads_our_streams(response: Response[None]) -> None:
    lines = list(answering(b"".join(write_stream(response))).chat(model="m", messages=[], stream=True))

    texts = [said(line.message) for line in lines]
    assert "".join(text for text, _ in texts) == response.text
    assert "".join(thinking for _, thinking in texts) == reasoning_of(response)
    assert calls_of(*(line.message for line in lines)) == [(call.name, call.arguments) for call in response.tool_calls]
    assert lines[-1].done
    assert lines[-1].eval_count == response.usage.output_tokens


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_sdk_talks_to_the_fake_server(stream: bool) -> None:
    response = answer("12 C", reasoning="Look up.", tool_calls=[("weather", {"city": "Oslo"})])
    key = {"Authorization": "Bearer k"}
    with (
        FakeServer(fixed(response), api_key="k") as server,
        ollama.Client(host=server.base_url("ollama-chat"), headers=key) as client,
    ):
        got = client.chat(model="tiny", messages=[{"role": "user", "content": "Weather?"}], stream=stream)
        messages = [one.message for one in (got if stream else [got])]

    assert "".join(said(message)[0] for message in messages) == "12 C"
    assert "".join(said(message)[1] for message in messages) == "Look up."
    assert calls_of(*messages) == [("weather", {"city": "Oslo"})]


def test_a_request_that_does_not_say_is_streamed_by_the_fake_server_as_by_the_real_one() -> None:
    with FakeServer() as server:
        reply = httpx.post(
            server.base_url("ollama-chat") + "/api/chat",
            json={"model": "m", "messages": [{"role": "user", "content": "hi"}]},
        )

    assert reply.headers["content-type"] == "application/x-ndjson"
    assert json.loads(reply.text.splitlines()[-1])["done"] is True


@pytest.mark.parametrize("kind", ["rate_limit", "auth", "not_found", "invalid_request", "server_error"])
def test_the_sdk_raises_its_own_class_for_our_errors(kind: str) -> None:
    reply = write_error(kind, "something went wrong")

    with pytest.raises(ollama.ResponseError, match="something went wrong") as caught:
        answering(reply.body, reply.status).chat(model="m", messages=[])

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
    groups, detail = scorer.score(decode, str(SHARED / "data" / "traffic"), "ollama")

    assert (groups["ollama"]["crashes"], dict(groups["ollama"]["silent"]), detail) == (0, {}, [])
