"""The page about repairs and policies is what the engine says of itself."""

from __future__ import annotations

import dataclasses

import pytest

import repair_reference
from portable_llm import Invalid
from portable_llm.output import ReadPolicy, read
from portable_llm.output._align_kinds import COERCIONS
from portable_llm.output._repair_kinds import REPAIRS


def test_the_committed_page_is_up_to_date():
    assert repair_reference.PAGE.read_text(encoding="utf-8") == repair_reference.page(), (
        "run scripts/repair_reference.py"
    )


def test_every_policy_switch_and_kind_is_on_the_page():
    page = repair_reference.page()
    names = [*repair_reference.WORDS, *(field.name for field in dataclasses.fields(ReadPolicy)), *REPAIRS, *COERCIONS]

    assert [name for name in names if f"| `{name}` |" not in page] == []


@pytest.mark.parametrize("refusal", repair_reference.REFUSED, ids=lambda refusal: refusal.text[:30])
def test_what_the_page_calls_refused_is_refused(refusal):
    assert isinstance(read(refusal.text, refusal.schema), Invalid)


def test_code_in_a_cell_keeps_its_backticks():
    assert repair_reference.code("a`b") == "``a`b``"
    assert repair_reference.code("```") == "```` ``` ````"
    assert repair_reference.code("a\nb") == "`a↵b`"
