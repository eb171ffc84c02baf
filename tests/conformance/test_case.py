"""The case: an id that is its content, and what it needs from an endpoint."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm.conformance.case import Answer, canonical_json
from portable_llm.conformance.templates.suite import all_templates

CASES = {template.id: template.case(0) for template in all_templates()}


def test_the_id_is_the_content() -> None:
    case = CASES["tools.t1.one_string"]

    assert dataclasses.replace(case).id == case.id
    assert dataclasses.replace(case, tier="should").id != case.id
    assert dataclasses.replace(case, answer={**case.answer, "text": "x"}).id != case.id


@given(st.dictionaries(st.text(max_size=4), st.integers() | st.text(), max_size=4))
def test_canonical_json_does_not_depend_on_the_order_of_members(value: dict[str, object]) -> None:
    assert canonical_json(value) == canonical_json(dict(reversed(value.items())))
    assert json.loads(canonical_json(value)) == value


def test_canonical_json_has_no_nan() -> None:
    with pytest.raises(ValueError):
        canonical_json({"x": float("nan")})


@pytest.mark.parametrize(
    ("template", "asserted"),
    [
        ("tools.t3.same_tool_twice", {"messages", "tools", "tool_choice"}),
        ("json.j1.person", {"messages", "schema"}),
        ("json.j1.streamed", {"messages", "schema", "stream"}),
        ("wire.w3.output_limit", {"messages", "max_output_tokens"}),
        ("wire.w9.stop_sequence", {"messages", "stop"}),
        ("wire.w7.system_text", {"messages", "system"}),
    ],
)
def test_what_a_case_asserts(template: str, asserted: set[str]) -> None:
    assert CASES[template].asserted == asserted


def test_only_cases_on_json_are_read_as_json() -> None:
    """Also where an answer in JSON mode may be declined: what the judge of refusals reads there is the value."""
    assert {case.axis for case in CASES.values() if case.wants_json} == {"json", "refusal"}
    assert all("schema" in case.contract for case in CASES.values() if case.wants_json and case.axis == "refusal")
    assert all(case.wants_json for case in CASES.values() if case.axis == "json")


def test_an_answer_survives_its_json_form() -> None:
    for answer in (
        Answer(text="a", uncut="ab"),
        Answer(tool_calls=({"name": "f", "arguments": {}},), finish="tool_call"),
    ):
        assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer
