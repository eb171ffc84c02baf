"""Schemas checked and values held against them, by `jsonschema` (imported on first use).

With the extra `fast`, `jsonschema-rs` says of most values that they are valid; every other verdict, and every message,
is `jsonschema`'s. It is asked only about schemas on which both agree by construction: no patterns and formats (other
dialects, no time limit), no recursion (no step limit), no address of its own.

Neither a schema nor a value is trusted: references are never fetched, and size, depth, steps and the time of patterns
are bounded.
"""

from __future__ import annotations

import marshal
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, cast

from portable_llm._errors import UnsupportedSchemaError
from portable_llm._json import dump_json, load_json
from portable_llm.schema._check import inspect_schema
from portable_llm.schema._keywords import TooManySteps, begin, class_for
from portable_llm.schema._limits import check_size
from portable_llm.schema._messages import Problem, problems_of

MAX_ERRORS = 8
"""Problems that `validate` names."""
CACHED_BYTES = 32_000_000
"""Size of the schemas, as text, whose validators are kept."""
_SLOW_WORDS = (b'"pattern"', b'"patternProperties"', b'"$id"', b'"id"', b'"$schema"', b'"$dynamicRef"', b'"multipleOf"')


class Validator:
    """Holds values against one schema; safe to share between threads. Made by `compile_validator`."""

    __slots__ = ("_fast", "_slow", "schema")

    def __init__(self, schema: dict[str, Any], formats: bool, where: str) -> None:
        from referencing import Registry

        graph = inspect_schema(schema, where)
        self.schema = schema
        cls = class_for(schema)
        checker = cls.FORMAT_CHECKER if formats else None
        # An empty registry: jsonschema's default one would fetch remote references.
        self._slow = cls(schema, registry=cast("Any", Registry)(), format_checker=checker)
        self._fast = None if formats or not graph.is_tame() else _fast_validator(schema)

    def is_valid(self, value: object) -> bool:
        """Whether the schema accepts the value; `False` too where that could not be found out within the limits."""
        return next(self.iter_problems(value), None) is None

    def iter_problems(self, value: object) -> Iterator[Problem]:
        """What is wrong with the value, as it is found. Use it up before the next value is held up in this thread."""
        if self._fast is not None and _accepts(self._fast, value):
            return
        begin(value)
        try:
            for error in self._slow.iter_errors(value):
                yield from problems_of(error)
        except RecursionError:
            yield _unchecked("the value or the schema nests too deep to be checked")
        except TooManySteps:
            yield _unchecked("the schema asks for too much work to check this value")
        finally:
            begin(None)

    def errors(self, value: object) -> tuple[str, ...]:
        """At most `MAX_ERRORS` problems as text, each with its place; `()` if the value is valid."""
        found: list[str] = []
        for problem in self.iter_problems(value):
            if len(found) == MAX_ERRORS:
                return (*found, "… and more")
            if (text := str(problem)) not in found:
                found.append(text)
        return tuple(found)


def _unchecked(why: str) -> Problem:
    return Problem(location="/", message=why, keyword="")


def _fast_validator(schema: dict[str, Any]) -> Any:
    """The Rust validator; `None` without the extra and for schemas it is not asked about."""
    try:
        import jsonschema_rs as rust  # pyright: ignore[reportMissingImports] the extra may be absent
    except ImportError:
        return None
    text = dump_json(schema)
    if any(word in text for word in _SLOW_WORDS):
        return None
    try:
        return cast("Any", rust).Draft202012Validator(schema, validate_formats=False, offline=True)
    except (ValueError, TypeError):
        return None


def _accepts(fast: Any, value: object) -> bool:
    try:
        return _is_plain(value) and bool(fast.is_valid(value))
    except (ValueError, TypeError, OverflowError):  # too deep, half an emoji, no JSON: for jsonschema to say
        return False


_LEAVES = frozenset({str, int, bool, type(None)})


def _is_plain(value: object) -> bool:
    """Whether all of it is JSON: jsonschema-rs takes NaN and infinities, which Python reads, for null."""
    stack = [value]
    while stack:
        item = stack.pop()
        kind = type(item)
        if kind in _LEAVES:
            continue
        if kind is dict:
            stack += cast("dict[str, object]", item).values()
        elif kind is list:
            stack += cast("list[object]", item)
        elif kind is not float or not isfinite(cast("float", item)):
            return False
    return True


# ---- the cache -------------------------------------------------------------------------------------------------------


class _Cache:
    """Validators by the content of their schema, the least recently used leaving first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[bytes, bool], Validator] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[bytes, bool]) -> Validator | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: tuple[bytes, bool], validator: Validator) -> None:
        with self._lock:
            if key not in self._kept:
                self._bytes += len(key[0])
            self._kept[key] = validator
            while self._bytes > CACHED_BYTES or len(self._kept) > 1024:
                self._bytes -= len(self._kept.popitem(last=False)[0][0])


_CACHE = _Cache()


def compile_validator(schema: Mapping[str, Any], *, formats: bool = False, where: str = "the schema") -> Validator:
    """The validator of a schema, kept by content: a schema that is changed in place gets a new one.

    `formats`: also check `format`. Raises `UnsupportedSchemaError` that names `where`: no JSON Schema, a reference to
    something outside, beyond a limit.
    """
    # marshal is several times faster than JSON text and tells 1, 1.0 and true apart. Version 4 writes shared parts
    # once, so that a schema whose parts are shared over and over (YAML aliases) costs no more here than it weighs.
    try:
        key = (marshal.dumps(cast("Any", schema), 4), formats)
    except ValueError:
        return _compiled(schema, formats, where)
    found = _CACHE.get(key)
    if found is None:
        found = _compiled(schema, formats, where)
        _CACHE.put(key, found)
    return found


def _compiled(schema: object, formats: bool, where: str) -> Validator:
    if not isinstance(schema, Mapping):
        raise UnsupportedSchemaError(f"{where} is no JSON Schema: expected an object, got {type(schema).__name__}")
    check_size(cast("object", schema), where)
    try:
        text = dump_json(dict(cast("Mapping[str, Any]", schema)))
    except (TypeError, ValueError) as error:
        raise UnsupportedSchemaError(f"{where} is no JSON Schema: {error}") from error
    key = (text, formats)
    found = _CACHE.get(key)
    if found is None:
        found = Validator(cast("dict[str, Any]", load_json(text)), formats, where)
        _CACHE.put(key, found)
    return found


def check_schema(schema: object, where: str) -> None:
    """Raise `UnsupportedSchemaError` that names `where`, unless this is a JSON Schema object within the limits."""
    compile_validator(cast("Mapping[str, Any]", schema), where=where)


def iter_problems(value: object, schema: Mapping[str, Any], *, formats: bool = False) -> Iterator[Problem]:
    """What is wrong with the value; raises `UnsupportedSchemaError` where the schema itself is wrong."""
    return compile_validator(schema, formats=formats).iter_problems(value)


def validate(value: object, schema: Mapping[str, Any], *, formats: bool = False) -> tuple[str, ...]:
    """What is wrong with the value, each with its place as a JSON Pointer; `()` if it is valid.

    A schema that is wrong itself is the one problem: an answer that was paid for is not lost to an exception.
    """
    try:
        return compile_validator(schema, formats=formats).errors(value)
    except UnsupportedSchemaError as error:
        return (f"/: {error}",)
