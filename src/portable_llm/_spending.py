"""Limits on what a call may spend, held before anything is sent.

A limit is a promise, so it is held against the upper bound: a request is refused when it *could* cost more, or be
longer, than allowed. All models that a call may ask (fallbacks too) are checked before the first is asked. What a call
asks again (a re-ask, a clarification, a fallback, the rounds of a run with tools) is checked again, with what has been
spent so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypedDict

from portable_llm._errors import BudgetError, ConfigurationError
from portable_llm.refusal import REFUSAL_OPTIONS, RefusalOptions

if TYPE_CHECKING:
    from portable_llm._plan import Plan
    from portable_llm._response import Response
    from portable_llm.history import FitPolicy
    from portable_llm.tokens import Cost


class BudgetOptions(TypedDict, total=False):
    """What a call, or a client for each of its calls, may spend; checked before anything is sent."""

    max_cost: Decimal | float | str | None
    """US dollars, for all that the call sends: re-asks, fallbacks and rounds with tools included."""
    max_input_tokens: int | None
    """Input tokens of each request."""
    fit: FitPolicy | None
    """How messages are made to fit the context window: `portable_llm.history.FitPolicy`. By default nothing is cut."""


class SendOptions(RefusalOptions, BudgetOptions, total=False):
    """What to do should the model decline, what may be spent, and what may be cut."""


BUDGET_OPTIONS: frozenset[str] = frozenset(BudgetOptions.__annotations__)
SEND_OPTIONS: frozenset[str] = REFUSAL_OPTIONS | BUDGET_OPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`BudgetOptions`, checked."""

    max_cost: Decimal | None = None
    max_input_tokens: int | None = None
    fit: FitPolicy | None = None

    def with_(self, options: Mapping[str, Any]) -> Limits:
        """These limits with what `options` say instead (`None` lifts one); raises `ConfigurationError` for what is no
        limit. Options of other kinds are passed over."""
        if options.keys().isdisjoint(BUDGET_OPTIONS):
            return self
        cost = _amount(options["max_cost"]) if "max_cost" in options else self.max_cost
        tokens = options.get("max_input_tokens", self.max_input_tokens)
        if tokens is not None and (isinstance(tokens, bool) or not isinstance(tokens, int) or tokens < 0):
            raise ConfigurationError(f"max_input_tokens is a number of tokens, got {tokens!r}")
        return Limits(max_cost=cost, max_input_tokens=tokens, fit=_policy(options.get("fit", self.fit)))

    def purse(self) -> Purse | None:
        """What one call may spend; `None` where nothing is limited."""
        return None if self == _NO_LIMITS else Purse(self)


_NO_LIMITS = Limits()


def _policy(given: Any) -> FitPolicy | None:
    if given is None:
        return None
    from portable_llm.history import FitPolicy  # here: a client that cuts nothing does not load it

    if not isinstance(given, FitPolicy):
        raise ConfigurationError(f"fit is a portable_llm.history.FitPolicy, got {given!r}")
    return given


def _amount(given: Any) -> Decimal | None:
    if given is None:
        return None
    try:
        amount = Decimal(str(given))
    except InvalidOperation:
        amount = Decimal("NaN")
    if isinstance(given, bool) or not amount.is_finite() or amount < 0:
        raise ConfigurationError(f"max_cost is an amount of US dollars, got {given!r}")
    return amount


class Purse:
    """The money of one call. Not shared between calls, so it needs no lock."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.spent = Decimal(0)
        """What the answers of this call have cost so far."""

    @property
    def fit(self) -> FitPolicy | None:
        """How messages are made to fit, if they are."""
        return self._limits.fit

    def admit(self, plan: Plan[Any], *, is_cut: bool = False) -> None:
        """Raises `BudgetError` if sending this plan could exceed a limit; one that may yet be cut is left for later."""
        if self.fit is not None and not is_cut:
            return
        self._admit_tokens(plan)
        self._admit_cost(plan)

    def _admit_tokens(self, plan: Plan[Any]) -> None:
        limit = self._limits.max_input_tokens
        if limit is not None and plan.tokens.high > limit:
            raise BudgetError(
                f"{_name(plan)}: the request is {plan.tokens}, and max_input_tokens is {limit}; shorten it, raise the "
                "limit, or have the provider count it: client.count_tokens(...)",
                tokens=plan.tokens,
                limit=limit,
                provider=plan.target.provider.name,
                model=plan.target.model,
            )

    def _admit_cost(self, plan: Plan[Any]) -> None:
        limit = self._limits.max_cost
        if limit is None:
            return
        cost = plan.cost
        if cost.high is not None and self.spent + cost.high <= limit:
            return
        raise BudgetError(
            f"{_name(plan)}: the request {self._why(plan, cost, limit)}",
            tokens=plan.tokens,
            cost=cost,
            limit=limit,
            provider=plan.target.provider.name,
            model=plan.target.model,
        )

    def _why(self, plan: Plan[Any], cost: Cost, limit: Decimal) -> str:
        if cost.high is None:
            return f"cannot be held to max_cost: {cost.unknown}"
        before = f" after {_exactly(self.spent)} already spent" if self.spent else ""
        return (
            f"may cost up to {_exactly(cost.high)}{before}, and max_cost is {_exactly(limit)} ({plan.tokens} in, at "
            f"most {plan.most_output} out; {cost.source}); lower max_output_tokens, shorten it, or raise the limit"
        )

    def settle(self, plan: Plan[Any], response: Response[Any]) -> None:
        """Take off what an answer cost; one whose usage was not reported costs the most it could."""
        if self._limits.max_cost is not None:
            cost = plan.cost_of(response.usage)
            self.spent += cost.high if cost.high is not None else plan.cost.high or Decimal(0)


def _exactly(amount: Decimal) -> str:
    return f"${amount.normalize():f}"


def _name(plan: Plan[Any]) -> str:
    return f"{plan.target.provider.name}:{plan.target.model}"
