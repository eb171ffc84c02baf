"""Sections as one text in four forms, and back: `parse(render(sections, form), form) == sections`.

A form is a grammar of whole lines. Markdown and plain text have heads, XML has tags on lines of their own, JSON is
JSON. Whatever the texts hold, a line of structure is never among theirs: see `_escape`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn, cast

from portable_llm._errors import PromptError
from portable_llm.prompt._escape import BREAKS, escape, escape_json, marks, unescape
from portable_llm.prompt._fences import lines
from portable_llm.prompt._file import title_of
from portable_llm.prompt._values import Document, Example, Item, Rendering, Section

_TITLE = r"[A-Z][a-z0-9]*(?: [a-z0-9]+)*"
_ONE_LINE = re.compile(f"[{BREAKS}]")
_QUOTES = re.compile(f'["{BREAKS}]')


def render(sections: Sequence[Section], rendering: Rendering) -> str:
    """The sections as one text."""
    names = frozenset(section.name for section in sections)
    match rendering:
        case "markdown":
            return _Heads(MARKDOWN, names).render(sections)
        case "plain":
            return _Heads(PLAIN, names).render(sections)
        case "xml":
            return "\n\n".join(_Tags(section, names).render() for section in sections)
        case "json":
            return _json(sections, names)


def parse(text: str, rendering: Rendering) -> tuple[Section, ...]:
    """The sections of a rendered text; raises `PromptError` for one that no rendering wrote."""
    if not text:
        return ()
    match rendering:
        case "markdown":
            return _parse_heads(text, MARKDOWN)
        case "plain":
            return _parse_heads(text, PLAIN)
        case "xml":
            return tuple(_parse_tags(text))
        case "json":
            return _parse_json(text)


def turn_text(text: str) -> str:
    """The text of an example as a turn of its own, where no structure surrounds it."""
    return escape(text, marks(text, "json"))


def _foreign(rendering: str, what: str) -> NoReturn:
    raise PromptError(f"this is no rendered prompt ({rendering}): {what}")


# ---- heads: Markdown and plain text ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    rendering: Rendering
    section: str
    """How the head of a section is written."""
    item: str

    def head(self, pattern: str, inside: str) -> str:
        """A pattern for a head whose inside is this one."""
        before, after = (re.escape(half) for half in pattern.split("{}"))
        return f"{before}{inside}{after}"


MARKDOWN = _Form(rendering="markdown", section="# {}", item="## {}")
PLAIN = _Form(rendering="plain", section="=== {} ===", item="--- {} ---")

_ITEM_HEADS = {
    "documents": r"Document \d+(?:: (?P<title>[^\n]*))?",
    "examples": r"Example \d+ (?P<side>input|output)",
}


class _Heads:
    def __init__(self, form: _Form, names: frozenset[str]) -> None:
        self._form, self._names = form, names

    def render(self, sections: Sequence[Section]) -> str:
        return "\n\n".join(part for section in sections for part in self._section(section))

    def _section(self, section: Section) -> Iterator[str]:
        yield self._form.section.format(title_of(section.name))
        structure = _structure(self._form, section.name if section.name in _ITEM_HEADS else "")
        yield from self._text(section.text, structure)
        for number, item in enumerate(section.items, start=1):
            yield from self._item(number, item, structure)

    def _item(self, number: int, item: Item, structure: re.Pattern[str]) -> Iterator[str]:
        match item:
            case Document(text=text, title=title):
                written = f": {self._title(title)}" if title else ""
                yield self._form.item.format(f"Document {number}{written}")
                yield from self._text(text, structure)
            case Example(input=given, output=wanted):
                yield self._form.item.format(f"Example {number} input")
                yield from self._text(given, structure)
                yield self._form.item.format(f"Example {number} output")
                yield from self._text(wanted, structure)

    def _text(self, text: str, structure: re.Pattern[str]) -> Iterator[str]:
        if text:
            yield escape(text, marks(text, self._form.rendering, structure, self._names))

    def _title(self, title: str) -> str:
        return _on_one_line(title, self._form.rendering, self._names)


def _on_one_line(title: str, rendering: Rendering, names: frozenset[str]) -> str:
    """A title without breaks, and without the quotes that end an attribute."""
    inside = (found.start() for found in (_QUOTES if rendering == "xml" else _ONE_LINE).finditer(title))
    return escape(title, sorted({*marks(title, rendering, None, names), *inside}))


@lru_cache(maxsize=16)
def _structure(form: _Form, section: str) -> re.Pattern[str]:
    """The lines that are heads inside this section, which is one of `_ITEM_HEADS` or `""`."""
    heads = [form.head(form.section, _TITLE)]
    if section:
        heads.append(form.head(form.item, _ITEM_HEADS[section]))
    return re.compile(f"^(?:{'|'.join(heads)})$", re.MULTILINE)


def _parse_heads(text: str, form: _Form) -> tuple[Section, ...]:
    blocks = _blocks(text, re.compile(form.head(form.section, f"(?P<title>{_TITLE})")), form)
    sections: list[Section] = []
    for head, body in blocks:
        name = head["title"].lower().replace(" ", "_")
        inside = _ITEM_HEADS.get(name)
        if inside is None:
            sections.append(Section(name=name, text=unescape(body)))
            continue
        pattern = re.compile(form.head(form.item, inside))
        front, items = _front(body, pattern, form)
        sections.append(Section(name=name, text=unescape(front), items=tuple(_items(name, items, form))))
    return tuple(sections)


def _items(name: str, blocks: list[tuple[re.Match[str], str]], form: _Form) -> Iterator[Item]:
    if name == "documents":
        for head, body in blocks:
            yield Document(title=unescape(head["title"] or ""), text=unescape(body))
        return
    if [head["side"] for head, _ in blocks] != ["input", "output"] * (len(blocks) // 2):
        _foreign(form.rendering, "examples are pairs of input and output")
    for (_, given), (_, wanted) in zip(blocks[::2], blocks[1::2], strict=True):
        yield Example(input=unescape(given), output=unescape(wanted))


def _found_heads(text: str, head: re.Pattern[str], form: _Form) -> list[tuple[int, re.Match[str]]]:
    is_fencing = form.rendering == "markdown"
    return [
        (at, found)
        for at, line, is_fenced in lines(text)
        if not (is_fencing and is_fenced) and (found := head.fullmatch(line)) is not None
    ]


def _blocks(text: str, head: re.Pattern[str], form: _Form) -> list[tuple[re.Match[str], str]]:
    """Heads with the text behind each: everything is parted by one empty line, and an empty text is left out."""
    heads = _found_heads(text, head, form)
    if not heads or heads[0][0] != 0:
        _foreign(form.rendering, "it begins with no head of a section")
    ends = [at for at, _ in heads[1:]]
    blocks = [(found, text[at + len(found[0]) : end]) for (at, found), end in zip(heads, [*ends, None], strict=True)]
    last = len(blocks) - 1
    return [(found, _body(rest, number == last, form)) for number, (found, rest) in enumerate(blocks)]


def _body(rest: str, is_last: bool, form: _Form) -> str:
    if rest in ("", "\n\n"):
        return ""
    if not rest.startswith("\n\n") or (not is_last and not rest.endswith("\n\n")):
        _foreign(form.rendering, "an empty line stands behind every head and every text")
    return rest[2:] if is_last else rest[2:-2]


def _front(body: str, head: re.Pattern[str], form: _Form) -> tuple[str, list[tuple[re.Match[str], str]]]:
    """The text in front of the first item, and the items."""
    heads = _found_heads(body, head, form)
    if not heads:
        return body, []
    at = heads[0][0]
    if at and not body[:at].endswith("\n\n"):
        _foreign(form.rendering, "an empty line stands in front of every head")
    return body[: max(at - 2, 0)], _blocks(body[at:], head, form)


# ---- tags: XML -------------------------------------------------------------------------------------------------------

_INNER = {"documents": "document", "examples": "example|input|output"}
_OPEN = re.compile(r"<([a-z][a-z0-9]*(?:_[a-z0-9]+)*)>")
_DOCUMENT = re.compile(r'<document(?: title="([^"\n]*)")?>')


class _Tags:
    def __init__(self, section: Section, names: frozenset[str]) -> None:
        inner = _INNER.get(section.name)
        own = f"</{section.name}>" if inner is None else rf"</{section.name}>|</?(?:{inner})(?: [^\n]*)?>"
        self._structure = re.compile(f"^(?:{own})$", re.MULTILINE)
        self._section, self._names = section, names

    def render(self) -> str:
        section = self._section
        inside = self._text(section.text) + "".join(self._item(item) for item in section.items)
        return f"<{section.name}>\n{inside}</{section.name}>"

    def _text(self, text: str) -> str:
        return escape(text, marks(text, "xml", self._structure, self._names)) + "\n" if text else ""

    def _item(self, item: Item) -> str:
        match item:
            case Document(text=text, title=title):
                named = _on_one_line(title, "xml", self._names)
                opening = f'<document title="{named}">' if title else "<document>"
                return f"{opening}\n{self._text(text)}</document>\n"
            case Example(input=given, output=wanted):
                sides = f"<input>\n{self._text(given)}</input>\n<output>\n{self._text(wanted)}</output>\n"
                return f"<example>\n{sides}</example>\n"


class _Lines:
    """A cursor over lines."""

    def __init__(self, text: str) -> None:
        self._lines, self._at = text.split("\n"), 0

    def next(self) -> str | None:
        """The line that `take` takes, `None` at the end."""
        return self._lines[self._at] if self._at < len(self._lines) else None

    def take(self, wanted: str | None = None) -> str:
        line = self.next()
        if line is None or (wanted is not None and line != wanted):
            _foreign("xml", f"expected {wanted or 'another line'}")
        self._at += 1
        return line

    def until(self, *ends: re.Pattern[str]) -> str:
        """The text of the lines before the first that is structure."""
        start = self._at
        while (line := self.next()) is not None and not any(end.fullmatch(line) for end in ends):
            self._at += 1
        return unescape("\n".join(self._lines[start : self._at]))


def _parse_tags(text: str) -> Iterator[Section]:
    reader = _Lines(text)
    while reader.next() is not None:
        found = _OPEN.fullmatch(reader.take())
        if found is None:
            _foreign("xml", "a section begins with its tag on a line of its own")
        name = found[1]
        inner = _INNER.get(name)
        close = re.compile(f"</{name}>")
        if inner is None:
            section = Section(name=name, text=reader.until(close))
        else:
            opening = _DOCUMENT if name == "documents" else re.compile("<example>")
            front = reader.until(close, opening)
            section = Section(name=name, text=front, items=tuple(_parse_items(reader, name, f"</{name}>")))
        reader.take(f"</{name}>")
        yield section
        if reader.next() is not None:
            reader.take("")


def _parse_items(reader: _Lines, name: str, end: str) -> Iterator[Item]:
    while reader.next() != end:
        if name == "documents":
            found = _DOCUMENT.fullmatch(reader.take())
            if found is None:
                _foreign("xml", "expected a document")
            yield Document(title=unescape(found[1] or ""), text=_inside(reader, "document"))
            continue
        reader.take("<example>")
        reader.take("<input>")
        given = _inside(reader, "input")
        reader.take("<output>")
        yield Example(input=given, output=_inside(reader, "output"))
        reader.take("</example>")


def _inside(reader: _Lines, tag: str) -> str:
    text = reader.until(re.compile(f"</{tag}>"))
    reader.take(f"</{tag}>")
    return text


# ---- JSON ------------------------------------------------------------------------------------------------------------


def _json(sections: Sequence[Section], names: frozenset[str]) -> str:
    def string(text: str) -> str:
        return escape_json(text, marks(text, "json", None, names))

    def item(one: Item) -> str:
        match one:
            case Document(text=text, title=""):
                return f'{{"text": {string(text)}}}'
            case Document(text=text, title=title):
                return f'{{"title": {string(title)}, "text": {string(text)}}}'
            case Example(input=given, output=wanted):
                return f'{{"input": {string(given)}, "output": {string(wanted)}}}'

    def value(section: Section) -> str:
        if not section.items:
            return string(section.text)
        items = ",\n".join(f"    {item(one)}" for one in section.items)
        if not section.text:
            return f"[\n{items}\n  ]"
        return f'{{\n  "text": {string(section.text)},\n  "items": [\n{items}\n  ]}}'

    members = ",\n".join(f'  "{section.name}": {value(section)}' for section in sections)
    return f"{{\n{members}\n}}" if members else ""


def _parse_json(text: str) -> tuple[Section, ...]:
    try:
        members = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PromptError(f"this is no rendered prompt (json): {error}") from error
    if not isinstance(members, dict):
        _foreign("json", "it is no object")
    return tuple(_json_section(name, value) for name, value in cast("dict[str, Any]", members).items())


def _json_section(name: str, value: Any) -> Section:
    if isinstance(value, str):
        return Section(name=name, text=value)
    try:
        held: dict[str, Any] = {"text": "", "items": value} if isinstance(value, list) else value
        kind = Document if name == "documents" else Example
        return Section(name=name, text=held["text"], items=tuple(kind(**item) for item in held["items"]))
    except (TypeError, KeyError) as error:
        raise PromptError(f"this is no rendered prompt (json): section {name!r} is malformed ({error})") from error
