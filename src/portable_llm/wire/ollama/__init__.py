"""Ollama's native chat: JSON lines instead of events, options in a folder of their own, arguments as objects.

Content is one text; images stand beside it. Nothing is held against order or schema but what a grammar can hold, and a
prompt that does not fit the context window is cut without a word unless the request forbids it.
"""

from __future__ import annotations

from portable_llm._frames import JSON_LINES as FRAMING
from portable_llm.wire._listing import OLLAMA as LISTING
from portable_llm.wire.ollama._build import build_request
from portable_llm.wire.ollama._capabilities import CAPABILITIES, NAME
from portable_llm.wire.ollama._errors import parse_error, write_error
from portable_llm.wire.ollama._parse import FINISH_REASONS, parse_response
from portable_llm.wire.ollama._read import read_request
from portable_llm.wire.ollama._stream import stream_decoder
from portable_llm.wire.ollama._write import write_response, write_stream

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
