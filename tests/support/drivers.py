"""The ways to run an exchange; every behaviour is tested over all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import httpx
import httpx2

from portable_llm.transport import AiohttpDriver, AsyncDriver, SyncDriver


@dataclass(frozen=True)
class Runner:
    """One kind of driver with one kind of client."""

    name: str
    is_async: bool
    make_client: Callable[[], Any] | None
    driver: Any = AsyncDriver

    def run(self, exchange: Generator[Any, Any, Any], **options: Any) -> Any:
        """What the exchange returns."""
        return self._with_driver(self._run, exchange, options)

    def events(self, exchange: Generator[Any, Any, Any], count: int | None = None, **options: Any) -> list[Any]:
        """The events of the exchange, or its first `count` and then it is left."""
        return self._with_driver(self._events, exchange, options, count)

    def _with_driver(self, act: Any, exchange: Any, options: dict[str, Any], *rest: Any) -> Any:
        if self.is_async:
            return asyncio.run(self._async(act, exchange, options, *rest))
        client = self.make_client() if self.make_client else None
        driver = SyncDriver(client, **options)
        try:
            return _finish(act(driver, exchange, *rest))
        finally:
            driver.close()
            if client is not None:
                client.close()

    async def _async(self, act: Any, exchange: Any, options: dict[str, Any], *rest: Any) -> Any:
        client = self.make_client() if self.make_client else None
        driver = self.driver(client, **options)
        try:
            return await act(driver, exchange, *rest)
        finally:
            await driver.aclose()
            if client is not None:
                await client.aclose()

    async def _run(self, driver: Any, exchange: Any) -> Any:
        return await driver.run(exchange) if self.is_async else driver.run(exchange)

    async def _events(self, driver: Any, exchange: Any, count: int | None) -> list[Any]:
        events: list[Any] = []
        if not self.is_async:
            with driver.open(exchange) as run:
                for event in run.events():
                    events.append(event)
                    if len(events) == count:
                        break
            return events
        async with driver.open(exchange) as run:
            async for event in run.events():
                events.append(event)
                if len(events) == count:
                    break
        return events


def _finish(coroutine: Any) -> Any:
    """The result of a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waited")


# Not verifying saves loading the certificates, which takes longer than most of these tests.
RUNNERS = [
    Runner("sync, own client", False, None),
    Runner("sync, httpx2", False, lambda: httpx2.Client(verify=False)),
    Runner("sync, httpx", False, lambda: httpx.Client(verify=False)),
    Runner("async, own client", True, None),
    Runner("async, httpx2", True, lambda: httpx2.AsyncClient(verify=False)),
    Runner("async, httpx", True, lambda: httpx.AsyncClient(verify=False)),
    Runner("async, aiohttp", True, None, AiohttpDriver),
]
