"""A refused option teaches the client: the ledger says so, the request is sent once more, and never a third time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from portable_llm import AsyncClient, BadRequestError, Client, LossError, Output, Reasoning, Response, Tool
from portable_llm._errors import ProviderError
from portable_llm._http import HttpReply
from portable_llm._learning import lesson_of
from portable_llm._request import Request, request
from portable_llm.testing import FakeServer, answer, first, scripted
from portable_llm.testing.line_faults import Status
from portable_llm.wire._errors import provider_error

NO_STOP = "Unsupported parameter: 'stop' is not supported with this model."
DAY = "2026-11-24"
ASKED: dict[str, Any] = {"temperature": 0.5, "stop": "END", "max_output_tokens": 20, "seed": 7}


def refused(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> ProviderError:
    body = json.dumps({"error": {"message": message, "param": param, "code": code}}).encode()
    return provider_error(HttpReply(status=status, body=body), message=message, code=code)


def asked(**options: Any) -> Request[Any]:
    return request("compatible:m", "Hello", **{**ASKED, **options})


# ---- what an answer says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "feature"),
    [
        (refused(NO_STOP, param="stop", code="unsupported_parameter"), "stop"),
        (refused("`temperature` is deprecated for this model."), "sampling/temperature"),
        (refused("property 'seed' is unsupported, did you mean 'speed'?"), "sampling/seed"),
        (refused("This model does not support the parameter temperature"), "sampling/temperature"),
        (refused("seed: Extra inputs are not permitted"), "sampling/seed"),
    ],
    ids=str,
)
def test_an_option_that_is_refused_by_name_is_known_from_then_on(error: ProviderError, feature: str) -> None:
    lesson = lesson_of(error, asked(), DAY)

    assert lesson is not None
    fact = lesson.facts[feature]
    assert (fact.support, fact.reference) == ("no", f"observed {DAY}")


@pytest.mark.parametrize(
    "error",
    [
        refused("top_p is not supported", param="top_p"),  # was not asked for
        refused("temperature must be between 0 and 1", param="temperature"),  # a range, not a refusal
        refused("messages: unknown variant `image_url`, expected `text`"),
        provider_error(HttpReply(status=400), kind="context_overflow", message="too long; stop is not supported"),
        refused(NO_STOP, status=500),
        refused(NO_STOP, status=429),
        refused("not supported"),
        refused("This model is not supported any more. Please stop using it."),
        refused("Images are not supported by this model; lower the temperature of your hopes"),
        refused("max_tokens is not supported"),  # no other name is given, and a limit is never dropped
    ],
    ids=str,
)
def test_anything_else_teaches_nothing(error: ProviderError) -> None:
    assert lesson_of(error, asked(), DAY) is None


def test_the_words_for_effort_are_learned_with_the_refusal_of_one() -> None:
    error = refused("This model does not support effort level 'xhigh'. Supported levels: high, low, max, medium.")

    lesson = lesson_of(error, asked(reasoning=Reasoning(effort="xhigh")), DAY)

    assert lesson is not None
    assert lesson.facts["reasoning/effort"].values == ("low", "medium", "high", "max")


def test_another_name_for_the_limit_is_learned() -> None:
    error = refused("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", param="max_tokens")

    lesson = lesson_of(error, asked(), DAY)

    assert lesson is not None
    assert lesson.spelling == {"max_output_tokens": "max_completion_tokens"}


@pytest.mark.parametrize(("choice", "feature"), [("required", "tool_choice/required"), ("none", "tool_choice/none")])
def test_a_refused_choice_is_the_one_that_was_made(choice: Any, feature: str) -> None:
    tool = Tool(name="t", parameters={"type": "object", "properties": {}})
    error = refused("Thinking mode does not support this tool_choice")

    lesson = lesson_of(error, asked(tools=[tool], tool_choice=choice), DAY)

    assert lesson is not None
    assert lesson.facts.keys() == {feature}


# ---- through the client ----------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(faults=[Status(400, message=NO_STOP, on=first(1))]) as running:
        yield running


def model(server: FakeServer, name: str = "compatible") -> str:
    return f"{name}:m@{server.base_url(name)}"


def said(response: Response[Any]) -> dict[str, tuple[str, str]]:
    return {entry.subject: (entry.action, entry.source) for entry in response.adaptations if entry.action == "dropped"}


@pytest.mark.parametrize("name", ["compatible", "anthropic", "google"])
def test_the_request_is_sent_again_without_it_and_the_ledger_tells(name: str) -> None:
    message = NO_STOP.replace("stop", "stop_sequences") if name == "anthropic" else NO_STOP
    faults = [Status(400, message=message, on=first(1))]
    with FakeServer(faults=faults) as server, Client(learn=True, api_keys={name: "k"}) as client:
        response = client.chat(model(server, name), "Hello", stop="END", max_output_tokens=20)
        learned = client.learned

    assert response.text == "Hello"
    assert [attempt.status for attempt in response.attempts] == [400, 200]
    assert said(response)["/stop"][1].startswith("observed 20")
    assert learned[f"{name}:m"]["stop"].support == "no"
    assert len(server.requests) == 2


def test_what_was_learned_holds_for_the_next_request(server: FakeServer) -> None:
    with Client(learn=True) as client:
        client.chat(model(server), "Hello", stop="END")
        plan = client.plan(model(server), "Again", stop="END")
        client.chat(model(server), "Again", stop="END")

    assert "stop" not in json.loads(plan.call.body)
    assert len(server.requests) == 3


def test_a_stream_learns_too(server: FakeServer) -> None:
    with Client(learn=True) as client, client.stream(model(server), "Hello", stop="END") as stream:
        response = stream.finish()

    assert response.text == "Hello"
    assert "/stop" in said(response)
    assert [attempt.status for attempt in response.attempts] == [400, 200]


def test_the_async_client_learns_too(server: FakeServer) -> None:
    async def main() -> Response[None]:
        async with AsyncClient(learn=True) as client:
            return await client.chat(model(server), "Hello", stop="END")

    assert "/stop" in said(asyncio.run(main()))


def test_nobody_learns_unasked(server: FakeServer) -> None:
    with Client() as client, pytest.raises(BadRequestError, match="'stop' is not supported"):
        client.chat(model(server), "Hello", stop="END")

    assert len(server.requests) == 1


def test_a_second_refusal_is_an_error() -> None:
    with FakeServer(faults=[Status(400, message=NO_STOP)]) as server, Client(learn=True) as client:
        with pytest.raises(BadRequestError):
            client.chat(model(server), "Hello", stop="END")

        assert len(server.requests) == 2


def test_what_may_not_be_lost_is_not_left_out_behind_the_back_of_the_policy(server: FakeServer) -> None:
    with Client(learn=True, on_loss="lost") as client, pytest.raises(LossError, match="/stop"):
        client.chat(model(server), "Hello", stop="END")

    assert len(server.requests) == 1


def test_a_call_may_be_stricter_than_its_client(server: FakeServer) -> None:
    with Client(learn=True) as client, pytest.raises(LossError, match="/stop"):
        client.chat(model(server), "Hello", stop="END", on_loss="lost")

    assert len(server.requests) == 1


def test_what_a_stream_cannot_do_stays_in_the_ledger(server: FakeServer) -> None:
    options: dict[str, Any] = {"on_refusal": "fallback", "fallback": [model(server)]}
    with Client(learn=True) as client, client.stream(model(server), "Hello", stop="END", **options) as stream:
        response = stream.finish()

    assert {"/stop", "/response/fallback"} <= {entry.subject for entry in response.adaptations}


def test_what_was_learned_holds_when_the_value_is_asked_for_again() -> None:
    broken = [answer("no value"), answer('{"a": "b"}')]
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    faults = [Status(400, message=NO_STOP, on=first(1))]
    with FakeServer(scripted(broken), faults=faults) as server, Client(learn=True) as client:
        output = Output(schema=schema, mode="prompt", reask=1)
        options: dict[str, Any] = {"on_loss": "never", "soft_refusals": "never"}
        response = client.chat(model(server), "Hello", stop="END", output=output, **options)

    assert response.parsed == {"a": "b"}
    assert [attempt.status for attempt in response.attempts] == [400, 200, 200]
