"""Writes the two pages that compare what is made of a schema: `python scripts/schema_pages.py`.

`six-keywords.md` holds one schema in every dialect beside what other libraries make of it (stored in
`benchmarks/results/six_keywords.json`), `schema-lowering-compared.md` the scores of `benchmarks/results/schemas.json`.
A test holds the committed pages to what this writes. Runs with the Python of `.venv`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portable_llm.schema import Dialect, Lowered, _dialect_rows, lower
from schema_peers import KEYWORDS, VERDICTS, Verdict

ROOT = Path(__file__).resolve().parent.parent
SIX_PAGE = ROOT / "docs" / "explanation" / "six-keywords.md"
COMPARED_PAGE = ROOT / "docs" / "explanation" / "schema-lowering-compared.md"
RESULTS = ROOT / "benchmarks" / "results"

AT = "/output/schema"

SIX_HEAD = """\
# Six keywords

<!-- Written by scripts/schema_pages.py. -->

One schema says six things that most vendors' dialects do not know: a pattern with look-ahead, an exclusive minimum with
a multiple, exactly one of two shapes, unique items with one that must be among them, a map, and a condition at the
root. Below, for every dialect: what [`lower`](../how-to/structured-output.md) sends and the ledger that goes with it,
then what other libraries send. None of those reports anything; the sentences about them were written after reading
their output of {date} (`benchmarks/peer_schemas.py` calls each library's own conversion).

In the ledger `checked` means: the provider does not enforce it, so it stands in the description for the model and the
client holds every answer against the original schema. `exact`: same meaning, and the answer is brought back to the
original's shape. `advisory`: an object that was open only because the schema said nothing is closed.

```json
{schema}
```
"""

COMPARED_HEAD = """\
# Schema lowering compared

<!-- Written by scripts/schema_pages.py. -->

What libraries make of {count} JSON Schemas (real-world ones, recorded requests, function calls and part of the official
test suite), scored from outside on {date}: each result is checked against the rules of its dialect, and every instance
that only one of the two schemas accepts must be explained by a reported loss. The libraries are called as their own
clients call them before a request. How one schema fares, keyword by keyword: [Six keywords](six-keywords.md).

- **valid**: the result obeys the dialect. **usable**: valid, and no instance tells the two schemas apart without a
  reported loss.
- **silent** wider / narrower: instances that only the result accepts, or only the original, unreported.
- **kept** valid / invalid: of the original's valid instances, the share that can still be given; of the invalid ones,
  the share that is still rejected by what the dialect enforces. For `portable-llm` through `encode` and `restore`.
- **refused**: an exception instead of a result.

The peers report no loss at all, so each difference is a silent one: that is what *usable* measures, not how well they
guess. Where they guess well, *kept* says so. *Unchanged* is the schema sent as it is.

An entry of the ledger is scored as it is; an encoding counts at its place (`compile_schema` in
`benchmarks/contracts.py`).
Medians are wall-clock time of one run on two quiet cores; `benchmarks/schemas.py`
measures processor time. Each peer's row is of the version it names.
"""


ENGINE = """\
## On a real engine

{engine}, {date}: {accepted} of 300 real-world schemas, lowered for `llama-cpp`,
were accepted. {valid} answers, restored,
were valid under the original; {foreseen} were not, at keywords that the ledger names; {silent} at one that it does not;
{cut} were cut by the token limit and not judged. Again: `scripts/test --slow models tests/engine/test_schemas.py`.
"""


def six_page() -> str:
    """The page about one schema."""
    stored = json.loads((RESULTS / "six_keywords.json").read_text(encoding="utf-8"))
    schema: dict[str, Any] = stored["schema"]
    sections = [SIX_HEAD.format(date=stored["date"], schema=shown(schema))]
    for name in own_dialects():
        sections.append(_ours(name, lower(schema, name, at=AT)))
        sections += [_peer(row) for row in stored["rows"] if row["dialect"] == name]
    return "\n".join(sections)


def own_dialects() -> list[str]:
    """Those that come with the library; others may have been registered in this process."""
    return sorted({row.name for row in vars(_dialect_rows).values() if isinstance(row, Dialect)})


def _ours(name: str, lowered: Lowered) -> str:
    rows = "".join(
        f"| {entry.severity} | {entry.action} | `{entry.subject.removeprefix(AT) or '/'}` | {_cell(entry.detail)} |\n"
        for entry in lowered.adaptations
    )
    return (
        f"## {name}\n\n```json\n{shown(lowered.schema)}\n```\n\n"
        f"| severity | action | place | what |\n| --- | --- | --- | --- |\n{rows}"
    )


def _peer(row: dict[str, Any]) -> str:
    verdict: Verdict = VERDICTS[row["peer"], row["dialect"]]
    said = "".join(f"| {keyword} | {verdict.sentences[keyword]} |\n" for keyword in KEYWORDS)
    return (
        f"### {row['peer']} {row['version']} ({row['dialect']})\n\n```json\n{shown(row['schema'])}\n```\n\n"
        f"{'Accepted' if verdict.is_accepted else 'Not accepted'} by the dialect: {verdict.because}\n\n"
        f"| keyword | what becomes of it |\n| --- | --- |\n{said}"
    )


def shown(schema: dict[str, Any]) -> str:
    """JSON with a line for each keyword of the root and each member, which is how far people read."""
    lines = [f'  "{key}": {_value(key, value)}' for key, value in schema.items()]
    return "{\n" + ",\n".join(lines) + "\n}" if lines else "{}"


def _value(key: str, value: Any) -> str:
    if key == "properties" and value:
        members = [f"    {json.dumps(name)}: {json.dumps(member)}" for name, member in value.items()]
        return "{\n" + ",\n".join(members) + "\n  }"
    return json.dumps(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def compared_page() -> str:
    """The page with the scores."""
    stored = json.loads((RESULTS / "schemas.json").read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = stored["rows"]
    head = COMPARED_HEAD.format(count=max(row["schemas"] for row in rows), date=stored["date"])
    engine = json.loads((RESULTS / "schemas_engine.json").read_text(encoding="utf-8"))
    return "\n".join([head, *_tables(rows), ENGINE.format(**engine)])


def _tables(rows: list[dict[str, Any]]) -> Iterator[str]:
    for name in dict.fromkeys(row["dialect"] for row in rows):
        body = "".join(_scored(row) for row in rows if row["dialect"] == name)
        yield (
            f"## {name}\n\n| | valid | usable | silent | kept | refused | median |\n"
            f"| --- | --: | --: | --: | --: | --: | --: |\n{body}"
        )


def _scored(row: dict[str, Any]) -> str:
    library = "unchanged" if row["library"] == "passthrough" else f"{row['library']} {row['version']}".strip()
    strong = "**" if row["library"] == "portable-llm" else ""
    columns = [
        f"{strong}{library}{strong}",
        f"{row['valid_pct']:.1f} %",
        f"{row['usable_pct']:.1f} %",
        f"{row['silent_widening']} / {row['silent_narrowing']}",
        f"{row['kept_acceptance_pct']:.1f} / {row['kept_rejection_pct']:.1f} %",
        f"{100 * row['raised'] / row['schemas']:.1f} %",
        f"{row['median_ms']:.3f} ms",
    ]
    return f"| {' | '.join(columns)} |\n"


if __name__ == "__main__":
    SIX_PAGE.write_text(six_page(), encoding="utf-8")
    COMPARED_PAGE.write_text(compared_page(), encoding="utf-8")
