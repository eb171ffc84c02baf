"""Recorded requests of real clients: read, and built again, they are what they were, or the ledger says what is not.

How they are compared stands in `benchmarks/recorded_requests.py`, which also writes the published counts. The
recordings are other people's work and stay where they are; `TRAFFIC_DIR` says where, and without them this skips.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from portable_llm._adaptation import Adaptation, entry
from portable_llm._errors import PortableLLMError
from portable_llm.wire import wire_format, wire_names
from recorded_requests import WIRE_OF_FAMILY, again, compare, entry_of, recorded
from recorded_spellings import SAME, Body

FOLDER = Path(os.environ.get("TRAFFIC_DIR", Path(__file__).parents[3] / "shared" / "data" / "traffic"))
RECORDINGS = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"recorded traffic not found at {FOLDER}")
EVERY_FAMILY = pytest.mark.parametrize("family", WIRE_OF_FAMILY)


@RECORDINGS
@EVERY_FAMILY
def test_a_recorded_request_is_built_again_as_it_was_up_to_the_ledger(family: str) -> None:
    found = {name: compare(wire, body, path) for name, wire, body, path in recorded(FOLDER, family)}
    rest = {name: one.untold for name, one in found.items() if one.kind not in ("equal", "told")}

    assert len(found) >= 49
    assert len(rest) <= 0.01 * len(found), rest


@RECORDINGS
@EVERY_FAMILY
def test_a_request_that_came_out_equal_means_the_same_when_it_is_read_again(family: str) -> None:
    for name, wire_name, body, path in recorded(FOLDER, family):
        if compare(wire_name, body, path).kind == "equal":
            wire = wire_format(wire_name)
            request, _ = wire.read_request(body, path=path)
            built, _ = again(wire, body, path)

            assert wire.read_request(built, path=path)[0] == request, name


# ---- the comparison itself -------------------------------------------------------------------------------------------


def test_every_wire_format_has_its_spellings() -> None:
    assert tuple(SAME) == wire_names()


SAYS = (entry("dialogue", "/messages/3/name", "dropped", "no place", "nobody"),)


@pytest.mark.parametrize(
    ("place", "ledger", "is_told"),
    [("/messages/3/name", SAYS, True), ("/messages/4/name", SAYS, False), ("/stop", SAYS, False), ("/stop", (), False)],
)
def test_only_an_entry_about_the_place_tells_of_it(place: str, ledger: tuple[Adaptation, ...], is_told: bool) -> None:
    assert (entry_of(place, ledger, "openai-chat") is not None) == is_told


def test_a_lost_field_is_found_out() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi", "mood": "gay"}], "seed": 1}

    found = compare("openai-chat", body, "/chat/completions")

    assert (found.kind, found.untold) == ("told", ())
    assert [said.subject for said in found.entries] == ["/messages/0/mood"]


# ---- spoilt requests -------------------------------------------------------------------------------------------------

VALUES: tuple[Any, ...] = (None, True, 0, -1, 1.5, 10**30, "", "x", "\ud800", [], [None], {}, {"x": None}, [[]])


def spoilt(body: Body, chance: random.Random) -> Body:
    """The body with one value of another type."""
    copy: Body = json.loads(json.dumps(body))
    places: list[tuple[Any, Any]] = []
    waiting: list[Any] = [copy]
    while waiting:
        node = waiting.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, inner in items:
            places.append((node, key))
            waiting.append(inner)
    holder, key = chance.choice(places)
    holder[key] = chance.choice(VALUES)
    return copy


@RECORDINGS
@EVERY_FAMILY
@pytest.mark.parametrize("rounds", [150, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_spoilt_request_is_read_and_built_or_refused(family: str, rounds: int) -> None:
    chance = random.Random(6)
    bodies = [one[1:] for one in recorded(FOLDER, family) if len(json.dumps(one[2])) < 20_000]
    for wire_name, body, path in chance.choices(bodies, k=rounds):
        wire = wire_format(wire_name)
        with contextlib.suppress(PortableLLMError):
            request, _ = wire.read_request(spoilt(body, chance), path=path)
            wire.build_request(request, wire.CAPABILITIES)
