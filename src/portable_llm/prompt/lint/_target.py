"""From what is known of a model to what its prompts are linted for."""

from __future__ import annotations

from portable_llm._capabilities import Capabilities
from portable_llm.prompt.lint._values import LintTarget


def lint_target(capabilities: Capabilities, name: str = "") -> LintTarget:
    """The target with these capabilities; what is only assumed of it stays unknown, so that rules speak up."""
    efforts = [_known(capabilities, feature) for feature in ("reasoning/effort", "reasoning/budget_tokens")]
    reasons = True if True in efforts else None if None in efforts else False
    return LintTarget(
        name=name,
        reasons=reasons,
        continues_turns=_known(capabilities, "messages/prefill"),
        holds_schemas=_known(capabilities, "output/native"),
        calls_tools=_known(capabilities, "tools"),
    )


def _known(capabilities: Capabilities, feature: str) -> bool | None:
    fact = capabilities[feature]
    return None if fact.is_assumed else fact.support == "yes"
