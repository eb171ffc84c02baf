"""The lexicon of `_soft_cues` compiled to a trie of word bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from typing import Final

from portable_llm.refusal._soft_cues import END, LATIN, REFUSE

Node = dict[bytes | None, "Node | int"]
"""One word of a phrase: following words, and under None the cue that ends here."""

# The openings of code, tables and lists never matter; ends of sentences do.
_ENDS: Final = (".", "!", "?", "\n", ";")


def expand(pattern: str) -> Iterator[list[str]]:
    """Every phrase a line of the lexicon stands for, as words. Groups may hold one inner group."""
    choices = [_alternatives(part) for part in _parts(pattern)]
    for chosen in product(*choices):
        yield " ".join(chosen).split()


def _parts(pattern: str) -> Iterator[str]:
    """A line cut at its outer brackets."""
    depth, start = 0, 0
    for index, letter in enumerate(pattern):
        if letter == "(":
            if depth == 0:
                yield pattern[start:index]
                start = index
            depth += 1
        elif letter == ")":
            depth -= 1
            if depth == 0:
                yield pattern[start : index + 1]
                start = index + 1
    yield pattern[start:]


def _alternatives(part: str) -> list[str]:
    if not part.startswith("("):
        return [part]
    inner, depth, start = part[1:-1], 0, 0
    found: list[str] = []
    for index, letter in enumerate(inner + "|"):
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and depth == 0:
            found += (
                [" ".join(words) for words in expand(inner[start:index])]
                if "(" in inner[start:index]
                else [inner[start:index]]
            )
            start = index + 1
    return found


@cache
def trie() -> Node:
    """All phrases of all languages in Latin script, keyed by the UTF-8 of each lower-case word."""
    root: Node = {end.encode(): {None: END} for end in _ENDS}
    for entries in LATIN:
        for cue, lines in entries.items():
            _plant(root, cue, lines.strip("\n").split("\n"))
    return root


def _plant(root: Node, cue: int, lines: Iterable[str]) -> None:
    for line in lines:
        for words in expand(line):
            node = root
            for word in split_words(words):
                following = node.setdefault(word.encode(), {})
                assert isinstance(following, dict)
                node = following
            # The act outranks its parts: what one line calls a refusal, another's shorter word does not unsay.
            held = node.get(None)
            if held is None or cue == REFUSE:
                node[None] = cue


def split_words(words: Iterable[str]) -> list[str]:
    """Words as the tokeniser cuts them: at hyphens too."""
    return [piece for word in words for piece in word.replace("-", " - ").split()]
