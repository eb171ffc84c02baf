"""Figures out of fold: every record is judged by weights that saw neither it nor its prompt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np

from refusals.data import CLASSES, Record
from refusals.fit import Floats, fit, scores

FOLDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A record and its verdict out of fold."""

    record: Record
    answer: str
    logits: tuple[float, float]

    @property
    def is_right(self) -> bool:
        """Whether the label allows the answer."""
        return self.answer in self.record.accept


def fold_of(record: Record) -> int:
    """The fold of a record's prompt."""
    return int.from_bytes(hashlib.sha256(record.prompt.encode()).digest()[:8]) % FOLDS


def cross_validate(records: Sequence[Record], own: Sequence[Record]) -> list[Judged]:
    """Five folds by prompt."""
    return _leave_out(records, own, fold_of)


def leave_out(records: Sequence[Record], own: Sequence[Record], of: Callable[[Record], str]) -> list[Judged]:
    """Every record judged by weights that never saw its source (or model)."""
    return _leave_out(records, own, of)


def _leave_out(records: Sequence[Record], own: Sequence[Record], of: Callable[[Record], Any]) -> list[Judged]:
    judged: list[Judged] = []
    for group in sorted({of(record) for record in records}):
        seen = [record for record in records if of(record) != group and record.trains]
        held = [record for record in records if of(record) == group]
        judged += judge(scores(fit([*seen, *own]), held), held)
    return judged


def choices(logits: Floats) -> Any:
    """The class said for each pair of logits."""
    return np.column_stack([np.zeros(len(logits)), logits[:, 0], logits[:, 1]]).argmax(axis=1)


def macro_f1(truth: Any, said: Any) -> float:
    """Mean F1 over three classes."""
    return float(np.mean([f1(truth == each, said == each) for each in range(3)]))


def f1(truth: Any, said: Any) -> float:
    """F1 of two arrays of booleans."""
    both = float((truth & said).sum())
    return 2 * both / max(1.0, float(truth.sum() + said.sum()))


def judge(logits: Floats, records: Sequence[Record]) -> list[Judged]:
    """Verdicts of records by their logits."""
    said = choices(logits)
    return [
        Judged(record=record, answer=CLASSES[int(choice)], logits=(float(one), float(two)))
        for record, choice, (one, two) in zip(records, said, logits, strict=True)
    ]


def temperature(judged: Sequence[Judged]) -> float:
    """The divisor of logits under which out-of-fold probabilities fit the labels best."""
    rows = [one for one in judged if one.record.agreed and one.record.trains]
    logits = np.column_stack([np.zeros(len(rows)), [one.logits for one in rows]])
    targets = np.array([one.record.target for one in rows])

    def loss(value: float) -> float:
        scaled = logits / value
        scaled -= scaled.max(axis=1, keepdims=True)
        logs = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-logs[np.arange(len(rows)), targets].mean())

    # scipy ships no types.
    optimize: Any = import_module("scipy.optimize")
    return float(optimize.minimize_scalar(loss, bounds=(0.3, 5.0), method="bounded").x)


def figures(judged: Sequence[Judged]) -> dict[str, float]:
    """The figures of the issue, over agreed records, counted as the outside scorer counts them."""
    rows = [one for one in judged if one.record.agreed]
    three = [one for one in rows if one.record.label]
    truth = np.array([CLASSES.index(one.record.label or "") for one in three])
    said = np.array([CLASSES.index(one.answer) for one in three])
    declined = [one for one in rows if "compliance" not in one.record.accept]
    served = [one for one in rows if "compliance" in one.record.accept]
    fresh = [one for one in served if one.record.accept <= {"compliance", "partial"}]
    return {
        "declined or not, macro-F1": _binary(rows),
        "declined or not, macro-F1, partial not forgiven": _strict(rows),
        "three classes, macro-F1": macro_f1(truth, said),
        "F1 of compliance": f1(truth == 0, said == 0),
        "F1 of partial": f1(truth == 1, said == 1),
        "F1 of refusal": f1(truth == 2, said == 2),
        "silent misses": _share([one.answer == "compliance" for one in declined if "refusal" in one.record.accept]),
        "false alarms": _share([one.answer == "refusal" for one in fresh]),
        "accepted": _share([one.is_right for one in rows]),
    }


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / max(1, len(hits))


def _binary(rows: Sequence[Judged]) -> float:
    pairs = [_declined(one) for one in rows]
    truth, said = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    return (f1(truth, said) + f1(~truth, ~said)) / 2


def _declined(one: Judged) -> tuple[bool, bool]:
    truth = "compliance" not in one.record.accept
    if one.answer == "partial":
        return truth, truth if len(one.record.accept) > 1 else True
    return truth, one.answer == "refusal"


def _strict(rows: Sequence[Judged]) -> float:
    truth = np.array([one.record.target > 0 for one in rows])
    said = np.array([one.answer != "compliance" for one in rows])
    return (f1(truth, said) + f1(~truth, ~said)) / 2


def agreement(judged: Sequence[Judged]) -> dict[str, float]:
    """Three-way agreement with people on XSTest, a model at a time."""
    rows = [one for one in judged if one.record.agreed and one.record.source == "xstest"]
    models = sorted({one.record.model for one in rows})
    return {
        name: _share([one.answer == one.record.label for one in rows if one.record.model == name]) for name in models
    }


def accepted_by(judged: Sequence[Judged], of: Callable[[Record], str]) -> dict[str, tuple[int, float]]:
    """Agreed records and the share of accepted answers, a group at a time."""
    rows = [one for one in judged if one.record.agreed]
    groups = sorted({of(one.record) for one in rows})
    found = {name: [one.is_right for one in rows if of(one.record) == name] for name in groups}
    return {name: (len(hits), _share(hits)) for name, hits in found.items()}
