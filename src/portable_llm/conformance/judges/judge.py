"""The entry: one pure function for all contracts."""

from __future__ import annotations

from collections.abc import Callable

from jsonschema.exceptions import SchemaError
from referencing.exceptions import Unresolvable

from portable_llm.conformance.case import Case
from portable_llm.conformance.judges.json_values import judge_value
from portable_llm.conformance.judges.outcome import Judgement, found
from portable_llm.conformance.judges.refusals import judge_deliverable
from portable_llm.conformance.judges.sampling import judge_parameter
from portable_llm.conformance.judges.text import judge_instructions, judge_wire_call, judge_wire_text
from portable_llm.conformance.judges.tokens import judge_bounds
from portable_llm.conformance.judges.tools import judge_calls, judge_text_answer
from portable_llm.conformance.judges.transport import judge_transport
from portable_llm.conformance.observation import Observation

JUDGES_VERSION = 2
"""Part of the suite id: bumped with every change that can alter a judgement."""

JUDGES: dict[str, Callable[[Observation, Case], Judgement]] = {
    "tools.calls": judge_calls,
    "tools.text": judge_text_answer,
    "json.value": judge_value,
    "wire.text": judge_wire_text,
    "wire.call": judge_wire_call,
    "instruct.text": judge_instructions,
    "prompt.text": judge_instructions,
    "dialogue.text": judge_instructions,
    "refusal.deliverable": judge_deliverable,
    "sampling.parameter": judge_parameter,
    "tokens.bounds": judge_bounds,
}


def judge(observation: Observation, case: Case) -> Judgement:
    """Whether the observation keeps the case's contract; pure, total, without clock or network."""
    contract_judge = JUDGES.get(str(case.contract.get("judge")))
    if contract_judge is None:
        return found("bad_contract", f"no judge {case.contract.get('judge')!r}; known: {', '.join(JUDGES)}")
    try:
        failed = judge_transport(observation)
        if failed is None or (failed.code == "refused" and contract_judge is judge_deliverable):
            return contract_judge(observation, case)  # there a refusal is what is judged
        return failed
    except (SchemaError, Unresolvable, KeyError) as error:
        return found("bad_contract", f"{type(error).__name__}: {error}")
