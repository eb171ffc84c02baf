"""Values as the model writes them, and back: one small codec per encoding, `None` where nothing changes.

`encode` takes a value that the original accepts; `restore` takes whatever a model wrote. Neither raises on a value
that does not fit: it is left as it is, so that validation finds it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard

from portable_llm.schema._lowering._accepts import Judge, type_of
from portable_llm.schema._lowering._document import Conj, Document


def is_members(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a value is a JSON object."""
    return isinstance(value, dict)


def is_items(value: object) -> TypeGuard[list[Any]]:
    """Whether a value is a JSON list."""
    return isinstance(value, list)


class Codec(Protocol):
    """There and back."""

    def encode(self, value: Any) -> Any:
        """An original value as the lowered schema wants it."""
        ...

    def restore(self, value: Any) -> Any:
        """A reply in the original's shape."""
        ...


def encode(codec: Codec | None, value: Any) -> Any:
    """Through a codec, if there is one."""
    return value if codec is None else codec.encode(value)


def restore(codec: Codec | None, value: Any) -> Any:
    """Back through a codec, if there is one."""
    return value if codec is None else codec.restore(value)


@dataclass(slots=True)
class ListCodec:
    """Every item of a list."""

    item: Codec

    def encode(self, value: Any) -> Any:
        if not is_items(value):
            return value
        return [self.item.encode(one) for one in value]

    def restore(self, value: Any) -> Any:
        if not is_items(value):
            return value
        return [self.item.restore(one) for one in value]


@dataclass(slots=True)
class PrefixCodec:
    """The first items of a list each in their own way, the rest alike."""

    prefix: list[Codec | None]
    rest: Codec | None

    def _of(self, index: int) -> Codec | None:
        return self.prefix[index] if index < len(self.prefix) else self.rest

    def encode(self, value: Any) -> Any:
        if not is_items(value):
            return value
        return [encode(self._of(i), one) for i, one in enumerate(value)]

    def restore(self, value: Any) -> Any:
        if not is_items(value):
            return value
        return [restore(self._of(i), one) for i, one in enumerate(value)]


@dataclass(slots=True)
class ObjectCodec:
    """Members by name: their own codecs, nulls that stand for absence, and the list that holds further members."""

    codecs: dict[str, Codec] = field(default_factory=dict[str, Codec])
    fill: tuple[str, ...] = ()
    """Members that must be there: null when absent."""
    drop: frozenset[str] = frozenset()
    """Members whose null means absence."""
    known: frozenset[str] = frozenset()
    extra: str | None = None
    pairs: PairsCodec | None = None
    ambiguous: frozenset[str] = frozenset()
    """Those of them whose null may be a value as well."""
    counted: tuple[Conj, Document] | None = None
    """What the original says of the object, where it depends on which members are there."""

    @property
    def unsettled(self) -> frozenset[str]:
        """Members of which a null may still turn out to be nothing while the object is not finished."""
        return self.drop if self.counted is None else self.drop.union(self.fill)

    def encode(self, value: Any) -> Any:
        if not is_members(value):
            return value
        result: dict[str, Any] = {}
        further: dict[str, Any] = {}
        for name, one in value.items():
            if self.extra is not None and name not in self.known:
                further[name] = one
            else:
                result[name] = encode(self.codecs.get(name), one)
        for name in self.fill:
            result.setdefault(name, None)
        if self.extra is not None and self.pairs is not None:
            result[self.extra] = self.pairs.encode(further)
        return result

    def restore(self, value: Any) -> Any:
        if not is_members(value):
            return value
        result = self._restored(value, self.drop)
        if self.counted is None or self._fits(result):
            return result
        # Where members are counted, a null is what makes the object valid: the value null, or a member that is absent.
        for drop in (self.drop - self.ambiguous, frozenset(self.fill)):
            other = self._restored(value, drop)
            if self._fits(other):
                return other
        return result

    def _restored(self, value: dict[str, Any], drop: frozenset[str]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name, one in value.items():
            if one is None and name in drop:
                continue
            if name == self.extra and self.pairs is not None:
                further = self.pairs.restore(one)
                if is_members(further):
                    result |= {key: item for key, item in further.items() if key not in value}
                    continue
            result[name] = restore(self.codecs.get(name), one)
        return result

    def _fits(self, value: dict[str, Any]) -> bool:
        if self.counted is None:
            return True
        conj, document = self.counted
        judge = Judge(document, is_strict=True)
        return all(judge.accepts(schema, value) for schema, _at in conj)


@dataclass(slots=True)
class NamesCodec:
    """Members under other names; it works on what the other codecs of the object have written."""

    written: dict[str, str]
    """Name in the original → name in the lowered schema."""
    said: dict[str, str]
    """And back."""

    def encode(self, value: Any) -> Any:
        if not is_members(value):
            return value
        return {self.written.get(name, name): one for name, one in value.items()}

    def restore(self, value: Any) -> Any:
        if not is_members(value):
            return value
        return {self.said.get(name, name): one for name, one in value.items()}


@dataclass(slots=True)
class BothCodecs:
    """Two codecs for one object, the first nearer to the original."""

    first: Codec
    second: Codec

    def encode(self, value: Any) -> Any:
        return self.second.encode(self.first.encode(value))

    def restore(self, value: Any) -> Any:
        return self.first.restore(self.second.restore(value))


def both(first: Codec | None, second: Codec | None) -> Codec | None:
    """One after the other, as far as they are there."""
    if first is None or second is None:
        return second if first is None else first
    return BothCodecs(first, second)


@dataclass(slots=True)
class EveryMemberCodec:
    """The same codec for every member of an object but the known ones."""

    value: Codec
    known: frozenset[str] = frozenset()

    def encode(self, value: Any) -> Any:
        if not is_members(value):
            return value
        return {name: one if name in self.known else self.value.encode(one) for name, one in value.items()}

    def restore(self, value: Any) -> Any:
        if not is_members(value):
            return value
        return {name: one if name in self.known else self.value.restore(one) for name, one in value.items()}


@dataclass(slots=True)
class PairsCodec:
    """A map as a list of `{"key", "value"}`, alone or as the one member of an object."""

    value: Codec | None
    member: str | None = None

    def encode(self, value: Any) -> Any:
        if not is_members(value):
            return value
        pairs = [{"key": name, "value": encode(self.value, one)} for name, one in value.items()]
        return pairs if self.member is None else {self.member: pairs}

    def restore(self, value: Any) -> Any:
        pairs = value
        if self.member is not None and is_members(value) and len(value) == 1:
            pairs = value.get(self.member)
        if not is_items(pairs):
            return value
        result: dict[str, Any] = {}
        for pair in pairs:
            if is_members(pair) and set(pair) == {"key", "value"}:
                key = pair["key"]
                if isinstance(key, str) and key not in result:
                    result[key] = restore(self.value, pair["value"])
                    continue
            return value
        return result


@dataclass(slots=True)
class TupleCodec:
    """A list with named places as an object."""

    names: tuple[str, ...]
    codecs: list[Codec | None]
    required: int
    rest: str | None
    rest_codec: Codec | None
    fill: bool
    """Absent places are written as null."""
    nulls: frozenset[int] = frozenset()
    """Places where null is a value."""

    def encode(self, value: Any) -> Any:
        if not is_items(value):
            return value
        result = {name: encode(codec, one) for name, codec, one in zip(self.names, self.codecs, value, strict=False)}
        if self.fill:
            result = {name: result.get(name) for name in self.names}
        if self.rest is not None:
            result[self.rest] = [encode(self.rest_codec, one) for one in value[len(self.names) :]]
        return result

    def restore(self, value: Any) -> Any:
        if not is_members(value):
            return value
        if not value.keys() <= {*self.names, self.rest}:
            return value
        result: list[Any] = []
        for i, (name, codec) in enumerate(zip(self.names, self.codecs, strict=True)):
            if name not in value or (value[name] is None and i >= self.required and i not in self.nulls):
                break
            result.append(restore(codec, value[name]))
        further = value.get(self.rest) if self.rest is not None else None
        if is_items(further) and len(result) == len(self.names):
            result += [restore(self.rest_codec, one) for one in further]
        return result


@dataclass(slots=True)
class TextCodec:
    """A value as JSON text, alone or as the one member of an object."""

    member: str | None = None

    def encode(self, value: Any) -> Any:
        text = json.dumps(value, ensure_ascii=False)
        return text if self.member is None else {self.member: text}

    def restore(self, value: Any) -> Any:
        text = value
        if self.member is not None and is_members(value) and len(value) == 1:
            text = value.get(self.member)
        if not isinstance(text, str):
            return value
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return value


@dataclass(slots=True)
class LabelCodec:
    """The values of an enum under labels that are texts."""

    labels: dict[str, Any]
    """Label → value."""
    by_value: dict[str, str]
    """Fingerprint of a value → label."""

    def encode(self, value: Any) -> Any:
        from portable_llm.schema._lowering._shape import fingerprint

        return self.by_value.get(fingerprint(value), value)

    def restore(self, value: Any) -> Any:
        return self.labels.get(value, value) if isinstance(value, str) else value


@dataclass(slots=True)
class Branch:
    """One way a value may go: what the original says about it, and what the lowered schema says."""

    conj: Conj
    mask: frozenset[str]
    """JSON types that the original allows here."""
    lowered: dict[str, Any]
    codec: Codec | None

    def is_own_object(self) -> bool:
        """Whether its values are written as an object that the original does not have."""
        codec = self.codec
        return isinstance(codec, TupleCodec) or (
            isinstance(codec, (PairsCodec, TextCodec)) and codec.member is not None
        )


@dataclass(slots=True)
class UnionCodec:
    """The first branch that fits; one that fits a strict judge goes before one that may not."""

    branches: list[Branch]
    document: Document
    lowered: Document | None = None
    """The finished lowered schema; set when it is."""

    def _fits(self, branch: Branch, value: Any, *, is_strict: bool) -> bool:
        judge = Judge(self.document, is_strict=is_strict)
        return type_of(value) in branch.mask and all(judge.accepts(schema, value) for schema, _at in branch.conj)

    def encode(self, value: Any) -> Any:
        for is_strict in (True, False):
            for branch in self.branches:
                if self._fits(branch, value, is_strict=is_strict):
                    return encode(branch.codec, value)
        return value

    def restore(self, value: Any) -> Any:
        found: list[tuple[Branch, Any]] = []
        # Beside an object of any members, what looks like an encoding is read as one.
        for branch in sorted(self.branches, key=Branch.is_own_object, reverse=True):
            if Judge(self.lowered).accepts(branch.lowered, value):
                restored = restore(branch.codec, value)
                if self._fits(branch, restored, is_strict=True):
                    return restored
                found.append((branch, restored))
        for branch, restored in found:
            if self._fits(branch, restored, is_strict=False):
                return restored
        return found[0][1] if found else value


@dataclass(slots=True)
class RefCodec:
    """A definition that may contain itself; its codec is set when the definition is finished."""

    target: Codec | None = None

    def encode(self, value: Any) -> Any:
        return encode(self.target, value)

    def restore(self, value: Any) -> Any:
        return restore(self.target, value)


@dataclass(slots=True)
class WrapCodec:
    """Any value as the one member of an object."""

    member: str
    inner: Codec | None

    def encode(self, value: Any) -> Any:
        return {self.member: encode(self.inner, value)}

    def restore(self, value: Any) -> Any:
        if not is_members(value) or set(value) != {self.member}:
            return value
        return restore(self.inner, value[self.member])
