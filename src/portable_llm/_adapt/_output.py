"""The wanted value: held to its schema by the provider where it can be, carried by a tool or the prompt otherwise.

Whatever carries it, the client holds the answer against the original schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portable_llm._adapt._context import Changed, Context, assumed, with_instruction
from portable_llm._adapt._vehicles import Vehicle, Wanted, choose, is_object
from portable_llm._adaptation import entry
from portable_llm._errors import InvalidRequestError
from portable_llm._json import dump_json
from portable_llm._request import JsonSchema, NamedTool, Output, Request, Tool
from portable_llm.output import OutputPlan
from portable_llm.output._check import WRAPPED_KEY
from portable_llm.schema import json_schema_of
from portable_llm.schema._types import schema_asked_for

_ANY_JSON = "Answer with one JSON value and nothing else: no prose, no code fence."
_BY_SCHEMA = "Answer with one JSON value that this JSON Schema accepts, and nothing else: no prose, no code fence.\n"


def adapt_output(request: Request[Any], context: Context) -> Changed:
    """Choose the vehicle, note it in the context for the check, and make the request carry it."""
    output: Output[Any] | None = request.output
    if output is None:
        return request, ()
    schema = wanted_schema(output)
    vehicle = choose(Wanted(output, schema if schema is None else dict(schema), request, context))
    is_wrapped = vehicle.mode == "tool" and vehicle.lowered is None and not is_object(schema)
    context.output = OutputPlan(
        mode=vehicle.mode, schema=schema, name=output.name, is_wrapped=is_wrapped, lowered=vehicle.lowered
    )
    if vehicle.mode == "native":
        return _native(request, output, vehicle, context)
    if vehicle.mode == "tool":
        return _by_tool(request, context, vehicle)
    return _by_prompt(request, schema, context, _why(output, vehicle))


def wanted_schema(output: Output[Any]) -> JsonSchema | None:
    """What an answer is held against, in the words of JSON Schema; `None`: any JSON value."""
    if output.type is not None:
        return json_schema_of(output.type)
    return None if output.schema is None else schema_asked_for(output.schema)


def _why(output: Output[Any], vehicle: Vehicle) -> str:
    """Why the value does not travel in the first way there is."""
    return f"asked for by mode={output.mode!r}" if output.mode == vehicle.mode else "; ".join(vehicle.why_not)


def _native(request: Request[Any], output: Output[Any], vehicle: Vehicle, context: Context) -> Changed:
    schema = context.output.schema if context.output is not None else None
    fact = context.capabilities["output/json" if schema is None else "output/native"]
    notes = [assumed("json", "/output", context)] if fact.is_assumed else []
    if vehicle.why_not:
        detail = f"native, {'strict' if vehicle.strict else 'not strict'}: {'; '.join(vehicle.why_not)}"
        notes.append(entry("json", "/output", "weakened", detail, "client", source=fact.reference))
    if vehicle.strict and output.strict is None:
        notes.append(entry("json", "/output/strict", "renamed", "asked for, since the provider then holds the schema"))
    notes += vehicle.losses
    if schema is None and context.capabilities.spelling.get("output/json") == "by_name" and not _names_json(request):
        detail = f"{context.target} gives JSON only where the messages name it: a line of system text asks for it"
        notes.append(entry("json", "/output", "emulated", detail, "provider", source=fact.reference))
        request = replace(request, messages=with_instruction(request.messages, _ANY_JSON))
    sent = schema if vehicle.lowered is None else vehicle.lowered.schema
    if sent is not None and context.capabilities.spelling.get("output/native") == "unseen":
        detail = (
            f"{context.target} does not show its model the schema that holds the answer: the system text has it too"
        )
        notes.append(entry("json", "/output/schema", "emulated", detail, "provider", source=fact.reference))
        is_same = vehicle.lowered is None or vehicle.lowered.is_identity
        shown = dump_json(schema if is_same else sent).decode()
        request = replace(request, messages=with_instruction(request.messages, _BY_SCHEMA + shown))
    wanted: Output[Any] = Output(schema=sent, mode="native", name=output.name, strict=vehicle.strict)
    return replace(request, output=wanted), notes


def _names_json(request: Request[Any]) -> bool:
    return any("json" in message.text.lower() for message in request.messages)


def _by_tool(request: Request[Any], context: Context, vehicle: Vehicle) -> Changed:
    how, output = context.output, request.output
    if how is None or output is None:
        return request, ()
    if any(tool.name == how.name for tool in request.tools):
        raise InvalidRequestError(f"/output/name {how.name!r} is also the name of a tool; choose another name")
    schema = dict(how.schema or {}) if vehicle.lowered is None else vehicle.lowered.schema
    parameters = _wrapped(schema) if how.is_wrapped else schema
    does = "Give the answer by calling this function."
    tool = Tool(name=how.name, description=does, parameters=parameters, strict=vehicle.strict)
    detail = f"carried as a forced call of a tool: {_why(output, vehicle)}"
    notes = [entry("json", "/output", "emulated", detail, "client"), *vehicle.losses]
    if request.tools or request.tool_choice is not None:
        detail = f"the call of {how.name!r} that carries the value is forced, so no other tool can be called"
        notes.append(entry("tools", "/tool_choice", "substituted", detail, "nobody"))
    changed = replace(request, output=None, tools=(*request.tools, tool), tool_choice=NamedTool(how.name))
    return changed, notes


_DEFINITIONS = ("$schema", "$defs", "definitions")
"""What stays at the root, where references look for it."""


def _wrapped(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as that of the only member of an object."""
    inner = {name: value for name, value in schema.items() if name not in _DEFINITIONS}
    kept = {name: schema[name] for name in _DEFINITIONS if name in schema}
    return {"type": "object", "properties": {WRAPPED_KEY: inner}, "required": [WRAPPED_KEY], **kept}


def _by_prompt(request: Request[Any], schema: JsonSchema | None, context: Context, why: str) -> Changed:
    text = _ANY_JSON if schema is None else _BY_SCHEMA + dump_json(schema).decode()
    in_json = _in_json_mode(request, schema, context)
    where = "in the system text, in JSON mode" if in_json else "in the system text"
    note = entry("json", "/output", "emulated", f"asked for {where}, checked by the client: {why}", "client")
    wanted: Output[Any] | None = Output(mode="native") if in_json else None
    return replace(request, output=wanted, messages=with_instruction(request.messages, text)), (note,)


def _in_json_mode(request: Request[Any], schema: JsonSchema | None, context: Context) -> bool:
    """Whether the provider is known to hold the answer to JSON at least; its JSON mode gives objects only."""
    if request.output is None or request.output.mode != "auto" or not is_object(schema):
        return False
    facts = context.capabilities
    is_known = facts["output/json"].support == "yes" and not facts["output/json"].is_assumed
    return is_known and facts["output/native"].support != "yes" and not request.tools
