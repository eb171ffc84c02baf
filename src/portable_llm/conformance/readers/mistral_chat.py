"""Reader of Mistral: Chat Completions, with texts that may come as a list of chunks."""

from __future__ import annotations

from collections.abc import Mapping

from portable_llm.conformance.observation import Observation
from portable_llm.conformance.readers import openai_chat

WORDS = {**openai_chat.WORDS, "model_length": "length", "error": "error"}


def read(status: int | None, headers: Mapping[str, str], body: bytes, streamed: bool, wants_json: bool) -> Observation:
    """What `choices[0]` says; chunks of thinking are no text."""
    return openai_chat.read(status, headers, body, streamed, wants_json, WORDS)
