"""The vendor's own client as an oracle: it sends what we send, and reads what we write."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from portable_llm._http import HttpReply
from portable_llm._messages import (
    BlobPart,
    Message,
    Origin,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    UriPart,
    system,
    tool_result,
    user,
)
from portable_llm._request import NamedTool, Output, Reasoning, Request, Sampling, Tool
from portable_llm._response import NoOutput, Response, Usage
from portable_llm.wire.gemini import (
    CAPABILITIES,
    build_request,
    read_request,
    write_error,
    write_response,
    write_stream,
)
from wire import gemini_strategies

httpx2 = pytest.importorskip("httpx2")
genai = pytest.importorskip("google.genai")
types = genai.types
errors = pytest.importorskip("google.genai.errors")

MANY = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ORIGIN = Origin(provider="p", host="h", model="m")
SCHEMA = {"type": "object", "properties": {"city_name": {"type": "string"}}, "required": ["city_name"]}


class Line:
    """A transport that answers every request with one reply and keeps what was sent."""

    def __init__(self, reply: HttpReply) -> None:
        self.reply = reply
        self.sent: list[Any] = []

    def __call__(self, request: Any) -> Any:
        self.sent.append(request)
        return httpx2.Response(self.reply.status, headers=dict(self.reply.headers), content=self.reply.body)

    def client(self, **options: Any) -> Any:
        http = types.HttpOptions(
            api_version="v1beta", httpx_client=httpx2.Client(transport=httpx2.MockTransport(self)), **options
        )
        return genai.Client(api_key="the-key", http_options=http)


PLAIN = HttpReply(
    status=200,
    headers={"content-type": "application/json"},
    body=b'{"candidates":[{"content":{"role":"model","parts":[{"text":"hi"}]},"finishReason":"STOP"}]}',
)


def official(call: Callable[[Any], Any]) -> Any:
    """The request that the vendor's client sends."""
    line = Line(PLAIN)
    call(line.client())
    return line.sent[-1]


def normal(value: Any, key: str = "") -> Any:
    """Wire JSON without the freedoms of the vendor's client: snake_case, floats, empty objects, a system role."""
    if isinstance(value, dict):
        inside = key in ("args", "response", "parametersJsonSchema", "responseJsonSchema")
        named = {name if inside else _camel(name): item for name, item in value.items()}
        if key == "systemInstruction":
            named.pop("role", None)
        if named.get("generationConfig") == {}:
            del named["generationConfig"]
        return {name: item if inside else normal(item, name) for name, item in named.items()}
    if isinstance(value, list):
        return [normal(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def ours(request: Request[Any]) -> Any:
    return build_request(request, CAPABILITIES)[0].json


# ---- requests --------------------------------------------------------------------------------------------------------

MODEL = "gemini-3-flash-preview"
HELLO: Request[Any] = Request(model=MODEL, messages=(user("hello"),))


def config(**fields: Any) -> Callable[[Any], Any]:
    def call(client: Any) -> Any:
        off = types.AutomaticFunctionCallingConfig(disable=True)
        given = types.GenerateContentConfig(automatic_function_calling=off, **fields)
        return client.models.generate_content(model=MODEL, contents="hello", config=given)

    return call


DECLARATION = types.Tool(
    function_declarations=[types.FunctionDeclaration(name="weather", description="Now", parameters_json_schema=SCHEMA)]
)
WEATHER = Tool(name="weather", description="Now", parameters=SCHEMA)


def calling(**fields: Any) -> Any:
    return types.ToolConfig(function_calling_config=types.FunctionCallingConfig(**fields))


PAIRS: dict[str, tuple[Callable[[Any], Any], Request[Any]]] = {
    "plain": (config(), HELLO),
    "system": (config(system_instruction="Be brief."), replace(HELLO, messages=(system("Be brief."), user("hello")))),
    "sampling": (
        config(
            temperature=0.5,
            top_p=0.9,
            top_k=5,
            seed=7,
            presence_penalty=0.1,
            frequency_penalty=0.2,
            response_logprobs=True,
            logprobs=3,
        ),
        replace(
            HELLO,
            sampling=Sampling(
                temperature=0.5, top_p=0.9, top_k=5, seed=7, presence_penalty=0.1, frequency_penalty=0.2, logprobs=3
            ),
        ),
    ),
    "limits": (
        config(max_output_tokens=100, stop_sequences=["END"]),
        replace(HELLO, max_output_tokens=100, stop=("END",)),
    ),
    "json": (config(response_mime_type="application/json"), replace(HELLO, output=Output())),
    "schema": (
        config(response_mime_type="application/json", response_json_schema=SCHEMA),
        replace(HELLO, output=Output(schema=SCHEMA)),
    ),
    "effort": (
        config(thinking_config=types.ThinkingConfig(thinking_level="LOW", include_thoughts=True)),
        replace(HELLO, reasoning=Reasoning(effort="low", summary=True)),
    ),
    "budget": (
        config(thinking_config=types.ThinkingConfig(thinking_budget=512)),
        replace(HELLO, reasoning=Reasoning(budget_tokens=512)),
    ),
    "tools": (config(tools=[DECLARATION]), replace(HELLO, tools=(WEATHER,))),
    "auto": (
        config(tools=[DECLARATION], tool_config=calling(mode="AUTO")),
        replace(HELLO, tools=(WEATHER,), tool_choice="auto"),
    ),
    "required": (
        config(tools=[DECLARATION], tool_config=calling(mode="ANY")),
        replace(HELLO, tools=(WEATHER,), tool_choice="required"),
    ),
    "named": (
        config(tools=[DECLARATION], tool_config=calling(mode="ANY", allowed_function_names=["weather"])),
        replace(HELLO, tools=(WEATHER,), tool_choice=NamedTool("weather")),
    ),
    "none": (
        config(tools=[DECLARATION], tool_config=calling(mode="NONE")),
        replace(HELLO, tools=(WEATHER,), tool_choice="none"),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_vendor_s_client_sends_the_same_request(name: str) -> None:
    call, request = PAIRS[name]
    sent = official(call)

    assert normal(json.loads(sent.content)) == normal(ours(request))
    assert sent.url.path == "/v1beta" + build_request(request, CAPABILITIES)[0].path


def conversation(client: Any) -> Any:
    signature = b"\x0a\xb5\x04"
    part = types.Part
    return client.models.generate_content(
        model=MODEL,
        contents=[
            types.Content(
                role="user",
                parts=[
                    part(text="Weather?"),
                    part(inline_data=types.Blob(mime_type="image/png", data=b"\x89PNG")),
                    part(file_data=types.FileData(file_uri="https://e.test/x.pdf", mime_type="application/pdf")),
                ],
            ),
            types.Content(
                role="model",
                parts=[
                    part(text="Look up.", thought=True),
                    part(
                        function_call=types.FunctionCall(id="a1", name="weather", args={"city_name": "Oslo"}),
                        thought_signature=signature,
                    ),
                    part(function_call=types.FunctionCall(id="a2", name="weather", args={"city_name": "Atlantis"})),
                ],
            ),
            types.Content(
                role="user",
                parts=[
                    part(
                        function_response=types.FunctionResponse(id="a1", name="weather", response={"output": "12 C"})
                    ),
                    part(function_response=types.FunctionResponse(id="a2", name="weather", response={"error": "sunk"})),
                ],
            ),
        ],
    )


def test_the_vendor_s_client_sends_the_same_conversation() -> None:
    state = {"thoughtSignature": "CrUE"}
    messages = (
        user(
            "Weather?",
            BlobPart(mime_type="image/png", data=b"\x89PNG"),
            UriPart(uri="https://e.test/x.pdf", mime_type="application/pdf"),
        ),
        Message(
            role="assistant",
            parts=(
                ReasoningPart(text="Look up.", origin=ORIGIN),
                ToolCallPart(id="a1", name="weather", arguments={"city_name": "Oslo"}, state=state, origin=ORIGIN),
                ToolCallPart(id="a2", name="weather", arguments={"city_name": "Atlantis"}),
            ),
        ),
        tool_result("a1", "12 C"),
        tool_result("a2", "sunk", is_error=True),
    )
    sent = json.loads(official(conversation).content)

    assert normal(sent) == normal(ours(replace(HELLO, messages=messages)))
    assert read_request(sent)[0].messages == gemini_strategies.without_origins(
        tuple(_with_raw_arguments(message) for message in messages)
    )


def _with_raw_arguments(message: Message) -> Message:
    def filled(part: Any) -> Any:
        if not isinstance(part, ToolCallPart):
            return part
        return replace(part, raw_arguments=json.dumps(part.arguments, separators=(",", ":")))

    return replace(message, parts=tuple(filled(part) for part in message.parts))


def test_a_stream_is_asked_for_as_the_vendor_s_client_does() -> None:
    line = Line(PLAIN)
    list(line.client().models.generate_content_stream(model=MODEL, contents="hello"))

    call, _ = build_request(HELLO, CAPABILITIES, stream=True)
    assert str(line.sent[-1].url).endswith("/v1beta" + call.path)
    assert line.sent[-1].headers["x-goog-api-key"] == "the-key"


# ---- answers ---------------------------------------------------------------------------------------------------------


def understood(chunks: list[Any]) -> dict[str, Any]:
    """What the vendor's client makes of an answer."""
    candidates = [chunk.candidates[0] for chunk in chunks if chunk.candidates]
    parts = [part for one in candidates for part in (one.content and one.content.parts) or []]
    usage = next((chunk.usage_metadata for chunk in reversed(chunks) if chunk.usage_metadata), None)
    feedback = next((chunk.prompt_feedback for chunk in chunks if chunk.prompt_feedback), None)
    word = next((one.finish_reason for one in reversed(candidates) if one.finish_reason), None)
    return {
        "text": "".join(part.text or "" for part in parts if not part.thought),
        "thoughts": "".join(part.text or "" for part in parts if part.thought),
        "calls": [(p.function_call.id, p.function_call.name, p.function_call.args) for p in parts if p.function_call],
        "signatures": [part.thought_signature for part in parts if part.thought_signature],
        "word": (word or feedback.block_reason).value,
        "input": usage.prompt_token_count,
        "output": (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0),
        "cached": usage.cached_content_token_count,
        "id": chunks[-1].response_id,
        "model": chunks[-1].model_version,
    }


def meant(response: Response[None]) -> dict[str, Any]:
    states = [getattr(part, "state", None) or getattr(part, "raw", {}) for part in response.message.parts]
    return {
        "text": response.text,
        "thoughts": "".join(part.text for part in response.message.parts if isinstance(part, ReasoningPart)),
        "calls": [(call.id, call.name, call.arguments) for call in response.tool_calls],
        "signatures": [_bytes(state["thoughtSignature"]) for state in states if "thoughtSignature" in state],
        "word": response.raw_finish_reason,
        "input": response.usage.input_tokens,
        "output": response.usage.output_tokens,
        "cached": response.usage.cache_read_input_tokens,
        "id": response.id,
        "model": response.model,
    }


def _bytes(signature: Any) -> bytes:
    return base64.b64decode(signature + "=" * (-len(signature) % 4))


@MANY
@given(response=gemini_strategies.answers() | gemini_strategies.blocked_prompts())
def test_the_vendor_s_client_reads_a_written_answer(response: Response[None]) -> None:
    response = _readable(response)
    client = Line(write_response(response)).client()

    assert understood([client.models.generate_content(model=MODEL, contents="x", config=ONE_HOP)]) == meant(response)


@MANY
@given(response=gemini_strategies.answers() | gemini_strategies.blocked_prompts())
def test_the_vendor_s_client_reads_a_written_stream(response: Response[None]) -> None:
    response = _readable(response)
    headers = {"content-type": "text/event-stream"}
    client = Line(HttpReply(status=200, headers=headers, body=b"".join(write_stream(response)))).client()

    chunks = list(client.models.generate_content_stream(model=MODEL, contents="x", config=ONE_HOP))

    assert understood(chunks) == meant(response)


ONE_HOP = types.GenerateContentConfig(automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))


def _readable(response: Response[None]) -> Response[None]:
    """Without what the vendor's client goes on by itself (it would ask for the next hop of a paused answer)."""
    if response.finish_reason != "pause":
        return response
    return replace(
        response,
        message=replace(response.message, parts=response.message.parts[:-1]),
        finish_reason="length",
        raw_finish_reason="MAX_TOKENS",
    )


@pytest.mark.parametrize(
    ("kind", "cls", "code"),
    [
        ("rate_limit", "ClientError", 429),
        ("quota", "ClientError", 429),
        ("auth", "ClientError", 400),
        ("not_found", "ClientError", 404),
        ("overloaded", "ServerError", 503),
        ("server_error", "ServerError", 500),
    ],
)
def test_the_vendor_s_client_raises_a_written_error(kind: str, cls: str, code: int) -> None:
    client = Line(write_error(kind, "what happened")).client()

    with pytest.raises(getattr(errors, cls)) as caught:
        client.models.generate_content(model=MODEL, contents="x")

    assert caught.value.code == code
    assert "what happened" in caught.value.message


def test_text_parts_of_the_oracle_are_ours() -> None:
    """The comparison above is not empty: a signed text and a call are really seen."""
    state = {"thoughtSignature": "CrUE"}
    parts = (
        TextPart(text="a", state=state, origin=ORIGIN),
        ToolCallPart(id="1", name="f", arguments={"x": 1}),
    )
    client = Line(write_response(_answer(parts))).client()

    read = understood([client.models.generate_content(model=MODEL, contents="x", config=ONE_HOP)])

    assert (read["text"], read["calls"], read["signatures"]) == ("a", [("1", "f", {"x": 1})], [b"\x0a\xb5\x04"])


def _answer(parts: tuple[Any, ...]) -> Response[None]:
    return Response(
        message=Message(role="assistant", parts=parts),
        finish_reason="tool_call",
        raw_finish_reason="STOP",
        outcome=NoOutput(),
        refusal=None,
        usage=Usage(input_tokens=1, output_tokens=1),
        model="m",
        id="r",
    )
