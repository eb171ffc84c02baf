"""The page on the forms of a prompt shows the stored figures."""

from __future__ import annotations

import json

import prompt_spread


def test_the_committed_page_is_of_the_stored_figures() -> None:
    assert prompt_spread.PAGE.read_text("utf-8") == prompt_spread.page(
        json.loads(prompt_spread.RESULTS.read_text("utf-8"))
    )
