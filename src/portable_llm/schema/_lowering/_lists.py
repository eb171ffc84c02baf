"""Lists: of one kind of item, or with a schema for each of the first places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portable_llm.schema._lowering._codecs import Codec, ListCodec, PrefixCodec, TupleCodec
from portable_llm.schema._lowering._combine import Items, is_never, items_of
from portable_llm.schema._lowering._ledger import words_for
from portable_llm.schema._lowering._settle import Union
from portable_llm.schema._lowering._shape import Shape
from portable_llm.schema._lowering._site import Site

if TYPE_CHECKING:
    from portable_llm.schema._lowering._compile import Compiler, Spot

Node = dict[str, Any]
MAX_TUPLE = 64
"""Places with schemas of their own that are written as members of an object; more are sent as JSON text."""


def array_node(compiler: Compiler, shape: Shape, spot: Spot, words: list[str]) -> tuple[Node, Codec | None] | None:
    """A list; `None` if no list can be valid."""
    items = items_of(shape)
    least = int(shape.scalars.get("minItems", (0,))[0])
    at = items.at or (shape.conj[0][1] if shape.conj else "")
    if items.prefix:
        return _tuple(Site(compiler, shape, at, spot, words), items, least)
    node: Node = {"type": "array"}
    codec: Codec | None = None
    if items.rest is not None or compiler.dialect.needs_items:
        result = compiler.compile(items.rest or (), spot.inside())
        if result is None:
            return _no_items(compiler, shape, items, least, words)
        inner, item_codec = result
        if inner or compiler.dialect.needs_items:
            node["items"] = inner
        codec = None if item_codec is None else ListCodec(item_codec)
        compiler.hold_unevaluated(at, items.keyword, items.rest or ())
    counts(compiler, node, shape, words)
    return node, codec


def _no_items(
    compiler: Compiler, shape: Shape, items: Items, least: int, words: list[str]
) -> tuple[Node, Codec | None] | None:
    """The empty list."""
    if least > 0:
        return None
    node: Node = {"type": "array"}
    if compiler.dialect.needs_type:
        node["items"] = {"type": "string"}
    if "maxItems" in compiler.supported:
        node["maxItems"] = 0
        compiler.ledger.rename(items.at, items.keyword, "written as maxItems: 0")
    else:
        for schema, at in items.rest or ():
            compiler.lose(schema, at)
        words.append("no items")
    return node, None


def counts(compiler: Compiler, node: Node, shape: Shape, words: list[str]) -> None:
    """`minItems`, `maxItems`, `uniqueItems`, as far as they go."""
    most = compiler.dialect.max_min_items
    for keyword in ("minItems", "maxItems", "uniqueItems"):
        if keyword not in shape.scalars:
            continue
        value, at = shape.scalars[keyword]
        if keyword in compiler.supported and not (keyword == "minItems" and most is not None and value > most):
            node[keyword] = value if value is True else int(value)
            continue
        if keyword == "minItems" and most and keyword in compiler.supported:
            node[keyword] = most
        compiler.ledger.weaken(at, keyword)
        words.append(words_for(keyword, value))


def _tuple(site: Site, items: Items, least: int) -> tuple[Node, Codec | None] | None:
    """A list whose first items have their own schemas."""
    compiler, shape, at, spot, words = site
    most = shape.scalars.get("maxItems", (None,))[0]
    prefix = items.prefix if most is None else items.prefix[: int(most)]
    has_rest = not is_never(items.rest) and (most is None or most > len(prefix))
    if _is_native(compiler, least, is_bounded=not has_rest or most is not None):
        return _native_tuple(compiler, shape, items, spot, words)
    if len(prefix) > MAX_TUPLE or compiler.is_deep(spot.depth):
        return compiler.text(at, items.keyword, spot, "a list with places of their own", words)
    made: list[tuple[Node, Codec | None]] = []
    for i, conj in enumerate(prefix):
        result = compiler.compile(conj, spot.deeper(optional=i >= least))
        if result is None:
            if i < least:
                return None
            has_rest = False
            break
        made.append(result)
    nulls = frozenset(i for i, (node, _codec) in enumerate(made) if compiler.admits_null(node))
    if not made or any(i >= least for i in nulls):
        return compiler.text(at, items.keyword, spot, "a list with places of their own", words)
    return _places(site, items, made, min(least, len(made)), has_rest, nulls)


def _is_native(compiler: Compiler, least: int, *, is_bounded: bool) -> bool:
    """Whether `prefixItems` says it all here; an object with one member a place loses no length."""
    row = compiler.dialect
    if "prefixItems" not in row.supported or row.patterns == "grammar":
        return False
    if is_bounded and "maxItems" not in row.supported:
        return False
    return not least or ("minItems" in row.supported and (row.max_min_items is None or least <= row.max_min_items))


def _native_tuple(
    compiler: Compiler, shape: Shape, items: Items, spot: Spot, words: list[str]
) -> tuple[Node, Codec | None] | None:
    nodes: list[Any] = []
    codecs: list[Codec | None] = []
    least = int(shape.scalars.get("minItems", (0,))[0])
    node: Node = {"type": "array"}
    is_cut = False
    for i, conj in enumerate(items.prefix):
        result = compiler.compile(conj, spot.inside())
        if result is None:
            if i < least:
                return None
            shape.scalars["maxItems"] = (i, items.at)
            is_cut = True
            break
        nodes.append(result[0])
        codecs.append(result[1])
    if nodes:
        node["prefixItems"] = nodes
    rest_codec: Codec | None = None
    if items.rest is not None and not is_cut:
        result = compiler.compile(items.rest, spot.inside())
        if result is None:
            shape.scalars["maxItems"] = (min(len(nodes), shape.scalars.get("maxItems", (len(nodes),))[0]), items.at)
            compiler.ledger.rename(items.at, items.keyword, "written as maxItems")
        else:
            node["items"], rest_codec = result
            compiler.hold_unevaluated(items.at, items.keyword, items.rest)
    counts(compiler, node, shape, words)
    if rest_codec is None and not any(codecs):
        return node, None
    return node, PrefixCodec(codecs, rest_codec)


def _places(
    site: Site,
    items: Items,
    made: list[tuple[Node, Codec | None]],
    least: int,
    has_rest: bool,
    nulls: frozenset[int],
) -> tuple[Node, Codec | None] | None:
    """A tuple as an object with one member a place."""
    compiler, shape, at, spot, words = site
    row = compiler.dialect
    names = tuple(f"item_{i}" for i in range(len(made)))
    properties = {name: node for name, (node, _codec) in zip(names, made, strict=True)}
    required = list(names[:least])
    # Beside objects of any kind, an object without members would be the empty list as well.
    fill = row.all_required or (spot.union and not least and "object" in spot.beside)
    if fill:
        for name, conj in zip(names[least:], items.prefix[least:], strict=False):
            properties[name] = compiler.with_null(properties[name])
            if "anyOf" in properties[name] and conj:
                compiler.written.append(Union(conj[0][1], conj))
        required = list(names)
    elif row.min_required and not required:
        return compiler.text(at, items.keyword, spot, "a list with places of their own", words)
    rest: tuple[Node, Codec | None] | None = None
    if has_rest:
        rest = compiler.compile(items.rest or (), spot.deeper(optional=True))
    if rest is not None:
        properties["rest"] = {"type": "array", "items": rest[0]}
        required.append("rest")
    for keyword in ("minItems", "maxItems", "uniqueItems"):
        if keyword in shape.scalars and not (keyword != "uniqueItems" and rest is None):
            compiler.ledger.weaken(shape.scalars[keyword][1], keyword)
            words.append(words_for(keyword, shape.scalars[keyword][0]))
    if "minItems" in shape.scalars and rest is None and shape.scalars["minItems"][0] > len(made):
        return None
    compiler.ledger.encode(at, items.keyword, "a list with places of their own, written as an object")
    codecs = [codec for _node, codec in made]
    codec = TupleCodec(names, codecs, least, None if rest is None else "rest", rest and rest[1], fill, nulls)
    return compiler.closed(properties, required), codec
