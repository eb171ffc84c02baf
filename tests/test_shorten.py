"""Calls whose messages are made to fit: before they are sent, and once after the provider says that they do not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from portable_llm import (
    AsyncClient,
    BudgetError,
    Client,
    ConfigurationError,
    ContextOverflowError,
    ContextWindowError,
    Message,
    Response,
    assistant,
    system,
    user,
)
from portable_llm.history import FitPolicy, Summarise
from portable_llm.testing import FakeServer, answer, first, scripted
from portable_llm.testing.line_faults import Status

LONG = "An early turn that says a good deal about nothing in particular. " * 20
TALK = (system("Be brief."), user(LONG), assistant(LONG), user("And now?"), assistant("Well."), user("Last question?"))
OVERFLOW = "This model's maximum context length is 512 tokens."
DROP = FitPolicy(limit=600, reserve=50)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as running:
        yield running


@pytest.fixture
def full() -> Iterator[FakeServer]:
    """A server whose model finds the first request too long."""
    with FakeServer(faults=[Status(400, kind="context_overflow", message=OVERFLOW, on=first(1))]) as running:
        yield running


def model(server: FakeServer, name: str = "compatible") -> str:
    return f"{name}:m@{server.base_url(name)}"


def sent(server: FakeServer, number: int = -1) -> list[str]:
    """The texts of the messages that a request had."""
    body: Any = server.requests[number].json
    return [message["content"] for message in body["messages"]]


def cuts(response: Response[Any]) -> list[tuple[str, str]]:
    return [(one.subject, one.action) for one in response.adaptations if one.subject.startswith("/messages")]


AFTER = ["Be brief.", "And now?", "Well.", "Last question?"]
CUT = [("/messages/1", "dropped"), ("/messages/2", "dropped")]


# ---- before sending --------------------------------------------------------------------------------------------------


def test_messages_are_cut_before_they_are_sent(server: FakeServer) -> None:
    with Client(fit=DROP) as client:
        response = client.chat(model(server), TALK)

    assert sent(server) == AFTER
    assert cuts(response) == CUT
    assert len(response.attempts) == 1


def test_what_fits_is_sent_as_it_is(server: FakeServer) -> None:
    with Client(fit=FitPolicy(limit=100_000)) as client:
        response = client.chat(model(server), TALK)

    assert len(sent(server)) == len(TALK)
    assert cuts(response) == []


def test_a_call_may_say_it_for_itself(server: FakeServer) -> None:
    with Client() as client:
        response = client.chat(model(server), TALK, fit=DROP)
        client.chat(model(server), TALK)

    assert cuts(response) == CUT
    assert len(sent(server)) == len(TALK)


def test_a_call_may_take_it_back(server: FakeServer) -> None:
    with Client(fit=DROP) as client:
        client.chat(model(server), TALK, fit=None)

    assert len(sent(server)) == len(TALK)


def test_nothing_is_sent_where_the_cuts_do_not_suffice(server: FakeServer) -> None:
    with Client(fit=replace(DROP, strategy="refuse")) as client, pytest.raises(ContextWindowError) as caught:
        client.chat(model(server), TALK)

    assert server.requests == ()
    assert caught.value.limit == 600
    assert caught.value.reserve >= 50


def test_a_window_that_is_not_known_cuts_nothing(server: FakeServer) -> None:
    with Client(fit=FitPolicy()) as client:
        client.chat(model(server), TALK)

    assert len(sent(server)) == len(TALK)


def test_the_answer_gets_its_room(server: FakeServer) -> None:
    """Without a reserve of its own, what the request allows the answer is kept free."""
    with Client(fit=FitPolicy(limit=2_000)) as client:
        whole = client.chat(model(server), TALK, max_output_tokens=10)
        cut = client.chat(model(server), TALK, max_output_tokens=1_500)

    assert cuts(whole) == []
    assert cuts(cut) == CUT


def test_a_stream_is_cut_as_well(server: FakeServer) -> None:
    with Client(fit=DROP) as client, client.stream(model(server), TALK) as stream:
        response = stream.finish()

    assert sent(server) == AFTER
    assert cuts(response) == CUT


def test_both_clients_may_ask_for_a_summary(server: FakeServer) -> None:
    def summary(messages: tuple[Message, ...]) -> str:
        return f"{len(messages)} turns"

    async def awaited(messages: tuple[Message, ...]) -> str:
        await asyncio.sleep(0)
        return f"{len(messages)} turns"

    async def main() -> None:
        async with AsyncClient(fit=replace(DROP, strategy=Summarise(by=awaited, max_tokens=50))) as client:
            await client.chat(model(server), TALK)

    with Client(fit=replace(DROP, strategy=Summarise(by=summary, max_tokens=50))) as client:
        client.chat(model(server), TALK)
    asyncio.run(main())

    assert sent(server, 0) == sent(server, 1)
    assert sent(server, 0)[1].endswith("2 turns")


def test_a_blocking_client_awaits_no_summary(server: FakeServer) -> None:
    async def awaited(messages: tuple[Message, ...]) -> str:
        return ""

    policy = replace(DROP, strategy=Summarise(by=awaited, max_tokens=50))
    with Client(fit=policy) as client, pytest.raises(ConfigurationError, match=r"function is async.*AsyncClient"):
        client.chat(model(server), TALK)

    assert server.requests == ()


def test_a_limit_on_tokens_holds_for_what_is_left(server: FakeServer) -> None:
    with Client(fit=DROP, max_input_tokens=600) as client:
        client.chat(model(server), TALK)
        with pytest.raises(BudgetError):
            client.chat(model(server), TALK, max_input_tokens=5)

    assert len(server.requests) == 1


# ---- after an overflow -----------------------------------------------------------------------------------------------


def test_after_an_overflow_fewer_are_sent_once(full: FakeServer) -> None:
    with Client(fit=FitPolicy()) as client:
        response = client.chat(model(full), TALK)

    assert sent(full, 1) != sent(full, 0)
    assert [attempt.status for attempt in response.attempts] == [400, 200]
    assert "ContextOverflowError" in (response.attempts[0].error or "")
    assert cuts(response)[0] == ("/messages/1", "dropped")


def test_a_stream_and_an_async_call_do_the_same() -> None:
    fault = Status(400, kind="context_overflow", message=OVERFLOW, on=first(1))

    def streamed() -> Response[Any]:
        with (
            FakeServer(faults=[fault]) as server,
            Client(fit=FitPolicy()) as client,
            client.stream(model(server), TALK) as stream,
        ):
            return stream.finish()

    async def awaited() -> Response[Any]:
        with FakeServer(faults=[fault]) as server:
            async with AsyncClient(fit=FitPolicy()) as client:
                return await client.chat(model(server), TALK)

    for response in (streamed(), asyncio.run(awaited())):
        assert [attempt.status for attempt in response.attempts] == [400, 200]
        assert cuts(response)[0] == ("/messages/1", "dropped")


def test_a_second_overflow_is_an_error() -> None:
    with FakeServer(faults=[Status(400, kind="context_overflow", message=OVERFLOW)]) as server:
        with Client(fit=FitPolicy()) as client, pytest.raises(ContextOverflowError):
            client.chat(model(server), TALK)

        assert len(server.requests) == 2


@pytest.mark.parametrize("options", [{}, {"fit": FitPolicy(strategy="refuse")}])
def test_without_a_cut_that_is_allowed_the_overflow_is_the_error(full: FakeServer, options: Any) -> None:
    with Client(**options) as client, pytest.raises(ContextOverflowError):
        client.chat(model(full), TALK)

    assert len(full.requests) == 1


def test_an_answer_that_ran_out_of_window_is_asked_for_again() -> None:
    cut = replace(answer("Half an"), finish_reason="context_overflow")
    with FakeServer(scripted([cut, answer("A whole answer.")])) as server, Client(fit=FitPolicy()) as client:
        name = f"anthropic:claude-sonnet-4-5@{server.base_url('anthropic')}"
        response = client.chat(name, TALK, on_loss="never")

    assert response.text == "A whole answer."
    assert len(response.attempts) == 2
    assert cuts(response)[0] == ("/messages/1", "dropped")


def test_only_a_policy_is_one() -> None:
    with pytest.raises(ConfigurationError, match="FitPolicy"):
        Client(fit="drop_oldest")  # type: ignore[arg-type]
