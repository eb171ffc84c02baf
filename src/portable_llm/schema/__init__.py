"""JSON Schema: from Python types, lowered to what a provider accepts, checked, and held against values."""

from __future__ import annotations

from portable_llm.schema import _dialect_rows
from portable_llm.schema._dialect import Dialect, Fact, dialect, dialect_names, register_dialect
from portable_llm.schema._lowering import Lowered, lower
from portable_llm.schema._types import json_schema_of
from portable_llm.schema._validate import check_schema, validate

__all__ = [
    "Dialect",
    "Fact",
    "Lowered",
    "check_schema",
    "dialect",
    "dialect_names",
    "json_schema_of",
    "lower",
    "register_dialect",
    "validate",
]

assert _dialect_rows
