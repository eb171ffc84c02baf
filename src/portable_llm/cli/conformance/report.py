"""`portable-llm conformance report`: a stored run once more."""

from __future__ import annotations

from pathlib import Path

import click

from portable_llm.cli.conformance._execution import publish
from portable_llm.conformance.comparison import Comparison, compare, evaluate_run
from portable_llm.conformance.store import RunStore
from portable_llm.providers._target import load_settings


@click.command("report")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the stored report as JSON.")
@click.option("--reread", is_flag=True, help="Read the stored exchanges anew with this version of the library first.")
def command(directory: Path, as_json: bool, reread: bool) -> None:
    """Show the report of a run again, and write its HTML."""
    store = RunStore(directory)
    content = evaluate_run(directory, _comparison_of(store)) if reread else store.read("report.json")
    publish(directory, content, as_json=as_json, is_baseline="b" not in store.read_manifest()["endpoints"])


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
