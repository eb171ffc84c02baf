"""What every pass sees, and the entries they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from portable_llm._adaptation import Adaptation, Axis, entry
from portable_llm._calls import ToolPlan
from portable_llm._capabilities import Capabilities, Fact
from portable_llm._messages import Message, Origin, TextPart, system
from portable_llm._request import PromptRef, Request, Tool
from portable_llm.output import OutputPlan


@dataclass(slots=True, kw_only=True)
class Context:
    """The target, and what the passes leave for later steps."""

    origin: Origin
    capabilities: Capabilities
    output: OutputPlan | None = None
    prompt: PromptRef | None = None
    """The prompt as the target gets it, overlays included."""
    tools: ToolPlan | None = None
    places: Mapping[str, int] = field(default_factory=dict[str, int])
    """Where each tool stands in the request, by name: some may be left out before others get an entry."""
    notes: list[Adaptation] = field(default_factory=list[Adaptation])

    @property
    def target(self) -> str:
        """How messages name the target."""
        return f"{self.origin.provider}:{self.origin.model}"

    def place_of(self, tool: Tool) -> str:
        """JSON Pointer of a tool of the request."""
        return f"/tools/{self.places.get(tool.name, len(self.places))}"


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


def with_instruction(messages: tuple[Message, ...], text: str) -> tuple[Message, ...]:
    """The messages with a text of the library's own at the end of the first system text."""
    first = messages[0]
    if first.role != "system":
        return (system(text), *messages)
    return (replace(first, parts=(*first.parts, TextPart(text="\n\n" + text))), *messages[1:])
