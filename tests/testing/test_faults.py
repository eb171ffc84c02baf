"""Each fault is seen on the wire as declared."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import Tool
from portable_llm._errors import ConfigurationError, ProviderError
from portable_llm._http import HttpReply
from portable_llm.testing import (
    CloseKeepAlive,
    Cut,
    CutJson,
    Decline,
    DropParallelCalls,
    DropUsage,
    EmptyAnswer,
    FakeServer,
    Fault,
    FenceJson,
    FilterWords,
    GzipBomb,
    HugeBody,
    IgnoreSchema,
    IgnoreStop,
    Pace,
    ProseAroundJson,
    RenameFinishReasons,
    Reset,
    Schedule,
    SlowLoris,
    Stall,
    Status,
    StreamError,
    WrongBytes,
    answer,
    fault_from_json,
    fault_names,
    first,
    fixed,
    nth,
    scripted,
    sometimes,
)
from portable_llm.testing.delivery import Body, End, Fill, Head, split_at
from portable_llm.testing.fault import draw, fault_name
from portable_llm.wire import wire_format, wire_names
from support.loopback import ORIGIN, answered, ask, asking, connect, read, send

EVERY_WIRE = pytest.mark.parametrize("wire", wire_names())
WHOLE_AND_STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
WEATHER = Tool(name="get_weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
CHAT = "openai-chat"


def line(server: FakeServer, *, stream: bool = False) -> socket.socket:
    """A socket on which one request has been sent: what comes back is read byte by byte."""
    codec = wire_format(CHAT)
    call, _ = codec.build_request(asking(), codec.CAPABILITIES, stream=stream)
    host, port = urlsplit(server.url).hostname or "", urlsplit(server.url).port or 0
    connection = socket.create_connection((host, port), timeout=20)
    path = urlsplit(server.base_url(CHAT)).path + call.path
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(call.body)}\r\n\r\n"
    connection.sendall(head.encode() + call.body)
    return connection


def drain(connection: socket.socket) -> tuple[bytes, str]:
    """All bytes until the end, and how it ended: `close` or `reset`."""
    received = bytearray()
    with connection:
        while True:
            try:
                piece = connection.recv(65_536)
            except ConnectionResetError:
                return bytes(received), "reset"
            if not piece:
                return bytes(received), "close"
            received += piece


# ---- when ------------------------------------------------------------------------------------------------------------


def struck(schedule: Schedule, count: int) -> list[int]:
    return [number for number in range(1, count + 1) if schedule.is_due(number)]


def test_schedules_name_requests() -> None:
    assert struck(Schedule(), 3) == [1, 2, 3]
    assert struck(first(2), 5) == [1, 2]
    assert struck(nth(2, 4), 5) == [2, 4]
    assert struck(sometimes(0), 50) == []
    assert struck(sometimes(1), 5) == [1, 2, 3, 4, 5]


def test_chance_is_the_same_in_every_run_and_differs_by_seed() -> None:
    assert struck(sometimes(0.5, seed=1), 40) == struck(sometimes(0.5, seed=1), 40)
    assert struck(sometimes(0.5, seed=1), 40) != struck(sometimes(0.5, seed=2), 40)
    assert 400 < len(struck(sometimes(0.5), 1000)) < 600


@given(st.lists(st.integers() | st.text()))
def test_a_draw_is_a_number_below_one_that_the_key_decides(key: list[Any]) -> None:
    assert 0 <= draw(*key) < 1
    assert draw(*key) == draw(*key)


@pytest.mark.parametrize("fields", [{"first": 1, "nth": (2,)}, {"probability": 1.5}, {"first": 1, "probability": 0.5}])
def test_a_schedule_that_contradicts_itself_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Schedule(**fields)


def test_a_fault_strikes_the_scheduled_requests_only() -> None:
    with FakeServer(faults=[Status(503, on=nth(2))]) as server:
        statuses = [ask(server, CHAT).status for _ in range(3)]

    assert statuses == [200, 503, 200]


# ---- JSON form -------------------------------------------------------------------------------------------------------

EXAMPLES: list[Fault] = [
    Status(429, retry_after=1.5, headers={"x-should-retry": "true"}, on=first(2)),
    Reset("in_body", 10, on=sometimes(0.25, seed=7)),
    Stall(5, 0.5),
    Cut(7, is_proper=True),
    WrongBytes("garbage"),
    GzipBomb(10),
    HugeBody(10, status=500),
    SlowLoris(0.0),
    Pace(0.0),
    CloseKeepAlive("reset", on=nth(1, 3)),
    StreamError("rate_limit", 1),
    RenameFinishReasons({"stop": "galaxy_brain"}),
    DropParallelCalls(),
    Decline(signal="code=bio_policy", text="Sure", is_inside=True),
    CutJson(0.5, "length"),
    FenceJson(""),
    ProseAroundJson("a", "b"),
    IgnoreSchema(),
    IgnoreStop(),
    DropUsage(),
    EmptyAnswer(),
    FilterWords("kill"),
]


@pytest.mark.parametrize("fault", EXAMPLES, ids=lambda fault: type(fault).__name__)
def test_a_fault_survives_its_json_form(fault: Fault) -> None:
    stored = json.loads(json.dumps(fault.to_json()))

    assert fault_from_json(stored) == fault


def test_every_fault_has_an_example_here() -> None:
    assert {fault_name(type(fault)) for fault in EXAMPLES} == set(fault_names())


def test_the_json_form_names_only_what_is_special() -> None:
    assert Status(429, on=first(1)).to_json() == {"fault": "status", "status": 429, "on": {"first": 1}}
    assert fault_from_json({"fault": "drop_usage", "on": {"nth": 3}}) == DropUsage(on=nth(3))


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ({"fault": "meteor"}, "unknown fault 'meteor'; known: close_keep_alive, cut, "),
        ({"fault": "cut", "bytes": 3}, "its fields: on, after_bytes, is_proper"),
        ({"fault": "status"}, "status"),
        ({"fault": "cut", "on": {"often": 1}}, "often"),
    ],
)
def test_a_misspelt_fault_says_what_is_known(stored: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        fault_from_json(stored)


# ---- delivery --------------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(min_size=1, max_size=5), max_size=6), st.integers(0, 40), st.integers(0, 9))
def test_splitting_a_delivery_loses_nothing(bodies: list[bytes], size: int, filler: int) -> None:
    script = (Head(b"head"), *map(Body, bodies), *([Fill(filler)] if filler else []), End())

    before, after = split_at(script, size)

    def length(ops: Any) -> int:
        return sum(len(op.data) if isinstance(op, Body) else op.size for op in ops if isinstance(op, (Body, Fill)))

    total = sum(map(len, bodies)) + filler
    assert length(before) == min(size, total)
    assert length(before) + length(after) == total
    assert b"".join(op.data for op in (*before, *after) if isinstance(op, Body)) == b"".join(bodies)
    assert after[-1] == End()
    assert before[0] == Head(b"head")


# ---- faults of the HTTP answer ---------------------------------------------------------------------------------------


@EVERY_WIRE
@WHOLE_AND_STREAMED
@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request"), (401, "auth"), (404, "not_found"), (429, "rate_limit"), (500, "server_error")],
)
def test_a_status_comes_in_the_providers_shape(wire: str, stream: bool, status: int, kind: str) -> None:
    with FakeServer(faults=[Status(status, retry_after=1.5)]) as server:
        got = ask(server, wire, stream=stream)

    error = wire_format(wire).parse_error(HttpReply(status=got.status, headers=got.headers, body=got.body), ORIGIN)
    assert isinstance(error, ProviderError)
    assert (got.status, error.kind) == (status, kind)
    assert got.headers["retry-after"] == "1.5"
    assert "injected by the fake server" in error.message


def test_a_status_may_come_from_a_proxy() -> None:
    with FakeServer(faults=[Status(502, body="html", message="Bad gateway")]) as server:
        got = ask(server, CHAT)

    assert got.status == 502
    assert got.headers["content-type"].startswith("text/html")
    assert b"<h1>Bad gateway</h1>" in got.body


@pytest.mark.parametrize(("body", "seen"), [("text", b"busy"), ("empty", b"")])
def test_a_status_may_come_bare(body: Any, seen: bytes) -> None:
    with FakeServer(faults=[Status(503, body=body, message="busy")]) as server:
        assert ask(server, CHAT).body == seen


def test_a_status_does_not_use_up_the_script() -> None:
    with FakeServer(scripted(["only one"]), faults=[Status(500, on=first(2))]) as server:
        statuses = [ask(server, CHAT).status for _ in range(3)]

        assert statuses == [500, 500, 200]
        assert server.errors == ()


@EVERY_WIRE
@WHOLE_AND_STREAMED
def test_invalid_utf8_stands_inside_the_right_body(wire: str, stream: bool) -> None:
    with FakeServer(fixed("hello"), faults=[WrongBytes("invalid_utf8")]) as server:
        got = ask(server, wire, stream=stream)

    assert got.status == 200
    assert b"\xff\xfe" in got.body
    with pytest.raises(UnicodeDecodeError):
        got.body.decode()


def test_a_guest_network_answers_with_a_page() -> None:
    with FakeServer(faults=[WrongBytes("html")]) as server:
        got = ask(server, CHAT)

    assert got.status == 200
    assert got.body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize("what", ["garbage", "empty"])
def test_garbage_says_that_it_is_json(what: Any) -> None:
    with FakeServer(faults=[WrongBytes(what)]) as server:
        got = ask(server, CHAT)

    assert got.headers["content-type"] == "application/json"
    with pytest.raises(ValueError, match=r"."):
        json.loads(got.body)


def test_no_http_at_all() -> None:
    with FakeServer(faults=[WrongBytes("no_http")]) as server, pytest.raises(http.client.BadStatusLine):
        ask(server, CHAT)


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_gzip_bomb_is_small_on_the_line(size: int) -> None:
    with FakeServer(faults=[GzipBomb(size)]) as server:
        got = ask(server, CHAT)

    assert got.headers["content-encoding"] == "gzip"
    assert len(got.body) < 10_000
    assert len(gzip.decompress(got.body)) == size


def test_a_huge_body_is_as_long_as_it_says() -> None:
    with FakeServer(faults=[HugeBody(5_000_001, status=500)]) as server:
        got = ask(server, CHAT)

    assert got.status == 500
    assert len(got.body) == 5_000_001


def test_a_client_may_leave_a_huge_body() -> None:
    with FakeServer(faults=[HugeBody(2**40)]) as server:
        connection = line(server)
        connection.recv(1000)
        connection.close()

        assert server.wait_until_idle()
        assert server.errors == ()


@EVERY_WIRE
def test_an_error_breaks_into_a_stream(wire: str) -> None:
    with FakeServer(fixed("hello there"), faults=[StreamError("overloaded")]) as server:
        whole, streamed = ask(server, wire), ask(server, wire, stream=True)

    assert read(wire, whole).text == "hello there"
    frames, decoder = wire_format(wire).FRAMING.decoder(), wire_format(wire).stream_decoder(ORIGIN)
    with pytest.raises(ProviderError) as caught:
        _ = [decoder.feed(frame) for frame in frames.feed(streamed.body)]
    assert "injected by the fake server" in caught.value.message


@EVERY_WIRE
@WHOLE_AND_STREAMED
@pytest.mark.parametrize("by", ["portable", "provider"])
def test_finish_reasons_are_renamed_on_the_wire(wire: str, stream: bool, by: str) -> None:
    with FakeServer(fixed("hello")) as server:
        word = answered(server, wire, stream=stream).raw_finish_reason or ""
    words = {"stop" if by == "portable" else word: "galaxy_brain"}
    with FakeServer(fixed("hello"), faults=[RenameFinishReasons(words)]) as server:
        response = answered(server, wire, stream=stream)

    assert response.raw_finish_reason == "galaxy_brain"
    assert response.finish_reason == "unknown"
    assert response.text == "hello"


# ---- faults of the line ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("when", "ends_with"), [("in_headers", b""), ("after_headers", b"\r\n\r\n")])
def test_the_connection_is_reset_around_the_headers(when: Any, ends_with: bytes) -> None:
    with FakeServer(faults=[Reset(when)]) as server:
        received, end = drain(line(server))

    assert end == "reset"
    assert received.startswith(b"HTTP/1.1 200")
    assert (b"\r\n\r\n" in received) == (when == "after_headers")
    assert received.endswith(ends_with)


def test_the_connection_is_reset_before_any_answer() -> None:
    with FakeServer(faults=[Reset("before")]) as server:
        assert drain(line(server)) == (b"", "reset")


@WHOLE_AND_STREAMED
def test_the_connection_is_reset_in_the_body(stream: bool) -> None:
    with FakeServer(faults=[Reset("in_body", after_bytes=20)]) as server:
        received, end = drain(line(server, stream=stream))

    assert end == "reset"
    assert len(received.partition(b"\r\n\r\n")[2]) >= 20


@WHOLE_AND_STREAMED
def test_the_connection_closes_in_the_body(stream: bool) -> None:
    with FakeServer(faults=[Cut(20)]) as server, pytest.raises(http.client.IncompleteRead) as caught:
        ask(server, CHAT, stream=stream)

    assert len(caught.value.partial) == 20


@WHOLE_AND_STREAMED
def test_a_body_may_be_cut_in_good_order(stream: bool) -> None:
    with FakeServer(faults=[Cut(20, is_proper=True)]) as server:
        got = ask(server, CHAT, stream=stream)

    assert len(got.body) == 20


@WHOLE_AND_STREAMED
def test_a_stall_leaves_the_line_half_open_until_the_client_goes(stream: bool) -> None:
    with FakeServer(faults=[Stall(20)]) as server:
        connection = line(server, stream=stream)
        received = b""
        while len(received.partition(b"\r\n\r\n")[2]) < 20:
            received += connection.recv(65_536)
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert server.connections == 1
        connection.close()

        assert server.wait_until_idle()


def test_a_stall_of_known_length_ends() -> None:
    started = time.monotonic()
    with FakeServer(fixed("hello"), faults=[Stall(20, seconds=0.05), Stall(-1, seconds=0.05)]) as server:
        response = answered(server, CHAT)

    assert response.text == "hello"
    assert time.monotonic() - started >= 0.1


def test_a_stalled_server_stops_at_once() -> None:
    with FakeServer(faults=[Stall(-1)]) as server:
        connection = line(server)
        while not server.requests:
            pass

    assert drain(connection)[0] == b""


@pytest.mark.parametrize("fault", [SlowLoris(0.0, piece=3), Pace(0.0)], ids=["drip", "pace"])
@WHOLE_AND_STREAMED
def test_a_slow_answer_is_complete(fault: Fault, stream: bool) -> None:
    with FakeServer(fixed("hello"), faults=[fault]) as server:
        assert answered(server, CHAT, stream=stream).text == "hello"


def test_slow_loris_drips_byte_by_byte() -> None:
    script = (Head(b"abc"), Body(b"de"), End())
    dripped = SlowLoris(0.1, piece=1).deliver(script)

    assert [op.data for op in dripped if isinstance(op, (Head, Body))] == [b"a", b"b", b"c", b"d", b"e"]
    assert len(dripped) == 11


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_kept_connection_closes_behind_the_answer(how: Any) -> None:
    with FakeServer(faults=[CloseKeepAlive(how)]) as server:
        connection = connect(server)
        reply = send(connection, CHAT, asking(), base=server.base_url(CHAT))
        assert reply.read()
        assert not reply.will_close
        assert server.wait_until_idle()
        with pytest.raises((ConnectionError, http.client.BadStatusLine)):
            send(connection, CHAT, asking(), base=server.base_url(CHAT))
        connection.close()


# ---- faults of the model ---------------------------------------------------------------------------------------------

TWO_CALLS = answer("Both.", tool_calls=[("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Oslo"})])


@EVERY_WIRE
@WHOLE_AND_STREAMED
def test_only_the_first_of_parallel_calls_comes(wire: str, stream: bool) -> None:
    with FakeServer(fixed(TWO_CALLS), faults=[DropParallelCalls()]) as server:
        response = answered(server, wire, asking(tools=[WEATHER]), stream=stream)

    assert len(response.tool_calls) == 1
    assert response.text == "Both."
    assert response.finish_reason == "tool_call"


@EVERY_WIRE
@WHOLE_AND_STREAMED
@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (FenceJson(), '```json\n{"n": 1}\n```'),
        (ProseAroundJson("Here: ", " Done."), 'Here: {"n": 1} Done.'),
        (CutJson(0.5), '{"n"'),
        (EmptyAnswer(), ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_json_text_is_spoilt(wire: str, stream: bool, fault: Fault, text: str) -> None:
    with FakeServer(fixed('{"n": 1}'), faults=[fault]) as server:
        response = answered(server, wire, stream=stream)

    assert response.text == text
    assert response.raw_finish_reason is not None


@pytest.mark.parametrize("fault", [FenceJson(), ProseAroundJson(), CutJson()], ids=lambda fault: type(fault).__name__)
def test_text_that_is_no_json_stays(fault: Fault) -> None:
    with FakeServer(fixed("[see below]"), faults=[fault]) as server:
        assert answered(server, CHAT).text == "[see below]"


def test_a_cut_may_be_admitted() -> None:
    with FakeServer(fixed('{"n": 1}'), faults=[CutJson(finish_reason="length")]) as server:
        assert answered(server, CHAT).finish_reason == "length"


@WHOLE_AND_STREAMED
def test_arguments_are_cut_where_the_wire_carries_text(stream: bool) -> None:
    with FakeServer(fixed(TWO_CALLS), faults=[CutJson(0.5)]) as server:
        first_call, last_call = answered(server, CHAT, asking(tools=[WEATHER]), stream=stream).tool_calls

    assert first_call.arguments == {"city": "Oslo"}
    assert last_call.arguments is None
    assert last_call.raw_arguments == '{"city"'


def test_a_filter_of_words_stops_questions_and_answers_whatever_they_mean() -> None:
    with FakeServer(fixed("Stop it."), faults=[FilterWords()]) as server:
        struck = answered(server, "openai-chat", asking("How do I KILL a process?"))
        part_of_a_word = answered(server, "openai-chat", asking("Which skills do I need?"))
    with FakeServer(fixed("Then kill it."), faults=[FilterWords()]) as server:
        by_answer = answered(server, "openai-chat", asking("How do I end a process?"))

    assert (struck.text, struck.finish_reason) == (by_answer.text, by_answer.finish_reason) == ("", "content_filter")
    assert part_of_a_word.text == "Stop it."


@EVERY_WIRE
@WHOLE_AND_STREAMED
def test_a_schema_is_ignored(wire: str, stream: bool) -> None:
    with FakeServer(fixed('{"n": 1}'), faults=[IgnoreSchema()]) as server:
        with_schema = answered(server, wire, asking(output=SCHEMA), stream=stream)
        by_prompt = answered(server, wire, asking("Answer in JSON."), stream=stream)

    assert with_schema.text == "Sure! the n is 1."
    assert by_prompt.text == '{"n": 1}'


@pytest.mark.parametrize(
    "wire", [wire for wire in wire_names() if wire_format(wire).CAPABILITIES["stop"].support == "yes"]
)
def test_stop_strings_are_ignored(wire: str) -> None:
    asked = asking("one STOP two", stop=["STOP"])
    with FakeServer() as server:
        honest = answered(server, wire, asked)
    with FakeServer(faults=[IgnoreStop()]) as server:
        deaf = answered(server, wire, asked)

    assert (honest.text, honest.finish_reason) == ("one ", "stop")
    assert deaf.text == "one STOP two"


@EVERY_WIRE
@WHOLE_AND_STREAMED
def test_usage_is_left_out(wire: str, stream: bool) -> None:
    with FakeServer(faults=[DropUsage()]) as server:
        usage = answered(server, wire, stream=stream).usage

    assert not usage.input_tokens
    assert not usage.output_tokens


def test_several_faults_work_in_order() -> None:
    with FakeServer(fixed('{"n": 1}'), faults=[FenceJson(), DropUsage(), Cut(3, is_proper=True)]) as server:
        assert len(ask(server, CHAT).body) == 3
