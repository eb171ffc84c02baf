"""What the protocol itself can express; what a model can do with it depends on its template."""

from __future__ import annotations

from portable_llm._capabilities import Capabilities, Fact

NAME = "ollama-chat"

_SOURCE = "server source and docs of 2026-08-21, ollama-python 0.6.3"
_DATE = "2026-11-23"


def _yes(
    minimum: float | None = None, maximum: float | None = None, values: tuple[str, ...] = (), note: str = ""
) -> Fact:
    return Fact(minimum=minimum, maximum=maximum, values=values, source=_SOURCE, date=_DATE, note=note)


def _no(note: str) -> Fact:
    return Fact(support="no", source=_SOURCE, date=_DATE, note=note)


CAPABILITIES = Capabilities(
    facts={
        "sampling/temperature": _yes(0),
        "sampling/top_p": _yes(0, 1),
        "sampling/top_k": _yes(0),
        "sampling/seed": _yes(),
        "sampling/presence_penalty": _yes(),
        "sampling/frequency_penalty": _yes(),
        "sampling/logit_bias": _no("the server has no such option"),
        "sampling/logprobs": _yes(0, 20),
        "stop": _yes(),
        "max_output_tokens": _yes(1),
        "reasoning/effort": _yes(values=("none", "low", "medium", "high", "max")),
        "reasoning/budget_tokens": _no("the protocol has no budget; use effort"),
        "reasoning/summary": _yes(note="thinking is shown as soon as the model thinks"),
        "tools": _yes(note="a model without a tool template answers 400"),
        "tools/strict": _no("a tool's schema is only shown to the model; nothing holds its arguments to it"),
        "tools/name": _yes(),
        "tools/call_id": _yes(),
        "tools/count": _yes(),
        "tools/description": _yes(),
        "tool_choice/required": _no("the protocol has no tool choice"),
        "tool_choice/named": _no("the protocol has no tool choice"),
        "tool_choice/none": _no("the protocol has no tool choice"),
        "parallel_tool_calls": _no("the protocol has no such switch"),
        "output/native": _yes(note="by a grammar; the model is not shown the schema"),
        "output/json": _yes(),
        "output/with_tools": _no("the grammar holds the whole answer and leaves no room for a call"),
        "messages/system": _yes(),
        "messages/late_system": _yes(),
        "messages/prefill": _yes(note="the model's template decides"),
        "parts/image": _yes(note="vision models only"),
        "parts/image_uri": _no("images are sent as bytes only"),
        "parts/document": _no("the protocol takes text and images"),
        "parts/document_uri": _no("the protocol takes text and images"),
        "parts/audio": _no("the protocol takes text and images"),
        "parts/file": _no("the server stores no files"),
        "tool_result/media": _no("tool messages take text only"),
        "tool_result/is_error": _no("the protocol has no error mark; the text says it"),
        "cache/breakpoints": _no("the server keeps the last prompt by itself"),
        "cache/key": _no("there is one server and one cache"),
        "metadata": _no("the protocol has no such field"),
    },
)
"""Spelling keys this package knows: `output/dialect`, `tools/dialect` (of schemas), `messages/too_long` (`error`: the
server is asked to refuse a prompt that does not fit, instead of leaving out the oldest messages in silence)."""
