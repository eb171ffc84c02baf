"""How often it was declined, by kind, source and category: counted live, from many threads, in constant memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from portable_llm._json import JsonValue
from portable_llm._response import Refusal, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Counts of answers; a partial refusal is an answer that counts in `partial` alone."""

    answers: int = 0
    refusals: int = 0
    partial: int = 0
    by_kind: Mapping[str, int] = field(default_factory=dict[str, int])
    by_source: Mapping[str, int] = field(default_factory=dict[str, int])
    by_category: Mapping[str, int] = field(default_factory=dict[str, int])
    by_model: Mapping[str, int] = field(default_factory=dict[str, int])
    """Refusals by `provider:model`."""

    @property
    def rate(self) -> float | None:
        """Share of the answers that were refusals; `None` without any answer."""
        return self.refusals / self.answers if self.answers else None

    def to_json(self) -> dict[str, JsonValue]:
        """The counts as plain JSON."""
        return {
            "answers": self.answers,
            "refusals": self.refusals,
            "partial": self.partial,
            "rate": self.rate,
            "by_kind": dict(self.by_kind),
            "by_source": dict(self.by_source),
            "by_category": dict(self.by_category),
            "by_model": dict(self.by_model),
        }


class RefusalCounter:
    """Counts answers as they come; thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers = self._refusals = self._partial = 0
        self._by: dict[str, Counter[str]] = {name: Counter() for name in ("kind", "source", "category", "model")}

    def add(self, response: Response[Any]) -> None:
        """Count an answer, and before it the refusals that it stands in for."""
        for one in (*response.declined, response):
            self._add(one)

    def _add(self, response: Response[Any]) -> None:
        refusal = response.refusal
        with self._lock:
            self._answers += 1
            if refusal is None:
                return
            if refusal.is_partial:
                self._partial += 1
                return
            self._refusals += 1
            self._by["kind"][refusal.kind] += 1
            self._by["source"][refusal.source] += 1
            self._by["category"][refusal.category] += 1
            self._by["model"][f"{response.provider}:{response.model}"] += 1

    def rates(self) -> Rates:
        """The counts so far."""
        with self._lock:
            return Rates(
                answers=self._answers,
                refusals=self._refusals,
                partial=self._partial,
                by_kind=dict(self._by["kind"]),
                by_source=dict(self._by["source"]),
                by_category=dict(self._by["category"]),
                by_model=dict(self._by["model"]),
            )


def refusal_rates(responses: Iterable[Response[Any]]) -> Rates:
    """The rates of some answers; each is looked at once, so a generator will do."""
    counter = RefusalCounter()
    for response in responses:
        counter.add(response)
    return counter.rates()


def refusal_attributes(refusal: Refusal | None) -> dict[str, str | bool | float]:
    """Span attributes of a refusal; none without one.

    OpenTelemetry GenAI has finish reasons and no refusals (semantic conventions 1.37), so the names are in a space of
    their own, built as its own are. Words of the answer are never among them.
    """
    if refusal is None:
        return {}
    named: dict[str, str | bool | float | None] = {
        "portable_llm.refusal.kind": refusal.kind,
        "portable_llm.refusal.source": refusal.source,
        "portable_llm.refusal.category": refusal.category,
        "portable_llm.refusal.raw_category": refusal.raw_category,
        "portable_llm.refusal.is_partial": refusal.is_partial,
        "portable_llm.refusal.is_billed": refusal.is_billed,
        "portable_llm.refusal.probability": refusal.probability,
    }
    return {name: value for name, value in named.items() if value is not None}
