"""A case's vendor-neutral request → a portable one: the only place where the suite meets the library's values."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portable_llm._json import dump_json
from portable_llm._messages import BlobPart, Message, Part, TextPart, ToolCallPart, assistant, system, tool_result, user
from portable_llm._request import NamedTool, Output, Reasoning, Request, Sampling, Tool, ToolChoice
from portable_llm.conformance.case import Case, text_content


def portable_request(case: Case, model: str, sampling: Sampling) -> Request[Any]:
    """The case as any application would ask it; the sampling belongs to the endpoint where the case does not ask."""
    asked = case.request
    schema = asked.get("schema")
    return Request(
        model=model,
        messages=(
            *([system(asked["system"])] if asked.get("system") else []),
            *(_message(message) for message in asked["messages"]),
        ),
        output=None if schema is None else Output(schema=schema),
        tools=tuple(Tool(**tool) for tool in asked.get("tools", ())),
        tool_choice=_choice(asked.get("tool_choice")),
        parallel_tool_calls=asked.get("parallel_tool_calls"),
        sampling=_sampling(asked.get("sampling"), sampling),
        reasoning=Reasoning(**asked["reasoning"]) if "reasoning" in asked else None,
        max_output_tokens=asked.get("max_output_tokens"),
        stop=tuple(asked.get("stop", ())),
    )


def _sampling(asked: Mapping[str, Any] | None, of_endpoint: Sampling) -> Sampling:
    """What the case sets wins: on the axis that is about sampling the endpoint's own values are not the question."""
    return replace(of_endpoint, **asked) if asked else of_endpoint


def _choice(choice: object) -> ToolChoice | None:
    return NamedTool(choice["name"]) if isinstance(choice, Mapping) else choice  # type: ignore[return-value]


def _message(message: Mapping[str, Any]) -> Message:
    content = message.get("content", "")
    match message["role"]:
        case "user":
            return user(content) if isinstance(content, str) else user(*map(_part, content))
        case "system":
            return system(text_content(content))
        case "tool":
            said = (content,) if isinstance(content, str) else tuple(map(_part, content))
            return tool_result(message["tool_call_id"], *said, is_error=bool(message.get("is_error")))
        case _:
            return assistant(*_assistant_parts(text_content(content), message))


def _part(part: Mapping[str, Any]) -> TextPart | BlobPart:
    """A part of a content list: text, or bytes in base64 with their type."""
    if part["type"] == "text":
        return TextPart(text=part["text"])
    return BlobPart(mime_type=part["mime_type"], data=base64.b64decode(part["data"]))


def _assistant_parts(text: str, message: Mapping[str, Any]) -> list[Part]:
    calls = [
        ToolCallPart(
            id=call["id"],
            name=call["name"],
            arguments=call["arguments"],
            raw_arguments=dump_json(call["arguments"]).decode(),
        )
        for call in message.get("tool_calls", ())
    ]
    return [*([TextPart(text=text)] if text else []), *calls]
