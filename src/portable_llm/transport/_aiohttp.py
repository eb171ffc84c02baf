"""The async driver over aiohttp (extra `aiohttp`): for many calls in flight, at a fraction of httpx's work per call.

Only the HTTP call itself differs from `AsyncDriver`. aiohttp says of a failed connection that it failed, and nothing
else about what had gone out: every other error counts as sent. A call that ends while its request is still being
written leaves its connection until the peer has taken what was written, or the loop ends.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from portable_llm._errors import ConfigurationError
from portable_llm._http import Send
from portable_llm.transport import _httpx
from portable_llm.transport._async import AsyncDriver
from portable_llm.transport._bodies import ACCEPTED

if TYPE_CHECKING:
    import aiohttp

_MAX_FIELD = 64 * 1024
_LONG_BODY = 512 * 1024


class AiohttpDriver(AsyncDriver):
    """`AsyncDriver` over an `aiohttp.ClientSession`, made on the first `Send` of each event loop or passed in.

    Raises `ConfigurationError` for anything but a session, and on the first `Send` when aiohttp is not installed.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession | None = None,
        *,
        recorder: Callable[[object], object] | None = None,
    ) -> None:
        super().__init__(recorder=recorder)
        if session is not None:
            _check_session(session)
        self._client = session

    async def _respond(self, bound: _httpx.Bound) -> Any:
        send = bound.send
        if any(not _httpx.is_valid_header(value) for value in send.headers.values()):
            raise _httpx.bad_header(send)
        session, library = self._session()
        response = await session.request(
            send.method,
            _url(send, library),
            headers={**send.headers, "accept-encoding": ACCEPTED},
            # aiohttp warns of long bytes, which it would write at once, and takes a file bit by bit.
            data=BytesIO(send.body) if len(send.body) > _LONG_BODY else send.body or None,
            allow_redirects=False,
            auto_decompress=False,
            skip_auto_headers=("content-type",),
            timeout=library.ClientTimeout(total=None, sock_connect=send.timeouts.connect, sock_read=bound.limit),
        )
        return _Response(response)

    def _session(self) -> tuple[Any, Any]:
        self._check_open()
        try:
            import aiohttp  # on the first call, and only with its extra
        except ModuleNotFoundError:
            raise ConfigurationError("aiohttp is not installed: pip install 'portable-llm[aiohttp]'") from None
        if self._client is not None:
            return self._client, aiohttp
        loop = asyncio.get_running_loop()
        own = self._own.get(loop)
        if own is None:
            own = self._own[loop] = _own_session(aiohttp)
        return own, aiohttp

    async def _close_own(self, own: Any) -> None:
        await own.close()


def _url(send: Send, library: Any) -> Any:
    try:
        url = library.client.URL(send.url, encoded=True)
    except ValueError:
        raise _httpx.bad_url(send) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise _httpx.bad_url(send)
    return url


def _check_session(session: object) -> None:
    library: Any = sys.modules.get("aiohttp")
    if library is None or not isinstance(session, library.ClientSession):
        raise ConfigurationError(f"session must be an aiohttp.ClientSession, not {type(session).__name__}")


def _own_session(library: Any) -> Any:
    from urllib.request import getproxies  # takes as long to import as the rest of this room

    connector = library.TCPConnector(limit=_httpx.MAX_CONNECTIONS, keepalive_timeout=_httpx.KEEP_ALIVE)
    return library.ClientSession(
        connector=connector,
        cookie_jar=library.DummyCookieJar(),
        trust_env=bool(getproxies()),  # with it, aiohttp reads the environment and .netrc again for each call
        max_line_size=_MAX_FIELD,
        max_field_size=_MAX_FIELD,
    )


class _Response:
    """An aiohttp response with the names that httpx uses."""

    is_stream_consumed = False

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status_code = response.status
        self.headers = _Headers(response)
        self.stream = _chunks(response.content)
        self.extensions: dict[str, Any] = {}

    async def aclose(self) -> None:
        """Give the connection back, or close it if bytes are to come."""
        self._response.close()


class _Headers:
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.raw = response.raw_headers
        self.get = response.headers.get


async def _chunks(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    while chunk := await content.readany():
        yield chunk
