"""What one provider accepts as JSON Schema, as data: a `Dialect` is a row of facts, and nothing else knows a dialect.

Adding one is one row in `_dialect_rows.py`, or `register_dialect` in an application; tests, docs and the compiler
iterate over `dialect_names()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from portable_llm._errors import ConfigurationError

Support = Literal["supported", "ignored", "rejected"]
"""`ignored`: accepted and not enforced, which is a loss as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One statement about a dialect, with where and when it was read."""

    says: str
    source: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a place for schemas accepts and enforces."""

    name: str
    supported: frozenset[str]
    """Keywords that constrain the answer (or, for annotations, reach the model)."""
    ignored: frozenset[str] = frozenset()
    """Keywords that are accepted and not enforced."""
    others: Support = "rejected"
    """What becomes of every keyword that is in neither set."""
    carries_schema: bool = True
    """`False`: the place takes no schema at all (plain JSON mode)."""
    is_enforced: bool = True
    """`False`: a schema is accepted as advice; only the client holds the answer to it."""
    root_is_object: bool = False
    """The root must be a plain object: not a union, not a reference."""
    closes_objects: bool = False
    """Every object must say `additionalProperties: false`."""
    closes_by_silence: bool = False
    """An object that says nothing about further members takes none."""
    all_required: bool = False
    min_required: int = 0
    """Members that every object must require at least."""
    needs_type: bool = False
    """`{}` and other nodes without a type are refused."""
    needs_properties: bool = False
    """An object without a property is refused."""
    needs_items: bool = False
    type_lists: bool = True
    reads_beside_type_list: bool = True
    """Keywords beside a list of types are enforced."""
    nullable: bool = False
    """Null is written `nullable: true`, not as a type."""
    refs: bool = True
    """`#/$defs/name` is understood."""
    recursion: Literal["allowed", "optional", "forbidden"] = "allowed"
    """`optional`: only through members that are not required."""
    enum_values: Literal["any", "primitive", "string_or_number", "string"] = "any"
    formats: frozenset[str] | None = None
    """`None`: any."""
    formats_by_type: tuple[tuple[str, frozenset[str]], ...] = ()
    """Formats of each type; if there are any, every other type has none."""
    bounded_types: frozenset[str] = frozenset({"integer", "number"})
    """Numeric bounds are enforced for these types."""
    max_min_items: int | None = None
    """The largest `minItems`."""
    patterns: Literal["full", "plain", "grammar"] = "full"
    """`plain`: no look-around; `grammar`: anchored on both sides, no `(?`, no class escapes."""
    backreferences: bool = True
    property_names: str | None = None
    """Names that members of the root must have, as an anchored pattern; others are renamed, and back in the answer.

    Up to 44 letters, digits and `_` that begin with a letter are taken to be accepted by every pattern.
    """
    max_depth: int | None = None
    """Objects within objects."""
    max_properties: int | None = None
    max_enum_values: int | None = None
    """Over the whole schema."""
    max_text: int | None = None
    """Characters of all names, enum and const strings."""
    large_enum: tuple[int, int] | None = None
    """An enum of more values than the first has at most the second in characters."""
    facts: tuple[Fact, ...] = ()

    def support(self, keyword: str) -> Support:
        """What becomes of a keyword here."""
        if keyword in self.supported:
            return "supported"
        return "ignored" if keyword in self.ignored else self.others

    def formats_for(self, kind: str) -> frozenset[str] | None:
        """The formats of a type; `None`: any."""
        return dict(self.formats_by_type).get(kind, frozenset()) if self.formats_by_type else self.formats

    @property
    def source(self) -> str:
        """The first fact's source with its date, for ledger entries."""
        return f"{self.facts[0].source} {self.facts[0].date}" if self.facts else "assumed"


_REGISTRY: dict[str, Dialect] = {}
_ALIASES = {"ollama": "llama-cpp"}


def register_dialect(row: Dialect) -> None:
    """Make a dialect known under its name; an existing row of that name is replaced."""
    _REGISTRY[row.name] = row


def dialect(name: str) -> Dialect:
    """The dialect of a name; raises `ConfigurationError` that lists the known ones."""
    found = _REGISTRY.get(_ALIASES.get(name, name))
    if found is None:
        raise ConfigurationError(f"no schema dialect is called {name!r}; known: {', '.join(dialect_names())}")
    return found


def dialect_names() -> tuple[str, ...]:
    """The names of all dialects, sorted; aliases are left out."""
    return tuple(sorted(_REGISTRY))
