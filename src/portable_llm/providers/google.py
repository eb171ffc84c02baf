"""Google Gemini: the Gemini API (generateContent) with an API key."""

from __future__ import annotations

from portable_llm._capabilities import Capabilities, Fact, ModelRule
from portable_llm.providers._provider import Auth, Provider

_DOCS = "Gemini API documentation"
_DATE = "2026-11-23"


def _fact(**known: object) -> Fact:
    return Fact(source=_DOCS, date=_DATE, **known)  # type: ignore[arg-type]


def _no(note: str) -> Fact:
    return _fact(support="no", note=note)


def _ignored(note: str) -> Fact:
    return _fact(support="ignored", note=note)


_NO_THINKING = {
    "reasoning/effort": _no("the model does not think"),
    "reasoning/budget_tokens": _no("the model does not think"),
    "reasoning/summary": _no("the model does not think"),
}
_BEFORE_3 = {
    "tools/name": _fact(values=("A-Za-z_", "A-Za-z0-9_.:-"), maximum=64, note="64 characters on older models"),
    "tools/count": _fact(maximum=128),
    "output/with_tools": _no("JSON mode beside functions is refused before Gemini 3"),
    "tool_result/media": _no("functionResponse.parts came with Gemini 3"),
    "messages/prefill": _fact(note="continued by older models"),
}
_UNSIGNED = {"messages/signature": ""}
"""Before Gemini 3 signatures are optional."""
_BUDGETS = {**_UNSIGNED, "reasoning/effort": "thinkingBudget"}

_PREFIX = r"(?:models/)?"

PROVIDER = Provider(
    name="google",
    title="Google Gemini",
    wire="gemini",
    base_url="https://generativelanguage.googleapis.com/v1beta",
    auth=Auth(scheme="header", header="x-goog-api-key", env=("GOOGLE_API_KEY", "GEMINI_API_KEY")),
    otel_name="gcp.gemini",
    capabilities=Capabilities(
        facts={"metadata": _no("labels are refused here; Vertex AI takes them")},
        spelling={"tools/dialect": "gemini-json-schema"},
    ),
    models=(
        ModelRule(
            pattern=_PREFIX + r"gemini-(?:1\.\d|2\.0)(?:-.*)?",
            facts={**_NO_THINKING, **_BEFORE_3},
            # The field that these models came out with; nothing says that all of them take the newer one.
            spelling={**_UNSIGNED, "output/dialect": "gemini-schema"},
        ),
        ModelRule(
            pattern=_PREFIX + r"gemini-2\.5-.*",
            facts={
                **_BEFORE_3,
                "reasoning/effort": _fact(
                    values=("none", "minimal", "low", "medium", "high"), note="as a thinkingBudget; 0 switches it off"
                ),
                "reasoning/budget_tokens": _fact(minimum=0, maximum=24576),
            },
            spelling=_BUDGETS,
        ),
        ModelRule(
            pattern=_PREFIX + r"gemini-2\.5-pro.*",
            facts={
                "reasoning/effort": _fact(
                    values=("minimal", "low", "medium", "high"), note="as a thinkingBudget; it cannot be switched off"
                ),
                "reasoning/budget_tokens": _fact(minimum=128, maximum=32768),
            },
        ),
        ModelRule(pattern=_PREFIX + r"gemini-3-pro.*", facts={"reasoning/effort": _fact(values=("low", "high"))}),
        ModelRule(
            pattern=_PREFIX + r"gemini-3\.6-flash.*",
            facts={"reasoning/effort": _fact(values=("minimal", "low", "medium", "high"))},
        ),
        ModelRule(
            pattern=_PREFIX + r"gemini-3\.8-flash.*",
            facts={"reasoning/effort": _fact(values=("low", "medium", "high"))},
        ),
        ModelRule(
            pattern=_PREFIX + r"gemini-4(?:[.-].*)?",
            facts={
                "reasoning/effort": _fact(values=("low", "medium", "high"), note="MINIMAL is refused, no off switch"),
                "reasoning/budget_tokens": _no("answered with 400"),
                "sampling/temperature": _ignored("accepted and not applied"),
                "sampling/top_p": _ignored("accepted and not applied"),
                "sampling/top_k": _ignored("accepted and not applied"),
                "sampling/presence_penalty": _no("answered with 400"),
                "sampling/frequency_penalty": _no("answered with 400"),
            },
        ),
    ),
    documentation="https://ai.google.dev/api/generate-content",
)
