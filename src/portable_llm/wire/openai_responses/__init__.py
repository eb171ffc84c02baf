"""The Responses protocol, as its vendor speaks it and as the Open Responses specification has it for other hosts."""

from __future__ import annotations

from portable_llm._frames import SSE as FRAMING
from portable_llm.wire._listing import LIKE_OPENAI as LISTING
from portable_llm.wire.openai_responses._build import build_request
from portable_llm.wire.openai_responses._capabilities import CAPABILITIES, NAME
from portable_llm.wire.openai_responses._errors import parse_error
from portable_llm.wire.openai_responses._parse import FINISH_REASONS, parse_response
from portable_llm.wire.openai_responses._read import read_request
from portable_llm.wire.openai_responses._stream import stream_decoder
from portable_llm.wire.openai_responses._write import write_error, write_response
from portable_llm.wire.openai_responses._write_stream import write_stream

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
