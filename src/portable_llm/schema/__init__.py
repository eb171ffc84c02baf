"""JSON Schema: from Python types, checked, and held against values."""

from __future__ import annotations

from portable_llm.schema._definitions import ReadTool, read_tool, tool_from
from portable_llm.schema._messages import Problem
from portable_llm.schema._signature import Signature, parameters_of
from portable_llm.schema._types import json_schema_of
from portable_llm.schema._validate import Validator, check_schema, compile_validator, iter_problems, validate

__all__ = [
    "Problem",
    "ReadTool",
    "Signature",
    "Validator",
    "check_schema",
    "compile_validator",
    "iter_problems",
    "json_schema_of",
    "parameters_of",
    "read_tool",
    "tool_from",
    "validate",
]
