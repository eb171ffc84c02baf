"""The packed weights of the soft classifier: read once, summed per answer.

The file holds no text: eight bytes of name, a header of numbers, then one small integer per slot and class. Slots of
words are hashes. `scripts/train_refusals.py` writes it and says from which data.
"""

from __future__ import annotations

import math
import struct
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from portable_llm.refusal._soft_features import STRUCTURE_SLOTS, WORD_SLOTS

MAGIC: Final = b"pllmsoft"
HEADER: Final = struct.Struct("<8s2I5d")
FILE: Final = "_soft_weights.bin"
_SHIFT: Final = 32
_LEVEL: Final = 1 << 15
"""Added to every packed weight, so that two signed sums share one integer without touching."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Weights against compliance: partial and refusal, packed into one integer per slot."""

    structure: array[int]
    words: array[int]
    bias: tuple[float, float]
    structure_unit: float
    word_unit: float
    temperature: float
    """Divides the logits, so that a probability means what it says (fitted out of fold)."""

    def logits(self, structure: Iterable[int], words: Iterable[int]) -> tuple[float, float]:
        """Partial and refusal against compliance."""
        first = _unpacked(list(map(self.structure.__getitem__, structure)))
        second = _unpacked(list(map(self.words.__getitem__, words)))
        return (
            self.bias[0] + first[0] * self.structure_unit + second[0] * self.word_unit,
            self.bias[1] + first[1] * self.structure_unit + second[1] * self.word_unit,
        )

    def probabilities(self, logits: tuple[float, float]) -> tuple[float, float, float]:
        """Compliance, partial and refusal, summing to one."""
        scaled = [0.0, logits[0] / self.temperature, logits[1] / self.temperature]
        top = max(scaled)
        powers = [math.exp(value - top) for value in scaled]
        total = sum(powers)
        return powers[0] / total, powers[1] / total, powers[2] / total

    def choice(self, logits: tuple[float, float]) -> int:
        """0, 1 or 2: the class that is said."""
        values = (0.0, *logits)
        return max(range(3), key=values.__getitem__)


@cache
def model() -> Model:
    """The packaged model."""
    return unpack((files("portable_llm.refusal") / FILE).read_bytes())


def pack(
    structure: Sequence[tuple[int, int]],
    words: Sequence[tuple[int, int]],
    numbers: tuple[float, float, float, float, float],
) -> bytes:
    """The bytes of a model: `numbers` are the two biases, two units and the temperature."""
    head = HEADER.pack(MAGIC, len(structure), len(words), *numbers)
    flat = array("h", [value for pair in structure for value in pair])
    small = array("b", [value for pair in words for value in pair])
    return head + flat.tobytes() + small.tobytes()


def unpack(data: bytes) -> Model:
    """The model in `data`; raises `ValueError` where it is none or was made for other features."""
    magic, structure_slots, word_slots, *numbers = HEADER.unpack_from(data)
    if (magic, structure_slots, word_slots) != (MAGIC, STRUCTURE_SLOTS, WORD_SLOTS):
        raise ValueError("these weights belong to other features; run scripts/train_refusals.py")
    structure, words = array("h"), array("b")
    cut = HEADER.size + structure_slots * 4
    structure.frombytes(data[HEADER.size : cut])
    words.frombytes(data[cut:])
    return Model(
        structure=_packed(structure),
        words=_packed(words),
        bias=(numbers[0], numbers[1]),
        structure_unit=numbers[2],
        word_unit=numbers[3],
        temperature=numbers[4],
    )


def _packed(flat: Sequence[int]) -> array[int]:
    return array(
        "q", [(one + _LEVEL) << _SHIFT | (two + _LEVEL) for one, two in zip(flat[::2], flat[1::2], strict=True)]
    )


def _unpacked(packed: list[int]) -> tuple[int, int]:
    total, lift = sum(packed), len(packed) * _LEVEL
    return (total >> _SHIFT) - lift, (total & ((1 << _SHIFT) - 1)) - lift
