"""generateContent, as the Gemini API and Vertex AI speak it.

What is peculiar: an answer is a sequence of chunks that all have the same shape, whether it comes whole, as an event
stream or as one JSON array, so one reader (`_parse.ChunkReader`) reads them all; a stream has no end mark; calls end
with `STOP`; a blocked prompt is an answer without candidates; thoughts are counted beside the output; opaque
signatures sit on single parts and have to come back on just these.
"""

from __future__ import annotations

from portable_llm._frames import SSE as FRAMING
from portable_llm.wire._listing import GEMINI as LISTING
from portable_llm.wire.gemini._build import build_request
from portable_llm.wire.gemini._capabilities import CAPABILITIES, FINISH_REASONS, NAME
from portable_llm.wire.gemini._errors import parse_error
from portable_llm.wire.gemini._parse import parse_response
from portable_llm.wire.gemini._read import read_request
from portable_llm.wire.gemini._stream import stream_decoder
from portable_llm.wire.gemini._write import write_error, write_response, write_stream

__all__ = [
    "CAPABILITIES",
    "FINISH_REASONS",
    "FRAMING",
    "LISTING",
    "NAME",
    "build_request",
    "parse_error",
    "parse_response",
    "read_request",
    "stream_decoder",
    "write_error",
    "write_response",
    "write_stream",
]
