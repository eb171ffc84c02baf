"""Cohere's own API.

Model facts: vendor documentation and SDK types as of 2026-11-23; a model without a rule gets the provider's defaults.
"""

from __future__ import annotations

from portable_llm._capabilities import Capabilities, Fact, ModelRule
from portable_llm.providers._provider import Auth, Provider

_DATE = "2026-11-23"
_DOCS = "cohere docs"


def _fact(**known: object) -> Fact:
    return Fact(source=_DOCS, date=_DATE, **known)  # type: ignore[arg-type]


def _no(note: str) -> Fact:
    return _fact(support="no", note=note)


_NEVER_THINKS = {
    "reasoning/effort": _no("the model does not think"),
    "reasoning/budget_tokens": _no("the model does not think"),
    "reasoning/summary": _no("the model does not think"),
}

PROVIDER = Provider(
    name="cohere",
    title="Cohere",
    wire="cohere-v2",
    base_url="https://api.cohere.com",
    base_url_env=("CO_API_URL",),
    auth=Auth(env=("CO_API_KEY", "COHERE_API_KEY")),
    otel_name="cohere",
    capabilities=Capabilities(
        facts={
            "messages/late_system": Fact(note="older models want system text first"),
            "parts/image": Fact(note="vision models only"),
            "parts/image_uri": Fact(note="vision models only"),
            "reasoning/effort": Fact(
                values=("none", "high"), note="Command A Reasoning and later think; nobody lists all models"
            ),
            "reasoning/budget_tokens": Fact(minimum=1, note="Command A Reasoning and later"),
            "reasoning/summary": Fact(note="Command A Reasoning and later"),
        },
        spelling={"output/dialect": "cohere", "tools/strict_dialect": "cohere", "output/json": "by_name"},
    ),
    models=(
        ModelRule(
            pattern=r"command-a-reasoning-.*",
            facts={
                "reasoning/effort": _fact(values=("none", "high"), note="thinks by default"),
                "reasoning/budget_tokens": _fact(minimum=1),
                "reasoning/summary": _fact(),
            },
        ),
        ModelRule(pattern=r"command-r.*|command-a-03-2025", facts=_NEVER_THINKS),
        ModelRule(pattern=r"command-a-vision-.*", facts={"parts/image": _fact(), "parts/image_uri": _fact()}),
    ),
    documentation="https://docs.cohere.com/v2/reference/chat",
)
