"""What a provider says of the models that it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from portable_llm._json import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One model, as the provider lists it; `None` means that it does not say."""

    id: str
    """What stands behind the colon of a model string."""
    name: str | None = None
    """How people write it."""
    created: str | None = None
    """ISO day."""
    context_window: int | None = None
    """Tokens of input and output together; where a provider tells only the limit of the input, that one."""
    max_output_tokens: int | None = None
    shutdown: str | None = None
    """ISO day from which it answers no more, or is deprecated where nothing later is known."""
    raw: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue], repr=False)
    """All that the provider says of it."""
