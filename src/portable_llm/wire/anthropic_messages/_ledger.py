"""The ledger entries of this format. Made once and kept: an entry costs a look-up, not a value."""

from __future__ import annotations

from functools import partial

from portable_llm import _adaptation
from portable_llm._adaptation import Adaptation, Axis
from portable_llm.wire.anthropic_messages._capabilities import REFERENCE

entry = partial(_adaptation.entry, source=REFERENCE)
"""An entry with this format's source."""


def dropped(axis: Axis, subject: str, detail: str) -> Adaptation:
    """Nobody keeps it any more."""
    return entry(axis, subject, "dropped", detail, "nobody")


MODEL_IN_PATH = entry("wire", "/model", "moved", "the model stands in the path, the protocol's version in the body")
SYSTEM = entry("dialogue", "/messages/0", "moved", "leading system text stands in the field 'system'")
RESULTS = entry("dialogue", "/messages", "moved", "tool results stand first in a user turn, as 'tool_result' blocks")
TOOLS = entry("tools", "/tools", "renamed", "the schema of the arguments is called 'input_schema'")
TOOL_CHOICE = entry("tools", "/tool_choice", "renamed", "spelt as an object: auto, any, tool or none")
NO_TOOLS_TO_CHOOSE = entry("tools", "/tool_choice", "dropped", "not sent: the request declares no tools")
PARALLEL = entry("tools", "/parallel_tool_calls", "moved", "sent as tool_choice.disable_parallel_tool_use")
PARALLEL_MOOT = entry("tools", "/parallel_tool_calls", "dropped", "not sent: this request cannot lead to calls")
MAX_TOKENS = entry("tokens", "/max_output_tokens", "renamed", "called 'max_tokens'; reasoning counts inside")
STOP = entry("sampling", "/stop", "renamed", "called 'stop_sequences'")
OUTPUT = entry("json", "/output", "moved", "the schema is sent as output_config.format")
OUTPUT_STRICT = entry("json", "/output/strict", "moved", "not sent: this provider always enforces the schema")
OUTPUT_NOT_STRICT = entry("json", "/output/strict", "narrowed", "this provider always enforces the schema")
OUTPUT_NAME = entry(
    "json", "/output/name", "dropped", "the schema has no name on this wire", "nobody", effect="annotation"
)
OUTPUT_WITHOUT_SCHEMA = dropped("json", "/output", "JSON without a schema cannot be asked for; use mode='prompt'")
EFFORT = entry("sampling", "/reasoning/effort", "moved", "sent as output_config.effort with adaptive thinking")
EFFORT_OFF = entry("sampling", "/reasoning/effort", "renamed", "sent as thinking.type 'disabled'")
EFFORT_BETWEEN_TOOLS = entry(
    "sampling",
    "/reasoning/effort",
    "substituted",
    "this model cannot stop thinking; it only does not think before its answer (thinking.type 'between_tools')",
)
EFFORT_SETTLED = dropped("sampling", "/reasoning/effort", "not sent: the budget in tokens says it already")
BUDGET = entry("sampling", "/reasoning/budget_tokens", "moved", "sent as thinking.budget_tokens")
BUDGET_MOOT = dropped("sampling", "/reasoning/budget_tokens", "not sent: effort 'none' switches reasoning off")
SUMMARY = entry("sampling", "/reasoning/summary", "moved", "sent as thinking.display")
SUMMARY_MOOT = entry("sampling", "/reasoning/summary", "moved", "not sent: without thinking no reasoning is shown")
SUMMARY_NEEDS_BUDGET = dropped(
    "sampling", "/reasoning/summary", "this model thinks only with an effort or a budget; set one to see its reasoning"
)
CACHE = entry("tokens", "/cache/breakpoints", "moved", "sent as cache_control of the blocks they end with")
CACHE_TTL = entry("tokens", "/cache/ttl", "moved", "sent in cache_control")
CACHE_TTL_MOOT = dropped("tokens", "/cache/ttl", "not sent: no breakpoint could be set")
CACHE_KEY = dropped("tokens", "/cache/key", "the protocol has no routing key")


def option_dropped(name: str) -> Adaptation:
    """A sampling option the protocol has no field for."""
    return dropped("sampling", f"/sampling/{name}", "the protocol has no such field")


def extra(key: str) -> Adaptation:
    """A provider-specific field, put on the wire as it is."""
    pointer = key.replace("~", "~0").replace("/", "~1")
    return entry("wire", f"/extra/{pointer}", "moved", "put on the wire as it is")
