"""Options other than reasoning → wire fields: tools, choice, output, cache marks, metadata, provider extras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from portable_llm._errors import InvalidRequestError
from portable_llm._request import CacheHint, NamedTool, Output, Request, Tool, ToolChoice
from portable_llm.wire.anthropic_messages import _ledger as ledger_
from portable_llm.wire.anthropic_messages._blocks import Block, Ledger
from portable_llm.wire.anthropic_messages._ledger import dropped, entry
from portable_llm.wire.anthropic_messages._turns import Conversation

_CHOICES = {"auto": "auto", "required": "any", "none": "none"}

MAX_BREAKPOINTS = 4
"""Cache marks per request (vendor docs, prompt caching, 2026-11-23)."""


# ---- tools -----------------------------------------------------------------------------------------------------------


def tool_of(tool: Tool, index: int, ledger: Ledger) -> Block:
    """One function tool."""
    wire: Block = {"name": tool.name, "input_schema": _input_schema(tool.parameters, index, ledger)}
    if tool.description:
        wire["description"] = tool.description
    if tool.strict is not None:
        wire["strict"] = tool.strict
    return wire


def _input_schema(parameters: Mapping[str, Any], index: int, ledger: Ledger) -> Mapping[str, Any]:
    if "type" in parameters:
        return parameters
    # "input_schema.type: Field required" (400) otherwise; arguments are an object in any case.
    subject = f"/tools/{index}/parameters/type"
    ledger.append(entry("tools", subject, "encoded", "the root says 'object', as this wire demands"))
    return {"type": "object", **parameters}


def add_tools(body: Block, request: Request[Any], ledger: Ledger) -> None:
    """Tools, and what may be called of them."""
    if request.tools:
        body["tools"] = [tool_of(tool, index, ledger) for index, tool in enumerate(request.tools)]
        ledger.append(ledger_.TOOLS)
    if request.tool_choice is None and request.parallel_tool_calls is None:
        return
    if request.tools or "tools" in request.extra:
        _add_choice(body, request, ledger)
        return
    if request.tool_choice is not None:
        ledger.append(ledger_.NO_TOOLS_TO_CHOOSE)
    if request.parallel_tool_calls is not None:
        ledger.append(ledger_.PARALLEL_MOOT)


def _add_choice(body: Block, request: Request[Any], ledger: Ledger) -> None:
    choice = _choice_of(request.tool_choice)
    if request.tool_choice is not None:
        ledger.append(ledger_.TOOL_CHOICE)
    if request.parallel_tool_calls is not None:
        if choice["type"] == "none":
            ledger.append(ledger_.PARALLEL_MOOT)
        else:
            choice["disable_parallel_tool_use"] = not request.parallel_tool_calls
            ledger.append(ledger_.PARALLEL)
    body["tool_choice"] = choice


def _choice_of(choice: ToolChoice | None) -> Block:
    if isinstance(choice, NamedTool):
        return {"type": "tool", "name": choice.name}
    return {"type": _CHOICES[choice or "auto"]}


# ---- output ----------------------------------------------------------------------------------------------------------


def output_format(output: Output[Any], ledger: Ledger) -> Block | None:
    """`output_config.format` for a schema."""
    if not output.schema:
        ledger.append(ledger_.OUTPUT_WITHOUT_SCHEMA)
        return None
    ledger.append(ledger_.OUTPUT)
    if output.strict is not None:
        ledger.append(ledger_.OUTPUT_STRICT if output.strict else ledger_.OUTPUT_NOT_STRICT)
    if output.name != "output":
        ledger.append(ledger_.OUTPUT_NAME)
    return {"type": "json_schema", "schema": output.schema}


# ---- metadata --------------------------------------------------------------------------------------------------------


def add_metadata(body: Block, metadata: Mapping[str, str], ledger: Ledger) -> None:
    """The one key the protocol knows."""
    if "user_id" in metadata:
        body["metadata"] = {"user_id": metadata["user_id"]}
    for key in metadata:
        if key != "user_id":
            pointer = key.replace("~", "~0").replace("/", "~1")
            ledger.append(dropped("wire", f"/metadata/{pointer}", "the protocol keeps the key 'user_id' only"))


# ---- cache -----------------------------------------------------------------------------------------------------------


def add_cache(body: Block, cache: CacheHint, talk: Conversation, ledger: Ledger) -> None:
    """Marks on the blocks at which a cached prefix ends."""
    mark: Block = {"type": "ephemeral"} if cache.ttl is None else {"type": "ephemeral", "ttl": cache.ttl}
    marked = 0
    for pointer in cache.breakpoints:
        block = _block_at(pointer, body, talk) if marked < MAX_BREAKPOINTS else None
        if block is not None:
            block["cache_control"] = mark
            marked += 1
        else:
            why = "nothing there can carry a mark" if marked < MAX_BREAKPOINTS else f"{MAX_BREAKPOINTS} marks at most"
            ledger.append(dropped("tokens", "/cache/breakpoints", f"{pointer} is not marked: {why}"))
    if marked:
        ledger.append(ledger_.CACHE)
    if cache.ttl is not None:
        ledger.append(ledger_.CACHE_TTL if marked else ledger_.CACHE_TTL_MOOT)
    if cache.key is not None:
        ledger.append(ledger_.CACHE_KEY)


def _block_at(pointer: str, body: Block, talk: Conversation) -> Block | None:
    steps = pointer.strip("/").split("/")
    match steps:
        case ["tools"]:
            return next(reversed(cast("list[Block]", body.get("tools", []))), None)
        case ["tools", index] if index.isdecimal():
            tools = cast("list[Block]", body.get("tools", []))
            return tools[int(index)] if int(index) < len(tools) else None
        case ["messages", message] if message.isdecimal():
            numbers = [part for at, part in talk.places if at == int(message)]
            return _last_markable([talk.places[int(message), part] for part in numbers])
        case ["messages", message, "parts", part] if message.isdecimal() and part.isdecimal():
            block = talk.places.get((int(message), int(part)))
            return None if block is None else _last_markable([block])
        case _:
            return None


def _last_markable(blocks: list[Block]) -> Block | None:
    """Reasoning cannot carry a mark: the block before it does."""
    fitting = (block for block in reversed(blocks) if block.get("type") not in ("thinking", "redacted_thinking"))
    return next(fitting, None)


# ---- provider extras -------------------------------------------------------------------------------------------------


def add_extra(body: Block, extra: Mapping[str, Any], ledger: Ledger) -> None:
    """Provider-specific fields; objects are merged and tools appended.

    Raises `InvalidRequestError` for a field that an option of the request has set.
    """
    for key, value in extra.items():
        if key == "tools" and isinstance(value, list):
            body["tools"] = [*body.get("tools", ()), *cast("list[Any]", value)]
        elif key in body:
            body[key] = _merged(body[key], value, key)
        else:
            body[key] = value
        ledger.append(ledger_.extra(key))


def _merged(ours: Any, theirs: Any, where: str) -> Any:
    if not isinstance(ours, dict) or not isinstance(theirs, Mapping):
        raise InvalidRequestError(
            f"extra[{where!r}] would overwrite what an option of the request put into {where!r}; give one of the two"
        )
    merged: Block = dict(cast("Block", ours))
    for key, value in cast("Mapping[str, Any]", theirs).items():
        merged[key] = _merged(merged[key], value, f"{where}.{key}") if key in merged else value
    return merged
