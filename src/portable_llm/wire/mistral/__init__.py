"""Mistral's chat completions: like Chat Completions at first sight, and different in most details.

Content is text or a list of chunks (thinking, references, documents), call ids have nine characters, a last assistant
message is continued, the seed is `random_seed`, a field the provider does not know is an error.
"""

from __future__ import annotations

from portable_llm._frames import SSE as FRAMING
from portable_llm.wire._listing import LIKE_OPENAI as LISTING
from portable_llm.wire.mistral._build import build_request
from portable_llm.wire.mistral._capabilities import CAPABILITIES, NAME
from portable_llm.wire.mistral._errors import parse_error
from portable_llm.wire.mistral._parse import FINISH_REASONS, parse_response
from portable_llm.wire.mistral._read import read_request
from portable_llm.wire.mistral._stream import stream_decoder
from portable_llm.wire.mistral._write import write_error, write_response, write_stream

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
