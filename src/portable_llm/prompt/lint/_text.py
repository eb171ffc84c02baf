"""A prompt as its lint sees it: lines with offsets, what is front matter, what is code, where prompts end.

Any text will do: plain, Markdown with front matter, a template, YAML that holds prompts in block scalars. Nothing is
parsed that could fail; what is not understood is text. Everything here is one pass over the lines.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

MAX_LENGTH = 1 << 20
"""Characters of a text that is linted; longer ones are refused."""
MAX_LINE = 4_000
"""Characters of a line that rules look at; what follows is data for sure."""

_FENCE = re.compile(r"[ \t]*(?:[-*>][ \t]+)?(`{3,}|~{3,})")
_BLOCK = re.compile(r"(?P<indent>[ ]*)(?:- )?[\w. -]{1,60}:[ \t]*(?:[&!][\w-]+[ \t]+)?[|>][-+0-9]{0,2}[ \t]*(?:#.*)?")
_SETTING = re.compile(r"[\"']?[A-Za-z_][\w-]{0,40}[\"']?[ \t]*[:=](?:[ \t].*)?")
_ROLE = re.compile(
    r"[ \t]*(?:#{1,3}[ \t]*)?(?P<word>system|user|assistant|developer)[ \t]*:[ \t]*"
    r"|[ \t]*\{\{[ \t]*role[ \t]+[\"'](?P<tag>\w{1,20})[\"'][ \t]*\}\}[ \t]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its place in the text, its number from 1, its text without the line break."""

    number: int
    start: int
    text: str

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip())


class Text:
    """The text of one prompt file. Lines are cut at `MAX_LINE` characters; offsets stay those of the text."""

    def __init__(self, raw: str) -> None:
        if len(raw) > MAX_LENGTH:
            raise ValueError(f"{len(raw)} characters are too many for a prompt; at most {MAX_LENGTH}")
        self.raw = raw

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        found: list[Line] = []
        start = 0
        for number, text in enumerate(self.raw.split("\n"), 1):
            found.append(Line(number, start, text[:MAX_LINE].rstrip("\r")))
            start += len(text) + 1
        return tuple(found)

    @cached_property
    def front(self) -> range:
        """The numbers of the lines of the front matter, its marks included; empty where there is none.

        A licence in comments may stand above it (`# Copyright …`).
        """
        first = next((line for line in self.lines if not line.is_blank and not line.text.startswith("#")), None)
        if first is None or first.text.rstrip() not in ("---", "+++"):
            return range(0)
        mark = first.text.rstrip()
        end = next((line.number for line in self.lines[first.number :] if line.text.rstrip() == mark), None)
        return range(0) if end is None else range(first.number, end + 1)

    @cached_property
    def body(self) -> tuple[Line, ...]:
        """The lines behind the front matter."""
        return self.lines[self.front.stop - 1 :] if self.front else self.lines

    @cached_property
    def prose(self) -> tuple[Line, ...]:
        """The lines of the body outside fenced code. A fence that never closes fences nothing."""
        return tuple(line for line in self.body if line.number not in self.fenced)

    @cached_property
    def fenced(self) -> frozenset[int]:
        """The numbers of lines within fenced code, the fences included."""
        found: set[int] = set()
        opened: tuple[str, int] | None = None
        for line in self.body:
            fence = _FENCE.match(line.text)
            if fence is None:
                continue
            if opened is None:
                opened = (fence[1], line.number)
            elif fence[1][0] == opened[0][0] and len(fence[1]) >= len(opened[0]) and _is_closing(line.text, fence):
                found.update(range(opened[1], line.number + 1))
                opened = None
        return frozenset(found)

    @cached_property
    def is_settings(self) -> bool:
        """Whether the file as a whole is YAML or TOML, with prompts somewhere within."""
        if self.front:
            return False
        solid = [line for line in self.lines if not line.is_blank and not line.text.lstrip().startswith("#")]
        if not solid or _SETTING.fullmatch(solid[0].text.removeprefix("- ")) is None:
            return False
        top = [line for line in solid if not line.indent]
        keys = sum(_SETTING.fullmatch(line.text) is not None or line.text.startswith("- ") for line in top)
        return any(_BLOCK.fullmatch(line.text) for line in solid) or (keys == len(top) > 1)

    @cached_property
    def prompts(self) -> tuple[tuple[Line, ...], ...]:
        """The prompts in the text: its block scalars if it is a file of settings, else the whole body."""
        if not self.is_settings:
            return (self.body,)
        return tuple(self._scalars()) or (self.body,)

    def _scalars(self) -> Iterator[tuple[Line, ...]]:
        held: list[Line] = []
        limit = -1
        for line in self.lines:
            if limit >= 0 and (line.is_blank or line.indent > limit):
                held.append(line)
                continue
            if held:
                yield tuple(held)
            held, limit = [], -1
            head = _BLOCK.fullmatch(line.text)
            if head is not None:
                limit = len(head["indent"])
        if held:
            yield tuple(held)

    @cached_property
    def roles(self) -> tuple[tuple[Line, str], ...]:
        """Lines that name the role of what follows, in formats that take them off before sending."""
        found: list[tuple[Line, str]] = []
        for line in self.prose:
            role = _ROLE.fullmatch(line.text)
            if role is not None and (role["tag"] or role["word"].islower()):
                found.append((line, (role["tag"] or role["word"]).lower()))
        return tuple(found)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        index = bisect_right(self._starts, offset) - 1
        return index + 1, offset - self._starts[index] + 1

    @cached_property
    def _starts(self) -> list[int]:
        return [line.start for line in self.lines]


def last_line(lines: tuple[Line, ...]) -> Line | None:
    """The last line that is not blank."""
    return next((line for line in reversed(lines) if not line.is_blank), None)


def _is_closing(text: str, fence: re.Match[str]) -> bool:
    return not text[fence.end() :].strip()
