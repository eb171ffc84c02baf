"""Server-sent events: any chunking gives the same frames, and a peer cannot make us hold more than one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import AnswerTooLargeError
from portable_llm._frames import Frame, SseDecoder


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
