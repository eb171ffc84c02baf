"""Events of a streamed answer → deltas. `message-end` is the end; without it the stream was cut.

In deltas `content`, `tool_calls` and `citations` are objects and not lists. Version 1 streamed JSON lines, whose last
has the whole answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._events import Delta
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._messages import Origin
from portable_llm._response import Response
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._errors import provider_error
from portable_llm.wire._logprobs import read_pieces
from portable_llm.wire._reading import as_dict, as_int, as_str, frame_json
from portable_llm.wire.cohere_v2._errors import error_inside
from portable_llm.wire.cohere_v2._messages import PLAN
from portable_llm.wire.cohere_v2._parse import ContentReader, finished, read_version_1


def stream_decoder(origin: Origin) -> CohereDecoder:
    """A decoder for one streamed answer."""
    return CohereDecoder(origin)


class CohereDecoder:
    """One streamed chat."""

    def __init__(self, origin: Origin) -> None:
        self._assembly = Assembly(origin)
        self._reader = ContentReader(self._assembly)
        self._word: object = None
        self._usage: Mapping[str, Any] = {}
        self._is_done = False
        self._is_failed = False

    @property
    def is_complete(self) -> bool:
        """Whether `message-end` has been seen."""
        return self._is_done

    def feed(self, frame: Frame) -> list[Delta]:
        """The deltas of one event; raises `ProviderError` for an error in it."""
        if frame.data.startswith(b"[DONE]"):
            return []
        event = as_dict(frame_json(frame.data, "event of a chat stream"))
        kind = as_str(event.get("type")) or as_str(event.get("event_type"))
        delta = as_dict(event.get("delta"))
        message = as_dict(delta.get("message"))
        index = as_int(event.get("index")) or 0
        match kind:
            case "message-start":
                self._assembly.start(as_str(event.get("id")) or None, self._assembly.origin.model)
            case "content-start" | "content-delta":
                self._reader.content(index, as_dict(message.get("content")))
                if logprobs := event.get("logprobs"):
                    self._assembly.logprobs("logprobs", read_pieces(logprobs))
            case "tool-plan-delta":
                self._reader.plan(as_str(message.get(PLAN)) or "")
            case "tool-call-start" | "tool-call-delta":
                self._reader.call(("call", index), as_dict(message.get("tool_calls")))
            case "citation-start":
                self._reader.citation(as_dict(message.get("citations")))
            case "message-end":
                self._end(delta, frame)
            case "text-generation":
                self._reader.content(0, {"text": event.get("text")})
            case "stream-end":
                self._end_version_1(event)
            case _:
                self._check(event, frame)
        return self._assembly.take()

    def _end(self, delta: Mapping[str, Any], frame: Frame) -> None:
        self._word, self._usage = delta.get("finish_reason"), as_dict(delta.get("usage"))
        if said := as_str(delta.get("error")):
            self._is_failed = True
            reply = HttpReply(status=200, body=frame.data)
            raise provider_error(reply, kind="server_error", message=said, code=as_str(self._word))
        self._is_done = True

    def _end_version_1(self, event: Mapping[str, Any]) -> None:
        whole = as_dict(event.get("response"))
        rest = {name: value for name, value in whole.items() if name != "text" or not self._assembly.has_text}
        word, self._usage = read_version_1(self._assembly, rest)
        self._word = event.get("finish_reason") or word
        self._is_done = True

    def _check(self, event: Mapping[str, Any], frame: Frame) -> None:
        """An event that this library does not know, or an error."""
        if frame.event in ("", "error") and (error := error_inside(event, HttpReply(status=200, body=frame.data))):
            self._is_failed = True
            raise error

    def finish(self) -> tuple[list[Delta], Response[None]]:
        """Close the open parts → their ends and the response."""
        self._assembly.close_all()
        response = finished(self._assembly, self._word, self._usage, is_error=self._is_failed)
        return self._assembly.take(), response
