"""The precision of the lint on labelled prompts from public repositories.

The texts belong to their authors and are not kept here; what the rules found in them is recorded, with a digest of the
rules. So the figures are computed here from places and labels, and cannot outlive the rules that they are about.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import lint_report

PERMISSIVE = {"MIT", "MIT-0", "Apache-2.0", "CC0-1.0"}
RECORDED = json.loads(lint_report.RESULTS.read_text(encoding="utf-8"))
PROMPTS = lint_report.corpus()
FOUND = {
    prompt["id"]: [(rule, line) for rule, line in RECORDED["findings"].get(prompt["id"], [])] for prompt in PROMPTS
}
FIGURES: dict[str, Any] = lint_report.figures(PROMPTS, FOUND)
PARTS = [*lint_report.PARTS, "whole"]
MIN_LABELS = 5
"""Labels that a rule needs before its recall is held to anything."""


def test_the_corpus_is_large_and_its_sources_are_named() -> None:
    assert len(PROMPTS) >= 150
    assert len({prompt["repo"] for prompt in PROMPTS}) >= 40
    assert {prompt["license"] for prompt in PROMPTS} <= PERMISSIVE
    assert all(len(prompt["sha256"]) == 64 and len(prompt["commit"]) == 40 for prompt in PROMPTS)


def test_a_repository_belongs_to_one_part() -> None:
    parts = {(prompt["repo"], prompt["part"]) for prompt in PROMPTS if prompt["part"] != "picked"}

    assert len(parts) == len({repo for repo, _ in parts})


def test_labels_lie_within_their_texts() -> None:
    for prompt in PROMPTS:
        assert all(1 <= first <= last <= prompt["lines"] for _, first, last, *_ in prompt["labels"]), prompt["id"]


def test_the_recorded_findings_are_those_of_the_rules_as_they_are() -> None:
    assert RECORDED["rules_digest"] == lint_report.rules_digest(), (
        "the rules changed: run scripts/lint_report.py --texts DIR (see tests/prompt/lint_corpus/GUIDELINES.md)"
    )


def test_the_recorded_figures_follow_from_findings_and_labels() -> None:
    assert RECORDED["figures"] == FIGURES


@pytest.mark.parametrize("part", PARTS)
def test_nineteen_of_twenty_findings_are_right(part: str) -> None:
    assert FIGURES[part]["all rules"]["precision"] >= 0.95


def test_nineteen_of_twenty_were_right_on_texts_nobody_had_seen() -> None:
    firsts = [figures["all rules"] for figures in RECORDED["first_runs"].values()]
    right, findings, found, labels = (
        sum(first[name] for first in firsts) for name in ("right", "findings", "found", "labels")
    )

    assert right / findings >= 0.95
    assert found / labels >= 0.7


@pytest.mark.parametrize("rule", lint_report.rule_ids())
def test_a_rule_finds_most_of_what_readers_saw(rule: str) -> None:
    row = FIGURES["whole"][rule]
    if row["labels"] < MIN_LABELS:
        pytest.skip(f"only {row['labels']} labels of it in the corpus")

    assert row["recall"] >= 0.7
    assert row["precision"] >= 0.9


def test_the_rules_still_find_what_is_recorded() -> None:
    texts = os.environ.get("PORTABLE_LLM_LINT_TEXTS")
    if not texts:
        pytest.skip(
            "the texts are not here: they belong to their authors (PORTABLE_LLM_LINT_TEXTS names a folder of them)"
        )

    assert lint_report.findings_in(PROMPTS, Path(texts)) == FOUND
