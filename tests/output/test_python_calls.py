"""Calls written as Python: read where the schema asks for calls, with the value that Python gives, or not at all."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import Invalid, Parsed
from portable_llm.output import read
from portable_llm.output._python_calls import MAX_NESTING, python_calls

ARGUMENTS: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "nights": {"type": "integer"}},
    "required": ["city"],
    "additionalProperties": False,
}
CALL: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"enum": ["book", "hotel.book"]}, "arguments": ARGUMENTS},
    "required": ["name", "arguments"],
}
CALLS: dict[str, Any] = {"type": "array", "items": CALL, "minItems": 1}
BERN = {"name": "book", "arguments": {"city": "Bern", "nights": 2}}
OSLO = {"name": "book", "arguments": {"city": "Oslo"}}


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ('[book(city="Bern", nights=2)]', [BERN]),
        ("book(city='Bern', nights=2)", [BERN]),
        ("[book(city='Bern', nights=2), book(city='Oslo')]", [BERN, OSLO]),
        ("book(city='Bern', nights=2)\nbook(city='Oslo')\n", [BERN, OSLO]),
        ("book(city='Bern', nights=2); book(city='Oslo');", [BERN, OSLO]),
        ("```python\n[book(city='Oslo')]\n```", [OSLO]),
        ("First:\n```\nbook(city='Bern', nights=2)\n```\nthen:\n```\nbook(city='Oslo')\n```", [BERN, OSLO]),
        ("I will book it.\n\n[book(city='Oslo')]\n\nAnything else?", [OSLO]),
        ("['book(city=\"Oslo\")']", [OSLO]),
        ("[book(city=Oslo,)]", [OSLO]),
        ("[\n  book(  # the capital\n    city='Oslo',\n  ),\n]", [OSLO]),
        ("[hotel.book(city='Oslo')]", [{"name": "hotel.book", "arguments": {"city": "Oslo"}}]),
    ],
)
def test_calls_are_read_for_a_schema_of_calls(text: str, calls: list[Any]) -> None:
    outcome = read(text, CALLS)

    assert isinstance(outcome, Parsed)
    assert (outcome.value, outcome.grade) == (calls, "syntax")
    assert [repair.kind for repair in outcome.repairs] == ["calls_read"]


def test_one_call_is_read_for_the_schema_of_a_call_or_of_its_arguments() -> None:
    text = "book(city='Bern', nights=2)"

    assert read(text, CALL) == Parsed(value=BERN, grade="syntax", repairs=read(text, CALL).repairs)
    assert isinstance(found := read(text, ARGUMENTS), Parsed)
    assert found.value == BERN["arguments"]


def test_arguments_are_brought_to_the_schema() -> None:
    outcome = read("book(city='Bern', nights='2')", CALLS)

    assert isinstance(outcome, Parsed)
    assert (outcome.value, outcome.grade) == ([BERN], "aligned")


@pytest.mark.parametrize(
    "text",
    [
        "[book('Bern')]",
        "[book(city='Bern', nights=1 + 1)]",
        "[book(city=home(), nights=2)]",
        "[book(city='Bern', city='Oslo')]",
        "[book(city='Bern', nights=float('nan'))]",
        "[book(city=f'{here}')]",
        "[book(city='Bern', nig",
        "[leave(city='Bern')]",
        "book(city='Bern')\n\nor rather\n\nbook(city='Oslo')",
        "book(city='Bern') is what I would call",
        "```\nbook(city='Bern')\n```\nreturns\n```\nthe number of the booking\n```",
        "Use book(city='Bern').",
    ],
)
def test_what_would_have_to_be_computed_or_guessed_is_invalid(text: str) -> None:
    assert isinstance(read(text, CALLS), Invalid)


def test_a_schema_that_takes_anything_asks_for_no_calls() -> None:
    text = "```python\nprint(x=1)\n```"

    for schema in (None, {}, {"type": "object"}):
        outcome = read(text, schema)
        assert not isinstance(outcome, Parsed) or "calls_read" not in {repair.kind for repair in outcome.repairs}


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(WORDS, inner, max_size=3)
        | st.tuples(inner)
        | st.tuples(inner, inner)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(["a", "b_2", "city"])


@given(arguments=st.dictionaries(NAMES, LITERALS, max_size=3))
def test_what_python_prints_is_read_as_python_reads_it(arguments: dict[str, Any]) -> None:
    text = "[f(" + ", ".join(f"{name}={value!r}" for name, value in arguments.items()) + ")]"
    found = python_calls(text)

    assert found is not None
    assert found.calls == [{"name": "f", "arguments": json.loads(json.dumps(arguments))}]


PIECES = st.sampled_from(
    ["f", "(", ")", "a", "=", "1", ",", "'", '"', "[", "]", "{", "}", ":", "\\n", "\n", " ", "-", "x", "'''"]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_what_is_read_is_python_and_means_the_same(text: str) -> None:
    found = python_calls(f"[f(a={text})]")
    if found is None:
        return
    tree = ast.parse(f"[f(a={text})]", mode="eval").body
    assert isinstance(tree, ast.List)
    assert len(tree.elts) == len(found.calls)
    for node, call in zip(tree.elts, found.calls, strict=True):
        if isinstance(node, ast.Call):  # else a call that stands as text
            assert isinstance(call, dict)
            assert [keyword.arg for keyword in node.keywords] == [*call["arguments"]]  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    "text",
    [
        "f(" * 50_000,
        "[" * 100_000 + "f(a=1)",
        "f(a=" + "[" * 100_000,
        "f(a='" + "\\" * 100_000,
        "f(a=1)\n" * 20_000 + "f(x)",
        "```f(\n" * 20_000,
        "f(a='''" * 20_000,
    ],
    ids=["open calls", "open lists", "nested", "backslashes", "the last fails", "fences", "triple quotes"],
)
def test_hostile_texts_are_no_calls(text: str) -> None:
    assert python_calls(text) is None


def test_values_nest_so_deep_and_no_deeper() -> None:
    deep, deeper = ("f(a=" + "[" * n + "]" * n + ")" for n in (MAX_NESTING, MAX_NESTING + 2))

    assert python_calls(deep) is not None
    assert python_calls(deeper) is None
