"""Turns of OpenAI Responses: items in a row, calls and results beside the messages."""

from __future__ import annotations

from typing import Any

from portable_llm.conformance.case import JsonObject, json_list, json_object
from portable_llm.conformance.turns.openai_chat import openai_call, written_call
from portable_llm.conformance.turns.turn import Item, TurnList, Turns, known, text_parts


def read(body: JsonObject, omitted: set[str]) -> Turns:
    """Turns of `input`, a text or items; items other than messages, calls and results are omitted."""
    given = body.get("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else json_list(given)
    system, turns = [str(body["instructions"])] if body.get("instructions") else list[str](), TurnList()
    for item in map(json_object, items):
        match item.get("type", "message"):
            case "message":
                _read_message(item, system, turns, omitted)
            case "function_call":
                known(item, ("type", "id", "status", "call_id", "name", "arguments"), "input[]", omitted)
                call = openai_call({"id": item.get("call_id"), "function": item})
                _add(turns, "assistant", call)
            case "function_call_output":
                known(item, ("type", "id", "status", "call_id", "output"), "input[]", omitted)
                text = text_parts(item.get("output"), "input[].output", omitted)
                _add(turns, "user", Item(kind="result", id=str(item.get("call_id", "")), text=text))
            case other:
                omitted.add(f"input[].{other}")
    return Turns(system="\n\n".join(system), turns=tuple(turns))


def _read_message(item: JsonObject, system: list[str], turns: TurnList, omitted: set[str]) -> None:
    known(item, ("type", "id", "status", "role", "content"), "input[]", omitted)
    text = text_parts(item.get("content"), "input[].content", omitted)
    if item.get("role") in ("system", "developer"):
        system.append(text)
    else:
        turns.append(("assistant" if item.get("role") == "assistant" else "user", (Item(kind="text", text=text),)))


def _add(turns: TurnList, role: str, item: Item) -> None:
    """Calls and results stand beside messages here: what follows its own kind, or the assistant's text, joins it."""
    if role == "assistant" and turns and turns[-1][0] == "assistant":
        turns[-1] = ("assistant", (*turns[-1][1], item))
    else:
        turns.append(("assistant" if role == "assistant" else "user", (item,)))


def write(turns: Turns, omitted: set[str]) -> dict[str, Any]:
    """`input`, the system text first. Results have no error flag here."""
    items: list[dict[str, Any]] = [{"role": "system", "content": turns.system}] if turns.system else []
    for role, parts in turns.turns:
        for item in (item for item in parts if item.kind == "result"):
            omitted |= {"is_error of a tool result"} if item.is_error else set()
            items.append({"type": "function_call_output", "call_id": item.id, "output": item.text})
        text = "\n".join(item.text for item in parts if item.kind == "text")
        items += [{"role": role, "content": text}] if text else []
        for item in (item for item in parts if item.kind == "call"):
            items.append({"type": "function_call", "call_id": item.id, **written_call(item)["function"]})
    return {"input": items}
