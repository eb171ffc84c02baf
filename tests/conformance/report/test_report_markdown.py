"""Markdown for a pull request: short, with the change, and nothing in it can act."""

from __future__ import annotations

from typing import Any

import pytest
from rows import templates
from sample_reports import itself, report_of, smoke, switch

from portable_llm import ConfigurationError
from portable_llm.conformance.report import read_report, render_markdown
from portable_llm.conformance.report.markdown import escaped


def text_of(data: dict[str, Any], base: dict[str, Any] | None = None) -> str:
    return render_markdown(read_report(data), None if base is None else read_report(base))


def many_blockers() -> dict[str, Any]:
    """Nine axes, each with forty broken templates in eight families."""
    axes = ("wire", "prompt", "instruct", "tools", "json", "refusal", "dialogue", "tokens", "sampling")
    return report_of([row for axis in axes for row in templates(40, "PPP", "FFF", axis=axis, tier="must")])


def test_it_says_verdict_axes_blockers_and_reasons() -> None:
    text = text_of(report_of(switch()))

    assert text.startswith("### Portability: NOT PORTABLE\n")
    assert "| tools | 82 (68–93) | 45 +37 +18 | 1 | NOT PORTABLE |" in text
    assert "- tools/f3: A 30/30, B 0/30; missing\\_parallel\\_call 20, no\\_call 10" in text
    assert "| missing\\_parallel\\_call | tools | 29 | 133 | 2 |" in text


@pytest.mark.parametrize("data", [report_of(switch()), report_of(itself()), report_of(smoke()), many_blockers()])
def test_it_is_never_longer_than_sixty_lines_and_never_cut(data: dict[str, Any]) -> None:
    lines = text_of(data, data).splitlines()

    assert len(lines) <= 60
    assert lines[-1].startswith("<sub>suite ")


def test_with_a_base_it_says_what_became_worse() -> None:
    fine, lost = report_of(templates(40, "PPP", "PPP")), report_of(templates(40, "PPP", "FFF"))

    assert "**Worse than in the base run:**" in text_of(lost, fine)
    assert "| 100 (92–100) |\n" in text_of(lost, fine)
    assert "Nothing is surely worse than in the base run." in text_of(fine, fine)


def test_a_base_of_another_suite_is_refused() -> None:
    data = report_of(smoke())

    with pytest.raises(ConfigurationError, match="other questions or judges"):
        text_of(data, {**data, "suite": {**data["suite"], "id": "0" * 16}})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", "a\\|b"),
        ("<img src=x>", "\\<img src=x\\>"),
        ("@team", "&#64;team"),
        ("line\nbreak", "line break"),
        ("[x](https://a.b)", "\\[x\\]\\(https&#58;//a.b\\)"),
        ("\u202e&amp;", "⟨U\\+202E⟩&amp;amp;"),
    ],
)
def test_text_cannot_act(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_a_long_text_is_cut() -> None:
    assert len(escaped("x" * 10_000)) == 160
