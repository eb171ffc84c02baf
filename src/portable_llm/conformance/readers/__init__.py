"""Readers of the lanes home and raw: one small module per wire format, as a team's own consumer code would read it."""

from collections.abc import Callable, Mapping

from portable_llm.conformance.observation import Observation
from portable_llm.conformance.readers import anthropic_messages, gemini, openai_chat

Reader = Callable[..., Observation]

READERS: Mapping[str, Reader] = {
    "openai-chat": openai_chat.read,
    "anthropic-messages": anthropic_messages.read,
    "gemini": gemini.read,
}
"""Wire format → `read(status, headers, body, streamed, wants_json)`."""

__all__ = ["READERS", "Reader"]
