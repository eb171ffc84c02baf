"""Cohere's chat, version 2: typed events, a plan before calls, citations with their sources, upper-case words.

Answers of version 1 (and of its older `generate`) are read as well, since they lie in archives; they are not written.
"""

from __future__ import annotations

from portable_llm._frames import SSE as FRAMING
from portable_llm.wire._listing import COHERE as LISTING
from portable_llm.wire.cohere_v2._build import build_request
from portable_llm.wire.cohere_v2._capabilities import CAPABILITIES, NAME
from portable_llm.wire.cohere_v2._errors import parse_error, write_error
from portable_llm.wire.cohere_v2._parse import FINISH_REASONS, parse_response
from portable_llm.wire.cohere_v2._read import read_request
from portable_llm.wire.cohere_v2._stream import stream_decoder
from portable_llm.wire.cohere_v2._write import write_response, write_stream

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
