"""What a run can cost, before anything is sent, and the cap on it.

Every call counts with the most it can cost: all of its input billed at the highest rate, its answer as long as allowed.
So a cap is never exceeded (retries apart: a failed try is not billed), and a run that reaches it could have gone on a
little. A call of the lane raw is priced as the library's own call for the same case: it says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from portable_llm._errors import CallerError
from portable_llm.conformance.endpoints import Endpoint
from portable_llm.conformance.jobs import Job
from portable_llm.conformance.lanes import LaneCall, plan_case
from portable_llm.tokens import Cost


class Prices:
    """What each job of a run can cost; each case is priced once for each endpoint."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = endpoints
        self._known: dict[tuple[str, str], Cost | None] = {}

    def cost(self, job: Job) -> Cost | None:
        """The cost of a job between its bounds; `None` for one that sends nothing or that the library cannot plan."""
        if not isinstance(job.call, LaneCall):
            return None
        key = job.arm, job.case.id
        if key not in self._known:
            self._known[key] = self._planned(job, job.call)
        return self._known[key]

    def highest(self, job: Job) -> Decimal | None:
        """US dollars that the job cannot exceed; `None` where no bound is known, nothing for one that sends nothing."""
        if not job.is_sent:
            return Decimal(0)
        cost = self.cost(job)
        return None if cost is None else cost.high

    def _planned(self, job: Job, call: LaneCall) -> Cost | None:
        if call.plan is not None:
            return call.plan.cost
        try:
            return plan_case(job.case, self._endpoints[job.arm]).cost
        except CallerError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What one endpoint's calls can cost altogether."""

    highest: Decimal | None
    """US dollars; `None` where a call has no known bound."""
    unknown: str | None = None
    """Why there is none."""
    source: str = ""
    """The price tables, with their version."""


def money_of(jobs: Iterable[Job], prices: Prices) -> dict[str, Money]:
    """Arm → what its calls can cost altogether."""
    totals: dict[str, Money] = {}
    for job in jobs:
        if not job.is_sent:
            continue
        known, cost = totals.get(job.arm, Money(highest=Decimal(0))), prices.cost(job)
        if known.highest is None:
            continue
        if cost is None or cost.high is None:
            why = "a case cannot be planned" if cost is None else cost.unknown or "no bound is known"
            totals[job.arm] = Money(highest=None, unknown=why)
        else:
            totals[job.arm] = Money(highest=known.highest + cost.high, source=cost.source)
    return totals
