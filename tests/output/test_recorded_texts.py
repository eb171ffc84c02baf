"""Texts that 27 models really wrote: no fewer yield their value than a careful parser gets, none another one."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from portable_llm import Parsed
from portable_llm.output import read

DATA = Path(__file__).parents[3] / "shared" / "data" / "vendor_outputs"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"reasoning": {"type": "string"}, "answer": {}},
    "required": ["answer"],
}
FIGURES = {
    "gpt-4-0314": 100,
    "gpt-4o-2024-08-06": 99.88,
    "claude-3-5-sonnet-20241022": 99.88,
    "claude-3-opus-20240229": 99.88,
    "grok-2-1212": 99.88,
    "claude-3-5-sonnet-20240620": 99.75,
    "gemini-1.5-pro": 99.62,
    "gpt-4o-mini-2024-07-18": 97.25,
    "o1-mini-2024-09-12": 97.00,
    "claude-3-haiku-20240307": 92.12,
    "gemma-2-27b-it": 93.25,
    "Mixtral-8x7B-Instruct-v0.1": 89.62,
    "reka-core-20240501": 89.50,
}
"""Percent of outputs with an object holding `answer`, by a parse that allows fences, spans and control characters."""
ANSWER = re.compile(r'"answer"\s*:\s*(.*)', re.DOTALL)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.exists(), reason="needs the recorded outputs beside the repository"),
]


@cache
def outputs() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    with gzip.open(DATA / "crux_outputs.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            found[record["model"]].append(record["output"])
    return found


@pytest.mark.parametrize("model", FIGURES)
def test_as_many_values_as_a_tolerant_parser_gets(model: str) -> None:
    texts = outputs()[model]

    read_back = sum(isinstance(read(text, SCHEMA), Parsed) for text in texts)

    assert round(100 * read_back / len(texts), 2) >= FIGURES[model]


def test_no_answer_that_does_not_stand_in_the_text() -> None:
    """The answer as the text shows it behind a name `answer`: letters and digits in the same order."""
    wrong: Counter[str] = Counter()
    for model, texts in outputs().items():
        for text in texts[::4]:
            outcome = read(text, SCHEMA)
            if isinstance(outcome, Parsed) and not _stands_in(outcome.value, text):
                wrong[model] += 1

    assert not wrong


def test_never_below_the_strict_parse() -> None:
    texts = [text for some in outputs().values() for text in some if text[:1] == "{"]
    strict = 0
    for text in texts:
        try:
            value = json.loads(text)
        except ValueError:
            continue
        strict += 1

        assert read(text) == Parsed(value=value)

    assert strict > 1_000


def _stands_in(value: Any, text: str) -> bool:
    answer = value["answer"]
    wanted = _essence(answer if isinstance(answer, str) else json.dumps(answer))
    return any(
        _essence(text[match.end() :]).startswith(wanted) for match in re.finditer(r"[\"'`]?answer[\"'`]?\s*:", text)
    )


def _essence(text: str) -> str:
    # Escapes written once or twice too often are the same answer.
    return re.sub(r"\\u[0-9a-fA-F]{4}|\\[ntr]|[^0-9a-zA-Z]", "", text)
