"""Members whose names a dialect refuses are sent under other names, and come back under their own."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from portable_llm.schema import dialect, lower

ACCEPTED = re.compile(r"^[a-zA-Z0-9_.-]{1,64}$")


def schema_of(names: list[str]) -> dict[str, Any]:
    properties = {name: {"type": "integer"} for name in names}
    return {"type": "object", "properties": properties, "required": names[:1], "additionalProperties": False}


def test_a_name_with_brackets_is_renamed_and_said_so() -> None:
    lowered = lower(schema_of(["filter[id]", "filter_id"]), "anthropic", at="/tools/0/parameters")

    assert list(lowered.schema["properties"]) == ["filter_id_2", "filter_id"]
    assert lowered.schema["required"] == ["filter_id_2"]
    assert lowered.encode({"filter[id]": 1}) == {"filter_id_2": 1}
    assert lowered.restore({"filter_id_2": 1, "filter_id": 2}) == {"filter[id]": 1, "filter_id": 2}
    [entry] = lowered.adaptations
    assert (entry.subject, entry.severity) == ("/tools/0/parameters/properties/filter[id]", "exact")


def test_a_name_inside_is_not_looked_at() -> None:
    inner = schema_of(["Account Number"])
    schema = {"type": "object", "properties": {"a": inner}, "required": ["a"], "additionalProperties": False}

    assert lower(schema, "bedrock").is_identity


@given(st.dictionaries(st.text(min_size=1, max_size=80), st.integers(), min_size=1, max_size=5))
def test_every_name_comes_back(value: dict[str, int]) -> None:
    for row in (dialect("anthropic"), replace(dialect("openai-strict"), property_names=ACCEPTED.pattern)):
        lowered = lower(schema_of(list(value)), row)
        written = lowered.encode(value)

        jsonschema.validate(written, lowered.schema)
        assert all(ACCEPTED.fullmatch(name) for name in lowered.schema["properties"])
        assert lowered.restore(written) == value
