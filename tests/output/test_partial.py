"""A value while it is written: certain, growing, and the same however the text was split."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm.output import PartialReader, read

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
ROOTS = st.dictionaries(st.text(), VALUES) | st.lists(VALUES, min_size=1)


def values(text, schema=None, size=1):
    reader = PartialReader(schema)
    found = [reader.feed(text[at : at + size]) for at in range(0, len(text), size)]
    return [(one.value, one.completed) for one in found if one is not None]


def at(value, pointer):
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


@given(ROOTS, st.data())
def test_a_split_changes_nothing(value, data):
    text = json.dumps(value, ensure_ascii=data.draw(st.booleans()))
    cut = data.draw(st.integers(0, len(text)))
    reader = PartialReader()
    reader.feed(text[:cut])
    reader.feed(text[cut:])

    assert values(text)[-1][0] == value
    assert reader.finish() == read(text)


@given(ROOTS)
def test_what_is_completed_is_never_taken_back(value):
    text = json.dumps(value)
    done = []
    for partial, completed in values(text):
        done += completed
        assert all(at(partial, pointer) == at(value, pointer) for pointer in done)

    assert len(set(done)) == len(done)
    assert done[-1] == ""


def test_strings_grow_and_numbers_do_not():
    assert [value for value, _ in values('{"a": "xy", "n": 123}')] == [
        {"a": ""}, {"a": "x"}, {"a": "xy"}, {"a": "xy"}, {"a": "xy", "n": 123},
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        'Sure, {here} you are:\n```json\n{"a": [1, true, "x"]}\n```\nDone.',
        '<think>maybe {"b": 2}?</think>{"a": [1, true, "x"]}',
        "{a: [1, True, 'x',],} // so",
        '{"a": /* one */ [1, true, "x"]}',
    ],
)
def test_values_are_found_and_read_past_what_needs_no_look_ahead(text):
    assert values(text)[-1][0] == {"a": [1, True, "x"]}
