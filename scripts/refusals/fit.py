"""Multinomial logistic regression in two steps: structure alone, then words for what structure leaves open.

The order matters. Structure must carry the verdict by itself, because languages without training data have nothing
else; words may only correct it. Both steps are convex and start at zero: the same data gives the same weights.

A source that does not tell partial from refusal teaches that an answer is one of the two, not which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # pyright: ignore[reportMissingTypeStubs]

from portable_llm.refusal._soft_features import STRUCTURE_SLOTS
from portable_llm.refusal._soft_model import Model, pack, unpack
from refusals.data import OWN, Record

Floats = NDArray[np.float64]

PARTIAL_WEIGHT: Final = 1.5
OWN_WEIGHT: Final = 2.0
RARE: Final = 4
"""Words and pairs in fewer answers than this carry no weight."""

SMALL: Final = 2
"""Weights of words below this many 127ths of the largest are left out of the file: they change no verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """How strongly weights are held near zero."""

    structure: float
    words: float


PENALTIES: Final = tuple(Penalty(structure=10.0, words=words) for words in (2.0, 4.0))
"""What is tried, inside the folds only. 8 for words was tried too: half of the data liked it, all of it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Weights: a row per feature, columns partial and refusal, both against compliance."""

    bias: Floats
    shift: Floats
    """What the words add for every answer."""
    structure: Floats
    words: Floats
    hashes: Mapping[int, int]
    """Hash of a word → its row in `words`."""


def matrix(rows: Sequence[Sequence[int]], width: int) -> Any:
    """Switches as a sparse matrix of ones."""
    sizes = [len(row) for row in rows]
    columns = np.fromiter((slot for row in rows for slot in row), dtype=np.int64, count=sum(sizes))
    return csr_matrix(
        (np.ones(len(columns)), columns, np.concatenate([[0], np.cumsum(sizes)])), shape=(len(rows), width)
    )


def _shapes(records: Sequence[Record]) -> Any:
    return matrix([sorted(record.reading.structure) for record in records], STRUCTURE_SLOTS)


def _texts(records: Sequence[Record], hashes: Mapping[int, int]) -> Any:
    rows = [[hashes[word] for word in sorted(record.words) if word in hashes] for record in records]
    return matrix(rows, max(1, len(hashes)))


def _common(records: Sequence[Record]) -> dict[int, int]:
    """Hashes that stand in enough answers, numbered. Labels have no say in it."""
    flat = np.fromiter((word for record in records for word in record.words), dtype=np.int64)
    values, counts = np.unique(flat, return_counts=True)
    return {int(value): place for place, value in enumerate(values[counts >= RARE])}


def fit(records: Sequence[Record], penalty: Penalty) -> Fit:
    """The weights that explain the records' labels best, kept small."""
    allowed = np.array([record.allowed for record in records], dtype=np.float64)
    own = np.array([record.source == OWN for record in records])
    partial = np.array([record.label == "partial" for record in records])
    importance = np.where(partial, PARTIAL_WEIGHT, 1.0) * np.where(own, OWN_WEIGHT, 1.0)
    shape = _shapes(records)
    bias, structure = _solve(shape, allowed, importance, np.zeros((len(records), 2)), penalty.structure)
    hashes = _common(records)
    shift, words = _solve(
        _texts(records, hashes), allowed, importance, np.asarray(shape @ structure + bias), penalty.words
    )
    return Fit(bias=bias, shift=shift, structure=structure, words=words, hashes=hashes)


def _solve(features: Any, allowed: Floats, importance: Floats, offset: Floats, penalty: float) -> tuple[Floats, Floats]:
    """Least loss of logits `offset + features @ weights + bias`: minus the logarithm of the allowed classes' share."""
    width = features.shape[1]
    turned = features.T.tocsr()

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights, bias = flat[:-2].reshape(width, 2), flat[-2:]
        logits = np.column_stack([np.zeros(len(allowed)), offset + features @ weights + bias])
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        right = shares * allowed
        total = right.sum(axis=1, keepdims=True)
        slope = (shares - right / total)[:, 1:] * importance[:, None]
        value = float(-np.log(total[:, 0]) @ importance + penalty / 2 * (weights**2).sum())
        return value, np.concatenate([(turned @ slope + penalty * weights).ravel(), slope.sum(axis=0)])

    # scipy ships no types.
    optimize: Any = import_module("scipy.optimize")
    start = np.zeros(width * 2 + 2)
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200, "gtol": 1e-3})
    return found.x[-2:], found.x[:-2].reshape(width, 2)


def packed(model: Fit, temperature: float) -> bytes:
    """The model as the product reads it: structure in 16 bits, words in 8, the least words left out."""
    structure_unit = float(np.abs(model.structure).max()) / 32000
    word_unit = float(np.abs(model.words).max()) / 127
    bias, shift = model.bias.tolist(), model.shift.tolist()
    numbers = (bias[0], bias[1], shift[0], shift[1], structure_unit, word_unit, temperature)
    rounded = _rounded(model.words, word_unit)
    words = {key: rounded[row] for key, row in model.hashes.items() if max(map(abs, rounded[row])) >= SMALL}
    return pack(_rounded(model.structure, structure_unit), words, numbers)


def product(model: Fit) -> Model:
    """The model after packing, as an application has it; its temperature is one."""
    return unpack(packed(model, 1.0))


def _rounded(weights: Floats, unit: float) -> list[tuple[int, int]]:
    return [(int(one), int(two)) for one, two in np.rint(weights / unit).astype(int)]
