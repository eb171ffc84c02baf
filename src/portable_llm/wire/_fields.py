"""The fields of a stored request that nobody has read yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from portable_llm._adaptation import Adaptation, entry
from portable_llm._json import JsonValue


class Fields:
    """What is left of an object; `null` counts as absent."""

    def __init__(self, fields: Mapping[str, Any], *, without: Iterable[str] = ()) -> None:
        skipped = set(without)
        self._left = {name: value for name, value in fields.items() if value is not None and name not in skipped}

    def peek(self, name: str) -> Any:
        """The field, which stays."""
        return self._left.get(name)

    def take(self, name: str, *types: type) -> Any:
        """The field if it has one of these types, and then no more; a bool is no number."""
        value = self._left.get(name)
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            return None
        return self._left.pop(name)

    def drop(self, name: str) -> bool:
        """Whether the field was there; it is gone then."""
        return self._left.pop(name, None) is not None

    def rest(self) -> dict[str, JsonValue]:
        """Everything else."""
        return self._left


def unread(fields: Mapping[str, Any], known: Iterable[str]) -> Iterator[str]:
    """Names of members that nobody reads though they say something: `null`, `""`, `[]` and `{}` do not."""
    for name in fields.keys() - set(known):
        if fields[name] not in (None, "", [], {}):
            yield name


def kept_as_extra(left: Mapping[str, JsonValue], source: str) -> list[Adaptation]:
    """The entries for fields without a portable name."""
    return [
        entry("wire", f"/extra/{name}", "moved", "has no portable name; kept as extra", source=source) for name in left
    ]
