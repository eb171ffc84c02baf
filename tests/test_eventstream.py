"""AWS event streams: read as botocore reads them, cut anywhere, and never past a damaged byte."""

from __future__ import annotations

import struct
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm._errors import AnswerTooLargeError, UnreadableAnswerError
from portable_llm._eventstream import (
    EventStreamDecoder,
    read_headers,
    write_event,
    write_exception,
    write_message,
)
from portable_llm._frames import Frame

VECTOR = bytes.fromhex(
    "000000760000005296d5fade0d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507000c6d6573736167"
    "6553746172740d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b22726f6c65223a2261737369737461"
    "6e74227d1cc6be18"
)
"""One message as botocore's service writes it, from the wire facts of 2026-11-23."""
payloads = st.binary(max_size=60)
names = st.text("abcdefghijklmnopqrstuvwxyzABC", min_size=1, max_size=20)
events = st.lists(st.tuples(names, payloads), max_size=5)


def decoded(*chunks: bytes) -> list[Frame]:
    decoder = EventStreamDecoder()
    return [frame for chunk in chunks for frame in decoder.feed(chunk)] + decoder.close()


def test_a_known_message() -> None:
    assert decoded(VECTOR) == [Frame("messageStart", b'{"role":"assistant"}')]
    headers = {":message-type": "event", ":event-type": "messageStart", ":content-type": "application/json"}
    assert write_message(headers, b'{"role":"assistant"}') == VECTOR


@given(events=events, size=st.integers(1, 40))
def test_what_is_written_reads_back_however_it_is_cut(events: list[tuple[str, bytes]], size: int) -> None:
    stream = b"".join(write_event(name, payload) for name, payload in events)

    assert decoded(stream) == [Frame(name, payload) for name, payload in events]
    assert decoded(*(stream[at : at + size] for at in range(0, len(stream), size))) == decoded(stream)


@given(events=events)
def test_botocore_reads_the_same(events: list[tuple[str, bytes]]) -> None:
    eventstream: Any = pytest.importorskip("botocore.eventstream")
    buffer = eventstream.EventStreamBuffer()
    buffer.add_data(b"".join(write_event(name, payload) for name, payload in events))

    assert [(message.headers[":event-type"], message.payload) for message in buffer] == events


def test_exceptions_and_errors_have_names_of_their_own() -> None:
    error = write_message({":message-type": "error", ":error-code": "Broken", ":error-message": "no more"}, b"")

    assert decoded(write_exception("throttlingException", b"{}"), error) == [
        Frame("exception:throttlingException", b"{}"),
        Frame("error:Broken", b'{"message":"no more"}'),
    ]


def test_all_types_of_headers() -> None:
    def header(name: str, kind: int, value: bytes) -> bytes:
        return bytes((len(name),)) + name.encode() + bytes((kind,)) + value

    data = b"".join(
        (
            header("yes", 0, b""),
            header("no", 1, b""),
            header("byte", 2, b"\xff"),
            header("short", 3, struct.pack(">h", -2)),
            header("int", 4, struct.pack(">i", 3)),
            header("long", 5, struct.pack(">q", -4)),
            header("bytes", 6, b"\x00\x02ab"),
            header("text", 7, b"\x00\x02\xc3\xa9"),
            header("time", 8, struct.pack(">q", 1_700_000_000_000)),
            header("uuid", 9, bytes(16)),
        )
    )

    assert read_headers(data) == {
        "yes": True,
        "no": False,
        "byte": -1,
        "short": -2,
        "int": 3,
        "long": -4,
        "bytes": b"ab",
        "text": "é",
        "time": 1_700_000_000_000,
        "uuid": bytes(16),
    }


@pytest.mark.parametrize("data", [b"\x05ab", b"\x01a", b"\x01a\x07\x00\x09x", b"\x01a\x04\x00", b"\x01a\x2a"])
def test_headers_that_break_off_or_are_of_an_unknown_type(data: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        read_headers(data)


@given(data=st.data())
def test_no_damaged_byte_gets_through(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(VECTOR) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    damaged = VECTOR[:place] + bytes((VECTOR[place] ^ bit,)) + VECTOR[place + 1 :]

    with pytest.raises(UnreadableAnswerError):
        decoded(damaged)


@given(cut=st.integers(0, len(VECTOR) - 1))
def test_a_message_without_its_end_is_none(cut: int) -> None:
    assert decoded(VECTOR, VECTOR[:cut]) == decoded(VECTOR)


def test_another_kind_of_bytes_is_named() -> None:
    with pytest.raises(UnreadableAnswerError, match="not an AWS event stream"):
        decoded(b"data: {}\n\n" * 4)


@pytest.mark.parametrize(("total", "headers"), [(2**31, 0), (200 * 1024, 150 * 1024)])
def test_a_message_that_is_too_long_is_refused_before_it_is_held(total: int, headers: int) -> None:
    lengths = struct.pack(">II", total, headers)

    with pytest.raises(AnswerTooLargeError):
        decoded(lengths + struct.pack(">I", crc32(lengths)))


def test_a_message_shorter_than_its_headers_is_unreadable() -> None:
    lengths = struct.pack(">II", 20, 50)

    with pytest.raises(UnreadableAnswerError, match="shorter"):
        decoded(lengths + struct.pack(">I", crc32(lengths)))
