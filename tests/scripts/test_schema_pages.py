"""The pages that compare schemas are what the code and the stored results say."""

from __future__ import annotations

import json

import pytest

import schema_pages
from schema_peers import KEYWORDS, VERDICTS


@pytest.mark.parametrize(
    ("page", "written"),
    [
        (schema_pages.SIX_PAGE, schema_pages.six_page),
        (schema_pages.COMPARED_PAGE, schema_pages.compared_page),
    ],
    ids=["six keywords", "compared"],
)
def test_the_committed_page_is_up_to_date(page, written):
    assert page.read_text(encoding="utf-8") == written(), "run scripts/schema_pages.py"


def test_every_stored_output_of_a_peer_is_judged_in_all_six_keywords():
    stored = json.loads((schema_pages.RESULTS / "six_keywords.json").read_text(encoding="utf-8"))

    assert {(row["peer"], row["dialect"]) for row in stored["rows"]} == VERDICTS.keys()
    assert all(tuple(verdict.sentences) == KEYWORDS for verdict in VERDICTS.values())


def test_shown_schemas_are_the_same_json():
    schema = {"type": "object", "properties": {"a": {"enum": ["|", '"']}}, "required": ["a"]}

    assert json.loads(schema_pages.shown(schema)) == schema
    assert json.loads(schema_pages.shown({})) == {}
