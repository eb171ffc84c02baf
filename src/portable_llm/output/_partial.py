"""A value while it is written: fed with pieces of text, shown as far as it is certain.

The reader never looks back: each character is read once, whatever the pieces are, so the same text gives the same
partial values however it was split. It reads JSON, and of what is not JSON only what needs no look ahead (quotes of the
other kind, names without quotes, comments, trailing commas, Python's literals, line breaks in strings). Where only the
rest of the text can tell what was meant, the value stays at its last safe state (`stopped` says why). The final word is
`read` on the whole text, always.

A place is `completed` when what follows it shows that it ended: a bracket, or the next name and its colon.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Protocol, TypeAlias, cast

from portable_llm._events import PartialOutput
from portable_llm._json import JsonValue
from portable_llm._response import Invalid, Parsed
from portable_llm.output._partial_scan import Frame, Node, PartialScanner
from portable_llm.output._partial_shape import Shapes
from portable_llm.output._policy import Policy, ReadPolicy
from portable_llm.output._read import read

Partial: TypeAlias = PartialOutput


class Restore(Protocol):
    """Brings a value from the form it was sent in back to the form that was asked for."""

    def __call__(self, reply: Any, *, partial: bool = False) -> Any: ...


class PartialReader:
    """Reads one value out of a text that comes in pieces; the time it takes is linear in the whole text."""

    def __init__(
        self,
        schema: Mapping[str, Any] | None = None,
        *,
        policy: Policy | ReadPolicy = "align",
        restore: Restore | None = None,
        under: str | None = None,
    ) -> None:
        """`schema` is the one the text is written to; `restore` turns its values into those of the original, and
        `completed` then names places in the text's own form. `under`: the value is this member of the text's object."""
        self._schema = schema
        self._policy: Policy | ReadPolicy = policy
        self._restore = restore
        self._under = under
        self._pieces: list[str] = []
        wrapped = {"type": "object", "properties": {under: schema or {}}} if under is not None else schema
        self._scanner = PartialScanner(Shapes(wrapped), under)

    @property
    def stopped(self) -> str | None:
        """Why the partial value does not grow any more, although text comes; the rest is for `finish` to read."""
        return self._scanner.stopped

    def feed(self, chunk: str) -> Partial | None:
        """The value so far; `None` where `chunk` added nothing to it that can be shown."""
        self._pieces.append(chunk)
        scanner = self._scanner
        scanner.feed(chunk)
        if not scanner.is_changed:
            return None
        scanner.is_changed = False
        done, scanner.completed = scanner.completed, []
        return PartialOutput(self._reading(), lambda: tuple(map(_pointer, done)))

    def _reading(self) -> Callable[[], JsonValue]:
        """How to build the value as it stands now, also after it has grown: what grows, only grows at its end."""
        scanner = self._scanner
        marks = [(frame, len(cast("list[Any]", frame.value))) for frame in scanner.frames if frame.value is not None]
        text, count, key = scanner.text, len(scanner.text), scanner.key
        is_text_shown = scanner.is_text_shown
        root = scanner.root
        restore, under = self._restore, self._under

        def build() -> JsonValue:
            value = _grown(marks, root, (key, "".join(text[:count])) if is_text_shown else None)
            if under is not None:
                value = cast("dict[str, JsonValue]", value).get(under) if isinstance(value, dict) else None
            return value if restore is None else restore(value, partial=True)

        return build

    def finish(self) -> Parsed[JsonValue] | Invalid:
        """What `read` makes of the whole text."""
        return read("".join(self._pieces), self._schema, policy=self._policy)


def _grown(
    marks: list[tuple[Frame, int]], root: JsonValue, open_text: tuple[str | int | None, str] | None
) -> JsonValue:
    """The value as it was: open objects and arrays up to their length then, from the inside out."""
    if not marks:
        return open_text[1] if open_text is not None else root
    below: tuple[str | int | None, JsonValue] | None = open_text
    value: JsonValue = None
    for frame, size in reversed(marks):
        value = _copied(frame, size, below)
        below = (frame.key, value)
    return value


def _copied(frame: Frame, size: int, below: tuple[str | int | None, JsonValue] | None) -> JsonValue:
    value = cast("JsonValue", frame.value)
    if isinstance(value, dict):
        members = dict(islice(value.items(), size))
        if below is not None:
            members[cast("str", below[0])] = below[1]
        return members
    items = cast("list[JsonValue]", frame.value)[:size]
    if below is not None:
        items[cast("int", below[0]) :] = [below[1]]
    return items


def _pointer(node: Node) -> str:
    steps: list[str] = []
    at = node
    while at:
        steps.append(str(at[1]).replace("~", "~0").replace("/", "~1"))
        at = at[0]
    return "".join("/" + step for step in reversed(steps))
