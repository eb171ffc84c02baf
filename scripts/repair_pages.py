"""Writes `docs/explanation/hard-texts.md`: `python scripts/repair_pages.py`.

The texts are those of `benchmarks/hard_texts.py`, what other libraries returned is stored in
`benchmarks/results/hard_texts.json`, and what this library returns is read while the page is written. A test holds the
committed page to what this writes. Runs with the Python of `.venv`.
"""

from __future__ import annotations

import html
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from portable_llm import Parsed
from portable_llm.output import read

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "explanation" / "hard-texts.md"
STORED = ROOT / "benchmarks" / "results" / "hard_texts.json"
sys.path.insert(0, str(ROOT / "benchmarks"))

from hard_texts import CASES, NO_VALUE, Hard  # noqa: E402

OURS = "portable-llm"
Verdict = Literal["right", "gave up", "wrong", "schema unknown", "not asked"]
TAKES_SCHEMA = {OURS: "yes", "json_repair": "yes", "baml-py": "only"}
SHOWN = 220

HEAD = """\
# Sixty hard texts

<!-- Written by scripts/repair_pages.py. -->

What models write when they were asked for JSON, in sixty texts of our own that are hard to read: what this library
makes of each and why, and what other libraries make of it. What is wanted from a text was written down before any
library was run: the value that a careful person takes from it, or *no value* where two careful people would differ or
nothing is there. Where another reading can be defended, it counts as right for everyone.

- **right**: what was wanted.
- **gave up**: no value, though there is one. It costs a call, and everybody knows.
- **wrong**: another value than the text has, or a value where there is none. Nobody knows.
- **schema unknown**: another value, from a library that takes no schema and so could not know better. Not counted.

| library | version | takes a schema | right, of {plain} without | right, of {schema} with a schema | gave up | wrong |
| --- | --- | --- | --: | --: | --: | --: |
{rows}

Run on {date}, each library in a process of its own, called as its documentation says (`benchmarks/peer_repair.py`,
`benchmarks/peer_repair.mjs`); again with `benchmarks/collect_repairs.py`. To be fair to them: `langchain-core`,
`instructor` and `litellm` mean to take JSON out of its wrapping and no more. `partial-json-parser`,
`best-effort-json-parser` and `ai` are made for streams, where half a value is better than none; what they return for a
text that breaks off is meant to be shown and not to be acted on. BAML reads by a type, so it was asked only where there
is a schema. And the texts are ours: what we thought of when we built it, we are good at. How it does on texts of other
people, and how fast: [Reading answers compared](repair-compared.md).

This library's column is checked by a test with every change. The policy is `align`, the default.
"""


class Answer(NamedTuple):
    """What one library returned for one text."""

    library: str
    value: Any
    """`NO_VALUE` for none."""
    verdict: Verdict
    note: str = ""


def page() -> str:
    """The whole page."""
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    answers = [answers_to(index, case, stored["libraries"]) for index, case in enumerate(CASES)]
    rows = "\n".join(_rows(stored["libraries"], answers))
    plain = sum(case.schema is None for case in CASES)
    head = HEAD.format(plain=plain, schema=len(CASES) - plain, rows=rows, date=stored["date"])
    return head + "\n" + "\n".join(_sections(answers))


def answers_to(index: int, case: Hard, libraries: Sequence[dict[str, Any]]) -> list[Answer]:
    """What this library makes of a text, then the others."""
    return [ours(case), *(_stored(case, library["library"], library["answers"][index]) for library in libraries)]


def ours(case: Hard) -> Answer:
    """What this library makes of a text, and by which edits."""
    outcome = read(case.text, case.schema)
    if isinstance(outcome, Parsed):
        kinds = dict.fromkeys(repair.kind for repair in outcome.repairs)
        note = ", ".join([outcome.grade, *(f"`{kind}`" for kind in kinds)])
        return Answer(OURS, outcome.value, verdict(case, outcome.value), note)
    return Answer(OURS, NO_VALUE, verdict(case, NO_VALUE), _plain(outcome.errors[0].partition(": not JSON (")[0]))


def _plain(error: str) -> str:
    return "" if error == "/" else html.escape(error, quote=False)


def _stored(case: Hard, library: str, answer: dict[str, Any]) -> Answer:
    if "void" in answer:
        return Answer(library, NO_VALUE, "not asked")
    value = json.loads(answer["value"]) if "value" in answer else NO_VALUE
    found = verdict(case, value)
    is_blind = found == "wrong" and case.schema is not None and library not in TAKES_SCHEMA
    return Answer(library, value, "schema unknown" if is_blind else found)


def verdict(case: Hard, value: Any) -> Verdict:
    """What a value is worth, beside what is wanted from the text."""
    if any(is_same(value, wanted) for wanted in (case.wanted, *case.also)):
        return "right"
    return "gave up" if value is NO_VALUE else "wrong"


def is_same(left: Any, right: Any) -> bool:
    """Equal as JSON: the order of names is none, true is not 1, and 1 is 1.0."""
    return _key(left) == _key(right)


def _key(value: Any) -> str:
    return "" if value is NO_VALUE else json.dumps(_normal(value), sort_keys=True)


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _normal(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_normal(item) for item in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _rows(libraries: Sequence[dict[str, Any]], answers: Sequence[Sequence[Answer]]) -> Iterator[str]:
    about = {library["library"]: library for library in libraries}
    names = [OURS, *about]
    counts = {name: _counted(name, answers) for name in names}
    for name in sorted(names, key=lambda name: (-counts[name]["plain"] - counts[name]["schema"], name)):
        count = counts[name]
        bold = "**" if name == OURS else ""
        version = f"{about[name]['version']} ({about[name]['registry']})" if name in about else "this one"
        plain = "" if TAKES_SCHEMA.get(name) == "only" else count["plain"]
        yield (
            f"| {bold}{name}{bold} | {version} | {TAKES_SCHEMA.get(name, '')} | {plain} | {count['schema']} "
            f"| {count['gave up']} | {count['wrong']} |"
        )


def _counted(name: str, answers: Sequence[Sequence[Answer]]) -> dict[str, int]:
    count = dict.fromkeys(["plain", "schema", "gave up", "wrong", "schema unknown", "not asked"], 0)
    for case, given in zip(CASES, answers, strict=True):
        found = next(answer.verdict for answer in given if answer.library == name)
        key = found if found != "right" else "plain" if case.schema is None else "schema"
        count[key] += 1
    return count


# ---------------------------------------------------------------- one text


def _sections(answers: Sequence[Sequence[Answer]]) -> Iterator[str]:
    group = ""
    for number, (case, given) in enumerate(zip(CASES, answers, strict=True), 1):
        if case.group != group:
            group = case.group
            yield f"## {group}\n"
        yield _section(number, case, given)


def _section(number: int, case: Hard, given: Sequence[Answer]) -> str:
    schema = f"Schema: {code(json.dumps(case.schema))}\n\n" if case.schema else ""
    wanted = "no value" if case.wanted is NO_VALUE else code(shown(case.wanted))
    also = "".join(f" or {'no value' if value is NO_VALUE else code(shown(value))}" for value in case.also)
    return (
        f"### {number}. {case.title}\n\n~~~~text\n{case.text}\n~~~~\n\n{schema}"
        f"Wanted: {wanted}{also}. {case.why}\n\n| | what comes back | from |\n| --- | --- | --- |\n"
        + "".join(_grouped(given))
    )


def _grouped(given: Sequence[Answer]) -> Iterator[str]:
    """One row for each thing that came back, with those that returned it; this library first."""
    groups: dict[str, list[Answer]] = {}
    for answer in given:
        if answer.verdict != "not asked":
            groups.setdefault(_key(answer.value), []).append(answer)
    for answers in groups.values():
        first = answers[0]
        value = "no value" if first.value is NO_VALUE else code(shown(first.value))
        yield f"| {first.verdict} | {value} | {', '.join(map(_named, answers))} |\n"


def _named(answer: Answer) -> str:
    if answer.library != OURS:
        return answer.library
    return f"**{OURS}**" + (f" ({answer.note})" if answer.note else "")


def shown(value: Any) -> str:
    """A value as JSON, its middle left out where it is long."""
    text = _brief(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 60]} … {text[-60:]}"


def _brief(value: Any) -> str:
    if isinstance(value, int) and abs(value) > 10**100:
        return f"{str(value)[:3]}… ({len(str(value))} digits)"
    if isinstance(value, dict):
        members = (
            f"{json.dumps(key, ensure_ascii=False)}: {_brief(item)}"
            for key, item in cast("dict[str, Any]", value).items()
        )
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_brief, cast("list[Any]", value))) + "]"
    return json.dumps(value, ensure_ascii=False)


def code(text: str) -> str:
    """A text as code in a cell; what would end the code or the cell is written as an entity."""
    if not any(char in text for char in "`|"):
        return f"`{text}`"
    escaped = html.escape(text, quote=False)
    for char in "`|*_\\[]{}~":
        escaped = escaped.replace(char, f"&#{ord(char)};")
    return f"<code>{escaped}</code>"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
