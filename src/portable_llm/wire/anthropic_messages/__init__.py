"""The Messages protocol (`POST /v1/messages`), a codec in both directions.

Spoken by its vendor, by cloud hosts of the same models, and by local servers. Two protocol versions are in use; which
one a request carries is decided by what it asks (`_capabilities.VERSION_WITH_SAMPLING`).
"""

from __future__ import annotations

from portable_llm._frames import SSE as FRAMING
from portable_llm.wire._listing import ANTHROPIC as LISTING
from portable_llm.wire.anthropic_messages._build import build_request
from portable_llm.wire.anthropic_messages._capabilities import CAPABILITIES, FINISH_REASONS, NAME
from portable_llm.wire.anthropic_messages._errors import parse_error, write_error
from portable_llm.wire.anthropic_messages._parse import parse_response
from portable_llm.wire.anthropic_messages._read import read_request
from portable_llm.wire.anthropic_messages._stream import stream_decoder
from portable_llm.wire.anthropic_messages._write import write_response, write_stream

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
