"""Amazon Bedrock: models of many vendors behind one protocol, Converse.

Which of its fields a model takes depends on the family, and few of that is documented; the facts below are, or were
answered in recordings. What is known of nobody is sent, and the ledger says that it is assumed. Sources, read
2026-11-23: the Converse user guide and API reference, the service model of botocore 1.44.5, recorded traffic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portable_llm._capabilities import Capabilities, Fact, ModelRule
from portable_llm.providers._aws import aws_credentials, aws_region
from portable_llm.providers._claude import CLAUDE_RULES, NEWEST
from portable_llm.providers._provider import Auth, Provider

_DOCS = "bedrock docs"
_SEEN = "recorded traffic"
_DATE = "2026-11-23"


def _yes(note: str = "", *, source: str = _DOCS, **fields: Any) -> Fact:
    return Fact(source=source, date=_DATE, note=note, **fields)


def _no(note: str) -> Fact:
    return Fact(support="no", source=_DOCS, date=_DATE, note=note)


def _without_demand(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """Claude's facts as they hold here: an output limit may be left out."""
    return {name: replace(fact, required=False, default=None) for name, fact in facts.items()}


_FORCED = {"tool_choice/required": _yes(), "tool_choice/named": _yes()}
_NO_NATIVE = {
    "output/native": _no("this family has no structured output here"),
    "tools/strict": _no("this family has no structured output here"),
}
_NATIVE = {"output/native": _yes("answered in a recording", source=_SEEN)}
_TEXT_ONLY = {
    name: _no("a model of text alone")
    for name in ("parts/image", "parts/image_uri", "parts/document", "parts/document_uri", "tool_result/media")
}
_NO_TOOLS = {"tools": _no("this model has no tools")}
_EFFORTS = ("low", "medium", "high")

# What the protocol has and only some models take: sent where nobody has written that it is refused.
_BY_MODEL = dict.fromkeys(
    (
        "tools",
        "tools/strict",
        "tool_choice/required",
        "tool_choice/named",
        "output/native",
        "output/with_tools",
        "messages/system",
        "messages/prefill",
        "parts/image",
        "parts/document",
        "parts/audio",
        "tool_result/media",
        "tool_result/is_error",
        "cache/breakpoints",
    ),
    Fact(),
)


def _family(name: str) -> str:
    """All ids of a family: with the prefix of an inference profile or inside an ARN."""
    return rf"(.+[./])?{name}.*"


_CLAUDE = (
    ModelRule(
        pattern=_family("claude-"),
        facts={
            **_without_demand(NEWEST),
            "reasoning/summary": _yes("thinking.display"),
            "output/native": _yes("Claude 4.5 and later"),
            "tools/strict": _yes("Claude 4.5 and later"),
            "parts/audio": _no("no audio input"),
            **{
                name: _yes()
                for name in (
                    *("tools", "output/with_tools", "messages/system", "parts/image", "parts/document"),
                    *("tool_result/media", "tool_result/is_error", "cache/breakpoints"),
                )
            },
        },
        spelling={"reasoning/words": "claude", "sampling/top_k": "top_k"},
    ),
    *(replace(rule, facts=_without_demand(rule.facts)) for rule in CLAUDE_RULES),
    ModelRule(
        pattern=_family("claude-(v2|instant)"),
        facts={
            **_NO_TOOLS,
            **_NO_NATIVE,
            **{name: _no("this model has no thinking") for name in ("reasoning/effort", "reasoning/summary")},
            **{f"sampling/{name}": _yes(minimum=0) for name in ("temperature", "top_p", "top_k")},
            "messages/prefill": _yes(),
            "max_output_tokens": _yes(minimum=1, maximum=4096),
        },
    ),
    # The protocol's role system is not for these: 400 on every host but the vendor's own (wire facts).
    ModelRule(pattern=_family("claude-"), facts={"messages/late_system": _no("on the vendor's own API only")}),
)

_NOVA = (
    ModelRule(
        pattern=_family(r"nova-(micro|lite|pro|premier|2)"),
        facts={
            **_FORCED,
            **_NO_NATIVE,
            "tools": _yes(),
            "messages/system": _yes(),
            "tool_result/is_error": _yes(),
            "cache/breakpoints": _yes(),
            "stop": _yes(maximum=4),
            "sampling/top_k": _yes(minimum=0, maximum=128),
        },
        spelling={"sampling/top_k": "inferenceConfig.topK"},
    ),
    ModelRule(pattern=_family("nova-micro"), facts=_TEXT_ONLY),
    ModelRule(
        pattern=_family("nova-2"),
        facts={"reasoning/effort": _yes("Nova 2 guide and vercel/ai #11467", values=("none", *_EFFORTS))},
        spelling={"reasoning/words": "nova"},
    ),
)

_OTHERS = (
    ModelRule(
        pattern=_family("gpt-oss"),
        facts={"reasoning/effort": _yes("vercel/ai #11467, recorded", source=_SEEN, values=_EFFORTS), **_TEXT_ONLY},
        spelling={"reasoning/words": "reasoning_effort"},
    ),
    ModelRule(
        pattern=_family(r"(qwen3|deepseek\.v3)"),
        facts={**_NATIVE, "reasoning/effort": Fact(values=_EFFORTS, note="'high' was answered in a recording")},
        spelling={"reasoning/words": "reasoning_config"},
    ),
    ModelRule(
        pattern=_family(r"deepseek\.r1"),
        facts=_NO_TOOLS,
        spelling={"reasoning/unsigned": "left_out"},
    ),
    ModelRule(
        pattern=_family(r"(gemma-3|kimi|minimax|mistral-large-3|nemotron|glm-4)"),
        facts=_NATIVE,
    ),
    ModelRule(pattern=_family("mistral-large"), facts={**_FORCED, "stop": _yes(maximum=10)}),
    ModelRule(
        pattern=_family("(titan-text|mistral-7b|mixtral-8x7b)"),
        facts={**_NO_TOOLS, **_NO_NATIVE, **_TEXT_ONLY, "messages/system": _no("refused by this model (400)")},
    ),
)


def locate(environ: Mapping[str, str]) -> str | None:
    """The address of the region; `None` where no region is named."""
    region = aws_region(environ)
    suffix = "amazonaws.com.cn" if region is not None and region.startswith("cn-") else "amazonaws.com"
    return None if region is None else f"https://bedrock-runtime.{region}.{suffix}"


PROVIDER = Provider(
    name="bedrock",
    title="Amazon Bedrock",
    wire="bedrock-converse",
    base_url="https://bedrock-runtime.us-east-1.amazonaws.com",
    base_url_env=("AWS_ENDPOINT_URL_BEDROCK_RUNTIME",),
    locate=locate,
    located_by=("AWS_REGION",),
    auth=Auth(env=("AWS_BEARER_TOKEN_BEDROCK",), is_optional=True, source=aws_credentials),
    otel_name="aws.bedrock",
    capabilities=Capabilities(
        facts={**_BY_MODEL, "messages/late_system": _no("only some of the newest models have the role system")},
        spelling={"tools/history": "declared", "output/dialect": "bedrock", "tools/strict_dialect": "bedrock"},
    ),
    models=(*_CLAUDE, *_NOVA, *_OTHERS),
    documentation="https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference.html",
)
