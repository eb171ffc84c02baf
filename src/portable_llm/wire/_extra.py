"""Provider-specific fields on their way to the wire: `Request.extra`, put in as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from portable_llm._adaptation import Adaptation, entry
from portable_llm._errors import InvalidRequestError
from portable_llm._json import JsonValue


def add_extra(body: dict[str, Any], extra: Mapping[str, JsonValue], source: str) -> list[Adaptation]:
    """Put each field where it belongs, objects member by member; the entries that say so.

    Raises `InvalidRequestError` for a field that a portable option has set.
    """
    ledger: list[Adaptation] = []
    for key, value in extra.items():
        pointer = f"/extra/{_escape(key)}"
        _merge(body, key, value, pointer, key)
        ledger.append(entry("wire", pointer, "moved", f"passed through as {key}", source=source))
    return ledger


def _merge(into: dict[str, Any], key: str, value: object, pointer: str, place: str) -> None:
    if key not in into:
        into[key] = value
        return
    present = into[key]
    if place == "tools" and isinstance(present, list) and isinstance(value, list):
        # A provider's own tools stand beside the application's.
        into[key] = [*cast("list[Any]", present), *cast("list[Any]", value)]
        return
    if not isinstance(present, dict) or not isinstance(value, dict):
        raise InvalidRequestError(
            f"extra sets {place!r} ({pointer}), which a portable option of this request has set already; "
            "use the portable option or the extra field, not both"
        )
    merged = into[key] = dict(cast("dict[str, Any]", present))
    for name, member in cast("dict[str, Any]", value).items():
        _merge(merged, name, member, f"{pointer}/{_escape(name)}", f"{place}.{name}")


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
