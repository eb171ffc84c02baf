"""The composite action: its scripts run here as they run there, and no input can become part of a script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.endpoints import name_of, scripted_server

ROOT = Path(__file__).resolve().parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
INPUTS = {name: str(declared.get("default", "")) for name, declared in ACTION["inputs"].items()}


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """An environment in which `portable-llm` is this checkout's."""
    command = tmp_path / "bin" / "portable-llm"
    command.parent.mkdir()
    start = "from portable_llm.cli import main; main()"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{start}" "$@"\n')
    command.chmod(0o755)
    return {
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_OUTPUT": str(tmp_path / "output.txt"),
    }


def run_step(name: str, inputs: dict[str, str], shell: dict[str, str], where: Path) -> int:
    """Run a step as the runner does: inputs filled into its environment, its script in bash."""
    (step,) = [step for step in STEPS if step["id"] == name]
    given = {**INPUTS, **inputs}
    filled = {key: given[value.removeprefix("${{ inputs.").removesuffix(" }}")] for key, value in step["env"].items()}
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(words, env={**shell, **filled}, cwd=where, check=False, capture_output=True).returncode


def test_no_script_holds_an_expression() -> None:
    assert all("${{" not in step["run"] for step in STEPS)
    assert all(step["shell"] == "bash" for step in STEPS)


def test_it_runs_reports_and_gates(shell: dict[str, str], tmp_path: Path) -> None:
    with scripted_server(depth="smoke") as server:
        inputs = {"a": name_of(server), "b": name_of(server), "depth": "smoke", "axes": "json"}
        ended = [run_step(step, inputs, shell, tmp_path) for step in ("run", "report", "gate")]
    lenient = run_step("gate", {**inputs, "inconclusive-ok": "true"}, shell, tmp_path)

    assert (ended, lenient) == ([0, 0, 2], 0)
    assert (tmp_path / "output.txt").read_text() == "code=2\ncode=0\n"
    assert (tmp_path / "summary.md").read_text(encoding="utf-8").startswith("### Portability: INCONCLUSIVE")
    assert (tmp_path / "conformance-run" / "junit.xml").exists()


def test_what_looks_like_an_option_or_a_command_is_an_endpoints_name(shell: dict[str, str], tmp_path: Path) -> None:
    inputs = {"a": "--help", "b": "$(touch pwned)", "depth": "smoke"}

    assert run_step("run", inputs, shell, tmp_path) == 4
    assert not (tmp_path / "pwned").exists()
