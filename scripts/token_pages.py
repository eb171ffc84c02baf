"""Judges token counts by recorded usage figures and writes the page: `python scripts/token_pages.py`.

    python scripts/token_pages.py            # benchmarks/results/tokens.json and docs/reference/token-counts.md
    python scripts/token_pages.py --page     # the page again from the stored results; needs no data
    python scripts/token_pages.py --misses   # recordings outside of their bounds, to read

A recording is judged if it is in the half that bounds were not set on (`Recorded.is_held_out`). Equal
recordings (model, texts and figure the same) count once, or a project that recorded one test in twenty variants would
decide. Needs `bpe-openai` for exact counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "scripts"), str(ROOT / "benchmarks")]

from portable_llm import provider_names  # noqa: E402
from portable_llm._capabilities import Capabilities  # noqa: E402
from portable_llm.providers import provider  # noqa: E402
from portable_llm.providers._tokenizers import tokenizer_fact  # noqa: E402
from portable_llm.tokens import TokenCount, count_request, tokenizer_names  # noqa: E402
from portable_llm.tokens._estimate import estimator  # noqa: E402
from portable_llm.tokens._features import SCRIPTS  # noqa: E402
from portable_llm.tokens._tokenizers import tokenizer  # noqa: E402
from portable_llm.wire import wire_format  # noqa: E402
from token_counts.traffic import Recorded, recorded  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "tokens.json"
PAGE = ROOT / "docs" / "reference" / "token-counts.md"
ESTIMATES = ROOT / "src" / "portable_llm" / "tokens" / "estimates.json"
DATE = "2026-11-24"
KINDS = {
    "text": "text only",
    "tools": "with tools, or calls in the history",
    "output": "with a schema for the answer",
    "media": "with images, documents or sound",
}
PROVIDER_OF_PROTOCOL = {
    "anthropic-messages": "anthropic",
    "azure-openai": "azure",
    "bedrock-converse": "bedrock",
    "bedrock-converse-stream": "bedrock",
    "cohere": "cohere",
    "gemini": "google",
    "mistral": "mistral",
    "ollama": "ollama",
    "openai-chat": "openai",
    "openai-responses": "openai-responses",
    "vertex-gemini": "vertex",
}


@dataclass(frozen=True, slots=True)
class Judged:
    row: Recorded
    count: TokenCount

    @property
    def error(self) -> float:
        return abs(self.count.tokens - self.row.input_tokens) / self.row.input_tokens

    @property
    def is_inside(self) -> bool:
        return self.count.low <= self.row.input_tokens <= self.count.high


def capabilities(row: Recorded) -> Capabilities:
    """What the catalogue says of the model where it was recorded; only its name, for a host without a row."""
    name = PROVIDER_OF_PROTOCOL.get(row.protocol) or row.protocol.partition(":")[2]
    if name in provider_names():
        known = provider(name)
        return known.capabilities_of(row.model, wire_format(known.wire).CAPABILITIES)
    fact = tokenizer_fact(row.model, row.wire)
    return Capabilities(facts={"tokenizer": fact} if fact else {})


def judged(data: Path) -> Iterator[Judged]:
    seen: set[tuple[str, str, int, int]] = set()
    for row in recorded(data):
        if not row.is_held_out or row.kind not in KINDS:
            continue
        count = count_request(row.request, capabilities(row))
        key = (row.protocol, row.model, row.input_tokens, count.tokens)
        if key not in seen:
            seen.add(key)
            yield Judged(row, count)


def figures(rows: Sequence[Judged]) -> dict[str, Any]:
    return {
        "requests": len(rows),
        "median_error": round(statistics.median(row.error for row in rows), 4),
        "inside": round(sum(row.is_inside for row in rows) / len(rows), 3),
        "held": round(sum(row.row.input_tokens <= row.count.high for row in rows) / len(rows), 3),
        "width": round(statistics.median((row.count.high - row.count.low) / row.row.input_tokens for row in rows), 3),
    }


def results(data: Path) -> dict[str, Any]:
    rows = list(judged(data))
    found: dict[str, Any] = {"date": DATE, "script": "scripts/token_pages.py", "kinds": {}}
    for kind in KINDS:
        of_kind = [row for row in rows if row.row.kind == kind]
        by_vendor: dict[str, list[Judged]] = defaultdict(list)
        by_tokenizer: dict[str, list[Judged]] = defaultdict(list)
        for row in of_kind:
            by_vendor[f"{row.row.vendor}|{row.count.method}"].append(row)
            by_tokenizer[f"{row.count.tokenizer}|{row.count.method}"].append(row)
        found["kinds"][kind] = {
            "vendors": {name: figures(group) for name, group in sorted(by_vendor.items())},
            "tokenizers": {name: figures(group) for name, group in sorted(by_tokenizer.items())},
            "methods": {
                method: figures(group)
                for method in ("exact", "estimated")
                if (group := [row for row in of_kind if row.count.method == method])
            },
        }
    return found


# ---- the page --------------------------------------------------------------------------------------------------------

HEAD = f"""\
# Token counts

<!-- Written by scripts/token_pages.py. -->

How far the counts of `plan(...).tokens` are from what vendors billed, measured on {DATE} on one half of the
recorded traffic. Equal recordings count once. What the chat formats add was read off recordings: for plain text, and
for OpenAI's tools, off both halves (the halves were parted later), so those rows are no blind test of the few whole
numbers behind them; for all else off the other half only. The weights of the estimator never saw a usage figure, but
for the one factor of Claude. *Error* is the median of the distance from the
vendor's own figure; *inside* is the share of requests whose figure lies between `low` and `high`; *not over* the share
whose figure is at most `high`, which is what `max_input_tokens` and `max_cost` rely on; *width* is the median distance
between the two bounds, as a share of the figure.

Text only, at least 95 % lie inside. With tools, schemas and media the formats are only partly known, and fewer do:
where a limit must hold, have the provider count.

Exact means: the vocabulary is public and lies on this machine, and the format around the texts is known. An exact count
has no width, so a request counts as inside only where the count is the vendor's to the token. What it misses are fields
that nobody documents, the names of speakers for instance.
"""


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    numbers = 0 if head[-1] == "what the format adds" else len(head) - 2
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * (len(head) - numbers)}{'---:|' * numbers}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def numbers_of(of: Mapping[str, Any]) -> tuple[str, ...]:
    shares = ("median_error", "inside", "held", "width")
    return (str(of["requests"]), *(percent(of[name]) for name in shares))


def figure_rows(groups: Mapping[str, Mapping[str, Any]], least: int) -> Iterator[Sequence[str]]:
    for name, of in groups.items():
        if of["requests"] >= least:
            who, _, method = name.partition("|")
            yield (who, method, *numbers_of(of))


def overview(stored: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for kind, title in KINDS.items():
        for method, of in stored["kinds"][kind]["methods"].items():
            yield (title, method, *numbers_of(of))


def bound_rows(families: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for name, row in sorted(families.items()):
        yield (name, *(f"{100 * row['shares'][group]:.0f}" for group in SCRIPTS), f"{row['spread']:.2f}")


def held_rows(families: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for name, row in sorted(families.items()):
        if held := row.get("held_out"):
            numbers = (str(held["texts"]), percent(held["inside"]), str(held["rare_languages"]))
            yield (name, "its own vocabulary", *numbers, percent(held["inside_rare"]))


def tokenizer_rows() -> Iterator[Sequence[str]]:
    for name in tokenizer_names():
        known = tokenizer(name)
        exact = f"exact with the vocabulary {known.table}, else " if known.table else ""
        yield (f"`{name}`", f"{exact}estimated: {estimator(known.family).source}", known.format.source)


COLUMNS = ("", "method", "requests", "error", "inside", "not over", "width")
BOUNDS = """\
## The estimator's bounds

An estimate of a text is off by at most so many percent of its tokens, by script, and by the last column times the root
of its tokens on top: a short text is a matter of luck, and luck evens out. They were set on texts that had no part in
the fit (`scripts/calibrate_tokens.py`). Where a family's vocabulary is not public, its weights are those of a neighbour
times a factor, and its bounds are wider for it.
"""
HELD = """\
Whether the bounds hold was checked on a third part of the texts, which neither fitted nor set them: 95 % is promised
for the languages that most people write. In the long tail of languages (Breton, Ossetian, Uyghur, …) it does **not**
hold: there, ask the provider (`client.count_tokens`). Nor does it hold for texts full of invented names, which may have
some 5 % more tokens than `high`, and for bytes written as base64, which may have half as many again.
"""
TOKENIZERS = """\
## Tokenizers

The names a provider's row may point at (`facts.tokenizer` in a file of your own): the tokenizer, then the chat format
and the rule for images if they are not the usual ones. `file:PATH` names a `tokenizer.json`.
"""


def write(stored: Mapping[str, Any]) -> None:
    families = json.loads(ESTIMATES.read_text(encoding="utf-8"))["families"]
    text = stored["kinds"]["text"]
    parts = [
        HEAD,
        table(COLUMNS, overview(stored)),
        "\n## Text only, by vendor\n",
        "The vendor is who answered; hosts with fewer than five different requests are in the figures above.\n",
        table(("vendor", *COLUMNS[1:]), figure_rows(text["vendors"], 5)),
        "\n## By tokenizer\n",
        *(
            f"{title[0].upper()}{title[1:]}:\n\n"
            + table(("tokenizer", *COLUMNS[1:]), figure_rows(stored["kinds"][kind]["tokenizers"], 5))
            + "\n"
            for kind, title in KINDS.items()
        ),
        BOUNDS,
        table(("family", *SCRIPTS, "× √tokens"), bound_rows(families)),
        "",
        HELD,
        table(("family", "against", "texts", "inside", "texts, rare", "inside, rare"), held_rows(families)),
        "",
        TOKENIZERS,
        table(("name", "counted by", "what the format adds"), tokenizer_rows()),
        "",
    ]
    PAGE.write_text("\n".join(parts), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--page", action="store_true", help="write the page from the stored results")
    parser.add_argument("--misses", action="store_true", help="print recordings outside of their bounds")
    options = parser.parse_args()
    if options.misses:
        for one in judged(options.data):
            if not one.is_inside:
                print(one.row.kind, one.row.id, one.row.model, one.row.input_tokens, one.count)
        return
    if not options.page:
        RESULTS.write_text(json.dumps(results(options.data), indent=1) + "\n", encoding="utf-8")
    write(json.loads(RESULTS.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
