"""The kinds of edits of the stages `find` and `repair`, in words; those of `align` are in `_align_kinds`.

A test holds the table to the code: each example takes the edit that it stands for, and the code knows no other kind.
The reference page is made from it.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple


class RepairKind(NamedTuple):
    """One kind of edit that is made before the schema is looked at."""

    stage: Literal["find", "repair"]
    meaning: str
    example: str
    """A text that takes this edit."""


REPAIRS: dict[str, RepairKind] = {
    "fence_removed": RepairKind("find", "a code fence, and what stands outside it", 'Here:\n~~~json\n{"a": 1}\n~~~'),
    "prose_removed": RepairKind("find", "sentences around the value", 'The answer is:\n{"a": 1}\nAnything else?'),
    "rest_removed": RepairKind("find", "spare signs behind the value", '{"a": 1};'),
    "bom_removed": RepairKind("find", "a byte order mark", '\ufeff{"a": 1}'),
    "markup_removed": RepairKind(
        "find", "the marks of a model family around a call or a final answer", '<tool_call>{"a": 1}</tool_call>'
    ),
    "markup_read": RepairKind(
        "find",
        "arguments written as tags, read into an object",
        "<function=f><parameter=city>Bern</parameter></function>",
    ),
    "calls_read": RepairKind(
        "find", "calls written as Python, where the schema asks for calls or arguments", '[book(city="Bern", nights=2)]'
    ),
    "string_opened": RepairKind("find", "the value stood as text in a string", '"~~~json\\n{\\"a\\": 1}\\n~~~"'),
    "lines_collected": RepairKind(
        "find", "values on lines of their own, where a list was asked for", '{"a": 1}\n{"a": 2}'
    ),
    "quotes_replaced": RepairKind("repair", "quotes of another kind", "{'a': 'b'}"),
    "quotes_added": RepairKind("repair", "a name or a text without quotes", "{a: 1}"),
    "quote_added": RepairKind("repair", "a quote that does not close", '{"a": "b, "c": "d"}'),
    "inner_quotes_escaped": RepairKind("repair", "quotes within a text", '{"a": "say "hi" to her", "b": 1}'),
    "control_character_escaped": RepairKind("repair", "line breaks and tabs within a text", '{"a": "one\ntwo"}'),
    "escape_repaired": RepairKind("repair", "a backslash before what JSON does not escape", r'{"a": "snake\_case"}'),
    "strings_joined": RepairKind("repair", "texts glued together with a plus", '{"a": "b" + "c"}'),
    "comment_removed": RepairKind("repair", "a comment", '{"a": 1 /* one */}'),
    "comma_removed": RepairKind("repair", "a comma too many", "[1, 2,]"),
    "comma_added": RepairKind("repair", "a comma that is missing", '{"a": 1 "b": 2}'),
    "comma_replaced": RepairKind("repair", "a semicolon, or a comma of another script", '{"a": "x"; "b": 2}'),
    "colon_added": RepairKind("repair", "a colon that is missing", '{"a": 1, "b" 2}'),
    "colon_replaced": RepairKind("repair", "an arrow or a colon of another script", '{"a" => 1}'),
    "ellipsis_removed": RepairKind("repair", "dots that stand for more of the same", "[1, 2, ...]"),
    "literal_replaced": RepairKind("repair", "True, None, undefined and the like", '{"a": True}'),
    "number_rewritten": RepairKind("repair", "a number as JSON does not write it", '{"a": 1_000, "b": .5}'),
    "duplicate_key_dropped": RepairKind(
        "repair", "a name twice in one object, in a text that needed repair anyway", "{'a': 1, 'a': 2}"
    ),
    "bracket_added": RepairKind("repair", "a bracket that is missing within", '[{"a": 1]'),
    "bracket_removed": RepairKind("repair", "a closing bracket that closes nothing", '{"a": [1, 2]], "b": 3}'),
    "bracket_replaced": RepairKind("repair", "a bracket of the wrong kind", "[1, 2}"),
    "brackets_added": RepairKind("repair", "brackets that are missing at an end", '{"a": {"b": "c"'),
    "cut_string_kept": RepairKind(
        "repair", "the end of the text broke off a text; what came of it stays", '{"a": "unfin'
    ),
    "cut_key_left_out": RepairKind("repair", "the end of the text broke off a name", '{"a": 1, "na'),
    "cut_value_left_out": RepairKind("repair", "the end of the text broke off before a value", '{"a": 1, "b":'),
    "cut_number_left_out": RepairKind("repair", "the end of the text broke off a number: no value", '{"a": 12'),
    "cut_literal_left_out": RepairKind("repair", "the end of the text broke off a literal: no value", "[true, fal"),
}
"""Every kind of a `Repair` of the stages `find` and `repair`."""

_LIST: dict[str, Any] = {"type": "array", "items": {"type": "object"}}
_OBJECT: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
_CALLS: dict[str, Any] = {
    "type": "array",
    "items": {"type": "object", "properties": {"name": {}, "arguments": {}}, "required": ["name", "arguments"]},
}
EXAMPLE_SCHEMAS: dict[str, dict[str, Any]] = {"calls_read": _CALLS, "string_opened": _OBJECT, "lines_collected": _LIST}
"""The schema that an example is read with; the others need none."""
