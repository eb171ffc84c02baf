"""The generic passes: a request made to fit what a model accepts, every change in the ledger.

A pass takes the request and the context and returns the request with what it changed. It knows capabilities, never
providers; the wire format's own renames come after, in `build_request`.
"""

from __future__ import annotations

from typing import Any

from portable_llm._adapt._calls import adapt_calls
from portable_llm._adapt._content import adapt_content, adapt_system
from portable_llm._adapt._context import Changed, Context, Pass
from portable_llm._adapt._output import adapt_output
from portable_llm._adapt._parameters import adapt_parameters
from portable_llm._adapt._settings import adapt_limits, adapt_reasoning, adapt_routing, adapt_sampling, adapt_stop
from portable_llm._adapt._tools import adapt_tools
from portable_llm._adapt._validate import validate_request
from portable_llm._request import Request


def adapt_prompt(request: Request[Any], context: Context) -> Changed:
    """A portable prompt, written for the target."""
    context.prompt = request.prompt
    if request.prompt is None:
        return request, ()
    from portable_llm._adapt._prompt import rewrite_prompt  # here: only requests with a prompt pay for that room
    from portable_llm.prompt._use import PromptUse

    return rewrite_prompt(request, request.prompt, context) if isinstance(request.prompt, PromptUse) else (request, ())


PASSES: tuple[Pass, ...] = (
    validate_request,
    adapt_prompt,
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
"""In order: a prompt makes messages, output may add a tool or a system text, so they come before those."""

__all__ = ["PASSES", "Context", "Pass"]
