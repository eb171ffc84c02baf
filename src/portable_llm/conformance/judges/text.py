"""Judges of the axes `wire` and `instruct`: text, endings, usage, streams."""

from __future__ import annotations

from portable_llm.conformance.case import Case, JsonObject, json_list, json_object
from portable_llm.conformance.judges.outcome import PASS, Judgement, found
from portable_llm.conformance.judges.text_checks import first_fault
from portable_llm.conformance.judges.tools import judge_calls
from portable_llm.conformance.observation import Observation


def judge_instructions(observation: Observation, case: Case) -> Judgement:
    """`instruct.text`: every check holds. Endings are the business of the axis `wire`."""
    return _no_call(observation) or first_fault(observation.text, json_list(case.contract["checks"])) or PASS


def judge_wire_text(observation: Observation, case: Case) -> Judgement:
    """`wire.text`: the text, how it ended, what it cost, and that a stream says the same."""
    contract = case.contract
    return (
        _no_call(observation)
        or judge_stop(observation.text, json_object(contract.get("stop")))
        or first_fault(observation.text, json_list(contract["checks"]))
        or _judge_protocol(observation, contract)
        or PASS
    )


def judge_wire_call(observation: Observation, case: Case) -> Judgement:
    """`wire.call`: the expected call, and the finish reason of a call."""
    calls = judge_calls(observation, case)
    return calls if calls.outcome != "pass" else (_judge_protocol(observation, case.contract) or PASS)


def _no_call(observation: Observation) -> Judgement | None:
    return found("called_without_need", observation.tool_calls[0].name) if observation.tool_calls else None


def judge_stop(text: str, stop: JsonObject) -> Judgement | None:
    """The stop sequence itself may be included or excluded by a vendor; what follows it must never come."""
    return found("stop_ignored", text) if stop and stop["after"] in text else None


def _judge_protocol(observation: Observation, contract: JsonObject) -> Judgement | None:
    events = observation.events
    if events.get("text_equal") is False:
        return found("stream_differs", observation.text)
    if events.get("streamed") and events.get("ended") is False:
        return found("stream_unfinished", observation.text)
    wanted = contract.get("finish")
    if wanted is not None and observation.finish != wanted:
        return found("wrong_finish_reason", f"{observation.finish} ({observation.raw_finish}), expected {wanted}")
    if contract.get("usage") and not _has_usage(observation):
        return found("usage_missing", observation.usage)
    return None


def _has_usage(observation: Observation) -> bool:
    usage = observation.usage or {}
    return all((usage.get(name) or 0) > 0 for name in ("input_tokens", "output_tokens"))
