"""What the protocol itself can express; providers and model rules narrow it.

The protocol is what its vendor's types and the Open Responses specification have together; either may lack a field.
"""

from __future__ import annotations

from portable_llm._capabilities import Capabilities, Fact

NAME = "openai-responses"

_SOURCE = "openai-python 3.54 types and API reference"
_DATE = "2026-11-23"


def _yes(minimum: float | None = None, maximum: float | None = None, values: tuple[str, ...] = ()) -> Fact:
    return Fact(minimum=minimum, maximum=maximum, values=values, source=_SOURCE, date=_DATE)


def _no(note: str) -> Fact:
    return Fact(support="no", source=_SOURCE, date=_DATE, note=note)


def _specified(minimum: float, maximum: float) -> Fact:
    return Fact(minimum=minimum, maximum=maximum, source="Open Responses specification", date="2026-11-24")


_ABSENT = "this API has no such field; Chat Completions has it"

CAPABILITIES = Capabilities(
    facts={
        "sampling/temperature": _yes(0, 2),
        "sampling/top_p": _yes(0, 1),
        "sampling/top_k": _no("the protocol has no such field"),
        "sampling/seed": _no(_ABSENT),
        "sampling/presence_penalty": _specified(-2, 2),
        "sampling/frequency_penalty": _specified(-2, 2),
        "sampling/logit_bias": _no(_ABSENT),
        "sampling/logprobs": _yes(0, 20),
        "stop": _no(_ABSENT),
        "max_output_tokens": _yes(16),
        "reasoning/effort": _yes(values=("none", "minimal", "low", "medium", "high", "xhigh", "max")),
        "reasoning/budget_tokens": _no("the protocol has no such field"),
        "reasoning/summary": _yes(),
        "tools": _yes(),
        "tools/strict": _yes(),
        "tools/name": _yes(maximum=64, values=("A-Za-z0-9_-", "A-Za-z0-9_-")),
        "tools/call_id": Fact(
            minimum=1,
            maximum=64,
            source="400 string_above_max_length, AnswerDotAI/fastllm #45",
            date="2026-11-24",
        ),
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
        "messages/late_system": _yes(),
        "messages/prefill": _no("a last assistant message is accepted and not continued"),
        "parts/image": _yes(),
        "parts/image_uri": _yes(),
        "parts/document": _yes(),
        "parts/document_uri": _yes(),
        "parts/audio": _no("the official types of an input have text, images and files; sound is known in evals only"),
        "parts/file": _yes(),
        "tool_result/media": _yes(),
        "tool_result/is_error": _no("the protocol has no error mark; the text says it"),
        "cache/breakpoints": _no("marks exist for gpt-5.6 and later only and are not mapped; caching is automatic"),
        "cache/key": _yes(),
        "metadata": _yes(),
    },
    spelling={"output/strict_dialect": "openai-strict", "output/dialect": "openai-nonstrict"},
)
"""Spelling keys this package knows: `output/strict` (`opt_in`: strict is asked for where nobody said so),
`output/strict_dialect` and `output/dialect` (of schemas with and without strict), `reasoning/encrypted` (`include`: the
model reasons, and its encrypted reasoning is asked for by name)."""
