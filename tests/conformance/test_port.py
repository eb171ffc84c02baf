"""The day-one port: what it renames, what it loses, and that it lists what it loses."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm.conformance.port import WIRES, carry, carry_table

TRAFFIC = Path(os.environ.get("TRAFFIC_DIR", Path(__file__).parents[3] / "shared/data/traffic"))
PAIRS = [(a, b) for a in WIRES for b in WIRES]

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
REQUESTS: dict[str, dict[str, Any]] = {
    "openai-chat": {
        "model": "home-1",
        "stream": True,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "12 C"},
        ],
        "max_completion_tokens": 64,
        "stop": ["END"],
        "temperature": 0,
        "top_p": 0.5,
        "tools": [
            {"type": "function", "function": {"name": "weather", "description": "Now", "parameters": PARAMETERS}}
        ],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
    },
    "anthropic-messages": {
        "model": "home-1",
        "stream": True,
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Oslo"}}],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "12 C"}]},
        ],
        "max_tokens": 64,
        "stop_sequences": ["END"],
        "temperature": 0,
        "top_p": 0.5,
        "tools": [{"name": "weather", "description": "Now", "input_schema": PARAMETERS}],
        "tool_choice": {"type": "tool", "name": "weather"},
    },
    "gemini": {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "Weather?"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "weather", "args": {"city": "Oslo"}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"result": "12 C"}}}]},
        ],
        "generationConfig": {"maxOutputTokens": 64, "stopSequences": ["END"], "temperature": 0, "topP": 0.5},
        "tools": [{"functionDeclarations": [{"name": "weather", "description": "Now", "parameters": PARAMETERS}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}},
    },
    "openai-responses": {
        "model": "home-1",
        "stream": True,
        "input": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather?"},
            {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city": "Oslo"}'},
            {"type": "function_call_output", "call_id": "call_1", "output": "12 C"},
        ],
        "max_output_tokens": 64,
        "temperature": 0,
        "top_p": 0.5,
        "tools": [{"type": "function", "name": "weather", "description": "Now", "parameters": PARAMETERS}],
        "tool_choice": {"type": "function", "name": "weather"},
    },
    "bedrock-converse": {
        "system": [{"text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"text": "Weather?"}]},
            {
                "role": "assistant",
                "content": [{"toolUse": {"toolUseId": "call_1", "name": "weather", "input": {"city": "Oslo"}}}],
            },
            {"role": "user", "content": [{"toolResult": {"toolUseId": "call_1", "content": [{"text": "12 C"}]}}]},
        ],
        "inferenceConfig": {"maxTokens": 64, "stopSequences": ["END"], "temperature": 0, "topP": 0.5},
        "toolConfig": {
            "tools": [
                {"toolSpec": {"name": "weather", "description": "Now", "inputSchema": {"json": PARAMETERS}}},
            ],
            "toolChoice": {"tool": {"name": "weather"}},
        },
    },
}
CHAT = REQUESTS["openai-chat"]
_CALLED, _RESULT = CHAT["messages"][2:]
REQUESTS["mistral-chat"] = {
    **{name: value for name, value in CHAT.items() if name != "max_completion_tokens"},
    "max_tokens": 64,
    "messages": [*CHAT["messages"][:2], {**_CALLED, "content": ""}, _RESULT],
}
REQUESTS["cohere-v2"] = {
    **{name: CHAT[name] for name in ("model", "stream", "temperature", "tools")},
    "max_tokens": 64,
    "p": 0.5,
    "stop_sequences": ["END"],
    "messages": [
        *CHAT["messages"][:2],
        {name: value for name, value in _CALLED.items() if name != "content"},
        _RESULT,
    ],
}
REQUESTS["ollama-chat"] = {
    **{name: CHAT[name] for name in ("model", "stream", "tools")},
    "options": {"num_predict": 64, "stop": ["END"], "temperature": 0, "top_p": 0.5},
    "messages": [
        *CHAT["messages"][:2],
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "call_1", "function": {"name": "weather", "arguments": {"city": "Oslo"}}}],
        },
        {**_RESULT, "tool_name": "weather"},
    ],
}

HAS_NO = {
    "openai-responses": {"stop"},
    "cohere-v2": {"tool_choice"},
    "ollama-chat": {"tool_choice"},
}
"""What a wire format has no place for: stop sequences, and the wish for one certain tool."""


def leaves(value: Any, gone: set[str]) -> Any:
    """A request without the fields of that name, and without what is empty then."""
    if not isinstance(value, dict):
        return value
    kept = {key: leaves(item, gone) for key, item in value.items() if key not in gone}
    return {key: item for key, item in kept.items() if item != {}}


PLACES = {
    "stop": {"stop", "stop_sequences", "stopSequences"},
    "tool_choice": {"tool_choice", "toolConfig", "toolChoice"},
}


def without(request: dict[str, Any], gone: set[str], wire: str) -> dict[str, Any]:
    names = {place for field in gone for place in PLACES[field]} - (
        {"toolConfig"} if wire == "bedrock-converse" else set()
    )
    return leaves(request, names) if names else request


IN_THE_PATH = ("gemini", "bedrock-converse")
"""Wire formats that name the model in the path."""


def lost(source: str, target: str) -> set[str]:
    """What home has and the target has no place for."""
    return HAS_NO.get(target, set()) - HAS_NO.get(source, set())


def expected(source: str, wire: str, model: str) -> dict[str, Any]:
    request = REQUESTS[wire] if wire in IN_THE_PATH else {**REQUESTS[wire], "model": model}
    return without(request, HAS_NO.get(source, set()), wire)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_request_of_common_fields_arrives_as_the_other_wire_would_say_it(source: str, target: str) -> None:
    carried = carry(REQUESTS[source], carry_table(source, target), "away-2", streamed=True)

    assert carried.body == expected(source, target, "away-2")
    assert len(carried.omitted) == len(lost(source, target))
    assert ("away-2" in carried.path) == (target in IN_THE_PATH)
    assert (carried.path == "/v1/messages") == (target == "anthropic-messages")


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_there_and_back_gives_the_same_request(source: str, target: str) -> None:
    there = carry(REQUESTS[source], carry_table(source, target), "away-2", streamed=True)
    back = carry(there.body, carry_table(target, source), "home-1", streamed=True)

    assert back.body == without(REQUESTS[source], HAS_NO.get(target, set()), source)


@pytest.mark.parametrize("wire", WIRES)
def test_on_one_wire_only_the_model_changes(wire: str) -> None:
    request = {**REQUESTS[wire], "vendor_extra": {"a": [1]}}

    carried = carry(request, carry_table(wire, wire), "away-2")

    assert carried.body == {**request, **({} if wire in IN_THE_PATH else {"model": "away-2"})}


def test_a_stream_is_asked_for_where_the_wire_says_it() -> None:
    request = REQUESTS["openai-chat"]

    assert carry(request, carry_table("openai-chat", "gemini"), "m", streamed=True).path == (
        "/models/m:streamGenerateContent?alt=sse"
    )
    assert "stream" not in carry(REQUESTS["gemini"], carry_table("gemini", "openai-chat"), "m").body


def test_fields_without_a_row_are_omitted_and_listed() -> None:
    request = {
        "model": "home-1",
        "messages": [{"role": "user", "content": "Hi", "name": "ada"}],
        "response_format": {"type": "json_object"},
        "seed": 1,
        "stop": "END",
        "parallel_tool_calls": False,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}, "strict": True}}],
    }

    carried = carry(request, carry_table("openai-chat", "anthropic-messages"), "away-2")

    assert carried.omitted == (
        "messages[].name",
        "parallel_tool_calls",
        "response_format",
        "seed",
        "tools[].function.strict",
    )
    assert carried.body == {
        "model": "away-2",
        "messages": [{"role": "user", "content": "Hi"}],
        "stop_sequences": ["END"],
        "tools": [{"name": "f", "input_schema": {}}],
    }


def test_a_tool_choice_that_no_row_knows_is_omitted_and_a_switch_inside_one_is_listed() -> None:
    table = carry_table("anthropic-messages", "openai-chat")

    switch = carry({"messages": [], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}, table, "m")
    unknown = carry({"messages": [], "tool_choice": {"type": "novel"}}, table, "m")

    assert (switch.body["tool_choice"], switch.omitted) == ("auto", ("tool_choice.disable_parallel_tool_use",))
    assert ("tool_choice" in unknown.body, unknown.omitted) == (False, ("tool_choice",))


def test_an_error_flag_and_an_image_have_no_place_and_are_listed() -> None:
    request = {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "See"}, {"type": "image", "source": {}}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]},
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "a", "content": "no", "is_error": True}],
            },
        ]
    }

    to_openai = carry(request, carry_table("anthropic-messages", "openai-chat"), "m")

    assert to_openai.omitted == ("is_error of a tool result", "messages[].content[].image")


def test_several_system_texts_are_joined_by_an_empty_line() -> None:
    texts = [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]
    request = {"system": texts, "messages": [{"role": "user", "content": "Hi"}]}

    to_openai = carry(request, carry_table("anthropic-messages", "openai-chat"), "m")

    assert to_openai.body["messages"][0] == {"role": "system", "content": "One.\n\nTwo."}
    assert to_openai.omitted == ()


@given(extra=st.dictionaries(st.text("abcdefgh", min_size=6, max_size=12), st.integers() | st.text(), min_size=1))
def test_no_top_level_field_is_lost_in_silence(extra: dict[str, object]) -> None:
    for source, target in PAIRS:
        carried = carry({**REQUESTS[source], **extra}, carry_table(source, target), "m")
        assert all(name in carried.omitted or name in carried.body for name in extra)


def test_an_unknown_wire_is_named() -> None:
    with pytest.raises(ValueError, match="no carry file for 'smoke'; known wire formats: anthropic-messages"):
        carry_table("smoke", "gemini")


RECORDINGS = {"mistral-chat": "mistral", "cohere-v2": "cohere", "ollama-chat": "ollama"}
"""Recordings with another name than their wire format; the two of older protocols among them are foreign fields."""


def recorded(wire: str) -> Iterator[dict[str, Any]]:
    with gzip.open(
        TRAFFIC / f"{RECORDINGS.get(wire, wire)}.jsonl.gz", "rt", encoding="utf-8", errors="surrogatepass"
    ) as lines:
        for line in lines:
            request = json.loads(line)["request_json"]
            if isinstance(request, dict):
                yield request


@pytest.mark.skipif(not TRAFFIC.is_dir(), reason=f"recorded traffic not found at {TRAFFIC}")
@pytest.mark.parametrize("source", WIRES)
def test_every_recorded_request_is_carried_or_listed(source: str) -> None:
    """Real clients' requests: none breaks the port, and each top-level field is carried, handled or listed."""
    for request in recorded(source):
        for target in WIRES:
            table = carry_table(source, target)
            carried = carry(request, table, "away-2")
            rows = {row["from"].split(".")[0].split("[")[0] for row in table["rows"]} | set(table["handled"])
            listed = {name.split(".")[0].split("[")[0] for name in carried.omitted}
            assert table["verbatim"] or request.keys() <= rows | listed
