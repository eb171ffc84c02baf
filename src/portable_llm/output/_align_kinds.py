"""The coercions that alignment knows, each with its grade, and the switches that allow them.

A kind is `aligned` if everything the model wrote can still be read from the result, and `lossy` if something is gone
or decided that the text leaves open. This table is the only place that says which; `docs/explanation/alignment.md`
shows it, and a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

KindGrade = Literal["aligned", "lossy"]


class Coercion(NamedTuple):
    """One kind of change that alignment may make."""

    grade: KindGrade
    cost: int
    """Distance it puts between what was written and what is made of it; the nearest reading wins, see `MARGIN`."""
    example: str
    """Before → after, as in the documentation."""


MARGIN = 2
"""How much nearer the best reading must be than the next one that gives another value; less is a tie, and refused."""

COERCIONS: dict[str, Coercion] = {
    "key_spelling": Coercion("aligned", 1, '{"firstName": …} → {"first_name": …}'),
    "enum_spelling": Coercion("aligned", 1, '"in progress" → "IN_PROGRESS"'),
    "date_to_iso": Coercion("aligned", 1, '"March 5, 2024" → "2024-03-05"'),
    "null_removed": Coercion("aligned", 1, '{"note": null} → {}'),
    "number_from_text": Coercion("aligned", 2, '"12" → 12'),
    "text_from_number": Coercion("aligned", 2, '12 → "12"'),
    "boolean_from_text": Coercion("aligned", 2, '"True" → true'),
    "boolean_from_word": Coercion("aligned", 2, '"yes" → true'),
    "null_from_text": Coercion("aligned", 2, '"None" → null'),
    "enum_type": Coercion("aligned", 2, '"3" → 3'),
    "enum_alias": Coercion("aligned", 3, '"High priority" → "P1"'),
    "value_from_json_text": Coercion("aligned", 3, '"{\\"a\\": 1}" → {"a": 1}'),
    "list_from_single": Coercion("aligned", 3, '"red" → ["red"]'),
    "single_from_list": Coercion("aligned", 3, '["red"] → "red"'),
    "unwrapped": Coercion("aligned", 4, '{"answer": {…}} → {…}'),
    "schema_echo_removed": Coercion("aligned", 4, '{"type": "object", "properties": {…}} → {…}'),
    "prose_removed": Coercion("aligned", 8, '"TWO is the answer" → "TWO"'),
    "integer_rounded": Coercion("lossy", 100, "2.7 → 3"),
    "first_of_many": Coercion("lossy", 110, "[1, 2] → 1"),
    "extra_removed": Coercion("lossy", 100, '{"a": 1, "remark": "x"} → {"a": 1}'),
    "unit_removed": Coercion("lossy", 100, '"5 kg" → 5'),
    "fraction_computed": Coercion("lossy", 100, '"1/4" → 0.25'),
    "separator_guessed": Coercion("lossy", 100, '"1,234" → 1234'),
    "boolean_from_number": Coercion("lossy", 100, "1 → true"),
    "text_from_boolean": Coercion("lossy", 100, 'true → "true"'),
    "text_from_json": Coercion("lossy", 100, '["a"] → "[\\"a\\"]"'),
    "null_from_placeholder": Coercion("lossy", 100, '"N/A" → null'),
    "enum_near": Coercion("lossy", 100, '"aproved" → "approved"'),
}
"""Every kind of a `Repair` with the stage `align`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coercions:
    """Which kinds are allowed: those that lose nothing, unless a switch says otherwise."""

    lossy: bool = False
    """Whether kinds of the grade `lossy` are allowed."""
    dates: bool = True
    """Whether `format: date` and `date-time` ask for the ISO form."""
    allow: frozenset[str] = frozenset()
    """Kinds allowed on their own, whatever their grade."""
    refuse: frozenset[str] = frozenset()
    """Kinds refused on their own; stronger than `allow`."""

    def __post_init__(self) -> None:
        unknown = sorted((self.allow | self.refuse) - COERCIONS.keys())
        if unknown:
            raise ValueError(f"no coercion {unknown[0]!r}; known: {', '.join(COERCIONS)}")

    def permitted(self) -> frozenset[str]:
        """The kinds that may be used."""
        by_grade = {kind for kind, row in COERCIONS.items() if self.lossy or row.grade == "aligned"}
        if not self.dates:
            by_grade.discard("date_to_iso")
        return (frozenset(by_grade) | self.allow) - self.refuse
