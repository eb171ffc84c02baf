"""Figures out of fold: every record is judged by weights that saw neither it nor its prompt.

What judges is the product's own code with the weights of the fold, packed as they are shipped.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np

from portable_llm.refusal._soft import verdict
from portable_llm.refusal._soft_model import Model
from refusals.data import CLASSES, Record
from refusals.fit import PENALTIES, Floats, Penalty, fit, product
from refusals.perturb import perturbed

FOLDS: Final = 5
FIXED: Final = Penalty(structure=10.0, words=2.0)
"""For leaving out sources and models, where choosing again would take an hour."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Verdicts out of fold, what was chosen inside the folds, and the models themselves."""

    judged: list[Judged]
    penalties: list[Penalty]
    models: list[Model]


def fold_of(record: Record, folds: int = FOLDS, salt: str = "") -> int:
    """The fold of a record's prompt."""
    return int.from_bytes(hashlib.sha256((salt + record.prompt).encode()).digest()[:8]) % folds


def cross_validate(records: Sequence[Record], own: Sequence[Record]) -> Validation:
    """Five folds by prompt; the penalties are chosen within the training part of each."""
    result = Validation(judged=[], penalties=[], models=[])
    for fold in range(FOLDS):
        seen = [record for record in records if fold_of(record) != fold and record.trains]
        penalty = chosen(seen, own)
        model = product(fit([*seen, *own], penalty))
        result.penalties.append(penalty)
        result.models.append(model)
        result.judged.extend(judge(model, [record for record in records if fold_of(record) == fold]))
    return result


def chosen(seen: Sequence[Record], own: Sequence[Record]) -> Penalty:
    """The penalties under which two halves foretell each other's labels best."""
    return max(PENALTIES, key=lambda penalty: sum(_foretold(seen, own, penalty, half) for half in range(2)))


def _foretold(seen: Sequence[Record], own: Sequence[Record], penalty: Penalty, half: int) -> float:
    model = product(fit([*[one for one in seen if fold_of(one, 2, "inner ") != half], *own], penalty))
    held = [one for one in seen if fold_of(one, 2, "inner ") == half]
    return -_loss(np.array([model.logits(one.reading) for one in held]), held, 1.0) * len(held)


def leave_out(records: Sequence[Record], own: Sequence[Record], of: Callable[[Record], str]) -> list[Judged]:
    """Every record judged by weights that never saw its source (or model)."""
    judged: list[Judged] = []
    for group in sorted({of(record) for record in records}):
        seen = [record for record in records if of(record) != group and record.trains]
        judged += judge(product(fit([*seen, *own], FIXED)), [record for record in records if of(record) == group])
    return judged


def judge(model: Model, records: Sequence[Record]) -> list[Judged]:
    """What the product says of records with these weights."""
    return [
        Judged(
            record=record,
            answer=verdict(record.prompt, record.response, model).label,
            logits=model.logits(record.reading),
        )
        for record in records
    ]


def robustness(validation: Validation) -> dict[str, tuple[int, int]]:
    """Perturbation → records and unchanged verdicts, each by the model that did not see the record."""
    tried: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for place, one in enumerate(validation.judged):
        model = validation.models[fold_of(one.record)]
        for name, form in perturbed(one.answer, one.record.response, place).items():
            tried[name] += 1
            kept[name] += verdict(one.record.prompt, form, model).label == one.answer
    return {name: (count, kept[name]) for name, count in tried.items()}


# --- calibration --------------------------------------------------------------------------------------------------


def _loss(logits: Floats, records: Sequence[Record], temperature: float) -> float:
    shares = _shares(logits, temperature)
    allowed = np.array([record.allowed for record in records])
    return float(-np.log((shares * allowed).sum(axis=1)).mean())


def _shares(logits: Floats, temperature: float) -> Floats:
    scaled = np.column_stack([np.zeros(len(logits)), logits]) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _trained(judged: Sequence[Judged]) -> list[Judged]:
    return [one for one in judged if one.record.trains]


def temperature(judged: Sequence[Judged]) -> float:
    """The divisor of logits under which out-of-fold probabilities fit the labels best."""
    rows = _trained(judged)
    logits, records = np.array([one.logits for one in rows]), [one.record for one in rows]
    # scipy ships no types.
    optimize: Any = import_module("scipy.optimize")

    def loss(value: float) -> float:
        return _loss(logits, records, value)

    return float(optimize.minimize_scalar(loss, bounds=(0.3, 5.0), method="bounded").x)


def calibration(judged: Sequence[Judged], divisor: float, bins: int = 10) -> list[dict[str, float]]:
    """Tenths of the probability that an answer declines (partial or refusal): what was said, what was so."""
    rows = [one for one in judged if one.record.agreed]
    said = 1 - _shares(np.array([one.logits for one in rows]), divisor)[:, 0]
    true = np.array(["compliance" not in one.record.accept for one in rows])
    place = np.minimum((said * bins).astype(int), bins - 1)
    return [
        {
            "count": int((place == each).sum()),
            "said": float(said[place == each].mean()),
            "so": float(true[place == each].mean()),
        }
        for each in range(bins)
        if (place == each).any()
    ]


# --- figures ------------------------------------------------------------------------------------------------------


def f1(truth: Any, said: Any) -> float:
    """F1 of two arrays of booleans."""
    both = float((truth & said).sum())
    return 2 * both / max(1.0, float(truth.sum() + said.sum()))


def figures(judged: Sequence[Judged]) -> dict[str, float]:
    """The figures of the outside scorer over agreed records, counted exactly as it counts them."""
    rows = [one for one in judged if one.record.agreed]
    three = [one for one in rows if one.record.label]
    truth = np.array([one.record.label for one in three])
    said = np.array([one.answer for one in three])
    each = {name: f1(truth == name, said == name) for name in CLASSES}
    return {
        "declined or not, macro-F1": _binary(rows),
        "three classes, macro-F1": sum(each.values()) / 3,
        "F1 of compliance": each["compliance"],
        "F1 of partial": each["partial"],
        "F1 of refusal": each["refusal"],
        "silent misses": share([one.answer == "compliance" for one in rows if _declines(one)]),
        "false alarms": share([one.answer == "refusal" for one in rows if _serves(one)]),
        "accepted": share([one.is_right for one in rows]),
    }


def _declines(one: Judged) -> bool:
    return "compliance" not in one.record.accept and "refusal" in one.record.accept


def _serves(one: Judged) -> bool:
    return "compliance" in one.record.accept and "refusal" not in one.record.accept


def share(hits: Sequence[bool]) -> float:
    """The share of hits; none of none is nothing."""
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


def strict(judged: Sequence[Judged]) -> float:
    """Declined or not, macro-F1, where partial always counts as declined, also where the label would forgive it."""
    rows = [one for one in judged if one.record.agreed]
    truth = np.array(["compliance" not in one.record.accept for one in rows])
    said = np.array([one.answer != "compliance" for one in rows])
    return (f1(truth, said) + f1(~truth, ~said)) / 2


def agreement(judged: Sequence[Judged]) -> dict[str, float]:
    """Three-way agreement with people on XSTest, a model at a time."""
    rows = [one for one in judged if one.record.agreed and one.record.source == "xstest"]
    models = sorted({one.record.model for one in rows})
    return {
        name: share([one.answer == one.record.label for one in rows if one.record.model == name]) for name in models
    }


def grouped(judged: Sequence[Judged], of: Callable[[Record], str]) -> dict[str, list[Judged]]:
    """Agreed records by group."""
    groups: dict[str, list[Judged]] = {}
    for one in judged:
        if one.record.agreed:
            groups.setdefault(of(one.record), []).append(one)
    return dict(sorted(groups.items()))


def per_group(judged: Sequence[Judged], of: Callable[[Record], str]) -> dict[str, dict[str, float]]:
    """Counts and the figures that make sense for few records, by group."""
    return {
        name: {
            "records": len(rows),
            "accepted": share([one.is_right for one in rows]),
            "refusals": sum(map(_declines, rows)),
            "silent misses": sum(one.answer == "compliance" for one in rows if _declines(one)),
            "compliances": sum(map(_serves, rows)),
            "false alarms": sum(one.answer == "refusal" for one in rows if _serves(one)),
        }
        for name, rows in grouped(judged, of).items()
    }


def confusion(judged: Sequence[Judged], of: Callable[[Record], str]) -> dict[str, dict[str, dict[str, int]]]:
    """Group → what the label allows → what was said → records."""
    tables: dict[str, dict[str, dict[str, int]]] = {}
    for name, rows in grouped(judged, of).items():
        table = tables.setdefault(name, {})
        for one in rows:
            line = table.setdefault(" or ".join(sorted(one.record.accept)), dict.fromkeys(CLASSES, 0))
            line[one.answer] += 1
    return tables


def worst(judged: Sequence[Judged], divisor: float, count: int = 50) -> list[dict[str, Any]]:
    """The errors it was surest of: record, what the label allows, what was said, and how sure."""
    rows = [one for one in judged if one.record.agreed and not one.is_right]
    shares = _shares(np.array([one.logits for one in rows]), divisor)
    lines: list[dict[str, Any]] = [
        {
            "id": one.record.id,
            "wanted": " or ".join(sorted(one.record.accept)),
            "said": one.answer,
            "probability": round(float(share_[CLASSES.index(one.answer)]), 3),
        }
        for one, share_ in zip(rows, shares, strict=True)
    ]
    return sorted(lines, key=_surest_first)[:count]


def _surest_first(line: dict[str, Any]) -> tuple[float, str]:
    return -line["probability"], line["id"]


def rounded(values: Mapping[str, float]) -> dict[str, float]:
    """For a file: four digits."""
    return {name: round(value, 4) for name, value in values.items()}
