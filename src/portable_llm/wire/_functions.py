"""Functions and calls as several protocols write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from portable_llm._json import dump_json
from portable_llm._messages import ToolCallPart, UnknownPart
from portable_llm._request import Tool
from portable_llm.wire._assembly import read_arguments
from portable_llm.wire._reading import as_dict, as_str


def read_tool(function: Mapping[str, Any]) -> Tool:
    """The declaration of one function."""
    strict, parameters = function.get("strict"), function.get("parameters")
    values: dict[str, Any] = {"parameters": parameters} if isinstance(parameters, dict) else {}
    return Tool(
        name=as_str(function.get("name")) or "",
        description=as_str(function.get("description")) or "",
        strict=strict if isinstance(strict, bool) else None,
        **values,
    )


def read_call(call: Mapping[str, Any]) -> ToolCallPart | UnknownPart:
    """A call of the history, its arguments a text or an object; a kind unknown here is kept as it is."""
    function = call.get("function")
    if not isinstance(function, dict):
        return UnknownPart(raw=dict(call))
    fields = cast("dict[str, Any]", function)
    arguments = fields.get("arguments")
    call_id, name = as_str(call.get("id")) or "", as_str(fields.get("name")) or ""
    if isinstance(arguments, dict):
        return ToolCallPart(id=call_id, name=name, arguments=as_dict(cast("object", arguments)))
    text = as_str(arguments) or ""
    return ToolCallPart(id=call_id, name=name, arguments=read_arguments(text), raw_arguments=text)


def arguments_text(call: ToolCallPart) -> str:
    """The arguments as the model wrote them, unless they were changed since; unreadable text stays as it is."""
    if call.arguments is None:
        return call.raw_arguments
    if call.raw_arguments and read_arguments(call.raw_arguments) == call.arguments:
        return call.raw_arguments
    return dump_json(call.arguments).decode()
