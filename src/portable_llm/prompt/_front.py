"""Front matter: a TOML table between `+++`, or a small strict subset of YAML between `---`.

The subset: mappings and lists by indentation, lists in brackets, quoted and bare scalars, comments. Anchors, tags,
block scalars, flow mappings and the like are refused and not guessed at: whoever needs more writes TOML.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from typing import Any, NoReturn

from portable_llm._errors import PromptError

MAX_FRONT = 64 * 1024
"""Characters of front matter."""
MAX_DEPTH = 4

_KEY = re.compile(r"(?P<key>[A-Za-z_][\w.-]*)\s*:(?:\s+(?P<value>.*))?")
_NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None}
_DOUBLE = r'"(?:[^"\\]|\\.)*"'
_SINGLE = r"'(?:[^']|'')*'"
_QUOTED = re.compile(rf"(?P<scalar>{_DOUBLE}|{_SINGLE})\s*(?:#.*)?")
_ITEM = re.compile(rf"\s*(?P<scalar>{_DOUBLE}|{_SINGLE}|[^,\[\]{{}}\"'#]+?)\s*(?P<end>[,\]])")
_COMMENT = re.compile(r"(?:^|\s)#.*$")


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    indent: int
    text: str


def split_front(text: str, source: str) -> tuple[dict[str, Any], str, int]:
    """The table in front, the body behind it, and the number of the body's first line; raises `PromptError`."""
    for mark, read in (("---", _read_yaml), ("+++", _read_toml)):
        if not text.startswith(mark + "\n"):
            continue
        end = re.compile(rf"^{re.escape(mark)}[ \t]*$", re.MULTILINE).search(text, len(mark) + 1)
        if end is None:
            raise PromptError(f"{source}:1: the front matter has no end; close it with a line {mark}")
        if end.start() > MAX_FRONT:
            raise PromptError(f"{source}:1: front matter over {MAX_FRONT} characters")
        inside = text[len(mark) + 1 : end.start()]
        return read(inside, source), text[end.end() + 1 :], text.count("\n", 0, end.end()) + 2
    return {}, text, 1


def _read_toml(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) + 1 if found else 1
        raise PromptError(f"{source}:{line}: the front matter is no TOML: {error}") from error


def _read_yaml(text: str, source: str) -> dict[str, Any]:
    lines: list[_Line] = []
    for number, raw in enumerate(text.split("\n"), start=2):
        stripped = raw.strip()
        if not stripped or stripped.startswith("#"):
            continue
        indent = len(raw) - len(raw.lstrip())
        if "\t" in raw[:indent]:
            raise PromptError(f"{source}:{number}: indent with spaces, not with tabs")
        lines.append(_Line(number, indent, stripped))
    return _Yaml(lines, source).read()


class _Yaml:
    """Reads lines into mappings and lists; each line once."""

    def __init__(self, lines: list[_Line], source: str) -> None:
        self._lines, self._source, self._at = lines, source, 0

    def read(self) -> dict[str, Any]:
        if not self._lines:
            return {}
        value = self._block(self._lines[0].indent, 1)
        if not isinstance(value, dict):
            self._fail(self._lines[0], "front matter is a mapping: key: value")
        return value

    def _fail(self, line: _Line, what: str) -> NoReturn:
        raise PromptError(f"{self._source}:{line.number}: {what}")

    def _block(self, indent: int, depth: int) -> dict[str, Any] | list[Any]:
        first = self._lines[self._at]
        if depth > MAX_DEPTH:
            self._fail(first, f"front matter nests deeper than {MAX_DEPTH} levels")
        return self._list(indent) if first.text.startswith("-") else self._mapping(indent, depth)

    def _siblings(self, indent: int) -> _Line | None:
        """The next line of this block; raises for one that is indented and belongs to nothing."""
        if self._at >= len(self._lines) or self._lines[self._at].indent < indent:
            return None
        line = self._lines[self._at]
        if line.indent > indent:
            self._fail(line, "this line is indented deeper than those it belongs to")
        self._at += 1
        return line

    def _list(self, indent: int) -> list[Any]:
        items: list[Any] = []
        while (line := self._siblings(indent)) is not None:
            if not line.text.startswith("- "):
                self._fail(line, "a list goes on with '- '")
            items.append(self._scalar(line, line.text[2:].strip()))
        return items

    def _mapping(self, indent: int, depth: int) -> dict[str, Any]:
        table: dict[str, Any] = {}
        while (line := self._siblings(indent)) is not None:
            found = _KEY.fullmatch(line.text)
            if found is None:
                self._fail(line, "expected 'key: value'")
            key = found["key"]
            if key in table:
                self._fail(line, f"{key!r} stands twice")
            value = found["value"] or ""
            value = "" if value.startswith("#") else value
            table[key] = self._scalar(line, value) if value else self._nested(indent, depth)
        return table

    def _nested(self, indent: int, depth: int) -> Any:
        if self._at >= len(self._lines) or self._lines[self._at].indent <= indent:
            return None
        return self._block(self._lines[self._at].indent, depth + 1)

    def _scalar(self, line: _Line, text: str) -> Any:
        if text.startswith("["):
            return self._inline_list(line, text)
        if text[:1] in ('"', "'"):
            found = _QUOTED.fullmatch(text)
            if found is None:
                self._fail(line, "the quoted text has no end, or something behind it")
            return self._unquoted(line, found["scalar"])
        bare = _COMMENT.sub("", text, count=1).strip()
        if bare[:1] in tuple("&*!|>{}%@`?,") or ": " in bare or bare.endswith(":"):
            self._fail(line, f"{bare[:40]!r} needs quotes here, or TOML front matter (+++): only plain YAML is read")
        return _plain(bare)

    def _inline_list(self, line: _Line, text: str) -> list[Any]:
        items: list[Any] = []
        at = 1
        if re.fullmatch(r"\[\s*\]\s*(?:#.*)?", text):
            return items
        while (found := _ITEM.match(text, at)) is not None:
            scalar = found["scalar"]
            items.append(self._unquoted(line, scalar) if scalar[0] in "\"'" else _plain(scalar))
            at = found.end()
            if found["end"] == "]":
                if re.fullmatch(r"\s*(?:#.*)?", text[at:]):
                    return items
                break
        return self._fail(line, "a list in brackets holds plain or quoted words: [a, b]")

    def _unquoted(self, line: _Line, text: str) -> str:
        if text[0] == "'":
            return text[1:-1].replace("''", "'")
        try:
            return str(json.loads(text))
        except ValueError:
            self._fail(line, "the escapes in double quotes are those of JSON")


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        return int(text) if re.fullmatch(r"[-+]?\d+", text) else float(text)
    return text
