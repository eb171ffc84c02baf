"""Chunks of a streamed answer → deltas.

Parts stay open until the end: some hosts go on with reasoning or with an earlier call after other pieces, and an answer
must add up to the same whatever the order. The end: `[DONE]`, or a finish reason, since several hosts never send the
mark; a stream with neither was interrupted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from portable_llm._events import Delta
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._messages import Origin
from portable_llm._response import Refusal, Response
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._logprobs import read_choice
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str, frame_json
from portable_llm.wire.openai_chat._declined import declined_inside, is_filter
from portable_llm.wire.openai_chat._errors import error_inside
from portable_llm.wire.openai_chat._parse import (
    REASONING_FIELDS,
    UNTYPED_FIELDS,
    citation,
    finished,
    read_call,
    read_content,
    read_message,
    read_reasoning,
    usage_of,
)

_REPORTS = ("prompt_filter_results", "moderation")
"""What filters say beside the choices: in chunks without any."""


def stream_decoder(origin: Origin) -> ChatDecoder:
    """A decoder for one streamed answer."""
    return ChatDecoder(origin)


class ChatDecoder:
    """One streamed chat completion; only the choice with index 0 is read."""

    def __init__(self, origin: Origin) -> None:
        self._assembly = Assembly(origin)
        self._calls = CallDeltas(self._assembly)
        self._details: list[_Pieces] = []
        self._details_place: tuple[str | None, int | None] = (None, None)
        self._audio = _Pieces(("data", "transcript"))
        self._images: list[Any] = []
        self._word: str | None = None
        self._usage: Mapping[str, Any] = {}
        self._filters: dict[str, Any] = {}
        self._reports: dict[str, Any] = {}
        self._has_offsets = False
        self._is_started = False
        self._is_done = False
        self._is_failed = False
        self._declined: tuple[Refusal, str] | None = None

    @property
    def is_complete(self) -> bool:
        """Whether `[DONE]` or a finish reason has been seen."""
        return self._is_done or self._word is not None

    def feed(self, frame: Frame) -> list[Delta]:
        """The deltas of one frame; raises `ProviderError` for an error inside it."""
        data = frame.data
        if data.startswith(b"[DONE]"):
            self._is_done = True
            return []
        chunk = as_dict(frame_json(data, "chat completion chunk"))
        if not self._is_started:
            self._start(chunk)
        choice = first_choice(chunk)
        if choice:
            self._choice(choice)
        if not choice or "error" in chunk or "error" in choice:
            self._check(chunk, choice, data)
        if chunk.get("usage") or "x_groq" in chunk:
            self._usage = usage_of(chunk, {}) or self._usage
        return self._assembly.take()

    def finish(self) -> tuple[list[Delta], Response[None]]:
        """Close the open parts → their ends and the response."""
        if self._details:
            details: list[Any] = [detail.joined() for detail in self._details]
            self._assembly.reasoning("reasoning", "", {"reasoning_details": details})
        if audio := self._audio.joined():
            self._assembly.unknown("audio", {"audio": audio})
        if self._images:
            self._assembly.unknown("images", {"images": self._images})
        self._assembly.close_all()
        choice = {
            "finish_reason": self._word,
            "content_filter_results": self._filters,
            "content_filter_offsets": self._has_offsets,
        }
        response = finished(
            self._assembly,
            choice,
            self._usage,
            reports=self._reports,
            declined=self._declined,
            is_error=self._is_failed,
        )
        return self._assembly.take(), response

    def _start(self, chunk: Mapping[str, Any]) -> None:
        """Who answers. A first chunk without choices (filter reports) may carry empty names; a later one has them."""
        self._assembly.start(as_str(chunk.get("id")) or None, as_str(chunk.get("model")) or None)
        self._is_started = self._assembly.id is not None and self._assembly.model is not None

    def _choice(self, choice: Mapping[str, Any]) -> None:
        delta = choice.get("delta")
        if isinstance(delta, dict):
            fields = cast("dict[str, Any]", delta)
            content = fields.get("content")
            if len(fields) == 1 and isinstance(content, str):
                if content:
                    self._assembly.text("text", content)
            else:
                self._delta(fields)
        elif text := as_str(choice.get("text")):
            self._assembly.text("text", text)
        elif self._assembly.is_empty:
            # A host that does not stream sends one chunk with the whole message.
            read_message(self._assembly, as_dict(choice.get("message")))
        if logprobs := choice.get("logprobs"):
            read_choice(self._assembly, logprobs)
        # Some hosts end with a plain stop after the chunk of a filter: that does not unsay it.
        if (word := choice.get("finish_reason")) and not is_filter(self._word):
            self._word = as_str(word)
        if filters := choice.get("content_filter_results"):
            self._filter(as_dict(filters))
        if "content_filter_offsets" in choice:
            self._has_offsets = True
        if usage := as_dict(choice.get("usage")):
            self._usage = usage

    def _filter(self, report: Mapping[str, Any]) -> None:
        """A filter reports on what it has read so far: what it once marked stays marked."""
        for name, result in report.items():
            if as_dict(self._filters.get(name)).get("filtered") is not True:
                self._filters[name] = result

    def _delta(self, delta: Mapping[str, Any]) -> None:
        if details := as_list(delta.get("reasoning_details")):
            self._add_details(details)
        if details or any(delta.get(name) for name in REASONING_FIELDS):
            read_reasoning(self._assembly, delta)
        if content := delta.get("content"):
            read_content(self._assembly, content)
        for annotation in as_list(delta.get("annotations")):
            self._assembly.cite("text", citation(as_dict(annotation)))
        if refused := as_str(delta.get("refusal")):
            self._assembly.refusal("refusal", refused)
        for call in as_list(delta.get("tool_calls")):
            self._calls.add(as_dict(call))
        if legacy := as_dict(delta.get("function_call")):
            self._calls.add({"index": 0, "function": legacy})
        if any(name in delta for name in UNTYPED_FIELDS):
            self._add_untyped(delta)

    def _add_details(self, details: list[Any]) -> None:
        """Join the pieces of each detail, told apart by type and index."""
        for item in details:
            piece = as_dict(item)
            place = (as_str(piece.get("type")), as_int(piece.get("index")))
            if not self._details or place != self._details_place:
                self._details.append(_Pieces(("text", "summary", "data")))
                self._details_place = place
            self._details[-1].add(piece)

    def _add_untyped(self, delta: Mapping[str, Any]) -> None:
        self._audio.add(as_dict(delta.get("audio")))
        self._images += as_list(delta.get("images"))

    def _check(self, chunk: Mapping[str, Any], choice: Mapping[str, Any], data: bytes) -> None:
        for name in _REPORTS:
            if name in chunk:
                self._reports[name] = chunk[name]
        if (declined := declined_inside(chunk, choice, has_text=self._assembly.has_text)) is not None:
            self._declined = declined
            self._word = declined[1]
            return
        error = error_inside(chunk, choice, HttpReply(status=200, body=data))
        if error is not None:
            self._is_failed = True
            raise error


def first_choice(chunk: Mapping[str, Any]) -> dict[str, Any]:
    """The choice with index 0, or with none; an empty one if the chunk is about others or about none."""
    for item in as_list(chunk.get("choices")):
        if isinstance(item, dict):
            choice = cast("dict[str, Any]", item)
            if not choice.get("index"):
                return choice
    return {}


class _Pieces:
    """An object that comes in pieces: some texts grow, any other field is said once or said again."""

    def __init__(self, growing: tuple[str, ...]) -> None:
        self._growing = growing
        self._fields: dict[str, Any] = {}
        self._texts: dict[str, list[str]] = {}

    def add(self, piece: Mapping[str, Any]) -> None:
        """The next piece; `null` leaves a field as it was."""
        for name, value in piece.items():
            if name in self._growing and isinstance(value, str):
                self._fields.setdefault(name, "")
                self._texts.setdefault(name, []).append(value)
            elif value is not None or name not in self._fields:
                self._fields[name] = value

    def joined(self) -> dict[str, Any]:
        """The whole object."""
        return {**self._fields, **{name: "".join(texts) for name, texts in self._texts.items()}}


class CallDeltas:
    """Which call a delta belongs to: by index, else by id, else the last one; the first id and name stay.

    Some hosts send no index, some put index 0 on every parallel call, some repeat the id or send a fresh one with
    each piece. So a new call begins at a new index, at a known index with another id *and* a name, and without an
    index at a new id, or at a name where no id is given.
    """

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._by_index: dict[int, int] = {}
        self._by_id: dict[str, int] = {}
        self._ids: list[str | None] = []
        self._last = -1

    def add(self, call: Mapping[str, Any]) -> None:
        """One delta of one call."""
        call_id = as_str(call.get("id")) or None
        name = as_str(as_dict(call.get("function") or call.get("custom")).get("name")) or None
        key = self._key(as_int(call.get("index")), call_id, name)
        read_call(self._assembly, ("call", key), call)

    def _key(self, index: int | None, id: str | None, name: str | None) -> int:
        key = self._find(index, id, name)
        if key is None:
            key = len(self._ids)
            self._ids.append(id)
        elif self._ids[key] is None:
            self._ids[key] = id
        if index is not None:
            self._by_index[index] = key
        if id is not None:
            self._by_id.setdefault(id, key)
        self._last = key
        return key

    def _find(self, index: int | None, id: str | None, name: str | None) -> int | None:
        if index is not None:
            key = self._by_index.get(index)
            is_same = key is None or id is None or name is None or self._ids[key] in (None, id)
            return key if is_same else self._by_id.get(id or "")
        if id is not None:
            return self._by_id.get(id)
        return self._last if name is None and self._last >= 0 else None
