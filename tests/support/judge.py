"""A refusal classifier that says what it is told to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Judged:
    label: Literal["compliance", "partial", "refusal"] = "refusal"
    probability: float = 0.9
    evidence: tuple[Any, ...] = ((0, 9),)
    category: str = "out_of_scope"


class Judge:
    """A classifier that remembers what it was asked, and says what it was told to."""

    def __init__(self, verdict: Any = None) -> None:
        self.asked: list[tuple[str, str]] = []
        self.verdict = verdict or Judged()

    def __call__(self, prompt: str, response: str) -> Any:
        self.asked.append((prompt, response))
        return self.verdict
