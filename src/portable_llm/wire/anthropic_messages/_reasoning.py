"""How much to think, in the two languages the models of this wire speak: effort words and token budgets.

Newer models take `thinking: adaptive` with `output_config.effort`, older ones `thinking: enabled` with a budget; the
capabilities say which (`_capabilities`). Pairs that a model refuses together are settled here too, before anything is
built: the output constraint wins over the setting, the first setting over the second.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portable_llm._capabilities import Capabilities
from portable_llm._request import NamedTool, Reasoning, Request, Sampling
from portable_llm.wire.anthropic_messages import _ledger as ledger_
from portable_llm.wire.anthropic_messages._blocks import Ledger
from portable_llm.wire.anthropic_messages._ledger import dropped, entry

EFFORT_SHARES = {"minimal": 0.1, "low": 0.2, "medium": 0.5, "high": 0.8, "xhigh": 0.9, "max": 0.95}
"""Share of `max_tokens` sent as a budget for an effort word where a model knows budgets only, so that room is left for
the answer. Chosen here: the vendor gives no table."""

MIN_BUDGET = 1024
"""The smallest budget the protocol takes (SDK types, 2026-11-23)."""

ROOM_FOR_ANSWER = 1024
"""Tokens left below `max_tokens` where a budget has to be cut."""


def reasoning_fields(
    reasoning: Reasoning, max_tokens: int, capabilities: Capabilities, ledger: Ledger
) -> tuple[dict[str, Any] | None, str | None]:
    """`thinking` and `output_config.effort`, each `None` when it is not to be sent."""
    if reasoning.effort == "none":
        thinking, effort = _off(reasoning, capabilities, ledger), None
    elif reasoning.budget_tokens is not None:
        thinking, effort = _by_budget(reasoning, max_tokens, capabilities, ledger)
    elif reasoning.effort is not None:
        thinking, effort = _by_effort(reasoning.effort, max_tokens, capabilities, ledger)
    else:
        thinking, effort = _unasked(reasoning, capabilities), None
    if reasoning.summary is not None:
        _show(thinking, reasoning.summary, capabilities, ledger)
    return thinking, effort


def _off(reasoning: Reasoning, capabilities: Capabilities, ledger: Ledger) -> dict[str, Any]:
    if reasoning.budget_tokens is not None:
        ledger.append(ledger_.BUDGET_MOOT)
    kind = capabilities.spelling.get("reasoning/none", "disabled")
    ledger.append(ledger_.EFFORT_OFF if kind == "disabled" else ledger_.EFFORT_BETWEEN_TOOLS)
    return {"type": kind}


def _by_budget(
    reasoning: Reasoning, max_tokens: int, capabilities: Capabilities, ledger: Ledger
) -> tuple[dict[str, Any] | None, str | None]:
    wanted = reasoning.budget_tokens or 0
    thinking = _enabled(wanted, max_tokens, "/reasoning/budget_tokens", ledger)
    if thinking is not None and thinking["budget_tokens"] == wanted:
        ledger.append(ledger_.BUDGET)
    if reasoning.effort is None:
        return thinking, None
    if _knows_budgets_only(capabilities):
        ledger.append(ledger_.EFFORT_SETTLED)
        return thinking, None
    ledger.append(ledger_.EFFORT)
    return thinking, reasoning.effort


def _by_effort(
    effort: str, max_tokens: int, capabilities: Capabilities, ledger: Ledger
) -> tuple[dict[str, Any] | None, str | None]:
    if not _knows_budgets_only(capabilities):
        ledger.append(ledger_.EFFORT)
        return {"type": "adaptive"}, effort
    budget = max(MIN_BUDGET, int(max_tokens * EFFORT_SHARES[effort]))
    thinking = _enabled(budget, max_tokens, "/reasoning/effort", ledger)
    if thinking is not None:
        detail = f"this model has no effort words: {effort!r} is sent as a budget of {budget} tokens"
        ledger.append(entry("sampling", "/reasoning/effort", "substituted", detail))
    return thinking, None


def _enabled(budget: int, max_tokens: int, subject: str, ledger: Ledger) -> dict[str, Any] | None:
    """Thinking with that budget, which has to stay below `max_tokens`; `None` where nothing fits."""
    if budget < max_tokens:
        return {"type": "enabled", "budget_tokens": budget}
    if max_tokens <= MIN_BUDGET:
        detail = f"not sent: the smallest budget, {MIN_BUDGET} tokens, does not fit below max_tokens = {max_tokens}"
        ledger.append(dropped("sampling", subject, detail))
        return None
    fitting = max(MIN_BUDGET, max_tokens - ROOM_FOR_ANSWER)
    detail = f"a budget of {fitting} tokens is sent: it has to stay below max_tokens = {max_tokens}"
    ledger.append(entry("sampling", subject, "clamped", detail))
    return {"type": "enabled", "budget_tokens": fitting}


def _unasked(reasoning: Reasoning, capabilities: Capabilities) -> dict[str, Any] | None:
    wants_to_see = reasoning.summary is True and not _knows_budgets_only(capabilities)
    return {"type": "adaptive"} if wants_to_see else None


def _show(thinking: dict[str, Any] | None, summary: bool, capabilities: Capabilities, ledger: Ledger) -> None:
    if thinking is not None and thinking["type"] in ("adaptive", "enabled"):
        thinking["display"] = "summarized" if summary else "omitted"
        ledger.append(ledger_.SUMMARY)
    elif summary and thinking is None and _knows_budgets_only(capabilities):
        ledger.append(ledger_.SUMMARY_NEEDS_BUDGET)
    else:
        ledger.append(ledger_.SUMMARY_MOOT)


def _knows_budgets_only(capabilities: Capabilities) -> bool:
    return capabilities.spelling.get("reasoning/effort") == "budget"


# ---- what a model refuses together -----------------------------------------------------------------------------------


def settle(request: Request[Any], capabilities: Capabilities, ledger: Ledger) -> Request[Any]:
    """The request without the weaker half of every pair that this model refuses together."""
    pairs = capabilities.spelling.get("exclusive", "").split()
    if "thinking:forced" in pairs and _thinks(request.reasoning) and _is_forced(request):
        detail = "not sent: this model does not think when a call is forced, and the call is what was demanded"
        ledger.append(dropped("sampling", "/reasoning", detail))
        request = replace(request, reasoning=None)
    sampling = request.sampling
    if "thinking:sampling" in pairs and _thinks(request.reasoning):
        sampling = _without_sampling(sampling, ledger)
    if "temperature:top_p" in pairs and sampling.temperature is not None and sampling.top_p is not None:
        detail = "not sent: this model takes either temperature or top_p"
        ledger.append(dropped("sampling", "/sampling/top_p", detail))
        sampling = replace(sampling, top_p=None)
    return request if sampling is request.sampling else replace(request, sampling=sampling)


def _thinks(reasoning: Reasoning | None) -> bool:
    if reasoning is None or reasoning.effort == "none":
        return False
    return reasoning.effort is not None or reasoning.budget_tokens is not None or reasoning.summary is True


def _is_forced(request: Request[Any]) -> bool:
    return bool(request.tools) and (request.tool_choice == "required" or isinstance(request.tool_choice, NamedTool))


def _without_sampling(sampling: Sampling, ledger: Ledger) -> Sampling:
    """Thinking goes with temperature 1, top_p from 0.95 and no top_k (vendor docs, extended thinking, 2026-11-23)."""
    refused = {
        "temperature": sampling.temperature not in (None, 1),
        "top_p": sampling.top_p is not None and sampling.top_p < 0.95,
        "top_k": sampling.top_k is not None,
    }
    names = [name for name, is_refused in refused.items() if is_refused]
    for name in names:
        detail = f"not sent: this model refuses this {name} while it thinks"
        ledger.append(dropped("sampling", f"/sampling/{name}", detail))
    return replace(sampling, **dict.fromkeys(names)) if names else sampling
