"""Portable messages → wire messages: one function per part type."""

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
from portable_llm.wire._media import data_url
from portable_llm.wire.cohere_v2._ledger import Add, entry
from portable_llm.wire.openai_chat._messages import ERROR_PREFIX

Item = dict[str, Any]

PLAN = "tool_plan"
"""Field of a message, and mark of the reasoning that stood in it: what the model means to do with its calls."""

_ROLES = {"system": "system", "user": "user", "tool": "user"}
"""What stands beside tool results in a `tool` message is sent as a user's turn."""


class MessageBuilder:
    """Messages of one request on their way to the wire."""

    def __init__(self, add: Add) -> None:
        self._add = add

    def build(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """The wire messages: one per message, and one for each tool result, which come first."""
        built: list[dict[str, Any]] = []
        for number, message in enumerate(messages):
            pointer = f"/messages/{number}/parts"
            if message.role == "assistant":
                built.append(self._assistant(message.parts, pointer))
                continue
            results, content = self._turn(message.parts, pointer)
            built += results
            if content or not results:
                built.append({"role": _ROLES[message.role], "content": _plain(content)})
        return built

    def _turn(self, parts: Sequence[Part], pointer: str) -> tuple[list[dict[str, Any]], list[Item]]:
        results: list[dict[str, Any]] = []
        content: list[Item] = []
        for number, part in enumerate(parts):
            where = f"{pointer}/{number}"
            if isinstance(part, ToolResultPart):
                results.append(self._result(part, where))
            elif (item := self._part(part, where)) is not None:
                content.append(item)
        return results, content

    def _result(self, result: ToolResultPart, pointer: str) -> dict[str, Any]:
        content: list[Item] = []
        for number, part in enumerate(result.parts):
            where = f"{pointer}/parts/{number}"
            if not isinstance(part, (TextPart, UnknownPart)):
                self._drop(where, f"a tool message takes text and documents; the {type(part).__name__} is left out")
            elif (item := self._part(part, where)) is not None:
                content.append(item)
        if result.is_error:
            said = content[0]["text"] if content and content[0].get("type") == "text" else None
            content = [{"type": "text", "text": ERROR_PREFIX + (said or "")}, *content[0 if said is None else 1 :]]
            detail = f"the protocol has no error mark; the text begins with {ERROR_PREFIX!r}"
            self._add(entry("tools", f"{pointer}/is_error", "emulated", detail))
        return {"role": "tool", "tool_call_id": result.call_id, "content": _plain(content)}

    def _assistant(self, parts: Sequence[Part], pointer: str) -> dict[str, Any]:
        wire: dict[str, Any] = {"role": "assistant"}
        content: list[Item] = []
        calls: list[dict[str, Any]] = []
        for number, part in enumerate(parts):
            where = f"{pointer}/{number}"
            if isinstance(part, ToolCallPart):
                calls.append(wire_call(part))
            elif isinstance(part, ReasoningPart) and is_plan(part):
                wire[PLAN] = wire.get(PLAN, "") + part.text
            elif isinstance(part, UnknownPart) and "type" not in part.raw:
                merge(wire, part)
            elif isinstance(part, TextPart):
                wire_citations(wire, part, len(content))
                content.append({"type": "text", "text": self._text(part, where)})
            elif (item := self._part(part, where)) is not None:
                content.append(item)
        if content or not calls:
            wire["content"] = _plain(content)
        if calls:
            wire["tool_calls"] = calls
        return wire

    def _text(self, part: TextPart, pointer: str) -> str:
        if any(not is_own(citation.raw) for citation in part.citations):
            detail = "where a passage comes from is not sent back; the text is"
            self._add(entry("dialogue", f"{pointer}/citations", "dropped", detail, "nobody", effect="annotation"))
        return part.text

    def _part(self, part: Part, pointer: str) -> Item | None:
        match part:
            case TextPart():
                return {"type": "text", "text": self._text(part, pointer)}
            case ReasoningPart():
                return {"type": "thinking", "thinking": part.text}
            case BlobPart():
                if part.mime_type.startswith("image/"):
                    return {"type": "image_url", "image_url": {"url": data_url(part)}}
                return self._drop(pointer, f"a message takes text and images, not {part.mime_type}")
            case UriPart():
                return self._uri(part, pointer)
            case RefusalPart():
                self._add(entry("dialogue", pointer, "renamed", "the words of refusal are sent as text"))
                return {"type": "text", "text": part.text}
            case UnknownPart():
                return dict(part.raw)
            case FilePart() | ToolCallPart() | ToolResultPart():
                return self._drop(pointer, f"this message cannot hold a {type(part).__name__}")
            case _:
                assert_never(part)

    def _uri(self, part: UriPart, pointer: str) -> Item | None:
        mime_type = part.mime_type or mimetypes.guess_type(part.uri)[0] or "image/*"
        if mime_type.startswith("image/"):
            return {"type": "image_url", "image_url": {"url": part.uri}}
        return self._drop(pointer, f"only images can be given by address, not {mime_type}")

    def _drop(self, pointer: str, detail: str) -> None:
        self._add(entry("dialogue", pointer, "dropped", detail, "nobody"))


def _plain(content: list[Item]) -> str | list[Item]:
    """A single text as a string; anything else as the list it is."""
    if not content:
        return ""
    if len(content) == 1 and content[0].get("type") == "text":
        return content[0]["text"]
    return content


def is_plan(part: ReasoningPart) -> bool:
    """Whether this is what the model said in its plan."""
    return (part.state or {}).get("field") == PLAN


def is_own(raw: object) -> bool:
    """Whether a citation's record is one of this protocol."""
    return isinstance(raw, dict) and "sources" in raw


def wire_citations(message: dict[str, Any], part: TextPart, index: int) -> None:
    """The protocol's own citations of a text, in the list of the message; those of later texts say which text."""
    for citation in part.citations:
        if citation.raw is not None and is_own(citation.raw):
            raw = dict(citation.raw)
            if index:
                raw.setdefault("content_index", index)
            message.setdefault("citations", []).append(raw)


def merge(message: dict[str, Any], part: UnknownPart) -> None:
    """A field of a message without a type: lists grow, anything else is set."""
    for name, value in part.raw.items():
        if isinstance(value, list):
            message[name] = [*message.get(name, []), *value]
        else:
            message[name] = value


def wire_call(call: ToolCallPart) -> dict[str, Any]:
    """A call; its arguments as the model wrote them."""
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments_text(call)}}
