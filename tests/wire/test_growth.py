"""Reading costs in proportion to the bytes, be it a stream, a whole answer or a stored request.

Counted in calls and bytes held, never in time.
"""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portable_llm._http import HttpReply
from portable_llm._messages import Message, Origin, TextPart, ToolCallPart, assistant, system, user
from portable_llm._request import Request
from portable_llm._response import NoOutput, Response, Usage
from portable_llm.wire import WireFormat, wire_format, wire_names

HERE = Origin(provider="somebody", host="example.test", model="some-model")
ANSWER: Response[None] = Response(
    message=Message(role="assistant", parts=()),
    finish_reason="stop",
    raw_finish_reason=None,
    outcome=NoOutput(),
    refusal=None,
    usage=Usage(input_tokens=12, output_tokens=34),
    model="some-model",
    id="answer-1",
)


@pytest.fixture(params=wire_names())
def wire(request: pytest.FixtureRequest) -> WireFormat:
    return wire_format(request.param)


Reader = Callable[[WireFormat, bytes], None]


def long_stream(wire: WireFormat, size: int) -> bytes:
    text = TextPart(text="Grüße, Welt!\n" * (size // 13))
    answer = replace(ANSWER, message=Message(role="assistant", parts=(text,)))
    return b"".join(wire.write_stream(answer, pieces=size // 20))


def long_answer(wire: WireFormat, calls: int) -> bytes:
    parts = tuple(ToolCallPart(id=f"call{at:05}", name="look", arguments={"at": [at]}) for at in range(calls))
    message = Message(role="assistant", parts=(TextPart(text="Grüße!" * calls), *parts))
    return wire.write_response(replace(ANSWER, message=message, finish_reason="tool_call")).body


def long_request(wire: WireFormat, turns: int) -> bytes:
    asked = [turn for at in range(turns) for turn in (user(f"Question {at}?"), assistant(f"Answer {at}."))]
    messages = (system("Be brief."), *asked, user("And now?"))
    request: Request[Any] = Request(model="some-model", messages=messages, max_output_tokens=50)
    return wire.build_request(request, wire.CAPABILITIES)[0].body or b""


def read(wire: WireFormat, data: bytes) -> None:
    frames, decoder = wire.FRAMING.decoder(), wire.stream_decoder(HERE)
    for at in range(0, len(data), 1000):
        for frame in frames.feed(data[at : at + 1000]):
            decoder.feed(frame)
    for frame in frames.close():
        decoder.feed(frame)
    decoder.finish()


def read_answer(wire: WireFormat, data: bytes) -> None:
    wire.parse_response(HttpReply(status=200, body=data), HERE)


def read_stored(wire: WireFormat, data: bytes) -> None:
    wire.read_request(json.loads(data), path="/model/some-model/converse")


def calls(wire: WireFormat, data: bytes, read: Reader = read) -> int:
    """Function calls, of Python and of C, that reading takes."""
    count = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        read(wire, data)
    finally:
        sys.setprofile(before)
    return count


def held(wire: WireFormat, data: bytes, read: Reader = read) -> int:
    """The most bytes that are held at once."""
    tracemalloc.start()
    read(wire, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_work_and_memory_grow_with_the_bytes_and_no_faster(wire: WireFormat) -> None:
    short, long = long_stream(wire, 5_000), long_stream(wire, 40_000)
    growth = len(long) / len(short)

    assert calls(wire, long) <= calls(wire, short) * growth * 1.5
    assert held(wire, long) <= held(wire, short) * growth * 1.5 + 100_000


@pytest.mark.parametrize(
    ("written", "reader"), [(long_answer, read_answer), (long_request, read_stored)], ids=["answer", "request"]
)
def test_a_whole_answer_and_a_stored_request_grow_no_faster(
    wire: WireFormat, written: Callable[[WireFormat, int], bytes], reader: Reader
) -> None:
    short, long = written(wire, 50), written(wire, 400)
    growth = len(long) / len(short)

    assert calls(wire, long, reader) <= calls(wire, short, reader) * growth * 1.5
    assert held(wire, long, reader) <= held(wire, short, reader) * growth * 1.5 + 100_000
