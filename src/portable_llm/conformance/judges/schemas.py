"""Validation against a JSON Schema, on its own: the suite does not use the library's."""

from __future__ import annotations

from typing import Any, cast

from jsonschema import Draft202012Validator
from referencing import Registry

_NO_REMOTE: Registry[Any] = Registry()
"""An empty registry: a remote `$ref` is never fetched."""


def schema_fault(value: object, schema: object) -> str | None:
    """Where and why a value does not satisfy a schema, or `None`.

    Raises `SchemaError` or `Unresolvable` when the schema itself is broken.
    """
    Draft202012Validator.check_schema(cast("Any", schema))
    validator = cast("Any", Draft202012Validator(cast("Any", schema), registry=_NO_REMOTE))
    try:
        error = next(validator.iter_errors(value), None)
    except RecursionError:
        return "nested too deeply to validate"
    return None if error is None else f"{error.json_path}: {error.message}"
