"""Portable messages → input items: a list in order, where each call, result and piece of reasoning is an item.

Ids and states of messages and calls are not sent back, since only `call_id` links them. What the model itself needs
again is: the phase of a text, the namespace of a call, and its reasoning, as the whole item it came as.
"""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterator, Sequence
from typing import Any

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
from portable_llm.wire.openai_responses._ledger import Add, entry

ERROR_PREFIX = "Error: "
"""What a failed tool's text begins with, since the protocol has no error mark."""

_ROLES = {"system": "system", "user": "user", "tool": "user"}
"""What stands beside tool results in a `tool` message is sent as a user's turn."""

CONTENT_TYPES = ("input_text", "input_image", "input_file", "input_audio")
"""Types of the pieces of a message; anything else is an item of its own."""


class ItemBuilder:
    """Messages of one request on their way to the wire."""

    def __init__(self, add: Add, *, is_stateless: bool) -> None:
        self._add = add
        self._is_stateless = is_stateless
        self._custom: set[str] = set()  # ids of calls whose input is free text: their results have a type of their own

    def build(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """The items of all messages, in order."""
        items: list[tuple[dict[str, Any], str]] = []
        for number, message in enumerate(messages):
            pointer = f"/messages/{number}/parts"
            if message.role == "assistant":
                items += self._assistant(message.parts, pointer)
            else:
                items += self._turn(_ROLES[message.role], message.parts, pointer)
        return [item for item, _ in self._led_on(items)]

    def _led_on(self, items: Sequence[tuple[dict[str, Any], str]]) -> list[tuple[dict[str, Any], str]]:
        """The items without reasoning that led to nothing: an answer that was cut while the model thought."""
        kept: list[tuple[dict[str, Any], str]] = []
        led = False
        for item, pointer in reversed(items):
            kind = item.get("type")
            if kind == "reasoning" and not led:
                detail = "reasoning has to be followed by what it led to (400), and nothing came of this one"
                self._add(entry("dialogue", f"{pointer}/state", "dropped", detail, "nobody"))
                continue
            led = kind == "reasoning" or _is_answer(item)
            kept.append((item, pointer))
        return kept[::-1]

    # ---- what the application says ----

    def _turn(self, role: str, parts: Sequence[Part], pointer: str) -> Iterator[tuple[dict[str, Any], str]]:
        content: list[dict[str, Any]] = []
        has_items = False
        for number, part in enumerate(parts):
            where = f"{pointer}/{number}"
            item = self._result(part, where) if isinstance(part, ToolResultPart) else _own_item(part)
            if item is None:
                content += self._input(part, where)
                continue
            if content:
                yield _message(role, content), pointer
                content = []
            has_items = True
            yield item, where
        if content or not has_items:
            yield _message(role, content), pointer

    def _result(self, result: ToolResultPart, pointer: str) -> dict[str, Any]:
        output = [piece for n, part in enumerate(result.parts) for piece in self._input(part, f"{pointer}/parts/{n}")]
        if result.is_error:
            said = output[0]["text"] if output and output[0].get("type") == "input_text" else None
            first = {"type": "input_text", "text": ERROR_PREFIX + (said or "")}
            output = [first, *(output if said is None else output[1:])]
            detail = f"the protocol has no error mark; the text begins with {ERROR_PREFIX!r}"
            self._add(entry("tools", f"{pointer}/is_error", "emulated", detail))
        kind = "custom_tool_call_output" if result.call_id in self._custom else "function_call_output"
        return {"type": kind, "call_id": result.call_id, "output": _plain(output)}

    def _input(self, part: Part | ContentPart, pointer: str) -> Iterator[dict[str, Any]]:
        match part:
            case TextPart():
                self._uncited(part, pointer)
                yield {"type": "input_text", "text": part.text}
            case BlobPart():
                yield wire_blob(part)
            case UriPart():
                yield _wire_uri(part)
            case FilePart():
                is_image = (part.mime_type or "").startswith("image/")
                image = {"type": "input_image", "detail": "auto", "file_id": part.id}
                yield image if is_image else {"type": "input_file", "file_id": part.id}
            case UnknownPart():
                yield dict(part.raw)
            case _:
                self._drop(pointer, f"this message cannot hold a {type(part).__name__}")

    # ---- what the model said ----

    def _assistant(self, parts: Sequence[Part], pointer: str) -> Iterator[tuple[dict[str, Any], str]]:
        content: list[dict[str, Any]] = []
        phase: Any = None
        for number, part in enumerate(parts):
            where = f"{pointer}/{number}"
            if isinstance(part, (TextPart, RefusalPart)):
                own = (part.state or {}).get("phase") if isinstance(part, TextPart) else None
                if content and own != phase:
                    yield self._said(content, phase, pointer), pointer
                    content = []
                phase = own
                content.append(self._output(part, where))
                continue
            if (item := self._made(part, where)) is None:
                continue
            if content:
                yield self._said(content, phase, pointer), pointer
                content = []
            yield item, where
        if content or not parts:
            yield self._said(content, phase, pointer), pointer

    def _output(self, part: TextPart | RefusalPart, pointer: str) -> dict[str, Any]:
        if isinstance(part, RefusalPart):
            return {"type": "refusal", "refusal": part.text}
        self._uncited(part, pointer)
        return {"type": "output_text", "text": part.text, "annotations": []}

    def _said(self, content: list[dict[str, Any]], phase: Any, pointer: str) -> dict[str, Any]:
        """A message of the model's. Texts stand as one string, the form that needs no id; words of refusal need theirs,
        and a status beside them, as in every recording."""
        item: dict[str, Any] = {"type": "message", "role": "assistant"}
        if any(piece["type"] == "refusal" for piece in content):
            item.update(content=content, status="completed")
        else:
            item["content"] = "".join(piece["text"] for piece in content)
            if len(content) > 1:
                self._add(entry("dialogue", pointer, "renamed", "neighbouring texts of a turn are sent as one"))
        return item if phase is None else {**item, "phase": phase}

    def _made(self, part: Part, pointer: str) -> dict[str, Any] | None:
        match part:
            case ToolCallPart():
                return self._call(part)
            case ReasoningPart():
                return self._reasoning(part, pointer)
            case UnknownPart():
                return dict(part.raw)
            case _:
                return self._drop(pointer, f"an assistant turn takes no {type(part).__name__}; it is left out")

    def _call(self, call: ToolCallPart) -> dict[str, Any]:
        state = call.state or {}
        if state.get("type") == "custom":
            self._custom.add(call.id)
            item: dict[str, Any] = {"type": "custom_tool_call", "call_id": call.id, "name": call.name}
            item["input"] = call.raw_arguments
        else:
            item = {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments_text(call)}
        if namespace := state.get("namespace"):
            item["namespace"] = namespace
        return item

    def _reasoning(self, part: ReasoningPart, pointer: str) -> dict[str, Any] | None:
        """Reasoning goes back as the item it was; without anything of it inside, its id alone finds nothing where
        nothing was stored (404)."""
        item = dict(part.state or {})
        if item.get("type") != "reasoning":
            detail = "the protocol takes reasoning back only as the item that the provider made"
        elif self._is_stateless and not item.get("encrypted_content") and not item.get("content"):
            detail = "it came without its encrypted content, and nothing is stored that its id would find"
        else:
            return item
        self._add(entry("dialogue", f"{pointer}/state", "dropped", detail, "nobody"))
        return None

    def _uncited(self, part: TextPart, pointer: str) -> None:
        if part.citations:
            detail = "where a passage comes from is not sent back; the text is"
            self._add(entry("dialogue", f"{pointer}/citations", "dropped", detail, "nobody", effect="annotation"))

    def _drop(self, pointer: str, detail: str) -> None:
        self._add(entry("dialogue", pointer, "dropped", detail, "nobody"))


# ---- pieces ----------------------------------------------------------------------------------------------------------


def _own_item(part: Part) -> dict[str, Any] | None:
    """An odd part that is an item of its own (the output of a tool that has no portable type)."""
    if isinstance(part, UnknownPart) and part.raw.get("type") not in CONTENT_TYPES:
        return dict(part.raw)
    return None


def _is_answer(item: dict[str, Any]) -> bool:
    """Whether the model made the item: what reasoning may lead to."""
    if item.get("type") == "message":
        return item.get("role") == "assistant"
    return not str(item.get("type")).endswith(("_call_output", "_response"))


def _message(role: str, content: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": _plain(content)}


def _plain(content: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """A single text as a string, which every host takes; anything else as the list it is."""
    if not content:
        return ""
    if len(content) == 1 and content[0].keys() == {"type", "text"}:
        return content[0]["text"]
    return content


_AUDIO = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}


def wire_blob(blob: BlobPart) -> dict[str, Any]:
    """Bytes: an image or a document as a data URL, sound as base64 with its format.

    A kind the provider does not know is sent all the same: its error names it, which no silent omission does.
    """
    data = base64.b64encode(blob.data).decode("ascii")
    if blob.mime_type.startswith("image/"):
        return {"type": "input_image", "detail": "auto", "image_url": f"data:{blob.mime_type};base64,{data}"}
    if blob.mime_type.startswith("audio/"):
        kind = _AUDIO.get(blob.mime_type, blob.mime_type.removeprefix("audio/"))
        return {"type": "input_audio", "input_audio": {"data": data, "format": kind}}
    suffix = mimetypes.guess_extension(blob.mime_type) or ""
    # The provider demands a name beside the data.
    return {
        "type": "input_file",
        "filename": f"document{suffix}",
        "file_data": f"data:{blob.mime_type};base64,{data}",
    }


def _wire_uri(part: UriPart) -> dict[str, Any]:
    mime_type = part.mime_type or mimetypes.guess_type(part.uri)[0] or "image/*"
    if mime_type.startswith("image/"):
        return {"type": "input_image", "detail": "auto", "image_url": part.uri}
    return {"type": "input_file", "file_url": part.uri}
