"""What every pass sees, and the entries they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from portable_llm._adaptation import Adaptation, Axis, entry
from portable_llm._capabilities import Capabilities, Fact
from portable_llm._messages import Origin
from portable_llm._request import Request
from portable_llm.output import OutputPlan


@dataclass(slots=True, kw_only=True)
class Context:
    """The target, and what the passes leave for later steps."""

    origin: Origin
    capabilities: Capabilities
    output: OutputPlan | None = None
    notes: list[Adaptation] = field(default_factory=list[Adaptation])

    @property
    def target(self) -> str:
        """How messages name the target."""
        return f"{self.origin.provider}:{self.origin.model}"


Changed: TypeAlias = tuple[Request[Any], Sequence[Adaptation]]
Pass: TypeAlias = Callable[[Request[Any], Context], Changed]


def assumed(axis: Axis, subject: str, context: Context) -> Adaptation:
    """The entry for something that is sent although nobody checked whether it is honoured."""
    return entry(
        axis,
        subject,
        "defaulted",
        f"sent as it is; that {context.target} honours it is assumed, not known",
        source="assumed",
    )


def dropped(axis: Axis, subject: str, context: Context, fact: Fact, remedy: str = "") -> Adaptation:
    """The entry for an option the target refuses, or accepts and ignores."""
    why = "does not accept it" if fact.support == "no" else "accepts it and ignores it"
    detail = f"{context.target} {why}{'; ' + fact.note if fact.note else ''}{'; ' + remedy if remedy else ''}"
    return entry(axis, subject, "dropped", detail, "nobody", source=fact.reference)
