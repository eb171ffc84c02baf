"""The cases of the suite with their right answers, for an endpoint that plays a model: to rehearse a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from portable_llm._request import Sampling
from portable_llm._response import FinishReason
from portable_llm.conformance.bridge import portable_request
from portable_llm.conformance.case import Case, oracle
from portable_llm.conformance.templates.suite import AXES, select
from portable_llm.testing import ScriptedAnswer, answer


def scripted_answers(axes: Sequence[str] = AXES, depth: str = "quick") -> dict[str, ScriptedAnswer]:
    """Case id → right answer, as `portable_llm.testing.ScriptedEndpoint` wants them.

    Raises `ValueError` for an unknown axis or depth.
    """
    return {case.id: scripted_answer(case) for case in select(axes, depth)}


def scripted_answer(case: Case) -> ScriptedAnswer:
    """One case as a scripted endpoint wants to know it."""
    right = oracle(case)
    return ScriptedAnswer(
        request=portable_request(case, "any", Sampling()),
        text=right.text,
        uncut=right.uncut,
        tool_calls=answer(tool_calls=right.tool_calls).tool_calls,
        finish_reason=cast("FinishReason | None", right.finish),
        is_stream=case.streamed,
    )
