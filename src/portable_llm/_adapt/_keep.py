"""`Output.keep`: which keywords a way of asking would leave to the client, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from portable_llm._adaptation import SEVERITIES, Adaptation
from portable_llm._errors import InvalidRequestError

_FROM = SEVERITIES.index("checked")

_BELOW_NAMES = frozenset(
    ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"]
)
_BELOW_INDEXES = frozenset(["anyOf", "oneOf", "allOf", "prefixItems", "items"])
_BELOW = frozenset(
    [
        *("items", "additionalItems", "additionalProperties", "not", "if", "then", "else", "contains"),
        *("propertyNames", "unevaluatedItems", "unevaluatedProperties"),
    ]
)
_PLAIN = frozenset(
    [
        *("type", "enum", "const", "nullable", "multipleOf", "minimum", "maximum", "exclusiveMinimum"),
        *("exclusiveMaximum", "pattern", "format", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
        *("minContains", "maxContains", "required", "dependentRequired", "minProperties", "maxProperties"),
    ]
)
KEYWORDS = _PLAIN | _BELOW | _BELOW_INDEXES | (_BELOW_NAMES - {"$defs", "definitions"})
"""What can be held to an answer; annotations are not."""


def check_keep(keep: tuple[str, ...]) -> None:
    """Raise `InvalidRequestError` for a word that constrains no answer."""
    for keyword in keep:
        if keyword not in KEYWORDS:
            raise InvalidRequestError(
                f"/output/keep holds {keyword!r}, which constrains no answer; give keywords of JSON Schema, "
                "e.g. keep=('pattern', 'minimum')"
            )


def first_lost(
    schema: Mapping[str, Any], keep: tuple[str, ...], losses: Iterable[Adaptation], at: str
) -> tuple[str, str] | None:
    """A keyword of `keep` that the provider would not hold, with its place; `None` if it holds them all.

    A loss names a keyword or a whole subschema; what stands below it, or is referred to from there, is lost with it.
    """
    stated = [
        (keyword, place, value) for keyword, place, value in _stated(schema) if keyword in keep or _leads(keyword)
    ]
    waiting = [loss.subject.removeprefix(at) for loss in losses if SEVERITIES.index(loss.severity) >= _FROM]
    seen: set[str] = set()
    while waiting:
        pointer = waiting.pop()
        if pointer in seen:
            continue
        seen.add(pointer)
        for keyword, place, value in stated:
            if place != pointer and not place.startswith(f"{pointer}/"):
                continue
            if keyword in keep:
                return keyword, at + place
            waiting.append(value[1:] if isinstance(value, str) and value[:2] in ("#", "#/") else "")
    return None


def _leads(keyword: str) -> bool:
    return keyword in ("$ref", "$dynamicRef", "$recursiveRef")


def _stated(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every keyword of the schema with its JSON Pointer and value; names of members are no keywords."""
    waiting: list[tuple[Any, str]] = [(schema, "")]
    while waiting:
        node, at = waiting.pop()
        if not isinstance(node, Mapping):
            continue
        for keyword, value in cast("Mapping[str, Any]", node).items():
            place = f"{at}/{_escaped(keyword)}"
            yield keyword, place, value
            waiting += _subschemas(keyword, value, place)


def _subschemas(keyword: str, value: Any, place: str) -> Iterator[tuple[Any, str]]:
    if keyword in _BELOW_NAMES and isinstance(value, Mapping):
        for name, below in cast("Mapping[str, Any]", value).items():
            yield below, f"{place}/{_escaped(name)}"
    elif keyword in _BELOW_INDEXES and isinstance(value, list):
        for index, below in enumerate(cast("list[Any]", value)):
            yield below, f"{place}/{index}"
    elif keyword in _BELOW:
        yield value, place


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
