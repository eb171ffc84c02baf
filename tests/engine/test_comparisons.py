"""Whole comparisons on a real engine: one endpoint with itself, one model behind two protocols, two models.

A tiny model keeps few of the contracts by itself; what it does not keep at home is no evidence of anything, so these
tests are about what it does keep.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine import QUESTION_TEMPLATE, Engine, gemma_file, has_gemma, is_installed
from portable_llm.conformance.comparison import compare, execute
from portable_llm.conformance.verify import verify
from portable_llm.providers._target import Keyring, load_settings

pytestmark = [pytest.mark.engine, pytest.mark.timeout(780)]

Report = dict[str, Any]
ALL_AXES = ("wire", "instruct", "tools", "json")


def run(a: str, b: str, out: Path, *, depth: str, trials: int, axes: Sequence[str] = ALL_AXES) -> Report:
    """The report of a whole run, which also has to verify."""
    comparison = compare(a, b, settings=load_settings(), depth=depth, trials=trials, axes=axes)
    progress, report = execute(comparison, out, keys=Keyring())

    assert (progress.stopped, progress.failed, progress.done) == (None, 0, progress.total)
    assert verify(out).holds
    return json.loads(report)


def chat(engine: Engine) -> str:
    return f"compatible:{engine.model}@{engine.url}/v1"


def messages(engine: Engine) -> str:
    return f"anthropic:{engine.model}@{engine.url}"


def outcomes(case: Report, lane: str) -> set[str]:
    return {trial["outcome"] for trial in case["trials"] if trial["lane"] == lane}


def lost(report: Report, lane: str) -> set[str]:
    """Templates that A keeps in every trial and B in none."""
    return {
        case["template"]
        for case in report["cases"]
        if outcomes(case, "home") == {"pass"} and "pass" not in outcomes(case, lane)
    }


def kept_at_home(report: Report, axis: str) -> set[str]:
    return {case["template"] for case in report["cases"] if case["axis"] == axis and outcomes(case, "home") == {"pass"}}


def assert_nothing_is_held_against_itself(report: Report) -> None:
    """The word may be any but NOT PORTABLE; an interval needs 20 templates with evidence, else the reason is told."""
    assert report["verdict"]["word"] in ("PORTABLE", "INCONCLUSIVE")
    assert report["verdict"]["blockers"] == []
    for axis, row in report["score"]["axes"].items():
        estimate = row["lanes"]["norm"]["estimate"]
        assert row["status"] == "scored"
        if estimate["interval"] is None:
            assert report["verdict"]["axes"][axis]["reason"] == "few_templates"
        else:
            assert estimate["interval"]["lower"] <= 100 <= estimate["interval"]["upper"]


def test_an_endpoint_loses_nothing_against_itself(local_engine, tmp_path):
    report = run(chat(local_engine), chat(local_engine), tmp_path, depth="smoke", trials=3, axes=("tools", "json"))

    assert report["verdict"]["word"] == "INCONCLUSIVE"
    assert report["verdict"]["blockers"] == []
    assert lost(report, "norm") == lost(report, "raw") == set()
    assert kept_at_home(report, "tools")
    assert kept_at_home(report, "json")


@pytest.mark.slow
def test_an_endpoint_loses_nothing_against_itself_at_depth(local_engine, tmp_path):
    report = run(chat(local_engine), chat(local_engine), tmp_path, depth="quick", trials=3, axes=("tools", "json"))

    assert_nothing_is_held_against_itself(report)
    assert lost(report, "norm") == lost(report, "raw") == set()


def test_behind_another_protocol_the_schema_is_lost_and_nothing_else(local_engine, tmp_path):
    """The server's Messages endpoint ignores `output_config.format`; all else is the same model at temperature 0."""
    report = run(chat(local_engine), messages(local_engine), tmp_path, depth="smoke", trials=3)
    schemas = {name for name in kept_at_home(report, "json") if not name.startswith("json.j11.")}

    assert len(schemas) >= 4
    assert lost(report, "norm") == lost(report, "raw") == schemas
    assert report["verdict"]["word"] == "NOT PORTABLE"
    assert {blocker["axis"] for blocker in report["verdict"]["blockers"]} == {"json"}
    assert len(kept_at_home(report, "wire")) == 6


@pytest.fixture
def gemma(tmp_path) -> Iterator[Engine]:
    """Another model, family and tokenizer: a base model that ignores instructions and knows no tools.

    Gemma's terms of use apply to it; the installation of its dependency group says so.
    """
    if not (is_installed() and has_gemma()):
        pytest.skip("Gemma 3 270M is not installed: scripts/test --slow models")
    with Engine(alias="gemma", model=gemma_file(tmp_path), template=QUESTION_TEMPLATE) as engine:
        yield engine


@pytest.mark.slow
def test_another_model_loses_the_tools_without_an_error(local_engine, gemma, tmp_path):
    """Schemas are enforced by the engine's grammar for any model; its template leaves tools out without a word."""
    axes = ("wire", "tools", "json")
    report = run(chat(local_engine), chat(gemma), tmp_path / "run", depth="smoke", trials=3, axes=axes)

    assert report["verdict"]["word"] == "NOT PORTABLE"
    assert {name for name in lost(report, "norm") if name.startswith("tools.")} == kept_at_home(report, "tools")
    assert report["score"]["axes"]["json"]["status"] == "scored"
