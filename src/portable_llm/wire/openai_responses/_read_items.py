"""Input items → portable messages.

What the model made in one go (reasoning, calls, hosted tools' items, one message) is one assistant's turn; a further
message of its own begins the next turn, so that items keep their order.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Any

from portable_llm._errors import InvalidRequestError
from portable_llm._messages import (
    BlobPart,
    Citation,
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
from portable_llm.wire.openai_responses._ledger import Add, entry
from portable_llm.wire.openai_responses._output import GAP, read_citation

_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    # Hosts and older libraries write results of tools this way.
    "tool": "tool",
}
_RESULTS = ("function_call_output", "custom_tool_call_output")
_THEIRS = ("mcp_list_tools", "mcp_approval_request", "program", "compaction", "item_reference")
_KNOWN = ("type", "id", "status")
_OF_A_MESSAGE = (*_KNOWN, "role", "content", "phase", "tool_call_id")
_OF_A_RESULT = (*_KNOWN, "call_id", "output")
_OF_A_CALL = (*_KNOWN, "call_id", "name", "arguments", "input", "namespace")
_OF_A_TEXT = ("type", "text", "annotations", "logprobs")
_OF_A_MEDIUM = ("type", "detail")
_TEXTS = ("input_text", "output_text", "text")


class ItemReader:
    """Items of one stored request. `first`: where the first message will stand."""

    def __init__(self, add: Add, *, first: int = 0) -> None:
        self._add = add
        self._messages: list[Message] = []
        self._made: list[Part] = []  # the assistant's turn under way
        self._has_said = False
        self._first = first
        self.needs_state = False
        """An item stands for one that the provider keeps: its own content is not in it."""

    def read(self, given: object) -> tuple[Message, ...]:
        """The messages in order; raises `InvalidRequestError` that names an item it cannot read."""
        if isinstance(given, str):
            return (Message(role="user", parts=(TextPart(text=given),) if given else ()),)
        for number, item in enumerate(as_list(given)):
            self._item(as_dict(item), f"/input/{number}")
        self._end_turn()
        return tuple(self._messages)

    @property
    def _pointer(self) -> str:
        """Where the next part will stand."""
        return f"/messages/{self._first + len(self._messages)}/parts/{len(self._made)}"

    def _end_turn(self) -> None:
        if self._made:
            self._messages.append(Message(role="assistant", parts=tuple(self._made)))
        self._made, self._has_said = [], False

    def _item(self, item: Mapping[str, Any], where: str) -> None:
        kind = item.get("type")
        match kind:
            case None | "message":
                self._message(item, where)
            case "function_call" | "custom_tool_call":
                self._bare(item, "id", "status")
                self._listed(item, _OF_A_CALL)
                self._made.append(read_call(item))
            case "reasoning":
                self.needs_state |= not item.get("encrypted_content") and not item.get("content")
                self._made.append(ReasoningPart(text=thought_of(item), state=dict(item)))
            case _ if kind in _RESULTS:
                self._end_turn()
                self._bare(item, "id", "status")
                self._listed(item, _OF_A_RESULT)
                self._messages.append(Message(role="tool", parts=(self._result(item),)))
            case _ if _is_theirs(item):
                self.needs_state |= kind == "item_reference"
                self._made.append(UnknownPart(raw=dict(item)))
            case _:
                self._end_turn()
                self._messages.append(Message(role="user", parts=(UnknownPart(raw=dict(item)),)))

    def _bare(self, item: Mapping[str, Any], *names: str) -> None:
        """Say that an item's own id and state are not kept: nothing refers to them."""
        if any(item.get(name) for name in names):
            detail = "the id and state of an item are not sent back; call_id links a call to its result"
            self._add(entry("dialogue", f"{self._pointer}/state", "renamed", detail))

    def _listed(self, item: Mapping[str, Any], known: tuple[str, ...]) -> None:
        """Say what has no place: members that nobody reads."""
        for name in unread(item, known):
            detail = f"{name!r} has no portable field"
            self._add(entry("dialogue", f"{self._pointer}/{name}", "dropped", detail, "nobody"))

    # ---- messages ----

    def _message(self, item: Mapping[str, Any], where: str) -> None:
        word = as_str(item.get("role"))
        role = _ROLES.get(word or "")
        if role is None:
            raise InvalidRequestError(f"{where}/role: {word!r} is no role; known: {', '.join(_ROLES)}")
        if word == "developer":
            self._add(entry("dialogue", f"{self._pointer}", "renamed", "developer text is system text"))
        self._listed(item, _OF_A_MESSAGE)
        if role == "assistant":
            if self._has_said:
                self._end_turn()
            self._bare(item, "id", "status")
            self._made += self._said(item)
            self._has_said = True
            return
        self._end_turn()
        parts = self._content(item.get("content"))
        if role == "tool":
            call_id = as_str(item.get("tool_call_id")) or ""
            self._messages.append(Message(role=role, parts=(ToolResultPart(call_id=call_id, parts=parts),)))
        else:
            self._messages.append(Message(role=role, parts=parts))

    def _said(self, item: Mapping[str, Any]) -> list[Part]:
        content, phase = item.get("content"), as_str(item.get("phase"))
        state = None if phase is None else {"phase": phase}
        if isinstance(content, str):
            return [TextPart(text=content, state=dict(state) if state else None)]
        return [self._piece_said(as_dict(piece), state) for piece in as_list(content)]

    def _piece_said(self, piece: Mapping[str, Any], state: Mapping[str, Any] | None) -> Part:
        if piece.get("type") == "refusal":
            return RefusalPart(text=as_str(piece.get("refusal")) or "")
        if piece.get("type") in _TEXTS:
            self._listed(piece, _OF_A_TEXT)
            cited = tuple(self._citation(as_dict(annotation)) for annotation in as_list(piece.get("annotations")))
            if piece.get("logprobs"):
                detail = "log-probabilities of what was said before are not sent back"
                self._add(
                    entry("dialogue", f"{self._pointer}/logprobs", "dropped", detail, "nobody", effect="annotation")
                )
            text = as_str(piece.get("text")) or ""
            return TextPart(text=text, citations=cited, state=dict(state) if state else None)
        return UnknownPart(raw={"type": "message", "role": "assistant", "content": [dict(piece)]})

    def _citation(self, annotation: Mapping[str, Any]) -> Citation:
        return read_citation(annotation)

    # ---- content ----

    def _result(self, item: Mapping[str, Any]) -> ToolResultPart:
        return ToolResultPart(call_id=as_str(item.get("call_id")) or "", parts=self._content(item.get("output")))

    def _content(self, content: object) -> tuple[ContentPart, ...]:
        if isinstance(content, str):
            return (TextPart(text=content),) if content else ()
        return tuple(self._piece(as_dict(piece)) for piece in as_list(content))

    def _piece(self, piece: Mapping[str, Any]) -> ContentPart:
        kind = piece.get("type")
        if piece.get("prompt_cache_breakpoint"):
            return UnknownPart(raw=dict(piece))  # the mark stands on the piece itself
        if kind in _TEXTS and isinstance(piece.get("text"), str):
            self._listed(piece, _OF_A_TEXT)
            return TextPart(text=piece["text"])
        read = {"input_image": self._image, "input_file": self._file, "input_audio": _audio}.get(str(kind))
        return (read(piece) if read is not None else None) or UnknownPart(raw=dict(piece))

    def _image(self, piece: Mapping[str, Any]) -> ContentPart | None:
        self._detail(piece)
        self._listed(piece, (*_OF_A_MEDIUM, "file_id", "image_url"))
        if file_id := as_str(piece.get("file_id")):
            return FilePart(id=file_id, mime_type="image/*")
        url = as_str(piece.get("image_url"))
        if not url:
            return None
        guessed = mimetypes.guess_type(url)[0] or ""
        return read_data_url(url) or UriPart(uri=url, mime_type=guessed if guessed.startswith("image/") else "image/*")

    def _file(self, piece: Mapping[str, Any]) -> ContentPart | None:
        self._detail(piece)
        self._listed(piece, (*_OF_A_MEDIUM, "file_id", "file_url", "file_data", "filename"))
        if file_id := as_str(piece.get("file_id")):
            return FilePart(id=file_id)
        if url := as_str(piece.get("file_url")):
            mime_type = mimetypes.guess_type(url)[0] or "application/pdf"
            # An address that looks like an image would go back as one.
            return None if mime_type.startswith("image/") else UriPart(uri=url, mime_type=mime_type)
        blob = read_data_url(as_str(piece.get("file_data")) or "")
        if blob is None or blob.mime_type.startswith(("image/", "audio/")):
            return None
        if piece.get("filename"):
            detail = "the name of a file has no portable field; one is made up from its type"
            self._add(entry("prompt", f"{self._pointer}/filename", "dropped", detail, "nobody"))
        return blob

    def _detail(self, piece: Mapping[str, Any]) -> None:
        if piece.get("detail") not in (None, "auto"):
            detail = "how closely it is looked at has no portable field"
            self._add(entry("prompt", f"{self._pointer}/detail", "dropped", detail, "nobody"))


def _is_theirs(item: Mapping[str, Any]) -> bool:
    """Whether the model or the provider made an item that has no portable type."""
    kind = str(item.get("type"))
    if kind.endswith("_output"):
        return item.get("execution") == "server" or kind == "program_output"
    return kind.endswith("_call") or kind in _THEIRS


def thought_of(item: Mapping[str, Any]) -> str:
    """What a reasoning item shows: its summary, then its text."""
    pieces = [*as_list(item.get("summary")), *as_list(item.get("content"))]
    return GAP.join(text for piece in pieces if (text := as_str(as_dict(piece).get("text"))))


def read_call(item: Mapping[str, Any]) -> ToolCallPart:
    """A call of a function, or of a tool whose input is free text."""
    is_custom = item.get("type") == "custom_tool_call"
    text = as_str(item.get("input" if is_custom else "arguments")) or ""
    state: dict[str, Any] = {"type": "custom"} if is_custom else {}
    if namespace := as_str(item.get("namespace")):
        state["namespace"] = namespace
    return ToolCallPart(
        id=as_str(item.get("call_id")) or "",
        name=as_str(item.get("name")) or "",
        arguments=read_arguments(text),
        raw_arguments=text,
        state=state or None,
    )


def _audio(piece: Mapping[str, Any]) -> ContentPart | None:
    fields = as_dict(piece.get("input_audio"))
    data = decode(as_str(fields.get("data")) or "")
    kind = as_str(fields.get("format")) or "wav"
    return None if data is None else BlobPart(mime_type="audio/mpeg" if kind == "mp3" else f"audio/{kind}", data=data)
