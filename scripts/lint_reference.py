"""Writes `docs/reference/prompt-lint.md` from the rules and their measured figures: `python scripts/lint_reference.py`.

A test holds the committed page to what this writes. Runs with the Python of `.venv`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lint_report import PARTS, RESULTS
from portable_llm.prompt.lint import RULES, Rule

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "prompt-lint.md"

HEAD = """\
# Prompt lint

<!-- Written by scripts/lint_reference.py. -->

`portable-llm prompt lint` says what ties a prompt to one vendor's models, and what to do about it. It reads any text
file: plain, Markdown with front matter, templates, YAML with prompts in it. Nothing is sent anywhere.

```console
$ portable-llm prompt lint prompts/refund.md
prompts/refund.md:3:1: warning step-by-step: the model is told to think in its visible text, or how to think
    Let's think step by step
    matters for models that reason by themselves; leave it out where the model reasons by itself …
$ portable-llm prompt lint 'prompts/**/*.md' --model openai:gpt-6-luna --fail-on error
```

- `--model`: what is known of the model silences rules that do not concern it. What is only assumed silences nothing.
- `--format json` and `--format sarif` are for machines; code hosts show SARIF beside the lines.
- The exit code is 1 when something reaches `--fail-on` (default `warning`), else 0.

```python
from portable_llm.prompt.lint import lint

for finding in lint("You are ChatGPT.\\n\\nRespond only with JSON."):
    print(finding.line, finding.severity, finding.rule)
```

```text
1 warning model-identity
3 warning json-by-prompt
```

## Accept a finding

A mark in the text, with the rule and a reason, accepts findings in its own line and in the next one that is not blank;
`lint: ignore-file` accepts them in the whole text. Any comment will do.

```md
<!-- lint: ignore step-by-step the small model needs it -->
Let's think step by step.
```

A mark without a reason, or with a rule that does not exist, accepts nothing and is itself a finding (`lint-mark`). A
comment stays in the text: unless something takes it off, the model reads it.

## How good it is

Measured on {total} prompts of {repositories} public repositories, read and labelled one by one; how, and
from where they are, stands in `tests/prompt/lint_corpus` of the repository. *Precision* is the share of findings that
the reader agreed with, *recall* the share of what the reader saw that was found.

{parts}
The parts `dev` and `held_out` were labelled by the one who then wrote the rules, and the rules were corrected after
their first runs on `fresh` and `picked`. **Expect the row of both first runs on your prompts**: it was measured on
texts that neither the rules nor their author had seen.

{rules}
A dash: too little in the corpus to say. That holds for the rules at the end of the table, so take them as a hint. All
rules read English; only `step-by-step` and the tokens know other languages.
"""


def page() -> str:
    """The whole page."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    head = HEAD.replace("{total}", str(sum(results["prompts"].values())))
    head = head.replace("{repositories}", str(results["repositories"]))
    head = head.replace("{parts}", _parts(results)).replace("{rules}", _rules(results["figures"]["whole"]))
    return "\n".join([head, "## Rules\n", *(_section(rule) for rule in RULES)])


def _parts(results: dict[str, Any]) -> str:
    rows = [
        _part(f"`{part}`, first run", results["prompts"][part], figures["all rules"])
        for part, figures in results["first_runs"].items()
    ]
    rows.append(_part("both first runs", *_together(results)))
    rows += [_part(f"`{part}`", results["prompts"][part], results["figures"][part]["all rules"]) for part in PARTS]
    head = "| part | prompts | findings | precision | labels | recall |\n| --- | --- | --- | --- | --- | --- |\n"
    return head + "".join(rows)


def _together(results: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    firsts = [figures["all rules"] for figures in results["first_runs"].values()]
    row = {name: sum(first[name] for first in firsts) for name in ("findings", "right", "labels", "found")}
    row |= {"precision": row["right"] / row["findings"], "recall": row["found"] / row["labels"]}
    return sum(results["prompts"][part] for part in results["first_runs"]), row


def _part(name: str, prompts: int, row: dict[str, Any]) -> str:
    return (
        f"| {name} | {prompts} | {row['findings']} | {_share(row['precision'])} | {row['labels']} "
        f"| {_share(row['recall'])} |\n"
    )


def _rules(figures: dict[str, Any]) -> str:
    head = "| rule | severity | findings | precision | labels | recall |\n| --- | --- | --- | --- | --- | --- |\n"
    ranked = sorted(RULES, key=lambda rule: -figures[rule.id]["labels"])
    return head + "".join(_rule(rule, figures[rule.id]) for rule in ranked)


def _rule(rule: Rule, row: dict[str, Any]) -> str:
    enough = row["labels"] >= 5
    precision, recall = (_share(row[name]) if enough else "–" for name in ("precision", "recall"))
    link = f"[`{rule.id}`](#{rule.id})"
    return f"| {link} | {rule.severity} | {row['findings']} | {precision} | {row['labels']} | {recall} |\n"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _section(rule: Rule) -> str:
    return "\n".join(_lines(rule))


def _lines(rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}\n"
    yield f"{rule.message[0].upper()}{rule.message[1:]}. {rule.why}\n"
    yield f"Matters for {rule.matters_for}. Remedy: {rule.remedy}.\n"
    yield f'```md title="found"\n{rule.bad}\n```\n'
    yield f'```md title="not found"\n{rule.good}\n```\n'


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
