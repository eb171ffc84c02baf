"""The suite's cases: generated, distinct, solvable, and frozen byte for byte."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from portable_llm.conformance import freeze as freeze_module
from portable_llm.conformance.case import CANARY, Case, oracle
from portable_llm.conformance.freeze import (
    FrozenDataError,
    freeze,
    frozen_cases,
    frozen_dir,
    main,
    public_cases,
    read_cases,
    stale_files,
)
from portable_llm.conformance.judges import JUDGES_VERSION, judge
from portable_llm.conformance.judges.exemplars import mutants, nulls, positive
from portable_llm.conformance.templates.suite import AXES, DEPTHS, all_templates, select, suite_id
from portable_llm.conformance.templates.template import Template

DATA = Path(__file__).parents[3] / "conformance"
CASES = list(public_cases())
TEMPLATES = all_templates()


def test_each_axis_has_its_templates_and_families() -> None:
    templates = Counter(template.axis for template in TEMPLATES)
    families = {axis: {t.family for t in TEMPLATES if t.axis == axis} for axis in AXES}

    assert templates == {
        "tools": 40,
        "json": 40,
        "wire": 41,
        "prompt": 45,
        "instruct": 34,
        "dialogue": 41,
        "refusal": 48,
        "sampling": 48,
        "tokens": 35,
    }
    assert {axis: len(found) for axis, found in families.items()} == {
        "tools": 16,
        "json": 16,
        "wire": 9,
        "prompt": 11,
        "instruct": 12,
        "dialogue": 11,
        "refusal": 14,
        "sampling": 9,
        "tokens": 8,
    }
    assert len({template.id for template in TEMPLATES}) == len(TEMPLATES)


def test_a_perfect_endpoint_can_be_found_portable_on_each_axis_and_over_all() -> None:
    """With nothing lost the rule of three is what has to clear the margin: 3 of T templates below 10 %, pooled 5 %."""
    templates = Counter(template.axis for template in TEMPLATES)

    assert all(3 / count < 0.10 for count in templates.values())
    assert all(3 / (templates[one] + templates[other]) < 0.05 for one, other in combinations(AXES, 2))


def test_twins_ask_the_same_in_another_way() -> None:
    """What differs between the dialects of a task is the dialect: they share the answer, and no two share a request."""
    twins: dict[str, list[Template]] = {}
    for template in TEMPLATES:
        if template.twin is not None:
            twins.setdefault(template.twin, []).append(template)

    assert {len(group) for group in twins.values()} == {3, 4, 5, 6}
    for group in twins.values():
        for instance in range(5):
            cases = [template.case(instance) for template in group]
            assert len({json.dumps(case.answer) for case in cases}) == 1
            assert len({json.dumps(case.request) for case in cases}) == len(group)


@pytest.mark.parametrize("axis", AXES)
def test_each_axis_is_graded_by_difficulty(axis: str) -> None:
    grades = [{"easy", "medium", "hard"} & {*template.tags} for template in TEMPLATES if template.axis == axis]

    assert all(len(grade) == 1 for grade in grades)
    assert min(Counter(grade.pop() for grade in grades).values()) >= 4


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.template}#{case.instance}")
def test_the_correct_answer_passes_and_null_outputs_fail(case: Case) -> None:
    assert judge(positive(case), case).code == "ok"

    passing = [name for name, seen in nulls(case) if judge(seen, case).outcome == "pass"]
    assert passing == []


@pytest.fixture(scope="module")
def verdicts() -> dict[str, list[tuple[str, str]]]:
    """Case id → name and outcome of each of its mutants."""
    return {case.id: [(name, judge(seen, case).outcome) for name, seen in mutants(case)] for case in CASES}


def test_judges_kill_mutants(verdicts: dict[str, list[tuple[str, str]]]) -> None:
    """Admission rule: at least 95 % of the answers with one fault fail."""
    survivors = [(key, name) for key, found in verdicts.items() for name, outcome in found if outcome != "fail"]
    total = sum(map(len, verdicts.values()))

    assert min(map(len, verdicts.values())) >= 3
    assert 1 - len(survivors) / total >= 0.95, (len(survivors), total, survivors[:30])


@pytest.mark.parametrize("axis", AXES)
def test_every_case_kills_most_of_its_mutants(axis: str, verdicts: dict[str, list[tuple[str, str]]]) -> None:
    for case in CASES:
        if case.axis == axis:
            outcomes = [outcome for _, outcome in verdicts[case.id]]
            assert outcomes.count("fail") >= 0.75 * len(outcomes), case.template


def solves(template: Template, instance: int) -> bool:
    case = template.case(instance)
    return judge(positive(case), case).code == "ok"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
@given(instance=st.integers(min_value=2, max_value=10_000))
@settings(max_examples=15)
def test_any_instance_is_solved_by_its_own_answer(template: Template, instance: int) -> None:
    assert solves(template, instance)


@pytest.mark.slow
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_three_hundred_instances_are_solved_by_their_own_answers(template: Template) -> None:
    assert [instance for instance in range(300) if not solves(template, instance)] == []


@pytest.mark.slow
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_null_outputs_fail_fifty_instances(template: Template) -> None:
    cases = [template.case(instance) for instance in range(2, 52)]
    passing = [
        (case.instance, name) for case in cases for name, seen in nulls(case) if judge(seen, case).outcome == "pass"
    ]

    assert passing == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_instances_differ(template: Template) -> None:
    """Surface pools are large: of 200 instances no two are alike, or once in a while two."""
    requests = {json.dumps(template.case(instance).request) for instance in range(200)}

    assert len(requests) >= 199


def test_outputs_are_short_and_no_marker_goes_over_the_wire() -> None:
    for case in CASES:
        # Where reasoning is asked for, the limit leaves room for it; the answer itself stays as short.
        assert case.request["max_output_tokens"] <= (2048 if "reasoning" in case.request else 160)
        assert "conformance" not in json.dumps(case.request)
        assert case.canary == CANARY


def test_the_private_split_differs_and_carries_no_canary() -> None:
    public, private = select(["json"], "smoke"), select(["json"], "smoke", secret=b"ours")

    assert [case.template for case in public] == [case.template for case in private]
    assert not {case.id for case in public} & {case.id for case in private}
    assert {case.canary for case in private} == {None}
    assert private == select(["json"], "smoke", secret=b"ours")
    assert private != select(["json"], "smoke", secret=b"theirs")


def test_depths() -> None:
    assert [len(select(["tools"], depth)) for depth in DEPTHS] == [6, 40, 80, 80]
    assert Counter(case.axis for case in select(AXES, "smoke")) == dict.fromkeys(AXES, 6)
    assert all(case.request["max_output_tokens"] <= 120 for case in select(AXES, "smoke"))


def test_smoke_holds_a_case_for_every_fault_a_first_look_must_find() -> None:
    smoke = select(AXES, "smoke")
    tags = {tag for case in smoke for tag in case.tags}

    assert {"parallel", "stop", "finish", "usage", "stream", "prompt-only"} <= tags
    assert {case.contract["judge"] for case in smoke} >= {"tools.calls", "json.value", "wire.text", "wire.call"}


def test_unknown_axes_and_depths_are_named() -> None:
    with pytest.raises(ValueError, match="no axis 'tool'; known axes: wire, prompt, instruct, tools, json"):
        select(["tool"], "smoke")
    with pytest.raises(ValueError, match="no depth 'deep'; known depths: smoke, quick"):
        select(["tools"], "deep")


def test_the_suite_id_names_cases_and_judges_and_not_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = select(AXES, "smoke")

    assert suite_id(cases) == suite_id(cases[::-1])
    assert suite_id(cases) != suite_id(cases[1:])
    before = suite_id(cases)
    monkeypatch.setattr("portable_llm.conformance.templates.suite.JUDGES_VERSION", JUDGES_VERSION + 1)
    assert suite_id(cases) != before


def test_frozen_files_are_what_the_templates_yield() -> None:
    """After a change: `python -m portable_llm.conformance.freeze conformance`."""
    assert stale_files(DATA) == []


def test_frozen_cases_satisfy_their_schema_and_keep_their_ids() -> None:
    validator = Draft202012Validator(json.loads((DATA / "case.schema.json").read_text("utf-8")))
    paths = sorted(DATA.glob("cases/*/*.jsonl"))
    frozen = [case for path in paths for case in read_cases(path)]

    assert sorted(case.id for case in frozen) == sorted(case.id for case in CASES)
    assert len({case.id for case in frozen}) == len(frozen)
    assert [error.message for case in frozen for error in validator.iter_errors(case.to_json())] == []


def test_freezing_writes_the_files_and_the_check_finds_a_changed_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = freeze(tmp_path)
    assert main([str(tmp_path), "--check"]) == 0

    written[0].write_text("{}\n")
    (tmp_path / "cases" / "tools" / "t99.jsonl").write_text("")

    assert main([str(tmp_path), "--check"]) == 1
    assert capsys.readouterr().out.count("differs from what the templates yield") == 2


def test_in_a_checkout_the_frozen_cases_are_those_of_the_repository() -> None:
    """`tests/test_wheel.py` asks an installed package the same."""
    assert frozen_dir() == DATA
    assert sorted(case.id for case in frozen_cases()) == sorted(case.id for case in CASES)


def test_where_there_are_no_frozen_cases_the_error_names_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / "site" / "portable_llm" / "conformance"
    monkeypatch.setattr(freeze_module, "__file__", str(room / "freeze.py"))

    with pytest.raises(FrozenDataError, match=f"no frozen conformance cases beside {room}"):
        frozen_dir()


def test_a_changed_frozen_case_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "case.jsonl"
    path.write_text(json.dumps({**CASES[0].to_json(), "tier": "should"}))

    with pytest.raises(ValueError, match="was changed: its content hashes to"):
        read_cases(path)


def test_the_answer_travels_with_the_case() -> None:
    for case in CASES:
        again = Case.from_json(json.loads(json.dumps(case.to_json())))
        assert (again, oracle(again)) == (case, oracle(case))
