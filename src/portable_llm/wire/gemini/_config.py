"""Sampling, limits, output and reasoning → `generationConfig`."""

from __future__ import annotations

from typing import Any

from portable_llm._adaptation import Adaptation, Axis
from portable_llm._capabilities import Capabilities
from portable_llm._request import Output, Reasoning, Request, Sampling
from portable_llm.wire.gemini._ledger import entry


def _moved(axis: Axis, subject: str, place: str) -> Adaptation:
    return entry(axis, subject, "moved", f"goes to generationConfig.{place}")


_SAMPLING = tuple(
    (name, wire, _moved("sampling", f"/sampling/{name}", wire))
    for name, wire in (
        ("temperature", "temperature"),
        ("top_p", "topP"),
        ("top_k", "topK"),
        ("seed", "seed"),
        ("presence_penalty", "presencePenalty"),
        ("frequency_penalty", "frequencyPenalty"),
    )
)
_LOGPROBS = _moved("sampling", "/sampling/logprobs", "responseLogprobs and logprobs")
_NO_BIAS = entry("sampling", "/sampling/logit_bias", "dropped", "the wire has no such field", "nobody")
_MAX_TOKENS = _moved("tokens", "/max_output_tokens", "maxOutputTokens")
_STOP = _moved("sampling", "/stop", "stopSequences")
_SCHEMA = _moved("json", "/output/schema", "responseJsonSchema")
_OLDER_SCHEMA = _moved("json", "/output/schema", "responseSchema")
_JSON = _moved("json", "/output", "responseMimeType")
_NAME = entry("json", "/output/name", "dropped", "the wire has no name for an output schema; nothing depends on it")
_STRICT = entry("json", "/output/strict", "dropped", "the schema is always held to; the wire has no switch")
_EFFORT = entry("sampling", "/reasoning/effort", "moved", "goes to generationConfig.thinkingConfig.thinkingLevel")
_EFFORT_AS_BUDGET = entry(
    "sampling", "/reasoning/effort", "emulated", "the model takes a thinkingBudget; the vendor's own table is used"
)
_BUDGET = entry(
    "sampling", "/reasoning/budget_tokens", "moved", "goes to generationConfig.thinkingConfig.thinkingBudget"
)
_SUMMARY = entry("sampling", "/reasoning/summary", "moved", "goes to generationConfig.thinkingConfig.includeThoughts")
_ONE_OF_BUDGET = entry(
    "sampling", "/reasoning/budget_tokens", "dropped", "refused beside an effort, which says the same", "nobody"
)
_ONE_OF_EFFORT = entry(
    "sampling", "/reasoning/effort", "dropped", "refused beside a budget, which says it more exactly", "nobody"
)

# What the vendor's own OpenAI-compatible endpoint makes of an effort on models that take a budget
# (ai.google.dev/gemini-api/docs/openai#thinking, 2026-11-23).
_BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}


def build_config(request: Request[Any], capabilities: Capabilities, ledger: list[Adaptation]) -> dict[str, Any]:
    """The `generationConfig`; empty if nothing asks for one."""
    config: dict[str, Any] = {}
    if request.max_output_tokens is not None:
        config["maxOutputTokens"] = request.max_output_tokens
        ledger.append(_MAX_TOKENS)
    _add_sampling(request.sampling, config, ledger)
    if request.stop:
        config["stopSequences"] = list(request.stop)
        ledger.append(_STOP)
    if request.output is not None:
        _add_output(request.output, capabilities, config, ledger)
    if request.reasoning is not None:
        thinking = _thinking(request.reasoning, capabilities, ledger)
        if thinking:
            config["thinkingConfig"] = thinking
    return config


def _add_sampling(sampling: Sampling, config: dict[str, Any], ledger: list[Adaptation]) -> None:
    for name, wire, note in _SAMPLING:
        value = getattr(sampling, name)
        if value is not None:
            config[wire] = value
            ledger.append(note)
    if sampling.logprobs is not None:
        config["responseLogprobs"] = True
        if sampling.logprobs:
            config["logprobs"] = sampling.logprobs
        ledger.append(_LOGPROBS)
    if sampling.logit_bias is not None:
        ledger.append(_NO_BIAS)


def _add_output(
    output: Output[Any], capabilities: Capabilities, config: dict[str, Any], ledger: list[Adaptation]
) -> None:
    config["responseMimeType"] = "application/json"
    ledger.append(_JSON)
    if output.schema:
        is_older = capabilities.spelling.get("output/dialect") == "gemini-schema"
        config["responseSchema" if is_older else "responseJsonSchema"] = output.schema
        ledger.append(_OLDER_SCHEMA if is_older else _SCHEMA)
        if output.name != "output":
            ledger.append(_NAME)
        if output.strict is not None:
            ledger.append(_STRICT)


def _thinking(reasoning: Reasoning, capabilities: Capabilities, ledger: list[Adaptation]) -> dict[str, Any]:
    thinking: dict[str, Any] = {}
    takes_budget = capabilities.spelling.get("reasoning/effort") == "thinkingBudget"
    effort, budget = reasoning.effort, reasoning.budget_tokens
    if effort is not None and budget is not None:
        ledger.append(_ONE_OF_EFFORT if takes_budget else _ONE_OF_BUDGET)
        effort, budget = (None, budget) if takes_budget else (effort, None)
    if effort is not None:
        ledger.append(_EFFORT_AS_BUDGET if takes_budget else _EFFORT)
        thinking |= {"thinkingBudget": _BUDGETS[effort]} if takes_budget else {"thinkingLevel": effort.upper()}
    if budget is not None:
        ledger.append(_BUDGET)
        thinking["thinkingBudget"] = budget
    if reasoning.summary is not None:
        ledger.append(_SUMMARY)
        thinking["includeThoughts"] = reasoning.summary
    return thinking
