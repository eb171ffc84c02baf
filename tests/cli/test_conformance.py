"""`portable-llm conformance`: what is printed, what is stored, and how it exits."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portable_llm import Request
from portable_llm.testing import FakeServer, FenceJson, IgnoreSchema, Pace, Received, ScriptedEndpoint
from support.endpoints import name_of, scripted_answers, scripted_server

SMOKE = ("--depth", "smoke", "--axes", "tools,json")


@pytest.fixture
def perfect() -> Iterator[FakeServer]:
    with scripted_server(depth="smoke") as server:
        yield server


def test_a_plan_counts_the_calls_and_sends_none(run, perfect):
    name = name_of(perfect)
    shown = run("conformance", "plan", name, name, *SMOKE)
    counted = run("conformance", "plan", name, name, *SMOKE, "--json")
    facts = json.loads(counted.out)

    assert (shown.code, counted.code) == (0, 0)
    assert set(facts["axes"]) == {"tools", "json"}
    assert facts["calls"] == sum(axis["calls"] for axis in facts["axes"].values()) == 24
    assert f"{facts['calls']} calls" in shown.out
    assert "money: A: " in shown.out
    assert perfect.requests == ()


def test_a_run_leaves_a_report_that_can_be_shown_and_verified_again(run, perfect, tmp_path: Path):
    out, name = tmp_path / "run", name_of(perfect)
    ran = run("conformance", "run", name, name, *SMOKE, "--out", str(out))
    again = run("conformance", "report", str(out))
    verified = run("conformance", "verify", str(out))

    assert (ran.code, again.code, verified.code) == (0, 0, 0)
    assert ran.out == again.out
    assert "INCONCLUSIVE" in ran.out
    assert (out / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert verified.out.startswith("holds: 24 exchanges, ")


def test_standard_output_is_the_report_where_a_machine_reads_it(run, perfect, tmp_path: Path):
    name = name_of(perfect)
    ran = run("conformance", "run", name, name, *SMOKE, "--out", str(tmp_path), "--json")
    shown = run("conformance", "report", str(tmp_path), "--json")

    assert json.loads(ran.out) == json.loads(shown.out) == json.loads((tmp_path / "report.json").read_text())


def test_a_second_run_sends_nothing_that_was_answered(run, perfect, tmp_path: Path):
    name = name_of(perfect)
    command = ("conformance", "run", name, name, *SMOKE, "--out", str(tmp_path))
    first = run(*command)
    sent = len(perfect.requests)
    second = run(*command)
    begun_anew = run(*command, "--fresh")

    assert (first.code, second.code, begun_anew.code) == (0, 0, 0)
    assert first.out == second.out
    assert len(perfect.requests) == 2 * sent


def test_a_gate_exits_by_the_verdict(run, perfect, tmp_path: Path):
    """Every case three times, so that a contract that B never keeps blocks."""
    with scripted_server(IgnoreSchema(), FenceJson(), depth="smoke") as broken:
        b = name_of(broken)
        options = ("--depth", "smoke", "--axes", "json", "--trials", "3", "--concurrency", "4", "--gate")
        lost = run("conformance", "run", name_of(perfect), b, *options, "--out", str(tmp_path / "lost"))
    kept = run("conformance", "run", name_of(perfect), name_of(perfect), *options, "--out", str(tmp_path / "kept"))

    assert (lost.code, "NOT PORTABLE" in lost.out) == (1, True)
    assert (kept.code, "INCONCLUSIVE" in kept.out) == (2, True)


def test_a_cap_stops_the_run_and_the_figures_are_called_incomplete(run, perfect, tmp_path: Path):
    name = name_of(perfect)
    command = ("conformance", "run", name, name, *SMOKE, "--out", str(tmp_path))
    capped = run(*command, "--max-calls", "5")
    shown = run("conformance", "report", str(tmp_path), "--json")
    finished = run(*command)

    assert capped.code == 3
    assert "stopped (max_calls): 19 exchanges are missing; the same command goes on" in capped.err
    assert capped.out.startswith("INCOMPLETE ")
    assert json.loads(shown.out)["verdict"]["reasons"] == ["unfinished"]
    assert (finished.code, "INCOMPLETE" in finished.out) == (0, False)


def test_a_baseline_stands_for_an_endpoint_that_is_gone(run, perfect, tmp_path: Path):
    home, out = tmp_path / "home", tmp_path / "run"
    with scripted_server(depth="smoke") as leaving:
        stored = run("conformance", "baseline", name_of(leaving), *SMOKE, "--out", str(home))
    moved = (*SMOKE, "--home", str(home), "--to", name_of(perfect), "--out", str(out))
    stopped = run("conformance", "run", *moved, "--max-calls", "5")
    compared = run("conformance", "run", *moved)

    assert (stored.code, stopped.code, compared.code) == (0, 3, 0)
    assert "6 of 6 trials pass" in stored.out
    assert stopped.out.startswith("INCOMPLETE ")
    assert "INCOMPLETE" not in compared.out


def test_verify_names_what_was_changed(run, perfect, tmp_path: Path):
    name = name_of(perfect)
    run("conformance", "run", name, name, *SMOKE, "--out", str(tmp_path))
    report = tmp_path / "report.json"
    report.write_bytes(report.read_bytes().replace(b'"planned": 24', b'"planned": 25'))
    ended = run("conformance", "verify", str(tmp_path))

    assert ended.code == 1
    assert "/run/calls/planned" in ended.err


def test_ctrl_c_keeps_what_was_measured_and_the_same_command_goes_on(command, run, tmp_path: Path):
    words, environment = command
    out, third = tmp_path / "run", threading.Event()
    endpoint = ScriptedEndpoint(scripted_answers(depth="smoke"))

    def answer(request: Request[Any], received: Received) -> Any:
        if received.number == 3:
            third.set()
        return endpoint(request, received)

    with FakeServer(answer, faults=[Pace(seconds=0.2)]) as server:
        name = name_of(server)
        arguments = ["conformance", "run", name, name, *SMOKE, "--out", str(out)]
        with subprocess.Popen(
            [*words, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        ) as process:
            assert third.wait(60)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        stored = len((out / "transcripts.jsonl").read_text().splitlines())
        resumed = run(*arguments)

    assert process.returncode == 130
    assert "stopped (interrupted): " in said
    assert 0 < stored < 24
    assert resumed.code == 0
    assert run("conformance", "verify", str(out)).code == 0
