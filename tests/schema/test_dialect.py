"""Dialects are data: every row states its facts, and the rows agree with the reference where there is one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from portable_llm import ConfigurationError
from portable_llm.schema import dialect, dialect_names, lower, register_dialect

REFERENCE = Path(__file__).parents[2].parent / "shared" / "data" / "schemas" / "dialects.json"


@pytest.mark.parametrize("name", dialect_names())
def test_every_row_says_where_it_was_read_and_when(name: str) -> None:
    assert dialect(name).facts
    assert all(fact.says and fact.source and fact.date for fact in dialect(name).facts)
    assert dialect(name).source


def test_ollama_is_llama_cpp() -> None:
    assert dialect("ollama") is dialect("llama-cpp")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="openai-strict"):
        dialect("galaxy")


def test_a_dialect_of_ones_own_is_one_row() -> None:
    register_dialect(replace(dialect("anthropic"), name="house", max_min_items=None))

    assert lower({"type": "array", "items": {"type": "null"}, "minItems": 3}, "house").adaptations


@pytest.mark.skipif(not REFERENCE.exists(), reason="needs ../shared/data/schemas/dialects.json")
@pytest.mark.parametrize("name", dialect_names())
def test_rows_agree_with_the_reference(name: str) -> None:
    reference = json.loads(REFERENCE.read_text(encoding="utf-8"))["dialects"].get(name)
    if reference is None:
        pytest.skip(f"the reference has no {name}")
    row = dialect(name)

    if reference["allowed_keywords"] != "any":
        assert row.supported <= set(reference["allowed_keywords"])
    assert row.closes_objects == reference["rules"].get("objects_closed", False)
    assert row.all_required == reference["rules"].get("all_properties_required", False)
    assert row.max_depth == reference.get("limits", {}).get("max_depth")
