"""The shape of a conversation in each wire format, as far as a day-one port carries it: one small module per format."""

from collections.abc import Mapping
from types import ModuleType

from portable_llm.conformance.turns import (
    anthropic_messages,
    bedrock_converse,
    cohere_v2,
    gemini,
    mistral_chat,
    ollama_chat,
    openai_chat,
    openai_responses,
)

TURNS: Mapping[str, ModuleType] = {
    "anthropic-messages": anthropic_messages,
    "bedrock-converse": bedrock_converse,
    "cohere-v2": cohere_v2,
    "gemini": gemini,
    "mistral-chat": mistral_chat,
    "ollama-chat": ollama_chat,
    "openai-chat": openai_chat,
    "openai-responses": openai_responses,
}
"""Wire format → a module with `read(body, omitted) -> Turns` and `write(turns, omitted) -> dict`."""

__all__ = ["TURNS"]
