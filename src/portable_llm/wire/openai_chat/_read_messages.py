"""Wire messages → portable messages."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from typing import Any

from portable_llm._errors import InvalidRequestError
from portable_llm._messages import (
    BlobPart,
    ContentPart,
    FilePart,
    Message,
    Part,
    ReasoningPart,
    RefusalPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
)
from portable_llm.wire._assembly import read_arguments
from portable_llm.wire._fields import unread
from portable_llm.wire._media import decode, read_data_url
from portable_llm.wire._reading import as_dict, as_list, as_str
from portable_llm.wire.openai_chat._ledger import Add, entry
from portable_llm.wire.openai_chat._parse import REASONING_FIELDS, UNTYPED_FIELDS, thinking_text

_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}


_MARKS = ("cache_control", "prompt_cache_breakpoint")
_OF_A_MESSAGE = ("role", "content", "name", *_MARKS)
_OF_A_RESULT = (*_OF_A_MESSAGE, "tool_call_id")
_OF_AN_ASSISTANT = (
    *_OF_A_MESSAGE,
    *REASONING_FIELDS,
    *UNTYPED_FIELDS,
    "reasoning_details",
    "refusal",
    "annotations",
    "tool_calls",
    "function_call",
)
# An index is what a streamed call came with; hosts and servers write it back and read nothing from it.
_OF_A_CALL = ("id", "type", "index", "function", "custom", "extra_content", *_MARKS)


class MessageReader:
    """Messages of one stored request; `function` messages belong to the last `function_call`."""

    def __init__(self, add: Add) -> None:
        self._add = add
        self._legacy_id = ""
        self._names: dict[str, str] = {}  # of the function of each call so far

    def read(self, messages: Sequence[Any]) -> tuple[Message, ...]:
        """The messages in order; raises `InvalidRequestError` that names one it cannot read."""
        return tuple(self._message(as_dict(message), f"/messages/{i}") for i, message in enumerate(messages))

    def _message(self, fields: Mapping[str, Any], pointer: str) -> Message:
        word = as_str(fields.get("role"))
        role = _ROLES.get(word or "")
        if role is None:
            raise InvalidRequestError(f"{pointer}/role: {word!r} is no role; known: {', '.join(_ROLES)}")
        if word == "developer":
            self._add(entry("dialogue", f"{pointer}/role", "renamed", "developer text is system text"))
        self._unmarked(fields, pointer)
        if fields.get("name") and role != "tool":
            detail = "the name of who speaks has no portable field"
            self._add(entry("dialogue", f"{pointer}/name", "dropped", detail, "nobody"))
        if role == "assistant":
            self._listed(fields, _OF_AN_ASSISTANT, pointer)
            return Message(role=role, parts=self._assistant(fields, pointer))
        self._listed(fields, _OF_A_RESULT if role == "tool" else _OF_A_MESSAGE, pointer)
        parts = self._content(fields.get("content"), pointer)
        return Message(role=role, parts=parts if role != "tool" else (self._result(fields, parts, pointer),))

    def _listed(self, fields: Mapping[str, Any], known: tuple[str, ...], pointer: str) -> None:
        """Say what has no place: members that this format does not know, or knows at another place."""
        for name in unread(fields, known):
            self._add(entry("dialogue", f"{pointer}/{name}", "dropped", f"{name!r} has no portable field", "nobody"))

    def _result(self, fields: Mapping[str, Any], parts: tuple[ContentPart, ...], pointer: str) -> ToolResultPart:
        call_id = as_str(fields.get("tool_call_id"))
        if call_id is None:
            call_id = self._legacy_id
        elif name := fields.get("name"):
            self._named(name == self._names.get(call_id), pointer)
        return ToolResultPart(call_id=call_id, parts=parts)

    def _named(self, is_of_its_call: bool, pointer: str) -> None:
        """Say where the name beside a result goes."""
        if is_of_its_call:
            detail = "the name beside a result is that of its call, which stays"
            self._add(entry("tools", f"{pointer}/name", "moved", detail))
        else:
            detail = "the name beside a result is not that of its call and has no portable field"
            self._add(entry("tools", f"{pointer}/name", "dropped", detail, "nobody"))

    def _assistant(self, fields: Mapping[str, Any], pointer: str) -> tuple[Part, ...]:
        parts: list[Part] = self._reasoning(fields)
        content = fields.get("content")
        if isinstance(content, list):
            parts += [self._assistant_piece(as_dict(item), pointer) for item in as_list(content)]  # type: ignore[reportUnknownArgumentType]
        elif isinstance(content, str) and content:
            parts.append(TextPart(text=content))
        if refusal := as_str(fields.get("refusal")):
            parts.append(RefusalPart(text=refusal))
        parts += [UnknownPart(raw={name: fields[name]}) for name in UNTYPED_FIELDS if fields.get(name)]
        if fields.get("annotations"):
            detail = "where a passage comes from is not sent back; the text is"
            at = f"{pointer}/annotations"
            self._add(entry("dialogue", at, "dropped", detail, "nobody", effect="annotation"))
        parts += [
            self._call(as_dict(call), f"{pointer}/parts/{len(parts) + number}")
            for number, call in enumerate(as_list(fields.get("tool_calls")))
        ]
        if legacy := as_dict(fields.get("function_call")):
            self._legacy_id = "call_" + pointer.rpartition("/")[2]
            parts.append(_call({"id": self._legacy_id, "function": legacy}))
        return tuple(parts)

    def _call(self, call: Mapping[str, Any], pointer: str) -> ToolCallPart | UnknownPart:
        part = _call(call)
        if isinstance(part, ToolCallPart):
            self._names[part.id] = part.name
            self._unmarked(call, pointer)
            self._listed(call, _OF_A_CALL, pointer)
        return part

    def _reasoning(self, fields: Mapping[str, Any]) -> list[Part]:
        name = next((name for name in REASONING_FIELDS if isinstance(fields.get(name), str)), None)
        details = as_list(fields.get("reasoning_details"))
        state: dict[str, Any] = {"field": name} if name else {}
        if details:
            state["reasoning_details"] = details
        return [ReasoningPart(text=fields[name] if name else "", state=state)] if state else []

    def _assistant_piece(self, item: Mapping[str, Any], pointer: str) -> Part:
        if item.get("type") in ("thinking", "reasoning"):
            return ReasoningPart(text=thinking_text(item), state={"field": "content"})
        if item.get("type") == "refusal":
            return RefusalPart(text=as_str(item.get("refusal")) or "")
        return self._piece(item, pointer)

    def _content(self, content: object, pointer: str) -> tuple[ContentPart, ...]:
        if isinstance(content, str):
            return (TextPart(text=content),) if content else ()
        return tuple(
            self._piece(as_dict(item), f"{pointer}/parts/{number}") for number, item in enumerate(as_list(content))
        )

    def _unmarked(self, fields: Mapping[str, Any], pointer: str) -> None:
        """Say that a mark on a message or piece is not kept: it is about cost alone."""
        if any(fields.get(name) for name in _MARKS):
            detail = f"the mark for the cache at {pointer} is not kept; give breakpoints"
            self._add(entry("tokens", "/cache/breakpoints", "dropped", detail, "nobody"))

    def _piece(self, item: Mapping[str, Any], pointer: str) -> ContentPart:
        self._unmarked(item, pointer)
        match item.get("type"):
            case "text" if isinstance(item.get("text"), str):
                self._listed(item, ("type", "text", *_MARKS), pointer)
                return TextPart(text=item["text"])
            case "image_url":
                given = item.get("image_url")
                # Some applications write the address where its object belongs, and hosts take it.
                return self._image({"url": given} if isinstance(given, str) else as_dict(given), pointer)
            case "input_audio":
                return _audio(item)
            case "file":
                return self._file(item, pointer)
            case _:
                return UnknownPart(raw=dict(item))

    def _image(self, fields: Mapping[str, Any], pointer: str) -> ContentPart:
        if fields.get("detail") not in (None, "auto"):
            detail = "how closely the image is looked at has no portable field"
            self._add(entry("prompt", f"{pointer}/detail", "dropped", detail, "nobody"))
        self._listed(fields, ("url", "detail"), pointer)
        url = as_str(fields.get("url")) or ""
        return read_data_url(url) or UriPart(uri=url, mime_type=mimetypes.guess_type(url)[0] or "image/*")

    def _file(self, item: Mapping[str, Any], pointer: str) -> ContentPart:
        fields = as_dict(item.get("file"))
        if file_id := as_str(fields.get("file_id")):
            return FilePart(id=file_id)
        blob = read_data_url(as_str(fields.get("file_data")) or "")
        if blob is not None and fields.get("filename"):
            detail = "the name of a file has no portable field; one is made up from its type"
            self._add(entry("prompt", f"{pointer}/filename", "dropped", detail, "nobody"))
        return blob or UnknownPart(raw=dict(item))


def _call(call: Mapping[str, Any]) -> ToolCallPart | UnknownPart:
    function, custom = call.get("function"), call.get("custom")
    call_id = as_str(call.get("id")) or ""
    if isinstance(function, dict):
        fields = as_dict(function)  # type: ignore[reportUnknownArgumentType]
        text = as_str(fields.get("arguments")) or ""
        extra = call.get("extra_content")
        state = {"extra_content": extra} if extra else None
        name = as_str(fields.get("name")) or ""
        return ToolCallPart(id=call_id, name=name, arguments=read_arguments(text), raw_arguments=text, state=state)
    if isinstance(custom, dict):
        fields = as_dict(custom)  # type: ignore[reportUnknownArgumentType]
        text = as_str(fields.get("input")) or ""
        name = as_str(fields.get("name")) or ""
        state = {"type": "custom"}
        return ToolCallPart(id=call_id, name=name, arguments=read_arguments(text), raw_arguments=text, state=state)
    return UnknownPart(raw=dict(call))


def _audio(item: Mapping[str, Any]) -> ContentPart:
    fields = as_dict(item.get("input_audio"))
    data = decode(as_str(fields.get("data")) or "")
    kind = as_str(fields.get("format")) or "wav"
    if data is None:
        return UnknownPart(raw=dict(item))
    return BlobPart(mime_type="audio/mpeg" if kind == "mp3" else f"audio/{kind}", data=data)
