"""The example in the documentation is what the code prints."""

from __future__ import annotations

from pathlib import Path

from sample_reports import report_of, switch

from portable_llm.conformance.report import render_terminal

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "read-the-report.md"


def test_the_guide_shows_a_real_screen() -> None:
    screen = GUIDE.read_text(encoding="utf-8").partition("```text\n")[2].partition("```")[0]

    assert screen == render_terminal(report_of(switch()), html="run/report.html")
