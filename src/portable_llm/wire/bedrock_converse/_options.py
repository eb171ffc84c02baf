"""Options → wire fields: tools, choice, output, cache points, what only some families of models have, extras."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from portable_llm._errors import InvalidRequestError
from portable_llm._json import dump_json
from portable_llm._messages import Message, ToolCallPart, ToolResultPart
from portable_llm._request import CacheHint, NamedTool, Output, Reasoning, Request, Tool, ToolChoice
from portable_llm.wire.anthropic_messages._reasoning import reasoning_fields
from portable_llm.wire.bedrock_converse import _ledger as ledger_
from portable_llm.wire.bedrock_converse._blocks import Writing
from portable_llm.wire.bedrock_converse._capabilities import MAX_CACHE_POINTS
from portable_llm.wire.bedrock_converse._ledger import dropped, entry
from portable_llm.wire.bedrock_converse._media import Block
from portable_llm.wire.bedrock_converse._turns import Conversation

_DEFAULT_LIMIT = 4096
"""Tokens assumed for a budget where neither the request nor the model's facts name a limit."""


# ---- tools -----------------------------------------------------------------------------------------------------------


def add_tools(body: Block, request: Request[Any], writing: Writing) -> None:
    """Tools, and what may be called of them."""
    if request.tools:
        tools = [tool_of(tool, index, writing) for index, tool in enumerate(request.tools)]
        body["toolConfig"] = {"tools": tools}
        writing.ledger.append(ledger_.TOOLS)
    elif writing.capabilities.spelling.get("tools/history") == "declared":
        _add_called(body, request.messages, writing)
    if request.tool_choice is not None:
        _add_choice(body, request, request.tool_choice, writing)
    if request.parallel_tool_calls is not None:
        writing.ledger.append(ledger_.PARALLEL)


def tool_of(tool: Tool, index: int, writing: Writing) -> Block:
    """One function tool."""
    spec: Block = {"name": tool.name}
    if tool.description:
        spec["description"] = tool.description
    spec["inputSchema"] = {"json": _schema(tool.parameters, index, writing)}
    if tool.strict is not None:
        spec["strict"] = tool.strict
    return {"toolSpec": spec}


def _schema(parameters: Mapping[str, Any], index: int, writing: Writing) -> Mapping[str, Any]:
    if "type" in parameters:
        return parameters
    subject = f"/tools/{index}/parameters/type"
    writing.ledger.append(entry("tools", subject, "encoded", "the root says 'object', as this wire demands"))
    return {"type": "object", **parameters}


def _add_called(body: Block, messages: Iterable[Message], writing: Writing) -> None:
    """Declarations for calls of the history: without any, history with calls is a 400 (vendor's error, 2026-11-23)."""
    parts = [part for message in messages for part in message.parts]
    names = dict.fromkeys(part.name for part in parts if isinstance(part, ToolCallPart))
    if not names and not any(isinstance(part, ToolResultPart) for part in parts):
        return
    body["toolConfig"] = {
        "tools": [{"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}} for name in names]
    }
    writing.ledger.append(ledger_.HISTORY_TOOLS)


def _add_choice(body: Block, request: Request[Any], choice: ToolChoice, writing: Writing) -> None:
    if not request.tools and "toolConfig" not in request.extra:
        writing.ledger.append(ledger_.CHOICE_WITHOUT_TOOLS)
    elif choice == "none":
        writing.ledger.append(ledger_.CHOICE_NONE)
    else:
        body.setdefault("toolConfig", {})["toolChoice"] = _choice_of(choice)
        writing.ledger.append(ledger_.TOOL_CHOICE)


def _choice_of(choice: ToolChoice) -> Block:
    if isinstance(choice, NamedTool):
        return {"tool": {"name": choice.name}}
    return {"any" if choice == "required" else "auto": {}}


# ---- output ----------------------------------------------------------------------------------------------------------


def add_output(body: Block, output: Output[Any], writing: Writing) -> None:
    """`outputConfig.textFormat`, whose schema is JSON text."""
    if not output.schema:
        writing.ledger.append(ledger_.OUTPUT_WITHOUT_SCHEMA)
        return
    writing.ledger.append(ledger_.OUTPUT)
    if output.strict is not None:
        writing.ledger.append(ledger_.OUTPUT_STRICT if output.strict else ledger_.OUTPUT_NOT_STRICT)
    schema = {"schema": dump_json(output.schema).decode(), "name": output.name}
    body["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}


# ---- what only some families have ------------------------------------------------------------------------------------


def more_fields(request: Request[Any], writing: Writing) -> Block:
    """`additionalModelRequestFields`: options in the words of the model's family."""
    more: Block = {}
    if request.sampling.top_k is not None:
        _add_top_k(more, request.sampling.top_k, writing)
    if request.reasoning is not None:
        _add_reasoning(more, request.reasoning, request.max_output_tokens, writing)
    return more


def _add_top_k(more: Block, value: int, writing: Writing) -> None:
    path = writing.capabilities.spelling.get("sampling/top_k")
    if path is None:
        writing.ledger.append(ledger_.option_dropped("top_k"))
        return
    *above, name = path.split(".")
    holder = more
    for step in above:
        holder = holder.setdefault(step, {})
    holder[name] = value
    writing.ledger.append(ledger_.top_k(path))


def _add_reasoning(more: Block, reasoning: Reasoning, limit: int | None, writing: Writing) -> None:
    words = writing.capabilities.spelling.get("reasoning/words")
    if words == "claude":
        _think_as_claude(more, reasoning, limit, writing)
        return
    if reasoning.effort is not None:
        _add_effort(more, reasoning.effort, words, writing)
    if reasoning.budget_tokens is not None:
        writing.ledger.append(ledger_.BUDGET_WITHOUT_FIELD)
    if reasoning.summary is not None:
        writing.ledger.append(ledger_.SUMMARY_WITHOUT_FIELD)


def _add_effort(more: Block, effort: str, words: str | None, writing: Writing) -> None:
    match words:
        case "reasoning_effort" | "reasoning_config":
            more[words] = effort
            place = words
        case "nova":
            is_off = effort == "none"
            more["reasoningConfig"] = (
                {"type": "disabled"} if is_off else {"type": "enabled", "maxReasoningEffort": effort}
            )
            place = "reasoningConfig"
        case _:
            writing.ledger.append(dropped("sampling", "/reasoning/effort", "no field for it is known for this model"))
            return
    writing.ledger.append(ledger_.reasoning("effort", place))


def _think_as_claude(more: Block, reasoning: Reasoning, limit: int | None, writing: Writing) -> None:
    capabilities = writing.capabilities
    known = limit or int(capabilities["max_output_tokens"].maximum or _DEFAULT_LIMIT)
    thinking, effort = reasoning_fields(reasoning, known, capabilities, writing.ledger)
    if thinking is not None:
        more["thinking"] = thinking
    if effort is not None:
        more["output_config"] = {"effort": effort}


# ---- metadata and cache ----------------------------------------------------------------------------------------------


def add_cache(body: Block, cache: CacheHint, talk: Conversation) -> None:
    """`cachePoint` blocks behind the places the hint names; at most four."""
    writing = talk.writing
    point: Block = {"type": "default"} if cache.ttl is None else {"type": "default", "ttl": cache.ttl}
    marked = 0
    for pointer in cache.breakpoints:
        if marked < MAX_CACHE_POINTS and _mark(pointer, {"cachePoint": point}, body, talk):
            marked += 1
        else:
            why = "nothing there can be marked" if marked < MAX_CACHE_POINTS else f"{MAX_CACHE_POINTS} points at most"
            writing.ledger.append(dropped("tokens", "/cache/breakpoints", f"{pointer} is not marked: {why}"))
    if marked:
        writing.ledger.append(ledger_.CACHE)
    if cache.ttl is not None:
        writing.ledger.append(ledger_.CACHE_TTL if marked else ledger_.CACHE_TTL_MOOT)
    if cache.key is not None:
        writing.ledger.append(ledger_.CACHE_KEY)


def _mark(pointer: str, point: Block, body: Block, talk: Conversation) -> bool:
    """Whether the cache point could be set there."""
    match pointer.strip("/").split("/"):
        case ["tools"]:
            return _mark_tool(len(_tools(body)) - 1, point, body)
        case ["tools", index] if index.isdecimal():
            return _mark_tool(_nth_tool(int(index), body), point, body)
        case ["messages", message] if message.isdecimal():
            numbers = [part for at, part in talk.places if at == int(message)]
            return bool(numbers) and _mark_block(talk.places[int(message), numbers[-1]], point)
        case ["messages", message, "parts", part] if message.isdecimal() and part.isdecimal():
            place = talk.places.get((int(message), int(part)))
            return place is not None and _mark_block(place, point)
        case _:
            return False


def _tools(body: Block) -> list[Block]:
    return cast("list[Block]", body.get("toolConfig", {}).get("tools", []))


def _nth_tool(number: int, body: Block) -> int:
    """Where the tool of that number stands: cache points stand between tools."""
    places = [place for place, tool in enumerate(_tools(body)) if "cachePoint" not in tool]
    return places[number] if number < len(places) else -1


def _mark_tool(place: int, point: Block, body: Block) -> bool:
    if place < 0:
        return False
    _tools(body).insert(place + 1, point)
    return True


def _mark_block(place: tuple[list[Block], Block], point: Block) -> bool:
    home, block = place
    index = next((index for index, other in enumerate(home) if other is block), None)
    # A point behind a document that is no PDF is a 400 (strands sdk-python #2001).
    if index is None or block.get("document", {}).get("format", "pdf") != "pdf":
        return False
    home.insert(index + 1, point)
    return True


# ---- provider extras -------------------------------------------------------------------------------------------------


def add_extra(body: Block, extra: Mapping[str, Any], writing: Writing) -> None:
    """Provider-specific fields; objects are merged and tools appended.

    Raises `InvalidRequestError` for a field that an option of the request has set.
    """
    for key, value in extra.items():
        body[key] = _merged(body[key], value, key) if key in body else value
        writing.ledger.append(ledger_.extra(key))


def _merged(ours: Any, theirs: Any, where: str) -> Any:
    if where == "toolConfig.tools" and isinstance(ours, list) and isinstance(theirs, list):
        return [*cast("list[Any]", ours), *cast("list[Any]", theirs)]
    if not isinstance(ours, dict) or not isinstance(theirs, Mapping):
        raise InvalidRequestError(
            f"extra[{where!r}] would overwrite what an option of the request put into {where!r}; give one of the two"
        )
    merged: Block = dict(cast("Block", ours))
    for key, value in cast("Mapping[str, Any]", theirs).items():
        merged[key] = _merged(merged[key], value, f"{where}.{key}") if key in merged else value
    return merged
