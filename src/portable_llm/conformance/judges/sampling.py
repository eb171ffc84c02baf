"""Judge of the axis `sampling`: a parameter that was set arrives, works where that shows, and harms nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from portable_llm.conformance.case import Case, json_list, json_object
from portable_llm.conformance.judges.outcome import PASS, Judgement, found
from portable_llm.conformance.judges.text import judge_instructions, judge_stop
from portable_llm.conformance.observation import Observation

_LOST = ("lost", "changed")


def judge_parameter(observation: Observation, case: Case) -> Judgement:
    """`sampling.parameter`: not dropped in silence, not given up, effective where it shows, and the answer is right."""
    contract = case.contract
    return (
        _dropped(json_list(observation.facts.get("omitted")), json_list(contract["spellings"]))
        or _given_up(observation, json_list(contract["subjects"]))
        or judge_stop(observation.text, json_object(contract.get("stop")))
        or _not_passed(judge_instructions(observation, case))
        or _without_logprobs(observation, bool(contract.get("logprobs")))
        or PASS
    )


def _dropped(omitted: Iterable[str], spellings: Iterable[str]) -> Judgement | None:
    """The parameter among the fields that never left home: nobody was told."""
    known = {*spellings}
    lost = [path for path in omitted if known & {*re.split(r"[.\[\]]+", path)}]
    return found("dropped_param", ", ".join(lost)) if lost else None


def _given_up(observation: Observation, subjects: Iterable[str]) -> Judgement | None:
    """The parameter in the ledger as lost or changed: told beforehand, and lost all the same."""
    known = {*subjects}
    lost = [entry for entry in observation.ledger if entry["subject"] in known and entry["severity"] in _LOST]
    return found("param_unavailable", f"{lost[0]['subject']}: {lost[0].get('detail', '')}") if lost else None


def _not_passed(judgement: Judgement) -> Judgement | None:
    return None if judgement.outcome == "pass" else judgement


def _without_logprobs(observation: Observation, are_wanted: bool) -> Judgement | None:
    if not are_wanted or observation.facts.get("logprobs"):
        return None
    return found("logprobs_missing", f"{len(observation.text)} characters of text, no log-probability")
