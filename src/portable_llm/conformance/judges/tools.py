"""Judges of the axis `tools`."""

from __future__ import annotations

from typing import Any

from portable_llm.conformance.case import Case, json_list, json_object
from portable_llm.conformance.judges.match import match_calls
from portable_llm.conformance.judges.outcome import PASS, Judgement, found
from portable_llm.conformance.judges.schemas import schema_fault
from portable_llm.conformance.judges.text_checks import first_fault
from portable_llm.conformance.observation import Observation


def judge_calls(observation: Observation, case: Case) -> Judgement:
    """`tools.calls`: the expected calls, no others; beside them text is free."""
    if not observation.tool_calls:
        return found("no_call", observation.text)
    tools = json_list(case.request.get("tools"))
    result = match_calls(
        observation.tool_calls,
        json_list(case.contract["expect"]),
        tools,
        ordered=case.contract.get("order") == "given",
    )
    if result.code in ("ok", "wrong_arguments"):
        return _judge_schema(observation, tools) or result
    return result


def judge_text_answer(observation: Observation, case: Case) -> Judgement:
    """`tools.text`: an answer in text that passes the checks, and no call."""
    if observation.tool_calls:
        return found("called_without_need", [call.name for call in observation.tool_calls])
    if not observation.text.strip():
        return found("text_missing")
    return first_fault(observation.text, json_list(case.contract["checks"])) or PASS


def _judge_schema(observation: Observation, tools: list[Any]) -> Judgement | None:
    """Arguments that break the parameter schema have their own code: the endpoint lost the schema, not the meaning."""
    schemas = {tool["name"]: json_object(tool.get("parameters")) for tool in tools}
    for call in observation.tool_calls:
        fault = schema_fault(call.arguments, schemas.get(call.name, {}))
        if fault is not None:
            return found("arguments_invalid", f"{call.name}: {fault}")
    return None
