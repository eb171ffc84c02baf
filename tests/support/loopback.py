"""Plain calls of a fake server, with nothing of the library's own transport between."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from portable_llm import Request, request
from portable_llm._http import HttpReply
from portable_llm._messages import Origin
from portable_llm._response import Response
from portable_llm.testing import FakeServer
from portable_llm.wire import wire_format

ORIGIN = Origin(provider="fake", host="127.0.0.1", model="tiny")


def asking(text: str = "say hello", **options: Any) -> Request[Any]:
    """A request as a wire format gets it: with the bare model name, and a limit since some want one."""
    return request("tiny", text, **{"max_output_tokens": 50, **options})


@dataclass(frozen=True, slots=True)
class Got:
    """What came over the line."""

    status: int
    headers: dict[str, str]
    body: bytes


def connect(server: FakeServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)


def send(
    connection: http.client.HTTPConnection,
    wire: str,
    asked: Request[Any],
    *,
    base: str,
    stream: bool = False,
    headers: dict[str, str] | None = None,
) -> http.client.HTTPResponse:
    """Send the request in that wire format; the answer is not read yet."""
    codec = wire_format(wire)
    call, _ = codec.build_request(asked, codec.CAPABILITIES, stream=stream)
    path = urlsplit(base).path + call.path
    connection.request(call.method, path, call.body, {**call.headers, **(headers or {})})
    return connection.getresponse()


def ask(server: FakeServer, wire: str, asked: Request[Any] | None = None, **options: Any) -> Got:
    """One request on a connection of its own, its answer read to the end."""
    connection = connect(server)
    try:
        answer = send(connection, wire, asked or asking(), base=server.base_url(wire), **options)
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Got(answer.status, headers, answer.read())
    finally:
        connection.close()


def read(wire: str, got: Got, *, stream: bool = False) -> Response[None]:
    """The portable response that the answer means."""
    codec = wire_format(wire)
    if not stream:
        return codec.parse_response(HttpReply(status=got.status, headers=got.headers, body=got.body), ORIGIN)
    frames, decoder = codec.FRAMING.decoder(), codec.stream_decoder(ORIGIN)
    for frame in [*frames.feed(got.body), *frames.close()]:
        decoder.feed(frame)
    assert decoder.is_complete
    return decoder.finish()[1]


def answered(
    server: FakeServer, wire: str, asked: Request[Any] | None = None, *, stream: bool = False
) -> Response[None]:
    """Ask, expect a 200, read."""
    got = ask(server, wire, asked, stream=stream)
    assert got.status == 200, got.body
    return read(wire, got, stream=stream)
