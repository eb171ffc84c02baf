"""Read one JSON value out of a model's text.

The strict parse comes first and wins. Only when it fails, candidates are looked for: fenced blocks, then JSON values
standing in prose. A candidate counts only if the schema accepts it; several that disagree are `Invalid`, because
choosing one would be a guess. Text that is cut off is never completed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, cast

from portable_llm._adaptation import Repair
from portable_llm._json import JsonValue, dump_json, load_json
from portable_llm._response import Invalid, Parsed
from portable_llm.schema import validate

Policy = Literal["strict", "align"]
"""`strict`: the text is the value; `align` (default): fences and prose around the value are taken away."""

MAX_TEXT = 8_000_000
"""Characters that are searched for candidates; a longer text gets the strict parse only."""
_MAX_STARTS = 64
_FENCE = re.compile(r"```[^\S\n]*([\w+-]*)[^\S\n]*\n(.*?)\n?[^\S\n]*```", re.DOTALL)
_BRACKETS = re.compile(r'[{}\[\]]|"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_DECODER = json.JSONDecoder()


class _Candidate(NamedTuple):
    value: JsonValue
    repair: Repair


def read(
    text: str, schema: Mapping[str, Any] | None = None, *, policy: Policy = "align"
) -> Parsed[JsonValue] | Invalid:
    """The value in `text` that `schema` accepts (any JSON value without one), with the edits that were needed."""
    try:
        value = load_json(text)
    except ValueError as error:
        strict_error = f"/: not JSON ({error})" if text.strip() else "/: the answer is empty"
    else:
        errors = validate(value, schema) if schema else ()
        return Parsed(value=value) if not errors else Invalid(errors=errors, best_effort=value)
    if policy == "strict" or len(text) > MAX_TEXT:
        return Invalid(errors=(strict_error,))
    return _choose([*_fenced(text)] or [*_embedded(text)], schema, strict_error)


def _choose(
    candidates: list[_Candidate], schema: Mapping[str, Any] | None, strict_error: str
) -> Parsed[JsonValue] | Invalid:
    if not candidates:
        return Invalid(errors=(strict_error,))
    judged = [(candidate, validate(candidate.value, schema) if schema else ()) for candidate in candidates]
    valid = [candidate for candidate, errors in judged if not errors]
    if not valid:
        candidate, errors = judged[0]
        return Invalid(errors=errors, best_effort=candidate.value, repairs=(candidate.repair,))
    if len({dump_json(candidate.value) for candidate in valid}) > 1:
        return Invalid(errors=(f"/: the answer holds {len(valid)} values that disagree",), best_effort=valid[0].value)
    return Parsed(value=valid[0].value, repairs=(valid[0].repair,), grade="syntax")


def _fenced(text: str) -> Iterator[_Candidate]:
    for match in _FENCE.finditer(text):
        try:
            value = load_json(match[2])
        except ValueError:
            continue
        yield _Candidate(value, _found("fence_removed", match.span(), text, match[2]))


def _embedded(text: str) -> Iterator[_Candidate]:
    """JSON objects and arrays in running text; bounded, since each failed start may scan to the end."""
    position = starts = 0
    opening = re.compile(r"[{\[]")
    while starts < _MAX_STARTS and (match := opening.search(text, position)) is not None:
        starts += 1
        try:
            value, end = _DECODER.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            if _is_unclosed(text, match.start()):
                return  # a value that is cut off: what stands inside it is a piece of it, not the answer
            position = match.end()
            continue
        position = end
        if isinstance(value, (dict, list)) and value:
            yield _Candidate(cast("JsonValue", value), _found("prose_removed", (match.start(), end), text, None))


def _is_unclosed(text: str, start: int) -> bool:
    """Whether the bracket at `start` is still open at the end of the text; brackets in strings do not count."""
    depth = 0
    for token in _BRACKETS.finditer(text, start):
        first = token[0][0]
        if first in "{[":
            depth += 1
        elif first in "}]":
            depth -= 1
            if depth == 0:
                return False
    return True


def _found(kind: str, span: tuple[int, int], text: str, after: str | None) -> Repair:
    inside = text[span[0] : span[1]]
    return Repair(stage="find", kind=kind, location=span, before=text, after=inside if after is None else after)
