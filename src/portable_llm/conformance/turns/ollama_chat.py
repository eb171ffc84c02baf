"""Turns of Ollama: those of OpenAI Chat Completions, with arguments as objects and results by the tool's name."""

from __future__ import annotations

from typing import Any

from portable_llm.conformance.case import JsonObject, json_list, json_object
from portable_llm.conformance.turns.openai_chat import openai_call
from portable_llm.conformance.turns.turn import Item, TurnList, Turns, known

_NAMES = ("role", "content", "tool_calls", "tool_call_id", "tool_name")


def read(body: JsonObject, omitted: set[str]) -> Turns:
    """Turns of `messages`; results without an id belong to the call of their name."""
    system, turns, open_calls = list[str](), TurnList(), list[Item]()
    for message in map(json_object, json_list(body.get("messages"))):
        known(message, _NAMES, "messages[]", omitted)
        role, text = message.get("role"), str(message.get("content") or "")
        if role == "system":
            system.append(text)
        elif role == "tool":
            turns.append(("user", (Item(kind="result", id=_asked(message, open_calls), text=text),)))
        else:
            said = (Item(kind="text", text=text),) if text else ()
            calls = [openai_call(json_object(call)) for call in json_list(message.get("tool_calls"))]
            open_calls += calls
            turns.append(("assistant" if role == "assistant" else "user", (*said, *calls)))
    return Turns(system="\n\n".join(system), turns=tuple(turns))


def _asked(message: JsonObject, open_calls: list[Item]) -> str:
    given = message.get("tool_call_id")
    named = (call.id for call in open_calls if call.name == message.get("tool_name"))
    return str(given) if given else next(named, "")


def write(turns: Turns, omitted: set[str]) -> dict[str, Any]:
    """`messages`, the system text first. Results have no error flag here."""
    names = {item.id: item.name for _, items in turns.turns for item in items if item.kind == "call"}
    messages: list[dict[str, Any]] = [{"role": "system", "content": turns.system}] if turns.system else []
    for role, items in turns.turns:
        for item in (item for item in items if item.kind == "result"):
            omitted |= {"is_error of a tool result"} if item.is_error else set()
            message = {
                "role": "tool",
                "tool_call_id": item.id,
                "tool_name": names.get(item.id, ""),
                "content": item.text,
            }
            messages.append(message)
        text = "\n".join(item.text for item in items if item.kind == "text")
        calls = [
            {"id": item.id, "function": {"name": item.name, "arguments": item.arguments}}
            for item in items
            if item.kind == "call"
        ]
        if calls or text:
            messages.append({"role": role, "content": text, **({"tool_calls": calls} if calls else {})})
    return {"messages": messages}
