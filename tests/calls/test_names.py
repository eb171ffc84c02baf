"""Names that a provider takes: legal, told apart, and the same whatever the order."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import provider_names
from portable_llm._calls._names import NameRule, name_rule, wire_names
from portable_llm.providers import provider
from portable_llm.wire import wire_format
from support.patterns import examples

STRICT = NameRule("A-Za-z_", "A-Za-z0-9_", 64)
"""The narrowest rule known: letters, digits, `_`, no digit first."""

names = st.text(st.sampled_from("ab_-./:2é天 "), min_size=1, max_size=12) | st.text(min_size=1, max_size=80)


def rules() -> list[Any]:
    """The rule of every provider row, for every model that its rules tell apart, and the narrowest."""
    found: dict[NameRule, str] = {STRICT: "narrowest"}
    for name in provider_names():
        row = provider(name)
        wire = wire_format(row.wire).CAPABILITIES
        for model in ["some-model", *(model for rule in row.models for model in examples(rule.pattern))]:
            fact = row.capabilities_of(model, wire)["tools/name"]
            rule = name_rule(fact)
            assert rule is not None or not fact.is_assumed, f"{name}:{model} has no rule for tool names"
            if rule is not None:  # some take any name
                found.setdefault(rule, f"{name}:{model}")
    return [pytest.param(rule, id=where) for rule, where in found.items()]


@pytest.mark.parametrize("rule", rules())
@given(chosen=st.sets(names, max_size=8))
def test_every_name_gets_a_legal_one_of_its_own(rule: NameRule, chosen: set[str]) -> None:
    mapped = wire_names(chosen, rule)

    sent = [mapped.get(name, name) for name in chosen]
    assert all(re.fullmatch(rf"[{rule.first}][{rule.rest}]*", name) and len(name) <= rule.maximum for name in sent)
    assert len(set(sent)) == len(chosen)
    assert not [name for name in mapped if rule.accepts(name)]


@given(chosen=st.lists(names, max_size=8, unique=True), data=st.data())
def test_the_order_of_the_names_does_not_matter(chosen: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(chosen))

    assert wire_names(chosen, STRICT) == wire_names(shuffled, STRICT)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("server.tool/x", "server_tool_x"),
        ("2fa:check", "_2fa_check"),
        ("get-weather", "get_weather"),
    ],
)
def test_what_only_punctuation_forbids_stays_readable(name: str, sent: str) -> None:
    assert wire_names([name], STRICT) == {name: sent}


@pytest.mark.parametrize("group", [["a.b", "a/b"], ["a.b", "a_b"], ["天", "気"], ["x" * 65 + "1", "x" * 65 + "2"]])
def test_what_would_end_up_the_same_is_told_apart(group: list[str]) -> None:
    mapped = wire_names(group, STRICT)

    assert len({mapped.get(name, name) for name in group}) == 2


def test_a_made_up_name_that_is_taken_is_not_given_again() -> None:
    (made,) = wire_names(["天"], STRICT).values()

    mapped = wire_names(["天", made], STRICT)

    assert made not in mapped.values()


def test_legal_names_need_no_map() -> None:
    assert wire_names(["weather", "a_b"], STRICT) == {}
