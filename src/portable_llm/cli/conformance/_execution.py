"""A comparison from its plan to its printed report, with the exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from portable_llm.cli._shared import print_json
from portable_llm.cli.conformance._progress import lines, ticker
from portable_llm.conformance.comparison import Comparison, execute
from portable_llm.conformance.details import details_of
from portable_llm.conformance.looks import note_look
from portable_llm.conformance.report import print_terminal, render_html
from portable_llm.conformance.runner import Limits, Progress
from portable_llm.conformance.store import RunStore
from portable_llm.providers._target import Keyring

VERDICT_CODES = {"PORTABLE": 0, "NOT PORTABLE": 1, "INCONCLUSIVE": 2, "INCOMPLETE": 3}
"""Exit codes of `run --gate`."""


def run_to_its_end(comparison: Comparison, where: dict[str, Any], limits: Limits, *, as_json: bool, gate: bool) -> int:
    """Run what is missing, write and print the report; gives the exit code."""
    directory = where["out"] or _directory_for(comparison)
    if not as_json:
        click.echo(f"run directory: {directory}", err=True)
    progress, report = execute(
        comparison,
        directory,
        keys=Keyring(),
        limits=limits,
        fresh=where["fresh"],
        on_progress=ticker() if sys.stderr.isatty() else lines(),
    )
    _say_stopped(progress)
    word = publish(directory, report, as_json=as_json, is_baseline=comparison.b is None)
    if progress.stopped == "interrupted":
        return 130
    if progress.stopped is not None:
        return 3
    return VERDICT_CODES[word] if gate else 0


def _directory_for(comparison: Comparison) -> Path:
    """`conformance-runs/A--B-depth`: the same comparison is resumed, another one lives apart."""
    names = [endpoint.label for endpoint in comparison.endpoints.values()]
    safe = "--".join("".join(char if char.isalnum() or char in "._-" else "_" for char in name) for name in names)
    return Path("conformance-runs") / f"{safe}-{comparison.depth}"


def _say_stopped(progress: Progress) -> None:
    if progress.stopped is not None:
        left = progress.total - progress.done
        click.echo(f"stopped ({progress.stopped}): {left} exchanges are missing; the same command goes on", err=True)


def publish(directory: Path, report: bytes, *, as_json: bool, is_baseline: bool) -> str:
    """Write the HTML beside the report, print it, and give the verdict's word."""
    decoded = json.loads(report)
    if is_baseline:
        if as_json:
            print_json(decoded)
        else:
            click.echo(_baseline_text(decoded, directory))
        return "INCOMPLETE"
    looks = note_look(directory, decoded)
    store = RunStore(directory)
    store.write("report.html", render_html(decoded, details=details_of(directory)).encode())
    if as_json:
        print_json(decoded)
    else:
        print_terminal(decoded, html=str(directory / "report.html"), looks=looks)
    return str(decoded["verdict"]["word"])


def _baseline_text(report: dict[str, Any], directory: Path) -> str:
    """How A did at home, as counts: a baseline has nothing to be compared with."""
    lines = [f"baseline of {report['endpoints']['a']['label']}"]
    for axis in report["suite"]["axes"]:
        trials = [trial for case in report["cases"] if case["axis"] == axis for trial in case["trials"]]
        passed = sum(trial["outcome"] == "pass" for trial in trials)
        lines.append(f"  {axis:9} {passed} of {len(trials)} trials pass")
    lines.append(f"compare with it: portable-llm conformance run --home {directory} --to provider:model")
    return "\n".join(lines)
