"""`anyOf` and `oneOf`: as alternatives of one place, distributed over what stands beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from portable_llm.schema._lowering._codecs import Branch, Codec
from portable_llm.schema._lowering._document import Conj
from portable_llm.schema._lowering._ledger import words_for
from portable_llm.schema._lowering._settle import Holder, Union
from portable_llm.schema._lowering._shape import ANY, ARRAY, NULL, Shape, fingerprint

if TYPE_CHECKING:
    from portable_llm.schema._lowering._compile import Compiler, Spot

Node = dict[str, Any]
MAX_VARIANTS = 64
"""Alternatives that distributing unions may make; beyond, a union is left to the client."""
MAX_PAIRS = 128
"""Branches of a `oneOf` that are held against each other."""
_ALL = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})


def lower_union(compiler: Compiler, shape: Shape, spot: Spot, words: list[str]) -> tuple[Node, Codec | None] | None:
    """The alternatives of a shape with unions."""
    if shape.enum is not None:
        return _finite(compiler, shape, spot, words)
    count = 1
    for _keyword, branches, _at in shape.unions:
        count *= max(1, len(branches))
    is_bare = _is_bare(shape)
    if not is_bare and count > MAX_VARIANTS:
        return _without(compiler, shape, spot, words)
    variants = _variants(compiler, shape)
    _exclusive(compiler, shape, variants, words)
    result = _alternatives(compiler, shape, variants, spot, words)
    if result is not None and "anyOf" in result[0]:
        compiler.written.append(Union(shape.unions[0][2], shape.conj))
    for keyword, branches, at in shape.unions:
        conj = tuple((branch, f"{at}/{keyword}/{i}") for i, branch in enumerate(branches))
        compiler.holders.append(Holder(at, keyword, conj))
    several = [at for keyword, _branches, at in shape.unions if keyword == "anyOf"]
    if several and len(variants) > 1 and any(one.schema is not True for one in shape.unevaluated):
        detail = "a value of several alternatives at once is held to the members of one"
        compiler.ledger.add(several[0], "anyOf", "narrowed", detail, "nobody", "narrowed")
    return result


def _finite(compiler: Compiler, shape: Shape, spot: Spot, words: list[str]) -> tuple[Node, Codec | None] | None:
    """An enum beside a union: every value was held against the union, so the union has nothing more to say."""
    for keyword, branches, at in shape.unions:
        # Not all of a branch may be understood by the filter, and oneOf counts.
        compiler.ledger.weaken(at, keyword)
        words.append(words_for(keyword, branches))
    shape.unions = shape.unions or []
    return compiler.plain(shape, spot, words)


def _without(compiler: Compiler, shape: Shape, spot: Spot, words: list[str]) -> tuple[Node, Codec | None] | None:
    for keyword, branches, at in shape.unions:
        compiler.ledger.weaken(at, keyword, "too many combinations; the client checks it")
        compiler.resolve(branches)
        words.append(words_for(keyword, branches))
    shape.unions = []
    return compiler.plain(shape, spot, words)


def _is_bare(shape: Shape) -> bool:
    """Whether one union is all there is."""
    return (
        len(shape.unions) == 1
        and shape.mask == ANY
        and not (
            shape.scalars
            or shape.patterns
            or shape.formats
            or shape.groups
            or shape.rows
            or shape.required
            or shape.checks
            or shape.unevaluated
        )
    )


class Variant:
    """One combination of branches."""

    __slots__ = ("choices", "chosen", "shape")

    def __init__(self, shape: Shape, choices: dict[str, int], chosen: Conj) -> None:
        self.shape = shape
        self.choices = choices
        self.chosen = chosen
        """The branches themselves."""


def _variants(compiler: Compiler, shape: Shape) -> list[Variant]:
    """All combinations of branches, unions inside branches included as far as they fit."""
    pending = _choices(shape, {}, ())
    done: list[Variant] = []
    while pending:
        variant = pending.pop()
        found = compiler.gatherer.gather(shape.conj, variant.choices)
        variant.shape = found
        if found.is_never:
            continue
        if not found.unions or len(done) + len(pending) >= MAX_VARIANTS:
            done.append(variant)
            continue
        pending += _choices(found, variant.choices, variant.chosen)
    return done


def _choices(shape: Shape, choices: dict[str, int], chosen: Conj) -> list[Variant]:
    """A variant for each branch of the first union, the first branch last."""
    keyword, branches, at = shape.unions[0]
    place = f"{at}/{keyword}"
    return [
        Variant(shape, {**choices, place: i}, (*chosen, (branches[i], f"{place}/{i}")))
        for i in reversed(range(len(branches)))
    ]


def _exclusive(compiler: Compiler, shape: Shape, variants: list[Variant], words: list[str]) -> None:
    """`oneOf` is `anyOf` where no two branches can hold at once; otherwise the client counts."""
    places = dict.fromkeys(place for variant in variants for place in variant.choices if place.endswith("/oneOf"))
    for place in places:
        at = place.removesuffix("/oneOf")
        ways: dict[int, list[Shape]] = {}
        for variant in variants:
            if place in variant.choices:
                ways.setdefault(variant.choices[place], []).append(variant.shape)
        if _are_disjoint(compiler, list(ways.values())):
            compiler.ledger.rename(at, "oneOf", "no two branches can hold at once, so anyOf says the same")
        else:
            compiler.ledger.weaken(at, "oneOf", "written as anyOf; the client checks that exactly one branch holds")
            words.append("exactly one of the alternatives")


def _are_disjoint(compiler: Compiler, ways: list[list[Shape]]) -> bool:
    if len(ways) > MAX_PAIRS:
        return False
    marks = [[_marks(compiler, shape) for shape in way] for way in ways]
    return all(
        _apart(one, other)
        for i, first in enumerate(marks)
        for second in marks[i + 1 :]
        for one in first
        for other in second
    )


Marks = tuple[int, "frozenset[str] | None", "dict[str, tuple[int, frozenset[str] | None]]", "frozenset[str] | None"]


def _marks(compiler: Compiler, shape: Shape) -> Marks:
    """What tells a shape apart: types, values, values of required members, and all members if it is closed."""
    values = None if shape.enum is None else frozenset(map(fingerprint, shape.enum[0]))
    members: dict[str, tuple[int, frozenset[str] | None]] = {}
    names: frozenset[str] | None = None
    closed = [group for group in shape.groups if group.additional and group.additional[0][0] is False]
    if closed and not any(group.patterns for group in closed):
        names = frozenset(closed[0].props)
    for name in shape.required:
        conj = tuple(sub for group in shape.groups for sub in group.props.get(name, ()))
        if conj:
            inner = compiler.gatherer.gather(conj)
            members[name] = (
                inner.mask,
                None if inner.enum is None else frozenset(map(fingerprint, inner.enum[0])),
            )
        else:
            members[name] = (ANY, None)
    return shape.mask, values, members, names


def _apart(one: Marks, other: Marks) -> bool:
    if not one[0] & other[0]:
        return True
    if one[1] is not None and other[1] is not None and not one[1] & other[1]:
        return True
    if one[0] & other[0] != 64:
        # Only objects are told apart by their members; a list or a text would pass both.
        return False
    if one[3] is not None and other[2].keys() - one[3]:
        return True
    if other[3] is not None and one[2].keys() - other[3]:
        return True
    for name in one[2].keys() & other[2].keys():
        (mask, values), (mask_too, values_too) = one[2][name], other[2][name]
        if not mask & mask_too or (values is not None and values_too is not None and not values & values_too):
            return True
    return False


def _alternatives(
    compiler: Compiler, shape: Shape, variants: list[Variant], spot: Spot, words: list[str]
) -> tuple[Node, Codec | None] | None:
    from portable_llm.schema._lowering._compile import Spot

    is_one = len(variants) == 1
    names = _ALL if not is_one else spot.beside
    lists = spot.lists or sum(bool(variant.shape.mask & ARRAY) for variant in variants) > 1
    inner = Spot(spot.depth, spot.union or not is_one, names, spot.optional, spot.root and is_one, lists)
    branches: list[Branch] = []
    is_nullable = False
    seen: set[str] = set()
    was_repeating = compiler.is_repeating
    compiler.is_repeating = was_repeating or not is_one
    for variant in variants:
        result = _lowered(compiler, shape, variant, inner)
        if result is None:
            continue
        node, codec = result
        if compiler.dialect.nullable and variant.shape.mask == NULL:
            is_nullable = True
            continue
        mark = "" if codec is not None else repr(node)
        if mark and mark in seen:
            continue
        seen.add(mark)
        branches.append(Branch((*shape.conj, *variant.chosen), _ALL, node, codec))
    compiler.is_repeating = was_repeating
    return _joined(compiler, shape, branches, is_nullable, words)


def _lowered(compiler: Compiler, shape: Shape, variant: Variant, spot: Spot) -> tuple[Node, Codec | None] | None:
    """One alternative: the branch alone where nothing stands beside the union, so that references stay references."""
    if _is_bare(shape) and len(variant.choices) == 1:
        keyword, branches, at = shape.unions[0]
        index = next(iter(variant.choices.values()))
        return compiler.compile(((branches[index], f"{at}/{keyword}/{index}"),), spot)
    if variant.shape.unions:
        variant_words: list[str] = []
        return _without(compiler, variant.shape, spot, variant_words)
    return compiler.shaped(variant.shape, spot, shape)


def _joined(
    compiler: Compiler, shape: Shape, branches: list[Branch], is_nullable: bool, words: list[str]
) -> tuple[Node, Codec | None] | None:
    if not branches:
        return compiler.alternatives([], ["null"], shape, words) if is_nullable else None
    if len(branches) == 1:
        node = branches[0].lowered
        return ({**node, "nullable": True} if is_nullable else node), branches[0].codec
    merged = _types_only(compiler, branches)
    if merged is not None:
        return ({**merged, "nullable": True} if is_nullable else merged), None
    if compiler.dialect.support("anyOf") != "supported":
        for keyword, _branches, at in shape.unions:
            compiler.ledger.weaken(at, keyword)
        compiler.unenforced(shape.conj)
    node: Node = {"anyOf": [one for branch in branches for one in _flat(branch.lowered)]}
    if is_nullable:
        node["nullable"] = True
    if all(branch.codec is None for branch in branches):
        return node, None
    return node, compiler.union_codec(branches)


def _flat(node: Node) -> list[Node]:
    """A union inside a union as its alternatives."""
    return node["anyOf"] if node.keys() == {"anyOf"} else [node]


def _types_only(compiler: Compiler, branches: list[Branch]) -> Node | None:
    """`anyOf` of nothing but types as a list of types."""
    if not compiler.dialect.type_lists or any(branch.lowered.keys() != {"type"} for branch in branches):
        return None
    types: list[str] = []
    for branch in branches:
        kind = branch.lowered["type"]
        types += cast("list[str]", kind) if isinstance(kind, list) else [kind]
    return {"type": list(dict.fromkeys(types))}
