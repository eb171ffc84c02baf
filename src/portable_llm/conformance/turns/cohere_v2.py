"""Turns of Cohere v2: those of OpenAI Chat Completions, without a text beside calls."""

from __future__ import annotations

from typing import Any

from portable_llm.conformance.turns import openai_chat
from portable_llm.conformance.turns.turn import Turns

read = openai_chat.read


def write(turns: Turns, omitted: set[str]) -> dict[str, Any]:
    """`messages`; where an assistant only calls there is no `content`."""
    body = openai_chat.write(turns, omitted)
    for message in body["messages"]:
        if message["content"] is None:
            del message["content"]
    return body
