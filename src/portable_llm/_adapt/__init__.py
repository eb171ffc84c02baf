"""The generic passes: a request made to fit what a model accepts, every change in the ledger.

A pass takes the request and the context and returns the request with what it changed. It knows capabilities, never
providers; the wire format's own renames come after, in `build_request`.
"""

from __future__ import annotations

from portable_llm._adapt._calls import adapt_calls
from portable_llm._adapt._content import adapt_content, adapt_system
from portable_llm._adapt._context import Context, Pass
from portable_llm._adapt._output import adapt_output
from portable_llm._adapt._parameters import adapt_parameters
from portable_llm._adapt._settings import adapt_limits, adapt_reasoning, adapt_routing, adapt_sampling, adapt_stop
from portable_llm._adapt._tools import adapt_tools
from portable_llm._adapt._validate import validate_request

PASSES: tuple[Pass, ...] = (
    validate_request,
    adapt_output,
    adapt_tools,
    adapt_parameters,
    adapt_calls,
    adapt_system,
    adapt_content,
    adapt_sampling,
    adapt_reasoning,
    adapt_limits,
    adapt_stop,
    adapt_routing,
)
"""In order: output may add a tool or a system text, so it comes before those."""

__all__ = ["PASSES", "Context", "Pass"]
