"""Strings as they were written: where one ends, what its escapes mean, and when neither can be told.

The part of the tolerant scanner that reads strings; what surrounds them is `_scan`'s.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

from portable_llm.output._repair_strings import (
    BEHIND_CLOSERS,
    BEHIND_ITEM,
    BEHIND_MEMBER,
    BEHIND_NAME,
    BEHIND_ROOT,
    BEHIND_ROOT_CLOSERS,
    BODY,
    CLOSERS,
    CONTROL,
    ENDS,
    NAME,
    unescaped,
)
from portable_llm.output._scanned import CutKind, Path

_CLOSERS = re.compile(r"[}\]]")
_OPENERS = re.compile(r"[{\[]")
_LINES_OF_CLOSERS = re.compile(r"[^\S\n]*\n\s*([}\]][}\]\s]*)(?:```\s*)?\Z")
_MISSING_END = re.compile(r"(,\s*|\n\s*)\Z")
_FENCE_AT_END = re.compile(r"\s*```\s*\Z|\s*</?\w+>\s*\Z")
_NOTHING = re.compile(r"\s*+\Z")
_BARE_QUOTE = re.compile(r'(?<!\\)"')
_PLUS = re.compile(r"\s*+\+")
_MAY_SWALLOW = re.compile(r"[,;:}\]]")
_COLON = re.compile(r"\s*+:")
_EMBEDDED = re.compile(r"[{\[]\s*(?:[\w.'-]+\s*:\s*)?\Z")
"""A bracket that an unescaped quote follows: JSON (or Python) within a string."""


def _embedded(piece: str, depth: int) -> int:
    """How deep the JSON within a string is nested behind this piece of it."""
    return max(depth + len(_OPENERS.findall(piece)) - len(_CLOSERS.findall(piece)), 0) if depth else 0


_LITERAL = r"(?:-?\d|true|false|null|True|False|None)"


def _swallowed(quotes: str) -> re.Pattern[str]:
    """What stands between two members or items, and hardly ever within a text: a quote, the separator, what follows."""
    quote = f"[{quotes}]"
    return re.compile(
        rf"{quote}\s*+(?:[}}\]]\s*+)*+[,;][\s,;]*+(?:{quote}[^{quotes}\n]{{0,100}}{quote}\s*+:|[{{\[]\s*+(?:[{quotes}{{\[\]}}]|{_LITERAL}))"
        rf"|{quote}\s*+[}}\]]\s*+[,}}\]]|{quote}\s*+[,;]\s*+{_LITERAL}\s*+[,;]\s*+{quote}|{quote}[^\S\n]*+,[^\S\n]*+\n\s*+{quote}"
        rf"|{quote}\s*+[,;]\s*+{quote}[^{quotes}\n]{{0,100}}{quote}\s++(?:[{quotes}\[{{]|{_LITERAL})|{quote}\s*+[,:]\s*+\Z"
        rf"|[}}\]]\s*+[,;]\s*+[{{\[]\s*+{quote}|{quote}\s*+[,;]\s*+{quote}[\w$ -]{{1,60}}{quote}{quote}"
        rf"|{quote}\s*+[,;]\s*+{quote}?[\w$-]{{1,60}}{quote}?\s*+:(?!//)"
    )


_SWALLOWED = {opening: _swallowed(ends) for opening, ends in ENDS.items()}
_OPEN_END = {opening: re.compile(rf"[{ends}]\s*+[,:]\s*+(?:[{ends}]|\Z)") for opening, ends in ENDS.items()}
"""A quote that may have ended the string, where the last one of the text may as well have opened the next."""


quoted = json.encoder.encode_basestring
"""A string as JSON writes it."""


def _balance(piece: str) -> int:
    """How many more brackets open than close."""
    return len(_OPENERS.findall(piece)) - len(_CLOSERS.findall(piece)) + piece.count("(") - piece.count(")")


def _is_doubled(body: str) -> bool:
    """Whether a lone quote stands right at the end of a string: a slip, unless it stands for inches."""
    return body[:1] == '"' or (body[-1:] == '"' and not body[-2:-1].isdigit())


class UnreadableError(ValueError):
    """No value can be read here without guessing."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.at = at


class TooDeepError(UnreadableError):
    """The text nests deeper than any value is read."""


class StringReader:
    """Reads the string that starts at `at`; afterwards `at` is behind it."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at
        self.start = at
        self.edits: list[tuple[str, int, int, str]] = []
        """Kind, start, end, and the text that replaces it."""
        self.cuts: list[tuple[Path, CutKind]] = []
        self.has_plain_names = False
        self._stack: list[tuple[Any, int]] = []
        """The objects and arrays that are open, each with its start."""

    def _note(self, kind: str, start: int, end: int, after: str) -> None:
        self.edits.append((kind, start, end, after))

    def _string(self, char: str, behind: re.Pattern[str]) -> str | None:
        """The string here, and those glued to it by `+`. A cut is noted in `cuts`, its path left to the caller."""
        start = self.at
        if char == "\\":
            return self._escaped_string()
        text, pieces, known = self.text, list[str](), len(self.edits)
        while True:
            if (
                text.startswith('"""', self.at)
                and (end := text.find('"""', self.at + 3)) >= 0
                and behind is not BEHIND_NAME
            ):
                pieces.append(text[self.at + 3 : end])
                self._note("quotes_replaced", self.at, end + 3, quoted(pieces[-1]))
                self.at = end + 3
            else:
                pieces.append(self._one_string(text[self.at], behind))
            glued = behind is not BEHIND_NAME and _PLUS.match(text, self.at) is not None
            glue = behind.match(text, self.at) if glued else None
            if glue is None or not glue["glued"] or self.cuts:
                break
            self.at = glue.end() - 1
        if len(pieces) > 1:
            del self.edits[known:]
            self._note("strings_joined", start, self.at, quoted("".join(pieces)))
        return "".join(pieces)

    def _escaped_string(self) -> str:
        """A string within a text that was escaped once too often: its quotes are `\\"`."""
        start = self.at
        end = self.text.find('\\"', start + 2)
        while end > 0 and self.text[end - 1] == "\\" and self.text[end - 2] == "\\":
            end = self.text.find('\\"', end + 2)
        if end < 0:
            raise UnreadableError("an escaped string does not end", start)
        self.at = end + 2
        body = unescaped(self.text[start + 2 : end], False)[0]
        value = unescaped(body, False)[0]
        self._note("quotes_replaced", start, self.at, quoted(value))
        return value

    def _one_string(self, opening: str, behind: re.Pattern[str]) -> str:
        text, body, start = self.text, BODY[opening], self.at
        at = start + 1
        inner = 0
        counted = at
        embedded = 0
        while True:
            at = cast("re.Match[str]", body.match(text, at)).end()
            if at >= len(text) or text[at] == "\\":
                return self._unclosed(start, inner)
            if opening == '"' and inner:
                if embedded:
                    embedded = _embedded(text[counted:at], embedded)
                counted = at
            if not embedded and self._ends(at, behind, opening, inner):
                break
            if not inner and opening == '"' and _COLON.match(text, at + 1) and behind is BEHIND_MEMBER:
                raise UnreadableError("a name stands where a value should", start)
            if opening == '"' and not embedded:
                embedded = 1 if _EMBEDDED.search(text[max(counted, at - 100) : at]) else 0
                counted = at
                if behind is BEHIND_MEMBER and not embedded and NAME.match(text, at):
                    gap = _MISSING_END.search(text[max(start + 1, at - 200) : at])
                    if gap and inner % 2 == 0:
                        return self._without_end(start, at - len(gap[0]))
            if not (text[at - 1].isalnum() and text[at + 1 : at + 2].isalnum()):
                inner += 1
            at += 1
        self.at = at + 1
        if inner % 2 and behind is BEHIND_ITEM and opening == '"':
            raise UnreadableError("it cannot be told which quotes end a string", start)
        return self._content(start, at, opening, text[at], inner > 0)

    def _content(self, start: int, end: int, opening: str, closing: str, has_inner: bool) -> str:
        """What the string means; each repair of it shows the whole string as JSON writes it."""
        body = self.text[start + 1 : end]
        if has_inner:
            self._refuse_doubt(body, start, end, opening)
        try:
            value, is_repaired = unescaped(body, False)
        except ValueError as error:
            raise UnreadableError(str(error), start) from None
        is_other = opening != '"' or closing != '"'
        has_control = CONTROL.search(body) is not None
        if is_other or has_inner or is_repaired or has_control:
            after = quoted(value)
            if is_other:
                self._note("quotes_replaced", start, end + 1, after)
            if has_inner:
                self._note("inner_quotes_escaped", start, end + 1, after)
            if is_repaired:
                self._note("escape_repaired", start, end + 1, after)
            if has_control:
                self._note("control_character_escaped", start, end + 1, after)
        return value

    def _refuse_doubt(self, body: str, start: int, end: int, opening: str) -> None:
        """Refuse quotes within a string that may have been its end."""
        self._refuse_structure(body, opening, start)
        if opening == '"' and len(_BARE_QUOTE.findall(body)) % 2 and _is_doubled(body):
            raise UnreadableError("a quote too many stands at a string", start)
        if _NOTHING.match(self.text, end + 1) and _OPEN_END[opening].search(body):
            raise UnreadableError("the text ends where a string may have begun or ended", start)

    def _refuse_structure(self, body: str, opening: str, start: int) -> None:
        """A quote within a text is a quote; the structure of an object within a text is an end that was overlooked.

        JSON within a text has brackets of its own around it, and a call has its parentheses.
        """
        if _MAY_SWALLOW.search(body) is None:
            return
        depth, at = 0, 0
        for match in _SWALLOWED[opening].finditer(body):
            depth = max(depth + _balance(body[at : match.start()]), 0)
            at = match.start()
            if not depth:
                raise UnreadableError("it cannot be told which quotes end a string", start)

    def _unclosed(self, start: int, inner: int) -> str:
        """The text ended within a string: what came of it."""
        text = self.text
        if inner:
            raise UnreadableError("a string does not end, and holds quotes that could end it", start)
        end = len(text)
        closed = _LINES_OF_CLOSERS.search(text, max(start + 1, end - 400))
        if closed is not None and start > self.start:
            return self._without_last_quote(start, closed)
        fence = _FENCE_AT_END.search(text, max(start + 1, end - 60))
        end = fence.start() if fence else end
        self.at = end
        try:
            self._refuse_closers(text[start + 1 : end], start)
            value = unescaped(text[start + 1 : end], True)[0]
        except ValueError as error:
            raise UnreadableError(str(error), start) from None
        if value and "\ud800" <= value[-1] <= "\udbff":
            value = value[:-1]
        self.cuts.append(((), "string"))
        self._note("cut_string_kept", start, len(text), quoted(value))
        self.at = len(text)
        return value

    def _refuse_closers(self, body: str, start: int) -> None:
        """A cut text that ends with just the brackets that are open may have lost its quote instead of its end."""
        wanted = "".join("}" if type(value) is dict else "]" for value, _ in reversed(self._stack))
        if len(wanted) > 1 and body.endswith(wanted) and _balance(body) < 0:
            raise UnreadableError("a string does not end, and the brackets behind it may be its own", start)

    def _without_last_quote(self, start: int, closed: re.Match[str]) -> str:
        """A string whose closing quote is missing before lines that close everything."""
        wanted = "".join("}" if type(value) is dict else "]" for value, _ in reversed(self._stack))
        if re.sub(r"\s", "", closed[1]) != wanted:
            raise UnreadableError("a string does not end, and lines of closing brackets follow it", start)
        return self._without_end(start, closed.start())

    def _without_end(self, start: int, end: int) -> str:
        """A string whose closing quote is missing: the next name shows where it ends."""
        body = self.text[start + 1 : end]
        if body[-1:] in ("}", "]") and ("\n" in body or _balance(body) < 0):
            raise UnreadableError("a quote is missing, and it cannot be told where", start)
        self._refuse_structure(self.text[start + 1 : end], self.text[start], start)
        self.at = end
        value = unescaped(self.text[start + 1 : end], False)[0]
        self._note("quote_added", start, end, quoted(value))
        return value

    def _ends(self, at: int, behind: re.Pattern[str], opening: str, inner: int) -> bool:
        """Whether the quote at `at` ends the string."""
        match = behind.match(self.text, at + 1)
        if behind is BEHIND_NAME:
            return match is not None or opening == '"' or not self.text[at + 1 : at + 2].isalnum()
        is_doubled = not inner and self.text[at - 1] == opening and self.text[at + 1 : at + 2] in ("#", "/")
        if match is None or is_doubled:
            return False
        if behind is BEHIND_ROOT:
            return True
        if match["closer"]:
            return self._closes(at + 1)
        if behind is BEHIND_MEMBER:
            return not (match["plain"] or match["plain_line"]) or self.has_plain_names or inner == 0
        return match["bare"] is None or inner == 0

    def _closes(self, at: int) -> bool:
        """Whether the closing brackets behind a quote are structure: what follows them must go on as JSON does."""
        closers = cast("re.Match[str]", CLOSERS.match(self.text, at))
        count = closers[0].count("}") + closers[0].count("]")
        pattern = BEHIND_ROOT_CLOSERS if count >= len(self._stack) else BEHIND_CLOSERS
        return pattern.match(self.text, closers.end()) is not None
