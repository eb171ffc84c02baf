"""As much HTTP/1.1 as a fake server needs, byte by byte: reading a request, following a delivery script."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass

from portable_llm.testing.delivery import Abort, Body, Close, End, Fill, Head, Op, Wait

MAX_HEAD = 64 * 1024
"""Bytes of request line and headers."""
MAX_BODY = 64 * 1024 * 1024
"""Bytes of a request's body."""

_FILLER = b" " * 65_536


class BadHttpError(Exception):
    """The client does not speak HTTP/1.1 as far as this server does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One request as it was read; it still holds the credentials."""

    method: str
    path: str
    """Without the query."""
    query: str
    headers: dict[str, str]
    """Names in lower case; of repeated ones the last."""
    body: bytes

    @property
    def keeps_open(self) -> bool:
        """Whether the client wants the connection kept."""
        return self.headers.get("connection", "").lower() != "close"


class Reader(asyncio.StreamReader):
    """A reader that tells when the client has left, while nobody reads."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=MAX_HEAD, loop=loop)
        self.has_left = asyncio.Event()

    def feed_eof(self) -> None:
        super().feed_eof()
        self.has_left.set()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self.has_left.set()


async def open_streams(connection: socket.socket) -> tuple[Reader, asyncio.StreamWriter]:
    """Reader and writer of an accepted connection."""
    loop = asyncio.get_running_loop()
    reader = Reader(loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


# ---- reading ---------------------------------------------------------------------------------------------------------


async def read_incoming(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Incoming | None:
    """The next request, or `None` when the client has closed; raises `BadHttpError`, `IncompleteReadError`."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise
    except asyncio.LimitOverrunError:
        raise BadHttpError(f"the headers exceed {MAX_HEAD} bytes") from None
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise BadHttpError(f"no HTTP/1.1 request line: {first[:80]!r}")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    path, _, query = words[1].partition("?")
    body = await _read_body(reader, headers)
    return Incoming(method=words[0], path=path, query=query, headers=headers, body=body)


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunks(reader)
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise BadHttpError(f"content-length is no number: {length[:40]!r}")
    return await reader.readexactly(_checked(int(length)))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            raise BadHttpError(f"no chunk size: {line[:40]!r}") from None
        _checked(len(body) + size)
        body += (await reader.readexactly(size + 2))[:size]
        if size == 0:
            return bytes(body)


def _checked(size: int) -> int:
    if not 0 <= size <= MAX_BODY:
        raise BadHttpError(f"the body exceeds {MAX_BODY} bytes")
    return size


# ---- writing ---------------------------------------------------------------------------------------------------------


async def deliver(script: tuple[Op, ...], reader: Reader, writer: asyncio.StreamWriter, *, is_chunked: bool) -> bool:
    """Follow the script → whether the connection may go on; raises `ConnectionError` when the client has left."""
    for op in script:
        match op:
            case Head(data=data):
                writer.write(data)
            case Body(data=data):
                writer.write(b"%x\r\n%b\r\n" % (len(data), data) if is_chunked else data)
            case Fill(size=size):
                await _fill(writer, size)
            case End():
                writer.write(b"0\r\n\r\n" * is_chunked)
            case Wait(seconds=seconds):
                await _wait(reader, seconds)
            case Close():
                return False
            case Abort():
                _abort(writer)
                return False
        await writer.drain()
    return True


async def _fill(writer: asyncio.StreamWriter, size: int) -> None:
    for left in range(size, 0, -len(_FILLER)):
        writer.write(_FILLER[:left])
        await writer.drain()


async def _wait(reader: Reader, seconds: float | None) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await reader.has_left.wait()
        raise ConnectionResetError("the client has left")


def _abort(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None:
        # A linger time of zero makes the kernel send RST where it would say FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def close(writer: asyncio.StreamWriter) -> None:
    """Close the connection when all is sent, or at once when cancelled, and wait until it is closed."""
    writer.close()
    try:
        await _closed(writer)
    except asyncio.CancelledError:
        writer.transport.abort()
        await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
