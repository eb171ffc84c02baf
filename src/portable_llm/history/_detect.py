"""Which format a stored history has: by marks that no other format knows, never by guessing.

A history of plain texts has no marks, and then it says the same in every format that could be meant; where it does
not, or where marks of two formats stand in it, the caller has to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portable_llm.wire._reading import as_dict, as_list

_MARKED_FIELDS: Mapping[str, str] = {
    "contents": "gemini",
    "systemInstruction": "gemini",
    "system_instruction": "gemini",
    "generationConfig": "gemini",
    "input": "openai-responses",
    "instructions": "openai-responses",
    "max_output_tokens": "openai-responses",
    "previous_response_id": "openai-responses",
    "max_completion_tokens": "openai-chat",
    "response_format": "openai-chat",
    "reasoning_effort": "openai-chat",
    "stop_sequences": "anthropic-messages",
    "anthropic_version": "anthropic-messages",
    "system": "anthropic-messages",
    "inferenceConfig": "bedrock-converse",
}
"""Fields of a request that only one format has."""

_MARKED_TURNS: Mapping[str, str] = {
    "tool_calls": "openai-chat",
    "tool_call_id": "openai-chat",
    "function_call": "openai-chat",
    "refusal": "openai-chat",
    "reasoning": "openai-chat",
    "reasoning_content": "openai-chat",
    "reasoning_details": "openai-chat",
    "parts": "gemini",
    "stop_reason": "anthropic-messages",
    "call_id": "openai-responses",
    "encrypted_content": "openai-responses",
    "phase": "openai-responses",
}
"""Fields of a turn or item that only one format has."""

_MARKED_ROLES: Mapping[str, str] = {"tool": "openai-chat", "function": "openai-chat", "model": "gemini"}

_MARKED_TYPES: Mapping[str, str] = {
    "tool_use": "anthropic-messages",
    "tool_result": "anthropic-messages",
    "redacted_thinking": "anthropic-messages",
    "server_tool_use": "anthropic-messages",
    "image": "anthropic-messages",
    "document": "anthropic-messages",
    "image_url": "openai-chat",
    "file": "openai-chat",
    "input_audio": "openai-chat",
    "refusal": "openai-chat",
    "input_text": "openai-responses",
    "output_text": "openai-responses",
    "input_image": "openai-responses",
    "input_file": "openai-responses",
}
"""Types of pieces of a turn."""

_ITEM_TYPES = ("reasoning", "item_reference", "compaction")
_BLOCKS = ("text", "toolUse", "toolResult", "reasoningContent", "image", "document", "video", "guardContent")
"""Names of the blocks of a format that has no types."""


def marks(body: Mapping[str, Any]) -> set[str]:
    """The formats that something in a request or its turns belongs to; turns are under any of the known fields."""
    found = {_MARKED_FIELDS[name] for name in body.keys() & _MARKED_FIELDS.keys()}
    for field in ("messages", "input", "contents"):
        for turn in as_list(body.get(field)):
            found.update(_marks_of_turn(as_dict(turn)))
    for tool in as_list(body.get("tools")):
        found.update(_marks_of_tool(as_dict(tool)))
    if isinstance(body.get("prompt"), dict):
        found.add("openai-responses")
    if found == {"openai-responses", "openai-chat"} and _is_responses(body):
        # A refusal and a sound are called the same in both; items are not.
        found.discard("openai-chat")
    for lesser, greater in (("openai-chat", "ollama-chat"), ("anthropic-messages", "bedrock-converse")):
        # The later one took fields over from the earlier, and has forms of its own.
        if found == {lesser, greater}:
            found.discard(lesser)
    return found


def _is_responses(body: Mapping[str, Any]) -> bool:
    turns = [as_dict(turn) for field in ("messages", "input") for turn in as_list(body.get(field))]
    return not any(turn.keys() & {"tool_calls", "function_call"} for turn in turns)


def _marks_of_turn(turn: Mapping[str, Any]) -> Iterator[str]:
    yield from (_MARKED_TURNS[name] for name in turn.keys() & _MARKED_TURNS.keys() if turn[name] is not None)
    role = turn.get("role")
    if isinstance(role, str) and role in _MARKED_ROLES:
        yield _MARKED_ROLES[role]
    kind = turn.get("type")
    if isinstance(kind, str) and (kind.endswith(("_call", "_call_output")) or kind in _ITEM_TYPES):
        yield "openai-responses"
    for call in as_list(turn.get("tool_calls")):
        if isinstance(as_dict(as_dict(call).get("function")).get("arguments"), dict):
            yield "ollama-chat"
    for piece in as_list(turn.get("content")):
        yield from _marks_of_piece(as_dict(piece), turn)


def _marks_of_piece(piece: Mapping[str, Any], turn: Mapping[str, Any]) -> Iterator[str]:
    kind = piece.get("type")
    if isinstance(kind, str):
        if kind in _MARKED_TYPES:
            yield _MARKED_TYPES[kind]
        elif kind == "thinking":
            yield "openai-chat" if isinstance(piece.get("thinking"), list) else "anthropic-messages"
    elif piece and piece.keys() <= set(_BLOCKS) and "type" not in turn:
        yield "bedrock-converse"


def _marks_of_tool(tool: Mapping[str, Any]) -> Iterator[str]:
    if "function" in tool:
        yield "openai-chat"
    elif "input_schema" in tool:
        yield "anthropic-messages"
    elif tool.keys() & {"functionDeclarations", "function_declarations"}:
        yield "gemini"
    elif tool.get("type") == "function":
        yield "openai-responses"
