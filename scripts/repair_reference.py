"""Writes `docs/reference/repairs.md` from the tables of the output engine: `python scripts/repair_reference.py`.

A test holds the committed page to what this writes; what texts become is read while it is written. Runs with the Python
of `.venv`.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re
from pathlib import Path
from typing import Any, NamedTuple, cast

from portable_llm import Invalid, Parsed
from portable_llm.output import ReadPolicy, _policy, read
from portable_llm.output._align_kinds import COERCIONS
from portable_llm.output._policy import policy_of
from portable_llm.output._repair_kinds import EXAMPLE_SCHEMAS, REPAIRS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "repairs.md"
WORDS = ("strict", "syntax", "align", "lenient")

HEAD = """\
# Repairs and policies

<!-- Written by scripts/repair_reference.py. -->

What `portable_llm.output.read` does to a text to get at its value, kind by kind, and the switches that allow it. Each
edit is a `Repair(stage, kind, location, before, after)` in the result; `location` counts characters of the text.

```python
from portable_llm.output import read

outcome = read("{'name': 'Ada', 'age': '36'}", {"properties": {"age": {"type": "integer"}}})
print(outcome.value, outcome.grade)
print(sorted({(repair.stage, repair.kind) for repair in outcome.repairs}))
```

```text
{'name': 'Ada', 'age': 36} aligned
[('align', 'number_from_text'), ('repair', 'quotes_replaced')]
```

An application that wants less refuses by grade, by kind, or beforehand by policy. On the command line: `portable-llm
repair FILE --explain`. Why the lines are drawn here: [Alignment](../explanation/alignment.md); sixty texts beside other
libraries: [Sixty hard texts](../explanation/hard-texts.md).

## Grades

| grade | the value |
| --- | --- |
| `exact` | is the text, read by a strict JSON parser |
| `syntax` | was found in the text or its syntax repaired; no value in it is another one |
| `aligned` | was brought to the schema, and everything written can still be read from it |
| `lossy` | was brought to the schema, and something is gone or was decided; only where a policy allows it |

A text can take a million edits. The first 10,000 of a value are listed one by one; the stretch with all behind them is
shown rewritten, once for each kind of edit in it, so the kinds are complete and their number is not.

A number larger than any float (`1e999`) is `Invalid` where a schema is given or it is the whole text. Within an object
or list read without a schema it is `inf`, as the strict parser reads it: looking at every number would cost more than
the parse.

The text is read without recursion, but the parsers that are tried first (`pydantic_core`, `json`) recurse: a thread
that reads needs a stack of at least 128 kB. Threads of Python have 8 MB on most systems.

Everything else is `Invalid`: the errors name their place in the value, `best_effort` is what could be read and is never
to be used as if it were valid.

## Policies

`policy` is one of four words or a `ReadPolicy`, which has a switch for each thing; `dataclasses.replace` and the fields
below make your own.
"""

CLIENT = """\
`Client.chat(output=…)` reads with `align` and `cut="refuse"`: an answer that breaks off is no value there, since what
is missing would go unnoticed. A name that stands twice leaves no trace in a text that is JSON otherwise, for the strict
parse comes first; `duplicate_keys="refuse"` looks for it.
"""

STAGES = """\
The stages come in this order, and each only where the one before did not do: the strict parse; `find`, what in the text
may be the value; `repair`, its syntax; `align`, towards the schema; last, the schema decides. What each example becomes
was read when this page was written.
"""

ALIGN_HEAD = """\
### `align`

`aligned` kinds are allowed by the policy `align`, `lossy` ones by `lenient`; `ReadPolicy(allow=…, refuse=…)` switches
each on its own, and `date_to_iso` has to be asked for (`dates=True`). The cost orders readings: the nearest wins, by a
margin.

| kind | grade | cost | example |
| --- | --- | --: | --- |
"""

REFUSED_HEAD = """\
## What is refused

Under the policy `align`. Where an answer would be a guess there is none.

| text | schema | what `read` says | why |
| --- | --- | --- | --- |
"""


class Refusal(NamedTuple):
    """A text that has no value, and why."""

    text: str
    why: str
    schema: dict[str, Any] | None = None


_NUMBER = {"type": "number"}
_AGE = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
_SIZE = {"enum": ["SMALL", "LARGE"]}
REFUSED = (
    Refusal("I cannot help with that.", "there is no value; a text is not made one"),
    Refusal('{"a": 12', "the next character could have been a digit"),
    Refusal("[true, fal", "a literal that broke off is none"),
    Refusal('{"a": , "b": 1}', "a value that is not there is not made up"),
    Refusal('{"a": NaN}', "JSON has no such number; `nan` allows it, or makes it null"),
    Refusal('{"a", "b"}', "a set has no values, and JSON no sets"),
    Refusal('["say "x", "y"]', "the quotes can be read in two ways"),
    Refusal('{"a": 1}\n{"a": 2}', "two answers; `choose` takes one or all"),
    Refusal('<think>maybe {"a": 1}', "a draft within the reasoning is not the answer"),
    Refusal("It returns {'a': 1} here.", "a sentence that mentions a value is not an answer"),
    Refusal('{"a": {"b": 1}}, "c": 2}', "the object closes before its members end"),
    Refusal("[" * 600, "deeper than 512 levels nobody writes by hand, and nobody reads"),
    Refusal("{}", "a required member is never filled", _AGE),
    Refusal('{"age": 3.7}', "rounding loses something; `integer_rounded` allows it", _AGE),
    Refusal('{"age": "about 30"}', "a number with a word around it is not that number", _AGE),
    Refusal('"1,234"', "a thousand and a bit, or one and a bit", _NUMBER),
    Refusal('"50%"', "50, or 0.5", _NUMBER),
    Refusal('"small or large"', "two answers", _SIZE),
    Refusal('"SMALL', "a cut text is no member of an enum, even if it looks like one", _SIZE),
    Refusal('"medium"', "no member is near it", _SIZE),
)


def page() -> str:
    """The whole page."""
    parts = [
        HEAD,
        _words(),
        _switches(),
        "## Kinds\n",
        STAGES,
        _kinds("find"),
        _kinds("repair"),
        _aligned(),
        _refused(),
    ]
    return "\n".join(parts)


def _words() -> str:
    """What each word stands for, in the switches in which they differ."""
    policies = {word: policy_of(cast("Any", word)) for word in WORDS}
    differing = [
        field.name
        for field in dataclasses.fields(ReadPolicy)
        if len({getattr(policy, field.name) for policy in policies.values()}) > 1
    ]
    rows = "".join(
        f"| `{word}` | " + " | ".join(f"`{getattr(policy, name)!r}`" for name in differing) + " |\n"
        for word, policy in policies.items()
    )
    head = "| | " + " | ".join(f"`{name}`" for name in differing) + " |\n"
    return f"{head}| --- |{' --- |' * len(differing)}\n{rows}"


def _switches() -> str:
    """Each field of `ReadPolicy` with its default and what its docstring says."""
    says = _docstrings(ReadPolicy)
    rows = "".join(
        f"| `{field.name}` | `{_default(field)}` | {says[field.name]} |\n" for field in dataclasses.fields(ReadPolicy)
    )
    return f"| switch | default | |\n| --- | --- | --- |\n{rows}\n{CLIENT}"


def _default(field: dataclasses.Field[Any]) -> str:
    return "frozenset()" if isinstance(field.default, frozenset) else repr(field.default)


def _docstrings(kind: type) -> dict[str, str]:
    """The strings below the fields of a class; for a field without one, that of the type it names."""
    body = cast("ast.ClassDef", ast.parse(inspect.getsource(kind)).body[0]).body
    found: dict[str, str] = {}
    for field, below in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            said = _said(below)
            found[field.target.id] = " ".join((said or _of_alias(ast.unparse(field.annotation))).split())
    return found


def _said(node: ast.AST) -> str:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return cast("Any", node).value.value if is_text else ""


def _of_alias(name: str) -> str:
    body = ast.parse(inspect.getsource(_policy)).body
    at = next(
        index
        for index, node in enumerate(body)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    )
    return _said(body[at + 1])


def _kinds(stage: str) -> str:
    rows = "".join(
        f"| `{kind}` | {row.meaning} | {code(row.example)} | {outcome_of(row.example, EXAMPLE_SCHEMAS.get(kind))} |\n"
        for kind, row in REPAIRS.items()
        if row.stage == stage
    )
    return f"### `{stage}`\n\n| kind | what | example | becomes |\n| --- | --- | --- | --- |\n{rows}"


def _aligned() -> str:
    return ALIGN_HEAD + "".join(
        f"| `{kind}` | {row.grade} | {row.cost} | {code(row.example)} |\n" for kind, row in COERCIONS.items()
    )


def _refused() -> str:
    rows = [
        f"| {code(_short(row.text))} | {code(json.dumps(row.schema)) if row.schema else ''} "
        f"| {outcome_of(row.text, row.schema)} | {row.why} |\n"
        for row in REFUSED
    ]
    return REFUSED_HEAD + "".join(rows)


def outcome_of(text: str, schema: dict[str, Any] | None) -> str:
    """What `read` makes of a text, for a cell of a table."""
    outcome = read(text, schema)
    if isinstance(outcome, Invalid):
        # What the parser says of its place changes from version to version of Python.
        said = re.sub(r"not JSON \([^()]*(?:\([^()]*\))?\)", "not JSON", outcome.errors[0])
        return f"`Invalid`: {_escaped(said)}"
    assert isinstance(outcome, Parsed)
    return code(json.dumps(outcome.value, ensure_ascii=False))


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:20]}… ({len(text)} of them)"


def code(text: str) -> str:
    """A text as code in a cell of a table: in one line, its backticks and bars kept."""
    shown = text.replace("\n", "↵").replace("\ufeff", "U+FEFF ").replace("|", "\\|")
    longest = max((len(run) for run in _runs(shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _runs(text: str) -> list[str]:
    return [run for run in "".join(char if char == "`" else " " for char in text).split() if run]


def _escaped(text: str) -> str:
    for char in "\\|<>[]*_`":
        text = text.replace(char, "\\" + char)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
