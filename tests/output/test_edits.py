"""Every edit says what stood in the text and what stands for it: together they turn the text into JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from output.damage import DAMAGES
from output.test_damage import containers
from output.test_repairs import REPAIRED
from portable_llm import Parsed, Repair
from portable_llm.output import read
from portable_llm.output._edits import MAX_LISTED


def found_in(text: str, repairs: tuple[Repair, ...]) -> tuple[int, int]:
    """The place of the value: the edit of the stage `find` says so; without one it is the whole text."""
    return next((repair.location for repair in repairs if repair.stage == "find"), (0, len(text)))


def mended(text: str, repairs: tuple[Repair, ...]) -> str:
    """The text of the value with the edits of the stage `repair` carried out."""
    start, end = found_in(text, repairs)
    edits = {(repair.location, repair.after) for repair in repairs if repair.stage == "repair"}
    pieces, at = list[str](), start
    for (first, last), after in sorted(edits):
        pieces += (text[at:first], after)
        at = last
    return "".join(pieces) + text[at:end]


@pytest.mark.parametrize(("kind", "text", "value"), REPAIRED)
def test_the_edits_carried_out_give_the_value(kind: str, text: str, value: Any) -> None:
    outcome = read(text)

    assert isinstance(outcome, Parsed)
    assert all(text[slice(*one.location)] == one.before for one in outcome.repairs if one.stage == "repair")
    assert json.loads(mended(text, outcome.repairs)) == value


DECODED = ("escaped_whole", "html_entities")
"""Here the whole text is replaced by another one, and the edits are those of that one."""


@pytest.mark.parametrize("name", [name for name in DAMAGES if name not in DECODED])
@given(value=containers)
def test_they_do_for_every_damage(name: str, value: Any) -> None:
    text = DAMAGES[name](value)
    outcome = read(text)

    if isinstance(outcome, Parsed):
        assert json.loads(mended(text, outcome.repairs)) == outcome.value


@given(value=containers, share=st.floats(0, 1))
def test_they_do_for_a_cut_text(value: Any, share: float) -> None:
    text = repr(value)
    text = text[: int(len(text) * share)]
    outcome = read(text)

    if isinstance(outcome, Parsed):
        assert json.loads(mended(text, outcome.repairs)) == outcome.value


@pytest.mark.parametrize("piece", ["k,", "'a' : b\n", "{k: v} ", "[1,], ", '"\\q", '])
def test_they_do_where_there_are_too_many_to_list(piece: str) -> None:
    opening, closing = ("{", "}") if ":" in piece and "{" not in piece else ("[", "]")
    text = opening + piece * 12_000 + closing
    outcome = read(text)

    assert isinstance(outcome, Parsed)
    assert MAX_LISTED < len(outcome.repairs) < MAX_LISTED + 10
    assert json.loads(mended(text, outcome.repairs)) == outcome.value


def test_every_kind_of_edit_is_listed_however_late_it_comes() -> None:
    outcome = read("[" + "k," * 12_000 + "True]")

    assert outcome.repairs[-1].kind == "literal_replaced"
    assert {one.kind for one in outcome.repairs} == {"quotes_added", "literal_replaced"}
