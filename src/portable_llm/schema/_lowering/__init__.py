"""`lower`: a JSON Schema as a dialect can say it, with every loss on record and the way back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from portable_llm._adaptation import Adaptation
from portable_llm._errors import UnsupportedSchemaError
from portable_llm.schema._dialect import Dialect, dialect
from portable_llm.schema._lowering._codecs import Codec, WrapCodec
from portable_llm.schema._lowering._compile import Compiler, Node, Spot
from portable_llm.schema._lowering._document import Document, check_depth, check_limits
from portable_llm.schema._lowering._growing import Growing
from portable_llm.schema._lowering._ledger import Ledger
from portable_llm.schema._lowering._nullable import spelled_out
from portable_llm.schema._lowering._settle import settle


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowered:
    """A schema in a dialect, what that costs, and the way there and back for values."""

    schema: dict[str, Any]
    """What is sent; shared by a cache, so copy it before changing it."""
    adaptations: tuple[Adaptation, ...]
    """Every difference from the original, each at a JSON Pointer into it."""
    _codec: Codec | None = field(default=None, repr=False)
    _read_by: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def read_by(self) -> dict[str, Any]:
        """The same schema in the words of JSON Schema alone: what replies are read by."""
        return self.schema if self._read_by is None else self._read_by

    @property
    def is_identity(self) -> bool:
        """Whether values look the same in both schemas, so that nothing has to be restored."""
        return self._codec is None

    def encode(self, value: Any) -> Any:
        """A value of the original as a model writes it under the lowered schema."""
        return value if self._codec is None else self._codec.encode(value)

    def growing(self) -> Growing:
        """The way back for one reply that is read while it is written."""
        return Growing(self._codec)

    def restore(self, reply: Any) -> Any:
        """A model's reply in the original's shape; what does not fit is left as it is, so that validation finds it."""
        if self._codec is None:
            return reply
        try:
            return self._codec.restore(reply)
        except RecursionError:
            return reply


def lower(
    schema: Mapping[str, Any],
    dialect_or_name: Dialect | str,
    *,
    at: str = "/output/schema",
    small_ranges: bool = False,
) -> Lowered:
    """The schema as the dialect can say it; cached by content, the input is never changed.

    `at` is where the schema stands in the request: ledger entries name places in it. `small_ranges` writes integer
    ranges of up to 32 values as enums where bounds are not enforced. Raises `UnsupportedSchemaError` for what is no
    schema, accepts no value, refers outside itself, or expands beyond the limits.
    """
    row = dialect(dialect_or_name) if isinstance(dialect_or_name, str) else dialect_or_name
    try:
        text = json.dumps(schema, separators=(",", ":"))
    except RecursionError:
        raise UnsupportedSchemaError(f"{at} nests too deep for a JSON Schema") from None
    except (TypeError, ValueError) as error:
        raise UnsupportedSchemaError(f"{at} is no JSON Schema: {error}") from error
    check_limits(schema, len(text))
    return _lowered(text, row, at, small_ranges)


@lru_cache(maxsize=512)
def _lowered(text: str, row: Dialect, at: str, small_ranges: bool) -> Lowered:
    root = cast("dict[str, Any]", json.loads(text))
    if text.count("{") + text.count("[") > 100:
        check_depth(root)
    ledger = Ledger(at, row.source)
    if not row.carries_schema:
        return _uncarried(root, row, ledger)
    if not row.is_enforced:
        return _advised(root, ledger)
    has_refs = '"$ref"' in text or '"$dynamicRef"' in text or '"$recursiveRef"' in text
    document = Document(root)
    document.count_waits(True)
    try:
        return _compiled(document, row, ledger, has_refs=has_refs, small_ranges=small_ranges)
    except RecursionError:
        raise UnsupportedSchemaError(f"{at} nests too deep to be compiled") from None
    finally:
        document.count_waits(False)


def _advised(root: dict[str, Any], ledger: Ledger) -> Lowered:
    """As it is, since no keyword constrains the answer; only what nobody could read is refused."""
    Document(root).reachable(root)
    ledger.add("", "", "weakened", "the schema is advice here; the client checks the answer", "client", "widened")
    return Lowered(schema=root, adaptations=ledger.entries())


def _uncarried(root: dict[str, Any], row: Dialect, ledger: Ledger) -> Lowered:
    detail = "no schema is carried here; put it into the prompt, the client checks the answer"
    ledger.add("", "", "weakened", detail, "client", "widened")
    if not row.root_is_object:
        return Lowered(schema={}, adaptations=ledger.entries())
    is_object = root.get("type") == "object" or ("type" not in root and "properties" in root)
    if is_object:
        if "type" not in root:
            ledger.take_for_object("")
        return Lowered(schema={"type": "object"}, adaptations=ledger.entries())
    ledger.encode("", "type", 'JSON mode takes an object: the value is written as {"value": …}')
    return Lowered(schema={"type": "object"}, adaptations=ledger.entries(), _codec=WrapCodec("value", None))


def _compiled(document: Document, row: Dialect, ledger: Ledger, *, has_refs: bool, small_ranges: bool) -> Lowered:
    compiler = Compiler(document, row, ledger, has_refs=has_refs, small_ranges=small_ranges)
    conj = ((document.root, ""),)
    result = compiler.compile(conj, Spot(union=row.root_is_object, root=True))
    if result is None:
        raise UnsupportedSchemaError(f"the schema at {ledger.at} accepts no value at all")
    node, codec = result
    if row.root_is_object and not _is_root(node, row):
        fresh = Ledger(ledger.at, row.source)
        compiler = Compiler(document, row, fresh, has_refs=has_refs, small_ranges=small_ranges)
        result = compiler.compile(conj, Spot(depth=1))
        if result is None:
            raise UnsupportedSchemaError(f"the schema at {ledger.at} accepts no value at all")
        ledger = fresh
        ledger.encode("", "type", 'the root must be an object here: the value is written as {"value": …}')
        node, codec = compiler.closed({"value": result[0]}, ["value"]), WrapCodec("value", result[1])
    settle(document, ledger, compiler.written, compiler.holders, has_refs=has_refs)
    if compiler.defs:
        node = {**node, "$defs": compiler.defs}
    lowered = Document(node)
    for union in compiler.unions:
        union.lowered = lowered
    read_by = spelled_out(node) if row.nullable else None
    return Lowered(schema=node, adaptations=ledger.entries(), _codec=codec, _read_by=read_by)


def _is_root(node: Node, row: Dialect) -> bool:
    if node.get("type") != "object" or node.keys() & {"anyOf", "$ref", "enum", "const"}:
        return False
    return not row.min_required or bool(node.get("required"))


__all__ = ["Lowered", "lower"]
