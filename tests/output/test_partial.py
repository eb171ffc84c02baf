"""A value while it is written: certain, growing, and the same however the text was split."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from output.damage import DAMAGES
from portable_llm import Invalid
from portable_llm._json import MAX_DEPTH
from portable_llm.output import PartialReader, read
from support.growth import at, calls, cut, grows, states

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
ROOTS = st.dictionaries(st.text(), VALUES) | st.lists(VALUES, min_size=1)


SCHEMA = {
    "type": "object",
    "properties": {
        "a": {"type": "string"},
        "b": {"type": ["integer", "array"], "items": {}},
        "c": {"enum": ["x", "x y", None]},
        "d": {"anyOf": [{"type": "object"}, {"type": "null"}]},
    },
}
SCHEMAS = st.sampled_from([None, SCHEMA, {"type": "array"}, {"type": "string"}, {"type": "object"}])
TOKENS = st.sampled_from(
    """{ } [ ] " ' , : "a" "b" "c": a 1 12 -1.5e3 true null True None \\ \\n \\u00e9 \\ud83d\\ude00 \\ud83d \n //x\n
    /* */ # ``` ```json\n <think> </think> <tag> ` prose {"a": {"b":[ "x y" ... NaN 0x1 +1 01 é / > “""".replace(
        "\\n", "\n"
    ).split(" ")
)
SOUP = st.lists(TOKENS, max_size=25).map("".join)
"""What no grammar would write."""


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """What models write where they mean JSON."""
    value = draw(st.dictionaries(st.sampled_from("abcd"), VALUES, min_size=1, max_size=4))
    return DAMAGES[draw(st.sampled_from(sorted(DAMAGES)))](value)


TEXTS = SOUP | damaged() | ROOTS.map(json.dumps)


def values(text, schema=None, size=1):
    reader = PartialReader(schema)
    found = [reader.feed(text[at : at + size]) for at in range(0, len(text), size)]
    return [(one.value, one.completed) for one in found if one is not None]


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
        '{"a" /* its name */ : /* one */ [1 // one\n, true, "x"] # the end\n}',
    ],
)
def test_values_are_found_and_read_past_what_needs_no_look_ahead(text):
    assert values(text)[-1][0] == {"a": [1, True, "x"]}


@settings(max_examples=150, deadline=None)
@given(TEXTS, SCHEMAS, st.data())
def test_after_each_piece_stands_what_stands_there_character_by_character(text, schema, data):
    ends = data.draw(st.lists(st.integers(0, len(text)), max_size=6))
    one_by_one = {size: (value, completed) for size, value, completed in states(PartialReader(schema), text)}

    for size, value, completed in states(PartialReader(schema), cut(text, ends)):
        assert (value, completed) == one_by_one[max(place for place in one_by_one if place <= size)]


@pytest.mark.parametrize(
    "text", ['{"a": "x\\ud83d\\ude00y", "b": [1, -2.5e3, true], "d": {"k": null}}', '```json\n{"a": "x"}\n```']
)
def test_every_split_in_two_gives_the_same(text):
    whole = states(PartialReader(SCHEMA), [text])

    for end in range(len(text)):
        assert states(PartialReader(SCHEMA), cut(text, [end]))[-1][1:] == whole[-1][1:]


@settings(max_examples=150, deadline=None)
@given(TEXTS, SCHEMAS)
def test_values_only_grow_whatever_comes(text, schema):
    seen = states(PartialReader(schema), text)

    for (_, before, done), (_, after, more) in pairwise(seen):
        assert grows(before, after)
        assert (before, done) != (after, more)
        assert all(at(before, pointer) == at(seen[-1][1], pointer) for pointer in done)


@given(ROOTS, st.data())
def test_a_cut_text_shows_the_beginning_of_what_the_whole_text_says(value, data):
    text = json.dumps(value)
    seen = states(PartialReader(), text[: data.draw(st.integers(0, len(text)))])

    assert all(grows(partial, value) for _size, partial, _completed in seen)


@given(ROOTS, st.integers(1, 5))
def test_a_value_that_is_a_member_of_another_object_is_read_alone(value, size):
    text = json.dumps({"value": value})
    reader = PartialReader(under="value")

    seen = states(reader, [text[at : at + size] for at in range(0, len(text), size)])

    assert seen[-1][1:] == (value, states(PartialReader(), [json.dumps(value)])[-1][2])
    assert reader.finish() == read(json.dumps(value))
    assert all(grows(before[1], after[1]) for before, after in pairwise(seen))


def test_references_of_a_member_s_schema_lead_into_that_schema():
    schema = {"type": "array", "items": {"$ref": "#/$defs/word"}, "$defs": {"word": {"enum": ["yes", "no"]}}}
    reader = PartialReader(schema, under="value")

    assert [value for _size, value, _ in states(reader, '{"value": ["yes", "perhaps"')] == [[], ["yes"]]
    assert isinstance(reader.finish(), Invalid)


def test_a_text_without_the_member_has_no_value():
    reader = PartialReader(under="value")

    assert states(reader, '{"other": 1}') == []
    assert reader.finish() == Invalid(errors=("/: the object lacks 'value'",), best_effort={"other": 1})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("I would say {x} or [y].", []),
        ('<think>{"a": "no"} [1, 2]</think>', []),
        ('<reasoning>{"a": "no"}</reasoning>{"a": "yes"}', ["", "y", "ye", "yes"]),
        ('```\n{"a": "yes"}\n```\n```\n{"a": "other"}\n```', ["", "y", "ye", "yes"]),
        ("Use `{}` as in:\n```json\n{'a': 'yes'}\n```", ["", "y", "ye", "yes"]),
    ],
)
def test_what_is_not_the_answer_is_never_shown(text, shown):
    found = [value["a"] for value, _ in values(text, SCHEMA)]

    assert [one for place, one in enumerate(found) if one not in found[:place]] == shown


def test_words_of_an_enum_come_whole_or_not_at_all():
    assert [value for value, _ in values('{"c": "x y", "a": ""}', SCHEMA)] == [{"c": "x y"}] * 1 + [
        {"c": "x y", "a": ""}
    ] * 2


def test_what_the_schema_does_not_take_stays_away_and_leaves_its_object_incomplete():
    seen = values('{"a": 5, "b": 1, "c": "z"}', SCHEMA)

    assert seen[-1][0] == {"b": 1}
    assert [pointer for _, completed in seen for pointer in completed] == ["/b"]


def test_a_name_that_stands_twice_stops_the_partial_value():
    reader = PartialReader()
    seen = states(reader, '{"a": 1, "a": 2, "b": 3}')

    assert seen[-1][1] == {"a": 1}
    assert "twice" in (reader.stopped or "")


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_a_text_that_nests_too_deep_stops_there(opening):
    reader = PartialReader()
    seen = states(reader, opening * 5 * MAX_DEPTH)

    assert reader.stopped == f"the text nests deeper than {MAX_DEPTH} levels"
    assert len(seen) <= MAX_DEPTH + 1
    assert isinstance(reader.finish(), Invalid)


LONG = {
    "a string": lambda size: '{"a": "' + "x" * size + '"}',
    "escapes": lambda size: '{"a": "' + "\\n" * (size // 2) + '"}',
    "a list": lambda size: '{"b": [' + "1, " * (size // 3) + "1]}",
    "a list of objects": lambda size: '{"b": [' + '{"x": 1}, ' * (size // 10) + "1]}",
    "members": lambda size: "{" + ", ".join(f'"{n}": 1' for n in range(size // 10)) + "}",
    "deep and wide": lambda size: '{"b": [' + ("[" * 20 + "]" * 20 + ", ") * (size // 42) + "1]}",
    "prose": lambda size: "so {it} is [said] " * (size // 18) + '{"a": ""}',
    "backticks": lambda size: "`" * size,
    "tags": lambda size: "<think" * (size // 6),
    "a thought": lambda size: "<think>" + "</thin" * (size // 6),
    "thoughts": lambda size: "<think></think>" * (size // 15),
    "blanks in a string": lambda size: '{"a": "' + "\n" + " " * size,
    "a comment": lambda size: '{"a": "x", /*' + "* " * (size // 2),
    "a name": lambda size: '{"' + "a\\n" * (size // 3) + '": 1}',
    "digits": lambda size: '{"n": ' + "1" * size,
}


class Piece(str):
    """A text that counts the characters that are copied out of it."""

    copied = 0

    def __getitem__(self, place):
        found = super().__getitem__(place)
        Piece.copied += len(found)
        return found


@pytest.mark.parametrize("kind", LONG)
def test_each_character_is_copied_once_or_twice_out_of_a_large_piece(kind):
    text = LONG[kind](100_000)
    Piece.copied = 0

    PartialReader().feed(Piece(text))

    assert Piece.copied <= 3 * len(text)


@pytest.mark.parametrize("kind", LONG)
def test_work_grows_as_the_text_does(kind):
    text, twice = LONG[kind](8_000), LONG[kind](16_000)

    def work(text):
        reader = PartialReader()
        return calls(lambda: [reader.feed(text[at : at + 3]) for at in range(0, len(text), 3)])

    assert work(twice) < 2.2 * work(text)


@pytest.mark.parametrize("kind", ["a string", "a list"])
def test_a_megabyte_ends_as_the_whole_is_read(kind):
    text = LONG[kind](1_000_000)
    reader = PartialReader()
    last = [reader.feed(text[at : at + 10_000]) for at in range(0, len(text), 10_000)][-1]

    assert last is not None
    assert last.value == json.loads(text)
