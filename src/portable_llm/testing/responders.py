"""What the fake server answers: a responder is a function from the request to an answer."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, cast

from portable_llm._errors import ConfigurationError
from portable_llm._json import JsonValue, dump_json
from portable_llm._messages import (
    Message,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    text_of,
)
from portable_llm._request import Request
from portable_llm._response import FinishReason, NoOutput, Refusal, Refused, Response, TokenLogprob, Usage
from portable_llm.testing.faults import Fault, fault_from_json

REDACTED = "[redacted]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request as it came over the line."""

    number: int
    """Counted from 1, in the order of arrival."""
    method: str
    path: str
    """With the query; a key in it is redacted."""
    headers: Mapping[str, str]
    """Names in lower case; credentials are redacted unless the server keeps them."""
    body: bytes = field(repr=False)
    json: JsonValue
    """The body, decoded; `None` if it is no JSON."""
    wire: str | None
    """Name of the wire format; `None` for a path that no format has."""
    is_stream: bool
    request: Request[Any] | None = None
    """The portable request; `None` if the body is no such request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response, and what goes wrong with it this time."""

    response: Response[Any]
    faults: tuple[Fault, ...] = ()


Answering: TypeAlias = Response[Any] | Reply
Responder: TypeAlias = Callable[[Request[Any], Received], Answering | Awaitable[Answering]]
"""Called on the server's own thread: one that blocks holds up every connection (an `async` one does not)."""

Call: TypeAlias = ToolCallPart | tuple[str, Mapping[str, JsonValue]] | Mapping[str, Any]
"""A tool call: the part, `(name, arguments)`, or `{"name": …, "arguments": …, "id": …}`."""


def answer(
    text: str = "",
    *,
    tool_calls: Iterable[Call] = (),
    finish_reason: FinishReason | None = None,
    usage: Usage | None = None,
    reasoning: str = "",
    refusal: str | None = None,
    model: str | None = None,
    id: str | None = None,
    logprobs: Iterable[TokenLogprob] | None = None,
) -> Response[None]:
    """A response made of what matters to a test; the server fills in the rest.

    Without `usage` the tokens are counted by `count_usage`; without `model` it is the one asked for; without
    `finish_reason` it is `tool_call` beside calls, `refusal` beside one, else `stop`.
    `logprobs` go out where a request asks for them.
    """
    calls = tuple(_call_part(call) for call in tool_calls)
    declined = None if refusal is None else Refusal(kind="hard", source="model", text=refusal)
    parts: list[Part] = [ReasoningPart(text=reasoning)] if reasoning else []
    parts += [TextPart(text=text)] if text else []
    parts += [RefusalPart(text=refusal)] if refusal else []
    return Response(
        message=Message(role="assistant", parts=(*parts, *calls)),
        finish_reason=finish_reason or ("refusal" if declined else "tool_call" if calls else "stop"),
        raw_finish_reason=None,
        outcome=NoOutput() if declined is None else Refused(refusal=declined),
        refusal=declined,
        usage=usage or Usage(),
        model=model,
        id=id,
        logprobs=None if logprobs is None else tuple(logprobs),
    )


def _call_part(call: Call) -> ToolCallPart:
    if isinstance(call, ToolCallPart):
        return call
    name, arguments, call_id = (*call, "") if isinstance(call, tuple) else _call_fields(call)
    return ToolCallPart(id=call_id, name=name, arguments=dict(arguments), raw_arguments=dump_json(arguments).decode())


def _call_fields(call: Mapping[str, Any]) -> tuple[str, Mapping[str, JsonValue], str]:
    return str(call["name"]), call.get("arguments", {}), str(call.get("id", ""))


def echo() -> Responder:
    """Answers with the last text of the user, or of a tool; cut at a stop string as a model would be."""
    return lambda request, received: obey(request, answer(last_text(request)))


def fixed(response: Response[Any] | Reply | str) -> Responder:
    """Answers the same to every request."""
    reply = _reply(response)
    return lambda request, received: reply


def scripted(items: Iterable[Response[Any] | Reply | Fault | str]) -> Responder:
    """Answers with one item after another: a response, its text alone, or a fault in the place of an answer.

    A request beyond the last item raises `LookupError`, which the server answers with 500 and keeps in `errors`.
    """
    replies = iter([_reply(item) for item in items])
    lock = threading.Lock()

    def respond(request: Request[Any], received: Received) -> Reply:
        with lock:
            reply = next(replies, None)
        if reply is None:
            raise LookupError(f"the script has no reply left for request {received.number}")
        return reply

    return respond


def _reply(item: Response[Any] | Reply | Fault | str) -> Reply:
    match item:
        case str():
            return Reply(response=answer(item))
        case Fault():
            return Reply(response=answer(), faults=(item,))
        case Response():
            return Reply(response=item)
        case Reply():
            return item


def reply_from_json(stored: object) -> Reply:
    """One item of a script file: a text, or `{"text", "tool_calls", "finish_reason", "refusal", "faults"}`.

    Raises `ConfigurationError`.
    """
    if isinstance(stored, str):
        return _reply(stored)
    if not isinstance(stored, dict):
        raise ConfigurationError(f"an item of a script is a text or an object, got {type(stored).__name__}")
    item = dict(cast("dict[str, Any]", stored))
    faults = tuple(fault_from_json(fault) for fault in item.pop("faults", ()))
    try:
        return Reply(response=answer(**item), faults=faults)
    except (TypeError, KeyError) as error:
        raise ConfigurationError(f"an item of the script cannot be read: {error}") from error


# ---- what a model does with a request --------------------------------------------------------------------------------


def last_text(request: Request[Any]) -> str:
    """The text of the last message that has any: of the user, or of a tool's result."""
    for message in reversed(request.messages):
        text = message_text(message)
        if message.role in ("user", "tool") and text:
            return text
    return ""


def message_text(message: Message) -> str:
    """The text of a message, tool results included."""
    return "".join(
        text_of(part.parts) if isinstance(part, ToolResultPart) else part.text if isinstance(part, TextPart) else ""
        for part in message.parts
    )


def obey(request: Request[Any], response: Response[Any]) -> Response[Any]:
    """The response as the request's own limits leave it: stop strings, `tool_choice` none, no parallel calls."""
    kept = response.tool_calls
    if request.tool_choice == "none" or not request.tools:
        kept = ()
    elif request.parallel_tool_calls is False:
        kept = kept[:1]
    stop = _first_stop(
        "".join(part.text for part in response.message.parts if isinstance(part, TextPart)), request.stop
    )
    if kept == response.tool_calls and stop is None:
        return response
    kept_ids = {id(call) for call in kept}
    parts = [part for part in response.message.parts if not isinstance(part, ToolCallPart) or id(part) in kept_ids]
    reason: FinishReason = "stop" if stop is not None or (response.tool_calls and not kept) else response.finish_reason
    changed = replace(response, message=replace(response.message, parts=tuple(parts)), finish_reason=reason)
    return changed if stop is None else _cut_text(changed, stop)


def _first_stop(text: str, stops: Iterable[str]) -> int | None:
    places = [place for place in (text.find(stop) for stop in stops if stop) if place >= 0]
    return min(places) if places else None


def _cut_text(response: Response[Any], size: int) -> Response[Any]:
    """The first `size` characters of the text; nothing comes after a stop string, calls neither."""
    parts: list[Part] = []
    for part in response.message.parts:
        if isinstance(part, TextPart):
            text, size = part.text[:size], max(size - len(part.text), 0)
            parts += [replace(part, text=text)] if text else []
        elif not isinstance(part, ToolCallPart):
            parts.append(part)
    return replace(response, message=replace(response.message, parts=tuple(parts)))


# ---- what the server fills in ----------------------------------------------------------------------------------------


def complete(response: Response[Any], request: Request[Any], number: int) -> Response[Any]:
    """The response with model, id, call ids and usage where the responder left them open."""
    named = [_identified(part, place, len(request.messages)) for place, part in enumerate(response.message.parts)]
    return replace(
        response,
        message=replace(response.message, parts=tuple(named)),
        model=response.model or request.model,
        id=response.id or f"fake-{number}",
        logprobs=None if request.sampling.logprobs is None else response.logprobs,
        usage=count_usage(request, response) if response.usage == Usage() else response.usage,
    )


def _identified(part: Part, place: int, turn: int) -> Part:
    if not isinstance(part, ToolCallPart) or part.id:
        return part
    # Nine letters and digits satisfy every provider's rule for ids; the turn keeps them apart in one conversation.
    digest = hashlib.sha256(f"{turn}/{place}/{part.name}/{part.raw_arguments}".encode()).hexdigest()
    return replace(part, id=f"c{digest[:8]}")


def count_usage(request: Request[Any], response: Response[Any]) -> Usage:
    """Tokens by a rule that anyone can check: four bytes of UTF-8 make one, rounded up, per side.

    Input: all message texts, call arguments and tool definitions; output: text, reasoning and calls.
    """
    said = [_part_size(part) for message in request.messages for part in message.parts]
    tools = [len(tool.name) + len(tool.description) + len(dump_json(tool.parameters)) for tool in request.tools]
    return Usage(
        input_tokens=-(-(sum(said) + sum(tools)) // 4),
        output_tokens=-(-sum(_part_size(part) for part in response.message.parts) // 4),
    )


def _part_size(part: Part) -> int:
    match part:
        case TextPart() | ReasoningPart() | RefusalPart():
            return len(part.text.encode("utf-8", "replace"))
        case ToolCallPart():
            return len(part.name) + len(dump_json(part.arguments) if part.arguments else part.raw_arguments)
        case ToolResultPart():
            return sum(_part_size(inner) for inner in part.parts)
        case _:
            return 0
