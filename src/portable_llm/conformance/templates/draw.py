"""Seeded draws that give the same bytes on every platform and Python version (frozen cases depend on it)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import TypeVar

from portable_llm.conformance.templates.pools import FIRST_NAMES, SYLLABLES, WORDS

T = TypeVar("T")

PUBLIC_SEED = b"portable-llm conformance public seed 1"


def seed_key(template: str, instance: int, secret: bytes | None = None) -> bytes:
    """The key of one instance: public, or an HMAC with a user's secret (the split `private`)."""
    return hmac.new(
        PUBLIC_SEED if secret is None else secret, f"{template}#{instance}".encode(), hashlib.sha256
    ).digest()


class Draw:
    """A stream of choices from a key: SHA-256 in counter mode, 64 bits a choice (bias below 1e-15)."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._count = 0

    def below(self, bound: int) -> int:
        """A number from 0 to `bound - 1`."""
        self._count += 1
        digest = hashlib.sha256(self._key + self._count.to_bytes(8, "big")).digest()
        return int.from_bytes(digest[:8], "big") % bound

    def between(self, least: int, most: int) -> int:
        """A number from `least` to `most`, both included."""
        return least + self.below(most - least + 1)

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """Distinct items, in drawn order."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(count)]

    def town(self) -> str:
        """An invented town, one of 262,144."""
        return "".join(self.pick(SYLLABLES) for _ in range(3)).capitalize()

    def towns(self, count: int) -> list[str]:
        """Distinct invented towns."""
        found: list[str] = []
        while len(found) < count:
            town = self.town()
            found += [] if town in found else [town]
        return found

    def person(self) -> str:
        """A first name and an invented surname, one of about 16 million."""
        return f"{self.pick(FIRST_NAMES)} {self.town()}"

    def code(self) -> str:
        """An order-number-like code such as `KX-48213`, one of about 48 million."""
        letters = "ABCDEFGHJKLMNPQRSTUVWX"
        return f"{self.pick(letters)}{self.pick(letters)}-{self.between(10_000, 99_999)}"

    def date(self) -> str:
        """An ISO date from 2027 to 2031."""
        return f"{self.between(2027, 2031)}-{self.between(1, 12):02}-{self.between(1, 28):02}"

    def words(self, count: int) -> list[str]:
        """Distinct plain English nouns."""
        return self.sample(WORDS, count)
