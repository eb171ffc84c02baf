"""Strings, numbers and enums: what a dialect can say of them, and the rest in words."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from portable_llm.schema._lowering._accepts import Judge, type_of
from portable_llm.schema._lowering._codecs import Codec, LabelCodec
from portable_llm.schema._lowering._grammar import grammar_pattern
from portable_llm.schema._lowering._ledger import words_for
from portable_llm.schema._lowering._shape import ANY, STRING, TYPE_BITS, Shape, fingerprint

if TYPE_CHECKING:
    from portable_llm.schema._lowering._compile import Compiler, Spot

Result = "tuple[dict[str, Any], Codec | None] | None"

SMALL_RANGE = 32
"""Values of an integer range that may become an enum, when asked."""
MAX_REPEAT = 2000
"""Repetitions that a grammar takes; llama.cpp refuses larger ones ("exceeds sane defaults")."""

_LOOK_AROUND = re.compile(r"\(\?(=|!|<=|<!)")
_BACK_REFERENCE = re.compile(r"\\[1-9]|\\k<")


def string_node(compiler: Compiler, shape: Shape, words: list[str]) -> dict[str, Any]:
    """A string with its lengths, patterns and formats."""
    node: dict[str, Any] = {"type": "string"}
    for i, (pattern, at) in enumerate(shape.patterns):
        written = None if i else pattern_for(compiler, pattern)
        if written is None:
            compiler.ledger.weaken(at, "pattern")
            words.append(words_for("pattern", pattern))
        else:
            node["pattern"] = written
            if written != pattern:
                compiler.ledger.rename(at, "pattern", f"written as {written!r}")
    _formats(compiler, node, shape, "string", words)
    for keyword in ("minLength", "maxLength"):
        if keyword in shape.scalars:
            _length(compiler, node, shape, keyword, words)
    return node


def _length(compiler: Compiler, node: dict[str, Any], shape: Shape, keyword: str, words: list[str]) -> None:
    value, at = shape.scalars[keyword]
    # A grammar is made from the pattern or the format alone, and long repetitions are refused.
    is_grammar = compiler.dialect.patterns == "grammar"
    if keyword in compiler.supported and not (
        is_grammar and ("pattern" in node or "format" in node or value > MAX_REPEAT)
    ):
        node[keyword] = int(value)
        return
    compiler.ledger.weaken(at, keyword)
    words.append(words_for(keyword, value))


def pattern_for(compiler: Compiler, pattern: Any) -> str | None:
    """The pattern as the dialect reads it; `None` if it cannot."""
    if "pattern" not in compiler.supported or not isinstance(pattern, str):
        return None
    row = compiler.dialect
    if row.patterns == "full":
        return pattern
    if _LOOK_AROUND.search(pattern) or (not row.backreferences and _BACK_REFERENCE.search(pattern)):
        return None
    return grammar_pattern(pattern) if row.patterns == "grammar" else pattern


def _formats(compiler: Compiler, node: dict[str, Any], shape: Shape, kind: str, words: list[str]) -> None:
    row = compiler.dialect
    for i, (name, at) in enumerate(shape.formats):
        allowed = row.formats_for(kind)
        fits = not i and "format" in compiler.supported and (allowed is None or name in allowed)
        if fits and not (row.patterns == "grammar" and "pattern" in node):
            node["format"] = name
            continue
        compiler.ledger.weaken(at, "format")
        words.append(words_for("format", name))


def number_node(compiler: Compiler, shape: Shape, kind: str, words: list[str]) -> dict[str, Any]:
    """A number or an integer with its bounds."""
    node: dict[str, Any] = {"type": kind}
    is_bounded = kind in compiler.dialect.bounded_types
    bounds = shape.scalars
    if kind == "integer":
        low, high = _integer_bounds(shape)
        if (
            compiler.small_ranges
            and ("minimum" not in compiler.supported or not is_bounded)
            and low is not None
            and high is not None
            and high - low < SMALL_RANGE
        ):
            for keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
                if keyword in bounds:
                    compiler.ledger.rename(bounds[keyword][1], keyword, "written as an enum of the range")
            return {"type": "integer", "enum": list(range(low, high + 1))}
    supported = compiler.supported if is_bounded else frozenset[str]()
    for end in (_LOWER, _UPPER):
        _bound(compiler, node, shape, end if kind == "integer" else end._replace(step=0), supported, words)
    if "multipleOf" in bounds:
        value, at = bounds["multipleOf"]
        if "multipleOf" in compiler.supported:
            node["multipleOf"] = value
        elif not (kind == "integer" and value == 1):
            compiler.ledger.weaken(at, "multipleOf")
            words.append(words_for("multipleOf", value))
    if not shape.mask & STRING:
        _formats(compiler, node, shape, kind, words)
    return node


def _integer_bounds(shape: Shape) -> tuple[int | None, int | None]:
    low = [math.ceil(shape.scalars["minimum"][0])] if "minimum" in shape.scalars else []
    if "exclusiveMinimum" in shape.scalars:
        low.append(math.floor(shape.scalars["exclusiveMinimum"][0]) + 1)
    high = [math.floor(shape.scalars["maximum"][0])] if "maximum" in shape.scalars else []
    if "exclusiveMaximum" in shape.scalars:
        high.append(math.ceil(shape.scalars["exclusiveMaximum"][0]) - 1)
    return max(low, default=None), min(high, default=None)


class _End(NamedTuple):
    """One end of a range."""

    plain: str
    exclusive: str
    step: int
    """From an exclusive bound of integers to the nearest value inside; 0: not integers."""


_LOWER, _UPPER = _End("minimum", "exclusiveMinimum", 1), _End("maximum", "exclusiveMaximum", -1)


def _bound(
    compiler: Compiler, node: dict[str, Any], shape: Shape, end: _End, supported: frozenset[str], words: list[str]
) -> None:
    plain, exclusive, step = end
    if plain in shape.scalars:
        value, at = shape.scalars[plain]
        if plain in supported:
            node[plain] = _whole(value, step)
        else:
            compiler.ledger.weaken(at, plain)
            words.append(words_for(plain, value))
    if exclusive not in shape.scalars:
        return
    value, at = shape.scalars[exclusive]
    if exclusive in supported:
        node[exclusive] = value
    elif plain in supported and step:
        closed = math.floor(value) + 1 if step > 0 else math.ceil(value) - 1
        known = node.get(plain)
        node[plain] = closed if known is None else (max(known, closed) if step > 0 else min(known, closed))
        compiler.ledger.rename(at, exclusive, f"written as {plain}: {closed}, the same for integers")
    else:
        if plain in supported and plain not in node:
            node[plain] = value
        compiler.ledger.weaken(at, exclusive)
        words.append(words_for(exclusive, value))


def _whole(value: Any, step: int) -> Any:
    if step and isinstance(value, float):
        return math.ceil(value) if step > 0 else math.floor(value)
    return value


# ---- enums -----------------------------------------------------------------------------------------------------------


def enum_node(
    compiler: Compiler, shape: Shape, spot: Spot, words: list[str]
) -> tuple[dict[str, Any], Codec | None] | None:
    """A finite set of values: every one of them has been held against the rest of the schema already."""
    assert shape.enum is not None
    values, at, keyword = shape.enum
    values = _admitted(compiler, shape, values)
    for name, place in shape.formats:
        compiler.ledger.weaken(place, "format")
        words.append(words_for("format", name))
    if not values:
        return None
    row = compiler.dialect
    is_nullable = row.nullable and None in values
    kept = [one for one in values if one is not None] if is_nullable else values
    kinds = {type_of(one) for one in kept}
    if kinds == {"integer", "number"}:
        kinds = {"number"}
    node: dict[str, Any] | None = None
    codec: Codec | None = None
    if compiler.budget.has_room_for(kept):
        node, codec = _written(compiler, kept, kinds, at, keyword, spot)
    if node is None:
        compiler.ledger.weaken(at, keyword)
        words.append(words_for(keyword, kept[0] if keyword == "const" else kept))
        node = dict[str, Any]({"type": "string", "enum": ["null"]})
        if kinds:
            node = compiler.types_node(sorted(kinds))
    if is_nullable:
        node["nullable"] = True
    return node, codec


def _admitted(compiler: Compiler, shape: Shape, values: list[Any]) -> list[Any]:
    others = shape.scalars or shape.patterns or shape.groups or shape.rows or shape.required or len(shape.conj) > 1
    if not others and shape.unions == []:
        if shape.mask == ANY:
            return values
        return [one for one in values if TYPE_BITS[type_of(one)] & shape.mask == TYPE_BITS[type_of(one)]]
    judge = Judge(compiler.document)
    return [one for one in values if all(judge.accepts(schema, one) for schema, _at in shape.conj)]


def _written(
    compiler: Compiler, values: list[Any], kinds: set[str], at: str, keyword: str, spot: Spot
) -> tuple[dict[str, Any] | None, Codec | None]:
    accepted = _accepted(compiler.dialect.enum_values, kinds)
    if not values:
        # Only null is left, which is written `nullable`.
        return {"type": "string", "enum": ["null"]}, LabelCodec({"null": None}, {"None": "null"})
    if accepted:
        # Objects are spelled out by the value; beside their type a dialect would want members and closing.
        node: dict[str, Any] = (
            {"type": next(iter(kinds))} if len(kinds) == 1 and not kinds & {"object", "array"} else {}
        )
        if keyword == "const" and "const" in compiler.supported and len(values) == 1:
            return {**node, "const": values[0]}, None
        if keyword == "const":
            compiler.ledger.rename(at, keyword, "written as an enum of one value")
        return {**node, "enum": values}, None
    if kinds == {"boolean"} and len(values) > 1:
        return {"type": "boolean"}, None
    if spot.union and "string" in spot.beside:
        return None, None
    labels = _labels(values)
    compiler.ledger.encode(at, keyword, "the values are written as texts and read back")
    codec = LabelCodec(labels, {fingerprint(one): label for label, one in labels.items()})
    return {"type": "string", "enum": list(labels)}, codec


def _accepted(kind: str, kinds: set[str]) -> bool:
    if kind == "any":
        return True
    if kind == "primitive":
        return not kinds & {"array", "object"}
    if kind == "string":
        return kinds <= {"string"}
    return kinds <= {"string", "integer", "number"}


def _labels(values: list[Any]) -> dict[str, Any]:
    import json

    texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False, sort_keys=True) for one in values]
    if len(set(texts)) < len(texts):
        texts = [json.dumps(one, ensure_ascii=False, sort_keys=True) for one in values]
    return dict(zip(texts, values, strict=True))
