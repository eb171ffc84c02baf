"""Tools: declared, chosen and limited as far as the model allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portable_llm._adapt._context import Changed, Context, assumed, dropped
from portable_llm._adaptation import Adaptation, entry
from portable_llm._capabilities import Fact
from portable_llm._request import NamedTool, Request


def adapt_tools(request: Request[Any], context: Context) -> Changed:
    """Tools, strictness, choice and the parallel switch, each by its own fact."""
    if not request.tools:
        return _without_tools(request)
    fact = context.capabilities["tools"]
    if fact.support != "yes":
        return replace(request, tools=(), tool_choice=None, parallel_tool_calls=None), _no_tools(request, context, fact)
    entries: list[Adaptation] = [assumed("tools", "/tools", context)] if fact.is_assumed else []
    request = _strict(request, context, entries)
    request = _choice(request, context, entries)
    return _parallel(request, context, entries), entries


def _without_tools(request: Request[Any]) -> Changed:
    """A choice among no tools means nothing; it is left out and said so."""
    entries = [
        entry("tools", f"/{name}", "renamed", "there are no tools, so it says nothing and is left out")
        for name in ("tool_choice", "parallel_tool_calls")
        if getattr(request, name) is not None
    ]
    return (replace(request, tool_choice=None, parallel_tool_calls=None), entries) if entries else (request, ())


def _no_tools(request: Request[Any], context: Context, fact: Fact) -> list[Adaptation]:
    """The tools, and what the request says about them, left out."""
    asked = [name for name in ("tool_choice", "parallel_tool_calls") if getattr(request, name) is not None]
    return [dropped("tools", f"/{name}", context, fact) for name in ("tools", *asked)]


def _strict(request: Request[Any], context: Context, entries: list[Adaptation]) -> Request[Any]:
    if not any(tool.strict for tool in request.tools):
        return request
    fact = context.capabilities["tools/strict"]
    if fact.support == "yes":
        if fact.is_assumed:
            entries.append(assumed("tools", "/tools/strict", context))
        return request
    for index, tool in enumerate(request.tools):
        if tool.strict:
            entries.append(dropped("tools", f"/tools/{index}/strict", context, fact, "arguments may break the schema"))
    return replace(request, tools=tuple(replace(tool, strict=None) for tool in request.tools))


def _choice(request: Request[Any], context: Context, entries: list[Adaptation]) -> Request[Any]:
    choice = request.tool_choice
    if choice is None or choice == "auto":
        return request
    feature = "named" if isinstance(choice, NamedTool) else choice
    fact = context.capabilities[f"tool_choice/{feature}"]
    if fact.support == "yes":
        if fact.is_assumed:
            entries.append(assumed("tools", "/tool_choice", context))
        return request
    if choice == "none":
        detail = f"{context.target} cannot forbid calls while tools are declared: the tools are left out"
        entries.append(entry("tools", "/tool_choice", "emulated", detail, "provider", source=fact.reference))
        entries.append(entry("tools", "/tools", "dropped", detail, "nobody", source=fact.reference))
        if request.parallel_tool_calls is not None:
            entries.append(entry("tools", "/parallel_tool_calls", "renamed", "no calls at all are possible"))
        return replace(request, tools=(), tool_choice=None, parallel_tool_calls=None)
    entries.append(dropped("tools", "/tool_choice", context, fact, "the model may answer in text instead"))
    return replace(request, tool_choice=None)


def _parallel(request: Request[Any], context: Context, entries: list[Adaptation]) -> Request[Any]:
    if request.parallel_tool_calls is None:
        return request
    fact: Fact = context.capabilities["parallel_tool_calls"]
    if fact.support == "yes":
        if fact.is_assumed:
            entries.append(assumed("tools", "/parallel_tool_calls", context))
        return request
    entries.append(dropped("tools", "/parallel_tool_calls", context, fact))
    return replace(request, parallel_tool_calls=None)
