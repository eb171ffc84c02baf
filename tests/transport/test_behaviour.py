"""What a driver does over real sockets, the same for every kind of driver and client."""

from __future__ import annotations

import asyncio
import gc
import gzip
import threading
import zlib
from collections.abc import Generator
from typing import Any

import psutil
import pytest

from portable_llm._errors import (
    AnswerTooLargeError,
    ConfigurationError,
    ConnectionFailedError,
    ProviderTimeoutError,
    UnreadableAnswerError,
)
from portable_llm._http import HttpReply, Read, Send, Timeouts, Token
from portable_llm.transport import AiohttpDriver
from support.drivers import Runner
from support.sockets import STREAM_HEAD, Peer, SocketServer, answering, chunked, http, serving

SECRET = "sk-secret-1234567890"
BOMB = http(body=gzip.compress(bytes(30_000_000)), content_encoding="gzip")
SHORT = Timeouts(connect=5, read=0.1, first_token=0.1, idle=0.1, total=30)


def post(server: SocketServer, **options: Any) -> Send:
    headers = {"content-type": "application/json", "authorization": f"Bearer {SECRET}"}
    return Send("POST", server.url, headers, b'{"hello":1}', **options)


def whole(*sends: Send) -> Generator[Any, Any, list[HttpReply]]:
    replies: list[HttpReply] = []
    for send in sends:
        reply = yield send
        replies.append(reply)
    return replies


def streamed(send: Send) -> Generator[Any, Any, bytes]:
    """Yields each chunk as an event."""
    reply = yield send
    assert reply.is_open
    chunks: list[bytes] = []
    while (chunk := (yield Read())) is not None:
        chunks.append(chunk)
        yield chunk
    return b"".join(chunks)


def failing(runner: Runner, server: SocketServer, expected: type[Exception], **options: Any) -> Any:
    with pytest.raises(expected) as caught:
        runner.run(whole(post(server, **options)))
    return caught.value


# ---- whole answers


def test_sends_what_the_step_says_and_returns_what_came(runner: Runner):
    seen: list[bytes] = []

    def handle(peer: Peer) -> None:
        seen.append(peer.request())
        peer.send(http("201 Created", b'{"ok":true}', X_Request_Id="abc"))

    with serving(handle) as server:
        [reply] = runner.run(whole(post(server)))

    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert body == b'{"hello":1}'
    assert head.startswith(b"POST /v1/chat HTTP/1.1\r\n")
    assert b"accept-encoding: gzip, deflate\r\n" in head.lower() + b"\r\n"
    assert f"authorization: bearer {SECRET}".encode() in head.lower()
    assert (reply.status, reply.body, reply.is_open) == (201, b'{"ok":true}', False)
    assert reply.headers["x-request-id"] == "abc"


def test_one_connection_serves_several_calls(runner: Runner):
    with serving(answering(http(body=b"1"), http(body=b"2"), http(body=b"3"))) as server:
        replies = runner.run(whole(*[post(server)] * 3))

        assert [reply.body for reply in replies] == [b"1", b"2", b"3"]
        assert server.connections == 1


def test_a_stream_read_to_its_end_gives_its_connection_back(runner: Runner):
    def exchange(send: Send) -> Generator[Any, Any, int]:
        for _ in range(2):
            yield send
            while (yield Read()) is not None:
                pass
        return 2

    stream = STREAM_HEAD + chunked(b"a", b"b") + b"0\r\n\r\n"
    with serving(answering(stream, stream)) as server:
        assert runner.run(exchange(post(server, stream=True))) == 2
        assert server.connections == 1


def test_a_connection_closed_by_the_server_between_calls_is_not_used_again(runner: Runner):
    closed = threading.Event()

    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(http(body=b"%d" % peer.number))
        peer.close()
        closed.set()

    def wait() -> Any:
        # The loop has to run meanwhile: aiohttp learns of the end from it. httpcore looks at the socket itself.
        return asyncio.to_thread(closed.wait, 10) if runner.is_async else closed.wait(10)

    def exchange(send: Send) -> Generator[Any, Any, list[bytes]]:
        first = yield send
        yield Token(wait)
        second = yield send
        return [first.body, second.body]

    with serving(handle) as server:
        assert runner.run(exchange(post(server))) == [b"0", b"1"]


def test_redirects_are_not_followed(runner: Runner):
    with serving(answering(http("302 Found", location="http://elsewhere.invalid/"))) as server:
        [reply] = runner.run(whole(post(server)))

    assert reply.status == 302


def test_an_error_answer_to_a_stream_comes_whole(runner: Runner):
    page = b"<html>Internal error \xff\xfe</html>"
    with serving(answering(http("500 Internal Server Error", page, content_type="text/html"))) as server:
        [reply] = runner.run(whole(post(server, stream=True)))

    assert (reply.status, reply.body, reply.is_open, reply.media_type) == (500, page, False, "text/html")


def test_an_error_answer_that_breaks_off_keeps_its_status(runner: Runner):
    with serving(answering(http("503 Busy", b"<html>", content_length="1000"))) as server:
        [reply] = runner.run(whole(post(server)))

    assert (reply.status, reply.body) == (503, b"<html>")


def test_an_error_answer_that_stalls_keeps_its_status(runner: Runner):
    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(http("503 Busy", b"<html>", content_length="1000"))
        peer.wait_closed()

    with serving(handle) as server:
        [reply] = runner.run(whole(post(server, timeouts=SHORT)))

    assert (reply.status, reply.body) == (503, b"<html>")


def test_of_a_long_error_answer_the_first_mebibyte_is_read_and_the_connection_closed(runner: Runner):
    sent: list[int] = []

    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(http("400 Bad Request", content_length=str(100_000_000)))
        piece = b"x" * 100_000
        sent.append(next((n for n in range(1000) if not peer.send(piece)), 1000) * len(piece))

    with serving(handle) as server:
        [reply] = runner.run(whole(post(server)))

    assert reply.status == 400
    assert reply.body == b"x" * 1024 * 1024
    assert sent[0] < 50_000_000


def test_an_answer_without_length_ends_with_its_connection(runner: Runner):
    with serving(answering(b"HTTP/1.1 200 OK\r\n\r\nhello")) as server:
        [reply] = runner.run(whole(post(server)))

    assert reply.body == b"hello"


def test_chunked_answers_may_have_extensions_and_trailers(runner: Runner):
    body = b'5;name="a b"\r\nhello\r\n0;last\r\nX-Checksum: 1\r\nX-More: 2\r\n\r\n'
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Checksum\r\n\r\n"
    with serving(answering(head + body, http(body=b"next"))) as server:
        replies = runner.run(whole(post(server), post(server)))

        assert [reply.body for reply in replies] == [b"hello", b"next"]
        assert server.connections == 1


# ---- connections that break


def test_nothing_listens(runner: Runner):
    with serving(lambda peer: None) as server:
        pass
    error = failing(runner, server, ConnectionFailedError)

    assert error.is_sent is False
    assert "127.0.0.1" in error.message


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nconte", http(body=b"{", content_length="10")])
@pytest.mark.parametrize("way", ["reset", "close"])
def test_a_connection_that_breaks_before_in_or_after_the_headers(runner: Runner, answer: bytes, way: str):
    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(answer)
        getattr(peer, way)()

    with serving(handle) as server:
        error = failing(runner, server, ConnectionFailedError)

    assert error.is_sent is True


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 200_000,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello world\r\n0\r\n\r\n",
    ],
    ids=["another protocol", "endless header", "bad chunk size", "bad chunk end"],
)
def test_bytes_that_are_not_http(runner: Runner, answer: bytes):
    with serving(answering(answer)) as server:
        error = failing(runner, server, ConnectionFailedError)

    assert error.is_sent is True


def test_a_stream_that_breaks_says_so_after_what_came(runner: Runner):
    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(STREAM_HEAD + chunked(b"data: 1\n\n"))
        peer.close()

    def exchange(send: Send) -> Generator[Any, Any, tuple[bytes, Exception]]:
        yield send
        first = yield Read()
        try:
            yield Read()
        except ConnectionFailedError as error:
            return first, error
        raise AssertionError("it did not break")

    with serving(handle) as server:
        first, error = runner.run(exchange(post(server, stream=True)))

    assert first == b"data: 1\n\n"
    assert error.is_sent is True


def test_what_goes_wrong_can_be_caught_and_tried_again(runner: Runner):
    def handle(peer: Peer) -> None:
        peer.request()
        if peer.number == 0:
            peer.reset()
        peer.send(http(body=b"second"))

    def exchange(send: Send) -> Generator[Any, Any, bytes]:
        try:
            yield send
        except ConnectionFailedError:
            reply = yield send
            return reply.body
        raise AssertionError("it did not break")

    with serving(handle) as server:
        assert runner.run(exchange(post(server))) == b"second"


# ---- time


def stalling(answer: bytes):
    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(answer)
        assert peer.wait_closed()

    return handle


@pytest.mark.parametrize("answer", [b"", http(body=b"{", content_length="10")], ids=["headers", "body"])
def test_an_answer_that_stalls(runner: Runner, answer: bytes):
    with serving(stalling(answer)) as server:
        error = failing(runner, server, ProviderTimeoutError, timeouts=SHORT)

    assert (error.phase, error.is_sent) == ("read", True)


@pytest.mark.parametrize("answer", [b"", STREAM_HEAD], ids=["headers", "body"])
def test_a_stream_that_does_not_begin(runner: Runner, answer: bytes):
    patient = Timeouts(read=30, first_token=0.1, idle=30)
    with serving(stalling(answer)) as server, pytest.raises(ProviderTimeoutError) as caught:
        runner.run(streamed(post(server, stream=True, timeouts=patient)))

    assert caught.value.phase == "first_token"


def test_a_stream_that_stalls(runner: Runner):
    patient = Timeouts(read=30, first_token=30, idle=0.1)
    events: list[bytes] = []
    handle = stalling(STREAM_HEAD + chunked(b"data: 1\n\n"))
    with serving(handle) as server, pytest.raises(ProviderTimeoutError) as caught:
        runner.run(_noting(streamed(post(server, stream=True, timeouts=patient)), events))

    assert caught.value.phase == "idle"
    assert events == [b"data: 1\n\n"]


def _noting(exchange: Generator[Any, Any, Any], events: list[bytes]) -> Generator[Any, Any, Any]:
    result: Any = None
    error: Exception | None = None
    while True:
        step = exchange.send(result) if error is None else exchange.throw(error)
        if isinstance(step, bytes):
            events.append(step)
        try:
            result, error = (yield step), None
        except Exception as raised:
            result, error = None, raised


@pytest.mark.parametrize(
    ("start", "endless", "stream"),
    [
        (b"HTTP/1.1 200 OK\r\nx-slow: ", b"a", False),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", True),
        (http(content_length="100000"), b" ", False),
        (http(content_length="100000"), b" ", True),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;ext=", b"a", True),
    ],
    ids=["header", "informational answers", "body", "stream", "chunk header"],
)
def test_a_slow_loris_is_ended_by_the_total_limit(runner: Runner, start: bytes, endless: bytes, stream: bool):
    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(start)
        peer.drip(endless)

    limits = Timeouts(read=30, first_token=None, idle=30, total=0.15)
    with serving(handle) as server:
        send = post(server, stream=stream, timeouts=limits)
        with pytest.raises(ProviderTimeoutError) as caught:
            runner.run(streamed(send) if stream else whole(send))

    assert caught.value.phase == "total"


def test_dripping_headers_do_not_count_as_the_first_token(runner: Runner):
    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nx-slow: ")
        peer.drip(b"a")

    limits = Timeouts(first_token=0.15, total=None)
    with serving(handle) as server, pytest.raises(ProviderTimeoutError) as caught:
        runner.run(streamed(post(server, stream=True, timeouts=limits)))

    assert caught.value.phase == "first_token"


def test_a_slow_loris_on_a_kept_alive_connection(runner: Runner):
    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(http(body=b"1"))
        peer.request()
        peer.drip(b"HTTP/1.1 200 OK\r\nx-slow: ")

    with serving(handle) as server, pytest.raises(ProviderTimeoutError) as caught:
        runner.run(whole(post(server), post(server, timeouts=Timeouts(total=0.15))))

    assert caught.value.phase == "total"
    assert server.connections == 1


@pytest.mark.parametrize("sip", [0, 65536], ids=["not at all", "in sips"])
def test_a_server_that_does_not_read_a_long_request(runner: Runner, sip: int):
    if runner.driver is AiohttpDriver:
        pytest.skip("aiohttp lets a connection with unsent bytes linger until its loop ends")
    done = threading.Event()
    came: list[int] = []
    with serving(lambda peer: came.append(peer.read_slowly(sip, done))) as server:
        send = Send("POST", server.url, {}, bytes(50_000_000), timeouts=Timeouts(read=30, total=0.15))
        with pytest.raises(ProviderTimeoutError) as caught:
            runner.run(whole(send))
        done.set()

    assert caught.value.phase == "total"
    assert sum(came) < 30_000_000


def test_past_its_deadline_nothing_is_sent(runner: Runner):
    with serving(answering(http())) as server:
        error = failing(runner, server, ProviderTimeoutError, deadline=0.0)

        assert error.phase == "total"
        assert server.connections == 0


# ---- size and encodings


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "raw deflate", "two gzip members"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_compressed_answers(runner: Runner, encoding: str, stream: bool):
    text = b'data: {"text":"h\xc3\xa9llo"}\n\n' * 4_000
    raw = zlib.compressobj(wbits=-15)
    body = {
        "deflate": zlib.compress(text),
        "raw deflate": raw.compress(text) + raw.flush(),
        "two gzip members": gzip.compress(text[:1000]) + gzip.compress(text[1000:]),
    }.get(encoding, gzip.compress(text))
    name = {"raw deflate": "deflate", "two gzip members": "GZip"}.get(encoding, encoding)
    with serving(answering(http(body=body, content_encoding=name))) as server:
        send = post(server, stream=stream)
        result = runner.run(streamed(send)) if stream else runner.run(whole(send))[0].body

    assert result == text


def test_each_event_of_a_compressed_stream_comes_when_it_is_sent(runner: Runner):
    release = threading.Event()

    def handle(peer: Peer) -> None:
        peer.request()
        squeeze = zlib.compressobj(wbits=31)
        first = squeeze.compress(b"data: 1\n\n") + squeeze.flush(zlib.Z_SYNC_FLUSH)
        peer.send(STREAM_HEAD.replace(b"\r\n\r\n", b"\r\ncontent-encoding: gzip\r\n\r\n") + chunked(first))
        assert release.wait(10)
        peer.send(chunked(squeeze.compress(b"data: 2\n\n") + squeeze.flush()) + b"0\r\n\r\n")

    def exchange(send: Send) -> Generator[Any, Any, list[bytes]]:
        yield send
        first = yield Read()
        release.set()
        return [first, (yield Read()), (yield Read())]

    with serving(handle) as server:
        assert runner.run(exchange(post(server, stream=True))) == [b"data: 1\n\n", b"data: 2\n\n", None]


@pytest.mark.parametrize("body", [b"not gzip at all", gzip.compress(b"hello" * 100)[:-9]], ids=["wrong", "cut"])
def test_broken_compression(runner: Runner, body: bytes):
    answer = http(body=body, content_encoding="gzip")
    with serving(answering(answer)) as server:
        failing(runner, server, UnreadableAnswerError)
    with serving(answering(answer)) as server, pytest.raises(UnreadableAnswerError):
        runner.run(streamed(post(server, stream=True)))


def test_an_encoding_nobody_asked_for(runner: Runner):
    with serving(answering(http(body=b"\x1b\x00", content_encoding="br"))) as server:
        error = failing(runner, server, UnreadableAnswerError)

    assert "'br'" in error.message


def test_an_error_answer_in_an_unknown_encoding_keeps_its_status(runner: Runner):
    with serving(answering(http("500 Oops", b"\x1b\x00", content_encoding="br"))) as server:
        [reply] = runner.run(whole(post(server)))

    assert (reply.status, reply.body) == (500, b"\x1b\x00")


def test_an_answer_beyond_64_mebibytes(runner: Runner):
    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(http(content_length=str(200_000_000)))
        piece = bytes(1_000_000)
        assert any(not peer.send(piece) for _ in range(200))

    with serving(handle) as server:
        failing(runner, server, AnswerTooLargeError)


def test_a_gzip_bomb(runner: Runner):
    with serving(answering(BOMB)) as server:
        failing(runner, server, AnswerTooLargeError)
    with serving(answering(BOMB)) as server, pytest.raises(AnswerTooLargeError):
        runner.run(streamed(post(server, stream=True)))


def test_invalid_utf8_comes_as_it_is(runner: Runner):
    with serving(answering(http(body=b"\xff\xfe{", X_Name="caf\xe9"))) as server:
        [reply] = runner.run(whole(post(server)))

    assert reply.body == b"\xff\xfe{"
    assert reply.headers["x-name"].startswith("caf")


# ---- leaving


def test_leaving_a_stream_early_closes_its_connection_and_leaks_nothing(runner: Runner):
    closed: list[bool] = []

    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(STREAM_HEAD + chunked(b"data: 1\n\n"))
        closed.append(peer.wait_closed())

    ended: list[str] = []

    def exchange(send: Send) -> Generator[Any, Any, None]:
        try:
            yield from streamed(send)
        finally:
            ended.append("ended")

    with serving(handle) as server:
        before = psutil.Process().num_fds()
        assert runner.events(exchange(post(server, stream=True)), 1) == [b"data: 1\n\n"]
        gc.collect()
        # The server's end of the connection is a descriptor of this process, too.
        assert psutil.Process().num_fds() <= before + 1

    assert closed == [True]
    assert ended == ["ended"]


def test_an_exchange_that_raises_closes_its_connection(runner: Runner):
    closed: list[bool] = []

    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(STREAM_HEAD + chunked(b"data: 1\n\n"))
        closed.append(peer.wait_closed())

    def exchange(send: Send) -> Generator[Any, Any, None]:
        yield send
        yield Read()
        raise ValueError("mine")

    with serving(handle) as server, pytest.raises(ValueError, match="mine"):
        runner.run(exchange(post(server, stream=True)))

    assert closed == [True]


def test_the_next_send_closes_an_open_stream(runner: Runner):
    closed: list[bool] = []

    def handle(peer: Peer) -> None:
        peer.request()
        if peer.number == 0:
            peer.send(STREAM_HEAD + chunked(b"data: 1\n\n"))
            closed.append(peer.wait_closed())
        else:
            peer.send(http(body=b"second"))

    def exchange(server: SocketServer) -> Generator[Any, Any, bytes]:
        yield post(server, stream=True)
        yield Read()
        reply = yield post(server)
        return reply.body

    with serving(handle) as server:
        assert runner.run(exchange(server)) == b"second"

    assert closed == [True]


# ---- secrets


def test_a_key_that_http_forbids_is_named_and_not_shown(runner: Runner):
    for value in (f"Bearer {SECRET}\n", f"Bearer {SECRET}é"):
        with serving(answering(http())) as server:
            send = Send("POST", server.url, {"Authorization": value}, b"{}")
            with pytest.raises(ConfigurationError, match="'Authorization'") as caught:
                runner.run(whole(send))

        assert SECRET not in _everything(caught.value)


def reset_after_the_request(peer: Peer) -> None:
    peer.request()
    peer.reset()


def test_errors_show_neither_headers_nor_the_secret_parts_of_the_url(runner: Runner):
    with serving(reset_after_the_request) as server:
        url = f"http://user:{SECRET}@127.0.0.1:{server.port}/v1/models?key={SECRET}#{SECRET}"
        with pytest.raises(ConnectionFailedError) as caught:
            runner.run(whole(Send("GET", url, {"x-api-key": SECRET}, b"")))

    assert f"http://127.0.0.1:{server.port}/v1/models" in caught.value.message
    assert SECRET not in _everything(caught.value)


def _everything(error: BaseException | None) -> str:
    """All that a log of the error and of what it is chained to could show."""
    shown = ""
    while error is not None:
        shown += f"{error!r} {error} {vars(error)} {getattr(getattr(error, '_request', None), 'headers', '')!r}"
        error = error.__cause__ or error.__context__
    return shown


@pytest.mark.parametrize("url", ["nonsense", "ftp://host/", "http://[::1/", "http:///path"])
def test_a_url_that_cannot_be_called(runner: Runner, url: str):
    with pytest.raises(ConfigurationError):
        runner.run(whole(Send("POST", url, {}, b"")))
