"""What a refused request teaches: facts from a provider's own words, for the rest of a client's life.

Opt-in (`learn=True`). A typed answer like "Unsupported parameter: 'stop'" becomes a fact with the source `observed`;
the request is planned anew with it, so the ledger says what was left out and why, and is sent once more. Nothing is
guessed: the answer has to name a field that the request has set, and to say that it is not supported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any, TypeVar, cast, get_args

from portable_llm._adaptation import LossPolicy
from portable_llm._capabilities import Fact, ModelRule
from portable_llm._errors import BadRequestError, ContextOverflowError, ProviderError
from portable_llm._json import load_json
from portable_llm._plan import Plan, make_plan
from portable_llm._request import Effort, NamedTool, Request
from portable_llm.providers._target import Target

T = TypeVar("T")

SOURCE = "observed"
_MAX_MESSAGE = 2000
"""Characters of a provider's sentence that are looked at; its names stand at the beginning."""

_NAMES: Mapping[str, tuple[str, ...]] = {
    "sampling/temperature": ("temperature",),
    "sampling/top_p": ("top_p", "topP"),
    "sampling/top_k": ("top_k", "topK"),
    "sampling/seed": ("seed", "random_seed"),
    "sampling/presence_penalty": ("presence_penalty", "presencePenalty"),
    "sampling/frequency_penalty": ("frequency_penalty", "frequencyPenalty"),
    "sampling/logit_bias": ("logit_bias",),
    "sampling/logprobs": ("logprobs", "top_logprobs", "responseLogprobs"),
    "stop": ("stop", "stop_sequences", "stopSequences"),
    "max_output_tokens": ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens"),
    "reasoning/effort": ("reasoning_effort", "reasoning.effort", "effort", "output_config.effort", "thinkingLevel"),
    "reasoning/budget_tokens": ("budget_tokens", "thinking.budget_tokens", "thinkingBudget", "thinking_budget"),
    "parallel_tool_calls": ("parallel_tool_calls", "disable_parallel_tool_use"),
    "tool_choice": ("tool_choice", "toolConfig", "toolChoice"),
    "tools/strict": ("strict",),
    "output": (
        "response_format",
        "json_schema",
        "responseSchema",
        "responseJsonSchema",
        "text.format",
        "output_format",
    ),
    "metadata": ("metadata",),
    "cache/key": ("prompt_cache_key",),
}
"""Feature → what providers call it; `tool_choice` and `output` are told apart by what the request asks."""

_REFUSED = re.compile(
    r"unsupported|not supported|does(?: not|n't) support|unknown (?:parameter|field|name)|unrecogni[sz]ed|deprecated"
    r"|not permitted|not allowed|no longer|unexpected (?:parameter|field|keyword)|extra inputs|cannot be (?:set|used)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[`'\"]([A-Za-z_][\w.]{0,60})[`'\"]")
_NAMED = re.compile(
    r"(?:parameter|field|option|argument|keyword)s?:? (\w{2,60})"
    r"|(?<![\w.])(\w{2,60}(?:[._]\w{1,60})?)(?=: extra inputs)"
    r"|support (effort)\b|(?<![\w.])([a-z]+(?:_[a-z]+)+)(?![\w.])",
    re.IGNORECASE,
)
"""A field named without quotation marks: behind a word for it, in front of what is wrong with it, or by an underscore.
A word like *stop* or *seed* anywhere in a sentence names nothing."""
_WORD = re.compile(r"\w{2,60}")
_INSTEAD = re.compile(r"use [`'\"]?(\w{1,60})[`'\"]? instead", re.IGNORECASE)
_LISTED = re.compile(r"supported (?:values|levels)(?: are)?:? (.{1,300})", re.IGNORECASE)
_EFFORTS: tuple[str, ...] = get_args(Effort)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One thing that an answer said about a model."""

    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    spelling: Mapping[str, str] = field(default_factory=dict[str, str])


def lesson_of(error: ProviderError, request: Request[Any], date: str) -> Lesson | None:
    """What the error says about a field that the request has set; `None` if it says nothing of the kind."""
    if not is_refusal(error):
        return None
    message = error.message[:_MAX_MESSAGE]
    feature = _feature([*_parameter(error.body), *_QUOTED.findall(message), *_named(message)], request)
    if feature is None:
        return None
    if feature == "max_output_tokens":
        return _renamed(message)
    note = " ".join(message.split())[:200]
    if feature == "reasoning/effort" and (words := _levels(message, request)):
        return Lesson(facts={feature: Fact(values=words, source=SOURCE, date=date, note=note)})
    return Lesson(facts={feature: Fact(support="no", source=SOURCE, date=date, note=note)})


def is_refusal(error: ProviderError) -> bool:
    """Whether the error says that something in the request is not supported, and not that its value is wrong."""
    if not isinstance(error, BadRequestError) or isinstance(error, ContextOverflowError):
        return False
    is_typed = (error.code or "") in ("unsupported_parameter", "unsupported_value")
    return is_typed or _REFUSED.search(error.message[:_MAX_MESSAGE]) is not None


def _parameter(body: str | None) -> Iterator[str]:
    """The field that the error's own member names."""
    try:
        decoded: Any = load_json((body or "").encode())
    except ValueError:
        return
    error = cast("dict[str, Any]", decoded).get("error") if isinstance(decoded, dict) else None
    named = cast("dict[str, Any]", error).get("param") if isinstance(error, dict) else None
    if isinstance(named, str):
        yield named


def _named(message: str) -> Iterator[str]:
    return (group for found in _NAMED.findall(message) for group in found if group)


def _feature(names: list[str], request: Request[Any]) -> str | None:
    for name in names:
        for feature, known in _NAMES.items():
            if name in known and (asked := _asked(feature, request)) is not None:
                return asked
    return None


def _asked(feature: str, request: Request[Any]) -> str | None:
    """The feature that the request uses there; `None` if it does not."""
    room, _, name = feature.partition("/")
    if feature == "tool_choice":
        choice = request.tool_choice
        word = "named" if isinstance(choice, NamedTool) else choice
        return f"tool_choice/{word}" if word in ("named", "required", "none") else None
    if feature == "output":
        return None if request.output is None else "output/native" if request.output.schema else "output/json"
    if feature == "tools/strict":
        return feature if any(tool.strict for tool in request.tools) else None
    value = getattr(request, room)
    value = getattr(value, name, None) if name and value is not None else value
    return feature if value not in (None, (), {}) else None


def _renamed(message: str) -> Lesson | None:
    """Another name for the limit; a limit is never given up because its name is unknown."""
    found = _INSTEAD.search(message)
    if found is None or found[1] not in _NAMES["max_output_tokens"]:
        return None
    return Lesson(spelling={"max_output_tokens": found[1]})


def _levels(message: str, request: Request[Any]) -> tuple[str, ...]:
    """The words for effort that the model takes, if the answer lists them."""
    found = _LISTED.search(message)
    words = set(_WORD.findall(found[1])) if found else set[str]()
    wanted = request.reasoning.effort if request.reasoning else None
    known = tuple(word for word in _EFFORTS if word in words)
    return known if wanted not in known else ()


class Lessons:
    """What a client has been taught, by provider, address and model; safe to share between threads."""

    def __init__(self) -> None:
        self._rules: dict[tuple[str, str, str], ModelRule] = {}
        self._targets: dict[tuple[str, str, str], Target] = {}
        self._lock = Lock()

    def taught(self, target: Target) -> Target:
        """The target with what has been learned about it."""
        return self._targets.get(_place(target), target)

    def facts(self) -> dict[str, dict[str, Fact]]:
        """Everything learned: `provider:model` → feature → fact."""
        with self._lock:
            return {f"{name}:{model}": dict(rule.facts) for (name, _, model), rule in self._rules.items()}

    def amend(
        self, plan: Plan[T], error: ProviderError, now: float, policy: LossPolicy | None = None
    ) -> Plan[T] | None:
        """The plan without what the error refuses, or `None` if the error teaches nothing that changes it.

        Raises `LossError` if more would be lost than the policy of the call allows. `now` is the time in seconds since
        1970.
        """
        lesson = lesson_of(error, plan.request, datetime.fromtimestamp(now, UTC).date().isoformat())
        if lesson is None:
            return None
        again = make_plan(plan.request, self._learn(plan.target, lesson), stream=plan.is_stream)
        if again.call.body == plan.call.body:
            return None
        if policy is not None:
            policy.check(again.adaptations, f"{plan.target.provider.name}:{plan.target.model}")
        # What was said about the answer stays true, though a plan alone does not know it.
        said = (one for one in plan.adaptations if one.subject.startswith("/response/"))
        kept = tuple(one for one in said if one not in again.adaptations)
        return replace(again, adaptations=(*again.adaptations, *kept)) if kept else again

    def _learn(self, target: Target, lesson: Lesson) -> Target:
        place = _place(target)
        with self._lock:
            before = self._rules.get(place)
            rule = ModelRule(
                pattern=re.escape(target.model),
                facts={**(before.facts if before else {}), **lesson.facts},
                spelling={**(before.spelling if before else {}), **lesson.spelling},
            )
            provider = target.provider
            models = (*(one for one in provider.models if one is not before), rule)
            self._rules[place] = rule
            self._targets[place] = replace(target, provider=provider.with_(models=models))
            return self._targets[place]


def _place(target: Target) -> tuple[str, str, str]:
    return target.provider.name, target.base_url, target.model
