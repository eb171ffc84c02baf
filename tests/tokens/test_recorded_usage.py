"""Recorded traffic: what vendors counted lies within the bounds, on recordings that nothing was read off."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import token_pages
from portable_llm.tokens._tables import exact_counter

FOLDER = Path(os.environ.get("TRAFFIC_DIR", "../shared/data/traffic"))
RESULTS = json.loads(token_pages.RESULTS.read_text(encoding="utf-8"))
needs_traffic = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"recorded traffic not found at {FOLDER}")
needs_tables = pytest.mark.skipif(exact_counter("o200k") is None, reason="no vocabulary here: pip install bpe-openai")


@cache
def measured() -> Any:
    return token_pages.results(FOLDER.parent)


@needs_traffic
@needs_tables
def test_exact_counts_are_the_vendors_own() -> None:
    """The issue asks for a median error of at most 5 % where counting is exact."""
    for name, of in measured()["kinds"]["text"]["vendors"].items():
        if name.endswith("|exact"):
            assert of["median_error"] == 0, name
    assert measured()["kinds"]["text"]["methods"]["exact"]["inside"] >= 0.95


@needs_traffic
def test_the_bounds_of_estimates_hold() -> None:
    """The issue asks for 95 % of text-only requests."""
    assert measured()["kinds"]["text"]["methods"]["estimated"]["inside"] >= 0.95


@needs_traffic
@needs_tables
def test_the_stored_figures_are_those_of_this_code() -> None:
    assert measured() == RESULTS, "run scripts/token_pages.py"


def test_the_page_shows_the_stored_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "token-counts.md"
    written = token_pages.PAGE.read_text(encoding="utf-8")
    monkeypatch.setattr(token_pages, "PAGE", page)
    token_pages.write(RESULTS)

    assert page.read_text(encoding="utf-8") == written, "run scripts/token_pages.py"
