"""`contents` of a stored wire request → messages: the way back of `_contents`."""

from __future__ import annotations

import re
from typing import Any, cast

from portable_llm._adaptation import Adaptation
from portable_llm._errors import InvalidRequestError
from portable_llm._json import JsonValue, dump_json
from portable_llm._messages import (
    BlobPart,
    ContentPart,
    FilePart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
)
from portable_llm.wire._fields import unread
from portable_llm.wire._media import decode
from portable_llm.wire._reading import as_dict, as_list, as_str
from portable_llm.wire.gemini._capabilities import SENTINELS
from portable_llm.wire.gemini._ledger import entry
from portable_llm.wire.gemini._names import camel_keys

_FILE = re.compile(r"(?:https://[^/]+/v\w+/)?files/[A-Za-z0-9_-]+")
"""A file of the provider's own store; any other URI is fetched from where it points."""

_WRAPPERS = {"output": False, "result": False, "error": True}
"""Keys that only wrap a result's text (the documentation uses all three), and whether they say that it failed."""

_USER_ROLES = (None, "", "user", "function", "tool")


class ContentsReader:
    """Reads contents in order: calls without ids get one by position, and results find their calls."""

    def __init__(self, ledger: list[Adaptation]) -> None:
        self._ledger = ledger
        self._calls = 0
        self._open: list[tuple[str, str]] = []  # (id, name) of calls without a result yet

    def read(self, contents: list[Any]) -> list[Message]:
        """The messages; raises `InvalidRequestError` for what is no content."""
        messages: list[Message] = []
        for index, content in enumerate(contents):
            if not isinstance(content, dict):
                raise InvalidRequestError(f"/contents/{index} is no object but {type(content).__name__}")
            messages += self._content(camel_keys(cast("dict[str, Any]", content)), f"/contents/{index}")
        return messages

    def _content(self, content: dict[str, Any], where: str) -> list[Message]:
        role = content.get("role")
        self._listed(content, ("role", "parts"), where)
        parts = [self._part(part, where) for part in _objects(content.get("parts"))]
        if role == "model":
            return [Message(role="assistant", parts=tuple(parts))]
        if role not in _USER_ROLES:
            raise InvalidRequestError(f"{where}/role is {role!r}; the wire knows user and model")
        results = [Message(role="tool", parts=(part,)) for part in parts if isinstance(part, ToolResultPart)]
        others = tuple(part for part in parts if not isinstance(part, ToolResultPart))
        return [*results, Message(role="user", parts=others)] if others or not results else [*results]

    def _part(self, part: dict[str, Any], where: str) -> Part:
        if isinstance(part.get("text"), str):
            return _text(part)
        if isinstance(part.get("functionCall"), dict):
            call = camel_keys(part["functionCall"])
            self._listed(call, ("id", "name", "args"), where)
            return self._call(call, part)
        if isinstance(part.get("functionResponse"), dict):
            result = camel_keys(part["functionResponse"])
            self._listed({**part, **result}, ("functionResponse", "id", "name", "response", "parts"), where)
            return self._result(result, where)
        return read_media(part)

    def _listed(self, fields: dict[str, Any], known: tuple[str, ...], where: str) -> None:
        """Say what has no place: members that nobody reads."""
        for name in unread(fields, known):
            detail = f"{name!r} at {where} has no portable field"
            self._ledger.append(entry("dialogue", "/messages", "dropped", detail, "nobody"))

    def _call(self, call: dict[str, Any], part: dict[str, Any]) -> ToolCallPart:
        call_id, name = as_str(call.get("id")), as_str(call.get("name")) or ""
        if not call_id:
            call_id = f"call_{self._calls}"
            detail = "a call without an id gets one by its position, and its result the same"
            self._ledger.append(entry("tools", "/messages", "defaulted", detail))
        self._calls += 1
        self._open.append((call_id, name))
        arguments: object = call.get("args")
        is_object = arguments is None or isinstance(arguments, dict)
        readable = _arguments(call.get("args")) if is_object else None
        return ToolCallPart(
            id=call_id,
            name=name,
            arguments=readable,
            raw_arguments=dump_json(cast("object", arguments) if readable is None else readable).decode(),
            state=_state(part, "functionCall"),
        )

    def _result(self, result: dict[str, Any], where: str) -> ToolResultPart:
        call_id = self._call_of(as_str(result.get("id")), as_str(result.get("name")) or "")
        parts, is_error = self._response(result.get("response"), where)
        media = [read_media(part) for part in _objects(result.get("parts"))]
        return ToolResultPart(call_id=call_id, parts=(*parts, *media), is_error=is_error)

    def _call_of(self, id: str | None, name: str) -> str:
        """The call that a result answers: by its id, else the first open one of that name."""
        found = next((call for call in self._open if (call[0] == id if id else call[1] == name)), None)
        if found is None:
            return id or f"call_of_{name}"
        self._open.remove(found)
        return found[0]

    def _response(self, response: object, where: str) -> tuple[list[ContentPart], bool]:
        fields = as_dict(response)
        for key, is_error in _WRAPPERS.items():
            texts = _texts(fields[key]) if fields.keys() == {key} else None
            if texts is not None:
                return [TextPart(text=text) for text in texts], is_error
        if not fields:
            return [], False
        self._ledger.append(
            entry("tools", "/messages", "encoded", f"a tool result at {where} is an object; kept as its JSON text")
        )
        return [TextPart(text=dump_json(fields).decode())], False


def _arguments(value: object) -> dict[str, JsonValue]:
    return cast("dict[str, JsonValue]", as_dict(value))


def _objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list, their keys in lowerCamelCase."""
    return [camel_keys(cast("dict[str, Any]", item)) for item in as_list(value) if isinstance(item, dict)]


def _texts(value: object) -> list[str] | None:
    """The texts of a result as `wire_result` writes them; `None` for anything else."""
    if isinstance(value, str):
        return [value]
    items = as_list(value)
    if not isinstance(value, list) or len(items) == 1 or not all(isinstance(item, str) for item in items):
        return None
    return items


def _text(part: dict[str, Any]) -> Part:
    state = _state(part, "text", "thought")
    if part.get("thought"):
        return ReasoningPart(text=part["text"], state=state)
    return TextPart(text=part["text"], state=state)


def _state(part: dict[str, Any], *known: str) -> dict[str, JsonValue] | None:
    """What else the part carries; a stand-in for a signature is none."""
    return {
        key: value
        for key, value in part.items()
        if key not in known and not (key == "thoughtSignature" and isinstance(value, str) and value in SENTINELS)
    } or None


def read_media(part: dict[str, Any]) -> ContentPart:
    """Bytes or a reference; a part of any other kind, or with more to it, is kept as it is."""
    if part.keys() == {"inlineData"}:
        fields = camel_keys(as_dict(part["inlineData"]))
        data = _bytes(fields.get("data"))
        if data is not None and isinstance(fields.get("mimeType"), str) and fields.keys() == {"mimeType", "data"}:
            return BlobPart(mime_type=fields["mimeType"], data=data)
    if part.keys() == {"fileData"}:
        fields = camel_keys(as_dict(part["fileData"]))
        uri, mime_type = as_str(fields.get("fileUri")), as_str(fields.get("mimeType"))
        if uri is not None and not fields.keys() - {"fileUri", "mimeType"}:
            return (
                FilePart(id=uri, mime_type=mime_type) if _FILE.fullmatch(uri) else UriPart(uri=uri, mime_type=mime_type)
            )
    return UnknownPart(raw=part)


def _bytes(data: object) -> bytes | None:
    """The bytes of a base64 text; both alphabets are accepted, as the service does."""
    return decode(data.replace("-", "+").replace("_", "/")) if isinstance(data, str) else None
