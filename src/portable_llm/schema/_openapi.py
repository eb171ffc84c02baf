"""OpenAPI 3.0 schemas in the words of JSON Schema 2020-12; 3.1 schemas are JSON Schema already.

https://spec.openapis.org/oas/v3.0.4.html#schema-object. `nullable: true` counts only beside `type`, as the
specification says (3.0.3 and later); an `enum` beside it must name null itself to admit it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from portable_llm._errors import UnsupportedSchemaError
from portable_llm.schema._limits import check_size
from portable_llm.schema._words import APPLICATORS, parts_of

_ONLY_3_0 = ("nullable",)


def is_openapi_3_0(schema: Mapping[str, Any]) -> bool:
    """Whether some part says `nullable`, or writes an exclusive bound as a boolean, and no `$schema` says otherwise."""
    if "$schema" in schema:
        return False
    stack: list[Mapping[str, Any]] = [schema, *_components(schema).values()]
    while stack:
        part = stack.pop()
        if isinstance(part.get("nullable"), bool) or any(
            isinstance(part.get(word), bool) for word in ("exclusiveMinimum", "exclusiveMaximum")
        ):
            return True
        stack += [cast("Mapping[str, Any]", inner) for _, _, inner in parts_of(part) if isinstance(inner, Mapping)]
    return False


def from_openapi_3_0(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same schema in JSON Schema 2020-12; raises `UnsupportedSchemaError` where it is none."""
    check_size(schema, "the schema")
    converted = _converted(schema)
    if components := _components(schema):
        converted["components"] = {
            **schema["components"],
            "schemas": {name: _converted(part) for name, part in components.items()},
        }
    return converted


def _components(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Schemas that stand beside it, where `$ref: "#/components/schemas/…"` looks for them."""
    components = schema.get("components")
    if not isinstance(components, Mapping):
        return {}
    named = cast("Mapping[str, Any]", components).get("schemas")
    if not isinstance(named, Mapping):
        return {}
    return {
        name: cast("Mapping[str, Any]", part)
        for name, part in cast("Mapping[str, object]", named).items()
        if isinstance(part, Mapping)
    }


def _converted(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    changed: dict[str, Any] = dict(cast("Mapping[str, Any]", schema))
    if "$ref" in changed:
        return {"$ref": changed["$ref"]}  # OpenAPI 3.0: what stands beside a reference is ignored
    for keyword in changed.keys() & APPLICATORS:
        changed[keyword] = _held(changed[keyword], keyword)
    _exclusive(changed, "exclusiveMinimum", "minimum")
    _exclusive(changed, "exclusiveMaximum", "maximum")
    _nullable(changed)
    if "example" in changed:
        changed["examples"] = [changed.pop("example")]
    return changed


def _held(held: Any, keyword: str) -> Any:
    if isinstance(held, list):
        return [_converted(item) for item in cast("list[Any]", held)]
    if isinstance(held, Mapping) and keyword in ("properties", "patternProperties", "$defs", "definitions"):
        return {name: _converted(item) for name, item in cast("Mapping[str, Any]", held).items()}
    return _converted(held)


def _exclusive(schema: dict[str, Any], exclusive: str, bound: str) -> None:
    value = schema.get(exclusive)
    if not isinstance(value, bool):
        return
    del schema[exclusive]
    if value and bound in schema:
        schema[exclusive] = schema.pop(bound)


def _nullable(schema: dict[str, Any]) -> None:
    value = schema.pop("nullable", False)
    if not isinstance(value, bool):
        raise UnsupportedSchemaError(f"the schema is no OpenAPI 3.0 schema: nullable is {value!r}, not true or false")
    kind = schema.get("type")
    if value and isinstance(kind, str):
        schema["type"] = [kind, "null"]
