"""Facts as a configuration file has them: the way back of `_stored`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from portable_llm._capabilities import Fact, ModelRule

_BLANK = Fact(source="configuration")
"""What is left out: `_stored` reads a fact without a source as one of the configuration."""


def rules_toml(name: str, rules: Iterable[ModelRule]) -> str:
    """Rules for models of a provider, as `[[providers.NAME.models]]` tables."""
    return "\n".join("\n".join(_rule(name, rule)) + "\n" for rule in rules)


def _rule(name: str, rule: ModelRule) -> Iterator[str]:
    table = f"providers.{_key(name)}.models"
    yield f"[[{table}]]"
    yield f"pattern = {_text(rule.pattern)}"
    if rule.when != "always":
        yield f"when = {_text(rule.when)}"
    if rule.spelling:
        yield f"spelling = {_inline(rule.spelling)}"
    if rule.facts:
        yield ""
        yield f"[{table}.facts]"
    for feature, fact in rule.facts.items():
        yield f"{_key(feature)} = {_inline(_fact(fact))}"


def _fact(fact: Fact) -> dict[str, Any]:
    told = {one.name: getattr(fact, one.name) for one in fields(Fact)}
    return {key: value for key, value in told.items() if key == "support" or value != getattr(_BLANK, key)}


def _inline(table: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{_key(key)} = {_value(value)}" for key, value in table.items()) + " }"


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_text(str(one)) for one in value)}]"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if is_bare else _text(name)


def _text(text: str) -> str:
    """A basic string: as JSON writes it, but for the one control sign that JSON lets pass."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
