"""The report as one HTML file that needs nothing else: no script, no font, no network.

Answers are untrusted. Jinja2 escapes every value, `visible` shows characters that would steer the page's text, and the
page's own policy forbids scripts and remote content should both ever fail. Long texts are cut with a mark; every
failing case keeps its drill-down, and the length of its texts follows from how many there are.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from portable_llm._adaptation import SEVERITIES
from portable_llm._errors import ConfigurationError
from portable_llm.conformance.report import words
from portable_llm.conformance.report.difference import Piece, difference
from portable_llm.conformance.report.model import (
    LANES,
    CaseRow,
    CodeRow,
    Counts,
    Detail,
    Details,
    JsonObject,
    LedgerEntry,
    Report,
    TrialRow,
    blockers_of,
    code_rows,
    lane_counts,
    read_report,
)
from portable_llm.conformance.score import FamilyScore
from portable_llm.conformance.statistics import Interval
from portable_llm.conformance.trials import Lane
from portable_llm.conformance.verdict import DEPTHS

if TYPE_CHECKING:
    from jinja2 import Template

PASSING_DETAILS = 40
"""Passing cases that get a drill-down; all failing ones do."""
TEXT_BUDGET = 6_000_000
"""Characters that the drill-down's texts may take together."""
TEXTS_PER_CASE = 10
"""Texts in one drill-down: question, expected, and request and answer of each lane."""
MAX_ROWS = 50
"""Messages or tool calls shown of one exchange."""
LONGEST_TEXT, SHORTEST_TEXT = 4_000, 400
"""Bounds of the length at which a single text is cut."""


def render_html(data: JsonObject, *, details: Details | None = None) -> str:
    """The report as a self-contained page, the same for the same input.

    `details` looks an exchange up by its transcript key; without it the page has no questions and answers.
    Raises `ConfigurationError` when `data` is no report or jinja2 is missing.
    """
    report = read_report(data)
    page = Page(report, details)
    return _template().render(page=page, report=report, words=words, style=_source("style.css"))


def _source(name: str) -> str:
    return files("portable_llm.conformance.report").joinpath(name).read_text(encoding="utf-8")


def _template() -> Template:
    if find_spec("jinja2") is None:
        raise ConfigurationError(
            "the HTML report needs jinja2; install it with: pip install 'portable-llm[conformance]'"
        )
    return _compiled()


@cache
def _compiled() -> Template:
    from jinja2 import Environment, StrictUndefined  # delayed: an extra

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    filters = cast("dict[str, Any]", environment.filters)  # pyright: ignore[reportUnknownMemberType]
    filters.update(visible=words.visible, points=words.points, span=words.span, meter=meter)
    return environment.from_string(_source("template.html.j2"))


def meter(value: float) -> str:
    """A length on the scale from 0 to 100, for a style attribute."""
    return f"{max(0.0, min(100.0, value)):.2f}"


# What the template shows

TITLES: dict[Lane, str] = {
    "home": "A · home",
    "raw": "B · raw",
    "norm": "B · through portable-llm",
    "tuned": "B · tuned",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneAnswer:
    """What one lane sent and got, for the trial that says most."""

    lane: Lane
    title: str
    trial: TrialRow
    answer: Sequence[Piece]
    calls: str
    request: str
    status: int | None
    is_known: bool
    """Whether the exchange is at hand."""
    spoken: str
    """What the library's classifier makes of the text, in words; no judge reads it."""

    @property
    def ledger(self) -> list[LedgerEntry]:
        """The adaptations, gravest first."""
        return sorted(self.trial.ledger, key=lambda entry: -_gravity(entry))

    @property
    def ledger_counts(self) -> str:
        """`1 lost, 3 exact`."""
        counts = Counter(entry.severity for entry in self.ledger)
        return ", ".join(f"{count} {words.visible(severity)}" for severity, count in counts.items())

    @property
    def has_losses(self) -> bool:
        """Whether an entry says more than that something has another name."""
        return any(_gravity(entry) >= SEVERITIES.index("checked") for entry in self.trial.ledger)


def _gravity(entry: LedgerEntry) -> int:
    """Place among the severities; a word that this release does not know is the gravest."""
    known: tuple[str, ...] = SEVERITIES
    return known.index(entry.severity) if entry.severity in known else len(known)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """One case as the drill-down shows it."""

    case: CaseRow
    messages: Sequence[tuple[str, str]]
    """(role, text) of the question."""
    setting: str
    """The rest of the question: tools, output, limits."""
    expected: str
    answers: Sequence[LaneAnswer]
    shares_answer: bool
    """Whether raw and norm read the same answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyView:
    """One family's cases, failing ones first."""

    name: str
    failing: Sequence[CaseView]
    passing: Sequence[CaseView]
    brief: Sequence[CaseRow]
    """Passing cases without a drill-down."""

    lanes: Sequence[tuple[Lane, Sequence[TrialRow]]]
    """All trials by lane."""

    @property
    def cases(self) -> int:
        """How many cases the family has."""
        return len(self.failing) + len(self.passing) + len(self.brief)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedFamily:
    """A family with its place among those of its axis, weakest first."""

    axis: str
    rank: int
    score: FamilyScore


class Page:
    """What the template asks for beside the report itself."""

    titles = TITLES

    def __init__(self, report: Report, details: Details | None) -> None:
        self.report = report
        self._details = details

    @property
    def has_details(self) -> bool:
        """Whether questions and answers are at hand."""
        return self._details is not None

    @cached_property
    def funnel(self) -> words.Funnel | None:
        """The overall decomposition."""
        return words.overall_funnel(self.report)

    @property
    def tone(self) -> str:
        """The verdict as a class name."""
        return tone_of(self.report.word)

    @cached_property
    def families(self) -> list[RankedFamily]:
        """All families by axis, the one that keeps least first, those without evidence last."""

        def weakness(family: FamilyScore) -> tuple[float, float, list[tuple[str, int]]]:
            kept = family.estimate.portability
            return (101.0 if kept is None else kept, family.lower or 0.0, natural(family.family))

        return [
            RankedFamily(axis=name, rank=rank, score=family)
            for name, axis in self.report.axes.items()
            for rank, family in enumerate(sorted(axis.families, key=weakness))
        ]

    def lane_counts(self, axis: str | None = None) -> list[tuple[Lane, Counts]]:
        """How many trials passed, by lane, on one axis or on all."""
        cases = [case for case in self.report.cases if axis in (None, case.axis)]
        found: list[tuple[Lane, Counts]] = [(lane, lane_counts(cases, lane)) for lane in self.shown_lanes]
        return [(lane, counts) for lane, counts in found if counts.scored]

    def axis_number(self, axis: str) -> int:
        """The axis's place in the table, for links that no axis name can break."""
        return list(self.report.axes).index(axis) + 1

    def whisker(self, interval: Interval) -> tuple[str, str]:
        """Start and length of an interval's line on the bar."""
        low, high = min(100.0, interval.lower), min(100.0, interval.upper)
        return meter(low), meter(high - low)

    def heat(self, value: float) -> str:
        """Place on the colour scale: from 50 (or less) to 100."""
        return meter(2 * (value - 50))

    def compact(self, value: JsonObject) -> str:
        """A small JSON object on one line."""
        return cut(json.dumps(value, ensure_ascii=False, sort_keys=True), LONGEST_TEXT)

    @property
    def margin(self) -> float:
        """The margin per axis, in points."""
        return DEPTHS[self.report.suite.depth].margin

    def axis_tone(self, axis: str) -> str:
        """The axis's verdict as a class name."""
        verdict = self.report.verdicts.get(axis)
        return tone_of(verdict.word) if verdict else "unused"

    def axis_blockers(self, axis: str) -> int:
        """How many blockers the axis has."""
        return blockers_of(self.report, axis)

    @cached_property
    def codes(self) -> list[CodeRow]:
        """The reason-code table's rows."""
        return code_rows(self.report)

    @cached_property
    def shown_lanes(self) -> list[Lane]:
        """The lanes that were run, in order."""
        run = {trial.lane for case in self.report.cases for trial in case.trials}
        return [lane for lane in LANES if lane in run]

    @cached_property
    def drill_down(self) -> dict[str, list[FamilyView]]:
        """Axis → families with their cases."""
        passing = [case for case in self.report.cases if case.is_clean]
        failing = len(self.report.cases) - len(passing)
        shown = {case.id for case in passing[:PASSING_DETAILS]}
        limit = text_limit(failing + len(shown))
        groups: dict[str, dict[str, list[CaseRow]]] = defaultdict(lambda: defaultdict(list))
        for case in self.report.cases:
            groups[case.axis][case.family].append(case)
        return {
            axis: [self._family(name, families[name], shown, limit) for name in sorted(families, key=natural)]
            for axis, families in sorted(groups.items())
        }

    def _family(self, name: str, cases: Iterable[CaseRow], shown: set[str], limit: int) -> FamilyView:
        rows = sorted(cases, key=lambda case: (case.template, case.instance, case.id))
        return FamilyView(
            name=name,
            failing=[self._case(case, limit) for case in rows if not case.is_clean],
            passing=[self._case(case, limit) for case in rows if case.is_clean and case.id in shown],
            lanes=[(lane, [t for case in rows for t in case.trials if t.lane == lane]) for lane in self.shown_lanes],
            brief=[case for case in rows if case.is_clean and case.id not in shown],
        )

    def _case(self, case: CaseRow, limit: int) -> CaseView:
        found = telling(case)
        exchanges: dict[Lane, Detail | None] = {lane: self._exchange(trial) for lane, trial in found}
        known = next((one for one in exchanges.values() if one is not None), None)
        messages, setting = question(known, limit)
        records = {lane: trial.record for lane, trial in found}
        return CaseView(
            case=case,
            messages=messages,
            setting=setting,
            expected=expectation(known.get("expected", {}), limit) if known else "",
            answers=[
                _answer(lane, trial, exchanges[lane], _compared_with(lane, found, exchanges), limit)
                for lane, trial in found
            ],
            shares_answer=records.get("norm") is not None and records.get("norm") == records.get("raw"),
        )

    def _exchange(self, trial: TrialRow) -> Detail | None:
        return self._details(trial.record) if self._details is not None and trial.record is not None else None


def tone_of(word: str) -> str:
    """A verdict as a class name."""
    return word.lower().replace(" ", "-")


def natural(name: str) -> list[tuple[str, int]]:
    """Sort key by which `t2` comes before `t10`."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d{0,9})", name)]


def telling(case: CaseRow) -> list[tuple[Lane, TrialRow]]:
    """Per lane the trial that says most: its first failure, else the one beside the other lane's failure.

    Lanes that read one and the same answer then show that answer.
    """
    failed = {lane: next((t for t in trials if t.outcome != "pass"), None) for lane, trials in case.lanes.items()}
    index = next((trial.index for trial in reversed(failed.values()) if trial is not None), 0)
    found: list[tuple[Lane, TrialRow]] = []
    for lane, trials in case.lanes.items():
        beside = next((trial for trial in trials if trial.index == index), trials[0])
        found.append((lane, failed[lane] or beside))
    return found


def text_limit(cases: int) -> int:
    """Characters per text, so that all drill-downs together stay within the budget."""
    share = TEXT_BUDGET // (max(1, cases) * TEXTS_PER_CASE)
    return max(SHORTEST_TEXT, min(LONGEST_TEXT, share))


def cut(text: str, limit: int) -> str:
    """The text, or its beginning with a mark that says how much is missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… [{len(text) - limit:,} characters cut]"


def pretty(value: object, limit: int) -> str:
    """A JSON value for people, cut."""
    return "" if value is None or value == {} or value == [] else cut(_json(value, indent=2), limit)


def _json(value: object, indent: int | None = None) -> str:
    try:
        return json.dumps(value, indent=indent, ensure_ascii=False)
    except RecursionError:  # a model may nest deeper than the encoder goes
        return "[nested too deeply to show]"


def _object(value: object) -> JsonObject | None:
    return cast("JsonObject", value) if isinstance(value, dict) else None


def _rows(value: object) -> Sequence[object]:
    return cast("Sequence[object]", value) if isinstance(value, list | tuple) else ()


def called(calls: object, limit: int) -> str:
    """Tool calls as they would be written: `name({"argument": 1})`, one a line; anything else as JSON."""
    return cut("\n".join(_call(row) for row in _rows(calls)[:MAX_ROWS]), limit)


def _call(row: object) -> str:
    call = _object(row)
    if call is None or "name" not in call:
        return _json(row)
    if call.get("arguments") is None:  # the text was no JSON object: show what came
        return f"{call['name']}({call.get('raw_arguments', '')})"
    return f"{call['name']}({_json(call['arguments'])})"


def expectation(answer: JsonObject, limit: int) -> str:
    """The correct answer: its text, its calls and, where it is not the usual one, its finish reason."""
    lines = [str(answer.get("text") or ""), called(answer.get("tool_calls"), limit)]
    if answer.get("finish") not in (None, "stop", "tool_call"):
        lines.append(f"finish reason: {answer['finish']}")
    return cut("\n".join(line for line in lines if line), limit)


def question(detail: Detail | None, limit: int) -> tuple[list[tuple[str, str]], str]:
    """The case's messages, and everything else it asks for as JSON."""
    asked: JsonObject = (detail or {}).get("case_request", {})
    messages = _rows(asked.get("messages"))
    rest = {key: value for key, value in asked.items() if key != "messages" or not messages}
    return [_message(row, limit) for row in messages[:MAX_ROWS]], pretty(rest, limit)


def _message(row: object, limit: int) -> tuple[str, str]:
    message = _object(row)
    if message is None:
        return "message", pretty(row, limit)
    role, rest = str(message.get("role", "message")), {key: value for key, value in message.items() if key != "role"}
    for key in ("content", "text"):
        if set(rest) == {key} and isinstance(rest[key], str):
            return role, cut(rest[key], limit)
    return role, pretty(rest, limit)


def _compared_with(
    lane: Lane, found: Sequence[tuple[Lane, TrialRow]], exchanges: Mapping[Lane, Detail | None]
) -> Detail | None:
    """The answer whose wording is held against this one: B's failure against A, and A against that failure.

    Where both passed, differences in wording are of no interest.
    """
    failed: list[Lane] = [one for one, trial in found if one != "home" and trial.outcome != "pass"]
    if lane == "home":
        return exchanges[failed[-1]] if failed else None
    return exchanges.get("home") if lane in failed else None


def _answer(lane: Lane, trial: TrialRow, own: Detail | None, other: Detail | None, limit: int) -> LaneAnswer:
    detail: Detail = own or {}
    text = cut(str(detail.get("answer_text") or ""), limit)
    against = cut(str((other or {}).get("answer_text") or ""), limit)
    return LaneAnswer(
        lane=lane,
        title=TITLES[lane],
        trial=trial,
        answer=difference(text, against) if text and against else [Piece(text=text, is_own=False)],
        calls=called(detail.get("answer_calls"), limit),
        request=pretty(detail.get("request"), limit),
        status=detail.get("status"),
        is_known=own is not None,
        spoken=spoken(detail),
    )


def spoken(detail: Detail) -> str:
    """`refusal (0.97, out_of_scope)`; `""` where no text was classified."""
    verdict = detail.get("spoken")
    if not verdict:
        return ""
    category = "" if verdict["category"] == "unspecified" else f", {verdict['category']}"
    return f"{verdict['label']} ({verdict['probability']:.2f}{category})"
