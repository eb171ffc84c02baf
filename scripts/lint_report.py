"""Measures the lint of prompts on the labelled corpus: `python scripts/lint_report.py --texts DIR`.

`DIR` holds the texts in files named by their SHA-256; they belong to their authors and are not kept in the repository.
Writes `benchmarks/results/prompt_lint.json`: every finding with its place, the digest of the rules that made them, and
the figures. Without `--texts` it only writes the figures anew from the findings that are recorded there.
`--show PART` prints what disagrees with the labels.

A finding agrees with a label of its rule when its line lies within the label's lines. Findings that meet only labels
marked `?` count for nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portable_llm.prompt.lint import lint, rule_ids

CHECKOUT = Path(__file__).resolve().parent.parent
LABELS = CHECKOUT / "tests" / "prompt" / "lint_corpus" / "labels.jsonl"
RESULTS = CHECKOUT / "benchmarks" / "results" / "prompt_lint.json"
ROOM = CHECKOUT / "src" / "portable_llm" / "prompt" / "lint"
PARTS = ("dev", "held_out", "fresh", "picked")


@dataclass(frozen=True, slots=True)
class Label:
    """What a reader saw: lines `first` to `last`; unsure ones count for nothing."""

    rule: str
    first: int
    last: int
    is_unsure: bool

    def holds(self, rule: str, line: int) -> bool:
        return rule == self.rule and self.first <= line <= self.last


@dataclass(slots=True)
class Score:
    """Counts of one rule on one part."""

    right: int = 0
    wrong: int = 0
    found: int = 0
    labels: int = 0

    def add(self, other: Score) -> None:
        self.right += other.right
        self.wrong += other.wrong
        self.found += other.found
        self.labels += other.labels

    def to_json(self) -> dict[str, Any]:
        findings = self.right + self.wrong
        return {
            "findings": findings,
            "right": self.right,
            "precision": round(self.right / findings, 4) if findings else None,
            "labels": self.labels,
            "found": self.found,
            "recall": round(self.found / self.labels, 4) if self.labels else None,
        }


def corpus() -> list[dict[str, Any]]:
    """The prompts with their labels, without their texts."""
    return [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]


def labels_of(prompt: dict[str, Any]) -> list[Label]:
    return [Label(rule, first, last, bool(rest)) for rule, first, last, *rest in prompt["labels"]]


def rules_digest() -> str:
    """Changes whenever a rule, or what rules see of a text, does; not with comments and white space."""
    digest = hashlib.sha256()
    for path in sorted(ROOM.glob("*.py")):
        lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
        code = "".join("".join(line.split()) for line in lines if not line.startswith("#"))
        digest.update(f"{path.name}\0{code}\0".encode())
    return digest.hexdigest()[:16]


def findings_in(prompts: Iterable[dict[str, Any]], texts: Path) -> dict[str, list[tuple[str, int]]]:
    """What the lint finds in each text, as rule and line. Raises `SystemExit` for a text that is missing or altered."""
    found: dict[str, list[tuple[str, int]]] = {}
    for prompt in prompts:
        path = texts / prompt["sha256"]
        if not path.is_file():
            raise SystemExit(f"error: {path} is missing: {prompt['repo']} {prompt['path']} at {prompt['commit']}")
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != prompt["sha256"]:
            raise SystemExit(f"error: {path} is not the text that was labelled")
        found[prompt["id"]] = [(finding.rule, finding.line) for finding in lint(data.decode("utf-8"))]
    return found


def judged(prompt: dict[str, Any], found: Iterable[tuple[str, int]]) -> Iterator[tuple[str, Score, str]]:
    """For every finding and every label of one prompt: the rule, its counts, and what disagrees."""
    labels = labels_of(prompt)
    places = [(rule, line) for rule, line in found]
    for rule, line in places:
        hit = [label for label in labels if label.holds(rule, line)]
        if any(not label.is_unsure for label in hit):
            yield rule, Score(right=1), ""
        elif not hit:
            yield rule, Score(wrong=1), f"{prompt['id']} wrong {rule} at {line}"
    for label in labels:
        if label.is_unsure:
            continue
        is_found = any(label.holds(rule, line) for rule, line in places)
        missed = "" if is_found else f"{prompt['id']} missed {label.rule} at {label.first}-{label.last}"
        yield label.rule, Score(found=int(is_found), labels=1), missed


def figures(prompts: list[dict[str, Any]], found: dict[str, list[tuple[str, int]]]) -> dict[str, Any]:
    """Precision and recall of each rule and of all, on each part and on the whole."""
    table: dict[str, dict[str, Score]] = {part: {} for part in (*PARTS, "whole")}
    for prompt in prompts:
        for rule, score, _ in judged(prompt, found[prompt["id"]]):
            for part in (prompt["part"], "whole"):
                for row in (rule, "all rules"):
                    table[part].setdefault(row, Score()).add(score)
    rows = (*rule_ids(), "all rules")
    return {part: {row: table[part].get(row, Score()).to_json() for row in rows} for part in table}


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, help="folder of the texts, named by their SHA-256")
    parser.add_argument("--show", choices=PARTS, help="print what disagrees with the labels, and write nothing")
    arguments = parser.parse_args()
    prompts = corpus()
    if arguments.show:
        shown = [prompt for prompt in prompts if prompt["part"] == arguments.show]
        _show(shown, findings_in(shown, arguments.texts))
        return
    recorded = json.loads(RESULTS.read_text(encoding="utf-8"))
    if arguments.texts:
        found, digest = findings_in(prompts, arguments.texts), rules_digest()
    else:
        found = {key: [(rule, line) for rule, line in places] for key, places in recorded["findings"].items()}
        digest = recorded["rules_digest"]
    results = {
        "rules_digest": digest,
        "repositories": len({prompt["repo"] for prompt in prompts}),
        "prompts": {part: sum(prompt["part"] == part for prompt in prompts) for part in PARTS},
        "figures": figures(prompts, found),
        # What the rules made of parts that neither they nor their author had seen: never written anew.
        "first_runs": recorded["first_runs"],
        "findings": {key: places for key, places in found.items() if places},
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _show(prompts: list[dict[str, Any]], found: dict[str, list[tuple[str, int]]]) -> None:
    for row, score in figures(prompts, found)[prompts[0]["part"]].items():
        print(f"{row:18} {score}")
    for prompt in prompts:
        for _, _, said in judged(prompt, found[prompt["id"]]):
            if said:
                print(said)


if __name__ == "__main__":
    main()
