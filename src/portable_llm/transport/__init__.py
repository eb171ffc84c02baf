"""Drivers: the only I/O of the library, the only import of an HTTP client, the only sleep.

A driver runs an exchange: it performs each step the generator yields, sends the result back in, throws what went wrong
into it, and hands out whatever is not a step (the events of a stream). Nothing here knows a provider.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from portable_llm.transport._sync import SyncDriver, SyncRun

if TYPE_CHECKING:
    import aiohttp
    import httpx
    import httpx2

    from portable_llm.transport._aiohttp import AiohttpDriver
    from portable_llm.transport._async import AsyncDriver, AsyncRun

HttpxClient: TypeAlias = "httpx2.Client | httpx.Client"
"""A blocking client of the application's own."""
HttpxAsyncClient: TypeAlias = "httpx2.AsyncClient | httpx.AsyncClient"
"""An async client of the application's own."""
AiohttpSession: TypeAlias = "aiohttp.ClientSession"
"""An aiohttp session of the application's own."""

__all__ = [
    "AiohttpDriver",
    "AiohttpSession",
    "AsyncDriver",
    "AsyncRun",
    "HttpxAsyncClient",
    "HttpxClient",
    "SyncDriver",
    "SyncRun",
    "async_driver",
]

# Loaded on first use (PEP 562): asyncio takes longer to import than this room, and blocking programs do without it.
_ASYNC = {"AiohttpDriver": "_aiohttp", "AsyncDriver": "_async", "AsyncRun": "_async"}


def async_driver(client: HttpxAsyncClient | AiohttpSession | Literal["aiohttp"] | None) -> AsyncDriver:
    """The driver for what an application passed in: nothing, a client or session of its own, or `"aiohttp"`.

    Raises `ConfigurationError` for anything else.
    """
    if client == "aiohttp" or type(client).__module__.partition(".")[0] == "aiohttp":
        from portable_llm.transport._aiohttp import AiohttpDriver

        return AiohttpDriver(None if client == "aiohttp" else cast("aiohttp.ClientSession", client))
    from portable_llm.transport._async import AsyncDriver

    return AsyncDriver(cast("HttpxAsyncClient | None", client))


def __getattr__(name: str) -> object:
    if name not in _ASYNC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ASYNC[name]}"), name)
