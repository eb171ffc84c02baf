"""Accepted-value matching of tool calls, typed as JSON Schema types.

An expectation is `{"name", "arguments": {parameter: accepted}}` with accepted = `{"any_of": [...], "optional": bool,
"compare": "exact" | "words"}`. `exact` is JSON equality (1 == 1.0, true != 1); `words` also ignores case, spaces and
the marks ``, . / - _ * ^`` in strings, at any depth. With `"members": true` an accepted object (or each of a list of
objects) holds lists of accepted values per member. Order plays no part unless the caller asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import cast

from portable_llm.conformance.case import JsonObject, json_list, json_object
from portable_llm.conformance.judges.outcome import PASS, Judgement, found
from portable_llm.conformance.observation import ToolCall

_IGNORED_MARKS = re.compile(r"[ ,./\-_*^]")
_TYPES: dict[str, Callable[[object], bool]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "integer": lambda v: isinstance(v, int | float) and not isinstance(v, bool) and v == v // 1,
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
}


def same_json(left: object, right: object) -> bool:
    """JSON equality: numbers by value, booleans apart from numbers, objects without order."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        ours, theirs = cast("dict[str, object]", left), cast("dict[str, object]", right)
        return ours.keys() == theirs.keys() and all(same_json(ours[key], theirs[key]) for key in ours)
    if isinstance(left, list) and isinstance(right, list):
        mine, other = cast("list[object]", left), cast("list[object]", right)
        return len(mine) == len(other) and all(same_json(a, b) for a, b in zip(mine, other, strict=True))
    return left == right


def has_type(value: object, name: str | Sequence[str] | None) -> bool:
    """Whether a value has a JSON Schema type (or one of several); an unknown or missing type accepts all."""
    names = [name] if isinstance(name, str) else list(name or ())
    return not names or any(_TYPES[n](value) if n in _TYPES else True for n in names)


def matches_accepted(value: object, accepted: JsonObject, schema: JsonObject) -> bool:
    """Whether one argument is among the accepted values and has the type that the parameter declares."""
    candidates = json_list(accepted["any_of"])
    if not has_type(value, schema.get("type")):
        return False
    normal = _words if accepted.get("compare") == "words" else _as_is
    if accepted.get("members"):
        return any(_matches_members(value, candidate, normal) for candidate in candidates)
    return any(same_json(normal(value), normal(candidate)) for candidate in candidates)


def matches_call(call: ToolCall, expected: JsonObject, tool: JsonObject) -> bool:
    """Whether a call has the expected name and, parameter by parameter, accepted arguments."""
    return call.name == expected["name"] and argument_fault(call, expected, tool) is None


def argument_fault(call: ToolCall, expected: JsonObject, tool: JsonObject) -> str | None:
    """The first argument that is not as expected, in words, or `None`."""
    accepted = json_object(expected["arguments"])
    properties = json_object(json_object(tool.get("parameters")).get("properties"))
    arguments = call.arguments
    if arguments is None:
        return "unreadable arguments"
    for name, value in arguments.items():
        if name not in accepted:
            return f"{name} was not asked for"
        if not matches_accepted(value, accepted[name], json_object(properties.get(name))):
            return f"{name} = {value!r}, accepted {accepted[name]['any_of']!r}"
    missing = [name for name, rule in accepted.items() if name not in arguments and not rule.get("optional")]
    return f"{missing[0]} is missing" if missing else None


def match_calls(
    calls: Sequence[ToolCall], expected: Sequence[JsonObject], tools: Sequence[JsonObject], *, ordered: bool = False
) -> Judgement:
    """The judgement of a set (or sequence) of calls against the expected ones.

    Greedy first-match is exact where expectations do not overlap, and our cases are built so.
    """
    by_name = {str(tool["name"]): tool for tool in tools}
    if not calls:
        return found("no_call", f"expected {len(expected)}")
    left = list(calls)
    unmet: list[JsonObject] = []
    for wanted in expected:
        tool = by_name.get(str(wanted["name"]), {})
        hit = next((call for call in left if matches_call(call, wanted, tool)), None)
        if hit is None:
            unmet.append(wanted)
        else:
            left.remove(hit)
    if not unmet and not left:
        return _judge_order(calls, expected, by_name) if ordered else PASS
    if not unmet:
        return found("extra_call", [call.name for call in left])
    return _judge_unmet(unmet, left, by_name)


def _judge_unmet(unmet: list[JsonObject], left: list[ToolCall], by_name: dict[str, JsonObject]) -> Judgement:
    if not left:
        return found("missing_parallel_call", [wanted["name"] for wanted in unmet])
    unreadable = [call for call in left if call.arguments is None]
    if unreadable:
        return found("arguments_not_json", unreadable[0].raw_arguments)
    wanted = unmet[0]
    same = [call for call in left if call.name == wanted["name"]]
    if not same:
        return found("wrong_tool", f"{left[0].name}, expected {wanted['name']}")
    return found("wrong_arguments", argument_fault(same[0], wanted, by_name.get(str(wanted["name"]), {})))


def _judge_order(
    calls: Sequence[ToolCall], expected: Sequence[JsonObject], by_name: dict[str, JsonObject]
) -> Judgement:
    for call, wanted in zip(calls, expected, strict=True):
        if not matches_call(call, wanted, by_name.get(str(wanted["name"]), {})):
            return found("wrong_order", [c.name for c in calls])
    return PASS


def _matches_members(value: object, accepted: object, normal: Callable[[object], object]) -> bool:
    """Member-wise accepted values; an empty string among them means that the member may be left out."""
    if isinstance(accepted, list) and isinstance(value, list):
        rules, items = json_list(cast("object", accepted)), json_list(cast("object", value))
        return len(rules) == len(items) and all(
            _matches_members(item, rule, normal) for item, rule in zip(items, rules, strict=True)
        )
    if not isinstance(accepted, dict) or not isinstance(value, dict):
        return False
    rules, members = json_object(cast("object", accepted)), json_object(cast("object", value))
    if not members.keys() <= rules.keys():
        return False
    hits = all(any(same_json(normal(v), normal(a)) for a in json_list(rules[k])) for k, v in members.items())
    return hits and all("" in json_list(rules[k]) for k in rules.keys() - members.keys())


def _as_is(value: object) -> object:
    return value


def _words(value: object) -> object:
    match value:
        case str():
            return _IGNORED_MARKS.sub("", value).lower().replace("'", '"')
        case list():
            return [_words(item) for item in cast("list[object]", value)]
        case dict():
            return {key: _words(item) for key, item in cast("dict[str, object]", value).items()}
        case _:
            return value
