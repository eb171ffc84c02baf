"""A real HTTP server on loopback that speaks the wire formats, streaming too.

It runs an event loop on a thread of its own, so blocking and asynchronous clients can be tested against it. HTTP/1.1
is written by hand: a fault has to decide about every byte, which no server framework allows. All wire knowledge stays
in the wire packages (`read_request`, `write_response`, `write_stream`, `write_error`): a new one needs one `Route`.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import socket
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlencode

from portable_llm._errors import ConfigurationError, InvalidRequestError
from portable_llm._json import JsonValue, dump_json, load_json
from portable_llm._messages import ToolCallPart, ToolResultPart
from portable_llm._request import Request
from portable_llm._response import Response
from portable_llm.providers import provider
from portable_llm.testing.counting import counted
from portable_llm.testing.delivery import Answer, Op, answer_of, script_of
from portable_llm.testing.faults import Fault
from portable_llm.testing.http1 import BadHttpError, Incoming, Reader, close, deliver, open_streams, read_incoming
from portable_llm.testing.responders import REDACTED, Received, Reply, Responder, complete, echo
from portable_llm.wire import WireFormat, wire_format, wire_names

MAX_CAPTURED = 10_000
"""Requests that `requests` keeps; older ones are forgotten."""

CREDENTIAL_HEADERS = ("authorization", "x-api-key", "x-goog-api-key", "api-key", "x-amz-security-token", "cookie")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a wire format is served."""

    wire: str
    base: str
    """Path of the base URL that a client is given."""
    path: re.Pattern[str]
    """Paths that it answers; the group `call` is the path below the base URL, a group `stream` says by matching that
    a stream is wanted."""
    hosted: Mapping[str, str] = field(default_factory=dict[str, str])
    """Provider whose base URL ends in another path → that path."""
    streams_unasked: bool = False
    """Whether it streams where the request does not say."""


_PROJECT = r"/v1(?:beta1)?/projects/[^/]+/locations/[^/]+/publishers"
"""Before the models of a publisher at Vertex AI."""
_AZURE = r"/openai(?:/v1|/deployments/[^/]+)?"
"""What stands before the path at hosts that keep one more protocol version, or each model, at an address of its own."""

ROUTES = (
    Route(wire="openai-chat", base="/v1", path=re.compile(rf"(?:/v1|{_AZURE})?(?P<call>/chat/completions)")),
    Route(wire="openai-responses", base="/v1", path=re.compile(rf"(?:/v1|{_AZURE})?(?P<call>/responses)")),
    Route(
        wire="anthropic-messages",
        base="",
        path=re.compile(
            rf"(?P<call>/v1/messages)|{_PROJECT}/anthropic(?P<hosted>/models/[^:]+:(?:rawP|(?P<stream>streamRawP))redict)"
        ),
        hosted={"vertex-anthropic": "/v1/projects/fake/locations/global/publishers/anthropic"},
    ),
    Route(wire="bedrock-converse", base="", path=re.compile(r"(?P<call>/model/[^/]+/converse(?P<stream>-stream)?)")),
    Route(
        wire="gemini",
        base="/v1beta",
        path=re.compile(
            rf"(?:/v1(?:beta|alpha)?|{_PROJECT}/google)(?P<call>/models/[^:]+:(?:g|(?P<stream>streamG))enerateContent)"
        ),
        hosted={"vertex": "/v1/projects/fake/locations/global/publishers/google"},
    ),
    # Its vendor serves it at the path of Chat Completions: here it has a folder of its own.
    Route(wire="mistral-chat", base="/mistral/v1", path=re.compile(r"/mistral/v1(?P<call>/chat/completions)")),
    Route(wire="cohere-v2", base="", path=re.compile(r"(?P<call>/v2/chat)")),
    Route(wire="ollama-chat", base="", path=re.compile(r"(?P<call>/api/chat)"), streams_unasked=True),
)


class FakeServer:
    """A provider of every wire format at once; a context manager, blocking and asynchronous.

    `responder` says what is answered, `faults` what goes wrong, `api_key` which key is wanted (none: any or none).
    `pieces` is into how many deltas a streamed text is cut. `keep_credentials` keeps keys in `requests`.
    """

    def __init__(
        self,
        responder: Responder | None = None,
        *,
        faults: Iterable[Fault] = (),
        api_key: str | None = None,
        pieces: int = 4,
        port: int = 0,
        keep_credentials: bool = False,
    ) -> None:
        self._responder = responder or echo()
        self._faults = tuple(faults)
        self._api_key = api_key
        self._pieces = pieces
        self._wanted_port = port
        self._keep_credentials = keep_credentials
        self._count = 0
        self._accepted = 0
        self._captured: deque[Received] = deque(maxlen=MAX_CAPTURED)
        self._errors: list[Exception] = []
        self._changed = threading.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._port: int | None = None
        self._failure: BaseException | None = None

    # ---- what a test asks ----

    @property
    def url(self) -> str:
        """Where the server stands, without a path; raises `ConfigurationError` if it does not run."""
        if self._port is None:
            raise ConfigurationError("the fake server is not running; use it as a context manager or call start()")
        return f"http://127.0.0.1:{self._port}"

    def base_url(self, name: str) -> str:
        """The base URL for a wire format or a provider; raises `ConfigurationError` for an unknown name."""
        row = None if name in wire_names() else provider(name)
        wire = name if row is None else row.wire
        for route in ROUTES:
            if route.wire == wire:
                if row is not None and row.prefix:
                    return self.url
                return self.url + route.hosted.get(name, route.base)
        raise ConfigurationError(f"the fake server has no route for the wire format {wire!r}")

    @property
    def requests(self) -> tuple[Received, ...]:
        """What came in so far, in order of arrival; the last `MAX_CAPTURED` of it."""
        with self._changed:
            return tuple(self._captured)

    @property
    def errors(self) -> tuple[Exception, ...]:
        """What the responder raised; the clients got a 500."""
        with self._changed:
            return tuple(self._errors)

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        with self._changed:
            return len(self._tasks)

    @property
    def accepted(self) -> int:
        """Connections accepted so far."""
        with self._changed:
            return self._accepted

    def wait_until_idle(self, timeout: float = 10.0) -> bool:
        """Whether every connection was closed within `timeout` seconds; returns as soon as it is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._tasks, timeout)

    # ---- life ----

    def start(self) -> FakeServer:
        """Bind and serve; returns when clients can connect. Raises `OSError` if the port is taken."""
        started = threading.Event()
        self._failure = None
        self._thread = threading.Thread(target=self._run, args=(started,), name="portable-llm-fake", daemon=True)
        self._thread.start()
        started.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def stop(self) -> None:
        """Break all connections, free the port, end the thread; does nothing when it does not run."""
        if self._loop is not None and self._stopping is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)
        if self._thread is not None:
            self._thread.join()
        self._thread = self._loop = self._stopping = self._port = None

    def __enter__(self) -> FakeServer:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> FakeServer:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    def _run(self, started: threading.Event) -> None:
        try:
            # A selector loop everywhere: the proactor loop of Windows cannot watch a listening socket.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._main(started))
        except BaseException as error:
            self._failure = error
        finally:
            started.set()

    async def _main(self, started: threading.Event) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        with socket.create_server(("127.0.0.1", self._wanted_port), backlog=1024) as listener:
            listener.setblocking(False)
            self._port = listener.getsockname()[1]
            # Accepted by hand: `asyncio.Server` loses connections that arrive while it closes.
            loop.add_reader(listener, self._accept, listener)
            started.set()
            await self._stopping.wait()
            loop.remove_reader(listener)
        await asyncio.sleep(0)  # a task that was not begun would not close its socket when it is cancelled
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            task = asyncio.get_running_loop().create_task(self._connected(connection))
            with self._changed:
                self._tasks.add(task)
                self._accepted += 1
            task.add_done_callback(self._disconnected)

    def _disconnected(self, task: asyncio.Task[None]) -> None:
        with self._changed:
            self._tasks.discard(task)
            self._changed.notify_all()

    # ---- one connection ----

    async def _connected(self, connection: socket.socket) -> None:
        reader, writer = await open_streams(connection)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left, or a fault broke the line
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            await close(writer)

    async def _serve(self, reader: Reader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                incoming = await read_incoming(reader, writer)
            except BadHttpError as error:
                await deliver(script_of(_plain(400, str(error))), reader, writer, is_chunked=False)
                return
            if incoming is None:
                return
            try:
                script, is_chunked = await self._script(incoming)
            except Exception as error:
                self._note(error)
                script, is_chunked = script_of(_plain(500, f"{type(error).__name__}: {error}")), False
            if not await deliver(script, reader, writer, is_chunked=is_chunked) or not incoming.keeps_open:
                return

    # ---- one request ----

    async def _script(self, incoming: Incoming) -> tuple[tuple[Op, ...], bool]:
        route, received, refusal = self._receive(incoming)
        faults = tuple(fault for fault in self._faults if fault.on.is_due(received.number))
        count = counted(incoming.path, received.json) if route is None else None
        if count is not None:
            answer = Answer(headers={"content-type": "application/json"}, chunks=(dump_json(count),))
        elif route is None:
            known = ", ".join(route.path.pattern for route in ROUTES)
            answer = _plain(404, f"nothing is served at {incoming.path}; paths: {known}")
        elif incoming.method != "POST":
            answer = _plain(405, f"{incoming.path} is called with POST")
        else:
            answer, faults = await self._answer(received, refusal, wire_format(route.wire), faults)
        answer = replace(answer, headers={"x-request-id": f"req-fake-{received.number}", **answer.headers})
        script = script_of(answer)
        for fault in faults:
            script = fault.deliver(script)
        return script, answer.is_stream

    def _receive(self, incoming: Incoming) -> tuple[Route | None, Received, _Refused | None]:
        """The request on record, and why it is refused, if it is."""
        route, call_path, is_stream = _route(incoming.path)
        body = _decoded(incoming.body)
        request, refusal = None, None
        if route is not None:
            request, refusal = _read(wire_format(route.wire), body, call_path)
            refusal = self._locked_out(incoming) or refusal
        with self._changed:
            self._count += 1
            received = Received(
                number=self._count,
                method=incoming.method,
                path=incoming.path + self._shown_query(incoming.query),
                headers=self._shown_headers(incoming.headers),
                body=incoming.body,
                json=body,
                wire=route.wire if route else None,
                is_stream=is_stream or _asks_for_stream(body, route),
                request=request,
            )
            self._captured.append(received)
        return route, received, refusal

    def _shown_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        hidden = () if self._keep_credentials else CREDENTIAL_HEADERS
        return {name: REDACTED if name in hidden else value for name, value in headers.items()}

    def _shown_query(self, query: str) -> str:
        if not query or self._keep_credentials:
            return query and f"?{query}"
        shown = [(name, REDACTED if name == "key" else value) for name, value in parse_qsl(query, True)]
        return f"?{urlencode(shown, safe='[]')}"

    def _locked_out(self, incoming: Incoming) -> _Refused | None:
        if self._api_key is None or self._api_key in _keys(incoming):
            return None
        said = "the key is wrong" if any(_keys(incoming)) else "no key was sent"
        return _Refused("auth", said, 401)

    async def _answer(
        self, received: Received, refusal: _Refused | None, wire: WireFormat, faults: tuple[Fault, ...]
    ) -> tuple[Answer, tuple[Fault, ...]]:
        """What is said, and all faults that are due (the reply may bring its own)."""
        if any(fault.is_answer for fault in faults):
            answer = Answer(is_stream=received.is_stream)
        elif refusal is not None or received.request is None:
            why = refusal or _Refused("invalid_request", "no request", 400)
            return answer_of(wire.write_error(why.kind, why.message, status=why.status)), ()
        else:
            try:
                reply = await self._respond(received.request, received, faults)
            except Exception as error:
                self._note(error)
                return answer_of(wire.write_error("server_error", f"{type(error).__name__}: {error}", status=500)), ()
            faults = (*faults, *reply.faults)
            answer = self._written(reply.response, received, wire)
        for fault in faults:
            answer = fault.reply(answer, wire)
        return answer, faults

    async def _respond(self, request: Request[Any], received: Received, faults: tuple[Fault, ...]) -> Reply:
        asked = request
        for fault in faults:
            asked = fault.ask(asked)
        given = self._responder(asked, received)
        if inspect.isawaitable(given):
            given = await given
        reply = given if isinstance(given, Reply) else Reply(response=given)
        response = complete(reply.response, request, received.number)
        for fault in (*faults, *reply.faults):
            response = fault.change(request, response)
        return replace(reply, response=response)

    def _written(self, response: Response[Any], received: Received, wire: WireFormat) -> Answer:
        if not received.is_stream:
            return answer_of(wire.write_response(response))
        chunks = tuple(wire.write_stream(response, pieces=self._pieces))
        return Answer(headers={"content-type": wire.FRAMING.media_type}, chunks=chunks, is_stream=True)

    def _note(self, error: Exception) -> None:
        with self._changed:
            self._errors.append(error)


@dataclass(frozen=True, slots=True)
class _Refused:
    kind: str
    message: str
    status: int


def _route(path: str) -> tuple[Route | None, str, bool]:
    """The route, the path below its base URL, and whether the path asks for a stream (the body may do so too)."""
    for route in ROUTES:
        if found := route.path.fullmatch(path):
            groups = found.groupdict()
            return route, groups["call"] or groups["hosted"] or "", groups.get("stream") is not None
    return None, "", False


def _plain(status: int, message: str) -> Answer:
    body = dump_json({"error": {"type": "invalid_request_error", "message": message}})
    return Answer(status=status, headers={"content-type": "application/json"}, chunks=(body,))


def _decoded(body: bytes) -> JsonValue:
    try:
        return load_json(body) if body else None
    except ValueError:
        return None


def _asks_for_stream(body: JsonValue, route: Route | None) -> bool:
    said = body.get("stream") if isinstance(body, dict) else None
    return said is True or (said is None and route is not None and route.streams_unasked)


def _keys(incoming: Incoming) -> set[str]:
    sent = {incoming.headers.get(name, "").removeprefix("Bearer ") for name in CREDENTIAL_HEADERS}
    return {*sent, dict(parse_qsl(incoming.query)).get("key", "")} - {""}


def _read(wire: WireFormat, body: JsonValue, path: str) -> tuple[Request[Any] | None, _Refused | None]:
    if not isinstance(body, dict):
        return None, _Refused("invalid_request", "the body is not a JSON object", 400)
    try:
        request, _ = wire.read_request(body, path=path)
    except InvalidRequestError as error:
        return None, _Refused("invalid_request", str(error), 400)
    complaint = _complaint(request)
    return request, _Refused("invalid_request", complaint, 400) if complaint else None


def _complaint(request: Request[Any]) -> str | None:
    """What every provider refuses: no messages, a tool result without its call."""
    if not any(message.role != "system" for message in request.messages):
        return "messages: at least one message of the user is required"
    called: set[str] = set()
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                called.add(part.id)
            elif isinstance(part, ToolResultPart) and part.call_id not in called:
                return f"messages: the tool result {part.call_id!r} answers no call before it"
    return None
