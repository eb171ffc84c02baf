"""Judge of the axis `tokens`: a closed answer, its ending, and token counts that any tokenizer could give."""

from __future__ import annotations

from portable_llm.conformance.case import Case, json_list, json_object
from portable_llm.conformance.judges.outcome import PASS, Judgement, found
from portable_llm.conformance.judges.text import judge_instructions
from portable_llm.conformance.observation import Observation


def judge_bounds(observation: Observation, case: Case) -> Judgement:
    """`tokens.bounds`: every check holds, the ending is the one asserted, and both counts lie within their bounds."""
    answer = judge_instructions(observation, case)
    if answer.outcome != "pass":
        return answer
    wanted = case.contract.get("finish")
    if wanted is not None and observation.finish != wanted:
        return found("wrong_finish_reason", f"{observation.finish} ({observation.raw_finish}), expected {wanted}")
    return _off_bounds(observation, case) or PASS


def _off_bounds(observation: Observation, case: Case) -> Judgement | None:
    usage = observation.usage or {}
    bounds = json_object(case.contract["bounds"])
    if not all((usage.get(name) or 0) > 0 for name in bounds):
        return found("usage_missing", observation.usage)
    for name, (least, most) in ((name, json_list(pair)) for name, pair in bounds.items()):
        if not least <= (usage.get(name) or 0) <= most:
            return found("usage_implausible", f"{name} {usage.get(name)}, expected {least} to {most}")
    return None
