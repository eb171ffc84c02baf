"""Items and members that hold nothing that needs a second look, taken in runs.

Most pieces of a broken text are plain: whole, or wrong in a way that only concerns themselves (quotes of the wrong
kind, none, a comma that is missing). One expression takes such a piece with what has to stand behind it; everything
else takes the long way of `_scan`. This is only about speed: a piece that is left out here is read the same there.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal, NamedTuple, cast

from portable_llm._json import JsonValue
from portable_llm.output._policy import ReadPolicy
from portable_llm.output._repair_strings import ENDS, QUOTES
from portable_llm.output._repair_words import LONG_NUMBER, STRICT_WORD, word_value
from portable_llm.output._scan_strings import StringReader, TooDeepError, UnreadableError, quoted
from portable_llm.output._scanned import MAX_DEPTH, Span

_MAX_WORD = 40
_MAX_WORDS = 4_096

_SEPARATOR = r"\s*+((?:[,，;](?:\s*+[,，;])*+)?+)\s*+"
_NUMBER = r"(-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]+)?(?=[,\]} \t-\r]))"
_WORD = r"([\w.+-]++)"
_BODY = r"([^\"'\\\x00-\x1f]*+)"
_TEXT = r"([^\"'\\]*+(?:\\[\s\S][^\"'\\]*+)*+)"
_ANY_TEXT = rf"([^{QUOTES}\\]*+(?:\\[\s\S][^{QUOTES}\\]*+)*+)"
_INTEGERS = re.compile(r"(?:\s*+,\s*+-?(?:0|[1-9][0-9]{0,14})(?=\s*+,\s*+[-0-9\"'\[{]))++")
_NEXT_LINE = r"\n\s*+\S"
_EMPTY = re.compile(r"\[\s*+\]|\{\s*+\}")

_ITEM = re.compile(
    rf"{_SEPARATOR}(?:{_NUMBER}|{_WORD}(?=[^\S\n]*+(?:[,，;\]}}]|{_NEXT_LINE}))"
    rf"|([{QUOTES}]){_ANY_TEXT}([{QUOTES}])(?=\s*+[,，;]\s*+[\"'“`{{\[])|([\]{{}}]|\[(?!\.\.\.\])))"
)
"""What stands before an item (1), and the item: a number (2), another word (3), a text (5) between quotes (4, 6), or
the bracket (7) that begins it or ends them all."""
_MEMBER = re.compile(
    rf"{_SEPARATOR}(?:([}}\]])|(?:([\"']){_BODY}([\"'])|([A-Za-z_$][\w$]*+))\s*+(:|：|=>)\s*+"
    rf"(?:{_NUMBER}(?=\s*+[}}\]]|[^\S\n]*+(?:[,，;](?![0-9])|{_NEXT_LINE}))"
    rf"|{_WORD}(?=[^\S\n]*+(?:[}}\]]|[,，;](?![0-9])|{_NEXT_LINE}))"
    rf"|([\"']){_TEXT}([\"'])(?=\s*+(?:,\s*+(?:\"[^\"'\\]*+\"\s*+:|'[^\"'\\\n]*+'\s*+:|[A-Za-z_$][\w$]*+\s*+:(?!/)|\}})"
    rf"|\}}\s*+(?:,\s*+[{{\"']|[{{\[])))|([{{\[])))"
)
"""What stands before a member (1), or the bracket that ends them (2). The member: its name with quotes (4, between 3
and 5) or without (6), its colon (7), and the value: a number (8), another word (9), a text (11) between quotes (10 and
12), or the bracket that begins it (13)."""


class Plain(NamedTuple):
    """What a word means that stands alone between separators."""

    value: JsonValue
    kind: str
    """The repair that it took, `""` for none."""
    after: str
    """The word as JSON writes it."""


def _meaning(word: str) -> Plain | None:
    """`None`: the word needs a second look."""
    strict = STRICT_WORD.match(word + ",")
    if len(word) > _MAX_WORD or "..." in word or (strict is not None and strict.end() != len(word)):
        return None
    found = word_value(word)
    if found is None:
        is_text = word[0].isalnum() or word[0] == "_"
        return Plain(word, "quotes_added", quoted(word)) if is_text and not LONG_NUMBER.fullmatch(word) else None
    return None if found.kind == "not_finite" else Plain(found.value, found.kind, json.dumps(found.value))


class PlainReader(StringReader):
    """Takes runs of plain items and members from `at` on."""

    def __init__(
        self,
        text: str,
        at: int,
        policy: ReadPolicy,
        *,
        keeps_spans: bool = False,
        mismatch: Literal["add", "replace", "drop"] = "add",
    ) -> None:
        """`mismatch`: what a closing bracket of the wrong kind means: that the right one is missing before it, that it
        stands for the right one, or nothing."""
        super().__init__(text, at)
        self.policy = policy
        self.mismatches = 0
        """Closing brackets of the wrong kind."""
        self._mismatch = mismatch
        self._objects = 0
        """How many of those that are open are objects."""
        self.has_duplicates = False
        self.bare_strings: int = 0
        """Strings without quotes: in running text a sign that this is no value."""
        self._spans: dict[tuple[int, str | int], Span] | None = {} if keeps_spans else None
        self._words: dict[str, Plain | None] = {}
        self.root: JsonValue = None
        self._begins: list[int] = []
        """Where each object and array begins that is closed."""
        self._ends_at: list[int] = []
        """Where what follows each of them does. Two lists of numbers: a list of pairs would be a million objects."""
        self._keys: list[str | int] = []

    def _put(self, value: JsonValue, key: str | int, start: int) -> None:
        top: Any = self._stack[-1][0]  # not cast: a call for every bracket would be felt
        if top.__class__ is list:
            top.append(value)
        else:
            self._set(top, cast("str", key), value, start)
        if self._spans is not None:
            self._spans[id(top), key] = (start, self.at)

    def _set(self, top: dict[str, JsonValue], key: str, value: JsonValue, start: int) -> None:
        if key in top:
            self.has_duplicates = True
            if self.policy.duplicate_keys == "refuse":
                raise UnreadableError(f"the name {key!r} stands twice in one object", start)
            if self.policy.duplicate_keys == "first":
                return
        top[key] = value

    def _meaning(self, word: str) -> Plain | None:
        """The same word often comes again; those of one text are remembered, as many as a dense text has."""
        try:
            return self._words[word]
        except KeyError:
            if len(self._words) >= _MAX_WORDS:
                self._words.clear()
            found = self._words[word] = _meaning(word)
            return found

    def _open(self, char: str, key: Any) -> None:
        """`key`: its name or place in what is open; read by nobody where nothing is."""
        if len(self._stack) >= MAX_DEPTH:
            raise TooDeepError(f"the text nests deeper than {MAX_DEPTH} levels", self.at)
        value: Any = {} if char == "{" else []
        if not self._stack:
            self.root = value
        else:
            self._put(value, key, self.at)
            self._keys.append(key)
        self._stack.append((value, self.at))
        self._objects += char == "{"
        self.at += 1

    def _close(self) -> None:
        value, start = self._stack.pop()
        self._begins.append(start)
        self._ends_at.append(self.at)
        if self._keys:
            key = self._keys.pop()
            if self._spans is not None:
                self._spans[id(self._stack[-1][0]), key] = (start, self.at)
        self._objects -= type(value) is dict

    def _plain_items(self, top: list[JsonValue], *, is_separated: bool = False) -> bool:
        """Take items while they are plain, also those of arrays within and around; whether all was done that can be
        done in arrays. Otherwise the array that is open then takes the long way.

        `is_separated`: what stands before the first one has been seen to.
        """
        match, text, edits, spans, stack = _ITEM.match, self.text, self.edits, self._spans, self._stack
        wants_comma = bool(top) and not is_separated
        while (found := match(text, self.at)) is not None:
            which, separator = found.lastindex, found[1]
            if which == 7:
                if not self._bracket(found, 7, top, wants_comma):
                    return False
                holder: object = stack[-1][0] if stack else None
                if type(holder) is not list:
                    return True
                top = cast("list[JsonValue]", holder)
                wants_comma = bool(top)
                continue
            if separator and not wants_comma:
                return False
            kind = after = ""
            value: JsonValue
            if which == 2:
                start = found.start(2)
                value = float(found[2]) if "." in found[2] else int(found[2])
            elif which == 3:
                if (word := self._meaning(found[3])) is None:
                    return False
                start = found.start(3)
                value, kind, after = word
            elif found[6] not in ENDS[found[4]]:
                return False
            else:
                start = found.start(4)
                value = found[5]
            if wants_comma and separator != ",":
                self._mend_separator(found, start)
            if which == 6:
                value = self._plain_text(found[5], start, found.end(), found[4], found[6])
            end = self.at = found.end()
            if kind:
                edits.append((kind, start, end, after))
                self.bare_strings += kind == "quotes_added"
            if spans is not None:
                spans[id(top), len(top)] = (start, end)
            top.append(value)
            wants_comma = True
            if which == 2 and spans is None and (run := _INTEGERS.match(text, end)) is not None:
                top += map(int, run[0].split(",")[1:])
                self.at = run.end()
        return False

    def _plain_text(self, body: str, start: int, end: int, opening: str, closing: str) -> str:
        """What a text between quotes means."""
        if "\\" in body or not body.isprintable():
            return self._content(start, end - 1, opening, closing, False)
        if opening != '"' or closing != '"':
            self.edits.append(("quotes_replaced", start, end, f'"{body}"'))
        return body

    def _bracket(
        self, found: re.Match[str], which: int, top: list[JsonValue] | dict[str, JsonValue], wants_comma: bool
    ) -> bool:
        """Take the bracket that begins an item or ends them all; whether it was taken."""
        separator, char, start = found[1], found[which], found.start(which)
        if char in "]}":
            if separator:
                self.edits.append(("comma_removed", found.start(1), found.end(1), ""))
            self.at = start
            self._end(char, "]" if which == 7 else "}")
            return True
        if wants_comma and separator != ",":
            self._mend_separator(found, start)
        elif separator and not wants_comma:
            return False
        self.at = start
        if (empty := _EMPTY.match(self.text, start)) is not None and len(self._stack) < MAX_DEPTH:
            self.at = empty.end()
            self._begins.append(start)
            self._ends_at.append(self.at)
            self._put({} if char == "{" else [], len(top), start)
        else:
            self._open(char, len(top))
        return True

    def _end(self, char: str, wanted: str) -> None:
        """Take a closing bracket."""
        if char == wanted:
            self.at += 1
            self._close()
        else:
            self.mismatches += 1
            self._mismatched(char, wanted)

    def _mismatched(self, char: str, wanted: str) -> None:
        if self._mismatch == "drop":
            if char == "]" and self.text[self.at - 1] != "]":
                raise UnreadableError("a closing bracket has no opening one, and both may be missing", self.at)
            self._note("bracket_removed", self.at, self.at + 1, "")
            self.at += 1
        elif self._mismatch == "add" and (self._objects if char == "}" else len(self._stack) - self._objects):
            top = self._stack[-1][0]
            if wanted == "]" and len(top) == 1 and type(top[0]) is list:
                raise UnreadableError("an array in an array does not end, or begins twice", self.at)
            self._note("bracket_added", self.at, self.at, wanted)
            self._close()
        else:
            self._note("bracket_replaced", self.at, self.at + 1, wanted)
            self.at += 1
            self._close()

    def _mend_separator(self, found: re.Match[str], start: int) -> None:
        if found[1]:
            kind = "comma_replaced" if len(found[1]) == 1 else "comma_removed"
            self.edits.append((kind, found.start(1), found.end(1), ","))
        else:
            self.edits.append(("comma_added", start, start, ","))

    def _plain_members(self, top: dict[str, JsonValue], *, is_separated: bool = False) -> bool:
        """Take members while they are plain; whether all was done that can be done in this object."""
        match, text, edits, spans = _MEMBER.match, self.text, self.edits, self._spans
        wants_comma = bool(top) and not is_separated
        while (found := match(text, self.at)) is not None:
            which, separator, quote = found.lastindex, found[1], found[3]
            if which == 2:
                return self._bracket(found, 2, top, wants_comma)
            if (separator and not wants_comma) or quote != found[5] or (found[7] == "=>" and not quote):
                return False
            key = found[4] if quote else found[6]
            kind = after = ""
            value: JsonValue = None
            if which == 8:
                value = float(found[8]) if "." in found[8] else int(found[8])
            elif which == 9:
                if (word := self._meaning(found[9])) is None:
                    return False
                value, kind, after = word
            elif which == 12 and (found[10] != found[12] or len(self._stack) < 2):
                return False
            if wants_comma and separator != ",":
                self._mend_separator(found, found.start(3 if quote else 6))
            if quote != '"' or found[7] != ":" or key in top:
                self._mend_name(found, top, key)
            start = found.start(10 if which == 12 else cast("int", which))
            if which == 13:
                self.at = start
                self._open(found[13], key)
                return True
            if which == 12:
                value = self._plain_text(found[11], start, found.end(), found[10], found[12])
            end = self.at = found.end()
            if kind:
                edits.append((kind, start, end, after))
                self.bare_strings += kind == "quotes_added"
            if key in top:
                self._set(top, key, value, start)
            else:
                top[key] = value
            if spans is not None:
                spans[id(top), key] = (start, end)
            wants_comma = True
        return False

    def _mend_name(self, found: re.Match[str], top: dict[str, JsonValue], key: str) -> None:
        """Note what the name of a plain member takes, and its colon."""
        edits = self.edits
        start, end = found.span(6) if found[6] else (found.start(3), found.end(5))
        if found[6]:
            edits.append(("quotes_added", start, end, quoted(key)))
            self.has_plain_names = True
        elif found[3] == "'":
            edits.append(("quotes_replaced", start, end, f'"{key}"'))
        if found[7] != ":":
            edits.append(("colon_replaced", found.start(7), found.end(7), ":"))
        if key in top and found[7] != "=>":
            edits.append(("duplicate_key_dropped", start, end, quoted(key)))
