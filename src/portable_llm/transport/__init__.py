"""Drivers: the only I/O of the library, the only import of an HTTP client, the only sleep.

A driver runs an exchange: it performs each step the generator yields, sends the result back in, throws what went wrong
into it, and hands out whatever is not a step (the events of a stream). Nothing here knows a provider.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, TypeAlias

from portable_llm.transport._sync import SyncDriver, SyncRun

if TYPE_CHECKING:
    import httpx
    import httpx2

    from portable_llm.transport._aiohttp import AiohttpDriver
    from portable_llm.transport._async import AsyncDriver, AsyncRun

HttpxClient: TypeAlias = "httpx2.Client | httpx.Client"
"""A blocking client of the application's own."""
HttpxAsyncClient: TypeAlias = "httpx2.AsyncClient | httpx.AsyncClient"
"""An async client of the application's own."""

__all__ = ["AiohttpDriver", "AsyncDriver", "AsyncRun", "HttpxAsyncClient", "HttpxClient", "SyncDriver", "SyncRun"]

# Loaded on first use (PEP 562): asyncio takes longer to import than this room, and blocking programs do without it.
_ASYNC = {"AiohttpDriver": "_aiohttp", "AsyncDriver": "_async", "AsyncRun": "_async"}


def __getattr__(name: str) -> object:
    if name not in _ASYNC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ASYNC[name]}"), name)
