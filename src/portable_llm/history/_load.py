"""A stored history of another vendor's format, read into messages; the readers are those of the wire formats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from portable_llm._adaptation import Adaptation, entry
from portable_llm._errors import InvalidRequestError
from portable_llm._json import JsonValue, dump_json, load_json
from portable_llm._messages import (
    ContentPart,
    FilePart,
    Message,
    Origin,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
)
from portable_llm._request import Request, Tool
from portable_llm.history._detect import marks
from portable_llm.history._dump import written_turns
from portable_llm.history._formats import DETECTED, SHAPES, shape_of, stored_in
from portable_llm.history._unread import lost, told_once, unread
from portable_llm.wire import wire_format

MAX_BYTES = 64 * 1024 * 1024
"""Size that a stored history may have; nesting is limited as for all JSON from outside."""
MAX_TURNS = 100_000
"""Messages or items that it may have."""

_NO_MODEL = "-"
_NO_MARKS = entry(
    "tokens", "/cache/breakpoints", "dropped", "marks for the cache are no part of a conversation: left out", "nobody"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A conversation that was stored somewhere."""

    messages: tuple[Message, ...]
    format: str
    """The format it was stored in: the name of a wire format."""
    tools: tuple[Tool, ...] = ()
    request: Request[Any] | None = None
    """The whole request with its options, where a whole one was stored."""
    adaptations: tuple[Adaptation, ...] = ()
    """What was read under another name, and what has no portable place."""


def load(
    data: str | bytes | Mapping[str, Any] | Sequence[Any], format: str | None = None, *, origin: Origin | None = None
) -> History:
    """The conversation in a list of messages, a request body or JSON lines (a message each), as text or as JSON.

    `format` names one of `openai-chat`, `openai-responses`, `anthropic-messages`, `gemini`, which are also told apart
    by themselves, or any other wire format. `origin` says who made the opaque state in it (signatures, encrypted
    reasoning, ids of files); without one it is nobody's, goes back only into the same format, and is replayed to no
    provider. Raises `InvalidRequestError` for what is no such history, is ambiguous, or exceeds `MAX_BYTES`,
    `MAX_TURNS` or the depth that JSON from outside may have.
    """
    body, is_whole = _body(_decoded(data), None if format is None else shape_of(format).turns)
    name = format or _detected(body)
    turns = _turns(body, name)
    request, ledger = _read(body, name)
    messages = _owned(request.messages, origin or stored_in(name))
    fields, ledger = told_once(unread(turns, name), ledger)
    entries = (*ledger, *lost(fields, written_turns(messages, name), name)) if fields else ledger
    if request.cache is not None and not is_whole:
        entries = (*entries, _NO_MARKS)
    return History(
        messages=messages,
        format=name,
        tools=request.tools,
        request=replace(request, messages=messages) if is_whole else None,
        adaptations=tuple(dict.fromkeys(entries)),
    )


# ---- JSON ------------------------------------------------------------------------------------------------------------


def _decoded(data: object) -> JsonValue:
    """Decoded JSON of known size and depth, and a copy: nobody else changes it."""
    if not isinstance(data, (str, bytes)):
        try:
            data = dump_json(data)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidRequestError(f"a stored history is JSON, and this is none: {error}") from error
    if len(data) > MAX_BYTES:
        raise InvalidRequestError(f"a stored history may have {MAX_BYTES} bytes, this one has {len(data)}; split it")
    try:
        return load_json(data)
    except ValueError as error:
        lines = _lines(data if isinstance(data, str) else data.decode("utf-8", "replace"))
        if len(lines) < 2:
            raise InvalidRequestError(
                f"a stored history is JSON or JSON lines, and this is neither: {error}"
            ) from error
        return [_line(text, number) for number, text in lines]


def _lines(text: str) -> list[tuple[int, str]]:
    return [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]


def _line(text: str, number: int) -> JsonValue:
    try:
        return load_json(text.strip())
    except ValueError as error:
        raise InvalidRequestError(f"line {number} of the stored history is no JSON: {error}") from error


# ---- the conversation in it ------------------------------------------------------------------------------------------


def _body(value: JsonValue, turns: str | None) -> tuple[dict[str, Any], bool]:
    """The request body, and whether it was one; a bare list or turn is put into the field it belongs to."""
    if isinstance(value, dict):
        if value.keys() & {shape.turns for shape in SHAPES.values()} or "prompt" in value:
            return cast("dict[str, Any]", value), True
        value = [value]
    if not isinstance(value, list):
        raise InvalidRequestError(
            f"a stored history is a list of messages, a request body or JSON lines, got {type(value).__name__}"
        )
    for number, turn in enumerate(value):
        if not isinstance(turn, dict):
            raise InvalidRequestError(f"/{number} of the stored history is no object but {type(turn).__name__}")
        if isinstance(turn.get("messages"), list) or isinstance(turn.get("contents"), list):
            raise InvalidRequestError(f"/{number} of the stored history is a whole request; load each by itself")
    return {turns or "messages": value}, False


def _turns(body: Mapping[str, Any], name: str) -> Sequence[Any]:
    """The list of turns under the field that the format has it in."""
    turns: object = body.get(shape_of(name).turns)
    if not isinstance(turns, list):
        return ()
    listed = cast("list[Any]", turns)
    if len(listed) > MAX_TURNS:
        raise InvalidRequestError(f"a stored history may have {MAX_TURNS} messages, this one has {len(listed)}")
    return listed


def _read(body: Mapping[str, Any], name: str) -> tuple[Request[Any], Sequence[Adaptation]]:
    """The request as its wire format reads it; a history that names no model has none."""
    model: object = body.get("model")
    if isinstance(model, str) and model:
        return wire_format(name).read_request(body)
    path = shape_of(name).path
    named = body if path else {**body, "model": _NO_MODEL}
    request, ledger = wire_format(name).read_request(named, path=path)
    return request.with_model(""), ledger


# ---- the format ------------------------------------------------------------------------------------------------------


def _detected(body: dict[str, Any]) -> str:
    """The format that the marks say; without any, the first of those that could be meant if all of them agree.

    Moves the turns of a bare list to the field that the format has them in.
    """
    found = sorted(marks(body))
    if len(found) == 1:
        _place(body, found[0])
        return found[0]
    if found:
        raise InvalidRequestError(
            f"the stored history has marks of {' and '.join(found)}; say which it is with format=..."
        )
    readings = dict(_readings(body))
    if not readings:
        raise InvalidRequestError(f"no known format of histories fits; known: {', '.join(SHAPES)}; give format=...")
    first, *others = (_said(messages) for messages in readings.values())
    if any(other != first for other in others):
        raise InvalidRequestError(
            f"the stored history could be {' or '.join(readings)}, and says something else in each; give format=..."
        )
    return next(iter(readings))


def _place(body: dict[str, Any], name: str) -> None:
    turns = shape_of(name).turns
    if turns not in body and "messages" in body:
        body[turns] = body.pop("messages")


def _readings(body: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Message, ...]]]:
    """What it would say in each format that has its turns where they are."""
    for name, shape in DETECTED.items():
        if shape.turns in body:
            try:
                yield name, _read(body, name)[0].messages
            except InvalidRequestError:
                continue


def _said(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages without empty texts, which some readers keep and others do not."""
    return tuple(
        replace(message, parts=tuple(part for part in message.parts if part != TextPart(text="")))
        for message in messages
    )


# ---- who made it -----------------------------------------------------------------------------------------------------


def _owned(messages: Sequence[Message], origin: Origin) -> tuple[Message, ...]:
    return tuple(
        replace(message, parts=tuple(_part_of(part, origin) for part in message.parts)) for message in messages
    )


def _part_of(part: Part, origin: Origin) -> Part:
    match part:
        case ReasoningPart():
            return replace(part, origin=origin)
        case TextPart() | ToolCallPart():
            return part if part.state is None else replace(part, origin=origin)
        case FilePart() | UnknownPart():
            return replace(part, origin=origin)
        case ToolResultPart():
            return replace(part, parts=tuple(cast("ContentPart", _part_of(inner, origin)) for inner in part.parts))
        case _:
            return part
