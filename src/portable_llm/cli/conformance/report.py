"""`portable-llm conformance report`: a stored run once more."""

from __future__ import annotations

import json
from pathlib import Path

import click

from portable_llm.cli.conformance._execution import publish
from portable_llm.cli.conformance.gate import stored_report
from portable_llm.conformance.comparison import Comparison, compare, evaluate_run
from portable_llm.conformance.details import details_of
from portable_llm.conformance.report import read_report, render_html, render_junit, render_markdown, render_terminal
from portable_llm.conformance.store import RunStore
from portable_llm.providers._target import load_settings

FORMATS = ("terminal", "html", "json", "junit", "markdown")


@click.command("report")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the stored report as JSON.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Print the report in this form, and write nothing else."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="With --format: write to this file.")
@click.option("--base", type=click.Path(path_type=Path), help="With --format markdown: the run to compare with.")
@click.option("--reread", is_flag=True, help="Read the stored exchanges anew with this version of the library first.")
def command(
    directory: Path, form: str | None, out: Path | None, base: Path | None, as_json: bool, reread: bool
) -> None:
    """Show the report of a run again, and write its HTML; or give it in another form."""
    _check_options(form, out, base, as_json)
    store = RunStore(directory)
    content = evaluate_run(directory, _comparison_of(store)) if reread else store.read("report.json")
    if form is None:
        publish(directory, content, as_json=as_json, is_baseline="b" not in store.read_manifest()["endpoints"])
        return
    text = rendered(form, content, directory, base)
    if out is None:
        click.echo(text, nl=False)
    else:
        RunStore(out.parent).write(out.name, text.encode())


def _check_options(form: str | None, out: Path | None, base: Path | None, as_json: bool) -> None:
    if form is not None and as_json:
        raise click.UsageError("give --json or --format, not both")
    if form is None and out is not None:
        raise click.UsageError("--out needs --format")
    if base is not None and form != "markdown":
        raise click.UsageError("--base needs --format markdown")


def rendered(form: str, content: bytes, directory: Path, base: Path | None) -> str:
    """A stored report in one of `FORMATS`."""
    data = json.loads(content)
    report = read_report(data)
    match form:
        case "json":
            return content.decode("ascii")
        case "html":
            return render_html(data, details=details_of(directory))
        case "junit":
            return render_junit(report)
        case "markdown":
            return render_markdown(report, None if base is None else stored_report(base))
        case _:
            return render_terminal(data)


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
