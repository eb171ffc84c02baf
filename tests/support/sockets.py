"""A server on 127.0.0.1 whose every byte a test decides: for faults that no HTTP library would produce."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

PATIENCE = 10.0
"""Seconds after which a wait that should end is given up, so that a failing test ends."""


def http(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """A whole HTTP/1.1 answer."""
    fields = {"content-type": "application/json", "content-length": str(len(body))}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunked(*parts: bytes) -> bytes:
    """Parts in chunked coding, without the last, empty chunk."""
    return b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts)


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket, number: int, stop: threading.Event) -> None:
        self.number = number
        """How many connections came before."""
        self._socket = connection
        self._stop = stop
        self._buffer = b""
        connection.settimeout(PATIENCE)

    def request(self) -> bytes:
        """One whole request, head and body; `b""` when the client has closed."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if not self._receive():
                return b""
        head = self._buffer[: end + 4]
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(self._buffer) < end + 4 + length:
            if not self._receive():
                return b""
        request, self._buffer = self._buffer[: end + 4 + length], self._buffer[end + 4 + length :]
        return request

    def send(self, data: bytes) -> bool:
        """Whether the client took it."""
        try:
            self._socket.sendall(data)
        except OSError:
            return False
        return True

    def drip(self, data: bytes, every: float = 0.02) -> None:
        """One byte at a time, over and over, until the client has enough."""
        while not self._stop.is_set():
            for byte in data:
                if self._stop.wait(every) or not self.send(bytes([byte])):
                    return

    def read_slowly(self, sip: int, until: threading.Event, every: float = 0.002) -> int:
        """Read at most `sip` bytes at a time → how many came."""
        came = 0
        while not until.wait(every):
            with suppress(OSError):
                came += len(self._socket.recv(sip) if sip else b"")
        return came

    def reset(self) -> None:
        """Break the connection off with a TCP reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def close(self) -> None:
        """Close it properly."""
        self._socket.close()

    def wait_closed(self) -> bool:
        """Whether the client closed within `PATIENCE`, whatever it still sent."""
        try:
            while self._socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def _receive(self) -> bool:
        with suppress(OSError):
            data = self._socket.recv(65536)
            self._buffer += data
            return bool(data)
        return False


class SocketServer:
    """Accepts connections and lets `handle` play each of them in a thread of its own."""

    def __init__(self, handle: Callable[[Peer], None]) -> None:
        self._handle = handle
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1/chat"
        self.errors: list[BaseException] = []
        """What `handle` raised."""
        self.connections = 0
        self._stop = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def join(self, seconds: float) -> None:
        """Wait until the handlers of the connections so far have ended."""
        for thread in self._threads[1:]:
            thread.join(seconds)

    def close(self) -> None:
        """Accept no more, let the handlers come to their end, and end those that do not."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE)
        self._stop.set()
        for connection in self._sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(connection)
            peer = Peer(connection, self.connections, self._stop)
            self.connections += 1
            thread = threading.Thread(target=self._play, args=(peer,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _play(self, peer: Peer) -> None:
        try:
            self._handle(peer)
        except BaseException as error:
            self.errors.append(error)
        finally:
            peer.close()


@contextmanager
def serving(handle: Callable[[Peer], None]) -> Iterator[SocketServer]:
    """A server for one test; what its handler raised fails the test."""
    server = SocketServer(handle)
    try:
        yield server
    finally:
        server.close()
    for error in server.errors:
        raise error


def answering(*answers: bytes) -> Callable[[Peer], None]:
    """Answer each request of a connection with the next of `answers`, then close."""

    def handle(peer: Peer) -> None:
        for answer in answers:
            if not peer.request():
                return
            peer.send(answer)

    return handle
