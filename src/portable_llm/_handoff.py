"""What a model would make of a conversation that another one began: offline, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from portable_llm._adaptation import SEVERITIES, Adaptation, Severity
from portable_llm._json import JsonValue
from portable_llm._messages import Message
from portable_llm._plan import Plan, make_plan
from portable_llm._request import Request, Tool
from portable_llm.history import History, RepairPolicy, repair
from portable_llm.providers._target import Settings, Target

_ABOUT_HISTORIES = ("/messages", "/tools")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """A conversation on its way to another model. `print(handoff)` shows it."""

    plan: Plan[Any]
    """The wire request that would go on with it; its request has the mended messages."""
    repairs: tuple[Adaptation, ...]
    """What had to be mended first; places are those of the history that was given."""

    @property
    def messages(self) -> tuple[Message, ...]:
        """The mended history."""
        return self.plan.request.messages

    @property
    def adaptations(self) -> tuple[Adaptation, ...]:
        """What happens to messages and tools on the way; places are those of the mended history."""
        return tuple(one for one in self.plan.adaptations if one.subject.startswith(_ABOUT_HISTORIES))

    @property
    def left_out(self) -> tuple[str, ...]:
        """Places of what does not come along: opaque state of another maker, parts that the target does not take."""
        return tuple(one.subject for one in self.adaptations if one.action == "dropped")

    @property
    def renamed_ids(self) -> tuple[str, ...]:
        """Places of ids of calls that are others there."""
        ids = ("/id", "/call_id")
        return tuple(one.subject for one in (*self.repairs, *self.adaptations) if one.subject.endswith(ids))

    def explain(self, least: Severity = "exact") -> str:
        """The hand-over for people, gravest first; entries below `least` are only counted."""
        target = self.plan.target
        lines = [f"{target.provider.name}:{target.model} goes on with {len(self.messages)} messages"]
        for title, entries in (("mended first", self.repairs), ("on the way", self.adaptations)):
            if entries:
                lines += [f"  {title}: {_counted(entries)}", *_listed(entries, least)]
        return "\n".join(lines) if len(lines) > 1 else f"{lines[0]}\n  as they are: nothing mended, nothing left out"

    def __str__(self) -> str:
        return self.explain("advisory")

    def to_json(self) -> dict[str, JsonValue]:
        """The hand-over as JSON: target, what was mended, what happens on the way."""
        return {
            "provider": self.plan.target.provider.name,
            "model": self.plan.target.model,
            "messages": len(self.messages),
            "repairs": [dict(one.to_json()) for one in self.repairs],
            "adaptations": [dict(one.to_json()) for one in self.adaptations],
        }


def explain_handoff(
    history: History | Sequence[Message],
    target: str | Target,
    *,
    policy: RepairPolicy | None = None,
    tools: Sequence[Tool] = (),
) -> Handoff:
    """What `target` (`provider:model`) would be sent of this conversation, and what not: offline, without a key.

    The history is mended first, as `policy` says. Raises `ConfigurationError` for a target that is none, and
    `InvalidRequestError` where nothing of the history is left.
    """
    given = history.messages if isinstance(history, History) else tuple(history)
    repaired = repair(given, policy)
    if isinstance(history, History):
        tools = tools or history.tools
    where = Settings().resolve(target) if isinstance(target, str) else target
    asked: Request[Any] = Request(model=where.model, messages=repaired.messages, tools=tuple(tools))
    return Handoff(plan=make_plan(asked, where), repairs=repaired.adaptations)


def _counted(entries: Sequence[Adaptation]) -> str:
    return ", ".join(
        f"{count} {severity}"
        for severity in reversed(SEVERITIES)
        if (count := sum(one.severity == severity for one in entries))
    )


def _listed(entries: Sequence[Adaptation], least: Severity) -> Iterator[str]:
    for severity in reversed(SEVERITIES[SEVERITIES.index(least) :]):
        yield from (f"    {one}" for one in entries if one.severity == severity)
