"""Drivers: the only I/O of the library, the only import of an HTTP client, the only sleep.

A driver runs an exchange: it performs each step the generator yields, sends the result back in, throws what went wrong
into it, and hands out whatever is not a step (the events of a stream). Nothing here knows a provider.
"""

from __future__ import annotations

from portable_llm.transport._async import AsyncDriver, AsyncRun
from portable_llm.transport._sync import SyncDriver, SyncRun

__all__ = ["AsyncDriver", "AsyncRun", "SyncDriver", "SyncRun"]
