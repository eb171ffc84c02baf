"""Field names: answers are lowerCamelCase, requests may be snake_case as well."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1024)
def camel(name: str) -> str:
    """The lowerCamelCase form of a field name."""
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest) if head else name


def camel_keys(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The object with its own keys in lowerCamelCase; what lies deeper stays."""
    return {camel(key) if "_" in key else key: value for key, value in fields.items()}
