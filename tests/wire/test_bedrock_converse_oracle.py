"""boto3 as the oracle: for the same intent it sends what we send, and it reads what we write.

It is pointed at the fake server, so what it signs, sends and decodes goes over a real line. Differences of the bodies
are none; boto3 sends them with blanks between, which JSON does not care about.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strategies
from portable_llm import (
    BlobPart,
    CacheHint,
    Client,
    NamedTool,
    Origin,
    Output,
    Reasoning,
    ReasoningPart,
    Request,
    Tool,
    ToolCallPart,
    ToolResultPart,
    UriPart,
    assistant,
    request,
    system,
    tool_result,
    user,
)
from portable_llm._capabilities import FEATURES
from portable_llm._messages import Message, TextPart
from portable_llm._plan import make_plan
from portable_llm.providers._target import load_settings
from portable_llm.testing import Decline, FakeServer, Received, Reply, Status, StreamError, answer
from portable_llm.wire import wire_format

boto3: Any = pytest.importorskip("boto3")

PNG = b"\x89PNG\r\n\x1a\n"
PDF = b"%PDF-1.7\n"
NOVA = "us.amazon.nova-lite-v1:0"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
ARN = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2c3d4"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL = Tool(name="get_weather", description="Current weather", parameters=SCHEMA)
TOOL_SPEC = {"toolSpec": {"name": "get_weather", "description": "Current weather", "inputSchema": {"json": SCHEMA}}}
GUARDED = Decline(signal="stopReason=guardrail_intervened", text="I cannot say.")
POINT = {"cachePoint": {"type": "default"}}


def respond(asked: Request[Any], received: Received) -> Any:
    """Calls where there are tools, an error where one is asked for, else a text."""
    if "fail" in asked.messages[-1].text:
        return Reply(response=answer(), faults=(Status(429),))
    if asked.tools:
        return answer("Both.", tool_calls=[("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Rome"})])
    return answer("hello from a fake", reasoning="Well.")


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    with FakeServer(respond) as running:
        yield running
        assert running.errors == ()


@pytest.fixture
def boto(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with client(server, monkeypatch) as opened:
        yield opened


@contextmanager
def client(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("AWS_BEARER_TOKEN_BEDROCK", raising=False)  # it would win over the keys
    from botocore.config import Config

    opened = boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=server.base_url("bedrock"),
        aws_access_key_id="AKID",
        aws_secret_access_key="SECRET",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield opened
    opened.close()


def said(text: str = "hi") -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"text": text}]}]


def origin(model: str, server: FakeServer) -> Origin:
    return Origin(provider="bedrock", host=server.url.removeprefix("http://"), model=model)


def thinking_turn(server: FakeServer) -> tuple[Message, ...]:
    here = origin(CLAUDE, server)
    call = ToolCallPart(id="tooluse_1", name="get_weather", arguments={"city": "Oslo"})
    return (
        user("hi"),
        assistant(
            ReasoningPart(text="Look it up.", state={"signature": "EqQB"}, origin=here),
            ReasoningPart(state={"redactedContent": "c2VjcmV0"}, origin=here),
            call,
        ),
        tool_result("tooluse_1", "broken", is_error=True),
    )


def image_result() -> tuple[Message, ...]:
    call = ToolCallPart(id="tooluse_1", name="get_weather", arguments={})
    result = ToolResultPart(
        call_id="tooluse_1", parts=(TextPart(text="see"), BlobPart(mime_type="image/png", data=PNG))
    )
    return (user("hi"), assistant("Let me see.", call), Message(role="tool", parts=(result,)), user("And?"))


SAME_INTENT: dict[str, tuple[Any, dict[str, Any]]] = {
    "text": (request(f"bedrock:{NOVA}", "hi"), {"modelId": NOVA, "messages": said()}),
    "an ARN as the model": (request(f"bedrock:{ARN}", "hi"), {"modelId": ARN, "messages": said()}),
    "system and limits": (
        request(
            f"bedrock:{NOVA}",
            [system("Be brief."), user("hi")],
            temperature=0.5,
            top_p=0.9,
            max_output_tokens=99,
            stop=["END"],
        ),
        {
            "modelId": NOVA,
            "system": [{"text": "Be brief."}],
            "messages": said(),
            "inferenceConfig": {"temperature": 0.5, "topP": 0.9, "maxTokens": 99, "stopSequences": ["END"]},
        },
    ),
    "images, a document, an object of S3": (
        request(
            f"bedrock:{NOVA}",
            user(
                "Compare.",
                BlobPart(mime_type="image/png", data=PNG),
                BlobPart(mime_type="application/pdf", data=PDF),
                BlobPart(mime_type="text/plain", data=b"plain"),
                UriPart(uri="s3://bucket/photo.jpg", mime_type="image/jpeg"),
            ),
        ),
        {
            "modelId": NOVA,
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"text": "Compare."},
                        {"image": {"format": "png", "source": {"bytes": PNG}}},
                        {"document": {"format": "pdf", "name": "document-1", "source": {"bytes": PDF}}},
                        {"document": {"format": "txt", "name": "document-2", "source": {"bytes": b"plain"}}},
                        {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/photo.jpg"}}}},
                    ],
                }
            ],
        },
    ),
    "tools, any": (
        request(f"bedrock:{NOVA}", "hi", tools=[TOOL], tool_choice="required"),
        {
            "modelId": NOVA,
            "messages": said(),
            "toolConfig": {"tools": [TOOL_SPEC], "toolChoice": {"any": {}}},
        },
    ),
    "tools, a certain one": (
        request(f"bedrock:{CLAUDE}", "hi", tools=[TOOL], tool_choice=NamedTool("get_weather"), top_k=20),
        {
            "modelId": CLAUDE,
            "messages": said(),
            "toolConfig": {"tools": [TOOL_SPEC], "toolChoice": {"tool": {"name": "get_weather"}}},
            "additionalModelRequestFields": {"top_k": 20},
        },
    ),
    "reasoning, a call, a failed result": (
        lambda server: request(
            f"bedrock:{CLAUDE}",
            thinking_turn(server),
            tools=[TOOL],
            reasoning=Reasoning(budget_tokens=2048),
            max_output_tokens=4096,
        ),
        {
            "modelId": CLAUDE,
            "messages": [
                *said(),
                {
                    "role": "assistant",
                    "content": [
                        {"reasoningContent": {"reasoningText": {"text": "Look it up.", "signature": "EqQB"}}},
                        {"reasoningContent": {"redactedContent": b"secret"}},
                        {"toolUse": {"toolUseId": "tooluse_1", "name": "get_weather", "input": {"city": "Oslo"}}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"toolResult": {"toolUseId": "tooluse_1", "content": [{"text": "broken"}], "status": "error"}}
                    ],
                },
            ],
            "inferenceConfig": {"maxTokens": 4096},
            "toolConfig": {"tools": [TOOL_SPEC]},
            "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 2048}},
        },
    ),
    "an image as a result, in one turn with what follows": (
        request(f"bedrock:{NOVA}", image_result(), tools=[TOOL]),
        {
            "modelId": NOVA,
            "messages": [
                *said(),
                {
                    "role": "assistant",
                    "content": [
                        {"text": "Let me see."},
                        {"toolUse": {"toolUseId": "tooluse_1", "name": "get_weather", "input": {}}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "toolResult": {
                                "toolUseId": "tooluse_1",
                                "content": [
                                    {"text": "see"},
                                    {"image": {"format": "png", "source": {"bytes": PNG}}},
                                ],
                            }
                        },
                        {"text": "And?"},
                    ],
                },
            ],
            "toolConfig": {"tools": [TOOL_SPEC]},
        },
    ),
    "cache points": (
        request(
            f"bedrock:{CLAUDE}",
            [system("Long."), user("hi")],
            tools=[TOOL],
            cache=CacheHint(breakpoints=("/tools", "/messages/0", "/messages/1")),
        ),
        {
            "modelId": CLAUDE,
            "system": [{"text": "Long."}, POINT],
            "messages": [{"role": "user", "content": [{"text": "hi"}, POINT]}],
            "toolConfig": {"tools": [TOOL_SPEC, POINT]},
        },
    ),
    "a wanted value": (
        request(f"bedrock:{CLAUDE}", "hi", output=Output(schema=SCHEMA, name="place")),
        {
            "modelId": CLAUDE,
            "messages": said(),
            "outputConfig": {
                "textFormat": {
                    "type": "json_schema",
                    "structure": {
                        "jsonSchema": {
                            "schema": '{"type":"object","properties":{"city":{"type":"string"}},'
                            '"required":["city"],"additionalProperties":false}',
                            "name": "place",
                        }
                    },
                }
            },
        },
    ),
    "what only this host has": (
        request(
            f"bedrock:{NOVA}",
            "hi",
            metadata={"team": "a"},
            extra={
                "guardrailConfig": {"guardrailIdentifier": "g1", "guardrailVersion": "1", "trace": "enabled"},
                "performanceConfig": {"latency": "optimized"},
                "serviceTier": {"type": "flex"},
                "additionalModelResponseFieldPaths": ["/stop_sequence"],
                "additionalModelRequestFields": {"inferenceConfig": {"topK": 20}},
            },
        ),
        {
            "modelId": NOVA,
            "messages": said(),
            "requestMetadata": {"team": "a"},
            "guardrailConfig": {"guardrailIdentifier": "g1", "guardrailVersion": "1", "trace": "enabled"},
            "performanceConfig": {"latency": "optimized"},
            "serviceTier": {"type": "flex"},
            "additionalModelResponseFieldPaths": ["/stop_sequence"],
            "additionalModelRequestFields": {"inferenceConfig": {"topK": 20}},
        },
    ),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("intent", SAME_INTENT)
def test_boto3_sends_the_same(intent: str, stream: bool, server: FakeServer, boto: Any) -> None:
    asked, arguments = SAME_INTENT[intent]
    asked = asked(server) if callable(asked) else asked
    settings = load_settings(base_urls={"bedrock": server.base_url("bedrock")}, environ={})
    call = make_plan(asked, settings.resolve(asked.model), stream=stream).call

    if stream:
        list(boto.converse_stream(**arguments)["stream"])
    else:
        boto.converse(**arguments)
    theirs = server.requests[-1]

    assert call.json == theirs.json
    assert call.path == theirs.path


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_boto3_reads_a_whole_answer(boto: Any) -> None:
    reply = boto.converse(modelId=NOVA, messages=said())

    thought, text = reply["output"]["message"]["content"]
    assert thought["reasoningContent"]["reasoningText"]["text"] == "Well."
    assert text == {"text": "hello from a fake"}
    assert reply["stopReason"] == "end_turn"
    assert reply["usage"]["totalTokens"] == reply["usage"]["inputTokens"] + reply["usage"]["outputTokens"]


def test_boto3_reads_a_stream(boto: Any) -> None:
    events = list(boto.converse_stream(modelId=NOVA, messages=said(), toolConfig={"tools": [TOOL_SPEC]})["stream"])

    deltas = [event["contentBlockDelta"] for event in events if "contentBlockDelta" in event]
    starts = [event["contentBlockStart"] for event in events if "contentBlockStart" in event]
    assert "".join(delta["delta"].get("text", "") for delta in deltas) == "Both."
    assert [start["start"]["toolUse"]["name"] for start in starts] == ["get_weather", "get_weather"]
    written = dict.fromkeys((1, 2), "")
    for delta in deltas:
        if "toolUse" in delta["delta"]:
            written[delta["contentBlockIndex"]] += delta["delta"]["toolUse"]["input"]
    assert written == {1: '{"city":"Oslo"}', 2: '{"city":"Rome"}'}
    assert [event["messageStop"]["stopReason"] for event in events if "messageStop" in event] == ["tool_use"]
    assert "usage" in events[-1]["metadata"]


def test_boto3_raises_its_own_errors(boto: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(boto.exceptions.ThrottlingException, match="injected by the fake server"):
        boto.converse(modelId=NOVA, messages=said("fail"))
    from botocore.exceptions import EventStreamError

    with FakeServer(faults=[StreamError("overloaded")]) as broken, client(broken, monkeypatch) as other:
        events = other.converse_stream(modelId=NOVA, messages=said())["stream"]

        with closing(events), pytest.raises(EventStreamError, match="serviceUnavailableException"):
            list(events)


def test_boto3_reads_what_a_guardrail_did(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeServer(faults=[GUARDED]) as guarded, client(guarded, monkeypatch) as boto:
        whole = boto.converse(modelId=NOVA, messages=said())
        events = list(boto.converse_stream(modelId=NOVA, messages=said())["stream"])

    assert whole["stopReason"] == "guardrail_intervened"
    assert events[-1]["metadata"]["trace"] == whole["trace"]


def test_both_read_the_same_answer(server: FakeServer, boto: Any) -> None:
    with Client(base_urls={"bedrock": server.base_url("bedrock")}, api_keys={"bedrock": "k"}) as ours:
        response = ours.chat(f"bedrock:{NOVA}", "hi", tools=[TOOL])
    theirs = boto.converse(modelId=NOVA, messages=said(), toolConfig={"tools": [TOOL_SPEC]})

    calls = [block["toolUse"] for block in theirs["output"]["message"]["content"] if "toolUse" in block]
    assert [(call.id, call.name, call.arguments) for call in response.tool_calls] == [
        (call["toolUseId"], call["name"], call["input"]) for call in calls
    ]
    assert response.raw_finish_reason == theirs["stopReason"]
    assert response.usage.output_tokens == theirs["usage"]["outputTokens"]
    assert response.request_id is not None


# ---- the service model -----------------------------------------------------------------------------------------------


def with_bytes(value: Any) -> Any:
    """The body as boto3 takes it: what is base64 on the wire as bytes."""
    if isinstance(value, dict):
        binary = ("bytes", "redactedContent")
        return {
            name: base64.b64decode(item) if name in binary and isinstance(item, str) else with_bytes(item)
            for name, item in value.items()
        }
    return [with_bytes(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_vendor_s_service_model_takes_every_request(data: st.DataObject) -> None:
    from botocore.session import get_session
    from botocore.validate import ParamValidator

    wire = wire_format("bedrock-converse")
    uris = ("parts/image_uri", "parts/document_uri")
    carries = {name for name in FEATURES if wire.CAPABILITIES[name].support == "yes" and name not in uris}
    asked = data.draw(strategies.requests(carries=carries))
    call, _ = wire.build_request(asked, wire.CAPABILITIES)
    shape = get_session().get_service_model("bedrock-runtime").operation_model("Converse").input_shape

    report = ParamValidator().validate({"modelId": asked.model, **with_bytes(call.json)}, shape)

    assert not report.has_errors(), report.generate_report()
