"""One comparison from its names to its report: the functions behind `portable-llm conformance`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portable_llm import __version__
from portable_llm._errors import ConfigurationError
from portable_llm.conformance.case import Case
from portable_llm.conformance.endpoints import Endpoint, parse_endpoint
from portable_llm.conformance.evaluate import Seen, build_report, observations_file, observe, read_observations
from portable_llm.conformance.jobs import Job, omitted_fields, plan_jobs
from portable_llm.conformance.runner import Limits, Progress, Runner
from portable_llm.conformance.store import Redactor, RunStore, RunStoreError
from portable_llm.conformance.templates.suite import AXES, select, suite_id
from portable_llm.conformance.verdict import DEPTHS, Rules
from portable_llm.providers._target import Keyring, Settings, load_settings

MANIFEST_VERSION = 1
_RULES: Mapping[str, Rules] = {name: rules for name, rules in DEPTHS.items() if name != "certified"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is compared with what, and how deeply. Without `b`: a baseline of A alone."""

    a: Endpoint
    b: Endpoint | None
    depth: str
    axes: tuple[str, ...]
    trials: int
    seed: int
    cases: tuple[Case, ...]
    home: Path | None = None
    """A stored run of A that takes the place of a live one."""

    @property
    def suite(self) -> str:
        """Id of what is asked and how it is judged; runs with other ids are never compared."""
        return suite_id(self.cases)

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        """The endpoints by arm."""
        return {"a": self.a} if self.b is None else {"a": self.a, "b": self.b}

    def jobs(self) -> list[Job]:
        """Every exchange, in order."""
        return plan_jobs(self.cases, self.a, self.b, trials=self.trials, seed=self.seed, with_home=self.home is None)


def compare(
    a: str,
    b: str | None,
    *,
    settings: Settings | None = None,
    depth: str = "quick",
    axes: Sequence[str] = AXES,
    trials: int | None = None,
    seed: int = 7,
    home: Path | None = None,
) -> Comparison:
    """A comparison of two endpoints, or a baseline of one.

    Raises `ConfigurationError` for a name, depth or axis that is none.
    Without `settings`, aliases come from the environment and the configuration file, as for a client.
    """
    settings = settings or load_settings()
    rules = _RULES.get(depth)
    if rules is None:
        raise ConfigurationError(f"unknown depth {depth!r}; known: smoke, quick, standard, full")
    unknown = [axis for axis in axes if axis not in AXES]
    if unknown or not axes:
        raise ConfigurationError(f"unknown axis {', '.join(unknown) or '(none given)'}; known: {', '.join(AXES)}")
    count = rules.trials if trials is None else trials
    if count < 1:
        raise ConfigurationError(f"trials is {count}; at least 1 is needed")
    chosen = tuple(axis for axis in AXES if axis in axes)
    return Comparison(
        a=parse_endpoint(a, settings),
        b=None if b is None else parse_endpoint(b, settings),
        depth=depth,
        axes=chosen,
        trials=count,
        seed=seed,
        cases=tuple(select(chosen, depth)),
        home=home,
    )


def manifest_of(comparison: Comparison, planned: int) -> dict[str, Any]:
    """The manifest of a new run."""
    return {
        "version": MANIFEST_VERSION,
        "id": uuid.uuid4().hex[:12],
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "library_version": __version__,
        "suite": comparison.suite,
        "depth": comparison.depth,
        "axes": list(comparison.axes),
        "trials": comparison.trials,
        "seed": comparison.seed,
        "planned": planned,
        "endpoints": {arm: endpoint.to_json() for arm, endpoint in comparison.endpoints.items()},
        "home": None if comparison.home is None else _home_facts(RunStore(comparison.home)),
    }


def _home_facts(home: RunStore) -> dict[str, Any]:
    manifest = home.read_manifest()
    age = datetime.now(UTC) - datetime.fromisoformat(manifest["started"])
    return {
        "id": manifest["id"],
        "started": manifest["started"],
        "age_days": age.days,
        "trials": manifest["trials"],
    }


_SAME = ("suite", "depth", "axes", "trials", "seed")


def open_run(directory: Path, comparison: Comparison, *, fresh: bool = False) -> tuple[RunStore, list[Job]]:
    """The store of a run, begun or taken up again, and its jobs.

    Raises `ConfigurationError` when another comparison lives in the directory: results are never mixed.
    """
    jobs = comparison.jobs()
    store = RunStore(directory)
    if store.exists and not fresh:
        _check_same(store.read_manifest(), manifest_of(comparison, len(jobs)), directory)
        return store, jobs
    if store.exists:
        for name in ("transcripts.jsonl", "observations.jsonl", "report.json", "report.html"):
            (directory / name).unlink(missing_ok=True)
    manifest = manifest_of(comparison, len(jobs))
    store.write_manifest(manifest)
    if comparison.home is not None:
        _adopt_home(store, RunStore(comparison.home), manifest)
    return store, jobs


def _check_same(stored: Mapping[str, Any], wanted: Mapping[str, Any], directory: Path) -> None:
    for name in _SAME:
        if stored.get(name) != wanted[name]:
            raise ConfigurationError(
                f"{directory} holds a run with another {name} ({stored.get(name)!r}, now {wanted[name]!r}); "
                "use another --out, or --fresh to begin anew"
            )
    for arm, endpoint in wanted["endpoints"].items():
        if stored["endpoints"].get(arm) != endpoint:
            raise ConfigurationError(
                f"{directory} holds a run of another endpoint {arm.upper()} "
                f"({stored['endpoints'].get(arm, {}).get('label')!r}); use another --out, or --fresh to begin anew"
            )


def _adopt_home(store: RunStore, home: RunStore, manifest: Mapping[str, Any]) -> None:
    """Copy the stored home exchanges into the run, so that it recomputes from its own directory."""
    stored = home.read_manifest()
    for name in ("suite", "depth", "axes"):
        if stored[name] != manifest[name]:
            raise ConfigurationError(
                f"the home run {home.directory} has another {name} ({stored[name]!r}); "
                f"run `portable-llm conformance baseline` again with the same options"
            )
    if stored["endpoints"]["a"] != manifest["endpoints"]["a"]:
        raise ConfigurationError(f"the home run {home.directory} is of {stored['endpoints']['a']['label']}")
    for record in home.records():
        if record.lanes == ("home",):
            store.append(record)


def execute(
    comparison: Comparison,
    directory: Path,
    *,
    keys: Keyring | None = None,
    limits: Limits | None = None,
    fresh: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> tuple[Progress, bytes]:
    """Run what is missing and write the report; gives the progress and the report's bytes (JSON).

    Without `keys`, they come from the vendors' environment variables.
    """
    keys = keys or Keyring()
    # A missing key is told before anything is written.
    asked = [endpoint for arm, endpoint in comparison.endpoints.items() if arm == "b" or comparison.home is None]
    known = [key for endpoint in asked if (key := keys.key_for(endpoint.target))]
    store, jobs = open_run(directory, comparison, fresh=fresh)
    store.redact = Redactor(known)
    runner = Runner(store, comparison.endpoints, keys, limits=limits, on_progress=on_progress)
    progress = runner.run(jobs)
    return progress, evaluate_run(directory, comparison)


def evaluate_run(directory: Path, comparison: Comparison) -> bytes:
    """Read the stored exchanges anew and write observations and report."""
    store = RunStore(directory)
    seen = observe(
        store.records(),
        {case.id: case for case in comparison.cases},
        comparison.endpoints,
        omitted_fields(comparison.cases, comparison.a, comparison.b),
    )
    store.write("observations.jsonl", observations_file(seen))
    report = build_report(store.read_manifest(), comparison.cases, seen)
    store.write("report.json", report)
    return report


def cases_of(manifest: Mapping[str, Any]) -> tuple[Case, ...]:
    """The cases of a stored run; raises `RunStoreError` when this version of the suite no longer generates them."""
    cases = tuple(select(manifest["axes"], manifest["depth"]))
    if suite_id(cases) != manifest["suite"]:
        raise RunStoreError(
            f"the run used suite {manifest['suite']}, this version has {suite_id(cases)}; "
            f"use portable-llm {manifest.get('library_version')} to recompute it"
        )
    return cases


def recompute(directory: Path) -> bytes:
    """The report from the stored observations alone."""
    store = RunStore(directory)
    manifest = store.read_manifest()
    seen: list[Seen] = read_observations(store)
    return build_report(manifest, cases_of(manifest), seen)
