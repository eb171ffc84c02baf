"""Reports made as a run makes them: real score and verdict over trials whose truth is known."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

from rows import Shape, against_itself, case, flaky_rates, simulate, templates

from portable_llm.conformance.report import Detail
from portable_llm.conformance.score import score
from portable_llm.conformance.trials import Trial
from portable_llm.conformance.verdict import Depth, headline, judge_score

MEANINGS = {
    "no_call": "a tool call was required and the answer is text",
    "missing_parallel_call": "some, not all, of the independent calls were made",
    "fenced_json": "the JSON value stands in a Markdown code fence",
    "wrong_value": "the value satisfies the schema and is not the correct one",
    "not_available": "the vendor documents or answers that the capability is not available",
    "timed_out": "no complete answer in time, or the connection broke",
}
CODES = {
    ("tools", "fail"): ("missing_parallel_call", "no_call"),
    ("json", "fail"): ("fenced_json", "wrong_value"),
}
LEDGER = {
    "axis": "json",
    "subject": "/output/schema/properties/name/minLength",
    "action": "weakened",
    "severity": "checked",
    "detail": "minLength is checked by the client",
    "enforced_by": "client",
    "source": "assumed 2026-11",
}


def report_of(trials: Iterable[Trial], *, depth: Depth = "standard", **run: Any) -> dict[str, Any]:
    """The report of a run with these trials; `run` overrides members of its section `run`."""
    rows = list(trials)
    scored = score(rows)
    verdict = judge_score(scored, depth=depth)
    cases = _cases(rows)
    used = {trial["code"] for one in cases for trial in one["trials"] if trial["code"]}
    axes = sorted({trial.axis for trial in rows})
    return {
        "version": 1,
        "headline": headline(scored, verdict),
        "verdict": verdict.to_json(),
        "score": scored.to_json(),
        "suite": {
            "id": "3f9a2c71d04be865",
            "judges_version": 1,
            "library_version": "0.1.0",
            "depth": depth,
            "seed": 7,
            "axes": axes,
            "trials": 3,
            "templates": {axis: len({row.template for row in rows if row.axis == axis}) for axis in axes},
        },
        "endpoints": {"a": endpoint("north-4", "chat"), "b": endpoint("south-2", "messages")},
        "run": {
            "id": "2026-11-24-1000-7",
            "started": "2026-11-24T10:00:00Z",
            "home": None,
            "calls": {"planned": len(rows), "made": len(rows), "shared": 0, "a": len(rows) // 3, "b": len(rows) // 3},
            "stopped": None,
            **run,
        },
        "cases": cases,
        "reasons": {code: MEANINGS.get(code, "") for code in sorted(used)},
        "digests": {"transcripts": "a" * 64, "observations": "b" * 64, "cases": "c" * 64},
    }


def endpoint(model: str, wire: str) -> dict[str, Any]:
    """One arm."""
    return {
        "label": f"example:{model}",
        "provider": "example",
        "model": model,
        "host": f"{model}.example.com",
        "wire": wire,
        "parameters": {"temperature": 0, "seed": 7},
        "observed": {"models": [f"{model}-2026-10-01"], "shapes": {"reply": "9c1e"}},
    }


def _cases(rows: Sequence[Trial]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str, str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda trial: trial.key):
        key = (row.axis, row.family, row.template, row.case)
        one = found.setdefault(key, _case(row))
        one["trials"].append(_trial(row))
    return list(found.values())


def _case(row: Trial) -> dict[str, Any]:
    return {
        "id": f"{row.axis}-{row.template}-{row.case}",
        "axis": row.axis,
        "family": row.family,
        "template": row.template,
        "instance": 0,
        "tier": row.tier,
        "tags": ["stream"],
        "trials": [],
    }


def _trial(row: Trial) -> dict[str, Any]:
    return {
        "arm": row.arm,
        "lane": row.lane,
        "index": row.index,
        "outcome": row.outcome,
        "code": row.code or "ok",
        "evidence": "" if row.outcome == "pass" else f"seen in {row.case}",
        "rejected": row.rejected,
        "record": None if row.outcome == "unsupported" else f"{row.arm}/{row.axis}/{row.case}/{row.lane}/{row.index}",
        "omitted": ["seed", "response_format"] if row.lane == "raw" else [],
        "ledger": [LEDGER] if row.lane == "norm" and row.axis == "json" else [],
        "repairs": ["fence_removed"] if row.lane == "norm" and row.axis == "json" else [],
        "reason": "the provider has no such tool choice" if row.outcome == "unsupported" else None,
    }


def coded(trials: Iterable[Trial]) -> list[Trial]:
    """The trials with the reason codes of a real judge in place of the helpers' own."""
    return [Trial.from_json({**row.to_json(), "code": _code(row)}) if row.outcome != "pass" else row for row in trials]


def _code(row: Trial) -> str:
    choices = CODES.get((row.axis, row.outcome))
    if choices is None:
        return {"unsupported": "not_available", "infra": "timed_out"}.get(row.outcome, "wrong_value")
    return choices[0] if row.lane == "raw" else choices[row.index % 2]


def switch(seed: int = 7) -> list[Trial]:
    """A switch with everything in it: half lost raw, most of it removed, one family of tools broken at B."""
    rng = random.Random(seed)
    shape = Shape(templates=40, instances=2, trials=3)
    cells = [(t, i) for t in range(shape.templates) for i in range(shape.instances)]
    tools = [(0.98, 0.0 if t // 5 == 3 else 0.94, 0.0 if t // 5 in (1, 3, 6) else 0.7) for t, _ in cells]
    json = [(0.97, 0.96, 0.1 if t // 5 < 6 else 0.9) for t, _ in cells]
    broken = simulate(rng, tools, shape)
    must = [Trial.from_json({**row.to_json(), "tier": "must"}) if row.family == "f3" else row for row in broken]
    wire = simulate(rng, [(1.0, 0.9, 0.6)] * 6, Shape(templates=6, instances=1, trials=3), axis="wire")
    return coded([*must, *simulate(rng, json, shape, axis="json"), *wire])


def itself(seed: int = 7) -> list[Trial]:
    """A flaky endpoint against itself."""
    rng, shape = random.Random(seed), Shape()
    return coded(
        row
        for axis in ("json", "tools")
        for row in simulate(rng, against_itself(flaky_rates(rng, shape)), shape, axis=axis)
    )


def smoke() -> list[Trial]:
    """Six templates, one trial each."""
    return coded([*templates(5, "P", "P", "F"), *case("P", "F", "F", template="t9", family="f9", name="lost")])


def details(key: str) -> Detail:
    """A run directory that has every exchange."""
    arm, axis, name, lane, _ = key.split("/")
    answer = f"The order of {name} is {'on its way' if arm == 'a' else 'not known'}."
    fenced = f'```json\n{{"city": "Oslo", "case": "{name}"}}\n```'
    return {
        "request": {"model": arm, "messages": [{"role": "user", "content": f"Question {name}"}], "temperature": 0},
        "answer_text": (fenced if lane == "raw" else '{"city": "Oslo"}') if axis == "json" else answer,
        "answer_calls": [{"name": "get_order", "arguments": {"id": 17}}] if axis == "tools" and arm == "a" else [],
        "status": 200,
        "case_request": {
            "messages": [
                {"role": "system", "content": "Use the tools where they help."},
                {"role": "user", "content": f"Where are my two orders of {name}, 17 and 23? Ask for both at once."},
            ],
            "tools": [
                {"name": "get_order", "parameters": {"type": "object", "properties": {"id": {"type": "integer"}}}}
            ],
        },
        "expected": {"text": "", "tool_calls": [{"name": "get_order", "arguments": {"id": 17}}], "finish": "tool_call"},
    }
