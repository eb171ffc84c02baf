"""Writes the page on how much the form of a prompt matters to two small models: `python scripts/prompt_spread.py`.

Starts both local engines (groups `engine` and `gemma`), compares them on the axis `prompt`, keeps the figures in
`benchmarks/results/prompt_spread.json` and writes `docs/explanation/prompt-forms.md` from them. `--page` only writes
the page. Takes some ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine import QUESTION_TEMPLATE, Engine, gemma_file
from portable_llm.conformance.comparison import compare, execute
from portable_llm.conformance.spread import spreads
from portable_llm.providers._target import Keyring, load_settings

CHECKOUT = Path(__file__).resolve().parent.parent
RESULTS = CHECKOUT / "benchmarks" / "results" / "prompt_spread.json"
PAGE = CHECKOUT / "docs" / "explanation" / "prompt-forms.md"

TEXT = """\
# How much the form of a prompt matters

<!-- Written by scripts/prompt_spread.py. -->

The axis `prompt` of the conformance suite asks each of its eleven tasks as plain text, as Markdown, with XML tags and
as JSON. The four are drawn alike: the same facts, the same question, the same answer. So the spread between them is the
form's and nothing else's. Chance alone makes a spread too; how large, exchanging the forms within each task
shows.

Measured on {day} with two small models on a local engine at temperature 0; instances of each task: {instances}, trials
of each instance: {trials}.

| model | {heads} | spread | by chance | p |
|---|{rule}---:|---:|---:|
{rows}

Pass rates in per cent. {verdict}

These models are far smaller than what you will use: take the method from here and not the figures. To measure yours:

```bash
portable-llm conformance run provider:model-a provider:model-b --axes prompt --depth quick --out forms
portable-llm conformance spread forms
```

What to do about a spread: [adapt the prompt](../how-to/adapt-a-prompt.md) on your own cases.
"""


def measure(depth: str, trials: int) -> dict[str, Any]:
    """Both models on the axis, each on an engine of its own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Engine() as one,
        Engine(model=gemma_file(Path(folder)), template=QUESTION_TEMPLATE, alias="gemma3-270m") as two,
    ):
        a, b = (f"compatible:{engine.model}@{engine.url}/v1" for engine in (one, two))
        comparison = compare(a, b, settings=load_settings(environ={}), depth=depth, trials=trials, axes=("prompt",))
        progress, report = execute(comparison, Path(folder) / "run", keys=Keyring())
        if progress.stopped is not None or progress.failed:
            raise SystemExit(f"stopped: {progress}")
    decoded = json.loads(report)
    names = {"a": "SmolLM2-135M-Instruct", "b": "Gemma 3 270M (base)"}
    lanes = {"a": "home", "b": "norm"}
    found = [one for one in spreads(decoded["cases"]) if lanes[one.arm] == one.lane]
    return {
        "day": datetime.now(UTC).date().isoformat(),
        "suite": decoded["suite"]["id"],
        "trials": trials,
        "instances": 1 if depth == "quick" else 2,
        "models": [{"model": names[one.arm], **one.to_json()} for one in found],
    }


def page(results: dict[str, Any]) -> str:
    """The page of these figures."""
    dialects = sorted(results["models"][0]["rates"])
    rows = [
        f"| {one['model']} | "
        + " | ".join(f"{100 * one['rates'][dialect]:.1f}" for dialect in dialects)
        + f" | {100 * one['spread']:.1f} | {100 * one['by_chance']:.1f} | {one['p_value']:.3f} |"
        for one in results["models"]
    ]
    shown = [one["model"] for one in results["models"] if one["p_value"] < 0.05]
    verdict = (
        f"The spread is larger than chance makes it (p < .05) for {' and '.join(shown)}."
        if shown
        else "Nowhere is the spread larger than chance makes it (p < .05)."
    )
    floored = [one["model"] for one in results["models"] if not any(one["rates"].values())]
    if floored:
        verdict += (
            f" {' and '.join(floored)} passes none of the tasks in any form: at that floor no spread can be seen."
        )
    return TEXT.format(
        day=results["day"],
        trials=results["trials"],
        instances=results["instances"],
        heads=" | ".join(dialects),
        rule="---:|" * len(dialects),
        rows="\n".join(rows),
        verdict=verdict,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", action="store_true", help="only write the page")
    parser.add_argument("--depth", choices=("quick", "standard"), default="standard")
    parser.add_argument("--trials", type=int, default=1)
    options = parser.parse_args()
    if not options.page:
        RESULTS.write_text(json.dumps(measure(options.depth, options.trials), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(json.loads(RESULTS.read_text("utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
