"""The pieces of a prompt: named sections, documents, examples, and variables with a type."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

from portable_llm._errors import PromptError, PromptVariableError
from portable_llm._json import JsonValue

Rendering = Literal["markdown", "xml", "plain", "json"]
RENDERINGS: tuple[Rendering, ...] = ("markdown", "xml", "plain", "json")
NEUTRAL: Rendering = "markdown"
"""What is written where nothing is known of the target's preference."""

Place = Literal["system", "user"]
ExamplesAs = Literal["inline", "turns"]
TemplateKind = Literal["fields", "jinja", "none"]
VariableType = Literal["str", "int", "number", "bool", "enum", "list", "json", "documents"]
VARIABLE_TYPES: tuple[VariableType, ...] = ("str", "int", "number", "bool", "enum", "list", "json", "documents")

SECTIONS = ("role", "task", "rules", "documents", "examples", "output_format", "data")
"""The names every rendering and placement rule knows; any other name is free."""

SECTION_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
"""Lower-case words joined by `_`: so a name and its title ("Output format") are one and the same."""


class Text(str):
    """Text that knows which of its characters are data, that is came from variables; equal to the plain string."""

    __slots__ = ("data",)

    data: tuple[tuple[int, int], ...]
    """Spans (start, end) in characters, in order."""

    def __new__(cls, value: str, data: tuple[tuple[int, int], ...] = ()) -> Text:
        self = super().__new__(cls, value)
        self.data = data
        return self

    def __getnewargs__(self) -> tuple[str, tuple[tuple[int, int], ...]]:  # type: ignore[override]
        return str(self), self.data

    @classmethod
    def untrusted(cls, value: str) -> Text:
        """All of it is data."""
        return cls(value, ((0, len(value)),) if value else ())


def data_of(text: str) -> tuple[tuple[int, int], ...]:
    """The spans that are data; none in a plain string."""
    return text.data if isinstance(text, Text) else ()


def touches(data: tuple[tuple[int, int], ...], start: int, end: int) -> bool:
    """Whether any of the spans, which are in order, has a character in common with this one."""
    before = bisect_left(data, (end, 0))
    return before > 0 and data[before - 1][1] > start


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Something to read, with an optional title."""

    text: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What may come in, and the answer wanted for it."""

    input: str
    output: str


Item: TypeAlias = Document | Example


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One named part of a prompt: text, and behind it documents or examples."""

    name: str
    text: str = ""
    items: tuple[Item, ...] = ()
    """Documents in the section `documents`, examples in `examples`, none elsewhere."""

    def __post_init__(self) -> None:
        if SECTION_NAME.fullmatch(self.name) is None:
            raise PromptError(f"section name {self.name!r}: lower-case words joined by _, as in output_format")
        kind = ITEMS.get(self.name)
        wrong = next((item for item in self.items if kind is None or not isinstance(item, kind)), None)
        if wrong is not None:
            raise PromptError(f"section {self.name!r} holds a {type(wrong).__name__}; it belongs in another section")


ITEMS: Mapping[str, type[Item]] = {"documents": Document, "examples": Example}
"""Which items a section may hold."""


# ---- variables -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """What a placeholder takes."""

    type: VariableType = "str"
    values: tuple[str, ...] = ()
    """Of an enum."""
    default: JsonValue = None
    """`None`: a value has to be given."""
    is_trusted: bool = False
    """The value is the application's own text and no data: only what would break the structure is escaped."""
    description: str = ""

    def check(self, name: str, value: object) -> Any:
        """The value, documents as `Document`s; raises `PromptVariableError` where it is not of this type."""
        if self.type == "documents":
            return _documents(name, value)
        if not _is_of_type(self, value):
            wanted = f"one of {', '.join(self.values)}" if self.type == "enum" else f"of type {self.type}"
            raise PromptVariableError(
                f"variable {name!r} has to be {wanted}, got {_shown(value)}", name=name, problem="type"
            )
        return value

    def read(self, name: str, text: str) -> object:
        """The value that a word on a command line means; raises `PromptVariableError`."""
        if self.type in ("str", "enum"):
            return self.check(name, text)
        try:
            value: object = json.loads(text)
        except (ValueError, RecursionError):
            value = [text] if self.type in ("list", "documents") else text
        return self.check(name, value)

    def write(self, value: Any) -> str:
        """A checked value as text."""
        match self.type:
            case "list":
                return "\n".join(f"- {_word(item)}" for item in value)
            case "json":
                return json.dumps(value, ensure_ascii=False, indent=2)
            case _:
                return _word(value)

    def to_json(self) -> dict[str, JsonValue]:
        """What of it makes a difference to what the model sees."""
        return {
            "type": self.type,
            "values": list(self.values),
            "default": self.default,
            "trusted": self.is_trusted,
        }

    @property
    def is_data(self) -> bool:
        """Whether a value may hold anything: numbers, truth values and the words of an enum cannot."""
        return not self.is_trusted and self.type not in ("int", "number", "bool", "enum")


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shown(value: object) -> str:
    """A type, and of short plain values the value: variables hold users' data, which belongs in no error."""
    return f"{value!r}" if isinstance(value, (bool, int, float)) or value is None else f"a {type(value).__name__}"


def _is_of_type(variable: Variable, value: object) -> bool:
    match variable.type:
        case "str":
            return isinstance(value, str)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        case "bool":
            return isinstance(value, bool)
        case "enum":
            return isinstance(value, str) and value in variable.values
        case "list":
            return isinstance(value, (list, tuple)) and all(map(_is_scalar, cast("Sequence[object]", value)))
        case "json" | "documents":
            return _is_json(value)


def _is_scalar(value: object) -> bool:
    return isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value))


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _documents(name: str, value: object) -> tuple[Document, ...]:
    if not isinstance(value, (list, tuple)):
        raise PromptVariableError(
            f"variable {name!r} has to be a list of documents, got {_shown(value)}", name=name, problem="type"
        )
    return tuple(_document(name, item) for item in cast("Sequence[object]", value))


def _document(name: str, item: object) -> Document:
    if isinstance(item, Document):
        return item
    if isinstance(item, str):
        return Document(text=item)
    if isinstance(item, Mapping):
        fields = cast("Mapping[str, object]", item)
        text, title = fields.get("text"), fields.get("title", "")
        if isinstance(text, str) and isinstance(title, str) and fields.keys() <= {"text", "title"}:
            return Document(text=text, title=title)
    raise PromptVariableError(
        f"variable {name!r}: a document is a string, a Document or {{text, title}}", name=name, problem="type"
    )


_SPEC = re.compile(
    r"(?P<type>[a-z]+)(?:\((?P<values>[^()]*)\))?(?P<trusted>\s+trusted)?(?:\s*=\s*(?P<default>.*))?", re.DOTALL
)


def read_variable(spec: object) -> Variable:
    """A variable from `str`, `int = 3`, `enum(a, b) = a`, `str trusted`, or a table with these as keys.

    Raises `PromptError` that says what is wrong, without a place.
    """
    if isinstance(spec, str):
        found = _SPEC.fullmatch(spec.strip())
        if found is None:
            raise PromptError(f"{spec!r} is no type; write e.g. str, int = 3, enum(a, b) = a")
        words = tuple(word.strip() for word in (found["values"] or "").split(",") if word.strip())
        default = None if found["default"] is None else _unquoted(found["default"])
        return _variable(found["type"], words, default, is_trusted=found["trusted"] is not None)
    if not isinstance(spec, Mapping):
        raise PromptError("a variable is a type, e.g. str, or a table with a type")
    table = dict(cast("Mapping[str, Any]", spec))
    unknown = table.keys() - {"type", "values", "default", "trusted", "description"}
    if unknown:
        raise PromptError(f"unknown key {min(unknown)!r}; known: type, values, default, trusted, description")
    return _variable(
        table.get("type", "str"),
        tuple(map(str, table.get("values", ()))),
        table.get("default"),
        is_trusted=table.get("trusted") is True,
        description=str(table.get("description", "")),
    )


def _variable(
    type_: object, values: tuple[str, ...], default: Any, *, is_trusted: bool, description: str = ""
) -> Variable:
    if type_ not in VARIABLE_TYPES:
        raise PromptError(f"{type_!r} is no type; known: {', '.join(VARIABLE_TYPES)}")
    if (type_ == "enum") != bool(values):
        raise PromptError("an enum lists its values, and nothing else does: enum(a, b)")
    plain = Variable(type=type_, values=values, is_trusted=is_trusted, description=description)
    if default is None:
        return plain
    read = plain.read("default", default) if isinstance(default, str) else plain.check("default", default)
    stored = read if type_ != "documents" else default
    return Variable(
        type=type_,
        values=values,
        default=cast("JsonValue", stored),
        is_trusted=is_trusted,
        description=description,
    )


def _unquoted(text: str) -> str:
    """The text without a pair of quotes around it."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
