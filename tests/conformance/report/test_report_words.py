"""What a report says in words follows from the figures and never claims more than they do."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rows import Shape, case, simulate, templates
from sample_reports import coded, itself, report_of, smoke, switch

from portable_llm.conformance.report.model import Report, read_report
from portable_llm.conformance.report.words import (
    axis_value,
    funnel,
    is_defect,
    meaning,
    next_steps,
    overall_funnel,
    points,
    verdict_sentence,
    visible,
)
from portable_llm.conformance.score import Decomposition
from portable_llm.conformance.trials import Trial
from portable_llm.conformance.verdict import Depth


def read(trials: list[Trial], depth: Depth = "standard", **run: Any) -> Report:
    return read_report(report_of(trials, depth=depth, **run))


# ---- figures ---------------------------------------------------------------------------------------------------------


@given(st.floats(0, 100), st.floats(0, 100))
def test_the_printed_parts_of_a_funnel_sum_to_100(raw: float, norm: float) -> None:
    parts = funnel(Decomposition(cases=1, raw=raw, removed=norm - raw, residual=100 - norm, removed_interval=None))

    assert parts.raw + parts.removed + parts.residual == 100
    assert parts.norm == parts.raw + parts.removed


def test_100_is_printed_only_when_nothing_is_missing() -> None:
    assert (points(100), points(99.7), points(82.4)) == ("100", "99", "82")


@given(st.text())
def test_visible_text_can_be_written_anywhere_and_steers_nothing(text: str) -> None:
    shown = visible(text + "\ud800\x1b[2J\u202e")

    shown.encode("utf-8")
    assert not set(shown) & {"\x1b", "\x00", "\r", "\u202e", "\u200f", "\ud800"}


def test_ordinary_text_stays_as_it_is() -> None:
    assert visible("Größe: 5 µm\n\t日本語 🙂") == "Größe: 5 µm\n\t日本語 🙂"


# ---- the verdict -----------------------------------------------------------------------------------------------------


def test_portable_names_the_margin() -> None:
    report = read(coded(templates(70, "PP", "PP", "FF")))

    assert report.word == "PORTABLE"
    assert verdict_sentence(report) == "B does what A reliably does, within 10 points on every axis measured."
    assert next_steps(report)[0].startswith("Before you switch, read the weakest family")


def test_a_blocker_outweighs_the_average_and_is_the_first_thing_to_look_at() -> None:
    report = read(switch())

    assert verdict_sentence(report) == "B does not do what A does (1 blocker), and no average outweighs that."
    assert next_steps(report)[0] == "Look at tools/f3: work around what is missing, or keep A for it."


def test_a_loss_beyond_the_margin_names_the_axis() -> None:
    report = read(coded(templates(40, "PPP", "PFF")))

    assert verdict_sentence(report) == "More than 10 points are lost on tools."


def test_smoke_says_what_it_cannot_show() -> None:
    report = read(smoke(), "smoke")

    assert "never that nothing is" in verdict_sentence(report)
    assert "smoke cannot show that nothing is broken" in next_steps(report)[-1]


def test_missing_answers_leave_the_axis_incomplete_and_are_run_again() -> None:
    report = read(coded([*templates(40, "PP", "PP"), *case("PP", "II", name="late", template="t0", family="f0")]))

    assert verdict_sentence(report) == (
        "There is no overall number: on tools, too many calls ended without an answer (rate limits, outages, timeouts)."
    )
    assert next_steps(report) == ["Run tools again: 2.4 % of its calls got no answer (limit 2 %)."]
    assert "rather than a guess" in meaning(report)[0]


def test_a_run_that_was_stopped_is_resumed_first() -> None:
    report = read(switch(), stopped="deadline", calls={"planned": 240, "made": 100})

    assert next_steps(report)[0] == (
        "Resume the run (100 of 240 calls made, stopped by the deadline): same command, same --out."
    )


def test_one_trial_of_a_below_the_margin_asks_for_repetition() -> None:
    report = read(coded([*templates(30, "P", "P"), *templates(30, "P", "F", axis="json")]), "quick")

    assert "Repeat json with --trials 3: one trial of A cannot tell noise from a loss." in next_steps(report)


# ---- what the library contributes ------------------------------------------------------------------------------------


def test_an_endpoint_against_itself_is_never_called_a_defect_by_chance() -> None:
    report = read(itself())
    parts = report.axes["tools"].decomposition

    assert parts is not None
    assert parts.removed < 0
    assert not is_defect(parts)
    assert "which chance may explain" in " ".join(meaning(report))
    assert not any("defect" in step for step in next_steps(report))


def test_a_library_that_loses_surely_is_reported_as_its_own_defect() -> None:
    report = read(coded(simulate(random.Random(1), [(1.0, 0.6, 1.0)] * 80, Shape())))

    assert "Report a defect of portable-llm: it keeps less than the raw request on tools." in next_steps(report)
    assert "a defect on tools" in " ".join(meaning(report))


def test_too_few_templates_give_counts_in_place_of_shares() -> None:
    report = read(smoke(), "smoke")

    assert overall_funnel(report) is None
    assert axis_value(report.axes["tools"]) == "counts only"
    assert "A 6 of 6, B with renamed fields 0 of 6 and B through the library 5 of 6" in " ".join(meaning(report))
