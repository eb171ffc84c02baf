"""The compiler: one place after the other, each as the best its dialect can say.

`compile` takes all schemas that hold at one place and gives the lowered node and its codec, or `None` where no value
can be valid (the caller then leaves out a branch, a member, or the whole). Types are told apart first, since most
dialects want one: a node that says nothing about its type becomes a union of what it says about each.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, cast

from portable_llm._errors import UnsupportedSchemaError
from portable_llm.schema._dialect import Dialect
from portable_llm.schema._lowering._accepts import Judge
from portable_llm.schema._lowering._budget import Budget, Spent
from portable_llm.schema._lowering._codecs import Branch, Codec, RefCodec, TextCodec, UnionCodec
from portable_llm.schema._lowering._document import Conj, Document
from portable_llm.schema._lowering._given_up import below_keyword, given_up
from portable_llm.schema._lowering._ledger import Ledger, described, words_for
from portable_llm.schema._lowering._lists import array_node
from portable_llm.schema._lowering._objects import object_node
from portable_llm.schema._lowering._scalars import enum_node, number_node, string_node
from portable_llm.schema._lowering._settle import Holder, Union
from portable_llm.schema._lowering._shape import (
    ANY,
    ARRAY,
    BOOLEAN,
    INTEGER,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    Gatherer,
    Shape,
)
from portable_llm.schema._lowering._unions import lower_union

Node = dict[str, Any]
Result = tuple[Node, Codec | None] | None

UNROLL = 3
"""Times a definition that contains itself is written out where references may not recur."""
MAX_COPIES, MAX_WRITTEN = 8, 24_000
"""Copies of such a definition in all, where it contains itself in several places, and their characters of JSON."""
MAX_NESTING = 90

_ARRAY_WORDS = frozenset({"minItems", "maxItems", "uniqueItems"})
_STRING_WORDS = frozenset({"minLength", "maxLength"})
_NUMBER_WORDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_OBJECT_WORDS = frozenset({"minProperties", "maxProperties"})
_REF_NOTES = frozenset({"$ref", "title", "description", "default", "examples", "$defs", "definitions", "$schema"})
_TYPE_NAMES = {
    NULL: ("null",),
    BOOLEAN: ("boolean",),
    INTEGER: ("integer",),
    NUMBER: ("integer", "number"),
    8: ("number",),
    STRING: ("string",),
    ARRAY: ("array",),
    OBJECT: ("object",),
}


ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})


_NO_TYPES: frozenset[str] = frozenset()


class Spot(NamedTuple):
    """Where in the result a place stands."""

    depth: int = 0
    """Objects around it."""
    union: bool = False
    """It is one of several alternatives, so an encoding must not look like another one."""
    beside: frozenset[str] = _NO_TYPES
    optional: bool = False
    """It stands below a member that may be absent, seen from the nearest definition."""
    root: bool = False
    lists: bool = False
    """Several of the alternatives are lists, so that their items have to be told apart."""

    def deeper(self, *, optional: bool = False) -> Spot:
        """Inside an object here."""
        return Spot(self.depth + 1, optional=self.optional or optional)

    def inside(self) -> Spot:
        """Inside a list here."""
        return Spot(self.depth, self.lists, ALL_TYPES if self.lists else _NO_TYPES, self.optional)


class Part(NamedTuple):
    """One alternative of a place."""

    node: Node
    codec: Codec | None
    mask: int


class Compiler:
    """One schema into one dialect."""

    def __init__(
        self,
        document: Document,
        dialect: Dialect,
        ledger: Ledger,
        *,
        has_refs: bool,
        small_ranges: bool,
    ) -> None:
        self.document = document
        self.dialect = dialect
        self.ledger = ledger
        self.supported = dialect.supported
        self.small_ranges = small_ranges
        self.gatherer = Gatherer(document)
        self.gatherer.on_note = self._unknown_keyword
        self.gatherer.on_nullable = self._nullable
        self.defs: dict[str, Node] = {}
        self.unions: list[UnionCodec] = []
        self.written: list[Union] = []
        self.holders: list[Holder] = []
        self.budget = Budget(dialect, self.gatherer)
        self.is_repeating = False
        """The alternatives of a union are written out, each with all that stands beside the union."""
        self._has_refs = has_refs
        self._names: dict[str, str] = {}
        self._codecs: dict[str, RefCodec] = {}
        self._active: dict[str, int] = {}
        self._known: dict[tuple[object, ...], tuple[Result, Spent]] = {}
        self._trees: dict[str, bool] = {}
        self._unrolled: dict[str, int] = {}
        self._nesting = 0
        self._unfinished: set[str] = set()
        self._lost: set[str] = set()

    def _unknown_keyword(self, keyword: str, at: str) -> None:
        self.ledger.drop_note(at, keyword)

    def _nullable(self, at: str) -> None:
        self.ledger.weaken(at, "type", "nullable is read as in OpenAPI 3.0: null is accepted; the client judges it")

    # ---- one place ---------------------------------------------------------------------------------------------------

    def compile(self, conj: Conj, spot: Spot) -> Result:
        """The lowered node of one place and its codec; `None` if no value can be valid there."""
        if not self._has_refs:
            if self.is_repeating:
                return self._once((*[at for _schema, at in conj], spot), conj, spot)
            return self._guarded(conj, spot)
        if len(conj) == 1 and not spot.root:
            schema, at = conj[0]
            if isinstance(schema, dict) and "$ref" in schema and self._is_plain_ref(cast("Node", schema)):
                return self._reference(cast("Node", schema), at, spot)
        key = "\n".join(at for _schema, at in conj)
        times = self._active.get(key, 0)
        if times >= (2 if spot.root else 1) and key:
            return self._recursive_text(conj, spot)
        self._active[key] = times + 1
        try:
            return self._guarded(conj, spot)
        finally:
            self._active[key] = times

    def _once(self, key: tuple[object, ...], conj: Conj, spot: Spot) -> Result:
        """A place that is written in several places, compiled once; what it costs counts each time."""
        known = self._known.get(key)
        if known is not None and self.budget.repeat(known[1]):
            return known[0]
        before, was_repeating = self.budget.spent(), self.is_repeating
        self.is_repeating = False  # what stands inside is not met again without this place
        result = self.compile(conj, spot)
        self.is_repeating = was_repeating
        cost = Spent(*(now - then for now, then in zip(self.budget.spent(), before, strict=True)))
        self._known[key] = (result, cost)
        return result

    def _guarded(self, conj: Conj, spot: Spot) -> Result:
        if self._nesting > MAX_NESTING:
            raise UnsupportedSchemaError(f"the schema nests deeper than {MAX_NESTING} levels when written out")
        self._nesting += 1
        try:
            shape = self.gatherer.gather(conj)
            return self.shaped(shape, spot)
        finally:
            self._nesting -= 1

    def shaped(self, shape: Shape, spot: Spot, said: Shape | None = None) -> Result:
        """A gathered shape as a node; `said` has the annotations that the node around it carries already."""
        if shape.is_never:
            return None
        words: list[str] = []
        result = lower_union(self, shape, spot, words) if shape.unions else self.plain(shape, spot, words)
        if result is None:
            return None
        return self._noted(result[0], shape, words, said), result[1]

    def plain(self, shape: Shape, spot: Spot, words: list[str]) -> Result:
        """A shape without unions."""
        for keyword, value, at in shape.checks:
            self._check(keyword, value, at, words)
        if shape.enum is not None:
            return enum_node(self, shape, spot, words)
        mask = shape.mask
        if spot.root and mask == ANY and self.dialect.root_is_object and (shape.groups or shape.required):
            self.ledger.take_for_object(shape.conj[0][1])
            mask = OBJECT
        single = _SINGLE.get(mask)
        if single is not None:
            return single(self, shape, spot, words)
        return self._mixed(shape, mask, spot, words)

    def _check(self, keyword: str, value: Any, at: str, words: list[str]) -> None:
        self.ledger.weaken(at, keyword)
        self.resolve(value)
        for name, said in cast("Node", value).items() if keyword == "if" else ((keyword, value),):
            for schema, place in below_keyword(name, said, at):
                self.lose(schema, place)
        words.append(words_for(keyword, value))

    def unenforced(self, conj: Conj) -> None:
        """Where `anyOf` is not enforced, all that stands in a union is left to the client."""
        if self.dialect.support("anyOf") != "supported":
            for schema, at in conj:
                self.lose(schema, at)

    def lose(self, schema: Any, at: str, why: str = "not enforced here; the client checks it") -> None:
        """A subschema that is left to the client, by the keywords that may fail in it."""
        for place, keyword, is_shared in given_up(self.document, schema, at, self._lost):
            reason = "not enforced everywhere it is referred to; the client checks it" if is_shared else why
            self.ledger.weaken(place, keyword, reason)

    def resolve(self, value: Any) -> None:
        """Raise `UnsupportedSchemaError` where something that only the client reads leads outside the schema."""
        if self._has_refs:
            self.document.reachable(value)

    def hold_unevaluated(self, at: str, keyword: str, conj: Conj) -> None:
        """What an `unevaluated…` keyword says of values is written under another name."""
        if keyword.startswith("unevaluated") and conj:
            self.holders.append(Holder(at, keyword, conj))

    def _mixed(self, shape: Shape, mask: int, spot: Spot, words: list[str]) -> Result:
        """Several types: those without constraints together, each other one alone."""
        said = shape.scalars.keys()
        has_object = bool(shape.groups or shape.required or shape.unevaluated or said & _OBJECT_WORDS)
        has_array = bool(shape.rows or said & _ARRAY_WORDS)
        has_string = bool(shape.patterns or shape.formats or said & _STRING_WORDS)
        has_number = bool(said & _NUMBER_WORDS)
        row = self.dialect
        if mask == ANY and not (has_object or has_array or has_string or has_number) and not row.needs_type:
            return {}, None
        parts: list[Part] = []
        names = frozenset(name for bit, names in _TYPE_NAMES.items() if bit & mask == bit for name in names)
        inner = Spot(spot.depth, True, names, spot.optional, lists=spot.lists)
        free = [
            name for bit, name, has in ((NULL, "null", False), (BOOLEAN, "boolean", False)) if bit & mask and not has
        ]
        for bit, has, make in (
            (STRING, has_string, _string),
            (mask & NUMBER, has_number, _integer if mask & NUMBER == INTEGER else _number),
        ):
            if bit & mask and has:
                made = make(self, shape, inner, words)
                if made is not None:
                    parts.append(Part(*made, bit))
            elif bit & mask:
                free.append({STRING: "string", INTEGER: "integer"}.get(bit, "number"))
        more, more_free = self._containers(shape, mask, (has_array, has_object), inner, words)
        return self.alternatives([*parts, *more], [*free, *more_free], shape, words)

    def _containers(
        self, shape: Shape, mask: int, has: tuple[bool, bool], spot: Spot, words: list[str]
    ) -> tuple[list[Part], list[str]]:
        """Lists and objects among several types: alternatives, and the names of types that need none."""
        parts: list[Part] = []
        free: list[str] = []
        row = self.dialect
        has_array, has_object = has
        free_array = bool(mask & ARRAY) and not has_array
        free_object = bool(mask & OBJECT) and not has_object
        can_be_free = not row.closes_objects and "additionalProperties" in self.supported
        if free_array and free_object and not can_be_free:
            at = shape.conj[0][1] if shape.conj else ""
            made = self.text(at, "type", spot, "an object or a list of anything", words)
            return [Part(*made, ARRAY | OBJECT)], free
        for wanted, bit, name, make in (
            (free_array, ARRAY, "array", array_node),
            (free_object, OBJECT, "object", object_node),
        ):
            if not bit & mask:
                continue
            if wanted and can_be_free:
                free.append(name)
                continue
            result = make(self, shape, spot, words)
            if result is not None:
                parts.append(Part(*result, bit))
        return parts, free

    # ---- alternatives ------------------------------------------------------------------------------------------------

    def alternatives(self, parts: list[Part], free: list[str], shape: Shape, words: list[str]) -> Result:
        """Several alternatives as one node: a list of types where that says the same, else `anyOf`."""
        row = self.dialect
        is_nullable = row.nullable and "null" in free
        if is_nullable:
            free = [name for name in free if name != "null"]
        nodes: list[Node] = []
        if free:
            nodes = [self.types_node(free)] if row.type_lists else [{"type": name} for name in free]
        everything = [*nodes, *(part.node for part in parts)]
        if not everything:
            return ({"type": "string", "enum": ["null"], "nullable": True}, None) if is_nullable else None
        if len(everything) == 1:
            node = {**everything[0], "nullable": True} if is_nullable else everything[0]
            return node, parts[0].codec if parts else None
        merged = None if is_nullable else self._merged(nodes, parts)
        if merged is not None:
            return merged, None
        self.unenforced(shape.conj)
        if shape.conj:
            self.written.append(Union(shape.conj[0][1], shape.conj, by_type=True))
        node = {"anyOf": everything, "nullable": True} if is_nullable else {"anyOf": everything}
        if all(part.codec is None for part in parts):
            return node, None
        branches = [Branch(shape.conj, _names(part.mask), part.node, part.codec) for part in parts]
        branches += [Branch(shape.conj, _free_names(free), one, None) for one in nodes]
        return node, self.union_codec(branches)

    def union_codec(self, branches: list[Branch]) -> UnionCodec:
        """A codec that chooses; it learns the finished schema when there is one."""
        codec = UnionCodec(branches, self.document)
        self.unions.append(codec)
        return codec

    def _merged(self, nodes: list[Node], parts: list[Part]) -> Node | None:
        row = self.dialect
        if not (row.type_lists and row.reads_beside_type_list) or any(part.codec is not None for part in parts):
            return None
        types: list[str] = []
        merged: Node = {}
        for node in [*nodes, *(part.node for part in parts)]:
            kind = node.get("type")
            if kind is None or node.keys() & {"enum", "const", "anyOf", "$ref", "format"}:
                return None
            types += cast("list[str]", kind) if isinstance(kind, list) else [kind]
            merged |= {name: value for name, value in node.items() if name != "type"}
        return {"type": types, **merged}

    # ---- building blocks ---------------------------------------------------------------------------------------------

    def types_node(self, names: list[str]) -> Node:
        """A node that says only types."""
        if len(names) == 1:
            return {"type": names[0]}
        return {"type": names} if self.dialect.type_lists else {"anyOf": [{"type": name} for name in names]}

    def closed(self, properties: dict[str, Node], required: list[str]) -> Node:
        """An object of our own making."""
        node: Node = {"type": "object", "properties": properties}
        if required or self.dialect.all_required:
            node["required"] = required
        if "additionalProperties" in self.supported:
            node["additionalProperties"] = False
        return node

    def text(self, at: str, keyword: str, spot: Spot, what: str, words: list[str]) -> tuple[Node, Codec]:
        """A place whose value is written as JSON text."""
        self.ledger.encode(at, keyword, f"{what}: written as JSON text")
        node: Node = {"type": "string", "description": described("JSON text", words)}
        words.clear()
        if not spot.union or self.is_deep(spot.depth):
            return node, TextCodec()
        self.budget.members += 1
        return self.closed({"json": node}, ["json"]), TextCodec("json")

    def admits_null(self, node: Node) -> bool:
        """Whether a lowered node accepts null."""
        if "$ref" in node:
            name = str(node["$ref"]).rpartition("/")[2]
            # A definition that is being written is taken to refuse null: one alternative more does no harm.
            target = None if name in self._unfinished else self.defs.get(name)
            return target is not None and "$ref" not in target and self.admits_null(target)
        if "anyOf" in node:
            return bool(node.get("nullable")) or any(self.admits_null(one) for one in node["anyOf"])
        return Judge(None).accepts(node, None)

    def accepted_null(self, conj: Conj, *, is_strict: bool = False) -> bool:
        """Whether the original accepts null at a place."""
        judge = Judge(self.document, is_strict=is_strict)
        return all(judge.accepts(schema, None) for schema, _at in conj)

    def with_null(self, node: Node) -> Node:
        """The node, and null besides."""
        if self.dialect.nullable:
            return {**node, "nullable": True}
        notes = {name: node[name] for name in ("title", "description") if name in node}
        core = {name: value for name, value in node.items() if name not in notes}
        if "anyOf" in core:
            return {**notes, **core, "anyOf": [*core["anyOf"], {"type": "null"}]}
        kind = core.get("type")
        plain = kind is not None and not core.keys() & {"enum", "const", "format"}
        beside = self.dialect.reads_beside_type_list or len(core) == 1
        if plain and self.dialect.type_lists and beside:
            types = cast("list[str]", kind) if isinstance(kind, list) else [cast("str", kind)]
            return {"type": [*types, "null"], **{n: v for n, v in node.items() if n != "type"}}
        if self.dialect.support("anyOf") != "supported" and "enum" in core:
            types = {} if kind is None else {"type": [*([kind] if isinstance(kind, str) else kind), "null"]}
            return {**notes, **core, **types, "enum": [*core["enum"], None]}
        return {**notes, "anyOf": [core, {"type": "null"}]}

    def _noted(self, node: Node, shape: Shape, words: list[str], said: Shape | None) -> Node:
        """The node with its annotations, and the constraints it cannot say as words."""
        notes = shape.notes
        if not notes and not words:
            return node
        result: Node = {}
        description: str | None = None
        for keyword, (value, at) in notes.items():
            if said is not None and said.notes.get(keyword, (None, ""))[1] == at:
                continue
            if keyword == "description":
                description = str(value)
            elif keyword == "title" and isinstance(value, str):
                result["title"] = value
            elif keyword == "default" and "default" in self.supported:
                result["default"] = value
            else:
                self.ledger.drop_note(at, keyword)
        below = node.get("description")
        if below is not None and description is not None:
            description = f"{description}\n{below}"
        text = described(description if description is not None else cast("str | None", below), words)
        if text:
            result["description"] = text
        if not result:
            return node
        if "$ref" in node:
            self.written.append(Union(shape.conj[0][1], shape.conj))
            return {**result, "anyOf": [node]}
        return {**result, **{name: value for name, value in node.items() if name not in result}}

    # ---- references --------------------------------------------------------------------------------------------------

    def _is_plain_ref(self, schema: Node) -> bool:
        return self.document.ref_hides_siblings or schema.keys() <= _REF_NOTES

    def _reference(self, schema: Node, at: str, spot: Spot) -> Result:
        target, pointer = self.document.target(schema["$ref"], at)
        self._check_chain(target, pointer)
        cycle = self.document.cycle_of(pointer)
        row = self.dialect
        if not row.refs or (cycle and row.recursion == "forbidden"):
            result = self._inlined(target, pointer, cycle, spot)
        elif cycle and row.recursion == "optional" and not spot.optional and cycle & self._active.keys():
            result = self._recursive_text(((target, pointer),), spot)
        else:
            result = self._defined(target, pointer, spot, is_recursive=bool(cycle))
        if result is None or self.document.ref_hides_siblings:
            return result
        node, codec = result
        # Only the notes are read: the reference itself was followed above.
        notes = {name: value for name, value in schema.items() if name != "$ref"}
        if not notes:
            return result
        return self._noted(node, self.gatherer.gather(((notes, at),)), [], None), codec

    def _check_chain(self, target: Any, pointer: str) -> None:
        """Raise `UnsupportedSchemaError` for references that lead to each other and nowhere else."""
        seen: set[str] = set()
        while isinstance(target, dict) and "$ref" in target:
            if pointer in seen:
                raise UnsupportedSchemaError(f"the $ref at {pointer} leads back to itself without going deeper")
            seen.add(pointer)
            target, pointer = self.document.target(cast("Node", target)["$ref"], pointer)

    def _inlined(self, target: Any, pointer: str, cycle: frozenset[str], spot: Spot) -> Result:
        conj = ((target, pointer),)
        if not cycle and self._is_tree(target, pointer):
            return self._once((pointer, spot), conj, spot)
        if not cycle:
            return self.compile(conj, spot)
        times = self._active.get(pointer, 0)
        others = any(self._active.get(one, 0) for one in cycle if one != pointer)
        if times >= (self._rounds(pointer) if len(cycle) == 1 else 1) or others:
            return self._recursive_text(conj, spot)
        self._active[pointer] = times + 1
        try:
            return self._guarded(conj, spot)
        finally:
            self._active[pointer] = times

    def _rounds(self, pointer: str) -> int:
        """How often a definition that contains itself is written out: fewer times where each is several more."""
        if pointer not in self._unrolled:
            inside, size = self.document.references_to_itself(pointer)
            most = min(MAX_COPIES, MAX_WRITTEN // size)
            fitting = [rounds for rounds in range(2, UNROLL + 1) if sum(inside**i for i in range(rounds)) <= most]
            self._unrolled[pointer] = max(fitting, default=1)
        return self._unrolled[pointer]

    def _is_tree(self, target: Any, pointer: str) -> bool:
        """Whether nothing that a definition leads to is recursive, so that it is the same wherever it is written."""
        if pointer not in self._trees:
            below = self.document.reachable(target)
            self._trees[pointer] = not any(self.document.cycle_of(place) for place in below)
        return self._trees[pointer]

    def _recursive_text(self, conj: Conj, spot: Spot) -> Result:
        words: list[str] = []
        return self.text(conj[0][1], "$ref", spot, "a value that contains its own kind", words)

    def _defined(self, target: Any, pointer: str, spot: Spot, *, is_recursive: bool) -> Result:
        """A reference to a definition of the lowered schema, written on its first use."""
        if spot.union and not is_recursive:
            # A definition is shared, so it does not know that it is an alternative somewhere.
            known = self._codecs.get(pointer)
            if known is None or known.target is not None:
                return self.compile(((target, pointer),), spot)
        if pointer not in self._names:
            name = self._name(pointer)
            self._names[pointer] = name
            codec = self._codecs[pointer] = RefCodec()
            self.defs[name] = {}
            self._unfinished.add(name)
            result = self.compile(((target, pointer),), Spot(union=is_recursive, optional=False))
            self._unfinished.discard(name)
            if result is None:
                del self.defs[name]
                self._names[pointer] = ""
                return None
            self.defs[name], codec.target = result
        name, codec = self._names[pointer], self._codecs[pointer]
        if not name:
            return None
        node = {"$ref": f"#/$defs/{name}"}
        return (node, codec) if is_recursive or codec.target is not None else (node, None)

    def _name(self, pointer: str) -> str:
        base = re.sub(r"[^A-Za-z0-9_.-]+", "_", pointer.rpartition("/")[2]) or "root"
        name, count = base, 2
        while name in self.defs:
            name, count = f"{base}_{count}", count + 1
        return name

    def is_deep(self, depth: int) -> bool:
        """Whether no object may stand inside that many objects."""
        return self.dialect.max_depth is not None and depth >= self.dialect.max_depth


def _names(mask: int) -> frozenset[str]:
    return frozenset(name for bit, names in _TYPE_NAMES.items() if bit & mask == bit for name in names)


def _free_names(names: list[str]) -> frozenset[str]:
    return frozenset(names) | frozenset[str](["integer"] if "number" in names else [])


def _string(compiler: Compiler, shape: Shape, spot: Spot, words: list[str]) -> Result:
    return string_node(compiler, shape, words), None


def _integer(compiler: Compiler, shape: Shape, spot: Spot, words: list[str]) -> Result:
    return number_node(compiler, shape, "integer", words), None


def _number(compiler: Compiler, shape: Shape, spot: Spot, words: list[str]) -> Result:
    return number_node(compiler, shape, "number", words), None


def _boolean(compiler: Compiler, shape: Shape, spot: Spot, words: list[str]) -> Result:
    return {"type": "boolean"}, None


def _null(compiler: Compiler, shape: Shape, spot: Spot, words: list[str]) -> Result:
    return compiler.alternatives([], ["null"], shape, words)


_SINGLE: dict[int, Any] = {
    NULL: _null,
    BOOLEAN: _boolean,
    INTEGER: _integer,
    NUMBER: _number,
    8: _number,
    STRING: _string,
    ARRAY: array_node,
    OBJECT: object_node,
}
