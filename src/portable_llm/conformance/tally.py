"""Trials counted per case and lane: what happened, before anything is made of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from portable_llm.conformance.trials import Lane, Tier, Trial, unique


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneTally:
    """The outcomes of one case in one lane."""

    passes: int
    fails: int
    unsupported: int
    infra: int
    invalid: int
    rejected: bool
    """Whether the provider refused the request of any trial."""
    codes: tuple[str, ...]
    """Reason codes of the trials that did not pass, sorted, with repetition."""

    @property
    def scored(self) -> int:
        """Trials that say something about the endpoint: `unsupported` is not a pass, infra and invalid are missing."""
        return self.passes + self.fails + self.unsupported


_NOT_RUN = LaneTally(passes=0, fails=0, unsupported=0, infra=0, invalid=0, rejected=False, codes=())


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTally:
    """The outcomes of one case, by lane."""

    axis: str
    family: str
    template: str
    case: str
    tier: Tier
    lanes: Mapping[Lane, LaneTally]

    def lane(self, lane: Lane) -> LaneTally:
        """The lane's outcomes; all zero when it was not run."""
        return self.lanes.get(lane, _NOT_RUN)

    @property
    def is_invalid(self) -> bool:
        """Whether the judge failed its self-check anywhere: then no answer to this case can be trusted."""
        return any(tally.invalid for tally in self.lanes.values())

    @property
    def is_unsupported_at_home(self) -> bool:
        """Whether A does not have the capability; the case then leaves the axis."""
        return self.lane("home").unsupported > 0

    @property
    def is_usable(self) -> bool:
        """Whether the case may enter R, as far as A and the judge are concerned."""
        return not self.is_invalid and not self.is_unsupported_at_home and self.lane("home").scored > 0


def tally(trials: Iterable[Trial]) -> tuple[CaseTally, ...]:
    """Count the trials per case, in canonical order. Raises `ValueError` on a trial that occurs twice."""
    rows: dict[tuple[str, str, str, str, Tier], dict[Lane, list[Trial]]] = defaultdict(lambda: defaultdict(list))
    for trial in unique(trials):
        rows[trial.axis, trial.family, trial.template, trial.case, trial.tier][trial.lane].append(trial)
    return tuple(
        CaseTally(
            axis=axis, family=family, template=template, case=case, tier=tier,
            lanes={lane: _lane_tally(lanes[lane]) for lane in sorted(lanes)},
        )
        for (axis, family, template, case, tier), lanes in sorted(rows.items(), key=lambda row: row[0])
    )  # fmt: skip


def _lane_tally(trials: Sequence[Trial]) -> LaneTally:
    counts = Counter(trial.outcome for trial in trials)
    return LaneTally(
        passes=counts["pass"],
        fails=counts["fail"],
        unsupported=counts["unsupported"],
        infra=counts["infra"],
        invalid=counts["invalid_case"],
        rejected=any(trial.rejected for trial in trials),
        codes=tuple(sorted(trial.code for trial in trials if trial.code is not None and trial.outcome != "pass")),
    )


def is_lost_capability(case: CaseTally, lane: Lane) -> bool:
    """Whether A passes the case and B answers "not available" in every scored trial."""
    away = case.lane(lane)
    return case.is_usable and case.lane("home").passes > 0 and 0 < away.unsupported == away.scored


def infra_share(cases: Iterable[CaseTally], lanes: Collection[Lane]) -> float:
    """The share of the lanes' trials that ended in infra, as a fraction; 0 when nothing was tried."""
    tallies = [case.lane(lane) for case in cases for lane in lanes]
    infra = sum(tally.infra for tally in tallies)
    total = infra + sum(tally.scored for tally in tallies)
    return infra / total if total else 0.0
