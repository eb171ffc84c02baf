"""What ties a prompt to one vendor's models, and what to do about it.

    from portable_llm.prompt.lint import lint

    for finding in lint(text):
        print(finding.line, finding.rule, finding.remedy)

Rules are pure functions over the text; each takes time in proportion to its length. The precision of every rule is
measured on labelled prompts from public repositories: see the reference.
"""

from __future__ import annotations

from portable_llm.prompt.lint._lint import RULES as RULES
from portable_llm.prompt.lint._lint import lint as lint
from portable_llm.prompt.lint._lint import rule_ids as rule_ids
from portable_llm.prompt.lint._target import lint_target as lint_target
from portable_llm.prompt.lint._text import MAX_LENGTH as MAX_LENGTH
from portable_llm.prompt.lint._values import Finding as Finding
from portable_llm.prompt.lint._values import LintTarget as LintTarget
from portable_llm.prompt.lint._values import Rule as Rule
from portable_llm.prompt.lint._values import Severity as Severity

__all__ = ["MAX_LENGTH", "RULES", "Finding", "LintTarget", "Rule", "Severity", "lint", "lint_target", "rule_ids"]
