"""What the lint of prompts works with: a rule, what it found, and what is known of the model that is meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from portable_llm.prompt.lint._text import Text

Severity = Literal["error", "warning", "note"]
"""`error`: some models refuse the prompt or read it as something else. `warning`: it costs quality somewhere.
`note`: worth a thought when the model changes."""

Fact = Literal["", "reasons", "continues_turns", "holds_schemas", "calls_tools"]
"""What a rule depends on in a model; `""`: it matters for every model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LintTarget:
    """The model that a prompt is meant for, as far as it matters here; `None`: not known."""

    name: str = ""
    reasons: bool | None = None
    """It thinks before it answers, without being told to."""
    continues_turns: bool | None = None
    """A last assistant message is continued."""
    holds_schemas: bool | None = None
    """The provider holds the answer to a schema."""
    calls_tools: bool | None = None
    """Tools are declared beside the prompt."""


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the text, and what to say of it in place of the rule's own message."""

    start: int
    end: int
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that ties a prompt to a model, and what to do about it."""

    id: str
    severity: Severity
    message: str
    """What is wrong, in one sentence without a full stop."""
    why: str
    remedy: str
    matters_for: str
    """The models that it matters for, in words."""
    find: Callable[[Text], Iterator[Span]]
    bad: str
    """A text in which the rule finds something."""
    good: str
    """The same wish without the finding."""
    fact: Fact = ""
    only_if: bool = True
    """The value of `fact` for which the rule matters."""

    def concerns(self, target: LintTarget | None) -> bool:
        """Whether the rule matters for this model; unknown facts count as yes."""
        if target is None or not self.fact:
            return True
        known: bool | None = getattr(target, self.fact)
        return known is None or known is self.only_if


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule found, for people and for machines."""

    rule: str
    severity: Severity
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    text: str
    """What stands there; cut after 120 characters."""
    message: str
    remedy: str
    matters_for: str

    def to_json(self) -> dict[str, str | int]:
        return {
            "rule": self.rule,
            "severity": self.severity,
            "line": self.line,
            "column": self.column,
            "text": self.text,
            "message": self.message,
            "remedy": self.remedy,
            "matters_for": self.matters_for,
        }
