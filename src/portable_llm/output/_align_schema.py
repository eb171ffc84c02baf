"""A schema as alignment sees it: nodes with one type each, unions of them, and everything else left to validation.

`plan_of` compiles a schema once and keeps it by content. Nodes are made on first use, since most of a big schema is
never looked at, and since a recursive schema has no end. `$ref` and `allOf` are merged into the node that carries
them; `anyOf`, `oneOf` and lists of types become a union whose choices carry the rest of the schema along. Keywords
not known here (`not`, `if`, `dependentRequired` …) are checked at the end, on the result, against the whole schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, cast
from urllib.parse import unquote

from portable_llm._json import dump_json, load_json
from portable_llm.output._align_enum import Names
from portable_llm.output._align_text import spelling

Schema = Mapping[str, Any]
Kind = Literal["any", "never", "union", "enum", "object", "array", "string", "number", "integer", "boolean", "null"]
Check = Callable[[Any], bool]

PATTERN_SECONDS = 0.1
"""Time one pattern may take on one string; a pattern that takes longer does not match."""
_TYPES: frozenset[str] = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_OLD_DRAFTS = ("draft-03", "draft-04", "draft-06", "draft-07")
"""Drafts in which the neighbours of a `$ref` do not count."""


@lru_cache(maxsize=256)
def _plan_of(schema: bytes) -> Plan:
    return Plan(cast("dict[str, Any]", load_json(schema)), has_dates=b'"date' in schema)


def plan_of(schema: Schema) -> Plan:
    """The compiled schema, from the cache where its content is known."""
    return _plan_of(dump_json(schema))


class Plan:
    """A compiled schema; shared between threads, since each node that two of them make is the same."""

    def __init__(self, root: dict[str, Any], *, has_dates: bool) -> None:
        self.has_dates = has_dates
        self._document = root
        self._neighbours_count = not any(draft in str(root.get("$schema", "")) for draft in _OLD_DRAFTS)
        self._nodes: dict[tuple[tuple[int, ...], frozenset[int]], Node] = {}
        self.root = self.node((root,))

    def node(self, schemas: tuple[object, ...], expanded: frozenset[int] = frozenset()) -> Node:
        """What all of the schemas ask of one value; `expanded`: the unions that it already is a choice of."""
        key = (tuple(map(id, schemas)), expanded)
        found = self._nodes.get(key)
        if found is None:
            # The node keeps its schemas, so their ids stay theirs.
            found = self._nodes[key] = Node(self, schemas, expanded)
        return found

    def flatten(self, schemas: Iterable[object]) -> list[dict[str, Any]] | None:
        """The schemas with `$ref` and `allOf` followed; `None` if one of them accepts nothing."""
        flat: list[dict[str, Any]] = []
        seen: set[int] = set()
        pending = [*schemas][::-1]
        while pending:
            schema = pending.pop()
            if schema is False:
                return None
            if not isinstance(schema, dict) or id(cast("object", schema)) in seen:
                continue
            seen.add(id(cast("object", schema)))
            here = cast("dict[str, Any]", schema)
            pending.extend(self._beneath(here))
            if "$ref" not in here or self._neighbours_count:
                flat.append({key: here[key] for key in here if key not in ("$ref", "allOf")})
        return flat

    def _beneath(self, schema: dict[str, Any]) -> Iterator[object]:
        if isinstance(reference := schema.get("$ref"), str):
            target = self._resolve(reference)
            yield target
            name = reference.rsplit("/", 1)[-1]
            if isinstance(target, dict) and name and "title" not in target:
                yield {"title": name}
            if not self._neighbours_count:
                return
        if isinstance(parts := schema.get("allOf"), list):
            yield from reversed(cast("list[object]", parts))

    def _resolve(self, reference: str) -> object:
        """The schema referred to inside of this one; `None` for any other, which validation then complains of."""
        base, _, fragment = reference.partition("#")
        if base and base != str(self._document.get("$id", self._document.get("id", ""))).partition("#")[0]:
            return None
        place: Any = self._document
        for step in unquote(fragment).split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(place, dict):
                place = cast("dict[str, Any]", place).get(name)
            elif isinstance(place, list) and name.isdigit() and int(name) < len(cast("list[Any]", place)):
                place = cast("list[Any]", place)[int(name)]
            else:
                return None
        return None if fragment and not fragment.startswith("/") else place


class Node:
    """What one place of a value has to be."""

    __slots__ = (
        "_additional",
        "_choices",
        "_items",
        "_patterns",
        "_prefix",
        "_union",
        "checks",
        "expanded",
        "flat",
        "format",
        "is_closed",
        "kind",
        "members",
        "names",
        "plan",
        "required",
        "schemas",
        "spellings",
        "titles",
    )

    def __init__(self, plan: Plan, schemas: tuple[object, ...], expanded: frozenset[int]) -> None:
        self.plan, self.schemas, self.expanded = plan, schemas, expanded
        flat = plan.flatten(schemas)
        self.flat: list[dict[str, Any]] = flat or []
        self._choices: tuple[Node, ...] | None = None
        self._union = self._find_union()
        self.names = self._find_names()
        self.kind: Kind = "never" if flat is None else self._find_kind()
        self.checks = tuple(_checks(self.flat, self.kind))
        self.format = next((str(schema["format"]) for schema in self.flat if "format" in schema), "")
        self.titles = frozenset(spelling(schema["title"]) for schema in self.flat if _is_text(schema.get("title")))
        self._set_members()
        self._set_items()

    # What kind of value it is

    def _find_union(self) -> list[object] | None:
        for schema in self.flat:
            for keyword in ("anyOf", "oneOf"):
                union = schema.get(keyword)
                if isinstance(union, list) and id(cast("object", union)) not in self.expanded:
                    return cast("list[object]", union)
        return None

    def _find_names(self) -> Names | None:
        """The constants that are accepted, where only such are; a union of constants is one list of them."""
        rows = _constants(self.flat)
        if rows is None and self._union is not None:
            choices = [_constants(self.plan.flatten((choice,)) or []) for choice in self._union]
            if choices and all(choice is not None for choice in choices):
                rows = [row for choice in choices for row in choice or ()]
        types = _types(self.flat)
        if rows is None:
            return None
        return Names([row for row in rows if types is None or _type_of(row[0]) & types])

    def _find_kind(self) -> Kind:
        if _types(self.flat) == frozenset({"null"}):
            return "null"
        if self.names is not None:
            return "enum"
        if self._union is not None:
            return "union"
        types = _types(self.flat)
        if types is None:
            return "any"
        if len(types) > 1:
            return "union"
        return cast("Kind", next(iter(types), "never"))

    @property
    def choices(self) -> tuple[Node, ...]:
        """Of a union: its alternatives, each with everything else that the place has to be."""
        if self._choices is None:
            self._choices = tuple(self._find_choices())
        return self._choices

    def _find_choices(self) -> Iterator[Node]:
        if self._union is None:
            for name in sorted(_types(self.flat) or ()):
                yield self.plan.node((*self.flat, {"type": name}), self.expanded)
            return
        rest = tuple(_without(schema, self._union) for schema in self.flat)
        for choice in self._union:
            yield self.plan.node((*rest, choice), self.expanded | {id(self._union)})

    # Members of an object

    def _set_members(self) -> None:
        self.members: dict[str, tuple[object, ...]] = {}
        self._patterns: list[tuple[str, object]] = []
        self._additional: tuple[object, ...] = ()
        self.is_closed = False
        for schema in self.flat:
            for name, member in _mapping(schema.get("properties")):
                self.members[name] = (*self.members.get(name, ()), member)
            self._patterns += _mapping(schema.get("patternProperties"))
            extra = schema.get("additionalProperties", schema.get("unevaluatedProperties"))
            if extra is False:
                self.is_closed = True
            elif isinstance(extra, dict) and extra:
                self._additional = (*self._additional, cast("object", extra))
        self.required = tuple(dict.fromkeys(name for schema in self.flat for name in _texts(schema.get("required"))))
        self.spellings = _spellings({*self.members, *self.required})

    def member(self, name: str) -> Node | None:
        """What the member has to be; `None` where the schema does not say."""
        schemas = self.members.get(name, ())
        if self._patterns:
            schemas = (*schemas, *(schema for pattern, schema in self._patterns if matches(pattern, name)))
        schemas = schemas or self._additional
        return self.plan.node(schemas) if schemas else None

    def is_known(self, name: str) -> bool:
        return name in self.members or any(matches(pattern, name) for pattern, _ in self._patterns)

    @property
    def is_map(self) -> bool:
        """Whether further members have a schema, so that any name is a proper one."""
        return bool(self._additional)

    # Items of an array

    def _set_items(self) -> None:
        self._prefix: list[object] = []
        self._items: list[object] = []
        for schema in self.flat:
            items = schema.get("items")
            # Up to draft 2019-09 a list of `items` said what `prefixItems` says now.
            self._prefix = self._prefix or _listed(items) or _listed(schema.get("prefixItems"))
            rest = schema.get("additionalItems") if isinstance(items, list) else items
            if isinstance(rest, dict):
                self._items.append(cast("object", rest))

    def item(self, index: int) -> Node | None:
        """What the item has to be; `None` where the schema does not say."""
        if index < len(self._prefix):
            return self.plan.node((self._prefix[index],))
        return self.plan.node(tuple(self._items)) if self._items else None

    @property
    def has_items(self) -> bool:
        return bool(self._items or self._prefix)

    def holds(self, value: object) -> bool:
        """Whether the limits on length, size and pattern are kept."""
        return all(check(value) for check in self.checks)


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern is found in time; one that cannot be read is left to validation."""
    import regex  # heavy, and most schemas have no pattern

    try:
        return regex.search(pattern, text, timeout=PATTERN_SECONDS) is not None
    except TimeoutError:
        return False
    except regex.error:
        return True


def _spellings(names: Iterable[str]) -> dict[str, str | None]:
    """Spelling → the one name that has it; `None` where several have."""
    found: dict[str, str | None] = {}
    for name in names:
        key = spelling(name)
        found[key] = None if key in found else name
    return found


def _without(schema: dict[str, Any], union: list[object]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if value is not union}


def _types(flat: Iterable[Schema]) -> frozenset[str] | None:
    """The types that all of the schemas accept; an integer is a number."""
    found: frozenset[str] | None = None
    for schema in flat:
        given = schema.get("type")
        if not isinstance(given, (str, list)):
            continue
        types = _TYPES.intersection([given] if isinstance(given, str) else cast("list[str]", given))
        types |= {"integer"} if "number" in types else frozenset()
        found = types if found is None else found & types
    return found - {"integer"} if found and "number" in found else found


def _type_of(value: object) -> frozenset[str]:
    if isinstance(value, bool):
        return frozenset({"boolean"})
    if isinstance(value, (int, float)):
        return frozenset({"number", "integer"}) if float(value).is_integer() else frozenset({"number"})
    if isinstance(value, str):
        return frozenset({"string"})
    return frozenset({"null" if value is None else "array" if isinstance(value, list) else "object"})


Row = tuple[Any, tuple[str, ...]]
"""A constant and the other words for it."""


def _constants(flat: list[dict[str, Any]]) -> list[Row] | None:
    """The constants of a schema that accepts nothing else; `null` is one."""
    lists = [rows for schema in flat if (rows := _constants_of(schema)) is not None]
    if lists:
        return [row for row in lists[0] if all(any(_is_same(row[0], other[0]) for other in rest) for rest in lists[1:])]
    return [(None, ())] if _types(flat) == frozenset({"null"}) else None


def _constants_of(schema: Schema) -> list[Row] | None:
    if "const" in schema:
        words = (schema.get("title"), schema.get("description"))
        return [(schema["const"], tuple(word for word in words if isinstance(word, str)))]
    values = schema.get("enum")
    if not isinstance(values, list):
        return None
    return [(value, tuple(_aliases(schema, index))) for index, value in enumerate(cast("list[Any]", values))]


def _aliases(schema: Schema, index: int) -> Iterator[str]:
    """Names for the values of an enum, as generators of schemas write them beside it."""
    for keyword in ("enumNames", "x-enumNames", "x-enum-varnames", "enumDescriptions", "x-enum-descriptions"):
        names = _listed(schema.get(keyword))
        if index < len(names) and _is_text(names[index]):
            yield names[index]


def _is_same(left: object, right: object) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _texts(value: object) -> list[str]:
    return [item for item in _listed(value) if isinstance(item, str)]


def _listed(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _mapping(value: object) -> list[tuple[str, object]]:
    return list(cast("dict[str, object]", value).items()) if isinstance(value, dict) else []


_LIMITS: dict[str, tuple[tuple[str, ...], Callable[[Any], Check]]] = {
    "minLength": (("string",), lambda limit: lambda value: len(value) >= limit),
    "maxLength": (("string",), lambda limit: lambda value: len(value) <= limit),
    "minItems": (("array",), lambda limit: lambda value: len(value) >= limit),
    "maxItems": (("array",), lambda limit: lambda value: len(value) <= limit),
    "minProperties": (("object",), lambda limit: lambda value: len(value) >= limit),
    "maxProperties": (("object",), lambda limit: lambda value: len(value) <= limit),
    "minimum": (("number", "integer"), lambda limit: lambda value: value >= limit),
    "maximum": (("number", "integer"), lambda limit: lambda value: value <= limit),
    "exclusiveMinimum": (("number", "integer"), lambda limit: lambda value: value > limit),
    "exclusiveMaximum": (("number", "integer"), lambda limit: lambda value: value < limit),
}


def _checks(flat: Iterable[Schema], kind: Kind) -> Iterator[Check]:
    for schema in flat:
        for keyword, (kinds, make) in _LIMITS.items():
            limit = schema.get(keyword)
            if kind in kinds and isinstance(limit, (int, float)) and not isinstance(limit, bool):
                yield make(limit)
        pattern = schema.get("pattern")
        if kind == "string" and isinstance(pattern, str):
            yield lambda value, pattern=pattern: matches(pattern, value)
