"""The ledger entries of this format. Made once and kept: an entry costs a look-up, not a value."""

from __future__ import annotations

from functools import partial

from portable_llm import _adaptation
from portable_llm._adaptation import Adaptation, Axis
from portable_llm.wire.bedrock_converse._capabilities import MORE, REFERENCE

entry = partial(_adaptation.entry, source=REFERENCE)
"""An entry with this format's source."""


def dropped(axis: Axis, subject: str, detail: str) -> Adaptation:
    """Nobody keeps it any more."""
    return entry(axis, subject, "dropped", detail, "nobody")


SYSTEM = entry("dialogue", "/messages/0", "moved", "leading system text stands in the field 'system'")
RESULTS = entry("dialogue", "/messages", "moved", "tool results stand first in a user turn, as 'toolResult' blocks")
MERGED = entry("dialogue", "/messages", "encoded", "turns of one role that follow one another are sent as one turn")
NAMED = entry("dialogue", "/messages", "defaulted", "this wire wants a name for each document: 'document-1' and so on")
TOOLS = entry("tools", "/tools", "moved", "sent in toolConfig.tools as 'toolSpec', its schema as inputSchema.json")
TOOL_CHOICE = entry("tools", "/tool_choice", "moved", "sent as toolConfig.toolChoice: auto, any or tool")
CHOICE_WITHOUT_TOOLS = entry("tools", "/tool_choice", "dropped", "not sent: the request declares no tools")
CHOICE_NONE = dropped("tools", "/tool_choice", "the protocol cannot forbid calls while tools are declared")
PARALLEL = dropped("tools", "/parallel_tool_calls", "the protocol has no such switch")
HISTORY_TOOLS = entry(
    "tools",
    "/tools",
    "defaulted",
    "calls in the history want tools here: those that were called are declared by their names alone, "
    "so the model may call them again",
)
MAX_TOKENS = entry("tokens", "/max_output_tokens", "moved", "sent as inferenceConfig.maxTokens")
STOP = entry("sampling", "/stop", "moved", "sent as inferenceConfig.stopSequences")
SAMPLING = {
    "temperature": entry("sampling", "/sampling/temperature", "moved", "sent in inferenceConfig"),
    "top_p": entry("sampling", "/sampling/top_p", "moved", "sent as inferenceConfig.topP"),
}
OUTPUT = entry("json", "/output", "moved", "the schema is sent as JSON text in outputConfig.textFormat")
OUTPUT_STRICT = entry("json", "/output/strict", "moved", "not sent: this provider always enforces the schema")
OUTPUT_NOT_STRICT = entry("json", "/output/strict", "narrowed", "this provider always enforces the schema")
OUTPUT_WITHOUT_SCHEMA = dropped("json", "/output", "JSON without a schema cannot be asked for; use mode='prompt'")
METADATA = entry("wire", "/metadata", "renamed", "called 'requestMetadata'")
CACHE = entry("tokens", "/cache/breakpoints", "moved", "sent as 'cachePoint' blocks behind what is to be cached")
CACHE_TTL = entry("tokens", "/cache/ttl", "moved", "sent in each cachePoint")
CACHE_TTL_MOOT = dropped("tokens", "/cache/ttl", "not sent: no breakpoint could be set")
CACHE_KEY = dropped("tokens", "/cache/key", "the protocol has no routing key")
BUDGET_WITHOUT_FIELD = dropped("sampling", "/reasoning/budget_tokens", "this model takes an effort, no budget")
SUMMARY_WITHOUT_FIELD = dropped("sampling", "/reasoning/summary", "this model has no switch for it")


def top_k(path: str) -> Adaptation:
    """Where a family has it."""
    return entry("sampling", "/sampling/top_k", "moved", f"sent as {MORE}.{path}")


def reasoning(name: str, place: str) -> Adaptation:
    """An option of reasoning, in the words of the family."""
    return entry("sampling", f"/reasoning/{name}", "moved", f"sent as {MORE}.{place}")


def option_dropped(name: str) -> Adaptation:
    """A sampling option the protocol has no field for."""
    return dropped("sampling", f"/sampling/{name}", "the protocol has no such field")


def extra(key: str) -> Adaptation:
    """A provider-specific field, put on the wire as it is."""
    pointer = key.replace("~", "~0").replace("/", "~1")
    return entry("wire", f"/extra/{pointer}", "moved", "put on the wire as it is")
