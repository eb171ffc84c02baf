"""What a schema says about a place in a value that is still coming: may it stand there as it is written?

Only a sieve: it answers from the keywords that need nothing but the piece at hand (`type`, `enum`, `const`, names of
members). What it lets through may still fail in the end; what it holds back may still be brought to the schema then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from portable_llm._json import JsonValue

Shape: TypeAlias = tuple[Mapping[str, Any], ...]
"""The schemas that a place may follow, references and unions dissolved."""

ANYTHING: Shape = ({},)
_MAX_ALTERNATIVES = 64
_UNIONS = ("anyOf", "oneOf", "allOf")


class Shapes:
    """The places of one schema, each looked up once."""

    def __init__(self, schema: Mapping[str, Any] | None, under: str | None = None) -> None:
        """`under`: the text is an object with the value as this member; references stay within the schema."""
        self._root = schema or {}
        self._known: dict[tuple[int, str | None], Shape | None] = {}
        self._kept: list[Shape] = []
        self.root = self._shape([_wrapped(self._root, under)])

    def member(self, shape: Shape, name: str) -> Shape | None:
        """The shape of a member; `None` where the schema does not know the name, so that it may be another's."""
        is_named = any(name in _mapping(one.get("properties")) for one in shape)
        at = (id(shape), name if is_named else None)
        if at not in self._known:
            self._known[at] = self._keep(shape, self._member(shape, name))
        return self._known[at]

    def _member(self, shape: Shape, name: str) -> Shape | None:
        found: list[Any] = []
        for one in shape:
            properties, others = _mapping(one.get("properties")), one.get("additionalProperties")
            if name in properties:
                found.append(properties[name])
            elif "patternProperties" in one:
                found.append({})
            elif others is True or isinstance(others, dict):
                found.append(others)
            elif others is None and not properties and accepts_kind((one,), "object"):
                found.append({})
        return self._shape(found) if found else None

    def item(self, shape: Shape, index: int) -> Shape:
        """The shape of an item."""
        first = max((len(one.get("prefixItems") or ()) for one in shape), default=0)
        at = (id(shape), str(index) if index < first else None)
        if at not in self._known:
            self._known[at] = self._keep(shape, self._shape([_item(one, index) for one in shape]))
        return self._known[at] or ANYTHING

    def _keep(self, shape: Shape, found: Shape | None) -> Shape | None:
        self._kept.append(shape)  # its id is a key: it must not be given to another
        return found

    def _shape(self, schemas: list[Any]) -> Shape:
        found: list[Mapping[str, Any]] = []
        waiting, seen = list(schemas), set[int]()
        while waiting:
            one = waiting.pop()
            if not isinstance(one, dict) or len(seen) >= _MAX_ALTERNATIVES:
                return ANYTHING
            schema = cast("dict[str, Any]", one)
            if id(schema) in seen:
                continue
            seen.add(id(schema))
            further = [part for union in _UNIONS for part in schema.get(union) or ()]
            if "$ref" in schema:
                further.append(self._target(schema["$ref"]))
            if not further or "properties" in schema:
                found.append(schema)
            waiting += further
        return tuple(found) or ANYTHING

    def _target(self, reference: object) -> Any:
        at: Any = self._root
        for step in str(reference).removeprefix("#").split("/")[1:]:
            at = _mapping(at).get(step.replace("~1", "/").replace("~0", "~"))
        return at if str(reference).startswith("#") else None


def _wrapped(schema: Mapping[str, Any], under: str | None) -> Mapping[str, Any]:
    return schema if under is None else {"type": "object", "properties": {under: schema}}


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _item(schema: Mapping[str, Any], index: int) -> Any:
    first = schema.get("prefixItems") or ()
    return first[index] if index < len(first) else schema.get("items", {})


def accepts_kind(shape: Shape, kind: str) -> bool:
    """Whether an object, array or string may stand here."""
    return any(kind in _kinds(one) for one in shape)


def is_choice(shape: Shape) -> bool:
    """Whether a string here may be one of a few words, which is nothing before it is whole."""
    return any("enum" in one or "const" in one for one in shape)


def accepts(shape: Shape, value: JsonValue) -> bool:
    """Whether a whole string, number or literal may stand here."""
    return any(_kind(value) & _kinds(one) and _is_chosen(one, value) for one in shape)


_ALL = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})


def _kinds(schema: Mapping[str, Any]) -> frozenset[str]:
    given = schema.get("type")
    if not isinstance(given, (str, list)):
        words = _words(schema)
        return _ALL if words is None else frozenset[str]().union(*map(_kind, words))
    return frozenset({given} if isinstance(given, str) else cast("list[str]", given))


def _words(schema: Mapping[str, Any]) -> list[JsonValue] | None:
    """The values of an enum or a constant."""
    words = schema.get("enum", [schema["const"]] if "const" in schema else None)
    return cast("list[JsonValue]", words) if isinstance(words, list) else None


def _kind(value: JsonValue) -> frozenset[str]:
    if isinstance(value, bool):
        return frozenset({"boolean"})
    if isinstance(value, (int, float)):
        return frozenset({"number", "integer"} if float(value).is_integer() else {"number"}) if _fits(value) else _ALL
    if isinstance(value, (dict, list)):
        return frozenset({"object" if isinstance(value, dict) else "array"})
    return frozenset({"null"} if value is None else {"string"})


def _fits(value: float) -> bool:
    return abs(value) < 1e300


def _is_chosen(schema: Mapping[str, Any], value: JsonValue) -> bool:
    words = _words(schema)
    # True equals 1 in Python, not in JSON.
    return words is None or any(word == value and isinstance(word, bool) == isinstance(value, bool) for word in words)
