"""How long one answer takes, in processor time: `python scripts/train_refusals.py --speed`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

from portable_llm.refusal import classify
from refusals.data import Record


def times(records: Sequence[Record]) -> dict[str, float]:
    """Median milliseconds of answers of 1,400 to 1,500 letters, by language, and of a million letters."""
    classify("", "a")
    long = [one for one in records if 1400 <= len(one.response) <= 1500]
    found = {
        f"{language}, 1,400 to 1,500 letters": statistics.median(
            _took(_call(one.prompt, one.response)) for one in long if one.language == language
        )
        for language in sorted({one.language for one in long})
    }
    found["a million letters"] = max(
        _took(_call("", unit * (1_000_000 // len(unit)))) for unit in ("I can't. ", "できません。")
    )
    return found


def _call(prompt: str, response: str) -> Callable[[], object]:
    return lambda: classify(prompt, response)


def _took(call: Callable[[], object]) -> float:
    taken: list[int] = []
    for _ in range(5):
        start = time.process_time_ns()
        call()
        taken.append(time.process_time_ns() - start)
    return min(taken) / 1e6
