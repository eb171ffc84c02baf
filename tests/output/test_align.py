"""Alignment brings a value to its schema where that loses nothing, says what it did, and refuses the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm.output._align import Aligned, Misfit, align
from portable_llm.output._align_kinds import COERCIONS, Coercions
from portable_llm.output._scanned import Cut
from portable_llm.schema import validate

LENIENT = Coercions(lossy=True)
COLOURS = {"enum": ["RED", "LIGHT_BLUE"]}
P1 = {"oneOf": [{"const": "P1", "title": "High priority"}, {"const": "P2", "title": "Low priority"}]}


def closed(required: tuple[str, ...] = (), /, **members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": [*required], "additionalProperties": False}


def typed(name: str) -> dict[str, Any]:
    return {"type": name}


def member(schema: object, **beside: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"x": schema}, "required": ["x"], **beside}


ALIGNED: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("key_spelling", closed((), first_name=typed("string")), {"firstName": "Ann"}, {"first_name": "Ann"}),
    ("enum_spelling", COLOURS, "light blue", "LIGHT_BLUE"),
    ("enum_spelling", COLOURS, ' "Red". ', "RED"),
    ("enum_type", {"enum": [1, 2]}, "2", 2),
    ("enum_type", {"enum": ["1", "2"]}, 2, "2"),
    ("enum_type", {"enum": ["on", True]}, "True", True),
    ("enum_alias", P1, "high priority", "P1"),
    ("date_to_iso", member({"type": "string", "format": "date"}), {"x": "March 5, 2024"}, {"x": "2024-03-05"}),
    ("null_removed", closed((), a=typed("string")), {"a": None}, {}),
    ("null_removed", closed((), a=typed("string")), {"a": "x", "note": None}, {"a": "x"}),
    ("number_from_text", typed("number"), " 12.50 ", 12.5),
    ("number_from_text", typed("integer"), "1,234,567", 1_234_567),
    ("text_from_number", typed("string"), 12, "12"),
    ("boolean_from_text", typed("boolean"), "True", True),
    ("boolean_from_word", typed("boolean"), "yes", True),
    ("null_from_text", {"type": ["integer", "null"]}, "None", None),
    ("value_from_json_text", member(typed("integer")), '{"x": 1}', {"x": 1}),
    ("list_from_single", member({"type": "array", "items": typed("string")}), {"x": "red"}, {"x": ["red"]}),
    ("single_from_list", member(typed("string")), {"x": ["red"]}, {"x": "red"}),
    ("unwrapped", member(typed("integer")), {"answer": {"x": 1}}, {"x": 1}),
    ("unwrapped", member(typed("integer"), title="Point"), {"Point": {"x": 1}}, {"x": 1}),
    ("unwrapped", member(typed("integer"), title="Point"), {"name": "point", "arguments": {"x": 1}}, {"x": 1}),
    ("schema_echo_removed", member(typed("integer")), {"type": "object", "properties": {"x": 1}}, {"x": 1}),
    ("prose_removed", {"enum": ["ONE", "TWO"]}, 'TWO" is one of the correct answers.', "TWO"),
    ("prose_removed", typed("boolean"), "False. The sum is 4, not 5.", False),
]

LOSSY: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("integer_rounded", typed("integer"), 2.7, 3),
    ("first_of_many", member(typed("integer")), {"x": [1, 2]}, {"x": 1}),
    ("extra_removed", closed(("a",), a=typed("integer")), {"a": 1, "remark": "x"}, {"a": 1}),
    ("unit_removed", typed("number"), "5 kg", 5),
    ("unit_removed", typed("number"), "$1,234.50", 1234.5),
    ("fraction_computed", typed("number"), "1/4", 0.25),
    ("separator_guessed", typed("integer"), "1,234", 1234),
    ("boolean_from_number", typed("boolean"), 1, True),
    ("text_from_boolean", typed("string"), True, "true"),
    ("text_from_json", typed("string"), ["a", "b"], '["a", "b"]'),
    ("null_from_placeholder", {"type": ["integer", "null"]}, "N/A", None),
    ("enum_near", {"enum": ["approved", "rejected"]}, "aproved", "approved"),
]


@pytest.mark.parametrize(("kind", "schema", "written", "wanted"), ALIGNED)
def test_what_loses_nothing_is_aligned_on_record(kind: str, schema: dict[str, Any], written: Any, wanted: Any) -> None:
    result = align(written, schema)

    assert isinstance(result, Aligned)
    assert (json.dumps(result.value), result.grade) == (json.dumps(wanted), "aligned")
    assert [(repair.stage, repair.kind) for repair in result.repairs] == [("align", kind)]


@pytest.mark.parametrize(("kind", "schema", "written", "wanted"), ALIGNED)
def test_each_kind_has_its_own_switch(kind: str, schema: dict[str, Any], written: Any, wanted: Any) -> None:
    result = align(written, schema, coercions=Coercions(refuse=frozenset({kind})))

    assert isinstance(result, Misfit) or result == Aligned(value=written)


@pytest.mark.parametrize(("kind", "schema", "written", "wanted"), LOSSY)
def test_what_loses_something_is_refused_unless_allowed(
    kind: str, schema: dict[str, Any], written: Any, wanted: Any
) -> None:
    assert isinstance(align(written, schema), Misfit)

    for coercions in (LENIENT, Coercions(allow=frozenset({kind}))):
        result = align(written, schema, coercions=coercions)

        assert isinstance(result, Aligned)
        assert (result.value, result.grade) == (wanted, "lossy")
        assert [repair.kind for repair in result.repairs] == [kind]


def test_every_kind_is_shown_here() -> None:
    assert {kind for kind, *_ in ALIGNED} == {kind for kind, row in COERCIONS.items() if row.grade == "aligned"}
    assert {kind for kind, *_ in LOSSY} == {kind for kind, row in COERCIONS.items() if row.grade == "lossy"}


def test_a_switch_for_a_kind_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="no coercion 'numbers'"):
        Coercions(allow=frozenset({"numbers"}))


ITEMS = {"type": "array", "items": typed("string")}
REFUSED: list[tuple[str, dict[str, Any], Any]] = [
    ("a required member is never filled", closed(("a", "b"), a=typed("integer"), b=typed("integer")), {"a": "1"}),
    ("nor where it may be null", closed(("a",), a={"type": ["integer", "null"]}), {}),
    ("null where something is required", closed(("a",), a=typed("integer")), {"a": None}),
    ("two keys for one", closed(("ab",), ab=typed("integer")), {"a_b": 1, "aB": 2}),
    ("one key for two", closed((), a_b=typed("integer"), aB=typed("integer")), {"A-B": 1}),
    ("two constants of one spelling", {"enum": ["in_use", "inUse"]}, "IN USE"),
    ("another word", {"enum": ["approved", "rejected"]}, "approved later"),
    ("a sign counts", {"enum": ["A", "B"]}, "A-"),
    ("a symbol counts", {"enum": ["C"]}, "C++"),
    ("a percentage has two readings", typed("number"), "50%"),
    ("one comma has two readings", typed("number"), "1,234"),
    ("true is not 1", typed("integer"), True),
    ("no number", typed("number"), "about 5"),
    ("not finite", typed("number"), "1e999"),
    ("out of the limits", {"type": "integer", "maximum": 10}, "11"),
    ("a float has several texts", typed("string"), 1.0),
    ("several answers", {"enum": ["ONE", "TWO"]}, "ONE - is the answer, not TWO"),
    ("a denied answer", {"enum": ["ONE", "TWO"]}, "ONE is not the answer"),
    ("both answers", {"anyOf": [{"const": "TWO"}, {"const": "THREE"}]}, "TWO or THREE"),
    ("both truths", typed("boolean"), "False. The statement does not hold true."),
    ("prose is no list of one", ITEMS, "Sorry, but I can't assist with that."),
    ("a text that is a list itself", member(ITEMS), {"x": "red, green"}),
    ("a list in a list of lists", {"type": "array", "items": {"type": "array", "items": typed("integer")}}, [1, 2]),
    ("a wrapper with more in it", closed(("x",), x=typed("integer")), {"answer": {"x": 1}, "sure": True}),
    ("a call of something else", member(typed("integer"), title="A"), {"name": "b", "arguments": {"x": 1}}),
    ("the schema itself", member({"type": "object"}), {"type": "object", "properties": {"x": {"type": "object"}}}),
    ("a tie between types", member({"anyOf": [ITEMS, typed("integer")]}), {"x": "5"}),
    ("broken JSON in a text", member(typed("integer")), '{"x": 1'),
]


@pytest.mark.parametrize(("why", "schema", "written"), REFUSED)
def test_what_would_be_a_guess_is_refused(why: str, schema: dict[str, Any], written: Any) -> None:
    result = align(written, schema)

    assert isinstance(result, Misfit), why
    assert result.problems


def test_a_refusal_says_why() -> None:
    result = align({"a": 2.7}, closed(("a",), a=typed("integer")))

    assert isinstance(result, Misfit)
    assert "2.7 is not of type 'integer'" in result.problems[0]
    assert result.problems[1].startswith("/a: integer_rounded would be needed")


# What breaks off


@pytest.mark.parametrize(
    "schema", [{"enum": ["red", "redder"]}, {"const": "red"}, typed("integer"), {"type": "string", "format": "date"}]
)
@pytest.mark.parametrize("written", ["red", "20"])
def test_a_cut_text_is_no_constant_no_number_and_no_date(schema: dict[str, Any], written: str) -> None:
    result = align({"x": written}, member(schema), cuts=[Cut(path=("x",), kind="string")])

    assert isinstance(result, Misfit)


def test_a_cut_text_is_a_text() -> None:
    value = {"x": "once upon a t"}

    assert align(value, member(typed("string")), cuts=[Cut(path=("x",), kind="string")]) == Aligned(value=value)


# Unions, references, places

SHAPES = {
    "oneOf": [{"$ref": "#/$defs/Circle"}, {"$ref": "#/$defs/Square"}],
    "$defs": {
        "Circle": closed(("kind", "size"), kind={"const": "circle"}, size=typed("number")),
        "Square": closed(("kind", "size"), kind={"const": "square"}, size=typed("integer")),
    },
}


def test_the_discriminator_chooses() -> None:
    result = align({"kind": "Square", "size": "2"}, SHAPES)

    assert isinstance(result, Aligned)
    assert result.value == {"kind": "square", "size": 2}


def test_the_name_of_the_type_may_be_the_wrapper() -> None:
    result = align({"Circle": {"kind": "circle", "size": 1.5}}, SHAPES)

    assert isinstance(result, Aligned)
    assert result.value == {"kind": "circle", "size": 1.5}


@pytest.mark.parametrize("dialect", ["http://json-schema.org/draft-07/schema#", None])
def test_recursive_schemas_and_all_of(dialect: str | None) -> None:
    tree: dict[str, Any] = {
        "allOf": [{"type": "object", "properties": {"n": typed("integer")}, "required": ["n"]}],
        "properties": {"below": {"type": "array", "items": {"$ref": "#"}}},
    }
    schema = tree if dialect is None else {"$schema": dialect, **tree}
    result = align({"n": "1", "below": [{"n": 2, "below": {"n": "3"}}]}, schema)

    assert isinstance(result, Aligned)
    assert result.value == {"n": 1, "below": [{"n": 2, "below": [{"n": 3}]}]}


def test_a_schema_that_refers_to_itself_only_ends() -> None:
    schema = {"anyOf": [{"$ref": "#"}, {"$ref": "#"}], "type": "string"}

    assert isinstance(align(1, schema), Misfit)


def test_a_deep_value_is_a_misfit_and_no_crash() -> None:
    value: Any = "1"
    for _ in range(150):
        value = {"below": value}

    result = align(value, {"properties": {"below": {"$ref": "#"}}, "type": "object"})

    assert isinstance(result, Misfit)


def test_a_number_becomes_the_text_it_was_written_as() -> None:
    text = '{"x": 1.50}'
    result = align({"x": 1.5}, member(typed("string")), text=text, locate=lambda path: (6, 10) if path else (0, 11))

    assert isinstance(result, Aligned)
    assert result.value == {"x": "1.50"}
    assert result.repairs[0].location == (6, 10)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("2024/3/5", "2024-03-05"),
        ("20240305", "2024-03-05"),
        ("5th of March 2024", "2024-03-05"),
        ("25.12.2024", "2024-12-25"),
        ("12/25/2024", "2024-12-25"),
        ("Sept. 3, 2024", "2024-09-03"),
        ("03/04/2024", "03/04/2024"),
        ("2024-02-30", "2024-02-30"),
        ("soon", "soon"),
    ],
)
def test_a_date_is_written_in_iso_where_it_has_one_reading(written: str, wanted: str) -> None:
    result = align(written, {"type": "string", "format": "date"})

    assert isinstance(result, Aligned)
    assert result.value == wanted


def test_an_offset_is_never_made_up() -> None:
    moment = {"type": "string", "format": "date-time"}

    assert align("2024-03-05 10:30:00 UTC", moment).value == "2024-03-05T10:30:00Z"  # type: ignore[union-attr]
    assert align("2024-03-05 10:30:00", moment).value == "2024-03-05T10:30:00"  # type: ignore[union-attr]
    assert align("March 5, 2024", moment).value == "March 5, 2024"  # type: ignore[union-attr]


# Properties, over records of one schema

RECORD = closed(
    ("user_name", "age", "tags", "state", "is_on"),
    user_name=typed("string"),
    age=typed("integer"),
    tags={"type": "array", "items": {"type": "string"}},
    state={"enum": ["IN_USE", "FREE", "GONE"]},
    is_on=typed("boolean"),
    rate=typed("number"),
    note={"type": "string"},
)
words = st.text("abcdefgh", min_size=1, max_size=8)
records = st.fixed_dictionaries(
    {
        "user_name": st.text(max_size=9),
        "age": st.integers(),
        "tags": st.lists(words, max_size=3),
        "state": st.sampled_from(["IN_USE", "FREE", "GONE"]),
        "is_on": st.booleans(),
    },
    optional={"rate": st.floats(allow_nan=False, allow_infinity=False), "note": st.text(max_size=9)},
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | words, inner, max_size=3),
    max_leaves=12,
)


def camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.title() for word in rest)


DAMAGE: dict[str, Any] = {
    "integers as strings": lambda record: {**record, "age": str(record["age"])},
    "floats as strings": lambda record: {key: repr(v) if key == "rate" else v for key, v in record.items()},
    "booleans as words": lambda record: {**record, "is_on": str(record["is_on"])},
    "lists of one as their item": lambda record: {
        **record,
        "tags": record["tags"][0] if len(record["tags"]) == 1 else record["tags"],
    },
    "single values as lists": lambda record: {**record, "state": [record["state"]]},
    "keys re-cased": lambda record: {camel(key): value for key, value in record.items()},
    "keys spaced": lambda record: {key.replace("_", " ").title(): value for key, value in record.items()},
    "constants re-cased": lambda record: {**record, "state": record["state"].replace("_", "-").title()},
    "nulls for absent": lambda record: {"note": None, "rate": None, **record},
    "wrapped": lambda record: {"result": record},
    "echo of the schema": lambda record: {"type": "object", "properties": record},
    "JSON in a string": json.dumps,
    "member gone": lambda record: {key: value for key, value in record.items() if key != "age"},
}
"""The damage after which a value is found again, or nothing is."""


@given(records, st.lists(st.sampled_from(sorted(DAMAGE)), max_size=4, unique=True))
def test_a_damaged_record_is_found_again_or_refused(record: dict[str, Any], kinds: list[str]) -> None:
    damaged: Any = record
    for kind in kinds:
        try:
            damaged = DAMAGE[kind](damaged)
        except (KeyError, TypeError, AttributeError):
            continue  # an earlier damage took away what this one damages

    result = align(damaged, RECORD)

    assert isinstance(result, Misfit) or result.value == record


@given(records, st.sampled_from(sorted(DAMAGE.keys() - {"member gone"})))
def test_one_damage_is_always_undone(record: dict[str, Any], kind: str) -> None:
    result = align(DAMAGE[kind](record), RECORD)

    assert isinstance(result, Aligned)
    assert result.value == record


@given(records, st.sampled_from([Coercions(), LENIENT]))
def test_a_valid_record_is_not_touched(record: dict[str, Any], coercions: Coercions) -> None:
    assert align(record, RECORD, coercions=coercions) == Aligned(value=record)


@given(anything, st.sampled_from([RECORD, SHAPES, P1, ITEMS, member(typed("integer"))]), st.booleans())
def test_what_is_aligned_is_valid(value: Any, schema: dict[str, Any], lossy: bool) -> None:
    result = align(value, schema, coercions=Coercions(lossy=lossy))

    assert isinstance(result, Misfit) or not validate(result.value, schema)


def test_the_documentation_shows_every_kind_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "alignment.md").read_text(encoding="utf-8")
    rows = [f"| `{kind}` | {row.grade} | {row.cost} | `{row.example}` |" for kind, row in COERCIONS.items()]

    assert "| kind | grade | cost | example |\n|---|---|---|---|\n" + "\n".join(rows) + "\n\n" in page


# The refused examples of the documentation


@pytest.mark.parametrize(
    ("written", "schema"),
    [("4/5", typed("number")), ("50%", typed("number")), ({"a_b": 1, "aB": 2}, closed(("ab",), ab=typed("integer")))],
)
def test_the_refused_examples_of_the_documentation(written: Any, schema: dict[str, Any]) -> None:
    assert isinstance(align(written, schema), Misfit)


def test_a_valid_open_object_keeps_its_names() -> None:
    schema = {"type": "object", "properties": {"user_name": typed("string")}}

    assert align({"UserName": "x"}, schema) == Aligned(value={"UserName": "x"})
