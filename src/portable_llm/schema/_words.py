"""The words of JSON Schema: what each keyword holds, and which schemas it applies to the same or to another value.

From the meta-schemas of draft 4 to 2020-12 (https://json-schema.org/specification); OpenAPI's
own words are annotations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

SAME_VALUE = frozenset({"not", "if", "then", "else"})
"""Hold one schema for the same value."""
SAME_VALUE_LISTS = frozenset({"allOf", "anyOf", "oneOf"})
SAME_VALUE_MAPS = frozenset({"dependentSchemas", "dependencies"})
"""Hold schemas by name for the same value; `dependencies` may also hold lists of names."""
BELOW = frozenset(
    {
        "items",
        "additionalItems",
        "unevaluatedItems",
        "contains",
        "additionalProperties",
        "unevaluatedProperties",
        "propertyNames",
        "contentSchema",
    }
)
"""Hold one schema for values inside; `items` may also hold a list."""
BELOW_LISTS = frozenset({"prefixItems", "items"})
BELOW_MAPS = frozenset({"properties", "patternProperties"})
ASIDE_MAPS = frozenset({"$defs", "definitions"})
"""Hold schemas that apply only where something refers to them."""
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")

_ONE = SAME_VALUE | BELOW
_LISTS = SAME_VALUE_LISTS | BELOW_LISTS
_MAPS = SAME_VALUE_MAPS | BELOW_MAPS | ASIDE_MAPS
APPLICATORS = _ONE | _LISTS | _MAPS

TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def is_schema(value: object) -> bool:
    return isinstance(value, (Mapping, bool))


def parts_of(schema: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str | int, ...], object]]:
    """(keyword, steps from the schema, what stands there) of every place where a schema is expected."""
    for keyword, held in schema.items():
        if keyword not in APPLICATORS:
            continue
        if keyword in _MAPS and isinstance(held, Mapping):
            for name, inner in cast("Mapping[str, object]", held).items():
                if keyword != "dependencies" or not isinstance(inner, list):
                    yield keyword, (keyword, name), inner
        elif keyword in _LISTS and isinstance(held, list):
            for index, inner in enumerate(cast("list[object]", held)):
                yield keyword, (keyword, index), inner
        elif keyword in _ONE:
            yield keyword, (keyword,), held


def pointer(steps: tuple[str | int, ...] | list[str | int]) -> str:
    """The JSON Pointer of these steps; `/` is the root, as everywhere in errors of this library."""
    return "/" + "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in steps)
