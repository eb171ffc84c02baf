"""What a keyword that the provider does not hold takes with it.

A loss is found by the keyword that a validator names in its errors. `not`, `anyOf`, `contains` and the like are named
themselves, whatever stands beneath; `properties`, `then`, `allOf` and the like never are: what fails is the keyword
beneath them. So a subschema that is given up is entered as the keywords that can fail there, each at its own place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from portable_llm.schema._lowering._document import Document, Schema, escape

_NAMED = frozenset(
    [
        *("type", "enum", "const", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("pattern", "format", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "contains"),
        *("required", "dependentRequired", "minProperties", "maxProperties"),
        *("anyOf", "oneOf", "not", "unevaluatedItems", "unevaluatedProperties"),
    ]
)
"""What a validator names in its errors."""
_OF_NAMES = ("properties", "patternProperties", "dependentSchemas", "dependencies")
_OF_PLACES = ("allOf", "prefixItems", "items")
_OF_ONE = ("items", "additionalItems", "additionalProperties", "propertyNames", "then", "else")
_REFS = ("$ref", "$recursiveRef", "$dynamicRef")


class GivenUp(NamedTuple):
    """One keyword that nobody but the client holds; no keyword: the schema `false`."""

    at: str
    keyword: str
    is_shared: bool
    """It was reached by a reference, so it may be held where others refer to it."""


def given_up(document: Document, schema: Schema, at: str, seen: set[str]) -> Iterator[GivenUp]:
    """The keywords that can fail at a place, those of references included; places in `seen` have been told."""
    waiting = [(schema, at, False)]
    while waiting:
        here, place, is_shared = waiting.pop()
        if place in seen and place:
            continue
        seen.add(place)
        if here is False:
            yield GivenUp(place, "", is_shared)
        if not isinstance(here, dict):
            continue
        members = cast("dict[str, Any]", here)
        if "$ref" in members and document.ref_hides_siblings:
            members = {"$ref": members["$ref"]}
        for keyword in sorted(members.keys() - document.unknown):
            if keyword in _NAMED:
                yield GivenUp(place, keyword, is_shared)
            elif keyword in _REFS:
                waiting.append((*document.target(members[keyword], place), True))
            else:
                waiting += [(one, below, is_shared) for one, below in below_keyword(keyword, members[keyword], place)]


def below_keyword(keyword: str, value: Any, at: str) -> Iterator[tuple[Schema, str]]:
    """The subschemas of a keyword whose errors are theirs, with their places."""
    if keyword in _OF_NAMES and isinstance(value, dict):
        for name, one in cast("dict[str, Any]", value).items():
            yield one, f"{at}/{keyword}/{escape(name)}"
    elif keyword in _OF_PLACES and isinstance(value, list):
        for i, one in enumerate(cast("list[Any]", value)):
            yield one, f"{at}/{keyword}/{i}"
    elif keyword in _OF_ONE:
        yield value, f"{at}/{keyword}"
