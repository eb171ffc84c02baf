"""Read one object or array from a place in a text, however its syntax is broken, in linear time and without recursion.

Every departure from JSON is recorded as an edit. What would need a guess is refused (`UnreadableError`): a name without
a value, a string whose end cannot be told, a number that the end of the text cut. On text that is JSON the scanner
reads what a JSON parser reads, without edits; it is then only slower.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal, cast

from portable_llm._adaptation import Repair
from portable_llm._json import JsonValue
from portable_llm.output._edits import repairs_of
from portable_llm.output._policy import ReadPolicy
from portable_llm.output._repair_strings import BEHIND_ITEM, BEHIND_MEMBER, BEHIND_NAME, NAME, QUOTES
from portable_llm.output._repair_words import GROUPED, LONG_NUMBER, STRICT_WORD, is_cut_short, word_value
from portable_llm.output._scan_plain import PlainReader
from portable_llm.output._scan_strings import UnreadableError, quoted
from portable_llm.output._scanned import CutKind, Path, Span

_SPACE = re.compile(r"[\s\ufeff\u200b\u2060]*+")
_LINE = re.compile(r"\n([ \t]*+)([\"'{\[}\]\w])")
_FENCE = re.compile(r"```(?!\w)(?P<last>\s*\Z)?")
_CODE = re.compile(r"[\w.]+\(|[\w.]+\s*=\s*\S")
"""A call, an assignment."""
_WORD_END = re.compile(r"\.\.\.|\s\+")
_COMMENT_IN_WORD = re.compile(r"\s(?://|/\*|#)|/\*")
_MORE = re.compile(r"[\s,}\]]*+[^\s,}\]]")
_STRUCTURE = re.compile(r"[:,{}\[\]\n]")
_INDENT = re.compile(r"[ \t]*+")
_COMMENT = re.compile(r"//[^\n]*+|/\*(?:.*?\*/|.*+)|#[^\n]*+", re.DOTALL)
_COMMAS = re.compile(r"[,，;](?:\s*+[,，;])*+")
_GAP = re.compile(r"[\s\ufeff\u200b\u2060]*+([,，;](?:\s*+[,，;])*+)?+[\s\ufeff\u200b\u2060]*+")
_GAP_GOES_ON = frozenset(",，;.…[/#`")
_DOTS = re.compile(r"\.\.\.+|…|(?:\[\.\.\.\])")
_PLAIN_NAME = re.compile(r"[\w$][\w$.@/-]*+(?: [\w$-]+)*+(?=\s*+[:：])")
_WORD = re.compile(r"[^,，;\]}\n\"“`{\[:]*+(?::(?://)?[^\s,;\]}\n\"“`{\[:]+)*+")

_PLAIN_NAMED = {
    quote: re.compile(rf"{quote}([^\"'\\\x00-\x1f]*+){quote}\s*+:\s*+(?=[^\s/#`\ufeff\u200b\u2060])") for quote in "\"'"
}
_PLAIN_ITEM = {quote: re.compile(rf"{quote}([^\"'\\\x00-\x1f]*+){quote}(?=\s*+,\s*+[\"'{{\[])") for quote in "\"'"}
_PLAIN_COMMA = re.compile(r"\s*+,\s*+(?=[^\s,，;.…/#`}\]\[\ufeff\u200b\u2060])")
_PLAIN_SPACE = re.compile(r"\s*+(?=[^\s,，;.…/#`}\]\[\ufeff\u200b\u2060])")
"""The same for names, items, and what stands between them."""
_NOTED_GAP = re.compile(
    r"\s*+(,)?+\s*+(?:((?>//[^\n]*+|/\*.*?\*/|#[^\n]*+))|(\.\.\.+|…)\s*+(,))\s*+(?=[^\s,，;.…/#`}\]\[\ufeff\u200b\u2060])",
    re.DOTALL,
)
"""A gap with one comment (2), or with an ellipsis (3) and the comma behind it (4)."""


class Scanner(PlainReader):
    """Reads the value that starts at `at`; afterwards `at` is behind it."""

    def __init__(
        self,
        text: str,
        at: int,
        policy: ReadPolicy,
        *,
        keeps_spans: bool = False,
        mismatch: Literal["add", "replace", "drop"] = "add",
    ) -> None:
        super().__init__(text, at, policy, keeps_spans=keeps_spans, mismatch=mismatch)
        self._piece = at
        """Where the member or item begins that is being read, with the comma before it."""
        self._quote = '"'

    # ---------------------------------------------------------------- structure

    def scan(self) -> JsonValue:
        """The object or array here. Raises `UnreadableError`."""
        self._open(self.text[self.at], None)
        self._read_open()
        return self.root

    def _read_open(self) -> None:
        """Read on until all that is open is closed."""
        while self._stack:
            top = self._stack[-1][0]
            if type(top) is dict:
                if not self._plain_members(cast("dict[str, JsonValue]", top)):
                    self._member(cast("dict[str, JsonValue]", top))
            elif not self._plain_items(top):
                self._item(cast("list[JsonValue]", self._stack[-1][0]))

    def scan_members(self) -> JsonValue:
        """The members of an object whose braces are missing."""
        self._note("brackets_added", self.at, self.at, "{")
        self.root = {}
        self._stack.append((self.root, self.at))
        self._objects = 1
        self._read_open()
        return self.root

    def scan_string(self, behind: re.Pattern[str]) -> JsonValue:
        """The string here, which is the whole text."""
        value = cast("str", self._string(self.text[self.at], behind))
        self.root = value
        return value

    def _member(self, top: dict[str, JsonValue]) -> None:
        char = self._separator(bool(top))
        if char == "" or char in "}]":
            self._closer(char, "}")
            return
        start = self.at
        if self._plain_members(top, is_separated=True) or self.at != start:
            return
        self._quote = "'" if char == "'" else '"'
        key = self._plain_named(top) if char in "\"'" else None
        if key is None and (key := self._name(char, top)) is None:
            return
        char = self._space()
        if char == "" or (char == "`" and self._is_fence()):
            self._cut_off(key, "value", self._piece)
        elif char in "{[":
            self._open(char, key)
        elif char in ",}]":
            raise UnreadableError(f"no value stands behind the name {key!r}", self.at)
        else:
            self._scalar(char, key, BEHIND_MEMBER)

    def _plain_named(self, top: dict[str, JsonValue]) -> str | None:
        """Take a name and its colon that hold nothing to mend but the quotes."""
        match = _PLAIN_NAMED[self._quote].match(self.text, self.at)
        if match is None or match[1] in top:
            return None
        if self._quote == "'":
            self._note("quotes_replaced", self.at, match.end(1) + 1, f'"{match[1]}"')
        self.at = match.end()
        return match[1]

    def _item(self, top: list[JsonValue]) -> None:
        char = self._separator(bool(top))
        start = self.at
        if char == "" or char in "}]":
            self._closer(char, "]")
        elif char in "{[":
            self._open(char, len(top))
        elif self._plain_items(top, is_separated=True) or self.at != start:
            return
        elif char in "\"'" and (match := _PLAIN_ITEM[char].match(self.text, self.at)) is not None:
            self.at = match.end()
            if char == "'":
                self._note("quotes_replaced", start, self.at, f'"{match[1]}"')
            self._put(match[1], len(top), start)
        elif char == '"' and NAME.match(self.text, self.at):
            self._name_in_array(top)
        else:
            self._scalar(char, len(top), BEHIND_ITEM)

    def _name_in_array(self, top: list[JsonValue]) -> None:
        """An array has no names: it was not closed before the next member of the object around it."""
        is_doubled = len(top) == 1 and type(top[0]) is list
        if not top or is_doubled or len(self._stack) < 2 or type(self._stack[-2][0]) is not dict:
            raise UnreadableError("a name stands in an array", self.at)
        self.mismatches += 1
        while self.edits and self.edits[-1][1] >= self._piece:
            self.edits.pop()
        self.at = self._piece
        self._note("bracket_added", self.at, self.at, "]")
        self._close()

    def _closer(self, char: str, wanted: str) -> None:
        if char:
            self._end(char, wanted)
        else:
            self._cut_off(None, "closer", self.at)

    def _cut_off(self, key: str | int | None, kind: CutKind, start: int) -> None:
        """The text ends here: what is open is closed."""
        keys = [*self._keys] if key is None else [*self._keys, key]
        self.cuts.append((tuple(keys), kind))
        if kind != "closer":
            while self.edits and self.edits[-1][1] >= start:
                self.edits.pop()
            self._note(f"cut_{kind}_left_out", start, self.at, "")
        self._end_all()

    def _end_all(self) -> None:
        closers = "".join("}" if type(value) is dict else "]" for value, _ in reversed(self._stack))
        if closers:
            self.cuts.append((tuple(self._keys), "closer"))
            self._note("brackets_added", self.at, self.at, closers)
        while self._stack:
            self._close()

    # ---------------------------------------------------------------- between the values

    def _space(self) -> str:
        """Past white space and comments; the character there, `""` at the end."""
        text = self.text
        while True:
            self.at = _SPACE.match(text, self.at).end()  # pyright: ignore[reportOptionalMemberAccess] it always matches
            char = text[self.at : self.at + 1]
            if char != "/" and char != "#":
                return char
            comment = _COMMENT.match(text, self.at)
            if comment is None:
                return char
            self._note("comment_removed", self.at, comment.end(), "")
            self.at = comment.end()

    def _is_fence(self) -> bool:
        """Whether a fence closes here: on a line of its own, or at the very end."""
        match = _FENCE.match(self.text, self.at)
        if match is None or match["last"] is not None:
            return match is not None
        line = self.text.rfind("\n", max(0, self.at - 80), self.at)
        return line >= 0 and not self.text[line : self.at].strip()

    def _separator(self, wants_comma: bool) -> str:
        """Past commas and ellipses; the character where the next piece begins, `""` at the end."""
        plain = (_PLAIN_COMMA if wants_comma else _PLAIN_SPACE).match(self.text, self.at)
        if plain is not None:
            self._piece = self.at = plain.end()
            if wants_comma:
                self._piece = self.text.index(",", plain.start())
            return self.text[self.at]
        noted = _NOTED_GAP.match(self.text, self.at)
        if noted is not None and bool(noted[1]) == wants_comma:
            return self._noted_gap(noted)
        gap = cast("re.Match[str]", _GAP.match(self.text, self.at))
        char = self.text[gap.end() : gap.end() + 1]
        if char not in _GAP_GOES_ON:
            self.at = gap.end()
            runs = [gap.span(1)] if gap[1] else []
        else:
            char, runs = self._long_gap()
        self._piece = runs[0][0] if runs and wants_comma else self.at
        if not char or char in "}]":
            for start, end in runs:
                self._note("comma_removed", start, end, "")
        elif len(runs) != 1 or not wants_comma or self.text[slice(*runs[0])] != ",":
            self._mend_commas(runs, wants_comma)
        return char

    def _noted_gap(self, gap: re.Match[str]) -> str:
        if gap[2]:
            self._note("comment_removed", gap.start(2), gap.end(2), "")
        else:
            self._note("ellipsis_removed", gap.start(3), gap.end(3), "")
            self._note("comma_removed", gap.start(4), gap.end(4), "")
        self.at = gap.end()
        self._piece = gap.start(1) if gap[1] else self.at
        return self.text[self.at]

    def _long_gap(self) -> tuple[str, list[tuple[int, int]]]:
        """Past commas, comments and ellipses: the character behind them, and the runs of commas."""
        runs: list[tuple[int, int]] = []
        while True:
            char = self._space()
            if char and char in ",，;":
                end = cast("re.Match[str]", _COMMAS.match(self.text, self.at)).end()
                runs.append((self.at, end))
                self.at = end
            elif char and char in ".…[" and (dots := _DOTS.match(self.text, self.at)):
                self._note("ellipsis_removed", self.at, dots.end(), "")
                self.at = dots.end()
            else:
                break
        if char == "`" and self._is_fence():
            char = ""
        return char, runs

    def _mend_commas(self, runs: list[tuple[int, int]], wants_comma: bool) -> None:
        if wants_comma and not runs:
            self._note("comma_added", self.at, self.at, ",")
        for index, (start, end) in enumerate(runs):
            is_first = wants_comma and index == 0
            kind = "comma_replaced" if is_first and end - start == 1 else "comma_removed"
            if not is_first or self.text[start:end] != ",":
                self._note(kind, start, end, "," if is_first else "")

    # ---------------------------------------------------------------- names

    def _name(self, char: str, top: dict[str, JsonValue]) -> str | None:
        """The name of the next member, its colon passed; `None` where the text ends before the colon."""
        start = self.at
        if char in QUOTES or self.text.startswith('\\"', start):
            name = self._string(char, BEHIND_NAME)
        else:
            name = self._plain_name()
        colon = self._space()
        if colon and colon in ":：":
            if colon == "：":
                self._note("colon_replaced", self.at, self.at + 1, ":")
            if name in top:
                name_end = len(self.text[start : self.at].rstrip()) + start
                self._note("duplicate_key_dropped", start, name_end, quoted(name))
            self.at += 1
            return cast("str", name)
        if self.at >= len(self.text) or self._is_fence():
            if _STRUCTURE.search(self.text, start + 1, self.at):
                raise UnreadableError("a quote is missing at a name", start)
            self.cuts.clear()
            self._cut_off(name or "", "key", self._piece)
            return None
        if colon == "=" and self.text.startswith("=>", self.at):
            self._note("colon_replaced", self.at, self.at + 2, ":")
            self.at += 2
            return cast("str", name)
        if name is not None and top and (colon in '"{[' or colon.isdigit()) and self.text[self.at - 1] not in QUOTES:
            self._note("colon_added", self.at, self.at, ":")
            return name
        raise UnreadableError("no colon stands behind a name", self.at)

    def _plain_name(self) -> str | None:
        match = _PLAIN_NAME.match(self.text, self.at)
        if match is None:
            rest = re.compile(r"[\w$-]*\s*\Z").match(self.text, self.at)
            if rest is None:
                raise UnreadableError("no name stands where an object goes on", self.at)
            self.at = rest.end()
            return None
        self._note("quotes_added", self.at, match.end(), quoted(match[0]))
        self.at = match.end()
        self.has_plain_names = True
        return match[0]

    # ---------------------------------------------------------------- scalars

    def _scalar(self, char: str, key: str | int, behind: re.Pattern[str]) -> None:
        start = self.at
        if char == "`" and self.text.startswith("```", start):
            raise UnreadableError("a fence stands where a value should", start)
        if char in QUOTES or self.text.startswith('\\"', start):
            value = self._string(char, behind)
            if value is None:
                return
            self._put(value, key, start)
            if self.cuts:
                self.cuts[-1] = ((*self._keys, key), "string")
                self._end_all()
            return
        word = STRICT_WORD.match(self.text, start)
        if word is not None:
            found = word_value(word[0])
            nothing_behind = self._continues(word.end())
            if found is not None and not found.kind and not nothing_behind:
                self.at = word.end()
                self._put(found.value, key, start)
                return
        self._word(key, behind)

    def _continues(self, at: int) -> bool:
        """Whether words follow on the same line: then the number or literal before them is the start of a text."""
        match = _SPACE.match(self.text, at)
        end = cast("re.Match[str]", match).end()
        if end == at or "\n" in self.text[at:end]:
            return (
                self.text[at : at + 1] == ","
                and type(self._stack[-1][0]) is dict
                and bool(GROUPED.match(self.text, self.at))
            )
        return self.text[end : end + 1].isalpha() and type(self._stack[-1][0]) is dict

    def _word(self, key: str | int, behind: re.Pattern[str]) -> None:
        """A number or literal that JSON writes otherwise, or a string without quotes."""
        start = self.at
        is_member = behind is BEHIND_MEMBER
        grouped = GROUPED.match(self.text, start) if is_member else None
        match = grouped or cast("re.Match[str]", _WORD.match(self.text, start))
        word = match[0].rstrip()
        if "/" in word or "#" in word:
            word = self._without_comment(word, start)
        if word[:1] != "." and ("..." in word or "+" in word):
            word = _WORD_END.split(word)[0].rstrip()
        end = start + len(word)
        if not word:
            raise UnreadableError(f"{self.text[start : start + 1]!r} starts no value", start)
        self.at = end
        if not self.text[end:].lstrip() if len(self.text) - end < 40 else False:
            self._cut_word(word, key, start)
            return
        self._finish_word(word, key, start)

    def _without_comment(self, word: str, start: int) -> str:
        comment = _COMMENT_IN_WORD.search(word)
        if comment is None:
            return word
        rest = self.text[start + comment.start() : start + comment.start() + 300].partition("\n")[0].rstrip(" ,]}")
        if rest.endswith(('"', "'")) and rest.count(rest[-1]) % 2:
            raise UnreadableError("a quote stands in a text without quotes", start)
        return word[: comment.start()].rstrip()

    def _cut_word(self, word: str, key: str | int, start: int) -> None:
        kind: CutKind = "number" if re.match(r"[-+.\d]", word) else "literal"
        if not is_cut_short(word):
            raise UnreadableError("the text ends within a word without quotes", start)
        self._cut_off(key, kind, self._piece)

    def _finish_word(self, word: str, key: str | int, start: int) -> None:
        found = word_value(word)
        if found is None:
            self._bare_string(word, key, start)
            return
        value = found.value
        if found.kind == "not_finite":
            if self.policy.nan == "refuse":
                raise UnreadableError(f"{word} is no JSON value", start)
            value = None if self.policy.nan == "null" else value
        if found.kind:
            kind = "literal_replaced" if found.kind == "not_finite" else found.kind
            self._note(kind, start, self.at, json.dumps(value))
        self._put(value, key, start)

    def _bare_string(self, word: str, key: str | int, start: int) -> None:
        behind = self.text[self.at : self.at + 9].lstrip(" \t")[:1]
        if word[-1] in QUOTES or (behind and behind in QUOTES) or "\\" in word or word[0] in ")(<>=|*&^%!?":
            raise UnreadableError("a quote stands in a text without quotes", start)
        if _CODE.match(word) or word.count("(") != word.count(")"):
            raise UnreadableError("code stands where a value should", start)
        if LONG_NUMBER.fullmatch(word):
            raise UnreadableError("a number is too long to be read, or not whole", start)
        self.bare_strings += 1
        self._note("quotes_added", start, self.at, quoted(word))
        self._put(word, key, start)

    def is_laid_out_otherwise(self) -> bool:
        """Whether the indentation pairs other brackets than were paired here."""
        pairs = sorted(zip(self._begins, self._ends_at, strict=True), reverse=True)
        opened = list[tuple[int, int]]()
        for line in _LINE.finditer(self.text, self.start, self.at):
            at, indent = line.start(2), line.end(1) - line.start(1)
            while pairs and pairs[-1][0] < at:
                start, end = pairs.pop()
                opened.append((end, self._indent(start)))
            while opened and opened[-1][0] <= at:
                opened.pop()
            if self._is_askew(opened, indent, is_closing=line[2] in "}]", at=at):
                return True
        return False

    def _is_askew(self, opened: list[tuple[int, int]], indent: int, *, is_closing: bool, at: int) -> bool:
        """Whether a line within the open brackets (end, indentation of the opening line) belongs further out."""
        if len(opened) < 2 or opened[-1][1] <= opened[-2][1]:
            return False
        if not is_closing:
            return indent <= opened[-1][1]
        is_other = indent != opened[-1][1] and any(indent == other for _, other in opened[:-1])
        return is_other and _MORE.match(self.text, at, self.at) is not None

    def _indent(self, at: int) -> int:
        """The white space at the begin of the line of a place; none for long lines."""
        line = self.text.rfind("\n", max(0, at - 200), at) + 1
        return cast("re.Match[str]", _INDENT.match(self.text, line)).end() - line if line else 0

    # ---------------------------------------------------------------- results

    def repairs(self) -> tuple[Repair, ...]:
        """The edits as values."""
        return repairs_of(self.text, self.edits)

    def span_of(self, path: Path) -> Span:
        """Where the piece at a path stands; the nearest piece around it where there is none."""
        span = (self.start, self.at)
        value: Any = self.root
        for step in path:
            found = (self._spans or {}).get((id(value), step))
            if found is None:
                break
            span = found
            value = value[step]
        return span
