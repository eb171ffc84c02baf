"""Tool calls on their way to a provider and back: legal names and ids, and arguments held to the tool's schema."""

from __future__ import annotations

from portable_llm._calls._arguments import CheckedCall, check_call, invalid_arguments
from portable_llm._calls._ids import CallIds, IdRule, id_rule
from portable_llm._calls._names import NameRule, name_rule, wire_names
from portable_llm._calls._plan import ArgumentCodec, Lower, ToolPlan

__all__ = [
    "ArgumentCodec",
    "CallIds",
    "CheckedCall",
    "IdRule",
    "Lower",
    "NameRule",
    "ToolPlan",
    "check_call",
    "id_rule",
    "invalid_arguments",
    "name_rule",
    "wire_names",
]
