"""Turns of Bedrock Converse: blocks named by their only member."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from portable_llm.conformance.case import JsonObject, json_list, json_object
from portable_llm.conformance.turns.turn import Item, TurnList, Turns, text_parts


def read(body: JsonObject, omitted: set[str]) -> Turns:
    """Turns of `messages`; blocks other than text, toolUse and toolResult are omitted."""
    turns = TurnList()
    for message in map(json_object, json_list(body.get("messages"))):
        role = "assistant" if message.get("role") == "assistant" else "user"
        turns.append((role, tuple(_items(message.get("content"), omitted))))
    return Turns(system=text_parts(body.get("system", []), "system", omitted, "\n\n"), turns=tuple(turns))


def _items(content: object, omitted: set[str]) -> Iterator[Item]:
    for block in map(json_object, json_list(content)):
        for name, value in block.items():
            inside = json_object(value)
            if name == "text":
                yield Item(kind="text", text=str(value))
            elif name == "toolUse":
                call_id, called = str(inside.get("toolUseId")), str(inside.get("name"))
                yield Item(kind="call", id=call_id, name=called, arguments=inside.get("input"))
            elif name == "toolResult":
                is_error = inside.get("status") == "error"
                yield Item(
                    kind="result", id=str(inside.get("toolUseId")), text=_said(inside, omitted), is_error=is_error
                )
            else:
                omitted.add(f"messages[].content[].{name}")


def _said(result: JsonObject, omitted: set[str]) -> str:
    """A result's content: text, or JSON as its text."""
    blocks = [json_object(block) for block in json_list(result.get("content"))]
    texts = [{"text": json.dumps(b["json"], ensure_ascii=False)} if "json" in b else b for b in blocks]
    return text_parts(texts, "messages[].content[].toolResult.content", omitted)


def write(turns: Turns, omitted: set[str]) -> dict[str, Any]:
    """`system` and `messages`; neighbours of one role become one message, as results have to come together."""
    messages: list[dict[str, Any]] = []
    for role, items in turns.turns:
        blocks = [_block(item) for item in items]
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += blocks
        else:
            messages.append({"role": role, "content": blocks})
    return {**({"system": [{"text": turns.system}]} if turns.system else {}), "messages": messages}


def _block(item: Item) -> dict[str, Any]:
    match item.kind:
        case "text":
            return {"text": item.text}
        case "call":
            return {"toolUse": {"toolUseId": item.id, "name": item.name, "input": item.arguments}}
        case "result":
            block: dict[str, Any] = {"toolUseId": item.id, "content": [{"text": item.text}]}
            return {"toolResult": {**block, "status": "error"} if item.is_error else block}
