"""One screen: what decides comes first, it fits 80 columns, and nothing in it steers the terminal."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from sample_reports import itself, report_of, smoke, switch

from portable_llm import ConfigurationError
from portable_llm.conformance.report import print_terminal, render_terminal


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return report_of(switch())


def test_headline_and_verdict_come_first(data: dict[str, Any]) -> None:
    lines = render_terminal(data).splitlines()

    assert lines[0] == data["headline"]
    assert lines[1].startswith("NOT PORTABLE  B does not do what A does (1 blocker)")


def test_each_axis_has_a_bar_with_interval_and_funnel(data: dict[str, Any]) -> None:
    (line,) = [line for line in render_terminal(data).splitlines() if line.startswith("tools")]

    assert line.split() == ["tools", "████████░░", "82", "(68–93)", "45", "+37", "+18", "1", "44", "1+"]


def test_an_axis_without_interval_shows_counts_and_why(data: dict[str, Any]) -> None:
    text = render_terminal(data, width=120)

    assert "A 18/18, raw 12/18, norm 12/18" in text
    assert "counts only on wire: fewer than 20 templates carry evidence, so there is no interval" in text


def test_blockers_carry_counts_and_reason_codes(data: dict[str, Any]) -> None:
    assert "tools/f3  A 30/30, B 0/30  missing_parallel_call" in render_terminal(data)


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("trials", [switch(), itself()], ids=["switch", "itself"])
def test_it_fits_the_width_and_one_screen(trials: Any, width: int) -> None:
    data = report_of(trials)
    lines = render_terminal(data, width=width, html="run/report.html").splitlines()

    assert max(len(line) for line in lines) <= width
    assert len(lines) <= 18 + len(data["verdict"]["blockers"])


def test_it_ends_with_what_to_do_and_where_the_page_lies() -> None:
    lines = render_terminal(report_of(smoke(), depth="smoke"), width=120, html="run/report.html").splitlines()

    assert lines[-2] == "next    Then run --depth quick or standard: smoke cannot show that nothing is broken."
    assert lines[-1] == "report  run/report.html"


def test_the_same_report_gives_the_same_text(data: dict[str, Any]) -> None:
    assert render_terminal(data) == render_terminal(dict(reversed(data.items())))


def test_a_pipe_gets_no_colour(data: dict[str, Any]) -> None:
    out = io.StringIO()

    print_terminal(data, file=out)

    assert "\x1b" not in out.getvalue()


def test_no_color_is_respected_on_a_terminal(data: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def printed(**environment: str) -> str:
        for name in ("NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TERM", "xterm-256color")
        out = io.StringIO()
        out.isatty = lambda: True  # type: ignore[method-assign]
        print_terminal(data, file=out)
        return out.getvalue()

    assert "\x1b[1;31m" in printed()
    assert "\x1b[1;31m" not in printed(NO_COLOR="1")


def test_a_terminal_without_unicode_gets_a_readable_bar(data: dict[str, Any]) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

    print_terminal(data, file=out)
    out.seek(0)

    assert "########.. 82 (68-93)" in out.read()


def test_what_others_wrote_steers_nothing(data: dict[str, Any]) -> None:
    blocker = {**data["verdict"]["blockers"][0], "codes": {"\x1b[2J[red]no_call": 3}}
    hostile = {**data, "verdict": {**data["verdict"], "blockers": [blocker]}}

    text = render_terminal(hostile)

    assert "\x1b" not in text
    assert "⟨U+001B⟩[2J[red]no_call 3" in text


def test_without_rich_the_remedy_is_named(data: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'portable-llm\[conformance\]'"):
        render_terminal(data)
