"""Providers and facts as people write them down: tables of a configuration file, and installed packages.

A table `[providers.NAME]` describes a provider of one's own, or changes what is known about a built-in one:

    [providers.team]
    like = "vllm"                         # the row it starts from; the built-in one of that name, else "compatible"
    base_url = "https://llm.example.org/v1"
    key_variables = ["TEAM_KEY"]          # TEAM_API_KEY if not given; never those of the row it is like

    [providers.team.facts]
    "sampling/top_k" = { support = "no", note = "the gateway strips it", date = "2026-11-24" }

    [[providers.team.models]]
    pattern = "big-.*"
    facts = { context_window = { maximum = 131072 } }
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, cast

from portable_llm._capabilities import FEATURES, Fact, ModelRule
from portable_llm._errors import ConfigurationError
from portable_llm.providers import check_base_url, provider, provider_names
from portable_llm.providers._provider import Auth, Provider

ENTRY_POINTS = "portable_llm.providers"
"""Group of entry points that name a `Provider`, or several in a sequence."""

_TEXTS = ("title", "wire", "base_url", "documentation", "like")
_KEYS = {*_TEXTS, "key_variables", "key_header", "is_self_hosted", "headers", "facts", "spelling", "models"}
_FACT_KEYS = {field.name for field in fields(Fact)}
_RULE_KEYS = {"pattern", "when", "facts", "spelling"}


def stored_providers(tables: object, where: str) -> dict[str, Provider]:
    """The providers of a `[providers]` table; raises `ConfigurationError` that names the place and what it takes."""
    return {name: _provider(name, table, f"{where}.{name}") for name, table in _table(tables, where).items()}


def _provider(name: str, value: object, where: str) -> Provider:
    table = _table(value, where, _KEYS)
    for key in _TEXTS:
        _check(table.get(key, ""), str, f"{where}.{key}")
    base = _base(name, table.get("like"), where)
    changes: dict[str, Any] = {key: table[key] for key in ("title", "wire", "documentation") if key in table}
    if "wire" in changes:
        _check_wire(changes["wire"], f"{where}.wire")
    if "base_url" in table:
        changes["base_url"] = check_base_url(table["base_url"], f"{where}.base_url")
    if "is_self_hosted" in table:
        changes["is_self_hosted"] = _check(table["is_self_hosted"], bool, f"{where}.is_self_hosted")
    if "headers" in table:
        changes["headers"] = {**base.headers, **_texts(table["headers"], f"{where}.headers")}
    facts = {key: _fact(fact, f"{where}.facts.{key}") for key, fact in _facts(table, where)}
    spelling = _texts(table.get("spelling", {}), f"{where}.spelling")
    rules = _list(table.get("models", []), f"{where}.models")
    return base.with_(
        name=name,
        auth=_auth(name, base, table, where),
        capabilities=base.capabilities.with_(facts, spelling),
        models=(*base.models, *(_rule(rule, f"{where}.models[{at}]") for at, rule in enumerate(rules))),
        **changes,
    )


def _base(name: str, like: str | None, where: str) -> Provider:
    """The row that a table starts from."""
    known = name in provider_names()
    if like is None:
        return provider(name if known else "compatible")
    if like not in provider_names():
        raise ConfigurationError(f"{where}.like: unknown provider {like!r}; known: {', '.join(provider_names())}")
    # Another name, another service: the variables that move the model row must not move this one.
    return provider(like) if like == name else provider(like).with_(base_url_env=())


def _auth(name: str, row: Provider, table: Mapping[str, Any], where: str) -> Auth:
    base = row.auth
    # The key of the row it is like belongs to that service and must not go to this one.
    own = list(base.env) if row.name == name else [f"{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}_API_KEY"]
    names = _list(table.get("key_variables", own), f"{where}.key_variables")
    env = tuple(_check(one, str, f"{where}.key_variables") for one in names)
    header = table.get("key_header")
    if header is None:
        return replace(base, env=env, source=base.source if row.name == name else None)
    return Auth(scheme="header", header=_check(header, str, f"{where}.key_header"), env=env)


def _rule(value: object, where: str) -> ModelRule:
    table = _table(value, where, _RULE_KEYS)
    pattern = _check(table.get("pattern"), str, f"{where}.pattern")
    try:
        re.compile(pattern)
    except re.error as error:
        raise ConfigurationError(f"{where}.pattern: {pattern!r} is no regular expression: {error}") from error
    when = table.get("when", "always")
    if when not in ("always", "thinking"):
        raise ConfigurationError(f"{where}.when: {when!r} is neither 'always' nor 'thinking'")
    return ModelRule(
        pattern=pattern,
        when=cast("Any", when),
        facts={key: _fact(fact, f"{where}.facts.{key}") for key, fact in _facts(table, where)},
        spelling=_texts(table.get("spelling", {}), f"{where}.spelling"),
    )


def _facts(table: Mapping[str, Any], where: str) -> Iterator[tuple[str, object]]:
    for key, value in _table(table.get("facts", {}), f"{where}.facts").items():
        if key not in FEATURES:
            raise ConfigurationError(f"{where}.facts: {key!r} is no feature; known: {', '.join(FEATURES)}")
        yield key, value


def _fact(value: object, where: str) -> Fact:
    table = _table(value, where, _FACT_KEYS)
    if table.get("support", "yes") not in ("yes", "no", "ignored"):
        raise ConfigurationError(f"{where}.support: {table['support']!r} is none of yes, no, ignored")
    for key in ("minimum", "maximum", "default"):
        _check(table.get(key, 0), (int, float), f"{where}.{key}")
    for key in ("source", "date", "note"):
        _check(str(table.get(key, "")), str, f"{where}.{key}")
    values = tuple(_check(one, str, f"{where}.values") for one in _list(table.get("values", []), f"{where}.values"))
    texts = {key: str(table[key]) for key in ("source", "date", "note") if key in table}
    rest = {key: table[key] for key in table.keys() & {"support", "minimum", "maximum", "default", "required"}}
    said: dict[str, Any] = {"source": "configuration", **texts, **rest, "values": values}
    return Fact(**said)


# ---- what tables hold ------------------------------------------------------------------------------------------------


def _table(value: object, where: str, known: set[str] | None = None) -> dict[str, Any]:
    table = cast("dict[str, Any]", _check(value, dict, where))
    unknown = table.keys() - known if known is not None else set[str]()
    if unknown:
        raise ConfigurationError(f"{where}: unknown key {min(unknown)!r}; known: {', '.join(sorted(known or ()))}")
    return table


def _list(value: object, where: str) -> list[Any]:
    return cast("list[Any]", _check(value, list, where))


def _texts(value: object, where: str) -> dict[str, str]:
    return {key: _check(text, str, f"{where}.{key}") for key, text in _table(value, where).items()}


_WORDS = {str: "a string", bool: "true or false", dict: "a table", list: "a list", (int, float): "a number"}


def _check(value: Any, kind: Any, where: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ConfigurationError(f"{where}: expected {_WORDS[kind]}, got {value!r:.80}")
    return value


def _check_wire(name: str, where: str) -> None:
    from portable_llm.wire import wire_names

    if name not in wire_names():
        raise ConfigurationError(f"{where}: unknown wire format {name!r}; known: {', '.join(wire_names())}")


# ---- installed packages ----------------------------------------------------------------------------------------------


def installed_providers() -> dict[str, Provider]:
    """The providers of installed packages; raises `ConfigurationError` that names the package at fault."""
    from importlib.metadata import entry_points

    found: dict[str, Provider] = {}
    for point in entry_points(group=ENTRY_POINTS):
        where = f"entry point {point.name!r} = {point.value!r}"
        try:
            loaded: Any = point.load()
        except Exception as error:
            raise ConfigurationError(f"{where} cannot be loaded: {error}") from error
        for row in cast("Iterable[object]", loaded if isinstance(loaded, (list, tuple)) else (loaded,)):
            if not isinstance(row, Provider):
                raise ConfigurationError(f"{where} gives {row!r:.80}, no Provider")
            found[row.name] = row
    return found
