"""A response → the events of a stream, in the provider's order: item begun, pieces, piece done, item done, the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from portable_llm._json import dump_json
from portable_llm._response import Response
from portable_llm.wire._logprobs import Dealer, read_tokens, wire_tokens
from portable_llm.wire.openai_responses._write import output_items, response_object


def write_stream(response: Response[Any], *, pieces: int = 4) -> Iterable[bytes]:
    """The answer as a stream, one event per element; each text is cut into about `pieces` deltas."""
    items = output_items(response)
    last = response_object(response, items)
    for number, (kind, fields) in enumerate(_events(last, items, max(1, pieces))):
        yield _event(kind, number, fields)


def _event(kind: str, number: int, fields: Mapping[str, Any]) -> bytes:
    body = dump_json({"type": kind, "sequence_number": number, **fields})
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), body)


_Event = tuple[str, Mapping[str, Any]]


def _events(last: Mapping[str, Any], items: Sequence[Mapping[str, Any]], pieces: int) -> Iterator[_Event]:
    begun: dict[str, Any] = {
        **last,
        "status": "in_progress",
        "output": [],
        "usage": None,
        "error": None,
        "completed_at": None,
    }
    begun["incomplete_details"] = None
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    for place, item in enumerate(items):
        yield "response.output_item.added", {"output_index": place, "item": _begun(item)}
        yield from _pieces(item, {"item_id": item.get("id", ""), "output_index": place}, pieces)
        yield "response.output_item.done", {"output_index": place, "item": item}
    yield f"response.{last['status']}", {"response": last}


_EMPTIED: Mapping[str, Mapping[str, Any]] = {
    "message": {"content": []},
    "reasoning": {"summary": []},
    "function_call": {"arguments": ""},
    "custom_tool_call": {"input": ""},
}
"""Item → what it does not have yet when it begins."""


def _begun(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item as it begins: of what is in it, nothing is there, and encrypted content is not whole."""
    begun = {name: value for name, value in item.items() if name != "encrypted_content"}
    if item.get("type") == "reasoning":
        begun.pop("content", None)
    if "status" in item:
        begun["status"] = "in_progress"
    return {**begun, **_EMPTIED.get(str(item.get("type")), {})}


def _pieces(item: Mapping[str, Any], at: Mapping[str, Any], pieces: int) -> Iterator[_Event]:
    match item.get("type"):
        case "message":
            for place, part in enumerate(item["content"]):
                yield from _part(part, {**at, "content_index": place}, pieces)
        case "reasoning":
            yield from _thoughts(item, at, pieces)
        case "function_call":
            yield from _cut("response.function_call_arguments", at, "arguments", item["arguments"], pieces)
        case "custom_tool_call":
            yield from _cut("response.custom_tool_call_input", at, "input", item["input"], pieces)
        case _:
            pass


def _part(part: Mapping[str, Any], at: Mapping[str, Any], pieces: int) -> Iterator[_Event]:
    if part.get("type") == "refusal":
        yield "response.content_part.added", {**at, "part": {"type": "refusal", "refusal": ""}}
        yield from _cut("response.refusal", at, "refusal", part["refusal"], pieces)
    elif part.get("type") == "output_text":
        empty: dict[str, Any] = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        yield "response.content_part.added", {**at, "part": empty}
        dealer = Dealer(read_tokens(part["logprobs"]))
        for kind, event in _cut("response.output_text", at, "text", part["text"], pieces):
            told = wire_tokens(dealer.next(event["delta"])) if "delta" in event else part["logprobs"]
            yield kind, {**event, "logprobs": told}
        for place, annotation in enumerate(part.get("annotations", ())):
            yield (
                "response.output_text.annotation.added",
                {**at, "annotation_index": place, "annotation": annotation},
            )
    yield "response.content_part.done", {**at, "part": part}


def _thoughts(item: Mapping[str, Any], at: Mapping[str, Any], pieces: int) -> Iterator[_Event]:
    for place, piece in enumerate(item.get("summary") or ()):
        here = {**at, "summary_index": place}
        yield "response.reasoning_summary_part.added", {**here, "part": {"type": "summary_text", "text": ""}}
        yield from _cut("response.reasoning_summary_text", here, "text", piece["text"], pieces)
        yield "response.reasoning_summary_part.done", {**here, "part": piece}
    for place, piece in enumerate(item.get("content") or ()):
        here = {**at, "content_index": place}
        yield "response.content_part.added", {**here, "part": {"type": "reasoning_text", "text": ""}}
        yield from _cut("response.reasoning_text", here, "text", piece["text"], pieces)
        yield "response.content_part.done", {**here, "part": piece}


def _cut(kind: str, at: Mapping[str, Any], field: str, text: str, pieces: int) -> Iterator[_Event]:
    """A text in pieces, and at last whole, under the name that the field has there."""
    size = max(1, -(-len(text) // pieces))
    for start in range(0, len(text), size):
        yield f"{kind}.delta", {**at, "delta": text[start : start + size]}
    yield f"{kind}.done", {**at, field: text}
