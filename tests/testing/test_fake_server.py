"""The fake server answers every wire format over real HTTP, whole and streamed."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from portable_llm import Request, Tool, assistant, provider_names, tool_result, user
from portable_llm._errors import ConfigurationError
from portable_llm._http import HttpReply
from portable_llm._messages import ToolCallPart
from portable_llm._response import Refused, Response, Usage
from portable_llm.testing import (
    Cut,
    FakeServer,
    Fault,
    HugeBody,
    Received,
    Reply,
    Stall,
    Status,
    answer,
    fixed,
    refusal_names,
    scripted,
)
from portable_llm.testing.responders import count_usage
from portable_llm.wire import wire_format, wire_names
from support.loopback import ORIGIN, Got, answered, ask, asking, connect, read, send

EVERY_WIRE = pytest.mark.parametrize("wire", wire_names())
WHOLE_AND_STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
COUNTS_NO_CACHE = ("ollama-chat",)
WEATHER = Tool(name="get_weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})


@EVERY_WIRE
@WHOLE_AND_STREAMED
def test_echoes_the_users_last_words(wire: str, stream: bool) -> None:
    with FakeServer() as server:
        response = answered(server, wire, asking("Grüße, 世界 🎈"), stream=stream)

    assert response.text == "Grüße, 世界 🎈"
    assert response.finish_reason == "stop"
    assert response.model == "tiny"


@EVERY_WIRE
@WHOLE_AND_STREAMED
def test_answers_with_tool_calls(wire: str, stream: bool) -> None:
    calls = [("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Rome"})]
    with FakeServer(fixed(answer("Let me look.", tool_calls=calls))) as server:
        response = answered(server, wire, asking(tools=[WEATHER]), stream=stream)

    assert response.text == "Let me look."
    assert [(call.name, call.arguments) for call in response.tool_calls] == calls
    assert response.finish_reason == "tool_call"
    assert len({call.id for call in response.tool_calls}) == 2


@EVERY_WIRE
@WHOLE_AND_STREAMED
def test_counts_tokens_by_a_rule_that_anyone_can_check(wire: str, stream: bool) -> None:
    asked = asking("12345678")
    with FakeServer(fixed("123456789")) as server:
        response = answered(server, wire, asked, stream=stream)

    assert (response.usage.input_tokens, response.usage.output_tokens) == (2, 3)
    assert count_usage(asked, answer("123456789")) == Usage(input_tokens=2, output_tokens=3)


@pytest.mark.parametrize("wire", [wire for wire in wire_names() if refusal_names(wire)])
@WHOLE_AND_STREAMED
def test_answers_with_a_typed_refusal_where_the_wire_has_one(wire: str, stream: bool) -> None:
    with FakeServer(fixed(answer(refusal="I will not."))) as server:
        response = answered(server, wire, stream=stream)

    assert response.finish_reason in ("refusal", "content_filter")
    assert isinstance(response.outcome, Refused)


@EVERY_WIRE
def test_keeps_the_usage_that_the_responder_gives(wire: str) -> None:
    usage = Usage(input_tokens=100, output_tokens=7, cache_read_input_tokens=60)
    with FakeServer(fixed(answer("ok", usage=usage))) as server:
        response = answered(server, wire)

    assert response.usage.input_tokens == 100
    assert response.usage.output_tokens == 7
    assert response.usage.cache_read_input_tokens == (None if wire in COUNTS_NO_CACHE else 60)


@EVERY_WIRE
def test_serves_several_requests_on_one_connection(wire: str) -> None:
    with FakeServer(scripted(["one", "two", "three"])) as server:
        connection = connect(server)
        texts = []
        for _ in range(3):
            reply = send(connection, wire, asking(), base=server.base_url(wire))
            body = reply.read()
            texts.append(wire_format(wire).parse_response(HttpReply(status=200, body=body), ORIGIN).text)
        connection.close()

        assert texts == ["one", "two", "three"]
        assert server.accepted == 1


@EVERY_WIRE
def test_a_stream_and_a_whole_answer_say_the_same(wire: str) -> None:
    with FakeServer(fixed(answer("a longer text in several pieces", id="answer-1"))) as server:
        whole, streamed = (answered(server, wire, stream=stream) for stream in (False, True))

    assert streamed.message == whole.message
    assert streamed.usage == whole.usage
    assert streamed.finish_reason == whole.finish_reason


def test_every_provider_has_a_base_url_on_the_server() -> None:
    with FakeServer() as server:
        urls = {name: server.base_url(name) for name in provider_names()}

    assert all(urlsplit(url).hostname == "127.0.0.1" for url in urls.values())


def test_names_the_wire_formats_when_one_is_misspelt() -> None:
    with FakeServer() as server, pytest.raises(ConfigurationError, match="unknown provider 'opneai'"):
        server.base_url("opneai")


def test_has_no_url_before_it_runs() -> None:
    with pytest.raises(ConfigurationError, match="not running"):
        _ = FakeServer().url


# ---- what it records -------------------------------------------------------------------------------------------------


@EVERY_WIRE
def test_records_requests_without_their_credentials(wire: str) -> None:
    keys = {"Authorization": "Bearer secret-1", "x-api-key": "secret-2", "x-goog-api-key": "secret-3"}
    with FakeServer() as server:
        ask(server, wire, asking("hi"), headers=keys)
        [received] = server.requests

    assert "secret" not in repr(received)
    assert received.wire == wire
    assert received.request is not None
    assert received.request.messages == (user("hi"),)
    assert isinstance(received.json, dict)


def test_redacts_a_key_in_the_query() -> None:
    with FakeServer() as server:
        connection = connect(server)
        connection.request("POST", "/v1/chat/completions?key=secret&alt=sse", b"{}")
        connection.getresponse().read()
        connection.close()

        assert server.requests[0].path == "/v1/chat/completions?key=[redacted]&alt=sse"


def test_keeps_credentials_when_told_to() -> None:
    with FakeServer(keep_credentials=True) as server:
        ask(server, "openai-chat", headers={"Authorization": "Bearer secret"})

        assert server.requests[0].headers["authorization"] == "Bearer secret"


@EVERY_WIRE
def test_the_responder_sees_the_portable_request(wire: str) -> None:
    seen: list[tuple[Request[Any], Received]] = []

    def respond(request: Request[Any], received: Received) -> Response[Any]:
        seen.append((request, received))
        return answer("ok")

    with FakeServer(respond) as server:
        answered(server, wire, asking("hi", tools=[WEATHER], stop=["END"]), stream=True)

    [(request, received)] = seen
    assert request.tools[0].name == "get_weather"
    assert request.stop == (("END",) if has_stop(wire) else ())
    assert request.model == "tiny"
    assert received.is_stream


def test_a_responder_may_be_asynchronous() -> None:
    async def respond(request: Request[Any], received: Received) -> Reply:
        await asyncio.sleep(0)
        return Reply(response=answer("later"))

    with FakeServer(respond) as server:
        assert answered(server, "openai-chat").text == "later"


def has_stop(wire: str) -> bool:
    """One protocol has no stop strings."""
    return wire_format(wire).CAPABILITIES["stop"].support == "yes"


# ---- what it refuses -------------------------------------------------------------------------------------------------


def error_of(wire: str, got: Got) -> Any:
    reply = HttpReply(status=got.status, headers=got.headers, body=got.body)
    return wire_format(wire).parse_error(reply, ORIGIN)


@EVERY_WIRE
def test_refuses_a_missing_or_wrong_key(wire: str) -> None:
    with FakeServer(api_key="right") as server:
        missing = ask(server, wire)
        wrong = ask(server, wire, headers={"x-api-key": "wrong"})
        right = ask(server, wire, headers={"Authorization": "Bearer right"})

    assert (missing.status, wrong.status, right.status) == (401, 401, 200)
    assert error_of(wire, missing).kind == "auth"


@EVERY_WIRE
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'"text"', b'{"messages":[],"contents":[]}', b"\xff\xfe"])
def test_refuses_malformed_requests_as_the_provider_does(wire: str, body: bytes) -> None:
    with FakeServer() as server:
        got = raw(server, wire, body)

        assert server.errors == ()
    assert got.status == 400
    assert error_of(wire, got).kind == "invalid_request"


@EVERY_WIRE
def test_refuses_an_unknown_role(wire: str) -> None:
    turn = {"role": "wizard", "content": "hi", "parts": [{"text": "hi"}]}
    body = {"model": "tiny", "max_tokens": 9, "messages": [turn], "contents": [turn]}
    with FakeServer() as server:
        got = raw(server, wire, json.dumps(body).encode())

    assert got.status == 400
    assert error_of(wire, got).kind == "invalid_request"


ORPHANS: dict[str, dict[str, Any]] = {
    "openai-chat": {"messages": [{"role": "tool", "tool_call_id": "c1", "content": "42"}]},
    "cohere-v2": {"messages": [{"role": "tool", "tool_call_id": "c1", "content": "42"}]},
    "mistral-chat": {"messages": [{"role": "tool", "tool_call_id": "c1", "content": "42"}]},
    "openai-responses": {"input": [{"type": "function_call_output", "call_id": "c1", "output": "42"}]},
    "ollama-chat": {"messages": [{"role": "tool", "tool_call_id": "c1", "content": "42"}]},
    "anthropic-messages": {
        "max_tokens": 9,
        "messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "42"}]}],
    },
    "bedrock-converse": {
        "messages": [{"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "42"}]}}]}]
    },
    "gemini": {
        "contents": [
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "id": "c1", "response": {"n": 42}}}]}
        ]
    },
}


@EVERY_WIRE
def test_refuses_a_tool_result_without_its_call(wire: str) -> None:
    with FakeServer() as server:
        got = raw(server, wire, json.dumps({"model": "tiny", **ORPHANS[wire]}).encode())

        assert got.status == 400
        assert b"answers no call" in got.body or b"c1" in got.body
        assert server.errors == ()


@EVERY_WIRE
def test_accepts_a_tool_result_behind_its_call(wire: str) -> None:
    call = ToolCallPart(id="call00001", name="get_weather", arguments={"city": "Oslo"}, raw_arguments='{"city":"Oslo"}')
    asked = Request(
        model="tiny",
        messages=(user("hi"), assistant(call), tool_result("call00001", "rainy")),
        tools=(WEATHER,),
        max_output_tokens=9,
    )
    with FakeServer() as server:
        assert answered(server, wire, asked).text == "rainy"


def raw(server: FakeServer, wire: str, body: bytes) -> Got:
    """Those bytes, sent to the path of that wire format."""
    codec = wire_format(wire)
    call, _ = codec.build_request(asking(), codec.CAPABILITIES)
    connection = connect(server)
    connection.request("POST", urlsplit(server.base_url(wire)).path + call.path, body)
    reply = connection.getresponse()
    got = Got(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
    connection.close()
    return got


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/v2/talk", 404), ("GET", "/v1/chat/completions", 405)]
)
def test_names_what_is_wrong_with_the_url(method: str, path: str, status: int) -> None:
    with FakeServer() as server:
        connection = connect(server)
        connection.request(method, path)
        reply = connection.getresponse()
        said = json.loads(reply.read())["error"]["message"]
        connection.close()

    assert reply.status == status
    assert path in said


@pytest.mark.parametrize(
    "sent",
    [
        b"NONSENSE\r\n\r\n",
        b"POST / HTTP/3\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\ncontent-length: many\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_answers_bytes_that_are_no_http_with_400(sent: bytes) -> None:
    with FakeServer() as server, socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0)) as line:
        line.sendall(sent)
        reply = line.recv(65_536)

    assert reply.startswith(b"HTTP/1.1 400 ")


def test_reads_a_chunked_request() -> None:
    body = json.dumps({"model": "tiny", "messages": [{"role": "user", "content": "piecewise"}]}).encode()
    with FakeServer() as server:
        connection = connect(server)
        pieces = (body[at : at + 7] for at in range(0, len(body), 7))
        connection.request(
            "POST", "/v1/chat/completions", pieces, encode_chunked=True, headers={"transfer-encoding": "chunked"}
        )
        reply = connection.getresponse()
        text = json.loads(reply.read())["choices"][0]["message"]["content"]
        connection.close()

    assert text == "piecewise"


# ---- scripts ---------------------------------------------------------------------------------------------------------


def test_a_script_may_hold_faults_between_answers() -> None:
    with FakeServer(scripted([Status(429, retry_after=2), "at last"])) as server:
        first, second = ask(server, "openai-chat"), ask(server, "openai-chat")

    assert (first.status, first.headers["retry-after"]) == (429, "2")
    assert read("openai-chat", second).text == "at last"


def test_a_script_that_ends_too_early_is_told_to_the_test() -> None:
    with FakeServer(scripted([])) as server:
        got = ask(server, "openai-chat")

        assert got.status == 500
        assert [str(error) for error in server.errors] == ["the script has no reply left for request 1"]


# ---- life ------------------------------------------------------------------------------------------------------------


def test_answers_two_hundred_connections_at_once() -> None:
    arrived = threading.Barrier(200, timeout=30)

    def call(number: int) -> str:
        connection = connect(server)
        connection.connect()
        arrived.wait()
        reply = send(connection, "openai-chat", asking(f"number {number}"), base=server.base_url("openai-chat"))
        text = json.loads(reply.read())["choices"][0]["message"]["content"]
        connection.close()
        return text

    with FakeServer() as server:
        with ThreadPoolExecutor(200) as pool:
            texts = list(pool.map(call, range(200)))

        assert texts == [f"number {number}" for number in range(200)]
        assert server.accepted == 200
        assert server.wait_until_idle()


def test_says_continue_to_a_client_that_asks_first() -> None:
    head = CHAT_REQUEST[: -len(CHAT_BODY)].replace(b"\r\n\r\n", b"\r\nexpect: 100-continue\r\n\r\n")
    with FakeServer() as server, socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0)) as line:
        line.sendall(head + CHAT_BODY)
        received = line.recv(65_536)
        while b"HTTP/1.1 200 OK" not in received:
            received += line.recv(65_536)

    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")


def test_leaves_no_thread_and_no_port_behind() -> None:
    before = threading.active_count()
    with FakeServer() as server:
        port = urlsplit(server.url).port or 0
        idle = socket.create_connection(("127.0.0.1", port))
        ask(server, "openai-chat")

    with idle, pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", port))
    assert threading.active_count() == before


@pytest.mark.parametrize(
    "fault", [Stall(-1), Stall(20), HugeBody(2**40), Cut(5)], ids=lambda fault: type(fault).__name__
)
def test_may_stop_at_any_moment(fault: Fault) -> None:
    """Connections being accepted, idle, half a request in, in an answer: all are closed, none is lost."""
    with contextlib.ExitStack() as clients:
        with FakeServer(faults=[fault]) as server:
            port = urlsplit(server.url).port or 0
            for number in range(30):
                line = clients.enter_context(socket.create_connection(("127.0.0.1", port)))
                line.sendall([b"", b"POST /v1", CHAT_REQUEST][number % 3])

        gc.collect()  # what was not closed warns now, and a warning is an error
        assert server.connections == 0
        assert server.errors == ()


CHAT_BODY = json.dumps({"model": "tiny", "messages": [{"role": "user", "content": "hi"}]}).encode()
CHAT_REQUEST = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (len(CHAT_BODY), CHAT_BODY)


def test_can_be_started_again() -> None:
    server = FakeServer()
    for _ in range(2):
        with server:
            assert ask(server, "openai-chat").status == 200
    server.stop()


def test_says_when_the_port_is_taken() -> None:
    with FakeServer() as server, pytest.raises(OSError, match=r"[Aa]ddress already in use"):
        FakeServer(port=urlsplit(server.url).port or 0).start()


def test_is_an_asynchronous_context_manager_too() -> None:
    async def main() -> int:
        async with FakeServer() as server:
            return (await asyncio.to_thread(ask, server, "openai-chat")).status

    assert asyncio.run(main()) == 200


def test_names_are_loaded_on_first_use() -> None:
    import portable_llm.testing

    assert set(dir(portable_llm.testing)) == set(portable_llm.testing.__all__)
    assert all(getattr(portable_llm.testing, name) is not None for name in portable_llm.testing.__all__)
    with pytest.raises(AttributeError, match="no attribute 'RealServer'"):
        _ = portable_llm.testing.RealServer
