"""Findings that the author has accepted: `<!-- lint: ignore RULE reason -->` in the text.

The mark counts for its own line and for the next line that is not blank; `lint: ignore-file` counts for the whole text.
Any comment will do (`<!-- -->`, `{# #}`, `{{! }}`, `#`, `//`). A reason is asked for: without one, or with a rule that
does not exist, the mark is itself a finding, and suppresses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from portable_llm.prompt.lint._text import Text
from portable_llm.prompt.lint._values import Span

_MARK = re.compile(
    r"(?:<!--|\{#|\{\{!(?:--)?|//|#)[ \t]{0,8}lint:[ \t]{0,8}(?P<what>ignore(?:-file)?)\b[ \t]{0,8}"
    r"(?P<rules>[a-z][a-z-]{0,40}(?:,[ \t]{0,4}[a-z][a-z-]{0,40}){0,20})?[ \t]{0,8}(?P<reason>[^\n]{0,400})"
)
_CLOSING = re.compile(r"(?:--+>|#\}|(?:--)?\}\})[^\n]{0,400}$")


@dataclass(frozen=True, slots=True)
class Accepted:
    """Which rules are accepted where; and the marks that say too little."""

    places: frozenset[tuple[str, int]]
    everywhere: frozenset[str]
    faults: tuple[Span, ...]

    def covers(self, rule: str, line: int) -> bool:
        return rule in self.everywhere or (rule, line) in self.places


def accepted(text: Text, known: Iterable[str]) -> Accepted:
    """What the marks of a text accept."""
    names = frozenset(known)
    places: set[tuple[str, int]] = set()
    everywhere: set[str] = set()
    faults: list[Span] = []
    if "lint:" not in text.raw:
        return Accepted(frozenset(), frozenset(), ())
    for line in text.lines:
        mark = _MARK.search(line.text)
        if mark is None:
            continue
        rules = frozenset(rule.strip() for rule in (mark["rules"] or "").split(",") if rule.strip())
        fault = _fault(rules, names, _CLOSING.sub("", mark["reason"]).strip(" \t-:"))
        if fault:
            faults.append(Span(line.start + mark.start(), line.start + len(line.text), fault))
        elif mark["what"] == "ignore-file":
            everywhere |= rules
        else:
            places.update((rule, number) for rule in rules for number in (line.number, _next_solid(text, line.number)))
    return Accepted(frozenset(places), frozenset(everywhere), tuple(faults))


def _fault(rules: frozenset[str], known: frozenset[str], reason: str) -> str:
    unknown = sorted(rules - known)
    if not rules:
        return "the mark names no rule, and ignores nothing"
    if unknown:
        return f"there is no rule {unknown[0]!r}; the mark ignores nothing"
    return "" if reason else "the mark gives no reason, and ignores nothing"


def _next_solid(text: Text, number: int) -> int:
    return next((line.number for line in text.lines[number:] if not line.is_blank), number)
