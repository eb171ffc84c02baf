"""A call whose messages are made to fit: before it is sent, and once after the provider says that they do not.

Loaded by the first call that is asked to fit. A cut that the caller's policy allows is no loss that `on_loss` has to
allow as well; what else changes with it is held to `on_loss` as in any other plan.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any, TypeVar

from portable_llm._adaptation import LossPolicy
from portable_llm._capabilities import Capabilities
from portable_llm._errors import ContextWindowError
from portable_llm._http import Work
from portable_llm._plan import Plan, make_plan
from portable_llm.history._fit import Fitted, fitting
from portable_llm.history._strategies import FitPolicy
from portable_llm.history._window import counter, window_in
from portable_llm.providers._target import Target

T = TypeVar("T")


def shortened(
    plan: Plan[T], policy: FitPolicy, losses: LossPolicy | None, target: Target
) -> Generator[Work, Any, Plan[T]]:
    """The plan with messages that fit the window; itself where they do, or where the window is not known.

    Raises `ContextWindowError` where the cuts that the policy allows do not suffice, and `LossError` where the shorter
    request loses more than `losses` allow.
    """
    capabilities = _capabilities(plan)
    window = window_in(capabilities, plan.target) if policy.limit is None else policy.limit
    if window is None:
        return plan
    asked = plan.adapted or plan.request
    reserve = (asked.max_output_tokens or 0) if policy.reserve is None else policy.reserve
    if plan.tokens.high + reserve <= window:
        return plan
    count = counter(capabilities)
    # Tools, a schema and what the chat format adds are no messages, and are sent all the same.
    beside = max(0, plan.tokens.high - sum(map(count, plan.request.messages)))
    fitted = yield from fitting(
        plan.request.messages,
        window,
        count=count,
        reserve=reserve + beside,
        strategy=policy.strategy,
        pinned=policy.pinned,
        reasoning=policy.reasoning,
    )
    return _planned(plan, fitted, losses, target)


def shortened_again(
    plan: Plan[T], policy: FitPolicy, losses: LossPolicy | None, target: Target
) -> Generator[Work, Any, Plan[T] | None]:
    """A plan with clearly fewer tokens than this one, which the provider found too long; `None` where the policy allows
    no cut that would do."""
    count = counter(_capabilities(plan))
    messages = plan.request.messages
    limit = int(sum(map(count, messages)) * policy.tighten)
    try:
        fitted = yield from fitting(
            messages,
            limit,
            count=count,
            strategy=policy.strategy,
            pinned=policy.pinned,
            reasoning=policy.reasoning,
        )
    except ContextWindowError:
        return None
    return _planned(plan, fitted, losses, target)


def _capabilities(plan: Plan[Any]) -> Capabilities:
    return plan.target.capabilities(plan.wire.CAPABILITIES)


def _planned(plan: Plan[T], fitted: Fitted, losses: LossPolicy | None, target: Target) -> Plan[T]:
    """The request with the messages that are left; its ledger begins with the cuts, whose places are the old ones."""
    again = make_plan(replace(plan.request, messages=fitted.messages), target, policy=losses, stream=plan.is_stream)
    cuts_before = tuple(one for one in plan.adaptations if one.axis == "tokens" and one.subject.startswith("/messages"))
    said = tuple(one for one in plan.adaptations if one.subject.startswith("/response/"))
    kept = tuple(one for one in said if one not in again.adaptations)
    return replace(again, adaptations=(*cuts_before, *fitted.adaptations, *again.adaptations, *kept))
