"""A conversation through the client: what the model needs again goes along, to its origin and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from portable_llm import Client, Message, Reasoning, Response, Tool, assistant, tool_result, user
from portable_llm._messages import ReasoningPart, TextPart, UnknownPart
from portable_llm.testing import FakeServer, answer

THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "x"}}
WEATHER = Tool(name="weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})


def thinking(response: Response[Any]) -> Response[Any]:
    """The answer with reasoning and a search before it, as the model's own items."""
    before = (ReasoningPart(state=THOUGHT), UnknownPart(raw=SEARCH))
    return replace(response, message=Message(role="assistant", parts=(*before, *response.message.parts)))


@pytest.fixture
def talk() -> Iterator[tuple[Client, FakeServer, str]]:
    replies = iter(
        [thinking(answer(tool_calls=[("weather", {"city": "Oslo"})])), answer("12 C"), answer("And 13 in Rome")]
    )
    with FakeServer(lambda asked, received: next(replies)) as server, Client(api_keys={"openai": "k"}) as client:
        yield client, server, f"openai-responses:gpt-5.4@{server.base_url('openai-responses')}"


def sent(server: FakeServer, number: int) -> Any:
    return server.requests[number].json


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_tool_round_carries_what_came_before_the_call(talk: tuple[Client, FakeServer, str], stream: bool) -> None:
    client, server, model = talk
    turns = [user("Weather?")]
    if stream:
        with client.stream(model, turns, tools=[WEATHER]) as events:
            first = events.finish()
    else:
        first = client.chat(model, turns, tools=[WEATHER])
    turns += [first.message, tool_result(first.tool_calls[0].id, "12 C")]
    second = client.chat(model, turns, tools=[WEATHER])

    assert second.text == "12 C"
    assert sent(server, 1)["input"][1:3] == [THOUGHT, SEARCH]
    assert [item["type"] for item in sent(server, 1)["input"]] == [
        "message",
        "reasoning",
        "web_search_call",
        "function_call",
        "function_call_output",
    ]


def test_another_model_of_the_same_vendor_gets_the_search_and_not_the_reasoning(
    talk: tuple[Client, FakeServer, str],
) -> None:
    client, server, model = talk
    first = client.chat(model, "Weather?", tools=[WEATHER])
    turns = [user("Weather?"), first.message, tool_result(first.tool_calls[0].id, "12 C")]
    client.chat(model.replace("gpt-5.4", "gpt-5.2"), turns, tools=[WEATHER])

    assert [item["type"] for item in sent(server, 1)["input"]] == [
        "message",
        "web_search_call",
        "function_call",
        "function_call_output",
    ]


def test_nothing_of_it_reaches_another_protocol_of_the_same_host(talk: tuple[Client, FakeServer, str]) -> None:
    client, server, model = talk
    first = client.chat(model, "Weather?", tools=[WEATHER])
    turns = [user("Weather?"), first.message, tool_result(first.tool_calls[0].id, "12 C")]
    chat = client.chat(f"openai:gpt-5.4@{server.base_url('openai')}", turns, tools=[WEATHER], on_loss="never")

    assert "gAAA" not in str(sent(server, 1))
    assert "ws_1" not in str(sent(server, 1))
    assert {entry.subject for entry in chat.adaptations if entry.action == "dropped"} == {
        "/messages/1/parts/0/state",
        "/messages/1/parts/1",
    }


def test_reasoning_of_another_vendor_never_becomes_text(talk: tuple[Client, FakeServer, str]) -> None:
    client, server, model = talk
    foreign = ReasoningPart(text="secret thought", state={"signature": "s"}, origin=None)
    turns = [user("Hi"), Message(role="assistant", parts=(foreign, TextPart(text="Hello"))), user("Weather?")]
    client.chat(model, turns, tools=[WEATHER], reasoning=Reasoning(effort="low"))

    assert "secret" not in str(sent(server, 0))
    assert sent(server, 0)["include"] == ["reasoning.encrypted_content"]


def test_a_last_assistant_turn_is_not_continued_and_the_plan_says_so() -> None:
    with Client() as client:
        plan = client.plan("openai-responses:gpt-5.4", [user("Say a"), assistant("a")])

    assert any(entry.subject == "/messages/1" and entry.action == "weakened" for entry in plan.adaptations)
