"""Wire messages → portable messages."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from typing import Any, cast

from portable_llm._errors import InvalidRequestError
from portable_llm._messages import (
    BlobPart,
    ContentPart,
    FilePart,
    Message,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
)
from portable_llm.wire._functions import read_call
from portable_llm.wire._media import decode, read_data_url, sound_type
from portable_llm.wire._reading import as_dict, as_list, as_str
from portable_llm.wire.mistral._content import read_thinking
from portable_llm.wire.mistral._ledger import Add, entry

_ROLES: tuple[Role, ...] = ("system", "user", "assistant", "tool")


class MessageReader:
    """Messages of one stored request."""

    def __init__(self, add: Add) -> None:
        self._add = add

    def read(self, messages: Sequence[Any]) -> tuple[Message, ...]:
        """The messages in order; raises `InvalidRequestError` that names one it cannot read."""
        return tuple(self._message(as_dict(message), f"/messages/{i}") for i, message in enumerate(messages))

    def _message(self, fields: Mapping[str, Any], pointer: str) -> Message:
        role = fields.get("role")
        if role not in _ROLES:
            raise InvalidRequestError(f"{pointer}/role: {role!r} is no role; known: {', '.join(_ROLES)}")
        if role == "assistant":
            return Message(role=role, parts=self._assistant(fields, pointer))
        parts = self._content(fields.get("content"), pointer)
        if role != "tool":
            return Message(role=role, parts=parts)
        result = ToolResultPart(
            call_id=as_str(fields.get("tool_call_id")) or "", parts=cast("tuple[ContentPart, ...]", parts)
        )
        return Message(role="tool", parts=(result,))

    def _assistant(self, fields: Mapping[str, Any], pointer: str) -> tuple[Part, ...]:
        parts = self._content(fields.get("content"), pointer)
        return (*parts, *(read_call(as_dict(call)) for call in as_list(fields.get("tool_calls"))))

    def _content(self, content: object, pointer: str) -> tuple[Part, ...]:
        if isinstance(content, str):
            return (TextPart(text=content),) if content else ()
        return tuple(
            self._chunk(as_dict(item), f"{pointer}/parts/{number}") for number, item in enumerate(as_list(content))
        )

    def _chunk(self, chunk: Mapping[str, Any], pointer: str) -> Part:
        match chunk.get("type"):
            case "text" if isinstance(chunk.get("text"), str):
                return TextPart(text=chunk["text"])
            case "thinking":
                return self._thinking(chunk, pointer)
            case "image_url":
                return self._image(chunk, pointer)
            case "document_url" if isinstance(chunk.get("document_url"), str):
                return self._document(chunk, pointer)
            case "input_audio" if isinstance(chunk.get("input_audio"), str):
                return _sound(chunk)
            case "file" if isinstance(chunk.get("file_id"), str):
                return FilePart(id=chunk["file_id"])
            case _:
                return UnknownPart(raw=dict(chunk))

    def _thinking(self, chunk: Mapping[str, Any], pointer: str) -> ReasoningPart:
        text, state = read_thinking(chunk)
        if len(as_list(chunk.get("thinking"))) > 1:
            self._add(entry("dialogue", pointer, "encoded", "the pieces of one thinking chunk are read as one text"))
        return ReasoningPart(text=text, state=state)

    def _image(self, chunk: Mapping[str, Any], pointer: str) -> Part:
        value = chunk.get("image_url")
        if as_dict(value).get("detail") not in (None, "auto"):
            detail = "how closely the image is looked at has no portable field"
            self._add(entry("prompt", f"{pointer}/detail", "dropped", detail, "nobody"))
        url = as_str(value) or as_str(as_dict(value).get("url"))
        if url is None:
            return UnknownPart(raw=dict(chunk))
        return read_data_url(url) or UriPart(uri=url, mime_type=mimetypes.guess_type(url)[0] or "image/*")

    def _document(self, chunk: Mapping[str, Any], pointer: str) -> Part:
        url: str = chunk["document_url"]
        if chunk.get("document_name"):
            detail = "the file name of a document has no portable field"
            self._add(entry("prompt", f"{pointer}/document_name", "dropped", detail, "nobody", effect="annotation"))
        return read_data_url(url) or UriPart(uri=url, mime_type="application/pdf")


def _sound(chunk: Mapping[str, Any]) -> Part:
    """Sound comes without its type, as base64 or as an address."""
    value: str = chunk["input_audio"]
    if value.startswith(("http://", "https://")):
        return UriPart(uri=value, mime_type="audio/*")
    if (blob := read_data_url(value)) is not None:
        return blob
    data = decode(value)
    return UnknownPart(raw=dict(chunk)) if data is None else BlobPart(mime_type=sound_type(data), data=data)
