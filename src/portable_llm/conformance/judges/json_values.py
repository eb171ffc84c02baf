"""Judge of the axis `json`: parse, then schema, then the correct value.

Parsing is the reader's business; here a missing value is diagnosed.
"""

from __future__ import annotations

import json
import re
from typing import cast

from portable_llm.conformance.case import Case
from portable_llm.conformance.judges.match import same_json
from portable_llm.conformance.judges.outcome import PASS, Judgement, found
from portable_llm.conformance.judges.schemas import schema_fault
from portable_llm.conformance.observation import Observation

_FENCED_VALUE = re.compile(r"```[ \t]*(?:[\w+-]+[ \t]*)?\r?\n\s*(?=[{\[\"]|-?\d|(?:true|false|null)\b)")
"""A code fence that opens with a value: a program in a fence is no fenced JSON, and nothing can take it out."""


def judge_value(observation: Observation, case: Case) -> Judgement:
    """`json.value`: the value satisfies the schema, equals the correct one, and keeps the key order where asked."""
    if not observation.has_value:
        return diagnose(observation)
    value, contract = observation.value, case.contract
    fault = schema_fault(value, contract["schema"]) if "schema" in contract else None
    if fault is not None:
        return found("schema_invalid", fault)
    wanted = contract["equals"]
    if contract.get("absent_is_null"):
        value, wanted = _without_nulls(value), _without_nulls(wanted)
    if not same_json(value, wanted):
        # A cut number still parses; the finish reason is the only trace.
        return found("truncated_json" if observation.finish == "length" else "wrong_value", observation.text or value)
    if contract.get("key_order") and list(cast("dict[str, object]", value)) != contract["key_order"]:
        return found("wrong_key_order", list(cast("dict[str, object]", value)))
    return PASS


def diagnose(observation: Observation) -> Judgement:
    """Why the strict parse gave no value: cut, fenced, in prose, or no JSON at all."""
    text = observation.text.strip()
    if not text:
        return found("empty" if not observation.tool_calls else "text_missing", observation.value_error or "")
    fence = _FENCED_VALUE.search(text)
    if fence is not None:
        is_cut = text[fence.end()] in "{[" and value_end(text, fence.end()) is None
        return found("truncated_json", text[-80:]) if is_cut else found("fenced_json", text)
    start = re.search(r"[{\[]", text)
    if start is None:
        return found("not_json", text)
    end = value_end(text, start.start())
    if end is None:
        return found("truncated_json", text[-80:])
    outside = (text[: start.start()] + text[end:]).strip()
    return found("json_in_prose" if outside and _says_something(text[start.start() : end]) else "not_json", text)


def _says_something(text: str) -> bool:
    """Whether a text is a JSON value that is not empty: programs are full of `{}` and `[]`."""
    try:
        return bool(json.loads(text))
    except (ValueError, RecursionError):
        return False


def value_end(text: str, start: int) -> int | None:
    """The index after the bracketed value that opens at `start`, or `None` when the text ends first. Linear."""
    depth, in_string, escaped = 0, False, False
    for index in range(start, len(text)):
        mark = text[index]
        if in_string:
            in_string, escaped = (mark != '"' or escaped), (mark == "\\" and not escaped)
        elif mark == '"':
            in_string = True
        elif mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
            if depth == 0:
                return index + 1
    return None


def _without_nulls(value: object) -> object:
    """Members that are null left out, so that an optional member may be null or absent."""
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return {key: _without_nulls(item) for key, item in members.items() if item is not None}
    return [_without_nulls(item) for item in cast("list[object]", value)] if isinstance(value, list) else value
