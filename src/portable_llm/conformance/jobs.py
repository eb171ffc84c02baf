"""What a run has to send: every exchange, known before the first is made."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portable_llm.conformance.case import Case
from portable_llm.conformance.endpoints import Endpoint
from portable_llm.conformance.lanes import LaneCall, NotSent, home_call, norm_call, raw_call


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One exchange to make, or a lane's reason not to."""

    arm: str
    case: Case
    lanes: tuple[str, ...]
    trial: int
    call: LaneCall | NotSent

    @property
    def key(self) -> str:
        """The key of the record it will leave."""
        return f"{self.arm}/{self.case.id}/{'+'.join(self.lanes)}/{self.trial}"

    @property
    def is_sent(self) -> bool:
        """Whether it costs a call."""
        return isinstance(self.call, LaneCall)


def plan_jobs(
    cases: Sequence[Case], a: Endpoint, b: Endpoint | None, *, trials: int, seed: int, with_home: bool = True
) -> list[Job]:
    """All jobs in their order: arms interleaved, cases shuffled by the seed, so that time of day hits both alike.

    Without `b`: the home lane only (a baseline). Without `with_home`: B's lanes only, against a stored home run.
    """
    jobs = [job for case in cases for job in _of_case(case, a, b, trials, with_home)]
    order = random.Random(seed)
    rounds: dict[tuple[int, str], list[Job]] = {}
    for job in jobs:
        rounds.setdefault((job.trial, job.case.id), []).append(job)
    groups = list(rounds.values())
    order.shuffle(groups)
    for group in groups:
        order.shuffle(group)
    return [job for group in groups for job in group]


def _of_case(case: Case, a: Endpoint, b: Endpoint | None, trials: int, with_home: bool) -> Iterator[Job]:
    home = home_call(case, a)
    if isinstance(home, NotSent):
        # The case leaves the axis; what B makes of it is nobody's question.
        if with_home:
            yield Job(arm="a", case=case, lanes=("home",), trial=0, call=home)
        return
    for trial in range(trials):
        if with_home:
            yield Job(arm="a", case=case, lanes=("home",), trial=trial, call=home)
        if b is not None:
            yield from _of_b(case, home, a, b, trial)


def _of_b(case: Case, home: LaneCall, a: Endpoint, b: Endpoint, trial: int) -> Iterator[Job]:
    raw, norm = raw_call(case, home.call, a, b), norm_call(case, b)
    if _are_equal(raw, norm):
        yield Job(arm="b", case=case, lanes=("raw", "norm"), trial=trial, call=norm)
        return
    yield Job(arm="b", case=case, lanes=("raw",), trial=trial, call=raw)
    yield Job(arm="b", case=case, lanes=("norm",), trial=trial, call=norm)


def _are_equal(raw: LaneCall | NotSent, norm: LaneCall | NotSent) -> bool:
    """Whether both lanes ask the same, so that one exchange serves both and only the reading differs."""
    if isinstance(raw, NotSent) or isinstance(norm, NotSent):
        return False
    return (raw.call.path, raw.call.json) == (norm.call.path, norm.call.json)


def omitted_fields(cases: Sequence[Case], a: Endpoint, b: Endpoint | None) -> dict[str, tuple[str, ...]]:
    """By case: the fields of home's request that the raw lane cannot carry."""
    found: dict[str, tuple[str, ...]] = {}
    for case in cases:
        home = home_call(case, a)
        if b is None or isinstance(home, NotSent):
            continue
        raw = raw_call(case, home.call, a, b)
        if isinstance(raw, LaneCall) and raw.omitted:
            found[case.id] = raw.omitted
    return found
