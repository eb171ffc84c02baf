"""Objects: closing, requiring, and the encodings for what a dialect has no words for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from portable_llm.schema._lowering._codecs import (
    Codec,
    EveryMemberCodec,
    NamesCodec,
    ObjectCodec,
    PairsCodec,
    both,
)
from portable_llm.schema._lowering._combine import Members, is_named_by, is_never, members_of
from portable_llm.schema._lowering._document import Conj, escape
from portable_llm.schema._lowering._ledger import words_for
from portable_llm.schema._lowering._settle import Union
from portable_llm.schema._lowering._shape import Shape
from portable_llm.schema._lowering._site import Site

if TYPE_CHECKING:
    from portable_llm.schema._lowering._compile import Compiler, Spot

Node = dict[str, Any]
_ABSENT = "no value is valid, so the member must be absent; the client checks it"


def object_node(compiler: Compiler, shape: Shape, spot: Spot, words: list[str]) -> tuple[Node, Codec | None] | None:
    """An object; `None` if no object can be valid."""
    members = members_of(shape)
    at = shape.groups[0].at if shape.groups else shape.conj[0][1] if shape.conj else ""
    site = Site(compiler, shape, at, spot, words)
    for place in members.unevaluated_lost:
        compiler.ledger.weaken(place, "unevaluatedProperties")
        words.append("no other members")
    if not members.is_exact:
        compiler.ledger.weaken(at, "patternProperties")
        words.append(words_for("patternProperties", sorted(members.patterns)))
    if compiler.is_deep(spot.depth):
        return compiler.text(at, "type", spot, "objects nest too deep here", words)
    names = _with_required(shape, members)
    if names is None:
        return None
    if not names:
        return _nameless(site, members)
    return _named(site, members, names)


def _with_required(shape: Shape, members: Members) -> dict[str, Conj] | None:
    """All members that are spoken of; `None` if a required one may not exist."""
    if members.said_at == "" and not members.props and members.additional is None:
        # Nothing but `required`: which members an object has is open, so it stays free.
        return {} if not members.patterns else members.props
    names = dict(members.props)
    for name in shape.required:
        if name in names:
            continue
        found = [conj for pattern, conj in members.patterns.items() if is_named_by(pattern, name)]
        if found:
            names[name] = tuple(sub for conj in found for sub in conj)
        elif members.additional is not None:
            names[name] = members.additional
            if any(schema is False for schema, _at in members.additional):
                return None
        elif members.props or members.patterns:
            names[name] = ()
    return names


def _weaken_counts(site: Site, node: Node, *, may_keep: bool) -> None:
    for keyword in ("minProperties", "maxProperties"):
        if keyword in site.shape.scalars:
            value, at = site.shape.scalars[keyword]
            if may_keep and keyword in site.compiler.supported:
                node[keyword] = int(value)
            else:
                site.compiler.ledger.weaken(at, keyword)
                site.words.append(words_for(keyword, value))


def _weaken_required(site: Site) -> None:
    for name, at in site.shape.required.items():
        site.compiler.ledger.weaken(at, "required", "not enforced inside this encoding; the client checks it")
        site.words.append(words_for("required", name))


def _is_free(conj: Conj | None) -> bool:
    return conj is None or all(schema is True or schema == {} for schema, _at in conj)


def _further(members: Members) -> tuple[Conj | None, bool]:
    """What further members have to be (`None`: there may be none), and whether patterns were lost."""
    if not members.patterns:
        return (None if is_never(members.additional) else members.additional or ()), False
    if len(members.patterns) == 1 and is_never(members.additional):
        return next(iter(members.patterns.values())), True
    return (), True


def _lose_patterns(compiler: Compiler, members: Members, conj: Conj | None) -> None:
    """What is said of members by patterns, and of all others, unless every member that is left has to be that."""
    for said in (*members.patterns.values(), members.additional or ()):
        for schema, at in said if not conj else ():
            compiler.lose(schema, at)


def _nameless(site: Site, members: Members) -> tuple[Node, Codec | None] | None:
    """An object without known members: a map, anything, or nothing."""
    compiler = site.compiler
    maps = not compiler.dialect.closes_objects and "additionalProperties" in compiler.supported
    if is_never(members.additional) and not members.patterns:
        return _empty(site)
    conj, lost = _further(members)
    if lost:
        _lose_patterns(compiler, members, conj)
        site.words.extend(words_for("patternProperties", pattern) for pattern in members.patterns)
        compiler.ledger.weaken(site.at, "patternProperties")
    if site.shape.required:
        _weaken_required(site)
    if maps:
        return _native_map(site, members, conj)
    if _is_free(conj):
        _weaken_counts(site, {}, may_keep=False)
        return compiler.text(site.at, "type", site.spot, "an object with members of any name", site.words)
    return _pairs(site, members, conj or ())


def _native_map(site: Site, members: Members, conj: Conj | None) -> tuple[Node, Codec | None] | None:
    node: Node = {"type": "object"}
    codec: Codec | None = None
    if not _is_free(conj):
        result = site.compiler.compile(conj or (), site.spot.deeper())
        if result is None:
            return _empty(site._replace(at=members.said_at))
        node["additionalProperties"], inner = result
        site.compiler.hold_unevaluated(members.said_at, members.keyword, conj or ())
        codec = None if inner is None else EveryMemberCodec(inner)
    _weaken_counts(site, node, may_keep=codec is None)
    return node, codec


def _empty(site: Site) -> tuple[Node, Codec | None] | None:
    """An object that has no members."""
    if site.shape.required or site.shape.scalars.get("minProperties", (0,))[0] > 0:
        return None
    row = site.compiler.dialect
    if row.needs_properties or row.min_required:
        return site.compiler.text(site.at, "additionalProperties", site.spot, "an object without members", site.words)
    node: Node = {"type": "object", "properties": {}, "additionalProperties": False}
    if row.all_required:
        node["required"] = []
    return node, None


def _pairs(site: Site, members: Members, conj: Conj) -> tuple[Node, Codec | None] | None:
    """A map as a list of pairs."""
    compiler, spot = site.compiler, site.spot
    made = pairs_node(compiler, conj, spot.deeper() if spot.union else spot)
    if made is None:
        return compiler.text(site.at, members.keyword, spot, "a map whose values nest too deep", site.words)
    node, codec = made
    _weaken_counts(site, node, may_keep=False)
    keyword = members.keyword if members.additional is not None else "patternProperties"
    compiler.ledger.encode(members.said_at or site.at, keyword, "a map, written as a list of pairs of key and value")
    if not spot.union:
        return node, codec
    codec.member = "entries"
    return compiler.closed({"entries": node}, ["entries"]), codec


def pairs_node(compiler: Compiler, conj: Conj, spot: Spot) -> tuple[Node, PairsCodec] | None:
    """The list of pairs of a map's members, and its codec."""
    if compiler.is_deep(spot.depth):
        return None
    result = compiler.compile(conj, spot.deeper())
    if result is None:
        return None
    value, codec = result
    compiler.budget.members += 2
    pair = compiler.closed({"key": {"type": "string"}, "value": value}, ["key", "value"])
    return {"type": "array", "items": pair}, PairsCodec(codec)


def _named(site: Site, members: Members, names: dict[str, Conj]) -> tuple[Node, Codec | None] | None:
    """An object with known members."""
    compiler, shape, at, spot, words = site
    row = compiler.dialect
    properties: dict[str, Node] = {}
    codecs: dict[str, Codec] = {}
    absent: dict[str, Conj] = {}
    required = [name for name in names if name in shape.required]
    inner, optional = spot.deeper(), spot.deeper(optional=True)
    for name, conj in names.items():
        result = compiler.compile(conj, inner if name in shape.required else optional)
        if result is None:
            if name in shape.required:
                return None
            absent[name] = conj
            continue
        properties[name], codec = result
        if codec is not None:
            codecs[name] = codec
    if not _is_closed(compiler, members, bool(properties)):
        _lose_absent(compiler, absent, words)
    if not properties:
        return _nameless(site, members)
    found = ObjectCodec(codecs=codecs)
    if _presence_matters(shape) and (missing := _missing(compiler, properties, required)):
        if members.unevaluated_lost and any(compiler.admits_null(properties[name]) for name in missing):
            # Null would have to mean both null and absent, and nothing here can tell which of them is valid.
            return compiler.text(at, "properties", spot, "an object whose members depend on each other", words)
        found.counted = (shape.conj, compiler.document)
    _fill(compiler, properties, required, found, at, names)
    node: Node = {"type": "object", "properties": properties}
    if required or row.all_required:
        node["required"] = required
    further = _close(site, node, members, found, names)
    is_plain = not (found.codecs or found.fill or found.drop or found.extra)
    _weaken_counts(site, node, may_keep=is_plain and further is None)
    compiler.budget.add_object(node["properties"])
    renamed = _renamed(compiler, node, at) if spot.root else None
    return node, both(both(None if is_plain else found, further), renamed)


def _renamed(compiler: Compiler, node: Node, at: str) -> NamesCodec | None:
    """Give members names that the dialect takes; `None` where all have them."""
    pattern = compiler.dialect.property_names
    if pattern is None:
        return None
    properties: dict[str, Node] = node["properties"]
    unfit = [name for name in properties if re.fullmatch(pattern, name) is None]
    if not unfit:
        return None
    taken = set(properties)
    written: dict[str, str] = {}
    for name in sorted(unfit):
        written[name] = _fitting(name, taken)
        taken.add(written[name])
        compiler.ledger.encode(f"{at}/properties/{escape(name)}", "", f"the member is called {written[name]!r} here")
    node["properties"] = {written.get(name, name): one for name, one in properties.items()}
    if "required" in node:
        node["required"] = [written.get(name, name) for name in node["required"]]
    return NamesCodec(written, {name: said for said, name in written.items()})


def _fitting(name: str, taken: set[str]) -> str:
    """A name of letters, digits and `_` that is not taken, as near to the given one as it goes."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", name)[:40].strip("_") or "member"
    if not plain[0].isalpha():
        plain = f"m_{plain}"
    found, count = plain, 2
    while found in taken:
        found, count = f"{plain}_{count}", count + 1
    return found


def _is_closed(compiler: Compiler, members: Members, has_names: bool) -> bool:
    """Whether no member can be written but those that have a name."""
    if members.additional is None and not members.patterns:
        return compiler.dialect.closes_by_silence and has_names
    return not members.patterns and is_never(members.additional) and "additionalProperties" in compiler.supported


def _lose_absent(compiler: Compiler, absent: dict[str, Conj], words: list[str]) -> None:
    """Members that can have no value, where a member of any name may be written."""
    for name, conj in absent.items():
        for schema, place in conj:
            compiler.lose(schema, place, _ABSENT)
        words.append(f"{name} must be absent")


def _presence_matters(shape: Shape) -> bool:
    return bool(shape.checks) or "minProperties" in shape.scalars or "maxProperties" in shape.scalars


def _missing(compiler: Compiler, properties: dict[str, Node], required: list[str]) -> list[str]:
    """Optional members that have to be required all the same."""
    row = compiler.dialect
    missing = [name for name in properties if name not in required]
    if row.all_required:
        return missing
    return sorted(missing, key=lambda name: ("type" not in properties[name], name))[
        : max(0, row.min_required - len(required))
    ]


def _fill(
    compiler: Compiler,
    properties: dict[str, Node],
    required: list[str],
    found: ObjectCodec,
    at: str,
    names: dict[str, Conj],
) -> None:
    """Make optional members required and nullable, as far as the dialect demands."""
    missing = _missing(compiler, properties, required)
    drop: set[str] = set()
    ambiguous: set[str] = set()
    for name in missing:
        place, how = f"{at}/properties/{escape(name)}", "and null when absent"
        if not compiler.admits_null(properties[name]):
            plain = properties[name]
            properties[name] = compiler.with_null(plain)
            # A definition that is still being written may turn out to have null as a value of its own.
            if not ("$ref" in plain and compiler.accepted_null(names[name])):
                drop.add(name)
            if "anyOf" in properties[name] and ("$ref" in plain or "properties" in plain or "anyOf" in plain):
                compiler.unenforced(names[name])
                compiler.written.append(Union(place, names[name]))
                how = "as anyOf with null, which stands for absent"
        elif not _speaks_of_null(names[name]) or not compiler.accepted_null(names[name], is_strict=True):
            # Null is valid only because nothing is said, so nobody asked for it; or it is not valid at all.
            drop.add(name)
            ambiguous.add(name)
        compiler.ledger.encode(place, "type", f"optional, written as required {how}")
        required.append(name)
    if missing:
        needed = set(required)
        required[:] = [name for name in properties if name in needed]
    found.fill = tuple(missing)
    found.drop = frozenset(drop)
    found.ambiguous = frozenset(ambiguous)


_NAMES_VALUES = frozenset({"type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"})


def _speaks_of_null(conj: Conj) -> bool:
    return any(isinstance(schema, dict) and not _NAMES_VALUES.isdisjoint(cast("Node", schema)) for schema, _at in conj)


def _close(site: Site, node: Node, members: Members, found: ObjectCodec, names: dict[str, Conj]) -> Codec | None:
    """Say what further members may be; returns the codec of further members where they stay members."""
    compiler, _shape, at, _spot, words = site
    row, said_at = compiler.dialect, members.said_at or at
    conj, lost = _further(members)
    can_say = "additionalProperties" in compiler.supported
    if conj is None:
        if can_say:
            node["additionalProperties"] = False
            if members.keyword != "additionalProperties":
                compiler.ledger.rename(said_at, members.keyword, "written as additionalProperties")
        else:
            compiler.ledger.weaken(said_at, members.keyword)
            words.append("no further members")
        return None
    if members.additional is None and not members.patterns:
        if row.closes_by_silence:
            detail = "further members are open only because the schema is silent; they are closed here"
            compiler.ledger.add(at, "additionalProperties", "narrowed", detail, "provider", "narrowed")
            if can_say:
                node["additionalProperties"] = False
        return None
    if lost:
        _lose_patterns(compiler, members, conj)
        compiler.ledger.weaken(said_at, "patternProperties")
        words += [words_for("patternProperties", pattern) for pattern in members.patterns]
    if can_say and not row.closes_objects:
        return _open(site, node, members, conj, names)
    _extra(site._replace(at=said_at), node, members, found, conj, names)
    return None


def _open(site: Site, node: Node, members: Members, conj: Conj, names: dict[str, Conj]) -> Codec | None:
    if _is_free(conj):
        node["additionalProperties"] = True
        return None
    result = site.compiler.compile(conj, site.spot.deeper(optional=True))
    if result is None:
        node["additionalProperties"] = False
        return None
    node["additionalProperties"], codec = result
    site.compiler.hold_unevaluated(members.said_at, members.keyword, conj)
    return None if codec is None else EveryMemberCodec(codec, known=frozenset(names))


def _extra(site: Site, node: Node, members: Members, found: ObjectCodec, conj: Conj, names: dict[str, Conj]) -> None:
    """Further members go into one more member, as a list of pairs."""
    compiler, _shape, at, spot, _words = site
    made = pairs_node(compiler, conj, spot.deeper())
    keyword = members.keyword if members.additional is not None else "patternProperties"
    if made is None:
        if not compiler.dialect.closes_objects:
            for schema, place in conj:
                compiler.lose(schema, place)
            return
        if compiler.is_deep(spot.depth + 1):
            compiler.ledger.add(at, keyword, "narrowed", "further members nest too deep here", "nobody", "narrowed")
        else:
            compiler.ledger.rename(at, keyword, "no further member can be valid, so the object is closed")
        node["additionalProperties"] = False
        return
    name = "additional_properties"
    while name in names:
        name += "_"
    pairs, found.pairs = made
    found.extra, found.known = name, frozenset(names)
    node["properties"][name] = {**pairs, "description": "Further members, as pairs of key and value"}
    node["required"] = [*node.get("required", []), name]
    if compiler.dialect.closes_objects:
        node["additionalProperties"] = False
    compiler.ledger.encode(at, keyword, f"further members are written as pairs in {name}")
