"""The estimator: numbers of a text times weights of a tokenizer's family, and how far that may be off.

The weights are data (`estimates.json`), written by `scripts/calibrate_tokens.py`, which also measures on texts that had
no part in them how far the estimates are off. A bound has two parts: a share of the tokens, one for each group of
scripts, since the weights fit one language better than another; and a part that grows with the root of the tokens,
since a short text is a matter of luck. They are set such that at least 95 of 100 texts that had no part in it lie
within.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from portable_llm.tokens._count import ZERO, Measure
from portable_llm.tokens._features import FEATURES, GROUPS, measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimator:
    """What is known of one family of tokenizers that is not at hand."""

    weights: tuple[float, ...]
    """Tokens per unit of each of `FEATURES`."""
    shares: Mapping[str, float]
    """Group of scripts → the share of its tokens that an estimate may be off by."""
    spread: float
    """And so many times the root of the tokens."""
    source: str
    """What it was calibrated on, and when."""

    def measure(self, text: str) -> Measure:
        """The estimate for a text."""
        if not text:
            return ZERO
        numbers = measure(text)
        by_group: dict[str, float] = {}
        for number, weight, group in zip(numbers, self.weights, GROUPS, strict=True):
            if number:
                by_group[group] = by_group.get(group, 0.0) + number * weight
        _part_languages(by_group, numbers)
        tokens = max(1.0, sum(by_group.values()))
        bias = sum(max(0.0, part) * self.shares.get(group, 0.3) for group, part in by_group.items())
        return Measure(tokens, bias, self.spread * self.spread * tokens)


_WORDS, _FOREIGN = FEATURES.index("latin/1"), FEATURES.index("foreign/1")


def _part_languages(by_group: dict[str, float], numbers: tuple[float, ...]) -> None:
    """Tokens of Latin words, parted into those of English and code, and those of other languages."""
    latin = by_group.pop("latin", 0.0) + by_group.pop("foreign", 0.0)
    words = numbers[_WORDS]
    if words:
        foreign = numbers[_FOREIGN] / words
        by_group["english"] = latin * (1 - foreign)
        by_group["latin"] = latin * foreign


@cache
def _stored() -> Mapping[str, Any]:
    return json.loads((files("portable_llm.tokens") / "estimates.json").read_text(encoding="utf-8"))


def families() -> tuple[str, ...]:
    """Names of the families that can be estimated."""
    return tuple(sorted(_stored()["families"]))


@cache
def estimator(family: str) -> Estimator:
    """The estimator of a family; raises `KeyError` for one that has none."""
    row = _stored()["families"][family]
    weights = row["weights"]
    return Estimator(
        weights=tuple(float(weights.get(name, 0.0)) for name in FEATURES),
        shares={group: float(share) for group, share in row["shares"].items()},
        spread=float(row["spread"]),
        source=str(row["source"]),
    )
