"""Parameters of tools in the dialect of the target, and calls in the history in the same form.

The dialect is chosen by `Capabilities.spelling`: `tools/strict_dialect` for strict tools, `tools/dialect` for others
(none: the schema is sent as it is). A strict tool stays one only where its schema can be said without losing anything:
else it is sent as any other, and the ledger says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from portable_llm._adapt._context import Changed, Context
from portable_llm._adapt._edit import edited
from portable_llm._adaptation import SEVERITIES, Adaptation, entry
from portable_llm._calls import ArgumentCodec, Lower, ToolPlan
from portable_llm._errors import UnsupportedSchemaError
from portable_llm._json import JsonValue, dump_json
from portable_llm._messages import Part, ToolCallPart
from portable_llm._request import JsonSchema, Request, Tool
from portable_llm.schema import lower, validate
from portable_llm.schema._types import schema_asked_for
from portable_llm.wire._assembly import read_arguments

_MOST = SEVERITIES.index("checked")
"""What strictness may cost: a constraint that the client verifies, nothing graver."""


def adapt_parameters(request: Request[Any], context: Context, lower: Lower = lower) -> Changed:
    """Each tool's schema lowered; how its arguments are restored is noted in the context."""
    spelling = context.capabilities.spelling
    plain, strict = spelling.get("tools/dialect"), spelling.get("tools/strict_dialect")
    if not request.tools or (plain is None and strict is None):
        return request, ()
    entries: list[Adaptation] = []
    codecs: dict[str, ArgumentCodec] = {}
    checked: dict[str, JsonSchema] = {}
    tools: list[Tool] = []
    for tool in request.tools:
        if _carries_output(tool, context):
            tools.append(tool)  # lowered where the vehicle was chosen
            continue
        lowered = _strictly(tool, strict, lower, context, entries)
        if lowered is None:
            tool = replace(tool, strict=None if strict is not None else tool.strict)
            place = f"{context.place_of(tool)}/parameters"
            lowered = None if plain is None else lower(schema_asked_for(tool.parameters), plain, at=place)
        if lowered is not None:
            entries.extend(lowered.adaptations)
            if not lowered.is_identity:
                codecs[tool.name] = lowered
            if not lowered.is_identity or any(_is_left_to_client(entry) for entry in lowered.adaptations):
                checked[tool.name] = schema_asked_for(tool.parameters)
            tool = replace(tool, parameters=lowered.schema)
        tools.append(tool)
    if checked:
        context.tools = replace(context.tools or ToolPlan(), codecs=codecs, checked=checked)
    if codecs:
        request = replace(request, messages=edited(request.messages, lambda part, _: _encoded(part, codecs)))
    return replace(request, tools=tuple(tools)), entries


def _is_left_to_client(entry: Adaptation) -> bool:
    return entry.enforced_by == "client" and entry.effect in ("widened", "changed")


def _carries_output(tool: Tool, context: Context) -> bool:
    return context.output is not None and context.output.mode == "tool" and tool.name == context.output.name


def _strictly(
    tool: Tool, dialect: str | None, lower: Lower, context: Context, entries: list[Adaptation]
) -> ArgumentCodec | None:
    """The schema in the strict dialect, if the tool is strict and keeps what matters there."""
    if not tool.strict or dialect is None:
        return None
    place = context.place_of(tool)
    try:
        lowered = lower(schema_asked_for(tool.parameters), dialect, at=f"{place}/parameters")
    except UnsupportedSchemaError as error:
        why = error.message
    else:
        worst = max(lowered.adaptations, key=lambda each: SEVERITIES.index(each.severity), default=None)
        if worst is None or SEVERITIES.index(worst.severity) <= _MOST:
            return lowered
        why = f"{worst.subject} would be {worst.action} ({worst.severity}): {worst.detail}"
    detail = f"not sent as strict, since {dialect} cannot say its schema: {why}"
    source = context.capabilities["tools/strict"].reference
    entries.append(entry("tools", f"{place}/strict", "dropped", detail, "nobody", source=source))
    return None


def _encoded(part: Part, codecs: Mapping[str, ArgumentCodec]) -> Part:
    """A call of the history as the model made it, or would have made it under this schema."""
    codec = codecs.get(part.name) if isinstance(part, ToolCallPart) else None
    if codec is None or not isinstance(part, ToolCallPart) or part.arguments is None:
        return part
    made = read_arguments(part.raw_arguments) if part.raw_arguments else None
    try:
        # The model's own bytes where they are in this form and say the same: signed reasoning is bound to them.
        if made is not None and not validate(made, codec.schema) and codec.restore(made) == part.arguments:
            return replace(part, arguments=made)
        sent = codec.encode(part.arguments)
    except (ValueError, TypeError, KeyError, AttributeError):
        return part  # arguments that the schema never accepted have no form in it
    if not isinstance(sent, dict):
        return part
    wire = cast("dict[str, JsonValue]", sent)
    return replace(part, arguments=wire, raw_arguments=dump_json(wire).decode())
