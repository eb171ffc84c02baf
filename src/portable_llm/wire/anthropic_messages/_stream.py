"""Server-sent events of one streamed answer → deltas and the response they add up to.

Blocks are addressed by their index. The names of the events repeat `type` in the data, so only the data is read; the
vendor's rule is to ignore unknown events. A block of an unknown kind is collected as it would have come whole.
"""

from __future__ import annotations

from typing import Any, cast

from portable_llm._events import Delta
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._json import JsonValue
from portable_llm._messages import Origin
from portable_llm._response import Refusal, Response
from portable_llm.wire._assembly import Assembly, read_arguments
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str, frame_json
from portable_llm.wire.anthropic_messages._errors import declined_inside, error_of
from portable_llm.wire.anthropic_messages._parse import (
    GUARDRAIL_FLAG,
    GUARDRAIL_TRACE,
    citation_of,
    merge_usage,
    read_call,
    read_input,
    read_text,
    read_thinking,
    response_of,
)

_END_FIELDS = ("stop_reason", "stop_sequence", "stop_details")
_GUARDRAIL = (GUARDRAIL_FLAG, GUARDRAIL_TRACE)


def stream_decoder(origin: Origin) -> MessagesDecoder:
    """A decoder for one streamed answer."""
    return MessagesDecoder(origin)


class MessagesDecoder:
    """Feed it frames; `finish` gives the response."""

    def __init__(self, origin: Origin) -> None:
        self._assembly = Assembly(origin)
        self._end: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._inputs: dict[int, object] = {}  # arguments that came whole in a call's start
        self._raw: dict[int, dict[str, Any]] = {}  # blocks no type fits, being collected
        self._pieces: dict[tuple[int, str], list[str]] = {}  # their growing fields
        self._cited: dict[int, list[JsonValue]] = {}
        self._declined: Refusal | None = None
        self._is_complete = False

    @property
    def is_complete(self) -> bool:
        """Whether `message_stop` has come, or a filter has ended the answer."""
        return self._is_complete

    def feed(self, frame: Frame) -> list[Delta]:
        """The deltas of one frame; raises `ProviderError` for an error event."""
        data = frame.data
        if data == b"[DONE]":  # hosts that came from another protocol
            return []
        event = as_dict(frame_json(data, "event of the stream"))
        kind = event.get("type")
        if kind == "content_block_delta":
            self._on_delta(_index(event), as_dict(event.get("delta")))
        elif kind == "content_block_start":
            self._on_start(_index(event), as_dict(event.get("content_block")))
        elif kind == "content_block_stop":
            self._on_stop(_index(event))
        elif kind == "message_start":
            self._on_message(as_dict(event.get("message")))
        elif kind == "message_delta":
            self._on_end(event)
        elif kind == "message_stop":
            self._end.update({name: event[name] for name in _GUARDRAIL if name in event})
            self._is_complete = True
        elif kind == "error" or (kind is None and event.get("error")):
            self._on_error(event, data)
        return self._assembly.take()

    def finish(self) -> tuple[list[Delta], Response[None]]:
        """Close what is open → the last deltas and the response."""
        # A call that was cut before its arguments stays without them: `{}` would look like a whole call.
        for index in tuple(self._raw):
            self._on_stop(index)
        self._assembly.close_all()
        response = response_of(self._assembly, self._end, self._usage, declined=self._declined)
        return self._assembly.take(), response

    # ---- events ------------------------------------------------------------------------------------------------------

    def _on_message(self, message: dict[str, Any]) -> None:
        self._assembly.start(as_str(message.get("id")), as_str(message.get("model")))
        self._usage = merge_usage(self._usage, as_dict(message.get("usage")))

    def _on_end(self, event: dict[str, Any]) -> None:
        delta = as_dict(event.get("delta"))
        self._end.update({name: delta[name] for name in _END_FIELDS if delta.get(name) is not None})
        self._end.update({name: event[name] for name in _GUARDRAIL if name in event})
        self._usage = merge_usage(self._usage, as_dict(event.get("usage")))

    def _on_error(self, event: dict[str, Any], data: bytes) -> None:
        """An error event; what a filter says in one ends the answer and is no error."""
        self._declined = declined_inside(event, has_text=self._assembly.has_text)
        if self._declined is None:
            raise error_of(event, HttpReply(status=200, body=data), "server_error")
        self._is_complete = True

    def _on_start(self, index: int, block: dict[str, Any]) -> None:
        match block.get("type"):
            case "text":
                self._cited[index] = list(as_list(block.get("citations")))
                read_text(self._assembly, index, {**block, "citations": self._cited[index]})
            case "tool_use":
                read_call(self._assembly, index, block)
                self._inputs[index] = block.get("input")
            case "thinking":
                read_thinking(self._assembly, index, block)
            case "redacted_thinking":
                self._assembly.reasoning(index, "", {"redacted_data": block.get("data")})
            case _:
                self._raw[index] = dict(block)
                self._assembly.open(index, "unknown")

    def _on_delta(self, index: int, delta: dict[str, Any]) -> None:
        if index in self._raw:
            self._collect(index, delta)
            return
        match delta.get("type"):
            case "text_delta":
                self._assembly.text(index, as_str(delta.get("text")) or "")
            case "input_json_delta":
                self._on_arguments(index, as_str(delta.get("partial_json")) or "")
            case "thinking_delta":
                self._assembly.reasoning(index, as_str(delta.get("thinking")) or "")
            case "signature_delta":
                self._assembly.reasoning(index, "", {"signature": as_str(delta.get("signature")) or ""})
            case "citations_delta":
                self._on_citation(index, as_dict(delta.get("citation")))
            case _:
                pass  # unknown deltas of known blocks, as the vendor demands

    def _on_arguments(self, index: int, piece: str) -> None:
        if piece:
            self._inputs.pop(index, None)
            self._assembly.tool_call(index, piece=piece)

    def _on_citation(self, index: int, citation: dict[str, Any]) -> None:
        cited = self._cited.setdefault(index, [])
        cited.append(citation)
        self._assembly.cite(index, citation_of(citation))
        self._assembly.state(index, {"citations": cited})

    def _collect(self, index: int, delta: dict[str, Any]) -> None:
        """More of an unknown block: its text fields grow, its arguments come as JSON text."""
        for name, value in delta.items():
            if name != "type" and isinstance(value, str):
                self._pieces.setdefault((index, name), []).append(value)

    def _on_stop(self, index: int) -> None:
        read_input(self._assembly, index, self._inputs.pop(index, None))
        raw = self._raw.pop(index, None)
        if raw is not None:
            self._assembly.unknown(index, self._completed(index, raw))
        self._assembly.close(index)

    def _completed(self, index: int, raw: dict[str, Any]) -> dict[str, JsonValue]:
        for key in [key for key in self._pieces if key[0] == index]:
            name, text = key[1], "".join(self._pieces.pop(key))
            if name == "partial_json":
                arguments = read_arguments(text)
                raw["input"] = text if arguments is None else (arguments or raw.get("input", {}))
            else:
                raw[name] = (as_str(raw.get(name)) or "") + text
        return cast("dict[str, JsonValue]", raw)


def _index(event: dict[str, Any]) -> int:
    return as_int(event.get("index")) or 0
