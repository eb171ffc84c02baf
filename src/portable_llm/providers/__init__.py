"""Who answers: provider rows. `provider("anthropic")` gives one, `provider_names()` lists them."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
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
    "openai-responses": "portable_llm.providers.openai_responses",
}
"""Providers with a module of their own, loaded on first use; all others are rows of the catalogue."""
_CATALOGUE = ("portable_llm.providers._hosted", "portable_llm.providers._engines", "portable_llm.providers.azure")


@cache
def _catalogue() -> Mapping[str, Provider]:
    """The rows of compatible services, by name."""
    modules = [importlib.import_module(name) for name in _CATALOGUE]
    rows = [row for module in modules for row in cast("tuple[Provider, ...]", module.ROWS)]
    return {row.name: row for row in rows}


@cache
def provider_names() -> tuple[str, ...]:
    """All built-in providers, sorted."""
    return tuple(sorted([*_MODULES, *_catalogue()]))


@cache
def provider(name: str) -> Provider:
    """The provider of that name; raises `ConfigurationError` with the nearest name."""
    module = _MODULES.get(name)
    if module is not None:
        return cast("Provider", importlib.import_module(module).PROVIDER)
    found = _catalogue().get(name)
    if found is None:
        near = difflib.get_close_matches(name, provider_names(), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigurationError(
            f"unknown provider {name!r}; {hint}`portable-llm providers` lists the {len(provider_names())} known ones; "
            "any other OpenAI-compatible server is reached as compatible:MODEL@http://host/v1"
        )
    return found


__all__ = ["Auth", "Provider", "check_base_url", "provider", "provider_names"]
