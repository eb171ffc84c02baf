"""Whatever comes over a line, every decoder answers with a response or one of our errors: random bytes, random JSON,
answers and streams with bytes changed, cut, repeated or moved. Parametrised over all wire formats.

A few hundred inputs for each in the fast tier, ten thousand in the slow one. Everything is drawn from a seed that the
test's name contains, so a failure comes again.
"""

from __future__ import annotations

import random
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portable_llm._errors import PortableLLMError, ProviderError
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._json import dump_json
from portable_llm._messages import Message, Origin, ReasoningPart, TextPart, ToolCallPart
from portable_llm._response import NoOutput, Response, Usage
from portable_llm.wire import WireFormat, wire_format, wire_names

HERE = Origin(provider="somebody", host="example.test", model="some-model")
ANSWER: Response[None] = Response(
    message=Message(
        role="assistant",
        parts=(
            ReasoningPart(text="Let me think about that for a moment.", origin=HERE),
            TextPart(text='Grüße, "Welt" — \U0001f600\n' * 3),
            ToolCallPart(id="call00001", name="get_weather", arguments={"city": "Oslo", "days": [1, 2]}),
        ),
    ),
    finish_reason="tool_call",
    raw_finish_reason=None,
    outcome=NoOutput(),
    refusal=None,
    usage=Usage(input_tokens=12, output_tokens=34),
    model="some-model",
    id="answer-1",
)
HOW_MANY = pytest.mark.parametrize("count", [100, pytest.param(10_000, marks=pytest.mark.slow)])
SUCCESS = ("stop", "tool_call")


@pytest.fixture(params=wire_names())
def wire(request: pytest.FixtureRequest) -> WireFormat:
    return wire_format(request.param)


# ---- inputs ----------------------------------------------------------------------------------------------------------


def random_json(draw: random.Random, depth: int = 4) -> Any:
    """Any JSON, with the names that vendors use among its keys."""
    keys = [
        "content",
        "choices",
        "message",
        "error",
        "type",
        "text",
        "delta",
        "index",
        "usage",
        "output",
        "id",
        "parts",
    ]
    kind = draw.randrange(8 if depth else 6)
    if kind == 6:
        return [random_json(draw, depth - 1) for _ in range(draw.randrange(4))]
    if kind == 7:
        return {draw.choice(keys): random_json(draw, depth - 1) for _ in range(draw.randrange(5))}
    return [None, True, draw.randrange(-5, 10**6), draw.random(), "", draw.choice(keys) * draw.randrange(9)][kind]


def changed(draw: random.Random, data: bytes) -> bytes:
    """The bytes with one to four changes."""
    body = bytearray(data)
    for _ in range(draw.randrange(1, 5)):
        at, to = sorted(draw.randrange(len(body) + 1) for _ in range(2))
        match draw.randrange(6):
            case 0 if body:
                body[at % len(body)] ^= 1 << draw.randrange(8)
            case 1:
                body[at:at] = draw.randbytes(draw.randrange(1, 9))
            case 2:
                del body[at:to]
            case 3:
                body[to:to] = body[at : min(to, at + 200)]
            case 4:
                del body[at:]
            case _:
                body[at:at] = draw.choice(
                    [b"\n", b"\r\n\r\n", b"data: ", b"null", b"{", b"]", b"\xff\xfe", b"\x00" * 16]
                )
    return bytes(body)


def inputs(count: int, seeds: list[bytes]) -> Iterator[bytes]:
    """Random bytes, random JSON, and changed seeds, in turns."""
    draw = random.Random(20_261_124)
    for number in range(count):
        match number % 4:
            case 0:
                yield draw.randbytes(draw.randrange(400))
            case 1:
                yield dump_json(random_json(draw))
            case _:
                yield changed(draw, draw.choice(seeds))


# ---- what decodes them -----------------------------------------------------------------------------------------------


def decoded(wire: WireFormat, data: bytes, size: int) -> Response[None] | PortableLLMError:
    """What a stream of these bytes comes to; after an error, what had come until then can still be had."""
    frames, decoder = wire.FRAMING.decoder(), wire.stream_decoder(HERE)
    error: PortableLLMError | None = None
    try:
        for at in range(0, len(data), size):
            for frame in frames.feed(data[at : at + size]):
                decoder.feed(frame)
        for frame in frames.close():
            decoder.feed(frame)
    except PortableLLMError as raised:
        error = raised
    is_complete = decoder.is_complete
    response = decoder.finish()[1]
    if error is not None:
        return error
    assert is_complete or response.finish_reason not in SUCCESS or response.raw_finish_reason, response
    return response


def attempt(read: Callable[[], Any]) -> Any:
    """The result, or one of our errors: anything else is a crash."""
    try:
        return read()
    except PortableLLMError as error:
        return error


# ---- tests -----------------------------------------------------------------------------------------------------------


@HOW_MANY
def test_no_answer_crashes_the_reader(wire: WireFormat, count: int) -> None:
    seeds = [wire.write_response(ANSWER).body]

    for data in inputs(count, seeds):
        reply = HttpReply(status=200, headers={"content-type": "application/json"}, body=data)
        found = attempt(lambda reply=reply: wire.parse_response(reply, HERE))

        assert isinstance(found, (Response, PortableLLMError)), data


@HOW_MANY
def test_no_error_answer_crashes_the_reader(wire: WireFormat, count: int) -> None:
    seeds = [wire.write_error(kind, "something went wrong").body for kind in ("rate_limit", "content_filter")]

    for number, data in enumerate(inputs(count, seeds)):
        reply = HttpReply(status=(400, 401, 429, 500, 503)[number % 5], body=data)
        found = wire.parse_error(reply, HERE)

        assert isinstance(found, (Response, ProviderError)), data


@HOW_MANY
def test_no_stream_crashes_the_decoder_and_chunks_change_nothing(wire: WireFormat, count: int) -> None:
    seeds = [b"".join(wire.write_stream(ANSWER, pieces=pieces)) for pieces in (1, 3)]

    for data in inputs(count, seeds):
        whole, pieces = decoded(wire, data, max(len(data), 1)), decoded(wire, data, 37)

        if isinstance(whole, Response):
            assert pieces == whole, data
        else:
            assert type(pieces) is type(whole), data


@HOW_MANY
def test_no_changed_frame_crashes_the_decoder(wire: WireFormat, count: int) -> None:
    """Behind the framing: bytes that pass every checksum, under any name an event may have."""
    framing = wire.FRAMING.decoder()
    frames = [*framing.feed(b"".join(wire.write_stream(ANSWER, pieces=2))), *framing.close()]
    names = [*{frame.event for frame in frames}, "", "error", "exception:throttlingException", "exception:", "ping"]
    draw = random.Random(20_261_124)

    for _ in range(count):
        decoder = wire.stream_decoder(HERE)
        for frame in frames:
            match draw.randrange(8):
                case 0:
                    frame = Frame(frame.event, changed(draw, frame.data))
                case 1:
                    frame = Frame(draw.choice(names), dump_json(random_json(draw)))
                case 2:
                    frame = Frame(draw.choice(names), frame.data)
                case _:
                    pass
            attempt(lambda frame=frame, decoder=decoder: decoder.feed(frame))

        assert isinstance(decoder.finish()[1], Response)


@HOW_MANY
def test_no_stored_request_crashes_the_reader(wire: WireFormat, count: int) -> None:
    draw = random.Random(20_261_124)
    for _ in range(count):
        body = {name: random_json(draw) for name in ("messages", "contents", "system", "tools", "input", "model")}
        found = attempt(lambda body=body: wire.read_request(body, path="/model/m/converse"))

        assert isinstance(found, (tuple, PortableLLMError)), body


def long_stream(wire: WireFormat, size: int) -> bytes:
    answer = ANSWER.message.parts[1]
    assert isinstance(answer, TextPart)
    text = TextPart(text=answer.text * (size // len(answer.text)))
    message = Message(role="assistant", parts=(text,))
    long = Response(**{**_fields(ANSWER), "message": message, "finish_reason": "stop"})
    return b"".join(wire.write_stream(long, pieces=size // 20))


def _fields(response: Response[None]) -> dict[str, Any]:
    names = ("raw_finish_reason", "outcome", "refusal", "usage", "model", "id")
    return {name: getattr(response, name) for name in names}


def test_work_and_memory_grow_with_the_bytes_and_no_faster(wire: WireFormat) -> None:
    """Counted, not timed: calls of the interpreter and bytes held, for a stream and for one eight times as long."""

    def cost(data: bytes) -> tuple[int, int]:
        calls = 0

        def count(frame: Any, event: str, argument: Any) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            decoded(wire, data, 1000)
        finally:
            sys.setprofile(None)
        tracemalloc.start()
        decoded(wire, data, 1000)
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return calls, held

    short, long = long_stream(wire, 5_000), long_stream(wire, 40_000)
    (few, little), (many, much) = cost(short), cost(long)

    growth = len(long) / len(short)
    assert many <= few * growth * 1.5
    assert much <= little * growth * 1.5 + 100_000
