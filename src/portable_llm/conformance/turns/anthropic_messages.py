"""Turns of Anthropic Messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portable_llm.conformance.case import JsonObject, json_list, json_object
from portable_llm.conformance.turns.turn import Item, TurnList, Turns, known, text_parts


def read(body: JsonObject, omitted: set[str]) -> Turns:
    """Turns of `messages`; blocks other than text, tool_use and tool_result are omitted."""
    turns = TurnList()
    for message in map(json_object, json_list(body.get("messages"))):
        items = tuple(_anthropic_items(message.get("content"), omitted))
        turns.append(("assistant" if message.get("role") == "assistant" else "user", items))
    return Turns(system=text_parts(body.get("system", ""), "system", omitted, "\n\n"), turns=tuple(turns))


def _anthropic_items(content: object, omitted: set[str]) -> Iterator[Item]:
    path = "messages[].content[]"
    if isinstance(content, str):
        yield Item(kind="text", text=content)
    for block in map(json_object, json_list(content)):
        match block.get("type"):
            case "text":
                known(block, ("type", "text"), path, omitted)
                yield Item(kind="text", text=str(block.get("text", "")))
            case "tool_use":
                known(block, ("type", "id", "name", "input"), path, omitted)
                yield Item(
                    kind="call", id=str(block.get("id")), name=str(block.get("name")), arguments=block.get("input")
                )
            case "tool_result":
                known(block, ("type", "tool_use_id", "content", "is_error"), path, omitted)
                text = text_parts(block.get("content", ""), f"{path}.content", omitted)
                is_error = bool(block.get("is_error"))
                yield Item(kind="result", id=str(block.get("tool_use_id")), text=text, is_error=is_error)
            case other:
                omitted.add(f"{path}.{other}")


def write(turns: Turns, omitted: set[str]) -> dict[str, Any]:
    """`system` and `messages`; neighbours of one role become one message, as results have to come together."""
    messages: list[dict[str, Any]] = []
    for role, items in turns.turns:
        blocks = [_write_anthropic_block(item) for item in items]
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += blocks
        else:
            messages.append({"role": role, "content": blocks})
    for message in messages:
        message["content"] = _as_written(message["content"])
    return {**({"system": turns.system} if turns.system else {}), "messages": messages}


def _as_written(blocks: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """A text alone stays the plain string that it was at home: the protocol takes both, and nobody rewrites it."""
    alone = blocks[0] if len(blocks) == 1 else {}
    return str(alone["text"]) if alone.get("type") == "text" else blocks


def _write_anthropic_block(item: Item) -> dict[str, Any]:
    match item.kind:
        case "text":
            return {"type": "text", "text": item.text}
        case "call":
            return {"type": "tool_use", "id": item.id, "name": item.name, "input": item.arguments}
        case "result":
            block: dict[str, Any] = {"type": "tool_result", "tool_use_id": item.id, "content": item.text}
            return {**block, "is_error": True} if item.is_error else block
