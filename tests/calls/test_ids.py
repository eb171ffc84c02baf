"""Ids of calls that a provider takes back: legal, told apart, and never dependent on what comes later."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import provider_names
from portable_llm._calls._ids import CallIds, IdRule, id_rule
from portable_llm._capabilities import Fact
from portable_llm.providers import provider
from portable_llm.wire import wire_format
from support.patterns import examples

NINE = IdRule("a-zA-Z0-9", 9, 9, False)
"""The narrowest rule known: exactly nine letters and digits."""
ONCE = IdRule("A-Za-z0-9_-", 1, 64, True)

ids = st.text(st.sampled_from("ab1_-.:é"), max_size=12) | st.text(max_size=60)


def rules() -> list[Any]:
    """The rule of every provider row, for every model that its rules tell apart, and the narrowest."""
    found: dict[IdRule, str] = {NINE: "nine", ONCE: "once"}
    for name in provider_names():
        row = provider(name)
        wire = wire_format(row.wire).CAPABILITIES
        for model in ["some-model", *(model for rule in row.models for model in examples(rule.pattern))]:
            rule = id_rule(row.capabilities_of(model, wire)["tools/call_id"])
            if rule is not None:
                found.setdefault(rule, f"{name}:{model}")
    return [pytest.param(rule, id=where) for rule, where in found.items()]


@pytest.mark.parametrize("rule", rules())
@given(chosen=st.lists(ids, max_size=8, unique=True))
def test_every_id_gets_a_legal_one_of_its_own_and_results_follow(rule: IdRule, chosen: list[str]) -> None:
    given_out = CallIds(rule)
    sent = [given_out.of_call(one) for one in chosen]

    pattern = rf"[{rule.alphabet}]*" if rule.alphabet else r"(?s:.*)"
    assert all(re.fullmatch(pattern, one) and rule.minimum <= len(one) <= rule.maximum for one in sent)
    assert len(set(sent)) == len(chosen)
    assert [given_out.of_result(one) for one in chosen] == sent


@given(chosen=st.lists(ids, max_size=6), more=st.lists(ids, max_size=6))
def test_a_history_that_grows_keeps_its_ids(chosen: list[str], more: list[str]) -> None:
    short, long = CallIds(ONCE), CallIds(ONCE)

    assert [short.of_call(one) for one in chosen] == [long.of_call(one) for one in [*chosen, *more]][: len(chosen)]


def test_a_legal_id_stays_as_it_is() -> None:
    assert CallIds(ONCE).of_call("toolu_01") == "toolu_01"


def test_an_id_that_comes_again_is_another_call_where_ids_may_stand_once() -> None:
    given_out = CallIds(ONCE)

    turns = [(given_out.of_call("call_0"), given_out.of_result("call_0")) for _ in range(3)]

    assert all(call == result for call, result in turns)
    assert len({call for call, _ in turns}) == 3


def test_two_calls_of_one_id_in_one_turn_get_their_results_in_order() -> None:
    given_out = CallIds(ONCE)

    calls = [given_out.of_call("x"), given_out.of_call("x")]

    assert [given_out.of_result("x"), given_out.of_result("x")] == calls


def test_where_nothing_is_known_nothing_is_changed() -> None:
    assert id_rule(Fact()) is None
