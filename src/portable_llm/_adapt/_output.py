"""The wanted value: held to its schema by the provider where it can be, carried by a tool or the prompt otherwise.

Whatever carries it, the client holds the answer against the original schema.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from portable_llm._adapt._context import Changed, Context, assumed, with_instruction
from portable_llm._adaptation import entry
from portable_llm._errors import InvalidRequestError
from portable_llm._json import dump_json
from portable_llm._request import JsonSchema, NamedTool, Output, Request, Tool
from portable_llm.output import OutputPlan
from portable_llm.output._check import WRAPPED_KEY
from portable_llm.schema import json_schema_of

_ANY_JSON = "Answer with one JSON value and nothing else: no prose, no code fence."
_BY_SCHEMA = "Answer with one JSON value that this JSON Schema accepts, and nothing else: no prose, no code fence.\n"


def adapt_output(request: Request[Any], context: Context) -> Changed:
    """Choose the vehicle, note it in the context for the check, and make the request carry it."""
    output: Output[Any] | None = request.output
    if output is None:
        return request, ()
    schema = json_schema_of(output.type) if output.type is not None else output.schema
    mode, why = _mode(output, schema, request, context)
    context.output = OutputPlan(
        mode=mode, schema=schema, name=output.name, is_wrapped=mode == "tool" and not _is_object(schema)
    )
    if mode == "native":
        return _native(request, output, schema, context)
    return _by_tool(request, context, why) if mode == "tool" else _by_prompt(request, schema, context, why)


def _mode(
    output: Output[Any], schema: JsonSchema | None, request: Request[Any], context: Context
) -> tuple[Literal["native", "tool", "prompt"], str]:
    """The vehicle and, where it is not the provider's own, the reason."""
    feature = "output/json" if schema is None else "output/native"
    if output.mode == "tool":
        if context.capabilities["tool_choice/named"].support != "yes":
            raise InvalidRequestError(
                f"/output/mode is 'tool' and {context.target} refuses a forced call; use mode='auto' or 'prompt'"
            )
        return "tool", "asked for by mode='tool'"
    if output.mode == "prompt":
        return "prompt", "asked for by mode='prompt'"
    fact = context.capabilities[feature]
    if fact.support != "yes":
        if output.mode == "native":
            raise InvalidRequestError(
                f"/output/mode is 'native' and {context.target} holds no answer to a schema; "
                "use mode='auto' or 'prompt'"
            )
        return "prompt", f"{context.target} cannot hold an answer to it ({fact.reference})"
    if request.tools and (beside := context.capabilities["output/with_tools"]).support != "yes":
        return "prompt", f"{context.target} takes no schema beside tools ({beside.reference})"
    return "native", ""


def _is_object(schema: JsonSchema | None) -> bool:
    return schema is not None and schema.get("type") == "object"


def _native(request: Request[Any], output: Output[Any], schema: JsonSchema | None, context: Context) -> Changed:
    fact = context.capabilities["output/json" if schema is None else "output/native"]
    notes = [assumed("json", "/output", context)] if fact.is_assumed else []
    if schema is not None and output.strict is not True and context.capabilities.spelling.get("output/strict"):
        detail = f"without strict the schema is advice to {context.target}; the client checks the answer"
        notes.append(entry("json", "/output", "weakened", detail, "client", source=fact.reference))
    if schema is None and context.capabilities.spelling.get("output/json") == "by_name" and not _names_json(request):
        detail = f"{context.target} gives JSON only where the messages name it: a line of system text asks for it"
        notes.append(entry("json", "/output", "emulated", detail, "provider", source=fact.reference))
        request = replace(request, messages=with_instruction(request.messages, _ANY_JSON))
    wanted: Output[Any] = Output(schema=schema, mode="native", name=output.name, strict=output.strict)
    return replace(request, output=wanted), notes


def _names_json(request: Request[Any]) -> bool:
    return any("json" in message.text.lower() for message in request.messages)


def _by_tool(request: Request[Any], context: Context, why: str) -> Changed:
    how = context.output
    if how is None:
        return request, ()
    if any(tool.name == how.name for tool in request.tools):
        raise InvalidRequestError(f"/output/name {how.name!r} is also the name of a tool; choose another name")
    schema: dict[str, Any] = dict(how.schema or {})
    parameters: dict[str, Any] = (
        {"type": "object", "properties": {WRAPPED_KEY: schema}, "required": [WRAPPED_KEY]} if how.is_wrapped else schema
    )
    tool = Tool(name=how.name, description="Give the answer by calling this function.", parameters=parameters)
    notes = [entry("json", "/output", "emulated", f"carried as a forced call of a tool: {why}", "client")]
    if request.tools or request.tool_choice is not None:
        detail = f"the call of {how.name!r} that carries the value is forced, so no other tool can be called"
        notes.append(entry("tools", "/tool_choice", "substituted", detail, "nobody"))
    changed = replace(request, output=None, tools=(*request.tools, tool), tool_choice=NamedTool(how.name))
    return changed, notes


def _by_prompt(request: Request[Any], schema: JsonSchema | None, context: Context, why: str) -> Changed:
    text = _ANY_JSON if schema is None else _BY_SCHEMA + dump_json(schema).decode()
    note = entry("json", "/output", "emulated", f"asked for in the system text, checked by the client: {why}", "client")
    return replace(request, output=None, messages=with_instruction(request.messages, text)), (note,)
