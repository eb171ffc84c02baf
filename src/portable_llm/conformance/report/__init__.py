"""Reports for people, made from `report.json` alone (and, for the drill-down, from the run directory beside it)."""

from portable_llm.conformance.report.html import render_html
from portable_llm.conformance.report.junit import render_junit
from portable_llm.conformance.report.markdown import render_markdown
from portable_llm.conformance.report.model import REPORT_VERSION, Detail, Details, Report, read_report
from portable_llm.conformance.report.terminal import print_terminal, render_terminal

__all__ = [
    "REPORT_VERSION",
    "Detail",
    "Details",
    "Report",
    "print_terminal",
    "read_report",
    "render_html",
    "render_junit",
    "render_markdown",
    "render_terminal",
]
