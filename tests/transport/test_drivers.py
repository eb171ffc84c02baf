"""What drivers do beside HTTP: steps, events, clients, cancellation."""

from __future__ import annotations

import asyncio
import gc
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from typing import Any

import aiohttp
import httpx
import httpx2
import psutil
import pytest

from portable_llm._errors import ConfigurationError, ConnectionFailedError, ProviderTimeoutError
from portable_llm._http import Acquire, Now, Pause, Raised, Read, Record, Send, Timeouts, Token, Work
from portable_llm.transport import AiohttpDriver, AsyncDriver, SyncDriver
from support.drivers import Runner
from support.sockets import STREAM_HEAD, Peer, answering, chunked, http, serving


def steps(*wanted: object) -> Generator[Any, Any, list[object]]:
    results: list[object] = []
    for step in wanted:
        result = yield step
        results.append(result)
    return results


# ---- steps and events


def test_now_is_the_clock_asked_for(runner: Runner):
    before, wall_before = time.monotonic(), time.time()
    monotonic, wall = runner.run(steps(Now(), Now("wall")))

    assert before <= monotonic <= time.monotonic()
    assert wall_before <= wall <= time.time()


def test_pauses_end(runner: Runner):
    assert runner.run(steps(Pause(0.001), Pause(-1))) == [None, None]


class Grants:
    def __init__(self, *waits: float) -> None:
        self.waits = list(waits)

    def reserve(self, cost: float, now: float) -> float:
        return self.waits.pop(0)


def test_acquire_waits_until_the_limiter_grants(runner: Runner):
    limiter = Grants(0.001, 0.001, 0.0)

    assert runner.run(steps(Acquire(limiter, 1.0))) == [None]
    assert limiter.waits == []


def test_acquire_does_not_wait_past_the_deadline(runner: Runner):
    with pytest.raises(ProviderTimeoutError) as caught:
        runner.run(steps(Acquire(Grants(60.0), 1.0, deadline=time.monotonic() + 1)))

    assert (caught.value.phase, caught.value.is_sent) == ("total", False)


def test_records_go_to_the_recorder_in_order(runner: Runner):
    entries: list[object] = []

    assert runner.run(steps(Record("a"), Record("b")), recorder=entries.append) == [None, None]
    assert entries == ["a", "b"]


def test_records_without_a_recorder_go_nowhere(runner: Runner):
    assert runner.run(steps(Record("a"))) == [None]


def test_what_a_recorder_raises_reaches_the_exchange(runner: Runner):
    def full(entry: object) -> None:
        raise OSError("disk full")

    def exchange() -> Generator[Any, Any, str]:
        try:
            yield Record("a")
        except OSError as error:
            return str(error)
        return "written"

    assert runner.run(exchange(), recorder=full) == "disk full"


def test_tokens_come_from_their_callback(runner: Runner):
    assert runner.run(steps(Token(lambda: "abc"))) == ["abc"]


async def async_token() -> str:
    return "abc"


def test_async_callbacks_are_awaited_by_the_async_driver_and_refused_by_the_other(runner: Runner):
    async def recorder(entry: object) -> None:
        entries.append(entry)

    entries: list[object] = []
    if runner.is_async:
        assert runner.run(steps(Token(async_token), Record("a")), recorder=recorder) == ["abc", None]
        assert entries == ["a"]
    else:
        with pytest.raises(ConfigurationError, match="credential callback is async"):
            runner.run(steps(Token(async_token)))
        with pytest.raises(ConfigurationError, match="recorder is async"):
            runner.run(steps(Record("a")), recorder=recorder)


def test_work_gives_what_each_function_gave_or_raised_in_order(runner: Runner):
    def fail() -> None:
        raise KeyError("gone")

    ((first, second, third),) = runner.run(steps(Work((lambda: 1, fail, lambda: 3))))

    assert (first, third) == (1, 3)
    assert isinstance(second, Raised)
    assert isinstance(second.error, KeyError)


def test_work_is_done_side_by_side_where_it_may_be(runner: Runner):
    meeting = threading.Barrier(2, timeout=20)

    ((first, second),) = runner.run(steps(Work((meeting.wait, meeting.wait), workers=2)))

    assert {first, second} == {0, 1}


def test_async_work_is_awaited_by_the_async_driver_and_refused_by_the_other(runner: Runner):
    async def job() -> str:
        return "done"

    ((outcome,),) = runner.run(steps(Work((job,))))

    assert outcome == "done" if runner.is_async else isinstance(outcome.error, ConfigurationError)


def test_no_work_begins_after_its_deadline(runner: Runner):
    def never() -> None:
        raise AssertionError("this was run")

    ((outcome,),) = runner.run(steps(Work((never,), deadline=0.0)))

    assert isinstance(outcome.error, TimeoutError)


def test_whatever_is_no_step_is_an_event(runner: Runner):
    assert runner.events(steps("one", Now(), 2, None)) == ["one", 2, None]


def test_run_drops_events_and_returns_the_answer(runner: Runner):
    assert runner.run(steps("one", "two")) == [None, None]


def test_reading_without_an_open_reply_is_a_mistake_of_the_exchange(runner: Runner):
    with pytest.raises(RuntimeError, match="without an open reply"):
        runner.run(steps(Read()))


def test_advance_ends_with_the_answer():
    run = SyncDriver().open(steps("event"))

    assert run.advance() == "event"
    with pytest.raises(RuntimeError, match="not come to its end"):
        _ = run.value
    with pytest.raises(StopIteration) as stop:
        run.advance()
    assert stop.value.value == run.value == [None]
    run.close()


# ---- clients


def test_nothing_is_imported_before_the_first_call():
    makes = "t.SyncDriver(); t.AsyncDriver(); t.AiohttpDriver()"
    code = f"import sys, portable_llm.transport as t; {makes}; print(sorted(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env=ENV
    )

    assert "httpx" not in result.stdout.replace("transport._httpx", "")
    assert "'aiohttp'" not in result.stdout
    assert "httpcore" not in result.stdout
    assert "anyio" not in result.stdout


def test_blocking_programs_do_without_asyncio():
    code = "import sys; from portable_llm.transport import SyncDriver; SyncDriver(); print('asyncio' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env=ENV
    )

    assert result.stdout == "False\n"


ENV = {"PYTHONPATH": "src"}


@pytest.mark.parametrize("client", [httpx2.AsyncClient(), httpx.AsyncClient(), object(), "http://host", httpx2.Client])
def test_clients_of_the_wrong_kind_for_the_sync_driver(client: Any):
    with pytest.raises(ConfigurationError, match=r"must be an httpx2.Client or httpx.Client, not"):
        SyncDriver(client)


@pytest.mark.parametrize("client", [httpx2.Client(), httpx.Client(), object()])
def test_clients_of_the_wrong_kind_for_the_async_driver(client: Any):
    with pytest.raises(ConfigurationError, match=r"must be an httpx2.AsyncClient or httpx.AsyncClient, not"):
        AsyncDriver(client)


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_a_client_that_was_passed_in_stays_open(library: Any):
    with serving(answering(http())) as server, library.Client() as client:
        driver = SyncDriver(client)
        driver.run(steps(Send("POST", server.url, {}, b"")))
        driver.close()

        assert not client.is_closed


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_a_passed_in_client_adds_its_own_headers_and_cannot_change_ours(library: Any):
    seen: list[Any] = []

    def answer(request: Any) -> Any:
        seen.append(request)
        return library.Response(200, json={"ok": True})

    headers = {"x-gateway": "1", "authorization": "theirs", "accept-encoding": "br"}
    with library.Client(transport=library.MockTransport(answer), headers=headers) as client:
        send = Send("POST", "http://host/v1", {"Authorization": "ours", "Accept-Encoding": "zstd"}, b"{}")
        [reply] = SyncDriver(client).run(steps(send))

    assert reply.body in (b'{"ok":true}', b'{"ok": true}')
    assert seen[0].headers["x-gateway"] == "1"
    assert seen[0].headers["authorization"] == "ours"
    assert seen[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_a_response_that_a_hook_has_read_is_still_read(library: Any):
    def read(response: Any) -> None:
        response.read()

    hooks = {"response": [read]}
    with serving(answering(*[http(body=b"hello")] * 2)) as server, library.Client(event_hooks=hooks) as client:
        driver = SyncDriver(client)
        [reply] = driver.run(steps(Send("POST", server.url, {}, b"")))
        streamed = driver.run(steps(Send("POST", server.url, {}, b"", stream=True), Read(), Read()))

    assert reply.body == b"hello"
    assert streamed[1:] == [b"hello", None]


def test_an_aiohttp_session_that_was_passed_in_stays_open_and_its_owner_s():
    async def main(url: str) -> tuple[object, bool]:
        async with aiohttp.ClientSession(headers={"x-gateway": "1"}) as session:
            driver = AiohttpDriver(session)
            [reply] = await driver.run(steps(Send("POST", url, {"content-type": "application/json"}, b"{}")))
            await driver.aclose()
            return reply.body, session.closed

    def handle(peer: Peer) -> None:
        seen.append(peer.request().lower())
        peer.send(http(body=b"ok"))

    seen: list[bytes] = []
    with serving(handle) as server:
        assert asyncio.run(main(server.url)) == (b"ok", False)

    assert b"\r\nx-gateway: 1\r\n" in seen[0]
    assert seen[0].count(b"content-type: application/json") == 1


def test_an_aiohttp_driver_takes_sessions_only():
    with pytest.raises(ConfigurationError, match=r"must be an aiohttp.ClientSession, not AsyncClient"):
        AiohttpDriver(httpx.AsyncClient())  # type: ignore[arg-type]


def test_a_closed_aiohttp_session_says_so():
    async def main() -> None:
        session = aiohttp.ClientSession()
        await session.close()
        await AiohttpDriver(session).run(steps(Send("POST", "http://127.0.0.1/", {}, b"")))

    with pytest.raises(ConfigurationError, match="HTTP client was closed"):
        asyncio.run(main())


def test_without_aiohttp_its_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(ConfigurationError, match=r"portable-llm\[aiohttp\]"):
        asyncio.run(AiohttpDriver().run(steps(Send("POST", "http://127.0.0.1/", {}, b""))))


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_async_mocks_are_bounded_by_the_event_loop(library: Any):
    async def stall(request: Any) -> Any:
        await asyncio.Event().wait()

    async def main() -> None:
        async with library.AsyncClient(transport=library.MockTransport(stall)) as client:
            send = Send("POST", "http://host/", {}, b"", timeouts=Timeouts(total=0.05))
            await AsyncDriver(client).run(steps(send))

    with pytest.raises(ProviderTimeoutError) as caught:
        asyncio.run(main())
    assert caught.value.phase == "total"


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_async_mock_streams_are_bounded_by_the_event_loop(library: Any):
    async def body() -> Any:
        yield b"one"
        await asyncio.Event().wait()

    async def main() -> list[bytes]:
        transport = library.MockTransport(lambda request: library.Response(200, content=body()))
        async with library.AsyncClient(transport=transport) as client:
            send = Send("POST", "http://host/", {}, b"", stream=True, timeouts=Timeouts(idle=0.05))
            return await AsyncDriver(client).run(steps(send, Read(), Read()))

    with pytest.raises(ProviderTimeoutError) as caught:
        asyncio.run(main())
    assert caught.value.phase == "idle"


def test_a_full_pool_is_not_waited_for_past_the_deadline():
    limits = httpx2.Limits(max_connections=1)
    with serving(_hold) as server, httpx2.Client(limits=limits) as client:
        driver = SyncDriver(client)
        busy = driver.open(steps(Send("POST", server.url, {}, b"", stream=True), Read(), "open"))
        assert busy.advance() == "open"
        with pytest.raises(ProviderTimeoutError, match="in use") as caught:
            driver.run(steps(Send("POST", server.url, {}, b"", timeouts=Timeouts(total=0.05))))
        busy.close()

    assert caught.value.is_sent is False


def _hold(peer: Peer) -> None:
    peer.request()
    peer.send(STREAM_HEAD + chunked(b"data: 1\n\n"))
    peer.wait_closed()


def test_a_closed_driver_says_so():
    async def main() -> None:
        driver = AsyncDriver()
        await driver.aclose()
        await driver.run(steps(Send("POST", "http://127.0.0.1/", {}, b"")))

    with pytest.raises(ConfigurationError, match="was closed"):
        asyncio.run(main())

    driver = SyncDriver()
    driver.close()
    with pytest.raises(ConfigurationError, match="was closed"):
        driver.run(steps(Send("POST", "http://127.0.0.1/", {}, b"")))


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_a_passed_in_client_that_is_closed_says_so(library: Any):
    client = library.Client()
    client.close()
    with pytest.raises(ConfigurationError, match="HTTP client was closed"):
        SyncDriver(client).run(steps(Send("POST", "http://127.0.0.1/", {}, b"")))


def test_one_async_driver_may_serve_one_event_loop_after_another():
    driver = AsyncDriver()

    async def main(url: str) -> bytes:
        [reply] = await driver.run(steps(Send("POST", url, {}, b"")))
        for client in driver._own.values():
            await client.aclose()
        return reply.body

    with serving(answering(http(body=b"ok"))) as server:
        assert asyncio.run(main(server.url)) == b"ok"
        assert asyncio.run(main(server.url)) == b"ok"


def test_one_sync_driver_serves_many_threads():
    bodies: list[bytes] = []

    def work() -> None:
        [reply] = driver.run(steps(Send("POST", server.url, {}, b"")))
        bodies.append(reply.body)

    driver = SyncDriver()
    # The server says that it closes: an unannounced end may meet a thread that has just taken the connection.
    with serving(answering(http(body=b"ok", connection="close"))) as server:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        driver.close()

    assert bodies == [b"ok"] * 8


def test_proxies_of_the_environment_are_used(monkeypatch: pytest.MonkeyPatch):
    def proxy(peer: Peer) -> None:
        lines.append(peer.request().split(b"\r\n")[0])
        peer.send(http(body=b"through"))

    lines: list[bytes] = []
    with serving(proxy) as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        driver = SyncDriver()
        [reply] = driver.run(steps(Send("POST", "http://vendor.invalid/v1", {}, b"")))
        driver.close()

    assert reply.body == b"through"
    assert lines == [b"POST http://vendor.invalid/v1 HTTP/1.1"]


def test_the_limits_of_one_call_do_not_touch_the_next_one_of_the_application():
    """A connection that we bounded belongs to the application's client and goes on serving it."""
    with serving(answering(http(body=b"1"), http(body=b"2"))) as server, httpx2.Client() as client:
        SyncDriver(client).run(steps(Send("POST", server.url, {}, b"", timeouts=Timeouts(total=0.2))))

        assert client.post(server.url).content == b"2"
        assert server.connections == 1


# ---- leaving


@pytest.mark.parametrize("answer", [b"", http(content_length="10"), STREAM_HEAD + chunked(b"data: 1\n\n")])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("make_driver", [AsyncDriver, AiohttpDriver])
def test_cancelling_a_task_closes_its_connection_at_once(answer: bytes, stream: bool, make_driver: Any):
    arrived = threading.Event()
    closed: list[bool] = []

    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(answer)
        arrived.set()
        closed.append(peer.wait_closed())

    def exchange(url: str) -> Generator[Any, Any, None]:
        try:
            yield Send("POST", url, {}, b"", stream=stream)
            while (yield Read()) is not None:
                pass
        finally:
            ended.append("ended")

    async def main(url: str) -> None:
        driver = make_driver()
        task = asyncio.create_task(driver.run(exchange(url)))
        await asyncio.to_thread(arrived.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # Before the driver is closed: the cancelled call alone has to close its connection.
        await asyncio.to_thread(server.join, 10)
        await driver.aclose()

    ended: list[str] = []
    with serving(handle) as server:
        before = psutil.Process().num_fds()
        asyncio.run(main(server.url))
        gc.collect()
        assert psutil.Process().num_fds() <= before

    assert closed == [True]
    assert ended == ["ended"]


def test_an_error_closes_the_connection_of_a_run_that_nobody_closes():
    closed: list[bool] = []

    def handle(peer: Peer) -> None:
        peer.request()
        peer.send(STREAM_HEAD + chunked(b"data: 1\n\n"))
        closed.append(peer.wait_closed())

    def exchange(url: str) -> Generator[Any, Any, None]:
        yield Send("POST", url, {}, b"", stream=True)
        yield Read()
        raise ValueError("mine")

    async def main(url: str) -> None:
        run = AsyncDriver().open(exchange(url))
        with pytest.raises(ValueError, match="mine"):
            await run.advance()
        await asyncio.to_thread(server.join, 10)

    with serving(handle) as server:
        run = SyncDriver().open(exchange(server.url))
        with pytest.raises(ValueError, match="mine"):
            run.advance()
        server.join(10)
        assert closed == [True]
    with serving(handle) as server:
        asyncio.run(main(server.url))

    assert closed == [True, True]


def test_an_interrupt_closes_the_connection_at_once():
    closed: list[bool] = []
    main_thread = threading.main_thread().ident
    if threading.get_ident() != main_thread:
        pytest.skip("signals reach the main thread only")

    def handle(peer: Peer) -> None:
        peer.request()
        signal.pthread_kill(main_thread, signal.SIGUSR1)
        closed.append(peer.wait_closed())

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGUSR1, interrupt)
    driver = SyncDriver()
    try:
        with serving(handle) as server:
            with pytest.raises(KeyboardInterrupt):
                driver.run(steps(Send("POST", server.url, {}, b"")))
            server.join(10)
            assert closed == [True]
    finally:
        signal.signal(signal.SIGUSR1, previous)
        driver.close()


def test_errors_survive_pickling():
    with serving(answering(b"HTTP/1.1 200")) as server, pytest.raises(ConnectionFailedError) as caught:
        SyncDriver().run(steps(Send("POST", server.url, {}, b"")))

    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.is_sent) == (str(caught.value), caught.value.is_sent)
