"""JSON Schema: from Python types, checked, and held against values."""

from __future__ import annotations

from portable_llm.schema._types import json_schema_of
from portable_llm.schema._validate import check_schema, validate

__all__ = ["check_schema", "json_schema_of", "validate"]
