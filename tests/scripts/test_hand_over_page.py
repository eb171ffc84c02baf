"""The page about hand-overs is what plans say, and every request behind it is one that the vendor's SDK would send."""

from __future__ import annotations

import pytest

import hand_over_page
from portable_llm._plan import make_plan
from portable_llm._request import Request
from portable_llm.providers import provider
from portable_llm.wire import wire_names
from support.sdk_types import ACCEPTS


def test_the_committed_page_is_up_to_date():
    assert hand_over_page.PAGE.read_text(encoding="utf-8") == hand_over_page.page(), "run scripts/hand_over_page.py"


def test_every_wire_format_is_on_it():
    assert {provider(name.partition(":")[0]).wire for name in hand_over_page.MODELS} == set(wire_names())


@pytest.mark.parametrize(
    ("begun", "to"), [(one, other) for one in hand_over_page.MODELS for other in hand_over_page.MODELS if one != other]
)
def test_every_other_vendor_takes_it(begun, to):
    messages = hand_over_page.conversation(hand_over_page._target(begun).origin)
    target = hand_over_page._target(to)

    plan = make_plan(Request(model="", messages=messages, tools=(hand_over_page.WEATHER,)), target)

    ACCEPTS[target.provider.wire](plan.call.json, target.model)
    assert hand_over_page.SIGNATURE.encode() not in plan.call.body
