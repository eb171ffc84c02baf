"""Turns of Mistral: those of OpenAI Chat Completions, but for ids of nine letters and digits."""

from __future__ import annotations

from typing import Any

from portable_llm.conformance.turns import openai_chat
from portable_llm.conformance.turns.turn import Turns

read = openai_chat.read


def write(turns: Turns, omitted: set[str]) -> dict[str, Any]:
    """`messages`; an assistant that only calls has an empty text, never null. Ids are left as they are."""
    body = openai_chat.write(turns, omitted)
    for message in body["messages"]:
        message["content"] = message["content"] or ""
    return body
