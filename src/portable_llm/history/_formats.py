"""The formats of stored histories: the wire formats, and which fields of their requests hold a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from portable_llm._errors import ConfigurationError, InvalidRequestError
from portable_llm._json import JsonValue
from portable_llm._messages import Origin
from portable_llm.providers import provider
from portable_llm.wire import wire_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where a request of one format has its conversation."""

    turns: str = "messages"
    """The field that holds the list of messages, items or contents."""
    beside: tuple[str, ...] = ()
    """Fields that belong to the conversation as well."""
    tools: tuple[str, ...] = ("tools",)
    """Where the tools are declared."""
    path: str = ""
    """Where a request without a model would go: some formats have their model there alone."""
    options: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """What a request has to say so that nothing of a history is held back."""


DETECTED: Mapping[str, Shape] = {
    "openai-chat": Shape(),
    # Reasoning that is stored at the provider stands in a history as an id alone, which goes only into a request that
    # is stored as well.
    "openai-responses": Shape(turns="input", beside=("instructions",), options={"store": True}),
    "anthropic-messages": Shape(beside=("system",)),
    "gemini": Shape(turns="contents", beside=("systemInstruction", "continuationToken")),
}
"""The formats that `load` tells apart by itself."""

SHAPES: Mapping[str, Shape] = {
    **DETECTED,
    "bedrock-converse": Shape(beside=("system",), tools=("toolConfig",), path="/model/-/converse"),
    "cohere-v2": Shape(),
    "mistral-chat": Shape(),
    "ollama-chat": Shape(),
}
"""All formats; those beyond `DETECTED` are read where they are named."""


def shape_of(name: str) -> Shape:
    """The shape of a format; raises `InvalidRequestError` with the known ones."""
    shape = SHAPES.get(name)
    if shape is None:
        raise InvalidRequestError(f"unknown format of histories {name!r}; known: {', '.join(SHAPES)}")
    return shape


def stored_in(name: str) -> Origin:
    """The origin of state of which only the format is known: nowhere at home, so that it is replayed to nobody."""
    return Origin(provider=name, host="", model="")


@cache
def format_of(origin: Origin | None) -> str | None:
    """The format in which state of this origin is written; `None` where nobody knows."""
    if origin is None:
        return None
    if not origin.host and origin.provider in wire_names():
        return origin.provider
    try:
        return provider(origin.provider).wire
    except ConfigurationError:
        return None
