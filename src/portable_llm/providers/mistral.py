"""Mistral's own API, la Plateforme.

Model facts: vendor documentation, SDK types and recordings as of 2026-11-23; a model without a rule gets the provider's
defaults.
"""

from __future__ import annotations

from portable_llm._capabilities import Capabilities, Fact, ModelRule
from portable_llm.providers._provider import Auth, Provider

_DATE = "2026-11-23"
_DOCS = "mistral docs"


def _fact(**known: object) -> Fact:
    return Fact(source=_DOCS, date=_DATE, **known)  # type: ignore[arg-type]


def _no(note: str, source: str = _DOCS) -> Fact:
    return Fact(support="no", source=source, date=_DATE, note=note)


_THINKS = {
    "reasoning/effort": _fact(values=("none", "high"), note="the documented words; the SDK's type has more"),
}
_NO_EFFORT = {"reasoning/effort": _no("models that do not think, or always do, have no effort to choose")}
_NO_IMAGES = {
    "parts/image": _no("the model reads text only"),
    "parts/image_uri": _no("the model reads text only"),
}

PROVIDER = Provider(
    name="mistral",
    title="Mistral",
    wire="mistral-chat",
    base_url="https://api.mistral.ai/v1",
    base_url_env=("MISTRAL_BASE_URL",),
    auth=Auth(env=("MISTRAL_API_KEY",)),
    otel_name="mistral_ai",
    capabilities=Capabilities(
        facts={
            "sampling/top_k": Fact(note="new in the SDK (3.7.0); nobody says which models take it"),
            "sampling/logprobs": _no(
                "Logprobs are not enabled for this model (400, code 3051; 3 of 3 recordings); where yours has them, "
                "ask with extra",
                "recorded traffic",
            ),
            "reasoning/effort": Fact(
                values=("none", "high"), note="documented for mistral-small-latest and mistral-medium-3.5 and later"
            ),
            # Some models refuse it, and nobody says which.
            "messages/late_system": Fact(note="refused by some models behind an assistant's message"),
            "output/with_tools": Fact(note="nobody documents a schema beside tools"),
            "parts/image": Fact(note="vision models only; at most 8 images of 10 MB"),
            "parts/image_uri": Fact(note="vision models only; at most 8 images"),
            "parts/audio": Fact(note="voxtral models only"),
            "tool_result/media": Fact(note="the SDK's types take it"),
        },
        spelling={
            "output/strict": "opt_in",
            "output/strict_dialect": "mistral",
            "output/dialect": "mistral",
            "tools/strict_dialect": "mistral",
            "output/json": "by_name",
        },
    ),
    models=(
        ModelRule(pattern=r"(mistral-small-latest|mistral-medium-(latest|3\.5|3-5).*)", facts=_THINKS),
        ModelRule(pattern=r"magistral-.*", facts=_NO_EFFORT),
        ModelRule(
            pattern=r"(open-mistral-7b|open-mixtral-.*|open-codestral-mamba|codestral-.*)",
            facts={**_NO_EFFORT, **_NO_IMAGES},
        ),
        ModelRule(
            pattern=r"voxtral-.*",
            facts={
                "parts/audio": _fact(),
                "reasoning/effort": _no("models that do not think have no effort to choose"),
            },
        ),
    ),
    documentation="https://docs.mistral.ai/api/endpoint/chat",
)
