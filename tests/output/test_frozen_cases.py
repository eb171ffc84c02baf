"""What repair must not accept, by the cases of the suite: two records that disagree, and a value that breaks off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from portable_llm import Invalid, Parsed
from portable_llm.output import Policy, read

CASES = Path(__file__).parents[2] / "conformance" / "cases" / "json" / "j16.jsonl"
DRAFTED = "candidates"
RECORDS: list[dict[str, Any]] = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
POLICIES: tuple[Policy, ...] = ("strict", "syntax", "align", "lenient")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("case", RECORDS, ids=lambda case: case["id"])
def test_the_right_answer_is_taken_as_it_is(case: dict[str, Any], policy: Policy) -> None:
    contract = case["contract"]

    assert read(case["answer"]["text"], contract["schema"], policy=policy) == Parsed(value=contract["equals"])


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("case", [case for case in RECORDS if DRAFTED in case["tags"]], ids=lambda case: case["id"])
def test_the_draft_beside_the_correction_is_no_answer(case: dict[str, Any], policy: Policy) -> None:
    """The question itself holds both, as an answer that copies the draft would."""
    copied = case["request"]["messages"][0]["content"]

    assert isinstance(read(copied, case["contract"]["schema"], policy=policy), Invalid)


@pytest.mark.parametrize("case", [case for case in RECORDS if "cut" in case["tags"]], ids=lambda case: case["id"])
def test_an_answer_that_breaks_off_is_never_filled(case: dict[str, Any]) -> None:
    """Cut anywhere before its last member, a record lacks what is required."""
    text, schema = case["answer"]["text"], case["contract"]["schema"]

    for end in range(text.index('"complete"') + len('"complete": ')):
        assert isinstance(read(text[:end], schema), Invalid), text[:end]
