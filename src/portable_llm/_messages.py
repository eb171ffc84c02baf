"""Messages and their parts, and a versioned JSON form: histories outlive vendors.

A part is one typed piece of a turn. Opaque provider state (signatures, encrypted reasoning, file ids) travels with the
`Origin` that made it and is replayed to that origin only.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, TypeAlias, cast

from portable_llm._errors import InvalidRequestError
from portable_llm._json import JsonValue, dump_json

Role = Literal["system", "user", "assistant", "tool"]

MESSAGE_VERSION = 1
"""Version of the stored JSON form; a reader refuses what is newer and reads what is older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who made opaque state: it means something only there."""

    provider: str
    host: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a passage of the text comes from."""

    start: int | None = None
    """First character of the passage in its `TextPart` (characters, not bytes)."""
    end: int | None = None
    """One past its last character."""
    url: str | None = None
    title: str | None = None
    quote: str | None = None
    """The cited words of the source."""
    raw: Mapping[str, JsonValue] | None = None
    """The provider's own record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    text: str
    citations: tuple[Citation, ...] = ()
    state: Mapping[str, JsonValue] | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningPart:
    """What the model thought, as far as the provider shows it (`text` may be empty while `state` is not)."""

    text: str = ""
    state: Mapping[str, JsonValue] | None = None
    """What the provider wants back unchanged: a signature, encrypted content, …"""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallPart:
    """A call the application has to run."""

    id: str
    name: str
    arguments: dict[str, JsonValue] | None
    """`None` if the model's text is not a JSON object; `raw_arguments` then holds what it wrote."""
    raw_arguments: str = ""
    state: Mapping[str, JsonValue] | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobPart:
    """Bytes of an image, document or sound."""

    mime_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UriPart:
    """Something the provider fetches itself."""

    uri: str
    mime_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A file stored at a provider; the id means something only at its origin."""

    id: str
    mime_type: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalPart:
    """The model's typed words of refusal."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPart:
    """A piece this library has no type for; kept, and replayed to its origin."""

    raw: Mapping[str, JsonValue]
    origin: Origin | None = None


ContentPart: TypeAlias = TextPart | BlobPart | UriPart | FilePart | UnknownPart


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResultPart:
    """What came back from a tool."""

    call_id: str
    parts: tuple[ContentPart, ...]
    is_error: bool = False


Part: TypeAlias = (
    TextPart | ReasoningPart | ToolCallPart | ToolResultPart | BlobPart | UriPart | FilePart | RefusalPart | UnknownPart
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The visible text, parts joined without a separator."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def tool_calls(self) -> tuple[ToolCallPart, ...]:
        """The calls in this turn, in the model's order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCallPart))

    def to_json(self) -> dict[str, JsonValue]:
        """The versioned stored form; `Message.from_json` reads it back, equal."""
        return {"version": MESSAGE_VERSION, "role": self.role, "parts": [part_to_json(part) for part in self.parts]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Message:
        """Read a stored message; raises `InvalidRequestError` that names what is wrong with it."""
        version = stored.get("version", MESSAGE_VERSION)
        if not isinstance(version, int) or version > MESSAGE_VERSION:
            raise InvalidRequestError(
                f"message version {version!r} is newer than this library reads ({MESSAGE_VERSION}); "
                "upgrade portable-llm"
            )
        role, parts = stored.get("role"), stored.get("parts")
        if role not in ("system", "user", "assistant", "tool") or not isinstance(parts, list):
            raise InvalidRequestError(f"a stored message needs a role and a list of parts, got role {role!r}")
        return cls(role=role, parts=tuple(part_from_json(part) for part in cast("list[Any]", parts)))


def system(text: str) -> Message:
    """Instructions that stand above the conversation."""
    return Message(role="system", parts=(TextPart(text=text),))


def user(*parts: str | Part) -> Message:
    """A turn of the user: text and other parts in order."""
    return Message(role="user", parts=_parts(parts))


def assistant(*parts: str | Part) -> Message:
    """A turn of the model, as stored or as an example."""
    return Message(role="assistant", parts=_parts(parts))


def tool_result(call_id: str, *values: object, is_error: bool = False) -> Message:
    """What a tool returned for the call with this id.

    A string is text, a part (an image, a document) stays one, an exception is its words and marks the result as
    failed. Any other value is sent as its JSON text. Raises `InvalidRequestError` for what JSON cannot hold.
    """
    failed = is_error or any(isinstance(value, BaseException) for value in values)
    content = tuple(part for value in values for part in _result_parts(value))
    return Message(role="tool", parts=(ToolResultPart(call_id=call_id, parts=content, is_error=failed),))


_CONTENT = (TextPart, BlobPart, UriPart, FilePart, UnknownPart)


def _result_parts(value: object) -> tuple[ContentPart, ...]:
    if isinstance(value, _CONTENT):
        return (value,)
    listed: Sequence[object] = cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else ()
    if any(isinstance(item, _CONTENT) for item in listed):
        return tuple(part for item in listed for part in _result_parts(item))
    return (TextPart(text=_result_text(cast("object", value))),)


def _result_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, BaseException):
        words = getattr(value, "for_model", None)
        return words if isinstance(words, str) else f"{type(value).__name__}: {value}"
    if isinstance(value, (bytes, bytearray)):
        raise InvalidRequestError("a tool result is bytes; give them a type: BlobPart(mime_type=..., data=...)")
    return _json_text(value)


def _json_text(value: object) -> str:
    """Plain JSON as it is; models, dataclasses, dates and the like as pydantic writes them."""
    try:
        return dump_json(value).decode()
    except (TypeError, ValueError, RecursionError):
        import pydantic_core  # here: most results are text or plain JSON

        try:
            return pydantic_core.to_json(value, inf_nan_mode="null").decode()
        except (pydantic_core.PydanticSerializationError, ValueError) as error:
            raise InvalidRequestError(f"a tool result of type {type(value).__name__} is no JSON: {error}") from error


def _parts(parts: Sequence[str | Part]) -> tuple[Part, ...]:
    return tuple(TextPart(text=part) if isinstance(part, str) else part for part in parts)


def text_of(parts: Sequence[Part | ContentPart]) -> str:
    """The text parts joined without a separator."""
    return "".join(part.text for part in parts if isinstance(part, TextPart))


# ---- the stored form -------------------------------------------------------------------------------------------------

_NAMES: dict[type[Any], str] = {
    TextPart: "text",
    ReasoningPart: "reasoning",
    ToolCallPart: "tool_call",
    ToolResultPart: "tool_result",
    BlobPart: "blob",
    UriPart: "uri",
    FilePart: "file",
    RefusalPart: "refusal",
    UnknownPart: "unknown",
}
_CLASSES: dict[str, type[Any]] = {name: cls for cls, name in _NAMES.items()}


def part_to_json(part: Part | ContentPart) -> dict[str, JsonValue]:
    """The stored form of one part; fields at their default are left out."""
    stored = _fields_to_json(part)
    return {"type": _NAMES[type(part)], **stored}


def _fields_to_json(value: Any) -> dict[str, JsonValue]:
    stored: dict[str, JsonValue] = {}
    for field in fields(value):
        content = getattr(value, field.name)
        if field.default is MISSING or content != field.default:
            stored[field.name] = _to_json(content)
    return stored


def _to_json(content: Any) -> JsonValue:
    if isinstance(content, bytes):
        return base64.b64encode(content).decode("ascii")
    if isinstance(content, tuple):
        return [_to_json(item) for item in cast("tuple[Any, ...]", content)]
    if isinstance(content, (Origin, Citation)):
        return _fields_to_json(content)
    if type(content) in _NAMES:
        return part_to_json(content)
    return cast("JsonValue", content)


def part_from_json(stored: Mapping[str, Any]) -> Any:
    """Read one stored part; raises `InvalidRequestError` that names the type and the field."""
    name = stored.get("type")
    cls = _CLASSES.get(name) if isinstance(name, str) else None
    if cls is None:
        raise InvalidRequestError(f"a stored part has the unknown type {name!r}; known: {', '.join(_CLASSES)}")
    try:
        return cls(**{key: _from_json(key, value) for key, value in stored.items() if key != "type"})
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise InvalidRequestError(f"a stored {name!r} part cannot be read: {error}") from error


_READERS: dict[str, Callable[[Any], Any]] = {
    "origin": lambda value: Origin(**value),
    "citations": lambda value: tuple(Citation(**item) for item in value),
    "parts": lambda value: tuple(part_from_json(item) for item in value),
}


def _from_json(key: str, value: Any) -> Any:
    if key == "data":
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise ValueError(f"data is not base64 ({error})") from error
    reader = _READERS.get(key)
    return reader(value) if reader is not None and value is not None else value
