"""Frames of one streamed answer → deltas and the response they add up to.

Blocks are addressed by their index and may interleave. Text and reasoning begin without an event of their own; only
calls and what the provider did itself are announced. The usage comes after the end of the message. Every payload
carries padding of a random length in `p`, which is ignored.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, cast

from portable_llm._events import Delta
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._json import JsonValue
from portable_llm._messages import Origin
from portable_llm._response import Refusal, Response
from portable_llm.wire._assembly import Assembly, read_arguments
from portable_llm.wire._errors import error_body
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str, frame_json
from portable_llm.wire.bedrock_converse._errors import declined_inside, exception_of, is_exception
from portable_llm.wire.bedrock_converse._parse import SERVER_TOOL, citation_of, read_call, response_of

_METADATA = ("usage", "metrics", "trace", "performanceConfig", "serviceTier")


def stream_decoder(origin: Origin) -> ConverseDecoder:
    """A decoder for one streamed answer."""
    return ConverseDecoder(origin)


class ConverseDecoder:
    """Feed it frames; `finish` gives the response."""

    def __init__(self, origin: Origin) -> None:
        self._assembly = Assembly(origin)
        self._end: dict[str, Any] = {}
        self._raw: dict[int, tuple[str, dict[str, Any]]] = {}  # blocks no type fits, being collected
        self._pieces: dict[int, list[Any]] = {}  # what comes of them in pieces
        self._cited: dict[int, list[JsonValue]] = {}
        self._redacted: dict[int, list[str]] = {}
        self._declined: Refusal | None = None
        self._is_complete = False

    @property
    def is_complete(self) -> bool:
        """Whether `messageStop` has come, or a filter has ended the answer; the usage may still be missing."""
        return self._is_complete

    def feed(self, frame: Frame) -> list[Delta]:
        """The deltas of one frame; raises `ProviderError` for an exception."""
        if is_exception(frame):
            self._on_exception(frame, as_dict(error_body(HttpReply(status=200, body=frame.data))))
            return self._assembly.take()
        event = as_dict(frame_json(frame.data, "event of the stream"))
        match frame.event:
            case "contentBlockDelta":
                self._on_delta(_index(event), as_dict(event.get("delta")))
            case "contentBlockStart":
                self._on_start(_index(event), as_dict(event.get("start")))
            case "contentBlockStop":
                self._on_stop(_index(event))
            case "messageStop":
                self._end.update({name: value for name, value in event.items() if name != "p"})
                self._is_complete = True
            case "metadata":
                self._end.update({name: event[name] for name in _METADATA if name in event})
            case _:  # messageStart says the role, which is always the same; others are for later versions
                pass
        return self._assembly.take()

    def finish(self) -> tuple[list[Delta], Response[None]]:
        """Close what is open → the last deltas and the response."""
        for index in tuple(self._raw):
            self._on_stop(index)
        self._assembly.close_all()
        response = response_of(self._assembly, self._end, declined=self._declined)
        return self._assembly.take(), response

    # ---- events ------------------------------------------------------------------------------------------------------

    def _on_exception(self, frame: Frame, event: dict[str, Any]) -> None:
        """An exception; what a filter says in one ends the answer and is no error."""
        self._declined = declined_inside(event, has_text=self._assembly.has_text)
        if self._declined is None:
            raise exception_of(frame, event)
        self._is_complete = True

    def _on_start(self, index: int, start: dict[str, Any]) -> None:
        call = as_dict(start.get("toolUse"))
        if call and call.get("type") != SERVER_TOOL:
            read_call(self._assembly, index, call)
        elif start:
            name = next(iter(start))
            self._raw[index] = (name, dict(as_dict(start[name])))
            self._assembly.open(index, "unknown")

    def _on_delta(self, index: int, delta: dict[str, Any]) -> None:
        if index in self._raw:
            self._pieces.setdefault(index, []).append(delta)
            return
        match delta:
            case {"text": str() as piece}:
                self._assembly.text(index, piece)
            case {"toolUse": dict()}:
                self._assembly.tool_call(index, piece=as_str(delta["toolUse"].get("input")) or "")
            case {"reasoningContent": dict()}:
                self._on_reasoning(index, delta["reasoningContent"])
            case {"citation": dict()}:
                self._on_citation(index, delta["citation"])
            case {"image": dict()} | {"toolResult": list()}:
                self._raw[index] = (next(iter(delta)), {})
                self._assembly.open(index, "unknown")
                self._pieces.setdefault(index, []).append(delta)
            case _:
                pass  # deltas of later versions

    def _on_reasoning(self, index: int, delta: Mapping[str, Any]) -> None:
        redacted, signature = as_str(delta.get("redactedContent")), as_str(delta.get("signature"))
        state: dict[str, JsonValue] = {}
        if redacted is not None:
            pieces = self._redacted.setdefault(index, [])
            pieces.append(redacted)
            state["redactedContent"] = _joined(pieces)
        if signature:
            state["signature"] = signature
        self._assembly.reasoning(index, as_str(delta.get("text")) or "", state)

    def _on_citation(self, index: int, citation: dict[str, Any]) -> None:
        cited = self._cited.setdefault(index, [])
        cited.append(citation)
        self._assembly.cite(index, citation_of(citation))
        self._assembly.state(index, {"citations": cited})

    def _on_stop(self, index: int) -> None:
        kind, block = self._raw.pop(index, ("", {}))
        if kind:
            self._assembly.unknown(index, {kind: _completed(kind, block, self._pieces.pop(index, []))})
        self._assembly.close(index)


def _completed(kind: str, block: dict[str, Any], deltas: list[dict[str, Any]]) -> dict[str, Any]:
    """A block of another kind as it would have come whole."""
    for delta in deltas:
        piece = delta.get(kind)
        if isinstance(piece, list):
            block["content"] = [*as_list(block.get("content")), *cast("list[Any]", piece)]
        elif kind != "toolUse":
            block.update(as_dict(piece))
    if kind == "toolUse":
        written = "".join(as_str(as_dict(delta.get(kind)).get("input")) or "" for delta in deltas)
        arguments = read_arguments(written)
        block["input"] = written if arguments is None else arguments
    return block


def _joined(pieces: list[str]) -> str:
    """Base64 texts as one: each is complete in itself, so the bytes are what is joined."""
    if len(pieces) == 1:
        return pieces[0]
    try:
        return b64encode(b"".join(b64decode(piece) for piece in pieces)).decode("ascii")
    except (binascii.Error, ValueError):
        return "".join(pieces)


def _index(event: dict[str, Any]) -> int:
    return as_int(event.get("contentBlockIndex")) or 0
