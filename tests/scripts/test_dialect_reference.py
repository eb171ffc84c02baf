"""The page about dialects is what the rows say."""

from __future__ import annotations

import dialect_reference
from portable_llm.schema._dialect_rows import SHIPPED


def test_the_committed_page_is_up_to_date():
    assert dialect_reference.PAGE.read_text(encoding="utf-8") == dialect_reference.page(), (
        "run scripts/dialect_reference.py"
    )


def test_every_keyword_that_a_row_enforces_is_on_the_page():
    silent = {"$defs", "then", "else", "minContains", "maxContains", "examples"}
    enforced = set[str]().union(*(row.supported for row in SHIPPED))

    assert enforced - silent <= set(dialect_reference.KEYWORDS)


def test_every_row_is_on_the_page_with_its_facts():
    page = dialect_reference.page()

    for row in SHIPPED:
        assert f"## `{row.name}`" in page
        assert all(f"| {fact.says} | {fact.source} | {fact.date} |" in page for fact in row.facts)
