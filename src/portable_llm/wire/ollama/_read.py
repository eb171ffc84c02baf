"""A stored chat request → a portable one: the way back of `build_request`.

What has no portable field goes into `extra` and comes out again unchanged; what has no place at all gets an entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from portable_llm._adaptation import Adaptation
from portable_llm._errors import InvalidRequestError
from portable_llm._json import JsonValue
from portable_llm._messages import (
    BlobPart,
    Message,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
)
from portable_llm._request import Output, Reasoning, Request, Sampling, Tool
from portable_llm.wire._assembly import read_arguments
from portable_llm.wire._fields import Fields, kept_as_extra
from portable_llm.wire._functions import read_tool
from portable_llm.wire._media import decode, image_type
from portable_llm.wire._reading import as_dict, as_list, as_str
from portable_llm.wire.ollama._ledger import SOURCE, Add, entry

_ROLES: tuple[Role, ...] = ("system", "user", "assistant", "tool")
_NUMBERS = ("temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty")
_LEVELS = ("low", "medium", "high", "max")
_KNOWN = ("role", "content", "thinking", "images", "tool_calls", "tool_name", "tool_call_id")


def read_request(body: Mapping[str, Any], *, path: str = "") -> tuple[Request[Any], tuple[Adaptation, ...]]:
    """The portable request, its model bare, with an entry for all that has no place in it.

    Raises `InvalidRequestError` for JSON that is no such request.
    """
    model, messages = body.get("model"), body.get("messages")
    if not isinstance(model, str) or not isinstance(messages, list):
        raise InvalidRequestError("a chat request has a model (text) and messages (an array)")
    ledger: list[Adaptation] = []
    fields = Fields(body, without=("model", "messages"))
    options = Fields(as_dict(fields.take("options", dict)))
    values: dict[str, Any] = {
        "messages": MessageReader(ledger.append).read(as_list(body["messages"])),
        "output": _output(fields),
        "tools": _tools(fields, ledger.append),
        "sampling": _sampling(fields, options),
        "reasoning": _reasoning(fields),
        "max_output_tokens": _limit(options),
        "stop": _stop(options),
    }
    if fields.take("stream", bool):
        ledger.append(entry("wire", "/stream", "moved", "streaming is chosen by the method that is called"))
    extra: dict[str, JsonValue] = fields.rest()
    if others := options.rest():
        extra["options"] = others
    return Request(model=model, **values, extra=extra), (*ledger, *kept_as_extra(extra, SOURCE))


def _output(fields: Fields) -> Output[Any] | None:
    schema = fields.take("format", dict)
    if schema is not None:
        return Output(schema=schema)
    word = fields.peek("format")
    if word in ("", "json"):
        fields.drop("format")
    return Output() if word == "json" else None


def _tools(fields: Fields, add: Add) -> tuple[Tool, ...]:
    listed: list[Tool] = []
    for index, item in enumerate(as_list(fields.take("tools", list))):
        function = as_dict(as_dict(item).get("function"))
        if function:
            listed.append(read_tool(function))
        else:
            detail = "a tool that is no function has no portable form"
            add(entry("tools", f"/tools/{index}", "dropped", detail, "nobody"))
    return tuple(listed)


def _sampling(fields: Fields, options: Fields) -> Sampling:
    values: dict[str, Any] = {name: value for name in _NUMBERS if (value := options.take(name, int, float)) is not None}
    if fields.peek("logprobs") is True:
        fields.drop("logprobs")
        values["logprobs"] = fields.take("top_logprobs", int) or 0
    return Sampling(**values)


def _reasoning(fields: Fields) -> Reasoning | None:
    think = fields.peek("think")
    if not isinstance(think, bool) and think not in _LEVELS:
        return None
    fields.drop("think")
    if think is True:
        return Reasoning(summary=True)
    return Reasoning(effort="none" if think is False else think)


def _limit(options: Fields) -> int | None:
    limit = options.peek("num_predict")
    # -1 is no limit, -2 fills the window: neither is a number of tokens.
    return options.take("num_predict", int) if isinstance(limit, int) and limit > 0 else None


def _stop(options: Fields) -> tuple[str, ...]:
    stop = options.take("stop", str, list)
    if stop is None:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(text for text in as_list(stop) if isinstance(text, str))


class MessageReader:
    """Messages of one stored request. Results are matched to calls by id, else by name, in order."""

    def __init__(self, add: Add) -> None:
        self._add = add
        self._waiting: list[tuple[str, str]] = []

    def read(self, messages: Sequence[Any]) -> tuple[Message, ...]:
        """The messages in order; raises `InvalidRequestError` that names one it cannot read."""
        return tuple(self._message(as_dict(message), f"/messages/{i}") for i, message in enumerate(messages))

    def _message(self, fields: Mapping[str, Any], pointer: str) -> Message:
        role = fields.get("role")
        if role not in _ROLES:
            raise InvalidRequestError(f"{pointer}/role: {role!r} is no role; known: {', '.join(_ROLES)}")
        content = fields.get("content")
        if content is not None and not isinstance(content, str):
            raise InvalidRequestError(f"{pointer}/content: content is text, and images stand beside it")
        if role == "tool":
            return Message(role="tool", parts=(self._result(fields, pointer),))
        parts: list[Part] = []
        if (thinking := as_str(fields.get("thinking"))) is not None and role == "assistant":
            parts.append(ReasoningPart(text=thinking))
        if content:
            parts.append(TextPart(text=content))
        parts += [_image(item) for item in as_list(fields.get("images"))]
        parts += [UnknownPart(raw={name: value}) for name, value in fields.items() if name not in _KNOWN and value]
        parts += [self._call(as_dict(call), pointer, i) for i, call in enumerate(as_list(fields.get("tool_calls")))]
        return Message(role=role, parts=tuple(parts))

    def _call(self, call: Mapping[str, Any], pointer: str, position: int) -> ToolCallPart:
        function = as_dict(call.get("function"))
        name, call_id = as_str(function.get("name")) or "", as_str(call.get("id"))
        if not call_id:
            call_id = f"call_{pointer.rpartition('/')[2]}_{position}"
            self._add(entry("tools", pointer, "defaulted", f"the call of {name} has no id; it gets one"))
        self._waiting.append((call_id, name))
        value = function.get("arguments")
        if isinstance(value, str):
            return ToolCallPart(id=call_id, name=name, arguments=read_arguments(value), raw_arguments=value)
        return ToolCallPart(id=call_id, name=name, arguments=dict(as_dict(cast("object", value))))

    def _result(self, fields: Mapping[str, Any], pointer: str) -> ToolResultPart:
        text, name = as_str(fields.get("content")), as_str(fields.get("tool_name"))
        call_id = as_str(fields.get("tool_call_id")) or self._waiting_for(name, pointer)
        self._waiting = [one for one in self._waiting if one[0] != call_id]
        return ToolResultPart(call_id=call_id, parts=(TextPart(text=text),) if text else ())

    def _waiting_for(self, name: str | None, pointer: str) -> str:
        """The oldest call of that name without a result; of any name where none is given."""
        found = next((call_id for call_id, called in self._waiting if name in (None, called)), "")
        self._add(entry("tools", pointer, "defaulted", "the result names no call; it goes to the oldest that waits"))
        return found


def _image(item: object) -> Part:
    data = decode(item) if isinstance(item, str) else None
    if data is None:
        return UnknownPart(raw={"images": [cast("JsonValue", item)]})
    return BlobPart(mime_type=image_type(data), data=data)
