"""Short ways to write trials: one letter per trial, and simulated endpoints with known pass probabilities."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from portable_llm.conformance.trials import Lane, OutcomeKind, Tier, Trial

LETTERS: dict[str, OutcomeKind] = {"P": "pass", "F": "fail", "U": "unsupported", "I": "infra", "X": "invalid_case"}


def case(
    home: str,
    norm: str = "",
    raw: str = "",
    *,
    name: str = "c",
    template: str = "t",
    family: str = "f",
    axis: str = "tools",
    tier: Tier = "should",
    rejected: bool = False,
) -> list[Trial]:
    """The trials of one case: `case("PPF", "PF")` is three trials of A and two of B through the library."""
    lanes: tuple[tuple[Lane, str], ...] = (("home", home), ("norm", norm), ("raw", raw))
    return [
        Trial(
            axis=axis,
            family=family,
            template=template,
            case=name,
            tier=tier,
            arm="a" if lane == "home" else "b",
            lane=lane,
            index=index,
            outcome=LETTERS[letter],
            code=None if letter == "P" else f"code-{letter}",
            rejected=rejected and lane == "raw",
        )
        for lane, letters in lanes
        for index, letter in enumerate(letters)
    ]


def templates(count: int, home: str, norm: str = "", raw: str = "", **labels: str) -> list[Trial]:
    """`count` templates of one case each, five templates to a family, all with the same outcomes."""
    return [
        trial
        for i in range(count)
        for trial in case(home, norm, raw, **({"template": f"t{i}", "family": f"f{i // 5}"} | labels))  # type: ignore[arg-type]
    ]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How many templates, cases per template and trials per case and arm."""

    templates: int = 40
    instances: int = 2
    trials: int = 3


def simulate(
    rng: random.Random,
    rates: Iterable[tuple[float, float, float]],
    shape: Shape,
    *,
    axis: str = "tools",
    tier: Tier = "should",
) -> list[Trial]:
    """One run of two endpoints; `rates` gives (A, B norm, B raw) per case, template after template."""

    def letters(rate: float) -> str:
        return "".join("P" if rng.random() < rate else "F" for _ in range(shape.trials))

    cells = ((t, i) for t in range(shape.templates) for i in range(shape.instances))
    return [
        trial
        for (t, i), (a, norm, raw) in zip(cells, rates, strict=True)
        for trial in case(
            letters(a),
            letters(norm),
            letters(raw),
            name=f"c{t}-{i}",
            template=f"t{t}",
            family=f"f{t // 5}",
            axis=axis,
            tier=tier,
        )
    ]


def flaky_rates(rng: random.Random, shape: Shape, *, flaky: float = 0.2) -> list[float]:
    """Pass rates of an ordinary vendor: most cases always pass, a share passes now and then."""
    return [rng.uniform(0.3, 0.95) if rng.random() < flaky else 1.0 for _ in range(shape.templates * shape.instances)]


def against_itself(rates: Iterable[float]) -> Iterator[tuple[float, float, float]]:
    """The rates of a comparison of an endpoint with itself."""
    return ((rate, rate, rate) for rate in rates)
