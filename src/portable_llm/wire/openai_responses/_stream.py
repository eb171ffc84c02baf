"""Events of a streamed answer → deltas.

Pieces are found by `output_index`, since some hosts change an item's id on the way. A finished item is the truth about
what belongs to it; what its pieces did not say is said then. The end is an event with the whole response object:
`response.completed`, `response.incomplete`, `response.failed`, `response.cancelled`. There is no `[DONE]`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from portable_llm._events import Delta
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._messages import Origin
from portable_llm._response import Refusal, Response
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str, frame_json
from portable_llm.wire.openai_responses._errors import declined_inside, error_inside
from portable_llm.wire.openai_responses._output import OutputReader
from portable_llm.wire.openai_responses._parse import finished

_ENDS = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")


def stream_decoder(origin: Origin) -> ResponsesDecoder:
    """A decoder for one streamed answer."""
    return ResponsesDecoder(origin)


class ResponsesDecoder:
    """One streamed response."""

    def __init__(self, origin: Origin) -> None:
        self._assembly = Assembly(origin)
        self._reader = OutputReader(self._assembly)
        self._items: dict[Hashable, int] = {}
        """Place of an item → how many have begun there before: some hosts give several the same."""
        self._by_id: dict[str | None, Hashable] = {}
        self._ended: set[Hashable] = set()
        self._last: Mapping[str, Any] = {}
        self._is_done = False
        self._is_failed = False
        self._declined: tuple[Refusal, str] | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the last event has been seen, or a filter's word that takes its place."""
        return self._is_done or self._declined is not None

    def feed(self, frame: Frame) -> list[Delta]:
        """The deltas of one frame; raises `ProviderError` for an error inside it."""
        if frame.data.startswith(b"[DONE]"):
            return []
        event = as_dict(frame_json(frame.data, "event of a response"))
        kind = as_str(event.get("type")) or frame.event
        if (read := _READERS.get(kind)) is not None:
            read(self, event)
        elif kind == "error" or "error" in event:
            self._fail({"type": "error", **event}, frame.data)
        elif kind in _ENDS:
            self._end({"status": kind.removeprefix("response."), **as_dict(event.get("response"))}, frame.data)
        return self._assembly.take()

    def finish(self) -> tuple[list[Delta], Response[None]]:
        """Close the open parts → their ends and the response."""
        self._reader.close()
        self._assembly.close_all()
        response = finished(self._assembly, self._last, declined=self._declined, is_error=self._is_failed)
        return self._assembly.take(), response

    # ---- the response ----

    def started(self, event: Mapping[str, Any]) -> None:
        response = as_dict(event.get("response"))
        self._assembly.start(as_str(response.get("id")) or None, as_str(response.get("model")) or None)

    def _fail(self, event: Mapping[str, Any], data: bytes) -> None:
        if (declined := declined_inside(event, has_text=self._assembly.has_text)) is not None:
            self._declined = declined
            return
        error = error_inside(event, HttpReply(status=200, body=data))
        if error is not None:
            self._is_failed = True
            raise error

    def _end(self, response: Mapping[str, Any], data: bytes) -> None:
        """The last event: what its output has beyond the items that came, and why it ended."""
        self._assembly.start(as_str(response.get("id")) or None, as_str(response.get("model")) or None)
        seen = sum(self._items.values())
        for place, item in enumerate(as_list(response.get("output"))):
            # Items are counted, not looked up: a host that gives all the same place has still said them once.
            if place >= seen:
                self._reader.item(("last", place), as_dict(item))
            elif place in self._items:
                self._reader.item(self._key(place), as_dict(item))
        self._last = response
        self._is_done = True
        if self._declined is None and (response.get("error") or response["status"] == "failed"):
            self._fail(response, data)

    # ---- items ----

    def _place(self, event: Mapping[str, Any]) -> Hashable:
        """Where an event belongs: by its index; by the item's id where a host leaves the index out."""
        place = as_int(event.get("output_index"))
        if place is not None:
            return place
        named = as_str(event.get("item_id")) or as_str(as_dict(event.get("item")).get("id")) or ""
        return self._by_id.get(named, named)

    def _key(self, place: Hashable) -> Hashable:
        """The item that is under way at that place."""
        return (place, self._items.setdefault(place, 1))

    def item_added(self, event: Mapping[str, Any]) -> None:
        place = self._place(event)
        if (place, self._items.get(place, 0)) in self._ended:
            self._items[place] += 1
        item = as_dict(event.get("item"))
        self._by_id[as_str(item.get("id"))] = place
        self._reader.begin(self._key(place), item)

    def item_done(self, event: Mapping[str, Any]) -> None:
        key = self._key(self._place(event))
        self._reader.item(key, as_dict(event.get("item")))
        self._ended.add(key)

    # ---- pieces ----

    def _piece(self, event: Mapping[str, Any]) -> Hashable:
        return (self._key(self._place(event)), as_int(event.get("content_index")) or 0)

    def part_added(self, event: Mapping[str, Any]) -> None:
        self._reader.begin_part(self._piece(event), as_dict(event.get("part")))

    def text(self, event: Mapping[str, Any]) -> None:
        self._reader.text(self._piece(event), as_str(event.get("delta")) or "")
        if logprobs := event.get("logprobs"):
            self._reader.logprobs(self._piece(event), logprobs)

    def text_done(self, event: Mapping[str, Any]) -> None:
        self._reader.text_done(self._piece(event), as_str(event.get("text")) or "")

    def refusal(self, event: Mapping[str, Any]) -> None:
        self._reader.refusal(self._piece(event), as_str(event.get("delta")) or "")

    def refusal_done(self, event: Mapping[str, Any]) -> None:
        self._reader.refusal_done(self._piece(event), as_str(event.get("refusal")) or "")

    def annotation(self, event: Mapping[str, Any]) -> None:
        if annotation := as_dict(event.get("annotation")):
            self._reader.cite(self._piece(event), annotation)

    def input(self, event: Mapping[str, Any]) -> None:
        self._reader.input(self._key(self._place(event)), as_str(event.get("delta")) or "")

    def arguments_done(self, event: Mapping[str, Any]) -> None:
        self._reader.input_done(self._key(self._place(event)), as_str(event.get("arguments")) or "")

    def input_done(self, event: Mapping[str, Any]) -> None:
        self._reader.input_done(self._key(self._place(event)), as_str(event.get("input")) or "")

    def summary(self, event: Mapping[str, Any]) -> None:
        place = ("summary", as_int(event.get("summary_index")) or 0)
        self._reader.thought(self._key(self._place(event)), place, as_str(event.get("delta")) or "")

    def summary_done(self, event: Mapping[str, Any]) -> None:
        place = ("summary", as_int(event.get("summary_index")) or 0)
        self._reader.thought_done(self._key(self._place(event)), place, as_str(event.get("text")) or "")

    def thought(self, event: Mapping[str, Any]) -> None:
        place = ("content", as_int(event.get("content_index")) or 0)
        self._reader.thought(self._key(self._place(event)), place, as_str(event.get("delta")) or "")

    def thought_done(self, event: Mapping[str, Any]) -> None:
        place = ("content", as_int(event.get("content_index")) or 0)
        self._reader.thought_done(self._key(self._place(event)), place, as_str(event.get("text")) or "")


_READERS: Mapping[str, Callable[[ResponsesDecoder, Mapping[str, Any]], None]] = {
    "response.created": ResponsesDecoder.started,
    "response.in_progress": ResponsesDecoder.started,
    "response.queued": ResponsesDecoder.started,
    "response.output_item.added": ResponsesDecoder.item_added,
    "response.output_item.done": ResponsesDecoder.item_done,
    "response.content_part.added": ResponsesDecoder.part_added,
    "response.output_text.delta": ResponsesDecoder.text,
    "response.output_text.done": ResponsesDecoder.text_done,
    "response.output_text.annotation.added": ResponsesDecoder.annotation,
    "response.refusal.delta": ResponsesDecoder.refusal,
    "response.refusal.done": ResponsesDecoder.refusal_done,
    "response.function_call_arguments.delta": ResponsesDecoder.input,
    "response.function_call_arguments.done": ResponsesDecoder.arguments_done,
    "response.custom_tool_call_input.delta": ResponsesDecoder.input,
    "response.custom_tool_call_input.done": ResponsesDecoder.input_done,
    "response.reasoning_summary_text.delta": ResponsesDecoder.summary,
    "response.reasoning_summary_text.done": ResponsesDecoder.summary_done,
    "response.reasoning_text.delta": ResponsesDecoder.thought,
    "response.reasoning_text.done": ResponsesDecoder.thought_done,
    # What some hosts call the same.
    "response.reasoning.delta": ResponsesDecoder.thought,
    "response.reasoning.done": ResponsesDecoder.thought_done,
}
"""Event → what it says. Events of hosted tools, keep-alives and unknown ones say nothing that the items do not."""
