"""From a case to a judgement over every wire format: the correct answer passes, a fault is found where it belongs.

The answers are written here by hand in three wire formats, so that readers and judges are tested without the library.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from portable_llm.conformance.case import Answer, Case, oracle
from portable_llm.conformance.freeze import public_cases
from portable_llm.conformance.judges import Judgement, judge
from portable_llm.conformance.readers import READERS

WIRES = ("anthropic-messages", "gemini", "openai-chat")
CASES = list(public_cases())
Json = dict[str, Any]

FINISH = {
    "openai-chat": {"stop": "stop", "length": "length", "tool_call": "tool_calls"},
    "anthropic-messages": {"stop": "end_turn", "length": "max_tokens", "tool_call": "tool_use"},
    "gemini": {"stop": "STOP", "length": "MAX_TOKENS", "tool_call": "STOP"},
}


def openai(answer: Answer, finish: str, spent: int) -> Json:
    calls = [
        {"id": f"c{i}", "type": "function", "function": {"name": c["name"], "arguments": json.dumps(c["arguments"])}}
        for i, c in enumerate(answer.tool_calls)
    ]
    message = {"role": "assistant", "content": answer.text or None, **({"tool_calls": calls} if calls else {})}
    usage = {"prompt_tokens": spent, "completion_tokens": 4}
    scored = {"content": [{"token": answer.text, "logprob": -0.5}]}
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": scored}
    return {"choices": [choice], "usage": usage}


def openai_stream(answer: Answer, finish: str, spent: int) -> list[Json]:
    whole = openai(answer, finish, spent)
    message = whole["choices"][0]["message"]
    deltas: list[Json] = [{"content": piece} for piece in answer.text]
    for index, call in enumerate(message.get("tool_calls", [])):
        name = {"name": call["function"]["name"], "arguments": ""}
        deltas.append({"tool_calls": [{"index": index, "id": call["id"], "function": name}]})
        raw = call["function"]["arguments"]
        deltas += [{"tool_calls": [{"index": index, "function": {"arguments": piece}}]} for piece in raw]
    chunks = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    end: Json = {"choices": [{**whole["choices"][0], "delta": {}}]}
    return [*chunks, end, {"choices": [], "usage": whole["usage"]}]


def anthropic(answer: Answer, finish: str, spent: int) -> Json:
    text = [{"type": "text", "text": answer.text}] if answer.text else []
    calls = [
        {"type": "tool_use", "id": f"t{i}", "name": c["name"], "input": c["arguments"]}
        for i, c in enumerate(answer.tool_calls)
    ]
    usage = {"input_tokens": spent, "output_tokens": 4}
    return {"type": "message", "content": [*text, *calls], "stop_reason": finish, "usage": usage}


def anthropic_stream(answer: Answer, finish: str, spent: int) -> list[Json]:
    whole = anthropic(answer, finish, spent)
    usage = {"input_tokens": spent, "output_tokens": 1}
    events: list[Json] = [{"type": "message_start", "message": {"content": [], "stop_reason": None, "usage": usage}}]
    for index, block in enumerate(whole["content"]):
        if block["type"] == "text":
            empty, pieces = {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in block["text"]]
        else:
            raw = json.dumps(block["input"])
            empty, pieces = {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": p} for p in raw]
        events.append({"type": "content_block_start", "index": index, "content_block": empty})
        events += [{"type": "content_block_delta", "index": index, "delta": piece} for piece in pieces]
    return [*events, {"type": "message_delta", "delta": {"stop_reason": finish}, "usage": {"output_tokens": 4}}]


def gemini(answer: Answer, finish: str, spent: int) -> Json:
    text = [{"text": answer.text}] if answer.text else []
    calls = [{"functionCall": {"name": c["name"], "args": c["arguments"]}} for c in answer.tool_calls]
    usage = {"promptTokenCount": spent, "candidatesTokenCount": 4}
    scored = {"chosenCandidates": [{"token": answer.text, "logProbability": -0.5}]}
    candidate = {"content": {"role": "model", "parts": [*text, *calls]}, "finishReason": finish}
    candidate["logprobsResult"] = scored
    return {"candidates": [candidate], "usageMetadata": usage}


def gemini_stream(answer: Answer, finish: str, spent: int) -> list[Json]:
    parts = [{"text": p} for p in answer.text] + gemini(dataclasses.replace(answer, text=""), finish, spent)[
        "candidates"
    ][0]["content"]["parts"]
    chunks: list[Json] = [{"candidates": [{"content": {"parts": [part]}}]} for part in parts]
    scored = gemini(answer, finish, spent)["candidates"][0]
    end = {"candidates": [{**scored, "content": {"parts": []}}]}
    return [*chunks, {**end, "usageMetadata": gemini(answer, finish, spent)["usageMetadata"]}]


WHOLE: dict[str, Callable[[Answer, str, int], Json]] = {
    "openai-chat": openai,
    "anthropic-messages": anthropic,
    "gemini": gemini,
}
STREAMED: dict[str, Callable[[Answer, str, int], list[Json]]] = {
    "openai-chat": openai_stream,
    "anthropic-messages": anthropic_stream,
    "gemini": gemini_stream,
}


def outcome(case: Case, answer: Answer, wire: str, *, finish: str | None = None) -> Judgement:
    """The judgement of an answer that an endpoint of this wire format gives."""
    word = FINISH[wire][answer.finish] if finish is None else finish
    spent = 9 + len(json.dumps(case.request["messages"], ensure_ascii=False)) // 4
    if case.streamed:
        body = b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in STREAMED[wire](answer, word, spent))
    else:
        body = json.dumps(WHOLE[wire](answer, word, spent)).encode()
    return judge(READERS[wire](200, {}, body, case.streamed, case.wants_json), case)


@pytest.mark.parametrize("wire", WIRES)
def test_the_correct_answer_passes_on_every_wire(wire: str) -> None:
    # One of the three has no log-probabilities: such a case is no question at that home.
    cases = [case for case in CASES if wire != "anthropic-messages" or not case.contract.get("logprobs")]
    codes = {f"{case.template}#{case.instance}": outcome(case, oracle(case), wire).code for case in cases}

    assert {name: code for name, code in codes.items() if code != "ok"} == {}


def failures(wire: str, fault: Callable[[Case], Answer | None], *, finish: str | None = None) -> dict[str, set[str]]:
    """Axis → codes of the failures that a fault causes."""
    found: dict[str, set[str]] = {}
    for case in CASES:
        if wire == "anthropic-messages" and case.contract.get("logprobs"):
            continue
        answer = fault(case)
        verdict = outcome(case, answer or oracle(case), wire, finish=finish)
        if verdict.outcome != "pass":
            found.setdefault(case.axis, set()).add(verdict.code)
    return found


def drops_parallel_calls(case: Case) -> Answer | None:
    return dataclasses.replace(oracle(case), tool_calls=oracle(case).tool_calls[:1])


def cuts_json(case: Case) -> Answer | None:
    text = oracle(case).text
    return dataclasses.replace(oracle(case), text=text[:-2]) if case.wants_json and text[:1] in ("{", "[") else None


def fences_json(case: Case) -> Answer | None:
    return dataclasses.replace(oracle(case), text=f"```json\n{oracle(case).text}\n```") if case.wants_json else None


def ignores_stop(case: Case) -> Answer | None:
    uncut = oracle(case).uncut if "stop" in case.request else None
    return None if uncut is None else dataclasses.replace(oracle(case), text=uncut)


def ignores_limit(case: Case) -> Answer | None:
    limited = oracle(case).finish == "length"
    return dataclasses.replace(oracle(case), text=oracle(case).uncut or "", finish="stop") if limited else None


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (drops_parallel_calls, {"tools": {"missing_parallel_call"}}),
        (cuts_json, {"json": {"truncated_json"}, "refusal": {"truncated_json"}}),
        (fences_json, {"json": {"fenced_json"}, "refusal": {"fenced_json"}}),
        (ignores_stop, {"wire": {"stop_ignored"}, "sampling": {"stop_ignored"}}),
        (ignores_limit, {"wire": {"cap_ignored"}, "tokens": {"cap_ignored"}}),
    ],
)
def test_a_fault_is_found_on_its_axis_by_its_code_and_nowhere_else(
    wire: str, fault: Callable[[Case], Answer | None], expected: dict[str, set[str]]
) -> None:
    assert failures(wire, fault) == expected


@pytest.mark.parametrize("wire", WIRES)
def test_renamed_finish_reasons_are_found_where_an_ending_is_asked_for(wire: str) -> None:
    assert failures(wire, lambda _: None, finish="completed") == {
        "wire": {"wrong_finish_reason"},
        "tokens": {"wrong_finish_reason"},  # the cases about the output limit
    }
