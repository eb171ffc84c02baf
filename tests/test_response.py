"""What a response says about its own end."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from portable_llm import Refusal, Response, ToolCallPart
from portable_llm._response import FinishReason
from portable_llm.testing import answer

CALL = ToolCallPart(id="1", name="f", arguments={}, raw_arguments="{}")
CUT_CALL = replace(CALL, arguments=None, raw_arguments='{"a": ')


@pytest.mark.parametrize("reason", get_args(FinishReason))
def test_only_a_plain_end_is_complete_and_only_a_limit_truncates(reason: FinishReason) -> None:
    response = answer("Hi", finish_reason=reason)

    assert response.is_complete == (reason in ("stop", "tool_call"))
    assert response.is_truncated == (reason in ("length", "context_overflow"))


@pytest.mark.parametrize(
    ("response", "is_complete"),
    [
        (answer("Hi", tool_calls=[CALL]), True),
        (answer("Hi", tool_calls=[CALL, CUT_CALL]), False),
        (answer("Hi", tool_calls=[CALL], finish_reason="length"), False),
        (answer(refusal="No."), False),
        (replace(answer(""), refusal=Refusal(kind="empty", source="model")), False),
    ],
    ids=["calls", "a cut call", "calls at the limit", "refused", "empty"],
)
def test_nothing_unreadable_or_declined_is_complete(response: Response[None], is_complete: bool) -> None:
    assert response.is_complete == is_complete
