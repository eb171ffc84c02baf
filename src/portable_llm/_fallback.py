"""Another model in the place of one that declined; written once, over the exchanges of single answers.

A route is a model that can be asked: its own plan, ledger and credentials, all known before the first byte is sent.
Routes are tried in order while the answer is a refusal. What was tried stays visible: the refusals in
`Response.declined`, their tries and tokens in `attempts` and `usage`, and in the ledger who answered instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from portable_llm._adaptation import Adaptation, entry
from portable_llm._errors import PortableLLMError, ProviderFailureError, RefusedError, UnreadableAnswerError, WaitError
from portable_llm._events import Finished, Restarted
from portable_llm._exchange import Link, StreamExchange, events, known
from portable_llm._exchange import chat as ask
from portable_llm._http import Exchange
from portable_llm._messages import user
from portable_llm._plan import Plan, make_plan
from portable_llm._request import Request
from portable_llm._response import Refusal, Response, Usage
from portable_llm.refusal import RefusalPolicy, is_declined, may_clarify

T = TypeVar("T")

_LATE_FALLBACK = entry(
    "refusal",
    "/response/fallback",
    "weakened",
    "a streamed answer falls back only before its first words or calls: what has gone out cannot be taken back",
    "nobody",
)
_TOO_LATE = entry(
    "refusal",
    "/response/fallback",
    "dropped",
    "declined after words or calls had been streamed, so no other model was asked; ask for the whole answer",
    "nobody",
)
_NO_CLARIFICATION = entry(
    "refusal",
    "/response/clarification",
    "dropped",
    "what has been streamed cannot be asked for again with more context; ask for the whole answer",
    "nobody",
)
_NEXT = (WaitError, ProviderFailureError, UnreadableAnswerError)
"""Failures of a model that was asked instead: the next one is asked. The caller's own mistakes are raised."""


@dataclass(frozen=True, kw_only=True)
class Route(Generic[T]):
    """A model that can be asked, and what it takes to reach it."""

    plan: Plan[T]
    link: Link

    @property
    def name(self) -> str:
        """`provider:model`."""
        return f"{self.plan.target.provider.name}:{self.plan.target.model}"


def chat(routes: Sequence[Route[T]], policy: RefusalPolicy) -> Exchange[Response[T]]:
    """The first answer that is no refusal, or the last refusal; raises `RefusedError` where that is wished for."""
    last, *others = routes
    response = yield from _asked(last, policy)
    for route in others:
        if not is_declined(response):
            break
        try:
            again = yield from _asked(route, policy)
        except _NEXT as error:
            response = _noted(response, _failed(route, error))
        else:
            response = _instead(response, again, _substituted(last, response, route, again))
            last = route
    return _settled(response, policy)


def stream(routes: Sequence[Route[T]], policy: RefusalPolicy) -> StreamExchange[T]:
    """The same as events; `Restarted` says that another model begins. Nothing is taken back once words have come."""
    last, *others = routes
    response = yield from events(last.plan, last.link)
    for route in others:
        if not is_declined(response):
            break
        if response.text or response.tool_calls:
            response = _noted(response, _TOO_LATE)
            break
        yield Restarted(f"{_reason(response)}; {route.name} is asked instead", route.plan)
        again = yield from events(route.plan, route.link)
        response = _instead(response, again, _substituted(last, response, route, again))
        last = route
    response = _settled(response, policy)
    yield Finished(response)
    return response


def streamed(plan: Plan[T], policy: RefusalPolicy) -> Plan[T]:
    """A streaming plan whose ledger says what of the policy a stream cannot do."""
    lacking = tuple(_not_streamed(policy))
    return replace(plan, adaptations=(*plan.adaptations, *lacking)) if lacking else plan


def _not_streamed(policy: RefusalPolicy) -> Iterator[Adaptation]:
    if policy.on_refusal == "fallback":
        yield _LATE_FALLBACK
    if policy.clarification is not None:
        yield _NO_CLARIFICATION


# ---- one route -------------------------------------------------------------------------------------------------------


def _asked(route: Route[T], policy: RefusalPolicy) -> Exchange[Response[T]]:
    """One answer; where the model declined a harmless request in words, asked once more with the context given."""
    response = yield from ask(route.plan, route.link)
    if policy.clarification is None or response.tool_calls or not may_clarify(response.refusal):
        return response
    again = make_plan(
        _clarified(route.plan.request, response, policy.clarification), known(route.plan.target, route.link)
    )
    second = yield from ask(again, route.link)
    return _instead(response, second, _explained(route, second))


def _clarified(request: Request[T], response: Response[T], context: str) -> Request[T]:
    """The conversation with its refusal, and then what the application vouches for, said openly as a user says it."""
    asked = user(f"{context}\n\nWith this in mind, please answer the request above.")
    return replace(request, messages=(*request.messages, response.message, asked))


# ---- what becomes of the answers -------------------------------------------------------------------------------------


def _settled(response: Response[T], policy: RefusalPolicy) -> Response[T]:
    if policy.on_refusal == "raise" and is_declined(response):
        raise RefusedError(
            _reason(response),
            response,
            provider=response.provider,
            model=response.model,
            request_id=response.request_id,
            attempts=len(response.attempts),
        )
    return response


def _instead(before: Response[Any], after: Response[T], said: Adaptation) -> Response[T]:
    """The later answer, with all that it cost to get it; a refusal that reported no tokens adds none."""
    earlier = (*before.declined, replace(before, declined=()))
    usage = after.usage if before.usage == Usage() else before.usage.plus(after.usage)
    return replace(
        after,
        declined=(*earlier, *after.declined),
        attempts=(*before.attempts, *after.attempts),
        usage=usage,
        adaptations=(*after.adaptations, *_carried(before), said),
    )


def _carried(before: Response[Any]) -> Iterator[Adaptation]:
    """Entries about models that were asked in between: the ledger of the last answer tells the whole way."""
    yield from (one for one in before.adaptations if one.axis == "refusal" and one.subject == "/model")


def _noted(response: Response[T], said: Adaptation) -> Response[T]:
    return replace(response, adaptations=(*response.adaptations, said))


def _reason(response: Response[Any]) -> str:
    refusal = response.refusal
    assert refusal is not None, "only refusals are given reasons for"
    shown = refusal.text if refusal.kind == "soft" and refusal.text else ", ".join(refusal.evidence)
    return f"{response.provider}:{response.model} declined ({_kind(refusal)}): {shown[:200]}"


def _kind(refusal: Refusal) -> str:
    return refusal.kind if refusal.category == "unspecified" else f"{refusal.kind}, {refusal.category}"


# Built anew each time: these name what happened in one call, and the interned entries are for what is true of many.


def _substituted(last: Route[Any], declined: Response[Any], route: Route[Any], after: Response[Any]) -> Adaptation:
    assert declined.refusal is not None
    ended = "declined as well" if is_declined(after) else "answered instead"
    return _about_model(f"{last.name} declined ({_kind(declined.refusal)}); {route.name} {ended}")


def _failed(route: Route[Any], error: PortableLLMError) -> Adaptation:
    return _about_model(f"{route.name} was asked instead and failed: {type(error).__name__}: {error.message[:200]}")


def _about_model(detail: str) -> Adaptation:
    return Adaptation(
        axis="refusal", subject="/model", action="substituted", detail=detail, enforced_by="client", source="observed"
    )


def _explained(route: Route[Any], second: Response[Any]) -> Adaptation:
    ended = "and declined again" if is_declined(second) else "and answered"
    return Adaptation(
        axis="refusal",
        subject="/messages",
        action="substituted",
        detail=f"{route.name} declined in words, was asked once more with the application's clarification {ended}",
        enforced_by="client",
        source="observed",
    )
