"""The shape of a conversation in three wire formats, as far as a day-one port carries it: text, calls, results.

Whatever else stands in a message (images, reasoning, signatures, error flags without a place) is omitted, and its path
is added to the given set.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from portable_llm.conformance.case import JsonObject, json_list, json_object


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A piece of a turn: text, a call (`name`, `arguments`), or a result (`text`, for the call `id`)."""

    kind: Literal["text", "call", "result"]
    text: str = ""
    id: str = ""
    name: str = ""
    arguments: object = None
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """System text and turns, in order."""

    system: str
    turns: tuple[tuple[Literal["user", "assistant"], tuple[Item, ...]], ...]


TurnList: TypeAlias = list[tuple[Literal["user", "assistant"], tuple[Item, ...]]]


def _known(block: JsonObject, names: Sequence[str], path: str, omitted: set[str]) -> None:
    omitted |= {f"{path}.{name}" for name in block if name not in names}


def _text_parts(content: object, path: str, omitted: set[str], between: str = "") -> str:
    """Text given as a string or as a list of text parts; system texts are joined by an empty line, as a team would."""
    if isinstance(content, str):
        return content
    blocks = [json_object(block) for block in json_list(content)]
    omitted |= {f"{path}[].{block.get('type')}" for block in blocks if "text" not in block}
    return between.join(str(block["text"]) for block in blocks if "text" in block)


# OpenAI Chat Completions


def read_openai(body: JsonObject, omitted: set[str]) -> Turns:
    """Turns of `messages`; system and developer texts are joined."""
    system, turns = list[str](), TurnList()
    for message in map(json_object, json_list(body.get("messages"))):
        role, path = message.get("role"), "messages[]"
        _known(message, ("role", "content", "tool_calls", "tool_call_id"), path, omitted)
        text = _text_parts(message.get("content"), f"{path}.content", omitted)
        if role in ("system", "developer"):
            system.append(text)
        elif role == "tool":
            turns.append(("user", (Item(kind="result", id=str(message.get("tool_call_id", "")), text=text),)))
        else:
            said = (Item(kind="text", text=text),) if text else ()
            calls = tuple(_openai_call(json_object(call)) for call in json_list(message.get("tool_calls")))
            turns.append(("assistant" if role == "assistant" else "user", (*said, *calls)))
    return Turns(system="\n\n".join(system), turns=tuple(turns))


def _openai_call(call: JsonObject) -> Item:
    function = json_object(call.get("function"))
    raw = str(function.get("arguments") or "{}")
    try:
        arguments = json.loads(raw)
    except ValueError:
        arguments = raw
    return Item(kind="call", id=str(call.get("id", "")), name=str(function.get("name", "")), arguments=arguments)


def write_openai(turns: Turns, omitted: set[str]) -> dict[str, Any]:
    """`messages`, the system text first. Results have no error flag here."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": turns.system}] if turns.system else []
    for role, items in turns.turns:
        for item in (item for item in items if item.kind == "result"):
            omitted |= {"is_error of a tool result"} if item.is_error else set()
            messages.append({"role": "tool", "tool_call_id": item.id, "content": item.text})
        text = "".join(item.text for item in items if item.kind == "text")
        calls = [_write_openai_call(item) for item in items if item.kind == "call"]
        if calls:
            messages.append({"role": role, "content": text or None, "tool_calls": calls})
        elif text:
            messages.append({"role": role, "content": text})
    return {"messages": messages}


def _write_openai_call(item: Item) -> dict[str, Any]:
    raw = item.arguments if isinstance(item.arguments, str) else json.dumps(item.arguments, ensure_ascii=False)
    return {"id": item.id, "type": "function", "function": {"name": item.name, "arguments": raw}}


# Anthropic Messages


def read_anthropic(body: JsonObject, omitted: set[str]) -> Turns:
    """Turns of `messages`; blocks other than text, tool_use and tool_result are omitted."""
    turns = TurnList()
    for message in map(json_object, json_list(body.get("messages"))):
        items = tuple(_anthropic_items(message.get("content"), omitted))
        turns.append(("assistant" if message.get("role") == "assistant" else "user", items))
    return Turns(system=_text_parts(body.get("system", ""), "system", omitted, "\n\n"), turns=tuple(turns))


def _anthropic_items(content: object, omitted: set[str]) -> Iterator[Item]:
    path = "messages[].content[]"
    if isinstance(content, str):
        yield Item(kind="text", text=content)
    for block in map(json_object, json_list(content)):
        match block.get("type"):
            case "text":
                _known(block, ("type", "text"), path, omitted)
                yield Item(kind="text", text=str(block.get("text", "")))
            case "tool_use":
                _known(block, ("type", "id", "name", "input"), path, omitted)
                yield Item(
                    kind="call", id=str(block.get("id")), name=str(block.get("name")), arguments=block.get("input")
                )
            case "tool_result":
                _known(block, ("type", "tool_use_id", "content", "is_error"), path, omitted)
                text = _text_parts(block.get("content", ""), f"{path}.content", omitted)
                is_error = bool(block.get("is_error"))
                yield Item(kind="result", id=str(block.get("tool_use_id")), text=text, is_error=is_error)
            case other:
                omitted.add(f"{path}.{other}")


def write_anthropic(turns: Turns, omitted: set[str]) -> dict[str, Any]:
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


# Gemini generateContent


def read_gemini(body: JsonObject, omitted: set[str]) -> Turns:
    """Turns of `contents`. Calls without an id get one; results are matched by id, else by name and order."""
    turns, open_calls = TurnList(), list[Item]()
    for content in map(json_object, json_list(body.get("contents"))):
        items = [_gemini_item(json_object(part), open_calls, omitted) for part in json_list(content.get("parts"))]
        turns.append(
            ("assistant" if content.get("role") == "model" else "user", tuple(i for i in items if i is not None))
        )
    system = json_object(body.get("systemInstruction")).get("parts", [])
    return Turns(system=_text_parts(system, "systemInstruction.parts", omitted, "\n\n"), turns=tuple(turns))


def _gemini_item(part: JsonObject, open_calls: list[Item], omitted: set[str]) -> Item | None:
    _known(part, ("text", "functionCall", "functionResponse"), "contents[].parts[]", omitted)
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


def write_gemini(turns: Turns, omitted: set[str]) -> dict[str, Any]:
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


READ_TURNS: dict[str, Callable[[JsonObject, set[str]], Turns]] = {
    "openai-chat": read_openai,
    "anthropic-messages": read_anthropic,
    "gemini": read_gemini,
}
WRITE_TURNS: dict[str, Callable[[Turns, set[str]], dict[str, Any]]] = {
    "openai-chat": write_openai,
    "anthropic-messages": write_anthropic,
    "gemini": write_gemini,
}
