"""Writes `docs/explanation/repair-compared.md` from stored results: `python scripts/repair_compared.py`.

`benchmarks/results/` holds them: `repair_scores.json` (an outside scorer on texts of other people), `recorded.json`
(texts that models really wrote), `repair_speed.json`. A test holds the committed page to what this writes. Runs with
the Python of `.venv`.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "explanation" / "repair-compared.md"
RESULTS = ROOT / "benchmarks" / "results"
OURS = "portable-llm"

HEAD = """\
# Reading answers compared

<!-- Written by scripts/repair_compared.py. -->

How well and how fast `portable_llm.output.read` gets at values, beside other libraries. Texts of our own, one by one:
[Sixty hard texts](hard-texts.md). What is done to a text: [Repairs and policies](../reference/repairs.md).
"""

SCORES = """\
## Texts of other people

{cases} texts on whose value their authors agree: test suites of repair libraries, texts that models wrote, and texts
made from them, with and without a schema, in {categories} categories. Scored from outside on {date}, each text in a
worker with a time limit, each library called as its documentation says.

- **exact**: the value wanted, or an error where only an error is right. **net**: exact, less wrong and made-up values,
  time-outs and crashes. Both are means over the categories, in percent.
- **wrong**: another value, returned as if it were fine, or a value where there is none.
- **unsafe**: of {families} families of hostile texts, those that make it hang, die, overflow its stack, or grow faster
  than its input.

| library | version | exact | net | no answer | wrong | unsafe |
| --- | --- | --: | --: | --: | --: | --: |
{rows}

{note}By category, exact in percent, for the five best and BAML:

{table}

Texts to which `read` gives no answer, though their authors do:

{lost}

Texts to which it gives another one:

{wrong}
"""

BUSY = """\
This library was scored last, on two cores with a load of ten. Its unsafe families grow in proportion and take about 5 s
of processor time for 4 MB, but passed the limit of 10 s on the clock; see [Hostile texts](#hostile-texts).

"""

WRONG = {
    "baml-6317f2007a": "a quote and a word: to its author the quote is part of the text, to `read` the text breaks off",
}
"""Texts read otherwise than their authors do, each with the reason."""

ANSWERS = """\
## Recorded answers

27 models were asked 800 times each, in 2023 and 2024, for an object with `reasoning` and `answer`, without a JSON mode.
Share of the answers that yield an object holding `answer`, in percent: by `json.loads`, by an independent parse that
allows fences, spans and raw control characters (where one was published), and by `read` with the schema. No answer that
is JSON is read otherwise or lost ({lost} of {total}).

| model | `json.loads` | tolerant parse | `read` |
| --- | --: | --: | --: |
{rows}
"""

CALLS = """\
## Recorded calls

14 models were told to write calls as Python, `[f(a=1), g(b=2)]`, in 2024. Share of the answers with the right calls, in
percent: by the leaderboard's own decoder (*official*), by an independent tolerant parse that tries the strict one first
(where one was published), and by `read` with a schema for a list of calls of the functions offered, judged by the
leaderboard's rules for accepted values.

| model | simple | several functions | parallel |
| --- | --- | --- | --- |
{rows}

Each cell: official → `read`, and in brackets the tolerant parse. Calls that the leaderboard's decoder reads and `read`
reads otherwise: {changed}. Right to the leaderboard and not by `read`: {lost} of {total}; in two an argument is a sum
(`2 * 3.1416`), and `read` evaluates nothing; in one both read the same, and the leaderboard takes an empty list for an
argument left out.

Again: `cd benchmarks; PYTHONPATH=../src python recorded.py DATA {date}`, with the recorded outputs in DATA; the slow
tests hold the figures (`tests/output/test_recorded_figures.py`).
"""

SPEED = """\
## Speed

Figures of {date}: {machine}, with other programs running (load {load}), so processor time, and of 25 batches
the fastest; each library in a process of its own. What counts is the ratio within a row: absolute figures differ by
machine and by day. Again: `cd benchmarks; PYTHONPATH=../src python repair.py {date} --python PYTHON --node-modules
FOLDER`.

| goal | measured | |
| --- | --- | --- |
{goals}

### Clean JSON

`read(text)` without a schema, and the strict parser that it tries first:

| characters | `read` | `pydantic_core.from_json` | ratio | more by |
| --: | --: | --: | --: | --: |
{clean}

### Broken text of 2 kB

Microseconds; *schema*: `read` with a schema of all members, the only way to ask BAML. A library that gives up early is
fast; whether it got the value is not in this table.

{broken}

### Growth

One text with five breakages in every row, read in a process of its own; memory is the peak of what `read` allocates,
for the value and the list of edits. An edit takes {edit:.0f} bytes
here, and one character in {density:.0f} takes an edit.

| characters | edits | time | a MB | peak memory | for a character |
| --: | --: | --: | --: | --: | --: |
{growth}

### Hostile texts

Seconds for `read` at {sizes} characters, what comes out, and the exponent of growth between the
last two (1: in proportion; none where it is too fast to say). The others once, at {beside} characters.

{hostile}
"""

REFERENCE_ANSWERS = {
    "gpt-4-0314": 100,
    "gpt-4o-2024-08-06": 99.88,
    "claude-3-5-sonnet-20241022": 99.88,
    "claude-3-opus-20240229": 99.88,
    "grok-2-1212": 99.88,
    "claude-3-5-sonnet-20240620": 99.75,
    "gemini-1.5-pro": 99.62,
    "gpt-4o-mini-2024-07-18": 97.25,
    "o1-mini-2024-09-12": 97.00,
    "claude-3-haiku-20240307": 92.12,
    "gemma-2-27b-it": 93.25,
    "Mixtral-8x7B-Instruct-v0.1": 89.62,
    "reka-core-20240501": 89.50,
}
REFERENCE_CALLS = {
    ("gpt-4o-2024-08-06", "simple"): 93.0,
    ("gpt-4o-2024-08-06", "parallel_function"): 81.5,
    ("mistral-large-2407", "simple"): 79.5,
    ("mistral-large-2407", "parallel_function"): 68.5,
    ("gpt-4o-2024-05-13", "simple"): 96.5,
    ("gpt-4o-2024-05-13", "parallel_function"): 74.0,
}


def stored(name: str) -> dict[str, Any]:
    """One file of results."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, _scores(stored("repair_scores")), *_recorded(stored("recorded")), _speed()])


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table whose first column is text and the others figures."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " --: |" * (len(head) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def _bold(library: str) -> str:
    return f"**{library}**" if library == OURS else library


# ---------------------------------------------------------------- scores


def _scores(scores: dict[str, Any]) -> str:
    rows: list[dict[str, Any]] = scores["rows"]
    ours = rows[0]
    shown = [*rows[:6], *(row for row in rows[6:] if row["library"] == "baml-py")]
    categories = table(
        ["", "texts", *(_bold(row["library"]) for row in shown)],
        (
            [name, figures["cases"], *(_percent(row["categories"][name]["exact_pct"]) for row in shown)]
            for name, figures in ours["categories"].items()
        ),
    )
    return SCORES.format(
        cases=ours["total"]["cases"],
        categories=len(ours["categories"]),
        families=ours["families"],
        date=scores["date"],
        rows="\n".join(map(_scored, rows)),
        table=categories,
        note=BUSY if ours["unsafe_families"] else "",
        lost="\n".join(f"- {count}: {reason}." for reason, count in scores["lost"].items()),
        wrong="\n".join(f"- `{one['id']}` ({one['category']}): {WRONG[one['id']]}." for one in scores["wrong"])
        or "None.",
    )


def _scored(row: dict[str, Any]) -> str:
    total = row["total"]
    wrong = total["wrong"] + total["invented"] + total["timeout"] + total["crash"]
    return (
        f"| {_bold(row['library'])} | {row['version'] or 'this one'} | {_percent(row['macro_exact_pct'])} "
        f"| {_percent(row['macro_net_pct'])} | {total['honest']} | {wrong} | {len(row['unsafe_families'])} |"
    )


def _percent(value: float) -> str:
    return f"{value:.1f}"


# ---------------------------------------------------------------- recorded texts


def _recorded(recorded: dict[str, Any]) -> Iterator[str]:
    answers: list[dict[str, Any]] = recorded["answers"]
    yield ANSWERS.format(
        lost=sum(row["lost"] for row in answers),
        total=sum(round(row["texts"] * row["strict_pct"] / 100) for row in answers),
        rows="\n".join(
            f"| {row['model']} | {row['strict_pct']:.2f} | {_reference(REFERENCE_ANSWERS.get(row['model']))} "
            f"| {row['read_pct']:.2f} |"
            for row in answers
        ),
    )
    calls: list[dict[str, Any]] = recorded["calls"]
    yield CALLS.format(
        date=recorded["date"],
        lost=sum(row["lost"] for row in calls),
        changed=sum(row["changed"] for row in calls),
        total=f"{sum(round(row['texts'] * row['official_pct'] / 100) for row in calls):,}",
        rows="\n".join(_call_row(model, calls) for model in dict.fromkeys(row["model"] for row in calls)),
    )


def _reference(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _call_row(model: str, calls: list[dict[str, Any]]) -> str:
    cells = {row["category"]: _call_cell(row) for row in calls if row["model"] == model}
    order = ("simple", "multiple_function", "parallel_function")
    return f"| {model} | " + " | ".join(cells[category] for category in order) + " |"


def _call_cell(row: dict[str, Any]) -> str:
    reference = REFERENCE_CALLS.get((row["model"], row["category"]))
    beside = "" if reference is None else f" ({reference:.1f})"
    return f"{row['official_pct']:.1f} → {row['read_pct']:.1f}{beside}"


# ---------------------------------------------------------------- speed


def _speed() -> str:
    speed = stored("repair_speed")
    peers = [library["library"] for library in speed["libraries"]]
    last = speed["growth"][-1]
    return SPEED.format(
        date=speed["date"],
        machine=speed["machine"],
        load=speed["load"],
        goals="\n".join(
            f"| {goal} | {measured} | {'met' if met else '**missed**'} |" for goal, measured, met in goals(speed)
        ),
        clean="\n".join(_clean_row(row) for row in speed["clean"]),
        broken=_broken(speed, peers),
        edit=last["peak_kb"] * 1024 / last["edits"],
        density=last["size"] / last["edits"],
        growth="\n".join(_growth_row(row) for row in speed["growth"]),
        hostile=_hostile(speed, [peer for peer in peers if peer != "baml-py"]),
        sizes=" / ".join(f"{size:,}" for size in (62_500, 250_000, 1_000_000)),
        beside=f"{100_000:,}",
    )


def goals(speed: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """What was aimed at, what was measured, and whether it was reached."""
    below = [row for row in speed["clean"] if row["size"] < 4_000]
    above = [row for row in speed["clean"] if row["size"] >= 4_000]
    more = max(row["read_us"] - row["from_json_us"] for row in below)
    ratio = max(row["read_us"] / row["from_json_us"] for row in above)
    yield "clean JSON below 4 kB: at most 2 µs more than `from_json`", f"at most {more:.2f} µs more", more <= 2
    yield "clean JSON from 4 kB: at most 1.2 × `from_json`", f"at most {ratio:.2f} ×", ratio <= 1.2
    median = statistics.median(row[OURS] for row in speed["broken"])
    yield "broken text of 2 kB: at most 0.5 ms in the median", f"{median / 1000:.2f} ms", median <= 500
    slowest = max(row["seconds"] / row["size"] * 1e6 for row in speed["growth"])
    yield "broken text: at most 1 s a MB", f"at most {slowest:.2f} s", slowest <= 1
    last, before = speed["growth"][-1], speed["growth"][-2]
    times = (last["seconds"] / before["seconds"]) / (last["size"] / before["size"])
    memory = (last["peak_kb"] / before["peak_kb"]) / (last["size"] / before["size"])
    said = f"from 1 MB to 10 MB {times:.2f} × the time and {memory:.2f} × the memory a character"
    yield "time and memory grow in proportion, 1 kB to 10 MB", said, times <= 1.3 and memory <= 1.3
    worst = max(speed["hostile"], key=lambda row: row["seconds"][-1])
    said = f"at most {worst['seconds'][-1]:.2f} s ({worst['family']})"
    yield "hostile text of 1 MB: at most 1 s", said, worst["seconds"][-1] <= 1
    steep = max(row["exponent"] or 0 for row in speed["hostile"])
    safe = all(row["outcome"] in ("value", "Invalid") for row in speed["hostile"])
    yield (
        "hostile text: in proportion, and no error but `Invalid`",
        f"exponent at most {steep:.2f}",
        safe and steep <= 1.3,
    )


def _clean_row(row: dict[str, Any]) -> str:
    ours, parser = row["read_us"], row["from_json_us"]
    return f"| {row['size']:,} | {_us(ours)} | {_us(parser)} | {ours / parser:.2f} × | {_us(ours - parser)} |"


def _us(value: float) -> str:
    return f"{value / 1000:,.1f} ms" if abs(value) >= 1_000 else f"{value:.1f} µs"


def _broken(speed: dict[str, Any], peers: list[str]) -> str:
    columns = [OURS, "with schema", *peers]
    rows: list[list[object]] = [
        [row["text"], *(_microseconds(row.get(column)) for column in columns)] for row in speed["broken"]
    ]
    medians = [_median([row.get(column) for row in speed["broken"]]) for column in columns]
    rows.append(["**median**", *(f"**{_microseconds(value)}**" for value in medians)])
    rows.append(["ratio", *("" if value is None else f"{value / (medians[0] or 1):.2f} ×" for value in medians)])
    versions = {library["library"]: library["version"] for library in speed["libraries"]}
    head = ["", f"**{OURS}**", "schema", *(f"{peer} {versions[peer]}" for peer in peers)]
    return table(head, rows)


def _microseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _growth_row(row: dict[str, Any]) -> str:
    size, seconds, peak = row["size"], row["seconds"], row["peak_kb"]
    a_character = f"{peak * 1024 / size:.0f} B"
    return (
        f"| {size:,} | {row['edits']:,} | {_us(seconds * 1e6)} | {seconds / size * 1e6:.2f} s "
        f"| {peak / 1024:.1f} MB | {a_character} |"
    )


def _hostile(speed: dict[str, Any], peers: list[str]) -> str:
    rows = [
        [
            row["family"],
            " / ".join(f"{seconds:.3f}" for seconds in row["seconds"]),
            row["outcome"],
            "" if row["exponent"] is None else f"{row['exponent']:.2f}",
            *(_peer_cell(row.get(peer)) for peer in peers),
        ]
        for row in speed["hostile"]
    ]
    return table(["", f"**{OURS}**", "outcome", "exponent", *peers], rows)


def _peer_cell(found: dict[str, Any] | None) -> str:
    if not found:
        return ""
    if found["outcome"] in ("value", "error"):
        return f"{found['seconds']:.3f}"
    return found["outcome"]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
