"""Portable messages → wire messages: one function per part type, one list of chunks per message."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from typing import Any, assert_never

from portable_llm._messages import (
    BlobPart,
    FilePart,
    Message,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
)
from portable_llm.wire._functions import arguments_text
from portable_llm.wire._media import data_url, encode
from portable_llm.wire.mistral._ledger import Add, entry
from portable_llm.wire.openai_chat._messages import ERROR_PREFIX

Chunk = dict[str, Any]

_ROLES = {"system": "system", "user": "user", "tool": "user"}
"""What stands beside tool results in a `tool` message is sent as a user's turn."""


_REPEATED = "the answer repeats the words of the last assistant message at its start; take them off"


class MessageBuilder:
    """Messages of one request on their way to the wire."""

    def __init__(self, add: Add, after_tool: str = "") -> None:
        self._add = add
        self._after_tool = after_tool

    def build(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """The wire messages: one per message, and one for each tool result; a last assistant message is a prefix."""
        built: list[dict[str, Any]] = []
        for number, message in enumerate(messages):
            pointer = f"/messages/{number}/parts"
            if message.role == "assistant":
                built.append(self._assistant(message.parts, pointer))
                continue
            results, content = self._turn(message.parts, pointer)
            built += results
            if content or not results:
                self._fill(built, f"/messages/{number}")
                built.append({"role": _ROLES[message.role], "content": _plain(content)})
        if messages and messages[-1].role == "assistant" and "tool_calls" not in built[-1]:
            built[-1]["prefix"] = True
            place = f"/messages/{len(messages) - 1}"
            self._add(entry("dialogue", place, "renamed", "a last assistant message is sent with prefix: true"))
            self._add(entry("dialogue", "/response/text", "substituted", _REPEATED, "nobody"))
        return built

    def _fill(self, built: list[dict[str, Any]], pointer: str) -> None:
        """Put the wanted assistant's turn between a tool's result and what follows it."""
        if self._after_tool and built and built[-1]["role"] == "tool":
            detail = f"the model takes no turn right behind a tool's result: {self._after_tool!r} goes between"
            self._add(entry("dialogue", pointer, "substituted", detail, "nobody"))
            built.append({"role": "assistant", "content": self._after_tool})

    def _turn(self, parts: Sequence[Part], pointer: str) -> tuple[list[dict[str, Any]], list[Chunk]]:
        """Tool results as messages of their own, which come first, and the content that stands beside them."""
        results: list[dict[str, Any]] = []
        content: list[Chunk] = []
        for number, part in enumerate(parts):
            where = f"{pointer}/{number}"
            if isinstance(part, ToolResultPart):
                results.append(self._result(part, where))
            else:
                content += self._part(part, where)
        return results, content

    def _result(self, result: ToolResultPart, pointer: str) -> dict[str, Any]:
        content = [
            chunk for number, part in enumerate(result.parts) for chunk in self._part(part, f"{pointer}/parts/{number}")
        ]
        if result.is_error:
            said = content[0]["text"] if content and content[0].get("type") == "text" else None
            content = [{"type": "text", "text": ERROR_PREFIX + (said or "")}, *content[0 if said is None else 1 :]]
            detail = f"the protocol has no error mark; the text begins with {ERROR_PREFIX!r}"
            self._add(entry("tools", f"{pointer}/is_error", "emulated", detail))
        return {"role": "tool", "tool_call_id": result.call_id, "content": _plain(content)}

    def _assistant(self, parts: Sequence[Part], pointer: str) -> dict[str, Any]:
        content: list[Chunk] = []
        calls: list[dict[str, Any]] = []
        for number, part in enumerate(parts):
            where = f"{pointer}/{number}"
            if isinstance(part, ToolCallPart):
                calls.append(wire_call(part))
            elif isinstance(part, UnknownPart) and "id" in part.raw:
                calls.append(dict(part.raw))  # a call of a kind this library does not know
            elif chunks := self._part(part, where):
                if calls:
                    detail = "the protocol has no order between text and calls; the text comes first"
                    self._add(entry("dialogue", where, "moved", detail))
                content += chunks
        wire: dict[str, Any] = {"role": "assistant", "content": _plain(content)}
        if calls:
            wire["tool_calls"] = calls
        return wire

    def _part(self, part: Part, pointer: str) -> list[Chunk]:
        match part:
            case TextPart():
                return self._text(part, pointer)
            case ReasoningPart():
                return [wire_thinking(part)]
            case BlobPart():
                return [wire_blob(part)]
            case UriPart():
                return [_uri(part)]
            case FilePart():
                return [{"type": "file", "file_id": part.id}]
            case RefusalPart():
                self._add(entry("dialogue", pointer, "renamed", "the words of refusal are sent as text"))
                return [{"type": "text", "text": part.text}]
            case UnknownPart():
                return [dict(part.raw)]
            case ToolCallPart() | ToolResultPart():
                return self._drop(pointer, f"this message cannot hold a {type(part).__name__}")
            case _:
                assert_never(part)

    def _text(self, part: TextPart, pointer: str) -> list[Chunk]:
        chunks = wire_text(part)
        if part.citations and len(chunks) == 1:
            detail = "where a passage comes from is not sent back; the text is"
            self._add(entry("dialogue", f"{pointer}/citations", "dropped", detail, "nobody", effect="annotation"))
        return chunks

    def _drop(self, pointer: str, detail: str) -> list[Chunk]:
        self._add(entry("dialogue", pointer, "dropped", detail, "nobody"))
        return []


def _plain(content: list[Chunk]) -> str | list[Chunk]:
    """A single text as a string, which every model takes; anything else as the list it is."""
    if not content:
        return ""
    if len(content) == 1 and content[0].get("type") == "text":
        return content[0]["text"]
    return content


def wire_text(part: TextPart) -> list[Chunk]:
    """The text, and the protocol's own references behind the passages they belong to."""
    chunks: list[Chunk] = []
    start = 0
    for citation in part.citations:
        if citation.raw is None or citation.raw.get("type") != "reference":
            continue
        end = len(part.text) if citation.end is None else citation.end
        if end > start:
            chunks.append({"type": "text", "text": part.text[start:end]})
            start = end
        chunks.append(dict(citation.raw))
    if start < len(part.text) or not chunks:
        chunks.append({"type": "text", "text": part.text[start:]})
    return chunks


def wire_thinking(part: ReasoningPart) -> Chunk:
    """Thinking as it came, with what the provider wants back."""
    state = dict(part.state or {})
    others = state.pop("references", None)
    pieces: list[Any] = [{"type": "text", "text": part.text}] if part.text or not others else []
    return {"type": "thinking", "thinking": [*pieces, *(others if isinstance(others, list) else [])], **state}


def wire_blob(blob: BlobPart) -> Chunk:
    """Bytes: an image or a document as a data URL, sound as plain base64."""
    if blob.mime_type.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": data_url(blob)}}
    if blob.mime_type.startswith("audio/"):
        return {"type": "input_audio", "input_audio": encode(blob.data)}
    return {"type": "document_url", "document_url": data_url(blob)}


def _uri(part: UriPart) -> Chunk:
    mime_type = part.mime_type or mimetypes.guess_type(part.uri)[0] or "image/*"
    if mime_type.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": part.uri}}
    if mime_type.startswith("audio/"):
        return {"type": "input_audio", "input_audio": part.uri}
    return {"type": "document_url", "document_url": part.uri}


def wire_call(call: ToolCallPart) -> dict[str, Any]:
    """A call; its arguments as the model wrote them."""
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments_text(call)},
    }
