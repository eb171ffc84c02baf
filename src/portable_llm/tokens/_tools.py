"""The text that the definitions of tools become in a prompt.

OpenAI's models see tools as a TypeScript namespace, which users have read out of the models and counted against the
usage figures (openai-chat-tokens, hmarr, 2023; agrees with recorded traffic, 2026-11-24). Elsewhere JSON is nearest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from portable_llm._json import dump_json
from portable_llm._request import Tool

_DEPTH = 24
"""Deeper than this a schema is not followed: it is the users' own, but may come from anywhere."""
_MOST_TYPES = 10_000
"""And no longer than this: definitions that refer to each other grow without end where they are written out."""


def tools_as_typescript(tools: Sequence[Tool]) -> str:
    """The namespace that the tools are shown as."""
    lines = ["namespace functions {", ""]
    for tool in tools:
        lines += [f"// {line}" for line in tool.description.splitlines()]
        fields = list(_Writer(tool.parameters).fields(tool.parameters, 0))
        lines += [f"type {tool.name} = (_: {{", *fields, "}) => any;"] if fields else [f"type {tool.name} = () => any;"]
        lines.append("")
    return "\n".join([*lines, "} // namespace functions"])


class _Writer:
    """Writes the schema of one tool; what it refers to is written where it is used."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._definitions = cast("Mapping[str, Any]", root.get("$defs") or root.get("definitions") or {})
        self._left = _MOST_TYPES

    def fields(self, schema: Mapping[str, Any], depth: int) -> Iterator[str]:
        required = cast("Sequence[Any]", schema.get("required") or ())
        properties = cast("Mapping[str, Any]", schema.get("properties") or {})
        for name, value in properties.items():
            field = cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else dict[str, Any]()
            if depth < 2:
                said = (field.get("title"), field.get("description"))
                yield from (f"// {text}" for text in said if isinstance(text, str))
            yield f"{name}{'' if name in required else '?'}: {self.type(field, depth)},"

    def type(self, schema: Any, depth: int) -> str:
        self._left -= 1
        if not isinstance(schema, Mapping) or depth > _DEPTH or self._left < 0:
            return "any"
        schema = cast("Mapping[str, Any]", schema)
        if isinstance(schema.get("$ref"), str):
            return self.type(self._definitions.get(schema["$ref"].rpartition("/")[2]), depth + 1)
        for union in ("anyOf", "oneOf"):
            if isinstance(schema.get(union), list):
                return " | ".join(self.type(choice, depth + 1) for choice in schema[union])
        if isinstance(schema.get("enum"), list):
            return " | ".join(dump_json(value).decode() for value in schema["enum"])
        return self._named(schema, depth)

    def _named(self, schema: Mapping[str, Any], depth: int) -> str:
        named = schema.get("type")
        if isinstance(named, list):
            return " | ".join(self.type({**schema, "type": one}, depth + 1) for one in cast("list[Any]", named))
        if named == "array":
            return f"{self.type(schema.get('items'), depth + 1)}[]"
        if named == "object":
            fields = "\n".join(self.fields(schema, depth + 1))
            return f"{{\n{fields}\n}}" if fields else "object"
        return _NAMES.get(named, "any") if isinstance(named, str) else "any"


_NAMES = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}


def tool_as_json(tool: Tool) -> str:
    """The definition as the JSON that most templates write."""
    parameters = cast("dict[str, Any]", tool.parameters)
    return dump_json({"name": tool.name, "description": tool.description, "parameters": parameters}).decode()
