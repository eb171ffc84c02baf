"""Strings that a regular expression matches: one for each way through its alternatives, repetitions kept short."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, product
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any


def examples(pattern: str, limit: int = 24) -> list[str]:
    """At most `limit` full matches of the pattern, the shortest way through each alternative."""
    found = (text for text in _sequence(parser.parse(pattern)) if re.fullmatch(pattern, text))
    return list(dict.fromkeys(islice(found, limit)))


def _sequence(items: Sequence[Any]) -> Iterator[str]:
    choices = [list(islice(_item(code, argument), 12)) for code, argument in items]
    return ("".join(parts) for parts in product(*choices))


def _item(code: Any, argument: Any) -> Iterator[str]:
    if code is codes.LITERAL:
        yield chr(argument)
    elif code is codes.ANY:
        yield "x"
    elif code is codes.IN:
        yield from _members(argument)
    elif code is codes.SUBPATTERN:
        yield from _sequence(argument[-1])
    elif code is codes.BRANCH:
        for branch in argument[1]:
            yield from _sequence(branch)
    elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        least, most, inner = argument
        yield from _repeated(list(islice(_sequence(inner), 3)), least)
        if most > least:
            yield from _repeated(list(islice(_sequence(inner), 3)), least + 1)
    else:  # assertions match no text; `examples` holds every string against the whole pattern
        yield ""


def _repeated(inner: list[str], times: int) -> Iterator[str]:
    return (text * times for text in (inner if times else inner[:1]))


def _members(members: Sequence[Any]) -> Iterator[str]:
    for code, argument in members:
        if code is codes.LITERAL:
            yield chr(argument)
        elif code is codes.RANGE:
            yield chr(argument[0])
        elif code is codes.CATEGORY:
            yield "1" if argument is codes.CATEGORY_DIGIT else "a"
