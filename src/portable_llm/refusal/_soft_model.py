"""The packed weights of the soft classifier: read once, summed per answer.

The file holds no text: eight bytes of name, a header of numbers, then small integers per feature and class, those of
words and pairs beside their hashes. `scripts/train_refusals.py` writes it and says from which data.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from portable_llm.refusal._soft_features import STRUCTURE_SLOTS, Reading

MAGIC: Final = b"pllmsof2"
HEADER: Final = struct.Struct("<8s2I7d")
FILE: Final = "_soft_weights.bin"
SURE: Final = 2.5
"""Lead of the first class over the second, in logits, at which structure decides alone. Beyond it words changed two
verdicts in four thousand, out of fold."""
_SHIFT: Final = 32
_HALF: Final = 1 << 31
_LOW: Final = (1 << 32) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Weights against compliance: partial and refusal, packed into one integer per feature.

    Two signed numbers share an integer (`partial << 32` plus `refusal`), so that one sum adds both. Sums are of
    integers: the same answer gives the same verdict everywhere.
    """

    structure: list[int]
    words: dict[int, int]
    """By the hash of a word or pair; those without a weight are not listed."""
    bias: tuple[float, float]
    shift: tuple[float, float]
    """What the words add for every answer."""
    structure_unit: float
    word_unit: float
    temperature: float
    """Divides the logits, so that a probability means what it says (fitted out of fold)."""

    def logits(self, reading: Reading) -> tuple[float, float]:
        """Partial and refusal against compliance. Where structure is sure of itself, words are not asked."""
        first = _unpacked(sum(map(self.structure.__getitem__, reading.structure)))
        logits = (
            self.bias[0] + first[0] * self.structure_unit,
            self.bias[1] + first[1] * self.structure_unit,
        )
        _, second, best = sorted((0.0, *logits))
        if best - second > SURE:
            return logits
        more = _unpacked(sum(filter(None, map(self.words.get, reading.words()))))
        return (
            logits[0] + self.shift[0] + more[0] * self.word_unit,
            logits[1] + self.shift[1] + more[1] * self.word_unit,
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
    words: Mapping[int, tuple[int, int]],
    numbers: tuple[float, float, float, float, float, float, float],
) -> bytes:
    """The bytes of a model: `numbers` are the two biases, the two shifts, two units and the temperature."""
    keys = sorted(words)
    head = HEADER.pack(MAGIC, len(structure), len(keys), *numbers)
    wide = struct.pack(f"<{2 * len(structure)}h", *[value for pair in structure for value in pair])
    hashes = struct.pack(f"<{len(keys)}I", *keys)
    return head + wide + hashes + struct.pack(f"<{2 * len(keys)}b", *[value for key in keys for value in words[key]])


def unpack(data: bytes) -> Model:
    """The model in `data`; raises `ValueError` where it is none or was made for other features."""
    magic, slots, count, *numbers = HEADER.unpack_from(data)
    if (magic, slots) != (MAGIC, STRUCTURE_SLOTS) or len(data) != HEADER.size + 4 * slots + 6 * count:
        raise ValueError("these weights belong to other features; run scripts/train_refusals.py")
    wide = struct.unpack_from(f"<{2 * slots}h", data, HEADER.size)
    hashes = struct.unpack_from(f"<{count}I", data, HEADER.size + 4 * slots)
    small = struct.unpack_from(f"<{2 * count}b", data, HEADER.size + 4 * slots + 4 * count)
    return Model(
        structure=_packed(wide),
        words=dict(zip(hashes, _packed(small), strict=True)),
        bias=(numbers[0], numbers[1]),
        shift=(numbers[2], numbers[3]),
        structure_unit=numbers[4],
        word_unit=numbers[5],
        temperature=numbers[6],
    )


def _packed(flat: Sequence[int]) -> list[int]:
    return [(partial << _SHIFT) + refusal for partial, refusal in zip(flat[::2], flat[1::2], strict=True)]


def _unpacked(total: int) -> tuple[int, int]:
    refusal = ((total + _HALF) & _LOW) - _HALF
    return (total - refusal) >> _SHIFT, refusal
