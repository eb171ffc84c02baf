"""What generateContent can express at all, and what its words mean. Providers and model rules narrow it."""

from __future__ import annotations

from collections.abc import Mapping

from portable_llm._capabilities import Capabilities, Fact

NAME = "gemini"

DOCS = "generateContent documentation and google-genai 3.4.0"
DATE = "2026-11-23"
SOURCE = f"{DOCS} {DATE}"
"""How ledger entries cite the facts of this package."""


def _yes(minimum: float | None = None, maximum: float | None = None, note: str = "") -> Fact:
    return Fact(minimum=minimum, maximum=maximum, source=DOCS, date=DATE, note=note)


def _no(note: str) -> Fact:
    return Fact(support="no", source=DOCS, date=DATE, note=note)


SKIP_SIGNATURE = "skip_thought_signature_validator"
"""What the vendor documents for calls that another model made."""

SENTINELS = frozenset({SKIP_SIGNATURE, "context_engineering_is_the_way_to_go"})
"""Signatures that sign nothing: never state."""

CAPABILITIES = Capabilities(
    facts={
        "sampling/temperature": _yes(0, 2),
        "sampling/top_p": _yes(0, 1),
        "sampling/top_k": _yes(1),
        "sampling/seed": _yes(note="32-bit integer"),
        "sampling/presence_penalty": _yes(-2, 1.99, note="2 itself is refused; some models take no penalties"),
        "sampling/frequency_penalty": _yes(-2, 1.99, note="2 itself is refused; some models take no penalties"),
        "sampling/logit_bias": _no("no such field"),
        "sampling/logprobs": _yes(0, 20, note="depends on the model"),
        "stop": _yes(maximum=5, note="the one that matched is not reported"),
        "max_output_tokens": _yes(1, note="thoughts count"),
        "reasoning/effort": Fact(
            values=("minimal", "low", "medium", "high", "xhigh"),
            source=DOCS,
            date=DATE,
            note="no off switch from Gemini 3 on; the set depends on the model",
        ),
        "reasoning/budget_tokens": _yes(0),
        "reasoning/summary": _yes(),
        "tools": _yes(),
        "tools/strict": _no("no switch per function; forced calls follow the schema (mode ANY)"),
        "tools/name": Fact(values=("A-Za-z_", "A-Za-z0-9_.:-"), maximum=128, source=DOCS, date=DATE),
        "tools/call_id": _yes(note="optional; echoed where there was one"),
        "tools/description": _yes(note="no limit documented"),
        "tools/count": Fact(maximum=512, source=DOCS, date=DATE, note="128 before Gemini 3"),
        "tool_choice/required": _yes(),
        "tool_choice/named": _yes(),
        "tool_choice/none": _yes(),
        "parallel_tool_calls": _no("no such switch"),
        "output/native": _yes(),
        "output/json": _yes(),
        "output/with_tools": _yes(note="from Gemini 3 on"),
        "messages/system": _yes(note="text only"),
        "messages/late_system": _no("system text stands outside the turns"),
        "messages/prefill": _no("refused by newer models; whether older ones continue it is their rule"),
        "parts/image": _yes(),
        "parts/image_uri": _yes(),
        "parts/document": _yes(),
        "parts/document_uri": _yes(),
        "parts/audio": _yes(),
        "parts/file": _yes(),
        "tool_result/media": _yes(note="from Gemini 3 on"),
        "tool_result/is_error": _yes(note='as {"error": …}'),
        "cache/breakpoints": _no("prefixes are cached by themselves, or by a cache resource (extra cachedContent)"),
        "cache/key": _no("no such field"),
        "metadata": _yes(note="as labels; Vertex AI only"),
    },
    spelling={
        "reasoning/effort": "thinkingLevel",
        "messages/signature": SKIP_SIGNATURE,
        "output/dialect": "gemini-json-schema",
    },
)
"""`spelling`: the dialect of an output schema (`gemini-schema` goes to the field `responseSchema`), whether an
effort is a `thinkingLevel` or a `thinkingBudget`, and the signature that stands in for one that another model could not
give (`""` where the model asks for none)."""

FILTERS = frozenset(
    {
        "SAFETY",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "RECITATION",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "MODEL_ARMOR",
        "LANGUAGE",
        "ESCALATION",
    }
)
_FAILURES = (
    "MALFORMED_FUNCTION_CALL",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE",
    "MALFORMED_RESPONSE",
)

# Enum numbers instead of words (`enum-encoding=int`). The two services number differently from 6 on; only numbers that
# mean the same portable reason in both are listed: 6, 7, 8 and 11 are filters in either. 9, 10 and 12 are a filter in
# one and a malformed call in the other, so they stay unknown (protobuf definitions of generativelanguage v1beta and
# aiplatform v1, read 2026-11-23).
_NUMBERS = {
    "1": "stop",
    "2": "length",
    "3": "content_filter",
    "4": "content_filter",
    "6": "content_filter",
    "7": "content_filter",
    "8": "content_filter",
    "11": "content_filter",
}

FINISH_REASONS: Mapping[str, str] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "pause",
    **dict.fromkeys(sorted(FILTERS), "content_filter"),
    **dict.fromkeys(_FAILURES, "error"),
    **_NUMBERS,
}
"""`OTHER`, `NO_IMAGE`, `IMAGE_OTHER` and the like name no reason and stay unknown."""
