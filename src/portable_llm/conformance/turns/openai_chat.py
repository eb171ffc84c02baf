"""Turns of OpenAI Chat Completions, and of the formats that follow it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from portable_llm.conformance.case import JsonObject, json_list, json_object
from portable_llm.conformance.turns.turn import Item, TurnList, Turns, known, text_parts


def read(body: JsonObject, omitted: set[str]) -> Turns:
    """Turns of `messages`; system and developer texts are joined."""
    system, turns = list[str](), TurnList()
    for message in map(json_object, json_list(body.get("messages"))):
        role, path = message.get("role"), "messages[]"
        known(message, ("role", "content", "tool_calls", "tool_call_id"), path, omitted)
        text = text_parts(message.get("content"), f"{path}.content", omitted)
        if role in ("system", "developer"):
            system.append(text)
        elif role == "tool":
            turns.append(("user", (Item(kind="result", id=str(message.get("tool_call_id", "")), text=text),)))
        else:
            said = (Item(kind="text", text=text),) if text else ()
            calls = tuple(openai_call(json_object(call)) for call in json_list(message.get("tool_calls")))
            turns.append(("assistant" if role == "assistant" else "user", (*said, *calls)))
    return Turns(system="\n\n".join(system), turns=tuple(turns))


def openai_call(call: JsonObject) -> Item:
    function = json_object(call.get("function"))
    arguments = function.get("arguments") or "{}"
    if isinstance(arguments, str):
        with suppress(ValueError):
            arguments = json.loads(arguments)
    return Item(kind="call", id=str(call.get("id", "")), name=str(function.get("name", "")), arguments=arguments)


def write(turns: Turns, omitted: set[str]) -> dict[str, Any]:
    """`messages`, the system text first. Results have no error flag here."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": turns.system}] if turns.system else []
    for role, items in turns.turns:
        for item in (item for item in items if item.kind == "result"):
            omitted |= {"is_error of a tool result"} if item.is_error else set()
            messages.append({"role": "tool", "tool_call_id": item.id, "content": item.text})
        text = "\n".join(item.text for item in items if item.kind == "text")
        calls = [written_call(item) for item in items if item.kind == "call"]
        if calls:
            messages.append({"role": role, "content": text or None, "tool_calls": calls})
        elif text:
            messages.append({"role": role, "content": text})
    return {"messages": messages}


def written_call(item: Item) -> dict[str, Any]:
    raw = item.arguments if isinstance(item.arguments, str) else json.dumps(item.arguments, ensure_ascii=False)
    return {"id": item.id, "type": "function", "function": {"name": item.name, "arguments": raw}}
