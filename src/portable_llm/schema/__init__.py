"""JSON Schema: from Python types, lowered to what a provider accepts, checked, and held against values."""

from __future__ import annotations

from portable_llm.schema import _dialect_rows
from portable_llm.schema._definitions import ReadTool, read_tool, tool_from
from portable_llm.schema._dialect import Dialect, Fact, dialect, dialect_names, register_dialect
from portable_llm.schema._lowering import Lowered, lower
from portable_llm.schema._messages import Problem
from portable_llm.schema._signature import Signature, parameters_of
from portable_llm.schema._types import json_schema_of
from portable_llm.schema._validate import Validator, check_schema, compile_validator, iter_problems, validate

__all__ = [
    "Dialect",
    "Fact",
    "Lowered",
    "Problem",
    "ReadTool",
    "Signature",
    "Validator",
    "check_schema",
    "compile_validator",
    "dialect",
    "dialect_names",
    "iter_problems",
    "json_schema_of",
    "lower",
    "parameters_of",
    "read_tool",
    "register_dialect",
    "tool_from",
    "validate",
]

assert _dialect_rows
