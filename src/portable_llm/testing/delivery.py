"""How one HTTP answer goes over the line, as data: faults rewrite the script, the server only follows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeAlias

from portable_llm._http import HttpReply


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server would say, before anything goes wrong on the line."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    chunks: tuple[bytes, ...] = ()
    """The body; of a stream, one chunk per event."""
    is_stream: bool = False
    """Sent chunked, each chunk on its own, instead of with a length."""
    filler: int = 0
    """Bytes of blanks that follow `chunks` and are never held in memory."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and headers, with the empty line behind them."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """A piece of the body."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Fill:
    """That many bytes of blanks."""

    size: int


@dataclass(frozen=True, slots=True)
class End:
    """The body is over; the connection stays open for the next request."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Send nothing for that many seconds (`None`: until the client leaves)."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection in order (FIN)."""


@dataclass(frozen=True, slots=True)
class Abort:
    """Break the connection (RST)."""


Op: TypeAlias = Head | Body | Fill | End | Wait | Close | Abort


def answer_of(reply: HttpReply) -> Answer:
    """A whole answer."""
    return Answer(status=reply.status, headers=dict(reply.headers), chunks=(reply.body,))


def script_of(answer: Answer) -> tuple[Op, ...]:
    """The undisturbed delivery."""
    body: list[Op] = [Body(chunk) for chunk in answer.chunks if chunk]
    if answer.filler:
        body.append(Fill(answer.filler))
    return (Head(head_of(answer)), *body, End())


def head_of(answer: Answer) -> bytes:
    """Status line and headers; the server adds what frames the body."""
    framing = (
        {"transfer-encoding": "chunked"}
        if answer.is_stream
        else {"content-length": str(sum(map(len, answer.chunks)) + answer.filler)}
    )
    lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}"]
    lines += [f"{name}: {value}" for name, value in {**answer.headers, **framing}.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unassigned"


def split_at(script: Iterable[Op], size: int) -> tuple[tuple[Op, ...], tuple[Op, ...]]:
    """The script until `size` bytes of the body are out, and the rest (which begins with `End` at the latest)."""
    before: list[Op] = []
    after: list[Op] = []
    for op in script:
        if after or isinstance(op, End):
            after.append(op)
        elif not isinstance(op, (Body, Fill)):
            before.append(op)
        else:
            first, second = _cut(op, size)
            size -= _size(op)
            before += [first] if _size(first) else []
            after += [second] if _size(second) else []
    return tuple(before), tuple(after)


def _size(op: Body | Fill) -> int:
    return len(op.data) if isinstance(op, Body) else op.size


def _cut(op: Body | Fill, size: int) -> tuple[Body | Fill, Body | Fill]:
    size = max(size, 0)
    if isinstance(op, Body):
        return Body(op.data[:size]), Body(op.data[size:])
    return Fill(min(op.size, size)), Fill(max(op.size - size, 0))
