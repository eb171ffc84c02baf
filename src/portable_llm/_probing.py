"""Probing: a conversation that finds out what a model accepts, and facts out of what was answered.

A generator that yields plans and is sent what became of each: no network here. Nothing is guessed. An error that says
"not supported" of the thing that was asked for makes it `refused`; an answer makes it `accepted`, or `applied` or
`ignored` where it shows which. Anything else stays `unknown`, and no fact is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from portable_llm._capabilities import FEATURES, Capabilities, Fact, ModelRule
from portable_llm._errors import (
    AuthenticationError,
    BadRequestError,
    InvalidRequestError,
    PermissionDeniedError,
    PortableLLMError,
    ProviderError,
    QuotaError,
)
from portable_llm._learning import SOURCE, is_refusal, lesson_of
from portable_llm._plan import Plan, make_plan
from portable_llm._probes import ASKS, Ask, plain_request
from portable_llm._response import Response
from portable_llm.providers._target import Target
from portable_llm.wire import wire_format

Verdict = Literal["applied", "accepted", "ignored", "refused", "unknown", "not asked"]
AnyPlan: TypeAlias = Plan[Any]
Answer: TypeAlias = Response[Any] | PortableLLMError
"""What became of a plan: an answer, or the error that came in its place."""

MAX_CALLS = 40
MAX_TOKENS = 4000
"""Tokens of output, all calls together."""
_MAX_NOTE = 160
_NAMES_OF_LIMIT = ("max_completion_tokens", "max_tokens")
_STOPS = (AuthenticationError, PermissionDeniedError, QuotaError)
"""Errors after which no other answer can be expected."""
_MAX_FAILURES = 3
"""Errors in a row that are not about the request."""

_DENIED = re.compile(r"not enabled|not available|only supports?|must end with", re.IGNORECASE)
"""More ways to say that something is not supported. A field is never learned by them, only what was asked for."""

_OTHER_VALUE = re.compile(
    r"supported (?:values?|levels?|options?)|\bone of\b|must be\b|\binvalid value"
    r"|additional_?properties|\benum\b|\bkeywords?\b",
    re.IGNORECASE,
)
"""It is the value that is refused, or a word of the schema, and not the feature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is known of one feature after it was asked for."""

    feature: str
    verdict: Verdict
    note: str = ""
    fact: Fact | None = None
    """`None`: nothing was found out, or it is no feature that requests depend on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All findings about a model."""

    target: Target
    findings: tuple[Finding, ...] = ()
    spelling: Mapping[str, str] = field(default_factory=dict[str, str])
    """What had to be called by another name than is known."""
    calls: int = 0
    output_tokens: int = 0
    """As reported; where a call reported none, its limit is counted."""
    error: PortableLLMError | None = None
    """Why not even the plain request was answered."""

    @property
    def rules(self) -> tuple[ModelRule, ...]:
        """The facts as rules for this model. What holds while it thinks is kept apart from what was found now."""
        facts = {one.feature: one.fact for one in self.findings if one.fact is not None}
        if not facts and not self.spelling:
            return ()
        pattern, thinks = re.escape(self.target.model), _thinks_unasked(self.target)
        found = ModelRule(pattern=pattern, when="thinking" if thinks else "always", facts=facts, spelling=self.spelling)
        kept = {} if thinks else _while_thinking(self.target, facts)
        return (found, ModelRule(pattern=pattern, when="thinking", facts=kept)) if kept else (found,)


def _known(target: Target, *, thinking: bool = False) -> Capabilities:
    row = target.provider
    return row.capabilities_of(target.model, wire_format(row.wire).CAPABILITIES, thinking=thinking)


def _thinks_unasked(target: Target) -> bool:
    return _known(target).spelling.get("reasoning/default") == "on"


def _while_thinking(target: Target, facts: Iterable[str]) -> dict[str, Fact]:
    """Facts that hold only while the model thinks: a later rule for all requests would cover them up."""
    plain, thinking = _known(target), _known(target, thinking=True)
    return {name: thinking[name] for name in facts if thinking[name] != plain[name]}


# ---- what is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """A question and its plan, or why it cannot be asked."""

    ask: Ask
    plan: AnyPlan | None
    why_not: str = ""


def opened(target: Target) -> Target:
    """The target as its wire format would have it: nothing that is asked for is left out before it is sent."""
    known, wire = _known(target, thinking=_thinks_unasked(target)), wire_format(target.provider.wire).CAPABILITIES
    asked = {
        one.feature: _opened(one.feature, known[one.feature], wire[one.feature])
        for one in ASKS
        if one.feature in FEATURES
    }
    row = target.provider.with_(capabilities=known.with_(asked), models=())
    return replace(target, provider=row)


_OPTION = re.compile(r"sampling/|reasoning/|tool_choice/|stop$|tools/strict$|parallel_tool_calls$|cache/key$|metadata$")
"""Features that are a field of the wire request: whether a format has one shows in what it writes."""


def _opened(feature: str, known: Fact, wire: Fact) -> Fact:
    if wire.support == "yes":
        return wire
    # Some hosts add fields to a format; the format writes those that it knows of.
    return replace(known if known.support == "yes" else wire, support="yes") if _OPTION.match(feature) else wire


def steps(target: Target) -> tuple[Step, ...]:
    """Everything there is to ask of a target that has been `opened`: offline."""
    return tuple(_step(ask, target) for ask in ASKS)


def plain_plan(target: Target) -> AnyPlan:
    """The request that all others differ from."""
    return make_plan(plain_request(f"{target.provider.name}:{target.model}"), target)


def _step(ask: Ask, target: Target) -> Step:
    plain = plain_request(f"{target.provider.name}:{target.model}")
    if ask.feature in FEATURES and (fact := _known(target)[ask.feature]).support != "yes":
        return Step(ask, None, f"the wire format has no way to say it{f': {fact.note}' if fact.note else ''}")
    try:
        plan = make_plan(ask.change(plain), target, stream=ask.is_stream)
        without = make_plan(ask.beside(plain) if ask.beside else plain, target, stream=ask.is_stream)
    except InvalidRequestError as error:
        return Step(ask, None, f"cannot be said: {error.message}")
    if not ask.is_stream and (plan.call == without.call or _is_altered(plan, ask)):
        return Step(ask, None, "the wire format does not say it as it was asked")
    return Step(ask, plan)


def _is_altered(plan: AnyPlan, ask: Ask) -> bool:
    changed = ("dropped", "substituted", "clamped")
    return any(one.action in changed and one.subject == f"/{ask.feature}" for one in plan.adaptations)


# ---- the conversation ------------------------------------------------------------------------------------------------


class _Tally:
    """Calls and tokens so far, and whether another may be made."""

    def __init__(self, max_calls: int, max_tokens: int) -> None:
        self.calls = self.tokens = self._failures = 0
        self._max_calls, self._max_tokens = max_calls, max_tokens
        self._ended: str | None = None

    def why_not(self, plan: AnyPlan) -> str | None:
        """Why this plan must not be sent any more."""
        if self._ended is not None:
            return self._ended
        if self.calls >= self._max_calls:
            return f"the cap of {self._max_calls} calls is reached"
        if self.tokens + (plan.request.max_output_tokens or 0) > self._max_tokens:
            return f"the cap of {self._max_tokens} output tokens is reached"
        return None

    def note(self, plan: AnyPlan, answer: Answer) -> None:
        """Count what became of a plan."""
        self.calls += 1
        if isinstance(answer, Response):
            came = answer.usage.output_tokens
            self.tokens += (plan.request.max_output_tokens or 0) if came is None else came
        about_request = isinstance(answer, (Response, BadRequestError))
        self._failures = 0 if about_request else self._failures + 1
        if isinstance(answer, _STOPS) or self._failures >= _MAX_FAILURES:
            self._ended = f"given up: {_said(str(answer))}"


def probing(
    target: Target, date: str, *, max_calls: int = MAX_CALLS, max_tokens: int = MAX_TOKENS
) -> Generator[AnyPlan, Answer, Report]:
    """Ask everything; yields plans, is sent what became of each, returns the report. `date`: the ISO day of today."""
    tally = _Tally(max_calls, max_tokens)
    free, answer = yield from _begin(opened(target), tally)
    if not isinstance(answer, Response):
        return Report(target=target, calls=tally.calls, output_tokens=tally.tokens, error=answer)
    findings: dict[str, Finding] = {}
    for step in steps(free):
        found = yield from _ask(step, findings, tally, target, date)
        if step.ask.feature == "max_output_tokens" and found.verdict == "ignored":
            other = yield from _other_name(free, findings, tally, target, date)
            free, found = other or (free, found)
        findings[step.ask.feature] = found
    known, now = _known(target).spelling, _known(free).spelling
    return Report(
        target=target,
        findings=tuple(findings.values()),
        spelling={name: word for name, word in now.items() if known.get(name) != word},
        calls=tally.calls,
        output_tokens=tally.tokens,
    )


def _begin(target: Target, tally: _Tally) -> Generator[AnyPlan, Answer, tuple[Target, Answer]]:
    """The plain request; once more with another name for the limit where that is what was refused."""
    plan = plain_plan(target)
    answer = yield plan
    tally.note(plan, answer)
    if not isinstance(answer, ProviderError) or not is_refusal(answer) or not _names_limit(answer):
        return target, answer
    for other in _respelled(target):
        plan = plain_plan(other)
        again = yield plan
        tally.note(plan, again)
        if isinstance(again, Response):
            return other, again
    return target, answer


def _names_limit(error: ProviderError) -> bool:
    return any(name in f"{error.message} {error.body or ''}" for name in _NAMES_OF_LIMIT)


def _respelled(target: Target) -> list[Target]:
    """The target with each other name for the limit that its wire format can write."""
    row, body = target.provider, plain_plan(target).call.body
    others = [
        replace(target, provider=row.with_(capabilities=row.capabilities.with_(spelling={"max_output_tokens": name})))
        for name in _NAMES_OF_LIMIT
    ]
    return [other for other in others if plain_plan(other).call.body != body]


def _other_name(
    free: Target, findings: Mapping[str, Finding], tally: _Tally, target: Target, date: str
) -> Generator[AnyPlan, Answer, tuple[Target, Finding] | None]:
    """The limit under another name, where one is accepted and has no effect."""
    for other in _respelled(free):
        found = yield from _ask(steps(other)[0], findings, tally, target, date)
        if found.verdict == "applied":
            return other, found
    return None


def _ask(
    step: Step, findings: Mapping[str, Finding], tally: _Tally, target: Target, date: str
) -> Generator[AnyPlan, Answer, Finding]:
    ask, plan = step.ask, step.plan
    if plan is None:
        return Finding(feature=ask.feature, verdict="not asked", note=_said(step.why_not))
    missing = [name for name in ask.needs if findings[name].verdict not in ("accepted", "applied")]
    if missing:
        note = f"means nothing without {missing[0]}, which is {findings[missing[0]].verdict}"
        return Finding(feature=ask.feature, verdict="not asked", note=note)
    if (why := tally.why_not(plan)) is not None:
        return Finding(feature=ask.feature, verdict="not asked", note=why)
    answer = yield plan
    tally.note(plan, answer)
    return read_answer(ask, plan, answer, _known_fact(ask.feature, target), date)


# ---- what is found ---------------------------------------------------------------------------------------------------


def _known_fact(feature: str, target: Target) -> Fact:
    return _known(target, thinking=_thinks_unasked(target))[feature] if feature in FEATURES else Fact()


def read_answer(ask: Ask, plan: AnyPlan, answer: Answer, known: Fact, date: str) -> Finding:
    """What an answer, or an error in its place, says about the feature; `known` is the fact so far, with its range."""
    if not isinstance(answer, Response):
        return _read_error(ask, plan, answer, date)
    seen = ask.look(plan.request, answer)
    if seen is not None and not seen.is_applied:
        return _found(ask, "ignored", f"accepted without effect: {seen.what}", Fact(support="ignored"), date)
    if seen is None and (why := _proves_nothing(ask, plan, known)) is not None:
        return Finding(feature=ask.feature, verdict="accepted", note=_said(f"accepted; {why}"))
    # A range that is known of the provider, else that of the wire format, which the plan was made with.
    base = known if known.support == "yes" or ask.feature not in FEATURES else _known(plan.target)[ask.feature]
    if seen is None:
        return _found(ask, "accepted", "accepted; whether it has an effect was not seen", base, date)
    return _found(ask, "applied", f"accepted; seen: {seen.what}", base, date)


def _proves_nothing(ask: Ask, plan: AnyPlan, known: Fact) -> str | None:
    """Why an answer that shows no effect must not turn into a yes."""
    if known.support == "ignored":
        return f"known to have no effect ({known.reference})"
    wire = wire_format(plan.target.provider.wire).CAPABILITIES
    if ask.feature in FEATURES and wire[ask.feature].support != "yes":
        return "no field of the protocol, and many services take what they do not know without a word"
    return None


def _found(ask: Ask, verdict: Verdict, note: str, base: Fact, date: str) -> Finding:
    fact = replace(base, source=SOURCE, date=date, note=_said(note)) if ask.feature in FEATURES else None
    return Finding(feature=ask.feature, verdict=verdict, note=_said(note), fact=fact)


def _read_error(ask: Ask, plan: AnyPlan, error: PortableLLMError, date: str) -> Finding:
    note = _said(f"{type(error).__name__}: {error}")
    if not isinstance(error, ProviderError):
        return Finding(feature=ask.feature, verdict="unknown", note=note)
    lesson = lesson_of(error, plan.request, date)
    learned = lesson.facts.get(ask.feature) if lesson is not None else None
    if learned is not None and learned.support == "yes":
        return _found(ask, "accepted", f"other words than the one asked for: {learned.note}", learned, date)
    if learned is not None:
        return _found(ask, "refused", learned.note, learned, date)
    if lesson is None and _is_denied(ask, error):
        return _found(ask, "refused", error.message, Fact(support="no"), date)
    return Finding(feature=ask.feature, verdict="unknown", note=note)


def _is_denied(ask: Ask, error: ProviderError) -> bool:
    """Whether the error says of what was asked for, in words, that it is not supported."""
    if not ask.words or not isinstance(error, BadRequestError) or _OTHER_VALUE.search(error.message):
        return False
    is_no = is_refusal(error) or _DENIED.search(error.message) is not None
    return is_no and re.search(ask.words, error.message, re.IGNORECASE) is not None


def _said(text: str) -> str:
    """Words of a stranger in one line that can be printed and stored."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text[:2000]).split())
    return line if len(line) <= _MAX_NOTE else f"{line[: _MAX_NOTE - 1]}…"
