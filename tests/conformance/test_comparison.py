"""Whole comparisons against endpoints whose truth is known: the suite must find it, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from portable_llm.conformance.templates.suite import AXES
from portable_llm.testing import (
    CutJson,
    DropParallelCalls,
    Fault,
    FenceJson,
    FilterWords,
    IgnoreStop,
    RenameFinishReasons,
)
from support.endpoints import name_of, run_comparison, scripted_server


def losses(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Axis, lane and reason code of every trial of B that fails."""
    return {
        (case["axis"], trial["lane"], trial["code"])
        for case in report["cases"]
        for trial in case["trials"]
        if trial["arm"] == "b" and trial["outcome"] != "pass"
    }


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google"])
def test_a_perfect_endpoint_against_itself_is_portable_at_100(provider: str, tmp_path: Path) -> None:
    with scripted_server() as server:
        name = name_of(server, provider)
        report, _ = run_comparison(name, name, tmp_path, depth="quick", trials=2, axes=AXES)

    assert report["verdict"]["word"] == "PORTABLE", report["headline"]
    assert {name: axis["word"] for name, axis in report["verdict"]["axes"].items()} == dict.fromkeys(AXES, "PORTABLE")
    assert report["score"]["overall"]["value"] == 100.0
    assert report["verdict"]["blockers"] == []
    assert losses(report) == set()


def test_smoke_never_says_portable(tmp_path: Path) -> None:
    with scripted_server() as server:
        report, _ = run_comparison(name_of(server), name_of(server), tmp_path, depth="smoke")

    assert report["verdict"]["word"] == "INCONCLUSIVE"
    assert report["verdict"]["blockers"] == []


@pytest.mark.parametrize("passes", [0.8, pytest.param(0.5, marks=pytest.mark.slow)])
def test_known_pass_probabilities_are_recovered_within_the_interval(passes: float, tmp_path: Path) -> None:
    """One draw each, with a fixed seed: one in twenty 95 % intervals misses, which `test_simulated_vendors` counts."""
    with scripted_server() as a, scripted_server(passes=passes, seed=5) as b:
        report, _ = run_comparison(name_of(a), name_of(b), tmp_path, depth="quick", trials=3)

    for axis in ("tools", "json"):
        estimate = report["score"]["axes"][axis]["lanes"]["norm"]["estimate"]
        interval = estimate["interval"]
        assert interval["lower"] <= 100 * passes <= interval["upper"], f"{axis}: {interval}"


def test_an_endpoint_with_noise_is_not_called_a_loss_against_itself(tmp_path: Path) -> None:
    with scripted_server(passes=0.85, seed=3) as server:
        report, _ = run_comparison(name_of(server), name_of(server), tmp_path, depth="quick", trials=3)

    assert report["verdict"]["word"] != "NOT PORTABLE", report["headline"]
    for axis in ("tools", "json"):
        interval = report["score"]["axes"][axis]["lanes"]["norm"]["estimate"]["interval"]
        assert interval["lower"] <= 100 <= interval["upper"]


@pytest.mark.parametrize(
    ("fault", "lost"),
    [
        (DropParallelCalls(), {("tools", lane, "missing_parallel_call") for lane in ("raw", "norm")}),
        (IgnoreStop(), {("wire", lane, "stop_ignored") for lane in ("raw", "norm")}),
        (
            RenameFinishReasons({"stop": "galaxy_brain", "end_turn": "galaxy_brain"}),
            {("wire", lane, "wrong_finish_reason") for lane in ("raw", "norm")},
        ),
        # Taken away by the library, so lost in the raw lane only.
        (FenceJson(), {("json", "raw", "fenced_json")}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Fault) else "",
)
@pytest.mark.parametrize("provider", ["openai", pytest.param("anthropic", marks=pytest.mark.slow)])
def test_a_fault_is_found_on_its_axis_and_credited_only_where_the_library_repairs(
    provider: str, fault: Fault, lost: set[tuple[str, str, str]], tmp_path: Path
) -> None:
    axes = ("tools", "json", "wire")
    with scripted_server() as a, scripted_server(fault) as b:
        report, _ = run_comparison(name_of(a), name_of(b, provider), tmp_path, depth="quick", trials=1, axes=axes)

    # Images of the axis `wire` are omitted by a day-one port to another format, and carried by the library.
    omitted = set[tuple[str, str, str]]() if provider == "openai" else {("wire", "raw", "wrong_answer")}
    assert losses(report) == lost | omitted
    for axis, row in report["score"]["axes"].items():
        parts = row["decomposition"]
        repaired = {lost_axis for lost_axis, _, _ in lost} - {a for a, lane, _ in lost if lane == "norm"}
        if axis not in {name for name, _, _ in omitted}:
            assert (parts["removed"] > 0) == (axis in repaired), f"{axis}: {parts}"
        assert parts["raw"] + parts["removed"] + parts["residual"] == pytest.approx(100)


def test_a_filter_of_harmless_words_is_a_loss_of_policy_in_both_lanes(tmp_path: Path) -> None:
    with scripted_server() as a, scripted_server(FilterWords()) as b:
        report, _ = run_comparison(
            name_of(a), name_of(b), tmp_path, depth="quick", trials=1, axes=("refusal", "instruct")
        )

    assert losses(report) == {("refusal", lane, "over_refused") for lane in ("raw", "norm")}


def test_json_that_breaks_off_is_never_completed(tmp_path: Path) -> None:
    with scripted_server() as a, scripted_server(CutJson()) as b:
        report, _ = run_comparison(name_of(a), name_of(b), tmp_path, depth="quick", trials=1)

    assert {code for axis, _, code in losses(report) if axis == "json"} == {"truncated_json"}
    assert report["score"]["axes"]["json"]["decomposition"]["removed"] == 0
    assert report["verdict"]["word"] == "NOT PORTABLE"


def test_an_unknown_case_never_reaches_the_wire_with_a_mark(tmp_path: Path) -> None:
    """A vendor must not be able to tell the test: nothing in a request names the suite."""
    with scripted_server() as server:
        run_comparison(name_of(server), name_of(server), tmp_path, depth="smoke")
        sent = json.dumps([[received.path, received.json, dict(received.headers)] for received in server.requests])

    for mark in ("conformance", "canary", "5e0c2f6b"):
        assert mark not in sent
