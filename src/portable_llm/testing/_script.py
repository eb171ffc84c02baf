"""Plays an exchange from a script: no network, no clock, no driver.

steps, response = play(chat(plan, link), reply(429, headers={"retry-after": "2"}), reply(200, json=ANSWER))
assert [type(step) for step in steps] == [Send, Pause, Send]
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from portable_llm._http import Acquire, HttpReply, Now, Pause, Raised, Read, Record, Send, Step, Token, Work
from portable_llm._json import JsonValue, dump_json

R = TypeVar("R")

Chunk: TypeAlias = bytes | BaseException
Result: TypeAlias = HttpReply | BaseException | Sequence[Chunk]
"""What one `Send` brings: a whole reply; an exception, thrown into the exchange; or the chunks of a stream that
`Read` gives one by one (an exception among them is thrown at its turn)."""

WALL_CLOCK_START = 1_750_000_000.0
"""Seconds since 1970 at which a script begins; its monotonic clock begins at 0. Only pauses move them."""


def reply(
    status: int = 200,
    json: JsonValue = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> HttpReply:
    """A whole reply: `json` as its body, or `body` as it is."""
    fields = {"content-type": "application/json"} if body is None else {}
    fields.update({name.lower(): value for name, value in (headers or {}).items()})
    return HttpReply(status=status, headers=fields, body=dump_json(json) if body is None else body)


def play(
    exchange: Generator[Any, Any, R],
    *results: Result,
    steps: list[Step] | None = None,
    events: list[Any] | None = None,
) -> tuple[list[Step], R]:
    """Run an exchange to its end → the steps it took, without `Read` and `Now`, and what it returned.

    Each `Send` takes the next of `results`; too few or too many are an `AssertionError`. Pass `steps` and `events` to
    see what had happened when the exchange raises, and what it yielded besides steps.
    """
    player = _Player(results, [] if steps is None else steps, [] if events is None else events)
    value = player.run(exchange)
    left = len(list(player.results))
    assert not left, f"the exchange ended with {left} of {len(results)} results left over"
    return player.steps, value


class _Player:
    def __init__(self, results: Sequence[Result], steps: list[Step], events: list[Any]) -> None:
        self.count = len(results)
        self.results = iter(results)
        self.steps, self.events = steps, events
        self.now = 0.0
        self.chunks: Iterator[Chunk] | None = None

    def run(self, exchange: Generator[Any, Any, R]) -> R:
        result: object = None
        while True:
            try:
                step = exchange.throw(result) if isinstance(result, BaseException) else exchange.send(result)
            except StopIteration as stop:
                return stop.value
            result = self.perform(step)

    def perform(self, step: object) -> object:
        if isinstance(step, (Send, Pause, Acquire, Record, Token, Work)):
            self.steps.append(step)
        match step:
            case Read():
                assert self.chunks is not None, "the exchange reads, but its last Send brought no stream"
                return next(self.chunks, None)
            case Send():
                return self.send()
            case Pause(seconds):
                self.now += seconds
                return None
            case Now(clock):
                return self.now + (WALL_CLOCK_START if clock == "wall" else 0.0)
            case Token(source):
                token = source()
                assert not inspect.isawaitable(token), "a script cannot await a token"
                return token
            case Acquire():
                self.acquire(step)
                return None
            case Record():
                return None
            case Work(jobs):
                return [_outcome(job) for job in jobs]
            case event:
                self.events.append(event)
                return None

    def send(self) -> HttpReply | BaseException:
        result = next(self.results, None)
        assert result is not None, f"the exchange sends more often than the {self.count} results that were scripted"
        self.chunks = None
        if isinstance(result, (HttpReply, BaseException)):
            return result
        self.chunks = iter(result)
        return HttpReply(status=200, headers={"content-type": "text/event-stream"}, is_open=True)

    def acquire(self, step: Acquire) -> None:
        while (wait := step.limiter.reserve(step.cost, self.now)) > 0:
            self.now += wait


def _outcome(job: Callable[[], object]) -> object:
    try:
        return job()
    except Exception as error:
        return Raised(error)
