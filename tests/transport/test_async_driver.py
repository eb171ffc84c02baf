"""Which driver an `AsyncClient` gets, by what the application passes in."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from portable_llm import AsyncClient, ConfigurationError
from portable_llm.testing import FakeServer, fixed
from portable_llm.transport import AiohttpDriver, AsyncDriver, async_driver


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
