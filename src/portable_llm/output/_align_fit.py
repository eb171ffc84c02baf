"""The nearest value that a schema accepts, with each step that leads to it.

`Fitting.fit` asks a node of the schema for a value: as it is (no edits), changed by the coercions that are permitted,
or not at all. Where there are several ways (choices of a union, reshapings of a container), the nearest wins if it is
nearer by a margin than every other that gives another value; otherwise there is no answer. Paths are those of the
value as it was written, so that each edit can be shown in the text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from portable_llm._json import JsonValue, load_json
from portable_llm.output._align_enum import AMBIGUOUS, Meant, truth_in
from portable_llm.output._align_kinds import COERCIONS, MARGIN
from portable_llm.output._align_schema import Node
from portable_llm.output._align_text import (
    NULLS,
    PLACEHOLDERS,
    boolean_of,
    iso_date,
    iso_datetime,
    number_of,
    spelling,
    unquoted,
)
from portable_llm.output._scanned import Path

MAX_DEPTH = 48
"""Levels of a value that are aligned; Python's own stack ends at about five times as many."""
MAX_RESHAPES = 3
"""Wrappers, lists and JSON texts that are opened or put around one value, in a row."""
WRAPPERS = frozenset(
    """
    answer finalanswer result results output response value data json parameters params arguments args input object
    item items list
    """.split()  # noqa: SIM905 (one word after the other is easier to read)
)
"""Names (as spellings) of members that models put around the value asked for."""
_ECHO = frozenset({"type", "properties", "required", "title", "description", "$schema", "additionalProperties", "$id"})


class Edit(NamedTuple):
    """One coercion, at a place of the value as it was written."""

    kind: str
    path: Path
    before: JsonValue
    after: JsonValue


class Fit(NamedTuple):
    """A value that the node accepts. Without edits it is the value that was given, the same object."""

    value: JsonValue
    edits: tuple[Edit, ...] = ()
    cost: int = 0


class OutOfBoundsError(Exception):
    """The value nests too deep, or aligning it would take too long."""


_MISSING = object()


class Fitting:
    """One run over one value."""

    def __init__(
        self,
        permitted: frozenset[str],
        steps: int,
        cuts: frozenset[Path] = frozenset(),
        token: Callable[[Path], str | None] = lambda path: None,
    ) -> None:
        self.notes: dict[str, None] = {}
        """Why something was refused that a reader might have expected."""
        self.met_cut = False
        """Whether a place was refused because its text breaks off."""
        self._permitted, self._steps, self._cuts, self._token = permitted, steps, cuts, token
        self._known: dict[tuple[int, int, Path, int], Fit | None] = {}
        self._kept: list[JsonValue] = []
        self._ways: dict[str, Callable[[Node, Any, Path], Iterator[Fit | None]]] = {
            "any": self._any,
            "array": self._array,
            "boolean": self._boolean,
            "enum": self._enum,
            "integer": self._number,
            "never": lambda node, value, path: iter(()),
            "null": self._null,
            "number": self._number,
            "object": self._object,
            "string": self._string,
        }

    def fit(self, node: Node, value: JsonValue, path: Path = (), reshapes: int = 0) -> Fit | None:
        """The nearest value that the node accepts, or `None`; raises `OutOfBoundsError`."""
        self._steps -= 1
        if self._steps < 0 or len(path) > MAX_DEPTH:
            raise OutOfBoundsError("too deep" if self._steps >= 0 else "too much work")
        if path in self._cuts and node.kind not in ("union", "any") and not _is_free_text(node, value):
            self.met_cut = True
            return None
        if not isinstance(value, (dict, list)):
            return self._fit(node, value, path, reshapes)
        key = (id(node), id(cast("object", value)), path, reshapes)
        if key not in self._known:
            self._known[key] = self._fit(node, value, path, reshapes)
        return self._known[key]

    def _fit(self, node: Node, value: JsonValue, path: Path, reshapes: int) -> Fit | None:
        if node.kind == "union":
            return self._choice(node, value, path, reshapes)
        direct = next((fit for fit in self._ways[node.kind](node, value, path) if fit is not None), None)
        if direct is not None or reshapes >= MAX_RESHAPES or path in self._cuts:
            return direct
        reshaped = [fit for fit in self._reshape(node, value, path, reshapes + 1) if fit is not None]
        return self._nearest(reshaped, path)

    def _choice(self, node: Node, value: JsonValue, path: Path, reshapes: int) -> Fit | None:
        found: list[Fit] = []
        for choice in node.choices:
            fit = self.fit(choice, value, path, reshapes)
            if fit is not None and not fit.edits:
                return fit
            if fit is not None:
                found.append(fit)
        return self._nearest(found, path)

    def _nearest(self, found: list[Fit], path: Path) -> Fit | None:
        if len(found) < 2:
            return found[0] if found else None
        best = min(found, key=lambda fit: fit.cost)
        rivals = [fit for fit in found if fit is not best and fit.cost - best.cost < MARGIN]
        if any(_text(fit.value) != _text(best.value) for fit in rivals):
            self._note(path, "fits in several ways that give different values; choosing one would be a guess")
            return None
        return best

    # Building fits

    def _edit(self, kind: str, path: Path, before: JsonValue, after: JsonValue, inner: Fit | None = None) -> Fit | None:
        """`after` with one more edit on record, if its kind is permitted; `inner`: what had been done to it before."""
        if kind not in self._permitted:
            if COERCIONS[kind].grade == "lossy":
                self._note(path, f"{kind} would be needed, which loses something and is not allowed by the policy")
            return None
        edits, cost = (inner.edits, inner.cost) if inner else ((), 0)
        return Fit(after, (Edit(kind, path, before, after), *edits), cost + COERCIONS[kind].cost)

    def _note(self, path: Path, reason: str) -> None:
        if len(self.notes) < 8:
            self.notes[f"/{'/'.join(map(str, path))}: {reason}"] = None

    def _checked(self, node: Node, fit: Fit | None) -> Fit | None:
        return fit if fit is not None and node.holds(fit.value) else None

    # One way for each kind of node

    def _any(self, node: Node, value: Any, path: Path) -> Iterator[Fit | None]:
        if isinstance(value, dict) and (node.members or node.is_map or node.required or node.is_closed):
            yield from self._object(node, value, path)
        elif isinstance(value, list) and node.has_items:
            yield from self._array(node, value, path)
        else:
            yield Fit(value)

    def _string(self, node: Node, value: Any, path: Path) -> Iterator[Fit | None]:
        if isinstance(value, str):
            yield self._checked(node, self._date(node, value, path))
            yield self._checked(node, Fit(value))
        elif isinstance(value, bool):
            yield self._checked(node, self._edit("text_from_boolean", path, value, json.dumps(value)))
        elif isinstance(value, (int, float)):
            written = self._written(value, path)
            yield self._checked(node, self._edit("text_from_number", path, value, written)) if written else None

    def _written(self, value: int | float, path: Path) -> str | None:
        """The number as it stands in the text. A float whose text is not known has several (1.0, 1.00, 1e0)."""
        token = self._token(path)
        if token is not None:
            read = number_of(token)
            return token if read is not None and read.kind == "number_from_text" and read.value == value else None
        return str(value) if isinstance(value, int) else None

    def _date(self, node: Node, value: str, path: Path) -> Fit | None:
        if node.format not in ("date", "date-time") or "date_to_iso" not in self._permitted:
            return None
        written = iso_date(value) if node.format == "date" else iso_datetime(value)
        return None if written is None or written == value else self._edit("date_to_iso", path, value, written)

    def _number(self, node: Node, value: Any, path: Path) -> Iterator[Fit | None]:
        whole = node.kind == "integer"
        if isinstance(value, str):
            read = number_of(value)
            if read is None:
                return
            yield self._checked(node, self._in_type(self._edit(read.kind, path, value, read.value), whole, path))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield self._checked(node, self._in_type(Fit(value), whole, path))

    def _in_type(self, fit: Fit | None, whole: bool, path: Path) -> Fit | None:
        """The number as an integer, where one is asked for. 2.0 is an integer to JSON Schema, and stays as it is."""
        if fit is None or not whole or not isinstance(fit.value, float):
            return fit
        if not fit.value.is_integer():
            rounded = round(fit.value) if abs(fit.value) < 2**53 else None
            return self._edit("integer_rounded", path, fit.value, rounded, fit) if rounded is not None else None
        return Fit(int(fit.value), _with_result(fit.edits, int(fit.value)), fit.cost) if fit.edits else fit

    def _boolean(self, node: Node, value: Any, path: Path) -> Iterator[Fit | None]:
        if isinstance(value, bool):
            yield Fit(value)
        elif isinstance(value, str):
            if (read := boolean_of(value)) is not None:
                yield self._edit(read[1], path, value, read[0])
            elif not path and (truth := truth_in(value)) is not None:
                yield self._edit("prose_removed", path, value, truth)
        elif isinstance(value, (int, float)) and value in (0, 1):
            yield self._edit("boolean_from_number", path, value, bool(value))

    def _null(self, node: Node, value: Any, path: Path) -> Iterator[Fit | None]:
        if value is None:
            yield Fit(None)
        elif isinstance(value, str) and len(value) < 20:
            word = unquoted(value).casefold()
            if word in NULLS:
                yield self._edit("null_from_text", path, value, None)
            elif word in PLACEHOLDERS:
                yield self._edit("null_from_placeholder", path, value, None)

    def _enum(self, node: Node, value: Any, path: Path) -> Iterator[Fit | None]:
        names = node.names
        if names is None or names.has(value):
            yield Fit(value) if names else None
            return
        meant = names.meant_by(value)
        if meant is None and isinstance(value, str):
            # Only a whole answer is a sentence around a value; in a member the rest of the sentence is content.
            answer = None if path else names.answer_in(value)
            meant = Meant(answer, "prose_removed") if answer is not None else names.near(value)
        if meant is AMBIGUOUS:
            self._note(path, f"{value!r:.80} is a spelling of several of the values allowed")
        elif meant is not None:
            yield self._edit(meant.kind, path, value, meant.value)

    def _object(self, node: Node, value: Any, path: Path) -> Iterator[Fit | None]:
        if isinstance(value, dict):
            yield self._checked(node, self._members(node, cast("dict[str, JsonValue]", value), path))

    def _members(self, node: Node, value: dict[str, JsonValue], path: Path) -> Fit | None:
        names = self._renamed(node, value, path)
        present = {names.get(key, key) for key in value} if names else value.keys()
        if any(name not in present for name in node.required):
            return None
        made: dict[str, JsonValue] = {}
        edits: list[Edit] = []
        cost = 0
        for key, item in value.items():
            name = names.get(key, key)
            if name != key:
                edits.append(Edit("key_spelling", (*path, key), key, name))
                cost += COERCIONS["key_spelling"].cost
            fit = self._member(node, name, item, (*path, key))
            if fit is None:
                return None
            if fit.value is not _MISSING:
                made[name] = fit.value
            edits += fit.edits
            cost += fit.cost
        return Fit(made, tuple(edits), cost) if edits else Fit(value)

    def _member(self, node: Node, name: str, item: JsonValue, path: Path) -> Fit | None:
        child = node.member(name)
        if child is not None:
            fit = self.fit(child, item, path)
            may_go = item is None and name in node.members and name not in node.required
            return self._dropped("null_removed", path, item) if fit is None and may_go else fit
        if not node.is_closed:
            return Fit(item)
        # A schema may be closed in one part of an `allOf` and know the name in another; that is for validation.
        return self._dropped("null_removed" if item is None else "extra_removed", path, item)

    def _dropped(self, kind: str, path: Path, item: JsonValue) -> Fit | None:
        fit = self._edit(kind, path, item, None)
        return fit._replace(value=cast("JsonValue", _MISSING)) if fit else None

    def _renamed(self, node: Node, value: Mapping[str, JsonValue], path: Path) -> dict[str, str]:
        """Members whose name is another spelling of one that is missing; never two for one.

        An object that is open accepts any name, and what it accepts is not touched: there, only a name that is
        required is worth another spelling.
        """
        if "key_spelling" not in self._permitted:
            return {}
        wanted = [name for name in (node.spellings.values() if node.is_closed else node.required) if name]
        if all(name in value for name in wanted):
            return {}
        found: dict[str, list[str]] = {}
        for key in value:
            target = None if node.is_known(key) or len(key) > 200 else node.spellings.get(spelling(key.strip()))
            if target is not None and target not in value and target in wanted:
                found.setdefault(target, []).append(key)
        for target, keys in found.items():
            if len(keys) > 1:
                self._note(path, f"{', '.join(map(repr, keys[:4]))} are spellings of one member, {target!r}")
        return {keys[0]: target for target, keys in found.items() if len(keys) == 1}

    def _array(self, node: Node, value: Any, path: Path) -> Iterator[Fit | None]:
        if isinstance(value, list):
            yield self._checked(node, self._items(node, cast("list[JsonValue]", value), path))

    def _items(self, node: Node, value: list[JsonValue], path: Path) -> Fit | None:
        if not node.has_items:
            return Fit(value)
        made: list[JsonValue] = []
        edits: list[Edit] = []
        cost = 0
        for index, item in enumerate(value):
            child = node.item(index)
            fit = self.fit(child, item, (*path, index)) if child is not None else Fit(item)
            if fit is None:
                return None
            made.append(fit.value)
            edits += fit.edits
            cost += fit.cost
        return Fit(made, tuple(edits), cost) if edits else Fit(value)

    # Other shapes of the same content

    def _reshape(self, node: Node, value: JsonValue, path: Path, reshapes: int) -> Iterator[Fit | None]:
        if isinstance(value, str) and node.kind in ("object", "array"):
            yield self._from_json_text(node, value, path, reshapes)
        elif isinstance(value, list) and value:
            yield self._from_list(node, value, path, reshapes)
        elif isinstance(value, dict):
            yield self._unwrapped(node, value, path, reshapes)
        if node.kind == "array" and _may_be_single(value, path):
            yield self._listed(node, value, path, reshapes)
        if node.kind == "string" and isinstance(value, (dict, list)) and "text_from_json" in self._permitted:
            written = self._token(path) or _text(value)
            yield self._checked(node, self._edit("text_from_json", path, value, written))

    def _from_json_text(self, node: Node, value: str, path: Path, reshapes: int) -> Fit | None:
        text = value.strip()
        if not text.startswith(("{", "[", '"')):
            return None
        try:
            inner = load_json(text)
        except ValueError:
            return None
        self._kept.append(inner)  # `_known` tells values apart by their ids
        return self._around("value_from_json_text", path, value, self.fit(node, inner, path, reshapes))

    def _from_list(self, node: Node, value: list[JsonValue], path: Path, reshapes: int) -> Fit | None:
        kind = "single_from_list" if len(value) == 1 else "first_of_many"
        # An array of arrays whose inner ones do not fit is not one of them.
        if kind == "first_of_many" and (node.kind == "array" or kind not in self._permitted):
            return None
        return self._around(kind, path, value, self.fit(node, value[0], (*path, 0), reshapes))

    def _listed(self, node: Node, value: JsonValue, path: Path, reshapes: int) -> Fit | None:
        child = node.item(0)
        item = self.fit(child, value, path, reshapes) if child is not None else Fit(value)
        if item is None:
            return None
        return self._checked(node, self._around("list_from_single", path, value, item._replace(value=[item.value])))

    def _unwrapped(self, node: Node, value: dict[str, JsonValue], path: Path, reshapes: int) -> Fit | None:
        found = _inner(node, value, path)
        if found is None:
            return None
        kind, key = found
        inner = value[key]
        # A schema that was copied out instead of answered is no value, although it may be an object of the right form.
        if isinstance(inner, dict) and any(inner[name] in node.members.get(name, ()) for name in inner):
            return None
        return self._around(kind, path, value, self.fit(node, inner, (*path, key), reshapes))

    def _around(self, kind: str, path: Path, before: JsonValue, inner: Fit | None) -> Fit | None:
        return self._edit(kind, path, before, inner.value, inner) if inner is not None else None


def _is_free_text(node: Node, value: JsonValue) -> bool:
    """Whether a text may break off here and still be one: what a format describes is not itself without its end."""
    return node.kind == "string" and isinstance(value, str) and not node.format


def _with_result(edits: tuple[Edit, ...], after: JsonValue) -> tuple[Edit, ...]:
    return (edits[0]._replace(after=after), *edits[1:])


def _text(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _inner(node: Node, value: dict[str, JsonValue], path: Path) -> tuple[str, str] | None:
    """The member that holds the whole value, with the kind of wrapper that this is."""
    if "properties" in value and "properties" not in node.members and _is_echo(node, value):
        return "schema_echo_removed", "properties"
    names = {key for key in value if key not in ("name", "type") or len(value) == 1}
    if len(names) != 1 or any(name in node.members for name in value):
        return None
    key = names.pop()
    if not _is_call(node, value) or not (spelling(key) in WRAPPERS or _is_own_name(node, key, path)):
        return None
    return "unwrapped", key


def _is_call(node: Node, value: Mapping[str, JsonValue]) -> bool:
    """`{"name": …, "arguments": …}` says nothing more than the arguments only if the name is the schema's own."""
    if len(value) == 1:
        return True
    name = value.get("name")
    return isinstance(name, str) and spelling(name) in node.titles and value.get("type", "function") == "function"


def _is_own_name(node: Node, key: str, path: Path) -> bool:
    if spelling(key) in node.titles:
        return True
    return bool(path) and isinstance(path[-1], str) and spelling(path[-1]) == spelling(key)


def _is_echo(node: Node, value: Mapping[str, JsonValue]) -> bool:
    """Whether all that stands beside the properties are the schema's own words."""
    if node.kind != "object" or not value.keys() <= _ECHO or not isinstance(value["properties"], dict):
        return False
    own = {key: given for schema in reversed(node.flat) for key, given in schema.items()}
    rest = [key for key in value if key != "properties"]
    return all(value[key] == own.get(key, "object" if key == "type" else _MISSING) for key in rest)


_LIST_MARKS = (",", ";", "\n", "|")


def _may_be_single(value: JsonValue, path: Path) -> bool:
    """Whether a value that is no list may stand for a list of one.

    Not: inside another list (whose items would each become lists), nothing at all, a whole answer in prose, a broken
    JSON text, and a text that itself reads as a list of short items: the model may have meant several.
    """
    if value is None or isinstance(value, list) or (path and isinstance(path[-1], int)):
        return False
    if not isinstance(value, str):
        return True
    if not path or not value.strip() or value.lstrip()[:1] in "[{":
        return False
    for mark in _LIST_MARKS:
        parts = value.split(mark, 32)
        if len(parts) > 1 and all(len(part.split(None, 4)) <= 3 for part in parts):
            return False
    return True
