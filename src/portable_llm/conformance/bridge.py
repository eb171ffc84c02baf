"""A case's vendor-neutral request → a portable one: the only place where the suite meets the library's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._json import dump_json
from portable_llm._messages import Message, Part, TextPart, ToolCallPart, assistant, system, tool_result, user
from portable_llm._request import NamedTool, Output, Request, Sampling, Tool, ToolChoice
from portable_llm.conformance.case import Case


def portable_request(case: Case, model: str, sampling: Sampling) -> Request[Any]:
    """The case as any application would ask it; the sampling belongs to the endpoint."""
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
        sampling=sampling,
        max_output_tokens=asked.get("max_output_tokens"),
        stop=tuple(asked.get("stop", ())),
    )


def _choice(choice: object) -> ToolChoice | None:
    return NamedTool(choice["name"]) if isinstance(choice, Mapping) else choice  # type: ignore[return-value]


def _message(message: Mapping[str, Any]) -> Message:
    text = message.get("content", "")
    match message["role"]:
        case "user":
            return user(text)
        case "system":
            return system(text)
        case "tool":
            return tool_result(message["tool_call_id"], text, is_error=bool(message.get("is_error")))
        case _:
            return assistant(*_assistant_parts(text, message))


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
