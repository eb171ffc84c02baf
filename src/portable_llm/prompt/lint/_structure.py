"""Parts of a prompt, or of the answer it wants, that are fenced by tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from portable_llm.prompt.lint._text import Line, Text
from portable_llm.prompt.lint._values import Rule, Span

_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][\w.-]{0,60})(?P<rest>[ \t][^<>\n]{0,200})?>")
_MENTION = re.compile(
    r"</?(?P<name>[A-Za-z][\w.-]{0,60})>`?(?:,? ?(?:and|or|\.\.\.|…)? ?`?</(?P=name)>`?)? (?:XML[- ]?)?(?:tags?"
    r"|blocks?)\b",
    re.IGNORECASE,
)
_FILLED = re.compile(r"[{$]|\S.{0,40}[^\W\d_]{3}")

_HTML = frozenset(
    """a abbr audio b base blockquote body br button canvas caption center cite code col colgroup dd del details dfn div
    dl dt em embed fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input
    ins kbd label legend li link main map mark meta nav noscript ol optgroup option p param picture pre q s samp script
    select slot small span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead tr
    track tt u ul var video wbr path g rect circle line polygon defs""".split()  # noqa: SIM905
)
_BOTH = frozenset(
    {"output", "data", "text", "section", "article", "title", "source", "object", "time", "menu", "dialog"}
)
"""Elements of HTML or SVG that prompts use as tags of their own as well; HTML only where there is other HTML."""


@dataclass(frozen=True, slots=True)
class _Seen:
    name: str
    line: Line
    start: int
    end: int


def find_tags(text: Text) -> Iterator[Span]:
    """One finding for the prompt, at its first tag."""
    opened: dict[str, _Seen] = {}
    pairs: list[_Seen] = []
    html = False
    for line in text.prose:
        pairs.extend(_mentions(line))
        for found in _TAG.finditer(line.text):
            name = found["name"]
            html |= name.lower() in _HTML
            if not _is_structure(name) or (found["rest"] or "").rstrip().endswith("/"):
                continue
            if not found["end"]:
                if not line.text[: found.start()].strip(" \t-*\"'"):
                    opened[name] = _Seen(name, line, found.start(), found.end())
            elif name in opened and _fences(opened[name], line, found.start()):
                pairs.append(opened.pop(name))
    kept = [pair for pair in pairs if not (html and pair.name.lower() in _BOTH)]
    if kept:
        first = min(kept, key=lambda pair: (pair.line.start, pair.start))
        yield Span(first.line.start + first.start, first.line.start + first.end, _message(kept))


def _mentions(line: Line) -> Iterator[_Seen]:
    """Tags that the words of the prompt speak of: "within <answer></answer> tags"."""
    for found in _MENTION.finditer(line.text):
        if _is_structure(found["name"]):
            yield _Seen(found["name"], line, found.start(), found.end())


def _is_structure(name: str) -> bool:
    """Not HTML, and not a component of a user interface (`CardGroup`)."""
    is_component = name[0].isupper() and any(letter.islower() for letter in name)
    return not is_component and name.lower() not in _HTML


def _fences(opened: _Seen, line: Line, end: int) -> bool:
    """Whether the pair stands around something, and not within a sentence."""
    if line.number != opened.line.number:
        return True
    return _FILLED.match(line.text[opened.end : end].strip()) is not None


def _message(pairs: list[_Seen]) -> str:
    names = list(dict.fromkeys(f"<{pair.name}>" for pair in pairs))
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return f"parts are fenced by tags ({shown}), a markup that one vendor's models prefer"


RULES = (
    Rule(
        id="xml-structure",
        severity="note",
        message="parts are fenced by tags, a markup that one vendor's models prefer",
        why="Every model reads tags, and one vendor advises them; others advise Markdown headings, and small models "
        "copy "
        "tags into the answer. In published comparisons the markup alone moved scores by tens of points, either way.",
        remedy="write named sections, and let them be rendered for the target; ask for fields by structured output",
        matters_for="models whose vendor advises another markup",
        find=find_tags,
        bad="<instructions>\nSummarise the letter.\n</instructions>\n<letter>\n{letter}\n</letter>",
        good="# Instructions\n\nSummarise the letter.\n\n# Letter\n\n{letter}",
    ),
)
