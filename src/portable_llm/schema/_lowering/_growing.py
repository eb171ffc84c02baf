"""A reply restored while it is written: only what no later text can change.

What is finished goes through the codec as the whole reply does in the end. What is not finished (the open objects and
lists, the string that is being written) is shown as far as its beginning is certain: a key that still grows, a union
whose branch is still open, JSON inside an unfinished string stay away. So values only ever grow, and end at what
`restore` makes of the whole reply.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias, cast

from portable_llm._errors import UnsupportedSchemaError
from portable_llm.schema._lowering._accepts import type_of
from portable_llm.schema._lowering._codecs import (
    BothCodecs,
    Branch,
    Codec,
    EveryMemberCodec,
    LabelCodec,
    ListCodec,
    NamesCodec,
    ObjectCodec,
    PairsCodec,
    PrefixCodec,
    RefCodec,
    TextCodec,
    TupleCodec,
    UnionCodec,
    WrapCodec,
    is_items,
    is_members,
    restore,
)
from portable_llm.schema._lowering._document import Document

Step: TypeAlias = str | int
Path: TypeAlias = tuple[Step, ...]

ABSENT: Final = object()
"""Nothing that could be shown."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Which pieces of a reply may still grow, or lack something that could not be shown."""

    growing: Set[int]
    """The `id` of each object and list that is open."""
    lacking: Set[int] = frozenset()
    """The `id` of each that has ended without something in it; treated alike."""
    text: tuple[int, Step | None] | None = None
    """The string that is open: the `id` of the object or list around it, and its place there."""

    def has(self, around: object, step: Step | None, value: object) -> bool:
        """Whether the value at a place is unfinished; `around` is `None` for the reply itself."""
        if isinstance(value, str):
            return self.text is not None and self.text == (id(around), step)
        return (is_members(value) or is_items(value)) and (id(value) in self.growing or id(value) in self.lacking)

    def moved(self, old: object, new: object, said: dict[str, str]) -> Unfinished:
        """The same for a copy of an object, with other names for its members."""
        if self.text is None or self.text[0] != id(old):
            return self
        step = self.text[1]
        return replace(self, text=(id(new), said.get(step, step) if isinstance(step, str) else step))


class Growing:
    """Restores one reply, again and again while it grows; what has ended is restored once."""

    def __init__(self, codec: Codec | None) -> None:
        self._codec = codec
        self._ended: dict[tuple[int, int], tuple[Any, Any]] = {}

    def restore(self, reply: Any, unfinished: Unfinished, *, is_open: bool) -> Any:
        """The reply so far in the original's shape, or `ABSENT`."""
        try:
            return self._grown(self._codec, reply, unfinished) if is_open else restore(self._codec, reply)
        except RecursionError:
            return ABSENT

    def place(self, path: Path, reply: Any) -> Path | None:
        """Where a finished piece of the reply stands in the original's shape.

        `None` where it has no place of its own there, or not one that is certain yet; then the piece around it has.
        """
        return _place(self._codec, path, reply)

    # ---------------------------------------------------------------- what has ended, and what has not

    def _piece(self, codec: Codec | None, around: Any, step: Step, now: Unfinished) -> Any:
        value = around[step]
        return self._grown(codec, value, now) if now.has(around, step, value) else self._finished(codec, value)

    def _finished(self, codec: Codec | None, value: Any) -> Any:
        if codec is None or not (is_members(value) or is_items(value)):
            return restore(codec, value)
        known = self._ended.get((id(codec), id(value)))
        if known is None:
            # The value is kept with it: an id is given to another once its owner is gone.
            known = self._ended[id(codec), id(value)] = (value, codec.restore(value))
        return known[1]

    def _grown(self, codec: Codec | None, value: Any, now: Unfinished) -> Any:
        """The beginning of a value, restored as far as it is certain."""
        match codec:
            case None:
                return value
            case TextCodec() | LabelCodec():
                return ABSENT if isinstance(value, (str, dict)) else value
            case RefCodec():
                return self._grown(codec.target, value, now)
            case UnionCodec():
                return self._union(codec, value, now)
            case BothCodecs():
                return self._both(codec, value, now)
            case ListCodec() | PrefixCodec() if is_items(value):
                return list(self._items(codec, value, now))
            case PairsCodec() if isinstance(value, (dict, list)):
                return dict(self._pairs(codec, value, now))
            case _ if is_members(value):
                return self._members(codec, value, now)
            case _:
                return value

    def _members(self, codec: Codec, value: dict[str, Any], now: Unfinished) -> Any:
        match codec:
            case ObjectCodec():
                return dict(self._object(codec, value, now))
            case EveryMemberCodec():
                found = {
                    name: self._piece(None if name in codec.known else codec.value, value, name, now) for name in value
                }
                return {name: one for name, one in found.items() if one is not ABSENT}
            case TupleCodec():
                return list(self._tuple(codec, value, now))
            case WrapCodec():
                return self._piece(codec.inner, value, codec.member, now) if codec.member in value else ABSENT
            case NamesCodec():
                return codec.restore(value)
            case _:
                return ABSENT

    # ---------------------------------------------------------------- one codec each

    def _items(self, codec: ListCodec | PrefixCodec, value: list[Any], now: Unfinished) -> Iterator[Any]:
        for i in range(len(value)):
            one = self._piece(_item_codec(codec, i), value, i, now)
            if one is ABSENT:
                return
            yield one

    def _object(self, codec: ObjectCodec, value: dict[str, Any], now: Unfinished) -> Iterator[tuple[str, Any]]:
        for name, one in value.items():
            if one is None and name in codec.drop:
                continue
            if name == codec.extra and codec.pairs is not None:
                further = self._piece(codec.pairs, value, name, now)
                if is_members(further):
                    # A member of its own may still come under a known name, and then it counts.
                    yield from (
                        (key, item) for key, item in further.items() if key not in value and key not in codec.known
                    )
                continue
            found = self._piece(codec.codecs.get(name), value, name, now)
            if found is not ABSENT:
                yield name, found

    def _pairs(self, codec: PairsCodec, value: Any, now: Unfinished) -> Iterator[tuple[str, Any]]:
        pairs = value.get(codec.member) if codec.member is not None and is_members(value) else value
        seen = set[str]()
        for pair in pairs if is_items(pairs) else ():
            key = pair.get("key") if is_members(pair) else None
            if not isinstance(key, str) or key in seen or "value" not in pair or now.has(pair, "key", key):
                continue
            seen.add(key)
            one = self._piece(codec.value, pair, "value", now)
            if one is not ABSENT:
                yield key, one

    def _tuple(self, codec: TupleCodec, value: dict[str, Any], now: Unfinished) -> Iterator[Any]:
        for i, name in enumerate(codec.names):
            if not _is_there(codec, i, value):
                return
            one = self._piece(codec.codecs[i], value, name, now)
            if one is ABSENT:
                return
            yield one
        further = value.get(codec.rest) if codec.rest is not None else None
        if is_items(further):
            yield from self._items(PrefixCodec([], codec.rest_codec), further, now)

    def _both(self, codec: BothCodecs, value: Any, now: Unfinished) -> Any:
        inner = self._grown(codec.second, value, now)
        if inner is ABSENT:
            return ABSENT
        said = codec.second.said if isinstance(codec.second, NamesCodec) else {}
        return self._grown(codec.first, inner, now.moved(value, inner, said))

    def _union(self, codec: UnionCodec, value: Any, now: Unfinished) -> Any:
        sieve = _Sieve(codec.lowered, now)
        possible = [branch for branch in codec.branches if sieve.admits(branch.lowered, value, is_open=True)]
        if possible and all(branch.codec is None for branch in possible):
            return value
        return self._grown(possible[0].codec, value, now) if len(possible) == 1 else ABSENT


def _item_codec(codec: ListCodec | PrefixCodec, index: int) -> Codec | None:
    if isinstance(codec, ListCodec):
        return codec.item
    return codec.prefix[index] if index < len(codec.prefix) else codec.rest


def _is_there(codec: TupleCodec, index: int, value: dict[str, Any]) -> bool:
    """Whether a place of a list is taken; null in an optional one says that the list has ended."""
    name = codec.names[index]
    return name in value and (value[name] is not None or index < codec.required or index in codec.nulls)


@dataclass(frozen=True, slots=True)
class _Sieve:
    """Whether a schema may accept what a value becomes.

    It looks at kinds, names, words of enums and the first item of each list: as much as the schema is large, however
    long the value. It only ever learns more, so a branch that is out stays out.
    """

    document: Document | None
    now: Unfinished

    def admits(self, schema: Any, value: Any, *, is_open: bool) -> bool:
        if not isinstance(schema, dict):
            return schema is not False
        said = _resolved(cast("dict[str, Any]", schema), self.document)
        if value is None and said.get("nullable") is True:
            return True
        if not _is_of_type(said, value) or not _is_among(said, value, is_open):
            return False
        branches = said.get("anyOf")
        if branches is not None and not any(self.admits(one, value, is_open=is_open) for one in branches):
            return False
        if is_members(value):
            return self._members(said, value)
        return self._first(said, value) if is_items(value) else True

    def _members(self, said: dict[str, Any], value: dict[str, Any]) -> bool:
        properties: dict[str, Any] = said.get("properties") or {}
        if said.get("additionalProperties") is False and not value.keys() <= properties.keys():
            return False
        return all(self._piece(one, value, name) for name, one in properties.items() if name in value)

    def _first(self, said: dict[str, Any], value: list[Any]) -> bool:
        first = said.get("prefixItems") or ()
        return not value or self._piece(first[0] if first else said.get("items"), value, 0)

    def _piece(self, schema: Any, around: Any, step: Step) -> bool:
        return self.admits(schema, around[step], is_open=self.now.has(around, step, around[step]))


def _resolved(schema: dict[str, Any], document: Document | None) -> dict[str, Any]:
    for _ in range(8):
        if "$ref" not in schema or document is None:
            break
        try:
            target = document.target(schema["$ref"], "")[0]
        except UnsupportedSchemaError:
            return {}
        schema = cast("dict[str, Any]", target) if isinstance(target, dict) else {}
    return schema


def _is_of_type(schema: dict[str, Any], value: Any) -> bool:
    said = schema.get("type")
    if said is None:
        return True
    kind = type_of(value)
    wanted = [str(one).lower() for one in cast("list[Any]", said if isinstance(said, list) else [said])]
    return kind in wanted or (kind == "integer" and "number" in wanted)


def _is_among(schema: dict[str, Any], value: Any, is_open: bool) -> bool:
    words = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if not isinstance(words, list) or isinstance(value, (dict, list)):
        return True
    if is_open and isinstance(value, str):
        return any(isinstance(one, str) and one.startswith(value) for one in cast("list[Any]", words))
    return any(type(one) is type(value) and one == value for one in cast("list[Any]", words))


# ---- where pieces stand ----------------------------------------------------------------------------------------------


def _place(codec: Codec | None, path: Path, value: Any) -> Path | None:
    """The path through a codec. It depends on what stands before the piece alone, never on what comes behind it."""
    if codec is None or not path:
        return path
    step, rest = path[0], path[1:]
    match codec:
        case RefCodec():
            return _place(codec.target, path, value)
        case UnionCodec():
            branch = _only_branch(codec, value)
            return None if branch is None else _place(branch.codec, path, value)
        case BothCodecs():
            inner = _place(codec.second, path, value)
            names = codec.second if isinstance(codec.second, NamesCodec) else None
            return None if inner is None else _place(codec.first, inner, names.restore(value) if names else value)
        case ListCodec() | PrefixCodec():
            return _below(step, _place(_item_codec(codec, cast("int", step)), rest, value[step]))
        case EveryMemberCodec():
            return _below(step, _place(None if step in codec.known else codec.value, rest, value[step]))
        case NamesCodec():
            return (codec.said.get(cast("str", step), step), *rest)
        case ObjectCodec():
            return _member_place(codec, path, value)
        case PairsCodec():
            return _pair_place(codec, path, value)
        case TupleCodec():
            return _tuple_place(codec, path, value)
        case WrapCodec():
            # The member ends with the object around it, whose place is the same.
            return _place(codec.inner, rest, value[step]) if rest and step == codec.member else None
        case _:
            return None


def _below(step: Step, path: Path | None) -> Path | None:
    return None if path is None else (step, *path)


def _member_place(codec: ObjectCodec, path: Path, value: dict[str, Any]) -> Path | None:
    name, rest = cast("str", path[0]), path[1:]
    if value[name] is None and name in codec.drop:
        return None
    if name == codec.extra and codec.pairs is not None:
        found = _place(codec.pairs, rest, value[name]) if rest else None
        return found if found and found[0] not in codec.known else None
    return _below(name, _place(codec.codecs.get(name), rest, value[name]))


def _pair_place(codec: PairsCodec, path: Path, value: Any) -> Path | None:
    if codec.member is not None and is_members(value):
        if path[0] != codec.member or len(path) == 1:
            return None
        value, path = value[codec.member], path[1:]
    pair = value[path[0]]
    key = pair.get("key") if is_members(pair) else None
    if not isinstance(key, str) or "value" not in pair:
        return None
    if len(path) == 1:
        return (key,)
    if path[1] != "value" or len(path) == 2 or next(iter(pair)) != "key":
        return None
    return _below(key, _place(codec.value, path[2:], pair["value"]))


def _tuple_place(codec: TupleCodec, path: Path, value: dict[str, Any]) -> Path | None:
    name, rest = cast("str", path[0]), path[1:]
    index = codec.names.index(name) if name in codec.names else len(codec.names)
    before = codec.names[: index + 1]
    if tuple(value)[: len(before)] != before or not all(_is_there(codec, i, value) for i in range(len(before))):
        return None
    if index < len(codec.names):
        return _below(index, _place(codec.codecs[index], rest, value[name]))
    if name != codec.rest or not rest:
        return None
    at = cast("int", rest[0])
    return _below(index + at, _place(codec.rest_codec, rest[1:], value[name][at]))


def _only_branch(codec: UnionCodec, value: Any) -> Branch | None:
    """The branch that the kind of the value decides for, or any where no branch changes anything."""
    sieve = [branch for branch in codec.branches if _admits_kind(branch.lowered, codec.lowered, value)]
    if sieve and all(branch.codec is None for branch in sieve):
        return sieve[0]
    return sieve[0] if len(sieve) == 1 else None


def _admits_kind(schema: dict[str, Any], document: Document | None, value: Any) -> bool:
    said = _resolved(schema, document)
    if value is None and said.get("nullable") is True:
        return True
    branches = said.get("anyOf")
    return _is_of_type(said, value) and (
        branches is None or any(_admits_kind(one, document, value) for one in branches if is_members(one))
    )
