"""A case's vendor-neutral request as the library's: what the two vocabularies have in common."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from portable_llm import BlobPart, Reasoning, Sampling, TextPart, ToolResultPart
from portable_llm.conformance.bridge import portable_request
from portable_llm.conformance.case import Case
from portable_llm.conformance.judges.exemplars import nulls
from portable_llm.conformance.templates.suite import select

CASE = select(["wire"], "smoke")[0]
PIXEL = base64.b64encode(b"\x89PNG").decode()
PICTURE = {"type": "blob", "mime_type": "image/png", "data": PIXEL}


def asking(**request: Any) -> Case:
    return replace(CASE, request={**CASE.request, **request})


def test_what_a_case_sets_wins_over_the_endpoint_and_the_rest_of_the_endpoint_stays() -> None:
    case = asking(sampling={"top_p": 0.5}, reasoning={"effort": "low"})

    request = portable_request(case, "any", Sampling(temperature=0.0, top_p=1.0))

    assert request.sampling == Sampling(temperature=0.0, top_p=0.5)
    assert request.reasoning == Reasoning(effort="low")


def test_content_may_be_parts_in_questions_and_in_tool_results() -> None:
    call = {"id": "c1", "name": "look", "arguments": {}}
    case = asking(
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "What is this?"}, PICTURE]},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": [PICTURE]},
        ]
    )
    picture = BlobPart(mime_type="image/png", data=b"\x89PNG")

    asked, _, result = portable_request(case, "any", Sampling()).messages

    assert asked.parts == (TextPart(text="What is this?"), picture)
    assert result.parts == (ToolResultPart(call_id="c1", parts=(picture,)),)


def test_the_echo_of_a_question_in_parts_is_its_text() -> None:
    case = asking(messages=[{"role": "user", "content": [PICTURE, {"type": "text", "text": "What is this?"}]}])

    assert dict(nulls(case))["echo"].text == "What is this?"
