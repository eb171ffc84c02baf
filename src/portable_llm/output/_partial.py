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
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple, TypeAlias, cast

from portable_llm._events import PartialOutput
from portable_llm._json import JsonValue, dump_json
from portable_llm._response import Invalid, Parsed
from portable_llm.output._partial_scan import Frame, Node, PartialScanner
from portable_llm.output._partial_shape import Shapes
from portable_llm.output._policy import Policy, ReadPolicy
from portable_llm.output._read import read
from portable_llm.schema._lowering._growing import ABSENT, Growing
from portable_llm.schema._lowering._sieve import Path, Unfinished

Partial: TypeAlias = PartialOutput


class PartialReader:
    """Reads one value out of a text that comes in pieces; the time it takes is linear in the whole text."""

    def __init__(
        self,
        schema: Mapping[str, Any] | None = None,
        *,
        policy: Policy | ReadPolicy = "align",
        restore: Growing | None = None,
        under: str | None = None,
    ) -> None:
        """`schema` is the one the text is written to; `restore` (`lowered.growing()`) brings values and places back to
        the original's shape. `under`: the value is this member of the text's object."""
        self._schema = schema
        self._policy: Policy | ReadPolicy = policy
        self._restore = restore
        self._under = under
        self._pieces: list[str] = []
        self._scanner = PartialScanner(Shapes(schema, under), under)

    @property
    def stopped(self) -> str | None:
        """Why the partial value does not grow any more, although text comes; the rest is for `finish` to read."""
        return self._scanner.stopped

    def feed(self, chunk: str) -> Partial | None:
        """The value so far; `None` where `chunk` added nothing to it that can be shown."""
        self._pieces.append(chunk)
        scanner = self._scanner
        scanner.feed(chunk)
        is_changed, has_grown = scanner.is_changed, scanner.has_grown
        if not is_changed and not has_grown:
            return None
        scanner.is_changed = scanner.has_grown = False
        done, scanner.completed = scanner.completed, []
        changes, scanner.changes = scanner.changes, []
        if self._restore is None:
            return PartialOutput(self._reading(), lambda: tuple(_pointer(_path(node)) for node in done))
        reply = scanner.value if self._under is None or not scanner.frames else scanner.value.get(self._under, "")
        places = [place for node in done if (place := self._restore.place(_path(node), reply)) is not None]
        if not places and not self._is_seen(self._restore, reply, changes, has_grown):
            return None
        return self._restored(self._restore, places)

    def _is_seen(self, growing: Growing, reply: Any, changes: list[Node | None], has_grown: bool) -> bool:
        """Whether what has come may change the value in the original's shape."""
        scanner = self._scanner
        opened = frozenset(id(frame.value) for frame in scanner.frames)
        inner = scanner.frames[-1].value if scanner.frames else None
        now = Unfinished(opened, scanner.lacking, (id(inner), scanner.key))
        if has_grown:
            path = cast("Path", scanner.place if self._under is None else scanner.place[1:])
            if growing.is_seen(path, reply, now):
                return True
        return any(growing.is_seen(_path(node), reply, now, is_put=True) for node in changes if node is not None)

    def _reading(self) -> Callable[[], JsonValue]:
        build, under = self._building(), self._under
        if under is None:
            return lambda: build().value
        return lambda: cast("dict[str, JsonValue]", build().value).get(under)

    def _building(self) -> Callable[[], _Built]:
        """How to build the value as it stands now, also after it has grown: what grows, only grows at its end."""
        scanner = self._scanner
        marks = [(frame, len(cast("list[Any]", frame.value))) for frame in scanner.frames if frame.value is not None]
        text, count, key = scanner.text, len(scanner.text), scanner.key
        is_text_shown = scanner.is_text_shown
        root = scanner.root

        def build() -> _Built:
            return _grown(marks, root, (key, "".join(text[:count])) if is_text_shown else None)

        return build

    def _restored(self, growing: Growing, places: list[Path]) -> PartialOutput:
        """The same in the original's shape."""
        build, under, scanner = self._building(), self._under, self._scanner

        def value() -> JsonValue:
            around, now = build()
            reply = around if under is None else cast("dict[str, JsonValue]", around).get(under)
            is_open = now.has(None, None, around) if under is None else now.has(around, under, reply)
            lacking = Unfinished(now.growing, scanner.lacking, now.text)
            found = growing.restore(reply, lacking, is_open=is_open or id(reply) in scanner.lacking)
            return None if found is ABSENT else found

        def completed() -> tuple[str, ...]:
            return tuple(_pointer(place) for place in places if _is_at(place, partial.value))

        partial = PartialOutput(value, completed)
        return partial

    def finish(self) -> Parsed[JsonValue] | Invalid:
        """What `read` makes of the whole text, in the original's shape; only `schema` has been held against it."""
        text = "".join(self._pieces)
        found = self._read(text) if self._under is None else self._read_member(text, self._under)
        if self._restore is None or isinstance(found, Invalid):
            return found
        value = self._restore.restore(found.value, Unfinished(frozenset()), is_open=False)
        return replace(found, value=None if value is ABSENT else value)

    def _read(self, text: str) -> Parsed[JsonValue] | Invalid:
        return read(text, self._schema, policy=self._policy)

    def _read_member(self, text: str, name: str) -> Parsed[JsonValue] | Invalid:
        around = read(text, policy=self._policy)
        if isinstance(around, Invalid):
            return around
        if not isinstance(around.value, dict) or name not in around.value:
            return Invalid(errors=(f"/: the object lacks {name!r}",), best_effort=around.value, repairs=around.repairs)
        found = self._read(dump_json(around.value[name]).decode())
        repairs = (*around.repairs, *found.repairs)
        if isinstance(found, Invalid):
            return replace(found, repairs=repairs)
        return replace(found, repairs=repairs, grade=around.grade if found.grade == "exact" else found.grade)


class _Built(NamedTuple):
    """A value as it stood, and what of it is open."""

    value: JsonValue
    open: Unfinished


def _grown(marks: list[tuple[Frame, int]], root: JsonValue, open_text: tuple[str | int | None, str] | None) -> _Built:
    """The value as it was: open objects and arrays up to their length then, from the inside out."""
    if not marks:
        text = None if open_text is None else (id(None), None)
        return _Built(root if open_text is None else open_text[1], Unfinished(frozenset(), text=text))
    below = open_text
    value: JsonValue = None
    growing = set[int]()
    text = None
    for frame, size in reversed(marks):
        value = _copied(frame, size, below)
        if not growing and open_text is not None:
            text = (id(value), open_text[0])
        growing.add(id(value))
        below = (frame.key, value)
    return _Built(value, Unfinished(growing, text=text))


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


def _path(node: Node) -> Path:
    return (*_path(node[0]), node[1]) if node else ()


def _pointer(path: Path) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _is_at(path: Path, value: JsonValue) -> bool:
    """Whether the value has such a place: it may lack one beside another that could not be shown."""
    for step in path:
        match value, step:
            case dict(), str() if step in value:
                value = value[step]
            case list(), int() if step < len(value):
                value = value[step]
            case _:
                return False
    return True
