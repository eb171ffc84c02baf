"""A comparison can be rehearsed from Python with public names only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portable_llm.conformance import compare, execute, scripted_answers
from portable_llm.conformance.templates.suite import AXES, select
from portable_llm.testing import FakeServer, ScriptedEndpoint


def test_every_case_of_the_depth_has_its_answer() -> None:
    assert list(scripted_answers(["json"], depth="smoke")) == [case.id for case in select(["json"], "smoke")]
    assert set(scripted_answers()) == {case.id for case in select(AXES, "quick")}


def test_an_unknown_axis_is_named() -> None:
    with pytest.raises(ValueError, match="no axis 'taste'"):
        scripted_answers(["taste"])


def test_an_endpoint_that_knows_the_answers_passes_everything(tmp_path: Path) -> None:
    with FakeServer(ScriptedEndpoint(scripted_answers(["wire"], depth="smoke"))) as server:
        comparison = compare(
            f"openai:a@{server.base_url('openai')}",
            f"google:b@{server.base_url('google')}",
            depth="smoke",
            axes=["wire"],
        )
        progress, report = execute(comparison, tmp_path / "run")

    trials = [trial for case in json.loads(report)["cases"] for trial in case["trials"] if trial["lane"] != "raw"]
    assert progress.done == progress.total
    assert {trial["outcome"] for trial in trials} == {"pass"}
