"""Who answers: provider rows. `provider("anthropic")` gives one, `provider_names()` lists them."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from portable_llm._errors import ConfigurationError
from portable_llm.providers._provider import Auth, Provider, check_base_url

if TYPE_CHECKING:
    from portable_llm.providers._aws import aws_credentials
    from portable_llm.providers._google_cloud import vertex_url
    from portable_llm.providers._sigv4 import AwsCredentials

_MODULES = {
    "anthropic": "portable_llm.providers.anthropic",
    "bedrock": "portable_llm.providers.bedrock",
    "cohere": "portable_llm.providers.cohere",
    "compatible": "portable_llm.providers.compatible",
    "compatible-responses": "portable_llm.providers.compatible_responses",
    "google": "portable_llm.providers.google",
    "mistral": "portable_llm.providers.mistral",
    "ollama": "portable_llm.providers.ollama",
    "ollama-cloud": "portable_llm.providers.ollama_cloud",
    "openai": "portable_llm.providers.openai",
    "vertex": "portable_llm.providers.vertex",
    "vertex-anthropic": "portable_llm.providers.vertex_anthropic",
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


__all__ = [
    "Auth",
    "AwsCredentials",
    "Provider",
    "aws_credentials",
    "check_base_url",
    "provider",
    "provider_names",
    "vertex_url",
]

# Loaded on first use: credentials of clouds are few programs' business.
_HOME = {
    "AwsCredentials": "portable_llm.providers._sigv4",
    "aws_credentials": "portable_llm.providers._aws",
    "vertex_url": "portable_llm.providers._google_cloud",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
