"""Wire formats: one package per JSON protocol, a codec in both directions, all with the same names.

`wire_format("openai-chat")` gives the package as a `WireFormat`; adding one means one package and one row here.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import cast

from portable_llm._errors import ConfigurationError
from portable_llm.wire._contract import StreamDecoder, WireFormat

_PACKAGES = {
    "anthropic-messages": "portable_llm.wire.anthropic_messages",
    "bedrock-converse": "portable_llm.wire.bedrock_converse",
    "cohere-v2": "portable_llm.wire.cohere_v2",
    "gemini": "portable_llm.wire.gemini",
    "mistral-chat": "portable_llm.wire.mistral",
    "ollama-chat": "portable_llm.wire.ollama",
    "openai-chat": "portable_llm.wire.openai_chat",
    "openai-responses": "portable_llm.wire.openai_responses",
}


def wire_names() -> tuple[str, ...]:
    """All wire formats, sorted."""
    return tuple(_PACKAGES)


@cache
def wire_format(name: str) -> WireFormat:
    """The wire format of that name, loaded on first use; raises `ConfigurationError`."""
    if name not in _PACKAGES:
        raise ConfigurationError(f"unknown wire format {name!r}; known: {', '.join(_PACKAGES)}")
    return cast("WireFormat", importlib.import_module(_PACKAGES[name]))


__all__ = ["StreamDecoder", "WireFormat", "wire_format", "wire_names"]
