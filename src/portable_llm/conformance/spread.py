"""How much an answer depends on how a question is written: the spread over the dialects of the axis `prompt`.

The dialects of a task draw the same, so a group of twins differs in the dialect alone. What spread chance alone would
make is found by exchanging the dialects within the groups: a spread is only worth a word if it is larger than that.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from portable_llm.conformance.case import JsonObject
from portable_llm.conformance.figures import figure

TAG = "dialect:"
PERMUTATIONS = 2_000
SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The pass rates of one endpoint in one lane, by dialect; all shares from 0 to 1."""

    arm: str
    lane: str
    rates: Mapping[str, float]
    """Dialect → mean share of trials passed, over the groups that have every dialect."""
    groups: int
    spread: float
    """Highest rate minus lowest."""
    by_chance: float
    """Mean spread where the dialects of each group are exchanged at random."""
    p_value: float
    """Share of such exchanges with a spread at least as large (the observed one counted in)."""

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "arm": self.arm,
            "lane": self.lane,
            "groups": self.groups,
            "rates": {dialect: figure(rate) for dialect, rate in self.rates.items()},
            "spread": figure(self.spread),
            "by_chance": figure(self.by_chance),
            "p_value": figure(self.p_value),
        }


def spreads(cases: Iterable[JsonObject]) -> list[Spread]:
    """The spreads of a report's cases (`report["cases"]`), by arm and lane; lanes without whole groups are left out."""
    shares: dict[tuple[str, str], dict[tuple[str, int], dict[str, float]]] = {}
    for case in cases:
        dialect = next((str(tag).removeprefix(TAG) for tag in case["tags"] if str(tag).startswith(TAG)), None)
        if dialect is None:
            continue
        group = str(case["template"]).removesuffix(f"_{dialect}"), int(case["instance"])
        for lane, share in _by_lane(case["trials"]).items():
            shares.setdefault(lane, {}).setdefault(group, {})[dialect] = share
    found = [_spread(lane, groups) for lane, groups in sorted(shares.items())]
    return [one for one in found if one is not None]


def _by_lane(trials: Sequence[JsonObject]) -> dict[tuple[str, str], float]:
    seen: dict[tuple[str, str], list[bool]] = {}
    for trial in trials:
        if trial["outcome"] in ("pass", "fail", "unsupported"):
            seen.setdefault((trial["arm"], trial["lane"]), []).append(trial["outcome"] == "pass")
    return {lane: fmean(passed) for lane, passed in seen.items()}


def _spread(lane: tuple[str, str], groups: Mapping[tuple[str, int], Mapping[str, float]]) -> Spread | None:
    counts = Counter(dialect for group in groups.values() for dialect in group)
    dialects = sorted(dialect for dialect, count in counts.items() if count == len(groups))
    rows = [[group[dialect] for dialect in dialects] for _, group in sorted(groups.items())]
    if len(dialects) < 2:
        return None
    observed = _range(rows)
    order = random.Random(SEED)
    by_chance = [_range([order.sample(row, len(row)) for row in rows]) for _ in range(PERMUTATIONS)]
    at_least = sum(value >= observed - 1e-12 for value in by_chance)
    return Spread(
        arm=lane[0],
        lane=lane[1],
        rates={dialect: fmean(row[place] for row in rows) for place, dialect in enumerate(dialects)},
        groups=len(rows),
        spread=observed,
        by_chance=fmean(by_chance),
        p_value=(at_least + 1) / (PERMUTATIONS + 1),
    )


def _range(rows: Sequence[Sequence[float]]) -> float:
    means = [fmean(column) for column in zip(*rows, strict=True)]
    return max(means) - min(means)
