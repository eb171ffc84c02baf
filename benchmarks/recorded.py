"""What `read` gets out of texts that models really wrote, beside a strict parse: recorded answers and calls.

    cd benchmarks; PYTHONPATH=../src python recorded.py DATA 2026-11-24

DATA is a folder with `crux_outputs`, `bfcl_cases` and `bfcl_outputs` (`.jsonl.gz`); the figures go to
`results/recorded.json`, and from there to the documentation. The texts themselves are not part of this repository.
"""

from __future__ import annotations

import ast
import gzip
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portable_llm import Parsed
from portable_llm.output import read

RESULTS = Path(__file__).resolve().parent / "results" / "recorded.json"
ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {"reasoning": {"type": "string"}, "answer": {}},
    "required": ["answer"],
}
CATEGORIES = ("simple", "multiple_function", "parallel_function")


def records(data: Path, name: str) -> Iterator[dict[str, Any]]:
    """The lines of one file."""
    with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


# ---------------------------------------------------------------- answers as JSON


def answers(data: Path) -> list[dict[str, Any]]:
    """For each model the share of texts with an object that holds `answer`, in percent, strictly read and by `read`."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for record in records(data, "crux_outputs"):
        model = f"{record['model']} ({record['host']})" if record.get("host") else record["model"]
        strict, found = strictly(record["output"]), read(record["output"], ANSWER)
        is_strict = isinstance(strict, dict) and "answer" in strict
        counts[model][0] += 1
        counts[model][1] += is_strict
        counts[model][2] += isinstance(found, Parsed)
        counts[model][3] += is_strict and not (isinstance(found, Parsed) and found.value == strict)
    return [
        {"model": model, "texts": n, "strict_pct": pct(strict, n), "read_pct": pct(ours, n), "lost": lost}
        for model, (n, strict, ours, lost) in sorted(counts.items())
    ]


def strictly(text: str) -> Any:
    """The JSON that the whole text is, or `None`."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def pct(part: int, whole: int) -> float:
    """A share in percent, as the figures are published."""
    return round(100 * part / whole, 2)


# ---------------------------------------------------------------- calls as text


def calls(data: Path) -> list[dict[str, Any]]:
    """For each model and category the share of right calls: by the leaderboard's own verdict, and by `read`.

    `lost`: right to the leaderboard and not by `read`. `changed`: read by both, and otherwise by `read` than by a
    strict parse of the Python.
    """
    cases = {case["id"]: case for case in records(data, "bfcl_cases")}
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for record in records(data, "bfcl_outputs"):
        case = cases[record["id"]]
        if record["mode"] != "prompted" or case["category"] not in CATEGORIES:
            continue
        found = read_calls(record["output"], case)
        strict = decoded(record["output"])
        count = counts[record["model"], case["category"]]
        count[0] += 1
        count[1] += record["official_valid"]
        count[2] += is_right(found, case)
        count[3] += record["official_valid"] and not is_right(found, case)
        count[4] += strict is not None and found is not None and found != strict
    return [
        {
            "model": model,
            "category": category,
            "texts": n,
            "official_pct": pct(official, n),
            "read_pct": pct(ours, n),
            "lost": lost,
            "changed": changed,
        }
        for (model, category), (n, official, ours, lost, changed) in sorted(counts.items())
    ]


def read_calls(text: str, case: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The calls that `read` finds for the schema of a list of calls of the functions offered."""
    outcome = read(text, schema_of(case))
    return outcome.value if isinstance(outcome, Parsed) else None  # type: ignore[return-value]


def schema_of(case: dict[str, Any]) -> dict[str, Any]:
    """A list of calls: of which functions, with which arguments is left to the judge."""
    names = [function["name"] for function in case["functions"]]
    call = {
        "type": "object",
        "properties": {"name": {"enum": names}, "arguments": {"type": "object"}},
        "required": ["name", "arguments"],
    }
    return {"type": "array", "items": call, "minItems": 1}


def decoded(text: str) -> list[dict[str, Any]] | None:
    """What the leaderboard's decoder reads: the text as a list of Python calls, brackets added where there are none."""
    try:
        tree = ast.parse(text.strip() if text.strip().startswith("[") else f"[{text}]", mode="eval").body
        nodes = tree.elts if isinstance(tree, ast.List) else [tree]
        return [_call(node) for node in nodes]
    except (SyntaxError, ValueError, AttributeError, TypeError, RecursionError, MemoryError):
        return None


def _call(node: Any) -> dict[str, Any]:
    arguments = {argument.arg: _plain(ast.literal_eval(argument.value)) for argument in node.keywords}
    if node.args:
        raise ValueError("an argument without a name")
    return {"name": ast.unparse(node.func), "arguments": arguments}


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


# ---------------------------------------------------------------- the leaderboard's rules for accepted values


def is_right(found: list[dict[str, Any]] | None, case: dict[str, Any]) -> bool:
    """Whether the calls are those that the data set accepts, each once, in any order."""
    wanted: list[dict[str, Any]] = list(case["expected_calls"])
    if found is None or len(found) != len(wanted):
        return False
    for call in found:
        match = next((one for one in wanted if one["name"] == call["name"] and _fits(call["arguments"], one)), None)
        if match is None:
            return False
        wanted.remove(match)
    return True


def _fits(arguments: dict[str, Any], wanted: dict[str, Any]) -> bool:
    accepted: dict[str, list[Any]] = wanted["accepted"]
    named = all(name in accepted and _is_among(value, accepted[name]) for name, value in arguments.items())
    return named and all(name in arguments or "" in options for name, options in accepted.items())


def _is_among(value: Any, options: list[Any]) -> bool:
    return any(_matches(value, option) for option in options)


def _matches(value: Any, option: Any) -> bool:
    if isinstance(value, dict) and isinstance(option, dict):
        return _fits(value, {"accepted": option})
    if isinstance(value, list) and isinstance(option, list):
        return len(value) == len(option) and all(map(_matches, value, option))
    return isinstance(value, bool) == isinstance(option, bool) and _words(value) == _words(option)


def _words(value: Any) -> Any:
    """As the leaderboard compares texts: without case, blanks and some punctuation."""
    return re.sub(r"[ ,./\-_*^]", "", value).lower().replace("'", '"') if isinstance(value, str) else value


def main() -> None:
    data, date = Path(sys.argv[1]), sys.argv[2]
    stored = {"date": date, "answers": answers(data), "calls": calls(data)}
    RESULTS.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
