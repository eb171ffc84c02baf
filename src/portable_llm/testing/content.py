"""What a request asks, apart from how a wire format writes it: the key by which scripted answers are found.

Formats and libraries move the same content about: system text stands first, apart or inside a user turn; neighbouring
turns are merged; blanks at the ends go; call ids are rewritten; instructions may be added in front or behind. So
there are two levels: a key that is equal whenever only such things differ that every format loses, and, for all the
rest, the question whether the pieces of a known request all occur in the one that came.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portable_llm._json import JsonValue, dump_json
from portable_llm._messages import BlobPart, FilePart, Message, Part, TextPart, ToolCallPart, ToolResultPart, UriPart
from portable_llm._request import Request


@dataclass(frozen=True, slots=True)
class Content:
    """The pieces of a request, normalised."""

    system: str
    """All system text, wherever it stood, joined."""
    turns: tuple[tuple[str, str], ...]
    """`(kind, text)`: `user`, `assistant`, `call`, `result`; neighbours of one kind joined, except calls."""
    tools: tuple[str, ...]
    """Tool names, normalised, in order."""
    system_texts: tuple[str, ...] = ()
    """The system texts one by one: a late one is moved into a turn by formats that know only a first one."""

    @property
    def key(self) -> str:
        """Equal for requests with the same content."""
        return hashlib.sha256(repr((self.system, self.turns, sorted(self.tools))).encode()).hexdigest()

    @property
    def pieces(self) -> tuple[str, ...]:
        """Every text that has to occur in a request that asks the same."""
        return tuple(text for text in (*self.system_texts, *(text for _, text in self.turns)) if text)

    @property
    def whole(self) -> str:
        """All texts, joined: where pieces are looked for."""
        return " ".join(self.pieces)

    @property
    def last(self) -> str:
        """What was said last: the question."""
        return self.turns[-1][1] if self.turns else ""


def content_of(request: Request[Any]) -> Content:
    """The content of a request."""
    system = tuple(text_piece(message) for message in request.messages if message.role == "system")
    turns: list[tuple[str, str]] = []
    for message in request.messages:
        if message.role != "system":
            for kind, text in _turns(message):
                if kind not in ("call", "result") and turns and turns[-1][0] == kind:
                    kind, text = kind, _blank(f"{turns.pop()[1]} {text}")
                turns.append((kind, text))
    names = tuple(plain_name(tool.name) for tool in request.tools)
    return Content(system=_blank(" ".join(system)), turns=tuple(turns), tools=names, system_texts=system)


def plain_name(name: str) -> str:
    """A tool name without what formats forbid in it: `Get.Weather` and `get_weather` are the same."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def text_piece(message: Message) -> str:
    """The text parts of a message, blanks collapsed."""
    return _blank(" ".join(part.text for part in message.parts if isinstance(part, TextPart)))


def _turns(message: Message) -> Iterable[tuple[str, str]]:
    kind = "assistant" if message.role == "assistant" else "user"
    # A format with a field of its own for images (Ollama's) keeps their order, and not where they stood in the text.
    for part in sorted(message.parts, key=lambda part: isinstance(part, BlobPart)):
        found = _piece(part, kind)
        if found is not None and found[1]:
            yield found


def _piece(part: Part, kind: str) -> tuple[str, str] | None:
    match part:
        case TextPart(text=text):
            return kind, _blank(text)
        case ToolCallPart():
            return "call", f"{plain_name(part.name)} {_canonical(part.arguments or part.raw_arguments)}"
        case ToolResultPart():
            return "result", _blank(" ".join(inner.text for inner in part.parts if isinstance(inner, TextPart)))
        case BlobPart(data=data):
            return kind, f"blob:{hashlib.sha256(data).hexdigest()}"
        case UriPart(uri=uri):
            return kind, uri
        case FilePart(id=id):
            return kind, id
        case _:
            return None  # opaque state and typed refusals are lost between vendors


def _canonical(arguments: Mapping[str, JsonValue] | str) -> str:
    if isinstance(arguments, str):
        return _blank(arguments)
    return dump_json({name: arguments[name] for name in sorted(arguments)}).decode()


def _blank(text: str) -> str:
    return " ".join(text.split())
