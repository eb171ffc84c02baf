"""What the protocol itself can express; providers and model rules narrow it."""

from __future__ import annotations

from portable_llm._capabilities import Capabilities, Fact

NAME = "cohere-v2"

_SOURCE = "SDK 7.3.1 types and vendor docs of 2026-08-20"
_DATE = "2026-11-23"


def _yes(
    minimum: float | None = None, maximum: float | None = None, values: tuple[str, ...] = (), note: str = ""
) -> Fact:
    return Fact(minimum=minimum, maximum=maximum, values=values, source=_SOURCE, date=_DATE, note=note)


def _no(note: str) -> Fact:
    return Fact(support="no", source=_SOURCE, date=_DATE, note=note)


CAPABILITIES = Capabilities(
    facts={
        "sampling/temperature": _yes(0, 1),
        "sampling/top_p": _yes(0.01, 0.99),
        "sampling/top_k": _yes(0, 500),
        "sampling/seed": _yes(),
        "sampling/presence_penalty": _yes(0, 1),
        "sampling/frequency_penalty": _yes(0, 1),
        "sampling/logit_bias": _no("the protocol has no such field"),
        "sampling/logprobs": _yes(0, 0, note="of the chosen tokens only"),
        "stop": _yes(maximum=5),
        "max_output_tokens": _yes(1),
        "reasoning/effort": _yes(values=("none", "high"), note="thinking is off or on; a budget says how much"),
        "reasoning/budget_tokens": _yes(1),
        "reasoning/summary": _yes(note="thinking is shown as soon as the model thinks"),
        "tools": _yes(),
        "tools/strict": _yes(note="one switch for all tools"),
        "tools/name": _yes(values=("A-Za-z_", "A-Za-z0-9_")),
        "tools/call_id": _yes(1),
        "tools/count": _yes(),
        "tools/description": _yes(),
        "tool_choice/required": _yes(),
        "tool_choice/named": _no("REQUIRED and NONE are the only words"),
        "tool_choice/none": _yes(),
        "parallel_tool_calls": _no("the protocol has no such switch"),
        "output/native": _yes(),
        "output/json": _yes(),
        "output/with_tools": _no("response_format is refused beside tools and documents"),
        "messages/system": _yes(),
        "messages/late_system": _yes(note="older models want it first"),
        "messages/prefill": _no("the last message has to be the user's or a tool's"),
        "parts/image": _yes(note="vision models only; at most 20 images of 20 MB in all"),
        "parts/image_uri": _yes(note="vision models only"),
        "parts/document": _no("documents are texts of their own: extra={'documents': [...]}"),
        "parts/document_uri": _no("documents are texts of their own: extra={'documents': [...]}"),
        "parts/audio": _no("the protocol takes text and images"),
        "parts/file": _no("the chat takes no stored files"),
        "tool_result/media": _no("tool messages take text and documents"),
        "tool_result/is_error": _no("the protocol has no error mark; the text says it"),
        "cache/breakpoints": _no("caching is automatic and takes no marks"),
        "cache/key": _no("caching is automatic and takes no key"),
        "metadata": _no("the protocol has no such field"),
    },
)
"""Spelling keys this package knows: `output/dialect`, `tools/strict_dialect` (of schemas)."""
