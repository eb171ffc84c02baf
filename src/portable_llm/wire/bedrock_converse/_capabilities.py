"""What the Converse protocol itself can express, its words, and how the models behind it differ.

Facts: vendor documentation and the service model of botocore 1.44.5, read 2026-11-23. Providers and model rules narrow
them. `Capabilities.spelling` knows these keys for this format:

- `sampling/top_k`: where it stands in `additionalModelRequestFields`, as a dotted path: `inferenceConfig.topK`;
- `reasoning/words`: how the family is told to think: `claude` as in its own protocol, whose keys are read as well
  (`reasoning/effort`, `reasoning/none`, `exclusive`); `reasoning_effort`; `reasoning_config`; `nova`, by
  `reasoningConfig.maxReasoningEffort`;
- `reasoning/unsigned`: `"left_out"` = reasoning without a signature must not come back;
- `tools/history`: `"declared"` = calls in the history want `toolConfig` also where the request has no tools:
  without them they are refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from portable_llm._capabilities import Capabilities, Fact

NAME = "bedrock-converse"

MORE = "additionalModelRequestFields"
"""Where the native fields of a model go."""

MAX_CACHE_POINTS = 4

FINISH_REASONS: Mapping[str, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_call",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
    "model_context_window_exceeded": "context_overflow",
}

_SOURCE = "Converse API reference and service model"
_DATE = "2026-11-23"
REFERENCE = f"{_SOURCE} {_DATE}"
"""Source and date behind the format's own ledger entries."""


def fact(**fields: object) -> Fact:
    """A fact of the protocol, with its source and date."""
    return Fact(**{"source": _SOURCE, "date": _DATE, **fields})  # type: ignore[arg-type]


def _no(note: str) -> Fact:
    return fact(support="no", note=note)


_NO_FIELD = _no("the protocol has no such field")

CAPABILITIES = Capabilities(
    facts={
        "sampling/temperature": fact(minimum=0, maximum=1),
        "sampling/top_p": fact(minimum=0, maximum=1),
        "sampling/top_k": _no("no common field; some families have one of their own"),
        "sampling/seed": _NO_FIELD,
        "sampling/presence_penalty": _NO_FIELD,
        "sampling/frequency_penalty": _NO_FIELD,
        "sampling/logit_bias": _NO_FIELD,
        "sampling/logprobs": _NO_FIELD,
        "stop": fact(maximum=2500),
        "max_output_tokens": fact(minimum=1),
        "reasoning/effort": _no("no common field; some families have one of their own"),
        "reasoning/budget_tokens": _no("no common field; some families have one of their own"),
        "reasoning/summary": _no("no common field; some families have one of their own"),
        "tools": fact(),
        "tools/strict": fact(),
        "tools/name": fact(maximum=64, values=("A-Za-z0-9_-", "A-Za-z0-9_-")),
        "tools/call_id": fact(values=("A-Za-z0-9_.:-",), minimum=1, maximum=64, required=True, note="each id once"),
        "tools/count": fact(note="no limit documented"),
        "tools/description": fact(note="no limit documented"),
        "tool_choice/required": fact(),
        "tool_choice/named": fact(),
        "tool_choice/none": _no("a call cannot be forbidden while tools are declared"),
        "parallel_tool_calls": _NO_FIELD,
        "output/native": fact(note="outputConfig.textFormat"),
        "output/json": _no("JSON needs a schema"),
        "output/with_tools": fact(),
        "messages/system": fact(),
        "messages/late_system": fact(note="the role system, where the model takes it"),
        "messages/prefill": fact(note="where the model takes it"),
        "parts/image": fact(note="PNG, JPEG, GIF, WebP"),
        "parts/image_uri": fact(values=("s3",), note="objects of S3"),
        "parts/document": fact(note="PDF, CSV, Word, Excel, HTML, text, Markdown"),
        "parts/document_uri": fact(values=("s3",), note="objects of S3"),
        "parts/audio": fact(note="where the model takes it"),
        "parts/file": _no("no files are stored here"),
        "tool_result/media": fact(),
        "tool_result/is_error": fact(note="the field status"),
        "cache/breakpoints": fact(maximum=MAX_CACHE_POINTS, note="at most 4, as blocks of their own"),
        "cache/key": _NO_FIELD,
        "metadata": fact(maximum=16, note="at most 16 pairs"),
    }
)
