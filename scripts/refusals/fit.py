"""Multinomial logistic regression in two steps: structure alone, then words for what structure leaves open.

The order matters. Structure must carry the verdict by itself, because languages without training data have nothing
else; words may only correct it. Both steps are convex and start at zero: the same data gives the same weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # pyright: ignore[reportMissingTypeStubs]

from portable_llm.refusal._soft_features import STRUCTURE_SLOTS, WORD_SLOTS
from portable_llm.refusal._soft_model import pack
from refusals.data import OWN, Record

Floats = NDArray[np.float64]

STRUCTURE_PENALTY: Final = 8.0
WORD_PENALTY: Final = 4.0
PARTIAL_WEIGHT: Final = 1.5
OWN_WEIGHT: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Weights: a row per slot, columns partial and refusal, both against compliance."""

    bias: Floats
    structure: Floats
    words: Floats


def matrix(rows: Sequence[frozenset[int]], width: int) -> Any:
    """Switches as a sparse matrix of ones."""
    sizes = [len(row) for row in rows]
    columns = np.fromiter((slot for row in rows for slot in sorted(row)), dtype=np.int64, count=sum(sizes))
    return csr_matrix(
        (np.ones(len(columns)), columns, np.concatenate([[0], np.cumsum(sizes)])), shape=(len(rows), width)
    )


def fit(records: Sequence[Record]) -> Fit:
    """The weights that explain the records' targets best, kept small."""
    targets = np.eye(3)[[record.target for record in records]]
    own = np.array([record.source == OWN for record in records])
    importance = np.where(targets[:, 1] > 0, PARTIAL_WEIGHT, 1.0) * np.where(own, OWN_WEIGHT, 1.0)
    shape = matrix([record.reading.structure for record in records], STRUCTURE_SLOTS)
    bias, structure = _solve(shape, targets, importance, np.zeros((len(records), 2)), STRUCTURE_PENALTY)
    offset = shape @ structure + bias
    text = matrix([record.reading.words for record in records], WORD_SLOTS)
    shift, words = _solve(text, targets, importance, offset, WORD_PENALTY, intercept=False)
    return Fit(bias=bias + shift, structure=structure, words=words)


def scores(model: Fit, records: Sequence[Record]) -> Floats:
    """Two logits a record: partial and refusal against compliance."""
    shape = matrix([record.reading.structure for record in records], STRUCTURE_SLOTS)
    text = matrix([record.reading.words for record in records], WORD_SLOTS)
    return np.asarray(shape @ model.structure + text @ model.words + model.bias)


def _solve(
    features: Any, targets: Floats, importance: Floats, offset: Floats, penalty: float, *, intercept: bool = True
) -> tuple[Floats, Floats]:
    width = features.shape[1]
    turned = features.T.tocsr()

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights, bias = flat[:-2].reshape(width, 2), flat[-2:]
        logits = np.column_stack([np.zeros(len(targets)), offset + features @ weights + bias])
        logits -= logits.max(axis=1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        slope = (np.exp(logs) - targets)[:, 1:] * importance[:, None]
        gradient = turned @ slope + penalty * weights
        value = -(targets * logs).sum(axis=1) @ importance + penalty / 2 * (weights**2).sum()
        return float(value), np.concatenate([gradient.ravel(), slope.sum(axis=0) * intercept])

    # scipy ships no types.
    optimize: Any = import_module("scipy.optimize")
    start = np.zeros(width * 2 + 2)
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200, "gtol": 1e-3})
    return found.x[-2:], found.x[:-2].reshape(width, 2)


def packed(model: Fit, temperature: float) -> bytes:
    """The model as the product reads it: structure in 16 bits, words in 8."""
    structure_unit = float(np.abs(model.structure).max()) / 32000
    word_unit = float(np.abs(model.words).max()) / 127
    numbers = (float(model.bias[0]), float(model.bias[1]), structure_unit, word_unit, temperature)
    return pack(_rounded(model.structure, structure_unit), _rounded(model.words, word_unit), numbers)


def _rounded(weights: Floats, unit: float) -> list[tuple[int, int]]:
    return [(int(one), int(two)) for one, two in np.rint(weights / unit).astype(int)]
