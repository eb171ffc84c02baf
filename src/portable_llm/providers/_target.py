"""Model strings → targets, and the keys for them.

`provider:model`, `provider:model@base_url`, or an alias. Aliases come from arguments, a configuration file or
environment variables, so that a switch of vendor is one string.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn, cast
from urllib.parse import quote, urlencode, urlsplit

from portable_llm._capabilities import Capabilities
from portable_llm._errors import ConfigurationError
from portable_llm._http import Credential
from portable_llm._messages import Origin
from portable_llm.providers import check_base_url, provider
from portable_llm.providers._provider import Provider

ALIAS_PREFIX = "PORTABLE_LLM_ALIAS_"
"""`PORTABLE_LLM_ALIAS_FAST=openai:gpt-6-luna` defines the alias `fast`."""
CONFIG_VARIABLE = "PORTABLE_LLM_CONFIG"
"""Path of a TOML file with tables `[aliases]`, `[base_urls]`, `[providers]`; read only if named, never from the folder
one works in."""

_AT_URL = re.compile(r"^(?P<model>.*?)@(?P<url>[a-z][a-z0-9+.-]*://.*)$", re.DOTALL | re.IGNORECASE)
_WRONG_URL = re.compile(r"@(?P<url>(?:https?[:/]|localhost\b|\d+\.\d+\.\d+\.\d+).*)$", re.DOTALL | re.IGNORECASE)
"""A base URL without its `://`; model names with an `@` of their own (versions) do not look like that."""
_MAX_ALIAS_HOPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One model at one endpoint."""

    provider: Provider
    model: str
    """The bare model id."""
    base_url: str
    is_override: bool
    """The model string itself named the base URL; the vendor's own key is then not sent to it."""
    query: Mapping[str, str] | None = None
    """Sent behind the path of every call; `None`: what the provider's row says."""

    @property
    def origin(self) -> Origin:
        """Who makes opaque state here."""
        return _origin(self.provider.name, self.base_url, self.model)

    def url(self, path: str) -> str:
        """The address of a call. A base URL that already ends in the version that the path begins with is fine:
        people write it both ways."""
        if self.provider.prefix or self.provider.query:
            return self._placed(path)
        version = path[: path.find("/", 1)] if path.startswith("/v") else ""
        base = self.base_url.removesuffix(version) if version else self.base_url
        return base + path

    def _placed(self, path: str) -> str:
        """The address where a host has its own prefix and query; a call that is about no model leaves the model out."""
        prefix = self.provider.prefix
        if "{model}" in prefix and not self.model:
            prefix = prefix.partition("/{model}")[0].rpartition("/")[0]
        starts = [prefix[:end] for end, sign in enumerate(f"{prefix}/") if sign == "/" and end]
        lead = next((start for start in reversed(starts) if self.base_url.endswith(start)), "")
        url = self.base_url.removesuffix(lead) + prefix.replace("{model}", quote(self.model, safe="")) + path
        query = self.provider.query if self.query is None else self.query
        return f"{url}{'&' if '?' in path else '?'}{urlencode(query)}" if query else url

    def capabilities(self, wire: Capabilities) -> Capabilities:
        """What the model accepts here."""
        return self.provider.capabilities_of(self.model, wire)


# The same for every call to a target, and read several times in each.
@lru_cache(maxsize=1024)
def _origin(provider_name: str, base_url: str, model: str) -> Origin:
    return Origin(provider=provider_name, host=urlsplit(base_url).netloc, model=model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What names mean: aliases, moved base URLs, own providers."""

    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    base_urls: Mapping[str, str] = field(default_factory=dict[str, str])
    providers: Mapping[str, Provider] = field(default_factory=dict[str, Provider])

    def resolve(self, model: str) -> Target:
        """The target of a model string; raises `ConfigurationError` that says what is wrong with it."""
        name, _, rest = self._expand(model).partition(":")
        found = self.providers.get(name) or _known(name)
        at = _AT_URL.match(rest)
        bare = (at["model"] if at else rest).strip()
        if not bare:
            raise ConfigurationError(f"model {model!r} names no model; write provider:model, e.g. openai:gpt-6-luna")
        url = at["url"] if at else self._base_url(found)
        if at is None and (wrong := _WRONG_URL.search(bare)):
            raise ConfigurationError(f"model {model!r}: {wrong['url']!r} is no base URL; write it like https://host/v1")
        if url is None:
            set_these = f"; set {' and '.join(found.located_by)}, or" if found.located_by else ";"
            raise ConfigurationError(
                f"provider {name!r} has no base URL of its own{set_these} write {name}:{bare}@http://host/v1 "
                f"or pass base_urls={{{name!r}: ...}}" + "".join(f" or set {env}" for env in found.base_url_env)
            )
        base_url = check_base_url(url, f"model {model!r}" if at else f"base URL of {name!r}")
        query = {name: os.environ.get(found.query_env.get(name, "")) or value for name, value in found.query.items()}
        return Target(
            provider=found, model=bare, base_url=base_url, is_override=at is not None, query=query if query else None
        )

    def endpoint(self, name: str) -> Target:
        """A provider without a model: `name` or `name@base_url`; raises `ConfigurationError`."""
        bare, _, url = name.partition("@")
        target = self.resolve(f"{bare}:-@{url}" if url else f"{bare}:-")
        return replace(target, model="")

    def _expand(self, model: str) -> str:
        """Follow aliases to a `provider:model` string."""
        seen = [model]
        while seen[-1] in self.aliases:
            seen.append(self.aliases[seen[-1]])
            if len(seen) > _MAX_ALIAS_HOPS:
                raise ConfigurationError(f"alias {model!r} leads in a circle: {' → '.join(seen)}")
        if ":" not in seen[-1]:
            _unknown_alias(seen[-1], self.aliases)
        return seen[-1]

    def _base_url(self, found: Provider) -> str | None:
        """Where the provider is: configuration, then the vendor's own environment variables, then its row."""
        configured = self.base_urls.get(found.name)
        if configured is not None:
            return configured
        moved = next((url for name in found.base_url_env if (url := os.environ.get(name))), None)
        if moved is not None:
            return _completed(moved, found.base_url)
        located = found.locate(os.environ) if found.locate is not None else None
        return located or found.base_url


def _completed(url: str, own: str | None) -> str:
    """A host without scheme or port, as the variables of local servers hold it, with those of the provider's row.

    Only where the row itself names a port: anywhere else a missing scheme is a mistake.
    """
    mine = urlsplit(own or "")
    if "://" in url or mine.port is None:
        return url
    try:
        parts = urlsplit(f"//{url}")
        host, port = parts.hostname or mine.hostname or "", parts.port or mine.port
    except ValueError:
        return url
    return f"{mine.scheme}://{f'[{host}]' if ':' in host else host}:{port}{parts.path}"


def _known(name: str) -> Provider:
    """A built-in provider, or one of an installed package; raises `ConfigurationError`."""
    try:
        return provider(name)
    except ConfigurationError:
        # Here, since looking at every installed package takes longer than a request.
        from portable_llm.providers._stored import installed_providers

        found = installed_providers().get(name)
        if found is None:
            raise
        return found


def _unknown_alias(model: str, aliases: Mapping[str, str]) -> NoReturn:
    known = f"known aliases: {', '.join(sorted(aliases))}" if aliases else "no aliases are defined"
    raise ConfigurationError(
        f"model {model!r} is neither provider:model nor an alias ({known}); "
        f"set {ALIAS_PREFIX}{re.sub(r'[^A-Za-z0-9]', '_', model).upper()}=provider:model"
    )


def load_settings(
    *,
    aliases: Mapping[str, str] | None = None,
    base_urls: Mapping[str, str] | None = None,
    providers: Mapping[str, Provider] | None = None,
    config: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Settings from arguments, over environment variables, over the configuration file."""
    environ = os.environ if environ is None else environ
    path = config if config is not None else environ.get(CONFIG_VARIABLE)
    stored = _read_config(Path(path)) if path else {}
    from_env = {
        name.removeprefix(ALIAS_PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(ALIAS_PREFIX) and value
    }
    return Settings(
        aliases={**stored.get("aliases", {}), **from_env, **(aliases or {})},
        base_urls={**stored.get("base_urls", {}), **(base_urls or {})},
        providers={**_stored_providers(stored, path), **(providers or {})},
    )


def _read_config(path: Path) -> dict[str, Any]:
    import tomllib  # here, since most applications have no such file

    try:
        loaded = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"configuration file {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"configuration file {path} is no TOML: {error}") from error
    for name in ("aliases", "base_urls"):
        _check_table(loaded.get(name, {}), f"configuration file {path}, table [{name}]")
    unknown = loaded.keys() - {"aliases", "base_urls", "providers"}
    if unknown:
        raise ConfigurationError(
            f"configuration file {path}: unknown table {min(unknown)!r}; known: aliases, base_urls, providers"
        )
    return loaded


def _stored_providers(stored: Mapping[str, Any], path: str | Path | None) -> dict[str, Provider]:
    if "providers" not in stored:
        return {}
    from portable_llm.providers._stored import stored_providers  # here, since most applications have no such table

    return stored_providers(stored["providers"], f"configuration file {path}: providers")


def _check_table(table: object, where: str) -> None:
    items = cast("dict[str, Any]", table).items() if isinstance(table, dict) else [("", None)]
    if any(not isinstance(value, str) for _, value in items):
        raise ConfigurationError(f"{where}: every value has to be a string")


class Keyring:
    """Keys by provider: from arguments, else from the vendors' usual environment variables.

    Never shown, never pickled.
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: Mapping[str, str] | None = None) -> None:
        self._keys = dict(keys or {})

    def __repr__(self) -> str:
        return f"Keyring({', '.join(f'{name}=…' for name in sorted(self._keys))})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Keyring holds secrets and cannot be pickled")

    def key_for(self, target: Target) -> str | None:
        """The key to send; raises `ConfigurationError` that names the variable to set.

        A base URL given in the model string gets no key from the environment: that key belongs to the vendor.
        """
        auth = target.provider.auth
        if auth.scheme == "none":
            return None
        key = self._keys.get(target.provider.name)
        if key is None and (not target.is_override or _is_users_own(target.provider)):
            key = next((value for name in auth.env if (value := os.environ.get(name))), None)
        if key:
            return _checked(key, target.provider.name)
        if auth.is_optional or target.is_override:
            return None
        raise ConfigurationError(
            f"no key for {target.provider.name}: set {' or '.join(auth.env)}, "
            f"or pass api_keys={{{target.provider.name!r}: ...}}",
            provider=target.provider.name,
        )


def _is_users_own(provider: Provider) -> bool:
    """Whether the key in the environment belongs to a server of the user, wherever it stands."""
    return provider.is_self_hosted or provider.base_url is None


def source_for(target: Target) -> Callable[[], Credential] | None:
    """Where the provider's credentials come from without a key; never for a base URL given in the model string."""
    return None if target.is_override else target.provider.auth.source


def _checked(key: str, name: str) -> str:
    stripped = key.strip()
    if not stripped.isascii() or any(character.isspace() for character in stripped):
        # The key itself must not appear in the message.
        raise ConfigurationError(f"the key for {name} holds spaces or non-ASCII characters; copy it again")
    return stripped
