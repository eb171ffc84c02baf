"""Read one object or array from a place in a text, however its syntax is broken, in linear time and without recursion.

Every departure from JSON is recorded as an edit. What would need a guess is refused (`UnreadableError`): a name without
a value, a string whose end cannot be told, a number that the end of the text cut. On text that is JSON the scanner
reads what a JSON parser reads, without edits; it is then only slower.
"""

from __future__ import annotations

import re
from typing import Any, cast

from portable_llm._adaptation import Repair
from portable_llm._json import MAX_DEPTH, JsonValue
from portable_llm.output._policy import ReadPolicy
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
    NAME,
    QUOTES,
    unescaped,
)
from portable_llm.output._repair_words import GROUPED, Word, is_cut_short, word_value
from portable_llm.output._scanned import CutKind, Path, Span

_SPACE = re.compile(r"[\s\ufeff\u200b\u2060]*+")
_COMMENT = re.compile(r"//[^\n]*+|/\*(?:.*?\*/|.*+)|#[^\n]*+", re.DOTALL)
_COMMAS = re.compile(r"[,，;][\s,，;]*+")
_DOTS = re.compile(r"\.\.\.+|…|(?:\[\.\.\.\])")
_PLAIN_NAME = re.compile(r"[\w$][\w$.@/-]*+(?: [\w$-]+)*+(?=\s*+[:：])")
_WORD = re.compile(r"[^,，\]}\n\"“`{\[:]*+(?::(?://)?[^\s,\]}\n\"“`{\[:]+)*+")
_WORD_IN_OBJECT = re.compile(r"[^,，}\n\"“`{]*+")
_STRICT_WORD = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?=[,\]}\s])|true\b|false\b|null\b", re.ASCII)
_FENCE_AT_END = re.compile(r"\s*```\s*\Z|\s*</?\w+>\s*\Z")
_MISSING_END = re.compile(r"(,\s*|\n\s*)\Z")
_OPENERS = re.compile(r"[{\[]")
_CLOSERS = re.compile(r"[}\]]")


_PLAIN_MEMBERS = {
    quote: re.compile(
        rf"\s*+(,?)\s*+({quote}([^\"'\\\x00-\x1f]*+){quote})\s*+:\s*+"
        rf"(?:({quote}([^\"'\\\x00-\x1f]*+){quote})(?=\s*+(?:,\s*+{quote}[^\"'\\]*+{quote}\s*+:|\}}\s*+,\s*+[{{{quote}]))"
        rf"|(-?(?:0|[1-9][0-9]{{0,14}})(?:\.[0-9]+)?|true|false|null)(?=\s*+(?:\}}|,\s*+[{quote}}}])))"
    )
    for quote in "\"'"
}
"""A whole member as most are, with what must stand behind it; everything else takes the long way, to the same end."""
_EMBEDDED = re.compile(r"[{\[]\s*(?:[\w.'-]+\s*:\s*)?\Z")
"""A bracket that an unescaped quote follows: JSON (or Python) within a string."""


def _embedded(piece: str, depth: int) -> int:
    """How deep the JSON within a string is nested behind this piece of it."""
    return max(depth + len(_OPENERS.findall(piece)) - len(_CLOSERS.findall(piece)), 0) if depth else 0


class UnreadableError(ValueError):
    """No value can be read here without guessing."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.at = at


class TooDeepError(UnreadableError):
    """The text nests deeper than any value is read."""


class Scanner:
    """Reads the value that starts at `at`; afterwards `at` is behind it."""

    def __init__(self, text: str, at: int, policy: ReadPolicy, *, keeps_spans: bool = False) -> None:
        self.text = text
        self.at = at
        self.start = at
        self.policy = policy
        self.edits: list[tuple[str, int, int, str]] = []
        """Kind, start, end, and the text that replaces it."""
        self.cuts: list[tuple[Path, CutKind]] = []
        self.bare_strings = 0
        """Strings without quotes: in running text a sign that this is no value."""
        self.has_plain_names = False
        self._quote = '"'
        self.root: JsonValue = None
        self._stack: list[tuple[Any, int]] = []
        self._keys: list[str | int] = []
        self._spans: dict[tuple[int, str | int], Span] | None = {} if keeps_spans else None

    # ---------------------------------------------------------------- structure

    def scan(self) -> JsonValue:
        """The object or array here. Raises `UnreadableError`."""
        self._open(self.text[self.at], None)
        while self._stack:
            top = self._stack[-1][0]
            if type(top) is dict:
                self._member(cast("dict[str, JsonValue]", top))
            else:
                self._item(top)
        return self.root

    def scan_members(self) -> JsonValue:
        """The members of an object whose braces are missing."""
        self._note("brackets_added", self.at, self.at, "{")
        self.root = {}
        self._stack.append((self.root, self.at))
        while self._stack:
            self._member(cast("dict[str, JsonValue]", self._stack[-1][0]))
        return self.root

    def scan_string(self, behind: re.Pattern[str]) -> JsonValue:
        """The string here, which is the whole text."""
        value = cast("str", self._string(self.text[self.at], behind))
        self.root = value
        return value

    def _open(self, char: str, key: str | int | None) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise TooDeepError(f"the text nests deeper than {MAX_DEPTH} levels", self.at)
        value: Any = {} if char == "{" else []
        if not self._stack:
            self.root = value
        else:
            self._put(value, cast("str | int", key), self.at)
            self._keys.append(cast("str | int", key))
        self._stack.append((value, self.at))
        self.at += 1

    def _put(self, value: JsonValue, key: str | int, start: int) -> None:
        top = self._stack[-1][0]
        if type(top) is list:
            cast("list[JsonValue]", top).append(value)
        else:
            self._set(cast("dict[str, JsonValue]", top), cast("str", key), value, start)
        if self._spans is not None:
            self._spans[id(cast("object", top)), key] = (start, self.at)

    def _set(self, top: dict[str, JsonValue], key: str, value: JsonValue, start: int) -> None:
        if key in top:
            self._note("duplicate_key_dropped", start, start, key)
            if self.policy.duplicate_keys == "refuse":
                raise UnreadableError(f"the name {key!r} stands twice in one object", start)
            if self.policy.duplicate_keys == "first":
                return
        top[key] = value

    def _close(self) -> None:
        value, start = self._stack.pop()
        if self._keys:
            key = self._keys.pop()
            if self._spans is not None:
                self._spans[id(self._stack[-1][0]), key] = (start, self.at)
        del value

    def _plain_member(self, top: dict[str, JsonValue]) -> bool:
        """Take a member whose name and value hold nothing that needs a second look; whether there was one."""
        match = _PLAIN_MEMBERS[self._quote].match(self.text, self.at)
        if match is None or (match[1] == ",") != bool(top) or len(self._stack) < 2:
            return False
        if self._quote == "'":
            self._note("quotes_replaced", match.start(2), match.end(2), '"')
            if match[4]:
                self._note("quotes_replaced", match.start(4), match.end(4), '"')
        self.at = match.end()
        if match[4]:
            self._put(match[5], match[3], match.start(4))
        else:
            self._put(cast("Word", word_value(match[6])).value, match[3], match.start(6))
        return True

    def _member(self, top: dict[str, JsonValue]) -> None:
        if self._plain_member(top):
            return
        char = self._separator(bool(top))
        if char == "" or char in "}]":
            self._closer(char, "}")
            return
        start = self.at
        self._quote = "'" if char == "'" else '"'
        key = self._name(char, top)
        if key is None:
            return
        char = self._space()
        if char == "" or self.text.startswith("```", self.at):
            self._cut_off(key, "value", start)
        elif char in "{[":
            self._open(char, key)
        elif char in ",}]":
            raise UnreadableError(f"no value stands behind the name {key!r}", self.at)
        else:
            self._scalar(char, key, BEHIND_MEMBER)

    def _item(self, top: list[JsonValue]) -> None:
        char = self._separator(bool(top))
        if char == "" or char in "}]":
            self._closer(char, "]")
        elif char in "{[":
            self._open(char, len(top))
        else:
            self._scalar(char, len(top), BEHIND_ITEM)

    def _closer(self, char: str, wanted: str) -> None:
        if char == wanted:
            self.at += 1
            self._close()
        elif char == "":
            self._cut_off(None, "closer", self.at)
        elif self._is_open(char):
            self._note("bracket_added", self.at, self.at, wanted)
            self._close()
        else:
            self._note("bracket_replaced", self.at, self.at + 1, wanted)
            self.at += 1
            self._close()

    def _is_open(self, closer: str) -> bool:
        wanted = dict if closer == "}" else list
        return any(type(value) is wanted for value, _ in reversed(self._stack))

    def _cut_off(self, key: str | int | None, kind: CutKind, start: int) -> None:
        """The text ends here: what is open is closed."""
        keys = [*self._keys] if key is None else [*self._keys, key]
        self.cuts.append((tuple(keys), kind))
        if kind in ("key", "value", "number", "literal"):
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
            match = _SPACE.match(text, self.at)
            self.at = cast("re.Match[str]", match).end()
            char = text[self.at : self.at + 1]
            if char != "/" and char != "#":
                return char
            comment = _COMMENT.match(text, self.at)
            if comment is None:
                return char
            self._note("comment_removed", self.at, comment.end(), "")
            self.at = comment.end()

    def _separator(self, wants_comma: bool) -> str:
        """Past commas and ellipses; the character where the next piece begins, `""` at the end."""
        commas = 0
        while True:
            char = self._space()
            if char and char in ",，;":
                run = cast("re.Match[str]", _COMMAS.match(self.text, self.at))
                spare = len(run[0]) > 1 or commas > 0 or not wants_comma
                if spare and (
                    commas or not wants_comma or len(run[0].split()) > 1 or run[0].strip() not in (",", "，", ";")
                ):
                    self._note("comma_removed", self.at, run.end(), "," if wants_comma and not commas else "")
                elif char != ",":
                    self._note("comma_replaced", self.at, self.at + 1, ",")
                commas += 1
                self.at = run.end()
            elif char and char in ".…[" and (dots := _DOTS.match(self.text, self.at)):
                self._note("ellipsis_removed", self.at, dots.end(), "")
                self.at = dots.end()
            else:
                break
        if char == "`" and self.text.startswith("```", self.at):
            return ""
        if char and char in "}]" and commas and wants_comma:
            self._note("comma_removed", self.at, self.at, "")
        elif char and char not in "}]" and wants_comma and not commas:
            self._note("comma_added", self.at, self.at, ",")
        return char

    def _note(self, kind: str, start: int, end: int, after: str) -> None:
        self.edits.append((kind, start, end, after))

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
            self.at += 1
            return cast("str", name)
        if self.at >= len(self.text) or self.text.startswith("```", self.at):
            self.cuts.append(((*self._keys, name or ""), "key"))
            self._note("cut_key_left_out", start, self.at, "")
            self._end_all()
            return None
        if colon == "=" and self.text.startswith("=>", self.at):
            self._note("colon_replaced", self.at, self.at + 2, ":")
            self.at += 2
            return cast("str", name)
        if name is not None and top and (colon in '"{[' or colon.isdigit()):
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
        self._note("quotes_added", self.at, match.end(), f'"{match[0]}"')
        self.at = match.end()
        self.has_plain_names = True
        return match[0]

    # ---------------------------------------------------------------- scalars

    def _scalar(self, char: str, key: str | int, behind: re.Pattern[str]) -> None:
        start = self.at
        if char in QUOTES or self.text.startswith('\\"', start):
            value = self._string(char, behind)
            if value is None:
                return
            self._put(value, key, start)
            if self.cuts:
                self.cuts[-1] = ((*self._keys, key), "string")
                self._end_all()
            return
        word = _STRICT_WORD.match(self.text, start)
        if word is not None:
            found = word_value(word[0])
            nothing_behind = self._continues(word.end())
            if found is not None and not nothing_behind:
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
        comment = re.search(r"\s(?://|/\*|#)|/\*", word)
        if comment is not None:
            word = word[: comment.start()].rstrip()
        word = re.split(r"\.\.\.|\s\+", word)[0].rstrip() if word[:1] != "." else word
        end = start + len(word)
        if not word:
            raise UnreadableError(f"{self.text[start : start + 1]!r} starts no value", start)
        self.at = end
        if not self.text[end:].lstrip() if len(self.text) - end < 40 else False:
            self._cut_word(word, key, start)
            return
        self._finish_word(word, key, start)

    def _cut_word(self, word: str, key: str | int, start: int) -> None:
        kind: CutKind = "number" if re.match(r"[-+.\d]", word) else "literal"
        if not is_cut_short(word):
            raise UnreadableError("the text ends within a word without quotes", start)
        self._cut_off(key, kind, start)

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
            self._note("literal_replaced" if found.kind == "not_finite" else found.kind, start, self.at, repr(value))
        self._put(value, key, start)

    def _bare_string(self, word: str, key: str | int, start: int) -> None:
        behind = self.text[self.at : self.at + 1]
        if word[-1] in QUOTES or (behind and behind in QUOTES) or "\\" in word or word[0] in ")(<>=|*&^%!?":
            raise UnreadableError("a quote stands in a text without quotes", start)
        if re.fullmatch(r"[+-]?[\d,]+|[+-]?[\d.]+[eE][+-]?", word):
            raise UnreadableError("a number is too long to be read, or not whole", start)
        self.bare_strings += 1
        self._note("quotes_added", start, self.at, f'"{word}"')
        self._put(word, key, start)

    # ---------------------------------------------------------------- strings

    def _string(self, char: str, behind: re.Pattern[str]) -> str | None:
        """The string here, and those glued to it by `+`. A cut is noted in `cuts`, its path left to the caller."""
        start = self.at
        if char == "\\":
            return self._escaped_string(behind)
        text, pieces = self.text, list[str]()
        while True:
            if (
                text.startswith('"""', self.at)
                and (end := text.find('"""', self.at + 3)) >= 0
                and behind is not BEHIND_NAME
            ):
                pieces.append(text[self.at + 3 : end])
                self._note("quotes_replaced", self.at, end + 3, '"')
                self.at = end + 3
            else:
                pieces.append(self._one_string(text[self.at], behind))
            glue = behind.match(text, self.at) if behind is not BEHIND_NAME else None
            if glue is None or not glue["glued"] or self.cuts:
                break
            self.at = glue.end() - 1
        if len(pieces) > 1:
            self._note("strings_joined", start, self.at, "".join(pieces))
        return "".join(pieces)

    def _escaped_string(self, behind: re.Pattern[str]) -> str:
        """A string within a text that was escaped once too often: its quotes are `\\"`."""
        start = self.at
        end = self.text.find('\\"', start + 2)
        while end > 0 and self.text[end - 1] == "\\" and self.text[end - 2] == "\\":
            end = self.text.find('\\"', end + 2)
        if end < 0:
            raise UnreadableError("an escaped string does not end", start)
        self.at = end + 2
        body = unescaped(self.text[start + 2 : end], False)[0]
        self._note("quotes_replaced", start, self.at, '"')
        return unescaped(body, False)[0]

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
                embedded = _embedded(text[counted:at], embedded)
                counted = at
            if not embedded and self._ends(at, behind, opening, inner):
                break
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
        body = self.text[start + 1 : end]
        if opening != '"' or closing != '"':
            self._note("quotes_replaced", start, end + 1, '"')
        if has_inner:
            self._note("inner_quotes_escaped", start, end + 1, body)
        try:
            value, is_repaired = unescaped(body, False)
        except ValueError as error:
            raise UnreadableError(str(error), start) from None
        if is_repaired:
            self._note("escape_repaired", start, end + 1, value)
        if CONTROL.search(body):
            self._note("control_character_escaped", start, end + 1, value)
        return value

    def _unclosed(self, start: int, inner: int) -> str:
        """The text ended within a string: what came of it."""
        text = self.text
        if inner:
            raise UnreadableError("a string does not end, and holds quotes that could end it", start)
        end = len(text)
        fence = _FENCE_AT_END.search(text, max(start + 1, end - 60))
        end = fence.start() if fence else end
        self.at = end
        try:
            value = unescaped(text[start + 1 : end], True)[0]
        except ValueError as error:
            raise UnreadableError(str(error), start) from None
        if value and "\ud800" <= value[-1] <= "\udbff":
            value = value[:-1]
        self.cuts.append(((), "string"))
        self._note("cut_string_kept", start, end, value)
        self.at = len(text)
        return value

    def _without_end(self, start: int, end: int) -> str:
        """A string whose closing quote is missing: the next name shows where it ends."""
        self.at = end
        self._note("quote_added", end, end, '"')
        return unescaped(self.text[start + 1 : end], False)[0]

    def _ends(self, at: int, behind: re.Pattern[str], opening: str, inner: int) -> bool:
        """Whether the quote at `at` ends the string."""
        match = behind.match(self.text, at + 1)
        if behind is BEHIND_NAME:
            return match is not None or opening == '"' or not self.text[at + 1 : at + 2].isalnum()
        if match is None:
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

    # ---------------------------------------------------------------- results

    def repairs(self) -> tuple[Repair, ...]:
        """The edits as values."""
        text = self.text
        return tuple(
            Repair(stage="repair", kind=kind, location=(start, end), before=text[start:end], after=after)
            for kind, start, end, after in self.edits
        )

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
