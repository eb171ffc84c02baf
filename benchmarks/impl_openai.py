"""The vendor's own SDK."""

from __future__ import annotations

import os

import openai

MESSAGES = [{"role": "user", "content": "Hello"}]
client = openai.OpenAI(base_url=os.environ["FAKE_BASE"], api_key="none")
async_client: openai.AsyncOpenAI


def setup() -> None:
    global async_client
    async_client = openai.AsyncOpenAI(base_url=os.environ["FAKE_BASE"], api_key="none")


def call() -> str:
    return client.chat.completions.create(model="gpt-4o", messages=MESSAGES).choices[0].message.content


async def acall() -> str:
    return (await async_client.chat.completions.create(model="gpt-4o", messages=MESSAGES)).choices[0].message.content


def stream() -> int:
    chunks = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
    return sum(bool(chunk.choices[0].delta.content) for chunk in chunks)
