"""The conversation with a provider, played from a script: no network, no clock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import portable_llm
from portable_llm import (
    AuthenticationError,
    BadRequestError,
    ConnectionFailedError,
    Finished,
    Invalid,
    Output,
    OverloadedError,
    ProviderTimeoutError,
    RateLimitError,
    Restarted,
    RetryPolicy,
    StreamInterruptedError,
    TextDelta,
    Timeouts,
    UnreadableAnswerError,
)
from portable_llm._exchange import Link, chat, raw, stream
from portable_llm._http import HttpCall, Pause, Send, Token
from portable_llm._json import dump_json, load_json
from portable_llm._plan import Plan, make_plan
from portable_llm._retry import RetryBudget
from portable_llm.providers._target import load_settings
from portable_llm.testing._script import play, reply

SETTINGS = load_settings(environ={})
LINK = Link(key="the-secret-key", random=lambda: 0.0)
ANSWER: dict[str, Any] = {
    "id": "c1",
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
}
OVERLOADED = reply(503, json={"error": {"message": "overloaded"}})


def plan_for(text: str = "Hello", *, stream: bool = False, **options: Any) -> Plan[Any]:
    asked = portable_llm.request("compatible:m@http://127.0.0.1:1/v1", text, **options)
    return make_plan(asked, SETTINGS.resolve(asked.model), stream=stream)


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return b"data: " + dump_json({"id": "c1", "model": "m", "choices": [choice]}) + b"\n\n"


WHOLE = [chunk({"role": "assistant", "content": "o"}), chunk({"content": "k"}), chunk({}, "stop"), b"data: [DONE]\n\n"]


def pauses(steps: list[Any]) -> list[float]:
    return [step.seconds for step in steps if isinstance(step, Pause)]


def sends(steps: list[Any]) -> list[Send]:
    return [step for step in steps if isinstance(step, Send)]


def test_one_call_is_one_send() -> None:
    steps, response = play(chat(plan_for(), LINK), reply(200, json=ANSWER, headers={"X-Request-Id": "r1"}))

    assert response.text == "ok"
    assert (response.provider, response.request_id, response.finish_reason) == ("compatible", "r1", "stop")
    (send,) = sends(steps)
    assert send.url == "http://127.0.0.1:1/v1/chat/completions"
    assert send.headers["authorization"] == "Bearer the-secret-key"
    assert [attempt.status for attempt in response.attempts] == [200]


def test_waits_as_long_as_the_provider_asks() -> None:
    limited = reply(429, json={"error": {"message": "slow down"}}, headers={"Retry-After": "2"})

    steps, response = play(chat(plan_for(), LINK), limited, reply(200, json=ANSWER))

    assert pauses(steps) == [2.0]
    assert [(a.status, a.waited) for a in response.attempts] == [(429, 0.0), (200, 2.0)]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_the_caller_s_own_mistakes_are_never_sent_again(status: int) -> None:
    steps: list[Any] = []
    refused = reply(status, json={"error": {"message": "no"}}, headers={"x-request-id": "r9"})

    with pytest.raises(portable_llm.CallerError) as caught:
        play(chat(plan_for(), LINK), refused, steps=steps)

    assert len(sends(steps)) == 1
    error = caught.value
    assert (error.provider, error.model, error.status, error.request_id, error.attempts) == (
        "compatible",
        "m",
        status,
        "r9",
        1,
    )


def test_gives_up_after_the_last_attempt_with_the_last_error() -> None:
    steps: list[Any] = []

    with pytest.raises(OverloadedError, match="overloaded") as caught:
        play(chat(plan_for(), LINK), OVERLOADED, OVERLOADED, OVERLOADED, steps=steps)

    assert caught.value.attempts == 3
    assert len(sends(steps)) == 3


def test_a_broken_line_is_tried_again() -> None:
    steps, response = play(chat(plan_for(), LINK), ConnectionFailedError("reset"), reply(200, json=ANSWER))

    assert response.text == "ok"
    assert response.attempts[0].error == "ConnectionFailedError: reset"
    assert len(sends(steps)) == 2


def test_no_pause_reaches_past_the_total_time() -> None:
    link = replace(LINK, timeouts=Timeouts(total=5.0))
    limited = reply(429, json={"error": {"message": "slow down"}}, headers={"Retry-After": "60"})

    with pytest.raises(RateLimitError) as caught:
        play(chat(plan_for(), link), limited)

    assert caught.value.retry_after == 60.0


def test_an_empty_budget_means_no_second_try() -> None:
    budget = RetryBudget(ratio=0.0, capacity=0.5)

    with pytest.raises(OverloadedError):
        play(chat(plan_for(), replace(LINK, budget=budget)), OVERLOADED)


def test_an_answer_that_is_none_is_unreadable_and_not_sent_again() -> None:
    page = reply(200, body=b"<html>proxy</html>", headers={"content-type": "text/html"})

    with pytest.raises(UnreadableAnswerError, match="<html>") as caught:
        play(chat(plan_for(), LINK), page)

    assert (caught.value.provider, caught.value.body) == ("compatible", "<html>proxy</html>")


def test_a_token_callback_is_asked_before_each_try() -> None:
    tokens = iter(["first", "second"])
    link = replace(LINK, key=None, token=lambda: next(tokens))

    steps, _ = play(chat(plan_for(), link), OVERLOADED, reply(200, json=ANSWER))

    assert sum(isinstance(step, Token) for step in steps) == 2
    assert [send.headers["authorization"] for send in sends(steps)] == ["Bearer first", "Bearer second"]


def test_secrets_are_in_no_repr_and_no_error() -> None:
    steps: list[Any] = []
    with pytest.raises(AuthenticationError) as caught:
        play(chat(plan_for(), LINK), reply(401, json={"error": {"message": "bad key"}}), steps=steps)

    shown = repr(
        [steps, LINK, caught.value, vars(caught.value), plan_for(), plan_for().to_json(), plan_for().explain()]
    )
    assert "the-secret-key" not in shown


@pytest.mark.parametrize("status", [401, 503])
def test_a_key_that_a_provider_quotes_back_is_taken_out(status: int) -> None:
    quoting = reply(status, json={"error": {"message": "Incorrect API key provided: the-secret-key"}})
    tries = [quoting] * (3 if status == 503 else 1)

    with pytest.raises(portable_llm.ProviderError, match=r"provided: \[redacted\]") as caught:
        play(chat(plan_for(), LINK), *tries)

    assert "the-secret-key" not in repr([caught.value, str(caught.value), vars(caught.value)])


# ---- asking again ----------------------------------------------------------------------------------------------------

WANTED = Output[Any](schema={"type": "object", "required": ["a"]}, reask=2)


def answering(content: str) -> Any:
    return reply(200, json={**ANSWER, "choices": [{"message": {"content": content}, "finish_reason": "stop"}]})


def test_an_invalid_value_is_asked_for_again_with_what_is_wrong() -> None:
    steps, response = play(chat(plan_for(output=WANTED), LINK), answering("{}"), answering('{"a": 1}'))

    assert response.parsed == {"a": 1}
    second: Any = load_json(sends(steps)[1].body)
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "user"]
    assert "'a' is a required property" in second["messages"][2]["content"]
    assert (len(response.attempts), response.usage.input_tokens) == (2, 6)


def test_it_is_asked_as_often_as_allowed_and_then_told() -> None:
    steps, response = play(chat(plan_for(output=WANTED), LINK), *[answering("{}")] * 3)

    assert isinstance(response.outcome, Invalid)
    assert len(sends(steps)) == 3


def test_a_value_that_came_as_a_call_is_asked_for_again_as_its_result() -> None:
    def called(arguments: str) -> Any:
        call = {"id": "c1", "type": "function", "function": {"name": "output", "arguments": arguments}}
        message = {"content": None, "tool_calls": [call]}
        return reply(200, json={**ANSWER, "choices": [{"message": message, "finish_reason": "tool_calls"}]})

    plan = plan_for(output=replace(WANTED, mode="tool"))
    steps, response = play(chat(plan, LINK), called("{}"), called('{"a": 1}'))

    assert response.parsed == {"a": 1}
    second: Any = load_json(sends(steps)[1].body)
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "tool"]


def test_a_stream_is_not_asked_again_and_the_plan_says_so() -> None:
    plan = plan_for(output=WANTED, stream=True)

    assert "/output/reask" in [entry.subject for entry in plan.adaptations]


# ---- streams ---------------------------------------------------------------------------------------------------------


def test_a_stream_ends_with_exactly_one_finished() -> None:
    events: list[Any] = []

    _, response = play(stream(plan_for(stream=True), LINK), WHOLE, events=events)

    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "ok" == response.text
    assert [type(event) for event in events].count(Finished) == 1
    assert events[-1].response is response


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_chunk_borders_change_no_event(size: int) -> None:
    whole = b"".join(WHOLE)
    expected: list[Any] = []
    events: list[Any] = []

    play(stream(plan_for(stream=True), LINK), WHOLE, events=expected)
    play(stream(plan_for(stream=True), LINK), [whole[i : i + size] for i in range(0, len(whole), size)], events=events)

    assert events == expected


def test_a_stream_that_ends_early_raises_with_what_had_come() -> None:
    with pytest.raises(StreamInterruptedError, match="before its last event") as caught:
        play(stream(plan_for(stream=True), LINK), WHOLE[:2])

    partial = caught.value.partial
    assert partial is not None
    assert partial.text == "ok"
    assert partial.finish_reason == "unknown"
    assert caught.value.provider == "compatible"


def test_a_line_that_breaks_after_output_is_an_interruption_and_never_sent_again() -> None:
    with pytest.raises(StreamInterruptedError, match="reset") as caught:
        play(stream(plan_for(stream=True), LINK), [WHOLE[0], ConnectionFailedError("reset")])

    assert caught.value.partial is not None
    assert caught.value.partial.text == "o"


def test_a_stream_that_breaks_before_any_output_starts_again() -> None:
    events: list[Any] = []
    broken = [chunk({"role": "assistant", "content": ""}), ConnectionFailedError("reset")]

    steps, response = play(stream(plan_for(stream=True), LINK), broken, WHOLE, events=events)

    assert response.text == "ok"
    assert len(sends(steps)) == 2
    assert any(isinstance(event, Restarted) for event in events)


def test_a_stalled_stream_keeps_its_partial() -> None:
    stall = ProviderTimeoutError("nothing for 120 s", phase="idle")

    with pytest.raises(ProviderTimeoutError) as caught:
        play(stream(plan_for(stream=True), LINK), [WHOLE[0], stall])

    assert caught.value.partial is not None
    assert caught.value.partial.text == "o"


def test_an_error_inside_a_stream_is_raised_with_the_partial() -> None:
    failed = b'data: {"error":{"message":"the engine overloaded","code":503}}\n\n'

    with pytest.raises(portable_llm.ProviderError, match="overloaded") as caught:
        play(stream(plan_for(stream=True), LINK), [WHOLE[0], failed])

    assert caught.value.partial is not None
    assert caught.value.partial.text == "o"


def test_a_host_that_answers_a_stream_request_with_one_body_is_understood() -> None:
    class Player:
        pass

    events: list[Any] = []
    exchange = stream(plan_for(stream=True), LINK)
    opened = reply(200, json=ANSWER)
    result: Any = None
    pieces = iter([opened.body, None])
    while True:
        try:
            step = exchange.send(result)
        except StopIteration as stop:
            response = stop.value
            break
        match step:
            case Send():
                result = replace(opened, body=b"", is_open=True)
            case portable_llm._http.Read():  # type: ignore[attr-defined]
                result = next(pieces)
            case portable_llm._http.Now():  # type: ignore[attr-defined]
                result = 0.0
            case event:
                events.append(event)
                result = None

    assert response.text == "ok"
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["ok"]
    assert isinstance(events[-1], Finished)


def test_the_escape_hatch_has_auth_errors_and_retries() -> None:
    target = SETTINGS.resolve("compatible:m@http://127.0.0.1:1/v1")
    call = HttpCall(method="GET", path="/models")

    steps, answer = play(raw(target, call, LINK), OVERLOADED, reply(200, json={"data": []}))
    assert answer.json == {"data": []}
    assert len(sends(steps)) == 2

    with pytest.raises(BadRequestError, match="no such"):
        play(raw(target, call, LINK), reply(400, json={"error": {"message": "no such"}}))


def test_a_policy_of_one_attempt_never_pauses() -> None:
    link = replace(LINK, retry=RetryPolicy(max_attempts=1))

    with pytest.raises(OverloadedError):
        play(chat(plan_for(), link), OVERLOADED)
