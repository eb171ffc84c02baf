"""A second question after an answer that is not valid: what is wrong with it, in the words of the schema's errors."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from portable_llm._messages import Message, tool_result, user
from portable_llm._request import Request
from portable_llm._response import Invalid, Response

T = TypeVar("T")


def ask_again(request: Request[T], response: Response[T]) -> Request[T]:
    """The request with the invalid answer and its errors behind it; as it was, where the answer was empty."""
    errors = response.outcome.errors if isinstance(response.outcome, Invalid) else ()
    complaint = "That is not a valid answer: " + "; ".join(errors) + ". Answer again, with the corrected value only."
    if not response.message.parts:
        return replace(request, messages=(*request.messages, user(complaint)))
    return replace(request, messages=(*request.messages, response.message, *_replies(response, complaint)))


def _replies(response: Response[T], complaint: str) -> tuple[Message, ...]:
    """Where the value came as a call, the call wants a result before anything else."""
    if not response.tool_calls:
        return (user(complaint),)
    return tuple(tool_result(call.id, complaint, is_error=True) for call in response.tool_calls)
