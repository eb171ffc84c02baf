"""Whether a schema is one: each keyword holds what it must, each reference leads somewhere inside, all within limits.

A loop over a work list, not the meta-schema by recursion: it takes schemas of any depth, tells places, and costs
microseconds where the meta-schema costs milliseconds. Keywords it does not know are annotations, as in JSON Schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from portable_llm._errors import UnsupportedSchemaError
from portable_llm.schema._limits import Graph
from portable_llm.schema._patterns import compiled
from portable_llm.schema._words import APPLICATORS, BELOW, BELOW_LISTS, BELOW_MAPS, REFERENCES, TYPES, parts_of, pointer

Steps = tuple[str | int, ...]


def _is_count(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 and value == int(value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in cast("list[object]", value))


def _is_type(value: object) -> bool:
    if isinstance(value, list):
        names = cast("list[object]", value)
        return bool(names) and all(isinstance(name, str) and name in TYPES for name in names)
    return isinstance(value, str) and value in TYPES


def _is_bound(value: object) -> bool:
    """Draft 4 writes a boolean, which says how `minimum` is meant; for the others it is refused further down."""
    return _is_number(value) or isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_map(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_filled(value: object) -> bool:
    return isinstance(value, list) and bool(cast("list[object]", value))


_OLDER = ("draft-04", "draft-06", "draft-07", "2019-09")
"""Drafts, by what stands in their `$schema`, in which `items` may be a list."""

_TYPE = (_is_type, f"one of {', '.join(sorted(TYPES))}, or a list of them")
_COUNT = (_is_count, "a whole number of at least 0")
_NUMBER = (_is_number, "a number")
_BOUND = (_is_bound, "a number")
_STRING = (_is_text, "a string")
_NAMES = (_is_names, "a list of strings")
_MAP = (_is_map, "an object of schemas")
_LIST = (_is_filled, "a list of schemas that is not empty")
_HELD: dict[str, tuple[Callable[[Any], bool], str]] = {
    "type": _TYPE,
    "enum": (lambda value: isinstance(value, list), "a list"),
    "multipleOf": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "maximum": _NUMBER,
    "minimum": _NUMBER,
    "exclusiveMaximum": _BOUND,
    "exclusiveMinimum": _BOUND,
    "required": (_is_names, "a list of strings"),
    "dependentRequired": (
        lambda value: isinstance(value, Mapping) and all(map(_is_names, cast("Mapping[str, Any]", value).values())),
        "lists of names by name",
    ),
    "uniqueItems": (lambda value: isinstance(value, bool), "true or false"),
    "properties": _MAP,
    "patternProperties": _MAP,
    "$defs": _MAP,
    "definitions": _MAP,
    "dependentSchemas": _MAP,
    "allOf": _LIST,
    "anyOf": _LIST,
    "oneOf": _LIST,
    "prefixItems": _LIST,
    "examples": (lambda value: isinstance(value, list), "a list"),
    **dict.fromkeys(("deprecated", "readOnly", "writeOnly"), (lambda value: isinstance(value, bool), "true or false")),
    **dict.fromkeys(("title", "description", "$comment"), _STRING),
    **dict.fromkeys(("pattern", "format", "$id", "$schema", "$anchor", "$dynamicAnchor", *REFERENCES[:2]), _STRING),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        _COUNT,
    ),
    **dict.fromkeys(("minContains", "maxContains"), _COUNT),
}


def inspect_schema(schema: Mapping[str, Any], where: str) -> Graph:
    """The graph of the schema's parts; raises `UnsupportedSchemaError` that names the place of what is wrong."""
    return _Inspection(schema, where).run()


class _Inspection:
    def __init__(self, root: Mapping[str, Any], where: str) -> None:
        self.root = root
        self.where = where
        self.graph = Graph()
        self.known: dict[int, int] = {}
        self.work: list[tuple[Mapping[str, Any], Steps]] = []
        self.resolver: Any = None
        self.has_ids = _has_inner_ids(root)
        self.draft = str(root.get("$schema", ""))
        self.is_newest = not any(name in self.draft for name in _OLDER)

    def run(self) -> Graph:
        if "draft-03" in self.draft:
            raise self.error(("$schema",), "draft 3 is not supported; write it as draft 7 or 2020-12")
        self.node(self.root, ())
        while self.work:
            schema, steps = self.work.pop()
            self.keywords(schema, steps)
            self.parts(schema, steps)
            for keyword in REFERENCES:
                if isinstance(schema.get(keyword), str):
                    self.reference(schema[keyword], schema, (*steps, keyword))
        self.graph.check_progress(self.where)
        return self.graph

    def node(self, schema: object, steps: Steps) -> int | None:
        """The number of a schema, which joins the work when it is met first; `None` for `true` and `false`."""
        if isinstance(schema, bool):
            return None
        if not isinstance(schema, Mapping):
            kind = type(schema).__name__
            raise self.error(steps, f"expected a schema (an object, true or false), got {kind}")
        mapping = cast("Mapping[str, Any]", schema)
        if id(mapping) not in self.known:
            self.known[id(mapping)] = self.graph.add(pointer(steps))
            self.work.append((mapping, steps))
        return self.known[id(mapping)]

    def keywords(self, schema: Mapping[str, Any], steps: Steps) -> None:
        for keyword, value in schema.items():
            rule = _HELD.get(keyword)
            if rule is not None and not rule[0](value):
                raise self.error((*steps, keyword), f"{_short(value)} is not {rule[1]}")
        self.words_of_drafts(schema, steps)
        if "pattern" in schema:
            self.pattern(schema["pattern"], (*steps, "pattern"))
        for pattern in schema.get("patternProperties", ()):
            self.pattern(pattern, (*steps, "patternProperties", pattern))
        if steps and "$schema" in schema and schema["$schema"] != self.root.get("$schema", schema["$schema"]):
            raise self.error((*steps, "$schema"), "a part of another draft of JSON Schema cannot be checked")

    def words_of_drafts(self, schema: Mapping[str, Any], steps: Steps) -> None:
        """What only some drafts have would mean something else, or nothing, in the others."""
        if self.is_newest and isinstance(schema.get("items"), list):
            why = "a list is draft 7's; write prefixItems, or name the draft with $schema at the root"
            raise self.error((*steps, "items"), why)
        for keyword in ("exclusiveMinimum", "exclusiveMaximum"):
            if isinstance(schema.get(keyword), bool) and "draft-04" not in self.draft:
                why = "true and false are for draft 4 and OpenAPI 3.0, which json_schema_of reads; write a number"
                raise self.error((*steps, keyword), why)

    def pattern(self, pattern: str, steps: Steps) -> None:
        try:
            compiled(pattern)
        except ValueError as error:
            raise self.error(steps, str(error)) from error

    def parts(self, schema: Mapping[str, Any], steps: Steps) -> None:
        own = self.known[id(schema)]
        for keyword, more, inner in parts_of(schema):
            number = self.node(inner, (*steps, *more))
            if number is None:
                continue
            if keyword in BELOW or keyword in BELOW_LISTS or keyword in BELOW_MAPS:
                self.graph.below[own].append(number)
            elif keyword in APPLICATORS and keyword not in ("$defs", "definitions"):
                self.graph.same[own].append(number)

    def reference(self, reference: str, schema: Mapping[str, Any], steps: Steps) -> None:
        target = self.resolved(reference, steps)
        number = self.node(target, tuple(reference.removeprefix("#/").split("/")))
        if number is not None:
            self.graph.same[self.known[id(schema)]].append(number)

    def resolved(self, reference: str, steps: Steps) -> object:
        if reference == "#":
            return self.root
        if reference.startswith("#/") and not self.has_ids:
            return self.by_pointer(reference, steps)
        import referencing.exceptions

        try:
            return self.by_registry(reference, steps)
        except (referencing.exceptions.Unresolvable, referencing.exceptions.NoSuchResource, ValueError):
            raise self.unknown(reference, steps) from None

    def by_registry(self, reference: str, steps: Steps) -> object:
        """By the rules of `$id` and `$anchor`, seen from where the reference stands."""
        from referencing import Registry, Resource
        from referencing.jsonschema import DRAFT202012

        from portable_llm.schema._keywords import specification_of

        specification = specification_of(self.root)
        if self.resolver is None:
            resource = cast("Any", Resource).from_contents(self.root, default_specification=specification)
            registry = cast("Any", Registry)().with_resource(resource.id() or "", resource)
            self.resolver = registry.resolver_with_root(resource)
        resolver, at = self.resolver, cast("Any", self.root)
        for step in steps[:-1]:
            try:
                at = _inside(at, step)
            except (KeyError, IndexError, ValueError, TypeError):
                break
            if _has_id(at):
                resolver = resolver.in_subresource((specification or DRAFT202012).create_resource(at))
        return resolver.lookup(reference).contents

    def by_pointer(self, reference: str, steps: Steps) -> object:
        from urllib.parse import unquote

        at: Any = self.root
        for step in reference[2:].split("/"):
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            try:
                at = _inside(at, name)
            except (KeyError, IndexError, ValueError, TypeError):
                raise self.unknown(reference, steps) from None
        return at

    def unknown(self, reference: str, steps: Steps) -> UnsupportedSchemaError:
        return self.error(steps, f"it refers to {reference!r}, which is not in it; references are never fetched")

    def error(self, steps: Steps, problem: str) -> UnsupportedSchemaError:
        return UnsupportedSchemaError(f"{self.where} is no JSON Schema: at {pointer(steps)}: {problem}")


def _has_inner_ids(root: Mapping[str, Any]) -> bool:
    """Whether a part below the root has a base address of its own, which changes what `#/…` means."""
    stack: list[Any] = list(root.values())
    while stack:
        value = stack.pop()
        if _has_id(value):
            return True
        if isinstance(value, Mapping):
            stack += cast("Mapping[str, Any]", value).values()
        elif isinstance(value, list):
            stack += cast("list[Any]", value)
    return False


def _has_id(value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    schema = cast("Mapping[str, Any]", value)
    return isinstance(schema.get("$id", schema.get("id")), str)


def _inside(value: Any, step: str | int) -> Any:
    """Raises what Python raises where there is nothing."""
    return cast("list[Any]", value)[int(step)] if isinstance(value, list) else value[step]


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, (str, int, float, bool, type(None))) else f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:60] + "…"
