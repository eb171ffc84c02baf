"""Faults of the HTTP answer and of the line: the model is not to blame."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

from portable_llm._errors import ErrorKind, kind_of_status
from portable_llm._eventstream import EVENT_STREAM, EXCEPTION, change_payload
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._json import dump_json
from portable_llm.testing.delivery import Abort, Answer, Body, Close, End, Head, Op, Wait, answer_of, split_at
from portable_llm.testing.fault import Fault

if TYPE_CHECKING:
    from portable_llm.wire import WireFormat


# ---- faults of the HTTP answer ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Status(Fault):
    """An error answer, in the provider's own shape or as a proxy would send it."""

    status: int
    retry_after: float | str | None = None
    """The `Retry-After` header: seconds, or a date as text."""
    kind: ErrorKind | None = None
    """By default what the status says."""
    message: str = "injected by the fake server"
    body: Literal["vendor", "html", "text", "empty"] = "vendor"
    headers: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)

    @property
    def is_answer(self) -> bool:
        return True

    def reply(self, answer: Answer, wire: WireFormat) -> Answer:
        written = self._written(wire)
        extra = {} if self.retry_after is None else {"retry-after": f"{self.retry_after}".removesuffix(".0")}
        return replace(written, status=self.status, headers={**written.headers, **extra, **self.headers})

    def _written(self, wire: WireFormat) -> Answer:
        if self.body == "vendor":
            kind = self.kind or kind_of_status(self.status)
            return answer_of(wire.write_error(kind, self.message, status=self.status))
        if self.body == "html":
            return _html(self.status, self.message)
        return Answer(headers={"content-type": "text/plain"}, chunks=(self.message.encode() * (self.body == "text"),))


def _html(status: int, message: str) -> Answer:
    page = f"<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>{message}</h1></body></html>"
    return Answer(status=status, headers={"content-type": "text/html; charset=utf-8"}, chunks=(page.encode(),))


@dataclass(frozen=True, slots=True)
class WrongBytes(Fault):
    """A 2xx whose bytes are not what they should be."""

    what: Literal["invalid_utf8", "html", "garbage", "empty", "no_http"] = "invalid_utf8"
    """`invalid_utf8`: two bytes that are none, in the middle of the right body; `garbage`: random bytes under the
    right content type; `no_http`: random bytes in the place of the status line."""

    @property
    def is_answer(self) -> bool:
        return self.what != "invalid_utf8"

    def reply(self, answer: Answer, wire: WireFormat) -> Answer:
        match self.what:
            case "invalid_utf8":
                return replace(answer, chunks=_spoilt(answer.chunks))
            case "html":
                return _html(200, "Welcome to the guest network")
            case "garbage":
                return Answer(headers={"content-type": "application/json"}, chunks=(_GARBAGE,))
            case "empty" | "no_http":
                return Answer(headers={"content-type": "application/json"})

    def deliver(self, script: tuple[Op, ...]) -> tuple[Op, ...]:
        return (Head(_GARBAGE + b"\r\n\r\n"), Close()) if self.what == "no_http" else script


_GARBAGE = hashlib.sha256(b"garbage").digest().replace(b"\n", b"x").replace(b"\r", b"x") * 4


def _spoilt(chunks: tuple[bytes, ...]) -> tuple[bytes, ...]:
    if not chunks:
        return (b"\xff\xfe",)
    place = len(chunks) // 2
    chunk = chunks[place]
    middle = len(chunk) // 2
    return (*chunks[:place], chunk[:middle] + b"\xff\xfe" + chunk[middle:], *chunks[place + 1 :])


@dataclass(frozen=True, slots=True)
class GzipBomb(Fault):
    """A small compressed body that unpacks to `size` bytes."""

    size: int = 64 * 1024 * 1024
    status: int = 200

    @property
    def is_answer(self) -> bool:
        return True

    def reply(self, answer: Answer, wire: WireFormat) -> Answer:
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        return Answer(status=self.status, headers=headers, chunks=(_bomb(self.size),))


@cache
def _bomb(size: int) -> bytes:
    # Gzip members may follow one another: a megabyte is packed once and repeated, so making a bomb is cheap.
    megabyte = 1024 * 1024
    whole, rest = divmod(size, megabyte)
    return gzip.compress(b" " * megabyte, mtime=0) * whole + gzip.compress(b" " * rest, mtime=0)


@dataclass(frozen=True, slots=True)
class HugeBody(Fault):
    """A body of `size` bytes of blanks, uncompressed."""

    size: int = 100 * 1024 * 1024
    status: int = 200

    @property
    def is_answer(self) -> bool:
        return True

    def reply(self, answer: Answer, wire: WireFormat) -> Answer:
        return Answer(status=self.status, headers={"content-type": "application/json"}, filler=self.size)


@dataclass(frozen=True, slots=True)
class StreamError(Fault):
    """An error in the middle of a stream that began well: the provider's error object as an event, then the end.

    An answer that is not streamed stays as it is.
    """

    kind: ErrorKind = "overloaded"
    after_events: int = 2
    message: str = "injected by the fake server"

    def reply(self, answer: Answer, wire: WireFormat) -> Answer:
        if not answer.is_stream:
            return answer
        error = wire.write_error(self.kind, self.message)
        name = "error" if any(chunk.startswith(b"event:") for chunk in answer.chunks) else _exception(error)
        event = wire.FRAMING.write(Frame(name, error.body))
        return replace(answer, chunks=(*answer.chunks[: self.after_events], event))


def _exception(error: HttpReply) -> str:
    """The name of an exception inside a stream, where the error answer names its type; else none."""
    word = error.headers.get("x-amzn-errortype", "").partition(":")[0]
    return f"{EXCEPTION}{word[:1].lower()}{word[1:]}" if word else ""


_FINISH = re.compile(rb'("(?:\w*(?:finish|stop|done)_?[rR]eason|status|reason)"\s*:\s*")(\w*)(")')
"""Where the word stands; one protocol has it as the status of the answer, or the reason why it is incomplete."""


@dataclass(frozen=True, slots=True)
class RenameFinishReasons(Fault):
    """Other words for why the answer ended, on the wire itself, streamed or not."""

    words: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    """The provider's word (or the portable one) → what is sent in its place."""

    def reply(self, answer: Answer, wire: WireFormat) -> Answer:
        def renamed(found: re.Match[bytes]) -> bytes:
            word = found[2].decode()
            table = wire.FINISH_REASONS
            new = self.words.get(word, self.words.get(table.get(word) or table.get(word.lower(), ""), word))
            return found[1] + dump_json(new)[1:-1] + found[3]

        def changed(chunk: bytes) -> bytes:
            return _FINISH.sub(renamed, chunk)

        if answer.is_stream and wire.FRAMING is EVENT_STREAM:
            return replace(answer, chunks=tuple(change_payload(chunk, changed) for chunk in answer.chunks))
        return replace(answer, chunks=tuple(map(changed, answer.chunks)))


# ---- faults of the line ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reset(Fault):
    """The connection breaks (RST)."""

    when: Literal["before", "in_headers", "after_headers", "in_body"] = "before"
    after_bytes: int = 0
    """With `in_body`: bytes of the body that go out before."""

    @property
    def is_answer(self) -> bool:
        return self.when == "before"

    def deliver(self, script: tuple[Op, ...]) -> tuple[Op, ...]:
        match self.when:
            case "before":
                return (Abort(),)
            case "in_headers":
                head = next(op for op in script if isinstance(op, Head))
                return (Head(head.data[: len(head.data) // 2]), Abort())
            case "after_headers" | "in_body":
                size = 0 if self.when == "after_headers" else self.after_bytes
                return (*split_at(script, size)[0], Abort())


@dataclass(frozen=True, slots=True)
class Cut(Fault):
    """The answer ends early, without an error on the line."""

    after_bytes: int = 0
    """Of the body."""
    is_proper: bool = False
    """The body is declared shorter from the start, so that HTTP itself sees nothing amiss (a proxy that gave up);
    otherwise the connection just closes."""

    def reply(self, answer: Answer, wire: WireFormat) -> Answer:
        return replace(answer, chunks=_shortened(answer.chunks, self.after_bytes)) if self.is_proper else answer

    def deliver(self, script: tuple[Op, ...]) -> tuple[Op, ...]:
        return script if self.is_proper else (*split_at(script, self.after_bytes)[0], Close())


def _shortened(chunks: tuple[bytes, ...], size: int) -> tuple[bytes, ...]:
    kept: list[bytes] = []
    for chunk in chunks:
        kept.append(chunk[:size])
        size = max(size - len(chunk), 0)
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class Stall(Fault):
    """Nothing comes for a while, after so many bytes of the body (-1: before the headers)."""

    after_bytes: int = 0
    seconds: float | None = None
    """`None`: until the client leaves."""

    def deliver(self, script: tuple[Op, ...]) -> tuple[Op, ...]:
        if self.after_bytes < 0:
            return (Wait(self.seconds), *script)
        before, after = split_at(script, self.after_bytes)
        return (*before, Wait(self.seconds), *after)


@dataclass(frozen=True, slots=True)
class SlowLoris(Fault):
    """Headers and body drip: `piece` bytes, a pause, the next."""

    seconds: float = 0.05
    """Between two pieces."""
    piece: int = 1

    def deliver(self, script: tuple[Op, ...]) -> tuple[Op, ...]:
        dripping: list[Op] = []
        for op in script:
            if isinstance(op, (Head, Body)):
                dripping += self._drips(op)
            else:
                dripping.append(op)
        return tuple(dripping)

    def _drips(self, op: Head | Body) -> list[Op]:
        pieces = [type(op)(op.data[at : at + self.piece]) for at in range(0, len(op.data), self.piece)]
        return [step for piece in pieces for step in (piece, Wait(self.seconds))]


@dataclass(frozen=True, slots=True)
class Pace(Fault):
    """A stream as slow as a model: a pause before each event."""

    seconds: float = 0.01

    def deliver(self, script: tuple[Op, ...]) -> tuple[Op, ...]:
        return tuple(step for op in script for step in ((Wait(self.seconds), op) if isinstance(op, Body) else (op,)))


@dataclass(frozen=True, slots=True)
class CloseKeepAlive(Fault):
    """The answer is right and lets the client keep the connection, which then closes."""

    how: Literal["close", "reset"] = "close"

    def deliver(self, script: tuple[Op, ...]) -> tuple[Op, ...]:
        end: Op = Close() if self.how == "close" else Abort()
        return tuple(step for op in script for step in ((op, end) if isinstance(op, End) else (op,)))
