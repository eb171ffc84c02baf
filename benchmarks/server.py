"""A loopback server that answers every chat completion at once, whole or as a stream: `python server.py PORT`.

It does as little as a server can, so that what is measured is the client.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys

CHUNKS = 2000
"""Chunks with text in one stream."""

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def _chunk(delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    event = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o", "choices": [choice]}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def _reply(content_type: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n" % (content_type, len(body)) + body


def _whole() -> bytes:
    message = {"role": "assistant", "content": "Hello there! How can I help you today?"}
    usage = {"prompt_tokens": 10, "completion_tokens": 9, "total_tokens": 19}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o",
        "choices": [choice],
        "usage": usage,
    }
    return _reply(b"application/json", json.dumps(body).encode())


def _stream() -> bytes:
    words = b"".join(_chunk({"content": f" word{number}"}) for number in range(CHUNKS))
    return _reply(
        b"text/event-stream", _chunk({"role": "assistant"}) + words + _chunk({}, "stop") + b"data: [DONE]\n\n"
    )


WHOLE, STREAM = _whole(), _stream()


class Answer(asyncio.Protocol):
    """One connection, kept alive."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n") + 4) >= 4:
            length = LENGTH.search(self._received, 0, end)
            size = end + (int(length[1]) if length else 0)
            if len(self._received) < size:
                return
            body, self._received = self._received[end:size], self._received[size:]
            self._transport.write(STREAM if b'"stream":true' in body.replace(b" ", b"") else WHOLE)


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Answer, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
