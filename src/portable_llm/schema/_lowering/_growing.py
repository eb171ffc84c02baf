"""A reply restored while it is written: only what no later text can change.

What is finished goes through the codec as the whole reply does in the end. What is not finished (the open objects and
lists, the string that is being written) is shown as far as its beginning is certain: a key that still grows, a union
whose branch is still open, JSON inside an unfinished string stay away. So values only ever grow, and end at what
`restore` makes of the whole reply.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

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
    restore,
)
from portable_llm.schema._lowering._places import is_seen, is_there, item_codec, place
from portable_llm.schema._lowering._sieve import Path, Step, Unfinished, decided, possible

ABSENT: Final = object()
"""Nothing that could be shown."""


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
        try:
            return place(self._codec, path, reply)
        except RecursionError:
            return None

    def is_seen(self, path: Path, reply: Any, unfinished: Unfinished, *, is_put: bool = False) -> bool:
        """Whether what was added at the path can be seen: to the string that is open there, or a new piece (`is_put`).

        `reply` is what has come, without the string that is open. Yes, where nobody can say.
        """
        try:
            return is_seen(self._codec, path, reply, unfinished, is_put)
        except RecursionError:
            return True

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
            one = self._piece(item_codec(codec, i), value, i, now)
            if one is ABSENT:
                return
            yield one

    def _object(self, codec: ObjectCodec, value: dict[str, Any], now: Unfinished) -> Iterator[tuple[str, Any]]:
        for name, one in value.items():
            if one is None and name in codec.unsettled:
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
            if not is_there(codec, i, value):
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
        branch = decided(possible(codec, value, now))
        return ABSENT if branch is None else self._grown(branch.codec, value, now)
