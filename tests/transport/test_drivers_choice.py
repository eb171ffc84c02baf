"""Which driver an `AsyncClient` gets, by what the application passes in."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from portable_llm import AsyncClient, ConfigurationError
from portable_llm.testing import FakeServer, fixed
from portable_llm.transport import AiohttpDriver, AsyncDriver, async_driver
from portable_llm.transport._httpx import Direct, own_client


@pytest.mark.parametrize("name", [None, "aiohttp"])
@pytest.mark.anyio
async def test_a_client_answers_over_either_driver(name: Any) -> None:
    with FakeServer(fixed("hello")) as server:
        client = AsyncClient(
            http_client=name, base_urls={"openai": server.base_url("openai")}, api_keys={"openai": "k"}
        )
        async with client:
            response = await client.chat("openai:m", "Hi")
            async with client.stream("openai:m", "Hi") as stream:
                streamed = await stream.finish()

    assert response.text == streamed.text == "hello"


@pytest.mark.anyio
async def test_a_session_of_the_application_gets_its_driver() -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session:
        assert type(async_driver(session)) is AiohttpDriver
    async with httpx2.AsyncClient() as client:
        assert type(async_driver(client)) is AsyncDriver


def test_anything_else_is_refused() -> None:
    wrong: Any = "requests"
    with pytest.raises(ConfigurationError):
        AsyncClient(http_client=wrong)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_a_proxy_of_the_environment_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    direct = own_client(httpx2, is_async=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    proxied = own_client(httpx2, is_async=False)

    assert (type(direct), type(proxied)) == (Direct, httpx2.Client)
    direct.close()
    proxied.close()
