"""Arguments of a call that Vertex AI streams leaf by leaf: `{"jsonPath": "$.a[0].b", "stringValue": "…"}`."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from portable_llm._json import MAX_DEPTH, JsonValue, dump_json
from portable_llm.wire._reading import as_dict, as_str

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[(?:'([^']*)'|\"([^\"]*)\")\]")
_MAX_PATH = 4096
"""Characters of one path."""

_VALUES = ("stringValue", "numberValue", "boolValue", "nullValue")


class PartialArguments:
    """One call's arguments under construction; a path that cannot be followed makes the whole unreadable."""

    __slots__ = ("_is_readable", "_path", "_pieces", "_root", "_seen")

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}
        self._seen: list[Any] = []
        self._path: str | None = None
        self._pieces: list[str] = []
        self._is_readable = True

    def add(self, argument: object) -> None:
        """One piece: a leaf, or more text for the leaf before it."""
        self._seen.append(argument)
        piece = as_dict(argument)
        path = as_str(piece.get("jsonPath"))
        name = next((name for name in _VALUES if name in piece), None)
        if path is None or name is None:
            self._is_readable = False
            return
        if path != self._path:
            self._flush()
        if name == "stringValue":
            self._path = path
            self._pieces.append(as_str(piece[name]) or "")
            if not piece.get("willContinue"):
                self._flush()
        else:
            self._set(path, None if name == "nullValue" else piece[name])

    def finish(self) -> dict[str, JsonValue] | None:
        """The arguments; `None` if a piece could not be placed."""
        self._flush()
        return self._root if self._is_readable else None

    @property
    def raw(self) -> str:
        """The pieces as they came: a JSON array, so that nobody takes it for an arguments object."""
        return dump_json(self._seen).decode()

    def _flush(self) -> None:
        if self._path is not None:
            path, text = self._path, "".join(self._pieces)
            self._path, self._pieces = None, []
            self._set(path, text)

    def _set(self, path: str, value: Any) -> None:
        steps = _steps(path)
        if steps is None or not _place(self._root, steps, value):
            self._is_readable = False


def _steps(path: str) -> list[str | int] | None:
    """The path without its `$`; `None` if it is none, or too deep."""
    if not path.startswith("$") or len(path) > _MAX_PATH:
        return None
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            return None
        name, index, single, double = match.groups()
        steps.append(int(index) if index is not None else name or single or double or "")
        at = match.end()
    return steps if 0 < len(steps) <= MAX_DEPTH else None


def _place(root: dict[str, Any], steps: list[str | int], value: Any) -> bool:
    """Put the value at its place, making the containers on the way; `False` if the way is barred."""
    target: Any = root
    for step, following in pairwise(steps):
        fresh: Any = [] if isinstance(following, int) else {}
        if not _grow(target, step, fresh):
            return False
        target = target[step]
    return _grow(target, steps[-1], value, replace=True)


def _grow(target: Any, step: str | int, fresh: Any, *, replace: bool = False) -> bool:
    if isinstance(step, int):
        # An array grows by its next element only: an index from outside must not make us allocate.
        if not isinstance(target, list) or step > len(target):  # pyright: ignore[reportUnknownArgumentType]
            return False
        if step == len(target):  # pyright: ignore[reportUnknownArgumentType]
            target.append(fresh)  # pyright: ignore[reportUnknownMemberType]
        elif replace:
            target[step] = fresh
        return True
    if not isinstance(target, dict):
        return False
    if replace or step not in target:
        target[step] = fresh
    return True
