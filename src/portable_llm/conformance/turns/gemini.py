"""Turns of Gemini generateContent."""

from __future__ import annotations

import json
from typing import Any

from portable_llm.conformance.case import JsonObject, json_list, json_object
from portable_llm.conformance.turns.turn import Item, TurnList, Turns, known, text_parts


def read(body: JsonObject, omitted: set[str]) -> Turns:
    """Turns of `contents`. Calls without an id get one; results are matched by id, else by name and order."""
    turns, open_calls = TurnList(), list[Item]()
    for content in map(json_object, json_list(body.get("contents"))):
        items = [_gemini_item(json_object(part), open_calls, omitted) for part in json_list(content.get("parts"))]
        turns.append(
            ("assistant" if content.get("role") == "model" else "user", tuple(i for i in items if i is not None))
        )
    system = json_object(body.get("systemInstruction")).get("parts", [])
    return Turns(system=text_parts(system, "systemInstruction.parts", omitted, "\n\n"), turns=tuple(turns))


def _gemini_item(part: JsonObject, open_calls: list[Item], omitted: set[str]) -> Item | None:
    known(part, ("text", "functionCall", "functionResponse"), "contents[].parts[]", omitted)
    if "functionCall" in part:
        call = json_object(part["functionCall"])
        call_id = str(call.get("id") or f"call_{len(open_calls) + 1}")
        open_calls.append(Item(kind="call", id=call_id, name=str(call.get("name")), arguments=call.get("args") or {}))
        return open_calls[-1]
    if "functionResponse" in part:
        result = json_object(part["functionResponse"])
        asked = [c for c in open_calls if c.id == result.get("id")] or [
            c for c in open_calls if c.name == result.get("name")
        ]
        answer = json_object(result.get("response"))
        is_error, values = "error" in answer, list(answer.values())
        said = values[0] if len(values) == 1 and isinstance(values[0], str) else json.dumps(answer, ensure_ascii=False)
        call_id = asked[0].id if asked else str(result.get("id", ""))
        open_calls[:] = [Item(kind="call", id=c.id, name="") if c.id == call_id else c for c in open_calls]
        return Item(kind="result", id=call_id, text=said, is_error=is_error)
    return Item(kind="text", text=str(part["text"])) if part.get("text") and not part.get("thought") else None


def write(turns: Turns, omitted: set[str]) -> dict[str, Any]:
    """`systemInstruction` and `contents`; a result is an object with one member, `result` or `error`."""
    names = {item.id: item.name for _, items in turns.turns for item in items if item.kind == "call"}
    contents: list[dict[str, Any]] = []
    for role, items in turns.turns:
        parts = [_write_gemini_part(item, names) for item in items]
        wire_role = "model" if role == "assistant" else "user"
        if contents and contents[-1]["role"] == wire_role:
            contents[-1]["parts"] += parts
        else:
            contents.append({"role": wire_role, "parts": parts})
    system = {"systemInstruction": {"parts": [{"text": turns.system}]}} if turns.system else {}
    return {**system, "contents": contents}


def _write_gemini_part(item: Item, names: dict[str, str]) -> dict[str, Any]:
    match item.kind:
        case "text":
            return {"text": item.text}
        case "call":
            return {"functionCall": {"name": item.name, "args": item.arguments}}
        case "result":
            answer = {"error" if item.is_error else "result": item.text}
            return {"functionResponse": {"name": names.get(item.id, ""), "response": answer}}
