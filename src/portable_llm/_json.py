"""JSON at the borders: one compact, deterministic writer and one reader with limits."""

from __future__ import annotations

import json
from typing import TypeAlias

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"

MAX_DEPTH = 200
"""Nesting that a JSON text from outside may have; the C parser's own recursion limit lies far above."""

_read = json.JSONDecoder().raw_decode
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def dump_json(value: object) -> bytes:
    """The value as compact UTF-8, keys in the order given.

    Raises `ValueError` for NaN and infinities, which JSON does not have. A lone surrogate (half an emoji, as models
    do write them) is escaped, since UTF-8 cannot hold it.
    """
    text = _encode(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def load_json(text: str | bytes, *, max_depth: int = MAX_DEPTH) -> JsonValue:
    """The value of a JSON text; raises `ValueError` when it is none or nests deeper than `max_depth`."""
    source = text if isinstance(text, str) else text.decode("utf-8", "replace")
    try:
        value = _loads(source)
    except RecursionError:
        raise ValueError("JSON nests too deep") from None
    # Each level takes two characters, and the count of openers bounds the depth: the walk is only taken by texts that
    # could break the limit at all.
    if len(source) > 2 * max_depth and source.count("[") + source.count("{") > max_depth and _depth(value) > max_depth:
        raise ValueError(f"JSON nests deeper than {max_depth} levels")
    return value


def _loads(source: str) -> JsonValue:
    """`json.loads`, past its checks of the arguments where the text is a value without white space around it."""
    try:
        value, end = _read(source)
        if end == len(source):
            return value
    except ValueError:
        pass
    return json.loads(source.removeprefix("\ufeff"))


def _depth(value: JsonValue) -> int:
    level, deepest = [value], 0
    while level:
        deepest += 1
        below: list[JsonValue] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level = [item for item in below if isinstance(item, (dict, list))]
    return deepest
