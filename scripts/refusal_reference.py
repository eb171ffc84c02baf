"""Writes `docs/reference/refusals.md` from the table of signals: `python scripts/refusal_reference.py`.

A test holds the committed page to what this writes. Runs with the Python of `.venv`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from portable_llm._response import RefusalCategory, RefusalKind, RefusalSource
from portable_llm.refusal import HARMS, SIGNALS, WORDS, Signal

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "refusals.md"

KINDS: dict[RefusalKind, str] = {
    "hard": "typed by the provider: a finish reason, a field, a block, an error code",
    "soft": "said in plain words, by the verdict of a classifier; `probability` says how sure it is",
    "empty": "no text, no call, no reason; the evidence holds what is known (tokens, reasoning only, cut before text)",
}

SOURCES: dict[RefusalSource, str] = {
    "model": "the model itself",
    "input_filter": "a filter on what was sent",
    "output_filter": "a filter on what the model wrote",
    "provider_policy": "a rule of the provider's, beside its filters",
}

CATEGORIES: dict[RefusalCategory, str] = {
    "violence": "harm to people or animals, weapons",
    "hate": "hate, harassment, insults",
    "sexual": "sexual content, minors included",
    "self_harm": "suicide and self-injury",
    "illegal": "crime, and what filters call dangerous or illicit",
    "cyber": "attacks on computers",
    "bio_chem": "biological and chemical weapons",
    "privacy": "personal data",
    "copyright": "protected works and code",
    "reasoning_extraction": "asking for hidden reasoning",
    "prompt_attack": "jailbreaks, injected instructions",
    "recitation": "the answer repeated its training data",
    "language": "a language that is not supported",
    "capability": "the model cannot do it (no browsing, no files)",
    "out_of_scope": "not what this assistant is for; a topic the operator denies",
    "other": "a reason that has no word here; see `raw_category`",
    "unspecified": "no reason was given",
}

HEAD = """\
# Refusals

<!-- Written by scripts/refusal_reference.py. -->

What `response.refusal` can say, and what it is read from. How to act on it:
[Handle refusals](../how-to/handle-refusals.md).
"""

FIELDS = """\
## Fields

| field | meaning |
| --- | --- |
| `kind`, `source`, `category` | see below |
| `raw_category` | the provider's own word for the category; several are joined by commas |
| `text` | the words of refusal, where there are any |
| `evidence` | what was seen, as `place=word`; of a soft refusal the words that say so |
| `is_retryable` | the same request may be answered when it is sent again. The library never does that by itself |
| `is_billed` | it costs: by the provider's rule, else `True` where output tokens were counted; `None`: not known |
| `is_withdrawn` | the provider takes back the text that came before: show it no longer, keep it out of the history |
| `is_partial` | one part was declined and the rest answered (soft refusals only) |
| `probability` | how sure the classifier of a soft refusal is |
"""

SIGNALS_HEAD = """\
## Signals

Every typed signal that is read, whole or streamed. `*` is any word (of a finish reason: any other that means a filter);
another word at a place without `*` is no refusal. A category named beside the word, by a filter's report or a rating,
comes before the one in the table. `again`: sending it again can help; `withdrawn`: text that came before is taken back;
`billed`: it costs all the same.
"""


def page() -> str:
    """The whole page."""
    sections = [HEAD, FIELDS, *_vocabulary(), SIGNALS_HEAD]
    sections += [_table_of(wire) for wire in sorted({signal.wire for signal in SIGNALS})]
    return "\n".join(sections)


def _vocabulary() -> Iterator[str]:
    yield _listed("Kinds", "kind", {kind: KINDS[kind] for kind in get_args(RefusalKind)})
    yield _listed("Sources", "source", {source: SOURCES[source] for source in get_args(RefusalSource)})
    meanings = {
        category: CATEGORIES[category] + (" †" if category in HARMS else "") for category in get_args(RefusalCategory)
    }
    note = "\n† A safety policy: a refusal for one of these is never answered with a `clarification`.\n"
    yield _listed("Categories", "category", meanings) + note


def _listed(title: str, column: str, rows: dict[str, str]) -> str:
    lines = "".join(f"| `{name}` | {meaning} |\n" for name, meaning in rows.items())
    return f"## {title}\n\n| {column} | meaning |\n| --- | --- |\n{lines}"


def _table_of(wire: str) -> str:
    rows = "".join(_row(signal) for signal in SIGNALS if signal.wire == wire)
    words = ", ".join(f"`{word}` {category}" for word, category in WORDS.get(wire, {}).items())
    named = f"Words for a category: {words}. Others are `other`." if words else "It names no categories."
    return (
        f"### `{wire}`\n\n| place | word | source | category | | fact |\n| --- | --- | --- | --- | --- | --- |\n{rows}"
        f"\n{named}\n"
    )


def _row(signal: Signal) -> str:
    marks = [("again", signal.is_retryable), ("withdrawn", signal.withdraws), ("billed", signal.is_billed)]
    shown = ", ".join(name for name, is_set in marks if is_set)
    return (
        f"| `{signal.place}` | `{signal.word}` | `{signal.source}` | `{signal.category}` | {shown} | {signal.fact} |\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
