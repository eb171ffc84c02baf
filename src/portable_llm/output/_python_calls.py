"""Calls written as Python, as models without a tool interface are asked to write them: `[f(a=1), g.h(b="x")]`.

Llama 3.2 and 4, and every model that the Berkeley leaderboard prompts, answer like this. Arguments are names with
literals; a word without quotes is a text, as it is in an object. A call with anything else (a sum, a call, an argument
without a name) is not read, because its value would have to be computed or guessed. Nothing is evaluated.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from portable_llm._json import JsonValue
from portable_llm.output._repair_words import word_value
from portable_llm.output._scanned import Span

MAX_TEXT = 200_000
MAX_NESTING = 50

_SPACE = re.compile(r"(?:\s|#[^\n]*)*+")
_HEAD = re.compile(r"(?P<name>[A-Za-z_]\w*+(?:\.[A-Za-z_]\w*+)*+)\s*+\(")
_ARGUMENT = re.compile(r"(?P<name>[A-Za-z_]\w*+)\s*+=(?!=)")
_STRING = re.compile(
    r"(?P<raw>[rR]?)(?:(?P<triple>'''|\"\"\")(?P<long>.*?)(?<!\\)(?P=triple)"
    r"|'(?P<single>[^'\\\n]*+(?:\\.[^'\\\n]*+)*+)'|\"(?P<double>[^\"\\\n]*+(?:\\.[^\"\\\n]*+)*+)\")",
    re.DOTALL,
)
_WORD = re.compile(r"[-+]?[\w.]++(?:(?<=[eE])[-+]\d++)?")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\n|.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\n": ""} | {
    char: char for char in "\\'\""
}
_FENCE = re.compile(r"```[\w+-]*[^\S\n]*\n?(?P<body>.*?)```", re.DOTALL)
_LINE = re.compile(r"^[^\S\n]*\[?[A-Za-z_][\w.]*\(", re.MULTILINE)

_LINE_END = re.compile(r"[^\S\n]*(?:\n|\Z)")


class PythonCalls(NamedTuple):
    """The calls of a text, in their order."""

    calls: list[JsonValue]
    """Each as `{"name": …, "arguments": {…}}`."""
    span: Span


class _NoCallError(ValueError):
    """What stands here is no call with literal arguments."""


def python_calls(text: str) -> PythonCalls | None:
    """The calls that are the whole text, all its fences, or lines of their own in prose; `None` where there are none.

    Other fences or brackets beside them may be the answer, and two places outside of fences disagree: no calls then.
    """
    if len(text) > MAX_TEXT or "(" not in text:
        return None
    whole = _calls_between(text, 0, len(text))
    if whole is not None:
        return whole
    fences = [match.span("body") for match in _FENCE.finditer(text)]
    if fences:
        return _joined([_calls_between(text, *span) for span in fences])
    found = _on_lines(text)
    rest = "" if found is None else text[: found.span[0]] + text[found.span[1] :]
    return None if "{" in rest or "[" in rest else found


def _joined(fences: list[PythonCalls | None]) -> PythonCalls | None:
    """Fences that all hold calls, one after the other, are one list."""
    found = [fence for fence in fences if fence is not None]
    if not found or len(found) < len(fences):
        return None
    return PythonCalls([call for one in found for call in one.calls], (found[0].span[0], found[-1].span[1]))


def _on_lines(text: str) -> PythonCalls | None:
    """Calls on lines of their own, with prose before or behind."""
    places: list[PythonCalls] = []
    at = 0
    budget = 4 * len(text)  # of characters read: each failure reads the same ones again
    while budget > 0 and (match := _LINE.search(text, at)) is not None:
        reader = _Reader(text, match.start())
        try:
            calls = reader.calls()
        except _NoCallError:
            calls = []
        budget -= reader.at - match.start()
        is_apart = _LINE_END.match(text, reader.at) is not None
        if calls and is_apart:
            places.append(PythonCalls(calls, (match.start(), reader.at)))
        at = max(reader.at, match.end()) if calls else match.end()
    return places[0] if len(places) == 1 and budget > 0 else None


def _calls_between(text: str, start: int, end: int) -> PythonCalls | None:
    reader = _Reader(text[:end], start)
    try:
        calls = reader.calls()
        reader.space()
    except _NoCallError:
        return None
    return PythonCalls(calls, (start, end)) if reader.at == end and calls else None


class _Reader:
    """Reads calls from `at` on."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def space(self) -> str:
        """Past white space and comments; the character there, `""` at the end."""
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def take(self, sign: str) -> bool:
        """Past a sign, if it stands here."""
        if self.space() != sign:
            return False
        self.at += 1
        return True

    def calls(self) -> list[JsonValue]:
        """Calls in brackets, or with commas, semicolons or line ends between them."""
        brackets = 0
        while self.take("["):
            brackets += 1
        found: list[JsonValue] = [self.call()]
        while True:
            end = self.at
            is_separated = self.take(",") or self.take(";")
            if self.space() in ("]", "") or (not is_separated and not _HEAD.match(self.text, self.at)):
                break
            found.append(self.call())
        if not brackets and not is_separated:
            self.at = end
        for _ in range(brackets):
            if not self.take("]"):
                raise _NoCallError
        return found

    def call(self) -> JsonValue:
        self.space()
        head = _HEAD.match(self.text, self.at)
        if head is None:
            return self.quoted_call()
        self.at = head.end()
        arguments: dict[str, JsonValue] = {}
        while not self.take(")"):
            self.space()
            name = _ARGUMENT.match(self.text, self.at)
            if name is None or name["name"] in arguments:
                raise _NoCallError
            self.at = name.end()
            arguments[name["name"]] = self.value(0)
            if not self.take(",") and self.space() != ")":
                raise _NoCallError
        return {"name": head["name"], "arguments": arguments}

    def quoted_call(self) -> JsonValue:
        """A call that stands as text in the list."""
        match = _STRING.match(self.text, self.at)
        inner = _Reader(_string(match), 0) if match is not None else None
        if match is None or inner is None or not _HEAD.match(inner.text):
            raise _NoCallError
        call = inner.call()
        if inner.space():
            raise _NoCallError
        self.at = match.end()
        return call

    def value(self, depth: int) -> JsonValue:
        char = self.space()
        if depth > MAX_NESTING or not char:
            raise _NoCallError
        if char in "[(":
            return self.items("]" if char == "[" else ")", depth)
        if char == "{":
            return self.members(depth)
        match = _STRING.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
            return _string(match)
        return self.word()

    def word(self) -> JsonValue:
        match = _WORD.match(self.text, self.at)
        found = word_value(match[0]) if match else None
        is_text = match is not None and match[0].isidentifier()
        if match is None or (found is None and not is_text) or (found is not None and found.kind == "not_finite"):
            raise _NoCallError
        self.at = match.end()
        return match[0] if found is None else found.value

    def items(self, closer: str, depth: int) -> JsonValue:
        self.at += 1
        found: list[JsonValue] = []
        while not self.take(closer):
            found.append(self.value(depth + 1))
            is_last = not self.take(",")
            if is_last and self.space() != closer:
                raise _NoCallError
            if is_last and closer == ")" and len(found) == 1:
                self.at += 1
                return found[0]  # brackets around one value, no tuple
        return found

    def members(self, depth: int) -> JsonValue:
        self.at += 1
        found: dict[str, JsonValue] = {}
        while not self.take("}"):
            self.space()
            match = _STRING.match(self.text, self.at)
            if match is None:
                raise _NoCallError
            self.at = match.end()
            if not self.take(":"):
                raise _NoCallError
            found[_string(match)] = self.value(depth + 1)
            if not self.take(",") and self.space() != "}":
                raise _NoCallError
        return found


def _string(match: re.Match[str]) -> str:
    body = next(part for part in (match["long"], match["single"], match["double"]) if part is not None)
    return body if match["raw"] or "\\" not in body else _ESCAPE.sub(_unescaped, body)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else match[0]
    # As in Python, a backslash before anything else is a backslash.
    return _ESCAPES.get(match[4], match[0])
