"""A reply restored while it is written: every encoding of every dialect, at every character."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import jsonschema
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portable_llm import Parsed
from portable_llm.output import PartialReader
from portable_llm.schema import Lowered, dialect, dialect_names, lower
from portable_llm.schema._lowering._codecs import ListCodec
from portable_llm.schema._lowering._growing import Growing
from portable_llm.schema._lowering._sieve import Unfinished
from schema.kinds import all_kinds, kinds
from support.growth import at, calls, cut, grows, states

CARRYING = [name for name in dialect_names() if dialect(name).carries_schema]


def reader(lowered: Lowered) -> PartialReader:
    return PartialReader(lowered.read_by, restore=None if lowered.is_identity else lowered.growing())


def written(kind: Any, name: str, data: st.DataObject) -> tuple[Lowered, Any]:
    """A schema in a dialect, and a value as a model that obeys it writes it."""
    schema, values = kind
    lowered = lower({"type": "object", "properties": {"it": schema}, "required": ["it"]}, name)
    reply = lowered.encode({"it": data.draw(values)})
    assume(jsonschema.Draft202012Validator(lowered.read_by).is_valid(reply))
    return lowered, reply


def shown(schema: dict[str, Any], name: str, value: Any) -> list[Any]:
    """The different values that are seen while `value` is written in a dialect, character by character."""
    lowered = lower(schema, name)
    text = json.dumps(lowered.encode(value))
    found: list[Any] = []
    for _size, partial, _completed in states(reader(lowered), text):
        if not found or partial != found[-1]:
            found.append(partial)
    return found


@settings(max_examples=200, deadline=None)
@given(all_kinds, st.sampled_from(CARRYING), st.data())
def test_a_value_grows_in_its_own_shape_and_ends_as_the_whole_is_restored(
    kind: Any, name: str, data: st.DataObject
) -> None:
    lowered, reply = written(kind, name, data)
    text, whole = json.dumps(reply), lowered.restore(reply)

    reading = reader(lowered)
    seen = states(reading, text)

    assert reading.finish() == Parsed(value=whole)
    values_seen = [value for _size, value, _completed in seen]
    assert values_seen[-1] == whole
    assert None not in values_seen
    assert all(map(grows, values_seen, values_seen[1:]))
    for _size, value, completed in seen:
        assert all(at(value, pointer) == at(whole, pointer) for pointer in completed)
    assert "" in seen[-1][2]


@settings(max_examples=100, deadline=None)
@given(kinds, st.sampled_from(CARRYING), st.data())
def test_each_event_shows_or_completes_something(kind: Any, name: str, data: st.DataObject) -> None:
    lowered, reply = written(kind, name, data)

    seen = [state[1:] for state in states(reader(lowered), json.dumps(reply))]

    assert all(before != after for before, after in pairwise(seen))


@settings(max_examples=100, deadline=None)
@given(all_kinds, st.sampled_from(CARRYING), st.data())
def test_a_split_changes_nothing(kind: Any, name: str, data: st.DataObject) -> None:
    lowered, reply = written(kind, name, data)
    text = json.dumps(reply)
    ends = data.draw(st.lists(st.integers(0, len(text)), max_size=4))
    one_by_one = {size: (value, completed) for size, value, completed in states(reader(lowered), text)}

    for size, value, completed in states(reader(lowered), cut(text, ends)):
        assert (value, completed) == one_by_one[max(place for place in one_by_one if place <= size)]


# ---- one encoding each -----------------------------------------------------------------------------------------------


def closed(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": [*members], "additionalProperties": False}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


def test_a_map_written_as_pairs_gains_a_member_once_its_name_is_whole() -> None:
    schema = closed(scores={"type": "object", "additionalProperties": TEXT})

    assert shown(schema, "openai-strict", {"scores": {"ab": "xy", "c": ""}}) == [
        {"scores": {}},
        {"scores": {"ab": ""}},
        {"scores": {"ab": "x"}},
        {"scores": {"ab": "xy"}},
        {"scores": {"ab": "xy", "c": ""}},
    ]


def test_a_null_that_stands_for_absence_is_never_seen() -> None:
    schema = {"type": "object", "properties": {"a": NUMBER, "b": TEXT}, "additionalProperties": False}

    assert shown(schema, "openai-strict", {"b": "x"}) == [{"b": ""}, {"b": "x"}]


def test_a_list_with_places_of_its_own_grows_as_a_list() -> None:
    schema = closed(pair={"type": "array", "prefixItems": [TEXT, NUMBER], "items": False, "minItems": 2})

    assert shown(schema, "openai-strict", {"pair": ["x", 1]}) == [
        {"pair": []}, {"pair": [""]}, {"pair": ["x"]}, {"pair": ["x", 1]},
    ]  # fmt: skip


def test_a_wrapped_root_is_not_seen_before_its_value_begins() -> None:
    schema = {"type": "array", "items": TEXT}

    assert shown(schema, "openai-strict", ["x"]) == [[], [""], ["x"]]


def test_json_inside_a_string_is_seen_when_the_string_is_whole() -> None:
    assert shown(closed(any={}, after=TEXT), "openai-strict", {"any": {"n": 12}, "after": ""}) == [
        {"any": {"n": 12}}, {"any": {"n": 12}, "after": ""},
    ]  # fmt: skip


def test_what_cannot_be_seen_yet_makes_no_events() -> None:
    hidden = closed(any={}, scores={"type": "object", "additionalProperties": TEXT})
    lowered = lower(hidden, "openai-strict")
    reply = lowered.encode({"any": ["x" * 1000], "scores": {"y" * 1000: "z" * 1000}})

    assert len(states(reader(lowered), json.dumps(reply))) < 1020


def test_a_union_is_seen_once_its_branch_is_certain() -> None:
    mapping = {"type": "object", "additionalProperties": NUMBER}
    first, second = closed(kind={"const": "first"}, a=mapping), closed(kind={"const": "second"}, a=mapping)
    schema = closed(it={"anyOf": [first, second]})

    assert shown(schema, "openai-strict", {"it": {"kind": "second", "a": {"k": 1}}}) == [
        {"it": {"kind": "second"}},
        {"it": {"kind": "second", "a": {}}},
        {"it": {"kind": "second", "a": {"k": 1}}},
    ]


def test_places_are_named_in_the_original_shape() -> None:
    lowered = lower(closed(scores={"type": "object", "additionalProperties": closed(n=NUMBER)}), "openai-strict")
    text = '{"scores": [{"key": "a/b", "value": {"n": 1}}]}'

    assert states(reader(lowered), text)[-1][2] == {"/scores/a~1b/n", "/scores/a~1b", "/scores", ""}


def test_a_reply_of_another_shape_shows_only_what_fits() -> None:
    lowered = lower(closed(scores={"type": "object", "additionalProperties": NUMBER}, name=TEXT), "openai-strict")

    seen = states(reader(lowered), '{"scores": {"a": 1}, "name": "x"}')

    assert seen[-1][1] == {"name": "x"}
    assert "" not in seen[-1][2]


@pytest.mark.parametrize("name", CARRYING)
def test_a_recursive_value_as_deep_as_texts_may_be(name: str) -> None:
    node = closed(below={"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}, tags={"$ref": "#/$defs/tags"})
    tags = {"type": "object", "additionalProperties": TEXT}
    lowered = lower({**closed(root={"$ref": "#/$defs/node"}), "$defs": {"node": node, "tags": tags}}, name)
    value: Any = None
    for _ in range(50):
        value = {"below": value, "tags": {"a": "b"}}
    reply = lowered.encode({"root": value})

    assert states(reader(lowered), [json.dumps(reply)])[-1][1] == lowered.restore(reply)


class Counting:
    """A codec that counts."""

    count = 0

    def encode(self, value: Any) -> Any:
        return value

    def restore(self, value: Any) -> Any:
        self.count += 1
        return value


def test_what_has_ended_is_restored_once_however_often_it_is_looked_at() -> None:
    codec = Counting()
    growing = Growing(ListCodec(codec))
    items: list[Any] = [{"n": n} for n in range(300)]

    for size in range(len(items) + 1):
        reply = items[:size]
        growing.restore(reply, Unfinished({id(reply)}), is_open=True)

    assert codec.count == len(items)


MAP = {"type": "object", "additionalProperties": NUMBER}
PLACES = {"type": "array", "prefixItems": [TEXT, MAP], "items": False, "minItems": 2}
LONG: dict[str, Any] = {
    "a map": (closed(it=MAP), lambda size: {"it": {str(n): n for n in range(size)}}),
    "maps in a list": (
        closed(it={"type": "array", "items": MAP}),
        lambda size: {"it": [{"a": n} for n in range(size)]},
    ),
    "optional maps": (
        closed(it={"type": "array", "items": {"anyOf": [MAP, {"type": "null"}]}}),
        lambda size: {"it": [{"a": n} for n in range(size)]},
    ),
    "lists with places": (closed(it={"type": "array", "items": PLACES}), lambda size: {"it": [["x", {"a": 1}]] * size}),
    "a long string in a map": (
        closed(it={**MAP, "additionalProperties": TEXT}),
        lambda size: {"it": {"a": "x" * 9 * size}},
    ),
    "JSON as text": (closed(it={}), lambda size: {"it": [1] * size}),
}


@pytest.mark.parametrize("kind", LONG)
def test_work_grows_as_the_reply_does(kind: str) -> None:
    schema, make = LONG[kind]
    lowered = lower(schema, "openai-strict")

    def work(size: int) -> int:
        text, growing = json.dumps(lowered.encode(make(size))), reader(lowered)
        return calls(lambda: [growing.feed(text[at : at + 3]) for at in range(0, len(text), 3)])

    assert work(400) < 2.2 * work(200)
