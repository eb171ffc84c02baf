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
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final
from zlib import crc32

from portable_llm.refusal._soft_cues import (
    ABLE,
    APOLOGY,
    BARE,
    CANCEL,
    CAPABILITY,
    END,
    HELP,
    NEGATED,
    NOT,
    REACH,
    REFUSE,
    TAGS,
    Node,
    trie,
)
from portable_llm.refusal._soft_scripts import SCRIPTS

HASH_BITS: Final = 15
WORD_SLOTS: Final = 1 << HASH_BITS
HEAD_WORDS: Final = 45
TAIL_WORDS: Final = 40
VIEW_HEAD: Final = 1600
VIEW_WINDOW: Final = 200
VIEW_TAIL: Final = 500
VIEW_LIMIT: Final = 2600
"""Characters read: up to the limit whole, beyond it the head, three windows in between and the tail."""

Event = tuple[int, int, int, int]
"""A cue: its sentence, start, end, tag. Positions count words where `is_word` cues, characters elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read of one answer."""

    text: str
    """The normalised part that was read; letter by letter as long as `pieces` say."""
    pieces: tuple[tuple[int, int], ...]
    """Where the parts of `text` begin: (position in `text`, position in the answer)."""
    language: str
    """`en`, `ko`: languages with word features; `latin`, or the language of a script."""
    spans: tuple[tuple[int, int, int], ...]
    """Cues by character: start, end in `text`, tag."""
    structure: frozenset[int]
    words: frozenset[int]


_TOKEN: Final = re.compile(rb"[a-z0-9'\x80-\xff]+|[!-&(-/:-@[-`{-~\n]")
_BREAK: Final = re.compile(r"[.!?;\n]+")
_ITEM: Final = re.compile(r"(?m)^[ \t]{0,6}(?:[-*\u2022]|\d{1,2}[.)])[ \t]")
_PERSONA: Final = re.compile(
    r"(?m)^[ \t]{0,3}[(\[<*\"]{0,4}[^\W\d_][\w '.#+/-]{0,24}[)\]>*\"]{0,4} ?:[)\]>*\"]{0,3}[ \t\n]|^[(\[<][^\n()\[\]<>]{2,30}[)\]>][ \t]"
)
_SAME: Final = {
    "\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u00ab": '"', "\u00bb": '"', "\u300c": '"',
    "\u300d": '"', "\u3002": ".", "\uff01": "!", "\uff1f": "?", "\uff0c": ",", "\u3001": ",", "\u060c": ",", "\u061f": "?",
    "\u0964": ".", "\uff1a": ":", "\u2014": "-", "\u2013": "-", "\u2026": ".", "\u00a0": " ", "\u202f": " ", "\u00bf": " ",
    "\u00a1": " ", "\uff1b": ";", "\u0130": "i", "\r": "\n", "\u2011": "-",
}  # fmt: skip
_ENGLISH: Final = frozenset(
    b"the to of and is that it you i for in are be this with can not or a as on if your have".split()
)
_EMPHASIS: Final = str.maketrans({"*": " ", "_": " ", "`": " ", "#": " ", ">": " ", "~": " "})


def view(answer: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The part of an answer that is read, and where its pieces come from."""
    start = len(answer) - len(answer.lstrip())
    length = len(answer) - start
    if length <= VIEW_LIMIT:
        return answer[start:], ((0, start),)
    middle = length - VIEW_HEAD - VIEW_TAIL
    at = [VIEW_HEAD + middle * quarter // 4 for quarter in (1, 2, 3)]
    parts = [(0, VIEW_HEAD), *((place, place + VIEW_WINDOW) for place in at), (length - VIEW_TAIL, length)]
    texts: list[str] = []
    pieces: list[tuple[int, int]] = []
    written = 0
    for begin, end in parts:
        pieces.append((written, start + begin))
        piece = answer[start + begin : start + end]
        texts.append(piece + "\n")
        written += len(piece) + 1
    return "".join(texts), tuple(pieces)


def normalise(text: str) -> str:
    """Lower case, plain quotes and marks; as long as the text."""
    if not text.isascii():
        for odd, plain in _SAME.items():
            if odd in text:
                text = text.replace(odd, plain)
    elif "\r" in text:
        text = text.replace("\r", "\n")
    return text.lower()


def read(prompt: str, answer: str) -> Reading:
    """All features of an answer to a prompt."""
    part, pieces = view(answer)
    normal = normalise(part)
    plain = normal.translate(_EMPHASIS)
    data = plain.encode("utf-8", "replace")
    tokens = _TOKEN.findall(data)
    events, ends = _word_cues(tokens)
    spans = _word_spans(data, plain, events)
    breaks = [match.end() for match in _BREAK.finditer(plain)]
    language = _language(tokens)
    for name, table in _scripts_of(plain):
        language = name if name in ("ko", "ja", "zh") or language != "en" else language
        spans += _piece_cues(plain, table)
    spans.sort()
    placed = [(bisect_right(breaks, start), start, tag) for start, _, tag in spans]
    structure = _structure(prompt, answer, normal, placed, len(breaks), tokens)
    words = _words(tokens) if language in ("en", "ko") else frozenset[int]()
    return Reading(text=plain, pieces=pieces, language=language, spans=tuple(spans), structure=structure, words=words)


def _language(tokens: list[bytes]) -> str:
    """English where enough of its small words stand in the opening; `latin` else, until a script says more."""
    opening = tokens[:80]
    hits = sum(1 for token in opening if token in _ENGLISH)
    return "en" if hits * 10 >= len(opening) or (hits and len(opening) < 14) else "latin"


# --- cues ---------------------------------------------------------------------------------------------------------


def _word_cues(tokens: list[bytes]) -> tuple[list[Event], list[int]]:
    """Cues in words, longest phrase first, then what neighbours make of each other."""
    root = trie()
    events: list[Event] = []
    ends: list[int] = []
    sentence, skip = 0, 0
    for index, token in enumerate(tokens):
        node = root.get(token)
        if node is None or index < skip:
            continue
        assert isinstance(node, dict)
        tag, end = _longest(node, tokens, index + 1)
        if tag is None:
            continue
        if tag == END:
            sentence += 1
            ends.append(index)
            continue
        events.append((sentence, index, end, tag))
        skip = end if tag in (REFUSE, NEGATED) else index + 1
    return _compose(events, ends), ends


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
    assert tag is None or isinstance(tag, int)
    return tag, end


def _compose(events: list[Event], ends: list[int]) -> list[Event]:
    """Refusals from parts: a denied ability and what it is denied for, in either order of words."""
    found: list[Event] = []
    for place, event in enumerate(events):
        sentence, start, end, tag = event
        if tag < HELP:
            found.append(event)
        if tag == BARE:
            first = ends[sentence - 1] + 1 if sentence else 0
            if start - first > 5:
                continue
            tag = NEGATED
            found.append((sentence, start, end, NEGATED))
        if tag in (NEGATED, ABLE):
            found += _denied(events[place + 1 : place + 10], event, tag)
    return found


def _denied(following: Iterable[Event], event: Event, tag: int) -> list[Event]:
    sentence, start, last, _ = event
    negated = tag == NEGATED
    found: list[Event] = []
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


def _word_spans(data: bytes, plain: str, events: list[Event]) -> list[tuple[int, int, int]]:
    """Events by words as spans of characters."""
    if not events:
        return []
    last = max(end for _, _, end, _ in events)
    starts: list[int] = []
    stops: list[int] = []
    for match in _TOKEN.finditer(data):
        starts.append(match.start())
        stops.append(match.end())
        if len(starts) >= last:
            break
    if len(data) == len(plain):
        return [(starts[start], stops[end - 1], tag) for _, start, end, tag in events]
    place = _character_places(data, [starts[e[1]] for e in events] + [stops[e[2] - 1] for e in events])
    return [(place[starts[start]], place[stops[end - 1]], tag) for _, start, end, tag in events]


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
def _tables() -> tuple[tuple[str, re.Pattern[str], tuple[tuple[str, int], ...]], ...]:
    return tuple(
        (name, re.compile(letters), tuple((piece, tag) for tag, line in pieces.items() for piece in line.split("|")))
        for name, letters, pieces in SCRIPTS
    )


def _scripts_of(text: str) -> list[tuple[str, tuple[tuple[str, int], ...]]]:
    if text.isascii():
        return []
    found = [(name, table) for name, letters, table in _tables() if letters.search(text)]
    names = {name for name, _ in found}
    return [(name, table) for name, table in found if not (name == "zh" and "ja" in names)]


def _piece_cues(text: str, table: tuple[tuple[str, int], ...]) -> list[tuple[int, int, int]]:
    """Up to four places of each piece of a script's lexicon, the last one among them."""
    found: list[tuple[int, int, int]] = []
    for piece, tag in table:
        start = text.find(piece)
        count = 0
        while start >= 0 and count < 3:
            found.append((start, start + len(piece), tag))
            count += 1
            start = text.find(piece, start + len(piece))
        if start >= 0:
            last = text.rfind(piece)
            found.append((last, last + len(piece), tag))
    return found


# --- structure ----------------------------------------------------------------------------------------------------

_T: Final = len(TAGS)
_LENGTHS: Final = (80, 160, 300, 500, 900, 1400)
_REGIONS: Final = 6
_AFTER: Final = _REGIONS * _T
_PAIRS: Final = _AFTER + _T
_FIRST_PAIRS: Final = _PAIRS + _T * _T
_SHAPES: Final = _FIRST_PAIRS + _T * _T
SHAPE_SLOTS: Final = 32
_CROSS: Final = _SHAPES + SHAPE_SLOTS
CROSSED: Final = (APOLOGY, NEGATED, REFUSE, 4, 5, 9, 11)
STRUCTURE_SLOTS: Final = _CROSS + 2 * len(CROSSED) * SHAPE_SLOTS


def _structure(
    prompt: str, answer: str, normal: str, cues: list[tuple[int, int, int]], sentences: int, tokens: list[bytes]
) -> frozenset[int]:
    personas = [match.start() for match in _PERSONA.finditer(normal)]
    shape = _shape(prompt, answer, normal, personas, sentences, tokens)
    last_persona = personas[-1] if len(personas) > 1 else -1
    masks = [0] * _REGIONS
    counts = [0] * _T
    for sentence, start, tag in cues:
        bit = 1 << tag
        counts[tag] += 1
        if sentence == 0:
            masks[0] |= bit
        if sentence < 3:
            masks[1] |= bit
        else:
            masks[2] |= bit
        if sentence >= sentences - 2:
            masks[3] |= bit
        if 0 <= last_persona <= start:
            masks[4] |= bit
        if start < 400:
            masks[5] |= bit
    return frozenset(_switches(masks, counts, shape))


def _switches(masks: list[int], counts: list[int], shape: list[int]) -> list[int]:
    bits = [[tag for tag in range(_T) if mask >> tag & 1] for mask in masks]
    on = [region * _T + tag for region, tags in enumerate(bits) for tag in tags]
    on += [_AFTER + tag for tag, count in enumerate(counts) if count > 2]
    on += [_PAIRS + opening * _T + rest for opening in bits[1] for rest in bits[2]]
    on += [_FIRST_PAIRS + one * _T + two for one in bits[0] for two in bits[0] if one < two]
    on += [_SHAPES + form for form in shape]
    width = len(CROSSED) * SHAPE_SLOTS
    for side, mask in enumerate((masks[1], masks[2])):
        base = _CROSS + side * width
        for place, tag in enumerate(CROSSED):
            if mask >> tag & 1:
                on += [base + place * SHAPE_SLOTS + form for form in shape]
    return on


def _shape(
    prompt: str, answer: str, normal: str, personas: list[int], sentences: int, tokens: list[bytes]
) -> list[int]:
    """Length, lists, code, personas, an unfinished end, overlap with the question."""
    length = len(answer)
    items = len(_ITEM.findall(normal))
    stripped = normal.rstrip(" \n*\"')]")
    shape = [bisect_right(_LENGTHS, length)]  # 0..6
    shape.append(7 + min(3, bisect_right((0, 1, 4), items - 1) if items else 0))  # 7..10
    shape.append(11 + min(3, len(personas)))  # 11..14
    shape.append(15 + min(3, sentences // 3))  # 15..18
    if "```" in normal:
        shape.append(19)
    if stripped and stripped[-1] not in ".!?:":
        shape.append(20)
    if "\n\n" in normal:
        shape.append(21)
    if '"' in normal[:3]:
        shape.append(22)
    shape.append(23 + _overlap(prompt, tokens))  # 23..26
    if "?" in normal[-60:]:
        shape.append(27)
    return shape


def _overlap(prompt: str, tokens: list[bytes]) -> int:
    """How much of the question's longer words the opening repeats, in quarters."""
    asked = {word for word in _TOKEN.findall(prompt[:400].lower().encode("utf-8", "replace")) if len(word) > 3}
    if not asked:
        return 0
    said = asked.intersection(tokens[:60])
    return min(3, 4 * len(said) // len(asked))


# --- words --------------------------------------------------------------------------------------------------------

_MASK: Final = WORD_SLOTS - 1
_PAIR: Final = 0x9E3779B1
_HEAD: Final = 0x5BD1E995
_TAIL: Final = 0x27D4EB2F


def _words(tokens: list[bytes]) -> frozenset[int]:
    """Slots of words and pairs of words: of the whole, again of the opening and of the end."""
    singles = list(map(crc32, tokens))
    pairs = [(one * 31 + two * _PAIR) >> 7 for one, two in zip(singles, singles[1:])]  # noqa: B905
    grams = {gram & _MASK for gram in singles}
    grams.update([gram & _MASK for gram in pairs])
    head = singles[:HEAD_WORDS] + pairs[:HEAD_WORDS]
    grams.update([(gram * _HEAD >> 9) & _MASK for gram in head])
    tail = singles[-TAIL_WORDS:] + pairs[-TAIL_WORDS:]
    grams.update([(gram * _TAIL >> 9) & _MASK for gram in tail])
    return frozenset(grams)
