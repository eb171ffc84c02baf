"""How figures are stored: rounded once, in one place, so that a report recomputes byte for byte."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TypeAlias, cast

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def figure(value: float) -> float:
    """A figure as it is stored: rounded to 6 digits, never -0.0. Raises `ValueError` when it is not finite."""
    if not math.isfinite(value):
        raise ValueError(f"a figure must be finite to be reported; got {value}")
    return round(value, 6) + 0.0


def report_form(value: object) -> Json:
    """A value of `score` or `verdict` as JSON: dataclasses as objects, mappings by sorted key, figures rounded.

    Raises `TypeError` for a value that is none of these, a string, a number or a sequence.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return figure(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {key: report_form(item) for key, item in sorted((str(key), item) for key, item in items)}
    if isinstance(value, list | tuple):
        return [report_form(item) for item in cast("list[object]", value)]
    if is_dataclass(value):
        return {field.name: report_form(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no report form")


def object_form(value: object) -> dict[str, Json]:
    """`report_form` of a dataclass or mapping. Raises `TypeError` when the value has another form."""
    form = report_form(value)
    if not isinstance(form, dict):
        raise TypeError(f"{type(value).__name__} is not stored as an object")
    return form
