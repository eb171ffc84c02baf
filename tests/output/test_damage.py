"""Whatever happened to a text, reading it gives the value that was meant or none; never another one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from output.damage import DAMAGES
from portable_llm import Invalid, Parsed
from portable_llm._json import JsonValue
from portable_llm.output import Policy, ReadPolicy, read
from portable_llm.output._scan import Scanner

words = st.text(alphabet="abcXYZ äß漢0189 .!?_-", max_size=12)
names = st.text(alphabet="abcdefgh_", min_size=1, max_size=8)
numbers = st.integers(-10_000, 10_000) | st.floats(-1000, 1000).filter(lambda value: "e" not in repr(value))
scalars = st.none() | st.booleans() | numbers | words
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4), max_leaves=12
)
containers = values.filter(lambda value: isinstance(value, (dict, list)) and bool(value))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
POLICIES: tuple[Policy, ...] = ("strict", "syntax", "align", "lenient")


@pytest.mark.parametrize("policy", POLICIES)
@given(value=anything, indent=st.sampled_from([None, 1]), is_ascii=st.booleans())
def test_json_is_untouched(policy: Policy, value: Any, indent: int | None, is_ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii)

    assert read(text, policy=policy) == Parsed(value=value)


@given(value=anything.filter(lambda value: isinstance(value, (dict, list))), indent=st.sampled_from([None, 1]))
def test_the_tolerant_scanner_reads_json_as_json(value: Any, indent: int | None) -> None:
    scanner = Scanner(json.dumps(value, indent=indent), 0, ReadPolicy())

    assert (scanner.scan(), scanner.edits, scanner.cuts) == (value, [], [])


@pytest.mark.parametrize("name", DAMAGES)
@settings(max_examples=60)
@given(value=containers)
def test_damage_never_makes_another_value(name: str, value: Any) -> None:
    outcome = read(DAMAGES[name](value))

    if isinstance(outcome, Parsed):
        is_part = name == "unclosed" and _is_prefix(outcome.value, value)
        assert _same(outcome.value, value) or is_part, outcome.repairs


@given(value=containers, share=st.floats(0, 1))
def test_what_is_read_of_a_cut_text_is_a_part_of_the_value(value: Any, share: float) -> None:
    text = json.dumps(value, ensure_ascii=False)
    outcome = read(text[: int(len(text) * share)])

    if isinstance(outcome, Parsed):
        assert _is_prefix(outcome.value, value), outcome.repairs


def test_the_published_list_is_this_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "damage.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [*DAMAGES, "truncation"]


def test_damage_is_mostly_repaired() -> None:
    """Guards the test above: `Invalid` for everything would pass it."""
    value = {"name": "Ada", "tags": ["a", "b"], "size": 3, "inner": {"ok": True}}

    read_back = {name: read(damage(value)) for name, damage in DAMAGES.items()}

    assert {name for name, outcome in read_back.items() if isinstance(outcome, Invalid)} == set()
    undamaged = {"raw_line_breaks"}  # there is none in this value
    assert {name for name, outcome in read_back.items() if not outcome.repairs} == undamaged


def _same(one: JsonValue, other: JsonValue) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _is_prefix(part: Any, whole: Any) -> bool:
    """Whether `part` is `whole` cut off somewhere: every complete leaf equal, only the last piece shorter."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return _is_cut_list(list(part.items()), list(whole.items()))
    if isinstance(part, list) and isinstance(whole, list):
        return _is_cut_list(list(enumerate(part)), list(enumerate(whole)))
    if isinstance(part, str) and isinstance(whole, str):
        return whole.startswith(part)
    return _same(part, whole)


def _is_cut_list(part: list[tuple[Any, Any]], whole: list[tuple[Any, Any]]) -> bool:
    if len(part) > len(whole):
        return False
    pairs = list(zip(part, whole, strict=False))
    complete = all(one[0] == other[0] and _same(one[1], other[1]) for one, other in pairs[:-1])
    return complete and (
        not pairs or (pairs[-1][0][0] == pairs[-1][1][0] and _is_prefix(pairs[-1][0][1], pairs[-1][1][1]))
    )
