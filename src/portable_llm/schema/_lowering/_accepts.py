"""Whether a schema accepts a value: small, quick, and wide where it cannot say.

It chooses between branches and filters enums, so it must never reject what the schema accepts; `validate` remains the
judge of answers. `format`, `unevaluated…` and references outside the document count as met.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from portable_llm._errors import UnsupportedSchemaError
from portable_llm.schema._lowering._document import Document
from portable_llm.schema._lowering._shape import fingerprint
from portable_llm.schema._matches import search
from portable_llm.schema._patterns import TimeOut

_MAX_FUEL = 20_000
"""Steps of one question; one that takes longer is answered with yes."""
_SLOW = _MAX_FUEL // 20
"""Steps that a pattern counts as that was stopped by its time limit."""


def type_of(value: object) -> str:
    """The JSON type of a value; a whole number is an `integer`."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    if value is None:
        return "null"
    return "array" if isinstance(value, list) else "object"


class Judge:
    """Answers questions about one document."""

    def __init__(self, document: Document | None, *, is_strict: bool = False) -> None:
        self._document = document
        self._fuel = _MAX_FUEL
        self.is_strict = is_strict
        """`oneOf` takes exactly one branch, `not` and `if` count. As wide as a branch is judged, that may reject what
        the schema accepts, so it is only good for choosing between ways to read the same reply."""

    def accepts(self, schema: Any, value: Any, depth: int = 0) -> bool:
        """Whether the value may be valid."""
        if isinstance(schema, bool):
            return schema
        self._fuel -= 1
        if self._fuel < 0 or depth > 60 or not isinstance(schema, dict):
            return True
        members = cast("dict[str, Any]", schema)
        if value is None and members.get("nullable") is True:
            return True
        for keyword, said in members.items():
            test = _TESTS.get(keyword)
            if test is not None and not test(self, said, value, members, depth):
                return False
        return True

    def follow(self, ref: Any, value: Any, depth: int) -> bool:
        """Whether the schema a reference leads to accepts the value."""
        if self._document is None:
            return True
        try:
            target = self._document.target(ref, "")[0]
        except UnsupportedSchemaError:
            return True
        return self.accepts(target, value, depth + 1)

    def found(self, pattern: str, text: str) -> bool | None:
        """Whether a pattern is found; `None` if nobody can say."""
        try:
            return search(pattern, text)
        except TimeOut:
            self._fuel -= _SLOW
            if self._document is not None:
                self._document.wait(pattern)
            return None


Test = Callable[[Judge, Any, Any, "dict[str, Any]", int], bool]


def _type(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    kind = type_of(value)
    wanted = cast("list[Any]", said if isinstance(said, list) else [said])
    return any(str(one).lower() == kind or (kind == "integer" and str(one).lower() == "number") for one in wanted)


def _enum(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    wanted = fingerprint(value)
    return any(type(one) is type(value) and one == value for one in said) or any(
        fingerprint(one) == wanted for one in said if not isinstance(one, str)
    )


def _const(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    return _enum(judge, [said], value, {}, depth)


def _required(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    return (
        not isinstance(value, dict)
        or not isinstance(said, list)
        or all(name in value for name in cast("list[Any]", said))
    )


def _properties(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    if not isinstance(value, dict):
        return True
    given = cast("dict[str, Any]", value)
    return all(name not in given or judge.accepts(one, given[name], depth + 1) for name, one in said.items())


def _additional(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    if not isinstance(value, dict) or said is True:
        return True
    known, patterns = members.get("properties", {}), members.get("patternProperties", {})
    return all(
        name in known or any(judge.found(p, name) is not False for p in patterns) or judge.accepts(said, one, depth + 1)
        for name, one in cast("dict[str, Any]", value).items()
    )


def _pattern_properties(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    if not isinstance(value, dict):
        return True
    given = cast("dict[str, Any]", value)
    return all(
        not judge.found(pattern, name) or judge.accepts(one, item, depth + 1)
        for pattern, one in said.items()
        for name, item in given.items()
    )


def _items(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    if not isinstance(value, list):
        return True
    given = cast("list[Any]", value)
    if isinstance(said, list):
        return all(
            judge.accepts(one, item, depth + 1) for one, item in zip(cast("list[Any]", said), given, strict=False)
        )
    return all(judge.accepts(said, item, depth + 1) for item in given[len(members.get("prefixItems", ())) :])


def _prefix(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    return not isinstance(value, list) or all(
        judge.accepts(one, item, depth + 1)
        for one, item in zip(cast("list[Any]", said), cast("list[Any]", value), strict=False)
    )


def _number(test: Callable[[Any, Any], bool]) -> Test:
    def check(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or isinstance(said, bool) or not isinstance(said, (int, float)):
            return True
        return test(value, said)

    return check


def _length(kind: type, test: Callable[[int, Any], bool]) -> Test:
    def check(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
        return not isinstance(value, kind) or test(len(value), said)

    return check


def _pattern(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    return not isinstance(value, str) or judge.found(said, value) is not False


def _multiple(value: Any, said: Any) -> bool:
    return not (isinstance(value, int) and isinstance(said, int) and said) or value % said == 0


def _any_of(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    return any(judge.accepts(one, value, depth + 1) for one in said)


def _one_of(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    if not judge.is_strict:
        return _any_of(judge, said, value, members, depth)
    return sum(judge.accepts(one, value, depth + 1) for one in said) == 1


def _not(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    return not judge.is_strict or not judge.accepts(said, value, depth + 1)


def _if(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    if not judge.is_strict:
        return True
    then = members.get("then" if judge.accepts(said, value, depth + 1) else "else", True)
    return judge.accepts(then, value, depth + 1)


def _dependent(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    """`dependentRequired`, `dependentSchemas`, and `dependencies`, which was both."""
    if not isinstance(value, dict) or not isinstance(said, dict):
        return True
    given = cast("dict[str, Any]", value)
    for name, needed in cast("dict[str, Any]", said).items():
        if name not in given:
            continue
        if isinstance(needed, list):
            if not all(one in given for one in cast("list[Any]", needed)):
                return False
        elif not judge.accepts(needed, value, depth + 1):
            return False
    return True


def _all_of(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    return all(judge.accepts(one, value, depth + 1) for one in said)


def _ref(judge: Judge, said: Any, value: Any, members: dict[str, Any], depth: int) -> bool:
    return judge.follow(said, value, depth)


_TESTS: dict[str, Test] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "patternProperties": _pattern_properties,
    "items": _items,
    "prefixItems": _prefix,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "allOf": _all_of,
    "not": _not,
    "if": _if,
    "dependentRequired": _dependent,
    "dependentSchemas": _dependent,
    "dependencies": _dependent,
    "$ref": _ref,
    "pattern": _pattern,
    "multipleOf": _number(_multiple),
    "minimum": _number(lambda value, said: value >= said),
    "maximum": _number(lambda value, said: value <= said),
    "exclusiveMinimum": _number(lambda value, said: value > said),
    "exclusiveMaximum": _number(lambda value, said: value < said),
    "minLength": _length(str, lambda size, said: size >= said),
    "maxLength": _length(str, lambda size, said: size <= said),
    "minItems": _length(list, lambda size, said: size >= said),
    "maxItems": _length(list, lambda size, said: size <= said),
    "minProperties": _length(dict, lambda size, said: size >= said),
    "maxProperties": _length(dict, lambda size, said: size <= said),
}
