"""Python types → JSON Schema and back, by pydantic (imported on first use: it costs tens of milliseconds)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from portable_llm._errors import UnsupportedSchemaError

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def type_adapter(wanted: Any) -> TypeAdapter[Any]:
    """The pydantic adapter of a type, cached where the type can be hashed; raises `UnsupportedSchemaError`."""
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


def json_schema_of(wanted: Any) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what a type accepts as JSON; raises `UnsupportedSchemaError`."""
    try:
        return _cached_schema(wanted)
    except TypeError:
        return _schema(wanted)


def _schema(wanted: Any) -> dict[str, Any]:
    import pydantic

    try:
        return type_adapter(wanted).json_schema(mode="validation")
    except pydantic.errors.PydanticInvalidForJsonSchema as error:
        raise UnsupportedSchemaError(f"output={wanted!r} has no JSON Schema: {str(error).splitlines()[0]}") from error


_cached_schema = lru_cache(maxsize=256)(_schema)
