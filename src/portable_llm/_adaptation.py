"""The one ledger: what was renamed, emulated, weakened or dropped for a provider, known before anything is sent.

An `Adaptation` names the place in the portable request (a JSON Pointer), what was done, who now keeps the promise,
and the fact that made it necessary. How bad that is, is never passed in: `severity_of` alone decides it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, get_args

from portable_llm._errors import LossError

Axis = Literal["wire", "prompt", "tools", "json", "refusal", "dialogue", "tokens", "sampling"]
"""Where a difference lies; the suite's axes without `instruct`, of which a ledger knows nothing."""

Action = Literal[
    "renamed",
    "moved",
    "emulated",
    "encoded",
    "substituted",
    "clamped",
    "narrowed",
    "weakened",
    "dropped",
    "defaulted",
]
"""What was done: `defaulted` = the provider demands a value that the request leaves open, so one was filled in."""

Severity = Literal["exact", "advisory", "checked", "lost", "changed"]
"""From harmless to grave; the order counts."""

Enforcer = Literal["provider", "client", "prompt", "nobody"]
"""Who keeps the promise now."""

Effect = Literal["widened", "narrowed", "changed", "annotation"]
"""For schemas: how the set of accepted values moved."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)

_ROUTING = ("cache", "metadata", "service_tier")
_CONSTRAINTS = ("output", "tools", "tool_choice", "allowed_tools", "parallel_tool_calls", "stop")
_SETTINGS = ("sampling", "reasoning")


def severity_of(action: Action, subject: str, enforced_by: Enforcer, effect: Effect | None = None) -> Severity:
    """How much the entry matters; the only place that decides.

    `exact`: same meaning in other words, or encoded and restored. `advisory`: only cost, latency or routing.
    `checked`: an output constraint that the client now verifies. `lost`: an output constraint left to the prompt or
    to nobody; sampling dropped or clamped; a response field not available. `changed`: the model sees other content,
    an answer that the original accepts can no longer be given, or a limit was raised.
    """
    root, _, rest = subject.lstrip("/").partition("/")
    if root in _ROUTING or effect == "annotation":
        return "advisory"
    if enforced_by == "provider" and action in ("renamed", "moved", "encoded", "emulated"):
        return "exact"
    if action in ("renamed", "moved", "encoded"):
        return "exact" if enforced_by == "client" else "lost"
    if action == "defaulted":
        return "advisory"
    if root == "prompt" and enforced_by == "client":
        # A patch that the prompt's own author wrote for this target: other content, and asked for.
        return "advisory"
    if root in _CONSTRAINTS:
        return _severity_of_constraint(action, subject, enforced_by, effect)
    if root in _SETTINGS:
        return "checked" if enforced_by == "client" else "lost"
    if root in ("response", "extra"):
        return "lost"
    if root == "max_output_tokens":
        return "lost" if action == "clamped" else "changed"
    # Opaque provider state (reasoning, signatures) is bound to its origin: the next provider never reads it.
    if root == "messages" and rest.endswith("/state"):
        return "lost"
    return "changed"


_OPEN_BY_SILENCE = ("additionalProperties", "anyOf", "oneOf", "type")
"""Where closing shows: at the object, at a union of such objects, and at a root that names members and no type."""


def _severity_of_constraint(action: Action, subject: str, enforced_by: Enforcer, effect: Effect | None) -> Severity:
    if action == "narrowed":
        # Closing an object that was open only by silence, or taking for an object what names members and says no type,
        # takes no answer away that anybody asked for: the provider holds the closed schema. What was open by word is
        # nobody's to give back.
        is_silent = effect is None or subject.rpartition("/")[2] in _OPEN_BY_SILENCE
        return "advisory" if is_silent and enforced_by == "provider" else "changed"
    if effect in ("narrowed", "changed"):
        return "changed"
    if enforced_by == "provider":
        return "exact"
    return "checked" if enforced_by == "client" else "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptation:
    """One ledger entry."""

    axis: Axis
    subject: str
    """JSON Pointer into the portable request (for schemas it ends in the keyword); `/response/…`: missing there."""
    action: Action
    detail: str
    """One sentence for people: what happens to it, and what to do where something can be done."""
    enforced_by: Enforcer = "provider"
    source: str = ""
    """The fact behind it, with its date, e.g. `"anthropic docs 2026-10-21"`; `"assumed"` in it means nobody checked."""
    effect: Effect | None = None
    severity: Severity = field(init=False)

    def __post_init__(self) -> None:
        severity = severity_of(self.action, self.subject, self.enforced_by, self.effect)
        object.__setattr__(self, "severity", severity)

    def to_json(self) -> dict[str, str]:
        """The entry as a flat object, the optional `effect` only where it is set."""
        entry = {
            "axis": self.axis,
            "subject": self.subject,
            "action": self.action,
            "severity": self.severity,
            "detail": self.detail,
            "enforced_by": self.enforced_by,
            "source": self.source,
        }
        return entry if self.effect is None else {**entry, "effect": self.effect}

    @classmethod
    def from_json(cls, entry: Mapping[str, str]) -> Adaptation:
        """Read back what `to_json` wrote; the severity is computed anew."""
        fields = {name: value for name, value in entry.items() if name != "severity"}
        return cls(**fields)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return f"{self.severity:8} {self.action:11} {self.subject}  {self.detail}"


@lru_cache(maxsize=16_384)
def entry(
    axis: Axis,
    subject: str,
    action: Action,
    detail: str,
    enforced_by: Enforcer = "provider",
    *,
    source: str = "",
    effect: Effect | None = None,
) -> Adaptation:
    """An entry, interned: equal arguments give the same object, so a ledger costs look-ups and no values."""
    return Adaptation(
        axis=axis,
        subject=subject,
        action=action,
        detail=detail,
        enforced_by=enforced_by,
        source=source,
        effect=effect,
    )


OnLoss = Literal["advisory", "checked", "lost", "changed", "never"]
"""From which severity up a plan is refused; `"never"` only records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossPolicy:
    """Which losses stop a request before it is sent."""

    raise_from: OnLoss = "changed"
    allow: frozenset[str] = frozenset()
    """Subjects (JSON Pointers, with everything beneath them) whose loss is accepted."""

    def broken_by(self, adaptations: Iterable[Adaptation]) -> tuple[Adaptation, ...]:
        """The entries that this policy does not accept."""
        if self.raise_from == "never":
            return ()
        threshold = SEVERITIES.index(self.raise_from)
        return tuple(
            entry
            for entry in adaptations
            if SEVERITIES.index(entry.severity) >= threshold and not self._is_allowed(entry.subject)
        )

    def _is_allowed(self, subject: str) -> bool:
        return any(subject == allowed or subject.startswith(allowed + "/") for allowed in self.allow)

    def check(self, adaptations: Iterable[Adaptation], target: str) -> None:
        """Raise `LossError` that names every entry the policy does not accept."""
        broken = self.broken_by(adaptations)
        if not broken:
            return
        listed = "; ".join(f"{entry.subject} {entry.action} ({entry.severity}): {entry.detail}" for entry in broken)
        raise LossError(
            f"{target} does not honour this request: {listed}. "
            f"Change the request, choose another model, or accept it with on_loss='never' or LossPolicy(allow=...)",
            broken,
        )


STRICT = LossPolicy(raise_from="lost")
"""Nothing may be lost: what `on_loss="lost"` means."""


def loss_policy(value: OnLoss | LossPolicy | None) -> LossPolicy:
    """The policy a caller meant by a word, a policy or nothing (the default: refuse what is `changed`)."""
    if value is None:
        return LossPolicy()
    return value if isinstance(value, LossPolicy) else LossPolicy(raise_from=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One edit that turned a model's text into the value asked for."""

    stage: str
    """`find`, `repair` or `align`."""
    kind: str
    """What was done, e.g. `"fence_removed"`."""
    location: tuple[int, int]
    """Start and end in the model's text, in characters."""
    before: str
    after: str

    def to_json(self) -> dict[str, object]:
        """The edit as a flat object."""
        return {
            "stage": self.stage,
            "kind": self.kind,
            "location": list(self.location),
            "before": self.before,
            "after": self.after,
        }
