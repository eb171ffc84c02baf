"""The first pass: a request that cannot be meant gets a clear error, before anything is sent."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from portable_llm._adapt._context import Changed, Context
from portable_llm._adapt._keep import check_keep
from portable_llm._errors import InvalidRequestError
from portable_llm._messages import Message, Part, ReasoningPart, RefusalPart, ToolCallPart, ToolResultPart, UnknownPart
from portable_llm._request import NamedTool, Request, Sampling
from portable_llm.schema import check_schema
from portable_llm.schema._types import schema_asked_for

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SAMPLING = tuple(field.name for field in fields(Sampling))


def validate_request(request: Request[Any], context: Context) -> Changed:
    """Raise `InvalidRequestError` that names the place and the remedy; changes nothing."""
    if not request.messages:
        raise InvalidRequestError("messages is empty; give at least one user message")
    known: set[str] = set()
    for index, message in enumerate(request.messages):
        _check_message(message, f"/messages/{index}", known)
    _check_tools(request)
    _check_numbers(request)
    output = request.output
    if output is not None:
        if output.type is not None and output.schema is not None:
            raise InvalidRequestError("/output has both a type and a schema; give one of them")
        if output.schema is not None:
            check_schema(schema_asked_for(output.schema), "/output/schema")
        if output.keep and output.type is None and output.schema is None:
            raise InvalidRequestError("/output/keep names keywords, and there is no schema that holds them; give one")
        check_keep(output.keep)
        if not _NAME.fullmatch(output.name):
            raise InvalidRequestError(f"/output/name {output.name!r}: letters, digits, _ and -, at most 64 characters")
    return request, ()


def _check_message(message: Message, where: str, known: set[str]) -> None:
    if not isinstance(message, Message):  # pyright: ignore[reportUnnecessaryIsInstance] callers without a type checker
        raise InvalidRequestError(
            f"{where} is a {type(message).__name__}, not a Message; use user('…'), system('…'), …"
        )
    if not message.parts:
        raise InvalidRequestError(f"{where} ({message.role}) has no parts; leave the message out or give it text")
    for position, part in enumerate(message.parts):
        _check_part(part, message.role, f"{where}/parts/{position}", known)


def _check_part(part: Part, role: str, where: str, known: set[str]) -> None:
    match part:
        case ToolCallPart():
            if role != "assistant":
                raise InvalidRequestError(
                    f"{where}: a tool call stands in a {role} message; only assistants call tools"
                )
            known.add(part.id)
        case ToolResultPart():
            if role not in ("tool", "user"):
                raise InvalidRequestError(f"{where}: a tool result stands in a {role} message; use tool_result(…)")
            if part.call_id not in known:
                raise InvalidRequestError(
                    f"{where}: result for the call {part.call_id!r}, which no earlier message makes; "
                    "keep the assistant message with the call in the history"
                )
        case ReasoningPart() | RefusalPart():
            if role != "assistant":
                raise InvalidRequestError(
                    f"{where}: a {type(part).__name__} belongs into an assistant message, not {role}"
                )
        case UnknownPart():
            pass
        case _:
            if role == "tool":
                raise InvalidRequestError(f"{where}: a tool message holds tool results only; use tool_result(…)")


def _check_tools(request: Request[Any]) -> None:
    names: set[str] = set()
    for index, tool in enumerate(request.tools):
        if not tool.name:
            raise InvalidRequestError(f"/tools/{index} has no name")
        if tool.name in names:
            raise InvalidRequestError(f"/tools/{index}: a second tool is named {tool.name!r}")
        names.add(tool.name)
        check_schema(schema_asked_for(tool.parameters), f"/tools/{index}/parameters ({tool.name})")
    if unknown := set(request.allowed_tools or ()) - names:
        raise InvalidRequestError(f"/allowed_tools names {min(unknown)!r}; the tools are: {_listed(names)}")
    choice = request.tool_choice
    if isinstance(choice, NamedTool) and choice.name not in names:
        raise InvalidRequestError(f"/tool_choice names {choice.name!r}; the tools are: {_listed(names)}")
    if choice == "required" and not names:
        raise InvalidRequestError("/tool_choice is 'required' and there are no tools")
    if request.allowed_tools is None:
        return
    if isinstance(choice, NamedTool) and choice.name not in request.allowed_tools:
        raise InvalidRequestError(f"/tool_choice names {choice.name!r}, which /allowed_tools does not allow")
    if choice == "required" and not request.allowed_tools:
        raise InvalidRequestError("/tool_choice is 'required' and /allowed_tools allows none")


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _check_numbers(request: Request[Any]) -> None:
    for name, value in _numbers(request):
        if not math.isfinite(value):
            raise InvalidRequestError(f"/{name} is {value}; JSON has no such number")
    if request.max_output_tokens is not None and request.max_output_tokens < 1:
        raise InvalidRequestError(f"/max_output_tokens is {request.max_output_tokens}; it must be at least 1")
    if any(not stop for stop in request.stop):
        raise InvalidRequestError("/stop holds an empty string, which would stop every answer at once")


def _numbers(request: Request[Any]) -> Iterator[tuple[str, float]]:
    for name in _SAMPLING:
        value = getattr(request.sampling, name)
        if isinstance(value, (int, float)):
            yield f"sampling/{name}", value
