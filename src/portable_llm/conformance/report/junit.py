"""The report as JUnit XML, for the test view of a CI: one test case a family and tier.

failure   a blocker lies in it, or it is surely below the margin (simultaneous 95 % over all test cases)
error     there is nothing to judge, because calls got no answer
skipped   undecided, or A keeps none of it itself; the message says which, with the counts
passed    its one-sided 95 % lower bound clears the margin

The shape is the one that all readers of the format share (`testsuites/testsuite/testcase`, counts on both levels).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from portable_llm.conformance.estimate import Method, estimate_of, method_for, pairs_of
from portable_llm.conformance.report.model import CaseRow, Report, lane_counts
from portable_llm.conformance.report.words import KINDS, code_counts, place_of, points, visible
from portable_llm.conformance.score import HEADLINE
from portable_llm.conformance.statistics import wilson
from portable_llm.conformance.tally import CaseTally, tally
from portable_llm.conformance.trials import Tier, Trial
from portable_llm.conformance.verdict import ALPHA, DEPTHS, Blocker

State: TypeAlias = Literal["passed", "failure", "error", "skipped"]

_NO_CHARACTER = re.compile("[\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyTier:
    """One test case: what became of a family's cases of one tier."""

    axis: str
    family: str
    tier: Tier
    state: State
    kind: str
    """Type of the failure, error or skip."""
    message: str
    details: str


def render_junit(report: Report) -> str:
    """The report as JUnit XML. Texts of models are escaped, what XML cannot hold is made visible."""
    cases = family_tiers(report)
    root = _counted(Element("testsuites", {"name": "portable-llm conformance"}), cases)
    for axis in sorted({case.axis for case in cases}):
        own = [case for case in cases if case.axis == axis]
        suite = _counted(SubElement(root, "testsuite", {"name": axis, "timestamp": _text(report.run.started)}), own)
        _properties(suite, report)
        for case in own:
            _testcase(suite, case)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _counted(element: Element, cases: Sequence[FamilyTier]) -> Element:
    states = Counter(case.state for case in cases)
    counts = {"failures": states["failure"], "errors": states["error"], "skipped": states["skipped"]}
    for name, count in {"tests": len(cases), **counts}.items():
        element.set(name, str(count))
    element.set("time", "0")
    return element


def _properties(suite: Element, report: Report) -> None:
    facts = {
        "headline": report.headline,
        "verdict": report.word,
        "a": report.a.label,
        "b": report.b.label,
        "suite": report.suite.id,
        "depth": report.suite.depth,
        "library_version": report.suite.library_version,
    }
    properties = SubElement(suite, "properties")
    for name, value in facts.items():
        SubElement(properties, "property", {"name": name, "value": _text(value)})


def _testcase(suite: Element, case: FamilyTier) -> None:
    name = _text(f"{case.family} {case.tier}")
    place = _text(f"conformance.{case.axis}.{case.family}")
    testcase = SubElement(suite, "testcase", {"name": name, "classname": place, "time": "0"})
    if case.state == "skipped":
        SubElement(testcase, "skipped", {"message": _text(case.message)})
    elif case.state != "passed":
        found = SubElement(testcase, case.state, {"message": _text(case.message), "type": _text(case.kind)})
        found.text = _text(case.details)


def _text(text: str) -> str:
    """The text without what XML 1.0 cannot hold; the writer escapes the rest."""
    return _NO_CHARACTER.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", visible(text))


# What became of a family


def family_tiers(report: Report) -> list[FamilyTier]:
    """All families by tier, in the order of axis and family."""
    tallies = tally(trials_of(report.cases))
    methods: dict[str, Method] = {
        axis: method_for([case for case in tallies if case.axis == axis]) for axis in report.axes
    }
    counted: dict[tuple[str, str, Tier], list[CaseTally]] = defaultdict(list)
    for one in tallies:
        counted[one.axis, one.family, one.tier].append(one)
    rows: dict[tuple[str, str, Tier], list[CaseRow]] = defaultdict(list)
    for row in report.cases:
        rows[row.axis, row.family, row.tier].append(row)
    confidence = 1 - ALPHA / max(1, len(rows))
    return [
        _family_tier(report, key, rows[key], counted[key], methods.get(key[0], "kept"), confidence)
        for key in sorted(rows)
    ]


def trials_of(cases: Iterable[CaseRow]) -> list[Trial]:
    """The rows from which the report's figures were computed."""
    return [
        Trial(
            axis=case.axis,
            family=case.family,
            template=case.template,
            case=case.id,
            tier=case.tier,
            arm="a" if trial.lane == "home" else "b",
            lane=trial.lane,
            index=trial.index,
            outcome=trial.outcome,
            code=trial.code,
            rejected=trial.rejected,
        )
        for case in cases
        for trial in case.trials
    ]


def _family_tier(
    report: Report,
    key: tuple[str, str, Tier],
    rows: Sequence[CaseRow],
    counted: Sequence[CaseTally],
    method: Method,
    confidence: float,
) -> FamilyTier:
    axis, family, tier = key
    state, kind, why = _state(report, key, rows, counted, method, confidence)
    home, away = lane_counts(rows, "home"), lane_counts(rows, HEADLINE)
    counts = f"A {home.passed}/{home.scored}, B {away.passed}/{away.scored}"
    codes = _codes(rows)
    meanings = [f"{code} {count}: {report.meanings.get(code, '')}" for code, count in codes.most_common()]
    message = f"{why} ({counts})" + (f"; {code_counts(codes)}" if codes and state == "failure" else "")
    details = "\n".join([counts, *meanings])
    return FamilyTier(axis=axis, family=family, tier=tier, state=state, kind=kind, message=message, details=details)


def _codes(rows: Sequence[CaseRow]) -> Counter[str]:
    """Reason codes of B's trials in the headline lane that did not pass."""
    lost = (trial for row in rows for trial in row.trials if trial.lane == HEADLINE and trial.outcome != "pass")
    return Counter(trial.code for trial in lost if trial.code is not None)


def _state(
    report: Report,
    key: tuple[str, str, Tier],
    rows: Sequence[CaseRow],
    counted: Sequence[CaseTally],
    method: Method,
    confidence: float,
) -> tuple[State, str, str]:
    margin = DEPTHS[report.suite.depth].margin
    blockers = [blocker for blocker in report.blockers if _concerns(blocker, key, rows)]
    if blockers:
        return "failure", "blocker", f"{place_of(blockers[0])}: {KINDS[blockers[0].kind]}"
    estimate = estimate_of(pairs_of(counted, HEADLINE, method), method)
    kept, size = estimate.portability, estimate.effective_cases
    if kept is None or size <= 0:
        if any(trial.outcome == "infra" for row in rows for trial in row.trials):
            return "error", "infra", "no answers to judge: rate limits, outages, timeouts"
        return "skipped", "no_evidence", "no evidence: A keeps none of these contracts, or B was not asked"
    successes = min(size, kept / 100 * size)
    if 100 * wilson(successes, size, confidence=confidence).upper < 100 - margin:
        return "failure", "below_margin", f"{points(kept)} kept: more than {points(margin)} points are lost"
    if 100 * wilson(successes, size, tail="one").lower > 100 - margin:
        return "passed", "clears_margin", ""
    return "skipped", "inconclusive", f"inconclusive: about {points(kept)} kept, on too little evidence to decide"


def _concerns(blocker: Blocker, key: tuple[str, str, Tier], rows: Sequence[CaseRow]) -> bool:
    axis, family, tier = key
    if (blocker.axis, blocker.family) != (axis, family):
        return False
    if blocker.template is not None:
        return any(row.template == blocker.template for row in rows)
    return tier == "must" or blocker.kind == "capability"
