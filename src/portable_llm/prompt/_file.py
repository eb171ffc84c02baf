"""Prompts as Markdown files: front matter, then one heading of the first level for each section.

In `documents` and `examples` the headings of the second level part the items. A line of the text that would be taken
for such a heading, or for a fence that never closes, has a backslash in front of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from portable_llm._errors import PromptError
from portable_llm.prompt._fences import fences, lines
from portable_llm.prompt._front import split_front
from portable_llm.prompt._overlay import read_examples_as, read_rendering
from portable_llm.prompt._values import (
    SECTION_NAME,
    Document,
    Example,
    ExamplesAs,
    Item,
    Place,
    Rendering,
    Section,
    TemplateKind,
    Variable,
    read_variable,
)

MAX_FILE = 1 << 22
"""Characters of a prompt file."""

_KEYS = ("name", "description", "variables", "template", "rendering", "examples_as", "placement")
_HEADING = re.compile(r"(?P<level>#{1,2})[ \t]+(?P<title>.*?)[ \t]*#*[ \t]*")
_ESCAPED = re.compile(r"^( {0,3})\\(?=\\*(?:#|```|~~~))")
_LIKE_STRUCTURE = re.compile(r"^( {0,3})(?=(\\*)(?:#|```|~~~))")
_HEADING_LINE = re.compile(r"#{1,2}(?:[ \t]|$)")
_UNTITLED = re.compile(r"Document(?: \d+)?")
_ALIASES = {"context_documents": "documents", "output": "output_format", "format": "output_format"}


@dataclass(frozen=True, slots=True)
class Block:
    """A heading and the lines beneath it; `line` is the number of the first one."""

    title: str
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFile:
    """What a file says, and where its texts begin."""

    name: str
    description: str
    variables: Mapping[str, Variable]
    template: TemplateKind
    rendering: Rendering | None
    examples_as: ExamplesAs
    placement: Mapping[str, Place]
    sections: tuple[Section, ...]
    places: tuple[tuple[str, int], ...]
    """Each text of the sections, in order, with the line it begins on."""


def read_file(text: str, source: str) -> PromptFile:
    """Read a prompt file; raises `PromptError` as `file:line: …`."""
    if len(text) > MAX_FILE:
        raise PromptError(f"{source}: over {MAX_FILE} characters")
    table, body, first = split_front(text.removeprefix("\ufeff").replace("\r\n", "\n"), source)
    unknown = table.keys() - set(_KEYS)
    if unknown:
        raise PromptError(f"{source}:1: unknown key {min(unknown)!r} in the front matter; known: {', '.join(_KEYS)}")
    sections, places = _sections(body, first, source)
    return PromptFile(
        name=_text(table, "name", source),
        description=_text(table, "description", source),
        variables=_variables(table.get("variables"), source),
        template=cast("TemplateKind", _one_of(table, "template", ("fields", "jinja", "none"), "fields", source)),
        rendering=read_rendering(table.get("rendering"), f"{source}:1"),
        examples_as=read_examples_as(table.get("examples_as"), f"{source}:1") or "inline",
        placement=_placement(table.get("placement"), source),
        sections=sections,
        places=places,
    )


# ---- front matter ----------------------------------------------------------------------------------------------------


def _text(table: Mapping[str, Any], key: str, source: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise PromptError(f"{source}:1: {key} has to be text, got {type(value).__name__}")
    return value


def _one_of(table: Mapping[str, Any], key: str, words: tuple[str, ...], default: str, source: str) -> str:
    value = table.get(key, default)
    if value not in words:
        raise PromptError(f"{source}:1: {key} is one of {', '.join(words)}, got {value!r}")
    return value


def _variables(value: Any, source: str) -> dict[str, Variable]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise PromptError(f"{source}:1: variables is a table: name: type")
    found: dict[str, Variable] = {}
    for name, spec in cast("dict[str, Any]", value).items():
        try:
            found[name] = read_variable(spec)
        except PromptError as error:
            raise PromptError(f"{source}:1: variable {name!r}: {error}") from error
    return found


def _placement(value: Any, source: str) -> dict[str, Place]:
    if value is None:
        return {}
    table = cast("dict[str, Any]", value) if isinstance(value, dict) else {"": value}
    for name, place in table.items():
        if not name or place not in ("system", "user"):
            raise PromptError(f"{source}:1: placement is a table: section: system or user")
    return cast("dict[str, Place]", table)


# ---- the body --------------------------------------------------------------------------------------------------------


def _blocks(body: str, level: int, first: int, title: str) -> list[Block]:
    """The text in front of the first heading of this level, under `title`, and a block for each heading."""
    blocks: list[Block] = []
    held: list[str] = []
    line_of, name = first, title
    for number, (_, line, is_fenced) in enumerate(lines(body), start=first):
        found = None if is_fenced else _HEADING.fullmatch(line)
        if found is not None and len(found["level"]) == level:
            blocks.append(Block(name, line_of, "\n".join(held)))
            held, name, line_of = [], found["title"], number + 1
        else:
            held.append(line)
    return [*blocks, Block(name, line_of, "\n".join(held))]


def _sections(body: str, first: int, source: str) -> tuple[tuple[Section, ...], tuple[tuple[str, int], ...]]:
    sections: dict[str, Section] = {}
    places: list[tuple[str, int]] = []
    front, *blocks = _blocks(body, 1, first, "task")
    for block in [front, *blocks] if front.text.strip() else blocks:
        name = _name_of(block, source)
        if name in sections:
            _fail(source, block, f"the section {name!r} stands twice")
        sections[name] = _section(name, block, source, places)
    if not sections:
        raise PromptError(f"{source}:{first}: the prompt is empty; write sections, each under a heading: # Task")
    return tuple(sections.values()), tuple(places)


def _fail(source: str, block: Block, what: str) -> NoReturn:
    raise PromptError(f"{source}:{max(block.line - 1, 1)}: {what}")


def _name_of(block: Block, source: str) -> str:
    name = re.sub(r"[ -]+", "_", block.title.lower())
    name = _ALIASES.get(name, name)
    if SECTION_NAME.fullmatch(name) is None:
        _fail(source, block, f"{block.title[:60]!r} is no name of a section: letters, digits and spaces; \\# for text")
    return name


def _section(name: str, block: Block, source: str, places: list[tuple[str, int]]) -> Section:
    if name not in ("documents", "examples"):
        return Section(name=name, text=_placed(block, places))
    front, *blocks = _blocks(block.text, 2, block.line, block.title)
    text = _placed(front, places)
    if name == "documents":
        return Section(name=name, text=text, items=tuple(_document(one, places) for one in blocks))
    return Section(name=name, text=text, items=tuple(_examples(blocks, source, places)))


def _placed(block: Block, places: list[tuple[str, int]]) -> str:
    """The text of a block as it is meant, noted with its line."""
    text = _unescaped(block.text)
    trimmed = text.lstrip("\n")
    places.append((trimmed.rstrip("\n"), block.line + len(text) - len(trimmed)))
    return trimmed.rstrip("\n")


def _document(block: Block, places: list[tuple[str, int]]) -> Document:
    title = "" if _UNTITLED.fullmatch(block.title) else block.title
    return Document(title=title, text=_placed(block, places))


def _examples(blocks: list[Block], source: str, places: list[tuple[str, int]]) -> Iterable[Item]:
    for number, block in enumerate(blocks):
        wanted = ("input", "output")[number % 2]
        if block.title.lower() != wanted:
            _fail(source, block, f"expected ## {wanted.title()}: examples are pairs of ## Input and ## Output")
    if len(blocks) % 2:
        _fail(source, blocks[-1], "an ## Input without its ## Output")
    for given, wanted in zip(blocks[::2], blocks[1::2], strict=True):
        yield Example(input=_placed(given, places), output=_placed(wanted, places))


def _unescaped(text: str) -> str:
    return "\n".join(line if is_fenced else _ESCAPED.sub(r"\1", line) for _, line, is_fenced in lines(text))


def _escaped(text: str) -> str:
    """The text as a file holds it: lines that look like structure get a backslash."""
    loose = set(fences(text).loose)
    return "\n".join(
        line if is_fenced else _LIKE_STRUCTURE.sub(lambda m, at=at: m[1] + _mark(m, at, loose), line)
        for at, line, is_fenced in lines(text)
    )


def _mark(found: re.Match[str], at: int, loose: set[int]) -> str:
    is_heading = not found[1] and _HEADING_LINE.match(found.string, found.end()) is not None
    return "\\" if found[2] or is_heading or at + found.end() in loose else ""


# ---- the way back ----------------------------------------------------------------------------------------------------


def write_file(prompt: PromptFile) -> str:
    """The file that `read_file` reads as this prompt; raises `PromptError` for texts that a file cannot hold."""
    head = "".join(_front_lines(prompt))
    body = "\n".join(_body_lines(prompt.sections))
    return f"---\n{head}---\n{body}" if head else body


def _front_lines(prompt: PromptFile) -> Iterable[str]:
    plain: list[tuple[str, str | None]] = [
        ("name", prompt.name or None),
        ("description", prompt.description or None),
        ("template", None if prompt.template == "fields" else prompt.template),
        ("rendering", prompt.rendering),
        ("examples_as", None if prompt.examples_as == "inline" else prompt.examples_as),
    ]
    yield from (f"{key}: {json.dumps(value)}\n" for key, value in plain if value is not None)
    if prompt.variables:
        yield "variables:\n"
        for name, variable in prompt.variables.items():
            yield f"  {name}:\n"
            yield from (f"    {key}: {json.dumps(value)}\n" for key, value in _variable_fields(variable))
    if prompt.placement:
        yield "placement:\n"
        yield from (f"  {name}: {place}\n" for name, place in prompt.placement.items())


def _variable_fields(variable: Variable) -> Iterable[tuple[str, Any]]:
    yield "type", variable.type
    if variable.values:
        yield "values", list(variable.values)
    if variable.default is not None:
        is_word = variable.type in ("str", "enum")
        yield "default", variable.default if is_word else json.dumps(variable.default)
    if variable.is_trusted:
        yield "trusted", True
    if variable.description:
        yield "description", variable.description


def _body_lines(sections: Iterable[Section]) -> Iterable[str]:
    for section in sections:
        yield f"# {title_of(section.name)}\n"
        if section.text:
            yield _held(section.text) + "\n"
        for item in section.items:
            yield from _item_lines(item)


def _item_lines(item: Item) -> Iterable[str]:
    match item:
        case Document(text=text, title=title):
            if title != title.strip() or "\n" in title or _UNTITLED.fullmatch(title) or title.endswith("#"):
                raise PromptError(f"a file cannot hold the title {title[:60]!r}")
            yield f"## {title or 'Document'}\n"
            yield _held(text) + "\n"
        case Example(input=given, output=wanted):
            yield f"## Input\n\n{_held(given)}\n"
            yield f"## Output\n\n{_held(wanted)}\n"


def _held(text: str) -> str:
    if text != text.strip("\n") or "\r\n" in text:
        raise PromptError("a file cannot hold a text that begins or ends with an empty line, or has \\r\\n in it")
    return _escaped(text)


def title_of(name: str) -> str:
    """A section's name as people write it: `output_format` → "Output format"."""
    return name.replace("_", " ").capitalize()
