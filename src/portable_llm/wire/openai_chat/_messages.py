"""Portable messages → wire messages: one function per part type, one list of content per message."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never, cast

from portable_llm._messages import (
    BlobPart,
    ContentPart,
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
from portable_llm.wire.openai_chat._ledger import Add, entry

ERROR_PREFIX = "Error: "
"""What a failed tool's text begins with, since the protocol has no error mark."""
_ROLES = {"system": "system", "user": "user", "tool": "user"}
"""What stands beside tool results in a `tool` message is sent as a user's turn."""


class MessageBuilder:
    """Messages of one request on their way to the wire; `pointer` is where the part at hand stands."""

    def __init__(self, add: Add, spelling: Mapping[str, str]) -> None:
        self._add = add
        self._spelling = spelling

    def build(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """The wire messages: one per message, and one for each tool result."""
        is_joined = self._spelling.get("messages/neighbours") == "joined"
        built: list[dict[str, Any]] = []
        for number, message in self._joined(messages) if is_joined else enumerate(messages):
            pointer = f"/messages/{number}/parts"
            if message.role == "assistant":
                built.append(self._assistant(message.parts, pointer))
                continue
            results, content = self._turn(message.parts, pointer)
            built += results
            if content or not results:
                built.append({"role": _ROLES[message.role], "content": _plain(content)})
        if (word := self._spelling.get("messages/prefill")) and built and _is_begun(built[-1]):
            built[-1][word] = True
            self._add(entry("dialogue", f"/messages/{len(messages) - 1}", "renamed", f"sent with {word}: true"))
        return built

    def _joined(self, messages: Sequence[Message]) -> list[tuple[int, Message]]:
        """Neighbours of one role as one message, for hosts whose turns have to alternate; where each of them began."""
        joined: list[tuple[int, Message]] = []
        for number, message in enumerate(messages):
            if joined and joined[-1][1].role == message.role != "tool":
                first, before = joined[-1]
                joined[-1] = first, replace(message, parts=(*before.parts, *message.parts))
                detail = "turns have to alternate: messages of one role in a row are sent as one"
                self._add(entry("dialogue", f"/messages/{number}", "encoded", detail))
            else:
                joined.append((number, message))
        return joined

    def _turn(self, parts: Sequence[Part], pointer: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Tool results as messages of their own, which come first, and the content that stands beside them."""
        results: list[dict[str, Any]] = []
        content: list[dict[str, Any]] = []
        for number, part in enumerate(parts):
            where = f"{pointer}/{number}"
            if isinstance(part, ToolResultPart):
                results.append(self._result(part, where))
            elif (item := self._part(part, where)) is not None:
                content.append(item)
        return results, content

    def _result(self, result: ToolResultPart, pointer: str) -> dict[str, Any]:
        texts = [text for number, part in enumerate(result.parts) if (text := self._result_text(part, pointer, number))]
        if result.is_error:
            texts = [{"type": "text", "text": ERROR_PREFIX + (texts[0]["text"] if texts else "")}, *texts[1:]]
            detail = f"the protocol has no error mark; the text begins with {ERROR_PREFIX!r}"
            self._add(entry("tools", f"{pointer}/is_error", "emulated", detail))
        return {
            "role": "tool",
            "tool_call_id": result.call_id,
            "content": _plain(texts),
        }

    def _result_text(self, part: ContentPart, pointer: str, number: int) -> dict[str, Any] | None:
        if isinstance(part, TextPart):
            return {"type": "text", "text": part.text}
        where = f"{pointer}/parts/{number}"
        return self._drop(where, f"a tool message takes text only; the {type(part).__name__} is left out")

    def _assistant(self, parts: Sequence[Part], pointer: str) -> dict[str, Any]:
        wire: dict[str, Any] = {"role": "assistant"}
        content: list[dict[str, Any]] = []
        calls: list[dict[str, Any]] = []
        for number, part in enumerate(parts):
            where = f"{pointer}/{number}"
            if isinstance(part, ToolCallPart):
                calls.append(_call(part))
            elif isinstance(part, ReasoningPart):
                self._replay(wire, content, part, where)
            elif isinstance(part, UnknownPart):
                self._unknown(wire, content, calls, part)
            elif isinstance(part, (BlobPart, UriPart, FilePart)):
                self._drop(where, f"an assistant message takes text only; the {type(part).__name__} is left out")
            elif (item := self._part(part, where)) is not None:
                if calls:
                    detail = "the protocol has no order between text and calls; the text comes first"
                    self._add(entry("dialogue", where, "moved", detail))
                content.append(item)
        wire["content"] = _plain(content) if content or not calls else None
        if calls:
            wire["tool_calls"] = calls
        return wire

    def _replay(self, wire: dict[str, Any], content: list[dict[str, Any]], part: ReasoningPart, pointer: str) -> None:
        """Give reasoning back the way it came: hosts that send it demand it in tool loops; the protocol has no place
        for any other."""
        state = part.state or {}
        field, details = state.get("field"), state.get("reasoning_details")
        if field == "content":
            content.append({"type": "thinking", "thinking": [{"type": "text", "text": part.text}]})
        elif isinstance(field, str):
            wire[field] = wire.get(field, "") + part.text
        if details:
            wire["reasoning_details"] = [*wire.get("reasoning_details", []), *cast("list[Any]", details)]
        if not field and not details:
            self._add(
                entry("dialogue", f"{pointer}/state", "dropped", "the protocol takes no reasoning back", "nobody")
            )

    def _unknown(
        self,
        wire: dict[str, Any],
        content: list[dict[str, Any]],
        calls: list[dict[str, Any]],
        part: UnknownPart,
    ) -> None:
        raw = dict(part.raw)
        if "type" not in raw:
            audio = raw.get("audio")
            # Sound is given back by its id alone: the data of an answer is no field of a request.
            wire.update({"audio": {"id": audio.get("id")}} if isinstance(audio, dict) else raw)
        elif "id" in raw:
            calls.append(raw)
        else:
            content.append(raw)

    def _part(self, part: Part, pointer: str) -> dict[str, Any] | None:
        match part:
            case TextPart():
                if part.citations:
                    detail = "where a passage comes from is not sent back; the text is"
                    self._add(
                        entry("dialogue", f"{pointer}/citations", "dropped", detail, "nobody", effect="annotation")
                    )
                return {"type": "text", "text": part.text}
            case BlobPart():
                return wire_blob(part)
            case UriPart():
                return self._uri(part, pointer)
            case FilePart():
                return {"type": "file", "file": {"file_id": part.id}}
            case RefusalPart():
                return self._refusal(part, pointer)
            case UnknownPart():
                return dict(part.raw)
            case ReasoningPart() | ToolCallPart() | ToolResultPart():
                return self._drop(pointer, f"this message cannot hold a {type(part).__name__}")
            case _:
                assert_never(part)

    def _uri(self, part: UriPart, pointer: str) -> dict[str, Any] | None:
        mime_type = part.mime_type or mimetypes.guess_type(part.uri)[0] or "image/*"
        if mime_type.startswith("image/"):
            return {"type": "image_url", "image_url": {"url": part.uri}}
        return self._drop(pointer, f"only images can be given by address, not {mime_type}; send the bytes")

    def _refusal(self, part: RefusalPart, pointer: str) -> dict[str, Any]:
        if self._spelling.get("refusal_part") == "text":
            self._add(entry("dialogue", pointer, "renamed", "the words of refusal are sent as text"))
            return {"type": "text", "text": part.text}
        return {"type": "refusal", "refusal": part.text}

    def _drop(self, pointer: str, detail: str) -> None:
        self._add(entry("dialogue", pointer, "dropped", detail, "nobody"))


def _is_begun(message: Mapping[str, Any]) -> bool:
    """Whether a message is the beginning of an answer: what an assistant said, without a call that waits."""
    return message["role"] == "assistant" and bool(message["content"]) and "tool_calls" not in message


def _plain(content: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """A single text as a string, which every host takes; anything else as the list it is."""
    if not content:
        return ""
    if len(content) == 1 and content[0].get("type") == "text":
        return content[0]["text"]
    return content


def _call(call: ToolCallPart) -> dict[str, Any]:
    state = call.state or {}
    if state.get("type") == "custom":
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.raw_arguments}}
    function = {"name": call.name, "arguments": arguments_text(call)}
    wire: dict[str, Any] = {"id": call.id, "type": "function", "function": function}
    if extra := state.get("extra_content"):
        wire["extra_content"] = extra
    return wire


_AUDIO = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}


def wire_blob(blob: BlobPart) -> dict[str, Any]:
    """Bytes: an image or a document as a data URL, sound as base64 with its format.

    A kind the provider does not know is sent all the same: its error names it, which no silent omission does.
    """
    data = base64.b64encode(blob.data).decode("ascii")
    if blob.mime_type.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": f"data:{blob.mime_type};base64,{data}"}}
    if blob.mime_type.startswith("audio/"):
        kind = _AUDIO.get(blob.mime_type, blob.mime_type.removeprefix("audio/"))
        return {"type": "input_audio", "input_audio": {"data": data, "format": kind}}
    suffix = mimetypes.guess_extension(blob.mime_type) or ""
    # The provider demands a name beside the data.
    file = {"filename": f"document{suffix}", "file_data": f"data:{blob.mime_type};base64,{data}"}
    return {"type": "file", "file": file}
