"""`portable-llm conformance`: measure what a switch would cost, before switching."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from portable_llm.cli._shared import print_json
from portable_llm.conformance.comparison import Comparison, compare, evaluate_run, execute
from portable_llm.conformance.details import details_of
from portable_llm.conformance.report import print_terminal, render_html
from portable_llm.conformance.runner import Limits, Progress
from portable_llm.conformance.store import RunStore
from portable_llm.conformance.templates.suite import AXES
from portable_llm.conformance.verify import verify as verify_run
from portable_llm.providers._target import Keyring, load_settings

F = TypeVar("F", bound=Callable[..., Any])

DEPTHS = ("smoke", "quick", "standard", "full")
VERDICT_CODES = {"PORTABLE": 0, "NOT PORTABLE": 1, "INCONCLUSIVE": 2, "INCOMPLETE": 3}
"""Exit codes of `run --gate`."""


def _axes(_context: object, _option: object, value: str) -> tuple[str, ...]:
    return tuple(axis.strip() for axis in value.split(",") if axis.strip())


def _suite_options(command: F) -> F:
    options = [
        click.option(
            "--depth", type=click.Choice(DEPTHS), default="quick", show_default=True, help="How much is asked."
        ),
        click.option("--axes", callback=_axes, default=",".join(AXES), show_default=True, help="Axes, with commas."),
        click.option("--trials", type=click.IntRange(min=1), help="Trials per case and arm, instead of the depth's."),
        click.option("--seed", type=int, default=7, show_default=True, help="Order of the exchanges."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _run_options(command: F) -> F:
    options = [
        click.option("--out", type=click.Path(file_okay=False, path_type=Path),
                     help="Run directory; resumed if it exists."),
        click.option("--fresh", is_flag=True, help="Begin anew in an existing run directory."),
        click.option("--max-calls", type=click.IntRange(min=0), help="Stop cleanly after that many calls."),
        click.option("--deadline", type=click.FloatRange(min=0), help="Stop cleanly after that many seconds."),
        click.option("--concurrency", type=click.IntRange(1, 256), default=1, show_default=True,
                     help="Calls in flight per endpoint."),
        click.option("--json", "as_json", is_flag=True, help="Print the report as JSON."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.group("conformance", short_help="Measure what a switch of endpoints would cost.")
def command() -> None:
    """Compare two endpoints on contract cases, and say what of A's behaviour B keeps.

    An endpoint is provider:model, provider:model@base_url, or an alias.
    """


@command.command("plan")
@click.argument("a")
@click.argument("b", required=False)
@_suite_options
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def plan(a: str, b: str | None, as_json: bool, **options: Any) -> None:
    """Show what a comparison of A with B would send; nothing is sent."""
    comparison = compare(a, b, settings=load_settings(), **options)
    facts = _facts(comparison)
    if as_json:
        print_json(facts)
        return
    click.echo(f"{facts['a']}  →  {facts['b'] or '(baseline of A alone)'}")
    click.echo(f"depth {comparison.depth}, suite {comparison.suite}, trials per case and arm: {comparison.trials}")
    for axis, row in facts["axes"].items():
        unsupported = f", {row['unsupported_at_home']} not available at home" if row["unsupported_at_home"] else ""
        click.echo(
            f"  {axis:9} {row['templates']:3} templates, {row['cases']:3} cases, {row['calls']:4} calls{unsupported}"
        )
    click.echo(f"  {'total':9} {facts['calls']} calls ({facts['shared']} of them serve both lanes of B)")
    click.echo(f"  at most {facts['output_tokens']} output tokens; money: not measured (no price table)")
    click.echo(f"  {_power(comparison)}")


def _facts(comparison: Comparison) -> dict[str, Any]:
    jobs = comparison.jobs()
    sent = [job for job in jobs if job.is_sent]
    axes: dict[str, dict[str, int]] = {}
    for axis in comparison.axes:
        cases = [case for case in comparison.cases if case.axis == axis]
        axes[axis] = {
            "templates": len({case.template for case in cases}),
            "cases": len(cases),
            "calls": sum(job.case.axis == axis for job in sent),
            "unsupported_at_home": sum(job.case.axis == axis for job in jobs if not job.is_sent and job.arm == "a"),
        }
    return {
        "a": comparison.a.label,
        "b": comparison.b.label if comparison.b else None,
        "suite": comparison.suite,
        "depth": comparison.depth,
        "trials": comparison.trials,
        "axes": axes,
        "calls": len(sent),
        "shared": sum(len(job.lanes) > 1 for job in sent),
        "output_tokens": sum(int(job.case.request.get("max_output_tokens", 0)) for job in sent),
    }


def _power(comparison: Comparison) -> str:
    """What this many pairs can show, by the tables of the suite's statistics."""
    from portable_llm.conformance.statistics import pairs_needed

    cases, needed = len(comparison.cases), pairs_needed(0.05, 0.10)
    enough = "enough" if cases >= needed else "not enough"
    return f"{cases} pairs: {enough} to see a true drop of 5 points between close vendors (about {needed} needed)"


@command.command("run")
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--home", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="A stored run of A (see baseline), instead of asking A again.")  # fmt: skip
@click.option("--to", "to", help="B, when --home stands for A.")
@_suite_options
@_run_options
@click.option(
    "--gate", is_flag=True, help="Exit by the verdict: 0 portable, 1 not portable, 2 inconclusive, 3 incomplete."
)
def run(
    a: str | None, b: str | None, home: Path | None, to: str | None, gate: bool, as_json: bool, **options: Any
) -> int:
    """Compare A with B and write the report. Running it again takes up an interrupted run."""
    first, second = _who(a, b, home, to)
    suite, limits, where = _split(options)
    comparison = compare(first, second, settings=load_settings(), home=home, **suite)
    return _execute(comparison, where, limits, as_json=as_json, gate=gate)


def _who(a: str | None, b: str | None, home: Path | None, to: str | None) -> tuple[str, str]:
    if home is not None:
        target = to or a
        if target is None or b is not None:
            raise click.UsageError("with --home give only the new endpoint: run --home RUN --to provider:model")
        return str(RunStore(home).read_manifest()["endpoints"]["a"]["label"]), target
    if a is None or b is None or to is not None:
        raise click.UsageError("give two endpoints, A and B (provider:model), or --home RUN --to B")
    return a, b


@command.command("baseline")
@click.argument("a")
@_suite_options
@_run_options
def baseline(a: str, as_json: bool, **options: Any) -> int:
    """Store how A behaves today, to compare with it when A is gone."""
    suite, limits, where = _split(options)
    return _execute(compare(a, None, settings=load_settings(), **suite), where, limits, as_json=as_json, gate=False)


def _split(options: dict[str, Any]) -> tuple[dict[str, Any], Limits, dict[str, Any]]:
    suite = {name: options[name] for name in ("depth", "axes", "trials", "seed")}
    limits = Limits(max_calls=options["max_calls"], deadline=options["deadline"], concurrency=options["concurrency"])
    return suite, limits, {"out": options["out"], "fresh": options["fresh"]}


def _execute(comparison: Comparison, where: dict[str, Any], limits: Limits, *, as_json: bool, gate: bool) -> int:
    directory = where["out"] or _directory_for(comparison)
    if not as_json:
        click.echo(f"run directory: {directory}", err=True)
    progress, report = execute(
        comparison,
        directory,
        keys=Keyring(),
        limits=limits,
        fresh=where["fresh"],
        on_progress=_ticker() if sys.stderr.isatty() else _lines(),
    )
    _say_stopped(progress)
    word = _publish(directory, report, as_json=as_json, is_baseline=comparison.b is None)
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


def _publish(directory: Path, report: bytes, *, as_json: bool, is_baseline: bool) -> str:
    """Write the HTML beside the report, print it, and give the verdict's word."""
    import json

    decoded = json.loads(report)
    if is_baseline:
        if as_json:
            print_json(decoded)
        else:
            click.echo(_baseline_text(decoded, directory))
        return "INCOMPLETE"
    store = RunStore(directory)
    store.write("report.html", render_html(decoded, details=details_of(directory)).encode())
    if as_json:
        print_json(decoded)
    else:
        print_terminal(decoded, html=str(directory / "report.html"))
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


def _ticker() -> Callable[[Progress], None]:
    """One line that counts, for terminals."""

    def show(progress: Progress) -> None:
        left = progress.seconds_left
        pace = "" if left is None else f", about {_duration(left)} left"
        failed = f", {progress.failed} without an answer" if progress.failed else ""
        end = "\n" if progress.done == progress.total else ""
        click.echo(f"\r\033[K  {progress.done}/{progress.total} exchanges{pace}{failed}{end}", nl=False, err=True)

    return show


def _lines(every: float = 10.0) -> Callable[[Progress], None]:
    """A line now and then, for logs."""
    last = [time.monotonic()]

    def show(progress: Progress) -> None:
        if progress.done == progress.total or time.monotonic() - last[0] >= every:
            last[0] = time.monotonic()
            click.echo(f"  {progress.done}/{progress.total} exchanges", err=True)

    return show


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


@command.command("report")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the stored report as JSON.")
@click.option("--reread", is_flag=True, help="Read the stored exchanges anew with this version of the library first.")
def report(directory: Path, as_json: bool, reread: bool) -> None:
    """Show the report of a run again, and write its HTML."""
    store = RunStore(directory)
    content = evaluate_run(directory, _comparison_of(store)) if reread else store.read("report.json")
    _publish(directory, content, as_json=as_json, is_baseline="b" not in store.read_manifest()["endpoints"])


def _comparison_of(store: RunStore) -> Comparison:
    manifest = store.read_manifest()
    endpoints = manifest["endpoints"]
    return compare(
        endpoints["a"]["label"],
        endpoints["b"]["label"] if "b" in endpoints else None,
        settings=load_settings(),
        depth=manifest["depth"],
        axes=manifest["axes"],
        trials=manifest["trials"],
        seed=manifest["seed"],
    )


@command.command("verify")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def verify(directory: Path) -> int:
    """Recompute a report from its evidence; fails after one changed byte or figure."""
    found = verify_run(directory)
    for problem in found.problems:
        click.echo(problem, err=True)
    if not found.holds:
        click.echo(f"does not hold: {len(found.problems)} problems", err=True)
        return 1
    click.echo(f"holds: {found.exchanges} exchanges, {found.observations} observations, every figure recomputed")
    return 0
