"""Messages written as another vendor's stored history; the writers are those of the wire formats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from portable_llm._adaptation import Adaptation, entry
from portable_llm._errors import InvalidRequestError
from portable_llm._json import JsonValue
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
from portable_llm.history._formats import format_of, shape_of
from portable_llm.wire import wire_format

_BOUND = "opaque state is bound to the format that it was made in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dumped:
    """A conversation in the format of a vendor."""

    data: dict[str, JsonValue]
    """The fields of a request body that hold it: the list of turns, system text beside it, tools where some were
    given."""
    adaptations: tuple[Adaptation, ...]
    """What is said in other words there, and what is left out."""


def dump(messages: Sequence[Message], format: str, *, tools: Sequence[Tool] = ()) -> Dumped:
    """The conversation as the named format stores it; `load` reads it back.

    Opaque state goes back into the format it came from and is left out of any other, with an entry. Raises
    `InvalidRequestError` for an unknown format, and for a history that the format cannot say (`repair` mends those).
    """
    shape = shape_of(format)
    wire = wire_format(format)
    ledger: list[Adaptation] = []
    kept = tuple(_home(messages, format, ledger))
    request: Request[Any] = Request(model="-", messages=kept, tools=tuple(tools), extra=shape.options)
    try:
        call, said = wire.build_request(request, wire.CAPABILITIES)
    except ValueError as error:
        raise InvalidRequestError(f"the history holds something JSON cannot: {error}") from error
    body = cast("dict[str, JsonValue]", call.json)
    fields = (*shape.beside, shape.turns, *(shape.tools if tools else ()))
    ledger += [one for one in said if one.subject.startswith(("/messages", "/tools"))]
    return Dumped(data={name: body[name] for name in fields if name in body}, adaptations=tuple(ledger))


def written_turns(messages: Sequence[Message], format: str) -> object:
    """The conversation as it would be written again; nothing where it cannot be."""
    try:
        return dump(messages, format).data
    except InvalidRequestError:
        return None


# ---- state that belongs elsewhere ------------------------------------------------------------------------------------


def _home(messages: Sequence[Message], format: str, ledger: list[Adaptation]) -> Iterator[Message]:
    """The messages without what only another format understands; they keep their places."""
    for number, message in enumerate(messages):
        parts = tuple(
            kept
            for position, part in enumerate(message.parts)
            if (kept := _own(part, f"/messages/{number}/parts/{position}", format, ledger)) is not None
        )
        yield message if parts == message.parts else replace(message, parts=parts)


def _own(part: Part, where: str, format: str, ledger: list[Adaptation]) -> Part | None:
    match part:
        case TextPart() | ToolCallPart():
            if part.state is None or format_of(part.origin) == format:
                return part
            ledger.append(_left_out(f"{where}/state", part.origin, format))
            return replace(part, state=None, origin=None)
        case ReasoningPart():
            place = f"{where}/state"
        case FilePart() | UnknownPart():
            place = where
        case ToolResultPart():
            inner = (_own(one, f"{where}/parts/{n}", format, ledger) for n, one in enumerate(part.parts))
            parts = tuple(cast("ContentPart", one) for one in inner if one is not None)
            return part if parts == part.parts else replace(part, parts=parts)
        case _:
            return part
    if format_of(part.origin) == format:
        return part
    ledger.append(_left_out(place, part.origin, format))
    return None


def _left_out(where: str, origin: Origin | None, format: str) -> Adaptation:
    made_in = format_of(origin) or "an unknown format"
    detail = f"made in {made_in}, means nothing in {format}: left out, never turned into text"
    return entry("dialogue", where, "dropped", detail, "nobody", source=_BOUND)
