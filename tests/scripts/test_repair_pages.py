"""The page of hard texts is what this library does today, beside the stored answers of the others."""

from __future__ import annotations

import json
import math

import pytest

import repair_pages
from hard_texts import CASES, NO_VALUE

STORED = json.loads(repair_pages.STORED.read_text(encoding="utf-8"))


def test_the_committed_page_is_up_to_date():
    assert repair_pages.PAGE.read_text(encoding="utf-8") == repair_pages.page(), "run scripts/repair_pages.py"


def test_there_are_sixty_texts_and_each_library_was_asked_these():
    assert len({case.text for case in CASES}) == len(CASES) == 60
    assert STORED["texts"] == [case.text for case in CASES], "run benchmarks/collect_repairs.py"
    assert all(len(library["answers"]) == len(CASES) for library in STORED["libraries"])


def test_what_a_library_got_right_is_shown_where_this_one_has_no_value():
    """A comparison that hides its own gaps is none."""
    for index, case in enumerate(CASES):
        ours, *others = repair_pages.answers_to(index, case, STORED["libraries"])
        better = [answer.library for answer in others if answer.verdict == "right"]
        if ours.verdict != "right" and better:
            section = repair_pages.page().partition(f". {case.title}\n")[2].partition("\n##")[0]
            assert any(line.startswith("| right |") and better[0] in line for line in section.splitlines())


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": True}, False),
        ([1, 2], [2, 1], False),
        (0, False, False),
        (1.0, math.nan, False),
        ("1", 1, False),
        (NO_VALUE, NO_VALUE, True),
        (NO_VALUE, None, False),
    ],
)
def test_values_are_compared_as_json(left, right, same):
    assert repair_pages.is_same(left, right) is same


def test_code_in_a_cell_ends_neither_the_code_nor_the_cell():
    assert repair_pages.code("a*b") == "`a*b`"
    assert repair_pages.code("a|`b`") == "<code>a&#124;&#96;b&#96;</code>"
