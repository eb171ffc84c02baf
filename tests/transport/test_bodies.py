"""Decompression in bounded pieces, and the limits of whole bodies."""

from __future__ import annotations

import gzip
import random
import subprocess
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm._errors import AnswerTooLargeError, UnreadableAnswerError
from portable_llm.transport._bodies import MAX_ERROR, RATIO_FROM, Inflater, WholeBody, inflater


def deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(data) + squeeze.flush()


ENCODERS = {"gzip": gzip.compress, "zlib": zlib.compress, "raw": deflate}


@given(data=st.binary(max_size=3000), cuts=st.lists(st.integers(0, 400), max_size=30), how=st.sampled_from([*ENCODERS]))
def test_however_the_bytes_are_cut_the_body_is_the_same(data: bytes, cuts: list[int], how: str):
    raw = ENCODERS[how](data)
    decoder = Inflater("gzip" if how == "gzip" else "deflate")
    out, position = b"", 0
    for size in [*cuts, len(raw)]:
        out += b"".join(decoder.feed(raw[position : position + size]))
        position += size
    decoder.finish()

    assert out == data


@given(data=st.binary(min_size=1, max_size=500), at=st.floats(0, 1, exclude_max=True))
def test_a_cut_gzip_body_is_never_taken_for_a_whole_one(data: bytes, at: float):
    raw = gzip.compress(data)
    cut = 1 + int(at * (len(raw) - 1))
    decoder = Inflater("gzip")
    out = b"".join(decoder.feed(raw[:cut]))

    assert data.startswith(out)
    if cut < len(raw):
        with pytest.raises(UnreadableAnswerError):
            decoder.finish()


def test_pieces_are_small_however_much_a_chunk_holds():
    text = random.Random(1).randbytes(1000) * 5000
    pieces = list(Inflater("gzip").feed(gzip.compress(text)))

    assert max(map(len, pieces)) <= 64 * 1024
    assert b"".join(pieces) == text


def test_members_of_gzip_are_joined_and_zero_padding_is_ignored():
    decoder = Inflater("gzip")

    assert b"".join(decoder.feed(gzip.compress(b"a") + gzip.compress(b"b") + b"\0" * 500)) == b"ab"
    decoder.finish()


def test_thousands_of_empty_members_are_refused():
    with pytest.raises(UnreadableAnswerError):
        list(Inflater("gzip").feed(gzip.compress(b"") * 10_000))


def test_bytes_behind_the_end_of_deflate_are_refused():
    with pytest.raises(UnreadableAnswerError):
        list(Inflater("deflate").feed(zlib.compress(b"a") + b"more"))


def test_an_empty_body_needs_no_compression_though_it_claims_one():
    Inflater("gzip").finish()


def test_a_bomb_is_found_after_8_mebibytes():
    pieces: list[int] = []
    with pytest.raises(AnswerTooLargeError):
        pieces.extend(map(len, Inflater("gzip").feed(gzip.compress(bytes(30_000_000)))))

    assert sum(pieces) <= RATIO_FROM + 64 * 1024


def test_long_repetitive_streams_are_no_bombs():
    envelope = b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"delta":{"content":"%d"}}]}\n\n'
    text = b"".join(envelope % n for n in range(150_000))

    assert sum(map(len, Inflater("gzip").feed(gzip.compress(text)))) == len(text) > 10_000_000


@pytest.mark.parametrize("name", ["", "identity", " Identity "])
def test_plain_bodies_need_nothing(name: str):
    assert inflater(name) is None


@pytest.mark.parametrize("name", ["br", "zstd", "gzip, gzip", "compress"])
def test_other_encodings_are_refused(name: str):
    with pytest.raises(UnreadableAnswerError, match="only gzip, deflate"):
        inflater(name)


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_of_an_error_body_only_the_beginning_is_kept(encoding: str):
    data = b"x" * (MAX_ERROR + 5)
    body = WholeBody(500, encoding)

    assert body.feed(gzip.compress(data) if encoding else data) is False
    assert body.finish() == b"x" * MAX_ERROR


def test_an_error_body_that_is_not_what_it_claims_is_no_second_error():
    body = WholeBody(500, "gzip")

    assert body.feed(b"<html>") is False
    assert body.finish() == b""


BOMB = """
import gzip, resource, sys, tracemalloc
sys.path[:0] = ["src", "tests"]
from support.sockets import answering, http, serving
from portable_llm._errors import AnswerTooLargeError
from portable_llm._http import Read, Send
from portable_llm.transport import SyncDriver

bomb = gzip.compress(bytes(100_000_000))

def whole(url, stream):
    yield Send("POST", url, {}, b"", stream=stream)
    while stream and (yield Read()) is not None:
        pass

driver = SyncDriver()
with serving(answering(http(body=b"{}"))) as server:
    driver.run(whole(server.url, False))
tracemalloc.start()
resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for stream in (False, True):
    with serving(answering(http(body=bomb, content_encoding="gzip"))) as server:
        try:
            driver.run(whole(server.url, stream))
        except AnswerTooLargeError:
            print(tracemalloc.get_traced_memory()[1], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident)
"""


def test_a_bomb_takes_at_most_20_megabytes():
    """In a process of its own: `ru_maxrss` counts what zlib takes beside Python's allocator."""
    result = subprocess.run([sys.executable, "-c", BOMB], capture_output=True, text=True, timeout=60, check=True)
    peaks = [tuple(map(int, line.split())) for line in result.stdout.splitlines()]

    assert len(peaks) == 2
    for traced, resident_kib in peaks:
        assert traced <= 20_000_000
        # Making the bomb takes memory too, but that was before: what is added is ours.
        assert resident_kib * 1024 <= 20_000_000
