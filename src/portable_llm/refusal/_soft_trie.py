"""The lexicons compiled: words to a trie of their bytes, pieces of text to one pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Final

from portable_llm.refusal._soft_cues import END, LATIN, REFUSE

Node = dict[bytes | None, "Node | int"]
"""One word of a phrase: following words, and under None the cue that ends here."""

# The openings of code, tables and lists never matter; ends of sentences do.
_ENDS: Final = (".", "!", "?", "\n", ";")
SENTENCE_ENDS: Final = frozenset(end.encode() for end in _ENDS)
SENTENCE_END: Final[Node] = {None: END}
"""The node of every mark that ends a sentence."""


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
def trie() -> dict[bytes, Node]:
    """All phrases of all languages in Latin script, keyed by the UTF-8 of each lower-case word."""
    root: dict[bytes, Node] = {end.encode(): SENTENCE_END for end in _ENDS}
    for entries in LATIN:
        for cue, lines in entries.items():
            _plant(root, cue, lines.strip("\n").split("\n"))
    return root


def _plant(root: dict[bytes, Node], cue: int, lines: Iterable[str]) -> None:
    for line in lines:
        for words in expand(line):
            first, *others = split_words(words)
            node = root.setdefault(first.encode(), {})
            for word in others:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Pieces of text of one script, to be found in one pass."""

    pattern: re.Pattern[str]
    """The longest piece at a place. It holds no repetition, so a search is linear."""
    cues: Mapping[str, tuple[tuple[int, int], ...]]
    """Longest piece → length and cue of it and of every piece it begins with."""


def lexicon(entries: Mapping[int, str]) -> Lexicon:
    """The pattern of pieces that are separated by `|`, by cue."""
    tags: dict[str, list[int]] = {}
    for cue, line in entries.items():
        for piece in line.split("|"):
            tags.setdefault(piece, []).append(cue)
    cues = {
        longest: tuple((len(piece), cue) for piece, held in tags.items() if longest.startswith(piece) for cue in held)
        for longest in tags
    }
    return Lexicon(pattern=re.compile(_alternation(sorted(tags))), cues=cues)


def _alternation(pieces: list[str]) -> str:
    """Sorted pieces as a pattern in which common beginnings stand once, the longest first."""
    groups: dict[str, list[str]] = {}
    for piece in pieces:
        if piece:
            groups.setdefault(piece[0], []).append(piece[1:])
    lines = [re.escape(first) + _alternation(rest) for first, rest in groups.items()]
    joined = lines[0] if len(lines) == 1 else f"(?:{'|'.join(lines)})" if lines else ""
    return f"(?:{joined})?" if "" in pieces and joined else joined
