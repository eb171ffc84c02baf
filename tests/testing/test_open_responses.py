"""The fake server and this client against what the public compliance cases of Open Responses ask of a server.

The cases are those that the specification's own repository lists (openresponses/openresponses, read 2026-11-24), told
in our own words: same kind of request, same demands on the answer. Results stand in
`docs/reference/wire/openai-responses.md`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from openai.types.responses import Response as SdkResponse
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from portable_llm import BlobPart, Client, NamedTool, TextPart, Tool, assistant, system, tool_result, user
from portable_llm._messages import Message
from portable_llm.testing import FakeServer, answer, scripted
from support.loopback import connect

DEMANDED = frozenset(
    [
        "background",
        "completed_at",
        "created_at",
        "error",
        "frequency_penalty",
        "id",
        "incomplete_details",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "model",
        "object",
        "output",
        "parallel_tool_calls",
        "presence_penalty",
        "previous_response_id",
        "prompt_cache_key",
        "reasoning",
        "safety_identifier",
        "service_tier",
        "status",
        "store",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "usage",
    ]
)
"""Members that an answer has to have, be they null."""

PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(32)).decode()
LEAFLET = base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode()
TIDES = {
    "type": "function",
    "name": "tides",
    "description": "High and low water at a harbour",
    "parameters": {"type": "object", "properties": {"harbour": {"type": "string"}}, "required": ["harbour"]},
}
CALLS = answer(tool_calls=[("tides", {"harbour": "Husum"})])
SPEAKS = answer("High water is at noon.")


def said(role: str, content: Any) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": content}


CASES: Mapping[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "basic-response": ([said("user", "Name a harbour.")], {}),
    "system-prompt": ([said("system", "Answer in one word."), said("user", "Name a harbour.")], {}),
    "multi-turn": (
        [said("user", "My boat is called Möwe."), said("assistant", "A fine name."), said("user", "Called what?")],
        {},
    ),
    "image-input": (
        [
            said(
                "user",
                [
                    {"type": "input_text", "text": "What is on it?"},
                    {"type": "input_image", "image_url": f"data:image/png;base64,{PICTURE}"},
                ],
            )
        ],
        {},
    ),
    "file-input": (
        [
            said(
                "user",
                [
                    {"type": "input_text", "text": "What is it called?"},
                    {
                        "type": "input_file",
                        "filename": "leaflet.pdf",
                        "file_data": f"data:application/pdf;base64,{LEAFLET}",
                    },
                ],
            )
        ],
        {},
    ),
}
"""Name of the case → input, and further members."""


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as running:
        yield running


def post(server: FakeServer, body: Mapping[str, Any]) -> tuple[int, bytes]:
    connection = connect(server)
    try:
        path = server.base_url("openai-responses").partition("://")[2].partition("/")[2]
        headers = {"content-type": "application/json", "authorization": "Bearer key"}
        connection.request("POST", f"/{path}/responses", json.dumps({"model": "tiny", **body}), headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def whole(server: FakeServer, given: Any, **more: Any) -> dict[str, Any]:
    """An answer that has everything that is demanded of one, and that the official SDK's type takes."""
    status, body = post(server, {"input": given, "stream": False, **more})
    assert status == 200, body
    found = json.loads(body)
    assert found.keys() >= DEMANDED
    SdkResponse.model_validate(found, strict=True)
    return found


def streamed(server: FakeServer, given: Any, **more: Any) -> list[dict[str, Any]]:
    """The events of a stream, each of which the official SDK's types take."""
    status, body = post(server, {"input": given, "stream": True, **more})
    assert status == 200, body
    lines = [line[5:].strip() for line in body.decode().splitlines() if line.startswith("data:")]
    events: list[dict[str, Any]] = [json.loads(line) for line in lines if line != "[DONE]"]
    adapter: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    for event in events:
        adapter.validate_python(event)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


# ---- the server ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_answered_as_the_specification_demands(server: FakeServer, case: str) -> None:
    given, more = CASES[case]

    found = whole(server, given, **more)

    assert found["status"] == "completed"
    assert found["output"]


def test_streaming_response(server: FakeServer) -> None:
    events = streamed(server, [said("user", "Count to five.")])

    last = events[-1]
    assert last["type"] == "response.completed"
    assert last["response"].keys() >= DEMANDED
    assert last["response"]["status"] == "completed"


def test_tool_calling() -> None:
    with FakeServer(scripted([CALLS])) as server:
        found = whole(server, [said("user", "When is high water at Husum?")], tools=[TIDES])

    assert "function_call" in [item["type"] for item in found["output"]]


def test_tool_calling_streamed() -> None:
    with FakeServer(scripted([CALLS])) as server:
        events = streamed(server, [said("user", "When is high water at Husum?")], tools=[TIDES])

    kinds = [(event["type"], event.get("item", {}).get("type")) for event in events]
    assert ("response.output_item.added", "function_call") in kinds
    assert ("response.function_call_arguments.delta", None) in kinds
    assert ("response.function_call_arguments.done", None) in kinds
    assert ("response.output_item.done", "function_call") in kinds


def test_function_call_round_trip() -> None:
    asked = "When is high water at Husum?"
    with FakeServer(scripted([CALLS, SPEAKS])) as server:
        first = whole(server, asked, tools=[TIDES], tool_choice={"type": "function", "name": "tides"})
        (call,) = first["output"]
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "noon"}
        second = whole(server, [said("user", asked), call, result], tools=[TIDES])

    assert second["status"] == "completed"
    assert second["output"][0]["type"] == "message"


def test_an_answer_may_be_followed_by_its_id_though_the_server_remembers_nothing(server: FakeServer) -> None:
    first = whole(server, "The word is harbour.")
    second = whole(server, "Which word?", previous_response_id=first["id"])

    assert second["status"] == "completed"
    assert second["output"][0]["content"][0]["text"] == "Which word?"


# ---- the client ------------------------------------------------------------------------------------------------------

TALKS: Mapping[str, tuple[list[Message], dict[str, Any]]] = {
    "basic-response": ([user("Name a harbour.")], {}),
    "system-prompt": ([system("Answer in one word."), user("Name a harbour.")], {}),
    "multi-turn": ([user("My boat is called Möwe."), assistant("A fine name."), user("Called what?")], {}),
    "image-input": (
        [user(TextPart(text="What is on it?"), BlobPart(mime_type="image/png", data=base64.b64decode(PICTURE)))],
        {},
    ),
    "file-input": (
        [user(TextPart(text="Its name?"), BlobPart(mime_type="application/pdf", data=base64.b64decode(LEAFLET)))],
        {},
    ),
}


def speaking_to(server: FakeServer) -> tuple[Client, str]:
    return Client(), f"compatible-responses:tiny@{server.base_url('openai-responses')}"


@pytest.mark.parametrize("case", TALKS)
def test_the_client_says_what_a_case_says_and_loses_nothing(server: FakeServer, case: str) -> None:
    messages, more = TALKS[case]
    client, model = speaking_to(server)
    with client:
        response = client.chat(model, messages, on_loss="lost", **more)

    assert response.finish_reason == "stop"
    given = server.requests[-1].json["input"]
    assert [item["role"] for item in given] == [item["role"] for item in CASES[case][0]]


def test_the_client_goes_the_round_of_a_call() -> None:
    tool = Tool(name="tides", description=TIDES["description"], parameters=TIDES["parameters"])
    with FakeServer(scripted([CALLS, SPEAKS])) as server:
        client, model = speaking_to(server)
        with client:
            asked = user("When is high water at Husum?")
            first = client.chat(model, [asked], tools=[tool], tool_choice=NamedTool("tides"))
            result = tool_result(first.tool_calls[0].id, "noon")
            second = client.chat(model, [asked, first.message, result], tools=[tool])

    assert [call.arguments for call in first.tool_calls] == [{"harbour": "Husum"}]
    assert second.text == "High water is at noon."


def test_the_client_reads_the_stream(server: FakeServer) -> None:
    client, model = speaking_to(server)
    with client, client.stream(model, [user("Count to five.")]) as stream:
        text = "".join(stream.texts())

    assert text == "Count to five."
    assert stream.response.finish_reason == "stop"
