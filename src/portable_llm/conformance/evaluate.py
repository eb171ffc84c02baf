"""Stored exchanges → observations → judgements → score → the report's JSON. Pure, but for reading the run directory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from portable_llm import __version__
from portable_llm._errors import CallerError
from portable_llm._plan import Plan
from portable_llm.conformance.case import Case, canonical_json
from portable_llm.conformance.endpoints import Endpoint
from portable_llm.conformance.judges import JUDGES_VERSION, REASONS, Judgement, judge
from portable_llm.conformance.lanes import plan_case
from portable_llm.conformance.observation import Observation
from portable_llm.conformance.reading import observe_norm, observe_plain
from portable_llm.conformance.score import score
from portable_llm.conformance.store import Record, RunStore, RunStoreError, digest, pretty
from portable_llm.conformance.trials import Arm, Lane, Trial
from portable_llm.conformance.verdict import headline, judge_score

REPORT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one lane saw in one exchange."""

    arm: str
    lane: str
    case: str
    trial: int
    record: str
    """Key of the exchange."""
    evidence: str
    """SHA-256 of the exchange as stored: changed bytes are noticed."""
    omitted: tuple[str, ...]
    observation: Observation

    @property
    def order(self) -> tuple[str, str, str, int]:
        """Canonical place in the file."""
        return (self.case, self.arm, self.lane, self.trial)

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        return {
            "arm": self.arm,
            "lane": self.lane,
            "case": self.case,
            "trial": self.trial,
            "record": self.record,
            "evidence": self.evidence,
            "omitted": list(self.omitted),
            "observation": self.observation.to_json(),
        }

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> Seen:
        """Read the stored form back."""
        fields = dict(form)
        fields["omitted"] = tuple(form["omitted"])
        fields["observation"] = Observation.from_json(form["observation"])
        return cls(**fields)


def record_digest(record: Record) -> str:
    """SHA-256 of an exchange in its stored form."""
    return digest(canonical_json(record.to_json()).encode("ascii"))


def observe(
    records: Iterable[Record],
    cases: Mapping[str, Case],
    endpoints: Mapping[str, Endpoint],
    omitted: Mapping[str, Sequence[str]],
) -> list[Seen]:
    """Every lane's view of every exchange, in canonical order. `omitted` is by case: what raw could not carry."""
    found = [
        seen
        for record in records
        if record.case in cases
        for seen in _views(record, cases[record.case], endpoints[record.arm], omitted)
    ]
    return sorted(found, key=lambda seen: seen.order)


def _views(record: Record, case: Case, endpoint: Endpoint, omitted: Mapping[str, Sequence[str]]) -> Iterator[Seen]:
    evidence = record_digest(record)
    for lane in record.lanes:
        if lane == "norm":
            observation = observe_norm(record, case, _plan(case, endpoint))
        else:
            observation = observe_plain(record, case, endpoint.wire)
        left_out = tuple(omitted.get(case.id, ())) if lane == "raw" else ()
        if left_out:
            observation = replace(observation, facts={**observation.facts, "omitted": list(left_out)})
        yield Seen(
            arm=record.arm,
            lane=lane,
            case=case.id,
            trial=record.trial,
            record=record.key,
            evidence=evidence,
            omitted=left_out,
            observation=observation,
        )


def _plan(case: Case, endpoint: Endpoint) -> Plan[Any] | None:
    try:
        return plan_case(case, endpoint)
    except CallerError:
        return None


def observations_file(seen: Iterable[Seen]) -> bytes:
    """The stored form of all observations."""
    # Keys keep their order: some contracts are about the order in which a model wrote them.
    return "".join(json.dumps(one.to_json(), separators=(",", ":")) + "\n" for one in seen).encode("ascii")


def read_observations(store: RunStore) -> list[Seen]:
    """The stored observations; raises `RunStoreError` for a damaged line."""
    found: list[Seen] = []
    for number, line in enumerate(store.read("observations.jsonl").splitlines(), start=1):
        try:
            found.append(Seen.from_json(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise RunStoreError(
                f"{store.directory / 'observations.jsonl'}, line {number} is damaged: {error}"
            ) from error
    return found


# ---- the report ------------------------------------------------------------------------------------------------------


def build_report(manifest: Mapping[str, Any], cases: Sequence[Case], seen: Sequence[Seen]) -> bytes:
    """The report's JSON, byte for byte the same for the same observations."""
    by_id = {case.id: case for case in cases}
    judged = [(one, judge(one.observation, by_id[one.case])) for one in seen if one.case in by_id]
    trials = [_trial(one, by_id[one.case], judgement) for one, judgement in judged]
    # A run without B is a baseline: there is nothing to compare yet.
    weights = dict.fromkeys(manifest["axes"], 1.0)
    scored = score(trials, weights=weights)
    facts = _run(manifest, seen)
    verdict = judge_score(scored, depth=manifest["depth"], is_finished=facts["stopped"] is None)
    codes = sorted({judgement.code for _, judgement in judged})
    report = {
        "version": REPORT_VERSION,
        "headline": headline(scored, verdict),
        "verdict": verdict.to_json(),
        "score": scored.to_json(),
        "suite": _suite(manifest, cases),
        "endpoints": {arm: _endpoint(arm, manifest, seen) for arm in sorted(manifest["endpoints"])},
        "run": facts,
        "cases": _cases(cases, judged),
        "reasons": {code: REASONS[code][1] for code in codes},
        "digests": {
            "cases": digest("".join(canonical_json(case.to_json()) for case in cases).encode("ascii")),
            "observations": digest(observations_file(seen)),
        },
    }
    return pretty(report)


def _trial(one: Seen, case: Case, judgement: Judgement) -> Trial:
    return Trial(
        axis=case.axis,
        family=case.family,
        template=case.template,
        case=case.id,
        tier=case.tier,
        arm=cast("Arm", one.arm),
        lane=cast("Lane", one.lane),
        index=one.trial,
        outcome=judgement.outcome,
        code=judgement.code,
        rejected=judgement.code == "rejected_request",
    )


def _suite(manifest: Mapping[str, Any], cases: Sequence[Case]) -> dict[str, Any]:
    templates: dict[str, set[str]] = {}
    for case in cases:
        templates.setdefault(case.axis, set()).add(case.template)
    return {
        "id": manifest["suite"],
        "judges_version": JUDGES_VERSION,
        "library_version": manifest.get("library_version", __version__),
        "depth": manifest["depth"],
        "seed": manifest["seed"],
        "axes": list(manifest["axes"]),
        "trials": manifest["trials"],
        "templates": {axis: len(names) for axis, names in sorted(templates.items())},
    }


def _endpoint(arm: str, manifest: Mapping[str, Any], seen: Sequence[Seen]) -> dict[str, Any]:
    words: dict[str, int] = {}
    for one in seen:
        if one.arm == arm and one.observation.raw_finish is not None:
            words[one.observation.raw_finish] = words.get(one.observation.raw_finish, 0) + 1
    return {**manifest["endpoints"][arm], "observed": {"finish_words": dict(sorted(words.items()))}}


def _run(manifest: Mapping[str, Any], seen: Sequence[Seen]) -> dict[str, Any]:
    keys = {one.record for one in seen}
    # Against a stored home run only B's exchanges were planned; A's were copied.
    own = [key for key in keys if not (manifest.get("home") and key.startswith("a/"))]
    return {
        "id": manifest["id"],
        "started": manifest["started"],
        "home": manifest.get("home"),
        "calls": {
            "planned": manifest["planned"],
            "made": len(keys),
            "shared": len(seen) - len(keys),
            **{arm: sum(key.startswith(f"{arm}/") for key in keys) for arm in ("a", "b")},
        },
        "stopped": "unfinished" if len(own) < manifest["planned"] else None,
    }


def _cases(cases: Sequence[Case], judged: Sequence[tuple[Seen, Judgement]]) -> list[dict[str, Any]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for one, judgement in judged:
        rows.setdefault(one.case, []).append(_row(one, judgement))
    return [
        {
            "id": case.id,
            "axis": case.axis,
            "family": case.family,
            "template": case.template,
            "instance": case.instance,
            "tier": case.tier,
            "tags": list(case.tags),
            "trials": rows.get(case.id, []),
        }
        for case in sorted(cases, key=lambda case: (case.axis, case.template, case.instance))
    ]


def _not_sent(observation: Observation) -> str | None:
    """Why nothing was sent, where nothing was."""
    error = observation.error
    if error is None or error.get("status") is not None or error.get("kind") not in ("unsupported", "invalid_request"):
        return None
    return str(error.get("message", ""))


def _row(one: Seen, judgement: Judgement) -> dict[str, Any]:
    return {
        "arm": one.arm,
        "lane": one.lane,
        "index": one.trial,
        "outcome": judgement.outcome,
        "code": judgement.code,
        "evidence": judgement.evidence,
        "rejected": judgement.code == "rejected_request",
        "record": one.record,
        "omitted": list(one.omitted),
        "ledger": [dict(entry) for entry in one.observation.ledger],
        "repairs": list(one.observation.repairs),
        "reason": _not_sent(one.observation),
    }
