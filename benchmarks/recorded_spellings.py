"""Spellings of a wire request that mean the same to its provider: each function gives the one this library writes.

What is here changes no meaning by the provider's own documentation: members that are `null` or empty or hold the
default, a single text as a string or as a list of one, old and new names of one field, base64 in either alphabet, keys
in snake_case where the service takes both. Whether an answer is streamed is an argument of the call and no part of a
request. Everything else that differs has to be in the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Body = dict[str, Any]


def without_nulls(value: Any) -> Any:
    """No members that say nothing."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def pieces(content: Any, kind: str = "text") -> Any:
    """A text as a list of one; no content and texts without a character as an empty list."""
    if not isinstance(content, list):
        content = [{"type": kind, "text": content}] if content else []
    return [piece for piece in content if piece.get("text") != "" or len(piece) > 2]


def _in_pieces(body: Body) -> None:
    for message in body["messages"]:
        message["content"] = pieces(message.get("content"))


def _not_streamed(body: Body) -> Body:
    for name in ("stream", "stream_options"):
        body.pop(name, None)
    return body


def _stop(body: Body) -> None:
    if isinstance(body.get("stop"), str):
        body["stop"] = [body["stop"]]


# ---- Chat Completions and what is like it ----------------------------------------------------------------------------


def openai_chat(body: Body) -> Body:
    """`max_tokens` is the old name, `developer` the new one of system; an index beside a call is an
    echo. Functions come before tools of other kinds."""
    same = _not_streamed(without_nulls(body))
    if "max_tokens" in same:
        same.setdefault("max_completion_tokens", same.pop("max_tokens"))
    if same.get("response_format") == {"type": "text"}:
        del same["response_format"]
    if same.get("top_logprobs") == 0:
        del same["top_logprobs"]
    same.get("tools", []).sort(key=lambda tool: "function" not in tool)
    _stop(same)
    for message in same["messages"]:
        message["role"] = {"developer": "system"}.get(message["role"], message["role"])
        for piece in message["content"] if isinstance(message.get("content"), list) else ():
            _image(piece)
        for call in message.get("tool_calls") or ():
            call.pop("index", None)
            call.setdefault("type", "function")
    _in_pieces(same)
    return same


def _image(piece: Body) -> None:
    """An address may stand where its object belongs; `auto` is how closely an image is looked at by default."""
    if piece.get("type") == "image_url":
        if isinstance(piece["image_url"], str):
            piece["image_url"] = {"url": piece["image_url"]}
        if piece["image_url"].get("detail") == "auto":
            del piece["image_url"]["detail"]


def mistral(body: Body) -> Body:
    """`any` and `required` mean the same; a position beside a call, `prefix: false` and `detail: auto` nothing."""
    same = _not_streamed(without_nulls(body))
    if same.get("tool_choice") == "required":
        same["tool_choice"] = "any"
    _stop(same)
    for tool in same.get("tools", ()):
        tool.setdefault("type", "function")
    for message in same["messages"]:
        for piece in message["content"] if isinstance(message.get("content"), list) else ():
            _image(piece)
        if message.get("prefix") is False:
            del message["prefix"]
        for call in message.get("tool_calls") or ():
            call.pop("index", None)
            call.setdefault("type", "function")
    _in_pieces(same)
    return same


def ollama(body: Body) -> Body:
    """A call's `type` means nothing; an old context is cut by default."""
    same = _not_streamed(without_nulls(body))
    same.pop("truncate", None)
    for message in same["messages"]:
        for call in message.get("tool_calls") or ():
            call.pop("type", None)
    return same


def cohere(body: Body) -> Body:
    """A text in a list of its own means the same as the text."""
    same = _not_streamed(without_nulls(body))
    _in_pieces(same)
    return same


# ---- Responses -------------------------------------------------------------------------------------------------------


def openai_responses(body: Body) -> Body:
    """An input that is a text is a user's message, instructions are a first system message, `developer` is system.

    Functions come before the provider's own tools: nothing depends on their order. `text` is the format by default.
    """
    same = _not_streamed(without_nulls(body))
    given = same.get("input", [])
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    if same.get("instructions"):
        items = [{"role": "system", "content": same.pop("instructions")}, *items]
    same["input"] = [_item(item) for item in items]
    if same.get("store") is True:
        del same["store"]  # as if it were not said
    if same.get("include"):
        same["include"] = sorted(same["include"])
    if same.get("text", {}).get("format") == {"type": "text"}:
        del same["text"]["format"]
    if same.get("tools"):
        same["tools"].sort(key=lambda tool: tool["type"] != "function")
    return same


def _item(item: Body) -> Body:
    kind = item.setdefault("type", "message")
    if item.get("role") == "developer":
        item["role"] = "system"
    said = "output_text" if item.get("role") == "assistant" else "input_text"
    for piece in item["content"] if kind == "message" and isinstance(item.get("content"), list) else ():
        if piece.get("annotations") == []:
            del piece["annotations"]
    for name in ("content", "output"):
        if name in item and kind != "reasoning":
            item[name] = pieces(item[name], said)
            for piece in item[name]:
                if piece.get("detail") == "auto":
                    del piece["detail"]
    return item


# ---- Messages --------------------------------------------------------------------------------------------------------


def anthropic(body: Body) -> Body:
    """A text stands for a list of one block; `output_format` is the old name of `output_config.format`; own tools come
    before the vendor's."""
    same = _not_streamed(without_nulls(body))
    if "output_format" in same:
        same.setdefault("output_config", {})["format"] = same.pop("output_format")
    if "system" in same:
        same["system"] = _blocks(same["system"])
    for turn in same["messages"]:
        turn["content"] = _blocks(turn["content"])
    if same.get("tools"):
        same["tools"].sort(key=lambda tool: tool.get("type", "custom") != "custom")
        for tool in same["tools"]:
            if tool.get("type") == "custom":
                del tool["type"]
    return same


def _blocks(content: Any) -> Any:
    content = pieces(content)
    for block in content:
        if block.get("is_error") is False:
            del block["is_error"]
        if block.get("caller") == {"type": "direct"}:
            del block["caller"]
        if block.get("type") == "tool_result":
            block["content"] = _blocks(block.get("content"))
    return content


# ---- generateContent -------------------------------------------------------------------------------------------------

_THEIRS = frozenset({"args", "response", "parameters", "parametersJsonSchema", "responseJsonSchema", "labels"})
"""Members whose keys are not the protocol's."""


def gemini(body: Body) -> Body:
    """Keys in camelCase, base64 in its first alphabet, levels in capitals; a role of the instruction is not read;
    tools are gathered by kind."""
    same = _camel(without_nulls(body))
    same.pop("model", None)
    if isinstance(same.get("systemInstruction"), str):
        same["systemInstruction"] = {"parts": [{"text": same["systemInstruction"]}]}
    same.get("systemInstruction", {}).pop("role", None)
    listed = same.pop("tools", None) or []
    groups = listed if isinstance(listed, list) else [listed]
    same["functions"] = [one for group in groups for one in group.pop("functionDeclarations", ())]
    same["tools"] = [group for group in groups if group]
    thinking = same.get("generationConfig", {}).get("thinkingConfig", {})
    if isinstance(thinking.get("thinkingLevel"), str):
        thinking["thinkingLevel"] = thinking["thinkingLevel"].upper()
    for content in same["contents"]:
        content["role"] = content.get("role") if content.get("role") == "model" else "user"
    for content in [*same["contents"], same.get("systemInstruction", {})]:
        for part in content.get("parts", ()):
            _part(part)
    return same


def _part(part: Body) -> None:
    if part.get("thought") is False:
        del part["thought"]
    for data in (part.get("inlineData"), *(one.get("inlineData") for one in _parts_of_result(part))):
        if data:
            data["data"] = data["data"].replace("-", "+").replace("_", "/")


def _parts_of_result(part: Body) -> list[Body]:
    return part.get("functionResponse", {}).get("parts", [])


def _camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub(r"(?<=[a-z0-9])_([a-z])", lambda m: m[1].upper(), key): item for key, item in value.items()}
    return {key: item if key in _THEIRS else _camel(item) for key, item in named.items()}


def bedrock(body: Body) -> Body:
    """Nothing has two spellings here."""
    return without_nulls(body)


SAME: Mapping[str, Callable[[Body], Body]] = {
    "anthropic-messages": anthropic,
    "bedrock-converse": bedrock,
    "cohere-v2": cohere,
    "gemini": gemini,
    "mistral-chat": mistral,
    "ollama-chat": ollama,
    "openai-chat": openai_chat,
    "openai-responses": openai_responses,
}
"""Wire format → a body in the one of several equal spellings that this library writes."""
