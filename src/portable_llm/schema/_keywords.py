"""The `jsonschema` validators this library runs: with counted steps, timed patterns and exact arithmetic.

What differs from `jsonschema`'s own keywords, and why:

- every keyword counts a step, so that a reference that multiplies with the depth of the value ends;
- patterns run under a time limit and in the dialect of ECMA-262, wherever a keyword uses one;
- `multipleOf` counts in decimals: 19.99 is a multiple of 0.01, which binary floats deny;
- `uniqueItems` is linear: the pairwise comparison takes minutes for 10,000 objects;
- `properties` tells the place of a member that must not be there;
- `required` names all missing members in one error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from decimal import Context, Decimal, DivisionImpossible, InvalidOperation
from functools import cache
from typing import Any, cast

from portable_llm.schema._patterns import PATTERN_SECONDS, Clock, TimeOut

MIN_STEPS = 200_000
"""Keywords that may be looked at for any value."""
STEPS_PER_VALUE = 300
"""Keywords that may be looked at for each value inside the value, if that is more."""


class TooManySteps(Exception):  # noqa: N818 (it ends a validation)
    """The schema asks for more work than the value's size explains."""


class _Run(threading.local):
    """The validation that runs in this thread; validators are shared between threads and carry no state."""

    steps: int = 0
    limit: int = MIN_STEPS
    value: object = None
    clock: Clock = Clock()


_RUN = _Run()


def begin(value: object) -> None:
    """Start to count for one value."""
    _RUN.steps, _RUN.limit, _RUN.value, _RUN.clock = 0, MIN_STEPS, value, Clock()


def _grow() -> None:
    """A large value may cost more; it is measured only when that matters."""
    if _RUN.value is not None:
        _RUN.limit = max(MIN_STEPS, STEPS_PER_VALUE * _size(_RUN.value))
        _RUN.value = None
    if _RUN.steps > _RUN.limit:
        raise TooManySteps


def _size(value: Any) -> int:
    stack, count = [value], 0
    while stack and count < 10_000_000:
        item = stack.pop()
        count += 1
        if isinstance(item, Mapping):
            stack += cast("Mapping[str, Any]", item).values()
        elif isinstance(item, list):
            stack += cast("list[Any]", item)
    return count


def _counted(keyword: Callable[..., Any]) -> Callable[..., Any]:
    def run(validator: Any, held: Any, instance: Any, schema: Any) -> Any:
        _RUN.steps += 1
        if _RUN.steps > _RUN.limit:
            _grow()
        return keyword(validator, held, instance, schema)

    return run


def specification_of(schema: Mapping[str, Any]) -> Any:
    """How references work in the schema's draft."""
    from referencing.jsonschema import DRAFT202012, specification_with

    named = schema.get("$schema")
    return specification_with(named, default=DRAFT202012) if isinstance(named, str) else DRAFT202012


def class_for(schema: Mapping[str, Any]) -> Any:
    """The validator class of the schema's draft; 2020-12 without `$schema` or with one nobody knows."""
    import jsonschema.validators

    named = cast("Any", jsonschema.validators).validator_for(schema, default=jsonschema.Draft202012Validator)
    return _guarded(named)


@cache
def _guarded(cls: Any) -> Any:
    import jsonschema.validators

    own: dict[str, Any] = {
        "pattern": _pattern,
        "properties": _properties,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "multipleOf": _multiple_of,
        "uniqueItems": _unique_items,
        "required": _required,
    }
    if "unevaluatedProperties" in cls.VALIDATORS:
        own["unevaluatedProperties"] = _unevaluated_properties
    if cls is jsonschema.Draft3Validator:
        own = {"pattern": _pattern, "patternProperties": _pattern_properties, "uniqueItems": _unique_items}
    chosen = {name: _counted(function) for name, function in {**cls.VALIDATORS, **own}.items()}
    return cast("Any", jsonschema.validators).extend(cls, chosen)


def _error(message: str, **more: Any) -> Any:
    import jsonschema

    return jsonschema.ValidationError(message, **more)


def _out_of_time(pattern: str) -> Any:
    return _error(f"pattern {pattern[:80]!r} could not be checked within {PATTERN_SECONDS} s")


def _pattern(validator: Any, pattern: str, instance: object, _schema: object) -> Iterator[Any]:
    if not isinstance(instance, str):
        return
    try:
        if not _RUN.clock.found(pattern, instance):
            yield _error("does not match")
    except TimeOut:
        yield _out_of_time(pattern)


def _properties(validator: Any, held: Mapping[str, Any], instance: object, _schema: Any) -> Iterator[Any]:
    if not isinstance(instance, Mapping):
        return
    members = cast("Mapping[str, Any]", instance)
    for name, subschema in held.items():
        if name in members:
            if subschema is False:  # jsonschema's own keyword loses the place of what must not be there
                yield _error("not allowed", path=[name], instance=members[name], validator="", validator_value=False)
            else:
                yield from validator.descend(members[name], subschema, path=name, schema_path=name)


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], instance: object, _schema: Any) -> Iterator[Any]:
    if not isinstance(instance, Mapping):
        return
    for pattern, subschema in patterns.items():
        for name, value in cast("Mapping[str, Any]", instance).items():
            try:
                found = _RUN.clock.found(pattern, name)
            except TimeOut:
                yield _out_of_time(pattern)
                return
            if found:
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, held: Any, instance: object, schema: Mapping[str, Any]) -> Iterator[Any]:
    if not isinstance(instance, Mapping):
        return
    members = cast("Mapping[str, Any]", instance)
    try:
        extra = [name for name in members if not _is_named(name, schema)]
    except TimeOut:
        return  # `patternProperties` has said so
    if isinstance(held, Mapping):
        for name in extra:
            yield from validator.descend(members[name], held, path=name)
    elif held is False and extra:
        yield _error("extra members", cause=_names(extra))


def _is_named(name: str, schema: Mapping[str, Any]) -> bool:
    if name in schema.get("properties", ()):
        return True
    return any(_RUN.clock.found(pattern, name) for pattern in schema.get("patternProperties", ()))


class _names(Exception):  # noqa: N801, N818 (carries what was found on an error of jsonschema)
    def __init__(self, names: list[str]) -> None:
        super().__init__(*names)


def _required(validator: Any, required: Any, instance: object, _schema: object) -> Iterator[Any]:
    if isinstance(instance, Mapping) and isinstance(required, list):
        missing = [name for name in cast("list[str]", required) if name not in instance]
        if missing:
            yield _error("missing members", cause=_names(missing))


_EXACT = Context(prec=700)


def _multiple_of(validator: Any, divisor: float, instance: object, _schema: object) -> Iterator[Any]:
    if not validator.is_type(instance, "number"):
        return
    try:
        value = Decimal(repr(instance))
        is_multiple = value.is_finite() and not _EXACT.remainder(value, Decimal(repr(divisor)))
    except (InvalidOperation, DivisionImpossible, ValueError):
        is_multiple = False
    if not is_multiple:
        yield _error("not a multiple")


def _unique_items(validator: Any, wanted: bool, instance: object, _schema: object) -> Iterator[Any]:
    if not wanted or not isinstance(instance, list):
        return
    seen: dict[Any, int] = {}
    for index, item in enumerate(cast("list[Any]", instance)):
        first = seen.setdefault(_key(item), index)
        if first != index:
            yield _error("not unique", cause=_names([str(first), str(index)]))
            return


def _key(value: Any) -> Any:
    """Equal for values that JSON Schema calls equal: 1 and 1.0 are, 1 and true are not; members have no order."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, Mapping):
        return frozenset((name, _key(item)) for name, item in cast("Mapping[str, Any]", value).items())
    if isinstance(value, list):
        return tuple(_key(item) for item in cast("list[Any]", value))
    return value


def _unevaluated_properties(validator: Any, held: Any, instance: object, schema: Any) -> Iterator[Any]:
    if not isinstance(instance, Mapping):
        return
    members = cast("Mapping[str, Any]", instance)
    try:
        seen = _evaluated(validator, members, schema)
    except TimeOut:
        yield _error("the patterns of its members could not be checked in time")
        return
    extra: list[str] = []
    for name in members:
        if name in seen:
            continue
        # A schema for further members names what is wrong with them only where one can be wrong.
        if held is False:
            extra.append(name)
        else:
            yield from validator.descend(members[name], held, path=name, schema_path="unevaluatedProperties")
    if extra:
        yield _error("extra members", cause=_names(extra))


def _evaluated(validator: Any, members: Mapping[str, Any], schema: Any) -> set[str]:
    """The members that some keyword of the schema, or of one that holds beside it, has looked at."""
    if isinstance(schema, bool):
        return set()
    seen = {name for name in members if _is_named(name, schema)}
    if "additionalProperties" in schema or "unevaluatedProperties" in schema:
        beside = schema is not validator.schema or "additionalProperties" in schema
        if beside:
            return set(members)
    for inner, resolver in _beside(validator, members, schema):
        evolved = validator.evolve(schema=inner, _resolver=resolver)
        if evolved.is_valid(members):
            seen |= _evaluated(evolved, members, inner) if not _looks_at_all(inner) else set(members)
    return seen


def _looks_at_all(schema: Any) -> bool:
    return isinstance(schema, Mapping) and ("additionalProperties" in schema or "unevaluatedProperties" in schema)


def _beside(validator: Any, members: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """The schemas that hold for the same members, each with where its references lead."""
    here = validator._resolver
    if "$ref" in schema:
        found = here.lookup(schema["$ref"])
        yield found.contents, found.resolver
    if "$dynamicRef" in schema:
        found = here.lookup(schema["$dynamicRef"])
        yield found.contents, found.resolver
    if "$recursiveRef" in schema:
        from referencing.jsonschema import lookup_recursive_ref

        found = lookup_recursive_ref(here)
        yield found.contents, found.resolver
    for keyword in ("allOf", "anyOf", "oneOf"):
        yield from ((inner, here) for inner in schema.get(keyword, ()))
    if "if" in schema:
        held = validator.evolve(schema=schema["if"]).is_valid(members)
        if held:
            yield schema["if"], here
        branch = "then" if held else "else"
        if branch in schema:
            yield schema[branch], here
    yield from ((inner, here) for name, inner in schema.get("dependentSchemas", {}).items() if name in members)
