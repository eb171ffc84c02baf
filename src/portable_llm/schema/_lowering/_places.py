"""Where the pieces of a reply stand in the original's shape, and which can be seen there while it is written."""

from __future__ import annotations

from typing import Any, cast

from portable_llm.schema._lowering._codecs import (
    BothCodecs,
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
)
from portable_llm.schema._lowering._sieve import Path, Step, Unfinished, decided, of_kind, possible


def item_codec(codec: ListCodec | PrefixCodec, index: int) -> Codec | None:
    """The codec of one item."""
    if isinstance(codec, ListCodec):
        return codec.item
    return codec.prefix[index] if index < len(codec.prefix) else codec.rest


def is_there(codec: TupleCodec, index: int, value: dict[str, Any]) -> bool:
    """Whether a place of a list is taken; null in an optional one says that the list has ended."""
    name = codec.names[index]
    return name in value and (value[name] is not None or index < codec.required or index in codec.nulls)


def place(codec: Codec | None, path: Path, value: Any) -> Path | None:
    """The path through a codec. It depends on what stands before the piece alone, never on what comes behind it."""
    if codec is None or not path:
        return path
    step, rest = path[0], path[1:]
    match codec:
        case RefCodec():
            return place(codec.target, path, value)
        case UnionCodec():
            branch = decided(of_kind(codec, value))
            return None if branch is None else place(branch.codec, path, value)
        case BothCodecs():
            inner = place(codec.second, path, value)
            names = codec.second if isinstance(codec.second, NamesCodec) else None
            return None if inner is None else place(codec.first, inner, names.restore(value) if names else value)
        case ListCodec() | PrefixCodec():
            return _below(step, place(item_codec(codec, cast("int", step)), rest, value[step]))
        case EveryMemberCodec():
            return _below(step, place(None if step in codec.known else codec.value, rest, value[step]))
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
            return place(codec.inner, rest, value[step]) if rest and step == codec.member else None
        case _:
            return None


def _below(step: Step, path: Path | None) -> Path | None:
    return None if path is None else (step, *path)


def _member_place(codec: ObjectCodec, path: Path, value: dict[str, Any]) -> Path | None:
    name, rest = cast("str", path[0]), path[1:]
    if value[name] is None and name in codec.unsettled:
        return None
    if name == codec.extra and codec.pairs is not None:
        found = place(codec.pairs, rest, value[name]) if rest else None
        return found if found and found[0] not in codec.known else None
    return _below(name, place(codec.codecs.get(name), rest, value[name]))


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
    return _below(key, place(codec.value, path[2:], pair["value"]))


def _tuple_place(codec: TupleCodec, path: Path, value: dict[str, Any]) -> Path | None:
    name, rest = cast("str", path[0]), path[1:]
    index = codec.names.index(name) if name in codec.names else len(codec.names)
    before = codec.names[: index + 1]
    if tuple(value)[: len(before)] != before or not all(is_there(codec, i, value) for i in range(len(before))):
        return None
    if index < len(codec.names):
        return _below(index, place(codec.codecs[index], rest, value[name]))
    if name != codec.rest or not rest:
        return None
    at = cast("int", rest[0])
    return _below(index + at, place(codec.rest_codec, rest[1:], value[name][at]))


# ---- what can be seen ------------------------------------------------------------------------------------------------


def is_seen(codec: Codec | None, path: Path, value: Any, now: Unfinished, is_put: bool) -> bool:
    """Whether what was added at the path can be seen; it costs as much as the schema and the path are large."""
    match codec:
        case None:
            return True
        case TextCodec() | LabelCodec():
            return False  # it is seen when it is completed
        case RefCodec():
            return is_seen(codec.target, path, value, now, is_put)
        case UnionCodec():
            branch = decided(of_kind(codec, value))
            if branch is None:
                branch = decided(possible(codec, value, now))
                if is_put and branch is not None:
                    return True  # the new piece may have decided the branch, and then more is seen than the piece
            return branch is not None and is_seen(branch.codec, path, value, now, is_put)
        case BothCodecs():
            return _both_seen(codec, path, value, now, is_put)
        case PairsCodec():
            return not path or _pairs_seen(codec, path, value, now, is_put)
        case WrapCodec():
            return _below_seen(codec.inner, codec.member, path, value, now, is_put)
        case _ if not path:
            return True
        case TupleCodec():
            return _tuple_seen(codec, path, value, now, is_put)
        case ObjectCodec():
            return _member_seen(codec, path, value, now, is_put)
        case ListCodec() | PrefixCodec():
            return _below_seen(item_codec(codec, cast("int", path[0])), path[0], path, value, now, is_put)
        case EveryMemberCodec():
            inner = None if path[0] in codec.known else codec.value
            return _below_seen(inner, path[0], path, value, now, is_put)
        case _:
            return True


def _below_seen(codec: Codec | None, step: Step, path: Path, value: Any, now: Unfinished, is_put: bool) -> bool:
    """The same for the piece at a step: the path goes there, or the piece has come already."""
    rest = path[1:] if path and path[0] == step else ()
    if _has(value, step):
        return is_seen(codec, rest, value[step], now, is_put)
    # The string that is open is not part of the value.
    return bool(path) and path[0] == step and is_seen(codec, rest, "", now, is_put)


def _has(value: Any, step: Step) -> bool:
    if is_members(value):
        return step in value
    return is_items(value) and isinstance(step, int) and step < len(value)


def _both_seen(codec: BothCodecs, path: Path, value: Any, now: Unfinished, is_put: bool) -> bool:
    names = codec.second if isinstance(codec.second, NamesCodec) else None
    if names is None:
        return is_seen(codec.second, path, value, now, is_put) and is_seen(codec.first, path, value, now, is_put)
    said = (names.said.get(cast("str", path[0]), path[0]), *path[1:]) if path else ()
    return is_seen(codec.first, said, names.restore(value), now, is_put)


def _member_seen(codec: ObjectCodec, path: Path, value: dict[str, Any], now: Unfinished, is_put: bool) -> bool:
    name = cast("str", path[0])
    if name in codec.unsettled and _has(value, name) and value[name] is None:
        return False
    if name == codec.extra and codec.pairs is not None:
        return len(path) > 1 and _below_seen(codec.pairs, name, path, value, now, is_put)
    return _below_seen(codec.codecs.get(name), name, path, value, now, is_put)


def _pairs_seen(codec: PairsCodec, path: Path, value: Any, now: Unfinished, is_put: bool) -> bool:
    if codec.member is not None and is_members(value):
        if path[0] != codec.member or codec.member not in value:
            return False
        value, path = value[codec.member], path[1:]
    pair = value[path[0]] if path and _has(value, path[0]) else None
    if len(path) < 2 or not is_members(pair) or "key" not in pair:
        return False
    if path[1] == "key":
        return "value" in pair
    return _below_seen(codec.value, "value", path[1:], pair, now, is_put)


def _tuple_seen(codec: TupleCodec, path: Path, value: Any, now: Unfinished, is_put: bool) -> bool:
    name = cast("str", path[0])
    index = codec.names.index(name) if name in codec.names else len(codec.names)
    if not is_members(value) or not all(is_there(codec, i, value) for i in range(index)):
        return False
    if name == codec.rest:
        return len(path) > 1 and _below_seen(PrefixCodec([], codec.rest_codec), name, path, value, now, is_put)
    # Places that came too early are seen when the one before them is.
    return index < len(codec.names) and _below_seen(codec.codecs[index], name, path, value, now, is_put)
