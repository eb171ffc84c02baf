"""Tolerant access to decoded JSON: what is missing or of another type reads as absent, and nothing raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from portable_llm._errors import UnreadableAnswerError
from portable_llm._http import HttpReply
from portable_llm._json import load_json

_EMPTY: dict[str, Any] = {}


def as_dict(value: object) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else _EMPTY


def as_list(value: object) -> list[Any]:
    """The value if it is an array, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def as_str(value: object) -> str | None:
    """The value if it is a string."""
    return value if isinstance(value, str) else None


def as_int(value: object) -> int | None:
    """The value if it is a whole number (a float without remainder counts; a boolean does not)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None


def as_float(value: object) -> float | None:
    """The value if it is a number that a float can hold (a boolean is none)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def add(*counts: int | None) -> int | None:
    """The sum of the counts reported; `None` if none was."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def body_object(reply: HttpReply, what: str) -> dict[str, Any]:
    """The JSON object of a 2xx answer; raises `UnreadableAnswerError` that shows how it begins."""
    value = frame_json(reply.body, what, status=reply.status)
    if not isinstance(value, dict):
        raise UnreadableAnswerError(
            f"{what}: expected a JSON object, got {type(value).__name__}", status=reply.status, body=reply.body
        )
    return cast("dict[str, Any]", value)


def frame_json(data: bytes, what: str, *, status: int | None = None) -> Any:
    """The JSON of a body or frame; raises `UnreadableAnswerError` that shows how it begins."""
    try:
        return load_json(data)
    except ValueError as error:
        start = data[:80].decode("utf-8", "replace")
        raise UnreadableAnswerError(
            f"{what}: not JSON ({error}); it begins {start!r}", status=status, body=data
        ) from error


def error_message(body: object) -> str:
    """The provider's message out of any of the shapes in use; `""` if there is none.

    In this order: `error.message`, `error` as text, `message`, `Message`, `detail` (text or a list of `msg`),
    `errors[].message`, the first element of an array.
    """
    if isinstance(body, list):
        return error_message(cast("list[Any]", body)[0]) if body else ""
    fields = as_dict(body)
    error = fields.get("error")
    if isinstance(error, Mapping):
        inner = cast("Mapping[str, Any]", error).get("message")
        return inner if isinstance(inner, str) else ""
    for candidate in (error, fields.get("message"), fields.get("Message"), fields.get("detail")):
        if isinstance(candidate, str):
            return candidate
    listed = as_list(fields.get("detail")) or as_list(fields.get("errors"))
    texts = [as_str(as_dict(item).get("msg")) or as_str(as_dict(item).get("message")) for item in listed]
    return "; ".join(text for text in texts if text)
