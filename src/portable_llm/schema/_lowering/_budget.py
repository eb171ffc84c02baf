"""What a lowered schema may hold at most, counted while it is written."""

from __future__ import annotations

from typing import Any, NamedTuple

from portable_llm._errors import UnsupportedSchemaError
from portable_llm.schema._dialect import Dialect
from portable_llm.schema._lowering._shape import Gatherer


class Spent(NamedTuple):
    """So much so far, or for one place."""

    members: int
    enum_values: int
    text: int
    """Characters of names and enum values."""
    steps: int
    """Schema objects read."""


class Budget:
    """The dialect's limits for one schema."""

    def __init__(self, row: Dialect, gatherer: Gatherer) -> None:
        self.members = 0
        self._row = row
        self._gatherer = gatherer
        self._enum_values = 0
        self._text = 0

    def spent(self) -> Spent:
        """All so far."""
        return Spent(self.members, self._enum_values, self._text, self._gatherer.steps)

    def has_room_for(self, values: list[Any]) -> bool:
        """Whether an enum still fits; counts it if it does."""
        row = self._row
        if row.max_enum_values is None:
            return True
        text = sum(len(one) for one in values if isinstance(one, str))
        if row.large_enum is not None and len(values) > row.large_enum[0] and text > row.large_enum[1]:
            return False
        if not self._fits(len(values), text):
            return False
        self._enum_values += len(values)
        self._text += text
        return True

    def _fits(self, enum_values: int, text: int) -> bool:
        row = self._row
        if row.max_enum_values is not None and self._enum_values + enum_values > row.max_enum_values:
            return False
        # Half of the text is kept for names, which cannot be left out.
        return row.max_text is None or self._text + text <= row.max_text // 2

    def add_object(self, properties: dict[str, Any]) -> None:
        """Count an object's members; raises `UnsupportedSchemaError` beyond the limits."""
        row = self._row
        self.members += len(properties)
        if row.max_text is not None:
            self._text += sum(map(len, properties))
            if self._text > row.max_text:
                raise UnsupportedSchemaError(f"{row.name} takes at most {row.max_text} characters of names and values")
        if row.max_properties is not None and self.members > row.max_properties:
            raise UnsupportedSchemaError(f"{row.name} takes at most {row.max_properties} members in a schema")

    def repeat(self, cost: Spent) -> bool:
        """Count a place that is written again; not where a limit would decide otherwise now than it did then.

        Raises `UnsupportedSchemaError` where a schema expands too far.
        """
        row = self._row
        if not self._fits(cost.enum_values, cost.text):
            return False
        if row.max_properties is not None and self.members + cost.members > row.max_properties:
            return False
        self.members += cost.members
        self._enum_values += cost.enum_values
        self._text += cost.text
        self._gatherer.spend(cost.steps)
        return True
