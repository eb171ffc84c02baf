"""Tool definitions of others: MCP, OpenAI (Chat and Responses), Anthropic, Gemini, Vercel → `Tool`.

A member that `Tool` has no place for is an error that names it, or is kept aside by `read_tool`: nothing is lost
silently.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from portable_llm._errors import UnsupportedSchemaError
from portable_llm._request import Tool
from portable_llm.schema._signature import parameters_of
from portable_llm.schema._types import json_schema_of
from portable_llm.schema._validate import check_schema

ToolForm = Literal[
    "function", "mcp", "openai-chat", "openai-responses", "anthropic-messages", "gemini", "vercel", "portable"
]
_NO_ARGUMENTS: dict[str, Any] = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTool:
    """A definition as it was read."""

    tool: Tool
    form: ToolForm
    rest: Mapping[str, Any]
    """Members that `Tool` has no place for, as they stood: MCP `annotations` and `outputSchema`, `cache_control`, …"""


def tool_from(definition: Any, *, ignore: Collection[str] = ()) -> Tool:
    """The tool of a definition or function; raises `UnsupportedSchemaError` for a member that a `Tool` cannot carry.

    Members named in `ignore` are left out knowingly: `tool_from(mcp_tool, ignore=("annotations", "title"))`.
    """
    found = read_tool(definition)
    if lost := sorted(found.rest.keys() - set(ignore)):
        raise UnsupportedSchemaError(
            f"the tool {found.tool.name!r} ({found.form}) says {', '.join(lost)}, which a Tool does not carry; "
            "name them in ignore=, or use read_tool, which keeps them"
        )
    return found.tool


def read_tool(definition: Any) -> ReadTool:
    """The tool of a definition, with all that a `Tool` has no place for; raises `UnsupportedSchemaError`."""
    if isinstance(definition, Tool):
        return ReadTool(tool=definition, form="portable", rest={})
    if callable(definition):
        signature = parameters_of(definition)
        tool = Tool(name=signature.name, description=signature.description, parameters=signature.parameters)
        return ReadTool(tool=tool, form="function", rest={})
    if not isinstance(definition, Mapping):
        dump = getattr(definition, "model_dump", None)  # an MCP or SDK object
        if dump is None:
            raise UnsupportedSchemaError(f"a tool is a definition or a function, got {type(definition).__name__}")
        definition = dump(by_alias=True, exclude_none=True, mode="json")
    return _by_form(dict(cast("Mapping[str, Any]", definition)))


def _by_form(given: dict[str, Any]) -> ReadTool:
    if given.get("type") == "function" and isinstance(given.get("function"), Mapping):
        inner = dict(given.pop("function"))
        del given["type"]
        return _made("openai-chat", inner, "parameters", outside=given)
    if isinstance(given.get("functionDeclarations", given.get("function_declarations")), list):
        raise UnsupportedSchemaError("this holds Gemini's functionDeclarations; read each of them with read_tool")
    if "inputSchema" in given:
        schema = given["inputSchema"]
        is_vercel = isinstance(schema, Mapping) and "jsonSchema" in schema
        return _made("vercel" if is_vercel else "mcp", given, "inputSchema")
    if "input_schema" in given:
        if given.get("type") == "custom":
            del given["type"]
        return _made("anthropic-messages", given, "input_schema")
    if given.get("type") == "function":
        del given["type"]
        return _made("openai-responses", given, "parameters")
    if "parametersJsonSchema" in given:
        return _made("gemini", given, "parametersJsonSchema")
    if "type" in given:
        raise UnsupportedSchemaError(
            f"a tool of type {given['type']!r} is run by the vendor or takes no JSON; only functions are portable"
        )
    return _made("gemini" if _is_gemini(given.get("parameters")) else "openai-chat", given, "parameters")


def _made(form: ToolForm, given: dict[str, Any], key: str, outside: Mapping[str, Any] | None = None) -> ReadTool:
    name = given.pop("name", None)
    if not isinstance(name, str) or not name:
        raise UnsupportedSchemaError(f"a tool ({form}) needs a name, got {name!r}")
    where = f"the parameters of the tool {name!r}"
    parameters: Any = given.pop(key, None)
    if isinstance(parameters, Mapping):
        parameters = json_schema_of(_lowered(parameters) if form == "gemini" and key == "parameters" else parameters)
        check_schema(parameters, where)
    elif parameters is not None:
        raise UnsupportedSchemaError(f"{where} are no JSON Schema: expected an object, got {type(parameters).__name__}")
    tool = Tool(
        name=name,
        description=_text(given.pop("description", None), name),
        parameters=_NO_ARGUMENTS if parameters is None else parameters,
        strict=_strict(given, name),
    )
    return ReadTool(tool=tool, form=form, rest={**(outside or {}), **given})


def _text(description: object, name: str) -> str:
    if description is not None and not isinstance(description, str):
        raise UnsupportedSchemaError(f"the description of the tool {name!r} is no text: {description!r}")
    return description or ""


def _strict(given: dict[str, Any], name: str) -> bool | None:
    strict = given.pop("strict", None)
    if strict is not None and not isinstance(strict, bool):
        raise UnsupportedSchemaError(f"strict of the tool {name!r} is {strict!r}, not true or false")
    return strict


_GEMINI_TYPES = frozenset({"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"})


def _is_gemini(parameters: object) -> bool:
    """Gemini's own schema form writes its types in capitals."""
    return isinstance(parameters, Mapping) and cast("Mapping[str, Any]", parameters).get("type") in _GEMINI_TYPES


def _lowered(schema: Any) -> Any:
    """Gemini's schema in the words of OpenAPI 3.0: types in small letters, counts as numbers (its API writes text)."""
    changed: dict[str, Any] = dict(schema)
    if changed.get("type") in _GEMINI_TYPES:
        changed["type"] = changed["type"].lower()
    for keyword in ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"):
        if isinstance(changed.get(keyword), str) and changed[keyword].isdigit():
            changed[keyword] = int(changed[keyword])
    for keyword in ("items", "additionalProperties"):
        if isinstance(changed.get(keyword), Mapping):
            changed[keyword] = _lowered(changed[keyword])
    if isinstance(changed.get("properties"), Mapping):
        changed["properties"] = {name: _lowered(part) for name, part in changed["properties"].items()}
    if isinstance(changed.get("anyOf"), list):
        changed["anyOf"] = [_lowered(part) for part in changed["anyOf"]]
    return changed
