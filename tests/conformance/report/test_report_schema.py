"""The published schema of `report.json`: every report satisfies it, and it holds what the reader reads."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from rows import templates
from sample_reports import itself, report_of, smoke, switch

from portable_llm.conformance.comparison import compare, execute
from portable_llm.conformance.estimate import Estimate
from portable_llm.conformance.report import model
from portable_llm.conformance.score import AxisScore, Decomposition, FamilyScore, Floor, LaneScore, Overall
from portable_llm.conformance.trials import Lane
from portable_llm.conformance.verdict import AxisVerdict, Blocker, Depth, Reason, Word
from support.endpoints import name_of, scripted_server

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[3] / "conformance" / "report.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "trials", [switch(), itself(), smoke(), templates(40, "III", "PPP"), templates(40, "FFF", "P")]
)
def test_reports_satisfy_it(trials: Any) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(report_of(trials))] == []


@pytest.mark.parametrize("is_baseline", [False, True])
def test_the_report_of_a_run_satisfies_it(tmp_path: Path, is_baseline: bool) -> None:
    with scripted_server(depth="smoke") as server:
        name = name_of(server)
        comparison = compare(name, None if is_baseline else name, depth="smoke", axes=["json"])
        _, report = execute(comparison, tmp_path)

    assert [error.message for error in VALIDATOR.iter_errors(json.loads(report))] == []


@pytest.mark.parametrize(
    "break_it",
    [
        lambda data: data.pop("headline"),
        lambda data: data["verdict"].update(word="FINE"),
        lambda data: data["score"]["axes"]["tools"]["lanes"]["norm"].pop("estimate"),
        lambda data: data["cases"][0]["trials"][0].update(outcome="maybe"),
        lambda data: data.update(version=2),
    ],
)
def test_what_the_reader_refuses_is_no_report(break_it: Callable[[dict[str, Any]], object]) -> None:
    data = copy.deepcopy(report_of(switch()))
    break_it(data)

    assert not VALIDATOR.is_valid(data)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("estimate", Estimate),
        ("lane_score", LaneScore),
        ("decomposition", Decomposition),
        ("family_score", FamilyScore),
        ("axis_score", AxisScore),
        ("floor", Floor),
        ("overall", Overall),
        ("blocker", Blocker),
        ("axis_verdict", AxisVerdict),
        ("endpoint", model.Endpoint),
        ("home_run", model.HomeRun),
        ("trial", model.TrialRow),
        ("case", model.CaseRow),
    ],
)
def test_it_names_every_member_that_the_reader_reads(name: str, kind: Any) -> None:
    assert {field.name for field in fields(kind)} <= set(SCHEMA["$defs"][name]["required"])


@pytest.mark.parametrize(("name", "words"), [("word", Word), ("reason", Reason), ("depth", Depth), ("lane", Lane)])
def test_its_words_are_those_of_the_code(name: str, words: Any) -> None:
    assert set(SCHEMA["$defs"][name]["enum"]) == set(get_args(words))
