"""Who answers: provider rows. `provider("anthropic")` gives one, `provider_names()` lists them."""

from __future__ import annotations

import difflib
import importlib
from functools import cache
from typing import cast

from portable_llm._errors import ConfigurationError
from portable_llm.providers._provider import Auth, Provider, check_base_url

_MODULES = {
    "anthropic": "portable_llm.providers.anthropic",
    "compatible": "portable_llm.providers.compatible",
    "google": "portable_llm.providers.google",
    "mistral": "portable_llm.providers.mistral",
    "openai": "portable_llm.providers.openai",
}


def provider_names() -> tuple[str, ...]:
    """All built-in providers, sorted."""
    return tuple(_MODULES)


@cache
def provider(name: str) -> Provider:
    """The provider of that name; raises `ConfigurationError` with the nearest name."""
    module = _MODULES.get(name)
    if module is None:
        near = difflib.get_close_matches(name, _MODULES, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigurationError(
            f"unknown provider {name!r}; {hint}known: {', '.join(_MODULES)}; "
            "an OpenAI-compatible server is reached as compatible:MODEL@http://host/v1"
        )
    return cast("Provider", importlib.import_module(module).PROVIDER)


__all__ = ["Auth", "Provider", "check_base_url", "provider", "provider_names"]
