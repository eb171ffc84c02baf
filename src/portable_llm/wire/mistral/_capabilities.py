"""What the protocol itself can express; providers and model rules narrow it."""

from __future__ import annotations

from portable_llm._capabilities import Capabilities, Fact

NAME = "mistral-chat"

_SOURCE = "mistralai 3.7.0 types and vendor docs"
_DATE = "2026-11-23"


def _yes(
    minimum: float | None = None, maximum: float | None = None, values: tuple[str, ...] = (), note: str = ""
) -> Fact:
    return Fact(minimum=minimum, maximum=maximum, values=values, source=_SOURCE, date=_DATE, note=note)


def _no(note: str) -> Fact:
    return Fact(support="no", source=_SOURCE, date=_DATE, note=note)


CAPABILITIES = Capabilities(
    facts={
        "sampling/temperature": _yes(0, 1.5),
        "sampling/top_p": _yes(0.0001, 1, note="0 is a 400: greater_than"),
        "sampling/top_k": _yes(note="new in the SDK; hosted models may refuse it"),
        "sampling/seed": _yes(0),
        "sampling/presence_penalty": _yes(-2, 2),
        "sampling/frequency_penalty": _yes(-2, 2),
        "sampling/logit_bias": _no("the protocol has no such field; an unknown field is a 422"),
        "sampling/logprobs": _yes(0, note="most models refuse it: 400, code 3051"),
        "stop": _yes(),
        "max_output_tokens": _yes(1),
        "reasoning/effort": _yes(values=("none", "minimal", "low", "medium", "high", "xhigh", "max")),
        "reasoning/budget_tokens": _no("the protocol has no such field; use effort"),
        "reasoning/summary": _yes(note="no switch: a model that thinks always shows it"),
        "tools": _yes(),
        "tools/strict": _yes(),
        "tools/name": _yes(maximum=64, values=("A-Za-z0-9_-", "A-Za-z0-9_-")),
        "tools/call_id": _yes(9, 9, values=("A-Za-z0-9",), note="any other id is a 400"),
        "tools/count": _yes(),
        "tools/description": _yes(),
        "tool_choice/required": _yes(),
        "tool_choice/named": _yes(),
        "tool_choice/none": _yes(),
        "parallel_tool_calls": _yes(),
        "output/native": _yes(),
        "output/json": _yes(),
        "output/with_tools": _yes(),
        "messages/system": _yes(),
        "messages/late_system": _yes(note="some models refuse a system message behind an assistant's"),
        "messages/prefill": _yes(note="prefix: true; the answer repeats the prefix at its start"),
        "parts/image": _yes(),
        "parts/image_uri": _yes(),
        "parts/document": _yes(),
        "parts/document_uri": _yes(),
        "parts/audio": _yes(),
        "parts/file": _yes(),
        "tool_result/media": _yes(),
        "tool_result/is_error": _no("the protocol has no error mark; the text says it"),
        "cache/breakpoints": _no("caching is automatic and takes no marks"),
        "cache/key": _yes(),
        "metadata": _yes(),
    },
)
"""Spelling keys this package knows: `output/strict_dialect`, `output/dialect`, `tools/strict_dialect`,
`tools/dialect` (of schemas), `messages/after_tool` (text of an assistant's turn that is put between a tool's result and
the user's next turn, for models that refuse the two side by side)."""
