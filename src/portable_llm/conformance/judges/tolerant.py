"""Tolerant reading of prompted answers, strict first.

A helper of the suite for measuring how much of a failure is only form: it never feeds a score by itself. Monotone: what
the strict parse reads is never read otherwise. Nothing is invented: cut values stay unread.
"""

from __future__ import annotations

import ast
import json
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any, cast

from portable_llm.conformance.case import json_list, json_object
from portable_llm.conformance.judges.json_values import value_end
from portable_llm.conformance.judges.match import same_json
from portable_llm.conformance.observation import ABSENT, ToolCall

_FENCED = re.compile(r"```[ \t]*(?:[\w+-]+[ \t]*)?\r?\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
_WRAPPER = re.compile(r"</?(?:tool_call|function_call|functioncall|tool_calls)>|\[TOOL_CALLS\]", re.IGNORECASE)
MAX_TEXT = 200_000
MAX_OPENINGS = 64
"""Brackets tried as the start of a value: each costs one scan of the text."""


def _is_container(value: object) -> bool:
    return isinstance(value, dict | list)


def read_json(text: str, is_wanted: Callable[[object], bool] = _is_container) -> object:
    """The JSON value of an answer, or `ABSENT`: strict, then fence, then span, then raw control characters in strings.

    Only values that `is_wanted` accepts count. Candidates that disagree are no value: choosing one would be inventing.
    """
    for candidates in (_strict(text), _fenced(text), _spans(text)):
        values = [value for value in candidates if is_wanted(value)]
        if values:
            same = all(same_json(value, values[0]) for value in values)
            return values[0] if same else ABSENT
    return ABSENT


def _strict(text: str) -> Iterator[object]:
    yield _loads(text, strict=True)


def _fenced(text: str) -> Iterator[object]:
    for body in _FENCED.findall(text[:MAX_TEXT]):
        yield _loads(cast("str", body), strict=False)


def _spans(text: str) -> Iterator[object]:
    """Every outermost `{…}` that parses, left to right; each character is scanned once per opening."""
    start = text.find("{")
    for _ in range(MAX_OPENINGS):
        if start < 0 or start > MAX_TEXT:
            return
        end = value_end(text, start)
        value = ABSENT if end is None else _loads(text[start:end], strict=False)
        if value is not ABSENT:
            yield value
        start = text.find("{", start + 1 if value is ABSENT or end is None else end)


def _loads(text: str, *, strict: bool) -> object:
    try:
        return cast("object", json.loads(text, strict=strict))
    except (ValueError, RecursionError):
        return ABSENT


def strict_calls(text: str) -> list[ToolCall] | None:
    """Calls written as asked, `[name(parameter=value), ...]` and nothing else, or `None`."""
    return _python_calls(text.strip()) if text.strip().startswith("[") else _python_calls(f"[{text.strip()}]")


def read_calls(text: str) -> list[ToolCall] | None:
    """Calls in text: the strict form first, then inside a fence or wrapper, then a bracketed list or JSON."""
    strict = strict_calls(text)
    if strict is not None:
        return strict
    for body in _call_bodies(text[:MAX_TEXT]):
        calls = strict_calls(body) or _json_calls(body)
        if calls:
            return calls
    return None


def _call_bodies(text: str) -> Iterator[str]:
    fenced = [cast("str", body).strip() for body in _FENCED.findall(text)]
    yield from fenced
    if len(fenced) > 1:
        yield ",".join(body.removeprefix("[").removesuffix("]") for body in fenced)
    bare = _WRAPPER.sub("\n", text).strip()
    yield bare
    lines = [line.strip().rstrip(",;") for line in "\n".join(fenced or [bare]).splitlines() if line.strip()]
    yield ",".join(lines)
    start = text.find("[")
    for _ in range(MAX_OPENINGS):
        if start < 0:
            return
        end = value_end(text, start)
        if end is not None:
            yield text[start:end]
        start = text.find("[", start + 1) if end is None else text.find("[", end)


def _python_calls(source: str) -> list[ToolCall] | None:
    try:
        tree = ast.parse(source.lstrip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    items = tree.elts if isinstance(tree, ast.List | ast.Tuple) else [tree]
    while len(items) == 1 and isinstance(items[0], ast.List):
        items = items[0].elts
    calls = [_python_call(item) for item in items]
    return None if not calls or None in calls else cast("list[ToolCall]", calls)


def _python_call(node: ast.expr) -> ToolCall | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        inner = _python_calls(node.value.strip())
        return inner[0] if inner is not None and len(inner) == 1 else None
    if not isinstance(node, ast.Call) or node.args:
        return None
    try:
        arguments = {str(k.arg): _literal(k.value) for k in node.keywords}
    except (ValueError, ZeroDivisionError, OverflowError, TypeError):
        return None
    return ToolCall(id="", name=ast.unparse(node.func), arguments=arguments)


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: left / right,
}


def _literal(node: ast.expr) -> object:
    """A literal, JSON's own words, a product of numbers; a bare name is text. Raises `ValueError` for anything else."""
    match node:
        case ast.Name(id=word):
            return {"true": True, "false": False, "null": None}.get(word, word)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_literal(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {str(_literal(k)): _literal(v) for k, v in zip(keys, values, strict=True) if k is not None}
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC:
            return _ARITHMETIC[type(op)](_number(node.left), _number(node.right))
        case _:
            return cast("object", ast.literal_eval(node))


def _number(node: ast.expr) -> int | float:
    value = _literal(node)
    if isinstance(value, bool | str) or not isinstance(value, int | float):
        raise ValueError(f"not a number: {ast.dump(node)[:80]}")
    return value


def _json_calls(body: str) -> list[ToolCall] | None:
    value = _loads(body, strict=False)
    value = _python_value(body) if value is ABSENT else value
    entries = json_list(value) or ([value] if isinstance(value, dict) else [])
    calls = [_json_call(json_object(entry)) for entry in entries]
    return None if not calls or None in calls else cast("list[ToolCall]", calls)


def _python_value(body: str) -> object:
    """JSON written with Python's quotes and words."""
    try:
        return _literal(ast.parse(body.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, ZeroDivisionError, OverflowError):
        return ABSENT


def _json_call(entry: dict[str, Any]) -> ToolCall | None:
    name = next((entry[key] for key in ("name", "function", "function_call", "tool_name") if key in entry), None)
    if isinstance(name, dict):
        return _json_call(cast("dict[str, Any]", name))
    if isinstance(name, str):
        arguments = next((entry[key] for key in ("arguments", "parameters", "params", "args") if key in entry), None)
        return ToolCall(id="", name=name, arguments=json_object(arguments))
    if len(entry) == 1:
        only, value = next(iter(entry.items()))
        return (
            ToolCall(id="", name=only, arguments=json_object(cast("object", value)))
            if isinstance(value, dict)
            else None
        )
    return None
