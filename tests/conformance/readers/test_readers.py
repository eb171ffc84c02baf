"""The readers of the lanes home and raw: small, strict, and never in trouble with broken bytes."""

from __future__ import annotations

import ast
import inspect
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm.conformance.observation import Observation, ToolCall
from portable_llm.conformance.readers import READERS

WIRES = sorted(READERS)
NAMES = """
choices message delta content tool_calls function arguments index id name error usage parts text candidates finishReason
functionCall args type event content_block partial_json input usageMetadata promptFeedback output status response item
output_index toolUse toolUseId stopReason citationsContent done_reason finish_reason
"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=5),
    max_leaves=20,
)

WHOLE = {
    "openai-chat": {
        "choices": [
            {
                "message": {
                    "content": None,
                    "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": '{"a": 1}'}}],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7},
    },
    "anthropic-messages": {
        "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}}],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 5, "output_tokens": 7},
    },
    "gemini": {
        "candidates": [
            {
                "content": {"parts": [{"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}}]},
                "finishReason": "STOP",
            }
        ],
        "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 7},
    },
    "openai-responses": {
        "status": "completed",
        "output": [{"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a": 1}'}],
        "usage": {"input_tokens": 5, "output_tokens": 7},
    },
    "bedrock-converse": {
        "output": {"message": {"content": [{"toolUse": {"toolUseId": "c1", "name": "f", "input": {"a": 1}}}]}},
        "stopReason": "tool_use",
        "usage": {"inputTokens": 5, "outputTokens": 7},
    },
    "cohere-v2": {
        "message": {"tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": '{"a": 1}'}}]},
        "finish_reason": "TOOL_CALL",
        "usage": {"tokens": {"input_tokens": 5, "output_tokens": 7}},
    },
    "ollama-chat": {
        "message": {"content": "", "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}]},
        "done_reason": "stop",
        "prompt_eval_count": 5,
        "eval_count": 7,
    },
}
WHOLE["mistral-chat"] = WHOLE["openai-chat"]
STREAMED = {
    "openai-chat": [
        {
            "choices": [
                {"delta": {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": ""}}]}}
            ]
        },
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"a": 1}'}}]}}]},
        {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
        {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 7}},
    ],
    "anthropic-messages": [
        {"type": "message_start", "message": {"content": [], "usage": {"input_tokens": 5, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "c1", "name": "f"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"a": 1}'}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 7}},
    ],
    "gemini": [WHOLE["gemini"]],
    "openai-responses": [
        {"type": "response.created", "response": {"status": "in_progress", "output": []}},
        {"type": "response.completed", "response": WHOLE["openai-responses"]},
    ],
    "bedrock-converse": [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "c1", "name": "f"}}}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": '{"a":'}}}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": " 1}"}}}),
        ("messageStop", {"stopReason": "tool_use"}),
        ("metadata", {"usage": {"inputTokens": 5, "outputTokens": 7}}),
    ],
    "cohere-v2": [
        {"type": "message-start", "id": "m"},
        {
            "type": "tool-call-start",
            "index": 0,
            "delta": {"message": {"tool_calls": {"id": "c1", "function": {"name": "f", "arguments": ""}}}},
        },
        {
            "type": "tool-call-delta",
            "index": 0,
            "delta": {"message": {"tool_calls": {"function": {"arguments": '{"a": 1}'}}}},
        },
        {
            "type": "message-end",
            "delta": {"finish_reason": "TOOL_CALL", "usage": {"tokens": {"input_tokens": 5, "output_tokens": 7}}},
        },
    ],
    "ollama-chat": [
        {"message": WHOLE["ollama-chat"]["message"], "done": False},
        {**WHOLE["ollama-chat"], "message": {}},
    ],
}
STREAMED["mistral-chat"] = STREAMED["openai-chat"]


def sse(events: list[object]) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def frame(name: str, payload: object) -> bytes:
    """A frame of the binary event stream; its checksums are right."""
    body = json.dumps(payload).encode()
    label = b":event-type"
    headers = bytes([len(label)]) + label + b"\x07" + len(name).to_bytes(2) + name.encode()
    prelude = (len(headers) + len(body) + 16).to_bytes(4) + len(headers).to_bytes(4)
    prelude += zlib.crc32(prelude).to_bytes(4)
    whole = prelude + headers + body
    return whole + zlib.crc32(whole).to_bytes(4)


def as_stream(wire: str, events: list[Any]) -> bytes:
    """Events as the wire format frames them."""
    if wire == "bedrock-converse":
        return b"".join(frame(*event) if isinstance(event, tuple) else frame("metadata", event) for event in events)
    if wire == "ollama-chat":
        return b"".join(json.dumps(event).encode() + b"\n" for event in events)
    return sse(events)


@pytest.mark.parametrize("wire", WIRES)
def test_a_call_reads_the_same_whole_and_streamed(wire: str) -> None:
    whole = READERS[wire](200, {}, json.dumps(WHOLE[wire]).encode(), False, False)
    streamed = READERS[wire](200, {}, as_stream(wire, list(STREAMED[wire])), True, False)

    assert whole.tool_calls == (ToolCall(id="c1", name="f", arguments={"a": 1}, raw_arguments='{"a": 1}'),)
    assert (whole.finish, whole.usage) == ("tool_call", {"input_tokens": 5, "output_tokens": 7})
    assert (streamed.tool_calls, streamed.finish, streamed.usage) == (whole.tool_calls, whole.finish, whole.usage)
    assert streamed.events == {"streamed": True, "ended": True}


def test_json_is_parsed_strictly_and_only_where_the_case_wants_it() -> None:
    def seen(text: str, wants_json: bool) -> Observation:
        body = {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}
        return READERS["openai-chat"](200, {}, json.dumps(body).encode(), False, wants_json)

    assert seen('{"a": 1}', True).value == {"a": 1}
    assert not seen('{"a": 1}', False).has_value
    assert not seen('```json\n{"a": 1}\n```', True).has_value
    assert not seen('{"a": NaN}', True).has_value
    assert seen("null", True).has_value


def test_an_unknown_finish_word_stays_unknown_and_is_kept() -> None:
    body = b'{"choices": [{"message": {"content": "hi"}, "finish_reason": "galaxy_brain"}]}'

    seen = READERS["openai-chat"](200, {}, body, False, False)

    assert (seen.finish, seen.raw_finish) == ("unknown", "galaxy_brain")


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("status", "kind"), [(400, "invalid_request"), (429, "rate_limit"), (500, "server_error"), (404, "not_found")]
)
def test_an_error_status_is_an_error_whatever_the_body(wire: str, status: int, kind: str) -> None:
    for body in (b'{"error": {"message": "no"}}', b"<html>no</html>", b"", b"\xff\xfe"):
        seen = READERS[wire](status, {}, body, False, False)
        assert seen.error is not None
        assert (seen.finish, seen.error["kind"], seen.error["status"]) == ("error", kind, status)


@pytest.mark.parametrize("wire", WIRES)
@given(value=JSON, streamed=st.booleans(), status=st.sampled_from([200, 400]))
def test_any_json_gives_an_observation(wire: str, value: object, streamed: bool, status: int) -> None:
    body = as_stream(wire, [value]) if streamed else json.dumps(value).encode()

    seen = READERS[wire](status, {}, body, streamed, True)

    assert Observation.from_json(json.loads(json.dumps(seen.to_json()))) == seen


@pytest.mark.parametrize("wire", WIRES)
@given(body=st.binary(max_size=60), streamed=st.booleans())
def test_any_bytes_give_an_observation(wire: str, body: bytes, streamed: bool) -> None:
    assert isinstance(READERS[wire](200, {}, body, streamed, True), Observation)


@pytest.mark.parametrize("wire", WIRES)
def test_a_reader_has_at_most_forty_lines_of_code(wire: str) -> None:
    """Longer, and it would no longer be what a team writes for itself."""
    tree = ast.parse(inspect.getsource(inspect.getmodule(READERS[wire])))  # type: ignore[arg-type]
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    code = {child.lineno for node in functions for child in ast.walk(node) if isinstance(child, ast.stmt | ast.expr)}

    assert len(code) <= 40, len(code)


@pytest.mark.parametrize("wire", WIRES)
def test_a_long_stream_is_read_whole(wire: str) -> None:
    """40,000 deltas, collected and joined once."""
    pieces: dict[str, list[object]] = {
        "openai-chat": [{"choices": [{"delta": {"content": "x" * 50}}]}] * 40_000,
        "anthropic-messages": [
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            *(
                [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x" * 50}}]
                * 40_000
            ),
        ],
        "gemini": [{"candidates": [{"content": {"parts": [{"text": "x" * 50}]}}]}] * 40_000,
        "openai-responses": [
            *([{"type": "response.output_text.delta", "delta": "x" * 50}] * 40_000),
            {
                "type": "response.completed",
                "response": {
                    "status": "completed",
                    "output": [
                        {"type": "message", "content": [{"type": "output_text", "text": "x" * 2_000_000}]},
                    ],
                },
            },
        ],
        "bedrock-converse": [("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "x" * 50}})] * 40_000,
        "cohere-v2": [{"type": "content-delta", "delta": {"message": {"content": {"text": "x" * 50}}}}] * 40_000,
        "ollama-chat": [{"message": {"content": "x" * 50}}] * 40_000,
    }
    pieces["mistral-chat"] = pieces["openai-chat"]

    assert len(READERS[wire](200, {}, as_stream(wire, pieces[wire]), True, False).text) == 2_000_000


@pytest.mark.parametrize("code", ["content_filter", "content_policy_violation"])
def test_an_error_whose_code_names_a_filter_is_read_as_one(code: str) -> None:
    body = json.dumps({"error": {"message": "blocked", "code": code, "type": None}}).encode()

    seen = READERS["openai-chat"](400, {}, body, False, False)

    assert seen.error == {"kind": "content_filter", "status": 400, "message": "blocked"}
