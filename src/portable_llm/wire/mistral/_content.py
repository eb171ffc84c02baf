"""Content of an answer, whole or in deltas: text, or a list of typed chunks, in the provider's own order.

Neighbouring chunks of one kind are one part, since a stream cuts them anywhere; a chunk of another kind begins the next
part. A reference belongs to the text since the one before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._messages import Citation
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._reading import as_dict, as_list, as_str


class ContentReader:
    """Puts content into an assembly, piece by piece."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._kind = ""
        self._number = 0
        self._size = 0  # characters of the open text part
        self._cited = 0  # where its last reference stood

    def add(self, content: object) -> None:
        """The next piece of content: a text, or a list of chunks."""
        if isinstance(content, str):
            if content:
                self._text(content)
            return
        for item in as_list(content):
            self._chunk(as_dict(item))

    def _chunk(self, chunk: Mapping[str, Any]) -> None:
        match chunk.get("type"):
            case "text" if isinstance(chunk.get("text"), str):
                self._text(chunk["text"])
            case "thinking":
                text, state = read_thinking(chunk)
                self._assembly.reasoning(self._key("reasoning"), text, state)
            case "reference":
                self._reference(chunk)
            case _:
                if chunk:
                    self._kind = ""
                    self._assembly.unknown(object(), chunk)  # each a part of its own

    def _text(self, text: str) -> None:
        self._assembly.text(self._key("text"), text)
        self._size += len(text)

    def _reference(self, chunk: Mapping[str, Any]) -> None:
        key = self._key("text")
        self._assembly.cite(key, Citation(start=self._cited, end=self._size, raw=chunk))
        self._cited = self._size

    def _key(self, kind: str) -> tuple[str, int]:
        if self._kind != kind:
            self._kind = kind
            self._number += 1
            self._size = self._cited = 0
        return kind, self._number


def read_thinking(chunk: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """What a thinking chunk says, and what has to come back with it: signature, mark of its end, references."""
    pieces = chunk.get("thinking")
    if isinstance(pieces, str):
        texts, others = [pieces], list[Any]()
    else:
        texts = [as_str(as_dict(piece).get("text")) or "" for piece in as_list(pieces)]
        others = [piece for piece in as_list(pieces) if as_dict(piece).get("type", "text") != "text"]
    state = {name: value for name, value in chunk.items() if name not in ("type", "thinking") and value is not None}
    return "".join(texts), {**state, "references": others} if others else state
