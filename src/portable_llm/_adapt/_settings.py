"""Sampling, reasoning, limits, stop sequences, routing hints: kept, clamped or dropped by the model's facts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar, get_args

from portable_llm._adapt._context import Changed, Context, assumed, dropped
from portable_llm._adaptation import Adaptation, entry
from portable_llm._capabilities import Fact
from portable_llm._request import Effort, Reasoning, Request, Sampling

_SAMPLING = (
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
)
_UNSET = Sampling()
N = TypeVar("N", int, float)
_EFFORTS: tuple[Effort, ...] = get_args(Effort)


def adapt_sampling(request: Request[Any], context: Context) -> Changed:
    """Each option by its own fact: refused or ignored → dropped, out of range → clamped."""
    sampling = request.sampling
    if sampling == _UNSET:
        return request, ()
    entries: list[Adaptation] = []
    changes: dict[str, Any] = {}
    for name in _SAMPLING:
        value = getattr(sampling, name)
        if value is None:
            continue
        subject, fact = f"/sampling/{name}", context.capabilities[f"sampling/{name}"]
        if fact.support != "yes":
            changes[name] = None
            entries.append(dropped("sampling", subject, context, fact))
            continue
        if fact.is_assumed:
            entries.append(assumed("sampling", subject, context))
        if name != "logit_bias" and (clamped := _clamp(value, fact)) != value:
            changes[name] = clamped
            entries.append(_clamped("sampling", subject, value, clamped, context, fact))
    return (replace(request, sampling=replace(sampling, **changes)), entries) if changes else (request, entries)


def _clamp(value: N, fact: Fact) -> N:
    if fact.minimum is not None and value < fact.minimum:
        return type(value)(fact.minimum)
    if fact.maximum is not None and value > fact.maximum:
        return type(value)(fact.maximum)
    return value


def _clamped(axis: Any, subject: str, value: float, clamped: float, context: Context, fact: Fact) -> Adaptation:
    detail = f"{context.target} takes {_range(fact)}: {value} becomes {clamped}"
    return entry(axis, subject, "clamped", detail, "nobody", source=fact.reference)


def _range(fact: Fact) -> str:
    low = "" if fact.minimum is None else f"{fact.minimum:g}"
    high = "" if fact.maximum is None else f"{fact.maximum:g}"
    return f"{low}…{high}"


def adapt_reasoning(request: Request[Any], context: Context) -> Changed:
    """Effort by the nearest word the model knows, budget by its range."""
    if request.reasoning is None:
        return request, ()
    entries: list[Adaptation] = []
    effort = _effort(request.reasoning, context, entries)
    budget = _number(request.reasoning.budget_tokens, "reasoning/budget_tokens", context, entries)
    summary = _flag(request.reasoning.summary, "reasoning/summary", context, entries)
    reasoning = Reasoning(effort=effort, budget_tokens=budget, summary=summary)
    return replace(request, reasoning=None if reasoning == Reasoning() else reasoning), entries


def _effort(reasoning: Reasoning, context: Context, entries: list[Adaptation]) -> Effort | None:
    wanted, fact = reasoning.effort, context.capabilities["reasoning/effort"]
    if wanted is None:
        return None
    if fact.support != "yes":
        entries.append(dropped("sampling", "/reasoning/effort", context, fact))
        return None
    if fact.is_assumed:
        entries.append(assumed("sampling", "/reasoning/effort", context))
    if not fact.values or wanted in fact.values:
        return wanted
    place = _EFFORTS.index(wanted)
    known: list[Effort] = [effort for effort in _EFFORTS if effort in fact.values]
    # Less thinking than asked for is a difference of degree, no thinking at all is another mode.
    some: list[Effort] = [effort for effort in known if effort != "none"]
    known = some if wanted != "none" and some else known
    nearest = min(known, key=lambda effort: (abs(_EFFORTS.index(effort) - place), _EFFORTS.index(effort)))
    detail = f"{context.target} takes {', '.join(known)}: {wanted!r} becomes {nearest!r}"
    entries.append(entry("sampling", "/reasoning/effort", "substituted", detail, "nobody", source=fact.reference))
    return nearest


def _number(value: int | None, feature: str, context: Context, entries: list[Adaptation]) -> int | None:
    if value is None:
        return None
    fact = context.capabilities[feature]
    if fact.support != "yes":
        entries.append(dropped("sampling", f"/{feature}", context, fact))
        return None
    if fact.is_assumed:
        entries.append(assumed("sampling", f"/{feature}", context))
    clamped = int(_clamp(value, fact))
    if clamped != value:
        entries.append(_clamped("sampling", f"/{feature}", value, clamped, context, fact))
    return clamped


def _flag(value: bool | None, feature: str, context: Context, entries: list[Adaptation]) -> bool | None:
    if value is None:
        return None
    fact = context.capabilities[feature]
    if fact.support != "yes":
        # Not to be shown reasoning is what such a model does anyway.
        if value:
            entries.append(dropped("sampling", f"/{feature}", context, fact))
        return None
    if fact.is_assumed:
        entries.append(assumed("sampling", f"/{feature}", context))
    return value


def adapt_limits(request: Request[Any], context: Context) -> Changed:
    """The output limit: within the model's own, and filled in where the provider demands one."""
    fact, value = context.capabilities["max_output_tokens"], request.max_output_tokens
    if value is None:
        if not fact.required or fact.default is None:
            return request, ()
        limit = int(fact.default)
        detail = f"{context.target} demands a limit and the request has none: {limit} is sent"
        note = entry("tokens", "/max_output_tokens", "defaulted", detail, "provider", source=fact.reference)
        return replace(request, max_output_tokens=limit), (note,)
    if fact.support != "yes":
        note = dropped("tokens", "/max_output_tokens", context, fact)
        return replace(request, max_output_tokens=None), (note,)
    clamped = int(_clamp(value, fact))
    if clamped == value:
        return request, (assumed("tokens", "/max_output_tokens", context),) if fact.is_assumed else ()
    if clamped > value:
        detail = f"{context.target} takes no limit below {clamped}: {value} is raised"
        note = entry("tokens", "/max_output_tokens", "substituted", detail, "nobody", source=fact.reference)
    else:
        note = _clamped("tokens", "/max_output_tokens", value, clamped, context, fact)
    return replace(request, max_output_tokens=clamped), (note,)


def adapt_stop(request: Request[Any], context: Context) -> Changed:
    """Stop sequences: as many as the provider takes."""
    if not request.stop:
        return request, ()
    fact = context.capabilities["stop"]
    if fact.support != "yes":
        note = dropped("wire", "/stop", context, fact, "the text will run on past it")
        return replace(request, stop=()), (note,)
    notes = [assumed("wire", "/stop", context)] if fact.is_assumed else []
    if fact.maximum is None or len(request.stop) <= fact.maximum:
        return request, notes
    kept = int(fact.maximum)
    detail = f"{context.target} takes {kept} stop sequences: the last {len(request.stop) - kept} are left out"
    notes.append(entry("wire", "/stop", "clamped", detail, "nobody", source=fact.reference))
    return replace(request, stop=request.stop[:kept]), notes


def adapt_routing(request: Request[Any], context: Context) -> Changed:
    """Cache hints and metadata: cost and bookkeeping only, still never dropped without a word."""
    if request.cache is None and not request.metadata:
        return request, ()
    entries: list[Adaptation] = []
    cache = request.cache
    if cache is not None:
        if cache.breakpoints and (fact := context.capabilities["cache/breakpoints"]).support != "yes":
            entries.append(dropped("tokens", "/cache/breakpoints", context, fact))
            cache = replace(cache, breakpoints=())
        if cache.key is not None and (fact := context.capabilities["cache/key"]).support != "yes":
            entries.append(dropped("tokens", "/cache/key", context, fact))
            cache = replace(cache, key=None)
        if cache.ttl is not None and not cache.breakpoints and cache.key is None:
            entries.append(dropped("tokens", "/cache/ttl", context, context.capabilities["cache/breakpoints"]))
            cache = None
    metadata = request.metadata
    if metadata and (fact := context.capabilities["metadata"]).support != "yes":
        entries.append(dropped("wire", "/metadata", context, fact))
        metadata = {}
    return replace(request, cache=cache, metadata=metadata), entries
