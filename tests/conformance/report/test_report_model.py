"""`report.json` is read into the very values that made it; anything else is refused with the place and the remedy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sample_reports import report_of, smoke, switch

from portable_llm import ConfigurationError
from portable_llm.conformance.figures import object_form, report_form
from portable_llm.conformance.report import read_report
from portable_llm.conformance.report.model import code_rows, lane_counts


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return report_of(switch())


def test_the_figures_read_are_the_figures_written(data: dict[str, Any]) -> None:
    report = read_report(json.loads(json.dumps(data)))

    assert object_form(report.axes) == data["score"]["axes"]
    assert object_form(report.overall) == data["score"]["overall"]
    assert object_form(report.verdicts) == data["verdict"]["axes"]
    assert report_form(report.blockers) == data["verdict"]["blockers"]
    assert report.word == data["verdict"]["word"]


def test_members_of_later_releases_are_ignored(data: dict[str, Any]) -> None:
    later = json.loads(json.dumps(data))
    later["effort"] = {}
    later["score"]["overall"]["certified"] = True
    later["cases"][0]["trials"][0]["latency"] = 3

    assert read_report(later) == read_report(data)


@pytest.mark.parametrize("version", [None, 0, 2, "1"])
def test_another_schema_version_is_refused(data: dict[str, Any], version: object) -> None:
    with pytest.raises(ConfigurationError, match=r"reads version 1.*conformance report DIR"):
        read_report({**data, "version": version})


@pytest.mark.parametrize("section", ["headline", "verdict", "score", "suite", "endpoints", "run", "cases", "reasons"])
def test_a_missing_section_is_named(data: dict[str, Any], section: str) -> None:
    with pytest.raises(ConfigurationError, match=f"lacks the member '{section}'"):
        read_report({name: value for name, value in data.items() if name != section})


@pytest.mark.parametrize("wrong", [None, 3, "text", [1]])
def test_a_section_of_the_wrong_form_is_refused(data: dict[str, Any], wrong: object) -> None:
    with pytest.raises(ConfigurationError):
        read_report({**data, "score": wrong})


def test_a_baseline_has_nothing_to_compare_yet(data: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="run --home DIR --to B"):
        read_report({**data, "endpoints": {"a": data["endpoints"]["a"]}})


def test_a_word_of_a_later_release_is_refused_by_name(data: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="'MAYBE' is none of PORTABLE, NOT PORTABLE"):
        read_report({**data, "verdict": {**data["verdict"], "word": "MAYBE"}})


def test_trials_are_put_in_the_order_of_the_lanes(data: dict[str, Any]) -> None:
    shuffled = json.loads(json.dumps(data))
    for one in shuffled["cases"]:
        one["trials"].reverse()

    assert list(read_report(shuffled).cases[0].lanes) == ["home", "raw", "norm"]
    assert read_report(shuffled) == read_report(data)


def test_counts_are_of_trials_that_say_something() -> None:
    report = read_report(report_of(smoke(), depth="smoke"))

    counts = lane_counts(report.cases, "norm")

    assert (counts.passed, counts.scored) == (5, 6)


def test_reason_codes_are_counted_by_lane_with_their_meaning() -> None:
    (row,) = code_rows(read_report(report_of(smoke(), depth="smoke")))

    assert (row.code, dict(row.counts)) == ("missing_parallel_call", {"raw": 6, "norm": 1})
    assert row.meaning == "some, not all, of the independent calls were made"
