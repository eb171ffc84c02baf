"""The automaton behind `PartialReader`: one state per kind of place in a text, each a method that takes its piece.

A state is called with the text of one feed and a position, and gives the position it read up to; it moves on or changes
the state, never back. A token that the end of a feed cuts waits in `_token`, so how a text is split changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from portable_llm._json import MAX_DEPTH, JsonValue
from portable_llm.output._partial_shape import ANYTHING, Shape, Shapes, accepts, accepts_kind, is_choice

Node: TypeAlias = "tuple[()] | tuple[Node, str | int]"
"""A place: the place around it, and the name or index; `()` is the value itself."""
_State: TypeAlias = Callable[[str, int], int]

_SPACE = re.compile(r"[\s\ufeff]*")
_PROSE = re.compile(r"[^{\[`<\"]*")
_THOUGHTS = ("think", "thinking", "thought", "thoughts", "reasoning", "reflection", "scratchpad")
_CLOSING = {word: re.compile(f"</{word}>", re.IGNORECASE | re.ASCII) for word in _THOUGHTS}
_TAG_SIZE = 16
_RUN = {'"': re.compile(r'[^"\\\n]*'), "'": re.compile(r"[^'\\\n]*")}
_BLANK = re.compile(r"[ \t\r\n]*")
_NAME = re.compile(r"[\w$-]*")
_NUMBER_RUN = re.compile(r"[-+.0-9eE]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORD_RUN = re.compile(r"[A-Za-z]*")
_LITERALS: dict[str, JsonValue] = {
    "true": True, "false": False, "null": None, "True": True, "False": False, "None": None,
}  # fmt: skip
_BEHIND_WORD = frozenset(" \t\r\n,]}/#")
_ESCAPES = {'"': '"', "'": "'", "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX = frozenset("0123456789abcdefABCDEF")
_MAX_DIGITS = 4300
"""Digits of a number; Python reads no longer integers, since that takes quadratic time."""


@dataclass(slots=True, eq=False)
class Frame:
    """An object or array that is still open."""

    is_object: bool
    value: Any
    """The dict or list; `None` where it is not shown."""
    shape: Shape
    node: Node | None
    """`None` around the value itself (the wrapper of a value that travels as a member)."""
    key: str | int | None
    names: set[str]
    size: int = 0
    """Items read, shown or not."""
    is_held: bool = False
    """Something in it is not shown: the whole is not complete before the end of the text."""


@dataclass(slots=True)
class _Waiting:
    """A value that has ended, if what follows agrees."""

    value: JsonValue
    is_text: bool


class PartialScanner:
    """The value so far, and what of it is complete."""

    def __init__(self, shapes: Shapes, under: str | None = None) -> None:
        self.frames: list[Frame] = []
        self.root: JsonValue = None
        """The value, once it is closed."""
        self.text: list[str] = [""]
        """Pieces of the string that is open."""
        self.is_text_shown = False
        self.key: str | int | None = None
        """Where the open string, or what comes next, stands in the innermost frame."""
        self.completed: list[Node] = []
        self.lacking: set[int] = set()
        """The `id` of each object and list that has ended without something that is in the text."""
        self.changes: list[Node | None] = []
        """Where something began or was put; `None` around the value itself."""
        self.is_changed = False
        """A value has been put or completed since somebody asked last."""
        self.has_grown = False
        """The string that is open has."""
        self.stopped: str | None = None
        self._shapes = shapes
        self._under = under
        self._shape: Shape | None = shapes.root
        """What may stand at the place that comes next; `None`: it is not shown."""
        self._is_shown = False
        self._state: _State = self._prose
        self._is_first = True
        """Nothing but white space stands before: here a value may begin that prose would not have."""
        self._ticks = 0
        self._token: str = ""
        self._quote = ""
        self._letters: list[str] = []
        """Pieces of the name that is read."""
        self._is_escaped = False
        """The next character of the name belongs to a backslash."""
        self._blank: list[str] = []
        """White space that may stand behind the string."""
        self._high = ""
        self._waiting: _Waiting | None = None
        self._behind_comment: _State = self._prose

    def feed(self, text: str) -> None:
        """Read on."""
        at, end = 0, len(text)
        while at < end and self.stopped is None:
            at = self._state(text, at)

    # ---------------------------------------------------------------- around the value

    def _prose(self, text: str, at: int) -> int:
        if self._ticks and text[at] != "`":
            self._ticks = 0
        if self._is_first:
            at = _end(_SPACE, text, at)
            if at == len(text):
                return at
            if text[at] not in '{["`<':
                self._is_first = False
        at = _end(_PROSE, text, at)
        return at if at == len(text) else self._sign(text[at], at)

    def _sign(self, char: str, at: int) -> int:
        """A character that may begin a value, or something that is none."""
        is_first, self._is_first = self._is_first, False
        if char == "`":
            self._ticks += 1
            if self._ticks == 3:
                self._ticks = 0
                self._state = self._info
        elif char == "<":
            self._token = ""
            self._state = self._tag
        elif char == '"':
            if is_first and self._shapes.root is not ANYTHING and accepts_kind(self._shapes.root, "string"):
                self._begin_text(char)
        else:
            self._is_trusted = is_first
            self._open(char)
        return at + 1

    def _info(self, text: str, at: int) -> int:
        """What stands behind an opening fence, to the end of its line."""
        end = text.find("\n", at)
        if end < 0:
            return len(text)
        self._is_first = True
        self._state = self._prose
        return end + 1

    def _tag(self, text: str, at: int) -> int:
        char = text[at]
        if char == ">" and self._token.lower() in _THOUGHTS:
            self._quote, self._token = self._token.lower(), ""
            self._state = self._thought
            return at + 1
        if char == ">" or not char.isalpha() or len(self._token) >= _TAG_SIZE:
            self._state = self._prose
            if char == ">":
                self._is_first = True
                return at + 1
            return at if char != "/" else at + 1
        self._token += char
        return at + 1

    def _thought(self, text: str, at: int) -> int:
        """Past everything up to the closing tag, which a feed may cut: then its beginning waits in `_token`."""
        closing, kept = _CLOSING[self._quote], len(self._quote) + 2
        edge = self._token + text[at : at + kept]
        found, before = closing.search(edge), at - len(self._token)
        if found is None:
            found, before = closing.search(text, at), 0
        if found is None:
            self._token = edge[-kept:] if len(text) - at < kept else text[-kept:]
            return len(text)
        self._token = ""
        self._is_first = True
        self._state = self._prose
        return before + found.end()

    def _done(self, text: str, at: int) -> int:
        return len(text)

    def _fail(self, why: str, at: int) -> int:
        """What is written here needs a look ahead. Nothing shown yet: then it may not have been the value at all."""
        if self._is_shown:
            self.stopped = why
            return at
        self.frames.clear()
        self._reset()
        return at

    def _reset(self) -> None:
        self._shape, self.key, self._waiting, self._blank, self._high = self._shapes.root, None, None, [], ""
        self.text, self.is_text_shown = [""], False
        self.lacking.clear()
        self._state = self._prose

    # ---------------------------------------------------------------- objects and arrays

    _is_trusted = False
    """The value stands where nothing else could: at the start of the text, of a fence, behind a tag."""

    def _open(self, char: str) -> None:
        if len(self.frames) >= MAX_DEPTH:
            self._is_shown = True
            self._fail(f"the text nests deeper than {MAX_DEPTH} levels", 0)
            return
        is_object = char == "{"
        shape = self._shape
        value: JsonValue = None
        if shape is not None and accepts_kind(shape, "object" if is_object else "array"):
            value = {} if is_object else []
        elif self.frames:
            self.frames[-1].is_held = True
        node = self._node() if value is not None else None
        if self.frames and value is not None:
            self._put(value)
        frame = Frame(is_object, value, shape or ANYTHING, node, self.key, set())
        self.frames.append(frame)
        self._enter(frame)

    def _node(self) -> Node | None:
        if not self.frames:
            return () if self._under is None else None
        above = self.frames[-1]
        if above.node is None:
            return () if len(self.frames) == 1 and self.key == self._under and above.value is not None else None
        return (above.node, cast("str | int", self.key))

    def _enter(self, frame: Frame) -> None:
        if frame.is_object:
            self._state = self._before_name
        else:
            self._next_item(frame)

    def _next_item(self, frame: Frame) -> None:
        self.key = frame.size
        # An item that is not shown hides those behind it: their places would be wrong.
        hidden = frame.value is None or (frame.is_held and len(frame.value) < frame.size)
        self._shape = None if hidden else self._shapes.item(frame.shape, frame.size)
        self._state = self._before_value

    def _put(self, value: JsonValue) -> None:
        self.changes.append(self._node())
        above = self.frames[-1].value
        if isinstance(above, dict):
            above[cast("str", self.key)] = value
        else:
            cast("list[JsonValue]", above).append(value)
        self._is_shown = True
        self.is_changed = True

    def _close(self, char: str, at: int) -> int:
        frame = self.frames[-1]
        if char != ("}" if frame.is_object else "]"):
            return self._fail("a closing bracket does not fit", at)
        self._settle()
        self.frames.pop()
        if not self.frames:
            return self._close_root(frame, at)
        above = self.frames[-1]
        self.key = frame.key
        if frame.is_held or frame.value is None:
            self._lack(frame)
            above.is_held = True
        elif frame.node is not None:
            self._complete(frame.node)
        above.size += 1
        self._state = self._behind_value
        return at + 1

    def _close_root(self, frame: Frame, at: int) -> int:
        if not self._is_shown and not (self._is_trusted and frame.value is not None and not frame.size):
            self._reset()
            return at + 1
        self.is_changed = self.is_changed or not self._is_shown
        self._is_shown = True
        self.root = frame.value
        if frame.is_held:
            self._lack(frame)
        elif frame.node is not None:
            self._complete(frame.node)
        self._state = self._done
        return at + 1

    def _lack(self, frame: Frame) -> None:
        if frame.value is not None:
            self.lacking.add(id(frame.value))

    @property
    def place(self) -> tuple[str | int | None, ...]:
        """Where the innermost open piece stands that is shown."""
        above = tuple(frame.key for frame in self.frames[1:] if frame.value is not None)
        return (*above, self.key) if self.is_text_shown and self.frames else above

    @property
    def value(self) -> Any:
        """All of it that is shown, open or not, but for a string at its root; it still grows."""
        return self.frames[0].value if self.frames else self.root

    def _complete(self, node: Node) -> None:
        self.completed.append(node)
        self.is_changed = True

    # ---------------------------------------------------------------- between the values

    def _gap(self, text: str, at: int, state: _State) -> int:
        """Past white space; a comment is taken on the way. At the end of the feed the position is its length."""
        at = _end(_SPACE, text, at)
        if at < len(text) and text[at] in "/#":
            self._token = text[at]
            self._behind_comment = state
            self._state = self._line if text[at] == "#" else self._slash
            at += 1
        return at

    def _slash(self, text: str, at: int) -> int:
        if text[at] not in "/*":
            return self._fail("a slash begins no value", at)
        self._token = ""
        self._state = self._line if text[at] == "/" else self._block
        return at + 1

    def _line(self, text: str, at: int) -> int:
        end = text.find("\n", at)
        if end < 0:
            return len(text)
        self._state = self._behind_comment
        return end

    def _block(self, text: str, at: int) -> int:
        if self._token == "*" and text[at] == "/":
            self._token = ""
            self._state = self._behind_comment
            return at + 1
        end = text.find("*", at)
        if end < 0:
            self._token = ""
            return len(text)
        self._token = "*"
        return end + 1

    def _before_name(self, text: str, at: int) -> int:
        at = self._gap(text, at, self._before_name)
        if at == len(text) or self._state != self._before_name:
            return at
        char = text[at]
        if char == "}":
            return self._close(char, at)
        is_plain = (char.isalpha() or char in "_$") and (self._is_trusted or len(self.frames) > 1 or self._is_shown)
        if char not in _RUN and not is_plain:
            return self._fail("no name stands where an object goes on", at)
        if self._waiting is not None and not self._waiting.is_text:
            self._settle()
        self._letters, self._is_escaped = [], False
        if is_plain:
            self._quote, self._state = "", self._plain_name
            return at
        self._quote, self._state = char, self._name_run
        return at + 1

    def _plain_name(self, text: str, at: int) -> int:
        end = _end(_NAME, text, at)
        self._letters.append(text[at:end])
        if end < len(text):
            self._state = self._behind_name
        return end

    def _name_run(self, text: str, at: int) -> int:
        """A quoted name; its escapes are JSON's or none that can be read here."""
        if self._is_escaped:
            self._is_escaped = False
            self._letters.append(text[at])
            return at + 1
        end = _end(_RUN[self._quote], text, at)
        self._letters.append(text[at:end])
        if end == len(text):
            return end
        if text[end] == "\\":
            self._is_escaped = True
            self._letters.append("\\")
        elif text[end] == "\n":
            return self._fail("a name holds a line break", end)
        else:
            self._state = self._behind_name
        return end + 1

    def _behind_name(self, text: str, at: int) -> int:
        at = self._gap(text, at, self._behind_name)
        if at == len(text) or self._state != self._behind_name:
            return at
        if text[at] != ":":
            return self._fail("no colon stands behind a name", at)
        name = _name("".join(self._letters), self._quote)
        frame = self.frames[-1]
        if name is None or name in frame.names:
            return self._fail("a name stands twice in an object, or cannot be read", at)
        self._settle()
        frame.names.add(name)
        self.key = name
        self._shape = None if frame.value is None else self._shapes.member(frame.shape, name)
        self._state = self._before_value
        return at + 1

    def _before_value(self, text: str, at: int) -> int:
        at = self._gap(text, at, self._before_value)
        if at == len(text) or self._state != self._before_value:
            return at
        char = text[at]
        frame = self.frames[-1]
        if char == "]" and not frame.is_object:
            return self._close(char, at)
        if char not in "{[\"'-" and not char.isalnum():
            return self._fail("no value that can be read without a look ahead", at)
        self._settle()
        if not frame.is_object:
            self._next_item(frame)
        if char in "{[":
            self._open(char)
            return at + 1
        if char in _RUN:
            self._begin_text(char)
            return at + 1
        self._token = ""
        self._state = self._number if char in "-0123456789" else self._word
        return at

    def _behind_value(self, text: str, at: int) -> int:
        at = self._gap(text, at, self._behind_value)
        if at == len(text) or self._state != self._behind_value:
            return at
        char = text[at]
        if char in "}]":
            return self._close(char, at)
        if char != ",":
            return self._fail("neither a comma nor a bracket stands behind a value", at)
        if self.frames[-1].is_object:
            self._state = self._before_name
        else:
            self._state = self._before_value
        return at + 1

    # ---------------------------------------------------------------- strings, numbers, literals

    def _begin_text(self, quote: str) -> None:
        self._quote = quote
        self.text = [""]
        shape = self._shape
        self.is_text_shown = shape is not None and accepts_kind(shape, "string") and not is_choice(shape)
        if self.is_text_shown:
            self._is_shown = self.is_changed = True
            self.changes.append(self._node())
        self._state = self._text_run

    def _text_run(self, text: str, at: int) -> int:
        if self._blank:
            end = _end(_BLANK, text, at)
            self._blank.append(text[at:end])
            if end == len(text) or text[end] == self._quote:
                return end if end == len(text) else self._end_text(end)
            self._grow("".join(self._blank))
            self._blank, at = [], end
        end = _end(_RUN[self._quote], text, at)
        if end > at:
            self._grow(self._flushed() + text[at:end])
        if end == len(text):
            return end
        if text[end] == "\\":
            self._token = ""
            self._state = self._escape
        elif text[end] == "\n":
            # Where the closing quote is missing, the string ended before the line break.
            self._blank = [self._flushed() + "\n"]
        else:
            return self._end_text(end)
        return end + 1

    def _grow(self, piece: str) -> None:
        self.text.append(piece)
        self.has_grown = self.has_grown or self.is_text_shown

    def _flushed(self) -> str:
        high, self._high = self._high, ""
        return high

    def _end_text(self, at: int) -> int:
        if self._high:
            self._grow(self._flushed())
        self._waiting = _Waiting("".join((*self.text, *self._blank)), True)
        self._blank = []
        if self.frames:
            self._state = self._behind_value
        else:
            self._state = self._done
        return at + 1

    def _escape(self, text: str, at: int) -> int:
        char = text[at]
        if not self._token and char in _ESCAPES:
            self._grow(self._flushed() + _ESCAPES[char])
            self._state = self._text_run
            return at + 1
        if (not self._token and char != "u") or (self._token and char not in _HEX):
            return self._fail("an escape that JSON does not have", at)
        self._token += char
        if len(self._token) == 5:
            self._character(chr(int(self._token[1:], 16)))
            self._state = self._text_run
        return at + 1

    def _character(self, char: str) -> None:
        """Half of a pair waits for the other half."""
        if self._high and "\udc00" <= char <= "\udfff":
            self._grow((self._flushed() + char).encode("utf-16", "surrogatepass").decode("utf-16"))
            return
        before = self._flushed()
        if "\ud800" <= char <= "\udbff":
            self._high, char = char, ""
        if before or char:
            self._grow(before + char)

    def _number(self, text: str, at: int) -> int:
        end = _end(_NUMBER_RUN, text, at)
        self._token += text[at:end]
        if end == len(text) and len(self._token) <= _MAX_DIGITS:
            return end
        match = _NUMBER.fullmatch(self._token)
        if match is None or len(self._token) > _MAX_DIGITS or text[end] not in _BEHIND_WORD:
            return self._fail("a number that JSON would write otherwise", at)
        number = float(self._token) if match[1] or match[2] else int(self._token)
        if number in (float("inf"), float("-inf")):
            return self._fail("a number beyond all floats", at)
        return self._end_word(number, end)

    def _word(self, text: str, at: int) -> int:
        end = _end(_WORD_RUN, text, at)
        self._token += text[at:end]
        if len(self._token) > _TAG_SIZE or (end < len(text) and self._token not in _LITERALS):
            return self._fail("a word without quotes", at)
        if end == len(text):
            return end
        if text[end] not in _BEHIND_WORD:
            return self._fail("a word without quotes", at)
        return self._end_word(_LITERALS[self._token], end)

    def _end_word(self, value: JsonValue, at: int) -> int:
        self._waiting = _Waiting(value, False)
        self._state = self._behind_value
        return at

    def _settle(self) -> None:
        """What waited has ended: it stands in the value, for good."""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return
        frame = self.frames[-1]
        frame.size += 1
        self.is_text_shown = False
        if self._shape is not None and frame.value is not None and accepts(self._shape, waiting.value):
            node = self._node()
            self._put(waiting.value)
            if node is not None:
                self._complete(node)
            return
        frame.is_held = True


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    return cast("re.Match[str]", pattern.match(text, at)).end()


def _name(token: str, quote: str) -> str | None:
    if "\\" not in token:
        return token
    import json

    try:
        return json.loads(f'"{token}"') if quote == '"' else None
    except ValueError:
        return None
