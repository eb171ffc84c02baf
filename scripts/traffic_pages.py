"""Writes the two pages about recorded traffic: `python scripts/traffic_pages.py`.

`docs/reference/recorded-traffic.md` holds how answers are read beside the official SDKs (counts of
`benchmarks/results/traffic.json`), `docs/reference/recorded-requests.md` how requests come out of reading and building
again (`benchmarks/results/recorded_requests.json`). Both files hold counts alone. A test holds the committed pages to
what this writes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
ANSWERS_PAGE = ROOT / "docs" / "reference" / "recorded-traffic.md"
REQUESTS_PAGE = ROOT / "docs" / "reference" / "recorded-requests.md"
sys.path.insert(0, str(ROOT / "benchmarks"))

from recorded_requests import WIRE_OF_FAMILY  # noqa: E402
from recorded_spellings import SAME  # noqa: E402

FIELDS = {
    "text": "text",
    "reasoning": "reasoning",
    "tool_calls": "calls",
    "finish_reason": "finish",
    "raw_finish_reason": "word",
    "refusal": "refusal",
    "input_tokens": "input",
    "output_tokens": "output",
    "error": "error",
    "error_kind": "kind",
    "error_status": "status",
    "error_message": "message",
}
"""Field of the scorer → head of its column."""

ANSWERS_HEAD = """\
# Recorded answers

<!-- Written by scripts/traffic_pages.py. -->

{count:,} recorded answers of real services, whole and streamed, read by this library and by the official SDKs;
measured from outside on {date}. In each field: of how many exchanges both say the same, in per cent. The scorer
expects what the SDK of each vendor reads from the stored bytes (openai, anthropic, google-genai, mistralai, cohere,
botocore, ollama), checked by a second reading of the JSON.

**Crashes: {crashes}. Silent falsifications: {silent}.** A falsification is a filtered, refused, cut or failed
answer that is read as a normal one, a lost or invented text, a lost tool call, a lost error.

"""
ANSWERS_TAIL = """
*finish* is the portable finish reason, *word* the provider's own; *kind*, *status* and *message* are those of errors.
A dash: no recording has the field.

## What differs, and why it stays

| family | field | exchanges | reason |
|---|---|---|---|
{differ}
Again: `PYTHONPATH=benchmarks:src python benchmarks/traffic.py SCORER RECORDINGS`. The scorer and the recordings are not
part of this project.
"""

WHY = {
    ("openai-compatible", "output_tokens"): (
        "xAI's chat endpoint counts reasoning beside `completion_tokens`, and its total is the sum of prompt, "
        "completion and reasoning; everybody else counts it inside. `output_tokens` includes reasoning here, whoever "
        "answers (as OpenTelemetry has it), so it is the sum. The expectation is the bare field"
    ),
    ("openai-compatible", "error_kind"): (
        "status 400 with a body that says more: a model that does not exist is `not_found`, a prompt beyond the "
        "context window is `context_overflow` (its error type says so). The expectation goes by the status: "
        "`invalid_request`"
    ),
}
"""Family and field → why this library keeps its own reading."""

REQUESTS_HEAD = """\
# Recorded requests

<!-- Written by scripts/traffic_pages.py. -->

Requests of real clients that were answered, read by each wire format's `read_request` and built again by its
`build_request`, on {date}. **Equal** came out as they were, but for spellings that mean the same to the provider
(listed below). **Told** differ, and a ledger entry speaks of every place that does. **Untold** differ somewhere
without an entry. **Unread** were refused by the reader. What speaks an older protocol of the vendor is not counted.

| family | wire format | requests | equal | told | untold | unread | equal or told |
|---|---|---:|---:|---:|---:|---:|---:|
"""


def answers_page() -> str:
    """The page about answers."""
    stored = _stored("traffic.json")
    families: dict[str, dict[str, Any]] = stored["families"]
    silent = sum(sum(row["silent"].values()) for row in families.values())
    head = ANSWERS_HEAD.format(
        count=sum(row["exchanges"] for row in families.values()),
        date=stored["date"],
        crashes=sum(row["crashes"] + row["invalid"] for row in families.values()),
        silent=silent,
    )
    table = "".join(_agreement(family, row) for family, row in families.items())
    columns = "".join(f" {head} |" for head in FIELDS.values())
    ruler = "|---|---:|---:|" + "---:|" * len(FIELDS)
    title = f"| family | exchanges | all fields |{columns}\n{ruler}\n"
    return head + title + table + ANSWERS_TAIL.format(differ="".join(_differing(families)))


def _agreement(family: str, row: dict[str, Any]) -> str:
    fields = row["fields"]
    cells = (_percent(**fields[field]) if field in fields else "–" for field in FIELDS)
    return f"| {family} | {row['exchanges']} | {_percent(row['agree'], row['exchanges'])} | {' | '.join(cells)} |\n"


def _percent(agree: int, n: int) -> str:
    """No figure is rounded up to a hundred."""
    if n == 0:
        return "–"
    return "100" if agree == n else f"{int(1000 * agree / n) / 10:.1f}"


def _differing(families: dict[str, dict[str, Any]]) -> Iterator[str]:
    for family, row in families.items():
        for field, count in sorted(row["differ"].items()):
            reason = WHY.get((family, field), "not explained yet")
            yield f"| {family} | {FIELDS[field]} | {count} of {row['fields'][field]['n']} | {reason}. |\n"


def requests_page() -> str:
    """The page about requests."""
    stored = _stored("recorded_requests.json")
    families: dict[str, dict[str, Any]] = stored["families"]
    table = "".join(_requests(family, counts) for family, counts in families.items())
    sections = (_section(family, counts) for family, counts in families.items())
    return REQUESTS_HEAD.format(date=stored["date"]) + table + _spellings() + "".join(sections) + _again()


def _requests(family: str, counts: dict[str, Any]) -> str:
    good = counts["equal"] + counts["told"]
    cells = (counts[kind] for kind in ("requests", "equal", "told", "untold", "unread"))
    share = _percent(good, counts["requests"])
    wire = WIRE_OF_FAMILY[family]
    return f"| {family} | {wire} | {' | '.join(map(str, cells))} | {share} % |\n"


def _spellings() -> str:
    """What counts as equal, from the functions that make it so."""
    lines = (f"- `{name}`: {_one_line(same.__doc__ or '')}\n" for name, same in SAME.items())
    return (
        "\n## Equal spellings\n\nEverywhere: a member that is `null` or empty says as much as one that is not there, "
        "and `stream` is an argument of the call.\n\n" + "".join(lines)
    )


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _section(family: str, counts: dict[str, Any]) -> str:
    if not counts["reasons"] and not counts["rest"]:
        return ""
    reasons = "".join(
        f"| {row['n']} | `{row['subject']}` | {row['action']} | {row['severity']} | {_cell(row['detail'])} |\n"
        for row in counts["reasons"]
    )
    table = f"| requests | subject | action | severity | what the ledger says |\n|---:|---|---|---|---|\n{reasons}"
    rest = "".join(f"- {row['n']}: {_cell(row['what'])}\n" for row in counts["rest"])
    return f"\n## {family}\n\n{table if reasons else ''}" + (f"\nThe rest:\n\n{rest}" if rest else "")


def _again() -> str:
    return (
        "\n## Again\n\n`PYTHONPATH=benchmarks:src python benchmarks/recorded_requests.py RECORDINGS`, where the folder "
        "holds the recordings; they are not part of this project. Requests that the Responses reader refuses name "
        "neither model nor input, but a prompt that is stored at the provider: what it holds is not in them.\n"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _stored(name: str) -> dict[str, Any]:
    return json.loads((RESULTS / name).read_text(encoding="utf-8"))


def main() -> None:
    """Write both pages."""
    ANSWERS_PAGE.write_text(answers_page(), encoding="utf-8")
    REQUESTS_PAGE.write_text(requests_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
