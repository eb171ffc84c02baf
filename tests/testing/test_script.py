"""The scripted player that unit tests of exchanges use."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from portable_llm._errors import ConnectionFailedError
from portable_llm._http import Acquire, HttpReply, Now, Pause, Read, Record, Send, Token
from portable_llm.testing._script import WALL_CLOCK_START, play, reply

SEND = Send("POST", "http://host/v1", {}, b"{}")


def patient(tries: int) -> Generator[Any, Any, bytes]:
    for _ in range(tries - 1):
        try:
            answer = yield SEND
        except ConnectionFailedError:
            yield Pause(2.0)
        else:
            return answer.body
    return (yield SEND).body


def test_gives_each_send_the_next_result_and_notes_the_steps():
    steps, body = play(patient(2), ConnectionFailedError("reset"), reply(200, json={"ok": True}))

    assert steps == [SEND, Pause(2.0), SEND]
    assert body == b'{"ok":true}'


def test_streams_are_read_chunk_by_chunk_and_events_are_kept_apart():
    def exchange() -> Generator[Any, Any, str]:
        opened = yield SEND
        assert opened.is_open
        try:
            while (chunk := (yield Read())) is not None:
                yield chunk.decode()
        except ConnectionFailedError:
            return "broken"
        return "whole"

    events: list[str] = []
    assert play(exchange(), [b"a", b"b"], events=events) == ([SEND], "whole")
    assert play(exchange(), [b"c", ConnectionFailedError("reset"), b"d"], events=events) == ([SEND], "broken")
    assert events == ["a", "b", "c"]


def test_only_pauses_and_limits_move_the_clocks():
    class Limiter:
        def reserve(self, cost: float, now: float) -> float:
            return max(0.0, 5.0 - now)

    def exchange() -> Generator[Any, Any, list[float]]:
        times = [(yield Now())]
        yield Pause(1.5)
        times.append((yield Now("wall")))
        yield Acquire(Limiter(), 1.0)
        times.append((yield Now()))
        return times

    assert play(exchange())[1] == [0.0, WALL_CLOCK_START + 1.5, 5.0]


def test_tokens_and_records_are_steps():
    def exchange() -> Generator[Any, Any, str]:
        yield Record("entry")
        return (yield Token(lambda: "abc"))

    steps, token = play(exchange())

    assert token == "abc"
    assert [type(step) for step in steps] == [Record, Token]


def test_a_script_that_does_not_fit_fails():
    with pytest.raises(AssertionError, match="more often than the 1 results"):
        play(patient(2), ConnectionFailedError("reset"))
    with pytest.raises(AssertionError, match="1 of 2 results left over"):
        play(patient(1), reply(), reply())


def test_steps_are_seen_when_the_exchange_raises():
    steps: list[Any] = []
    with pytest.raises(ConnectionFailedError):
        play(patient(1), ConnectionFailedError("reset"), steps=steps)

    assert steps == [SEND]


def test_replies_are_json_or_bytes_with_lower_case_headers():
    assert reply(429, headers={"Retry-After": "2"}) == HttpReply(
        status=429, headers={"content-type": "application/json", "retry-after": "2"}, body=b"null"
    )
    assert reply(500, body=b"<html>") == HttpReply(status=500, body=b"<html>")
