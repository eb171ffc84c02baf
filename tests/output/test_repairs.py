"""What is repaired, what is found, and what is refused; each with the edit on record."""

from __future__ import annotations

from typing import Any

import pytest

from portable_llm import Invalid, Parsed
from portable_llm.output import ReadPolicy, read

REPAIRED: list[tuple[str, str, Any]] = [
    ("quotes_replaced", "{'a': 'it's'}", {"a": "it's"}),
    ("quotes_replaced", "{“a”: “b”}", {"a": "b"}),
    ("quotes_replaced", "{`a`: `b`}", {"a": "b"}),
    ("quotes_replaced", "{「a」: 「b」}", {"a": "b"}),
    ("quotes_added", "{a: 1}", {"a": 1}),
    ("quote_added", '{"a": "b, "c": "d"}', {"a": "b", "c": "d"}),
    ("inner_quotes_escaped", '{"a": "say "hi" to her", "b": 1}', {"a": 'say "hi" to her', "b": 1}),
    ("inner_quotes_escaped", '{"a": "{"b": 1, "c": "d"}"}', {"a": '{"b": 1, "c": "d"}'}),
    ("control_character_escaped", '{"a": "one\ntwo"}', {"a": "one\ntwo"}),
    ("escape_repaired", r'{"a": "\(2 \cdot 2\)"}', {"a": r"\(2 \cdot 2\)"}),
    ("escape_repaired", r'{"a": "\alpha \frac{1}{2}"}', {"a": r"\alpha \frac{1}{2}"}),
    ("escape_repaired", r'{"a": "snake\_case"}', {"a": "snake_case"}),
    ("comment_removed", '{"a": 1, // one\n "b": /* two */ 2}', {"a": 1, "b": 2}),
    ("comma_removed", "[1, 2,]", [1, 2]),
    ("comma_added", '{"a": 1 "b": 2}', {"a": 1, "b": 2}),
    ("ellipsis_removed", "[1, 2, ...]", [1, 2]),
    ("literal_replaced", '{"a": True, "b": None}', {"a": True, "b": None}),
    ("number_rewritten", '{"a": 1_000, "b": +5, "c": 007, "d": 0x1F}', {"a": 1000, "b": 5, "c": 7, "d": 31}),
    ("number_rewritten", '{"a": 1,234,567}', {"a": 1234567}),
    ("strings_joined", '{"a": "b" + "c"}', {"a": "bc"}),
    ("duplicate_key_dropped", "{'a': 1, 'a': 2}", {"a": 2}),
    ("brackets_added", '{"a": {"b": "c"', {"a": {"b": "c"}}),
    ("bracket_added", '[{"a": 1]', [{"a": 1}]),
    ("cut_string_kept", '{"a": "b", "c": "unfini', {"a": "b", "c": "unfini"}),
    ("bracket_added", '{"a": [1, 2, "b": 3}', {"a": [1, 2], "b": 3}),
    ("bracket_removed", '{"a": [{"b": 1}}, {"b": 2}]}', {"a": [{"b": 1}, {"b": 2}]}),
    ("bracket_replaced", '{"a": [1, 2}, "b": 3}', {"a": [1, 2], "b": 3}),
    ("comma_replaced", '{"a": 1; "b": 2}', {"a": 1, "b": 2}),
    ("quote_added", '{\n  "a": "b\n}', {"a": "b"}),
    ("escape_repaired", r'{"a": "D:\data\new\table.csv"}', {"a": r"D:\data\new\table.csv"}),
    ("escape_repaired", r'{"a": "\w+@\w+\.com\b"}', {"a": r"\w+@\w+\.com\b"}),
    ("escape_repaired", r'{"a": "\alpha \to 0"}', {"a": r"\alpha \to 0"}),
    ("bom_removed", '\ufeff{"a": 1}', {"a": 1}),
    ("prose_removed", 'callback({"a": 1});', {"a": 1}),
]


@pytest.mark.parametrize(("kind", "text", "value"), REPAIRED)
def test_repair(kind: str, text: str, value: Any) -> None:
    outcome = read(text)

    assert isinstance(outcome, Parsed)
    assert (outcome.value, outcome.grade) == (value, "syntax")
    assert kind in {repair.kind for repair in outcome.repairs}


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("a cut number", '{"a": 12'),
        ("a cut literal", "[true, fal"),
        ("a name without a value", '{"a": , "b": 1}'),
        ("a set of Python", '{"a", "b"}'),
        ("which quotes end the string?", '["say "x", "y"]'),
        ("half a unicode escape", '"\\uZ000"'),
        ("closed before its members end", '{"a": {"b": 1}}, "c": 2}'),
        ("closed too early, and the rest is no answer", '{"a": {"b": 1}}, "c": {"d": 2}}'),
        ("a list in the prose before a broken answer", 'See [1, 2].\n\n{"a": "x", "b": ["y "z", "c"]}'),
        ("a bracket is missing, and the layout says where", '{\n  "a": {\n    "b": 1\n  ,\n  "c": 2\n}'),
        ("which bracket is wrong?", '{"a": {"b": 2.0], "c": 1}}'),
        ("a name in an array", '["a": 1]'),
        ("two arrays or one?", '{"a": [[1, 2], "b": 3}'),
        ("a name without its closing quote", '{"a": 1, "b: 2}'),
        ("a name where a value should stand", '{"a": "b": 1}'),
        ("a quote too many", '{"a": ""b", "c": 1}'),
        ("a text cut where a name may have begun", "{'a': 'b', 'c'"),
        ("code", "[f(base=10, height=5)]"),
        ("larger than any float", "{'a': 1e999}"),
        ("a second value behind a comma", '[1, 2], "x"'),
        ("two values", '{"a": 1}\n{"a": 2}'),
        ("NaN is not JSON", '{"a": NaN}'),
        ("the reasoning does not end", '<think>maybe {"a": 1}'),
        ("deeper than any value", '{"a":' * 600 + "1" + "}" * 600),
        ("a mention of a Python value in a sentence", "It returns {'a': 1} here."),
    ],
)
def test_what_would_be_a_guess_is_invalid(why: str, text: str) -> None:
    outcome = read(text)

    assert isinstance(outcome, Invalid), why
    assert outcome.errors


CALL = {"name": "f", "arguments": {"city": "Bern", "days": 3}}
ARGUMENTS = '{"city": "Bern", "days": 3}'


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("Hermes", f'<tool_call>\n{{"name": "f", "arguments": {ARGUMENTS}}}\n</tool_call>'),
        ("Llama", f'<|python_tag|>{{"name": "f", "parameters": {ARGUMENTS}}}<|eom_id|>'),
        ("Llama function", f"<function=f>{ARGUMENTS}</function>"),
        ("Mistral", f'[TOOL_CALLS][{{"name": "f", "arguments": {ARGUMENTS}}}]'),
        ("Mistral 3", f"[TOOL_CALLS]f[ARGS]{ARGUMENTS}"),
        ("DeepSeek", f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{ARGUMENTS}\n```"),
        ("Kimi", f"<|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{ARGUMENTS}<|tool_call_end|>"),
        (
            "Qwen coder",
            "<function=f>\n<parameter=city>\nBern\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>",
        ),
        (
            "GLM",
            (
                "<tool_call>f\n<arg_key>city</arg_key>\n<arg_value>Bern</arg_value>\n"
                "<arg_key>days</arg_key>\n<arg_value>3</arg_value>\n</tool_call>"
            ),
        ),
        ("Phi", f'functools[{{"name": "f", "arguments": {ARGUMENTS}}}]'),
        ("Granite", f'<|tool_call|>[{{"name": "f", "arguments": {ARGUMENTS}}}]'),
        ("InternLM", f'<|action_start|><|plugin|>\n{{"name": "f", "parameters": {ARGUMENTS}}}<|action_end|>'),
        ("Command R", f'<|START_ACTION|>[{{"tool_name": "f", "parameters": {ARGUMENTS}}}]<|END_ACTION|>'),
        (
            "harmony",
            (
                '<|channel|>analysis<|message|>maybe {"city": "Rome", "days": 1}<|end|><|start|>assistant'
                f"<|channel|>final<|message|>{ARGUMENTS}<|return|>"
            ),
        ),
    ],
)
def test_markup_of_tool_calls(family: str, text: str) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
        "additionalProperties": False,
    }

    outcome = read(text, schema)

    assert isinstance(outcome, Parsed), family
    assert outcome.value == CALL["arguments"]


def test_json_in_a_string_is_opened_where_the_schema_wants_what_it_holds() -> None:
    outcome = read('"{\\"a\\": 1}"', {"type": "object", "required": ["a"]})

    assert isinstance(outcome, Parsed)
    assert outcome.value == {"a": 1}


def test_lines_are_a_list_where_the_schema_wants_one() -> None:
    outcome = read('{"a": 1}\n{"a": 2}\n', {"type": "array", "items": {"type": "object"}})

    assert isinstance(outcome, Parsed)
    assert outcome.value == [{"a": 1}, {"a": 2}]


def test_a_cut_string_is_no_value_of_an_enum() -> None:
    schema = {"type": "object", "properties": {"a": {"enum": ["high", "higher"]}}, "required": ["a"]}

    assert isinstance(read('{"a": "high', schema), Invalid)
    assert isinstance(read('{"a": "high"', schema), Parsed)


@pytest.mark.parametrize(("choose", "value"), [("first", {"a": 1}), ("last", {"a": 2}), ("all", [{"a": 1}, {"a": 2}])])
def test_the_caller_may_choose_among_several_values(choose: Any, value: Any) -> None:
    outcome = read('{"a": 1} or {"a": 2}', choose=choose)

    assert isinstance(outcome, Parsed)
    assert outcome.value == value


def test_switches() -> None:
    assert read('{"a": NaN}', policy=ReadPolicy(nan="null")).value == {"a": None}  # type: ignore[union-attr]
    assert read('{"a": 1, "a": 2}', policy=ReadPolicy(duplicate_keys="first")).value == {"a": 1}  # type: ignore[union-attr]
    assert isinstance(read('{"a": 1, "a": 2}', policy=ReadPolicy(duplicate_keys="refuse")), Invalid)
    assert isinstance(read('{"a": "b', policy=ReadPolicy(cut="refuse")), Invalid)
    with pytest.raises(ValueError, match="known: strict"):
        read("{", policy="loose")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "unit",
    ["[", '{"a":', '"', "\\", "```json\n", "text { ", "<think>{", '{"a":1}\n', 'b": "c, ', "'", ",", "/* x */", '["'],
)
def test_hostile_text_gives_an_outcome(unit: str) -> None:
    for text in (unit * 20_000, '{"a": "' + unit * 20_000):
        assert isinstance(read(text), (Parsed, Invalid))


@pytest.mark.parametrize("depth", [150, 250, 500])
@pytest.mark.parametrize("policy", ["strict", "syntax", "align", "lenient"])
def test_deep_json_is_json(depth: int, policy: Any) -> None:
    text = "[" * depth + "]" * depth

    outcome = read(text, policy=policy)

    assert isinstance(outcome, Parsed)
    assert (outcome.repairs, outcome.grade) == ((), "exact")


@pytest.mark.parametrize("schema", [None, {}, {"type": "string"}])
def test_what_nests_beyond_the_limit_is_refused_and_no_text(schema: Any) -> None:
    outcome = read("[" * 100_000 + "]" * 100_000, schema)

    assert isinstance(outcome, Invalid)
    assert "nests deeper than 512 levels" in outcome.errors[0]


def test_a_quote_that_never_closes_is_no_answer_where_any_text_is_one() -> None:
    """It may be a string that broke off, or a text that begins with a quote."""
    assert isinstance(read('"hello', {"type": "string"}), Invalid)
    assert isinstance(read('"hello'), Parsed)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Answer: negative", "negative"),
        ("**Sentiment:** Positive\n**Why:** the word great.", "positive"),
        ("The sentiment is neutral.", "neutral"),
        ("Positive\n\nThe text is cheerful.", "positive"),
        ("The review is not negative.", None),
        ("Answer: positive, or perhaps negative", None),
        ("I'm sorry, but the answer is negative.", None),
        ("Answer: positive\n\nOn second thoughts, negative.", None),
    ],
)
def test_an_announced_answer_is_the_constant_it_names(text: str, value: str | None) -> None:
    outcome = read(text, {"enum": ["positive", "negative", "neutral"]})

    assert (outcome.value if isinstance(outcome, Parsed) else None) == value


def test_members_without_braces_may_hold_lists() -> None:
    outcome = read('"tags": ["a", "b"],\n"more": [{"c": 1}]\n}')

    assert isinstance(outcome, Parsed)
    assert outcome.value == {"tags": ["a", "b"], "more": [{"c": 1}]}
