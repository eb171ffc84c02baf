"""Frames of a streamed answer → deltas. The protocol has no end mark: a reason to end is one."""

from __future__ import annotations

from typing import Any, cast

from portable_llm._errors import UnreadableAnswerError
from portable_llm._events import Delta
from portable_llm._frames import Frame
from portable_llm._json import load_json
from portable_llm._messages import Origin
from portable_llm._response import Response
from portable_llm.wire._contract import StreamDecoder
from portable_llm.wire._reading import frame_json
from portable_llm.wire.gemini._parse import ChunkReader


class _Decoder:
    __slots__ = ("_reader",)

    def __init__(self, origin: Origin) -> None:
        self._reader = ChunkReader(origin)

    @property
    def is_complete(self) -> bool:
        return self._reader.has_ended

    def feed(self, frame: Frame) -> list[Delta]:
        data = frame.data
        if not data or data == b"[DONE]":  # some gateways add the end mark of another protocol
            return []
        for item in _chunks(data):
            if not isinstance(item, dict):
                raise UnreadableAnswerError(
                    f"gemini stream: expected a JSON object, got {type(item).__name__}", status=200, body=data
                )
            self._reader.read(cast("dict[str, Any]", item), data)
        return self._reader.assembly.take()

    def finish(self) -> tuple[list[Delta], Response[None]]:
        response = self._reader.finish()
        return self._reader.assembly.take(), response


def _chunks(data: bytes) -> list[Any]:
    """The JSON values of one frame: one, or several where the blank lines between events are missing."""
    try:
        chunk = load_json(data)
    except ValueError:
        lines = data.splitlines() if b"\n" in data else [data]
        return [frame_json(line, "gemini stream", status=200) for line in lines if line]
    return cast("list[Any]", chunk) if isinstance(chunk, list) else [chunk]


def stream_decoder(origin: Origin) -> StreamDecoder:
    """A decoder for one streamed answer."""
    return _Decoder(origin)
