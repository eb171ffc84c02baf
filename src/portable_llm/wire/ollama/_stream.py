"""Lines of a streamed answer → deltas. The last has `done: true` and the counts; without it the stream was cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._events import Delta
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._messages import Origin
from portable_llm._response import Response
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._logprobs import read_tokens
from portable_llm.wire._reading import as_dict, as_list, frame_json
from portable_llm.wire.ollama._errors import error_inside
from portable_llm.wire.ollama._parse import finished, message_of, read_message, start


def stream_decoder(origin: Origin) -> OllamaDecoder:
    """A decoder for one streamed answer."""
    return OllamaDecoder(origin)


class OllamaDecoder:
    """One streamed chat; each call comes whole."""

    def __init__(self, origin: Origin) -> None:
        self._assembly = Assembly(origin)
        self._calls = 0
        self._last: Mapping[str, Any] = {}
        self._is_done = False
        self._is_failed = False

    @property
    def is_complete(self) -> bool:
        """Whether the line with `done: true` has been seen."""
        return self._is_done

    def feed(self, frame: Frame) -> list[Delta]:
        """The deltas of one line; raises `ProviderError` for an error in it."""
        line = as_dict(frame_json(frame.data, "line of a chat stream"))
        if (error := error_inside(line, HttpReply(status=200, body=frame.data))) is not None:
            self._is_failed = True
            raise error
        if self._assembly.mark is None:
            start(self._assembly, line)
        message = message_of(line)
        read_message(self._assembly, message, self._calls)
        self._calls += len(as_list(message.get("tool_calls")))
        if logprobs := line.get("logprobs"):
            self._assembly.logprobs("content", read_tokens(logprobs))
        if line.get("done") is True:
            self._is_done = True
            self._last = line
        return self._assembly.take()

    def finish(self) -> tuple[list[Delta], Response[None]]:
        """Close the open parts → their ends and the response."""
        self._assembly.close_all()
        response = finished(self._assembly, self._last, is_error=self._is_failed)
        return self._assembly.take(), response
