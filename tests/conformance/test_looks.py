"""The number of looks: runs of one comparison are counted, each once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sample_reports import report_of, smoke

from portable_llm.conformance.looks import LEDGER, note_look
from portable_llm.conformance.report import render_terminal


def report(run: str, **members: Any) -> dict[str, Any]:
    return {**report_of(smoke(), depth="smoke", id=run), **members}


def test_each_run_of_a_comparison_counts_once(tmp_path: Path) -> None:
    counts = [note_look(tmp_path / name, report(name)) for name in ("one", "two", "one", "three")]

    assert counts == [1, 2, 2, 3]
    assert len((tmp_path / LEDGER).read_text().splitlines()) == 3


def test_another_suite_or_endpoint_is_another_comparison(tmp_path: Path) -> None:
    first = report("one")
    endpoints = {**first["endpoints"], "b": {**first["endpoints"]["b"], "label": "example:other"}}

    assert note_look(tmp_path / "one", first) == 1
    assert note_look(tmp_path / "two", report("two", suite={**first["suite"], "id": "0" * 16})) == 1
    assert note_look(tmp_path / "three", report("three", endpoints=endpoints)) == 1


def test_a_torn_line_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / LEDGER).write_bytes(b'{"run": "x", \n[1]\n\xff\n')

    assert note_look(tmp_path / "one", report("one")) == 1


def test_where_nothing_can_be_written_nobody_knows(tmp_path: Path) -> None:
    (tmp_path / LEDGER).mkdir()

    assert note_look(tmp_path / "one", report("one")) is None


def test_the_number_is_printed() -> None:
    assert "looks  first run of this comparison here" in render_terminal(report("one"), looks=1)
    assert "looks  3 runs of this comparison here" in render_terminal(report("one"), looks=3)
