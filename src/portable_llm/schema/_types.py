"""Schemas in: from Python types by pydantic (imported on first use: it costs tens of ms), and from other schemas.

A form that says more than a JSON Schema can is an error, never cut down silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from portable_llm._errors import UnsupportedSchemaError
from portable_llm._json import dump_json, load_json
from portable_llm.schema._openapi import from_openapi_3_0, is_openapi_3_0

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def type_adapter(wanted: Any) -> TypeAdapter[Any]:
    """The pydantic adapter of a type, cached where the type can be hashed; raises `UnsupportedSchemaError`."""
    import pydantic

    if isinstance(wanted, pydantic.TypeAdapter):
        return cast("TypeAdapter[Any]", wanted)
    try:
        return _cached_adapter(wanted)
    except TypeError:
        return _adapter(wanted)


def _adapter(wanted: Any) -> TypeAdapter[Any]:
    import pydantic

    try:
        return pydantic.TypeAdapter(wanted)
    except (pydantic.PydanticUserError, pydantic.errors.PydanticSchemaGenerationError, TypeError, NameError) as error:
        reason = str(error).splitlines()[0]
        raise UnsupportedSchemaError(f"output={wanted!r} is no type that JSON can hold: {reason}") from error


_cached_adapter = lru_cache(maxsize=256)(_adapter)


def json_schema_of(source: Any) -> dict[str, Any]:
    """The JSON Schema of what a source accepts as JSON; raises `UnsupportedSchemaError`.

    `source`: a JSON Schema of any draft, which stays as it is; an OpenAPI schema, of which a 3.0 one is rewritten in
    the words of 2020-12; a Vercel `jsonSchema()` export, of which the schema is taken; or a Python type: pydantic
    model, `TypeAdapter`, dataclass, TypedDict, Enum, Literal, union, with `Annotated` constraints.
    """
    if isinstance(source, Mapping):
        return _schema_in(cast("Mapping[str, Any]", source))
    try:
        return _cached_schema(source)
    except TypeError:
        return _schema(source)


def _schema_in(source: Mapping[str, Any]) -> dict[str, Any]:
    inner = source.get("jsonSchema")
    if isinstance(inner, Mapping):
        # Vercel: {"jsonSchema": {…}}, with a `validate` function that JSON cannot carry.
        if more := sorted(source.keys() - {"jsonSchema"}):
            raise UnsupportedSchemaError(f"a jsonSchema wrapper holds only a schema, this one also {', '.join(more)}")
        source = cast("Mapping[str, Any]", inner)
    return from_openapi_3_0(source) if is_openapi_3_0(source) else dict(source)


def schema_asked_for(source: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema given as JSON in the words of JSON Schema, cached by content; one that is no JSON stays as it is.

    The result is shared: copy before changing it.
    """
    try:
        text = dump_json(source)
    except (TypeError, ValueError):
        return source
    return _cached_schema_in(text)


@lru_cache(maxsize=256)
def _cached_schema_in(text: bytes) -> dict[str, Any]:
    return _schema_in(cast("dict[str, Any]", load_json(text)))


def _schema(wanted: Any) -> dict[str, Any]:
    import pydantic

    try:
        return type_adapter(wanted).json_schema(mode="validation")
    except pydantic.errors.PydanticInvalidForJsonSchema as error:
        raise UnsupportedSchemaError(f"output={wanted!r} has no JSON Schema: {str(error).splitlines()[0]}") from error


_cached_schema = lru_cache(maxsize=256)(_schema)
