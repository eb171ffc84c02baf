"""What the Messages protocol itself can express, its words, and how hosts of it differ.

Facts: vendor documentation and the types of the official SDK 2.12.0, read 2026-11-23. Providers and model rules narrow
them. `Capabilities.spelling` knows these keys for this format:

- `reasoning/effort`: `"budget"` = the model has no effort words for thinking, a word is sent as a token budget;
- `reasoning/none`: `"between_tools"` = thinking cannot be switched off, only kept from coming first;
- `model`: `"in_path"` = a cloud host with the model in the path and the version in the body;
- `stop/blank`: `"refused"` = a stop sequence of white space alone is an error there;
- `exclusive`: pairs that the model refuses together, separated by blanks, out of `EXCLUSIVE`.
"""

from __future__ import annotations

from collections.abc import Mapping

from portable_llm._capabilities import Capabilities, Fact

NAME = "anthropic-messages"

PATH = "/v1/messages"

VERSION = "2026-10-21"
"""The protocol version for every request without sampling fields."""

VERSION_WITH_SAMPLING = "2023-06-01"
"""The older version: 2026-10-21 refuses `temperature`, `top_p` and `top_k` on every model, this one leaves it to the
model (https://platform.claude.com/docs, versioning; 2026-11-23)."""

HOSTED_VERSION_WITH_SAMPLING = "vertex-2023-10-16"
"""The older version's name where it stands in the body (SDK before 2.0; wire facts 2026-11-23)."""

SAMPLING = ("temperature", "top_p", "top_k")

EXCLUSIVE = ("thinking:sampling", "thinking:forced", "temperature:top_p")
"""Pairs: thinking with an own temperature, thinking with a forced call, temperature with top_p."""

EFFORT_WORDS = ("none", "low", "medium", "high", "xhigh", "max")

DEFAULT_MAX_TOKENS = 4096

FINISH_REASONS: Mapping[str, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_call",
    "pause_turn": "pause",
    "compaction": "pause",
    "refusal": "refusal",
    "model_context_window_exceeded": "context_overflow",
}

_SOURCE = "Messages protocol docs and SDK types"
REFERENCE = f"{_SOURCE} 2026-11-23"
"""Source and date behind the format's own ledger entries."""


def fact(**fields: object) -> Fact:
    """A fact of the protocol, with its source and date."""
    return Fact(**{"source": _SOURCE, "date": "2026-11-23", **fields})  # type: ignore[arg-type]


def _no(note: str) -> Fact:
    return fact(support="no", note=note)


CAPABILITIES = Capabilities(
    facts={
        "sampling/temperature": fact(minimum=0, maximum=1, note="only under version 2023-06-01"),
        "sampling/top_p": fact(minimum=0, maximum=1, note="only under version 2023-06-01"),
        "sampling/top_k": fact(minimum=0, note="only under version 2023-06-01"),
        "sampling/seed": _no("the protocol has no such field"),
        "sampling/presence_penalty": _no("the protocol has no such field"),
        "sampling/frequency_penalty": _no("the protocol has no such field"),
        "sampling/logit_bias": _no("the protocol has no such field"),
        "sampling/logprobs": _no("the protocol has no such field"),
        "stop": fact(note="no limit documented"),
        "max_output_tokens": fact(minimum=1, required=True, default=DEFAULT_MAX_TOKENS, note="the field is required"),
        "reasoning/effort": fact(values=EFFORT_WORDS),
        "reasoning/budget_tokens": fact(minimum=1024, note="below max_tokens"),
        "reasoning/summary": fact(),
        "tools": fact(),
        "tools/strict": fact(maximum=20, note="at most 20 strict tools"),
        "tools/name": fact(maximum=128, values=("A-Za-z0-9_-", "A-Za-z0-9_-")),
        "tools/call_id": fact(values=("A-Za-z0-9_-",), required=True, note="each id once"),
        "tools/count": fact(note="no limit documented"),
        "tools/description": fact(note="no limit documented"),
        "tool_choice/required": fact(),
        "tool_choice/named": fact(),
        "tool_choice/none": fact(),
        "parallel_tool_calls": fact(note="inside tool_choice"),
        "output/native": fact(note="output_config.format"),
        "output/json": _no("JSON needs a schema"),
        "output/with_tools": fact(),
        "messages/system": fact(),
        "messages/late_system": fact(note="newest models only"),
        "messages/prefill": fact(note="older models only"),
        "parts/image": fact(note="JPEG, PNG, GIF, WebP"),
        "parts/image_uri": fact(),
        "parts/document": fact(note="PDF and plain text"),
        "parts/document_uri": fact(),
        "parts/audio": _no("no audio input"),
        "parts/file": fact(),
        "tool_result/media": fact(),
        "tool_result/is_error": fact(),
        "cache/breakpoints": fact(maximum=4, note="at most 4, none on reasoning"),
        "cache/key": _no("the protocol has no such field"),
        "metadata": fact(note="the key user_id only"),
    }
)
