"""What a JSON value holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def values_in(value: Any) -> Iterator[Any]:
    """Every object of a wire request, also those that it holds as JSON text."""
    if isinstance(value, str) and value.startswith("{"):
        value = json.loads(value)
    if isinstance(value, dict):
        yield value
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from values_in(item)
