"""What becomes of a refusal: given back, raised, answered by another model, or explained once; in every client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from portable_llm import (
    AsyncClient,
    AuthenticationError,
    Client,
    Finished,
    LossError,
    Refused,
    RefusedError,
    Response,
    Restarted,
    RetryPolicy,
)
from portable_llm._errors import ConfigurationError
from portable_llm.testing import Decline, FakeServer, Status, answer, fixed, scripted
from support.judge import Judge, Judged

NO = "I'm sorry, but I can't help with that."
CODE = "code=bio_policy"


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Any:
    """One answer of a client of either kind."""

    def sync(model: str, *, given: dict[str, Any] | None = None, **options: Any) -> Response[Any]:
        with Client(**{"retry": RetryPolicy(max_attempts=3, base=0), **(given or {})}) as client:
            return client.chat(model, "Hello", max_output_tokens=50, **options)

    async def asking(model: str, given: dict[str, Any], options: dict[str, Any]) -> Response[Any]:
        async with AsyncClient(**{"retry": RetryPolicy(max_attempts=3, base=0), **given}) as client:
            return await client.chat(model, "Hello", max_output_tokens=50, **options)

    def through_a_loop(model: str, *, given: dict[str, Any] | None = None, **options: Any) -> Response[Any]:
        return asyncio.run(asking(model, given or {}, options))

    return sync if request.param == "sync" else through_a_loop


@pytest.fixture(params=["sync", "async"])
def events_of(request: pytest.FixtureRequest) -> Any:
    """The events of one streamed answer of a client of either kind."""

    def sync(model: str, **options: Any) -> list[Any]:
        with Client() as client, client.stream(model, "Hello", max_output_tokens=50, **options) as stream:
            return list(stream)

    async def streaming(model: str, options: dict[str, Any]) -> list[Any]:
        client = AsyncClient()
        async with client, client.stream(model, "Hello", max_output_tokens=50, **options) as stream:
            return [event async for event in stream]

    return sync if request.param == "sync" else lambda model, **options: asyncio.run(streaming(model, options))


@pytest.fixture
def declining() -> Iterator[FakeServer]:
    with FakeServer(faults=[Decline(signal="finish_reason=content_filter")]) as server:
        yield server


@pytest.fixture
def willing() -> Iterator[FakeServer]:
    with FakeServer(fixed(answer("Gladly."))) as server:
        yield server


def model(server: FakeServer, name: str = "m") -> str:
    return f"compatible:{name}@{server.base_url('compatible')}"


# ---- returned, raised ------------------------------------------------------------------------------------------------


def test_by_default_a_refusal_is_an_answer(ask: Any, declining: FakeServer) -> None:
    response = ask(model(declining))

    assert isinstance(response.outcome, Refused)
    assert response.declined == ()


def test_a_refusal_is_raised_with_its_response_where_that_is_wished_for(ask: Any, declining: FakeServer) -> None:
    with pytest.raises(RefusedError, match="declined \\(hard\\): finish_reason=content_filter") as caught:
        ask(model(declining), on_refusal="raise")

    assert caught.value.response.refusal is not None
    assert (caught.value.provider, caught.value.attempts) == ("compatible", 1)


def test_a_call_says_otherwise_than_its_client(ask: Any, declining: FakeServer, willing: FakeServer) -> None:
    given = {"on_refusal": "raise"}

    assert ask(model(declining), given=given, on_refusal="return").refusal is not None
    assert ask(model(declining), given=given, fallback=[model(willing)]).text == "Gladly."
    assert ask(model(declining), given={"fallback": model(willing)}, fallback=()).refusal is not None
    with pytest.raises(RefusedError):
        ask(model(declining), given=given)


@pytest.mark.parametrize("signal", ["code=content_filter", CODE, "error.message=content management policy"])
@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_a_typed_refusal_is_never_sent_again_whatever_its_status(ask: Any, signal: str, status: int) -> None:
    class Declined(Decline):
        def reply(self, answer: Any, wire: Any) -> Any:
            from dataclasses import replace

            written = super().reply(answer, wire)
            return replace(written, status=status, headers={**written.headers, "x-should-retry": "true"})

    with FakeServer(faults=[Declined(signal=signal)]) as server:
        response = ask(model(server))

        assert len(server.requests) == 1
    assert response.refusal is not None
    assert not response.refusal.is_retryable


# ---- another model ---------------------------------------------------------------------------------------------------


def test_the_next_model_answers_instead_and_all_of_it_is_visible(
    ask: Any, declining: FakeServer, willing: FakeServer
) -> None:
    response = ask(model(declining, "stern"), fallback=[model(willing, "kind"), model(willing, "never-asked")])

    assert (response.text, response.refusal, response.model) == ("Gladly.", None, "kind")
    (refused,) = response.declined
    assert refused.refusal is not None
    assert len(response.attempts) == 2
    assert response.usage.input_tokens == refused.usage.input_tokens + 2
    entry = response.adaptations[-1]
    assert (entry.subject, entry.action, entry.severity) == ("/model", "substituted", "changed")
    assert entry.detail == "compatible:stern declined (hard); compatible:kind answered instead"
    assert len(willing.requests) == 1


def test_where_all_decline_the_last_refusal_is_the_answer(ask: Any, declining: FakeServer) -> None:
    response = ask(model(declining, "a"), fallback=[model(declining, "b"), model(declining, "c")])

    assert isinstance(response.outcome, Refused)
    assert len(response.declined) == 2
    told = [entry.detail for entry in response.adaptations if entry.subject == "/model"]
    assert told == [
        "compatible:a declined (hard); compatible:b declined as well",
        "compatible:b declined (hard); compatible:c declined as well",
    ]


def test_a_fallback_that_fails_leaves_the_refusal_and_says_so(ask: Any, declining: FakeServer) -> None:
    with FakeServer(faults=[Status(503)]) as broken:
        response = ask(model(declining), given={"retry": RetryPolicy(max_attempts=1)}, fallback=[model(broken, "b")])

    assert isinstance(response.outcome, Refused)
    assert "compatible:b was asked instead and failed: OverloadedError" in response.adaptations[-1].detail


def test_a_fallback_that_is_set_up_wrong_is_an_error(ask: Any, declining: FakeServer) -> None:
    with FakeServer(faults=[Status(401)]) as locked, pytest.raises(AuthenticationError):
        ask(model(declining), fallback=[model(locked)])


def test_what_is_wrong_with_a_fallback_is_known_before_anything_is_sent(ask: Any, declining: FakeServer) -> None:
    with pytest.raises(ConfigurationError, match="nobody"):
        ask(model(declining), fallback=["nobody:m"])
    with pytest.raises(LossError):
        ask(model(declining), fallback=[f"anthropic:m@{declining.url}"], given={"api_keys": {"anthropic": "k"}},
            seed=7, on_loss="lost")  # fmt: skip

    assert not declining.requests


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_refusal": "fallback"}, "needs the models"),
        ({"on_refusal": "raise", "fallback": ["compatible:m"]}, 'with on_refusal="fallback"'),
        ({"on_refusal": "sulk"}, "'sulk'"),
        ({"clarification": " "}, "clarification is empty"),
    ],
)
def test_what_cannot_be_meant_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message), Client(**options):
        pass


def test_a_soft_refusal_falls_back_as_well(ask: Any, willing: FakeServer) -> None:
    judge = Judge()
    with FakeServer(fixed(NO)) as server:
        response = ask(
            model(server),
            fallback=[model(willing)],
            soft_refusals="always",
            refusal_classifier=lambda prompt, text: judge(prompt, text) if text == NO else Judged("compliance"),
        )

    assert response.text == "Gladly."


# ---- streams ---------------------------------------------------------------------------------------------------------


def test_a_stream_falls_back_before_its_first_words(events_of: Any, declining: FakeServer, willing: FakeServer) -> None:
    events = events_of(model(declining, "stern"), fallback=[model(willing, "kind")])

    (restarted,) = [event for event in events if isinstance(event, Restarted)]
    assert restarted.reason == (
        "compatible:fake declined (hard): finish_reason=content_filter; compatible:kind is asked instead"
    )
    assert restarted.plan is not None
    assert restarted.plan.target.model == "kind"
    assert [type(event) for event in events].count(Finished) == 1
    response = events[-1].response
    assert (response.text, len(response.declined)) == ("Gladly.", 1)
    assert "/response/fallback" in [entry.subject for entry in response.declined[0].adaptations]


def test_a_stream_takes_no_words_back(events_of: Any, willing: FakeServer) -> None:
    with FakeServer(faults=[Decline(signal="content_filter_offsets", text="Sure, ")]) as server:
        events = events_of(model(server), fallback=[model(willing)])

    response = events[-1].response
    assert (response.text, response.refusal.is_withdrawn) == ("Sure, ", True)
    assert response.adaptations[-1].detail.startswith("declined after words")
    assert not willing.requests


def test_a_stream_raises_at_its_end(events_of: Any, declining: FakeServer) -> None:
    with pytest.raises(RefusedError):
        events_of(model(declining), on_refusal="raise")


def test_what_a_stream_cannot_do_is_in_its_ledger_before_it_begins(willing: FakeServer) -> None:
    options: dict[str, Any] = {"fallback": [model(willing)], "clarification": "It is homework."}
    with Client(**options) as client, client.stream(model(willing), "Hello") as stream:
        subjects = [(entry.subject, entry.severity) for entry in stream.plan.adaptations]

    assert ("/response/fallback", "lost") in subjects
    assert ("/response/clarification", "lost") in subjects


# ---- explained once --------------------------------------------------------------------------------------------------

CONTEXT = "The user administers this machine and asks about a process of her own."


def judged_by(category: str) -> Any:
    return lambda prompt, text: Judged("refusal" if text == NO else "compliance", category=category)


def test_a_harmless_request_is_explained_once_in_the_application_s_words(ask: Any) -> None:
    with FakeServer(scripted([NO, "kill 42"])) as server:
        response = ask(
            model(server, "m"),
            soft_refusals="always",
            refusal_classifier=judged_by("unspecified"),
            clarification=CONTEXT,
        )
        turns = server.requests[1].request.messages

    assert (response.text, response.refusal, len(response.declined)) == ("kill 42", None, 1)
    assert [turn.role for turn in turns] == ["user", "assistant", "user"]
    assert (turns[0].text, turns[1].text) == ("Hello", NO)
    assert turns[2].text == f"{CONTEXT}\n\nWith this in mind, please answer the request above."
    entry = response.adaptations[-1]
    assert (entry.axis, entry.subject, entry.severity) == ("refusal", "/messages", "changed")
    assert CONTEXT not in entry.detail


def test_a_second_no_is_final(ask: Any) -> None:
    with FakeServer(fixed(NO)) as server:
        response = ask(
            model(server), soft_refusals="always", refusal_classifier=judged_by("other"), clarification=CONTEXT
        )

        assert len(server.requests) == 2
    assert isinstance(response.outcome, Refused)
    assert response.adaptations[-1].detail.endswith("and declined again")


@pytest.mark.parametrize(
    "category",
    [
        "violence",
        "hate",
        "sexual",
        "self_harm",
        "illegal",
        "cyber",
        "bio_chem",
        "reasoning_extraction",
        "prompt_attack",
    ],
)
def test_a_safety_policy_is_never_argued_with(ask: Any, category: str) -> None:
    with FakeServer(fixed(NO)) as server:
        ask(model(server), soft_refusals="always", refusal_classifier=judged_by(category), clarification=CONTEXT)

        assert len(server.requests) == 1


@pytest.mark.parametrize("signal", ["message.refusal", "finish_reason=content_filter", CODE])
def test_a_typed_refusal_is_never_argued_with(ask: Any, signal: str) -> None:
    with FakeServer(faults=[Decline(signal=signal)]) as server:
        response = ask(model(server), soft_refusals="always", refusal_classifier=Judge(), clarification=CONTEXT)

        assert len(server.requests) == 1
    assert response.refusal.kind == "hard"


def test_what_still_declines_after_the_explanation_falls_back(ask: Any, willing: FakeServer) -> None:
    with FakeServer(fixed(NO)) as server:
        response = ask(
            model(server),
            soft_refusals="always",
            refusal_classifier=judged_by("other"),
            clarification=CONTEXT,
            fallback=[model(willing)],
        )

    assert response.text == "Gladly."
    assert len(response.declined) == 2
    assert len(response.attempts) == 3
