"""Schemas checked and values held against them, by `jsonschema` (imported on first use).

A schema may come from a stranger and the value comes from a model: references are never fetched, and patterns run
under a time limit (`re` can take exponential time on a hostile pattern and text).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, cast

from portable_llm._errors import UnsupportedSchemaError
from portable_llm._json import dump_json, load_json

PATTERN_SECONDS = 0.25
"""Time one pattern may take on one string."""
MAX_ERRORS = 8
_MAX_MESSAGE = 300


def check_schema(schema: object, where: str) -> None:
    """Raise `UnsupportedSchemaError` that names `where`, unless this is a JSON Schema object."""
    if not isinstance(schema, Mapping):
        raise UnsupportedSchemaError(f"{where} is no JSON Schema: expected an object, got {type(schema).__name__}")
    try:
        problem = _problem_of(dump_json(dict(cast("Mapping[str, Any]", schema))))
    except (TypeError, ValueError) as error:
        raise UnsupportedSchemaError(f"{where} is no JSON Schema: {error}") from error
    if problem:
        raise UnsupportedSchemaError(f"{where} is no JSON Schema: {problem}")


@lru_cache(maxsize=512)
def _problem_of(schema: bytes) -> str:
    import jsonschema

    decoded = cast("dict[str, Any]", load_json(schema))
    try:
        _class_for(decoded).check_schema(decoded)
    except jsonschema.SchemaError as error:
        return f"at {_pointer(error.absolute_path)}: {error.message[:_MAX_MESSAGE]}"
    return ""


def validate(value: object, schema: Mapping[str, Any]) -> tuple[str, ...]:
    """What is wrong with the value, each with its place as a JSON Pointer; `()` if it is valid."""
    import referencing.exceptions

    try:
        errors = _validator(dump_json(schema)).iter_errors(value)
        return tuple(_first(errors))
    except referencing.exceptions.Unresolvable as error:
        return (f"/: the schema refers to {error.ref!r}, which is not in it; references are never fetched",)
    except RecursionError:
        return ("/: the value or the schema nests too deep to be checked",)


def _first(errors: Iterator[Any]) -> Iterator[str]:
    for count, error in enumerate(errors):
        if count == MAX_ERRORS:
            yield "… and more"
            return
        yield f"{_pointer(error.absolute_path)}: {error.message[:_MAX_MESSAGE]}"


def _pointer(path: Any) -> str:
    return "/" + "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in path)


@lru_cache(maxsize=512)
def _validator(schema: bytes) -> Any:
    from referencing import Registry

    decoded = cast("dict[str, Any]", load_json(schema))
    # An empty registry: jsonschema's default one would fetch remote references.
    return _guarded(_class_for(decoded))(decoded, registry=cast("Any", Registry)())


def _class_for(schema: Mapping[str, Any]) -> Any:
    import jsonschema.validators

    return cast("Any", jsonschema.validators).validator_for(schema, default=jsonschema.Draft202012Validator)


@cache
def _guarded(cls: Any) -> Any:
    import jsonschema.validators

    extend = cast("Any", jsonschema.validators).extend
    return extend(cls, {"pattern": _pattern, "patternProperties": _pattern_properties})


def _matches(pattern: str, text: str) -> bool | None:
    """Whether the pattern is found; `None` if that took too long."""
    import regex

    try:
        return regex.search(pattern, text, timeout=PATTERN_SECONDS) is not None
    except TimeoutError:
        return None
    except regex.error:
        return None


def _pattern(validator: Any, pattern: str, instance: object, _schema: object) -> Iterator[Any]:
    import jsonschema

    if not isinstance(instance, str):
        return
    found = _matches(pattern, instance)
    if found is None:
        yield jsonschema.ValidationError(f"pattern {pattern!r} could not be checked within {PATTERN_SECONDS} s")
    elif not found:
        yield jsonschema.ValidationError(f"{instance[:80]!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], instance: object, _schema: object
) -> Iterator[Any]:
    if not isinstance(instance, Mapping):
        return
    for pattern, subschema in patterns.items():
        for name, value in cast("Mapping[str, Any]", instance).items():
            if _matches(pattern, name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)
