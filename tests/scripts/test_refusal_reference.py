"""The page about refusals is what the table of signals says."""

from __future__ import annotations

import refusal_reference
from portable_llm.refusal import SIGNALS


def test_the_committed_page_is_up_to_date():
    assert refusal_reference.PAGE.read_text(encoding="utf-8") == refusal_reference.page(), (
        "run scripts/refusal_reference.py"
    )


def test_every_signal_is_on_the_page_with_a_fact_behind_it():
    page = refusal_reference.page()

    assert [signal.name for signal in SIGNALS if f"| `{signal.place}` | `{signal.word}` |" not in page] == []
    assert all(signal.fact for signal in SIGNALS)
