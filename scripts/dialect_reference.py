"""Writes `docs/reference/dialects.md` from the rows of schema dialects: `python scripts/dialect_reference.py`.

A test holds the committed page to what this writes. Runs with the Python of `.venv`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from portable_llm.schema import Dialect
from portable_llm.schema._dialect_rows import SHIPPED

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "dialects.md"

HEAD = """\
# Schema dialects

<!-- Written by scripts/dialect_reference.py. -->

What each place for a JSON Schema accepts, as `portable_llm.schema` knows it. What is done with a schema that says more:
[Lowering](../explanation/lowering.md). How to add a row: [Add a schema dialect](../how-to/add-a-schema-dialect.md).

A keyword is enforced (`yes`), accepted and not enforced (`ignored`), or refused (empty). What is not enforced is told
to the model in a description, and checked by the client. `ollama` is another name for `llama-cpp`.
"""

KEYWORDS = [
    "type",
    "enum",
    "const",
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "unevaluatedItems",
    "anyOf",
    "oneOf",
    "allOf",
    "not",
    "if",
    "$ref",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "nullable",
    "title",
    "description",
    "default",
]
"""All that any row enforces, and what schemas out there use."""

ANSWERS = {"supported": "yes", "ignored": "ignored", "rejected": ""}

RECURSION = {
    "allowed": "a definition may contain itself",
    "optional": "a definition may contain itself only below a member that is not required",
    "forbidden": "no definition may contain itself",
}
PATTERNS = {
    "full": None,
    "plain": "patterns: no look-around",
    "grammar": "patterns: anchored on both sides, no `(?`, classes are spelled out",
}
ENUMS = {
    "any": None,
    "primitive": "enums hold no objects and no lists",
    "string_or_number": "enums hold texts and numbers",
    "string": "enums hold texts",
}


def page() -> str:
    """The whole page."""
    rows = sorted(SHIPPED, key=lambda row: row.name)
    return "\n".join([HEAD, _keywords(rows), *(_section(row) for row in rows)])


def _keywords(rows: list[Dialect]) -> str:
    """One line a keyword; dialects that enforce no keyword have no column."""
    shown = [row for row in rows if row.carries_schema and row.is_enforced]
    lines = [
        "| | " + " | ".join(f"`{row.name}`" for row in shown) + " |",
        "| --- |" + " --- |" * len(shown),
        *(f"| `{name}` | " + " | ".join(ANSWERS[row.support(name)] for row in shown) + " |" for name in KEYWORDS),
    ]
    return "## Keywords\n\n" + "\n".join(lines) + "\n"


def _section(row: Dialect) -> str:
    rules = "".join(f"- {rule}\n" for rule in _rules(row))
    facts = "".join(f"| {fact.says} | {fact.source} | {fact.date} |\n" for fact in row.facts)
    return f"## `{row.name}`\n\n{rules}\n| fact | read in | on |\n| --- | --- | --- |\n{facts}"


def _rules(row: Dialect) -> Iterator[str]:
    """The rules of a row in words, those that say nothing left out."""
    if not row.carries_schema:
        yield "no schema is carried; it goes into the prompt, and the client checks the answer"
    elif not row.is_enforced:
        yield "the schema goes as it is and is advice; the client checks the answer"
        return
    flags = {
        'the root is a plain object: another one is written as `{"value": …}`': row.root_is_object,
        "every object says `additionalProperties: false`": row.closes_objects,
        "an object that says nothing about further members takes none": row.closes_by_silence,
        "every member is required; one that may be absent is null": row.all_required,
        f"every object requires at least {row.min_required} member": bool(row.min_required),
        "every place has a type": row.needs_type and row.carries_schema,
        "every object has a property": row.needs_properties,
        "every list has `items`": row.needs_items,
        "`type` is no list": not row.type_lists,
        "keywords beside a list of types are not enforced": not row.reads_beside_type_list,
        "null is written `nullable: true`": row.nullable,
        "`$ref` is not understood: definitions are written out": not row.refs,
        "patterns: no back-references": not row.backreferences,
    }
    yield from (rule for rule, holds in flags.items() if holds)
    if row.carries_schema:
        yield from (rule for rule in (RECURSION[row.recursion], ENUMS[row.enum_values], PATTERNS[row.patterns]) if rule)
        yield from _formats(row)
        yield from _limits(row)


def _formats(row: Dialect) -> Iterator[str]:
    if row.formats is not None:
        yield f"formats: {_listed(row.formats)}"
    for kind, formats in row.formats_by_type:
        yield f"formats of `{kind}`: {_listed(formats)}"
    if row.bounded_types != frozenset({"integer", "number"}):
        yield f"bounds are enforced for {_listed(row.bounded_types)}"


def _limits(row: Dialect) -> Iterator[str]:
    limits = {
        "`minItems`": row.max_min_items,
        "objects within objects": row.max_depth,
        "members in the schema": row.max_properties,
        "values of enums in the schema": row.max_enum_values,
        "characters of all names and values": row.max_text,
    }
    yield from (f"{what}: at most {limit:,}" for what, limit in limits.items() if limit is not None)
    if row.large_enum is not None:
        yield f"an enum of more than {row.large_enum[0]:,} values: at most {row.large_enum[1]:,} characters"
    if row.property_names is not None:
        yield f"names of the root's members: `{row.property_names}`; others are renamed and read back"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
