"""A stored chat request → a portable one: the way back of `build_request`.

What has no portable field goes into `extra` and comes out again unchanged; what has no place at all gets an entry.
Reasoning is read without an origin, since a stored request does not say who made it: set it, or it is not replayed.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from typing import Any, cast

from portable_llm._adaptation import Adaptation
from portable_llm._errors import InvalidRequestError
from portable_llm._messages import (
    Citation,
    ContentPart,
    Message,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
)
from portable_llm._request import Output, Reasoning, Request, Sampling, Tool, ToolChoice
from portable_llm.wire._fields import Fields, kept_as_extra
from portable_llm.wire._functions import read_call, read_tool
from portable_llm.wire._media import read_data_url
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str
from portable_llm.wire.cohere_v2._build import SAMPLING
from portable_llm.wire.cohere_v2._ledger import SOURCE, Add, entry
from portable_llm.wire.cohere_v2._messages import PLAN
from portable_llm.wire.cohere_v2._parse import read_citation

_ROLES: tuple[Role, ...] = ("system", "user", "assistant", "tool")
_CHOICES: Mapping[str, ToolChoice] = {"REQUIRED": "required", "NONE": "none"}


def read_request(body: Mapping[str, Any], *, path: str = "") -> tuple[Request[Any], tuple[Adaptation, ...]]:
    """The portable request, its model bare, with an entry for all that has no place in it.

    Raises `InvalidRequestError` for JSON that is no such request.
    """
    model, messages = body.get("model"), body.get("messages")
    if not isinstance(model, str) or not isinstance(messages, list):
        raise InvalidRequestError("a chat request has a model (text) and messages (an array)")
    ledger: list[Adaptation] = []
    fields = Fields(body, without=("model", "messages"))
    values: dict[str, Any] = {
        "messages": MessageReader(ledger.append).read(as_list(body["messages"])),
        "output": _output(fields),
        "tools": _tools(fields, ledger.append),
        "tool_choice": _tool_choice(fields),
        "sampling": _sampling(fields),
        "reasoning": _reasoning(fields),
        "max_output_tokens": fields.take("max_tokens", int),
        "stop": tuple(text for text in as_list(fields.take("stop_sequences", list)) if isinstance(text, str)),
    }
    if fields.take("stream", bool):
        ledger.append(entry("wire", "/stream", "moved", "streaming is chosen by the method that is called"))
    extra = fields.rest()
    return Request(model=model, **values, extra=extra), (*ledger, *kept_as_extra(extra, SOURCE))


def _output(fields: Fields) -> Output[Any] | None:
    wanted = as_dict(fields.peek("response_format"))
    if wanted.get("type") not in ("json_object", "text"):
        return None
    fields.drop("response_format")
    if wanted["type"] == "text":
        return None
    schema = as_dict(wanted.get("json_schema"))
    return Output(schema=schema) if schema else Output()


def _tools(fields: Fields, add: Add) -> tuple[Tool, ...]:
    strict = fields.take("strict_tools", bool)
    listed: list[Tool] = []
    for index, item in enumerate(as_list(fields.take("tools", list))):
        function = as_dict(as_dict(item).get("function"))
        if function:
            tool = read_tool(function)
            listed.append(Tool(name=tool.name, description=tool.description, parameters=tool.parameters, strict=strict))
        else:
            detail = "a tool that is no function has no portable form"
            add(entry("tools", f"/tools/{index}", "dropped", detail, "nobody"))
    return tuple(listed)


def _tool_choice(fields: Fields) -> ToolChoice | None:
    choice = _CHOICES.get(as_str(fields.peek("tool_choice")) or "")
    if choice is not None:
        fields.drop("tool_choice")
    return choice


def _sampling(fields: Fields) -> Sampling:
    values: dict[str, Any] = {
        name: value for name, wire in SAMPLING.items() if (value := fields.take(wire, int, float)) is not None
    }
    if fields.peek("logprobs") is True:
        fields.drop("logprobs")
        values["logprobs"] = 0
    return Sampling(**values)


def _reasoning(fields: Fields) -> Reasoning | None:
    thinking = as_dict(fields.peek("thinking"))
    if thinking.get("type") not in ("enabled", "disabled") or thinking.keys() - {"type", "token_budget"}:
        return None
    fields.drop("thinking")
    if thinking["type"] == "disabled":
        return Reasoning(effort="none")
    budget = as_int(thinking.get("token_budget"))
    return Reasoning(budget_tokens=budget) if budget is not None else Reasoning(summary=True)


class MessageReader:
    """Messages of one stored request."""

    def __init__(self, add: Add) -> None:
        self._add = add

    def read(self, messages: Sequence[Any]) -> tuple[Message, ...]:
        """The messages in order; raises `InvalidRequestError` that names one it cannot read."""
        return tuple(self._message(as_dict(message), f"/messages/{i}") for i, message in enumerate(messages))

    def _message(self, fields: Mapping[str, Any], pointer: str) -> Message:
        role = fields.get("role")
        if role not in _ROLES:
            raise InvalidRequestError(f"{pointer}/role: {role!r} is no role; known: {', '.join(_ROLES)}")
        parts = self._content(fields.get("content"), pointer)
        if role == "assistant":
            return Message(role=role, parts=_assistant(fields, parts))
        if role == "tool":
            content = cast("tuple[ContentPart, ...]", parts)
            result = ToolResultPart(call_id=as_str(fields.get("tool_call_id")) or "", parts=content)
            return Message(role="tool", parts=(result,))
        return Message(role=role, parts=parts)

    def _content(self, content: object, pointer: str) -> tuple[Part, ...]:
        if isinstance(content, str):
            return (TextPart(text=content),) if content else ()
        return tuple(
            self._item(as_dict(item), f"{pointer}/parts/{number}") for number, item in enumerate(as_list(content))
        )

    def _item(self, item: Mapping[str, Any], pointer: str) -> Part:
        match item.get("type"):
            case "text" if isinstance(item.get("text"), str):
                return TextPart(text=item["text"])
            case "thinking" if isinstance(item.get("thinking"), str):
                return ReasoningPart(text=item["thinking"])
            case "image_url":
                return self._image(item, pointer)
            case _:
                return UnknownPart(raw=dict(item))

    def _image(self, item: Mapping[str, Any], pointer: str) -> Part:
        fields = as_dict(item.get("image_url"))
        if fields.get("detail") not in (None, "auto"):
            detail = "how closely the image is looked at has no portable field"
            self._add(entry("prompt", f"{pointer}/detail", "dropped", detail, "nobody"))
        url = as_str(fields.get("url"))
        if url is None:
            return UnknownPart(raw=dict(item))
        return read_data_url(url) or UriPart(uri=url, mime_type=mimetypes.guess_type(url)[0] or "image/*")


def _assistant(fields: Mapping[str, Any], content: tuple[Part, ...]) -> tuple[Part, ...]:
    """Content with its citations, the plan, then the calls."""
    parts = list(content)
    texts = [number for number, part in enumerate(parts) if isinstance(part, TextPart)]
    others: list[Any] = []
    for record in as_list(fields.get("citations")):
        citation = read_citation(as_dict(record))
        index = as_int(as_dict(record).get("content_index"))
        place = index if index is not None else next(iter(texts), None)
        text = parts[place] if place in texts else None
        if isinstance(text, TextPart) and place is not None:
            parts[place] = TextPart(text=text.text, citations=_with(text.citations, citation))
        else:
            others.append(record)
    if plan := as_str(fields.get(PLAN)):
        parts.append(ReasoningPart(text=plan, state={"field": PLAN}))
    if others:
        parts.append(UnknownPart(raw={"citations": others}))
    return (*parts, *(read_call(as_dict(call)) for call in as_list(fields.get("tool_calls"))))


def _with(citations: tuple[Citation, ...], one: Citation) -> tuple[Citation, ...]:
    return (*citations, one)
