"""This library as its users call it: model strings, the ledger, the loss policy and every check included."""

from __future__ import annotations

import os

from portable_llm import AsyncClient, Client

MODEL = f"compatible:gpt-4o@{os.environ.get('FAKE_BASE', 'http://127.0.0.1:8765/v1')}"
client = Client()
async_client: AsyncClient


def setup() -> None:
    global async_client
    async_client = AsyncClient(http_client="aiohttp" if os.environ.get("PORTABLE_ASYNC") == "aiohttp" else None)


def call() -> str:
    return client.chat(MODEL, "Hello").text


async def acall() -> str:
    return (await async_client.chat(MODEL, "Hello")).text


def stream() -> int:
    with client.stream(MODEL, "Hello") as events:
        return sum(bool(text) for text in events.texts())
