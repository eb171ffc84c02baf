"""An answer that says nothing is a kind of its own, with what is known; one that explains itself is not."""

from __future__ import annotations

from typing import Any

import pytest

from portable_llm import Client, Invalid, NoOutput, Output, Refused, Response, Usage
from portable_llm._messages import Message, Part, ReasoningPart, TextPart, ToolCallPart, UnknownPart
from portable_llm._request import request
from portable_llm._response import Refusal
from portable_llm.refusal import empty
from portable_llm.testing import EmptyAnswer, FakeServer, answer, fixed
from strategies import ORIGIN
from support.speakers import one_of_each_wire


def response(*parts: Part, finish: Any = "stop", word: str | None = None, usage: Usage | None = None) -> Response[None]:
    return Response(
        message=Message(role="assistant", parts=parts),
        finish_reason=finish,
        raw_finish_reason=word,
        outcome=NoOutput(),
        refusal=None,
        usage=usage or Usage(),
        model="m",
        id=None,
    )


def test_nothing_at_all() -> None:
    refusal = empty(response(usage=Usage(output_tokens=0)), request("m", "Hello"))

    assert refusal == Refusal(
        kind="empty", source="model", evidence=("finish_reason=stop", "output_tokens=0"), is_retryable=True
    )


def test_reasoning_alone_that_was_cut_before_the_first_word() -> None:
    thought = response(
        ReasoningPart(text="Hm.", origin=ORIGIN),
        finish="length",
        word="max_tokens",
        usage=Usage(output_tokens=40, reasoning_output_tokens=40),
    )

    refusal = empty(thought, request("m", "Hello", max_output_tokens=40))

    assert refusal is not None
    assert refusal.evidence == (
        "finish_reason=max_tokens",
        "truncated before the first text",
        "reasoning only",
        "output_tokens=40",
        "reasoning_output_tokens=40",
    )
    assert refusal.is_billed
    assert not refusal.is_retryable


@pytest.mark.parametrize(
    "said",
    [
        response(TextPart(text="Hi")),
        response(ToolCallPart(id="1", name="f", arguments={}, raw_arguments="{}"), finish="tool_call"),
        response(UnknownPart(raw={"image": 1}, origin=ORIGIN)),
        response(finish="error"),
        response(finish="pause"),
        response(finish="context_overflow"),
        response(finish="cancelled"),
        response(word="stop_sequence"),
    ],
    ids=["text", "call", "unknown part", "error", "pause", "overflow", "cancelled", "stop sequence"],
)
def test_what_holds_or_explains_anything_is_not_empty(said: Response[None]) -> None:
    assert empty(said, request("m", "Hello")) is None


def test_blanks_are_nothing() -> None:
    assert empty(response(TextPart(text=" \n")), request("m", "Hello")) is not None


def test_a_stop_string_may_have_come_first_unless_the_provider_says_otherwise() -> None:
    asked = request("m", "Hello", stop=["\n"])

    assert empty(response(word="stop"), asked) is None
    assert empty(response(word="end_turn"), asked) is not None
    assert empty(response(finish="length", word="length"), asked) is not None


def test_no_tokens_were_wanted() -> None:
    assert empty(response(finish="length"), request("m", "Hello", max_output_tokens=0)) is None


@pytest.mark.parametrize("provider", one_of_each_wire())
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_every_provider_s_empty_answer_is_known(provider: str, stream: bool) -> None:
    with FakeServer(faults=[EmptyAnswer()]) as server, Client(api_keys={provider: "k"}) as client:
        model = f"{provider}:m@{server.base_url(provider)}"
        if stream:
            with client.stream(model, "Hello", max_output_tokens=16) as events:
                got = events.finish()
        else:
            got = client.chat(model, "Hello", max_output_tokens=16)

    assert got.refusal is not None
    assert got.refusal.kind == "empty"
    assert got.outcome == Refused(refusal=got.refusal)
    assert not got.is_complete


def test_where_a_value_was_wanted_an_empty_answer_is_asked_for_again() -> None:
    replies = iter([answer(""), answer('{"a": 1}')])
    with FakeServer(lambda asked, received: next(replies)) as server, Client() as client:
        model = f"compatible:m@{server.base_url('compatible')}"
        once = client.chat(model, "Hello", output=Output[Any](schema={"type": "object"}, reask=1))

    assert once.parsed == {"a": 1}
    assert once.refusal is None


def test_an_empty_answer_in_the_place_of_a_value_is_invalid_and_named() -> None:
    with FakeServer(fixed(answer(""))) as server, Client() as client:
        got = client.chat(f"compatible:m@{server.base_url('compatible')}", "Hello", output="json")

    assert isinstance(got.outcome, Invalid)
    assert got.refusal is not None
    assert got.refusal.kind == "empty"
