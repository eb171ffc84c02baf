"""Output items → parts: the same reader for a whole answer and for what a stream has said so far.

An item is read as often as it is seen, piece by piece and at last whole; what was said already is not said again. So
an answer adds up to the same whether a host streams every piece, only finished items, or nothing but the last event.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from portable_llm._messages import Citation
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._logprobs import read_tokens
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str

GAP = "\n\n"
"""Between two pieces of one train of thought."""

_CALLS: Mapping[str, str] = {"function_call": "arguments", "custom_tool_call": "input"}
"""Items that the application has to run → where their input stands."""


_NONE: Mapping[str, Citation] = {}


class OutputReader:
    """Puts output items into an assembly; a key is the item's place, with the piece's for texts."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._said: dict[Hashable, list[str]] = {}
        self._done: set[Hashable] = set()
        self._thought: dict[Hashable, Hashable] = {}
        self._cited: dict[Hashable, dict[str, Citation]] = {}
        self._named: set[Hashable] = set()

    # ---- finished things ----

    def item(self, key: Hashable, item: Mapping[str, Any]) -> None:
        """A finished item: what it has beyond what came before."""
        if key in self._done:
            return
        kind = as_str(item.get("type")) or ""
        if kind == "message":
            for place, part in enumerate(as_list(item.get("content"))):
                self.part((key, place), as_dict(part), phase=as_str(item.get("phase")))
        elif kind == "reasoning":
            self._reasoning(key, item)
        elif kind in _CALLS:
            self.call(key, item)
            text = item.get(_CALLS[kind])
            if isinstance(text, dict):
                self._assembly.tool_call(key, arguments=as_dict(item.get(_CALLS[kind])))
            else:
                self.input_done(key, as_str(text) or "")
        elif item:
            self._assembly.unknown(key, dict(item))
        self._done.add(key)
        self._assembly.close(key)

    def part(self, key: Hashable, part: Mapping[str, Any], *, phase: str | None = None) -> None:
        """A finished piece of a message."""
        match part.get("type"):
            case "output_text" | "text":
                self.text_done(key, as_str(part.get("text")) or "")
                if logprobs := part.get("logprobs"):
                    self.logprobs(key, logprobs, is_whole=True)
                for annotation in as_list(part.get("annotations")):
                    self.cite(key, as_dict(annotation))
                if phase is not None:
                    self._assembly.state(key, {"phase": phase})
            case "refusal":
                self.refusal_done(key, as_str(part.get("refusal")) or "")
            case _:
                if part and key not in self._done:
                    # As an item, which is what it is sent back as.
                    self._assembly.unknown(key, {"type": "message", "role": "assistant", "content": [dict(part)]})
        self._close(key)

    def _close(self, key: Hashable) -> None:
        for citation in self._cited.pop(key, _NONE).values():
            self._assembly.cite(key, citation)
        self._done.add(key)
        self._assembly.close(key)

    def _reasoning(self, key: Hashable, item: Mapping[str, Any]) -> None:
        self._assembly.reasoning(key, "", dict(item))
        for field in ("summary", "content"):
            for place, piece in enumerate(as_list(item.get(field))):
                self.thought_done(key, (field, place), as_str(as_dict(piece).get("text")) or "")

    # ---- pieces ----

    def text(self, key: Hashable, piece: str) -> None:
        """More of a text."""
        if self._more(key, piece):
            self._assembly.text(key, piece)

    def text_done(self, key: Hashable, whole: str) -> None:
        """The whole text, of which the end may not have come before."""
        if key not in self._done:
            rest = self._rest(key, whole)
            self._more(key, rest)
            self._assembly.text(key, rest)

    def logprobs(self, key: Hashable, items: object, *, is_whole: bool = False) -> None:
        """Log-probabilities of a text: of its next piece, or with `is_whole` of all of it."""
        if key not in self._done:
            self._assembly.logprobs(key, read_tokens(items), is_whole=is_whole)

    def refusal(self, key: Hashable, piece: str) -> None:
        """More words of refusal."""
        if self._more(key, piece):
            self._assembly.refusal(key, piece)

    def refusal_done(self, key: Hashable, whole: str) -> None:
        """All words of refusal."""
        if key not in self._done:
            rest = self._rest(key, whole)
            self._more(key, rest)
            self._assembly.refusal(key, rest)

    def cite(self, key: Hashable, annotation: Mapping[str, Any]) -> None:
        """A citation: held until the text is whole, which names it again."""
        if key not in self._done:
            self._cited.setdefault(key, {})[repr(annotation)] = read_citation(annotation)

    def thought(self, key: Hashable, place: Hashable, piece: str) -> None:
        """More reasoning; another place than before begins a paragraph."""
        if piece and self._more((key, place), piece) and key not in self._done:
            before = self._thought.get(key)
            self._thought[key] = place
            self._assembly.reasoning(key, piece if before in (None, place) else GAP + piece)

    def thought_done(self, key: Hashable, place: Hashable, whole: str) -> None:
        """A whole paragraph of reasoning."""
        if (key, place) not in self._done:
            self.thought(key, place, self._rest((key, place), whole))
            self._done.add((key, place))

    def call(self, key: Hashable, item: Mapping[str, Any]) -> None:
        """Who is called: said when the item begins, or at its end."""
        link, name = as_str(item.get("call_id")) or as_str(item.get("id")), as_str(item.get("name"))
        state: dict[str, Any] = {"type": "custom"} if item.get("type") == "custom_tool_call" else {}
        if namespace := as_str(item.get("namespace")):
            state["namespace"] = namespace
        is_new = key not in self._named
        self._assembly.tool_call(key, id=link if is_new else None, name=name if is_new else None, state=state or None)
        if name:
            self._named.add(key)

    def input(self, key: Hashable, piece: str) -> None:
        """More of a call's input."""
        if self._more(key, piece):
            self._assembly.tool_call(key, piece=piece)

    def input_done(self, key: Hashable, whole: str) -> None:
        """The whole input of a call."""
        if key not in self._done and (rest := self._rest(key, whole)):
            self._more(key, rest)
            self._assembly.tool_call(key, piece=rest)

    def begin(self, key: Hashable, item: Mapping[str, Any]) -> None:
        """An item that has begun: parts stand in the order in which they begin.

        What is in it already is not read: some hosts say it once more in pieces, and its end has it for sure.
        """
        kind = as_str(item.get("type")) or ""
        if kind == "reasoning":
            self._assembly.reasoning(key, "")
        elif kind in _CALLS:
            self.call(key, item)
        elif kind != "message" and item:
            self._assembly.unknown(key, dict(item))

    def begin_part(self, key: Hashable, part: Mapping[str, Any]) -> None:
        """A piece of a message that has begun."""
        if key in self._done:
            return
        match part.get("type"):
            case "output_text" | "text":
                self._assembly.text(key, "")
            case "refusal":
                self._assembly.refusal(key, "")
            case _:
                pass

    def close(self) -> None:
        """What the end of a stream closes: citations of texts that did not come whole."""
        for key in list(self._cited):
            self._close(key)

    def _more(self, key: Hashable, piece: str) -> bool:
        """Whether the piece is news; it is noted."""
        if not piece or key in self._done:
            return False
        self._said.setdefault(key, []).append(piece)
        return True

    def _rest(self, key: Hashable, whole: str) -> str:
        """What of the whole has not been said; nothing where the pieces said something else, which was seen."""
        said = "".join(self._said.pop(key, ()))
        if said:
            self._said[key] = [said]
        return whole[len(said) :] if whole.startswith(said) else ""


def read_citation(annotation: Mapping[str, Any]) -> Citation:
    """One annotation; the provider's record is kept beside."""
    return Citation(
        start=as_int(annotation.get("start_index")),
        end=as_int(annotation.get("end_index")),
        url=as_str(annotation.get("url")),
        title=as_str(annotation.get("title")) or as_str(annotation.get("filename")),
        raw=annotation,
    )
