"""What rows of OpenAI-compatible services share: a maker, and short ways to write facts.

Sources: *recorded answers* are exchanges that public projects recorded with the service; *docs* were read on the day
given; *docs, not re-checked* stood in older pages of the vendor and is believed until an answer says otherwise. What is
in neither is assumed, and the ledger says so where it is used.
"""

from __future__ import annotations

from collections.abc import Mapping

from portable_llm._capabilities import Fact, ModelRule
from portable_llm.providers._provider import Auth, Provider
from portable_llm.providers.compatible import PROVIDER as ANY_HOST

DATE = "2026-11-23"
"""When the catalogue was read."""
RECORDED = "recorded answers"
STALE = "docs, not re-checked"
MAX_TOKENS: Mapping[str, str] = {"max_output_tokens": "max_tokens"}
MAX_COMPLETION_TOKENS: Mapping[str, str] = {"max_output_tokens": "max_completion_tokens"}
THINKING_SWITCH: Mapping[str, str] = {
    "reasoning/on": "thinking.type=enabled",
    "reasoning/off": "thinking.type=disabled",
}
"""Hosts that take `thinking: {type: enabled | disabled}`, as Anthropic spells it."""
ENABLE_THINKING: Mapping[str, str] = {
    "reasoning/effort": "",
    "reasoning/on": "enable_thinking=true",
    "reasoning/off": "enable_thinking=false",
}
TEMPLATE_THINKING: Mapping[str, str] = {
    "reasoning/effort": "",
    "reasoning/on": "chat_template_kwargs.enable_thinking=true",
    "reasoning/off": "chat_template_kwargs.enable_thinking=false",
}
"""Engines that hand the switch to the model's chat template."""


def yes(source: str, minimum: float | None = None, maximum: float | None = None, note: str = "") -> Fact:
    """Supported, within a range."""
    return Fact(minimum=minimum, maximum=maximum, source=source, date=DATE, note=note)


def no(source: str, note: str) -> Fact:
    """Refused, or not there."""
    return Fact(support="no", source=source, date=DATE, note=note)


def ignored(source: str, note: str) -> Fact:
    """Accepted, and without effect."""
    return Fact(support="ignored", source=source, date=DATE, note=note)


def efforts(source: str, *values: str, note: str = "") -> Fact:
    """The words for how much to think."""
    return Fact(values=values, source=source, date=DATE, note=note)


def all_of(fact: Fact, *features: str) -> dict[str, Fact]:
    """The same fact about several features."""
    return dict.fromkeys(features, fact)


def row(
    name: str,
    title: str,
    base_url: str | None,
    *keys: str,
    facts: Mapping[str, Fact] | None = None,
    spelling: Mapping[str, str] | None = None,
    models: tuple[ModelRule, ...] = (),
    documentation: str = "",
    optional_key: bool = False,
    is_self_hosted: bool = False,
) -> Provider:
    """A service that speaks Chat Completions: what any host takes is assumed, and `facts` say what is known of it.

    `keys` are the environment variables that hold its key.
    """
    return Provider(
        name=name,
        title=title,
        wire="openai-chat",
        base_url=base_url,
        base_url_env=(f"{name.upper().replace('-', '_')}_BASE_URL",),
        auth=Auth(env=keys, is_optional=optional_key or is_self_hosted),
        capabilities=ANY_HOST.capabilities.with_(facts, spelling),
        models=models,
        documentation=documentation,
        is_self_hosted=is_self_hosted,
    )


def rule(
    pattern: str,
    facts: Mapping[str, Fact] | None = None,
    spelling: Mapping[str, str] | None = None,
    *,
    thinking: bool = False,
) -> ModelRule:
    """What is different for models whose whole id matches; with `thinking`, only while they think."""
    return ModelRule(
        pattern=pattern, facts=facts or {}, spelling=spelling or {}, when="thinking" if thinking else "always"
    )
