"""Server-sent events and JSON lines: chunks change nothing, and a peer cannot make us hold more than one frame."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import AnswerTooLargeError
from portable_llm._frames import JSON_LINES, SSE, Frame, Framing, JsonLinesDecoder, SseDecoder


def decode(chunks: list[bytes], max_frame: int = 1000) -> list[Frame]:
    decoder = SseDecoder(max_frame=max_frame)
    return [frame for chunk in chunks for frame in decoder.feed(chunk)] + decoder.close()


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"data: a\n\ndata: b\n\n", [Frame("", b"a"), Frame("", b"b")]),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [Frame("", b"a"), Frame("", b"b"), Frame("", b"c")]),
        (b"event: ping\ndata: {}\n\ndata: x\n\n", [Frame("ping", b"{}"), Frame("", b"x")]),
        (b"data: a\ndata: b\n\n", [Frame("", b"a\nb")]),
        (b"data:a\n\ndata\n\n", [Frame("", b"a"), Frame("", b"")]),
        (b": comment\n\n: another\ndata: a\n\n", [Frame("", b"a")]),
        (b"id: 7\nretry: 10\ndata: a\n\n", [Frame("", b"a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [Frame("", b"a")]),
        (b"data: a\n\ndata: unfinished", [Frame("", b"a"), Frame("", b"unfinished")]),
        (b"event: lonely\n\ndata: a\n\n", [Frame("", b"a")]),
        (b"", []),
    ],
)
def test_frames(stream: bytes, frames: list[Frame]) -> None:
    assert decode([stream]) == frames


lines = st.sampled_from(
    [b"data: one", b"data:two", b"data", b": note", b"event: e", b"", b"", b"nonsense", b"data: \xf0\x9f\x98\x80"]
)
endings = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(st.lists(st.tuples(lines, endings)), st.lists(st.integers(0, 200)))
def test_chunk_borders_mean_nothing(parts: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    stream = b"".join(line + ending for line, ending in parts)
    borders = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    chunks = [stream[start:end] for start, end in pairwise(borders)]

    assert decode(chunks) == decode([stream])
    assert decode([stream[i : i + 1] for i in range(len(stream))]) == decode([stream])


@pytest.mark.parametrize("chunk", [b"data: " + b"x" * 60, b"x" * 60, b"data: " + b"x" * 20 + b"\n"])
def test_an_endless_frame_is_refused(chunk: bytes) -> None:
    with pytest.raises(AnswerTooLargeError, match="exceeds 100 bytes"):
        decode([chunk] * 10, max_frame=100)


# ---- JSON lines ------------------------------------------------------------------------------------------------------


def read_lines(chunks: list[bytes], max_frame: int = 1000) -> list[bytes]:
    decoder = JsonLinesDecoder(max_frame=max_frame)
    frames = [frame for chunk in chunks for frame in decoder.feed(chunk)] + decoder.close()
    assert all(frame.event == "" for frame in frames)
    return [frame.data for frame in frames]


@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (b'{"a":1}\n{"b":2}\n', [b'{"a":1}', b'{"b":2}']),
        (b'{"a":1}\r\n{"b":2}\r\n', [b'{"a":1}', b'{"b":2}']),
        (b'\n\n{"a":1}\n  \n', [b'{"a":1}']),
        (b'{"a":1}\n{"b":2}', [b'{"a":1}', b'{"b":2}']),
        (b'\xef\xbb\xbf{"a":1}\n', [b'{"a":1}']),
        (b"", []),
    ],
)
def test_each_line_is_a_frame(stream: bytes, lines: list[bytes]) -> None:
    assert read_lines([stream]) == lines
    assert read_lines([stream[i : i + 1] for i in range(len(stream))]) == lines


@given(st.lists(st.sampled_from([b'{"a":1}', b"", b" ", '{"b":"\N{SNOWMAN}"}'.encode()])), st.integers(1, 30))
def test_chunk_borders_mean_nothing_to_lines(lines: list[bytes], size: int) -> None:
    stream = b"\n".join(lines)

    assert read_lines([stream[i : i + size] for i in range(0, len(stream), size)]) == read_lines([stream])


@pytest.mark.parametrize("chunk", [b"x" * 60, b"x" * 200 + b"\n"])
def test_an_endless_line_is_refused(chunk: bytes) -> None:
    with pytest.raises(AnswerTooLargeError, match="exceeds 100 bytes"):
        read_lines([chunk] * 10, max_frame=100)


@pytest.mark.parametrize("framing", [SSE, JSON_LINES], ids=lambda framing: framing.media_type)
def test_what_a_framing_writes_it_reads(framing: Framing) -> None:
    frames = [Frame("", b'{"a":1}'), Frame("", b'{"b":2}')]

    assert framing.decoder().feed(b"".join(framing.write(frame) for frame in frames)) == frames
