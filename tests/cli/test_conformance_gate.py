"""`portable-llm conformance gate`: exit codes for a pipeline, and what is said beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.endpoints import name_of, scripted_server


@pytest.fixture
def smoke_run(run: Any, tmp_path: Path) -> Path:
    """Depth smoke on one axis: nothing lost, and nothing shown."""
    out = tmp_path / "run"
    with scripted_server(depth="smoke") as server:
        name = name_of(server)
        run("conformance", "run", name, name, "--depth", "smoke", "--axes", "json", "--out", str(out))
    return out


def test_a_run_directory_and_its_report_give_the_same_decision(run: Any, smoke_run: Path) -> None:
    by_directory = run("conformance", "gate", str(smoke_run))
    by_file = run("conformance", "gate", str(smoke_run / "report.json"))

    assert (by_directory.code, by_file.code) == (2, 2)
    assert by_directory.out == by_file.out
    assert by_directory.out.startswith("INCONCLUSIVE  ")
    assert run("conformance", "gate", str(smoke_run), "--inconclusive-ok").code == 0


def test_a_run_has_not_regressed_from_itself(run: Any, smoke_run: Path) -> None:
    options = ("--baseline", str(smoke_run), "--only-regressions")
    said = run("conformance", "gate", str(smoke_run), *options)
    decided = json.loads(run("conformance", "gate", str(smoke_run), *options, "--json").out)

    assert said.code == decided["code"] == 0
    assert "nothing has regressed from the baseline" in said.out
    assert decided["regressions"] == []


def test_wrong_use_is_told_in_one_line_with_code_four(run: Any, smoke_run: Path, tmp_path: Path) -> None:
    nowhere = run("conformance", "gate", str(tmp_path / "nowhere"))
    margin = run("conformance", "gate", str(smoke_run), "--margin", "0")
    alone = run("conformance", "gate", str(smoke_run), "--only-regressions")

    assert (nowhere.code, margin.code, alone.code) == (4, 4, 4)
    assert all(ended.err.startswith("error: ") and ended.err.count("\n") == 1 for ended in (nowhere, margin, alone))


def test_unlike_suites_are_refused(run: Any, smoke_run: Path, tmp_path: Path) -> None:
    report = json.loads((smoke_run / "report.json").read_text())
    report["suite"]["id"] = "0" * 16
    other = tmp_path / "other.json"
    other.write_text(json.dumps(report))
    ended = run("conformance", "gate", str(smoke_run), "--baseline", str(other))

    assert (ended.code, "suite 0000000000000000" in ended.err) == (4, True)


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("terminal", "100 (no interval)"),
        ("html", "<!doctype html>"),
        ("json", "{\n"),
        ("junit", '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites '),
        ("markdown", "### Portability: INCONCLUSIVE\n"),
    ],
)
def test_a_report_is_given_in_each_form(run: Any, smoke_run: Path, tmp_path: Path, form: str, start: str) -> None:
    out = tmp_path / "report.out"
    shown = run("conformance", "report", str(smoke_run), "--format", form)
    written = run("conformance", "report", str(smoke_run), "--format", form, "--out", str(out))

    assert (shown.code, written.code, written.out) == (0, 0, "")
    assert shown.out.startswith(start)
    assert out.read_text(encoding="utf-8") == shown.out


def test_a_pull_request_is_told_the_change(run: Any, smoke_run: Path) -> None:
    options = ("--format", "markdown", "--base", str(smoke_run))

    assert "Nothing is surely worse" in run("conformance", "report", str(smoke_run), *options).out
    assert run("conformance", "report", str(smoke_run), "--base", str(smoke_run)).code == 4
