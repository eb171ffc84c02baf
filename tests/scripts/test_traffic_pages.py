"""The pages about recorded traffic are what the stored counts say."""

from __future__ import annotations

import json

import pytest

import traffic_pages


@pytest.mark.parametrize(
    ("page", "written"),
    [
        (traffic_pages.ANSWERS_PAGE, traffic_pages.answers_page),
        (traffic_pages.REQUESTS_PAGE, traffic_pages.requests_page),
    ],
    ids=["answers", "requests"],
)
def test_the_committed_page_is_up_to_date(page, written):
    assert page.read_text(encoding="utf-8") == written(), "run scripts/traffic_pages.py"


def test_every_difference_in_the_answers_has_its_reason():
    assert "not explained yet" not in traffic_pages.answers_page()


def test_no_share_is_rounded_up_to_a_hundred():
    assert traffic_pages._percent(1999, 2000) == "99.9"


@pytest.mark.parametrize("name", ["traffic.json", "recorded_requests.json"])
def test_nothing_of_a_recording_is_stored(name):
    stored = json.loads((traffic_pages.RESULTS / name).read_text(encoding="utf-8"))

    assert set(stored) == {"date", "families"}
    assert "REDACTED" not in json.dumps(stored)
