"""Calls of a plain answer: what the provider does not hold of a tool's schema is held by the client, and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portable_llm import Client, InvalidToolArgumentsError, Message, Response, Tool, ToolCallPart, tool_result
from portable_llm.testing import FakeServer, Received, Reply, answer

BOOKING: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 2},
        "limits": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
    "required": ["city"],
    "additionalProperties": False,
}
BOOK = Tool(name="book", parameters=BOOKING, strict=True)
PLAIN = Tool(name="book", parameters=BOOKING)


def calling(raw: str, *, name: str = "book") -> Callable[[Any, Received], Reply]:
    """A model that writes these arguments, to the letter."""

    def model(request: Any, received: Received) -> Reply:
        part = ToolCallPart(id="call_1", name=name, arguments=None, raw_arguments=raw)
        said = answer(tool_calls=[(name, {})])
        kept = (*(one for one in said.message.parts if not isinstance(one, ToolCallPart)), part)
        return Reply(response=replace(said, message=Message(role="assistant", parts=kept)))

    return model


def asked(raw: str, tool: Tool, *, is_stream: bool = False) -> Response[Any]:
    with FakeServer(calling(raw)) as server, Client(api_keys={"openai": "any"}) as client:
        ask = (f"openai:gpt-4o@{server.base_url('openai')}", "Book!")
        if not is_stream:
            return client.chat(*ask, tools=[tool])
        with client.stream(*ask, tools=[tool]) as stream:
            return stream.finish()


@pytest.mark.parametrize("is_stream", [False, True])
def test_arguments_that_only_the_client_holds_are_checked_and_can_be_sent_back(is_stream: bool) -> None:
    response = asked('{"city": "O", "limits": null}', BOOK, is_stream=is_stream)

    [check] = response.invalid_calls
    assert (check.call, check.problems) == (response.tool_calls[0], ("/city: has 1 characters; at least 2 expected",))
    assert isinstance(check.error, InvalidToolArgumentsError)
    [part] = tool_result(check.call.id, check.error).parts
    assert part.is_error  # type: ignore[union-attr]
    assert not response.is_complete


@pytest.mark.parametrize("is_stream", [False, True])
def test_arguments_are_held_to_the_tool_s_own_schema_after_they_were_restored(is_stream: bool) -> None:
    response = asked('{"city": "Oslo", "limits": [{"key": "price", "value": 100}]}', BOOK, is_stream=is_stream)

    assert response.tool_calls[0].arguments == {"city": "Oslo", "limits": {"price": 100}}
    [check] = response.call_checks
    assert (check.problems, check.error, response.invalid_calls) == ((), None, ())
    assert response.is_complete


@pytest.mark.parametrize("is_stream", [False, True])
def test_encoded_arguments_that_are_nearly_json_are_read_and_the_edit_is_shown(is_stream: bool) -> None:
    raw = '```json\n{"city": "Oslo", "limits": [{"key": "price", "value": 100},]}\n```'
    response = asked(raw, BOOK, is_stream=is_stream)

    assert response.tool_calls[0].arguments == {"city": "Oslo", "limits": {"price": 100}}
    assert response.tool_calls[0].raw_arguments == raw
    [check] = response.call_checks
    assert check.problems == ()
    assert {repair.stage for repair in check.repairs} <= {"find", "repair"}
    assert check.repairs


def test_encoded_arguments_that_break_off_are_not_closed() -> None:
    response = asked('{"city": "Oslo", "limits": [{"key": "price", "val', BOOK)

    assert response.tool_calls[0].arguments is None
    assert response.invalid_calls[0].problems == ("/: the arguments are no JSON object",)


def test_a_tool_that_travels_as_it_is_promises_nothing_and_is_not_checked() -> None:
    assert asked('{"city": "O"}', PLAIN).call_checks == ()


def test_a_run_shows_the_edits_of_encoded_arguments() -> None:
    seen: list[dict[str, Any]] = []
    replies = [calling('{"city": "Oslo", "limits": [{"key": "price", "value": 100},]}'), None]

    def model(request: Any, received: Received) -> Reply:
        now = replies.pop(0)
        return Reply(response=answer("Booked.")) if now is None else now(request, received)

    def book(**arguments: Any) -> str:
        seen.append(arguments)
        return "done"

    with FakeServer(model) as server, Client(api_keys={"openai": "any"}) as client:
        target = f"openai:gpt-4o@{server.base_url('openai')}"
        run = client.run(target, "Book!", tools=[BOOK], handlers={"book": book})

    assert seen == [{"city": "Oslo", "limits": {"price": 100}}]
    assert [repair.stage for repair in run.calls[0].repairs] == ["repair"]
