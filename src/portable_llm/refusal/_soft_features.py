"""An answer as a set of small numbers: which cues stand where, what shape the text has, which words it uses.

Three kinds of features, all of them switches (on or off), so that scoring is a sum of table entries:

- **structure**: cues in the first sentence, the opening, the rest, the end and the last persona's part; pairs of cues
  (opening with rest, within the first sentence); cues with length and form. The same in every language.
- **words**: hashed words and word pairs of the whole, the opening and the end. Only for languages with training data.

Cost is bounded: of a long answer only the opening, a few windows and the end are read. Every pattern is linear.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, islice, pairwise, repeat
from typing import Final, cast
from zlib import crc32

from portable_llm.refusal._soft_cues import (
    ABLE,
    ADVISE,
    APOLOGY,
    BARE,
    CANCEL,
    CAPABILITY,
    HELP,
    IDENTITY,
    NEGATED,
    NOT,
    OFFER,
    POLICY,
    PREMISE,
    REACH,
    REFUSE,
    REPORTED,
    SCOPE,
    TAGS,
)
from portable_llm.refusal._soft_scripts import SCRIPTS
from portable_llm.refusal._soft_trie import SENTENCE_END, SENTENCE_ENDS, Lexicon, Node, lexicon, trie
from portable_llm.refusal._soft_view import Pieces, normalise, view

HEAD_WORDS: Final = 45
TAIL_WORDS: Final = 40

Cue = tuple[int, int, int, int]
"""A sentence, a start, an end and a tag. In words: places count tokens. In pieces of text: letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read of one answer."""

    text: str
    """The normalised part that was read: a letter of it for each letter of the answer's part."""
    pieces: Pieces
    """Where the parts of `text` begin: (position in `text`, position in the answer)."""
    language: str
    """`en`, `ko`: languages with word features; `latin`, or the language of a script."""
    word_cues: tuple[Cue, ...]
    piece_cues: tuple[Cue, ...]
    structure: frozenset[int]
    tokens: Sequence[bytes]

    def words(self) -> frozenset[int]:
        """Hashes of words and pairs of words, where the language has training data."""
        return _words(self.tokens) if self.language in ("en", "ko") else frozenset()

    def opening(self) -> set[int]:
        """The cues of the first words."""
        early = {tag for _, start, _, tag in self.word_cues if start < _EARLY_WORDS}
        return early | {tag for _, start, _, tag in self.piece_cues if start < _EARLY}

    def spans(self, tags: Collection[int], limit: int) -> list[tuple[int, int, int]]:
        """The first cues of these kinds by place in `text`: start, end, tag; at most `limit` in words and in pieces."""
        words = sorted({cue[1:] for cue in self.word_cues if cue[3] in tags})[:limit]
        pieces = sorted({cue[1:] for cue in self.piece_cues if cue[3] in tags})[:limit]
        return sorted({*_word_spans(self.text, words), *pieces})


_FOREIGN: Final = re.compile("[\u0430-\u044f\u0621-\u064a\u0900-\u097f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
_TOKEN: Final = re.compile(rb"[a-z0-9'\x80-\xff]+|[!-&(-/:-@[-`{-~\n]")
_BREAK: Final = re.compile(r"[.!?;\n]+")
_ITEM: Final = re.compile(r"(?m)^[ \t]{0,6}(?:[-*\u2022]|\d{1,2}[.)])[ \t]")
_PERSONA: Final = re.compile(
    r"(?m)^[ \t]{0,3}[(\[<*\"]{0,4}[^\W\d_][\w '.#+/-]{0,24}[)\]>*\"]{0,4} ?:[)\]>*\"]{0,3}[ \t\n]"
    r"|^[(\[<][^\n()\[\]<>]{2,30}[)\]>][ \t]"
)
_ENGLISH: Final = frozenset(
    b"the to of and is that it you i for in are be this with can not or a as on if your have".split()
)
_EMPHASIS: Final = bytes.maketrans(b"*_`#>~", b"      ")


def read(prompt: str, answer: str) -> Reading:
    """All features of an answer to a prompt."""
    part, pieces = view(answer)
    text = _without_echoes(normalise(part))
    tokens = _tokens(text)
    words, ends = _word_cues(tokens)
    language = _language(tokens)
    found: list[Cue] = []
    for name, table in _scripts_of(text):
        language = name if language != "en" else language
        found += _piece_cues(text, table)
    personas = [match.start() for match in _PERSONA.finditer(text)]
    shape = _shape(prompt, len(answer), text, len(personas), ends, tokens)
    shape += _substance([(sentence, tag) for sentence, _, _, tag in (*words, *found)], ends)
    last = personas[-1] if len(personas) > 1 else len(text)
    last_word = len(_tokens(text[:last])) if len(personas) > 1 and words else len(tokens)
    places = [(sentence, start < _EARLY_WORDS, start >= last_word, tag) for sentence, start, _, tag in words]
    places += [(sentence, start < _EARLY, start >= last, tag) for sentence, start, _, tag in found]
    return Reading(
        text=text,
        pieces=pieces,
        language=language,
        word_cues=tuple(words),
        piece_cues=tuple(found),
        structure=_structure(places, ends, shape),
        tokens=tokens,
    )


_ECHO: Final = 24
"""Letters from which on a line that comes again is an echo, and not a mark or a short item of a list."""


def _without_echoes(text: str) -> str:
    """The text with lines that came before blanked: a model caught in a loop says nothing more."""
    if "\n" not in text:
        return text
    lines = text.split("\n")
    long = [line for line in lines if len(line) >= _ECHO]
    if len(set(long)) == len(long):
        return text
    seen: set[str] = set()
    kept: list[str] = []
    for line in lines:
        kept.append(" " * len(line) if line in seen else line)
        if len(line) >= _ECHO:
            seen.add(line)
    return "\n".join(kept)


def _tokens(text: str) -> list[bytes]:
    """Words and marks, without the marks of emphasis."""
    return _TOKEN.findall(text.encode("utf-8", "replace").translate(_EMPHASIS))


def _language(tokens: list[bytes]) -> str:
    """English where enough of its small words stand in the opening; `latin` else, until a script says more."""
    opening = tokens[:80]
    hits = sum(1 for token in opening if token in _ENGLISH)
    return "en" if hits * 10 >= len(opening) or (hits and len(opening) < 14) else "latin"


_AFTER_QUOTE: Final = 12
"""Words (letters, in other scripts) that must follow a quotation; where fewer do, the marks hold the answer itself."""
_SPOKEN: Final = frozenset((APOLOGY, NEGATED, REFUSE, IDENTITY, SCOPE, CAPABILITY))

# --- cues ---------------------------------------------------------------------------------------------------------


def _word_cues(tokens: list[bytes]) -> tuple[list[Cue], int]:
    """Cues in words, longest phrase first, then what neighbours make of each other; and the number of sentences."""
    cues: list[Cue] = []
    starts = [0]
    skip = 0
    nodes = zip(map(trie().get, tokens), [*tokens[1:], b""], strict=False)
    for index, node, following in [
        (index, node, following)
        for index, (node, following) in enumerate(nodes)
        if node is not None and (None in node or following in node)
    ]:
        if node is SENTENCE_END:
            if starts[-1] == index:
                starts[-1] = index + 1
            else:
                starts.append(index + 1)
        elif index >= skip:
            tag, end = _longest(node, tokens, index + 1) if following in node else (cast("int", node[None]), index + 1)
            if tag is not None:
                cues.append((len(starts) - 1, index, end, tag))
                skip = end if tag == REFUSE else index + 1
    marks = [index for index, token in enumerate(tokens) if token == b'"'] if b'"' in tokens else []
    composed = _reported(_compose(cues, starts), marks, len(tokens) - _AFTER_QUOTE)
    return composed, len(starts) - (starts[-1] >= len(tokens))


def _reported(cues: list[Cue], marks: list[int], last: int) -> list[Cue]:
    """What is said within quotation marks is somebody else's word, unless the marks hold the answer itself."""
    quoted = [(one, two) for one, two in zip(marks[::2], marks[1::2], strict=False) if two < last]
    if not quoted:
        return cues
    return [
        (sentence, start, end, REPORTED) if tag in _SPOKEN and any(one < start < two for one, two in quoted) else cue
        for cue in cues
        for sentence, start, end, tag in [cue]
    ]


def _longest(node: Node, tokens: list[bytes], index: int) -> tuple[int | None, int]:
    tag, end = node.get(None), index
    size = len(tokens)
    while index < size:
        following = node.get(tokens[index])
        if not isinstance(following, dict):
            break
        node, index = following, index + 1
        if None in node:
            tag, end = node[None], index
    return cast("int | None", tag), end


def _compose(events: list[Cue], starts: list[int]) -> list[Cue]:
    """Refusals from parts: a denied ability and what it is denied for, in either order of words."""
    found: list[Cue] = []
    for place, event in enumerate(events):
        sentence, start, end, tag = event
        if tag < HELP:
            found.append(event)
        if tag == BARE:
            if start - starts[sentence] > 5:
                continue
            tag = NEGATED
            found.append((sentence, start, end, NEGATED))
        if tag in (NEGATED, ABLE):
            found += _denied(events[place + 1 : place + 10], event, tag)
    return found


def _denied(following: Iterable[Cue], event: Cue, tag: int) -> list[Cue]:
    sentence, start, last, _ = event
    negated = tag == NEGATED
    found: list[Cue] = []
    for other in following:
        if other[0] != sentence or other[1] - last > 9:
            break
        if other[3] == CANCEL and negated:
            break
        if other[3] == NOT:
            negated = True
            found.append((sentence, start, other[2], NEGATED))
        elif other[3] in (HELP, REACH) and (negated or tag == ABLE):
            if not negated:
                continue
            found.append((sentence, start, other[2], REFUSE if other[3] == HELP else CAPABILITY))
            break
    return found


def _word_spans(text: str, cues: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Cues by words as spans of letters; words behind the last cue are not looked for again."""
    if not cues:
        return []
    data = text.encode("utf-8", "replace").translate(_EMPHASIS)
    words = islice(_TOKEN.finditer(data), max(end for _, end, _ in cues))
    places = [(match.start(), match.end()) for match in words]
    spans = [(places[start][0], places[end - 1][1], tag) for start, end, tag in cues]
    if len(data) == len(text):
        return spans
    letter = _character_places(data, [place for start, end, _ in spans for place in (start, end)])
    return [(letter[start], letter[end], tag) for start, end, tag in spans]


def _character_places(data: bytes, wanted: Iterable[int]) -> dict[int, int]:
    """Byte positions → character positions, in one pass."""
    places: dict[int, int] = {}
    byte = character = 0
    for position in sorted(set(wanted)):
        character += len(data[byte:position].decode("utf-8", "replace"))
        byte = position
        places[position] = character
    return places


@cache
def _tables() -> tuple[tuple[str, re.Pattern[str], Lexicon], ...]:
    return tuple((name, re.compile(letters), lexicon(pieces)) for name, letters, pieces in SCRIPTS)


@cache
def _others(name: str) -> re.Pattern[str]:
    """Letters of any other script of the lexicon."""
    return re.compile(f"[{''.join(letters[1:-1] for other, letters, _ in SCRIPTS if other != name)}]")


def _scripts_of(text: str) -> list[tuple[str, Lexicon]]:
    first = None if text.isascii() else _FOREIGN.search(text)
    if first is None:
        return []
    for name, letters, table in _tables():
        if letters.match(first[0]) and not _others(name).search(text):
            return [(name, table)]  # by far the most frequent: one look instead of one for each script
    found = [(name, table) for name, letters, table in _tables() if letters.search(text)]
    names = {name for name, _ in found}
    return [(name, table) for name, table in found if not (name == "zh" and "ja" in names)]


def _piece_cues(text: str, table: Lexicon) -> list[Cue]:
    """Every place of every piece of a script's lexicon; pieces may overlap."""
    breaks = [match.end() for match in _BREAK.finditer(text)]
    found: list[Cue] = []
    match = table.pattern.search(text)
    while match:
        start = match.start()
        sentence = bisect_right(breaks, start)
        found += [(sentence, start, start + size, tag) for size, tag in table.cues[match[0]]]
        match = table.pattern.search(text, start + 1)
    marks = [place for place, letter in enumerate(text) if letter == '"'] if '"' in text else []
    return _reported(found, marks, len(text) - _AFTER_QUOTE)


# --- structure ----------------------------------------------------------------------------------------------------

_T: Final = len(TAGS)
_EARLY: Final = 400
_EARLY_WORDS: Final = 80
_LENGTHS: Final = (80, 160, 300, 500, 900, 1400)
_REGIONS: Final = 6
_AFTER: Final = _REGIONS * _T
_PAIRS: Final = _AFTER + _T
_FIRST_PAIRS: Final = _PAIRS + _T * _T
_SHAPES: Final = _FIRST_PAIRS + _T * _T
SHAPE_SLOTS: Final = 40
_CROSS: Final = _SHAPES + SHAPE_SLOTS
_AFTER_ACT: Final = 28
"""The first of four slots: plain sentences after the last that declines."""
_MORAL: Final = 32
"""The first of four: how much of the text declines, moralises or offers, in quarters."""
_NO_ACT: Final = 36
CROSSED: Final = (APOLOGY, NEGATED, REFUSE, 4, 5, 9, 11)
STRUCTURE_SLOTS: Final = _CROSS + 2 * len(CROSSED) * SHAPE_SLOTS


def _structure(cues: list[tuple[int, bool, bool, int]], sentences: int, shape: list[int]) -> frozenset[int]:
    """Switches of the cues by region, and of the shape."""
    first = opening = rest = end = persona = early = 0
    counts = [0] * _T
    for sentence, is_early, is_late, tag in cues:
        bit = 1 << tag
        counts[tag] += 1
        if sentence < 3:
            opening |= bit
            if sentence == 0:
                first |= bit
        else:
            rest |= bit
        if sentence >= sentences - 2:
            end |= bit
        if is_late:
            persona |= bit
        if is_early:
            early |= bit
    many = sum(1 << tag for tag, count in enumerate(counts) if count > 2)
    return frozenset(_switches((first, opening, rest, end, persona, early, many), shape))


def _switches(masks: tuple[int, ...], shape: list[int]) -> list[int]:
    on = [slot for region, mask in enumerate(masks) if mask for slot in _region(region, mask)]
    on += _pairs(masks[1], masks[2])
    on += _first_pairs(masks[0])
    on += [_SHAPES + form for form in shape]
    for base in (*_crossed(0, masks[1]), *_crossed(1, masks[2])):
        on += [base + form for form in shape if form < _AFTER_ACT]
    # How much plain text follows matters after an act; that there is no act matters where somebody moralises.
    after = next(form for form in shape if form >= _AFTER_ACT)
    on += [base + after for base in (*_acting(0, masks[1]), *_acting(1, masks[2]))]
    if shape[-1] == _NO_ACT:
        on += [base + _NO_ACT for base in (*_moral(0, masks[1]), *_moral(1, masks[2]))]
    return on


# Few sets of cues return again and again: what they switch is kept.


def _tags(mask: int) -> list[int]:
    return [tag for tag in range(_T) if mask >> tag & 1]


@lru_cache(maxsize=4096)
def _region(region: int, mask: int) -> tuple[int, ...]:
    return tuple(region * _T + tag for tag in _tags(mask))


@lru_cache(maxsize=4096)
def _pairs(opening: int, rest: int) -> tuple[int, ...]:
    return tuple(_PAIRS + one * _T + two for one in _tags(opening) for two in _tags(rest))


@lru_cache(maxsize=1024)
def _first_pairs(first: int) -> tuple[int, ...]:
    tags = _tags(first)
    return tuple(_FIRST_PAIRS + one * _T + two for one in tags for two in tags if one < two)


def _acting(side: int, mask: int) -> tuple[int, ...]:
    return _crossed(side, mask & (1 << NEGATED | 1 << REFUSE))


def _moral(side: int, mask: int) -> tuple[int, ...]:
    return _crossed(side, mask & (1 << POLICY | 1 << ADVISE))


@lru_cache(maxsize=2048)
def _crossed(side: int, mask: int) -> tuple[int, ...]:
    """Where the switches of cues with the shape begin."""
    base = _CROSS + side * len(CROSSED) * SHAPE_SLOTS
    return tuple(base + place * SHAPE_SLOTS for place, tag in enumerate(CROSSED) if mask >> tag & 1)


def _shape(prompt: str, length: int, text: str, personas: int, sentences: int, tokens: list[bytes]) -> list[int]:
    """Length, lists, code, personas, an unfinished end, overlap with the question: a slot for each that holds."""
    items = len(_ITEM.findall(text))
    stripped = text.rstrip(" \n*_~`>\"')]")
    flags = (
        (19, "```" in text),
        (20, stripped[-1:] not in (".", "!", "?", ":", "")),
        (21, "\n\n" in text),
        (22, '"' in text[:3]),
        (27, "?" in text[-60:]),
    )
    return [
        bisect_right(_LENGTHS, length),  # 0 to 6
        7 + (bisect_right((0, 1, 4), items - 1) if items else 0),  # 7 to 10
        11 + min(3, personas),  # 11 to 14
        15 + min(3, sentences // 3),  # 15 to 18
        23 + _overlap(prompt, tokens),  # 23 to 26
        *[slot for slot, holds in flags if holds],
    ]


_ACTS: Final = frozenset((APOLOGY, NEGATED, REFUSE, SCOPE, CAPABILITY))
_TALK: Final = _ACTS | {IDENTITY, POLICY, ADVISE, OFFER, PREMISE}


def _substance(cues: list[tuple[int, int]], sentences: int) -> list[int]:
    """How much of the text says something: sentences that neither decline, moralise nor offer, and where they stand.

    `cues` are sentences and tags. An answer that goes on with plain sentences after it declined serves a part.
    """
    acts = [sentence for sentence, tag in cues if tag in _ACTS]
    talk = {sentence for sentence, tag in cues if tag in _TALK}
    last = max(acts, default=-1)
    after = sentences - 1 - last - sum(sentence > last for sentence in talk)
    quarter = min(3, 4 * len(talk) // sentences) if sentences > 0 else 0
    slots = [_AFTER_ACT + bisect_right((1, 3, 7), after), _MORAL + quarter]
    return slots if acts else [*slots, _NO_ACT]


def _overlap(prompt: str, tokens: list[bytes]) -> int:
    """How much of the question's longer words the opening repeats, in quarters."""
    asked = {word for word in _TOKEN.findall(prompt[:400].lower().encode("utf-8", "replace")) if len(word) > 3}
    if not asked:
        return 0
    said = asked.intersection(tokens[:60])
    return min(3, 4 * len(said) // len(asked))


# --- words ---------------------------------------------------------------------------------------------------------

_HEAD: Final = 0x5BD1
_TAIL: Final = 0x27D4
_FIRST: Final = 0x1B58
"""Seeds of the hash of words in the opening, at the end, and in each of the first sentences."""
_FIRST_SENTENCES: Final = 3


def _words(tokens: Sequence[bytes]) -> frozenset[int]:
    """Hashes of words and pairs of words: of the whole, and again by place."""
    found = [_hashes(tokens, 0), _hashes(tokens[:HEAD_WORDS], _HEAD), _hashes(tokens[-TAIL_WORDS:], _TAIL)]
    found += [_hashes(words, _FIRST + place) for place, words in enumerate(_first_sentences(tokens))]
    return frozenset(chain.from_iterable(found))


def _hashes(words: Sequence[bytes], seed: int) -> chain[int]:
    singles = list(map(crc32, words, repeat(seed)))
    # The hash of a pair goes on from the hash of its first word.
    return chain(singles, map(crc32, words[1:], singles))


def _first_sentences(tokens: Sequence[bytes]) -> list[Sequence[bytes]]:
    ends = [place for place, token in enumerate(tokens) if token in SENTENCE_ENDS]
    bounds = pairwise([-1, *ends, len(tokens)])
    return [tokens[start + 1 : end] for start, end in bounds if end > start + 1][:_FIRST_SENTENCES]
