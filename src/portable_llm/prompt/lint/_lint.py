"""All rules over one text."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from portable_llm.prompt.lint import _models, _output, _reasoning, _structure, _turns, _wording
from portable_llm.prompt.lint._suppress import accepted
from portable_llm.prompt.lint._text import Text
from portable_llm.prompt.lint._values import Finding, LintTarget, Rule, Span

RULES: tuple[Rule, ...] = (
    *_turns.RULES,
    *_reasoning.RULES,
    *_structure.RULES,
    *_output.RULES,
    *_models.RULES,
    *_wording.RULES,
)
"""Every rule, in the order of the reference."""

_MAX_SHOWN = 120
_MARK_RULE = "lint-mark"


def rule_ids() -> tuple[str, ...]:
    """The names of all rules."""
    return tuple(rule.id for rule in RULES)


def lint(text: str, *, target: LintTarget | None = None, ignore: Collection[str] = ()) -> tuple[Finding, ...]:
    """What ties this prompt to a model, in the order of the text.

    Any text will do: plain, Markdown with front matter, templates, YAML with prompts in it. With a target, rules that
    do not concern it are left out. `ignore` names rules to leave out. Raises `ValueError` for a text over
    `MAX_LENGTH` characters and for an unknown name in `ignore`.
    """
    unknown = set(ignore) - {*rule_ids(), _MARK_RULE}
    if unknown:
        raise ValueError(f"no lint rule {min(unknown)!r}; known: {', '.join(rule_ids())}")
    prompt = Text(text.removeprefix("\ufeff"))
    marks = accepted(prompt, rule_ids())
    found = [
        finding
        for rule in RULES
        if rule.id not in ignore and rule.concerns(target)
        for finding in _findings(prompt, rule)
        if not marks.covers(rule.id, finding.line)
    ]
    if _MARK_RULE not in ignore:
        found.extend(_fault(prompt, span) for span in marks.faults)
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.column, finding.rule)))


def _findings(text: Text, rule: Rule) -> Iterator[Finding]:
    for span in rule.find(text):
        line, column = text.position(span.start)
        yield Finding(
            rule=rule.id,
            severity=rule.severity,
            line=line,
            column=column,
            text=_shown(text, span),
            message=span.message or rule.message,
            remedy=rule.remedy,
            matters_for=rule.matters_for,
        )


def _fault(text: Text, span: Span) -> Finding:
    line, column = text.position(span.start)
    return Finding(
        rule=_MARK_RULE,
        severity="note",
        line=line,
        column=column,
        text=_shown(text, span),
        message=span.message,
        remedy="write <!-- lint: ignore RULE the reason -->",
        matters_for="every model",
    )


def _shown(text: Text, span: Span) -> str:
    shown = text.raw[span.start : min(span.end, span.start + _MAX_SHOWN)]
    return shown + ("…" if span.end - span.start > _MAX_SHOWN else "")
