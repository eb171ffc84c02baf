"""The tests' own judge of ledgers: an error counts as foreseen only where the ledger gives its keyword up."""

from __future__ import annotations

import pytest

from portable_llm import Adaptation
from support.real_schemas import errors_of, is_foreseen

SCHEMA = {
    "$ref": "#/$defs/order",
    "$defs": {
        "order": {"type": "object", "properties": {"code": {"$ref": "#/$defs/code"}, "n": {"type": "integer"}}},
        "code": {"anyOf": [{"type": "string", "pattern": "^a$"}, {"type": "null"}]},
    },
}


def entry_at(place: str) -> Adaptation:
    return Adaptation(
        axis="json", subject=f"/s{place}", action="weakened", detail="", enforced_by="client", effect="widened"
    )


@pytest.mark.parametrize(
    ("value", "place", "foreseen"),
    [
        ({"code": "b"}, "/$defs/code/anyOf/0/pattern", True),
        ({"code": "b"}, "/$defs/code", True),
        ({"code": 1}, "/$defs/code/anyOf/0/pattern", False),
        ({"n": "x"}, "/$defs/code/anyOf/0/pattern", False),
        ({"n": "x"}, "/$defs/order/properties/n/type", True),
    ],
)
def test_an_error_is_foreseen_at_its_place_or_above(value, place, foreseen):
    (error,) = errors_of({"schema": SCHEMA}, value)

    assert is_foreseen(error, SCHEMA, [entry_at(place)], "/s") is foreseen
