"""Tool definitions of others become tools; what a tool has no place for is named or kept, never lost."""

from __future__ import annotations

from typing import Any

import pytest

from portable_llm import Tool, UnsupportedSchemaError
from portable_llm.schema import read_tool, tool_from

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = Tool(name="weather", description="Now.", parameters=PARAMETERS)
NAMED = {"name": "weather", "description": "Now."}
FORMS: dict[str, dict[str, Any]] = {
    "mcp": {**NAMED, "inputSchema": PARAMETERS},
    "openai-chat": {"type": "function", "function": {**NAMED, "parameters": PARAMETERS}},
    "openai-responses": {"type": "function", **NAMED, "parameters": PARAMETERS},
    "anthropic-messages": {**NAMED, "input_schema": PARAMETERS},
    "gemini": {**NAMED, "parametersJsonSchema": PARAMETERS},
    "vercel": {**NAMED, "inputSchema": {"jsonSchema": PARAMETERS}},
}


@pytest.mark.parametrize(("form", "definition"), FORMS.items(), ids=FORMS)
def test_a_tool_is_the_same_in_every_form(form: str, definition: dict[str, Any]) -> None:
    found = read_tool(definition)

    assert (found.tool, found.form, found.rest) == (WEATHER, form, {})
    assert tool_from(definition) == WEATHER


def test_geminis_own_schemas_are_read() -> None:
    own = {"type": "OBJECT", "properties": {"city": {"type": "STRING", "nullable": True, "maxLength": "9"}}}

    tool = tool_from({"name": "weather", "parameters": own})

    assert tool.parameters == {
        "type": "object",
        "properties": {"city": {"type": ["string", "null"], "maxLength": 9}},
    }


def test_strictness_is_carried() -> None:
    definition = {"type": "function", "function": {**NAMED, "parameters": PARAMETERS, "strict": True}}

    assert tool_from(definition).strict is True


@pytest.mark.parametrize(
    ("definition", "member"),
    [
        ({**FORMS["mcp"], "annotations": {"readOnlyHint": True}}, "annotations"),
        ({**FORMS["mcp"], "outputSchema": {}}, "outputSchema"),
        ({**FORMS["anthropic-messages"], "cache_control": {"type": "ephemeral"}}, "cache_control"),
        ({**FORMS["openai-chat"], "defer_loading": True}, "defer_loading"),
        ({**FORMS["gemini"], "response": {}}, "response"),
    ],
)
def test_what_a_tool_cannot_carry_is_an_error_or_kept(definition: dict[str, Any], member: str) -> None:
    with pytest.raises(UnsupportedSchemaError, match=member):
        tool_from(definition)

    assert read_tool(definition).rest == {member: definition[member]}
    assert tool_from(definition, ignore=(member,)) == WEATHER


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        ({"type": "web_search"}, "only functions are portable"),
        ({"functionDeclarations": []}, "read each of them"),
        ({"inputSchema": PARAMETERS}, "needs a name"),
        ({"name": "x", "inputSchema": {"type": "objct"}}, "the parameters of the tool 'x' is no JSON Schema"),
        ({"name": "x", "inputSchema": []}, "expected an object, got list"),
        ({"name": "x", "description": 1, "inputSchema": {}}, "is no text"),
        ({"name": "x", "strict": "yes", "input_schema": {}}, "not true or false"),
        (7, "a definition or a function"),
    ],
)
def test_what_is_no_tool_is_named(definition: Any, why: str) -> None:
    with pytest.raises(UnsupportedSchemaError, match=why):
        tool_from(definition)


def test_functions_and_objects_of_sdks_are_read() -> None:
    class FromSdk:
        def model_dump(self, **_: Any) -> dict[str, Any]:
            return FORMS["mcp"]

    def weather(city: str) -> None:
        """Now."""

    assert tool_from(FromSdk()) == WEATHER
    assert tool_from(weather).name == "weather"
    assert tool_from(WEATHER) is WEATHER
