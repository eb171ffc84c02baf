"""`TokenCount`: a number of tokens that says how sure it is; `Measure`: the same while it is being added up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Method = Literal["exact", "estimated", "provider"]
"""`exact`: the model's own vocabulary and its published format; `estimated`: calibrated, within bounds; `provider`: the
provider counted the very request."""

_SURENESS = ("exact", "provider", "estimated")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCount:
    """How many tokens something is, at the least and at the most. Counts add up, bounds with them."""

    tokens: int
    low: int
    """No fewer than this: for an exact count the count itself, for an estimate the lower end of its stated bound."""
    high: int
    """No more than this, in the same sense."""
    method: Method
    tokenizer: str
    """The neutral name of the tokenizer: `o200k`, `claude`, `file:…`."""
    source: str
    """Where the count comes from: a vocabulary, a calibration or a provider, with its date."""

    def __add__(self, other: TokenCount) -> TokenCount:
        """Both together: as sure as the less sure of them."""
        weaker = max(self, other, key=lambda count: _SURENESS.index(count.method))
        return TokenCount(
            tokens=self.tokens + other.tokens,
            low=self.low + other.low,
            high=self.high + other.high,
            method=weaker.method,
            tokenizer=weaker.tokenizer,
            source=weaker.source,
        )

    def __str__(self) -> str:
        if self.method != "estimated":
            return f"{self.tokens} tokens ({self.method}, {self.tokenizer})"
        return f"{self.tokens} tokens ({self.low} to {self.high}, estimated, {self.tokenizer})"


@dataclass(frozen=True, slots=True)
class Measure:
    """A sum on its way to a `TokenCount`; errors of many small pieces partly cancel, which bounds alone cannot say."""

    tokens: float = 0.0
    bias: float = 0.0
    """Error that has the same sign for every piece of a kind: it adds up."""
    variance: float = 0.0
    """Squared error that differs from piece to piece: its root is taken of the sum."""
    slack_up: float = 0.0
    """Tokens that may come on top, and no fewer: what some models of a family add to a request."""

    def __add__(self, other: Measure) -> Measure:
        return Measure(
            self.tokens + other.tokens,
            self.bias + other.bias,
            self.variance + other.variance,
            self.slack_up + other.slack_up,
        )

    def count(self, tokenizer: str, source: str) -> TokenCount:
        """The count with its bounds: exact where nothing was estimated."""
        half = self.bias + math.sqrt(self.variance)
        tokens = round(self.tokens)
        return TokenCount(
            tokens=tokens,
            low=max(0, min(tokens, math.floor(self.tokens - half))),
            high=max(tokens, math.ceil(self.tokens + half + self.slack_up)),
            method="estimated" if half or self.slack_up else "exact",
            tokenizer=tokenizer,
            source=source,
        )


ZERO = Measure()
