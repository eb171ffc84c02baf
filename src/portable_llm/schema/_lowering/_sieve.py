"""What can be said of a value that is still written: what of it is unfinished, and which schemas it may still meet."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

from portable_llm._errors import UnsupportedSchemaError
from portable_llm.schema._lowering._accepts import type_of
from portable_llm.schema._lowering._codecs import Branch, UnionCodec, is_items, is_members
from portable_llm.schema._lowering._document import Document

Step: TypeAlias = str | int
Path: TypeAlias = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Which pieces of a reply may still grow, or lack something that could not be shown."""

    growing: Set[int]
    """The `id` of each object and list that is open."""
    lacking: Set[int] = frozenset()
    """The `id` of each that has ended without something in it; treated alike."""
    text: tuple[int, Step | None] | None = None
    """The string that is open: the `id` of the object or list around it, and its place there."""

    def has(self, around: object, step: Step | None, value: object) -> bool:
        """Whether the value at a place is unfinished; `around` is `None` for the reply itself."""
        if isinstance(value, str):
            return self.text is not None and self.text == (id(around), step)
        return (is_members(value) or is_items(value)) and (id(value) in self.growing or id(value) in self.lacking)

    def moved(self, old: object, new: object, said: dict[str, str]) -> Unfinished:
        """The same for a copy of an object, with other names for its members."""
        if self.text is None or self.text[0] != id(old):
            return self
        step = self.text[1]
        return replace(self, text=(id(new), said.get(step, step) if isinstance(step, str) else step))


@dataclass(frozen=True, slots=True)
class Sieve:
    """Whether a schema may accept what a value becomes.

    It looks at kinds, names, words of enums and the first item of each list: as much as the schema is large, however
    long the value. It only ever learns more, so a branch that is out stays out.
    """

    document: Document | None
    now: Unfinished

    def admits(self, schema: Any, value: Any, *, is_open: bool) -> bool:
        if not isinstance(schema, dict):
            return schema is not False
        said = _resolved(cast("dict[str, Any]", schema), self.document)
        if value is None and said.get("nullable") is True:
            return True
        if not _is_of_type(said, value) or not _is_among(said, value, is_open):
            return False
        branches = said.get("anyOf")
        if branches is not None and not any(self.admits(one, value, is_open=is_open) for one in branches):
            return False
        if is_members(value):
            return self._members(said, value)
        return self._first(said, value) if is_items(value) else True

    def _members(self, said: dict[str, Any], value: dict[str, Any]) -> bool:
        properties: dict[str, Any] = said.get("properties") or {}
        if said.get("additionalProperties") is False and not value.keys() <= properties.keys():
            return False
        return all(self._piece(one, value, name) for name, one in properties.items() if name in value)

    def _first(self, said: dict[str, Any], value: list[Any]) -> bool:
        first = said.get("prefixItems") or ()
        return not value or self._piece(first[0] if first else said.get("items"), value, 0)

    def _piece(self, schema: Any, around: Any, step: Step) -> bool:
        return self.admits(schema, around[step], is_open=self.now.has(around, step, around[step]))


def _resolved(schema: dict[str, Any], document: Document | None) -> dict[str, Any]:
    for _ in range(8):
        if "$ref" not in schema or document is None:
            break
        try:
            target = document.target(schema["$ref"], "")[0]
        except UnsupportedSchemaError:
            return {}
        schema = cast("dict[str, Any]", target) if isinstance(target, dict) else {}
    return schema


def _is_of_type(schema: dict[str, Any], value: Any) -> bool:
    said = schema.get("type")
    if said is None:
        return True
    kind = type_of(value)
    wanted = [str(one).lower() for one in cast("list[Any]", said if isinstance(said, list) else [said])]
    return kind in wanted or (kind == "integer" and "number" in wanted)


def _is_among(schema: dict[str, Any], value: Any, is_open: bool) -> bool:
    words = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if not isinstance(words, list) or isinstance(value, (dict, list)):
        return True
    if is_open and isinstance(value, str):
        return any(isinstance(one, str) and one.startswith(value) for one in cast("list[Any]", words))
    return any(type(one) is type(value) and one == value for one in cast("list[Any]", words))


def possible(codec: UnionCodec, value: Any, now: Unfinished) -> list[Branch]:
    """The branches that the beginning of a value may still belong to."""
    sieve = Sieve(codec.lowered, now)
    return [branch for branch in codec.branches if sieve.admits(branch.lowered, value, is_open=True)]


def of_kind(codec: UnionCodec, value: Any) -> list[Branch]:
    """The branches that take values of this kind."""
    return [branch for branch in codec.branches if _admits_kind(branch.lowered, codec.lowered, value)]


def decided(branches: list[Branch]) -> Branch | None:
    """The branch to go by: the only one, or any where none changes anything."""
    if branches and all(branch.codec is None for branch in branches):
        return branches[0]
    return branches[0] if len(branches) == 1 else None


def _admits_kind(schema: dict[str, Any], document: Document | None, value: Any) -> bool:
    said = _resolved(schema, document)
    if value is None and said.get("nullable") is True:
        return True
    branches = said.get("anyOf")
    return _is_of_type(said, value) and (
        branches is None or any(_admits_kind(one, document, value) for one in branches if is_members(one))
    )
