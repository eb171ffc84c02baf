from __future__ import annotations

import lint_reference
from portable_llm.prompt.lint import RULES


def test_the_page_is_what_the_script_writes() -> None:
    assert lint_reference.PAGE.read_text(encoding="utf-8") == lint_reference.page(), "run scripts/lint_reference.py"


def test_every_rule_has_its_section_and_its_row() -> None:
    page = lint_reference.page()

    assert all(f"### {rule.id}\n" in page and f"[`{rule.id}`](#{rule.id})" in page for rule in RULES)
