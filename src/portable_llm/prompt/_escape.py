"""Escapes: no text can be taken for structure, and every text comes back as it was.

One character of what must not be is written as a reference (`<|im_start|>` → `&lt;|im_start|>`, `Human:` →
`Human&#58;`): visible, known to every model from web pages, and undone exactly. An `&` that already begins such a
reference becomes `&amp;`; any other `&` stays. Inside JSON the same characters are written as JSON's own `\\uXXXX`.

What is escaped where:

- control tokens of chat formats, in all text: nobody means one of those in a portable prompt;
- lines that are structure in the rendering at hand, in all text: else the sections would not parse back;
- in data, moreover, what *looks* like structure: tags of roles, sections and tools, role words with a colon, and the
  delimiters of the rendering at hand. Data is known by its span, so what is only completed by data is found as well.

Everything is one pass per pattern over the text, and no pattern looks further than a bounded number of characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from portable_llm.prompt._fences import fences
from portable_llm.prompt._values import SECTIONS, Rendering, data_of, touches

BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""Whatever anybody takes for the end of a line."""

_START = rf"(?:(?<=[{BREAKS}])|\A)"
_END = rf"(?=[{BREAKS}]|\Z)"

_REFERENCES = {"&": "&amp;", "<": "&lt;"} | {char: f"&#{ord(char)};" for char in '#=-*_`~[:："' + BREAKS}
_CHARACTERS = {reference: char for char, reference in _REFERENCES.items()}
_REFERENCE = re.compile("|".join(map(re.escape, _CHARACTERS)))

# ---- control tokens --------------------------------------------------------------------------------------------------

_ANGLED = (
    "s|unk|pad|bos|eos|eod|eot|mask|cls|sep|eop|sop|gmask|start_of_turn|end_of_turn|start_of_image|end_of_image"
    "|begin_of_text|end_of_text|endoftext|im_start|im_end|end_of_utterance|end_of_sentence|reserved_\\d{1,5}"
    "|unused_?\\d{1,5}|0x[0-9a-f]{2}"
)
_BRACKETED = (
    "INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS?|TOOL_RESULTS?|TOOL_CONTENT|CALL_ID|ARGS|THINK|IMG|IMG_BREAK"
    "|IMG_END|AUDIO|BEGIN_AUDIO|TRANSCRIBE|PREFIX|MIDDLE|SUFFIX|MODEL_SETTINGS|CONTROL_\\d{1,4}|CLS|SEP|PAD|MASK|UNK"
    "|BOS|EOS|EOD|GMASK|SMASK|MULTIMODAL|UNUSED\\d{1,5}"
)
CONTROL = re.compile(
    rf"<(?=[|｜][^\s|｜]|/?\w[\w./-]{{0,63}}[|｜]>|</?SYS>>|/?(?:{_ANGLED})>)|\[(?=/?(?:{_BRACKETED})\])",
    re.IGNORECASE,
)
"""The first character of tokens by which chat formats begin and end turns, texts and media.

By form: `<|…`, its full-width twin and `<…|>`. By name, since their form is common in text: `<s>`, `[INST]`, … (public
tokenizers and chat templates of Llama, Mistral, Gemma, GLM, Baichuan, BERT and T5, read 2026-11-24).
"""

# ---- what looks like structure, in data ------------------------------------------------------------------------------

ROLES = "human|assistant|system|user|developer|ai|bot|用户|助手|系统"
"""Words by which transcripts name who speaks; tools speak in tokens and tags."""
_ROLE = re.compile(rf"(?<![A-Za-z0-9])(?:{ROLES})[ \t*_]{{0,16}}[:：]", re.IGNORECASE)
_INSTRUCTION = re.compile(
    rf"#[ \t]{{0,4}}(?:{ROLES}|instructions?|response|input|output)[ \t*_]{{0,16}}[:：]", re.IGNORECASE
)
_BEFORE_ROLE = re.compile(rf"(?:\A|[{BREAKS}])[ \t>*_#\"'\[(-]*\Z")
_LOOK_BACK = 24

_TAG_WORDS = (
    "system|user|assistant|human|developer|model|instructions?|prompt|context|input|output|document|example|query"
    "|think|thinking|thought|reasoning|answer|tools?|function|invoke|parameter|image|video|audio|antml|conversation"
    "|message|turn|history"
)

_ANY_TAG = re.compile(r"<[A-Za-z/!?_]")
_HEADING = re.compile(rf"{_START}[ \t]*#{{1,6}}(?:[ \t]|{_END})")
_RULE = re.compile(rf"{_START}[ \t]*(?:=+|-+|\*{{3,}}|_{{3,}})[ \t]*{_END}")
_RUN = re.compile(r"`{3,}|~{3,}")
_HEAD = re.compile(rf"{_START}[ \t]*(?:={{3}}|-{{3}})")


@lru_cache(maxsize=256)
def _tags(names: frozenset[str]) -> re.Pattern[str]:
    """Tags of roles, sections and tools, and names with `_`, which HTML does not have and tokens do."""
    words = "|".join([_TAG_WORDS, *sorted({*SECTIONS, *names})])
    return re.compile(rf"</?[ \t]{{0,4}}(?:(?:{words})\b|[a-z][a-z0-9]{{0,30}}_)", re.IGNORECASE)


def _first(pattern: re.Pattern[str], text: str, data: tuple[tuple[int, int], ...], skip: str = "") -> Iterator[int]:
    """Where matches that touch data begin, behind the characters in `skip`."""
    for found in pattern.finditer(text):
        if touches(data, *found.span()):
            matched = found[0]
            yield found.start() + len(matched) - len(matched.lstrip(skip) if skip else matched)


def _colons(text: str, data: tuple[tuple[int, int], ...]) -> Iterator[int]:
    """The colons of role words: in any spelling where a line begins, elsewhere only where they are capitalised."""
    for found in _ROLE.finditer(text):
        if touches(data, *found.span()) and (not found[0][0].islower() or _begins_line(text, found.start())):
            yield found.end() - 1
    yield from (found.end() - 1 for found in _INSTRUCTION.finditer(text) if touches(data, *found.span()))


def _begins_line(text: str, at: int) -> bool:
    before = text[max(0, at - _LOOK_BACK) : at]
    return _BEFORE_ROLE.search(before) is not None if before else True


def _runs(text: str, data: tuple[tuple[int, int], ...]) -> Iterator[int]:
    """All but the last two characters of runs that could open or close a fence."""
    for found in _RUN.finditer(text):
        if touches(data, *found.span()):
            yield from range(found.start(), found.end() - 2)


def _looks(text: str, data: tuple[tuple[int, int], ...], rendering: Rendering, names: frozenset[str]) -> Iterator[int]:
    """Characters of data that make it look like structure."""
    yield from _first(_tags(names), text, data)
    yield from _colons(text, data)
    match rendering:
        case "xml":
            yield from _first(_ANY_TAG, text, data)
        case "markdown":
            yield from _runs(text, data)
            fenced = fences(text, data).spans
            headings = (*_first(_HEADING, text, data, " \t"), *_first(_RULE, text, data, " \t"))
            yield from (at for at in headings if not touches(fenced, at, at + 1))
        case "plain":
            yield from _first(_HEAD, text, data, " \t")
        case "json":
            return


def marks(
    text: str, rendering: Rendering, structure: re.Pattern[str] | None = None, names: frozenset[str] = frozenset()
) -> list[int]:
    """Which characters are to be written as references, in order.

    `structure` finds the lines that are structure in this rendering; its match begins at the character to escape.
    """
    data = data_of(text)
    found = {one.start() for one in CONTROL.finditer(text)}
    if data:
        found.update(_looks(text, data, rendering, names))
    if structure is not None:
        fenced = fences(text, data) if rendering == "markdown" else None
        spans = fenced.spans if fenced else ()
        found.update(at.start() for at in structure.finditer(text) if not touches(spans, at.start(), at.start() + 1))
        found.update(fenced.loose if fenced else ())
    return sorted(found)


def escape(text: str, at: list[int]) -> str:
    """The text with the characters at these places written as references."""
    return _pieces(text, at, _REFERENCES.__getitem__, _ampersands)


def escape_json(text: str, at: list[int]) -> str:
    """The text as a JSON string, with the characters at these places written as `\\uXXXX`."""
    return '"' + _pieces(text, at, lambda char: f"\\u{ord(char):04x}", _inside_json) + '"'


def _pieces(text: str, at: list[int], reference: Callable[[str], str], plain: Callable[[str], str]) -> str:
    # What stands between two references is never part of one: a reference begins with & and ends with ;, and
    # neither is among the characters that are escaped.
    parts: list[str] = []
    end = 0
    for place in at:
        parts.append(plain(text[end:place]))
        parts.append(reference(text[place]))
        end = place + 1
    parts.append(plain(text[end:]))
    return "".join(parts)


def _ampersands(text: str) -> str:
    return _REFERENCE.sub(lambda found: "&amp;" + found[0][1:], text) if "&" in text else text


def _inside_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def unescape(text: str) -> str:
    """What `escape` was given; also for a model's answer that quotes escaped data."""
    return _REFERENCE.sub(lambda found: _CHARACTERS[found[0]], text) if "&" in text else text
