"""One judged trial: the row from which every figure of a report can be computed again.

`score` and `verdict` take any collection of `Trial`s. Order, batching and the spelling of the labels carry no
information; what counts is which rows share an axis, family, template and case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Literal, TypeAlias, cast, get_args

Tier: TypeAlias = Literal["must", "should"]
Arm: TypeAlias = Literal["a", "b"]
Lane: TypeAlias = Literal["home", "raw", "norm", "tuned"]
OutcomeKind: TypeAlias = Literal["pass", "fail", "unsupported", "infra", "invalid_case"]

LANES_OF_B: tuple[Lane, ...] = ("raw", "norm", "tuned")
"""The lanes in which endpoint B is tried; `home` is always endpoint A."""

_CHOICES: dict[str, tuple[str, ...]] = {
    "tier": get_args(Tier),
    "arm": get_args(Arm),
    "lane": get_args(Lane),
    "outcome": get_args(OutcomeKind),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What the judge said about one answer of one endpoint to one case in one lane.

    Raises `ValueError` when a word is not one of the suite's, when the lane does not belong to the arm, or when
    the index is negative.
    """

    axis: str
    family: str
    template: str
    """The generator of the case; the cluster of all statistics."""
    case: str
    """Content hash of the case."""
    tier: Tier
    arm: Arm
    """`a` is the endpoint one leaves, `b` the one considered."""
    lane: Lane
    """How the request was written and the answer read; `home` for arm `a`, the others for arm `b`."""
    index: int
    """Number of the trial of this case in this lane, from 0."""
    outcome: OutcomeKind
    code: str | None = None
    """Reason code of the judge, `None` when there is nothing to explain."""
    rejected: bool = False
    """True when the provider refused the request itself, so that there was no answer to judge."""

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"trial {name} must be one of {', '.join(choices)}; got {getattr(self, name)!r}")
        if (self.arm == "a") != (self.lane == "home"):
            raise ValueError(
                f"lane 'home' belongs to arm 'a', every other lane to 'b'; got {self.arm!r}, {self.lane!r}"
            )
        if self.index < 0:
            raise ValueError(f"trial index counts from 0; got {self.index}")

    @property
    def key(self) -> tuple[str, str, str, str, Lane, int]:
        """What makes this trial unique within a run."""
        return (self.axis, self.family, self.template, self.case, self.lane, self.index)

    def to_json(self) -> dict[str, str | int | bool | None]:
        """The trial as a JSON object; `Trial.from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Trial:
        """Read `to_json`'s form. Raises `ValueError` naming the member that is missing, unknown or of another type."""
        known = {field.name: field for field in fields(cls)}
        if unknown := sorted(set(data) - set(known)):
            raise ValueError(f"trial has unknown members: {', '.join(unknown)}")
        if missing := sorted(set(known) - set(data) - {"code", "rejected"}):
            raise ValueError(f"trial lacks members: {', '.join(missing)}")
        for name, value in data.items():
            _check_type(name, value)
        return cls(**cast("dict[str, str]", dict(data)))  # type: ignore[arg-type]


def _check_type(name: str, value: object) -> None:
    if name == "index":
        fits = isinstance(value, int) and not isinstance(value, bool)
    elif name == "rejected":
        fits = isinstance(value, bool)
    else:
        fits = isinstance(value, str) or (name == "code" and value is None)
    if not fits:
        raise ValueError(f"trial member {name!r} has the wrong type: {value!r}")


def unique(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """The trials in canonical order. Raises `ValueError` when two of them have the same key.

    A case counted twice would be weighted twice, so a run that was resumed wrongly must not pass unnoticed.
    """
    rows = sorted(trials, key=lambda trial: trial.key)
    for before, after in pairwise(rows):
        if before.key == after.key:
            raise ValueError(f"two trials with the same key {after.key}; a trial may be counted once")
    return tuple(rows)
