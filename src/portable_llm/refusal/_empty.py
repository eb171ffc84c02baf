"""An answer without text, without a call and without a reason: a kind of its own, with what is known about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portable_llm._messages import ReasoningPart, RefusalPart, TextPart
from portable_llm._request import Request
from portable_llm._response import Refusal, Response

_WITHOUT_A_REASON = ("stop", "tool_call", "length", "unknown")
"""Endings that explain nothing: an error, a filter, a pause or a full context window does."""
_STOP_SEQUENCE = ("stop_sequence",)
"""Words that say that a stop sequence came at once: an empty text is then the answer."""


def empty(response: Response[Any], request: Request[Any]) -> Refusal | None:
    """The refusal of kind `empty` that this answer is, or `None` for an answer that holds or explains anything.

    A stop sequence may cut an answer before its first character. Few providers say so; where one was asked for and the
    provider's word does not tell, an empty answer is taken for that. So is one that was allowed no tokens.
    """
    if response.refusal is not None or response.finish_reason not in _WITHOUT_A_REASON or not _is_empty(response):
        return None
    word = (response.raw_finish_reason or "").lower()
    is_stopped = word in _STOP_SEQUENCE or (bool(request.stop) and word not in ("end_turn", "length", "max_tokens"))
    if is_stopped or request.max_output_tokens == 0:
        return None
    return Refusal(
        kind="empty",
        source="model",
        evidence=tuple(_known(response)),
        # The limit that cut it will cut it again; without a reason, another try may bring words.
        is_retryable=response.finish_reason != "length",
        is_billed=True if response.usage.output_tokens else None,
    )


def _is_empty(response: Response[Any]) -> bool:
    for part in response.message.parts:
        if isinstance(part, (TextPart, RefusalPart)):
            if part.text and not part.text.isspace():
                return False
        elif not isinstance(part, ReasoningPart):
            return False
    return True


def _known(response: Response[Any]) -> Iterator[str]:
    yield f"finish_reason={response.raw_finish_reason or response.finish_reason}"
    if response.finish_reason == "length":
        yield "truncated before the first text"
    if any(isinstance(part, ReasoningPart) for part in response.message.parts):
        yield "reasoning only"
    if response.usage.output_tokens is not None:
        yield f"output_tokens={response.usage.output_tokens}"
    if response.usage.reasoning_output_tokens is not None:
        yield f"reasoning_output_tokens={response.usage.reasoning_output_tokens}"
