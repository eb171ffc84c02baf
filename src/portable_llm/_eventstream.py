"""AWS event streams (`application/vnd.amazon.eventstream`): binary messages → frames, and the way back.

A message is a prelude (its length, the length of its headers, a CRC of both), headers, a payload, and a CRC of all
before it; numbers are big-endian, both checks are CRC-32 (https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html,
read 2026-11-23; held against botocore's reader in the tests).

What the headers say becomes the frame's name: of an event its type, of an exception `exception:` and its type, of an
error `error:` and its code, with the error's message as JSON in the place of the payload it does not have.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import TypeAlias
from zlib import crc32

from portable_llm._errors import AnswerTooLargeError, UnreadableAnswerError
from portable_llm._frames import Frame, Framing
from portable_llm._json import dump_json

MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes one message may have, as the protocol has it."""
MAX_HEADERS = 128 * 1024
"""Bytes all headers of a message may have."""
EXCEPTION = "exception:"
ERROR = "error:"

HeaderValue: TypeAlias = "bool | int | bytes | str"

_PRELUDE = struct.Struct(">III")
_CRC = struct.Struct(">I")
_SHORT = struct.Struct(">H")
_FIXED = {2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Header types with a value of fixed size: whole numbers, a time in milliseconds, a UUID."""
_OVERHEAD = 16


class EventStreamDecoder:
    """Feed it bytes as they come; it gives the frames that are complete.

    Raises `UnreadableAnswerError` for bytes that are no such stream or were damaged, `AnswerTooLargeError` for a
    message that says it is longer than the protocol allows: both before anything is kept of it.
    """

    def __init__(self, *, max_message: int = MAX_MESSAGE) -> None:
        self._max_message = max_message
        self._held = bytearray()

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that `chunk` completes."""
        held = self._held
        held += chunk
        frames: list[Frame] = []
        start = 0
        while len(held) - start >= _PRELUDE.size:
            total, headers = self._prelude(held, start)
            if len(held) - start < total:
                break
            frames.append(_frame(bytes(held[start : start + total]), headers))
            start += total
        if start:
            del held[:start]
        return frames

    def close(self) -> list[Frame]:
        """No frame: a message without its end is none. The decoder behind it has not seen the end of the answer."""
        self._held.clear()
        return []

    def _prelude(self, held: bytearray, start: int) -> tuple[int, int]:
        """The lengths of the message that begins there, its check passed."""
        total, headers, check = _PRELUDE.unpack_from(held, start)
        if crc32(memoryview(held)[start : start + 8]) != check:
            raise UnreadableAnswerError(f"not an AWS event stream, or damaged: it goes on {bytes(held[start:][:16])!r}")
        if total > self._max_message or headers > MAX_HEADERS:
            raise AnswerTooLargeError(f"one message of the stream has {total} bytes; {self._max_message} are allowed")
        if total < headers + _OVERHEAD:
            raise UnreadableAnswerError("a message of the stream is shorter than its own headers")
        return total, headers


def _frame(message: bytes, headers_size: int) -> Frame:
    if crc32(memoryview(message)[:-4]) != _CRC.unpack_from(message, len(message) - 4)[0]:
        raise UnreadableAnswerError("a message of the stream was damaged on its way: its checksum is wrong")
    headers = read_headers(message[12 : 12 + headers_size])
    payload = message[12 + headers_size : -4]
    kind = headers.get(":message-type", "event")
    if kind == "exception":
        return Frame(f"{EXCEPTION}{headers.get(':exception-type', '')}", payload)
    if kind == "error":
        said = {"message": str(headers.get(":error-message", ""))}
        return Frame(f"{ERROR}{headers.get(':error-code', '')}", dump_json(said))
    return Frame(str(headers.get(":event-type", "")), payload)


def read_headers(data: bytes) -> dict[str, HeaderValue]:
    """The headers of a message; raises `UnreadableAnswerError` for bytes that are none."""
    headers: dict[str, HeaderValue] = {}
    at = 0
    try:
        while at < len(data):
            size = data[at]
            name = data[at + 1 : at + 1 + size].decode("utf-8", "replace")
            at += 1 + size
            headers[name], at = _value(data, at)
    except (IndexError, struct.error):
        raise UnreadableAnswerError("the headers of a message of the stream break off") from None
    return headers


def _value(data: bytes, at: int) -> tuple[HeaderValue, int]:
    """The value whose type stands at `at`, and where the next header begins; raises `IndexError` past the end."""
    kind = data[at]
    at += 1
    if kind in (0, 1):
        return kind == 0, at
    if kind in (6, 7):
        size = int(_SHORT.unpack_from(data, at)[0])
        value = _taken(data, at + 2, size)
        return (value if kind == 6 else value.decode("utf-8", "replace")), at + 2 + size
    if kind not in _FIXED:
        raise UnreadableAnswerError(f"a header of the stream has the unknown type {kind}")
    size = _FIXED[kind]
    value = _taken(data, at, size)
    return (value if kind == 9 else int.from_bytes(value, "big", signed=True)), at + size


def _taken(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise IndexError
    return data[at : at + size]


def write_message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message with text headers: the way back of the decoder."""
    packed = b"".join(
        bytes((len(name.encode()),)) + name.encode() + b"\x07" + _SHORT.pack(len(value.encode())) + value.encode()
        for name, value in headers.items()
    )
    return _sealed(packed, payload)


def change_payload(message: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The message with another payload, its lengths and checks made anew."""
    end = _PRELUDE.size + int(_PRELUDE.unpack_from(message)[1])
    return _sealed(message[_PRELUDE.size : end], change(message[end:-4]))


def _sealed(packed: bytes, payload: bytes) -> bytes:
    lengths = struct.pack(">II", len(packed) + len(payload) + _OVERHEAD, len(packed))
    message = lengths + _CRC.pack(crc32(lengths)) + packed + payload
    return message + _CRC.pack(crc32(message))


def write_event(name: str, payload: bytes) -> bytes:
    """One event with a JSON payload."""
    return write_message({":event-type": name, ":content-type": "application/json", ":message-type": "event"}, payload)


def write_exception(name: str, payload: bytes) -> bytes:
    """One exception with a JSON payload; nothing comes behind it."""
    return write_message(
        {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}, payload
    )


def write_frame(frame: Frame) -> bytes:
    """One frame as a message: an exception where its name says so."""
    if frame.event.startswith(EXCEPTION):
        return write_exception(frame.event.removeprefix(EXCEPTION), frame.data)
    return write_event(frame.event, frame.data)


EVENT_STREAM = Framing("application/vnd.amazon.eventstream", EventStreamDecoder, write_frame)
"""How AWS frames a stream."""
