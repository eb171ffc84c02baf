"""No pattern of the room of refusals does more than linear work, by its structure and by counting."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import portable_llm.refusal as room
from portable_llm.refusal import classify
from portable_llm.refusal._soft_features import _tables

parser: Any = re._parser  # type: ignore[attr-defined]  # the library's own reading of a pattern; no public one
constants: Any = re._constants  # type: ignore[attr-defined]
REPEATS = (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT)
ANCHORED = {
    "_FENCE": "tried at the beginning of a text only",
    "_STRING": "run over valid JSON only, where every quotation mark that opens one closes; possessive",
}
BOUND = 64
"""Letters a bounded repetition may stretch over."""


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    for module in pkgutil.iter_modules(room.__path__):
        for name, value in vars(importlib.import_module(f"{room.__name__}.{module.name}")).items():
            if isinstance(value, re.Pattern):
                yield name, value
    for language, letters, lexicon in _tables():
        yield f"letters of {language}", letters
        yield f"lexicon of {language}", lexicon.pattern


def inner(item: Any) -> Iterator[Any]:
    """The sequences within one item of a parsed pattern."""
    _, value = item
    for part in value if isinstance(value, (tuple, list)) else (value,):
        if isinstance(part, parser.SubPattern):
            yield part
        elif isinstance(part, list):
            yield from (one for one in part if isinstance(one, parser.SubPattern))


def faults(sequence: Any, within: bool = False, last: bool = True) -> Iterator[str]:
    """Repetitions without a bound that stand in another, or that something follows: a search may walk twice."""
    for place, item in enumerate(sequence):
        is_last = last and place == len(sequence) - 1
        endless = item[0] in REPEATS and item[1][1] == constants.MAXREPEAT
        if endless and within:
            yield "a repetition within a repetition"
        if endless and not is_last:
            yield "something follows a repetition without a bound"
        if item[0] in REPEATS and not endless and item[1][1] > BOUND:
            yield "a long repetition"
        for part in inner(item):
            yield from faults(part, within or item[0] in REPEATS, is_last)


@pytest.mark.parametrize(("name", "pattern"), list(patterns()))
def test_no_pattern_can_walk_a_text_twice(name: str, pattern: re.Pattern[Any]):
    if name not in ANCHORED:
        assert list(faults(parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE))) == []


@pytest.mark.parametrize("pattern", ["(a+)+b", "a*b", "(?:ab|c*)*", "x(?:y{1,500})"])
def test_the_check_sees_what_it_looks_for(pattern: str):
    assert list(faults(parser.parse(pattern)))


def test_there_are_patterns_to_check():
    assert len(list(patterns())) > 15
    assert set(ANCHORED) <= {name for name, _ in patterns()}


def steps(work: Callable[[], object]) -> int:
    """Calls and lines of Python while something is done."""
    count = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "unit", ["I can't help. ", "\"'", "sorry ", "\n", "1. ", "name: ", "できません。", '[("a', "<a>"]
)
def test_twice_the_letters_are_at_most_twice_the_steps(unit: str):
    once, twice = unit * (4000 // len(unit)), unit * (8000 // len(unit))
    classify("", once)

    assert steps(lambda: classify("", twice)) <= 2.2 * steps(lambda: classify("", once))
