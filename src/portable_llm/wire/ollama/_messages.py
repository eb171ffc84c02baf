"""Portable messages → wire messages: one text each, with images, thinking and calls beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portable_llm._messages import (
    BlobPart,
    Message,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    text_of,
)
from portable_llm.wire._assembly import read_arguments
from portable_llm.wire._media import encode
from portable_llm.wire.ollama._ledger import Add, entry
from portable_llm.wire.openai_chat._messages import ERROR_PREFIX

_ROLES = {"system": "system", "user": "user", "assistant": "assistant", "tool": "user"}
"""What stands beside tool results in a `tool` message is sent as a user's turn."""


class MessageBuilder:
    """Messages of one request on their way to the wire."""

    def __init__(self, add: Add) -> None:
        self._add = add
        self._names: dict[str, str] = {}

    def build(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """The wire messages: one per message, and one for each tool result, which come first."""
        built: list[dict[str, Any]] = []
        for number, message in enumerate(messages):
            pointer = f"/messages/{number}/parts"
            results = [
                self._result(part, f"{pointer}/{place}")
                for place, part in enumerate(message.parts)
                if isinstance(part, ToolResultPart)
            ]
            built += results
            if len(results) < len(message.parts) or not message.parts:
                built.append(self._message(_ROLES[message.role], message.parts, pointer))
        return built

    def _result(self, result: ToolResultPart, pointer: str) -> dict[str, Any]:
        for number, part in enumerate(result.parts):
            if not isinstance(part, TextPart):
                detail = f"a tool message takes text only; the {type(part).__name__} is left out"
                self._add(entry("dialogue", f"{pointer}/parts/{number}", "dropped", detail, "nobody"))
        text = text_of(result.parts)
        if result.is_error:
            text = ERROR_PREFIX + text
            detail = f"the protocol has no error mark; the text begins with {ERROR_PREFIX!r}"
            self._add(entry("tools", f"{pointer}/is_error", "emulated", detail))
        wire: dict[str, Any] = {"role": "tool", "content": text, "tool_call_id": result.call_id}
        if (name := self._names.get(result.call_id)) is not None:
            wire["tool_name"] = name
        return wire

    def _message(self, role: str, parts: Sequence[Part], pointer: str) -> dict[str, Any]:
        wire: dict[str, Any] = {"role": role, "content": ""}
        texts = 0
        for number, part in enumerate(parts):
            where = f"{pointer}/{number}"
            match part:
                case TextPart() | RefusalPart():
                    texts += 1
                    wire["content"] += self._text(part, where)
                case ReasoningPart():
                    wire["thinking"] = wire.get("thinking", "") + part.text
                case BlobPart() if part.mime_type.startswith("image/"):
                    wire.setdefault("images", []).append(encode(part.data))
                    self._add(entry("prompt", where, "moved", "images stand beside the text"))
                case ToolCallPart():
                    wire.setdefault("tool_calls", []).append(self._call(part, where))
                case UnknownPart():
                    wire.update(part.raw)
                case ToolResultPart():
                    pass
                case _:
                    detail = f"a message takes text and images; the {type(part).__name__} is left out"
                    self._add(entry("dialogue", where, "dropped", detail, "nobody"))
        if texts > 1:
            self._add(entry("dialogue", pointer, "encoded", "several texts of one message are sent as one"))
        return wire

    def _text(self, part: TextPart | RefusalPart, pointer: str) -> str:
        if isinstance(part, RefusalPart):
            self._add(entry("dialogue", pointer, "renamed", "the words of refusal are sent as text"))
        elif part.citations:
            detail = "where a passage comes from is not sent back; the text is"
            self._add(entry("dialogue", f"{pointer}/citations", "dropped", detail, "nobody", effect="annotation"))
        return part.text

    def _call(self, call: ToolCallPart, pointer: str) -> dict[str, Any]:
        self._names[call.id] = call.name
        if call.arguments is None and read_arguments(call.raw_arguments) is None:
            detail = "arguments are sent as an object; what the model wrote is none, and goes as an empty one"
            self._add(entry("tools", f"{pointer}/arguments", "dropped", detail, "nobody"))
        return wire_call(call)


def wire_call(call: ToolCallPart) -> dict[str, Any]:
    """A call; its arguments as an object."""
    arguments = call.arguments if call.arguments is not None else read_arguments(call.raw_arguments)
    return {"id": call.id, "function": {"name": call.name, "arguments": arguments or {}}}
