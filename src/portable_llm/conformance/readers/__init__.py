"""Readers of the lanes home and raw: one small module per wire format, as a team's own consumer code would read it."""

from collections.abc import Callable, Mapping

from portable_llm.conformance.observation import Observation
from portable_llm.conformance.readers import (
    anthropic_messages,
    bedrock_converse,
    cohere_v2,
    gemini,
    mistral_chat,
    ollama_chat,
    openai_chat,
    openai_responses,
)

Reader = Callable[..., Observation]

READERS: Mapping[str, Reader] = {
    "anthropic-messages": anthropic_messages.read,
    "bedrock-converse": bedrock_converse.read,
    "cohere-v2": cohere_v2.read,
    "gemini": gemini.read,
    "mistral-chat": mistral_chat.read,
    "ollama-chat": ollama_chat.read,
    "openai-chat": openai_chat.read,
    "openai-responses": openai_responses.read,
}
"""Wire format → `read(status, headers, body, streamed, wants_json)`."""

__all__ = ["READERS", "Reader"]
