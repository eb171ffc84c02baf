"""One place of an instance as a `Shape`: all that several schemas say about it, gathered and merged.

`gather` follows `$ref` and `allOf`, intersects what can be intersected exactly, and keeps apart what cannot: unions
(which the compiler distributes) and checks (which only the client can make). Subschemas stay what they are: pairs of
schema and pointer, several of them where several hold at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from portable_llm._errors import UnsupportedSchemaError
from portable_llm.schema._lowering._document import Conj, Document, Schema, escape

NULL, BOOLEAN, INTEGER, NUMBER, STRING, ARRAY, OBJECT = 1, 2, 4, 12, 16, 32, 64
ANY = 127
TYPE_BITS: Mapping[str, int] = {
    "null": NULL,
    "boolean": BOOLEAN,
    "integer": INTEGER,
    "number": NUMBER,
    "string": STRING,
    "array": ARRAY,
    "object": OBJECT,
}

MAX_STEPS = 60_000
"""Schema objects read while one schema is compiled; references expand, so this bounds the result."""

Said = tuple[Any, str]
"""A keyword's value and the pointer of the schema that said it."""


class Group:
    """`properties`, `patternProperties`, `additionalProperties` of one schema object: they only see each other."""

    __slots__ = ("additional", "at", "patterns", "props")

    def __init__(self, at: str) -> None:
        self.at = at
        self.props: dict[str, Conj] = {}
        self.patterns: dict[str, Conj] = {}
        self.additional: Conj | None = None


class Row:
    """`prefixItems` and `items` of one schema object."""

    __slots__ = ("at", "prefix", "rest", "said_by")

    def __init__(self, at: str) -> None:
        self.at = at
        self.prefix: list[Conj] = []
        self.rest: Conj | None = None
        self.said_by = "items"


class Unevaluated(NamedTuple):
    """One `unevaluatedProperties`, and what lies in its scope: everything read below the schema that has it."""

    schema: Schema
    at: str
    groups: slice
    inner: slice
    """Those of the schemas in its scope."""


class Shape:
    """What holds at one place."""

    __slots__ = (
        "checks",
        "conj",
        "enum",
        "formats",
        "groups",
        "is_never",
        "mask",
        "notes",
        "patterns",
        "required",
        "rows",
        "scalars",
        "type_at",
        "unevaluated",
        "unions",
    )

    def __init__(self, conj: Conj) -> None:
        self.conj = conj
        self.mask = ANY
        self.type_at = ""
        self.is_never = False
        self.enum: tuple[list[Any], str, str] | None = None
        """Values, pointer, keyword."""
        self.scalars: dict[str, Said] = {}
        self.patterns: list[Said] = []
        self.formats: list[Said] = []
        self.required: dict[str, str] = {}
        self.groups: list[Group] = []
        self.rows: list[Row] = []
        self.unions: list[tuple[str, list[Any], str]] = []
        """Keyword, branches, pointer of the schema that has it."""
        self.checks: list[tuple[str, Any, str]] = []
        self.notes: dict[str, Said] = {}
        self.unevaluated: list[Unevaluated] = []


Choices = Mapping[str, int]


class Gatherer:
    """Reads schemas into shapes; counts what it reads and stops at `MAX_STEPS`."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.steps = 0
        self.on_nullable: Callable[[str], None] = lambda at: None
        self.on_note: Callable[[str, str], None] = lambda keyword, at: None

    def gather(self, conj: Conj, choices: Choices = {}) -> Shape:  # noqa: B006 (read only)
        """All that these schemas say together, with the chosen branch of every union in `choices`."""
        shape = Shape(conj)
        for schema, at in conj:
            self._read(shape, schema, at, choices, ())
        return shape

    def spend(self, steps: int) -> None:
        """Count what is read, or written again; raises `UnsupportedSchemaError` beyond `MAX_STEPS`."""
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise UnsupportedSchemaError(f"the schema expands to more than {MAX_STEPS} parts")

    def _read(self, shape: Shape, schema: Schema, at: str, choices: Choices, via: tuple[str, ...]) -> None:
        self.spend(1)
        if schema is True:
            return
        if schema is False:
            shape.is_never = True
            return
        if not isinstance(schema, dict):
            raise UnsupportedSchemaError(f"at {at or '/'} stands no schema but {type(schema).__name__}")
        members = cast("dict[str, Any]", schema)
        if "$ref" in members and self.document.ref_hides_siblings:
            self._follow(shape, members["$ref"], at, choices, via)
            return
        groups, inner = len(shape.groups), len(shape.unevaluated)
        unknown = self.document.unknown
        for keyword, value in members.items():
            handler = _HANDLERS.get(keyword)
            if handler is not None and keyword not in unknown:
                handler(self, shape, value, at, members)
            elif keyword not in _QUIET:
                self.on_note(keyword, at)
        if _NESTING & members.keys():
            self._nested(shape, members, at, choices, via)
        if "unevaluatedProperties" in members and "unevaluatedProperties" not in unknown:
            found = Unevaluated(
                members["unevaluatedProperties"],
                f"{at}/unevaluatedProperties",
                slice(groups, len(shape.groups)),
                slice(inner, len(shape.unevaluated)),
            )
            shape.unevaluated.append(found)

    def _nested(self, shape: Shape, members: dict[str, Any], at: str, choices: Choices, via: tuple[str, ...]) -> None:
        for keyword in ("$ref", "$recursiveRef", "$dynamicRef"):
            if keyword in members and keyword not in self.document.unknown:
                self._follow(shape, members[keyword], at, choices, via)
        for i, part in enumerate(_list(members, "allOf", at)):
            self._read(shape, part, f"{at}/allOf/{i}", choices, via)
        for keyword in ("anyOf", "oneOf"):
            if keyword not in members:
                continue
            branches = _list(members, keyword, at)
            if members.get("nullable") is True:
                branches = [*branches, {"type": "null"}]
                self.on_nullable(at)
            place = f"{at}/{keyword}"
            if place in choices:
                choice = choices[place]
                self._read(shape, branches[choice], f"{place}/{choice}", choices, via)
            else:
                shape.unions.append((keyword, branches, at))
        if "if" in members and "if" not in self.document.unknown:
            self._condition(shape, members, at, choices, via)

    def _follow(self, shape: Shape, ref: object, at: str, choices: Choices, via: tuple[str, ...]) -> None:
        target, pointer = self.document.target(ref, at)
        if pointer in via:
            raise UnsupportedSchemaError(f"the $ref at {at or '/'} leads back to itself without going deeper")
        self._read(shape, target, pointer, choices, (*via, pointer))

    def _condition(
        self, shape: Shape, members: dict[str, Any], at: str, choices: Choices, via: tuple[str, ...]
    ) -> None:
        condition = members["if"]
        if isinstance(condition, bool):
            keyword = "then" if condition else "else"
            if keyword in members:
                self._read(shape, members[keyword], f"{at}/{keyword}", choices, via)
        elif members.keys() & {"then", "else", "unevaluatedProperties"}:
            said = {name: members[name] for name in ("if", "then", "else") if name in members}
            shape.checks.append(("if", said, at))


def _list(members: dict[str, Any], keyword: str, at: str) -> list[Any]:
    value = members.get(keyword, [])
    if not isinstance(value, list):
        raise UnsupportedSchemaError(f"{keyword} at {at or '/'} is no list")
    return cast("list[Any]", value)


# ---- one handler a keyword -------------------------------------------------------------------------------------------

Handler = Callable[[Gatherer, Shape, Any, str, "dict[str, Any]"], None]


def _type(gatherer: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    mask = 0
    for name in cast("list[Any]", value if isinstance(value, list) else [value]):
        bit = TYPE_BITS.get(name) if isinstance(name, str) else None
        if bit is None:
            bit = TYPE_BITS.get(str(name).lower())
        if bit is None:
            raise UnsupportedSchemaError(f"{name!r} at {at or '/'} is no JSON Schema type")
        mask |= bit
    if members.get("nullable") is True and not mask & NULL:
        mask |= NULL
        gatherer.on_nullable(at)
    shape.mask &= mask
    shape.type_at = at
    if not shape.mask:
        shape.is_never = True


def _group(shape: Shape, at: str) -> Group:
    if not shape.groups or shape.groups[-1].at != at:
        shape.groups.append(Group(at))
    return shape.groups[-1]


def _object(value: Any, keyword: str, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnsupportedSchemaError(f"{keyword} at {at or '/'} is no object")
    return cast("dict[str, Any]", value)


def _properties(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    group = _group(shape, at)
    base = f"{at}/properties/"
    group.props = {name: ((schema, base + escape(name)),) for name, schema in _object(value, "properties", at).items()}


def _pattern_properties(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    group = _group(shape, at)
    group.patterns = {
        name: ((schema, f"{at}/patternProperties/{escape(name)}"),)
        for name, schema in _object(value, "patternProperties", at).items()
    }


def _additional(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    _group(shape, at).additional = ((value, f"{at}/additionalProperties"),)


def _required(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    if not isinstance(value, list):
        # Draft 3 and sloppy exports mark a member itself as required; validators ignore that.
        return
    for name in cast("list[Any]", value):
        shape.required.setdefault(str(name), at)


def _row(shape: Shape, at: str) -> Row:
    if not shape.rows or shape.rows[-1].at != at:
        shape.rows.append(Row(at))
    return shape.rows[-1]


def _items(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    row = _row(shape, at)
    if isinstance(value, list):
        row.prefix = [((one, f"{at}/items/{i}"),) for i, one in enumerate(cast("list[Any]", value))]
        if "additionalItems" in members:
            row.rest = ((members["additionalItems"], f"{at}/additionalItems"),)
            row.said_by = "additionalItems"
    else:
        row.rest = ((value, f"{at}/items"),)


def _prefix_items(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    _row(shape, at).prefix = [
        ((one, f"{at}/prefixItems/{i}"),) for i, one in enumerate(_list(members, "prefixItems", at))
    ]


def _enum(gatherer: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    values = _list(members, "enum", at)
    if members.get("nullable") is True and None not in values:
        values = [*values, None]
        gatherer.on_nullable(at)
    _restrict(shape, values, at, "enum")


def _const(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    _restrict(shape, [value], at, "const")


def _restrict(shape: Shape, values: list[Any], at: str, keyword: str) -> None:
    if shape.enum is not None:
        known = {fingerprint(one) for one in shape.enum[0]}
        values = [one for one in values if fingerprint(one) in known]
    shape.enum = (values, at, keyword)


def fingerprint(value: Any) -> str:
    """Equal for values that JSON Schema calls equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return "{" + ",".join(f"{name!r}:{fingerprint(members[name])}" for name in sorted(members)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(fingerprint(one) for one in cast("list[Any]", value)) + "]"
    return repr(value)


def _largest(keyword: str) -> Handler:
    def handle(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
        _bound(shape, keyword, value, at, members, largest=True)

    return handle


def _smallest(keyword: str) -> Handler:
    def handle(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
        _bound(shape, keyword, value, at, members, largest=False)

    return handle


def _bound(shape: Shape, keyword: str, value: Any, at: str, members: dict[str, Any], *, largest: bool) -> None:
    if isinstance(value, bool):
        # Draft 4 and OpenAPI 3.0 write exclusive bounds as a flag beside the bound.
        plain = members.get("minimum" if largest else "maximum")
        if not value or plain is None or not keyword.startswith("exclusive"):
            return
        value = plain
    if not isinstance(value, (int, float)):
        raise UnsupportedSchemaError(f"{keyword} at {at or '/'} is no number")
    known = shape.scalars.get(keyword)
    if known is None or (value > known[0] if largest else value < known[0]):
        shape.scalars[keyword] = (value, at)


def _multiple(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    known = shape.scalars.get("multipleOf")
    if known is None:
        shape.scalars["multipleOf"] = (value, at)
    elif fingerprint(known[0]) != fingerprint(value):
        shape.checks.append(("multipleOf", value, at))


def _unique(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    if value is True:
        shape.scalars["uniqueItems"] = (True, at)


def _pattern(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    if all(value != known for known, _at in shape.patterns):
        shape.patterns.append((value, at))


def _format(gatherer: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    if value in gatherer.document.unknown_formats:
        # To the validator of this draft it is an annotation, so nothing may be refused for it.
        shape.notes.setdefault("format", (value, at))
        return
    if all(value != known for known, _at in shape.formats):
        shape.formats.append((value, at))


def _check(keyword: str) -> Handler:
    def handle(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
        shape.checks.append((keyword, value, at))

    return handle


def _contains(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    names = ("contains", "minContains", "maxContains")
    shape.checks.append(("contains", {name: members[name] for name in names if name in members}, at))


def _note(keyword: str) -> Handler:
    def handle(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
        shape.notes.setdefault(keyword, (value, at))

    return handle


def _unevaluated_items(_: Gatherer, shape: Shape, value: Any, at: str, members: dict[str, Any]) -> None:
    row = shape.rows[-1] if shape.rows and shape.rows[-1].at == at else None
    in_place = ("contains", "anyOf", "oneOf", "allOf", "if", "$ref", "$dynamicRef", "$recursiveRef", "not")
    if any(name in members for name in in_place):
        shape.checks.append(("unevaluatedItems", value, at))
    elif row is not None and row.rest is not None:
        return
    else:
        row = _row(shape, at)
        if ("items" not in members and "prefixItems" not in members) or "items" not in members:
            row.rest = ((value, f"{at}/unevaluatedItems"),)
        row.said_by = "unevaluatedItems"


_HANDLERS: dict[str, Handler] = {
    "type": _type,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "required": _required,
    "items": _items,
    "prefixItems": _prefix_items,
    "unevaluatedItems": _unevaluated_items,
    "enum": _enum,
    "const": _const,
    "uniqueItems": _unique,
    "pattern": _pattern,
    "format": _format,
    "multipleOf": _multiple,
    "contains": _contains,
    **{name: _largest(name) for name in ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")},
    **{name: _smallest(name) for name in ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")},
    **{
        name: _check(name) for name in ("not", "propertyNames", "dependentRequired", "dependentSchemas", "dependencies")
    },
    **{name: _note(name) for name in ("title", "description", "default", "examples", "example")},
}

_NESTING = frozenset({"$ref", "$recursiveRef", "$dynamicRef", "allOf", "anyOf", "oneOf", "if"})
_QUIET = _NESTING | {
    "$defs",
    "definitions",
    "then",
    "else",
    "unevaluatedProperties",
    "additionalItems",
    "minContains",
    "maxContains",
    "nullable",
    "$anchor",
    "$dynamicAnchor",
    "$recursiveAnchor",
}
