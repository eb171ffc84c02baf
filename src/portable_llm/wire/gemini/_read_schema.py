"""Schemas in the OpenAPI form (`parameters`, `responseSchema`) → JSON Schema."""

from __future__ import annotations

from typing import Any, cast

from portable_llm.wire.gemini._names import camel_keys

_NUMBERED = ("", "string", "number", "integer", "boolean", "array", "object", "null")
"""Types by their numbers in protocol buffers, as clients over gRPC write them (google.cloud.aiplatform.v1.Type)."""
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS = ("properties", "defs")
_NESTED = ("items", "additionalProperties", "not")


def json_schema_of(schema: object) -> Any:
    """The same schema with types in lower case, and `nullable` as a type beside the others."""
    if not isinstance(schema, dict):
        return schema
    fields = camel_keys(cast("dict[str, Any]", schema))
    for key, value in fields.items():
        if key in _NESTED:
            fields[key] = json_schema_of(value)
        elif key in _LISTS and isinstance(value, list):
            fields[key] = [json_schema_of(item) for item in cast("list[Any]", value)]
        elif key in _MAPS and isinstance(value, dict):
            fields[key] = {name: json_schema_of(item) for name, item in cast("dict[str, Any]", value).items()}
    kind = fields.get("type")
    if isinstance(kind, int) and 0 < kind < len(_NUMBERED):
        kind = _NUMBERED[kind]
    if isinstance(kind, str):
        fields["type"] = kind.lower()
    return _with_null(fields) if fields.pop("nullable", False) is True else fields


def _with_null(fields: dict[str, Any]) -> dict[str, Any]:
    kind, choices = fields.get("type"), fields.get("enum")
    if isinstance(kind, str):
        fields["type"] = [kind, "null"]
    if isinstance(choices, list):
        fields["enum"] = [*cast("list[Any]", choices), None]
    if isinstance(fields.get("anyOf"), list):
        fields["anyOf"] = [*fields["anyOf"], {"type": "null"}]
    return fields
