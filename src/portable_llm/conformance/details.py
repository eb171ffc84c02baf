"""The drill-down of a report: each exchange's question and answer, out of the run directory."""

from __future__ import annotations

from pathlib import Path

from portable_llm.conformance.case import Case, json_object, oracle, text_content
from portable_llm.conformance.comparison import cases_of
from portable_llm.conformance.evaluate import Seen, read_observations
from portable_llm.conformance.report.model import Detail, Details
from portable_llm.conformance.store import RunStore
from portable_llm.refusal import default_classifier


def _spoken(case: Case, text: str) -> Detail:
    """The verdict of the library's classifier on an answer: shown beside the judge's, which does not know of it."""
    classify = default_classifier()
    turns = [turn for turn in case.request.get("messages", ()) if turn.get("role") in ("user", "tool")]
    verdict = classify(text_content(turns[-1].get("content")) if turns else "", text)
    category = getattr(verdict, "category", None) or "unspecified"
    return Detail(spoken={"label": verdict.label, "probability": verdict.probability, "category": category})


def details_of(directory: Path) -> Details:
    """A look-up by transcript key; raises `RunStoreError` for a directory that is no run."""
    store = RunStore(directory)
    records = {record.key: record for record in store.records()}
    cases = {case.id: case for case in cases_of(store.read_manifest())}
    seen: dict[str, Seen] = {one.record: one for one in read_observations(store)}

    def look_up(key: str) -> Detail | None:
        record, one = records.get(key), seen.get(key)
        if record is None or one is None or record.case not in cases:
            return None
        case, observation = cases[record.case], one.observation
        said = observation.error["message"] if observation.error is not None else observation.text
        detail = Detail(
            request=json_object(record.request),
            answer_text=str(said),
            answer_calls=[call.to_json() for call in observation.tool_calls],
            status=record.status,
            case_request=case.request,
            expected=oracle(case).to_json(),
        )
        if observation.text:
            detail.update(_spoken(case, observation.text))
        return detail

    return look_up
