"""Pieces of a message, streamed or whole, put together the same way.

A stream decoder names each open part by a key of its own (a block index, `"text"`, a call's position) and hands over
the pieces; the assembly numbers the parts, emits the deltas and builds the message. Adding is O(1) per piece.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from portable_llm._events import (
    Delta,
    PartEnd,
    PartKind,
    PartStart,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from portable_llm._json import JsonValue, dump_json, load_json
from portable_llm._messages import (
    Citation,
    Message,
    Origin,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    UnknownPart,
)
from portable_llm._response import TokenLogprob


def read_arguments(raw: str) -> dict[str, JsonValue] | None:
    """The arguments of a call from its JSON text: `{}` for none at all, `None` for what is no JSON object."""
    if not raw.strip():
        return {}
    try:
        value = load_json(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


@dataclass(slots=True)
class _Open:
    index: int
    kind: PartKind
    pieces: list[str] = field(default_factory=list[str])
    id: str | None = None
    name: str | None = None
    arguments: dict[str, JsonValue] | None = None
    state: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    citations: list[Citation] = field(default_factory=list[Citation])
    raw: Mapping[str, JsonValue] | None = None
    ended: Part | None = None


class Assembly:
    """One message under construction. `take()` gives the deltas since the last time."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.id: str | None = None
        self.model: str | None = None
        self.mark: str | None = None
        """What tells this answer from others where the wire has no id."""
        self._parts: list[_Open] = []
        self._by_key: dict[Hashable, _Open] = {}
        self._deltas: list[Delta] = []
        self._logprobs: dict[Hashable, list[TokenLogprob]] | None = None

    def take(self) -> list[Delta]:
        """The deltas so far, handed over once."""
        deltas, self._deltas = self._deltas, []
        return deltas

    def start(self, id: str | None, model: str | None) -> None:
        """Say who answers; later calls fill in what was missing and emit nothing."""
        is_first = self.id is None and self.model is None
        self.id, self.model = self.id or id, self.model or model
        if is_first and (id or model):
            self._deltas.append(Started(id, model))

    def open(self, key: Hashable, kind: PartKind) -> _Open:
        """The open part of that key and kind, begun if need be."""
        part = self._by_key.get(key)
        if part is None or part.kind != kind or part.ended is not None:
            if part is not None:
                self.close(key)
            part = _Open(len(self._parts), kind)
            self._parts.append(part)
            self._by_key[key] = part
            self._deltas.append(PartStart(part.index, kind))
        return part

    def text(self, key: Hashable, piece: str) -> None:
        """More text; an empty piece opens the part and emits no delta."""
        part = self.open(key, "text")
        if piece:
            part.pieces.append(piece)
            self._deltas.append(TextDelta(part.index, piece))

    def cite(self, key: Hashable, citation: Citation) -> None:
        """A citation of the text part."""
        self.open(key, "text").citations.append(citation)

    def reasoning(self, key: Hashable, piece: str, state: Mapping[str, JsonValue] | None = None) -> None:
        """More reasoning, and opaque state to be replayed with it (merged by key, the later wins)."""
        part = self.open(key, "reasoning")
        if state:
            part.state.update(state)
        if piece:
            part.pieces.append(piece)
            self._deltas.append(ReasoningDelta(part.index, piece))

    def refusal(self, key: Hashable, piece: str) -> None:
        """More of the typed words of refusal."""
        part = self.open(key, "refusal")
        if piece:
            part.pieces.append(piece)
            self._deltas.append(RefusalDelta(part.index, piece))

    def tool_call(
        self,
        key: Hashable,
        *,
        id: str | None = None,
        name: str | None = None,
        piece: str = "",
        arguments: dict[str, JsonValue] | None = None,
        state: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """More of a call: its JSON text in pieces, or the whole `arguments` where the wire sends an object.

        The first id and name given stay: hosts repeat them, or send empty ones later.
        """
        part = self.open(key, "tool_call")
        part.id, part.name = part.id or id, part.name or name
        if state:
            part.state.update(state)
        if arguments is not None:
            part.arguments = arguments
            piece = dump_json(arguments).decode()
        if piece:
            part.pieces.append(piece)
        if piece or id or name:
            self._deltas.append(ToolCallDelta(part.index, part.id, part.name, piece))

    def state(self, key: Hashable, state: Mapping[str, JsonValue]) -> None:
        """Opaque state of a part that is open (a signature that comes last)."""
        part = self._by_key.get(key)
        if part is not None:
            part.state.update(state)

    def unknown(self, key: Hashable, raw: Mapping[str, JsonValue]) -> None:
        """A piece no type fits, kept whole."""
        self.open(key, "unknown").raw = raw

    def logprobs(self, key: Hashable, tokens: list[TokenLogprob], *, is_whole: bool = False) -> None:
        """Log-probabilities of the part of that key: more of them, or with `is_whole` all, which count only where they
        are more than have come: one vendor rounds them when it says them again (recorded 2026-11-23)."""
        if not tokens:
            return
        if self._logprobs is None:
            self._logprobs = {}
        known = self._logprobs.setdefault(key, [])
        if not is_whole:
            known.extend(tokens)
        elif len(tokens) > len(known):
            self._logprobs[key] = tokens

    @property
    def token_logprobs(self) -> tuple[TokenLogprob, ...] | None:
        """All log-probabilities in the order of the parts; `None` where none came."""
        if self._logprobs is None:
            return None
        order = {key: part.index for key, part in self._by_key.items()}
        keys = sorted(self._logprobs, key=lambda key: order.get(key, len(self._parts)))
        return tuple(token for key in keys for token in self._logprobs[key])

    def close(self, key: Hashable) -> None:
        """End a part; unknown keys and ended parts are fine."""
        part = self._by_key.get(key)
        if part is not None:
            self._end(part)

    def close_all(self) -> None:
        """End every part that is still open, in order."""
        for part in self._parts:
            self._end(part)

    def _end(self, part: _Open) -> None:
        if part.ended is None:
            part.ended = self._build(part)
            self._deltas.append(PartEnd(part.index, part.ended))

    def message(self) -> Message:
        """The message so far: parts still open are built as they stand."""
        return Message(role="assistant", parts=tuple(part.ended or self._build(part) for part in self._parts))

    @property
    def has_calls(self) -> bool:
        return any(part.kind == "tool_call" for part in self._parts)

    @property
    def has_text(self) -> bool:
        """Visible text has come."""
        return any(part.kind == "text" and part.pieces for part in self._parts)

    @property
    def is_empty(self) -> bool:
        """Nothing has come yet that a reader could have seen."""
        return not any(part.pieces or part.raw for part in self._parts)

    @property
    def refusal_text(self) -> str:
        return "".join(piece for part in self._parts if part.kind == "refusal" for piece in part.pieces)

    def _call_id(self, part: _Open) -> str:
        """An id for a call that came without one: the same whole and streamed, and another one in the next turn."""
        answer = "".join(filter(str.isalnum, self.id or self.mark or ""))[-16:]
        return f"call_{part.index}_{answer}" if answer else f"call_{part.index}"

    def _build(self, part: _Open) -> Part:
        text = "".join(part.pieces)
        state = part.state or None
        # Only state is bound to its maker; plain text is anybody's.
        origin = self.origin if state else None
        match part.kind:
            case "text":
                return TextPart(text=text, citations=tuple(part.citations), state=state, origin=origin)
            case "reasoning":
                return ReasoningPart(text=text, state=state, origin=self.origin)
            case "refusal":
                return RefusalPart(text=text)
            case "unknown":
                return UnknownPart(raw=part.raw or {}, origin=self.origin)
            case "tool_call":
                arguments = part.arguments if part.arguments is not None else read_arguments(text)
                return ToolCallPart(
                    id=part.id or self._call_id(part),
                    name=part.name or "",
                    arguments=arguments,
                    raw_arguments=text,
                    state=state,
                    origin=origin,
                )
