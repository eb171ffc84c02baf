"""The bare HTTP call: what every other row is compared with."""

from __future__ import annotations

import json
import os

import httpx2

URL = os.environ["FAKE_BASE"] + "/chat/completions"
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
client = httpx2.Client()
async_client: httpx2.AsyncClient


def setup() -> None:
    global async_client
    async_client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=100, max_keepalive_connections=100))


def call() -> str:
    return client.post(URL, json=BODY).json()["choices"][0]["message"]["content"]


async def acall() -> str:
    return (await async_client.post(URL, json=BODY)).json()["choices"][0]["message"]["content"]


def stream() -> int:
    with client.stream("POST", URL, json={**BODY, "stream": True}) as reply:
        events = (json.loads(line[6:]) for line in reply.iter_lines() if line.startswith("data: {"))
        return sum(bool(event["choices"][0]["delta"].get("content")) for event in events)
