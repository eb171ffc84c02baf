"""A provider as a value: who answers, where, how it is paid for entry, which wire it speaks, what it accepts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from portable_llm._capabilities import Capabilities, ModelRule
from portable_llm._errors import ConfigurationError
from portable_llm._http import Signer
from portable_llm.providers._tokenizers import tokenizer_fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """How a key is shown to the provider."""

    scheme: Literal["bearer", "header", "none"] = "bearer"
    header: str = "authorization"
    """The header that carries it; `bearer` puts `Bearer ` in front."""
    env: tuple[str, ...] = ()
    """Environment variables that hold the key, first match wins."""
    is_optional: bool = False
    """No key is fine: local servers, and services with a `source`."""
    token_scheme: Literal["bearer"] | None = None
    """How what a callback gave is shown, where that differs from a key; in the header `authorization`."""
    source: Callable[[], str | Signer] | None = None
    """Where a credential comes from when there is no key; asked before each try."""

    def headers(self, key: str | None, *, is_token: bool = False) -> dict[str, str]:
        """The header for this key, or for this token that a callback gave; none without either."""
        if key is None or self.scheme == "none":
            return {}
        if is_token and self.token_scheme == "bearer":
            return {"authorization": f"Bearer {key}"}
        return {self.header: f"Bearer {key}" if self.scheme == "bearer" else key}


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One service. Adding a provider is adding one of these."""

    name: str
    title: str
    """How people write it."""
    wire: str
    """Name of the wire format."""
    base_url: str | None
    """Where its API begins, without a trailing slash; `None`: the caller must say."""
    base_url_env: tuple[str, ...] = ()
    """Environment variables that move it, as the vendor's own SDK reads them."""
    locate: Callable[[Mapping[str, str]], str | None] | None = None
    """Where its API begins by these environment variables, where the address is made of several (a region, a project);
    `None` from it: they do not say. Asked before `base_url`."""
    located_by: tuple[str, ...] = ()
    """The variables that it needs: what to set where it says nothing."""
    prefix: str = ""
    """What stands between the base URL and the path of a call, with a leading slash; `{model}` is the model. A base URL
    that already ends in it, or in the beginning of it, is fine: people write it all ways."""
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    """Sent behind the path of every call."""
    query_env: Mapping[str, str] = field(default_factory=dict[str, str])
    """Name in the query → environment variable that changes its value."""
    auth: Auth = Auth()
    otel_name: str | None = None
    """`gen_ai.provider.name`; by default the name."""
    capabilities: Capabilities = Capabilities()
    """What the service accepts; the wire format's own limits are applied before."""
    models: tuple[ModelRule, ...] = ()
    """What is different for some models; all that match apply, later ones win."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    documentation: str = ""
    """Where its facts were read."""
    lists_models: bool = True
    """Whether the list of its wire format is there as well; not at hosts that only hand the protocol on."""
    is_self_hosted: bool = False
    """The address is the user's own server: the key for it is sent wherever the user says the server stands."""

    def __repr__(self) -> str:
        return f"Provider({self.name!r})"

    def __hash__(self) -> int:
        """By name, since facts are mappings: what depends on a provider can be computed once."""
        return hash(self.name)

    def with_(self, **changes: Any) -> Provider:
        """This provider with some fields changed; raises `ConfigurationError` for a field that is none."""
        try:
            return replace(self, **changes)
        except TypeError as error:
            raise ConfigurationError(f"provider {self.name!r}: {error}") from error

    def capabilities_of(self, model: str, wire: Capabilities, *, thinking: bool = False) -> Capabilities:
        """What this model accepts here: the wire's facts, narrowed by the provider's, then by each matching rule.

        `thinking`: for a request that lets the model think; rules that hold only then are left out otherwise.
        """
        tokenizer = tokenizer_fact(model, self.wire)
        merged = wire if tokenizer is None else wire.with_({"tokenizer": tokenizer})
        merged = merged.with_(self.capabilities.facts, self.capabilities.spelling)
        for rule in self.models:
            if (thinking or rule.when == "always") and rule.matches(model):
                merged = merged.with_(rule.facts, rule.spelling)
        return merged


def check_base_url(url: str, where: str) -> str:
    """The URL without a trailing slash; raises `ConfigurationError` that shows what is wrong with it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"{where}: {url!r} is no base URL; write it like https://host/v1")
    if parts.query or parts.fragment:
        raise ConfigurationError(f"{where}: {url!r} has a query or fragment; a base URL ends with its path")
    if parts.username or parts.password:
        raise ConfigurationError(f"{where}: a base URL must not hold credentials; pass the key as api_key")
    return url.rstrip("/")
