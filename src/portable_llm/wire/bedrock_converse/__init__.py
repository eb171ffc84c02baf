"""The Converse protocol (`POST /model/{modelId}/converse` and `…/converse-stream`), a codec in both directions.

One host speaks it for the models of many vendors. The model stands in the path, an answer names neither itself nor its
model, streams are AWS event streams, and what a model takes beyond the common fields goes into
`additionalModelRequestFields`, where each family has words of its own (`_capabilities`).
"""

from __future__ import annotations

from portable_llm._eventstream import EVENT_STREAM as FRAMING
from portable_llm.wire.bedrock_converse._build import build_request
from portable_llm.wire.bedrock_converse._capabilities import CAPABILITIES, FINISH_REASONS, NAME
from portable_llm.wire.bedrock_converse._errors import parse_error, write_error
from portable_llm.wire.bedrock_converse._parse import parse_response
from portable_llm.wire.bedrock_converse._read import read_request
from portable_llm.wire.bedrock_converse._stream import stream_decoder
from portable_llm.wire.bedrock_converse._write import write_response, write_stream

LISTING = None
"""Models are listed by another service of the host, under another address."""

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
