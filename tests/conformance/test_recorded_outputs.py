"""The published figures, recomputed from recorded vendor outputs (suite reference §3 and §13)."""

from __future__ import annotations

import ast
import gzip
import json
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rows import case

from portable_llm.conformance.score import score
from portable_llm.conformance.statistics import (
    PairedTable,
    mcnemar_exact,
    paired_table,
    pass_power,
    tango,
)
from portable_llm.conformance.trials import Trial

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "vendor_outputs"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"recorded vendor outputs are not at {DATA}")

OPENAI_MAY = ("gpt-4o-2024-05-13", "native")
OPENAI_AUGUST = ("gpt-4o-2024-08-06", "native")
SONNET = ("claude-3-5-sonnet-20240620", "native")
GEMINI = ("gemini-1.5-pro-preview-0514", "native")
MISTRAL = ("mistral-large-2407", "native")


def records(name: str) -> list[dict[str, Any]]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@cache
def tool_calls() -> dict[tuple[str, str], dict[str, bool]]:
    """Case id -> the leaderboard's own pass or fail, by model and mode."""
    found: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
    for row in records("bfcl_outputs"):
        found[row["model"], row["mode"]][row["id"]] = row["official_valid"]
    return found


def category(identity: str) -> str:
    return identity.rpartition("_")[0]


def table(a: tuple[str, str], b: tuple[str, str], name: str) -> PairedTable:
    ours, theirs = tool_calls()[a], tool_calls()[b]
    return paired_table((ours[i], theirs[i]) for i in ours if category(i) == name)


def letter(passed: bool) -> str:
    return "P" if passed else "F"


@needs_data
@pytest.mark.parametrize(
    ("a", "b", "name", "counts"),
    [
        (OPENAI_MAY, SONNET, "simple", (339, 14, 36, 11)),
        (OPENAI_MAY, SONNET, "multiple_function", (175, 7, 10, 8)),
        (OPENAI_MAY, SONNET, "parallel_function", (119, 61, 5, 15)),
        (OPENAI_MAY, SONNET, "relevance", (167, 18, 25, 30)),
        (OPENAI_AUGUST, GEMINI, "simple", (330, 36, 21, 13)),
        (OPENAI_AUGUST, GEMINI, "parallel_function", (165, 21, 5, 9)),
        (OPENAI_AUGUST, MISTRAL, "relevance", (95, 116, 2, 27)),
    ],
)
def test_paired_tables(a: tuple[str, str], b: tuple[str, str], name: str, counts: tuple[int, int, int, int]):
    found = table(a, b, name)

    assert (found.n11, found.n10, found.n01, found.n00) == counts


@needs_data
@pytest.mark.parametrize(
    ("a", "b", "name", "p_value"),
    [
        (OPENAI_MAY, SONNET, "simple", 0.0026),
        (OPENAI_MAY, SONNET, "multiple_function", 0.63),
        (OPENAI_MAY, SONNET, "relevance", 0.36),
        (OPENAI_AUGUST, GEMINI, "simple", 0.063),
        (OPENAI_AUGUST, GEMINI, "parallel_function", 0.0025),
    ],
)
def test_exact_mcnemar_of_recorded_pairs(a: tuple[str, str], b: tuple[str, str], name: str, p_value: float):
    assert float(f"{mcnemar_exact(table(a, b, name)):.2g}") == p_value


@needs_data
@pytest.mark.parametrize(("name", "lower", "upper"), [("simple", 0.021, 0.091), ("parallel_function", -0.351, -0.212)])
def test_tango_interval_of_recorded_pairs(name: str, lower: float, upper: float):
    interval = tango(table(OPENAI_MAY, SONNET, name))

    assert (round(interval.lower, 3), round(interval.upper, 3)) == (lower, upper)


def recorded(name: str, home: tuple[str, str], raw: tuple[str, str]) -> list[Trial]:
    ours, theirs = tool_calls()[home], tool_calls()[raw]
    return [
        trial
        for i in ours
        if category(i) == name
        for trial in case(letter(ours[i]), letter(theirs[i]), name=i, template=i, family=name)
    ]


@needs_data
@pytest.mark.parametrize(("name", "kept"), [("simple", 96.0), ("parallel_function", 66.1)])
def test_plain_share_kept(name: str, kept: float):
    estimate = score(recorded(name, OPENAI_MAY, SONNET)).axes["tools"].headline

    assert estimate.method == "kept"
    assert estimate.ratio is not None
    assert round(estimate.ratio, 1) == kept


# Calls written as text: B wraps them in a code fence. The reading below is the least a normaliser does (strict first,
# then without fence and indentation) with the leaderboard's rules for accepted values; it stands beside the library.


def calls_in(text: str) -> list[tuple[str, dict[str, Any]]] | None:
    """`[f(a=1), g.h(b=2)]` as names and arguments, `None` when the text is something else."""
    inner = re.sub(r"^```\w* *\n|\n?```$", "", text.strip()).strip()
    try:
        tree = ast.parse(inner if inner.startswith("[") else f"[{inner}]", mode="eval").body
        nodes = tree.elts if isinstance(tree, ast.List) else []
        return [(ast.unparse(n.func), {k.arg or "": ast.literal_eval(k.value) for k in n.keywords}) for n in nodes]  # type: ignore[attr-defined]
    except (SyntaxError, ValueError, AttributeError):
        return None


def plain(value: Any) -> Any:
    """A value as the leaderboard compares it: strings without case, blanks and some punctuation."""
    if isinstance(value, str):
        return re.sub(r"[ ,./\-_*^]", "", value).lower().replace("'", '"')
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def is_accepted(value: Any, accepted: list[Any]) -> bool:
    return any(matches(value, option) for option in accepted)


def matches(value: Any, option: Any) -> bool:
    if isinstance(value, dict) and isinstance(option, dict):
        return fits(value, option)
    if isinstance(value, list) and isinstance(option, list) and len(value) == len(option):
        return all(matches(ours, theirs) for ours, theirs in zip(value, option, strict=True))
    return isinstance(value, bool) == isinstance(option, bool) and plain(value) == plain(option)


def fits(arguments: dict[str, Any], accepted: dict[str, list[Any]]) -> bool:
    named = all(name in accepted and is_accepted(value, accepted[name]) for name, value in arguments.items())
    return named and all(name in arguments or "" in options for name, options in accepted.items())


def is_right(text: str, expected: list[dict[str, Any]]) -> bool:
    calls = calls_in(text)
    return (
        calls is not None
        and len(calls) == len(expected)
        and all(
            name == call["name"] and fits(arguments, call["accepted"])
            for (name, arguments), call in zip(calls, expected, strict=True)
        )
    )


@needs_data
def test_prompted_tool_calls_of_two_versions_of_one_model():
    """§3: switch loss 83.5 = removed 78.2 + residual 5.3, because the new version wraps calls in a fence."""
    expected = {row["id"]: row["expected_calls"] for row in records("bfcl_cases")}
    home = tool_calls()["gpt-4o-2024-05-13", "prompted"]
    trials = [
        trial
        for row in records("bfcl_outputs")
        if (row["model"], row["mode"]) == ("gpt-4o-2024-08-06", "prompted") and category(row["id"]) == "simple"
        for trial in case(
            letter(home[row["id"]]),
            norm=letter(row["official_valid"] or is_right(row["output"], expected[row["id"]])),
            raw=letter(row["official_valid"]),
            name=row["id"],
            template=row["id"],
        )
    ]
    axis = score(trials).axes["tools"]
    parts, interval = axis.decomposition, axis.headline.interval

    assert parts is not None
    assert (round(parts.raw, 1), round(parts.removed, 1), round(parts.residual, 1)) == (16.5, 78.2, 5.3)
    assert interval is not None
    assert (round(interval.lower, 1), round(interval.upper, 1)) == (91.9, 96.6)


# The A/A arm is not part of the recorded files. Counts of (July, August, Claude) from the July and August 2024 runs
# of github.com/HuanzhiMao/BFCL-Result (2024-07-06 and 2024-08-11, the same scorer's pass or fail per case).
JULY_AUGUST_CLAUDE = {
    "simple": {"PPP": 329, "PPF": 12, "PFP": 11, "PFF": 1, "FPP": 10, "FPF": 2, "FFP": 25, "FFF": 10},
    "parallel": {"PPP": 118, "PPF": 56, "PFP": 1, "PFF": 1, "FPP": 1, "FPF": 5, "FFP": 4, "FFF": 14},
}


@pytest.mark.parametrize(
    ("name", "again", "expected", "lower", "upper"),
    [("simple", 96.6, 99.6, 97.2, 101.8), ("parallel", 97.8, 68.4, 61.1, 74.9)],
)
def test_noise_corrected_kept_share(name: str, again: float, expected: float, lower: float, upper: float):
    """Naive accuracy says +5.5 and -28 points; corrected for A's own noise it is nothing lost and a third lost."""
    counts = JULY_AUGUST_CLAUDE[name]
    trials = [
        trial
        for cell, count in counts.items()
        for i in range(count)
        for trial in case(cell[:2], cell[2], name=f"{cell}{i}", template=f"{cell}{i}")
    ]
    estimate = score(trials).axes["tools"].headline

    assert estimate.method == "corrected"
    assert estimate.ratio is not None
    assert round(estimate.ratio, 1) == expected
    # The reference prints a resampling interval, ours is symmetric about R: up to .6 points apart.
    assert estimate.interval is not None
    assert (estimate.interval.lower, estimate.interval.upper) == pytest.approx((lower, upper), abs=0.6)
    assert round(100 * agreement(counts), 1) == again


def agreement(counts: dict[str, int]) -> float:
    """Share of A's passes that A's other run repeats, both directions together."""
    both, july, august = (sum(n for cell, n in counts.items() if which(cell)) for which in (
        lambda cell: cell[:2] == "PP", lambda cell: cell[0] == "P", lambda cell: cell[1] == "P"
    ))  # fmt: skip
    return 2 * both / (july + august)


@needs_data
@pytest.mark.parametrize(("model", "march", "june"), [("gpt-4", 52, 10), ("gpt-3.5-turbo", 22, 2)])
def test_drift_of_directly_usable_answers(model: str, march: int, june: int):
    usable: dict[str, list[int]] = defaultdict(list)
    fenced: Counter[str] = Counter()
    for row in records("drift"):
        if row["task"] == "leetcode_easy" and row["model"].startswith(f"{model}-"):
            month = "march" if row["model"].endswith(("0301", "0314")) else "june"
            usable[month].append(row["directly_usable"])
            fenced[month] += "```" in row["answer"]

    assert {month: 100 * sum(rows) / len(rows) for month, rows in usable.items()} == {"march": march, "june": june}
    if model == "gpt-4":
        assert (fenced["march"], fenced["june"]) == (0, 0.88 * len(usable["june"]))


@needs_data
@pytest.mark.parametrize(
    ("model", "full", "partial"), [("gpt4", 16, 5), ("llama2orig", 95, 54), ("mistralinstruct", 2, 2)]
)
def test_refusals_of_safe_prompts(model: str, full: int, partial: int):
    labels = Counter(row["label"] for row in records("xstest") if row["model"] == model and not row["unsafe_prompt"])

    assert (labels["full_refusal"], labels["partial_refusal"], labels.total()) == (full, partial, 250)


@needs_data
@pytest.mark.parametrize(("repeats", "expected"), [(1, 0.420), (2, 0.273), (3, 0.220), (4, 0.200)])
def test_pass_power_of_agent_tasks(repeats: int, expected: float):
    rewards: dict[int, list[float]] = defaultdict(list)
    for row in records("taubench_airline_rewards"):
        rewards[row["task_id"]].append(row["reward"])
    powers = [pass_power(sum(reward == 1 for reward in task), len(task), repeats) for task in rewards.values()]

    assert round(sum(powers) / len(powers), 3) == expected
