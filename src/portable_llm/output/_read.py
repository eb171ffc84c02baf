"""Read one JSON value out of a model's text.

The strict parse comes first and wins. Only what fails goes on: candidates are found (`_find`), read tolerantly
(`_scan`), held against the schema, and chosen among. Several that disagree are `Invalid`, because choosing one would be
a guess, unless the caller asks for the first, the last or all. Nothing is invented: what was cut off or is not there
stays away, and every edit is on record.
"""

from __future__ import annotations

import html
import json
import marshal
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, cast

from portable_llm._adaptation import Repair
from portable_llm._json import JsonValue, dump_json, load_json
from portable_llm._response import Grade, Invalid, Parsed
from portable_llm.output._align import Misfit, align
from portable_llm.output._align_kinds import Coercions
from portable_llm.output._find import BLOCK, FENCED, WHOLE, Candidate, Finder, bare_text
from portable_llm.output._locate import locator
from portable_llm.output._policy import Choose, Policy, ReadPolicy, policy_of
from portable_llm.output._python_calls import python_calls
from portable_llm.output._scan import Scanner
from portable_llm.output._scanned import Scanned
from portable_llm.schema import validate

MAX_NESTED_TEXTS = 3
"""How often a string is opened that holds JSON in place of the value asked for."""

_ALIGN = policy_of("align")
_GRADES: tuple[Grade, ...] = ("exact", "syntax", "aligned", "lossy")


class _Judged(NamedTuple):
    """A candidate held against the schema."""

    candidate: Candidate
    value: JsonValue
    repairs: tuple[Repair, ...]
    grade: Grade
    errors: tuple[str, ...]


def _lazily(text: str, *, allow_inf_nan: bool) -> JsonValue:
    """The first call finds the parser; pydantic_core is imported only once there is something to read."""
    global _strict_parse
    from pydantic_core import from_json

    _strict_parse = cast("Callable[..., JsonValue]", from_json)
    return _strict_parse(text, allow_inf_nan=allow_inf_nan)


_strict_parse: Callable[..., JsonValue] = _lazily


def read(
    text: str,
    schema: Mapping[str, Any] | None = None,
    *,
    policy: Policy | ReadPolicy = "align",
    choose: Choose | None = None,
) -> Parsed[JsonValue] | Invalid:
    """The value in `text` that `schema` accepts (any JSON value without one), with the edits that were needed.

    `policy` says how far to go, in a word or switch by switch; `choose` overrides its choice among several values.
    Raises `ValueError` for a policy that is none.
    """
    try:
        value = _strict_parse(text, allow_inf_nan=False)
    except (ValueError, TypeError):
        return _read_on(text, schema, _settled(policy, choose))
    if type(value) is float and value - value != 0:
        return _read_on(text, schema, _settled(policy, choose))
    if schema is None and (policy is _ALIGN or policy == "align" or _accepts_duplicates(policy)):
        return Parsed(value=value)
    return _hold(text, value, schema, _settled(policy, choose))


def _accepts_duplicates(policy: Policy | ReadPolicy) -> bool:
    return _settled(policy, None).duplicate_keys == "last"


def _settled(policy: Policy | ReadPolicy, choose: Choose | None) -> ReadPolicy:
    return _ALIGN if policy == "align" and choose is None else policy_of(policy, choose)


def _read_on(text: str, schema: Mapping[str, Any] | None, policy: ReadPolicy) -> Parsed[JsonValue] | Invalid:
    """What the quick parser refused: some of it is JSON all the same (half a surrogate pair)."""
    try:
        value = _finite(text)
    except ValueError as error:
        why = f"/: not JSON ({error})" if text.strip() else "/: the answer is empty"
        return _find(text, schema, policy, why) if policy.repair else Invalid(errors=(why,))
    return _hold(text, value, schema, policy)


def _finite(text: str) -> JsonValue:
    if text.startswith("\ufeff"):
        raise ValueError("a byte order mark stands before it")
    value = _loaded(text)
    if "NaN" in text or "Infinity" in text or isinstance(value, float):
        dump_json(value)
    return value


def _loaded(text: str) -> JsonValue:
    """The value of a JSON text as deep as values are read; the parsers that recurse need not have the stack for it."""
    try:
        return load_json(text)
    except ValueError as error:
        if "deep" not in str(error):
            raise
    scanner = Scanner(text, len(text) - len(text.lstrip(" \t\r\n")), ReadPolicy())
    value = scanner.scan() if text[scanner.at] in "{[" else None
    if value is None or scanner.edits or scanner.cuts or text[scanner.at :].strip(" \t\r\n"):
        raise ValueError("it nests deep, and is not JSON")
    return value


_INFINITY = b"\xf0\x7f"
"""How marshal's form of an infinite number ends; looking for it costs a fraction of looking at each number."""


def _is_finite(value: JsonValue) -> bool:
    try:
        dump_json(value)
    except ValueError:
        return False
    except RecursionError:
        pass
    return True


def _hold(
    text: str, value: JsonValue, schema: Mapping[str, Any] | None, policy: ReadPolicy
) -> Parsed[JsonValue] | Invalid:
    """A strictly parsed value against the schema."""
    if policy.duplicate_keys != "last":
        return _find(text, schema, policy, "/: a name stands twice in one object")
    if schema is None:
        return Parsed(value=value)
    if policy.nan != "keep" and _INFINITY in marshal.dumps(value) and not _is_finite(value):
        return Invalid(errors=("/: a number is larger than any float",), best_effort=None)
    span = (0, len(text))
    whole = Candidate(Scanned(value=value, span=span, locate=locator(text, span)), BLOCK)
    judged = _judge(whole, schema, policy, text)
    if not judged.errors:
        return Parsed(value=judged.value, repairs=judged.repairs, grade=judged.grade)
    if policy.repair and isinstance(value, str):
        opened = _open_text(value, schema, policy, text, MAX_NESTED_TEXTS)
        if opened is not None:
            return opened
    return Invalid(errors=judged.errors, best_effort=value)


def _find(text: str, schema: Mapping[str, Any] | None, policy: ReadPolicy, why: str) -> Parsed[JsonValue] | Invalid:
    if schema is not None and (called := _called(text, schema, policy)) is not None:
        return called
    if (decoded := _decoded(text)) is not None:
        return _reported(read(decoded[1], schema, policy=policy), decoded[0], text, decoded[1])
    finder = Finder(text, policy)
    candidates = finder.find()
    if schema is not None and not candidates and policy.align and _may_be_text(finder, schema):
        whole = bare_text(text)
        candidates = [whole] if whole is not None else []
    if not candidates:
        return Invalid(errors=(f"{why}; {finder.problem}" if finder.problem else why,))
    if schema is None or (finder.failed and _takes_anything(schema)):
        candidates = finder.apart()
        if not candidates:
            return Invalid(errors=(f"{why}; {finder.problem}",))
    if schema is None:
        return _choose(_whole_only(candidates, policy), policy, has_schema=False)
    if (cut := _cut_or_text(candidates, schema)) is not None:
        return cut
    judged = [_judge(candidate, schema, policy, text) for candidate in candidates]
    if all(one.errors or one.grade in ("aligned", "lossy") for one in judged):
        other = _other_readings(judged, schema, policy, text)
        if other is not None:
            return other
    return _choose(judged, policy, has_schema=True)


def _decoded(text: str) -> tuple[str, str] | None:
    """A text that was escaped as a whole, as the inside of a JSON string or for HTML: all of its quotes show it."""
    if '\\"' in text and not _BARE_QUOTE.search(text):
        try:
            inner = json.loads(f'"{text.strip()}"', strict=False)
        except ValueError:
            return None
        return ("string_opened", inner) if inner.lstrip()[:1] in ("{", "[") else None
    if "&quot;" in text and '"' not in text:
        return "entities_decoded", html.unescape(text)
    return None


def _reported(outcome: Parsed[JsonValue] | Invalid, kind: str, text: str, inner: str) -> Parsed[JsonValue] | Invalid:
    """What was read of a decoded text; its places are not those of the text, so every edit names the whole."""
    whole = (0, len(text))
    first = Repair(stage="find", kind=kind, location=whole, before=text, after=inner)
    repairs = (first, *(replace(repair, location=whole) for repair in outcome.repairs))
    if isinstance(outcome, Invalid):
        return replace(outcome, repairs=repairs)
    return replace(outcome, repairs=repairs, grade="syntax" if outcome.grade == "exact" else outcome.grade)


def _may_be_text(finder: Finder, schema: Mapping[str, Any]) -> bool:
    """Whether the text may be a string without its quotes; a broken object is one only where no object is wanted."""
    return not finder.is_given_up and not (finder.failed and _takes_anything(schema))


def _cut_or_text(candidates: Sequence[Candidate], schema: Mapping[str, Any]) -> Invalid | None:
    """A quote that opens the text and never closes, where a string is wanted: a string that broke off, or a text that
    begins with a quote. Both are readings of the whole, so neither is the answer."""
    found = candidates[0].scanned
    if len(candidates) > 1 or not isinstance(found.value, str) or not found.cuts or validate("", schema):
        return None
    why = "/: the text breaks off within a string, or is a text that begins with a quote"
    return Invalid(errors=(why,), best_effort=found.value, repairs=found.repairs)


def _takes_anything(schema: Mapping[str, Any]) -> bool:
    """Whether the schema says too little to tell the answer from a piece of prose."""
    return not validate({}, schema) or not validate([], schema)


def _other_readings(
    judged: Sequence[_Judged], schema: Mapping[str, Any], policy: ReadPolicy, text: str
) -> Parsed[JsonValue] | Invalid | None:
    """A string that holds the value, or lines that together are the list asked for."""
    first = judged[0].candidate.scanned
    if len(judged) == 1 and isinstance(first.value, str) and judged[0].candidate.standing != WHOLE:
        return _open_text(first.value, schema, policy, text, MAX_NESTED_TEXTS)
    lines = [one.candidate for one in judged if one.candidate.standing >= BLOCK and not one.candidate.scanned.cuts]
    if len(lines) < 2 or len(lines) < len(judged):
        return None
    span = (lines[0].scanned.span[0], lines[-1].scanned.span[1])
    values = [line.scanned.value for line in lines]
    repair = Repair(stage="find", kind="lines_collected", location=span, before=text, after=f"{len(lines)} values")
    whole = Candidate(Scanned(value=values, repairs=(repair,), span=span, locate=lambda path: span), BLOCK)
    found = _judge(whole, schema, policy, text)
    if found.errors or not validate({}, schema):
        return None
    return Parsed(value=found.value, repairs=found.repairs, grade=found.grade)


def _open_text(
    inner: str, schema: Mapping[str, Any], policy: ReadPolicy, text: str, levels: int
) -> Parsed[JsonValue] | None:
    """The value that a string holds as text."""
    if not levels or ("{" not in inner and "[" not in inner and not inner.startswith('"')):
        return None
    outcome = read(inner, schema, policy=policy)
    if isinstance(outcome, Invalid):
        return None
    repair = Repair(stage="find", kind="string_opened", location=(0, len(text)), before=text, after=inner)
    inside = tuple(
        Repair(stage=r.stage, kind=r.kind, location=(0, len(text)), before=r.before, after=r.after)
        for r in outcome.repairs
    )
    grade: Grade = "syntax" if outcome.grade == "exact" else outcome.grade
    return Parsed(value=outcome.value, repairs=(repair, *inside), grade=grade)


def _called(text: str, schema: Mapping[str, Any], policy: ReadPolicy) -> Parsed[JsonValue] | None:
    """Calls written as Python, for a schema of calls, of one call, or of the arguments of one."""
    found = python_calls(text)
    if found is None or not validate({}, schema):  # a schema that takes anything asks for no calls
        return None
    span, shown = found.span, dump_json(found.calls).decode()
    repair = Repair(stage="find", kind="calls_read", location=span, before=text[slice(*span)], after=shown)
    readings: list[JsonValue] = [found.calls]
    if len(found.calls) == 1:
        call = cast("dict[str, JsonValue]", found.calls[0])
        readings += [call, call["arguments"]]
    candidates = (Scanned(value=value, repairs=(repair,), span=span, locate=lambda path: span) for value in readings)
    judged = [_judge(Candidate(scanned, FENCED), schema, policy, text) for scanned in candidates]
    best = min((one for one in judged if not one.errors), key=lambda one: _GRADES.index(one.grade), default=None)
    return None if best is None else Parsed(value=best.value, repairs=best.repairs, grade=best.grade)


def _whole_only(candidates: Sequence[Candidate], policy: ReadPolicy) -> list[_Judged]:
    return [_without_schema(candidate, policy) for candidate in candidates]


def _without_schema(candidate: Candidate, policy: ReadPolicy) -> _Judged:
    found = candidate.scanned
    errors = _cut_errors(found, policy)
    if candidate.is_doubtful:
        errors = ("/: what looks like a value stands within a sentence and is no JSON",)
    return _Judged(candidate, found.value, found.repairs, "syntax" if found.repairs else "exact", errors)


def _judge(candidate: Candidate, schema: Mapping[str, Any], policy: ReadPolicy, text: str) -> _Judged:
    """The one place where a value meets its schema."""
    found = candidate.scanned
    grade: Grade = "syntax" if found.repairs else "exact"
    if errors := _cut_errors(found, policy):
        return _Judged(candidate, found.value, found.repairs, grade, errors)
    if not policy.align:
        errors = validate(found.value, schema) or _cut_choice(found, schema)
        return _Judged(candidate, found.value, found.repairs, grade, errors)
    coercions = Coercions(lossy=policy.lossy, dates=policy.dates, allow=policy.allow, refuse=policy.refuse)
    fitted = align(found.value, schema, coercions=coercions, locate=found.locate, cuts=found.cuts, text=text)
    if isinstance(fitted, Misfit):
        return _Judged(candidate, found.value, found.repairs, grade, fitted.problems)
    errors = _cut_choice(found, schema) if fitted.grade == "exact" else ()
    grade = cast("Grade", max(grade, fitted.grade, key=_GRADES.index))
    return _Judged(candidate, fitted.value, (*found.repairs, *fitted.repairs), grade, errors)


def _cut_errors(found: Scanned, policy: ReadPolicy) -> tuple[str, ...]:
    for cut in found.cuts:
        place = "/" + "/".join(map(str, cut.path))
        if cut.kind in ("number", "literal"):
            return (f"{place}: the text ends within a {cut.kind}, which is no value then",)
        if policy.cut == "refuse":
            return (f"{place}: the text ends before the value does",)
    return ()


def _cut_choice(found: Scanned, schema: Mapping[str, Any]) -> tuple[str, ...]:
    """A cut string that the schema constrains (an enum, a pattern) is no value: more would have come."""
    path = next((cut.path for cut in found.cuts if cut.kind == "string"), None)
    if path is None:
        return ()
    longer = _replaced(found.value, path)
    if not validate(longer, schema):
        return ()
    return (f"/{'/'.join(map(str, path))}: the text ends within a string of which the schema permits only some",)


def _replaced(value: JsonValue, path: Sequence[str | int]) -> JsonValue:
    """The value with the string at `path` one character longer."""
    if not path:
        return f"{value}\u2026"
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {key: _replaced(item, rest) if key == step else item for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, rest) if index == step else item for index, item in enumerate(value)]
    return value


def _choose(judged: Sequence[_Judged], policy: ReadPolicy, *, has_schema: bool) -> Parsed[JsonValue] | Invalid:
    valid = [one for one in judged if not one.errors]
    if not valid:
        worst = judged[-1]
        return Invalid(errors=worst.errors, best_effort=worst.value, repairs=worst.repairs)
    if policy.choose in ("first", "last"):
        chosen = valid[0 if policy.choose == "first" else -1]
        return Parsed(value=chosen.value, repairs=chosen.repairs, grade=chosen.grade)
    if policy.choose == "all":
        return _all(valid)
    best = _best(valid, has_schema)
    if len({_key(one.value) for one in best}) > 1:
        errors = (f"/: the answer holds {len(best)} values that disagree; choose='first', 'last' or 'all' takes them",)
        return Invalid(errors=errors, best_effort=best[0].value, repairs=best[0].repairs)
    chosen = best[0]
    return Parsed(value=chosen.value, repairs=chosen.repairs, grade=chosen.grade)


def _all(valid: Sequence[_Judged]) -> Parsed[JsonValue]:
    repairs = tuple(repair for one in valid for repair in one.repairs)
    grade = cast("Grade", max((one.grade for one in valid), key=_GRADES.index))
    return Parsed(value=[one.value for one in valid], repairs=repairs, grade=grade)


def _best(valid: Sequence[_Judged], has_schema: bool) -> list[_Judged]:
    """Those that stand out: by how far the schema had to be met, then by what sets them apart from the prose."""
    if has_schema:
        plain = [one for one in valid if one.grade in ("exact", "syntax")]
        valid = plain or [one for one in valid if one.grade == "aligned"] or list(valid)
    else:
        valid = [one for one in valid if one.value not in ({}, [])] or list(valid)
    standing = max(one.candidate.standing for one in valid)
    best = [one for one in valid if one.candidate.standing == standing]
    # Two readings of one place are no disagreement: the one with JSON types comes first.
    groups: set[int] = set()
    return [
        one
        for one in best
        if one.candidate.group < 0 or not (one.candidate.group in groups or groups.add(one.candidate.group))
    ]


_BARE_QUOTE = re.compile(r'(?<!\\)"')
_dump_sorted = json.JSONEncoder(sort_keys=True).encode


def _key(value: JsonValue) -> object:
    try:
        return _dump_sorted(value)
    except (ValueError, RecursionError):
        return id(value)


__all__ = ["Choose", "Policy", "ReadPolicy", "read"]
