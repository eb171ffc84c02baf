"""Names and ids of calls as the target takes them; everywhere the same, so that calls, results and choice agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portable_llm._adapt._context import Changed, Context
from portable_llm._adapt._edit import edited
from portable_llm._adaptation import Adaptation, entry
from portable_llm._calls import ToolPlan
from portable_llm._messages import Part, ToolCallPart, ToolResultPart
from portable_llm._request import NamedTool, Request


def adapt_calls(request: Request[Any], context: Context) -> Changed:
    """Rename what the target does not take, and note in the context how names are restored."""
    calls = [part for message in request.messages for part in message.parts if isinstance(part, ToolCallPart)]
    if not calls and not request.tools:
        return request, ()
    entries: list[Adaptation] = []
    request = _rename(request, {call.name for call in calls}, context, entries)
    if calls:
        request = _identify(request, context, entries)
    return request, entries


# ---- names -----------------------------------------------------------------------------------------------------------


def _rename(request: Request[Any], called: set[str], context: Context, entries: list[Adaptation]) -> Request[Any]:
    from portable_llm._calls._names import name_rule, wire_names  # here: most requests have no tools

    fact = context.capabilities["tools/name"]
    rule = name_rule(fact)
    names = wire_names({*called, *(tool.name for tool in request.tools)}, rule) if rule is not None else {}
    if not names:
        return request
    context.tools = replace(context.tools or ToolPlan(), names={sent: name for name, sent in names.items()})

    def say(name: str, place: str) -> str:
        sent = names[name]
        detail = f"{context.target} takes no name like {name!r}; sent as {sent!r}, and named {name!r} in calls again"
        entries.append(entry("tools", f"{place}/name", "renamed", detail, source=fact.reference))
        return sent

    def edit(part: Part, place: str) -> Part:
        if not isinstance(part, ToolCallPart) or part.name not in names:
            return part
        return replace(part, name=say(part.name, place))

    tools = tuple(
        replace(tool, name=say(tool.name, context.place_of(tool))) if tool.name in names else tool
        for tool in request.tools
    )
    choice = request.tool_choice
    if isinstance(choice, NamedTool) and choice.name in names:
        choice = NamedTool(say(choice.name, "/tool_choice"))
    return replace(request, tools=tools, tool_choice=choice, messages=edited(request.messages, edit))


# ---- ids -------------------------------------------------------------------------------------------------------------


def _identify(request: Request[Any], context: Context, entries: list[Adaptation]) -> Request[Any]:
    from portable_llm._calls._ids import CallIds, id_rule  # here: most requests have no calls

    fact = context.capabilities["tools/call_id"]
    rule = id_rule(fact)
    if rule is None:
        return request
    ids = CallIds(rule)

    def edit(part: Part, place: str) -> Part:
        if isinstance(part, ToolCallPart):
            sent = ids.of_call(part.id)
            return part if sent == part.id else replace(part, id=say(part.id, sent, f"{place}/id"))
        if isinstance(part, ToolResultPart):
            sent = ids.of_result(part.call_id)
            return part if sent == part.call_id else replace(part, call_id=say(part.call_id, sent, f"{place}/call_id"))
        return part

    def say(id: str, sent: str, place: str) -> str:
        why = "has another call of that id already" if rule.accepts(id) else "takes no id like that"
        detail = f"{context.target} {why}: {id[:80]!r} is sent as {sent!r}"
        entries.append(entry("tools", place, "renamed", detail, source=fact.reference))
        return sent

    messages = edited(request.messages, edit)
    return replace(request, messages=messages) if entries else request
