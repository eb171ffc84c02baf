"""A value brought to a schema, as far as that loses nothing, with every change on record.

A value that the schema accepts is not touched. Any other is fitted to the compiled schema (`_align_schema`,
`_align_fit`), and the result counts only if the schema, checked by `portable_llm.schema.validate`, then accepts it.
Nothing is ever filled in: a member that is not there stays missing, and a text that breaks off is neither a number
nor one of the values of an enum.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from portable_llm._adaptation import Repair
from portable_llm._json import JsonValue
from portable_llm.output._align_fit import Edit, Fit, Fitting, OutOfBoundsError
from portable_llm.output._align_kinds import COERCIONS, Coercions
from portable_llm.output._align_schema import Plan, plan_of
from portable_llm.output._scanned import Cut, Path, Span
from portable_llm.schema import validate

MAX_CITED = 1_000
"""Characters of a value that a `Repair` cites."""
_DEFAULT = Coercions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """A value that the schema accepts."""

    value: JsonValue
    repairs: tuple[Repair, ...] = ()
    """The coercions, each at its place in the text, in the order of the value."""
    grade: Literal["exact", "aligned", "lossy"] = "exact"
    """`exact`: the value was not touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A value that the schema does not accept, and that nothing permitted brings to it."""

    problems: tuple[str, ...]
    """What is wrong with the value as it was, and why it was not brought to the schema; places as JSON Pointers."""


def align(
    value: JsonValue,
    schema: Mapping[str, Any],
    *,
    coercions: Coercions = _DEFAULT,
    locate: Callable[[Path], Span] = lambda path: (0, 0),
    cuts: Iterable[Cut] = (),
    text: str | None = None,
) -> Aligned | Misfit:
    """The value as the schema wants it, or what is wrong with it.

    `locate` gives the place of each piece in the model's text, for the repairs; `cuts` are the pieces whose end is
    missing; `text`, the model's text, lets a number become the text it was written as.
    """
    errors = validate(value, schema)
    broken = frozenset(cut.path for cut in cuts if cut.kind == "string")
    permitted = coercions.permitted()
    plan = plan_of(schema)
    if not errors:
        # The format of a date is an annotation to JSON Schema, so a value may be accepted and still ask for its date.
        permitted &= {"date_to_iso"} if plan.has_dates else frozenset()
        if not permitted and not broken:
            return Aligned(value=value)
    fitting = Fitting(permitted, _steps_for(value), broken, _token_reader(text, locate))
    fit = _fit(fitting, plan, value)
    if fit is None or (fit.edits and validate(fit.value, schema)):
        if errors or fitting.met_cut:
            return Misfit(problems=(*errors, *fitting.notes, *(_cut_notes(broken) if fitting.met_cut else ())))
        return Aligned(value=value)
    if errors and not fit.edits:
        return Misfit(problems=errors)
    return Aligned(value=fit.value, repairs=tuple(_repairs(fit.edits, locate)), grade=_grade(fit.edits))


def _fit(fitting: Fitting, plan: Plan, value: JsonValue) -> Fit | None:
    try:
        return fitting.fit(plan.root, value)
    except OutOfBoundsError as error:
        fitting.notes[f"/: the value was not aligned: {error}"] = None
    except RecursionError:
        fitting.notes["/: the value was not aligned: too deep"] = None
    return None


MIN_STEPS = 5_000
STEPS_PER_PIECE = 40
"""Visits of one piece of the value, over all choices of all unions; a schema that needs more is given up."""


def _steps_for(value: JsonValue) -> int:
    pieces, level = 0, [value]
    while level:
        item = level.pop()
        pieces += 1
        if isinstance(item, dict):
            level.extend(item.values())
        elif isinstance(item, list):
            level.extend(item)
        elif isinstance(item, str):
            pieces += len(item) // 20  # it may hold JSON
    return MIN_STEPS + STEPS_PER_PIECE * pieces


def _token_reader(text: str | None, locate: Callable[[Path], Span]) -> Callable[[Path], str | None]:
    def token(path: Path) -> str | None:
        start, end = locate(path)
        return text[start:end].strip() if text is not None else None

    return token


def _cut_notes(broken: Iterable[Path]) -> Iterable[str]:
    return (f"/{'/'.join(map(str, path))}: breaks off, and what is missing cannot be known" for path in broken)


def _grade(edits: Iterable[Edit]) -> Literal["exact", "aligned", "lossy"]:
    grades = {COERCIONS[edit.kind].grade for edit in edits}
    return "lossy" if "lossy" in grades else "aligned" if grades else "exact"


def _repairs(edits: Iterable[Edit], locate: Callable[[Path], Span]) -> Iterable[Repair]:
    for edit in edits:
        gone = edit.kind in ("null_removed", "extra_removed")
        yield Repair(
            stage="align",
            kind=edit.kind,
            location=locate(edit.path),
            before=_cited(edit.before),
            after="" if gone else _cited(edit.after),
        )


def _cited(value: JsonValue) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_CITED else text[:MAX_CITED] + "…"
