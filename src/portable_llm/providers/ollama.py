"""Ollama: models on one's own machine, spoken in its native protocol."""

from __future__ import annotations

from portable_llm._capabilities import Capabilities, Fact, ModelRule
from portable_llm.providers._provider import Auth, Provider

_DATE = "2026-11-23"
_DOCS = "ollama docs"


def _fact(**known: object) -> Fact:
    return Fact(source=_DOCS, date=_DATE, **known)  # type: ignore[arg-type]


_CAPABILITIES = Capabilities(
    facts={
        # What a model can do stands in its template, which the server knows (/api/show) and this row does not.
        "tools": Fact(note="a model without a tool template answers 400"),
        "reasoning/effort": Fact(
            values=("none", "low", "medium", "high", "max"), note="a model that does not think answers 400"
        ),
        "reasoning/summary": Fact(note="a model that does not think answers 400"),
        "parts/image": Fact(note="vision models only"),
        "messages/prefill": Fact(note="the model's template decides"),
    },
    spelling={
        "output/dialect": "llama-cpp",
        "output/json": "by_name",
        "output/native": "unseen",
        "messages/too_long": "error",
    },
)
MODELS = (
    ModelRule(
        pattern=r"gpt-oss(:.*)?",
        facts={
            "tools": _fact(),
            "reasoning/effort": _fact(
                values=("low", "medium", "high"), note="needs a level and cannot be switched off"
            ),
        },
    ),
)

PROVIDER = Provider(
    name="ollama",
    title="Ollama",
    wire="ollama-chat",
    base_url="http://localhost:11434",
    base_url_env=("OLLAMA_HOST",),
    auth=Auth(env=("OLLAMA_API_KEY",), is_optional=True),
    capabilities=_CAPABILITIES,
    models=MODELS,
    documentation="https://docs.ollama.com/api/chat",
)
