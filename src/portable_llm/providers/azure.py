"""Azure OpenAI, and the models of Microsoft Foundry behind the same addresses.

Two forms of address: `/openai/v1/…` (general since 2025-08), and the older `/openai/deployments/DEPLOYMENT/…` with an
`api-version` in the query. Two protocols: Chat Completions and Responses. So there are four rows, named by what they
are. The base URL is the endpoint of the resource, `https://RESOURCE.openai.azure.com`.

What is sent as the model is the name of a deployment. Where people call it as the model behind it, which is usual, the
facts about that model apply; a deployment called otherwise gets the defaults of the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from portable_llm._capabilities import Capabilities, Fact, ModelRule
from portable_llm.providers import openai, openai_responses
from portable_llm.providers._provider import Auth, Provider

_DATE = "2026-11-23"
_DOCS = "azure docs"

_V1 = "/openai/v1"
LAST_DATED = "2024-10-21"
"""The last dated version that is generally available; previews add fields."""
FIRST_RESPONSES = "2025-03-01-preview"
"""The first dated version that has Responses."""

AUTH = Auth(scheme="header", header="api-key", env=("AZURE_OPENAI_API_KEY",), token_scheme="bearer")
"""A key in a header of its own; a token of Entra ID, from a callback, as a bearer."""


def _by_name(rules: tuple[ModelRule, ...]) -> tuple[ModelRule, ...]:
    """Rules about models, read by the name of the deployment, which is not the model's for sure."""

    def named(fact: Fact) -> Fact:
        return replace(fact, note=f"{fact.note}; by the deployment's name" if fact.note else "by the deployment's name")

    return tuple(replace(rule, facts={name: named(fact) for name, fact in rule.facts.items()}) for rule in rules)


_CHAT: Mapping[str, str] = openai.PROVIDER.capabilities.spelling
_RESPONSES: Mapping[str, str] = openai_responses.PROVIDER.capabilities.spelling
_OLD: Mapping[str, Fact] = {
    "cache/key": Fact(support="no", source=_DOCS, date=_DATE, note="not in the last dated version; use the v1 address"),
    "metadata": Fact(support="no", source=_DOCS, date=_DATE, note="not in the last dated version; use the v1 address"),
}


def _row(
    name: str,
    title: str,
    wire: str,
    prefix: str,
    capabilities: Capabilities,
    models: tuple[ModelRule, ...],
    version: str | None = None,
) -> Provider:
    return Provider(
        name=name,
        title=title,
        wire=wire,
        base_url=None,
        base_url_env=("AZURE_OPENAI_ENDPOINT",),
        prefix=prefix,
        query={} if version is None else {"api-version": version},
        query_env={} if version is None else {"api-version": "OPENAI_API_VERSION"},
        auth=AUTH,
        otel_name="azure.ai.openai",
        capabilities=capabilities,
        models=_by_name(models),
        documentation="https://learn.microsoft.com/azure/ai-foundry/openai/reference",
    )


ROWS = (
    _row(
        "azure",
        "Azure OpenAI",
        openai.PROVIDER.wire,
        _V1,
        Capabilities(facts=openai.FACTS, spelling=_CHAT),
        openai.MODELS,
    ),
    _row(
        "azure-dated",
        "Azure OpenAI, dated API version",
        openai.PROVIDER.wire,
        "/openai/deployments/{model}",
        Capabilities(facts={**openai.FACTS, **_OLD}, spelling=_CHAT),
        openai.MODELS,
        LAST_DATED,
    ),
    _row(
        "azure-dated-responses",
        "Azure OpenAI (Responses), dated API version",
        openai_responses.PROVIDER.wire,
        "/openai",
        Capabilities(facts=openai_responses.FACTS, spelling=_RESPONSES),
        openai_responses.MODELS,
        FIRST_RESPONSES,
    ),
    _row(
        "azure-responses",
        "Azure OpenAI (Responses)",
        openai_responses.PROVIDER.wire,
        _V1,
        Capabilities(facts=openai_responses.FACTS, spelling=_RESPONSES),
        openai_responses.MODELS,
    ),
)
