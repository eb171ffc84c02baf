"""Tools: declared, chosen and limited as far as the model allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portable_llm._adapt._context import Changed, Context, assumed, dropped, with_instruction
from portable_llm._adaptation import Adaptation, entry
from portable_llm._capabilities import Fact
from portable_llm._errors import InvalidRequestError
from portable_llm._request import NamedTool, Request, Tool

_CHOICES = ("tool_choice", "allowed_tools", "parallel_tool_calls")


def adapt_tools(request: Request[Any], context: Context) -> Changed:
    """Tools, their number and descriptions, strictness, choice and the parallel switch, each by its own fact."""
    if not request.tools:
        return _without_tools(request)
    context.places = {tool.name: index for index, tool in enumerate(request.tools)}
    fact = context.capabilities["tools"]
    if fact.support != "yes":
        without = replace(request, tools=(), tool_choice=None, allowed_tools=None, parallel_tool_calls=None)
        return without, _no_tools(request, context, fact)
    entries: list[Adaptation] = [assumed("tools", "/tools", context)] if fact.is_assumed else []
    for adapt in (_allowed, _count, _descriptions, _strict, _choice, _parallel):
        request = adapt(request, context, entries)
    return request, entries


def _without_tools(request: Request[Any]) -> Changed:
    """A choice among no tools means nothing; it is left out and said so."""
    entries = [
        entry("tools", f"/{name}", "renamed", "there are no tools, so it says nothing and is left out")
        for name in _CHOICES
        if getattr(request, name) is not None
    ]
    if not entries:
        return request, ()
    return replace(request, tool_choice=None, allowed_tools=None, parallel_tool_calls=None), entries


def _no_tools(request: Request[Any], context: Context, fact: Fact) -> list[Adaptation]:
    """The tools, and what the request says about them, left out."""
    asked = [name for name in _CHOICES if getattr(request, name) is not None]
    return [dropped("tools", f"/{name}", context, fact) for name in ("tools", *asked)]


def _allowed(request: Request[Any], context: Context, entries: list[Adaptation]) -> Request[Any]:
    """A subset, by sending no other tool: the same everywhere, at the price of the cached prefix."""
    allowed = request.allowed_tools
    if allowed is None:
        return request
    kept = tuple(tool for tool in request.tools if tool.name in allowed or _is_forced(tool, request))
    detail = f"only the tools that may be called are sent: {', '.join(tool.name for tool in kept) or 'none'}"
    entries.append(entry("tools", "/allowed_tools", "emulated", detail))
    if kept:
        return replace(request, tools=kept, allowed_tools=None)
    if request.parallel_tool_calls is not None:
        entries.append(entry("tools", "/parallel_tool_calls", "renamed", "no calls at all are possible"))
    return replace(request, tools=(), tool_choice=None, allowed_tools=None, parallel_tool_calls=None)


def _is_forced(tool: Tool, request: Request[Any]) -> bool:
    """The tool that carries a wanted value is forced and is none of the application's own."""
    return isinstance(request.tool_choice, NamedTool) and tool.name == request.tool_choice.name


def _count(request: Request[Any], context: Context, entries: list[Adaptation]) -> Request[Any]:
    fact = context.capabilities["tools/count"]
    if fact.maximum is not None and len(request.tools) > fact.maximum:
        raise InvalidRequestError(
            f"/tools has {len(request.tools)} tools and {context.target} takes {fact.maximum:.0f} ({fact.reference}); "
            "send fewer, or name those that matter in allowed_tools"
        )
    return request


# ---- descriptions ----------------------------------------------------------------------------------------------------


def _descriptions(request: Request[Any], context: Context, entries: list[Adaptation]) -> Request[Any]:
    """A description that is too long ends early; all of it stands in the system text."""
    fact = context.capabilities["tools/description"]
    limit = None if fact.maximum is None else int(fact.maximum)
    if limit is None or all(len(tool.description) <= limit for tool in request.tools):
        return request
    tools: list[Tool] = []
    for tool in request.tools:
        if len(tool.description) > limit:
            detail = (
                f"{context.target} takes {limit} characters: the description of {tool.name!r} is cut there, and stands "
                "whole in the system text"
            )
            entries.append(
                entry("tools", f"{context.place_of(tool)}/description", "moved", detail, source=fact.reference)
            )
            text = f"The tool {tool.name!r}, described in full:\n{tool.description}"
            request = replace(request, messages=with_instruction(request.messages, text))
            tool = replace(tool, description=_cut(tool.description, limit))
        tools.append(tool)
    return replace(request, tools=tuple(tools))


def _cut(text: str, limit: int) -> str:
    """As many whole words as fit."""
    kept = text[: limit - 1]
    end = kept.rfind(" ")
    return f"{kept[:end] if end > limit // 2 else kept}…"


# ---- strictness, choice, parallel calls ------------------------------------------------------------------------------


def _strict(request: Request[Any], context: Context, entries: list[Adaptation]) -> Request[Any]:
    if not any(tool.strict for tool in request.tools):
        return request
    fact = context.capabilities["tools/strict"]
    if fact.support == "yes":
        if fact.is_assumed:
            entries.append(assumed("tools", "/tools/strict", context))
        return _fewer_strict(request, context, fact, entries)
    for tool in request.tools:
        if tool.strict:
            place = f"{context.place_of(tool)}/strict"
            entries.append(dropped("tools", place, context, fact, "arguments may break the schema"))
    return replace(request, tools=tuple(replace(tool, strict=None) for tool in request.tools))


def _fewer_strict(request: Request[Any], context: Context, fact: Fact, entries: list[Adaptation]) -> Request[Any]:
    """The first strict tools as many as the target takes; the arguments of the others are only checked here."""
    strict = [index for index, tool in enumerate(request.tools) if tool.strict]
    if fact.maximum is None or len(strict) <= fact.maximum:
        return request
    tools = list(request.tools)
    for index in strict[int(fact.maximum) :]:
        detail = (
            f"{context.target} takes {fact.maximum:.0f} strict tools; the arguments of this one may break its schema"
        )
        place = f"{context.place_of(tools[index])}/strict"
        entries.append(entry("tools", place, "dropped", detail, "nobody", source=fact.reference))
        tools[index] = replace(tools[index], strict=None)
    return replace(request, tools=tuple(tools))


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
        return _forbid(request, context, fact, entries)
    if isinstance(choice, NamedTool) and context.capabilities["tool_choice/required"].support == "yes":
        detail = f"{context.target} cannot force a certain call: {choice.name!r} is sent as the only tool, and forced"
        entries.append(entry("tools", "/tool_choice", "emulated", detail, source=fact.reference))
        only = tuple(tool for tool in request.tools if tool.name == choice.name)
        return replace(request, tools=only, tool_choice="required")
    # No line of system text asks for the call instead: it would have to go after the first round of a tool loop, and
    # models that refuse forced calls bind their signed reasoning to the system text.
    entries.append(dropped("tools", "/tool_choice", context, fact, "the model may answer in text instead"))
    return replace(request, tool_choice=None)


def _forbid(request: Request[Any], context: Context, fact: Fact, entries: list[Adaptation]) -> Request[Any]:
    detail = f"{context.target} cannot forbid calls while tools are declared: the tools are left out"
    entries.append(entry("tools", "/tool_choice", "emulated", detail, "provider", source=fact.reference))
    entries.append(entry("tools", "/tools", "dropped", detail, "nobody", source=fact.reference))
    if request.parallel_tool_calls is not None:
        entries.append(entry("tools", "/parallel_tool_calls", "renamed", "no calls at all are possible"))
    return replace(request, tools=(), tool_choice=None, parallel_tool_calls=None)


def _parallel(request: Request[Any], context: Context, entries: list[Adaptation]) -> Request[Any]:
    if request.parallel_tool_calls is None or not request.tools:
        return request
    fact: Fact = context.capabilities["parallel_tool_calls"]
    if fact.support == "yes":
        if fact.is_assumed:
            entries.append(assumed("tools", "/parallel_tool_calls", context))
        return request
    entries.append(dropped("tools", "/parallel_tool_calls", context, fact))
    return replace(request, parallel_tool_calls=None)
