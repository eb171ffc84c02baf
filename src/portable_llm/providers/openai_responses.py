"""OpenAI's own API, spoken as Responses: `openai-responses:gpt-5.4`.

A provider of its own beside `openai`, so that the protocol is part of the model string: one string still switches it,
and state that one protocol made is never sent to the other. Model facts as in `openai`, where the protocol has the
option at all (documentation and error texts as of 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Mapping

from portable_llm._capabilities import Capabilities, Fact, ModelRule
from portable_llm.providers import openai
from portable_llm.providers._provider import Auth, Provider

_DATE = "2026-11-23"
_DOCS = "openai docs"


def _no(note: str) -> Fact:
    return Fact(support="no", source=_DOCS, date=_DATE, note=note)


def _efforts(*values: str) -> Fact:
    return Fact(values=values, source=_DOCS, date=_DATE)


_NO_DRAWING: Mapping[str, Fact] = {
    "sampling/temperature": _no("only the default is accepted while the model reasons"),
    "sampling/top_p": _no("only the default is accepted while the model reasons"),
    "sampling/logprobs": _no("refused by reasoning models (400)"),
}
_NO_REASONING: Mapping[str, Fact] = {
    "reasoning/effort": _no("models that do not reason refuse the field"),
    "reasoning/summary": _no("models that do not reason refuse the field"),
}
FACTS: Mapping[str, Fact] = {
    **openai.FACTS,
    "sampling/presence_penalty": _no("this API has no such field; Chat Completions has it"),
    "sampling/frequency_penalty": _no("this API has no such field; Chat Completions has it"),
}
"""What holds for the service on this protocol."""

_REASONS: Mapping[str, str] = {"reasoning/encrypted": "include"}

MODELS = (
    ModelRule(pattern=r"(chatgpt-4o|gpt-4|gpt-3\.5|gpt-audio|gpt-5(\.\d)?-chat).*", facts=_NO_REASONING),
    ModelRule(
        pattern=r"gpt-4(-.*)?|gpt-3\.5.*|gpt-4o-2024-05-13",
        facts={"output/native": _no("json_schema came with gpt-4o-2024-08-06; JSON mode only")},
    ),
    ModelRule(
        pattern=r"o\d(-.*)?",
        facts={
            **_NO_DRAWING,
            "parallel_tool_calls": _no("not accepted by o-series models"),
            "reasoning/effort": _efforts("low", "medium", "high"),
        },
        spelling=_REASONS,
    ),
    # From 5.1 on the drawing of tokens is open while effort is none, which a single fact cannot say: sent as asked,
    # and the provider's 400 names it.
    ModelRule(pattern=r"(gpt-5(\.\d)?|gpt-6(\.\d)?)(-(?!chat).*)?", spelling=_REASONS),
    ModelRule(
        pattern=r"gpt-5(-(?!chat).*)?",
        facts={**_NO_DRAWING, "reasoning/effort": _efforts("minimal", "low", "medium", "high")},
    ),
    ModelRule(pattern=r"gpt-(5\.6|6(\.\d)?)(-(?!chat).*)?", facts=_NO_DRAWING),
    ModelRule(
        pattern=r"gpt-(6-astra|6\.1-sol|6\.2)(-.*)?",
        facts={"reasoning/effort": _efforts("low", "medium", "high", "xhigh")},
    ),
)
"""What is different on Responses, by name of the model."""

SPELLING: Mapping[str, str] = {
    "output/strict": "opt_in",
    "tools/strict_dialect": "openai-strict",
    "output/json": "by_name",
}
"""How schemas travel, whoever hosts the models."""

PROVIDER = Provider(
    name="openai-responses",
    title="OpenAI (Responses)",
    wire="openai-responses",
    base_url="https://api.openai.com/v1",
    base_url_env=("OPENAI_BASE_URL",),
    auth=Auth(env=("OPENAI_API_KEY",)),
    otel_name="openai",
    capabilities=Capabilities(facts=FACTS, spelling=SPELLING),
    models=MODELS,
    documentation="https://platform.openai.com/docs/api-reference/responses",
)
