"""Lowered schemas that say `nullable`, in the words of JSON Schema: what replies are read and judged by."""

from __future__ import annotations

from typing import Any

from portable_llm.schema._lowering._codecs import is_items, is_members
from portable_llm.schema._words import APPLICATORS

_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})


def spelled_out(schema: Any) -> Any:
    """The schema with `null` as an alternative wherever it says `nullable`, which JSON Schema ignores."""
    if not is_members(schema):
        return schema
    said = {keyword: _held(held, keyword) if keyword in APPLICATORS else held for keyword, held in schema.items()}
    if said.pop("nullable", False) is not True:
        return said
    # References look for definitions at the root.
    aside = {keyword: said.pop(keyword) for keyword in ("$defs", "definitions") if keyword in said}
    return {"anyOf": [said, {"type": "null"}], **aside}


def _held(held: Any, keyword: str) -> Any:
    if is_items(held):
        return [spelled_out(one) for one in held]
    if is_members(held) and keyword in _NAMED:
        return {name: spelled_out(one) for name, one in held.items()}
    return spelled_out(held)
