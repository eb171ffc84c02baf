"""What is wrong with a value, in words that a model can act on: what was found, what is expected, where."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from portable_llm.schema._words import pointer

MAX_MESSAGE = 300
"""Characters of one message."""
MAX_VALUES = 12
"""Allowed values or names that a message lists."""
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a value."""

    location: str
    """Instance location as a JSON Pointer; `/` is the whole value."""
    message: str
    keyword: str
    """The keyword that does not accept the value; empty where the check itself could not be made."""
    schema_location: str = "/"
    """The keywords on the way to it, as a JSON Pointer; `$ref` is stepped through without being named."""

    def __str__(self) -> str:
        return f"{self.location}: {self.message}"


def problems_of(error: Any) -> Iterator[Problem]:
    """The problems an error of jsonschema stands for: of a union, those of the alternative that came closest."""
    if error.validator in ("anyOf", "oneOf") and error.context:
        yield from _closest(error)
    else:
        yield _problem(error, _message(error))


def _problem(error: Any, message: str) -> Problem:
    return Problem(
        location=pointer(list(error.absolute_path)),
        message=message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…",
        keyword=error.validator or "",
        schema_location=pointer(list(error.absolute_schema_path)),
    )


# ---- unions ----------------------------------------------------------------------------------------------------------


def _closest(error: Any) -> Iterator[Problem]:
    branches: dict[int, list[Any]] = {}
    for inner in error.context:
        if inner.schema_path:  # an alternative that is `false` has none, and is never close
            branches.setdefault(inner.schema_path[0], []).append(inner)
    if not branches:
        yield _problem(error, f"{shown(error.instance)} is not allowed here")
        return
    wrong = [_wrong_type(errors, error) for errors in branches.values()]
    if all(one is not None for one in wrong):
        types = [name for one in wrong for name in _types(one.validator_value)]
        yield _problem(error, f"{shown(error.instance)} is not of type {_quoted(dict.fromkeys(types), ' or ')}")
        return
    number, errors = min(branches.items(), key=lambda item: _distance(item[1], error))
    total = len(error.validator_value)
    for inner in errors[:3]:
        for problem in problems_of(inner):
            note = f" (alternative {number + 1} of {total} came closest)"
            yield Problem(
                location=problem.location,
                message=problem.message if "came closest" in problem.message else problem.message + note,
                keyword=problem.keyword,
                schema_location=problem.schema_location,
            )


def _wrong_type(errors: list[Any], error: Any) -> Any:
    """The error that says the value itself, and nothing in it, has the wrong type."""
    depth = len(error.absolute_path)
    return next((one for one in errors if one.validator == "type" and len(one.absolute_path) == depth), None)


def _distance(errors: list[Any], error: Any) -> tuple[bool, bool, int, int]:
    """Less is closer: the type fits, the tag fits (a `const` or `enum` at most one step down), few and deep errors."""
    depth = len(error.absolute_path)
    below = [len(inner.absolute_path) - depth for inner in errors]
    tag = any(inner.validator in ("const", "enum") and steps <= 1 for inner, steps in zip(errors, below, strict=True))
    return _wrong_type(errors, error) is not None, tag, len(errors), -max(below)


# ---- messages by keyword ---------------------------------------------------------------------------------------------


def shown(value: object) -> str:
    """The value as JSON where it is short, else what it is and how much of it there is."""
    if isinstance(value, Mapping):
        names = list(cast("Mapping[str, Any]", value))
        return f"an object with {_listed(names)}" if names else "{}"
    if isinstance(value, list):
        count = len(cast("list[Any]", value))
        return f"an array of {count} item{'s' * (count != 1)}" if count else "[]"
    if isinstance(value, str):
        return json.dumps(value if len(value) <= _SHOWN else value[:_SHOWN] + "…", ensure_ascii=False)
    if isinstance(value, int) and abs(value) > 10**_SHOWN:
        return "a very large integer"
    return json.dumps(value) if isinstance(value, (int, float, bool, type(None))) else f"a {type(value).__name__}"


def _quoted(names: Iterable[str], between: str = ", ") -> str:
    return between.join(f"'{name}'" for name in names)


def _listed(names: list[str]) -> str:
    some = _quoted(name if len(name) <= _SHOWN else name[:_SHOWN] + "…" for name in names[:MAX_VALUES])
    return some if len(names) <= MAX_VALUES else f"{some}, … ({len(names)} in all)"


def _types(held: Any) -> list[str]:
    return [held] if isinstance(held, str) else [str(name) for name in held]


def _required(error: Any) -> str:
    names = list(error.cause.args)
    return f"{_listed(names)} {'is a required property' if len(names) == 1 else 'are required properties'}"


def _extra(error: Any) -> str:
    known = list(cast("dict[str, Any]", error.schema).get("properties", ()))
    allowed = f"; allowed: {_listed(known)}" if known else "; none is"
    return f"{_listed(list(error.cause.args))} not allowed{allowed}"


def _enum(error: Any) -> str:
    values: list[object] = error.validator_value
    more = f", … ({len(values)} in all)" if len(values) > MAX_VALUES else ""
    return f"{shown(error.instance)} is not one of {', '.join(map(_literal, values[:MAX_VALUES]))}{more}"


def _literal(value: object) -> str:
    if isinstance(value, (Mapping, list)):
        try:
            text = json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            return shown(cast("object", value))
        return text if len(text) <= _SHOWN else shown(cast("object", value))
    return shown(value)


def _valid_for_more(error: Any) -> str:
    return (
        f"{shown(error.instance)} fits more than one of the {len(error.validator_value)} alternatives; exactly one may"
    )


def _count(unit: str, bound: str) -> Callable[[Any], str]:
    def message(error: Any) -> str:
        return f"has {len(error.instance)} {unit}; {bound} {error.validator_value} expected"

    return message


def _unique(error: Any) -> str:
    first, second = error.cause.args
    return f"items {first} and {second} are equal; all must differ"


def _pattern(error: Any) -> str:
    if "could not be checked" in error.message:
        return error.message
    return f"{shown(error.instance)} does not match the pattern '{error.validator_value[:120]}'"


def _bound(words: str) -> Callable[[Any], str]:
    return lambda error: f"{shown(error.instance)} is not {words} {shown(error.validator_value)}"


_MESSAGES: dict[str, Callable[[Any], str]] = {
    "type": lambda error: f"{shown(error.instance)} is not of type {_quoted(_types(error.validator_value))}",
    "required": _required,
    "additionalProperties": lambda error: _extra(error) if error.cause else error.message,
    "unevaluatedProperties": lambda error: _extra(error) if error.cause else error.message,
    "enum": _enum,
    "const": lambda error: f"{shown(error.instance)} is not {_literal(error.validator_value)}, the only value allowed",
    "oneOf": _valid_for_more,
    "not": lambda error: f"{shown(error.instance)} is a value that the schema excludes",
    "pattern": _pattern,
    "patternProperties": lambda error: error.message,
    "minimum": _bound("at least"),
    "maximum": _bound("at most"),
    "exclusiveMinimum": _bound("more than"),
    "exclusiveMaximum": _bound("less than"),
    "multipleOf": _bound("a multiple of"),
    "minLength": _count("characters", "at least"),
    "maxLength": _count("characters", "at most"),
    "minItems": _count("items", "at least"),
    "maxItems": _count("items", "at most"),
    "minProperties": _count("members", "at least"),
    "maxProperties": _count("members", "at most"),
    "items": lambda error: "has more items than the schema allows",
    "uniqueItems": _unique,
    "contains": lambda error: "too few or too many of its items are of the kind that must be among them",
    "format": lambda error: f"{shown(error.instance)} is no {error.validator_value}",
    "dependentRequired": lambda error: error.message,
    "": lambda error: f"{shown(error.instance)} is not allowed here",
}


def _message(error: Any) -> str:
    make = _MESSAGES.get(error.validator or "")
    return make(error) if make else f"{shown(error.instance)} is not accepted by '{error.validator}'"
