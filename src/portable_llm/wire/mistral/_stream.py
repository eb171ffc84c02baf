"""Chunks of a streamed answer → deltas. The end is `[DONE]`, or the finish reason in the last chunk before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._events import Delta
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._messages import Origin
from portable_llm._response import Refusal, Response
from portable_llm.refusal import signal_of
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._logprobs import read_choice
from portable_llm.wire._reading import as_dict, as_list, as_str, frame_json
from portable_llm.wire.mistral._capabilities import NAME
from portable_llm.wire.mistral._content import ContentReader
from portable_llm.wire.mistral._errors import declined_by, error_inside
from portable_llm.wire.mistral._parse import finished, without_null_id
from portable_llm.wire.openai_chat._stream import CallDeltas, first_choice


def stream_decoder(origin: Origin) -> MistralDecoder:
    """A decoder for one streamed answer."""
    return MistralDecoder(origin)


def _is_filter(word: str | None) -> bool:
    """A plain stop in a later chunk does not unsay it."""
    return word is not None and signal_of(NAME, "finish_reason", word) is not None


class MistralDecoder:
    """One streamed chat completion; only the choice with index 0 is read."""

    def __init__(self, origin: Origin) -> None:
        self._assembly = Assembly(origin)
        self._content = ContentReader(self._assembly)
        self._calls = CallDeltas(self._assembly)
        self._word: str | None = None
        self._usage: Mapping[str, Any] = {}
        self._is_done = False
        self._is_failed = False
        self._declined: tuple[Refusal, str] | None = None

    @property
    def is_complete(self) -> bool:
        """Whether `[DONE]` or a finish reason has been seen, or a guardrail has said no."""
        return self._is_done or self._word is not None or self._declined is not None

    def feed(self, frame: Frame) -> list[Delta]:
        """The deltas of one frame; raises `ProviderError` for an error inside it."""
        data = frame.data
        if data.startswith(b"[DONE]"):
            self._is_done = True
            return []
        chunk = as_dict(frame_json(data, "chat completion chunk"))
        choice = first_choice(chunk)
        if not choice:
            self._check(chunk, data)
        if self._assembly.model is None or self._assembly.id is None:
            self._assembly.start(as_str(chunk.get("id")) or None, as_str(chunk.get("model")) or None)
        delta = as_dict(choice.get("delta"))
        self._content.add(delta.get("content"))
        for call in as_list(delta.get("tool_calls")):
            self._calls.add(without_null_id(as_dict(call)))
        if logprobs := choice.get("logprobs"):
            read_choice(self._assembly, logprobs)
        if (word := as_str(choice.get("finish_reason"))) and not _is_filter(self._word):
            self._word = word
        self._usage = as_dict(chunk.get("usage")) or self._usage
        return self._assembly.take()

    def _check(self, chunk: Mapping[str, Any], data: bytes) -> None:
        """A chunk without choices: an error, or a guardrail's no."""
        self._declined = declined_by(chunk, 200) or self._declined
        if self._declined is None and (error := error_inside(chunk, HttpReply(status=200, body=data))) is not None:
            self._is_failed = True
            raise error

    def finish(self) -> tuple[list[Delta], Response[None]]:
        """Close the open parts → their ends and the response."""
        self._assembly.close_all()
        response = finished(self._assembly, self._word, self._usage, declined=self._declined, is_error=self._is_failed)
        return self._assembly.take(), response
