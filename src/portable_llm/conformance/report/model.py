"""`report.json` read into values: the one place where a report's JSON is taken apart.

Figures keep the types of `score` and `verdict`; what the reports add is the run around them and one row per trial.
Members that this version does not know are ignored; a missing one is an error that names it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias, TypedDict, TypeVar, get_args

from portable_llm._errors import ConfigurationError
from portable_llm.conformance.estimate import Estimate
from portable_llm.conformance.score import HEADLINE, AxisScore, Decomposition, FamilyScore, Floor, LaneScore, Overall
from portable_llm.conformance.statistics import Interval
from portable_llm.conformance.trials import Lane, OutcomeKind, Tier
from portable_llm.conformance.verdict import AxisVerdict, Blocker, BlockerKind, Depth, Needed, Reason, Word

REPORT_VERSION = 1
"""The schema version of `report.json` that this module reads."""

JsonObject: TypeAlias = Mapping[str, Any]
T = TypeVar("T")


class Detail(TypedDict, total=False):
    """One exchange for the drill-down, as a run directory holds it."""

    request: JsonObject
    """The wire request's JSON."""
    answer_text: str
    answer_calls: Sequence[JsonObject]
    status: int | None
    case_request: JsonObject
    """The vendor-neutral question."""
    expected: JsonObject
    """The correct answer by construction."""
    spoken: JsonObject
    """What the library's own classifier makes of the text: `label`, `probability`, `category`; no judge reads it."""


Details: TypeAlias = Callable[[str], Detail | None]
"""Transcript key → its exchange; `None` when the run directory does not have it."""


# What a report says beside the figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One arm of the comparison."""

    label: str
    provider: str
    model: str
    host: str
    wire: str
    parameters: JsonObject
    observed: JsonObject
    """What came back: returned model ids, hashes of the answers' shapes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeRun:
    """The stored baseline that took the place of fresh calls to A."""

    id: str
    started: str
    age_days: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How the trials came about."""

    id: str
    started: str
    home: HomeRun | None
    calls: Mapping[str, int]
    """`planned`, `made`, `shared` between lanes, and per arm `a`, `b`."""
    stopped: Literal["max_calls", "deadline", "interrupted"] | str | None
    """Why the run ended early; `None` when it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Which questions were asked, judged by what."""

    id: str
    judges_version: int
    library_version: str
    depth: Depth
    seed: int
    axes: tuple[str, ...]
    trials: int
    templates: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One adaptation of the library, as it was recorded."""

    severity: str
    action: str
    subject: str
    detail: str
    enforced_by: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """One judged answer."""

    lane: Lane
    index: int
    outcome: OutcomeKind
    code: str | None
    evidence: str
    rejected: bool
    record: str | None
    """Key of the transcript; `None` when nothing was sent."""
    omitted: tuple[str, ...]
    """Fields of A's wire request that have no place in B's wire format."""
    ledger: tuple[LedgerEntry, ...]
    repairs: tuple[str, ...]
    """What the library took away around the value, by kind; empty where the text was read as it came."""
    reason: str | None
    """Why it was not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One case with all its trials."""

    id: str
    axis: str
    family: str
    template: str
    instance: int
    tier: Tier
    tags: tuple[str, ...]
    trials: tuple[TrialRow, ...]

    @property
    def lanes(self) -> dict[Lane, list[TrialRow]]:
        """The trials by lane, home first."""
        found: dict[Lane, list[TrialRow]] = defaultdict(list)
        for trial in self.trials:
            found[trial.lane].append(trial)
        return {lane: found[lane] for lane in LANES if lane in found}

    @property
    def is_clean(self) -> bool:
        """Whether every trial in every lane passed."""
        return all(trial.outcome == "pass" for trial in self.trials)


LANES: tuple[Lane, ...] = ("home", "raw", "norm", "tuned")
"""The order in which lanes are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole `report.json`."""

    headline: str
    word: Word
    reasons: tuple[Reason, ...]
    blockers: tuple[Blocker, ...]
    verdicts: Mapping[str, AxisVerdict]
    pooled_lower: float | None
    axes: Mapping[str, AxisScore]
    weights: Mapping[str, float]
    overall: Overall
    pooled: Estimate
    suite: Suite
    a: Endpoint
    b: Endpoint
    run: Run
    cases: tuple[CaseRow, ...]
    meanings: Mapping[str, str]
    digests: Mapping[str, str]


# Reading


def read_report(data: JsonObject) -> Report:
    """The report in `data`. Raises `ConfigurationError` when it is none, or of another schema version."""
    version = data.get("version")
    if version != REPORT_VERSION:
        raise ConfigurationError(
            f"report has schema version {version!r}; this release reads version {REPORT_VERSION}: "
            "make it again with `portable-llm conformance report DIR`"
        )
    if isinstance(data.get("endpoints"), dict) and "b" not in data["endpoints"]:
        raise ConfigurationError(
            "this run is a baseline of A alone, so there is nothing to compare yet; "
            "use it with `portable-llm conformance run --home DIR --to B`"
        )
    try:
        return _report(data)
    except KeyError as error:
        raise ConfigurationError(f"report lacks the member {error.args[0]!r}; make it again from its run") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"report has a member of the wrong form ({error}); make it again") from error


def _report(data: JsonObject) -> Report:
    verdict, score = data["verdict"], data["score"]
    return Report(
        headline=data["headline"],
        word=_one_of(Word, verdict["word"]),
        reasons=tuple(_one_of(Reason, reason) for reason in verdict["reasons"]),
        blockers=tuple(_blocker(blocker) for blocker in verdict["blockers"]),
        verdicts={axis: _axis_verdict(form) for axis, form in verdict["axes"].items()},
        pooled_lower=verdict["pooled_lower"],
        axes={axis: _axis_score(form) for axis, form in score["axes"].items()},
        weights=score["weights"],
        overall=_overall(score["overall"]),
        pooled=_estimate(score["pooled"]),
        suite=_suite(data["suite"]),
        a=_pick(Endpoint, data["endpoints"]["a"]),
        b=_pick(Endpoint, data["endpoints"]["b"]),
        run=_run(data["run"]),
        cases=tuple(_case(form) for form in data["cases"]),
        meanings=data["reasons"],
        digests=data["digests"],
    )


def _pick(kind: type[T], form: JsonObject) -> T:
    """A dataclass from the members of the same names; others are ignored."""
    return kind(**{field.name: form[field.name] for field in fields(kind)})  # type: ignore[arg-type]


def _one_of(words: Any, word: T) -> T:
    """The word, if it is one of a literal type. Raises `ValueError` for one that this release does not know."""
    if word not in get_args(words):
        raise ValueError(f"{word!r} is none of {', '.join(get_args(words))}")
    return word


def _interval(form: JsonObject | None) -> Interval | None:
    return None if form is None else Interval(lower=form["lower"], upper=form["upper"])


def _estimate(form: JsonObject) -> Estimate:
    plain = _pick(Estimate, form)
    return replace(plain, interval=_interval(form["interval"]), bounds=_interval(form["bounds"]))


def _blocker(form: JsonObject) -> Blocker:
    _one_of(BlockerKind, form["kind"])
    return _pick(Blocker, form)


def _axis_verdict(form: JsonObject) -> AxisVerdict:
    needed = form["needed"]
    _one_of(Word, form["word"])
    _one_of(Reason, form["reason"])
    return replace(_pick(AxisVerdict, form), needed=None if needed is None else _pick(Needed, needed))


def _axis_score(form: JsonObject) -> AxisScore:
    return replace(
        _pick(AxisScore, form),
        lanes={
            lane: replace(_pick(LaneScore, one), estimate=_estimate(one["estimate"]))
            for lane, one in form["lanes"].items()
        },
        decomposition=_decomposition(form["decomposition"]),
        decomposition_without_rejected=_decomposition(form["decomposition_without_rejected"]),
        families=tuple(
            replace(_pick(FamilyScore, one), estimate=_estimate(one["estimate"])) for one in form["families"]
        ),
    )


def _decomposition(form: JsonObject | None) -> Decomposition | None:
    if form is None:
        return None
    return replace(_pick(Decomposition, form), removed_interval=_interval(form["removed_interval"]))


def _overall(form: JsonObject) -> Overall:
    floor = form["floor"]
    return replace(
        _pick(Overall, form),
        interval=_interval(form["interval"]),
        sensitivity=_interval(form["sensitivity"]),
        floor=None if floor is None else _pick(Floor, floor),
    )


def _suite(form: JsonObject) -> Suite:
    _one_of(Depth, form["depth"])
    return replace(_pick(Suite, form), axes=tuple(form["axes"]))


def _run(form: JsonObject) -> Run:
    home = form["home"]
    return replace(_pick(Run, form), home=None if home is None else _pick(HomeRun, home))


def _case(form: JsonObject) -> CaseRow:
    trials = (_trial(trial) for trial in form["trials"])
    ordered = sorted(trials, key=lambda trial: (LANES.index(trial.lane), trial.index))
    return replace(_pick(CaseRow, form), tags=tuple(form["tags"]), trials=tuple(ordered))


def _trial(form: JsonObject) -> TrialRow:
    ledger = tuple(
        LedgerEntry(**{field.name: str(entry.get(field.name, "")) for field in fields(LedgerEntry)})
        for entry in form["ledger"]
    )
    _one_of(OutcomeKind, form["outcome"])
    return replace(_pick(TrialRow, form), omitted=tuple(form["omitted"]), ledger=ledger, repairs=tuple(form["repairs"]))


# Counting


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many trials of a lane passed, of those that say something about the endpoint."""

    passed: int
    scored: int


def lane_counts(cases: Iterable[CaseRow], lane: Lane) -> Counts:
    """The counts of one lane over these cases; infra and invalid trials are missing data."""
    outcomes = Counter(trial.outcome for case in cases for trial in case.trials if trial.lane == lane)
    scored = outcomes["pass"] + outcomes["fail"] + outcomes["unsupported"]
    return Counts(passed=outcomes["pass"], scored=scored)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """How often one reason code came up on one axis, by lane."""

    axis: str
    code: str
    meaning: str
    counts: Mapping[Lane, int]

    @property
    def away(self) -> int:
        """Occurrences in the headline lane."""
        return self.counts.get(HEADLINE, 0)


def code_rows(report: Report) -> list[CodeRow]:
    """Reason codes of the trials that did not pass, by axis, those of the headline lane first."""
    found: dict[tuple[str, str], Counter[Lane]] = defaultdict(Counter)
    for case in report.cases:
        for trial in case.trials:
            if trial.code is not None and trial.outcome != "pass":
                found[case.axis, trial.code][trial.lane] += 1
    rows = [
        CodeRow(axis=axis, code=code, meaning=report.meanings.get(code, ""), counts=dict(counts))
        for (axis, code), counts in found.items()
    ]
    return sorted(rows, key=lambda row: (row.axis, -row.away, -row.counts.get("raw", 0), row.code))


def blockers_of(report: Report, axis: str) -> int:
    """How many blockers lie on an axis."""
    return sum(blocker.axis == axis for blocker in report.blockers)
