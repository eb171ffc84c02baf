"""What Ollama's native chat does differently: lines, options, one text, arguments as objects, a window that cuts."""

from __future__ import annotations

import json
from typing import Any

import pytest

import strategies
from portable_llm import Client
from portable_llm._errors import ProviderError, StreamInterruptedError
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._messages import (
    BlobPart,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    UnknownPart,
    UriPart,
    assistant,
    system,
    tool_result,
    user,
)
from portable_llm._request import Output, Reasoning, Request, Tool
from portable_llm._response import Response
from portable_llm._stream import read_stream
from portable_llm.testing import FakeServer, StreamError
from portable_llm.wire.ollama import (
    CAPABILITIES,
    build_request,
    parse_error,
    parse_response,
    read_request,
    stream_decoder,
    write_stream,
)

ORIGIN = strategies.ORIGIN
COUNTS = {"prompt_eval_count": 9, "eval_count": 3}


def read(message: dict[str, Any], **body: Any) -> Response[None]:
    """The answer with this message."""
    whole = {"model": "m", "created_at": "2026-08-04T19:59:07.694086Z", "done": True, "done_reason": "stop", **COUNTS}
    whole |= {"message": {"role": "assistant", **message}, **body}
    return parse_response(HttpReply(status=200, body=json.dumps(whole).encode()), ORIGIN)


def streamed(*lines: dict[str, Any]) -> tuple[Response[None], bool]:
    """The answer that these lines add up to, and whether it came to its end."""
    decoder = stream_decoder(ORIGIN)
    for line in lines:
        decoder.feed(Frame("", json.dumps({"model": "m", "created_at": "t", **line}).encode()))
    return decoder.finish()[1], decoder.is_complete


def piece(**message: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": "", **message}, "done": False}


END: dict[str, Any] = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop", **COUNTS}
CALLS = [{"function": {"index": 0, "name": "f", "arguments": {"a": 1}}}, {"function": {"name": "f", "arguments": {}}}]


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_thinking_is_reasoning_and_never_text() -> None:
    response, is_complete = streamed(
        piece(thinking="Look "), piece(thinking="up."), piece(content="12"), piece(content=" C"), END
    )

    assert [(type(part), part.text) for part in response.message.parts] == [  # type: ignore[union-attr]
        (ReasoningPart, "Look up."),
        (TextPart, "12 C"),
    ]
    assert is_complete
    assert (response.usage.input_tokens, response.usage.output_tokens) == (9, 3)


def test_stop_beside_calls_is_a_call() -> None:
    response = read({"content": "", "tool_calls": CALLS})

    assert response.finish_reason == "tool_call"
    assert response.raw_finish_reason == "stop"
    assert [(call.name, call.arguments) for call in response.tool_calls] == [("f", {"a": 1}), ("f", {})]


def test_calls_without_ids_get_some_that_no_other_turn_has() -> None:
    first = read({"tool_calls": CALLS})
    second = read({"tool_calls": CALLS}, created_at="2026-08-04T20:00:00.1Z")

    ids = [call.id for response in (first, second) for call in response.tool_calls]
    assert len(set(ids)) == 4


def test_calls_of_several_lines_are_several_calls() -> None:
    response, _ = streamed(
        piece(tool_calls=CALLS[:1]), {**END, "message": {"role": "assistant", "tool_calls": CALLS[1:]}}
    )

    assert [call.arguments for call in response.tool_calls] == [{"a": 1}, {}]


def test_a_prompt_from_the_cache_is_not_counted_and_not_zero() -> None:
    response = read({"content": "x"}, prompt_eval_count=None)

    assert response.usage.input_tokens is None


@pytest.mark.parametrize(
    ("word", "reason"), [("length", "length"), ("load", "unknown"), ("custom", "unknown"), (None, "unknown")]
)
def test_finish_words(word: str | None, reason: str) -> None:
    response = read({"content": "x"}, done_reason=word)

    assert (response.finish_reason, response.raw_finish_reason) == (reason, word)


def test_the_text_of_generate_is_read_as_well() -> None:
    body = {"model": "m", "created_at": "t", "response": "Hi", "thinking": "Hm", "done": True, "done_reason": "stop"}
    response = parse_response(HttpReply(status=200, body=json.dumps(body).encode()), ORIGIN)

    assert response.text == "Hi"
    assert response.message.parts[0] == ReasoningPart(text="Hm", origin=ORIGIN)


def test_a_field_of_a_message_without_a_type_is_kept_and_sent_back() -> None:
    response = read({"content": "See", "hologram": "x"})
    call, _ = build_request(Request(model="m", messages=(user("?"), response.message, user("!"))), CAPABILITIES)

    assert response.message.parts[1] == UnknownPart(raw={"hologram": "x"}, origin=ORIGIN)
    assert call.json["messages"][1] == {"role": "assistant", "content": "See", "hologram": "x"}  # type: ignore[index]


def test_a_stream_without_its_last_line_was_cut() -> None:
    response, is_complete = streamed(piece(content="12"))

    assert not is_complete
    assert response.finish_reason == "unknown"


def test_lines_hold_no_sign_that_a_reader_could_take_for_an_end() -> None:
    response = read({"content": "a\u2028b\x85c"})

    assert all(len(line.decode().splitlines()) == 1 for line in write_stream(response))


# ---- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (404, "model 'x' not found", "not_found"),
        (400, "x does not support tools", "invalid_request"),
        (400, "the input length exceeds the context length", "context_overflow"),
        (500, "llama runner process has terminated", "server_error"),
        (503, "server busy, please try again. maximum pending requests exceeded", "overloaded"),
    ],
)
def test_an_error_is_a_sentence(status: int, said: str, kind: str) -> None:
    error = parse_error(HttpReply(status=status, body=json.dumps({"error": said}).encode()), ORIGIN)

    assert isinstance(error, ProviderError)
    assert error.kind == kind
    assert said in error.message


@pytest.mark.parametrize(
    ("said", "kind"),
    [("an error was encountered while running the model", "server_error"), ("model 'x' not found", "not_found")],
)
def test_an_error_in_the_middle_of_a_stream_is_raised(said: str, kind: str) -> None:
    decoder = stream_decoder(ORIGIN)

    with pytest.raises(ProviderError, match=said) as caught:
        decoder.feed(Frame("", json.dumps({"error": said}).encode()))
    assert caught.value.kind == kind
    assert decoder.finish()[1].finish_reason == "error"


def test_the_client_reads_lines_and_the_error_among_them() -> None:
    with FakeServer(faults=[StreamError(after_events=2)]) as server, Client() as client:
        model = f"ollama:tiny@{server.base_url('ollama-chat')}"
        with (
            pytest.raises((ProviderError, StreamInterruptedError)) as caught,
            client.stream(model, "abcdefgh") as stream,
        ):
            list(stream)

    assert "injected" in str(caught.value)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "abcd"


def test_a_whole_answer_in_the_place_of_a_stream_is_its_only_line() -> None:
    body = {"model": "m", "created_at": "t", **END, "message": {"role": "assistant", "content": "Hi"}}
    with Client() as client:
        asked = client.plan("ollama:m", "hello")
    reply = HttpReply(status=200, headers={"content-type": "application/json"})

    assert read_stream(asked, reply, [json.dumps(body).encode()]).text == "Hi"


# ---- requests --------------------------------------------------------------------------------------------------------


def built(*messages: Any, stream: bool = False, **options: Any) -> tuple[dict[str, Any], list[str]]:
    """The wire request, and the ledger as `action subject`."""
    asked = Request(model="m", messages=messages, **options)
    call, ledger = build_request(asked, CAPABILITIES, stream=stream)
    return call.json, [f"{entry.action} {entry.subject}" for entry in ledger]  # type: ignore[return-value]


CALL = ToolCallPart(id="c1", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city":"Oslo"}')


@pytest.mark.parametrize("stream", [False, True])
def test_the_request_always_says_whether_it_streams(stream: bool) -> None:
    assert built(user("hi"), stream=stream)[0]["stream"] is stream


def test_several_texts_are_one_and_images_stand_beside_it() -> None:
    body, ledger = built(user("a", BlobPart(mime_type="image/png", data=b"x"), "b"))

    assert body["messages"] == [{"role": "user", "content": "ab", "images": ["eA=="]}]
    assert "encoded /messages/0/parts" in ledger
    assert "moved /messages/0/parts/1" in ledger


def test_a_result_names_its_tool() -> None:
    body, _ = built(user("?"), assistant(CALL), tool_result("c1", "12 C", is_error=True))

    assert body["messages"][1]["tool_calls"][0]["function"]["arguments"] == {"city": "Oslo"}
    assert body["messages"][2] == {
        "role": "tool",
        "content": "Error: 12 C",
        "tool_call_id": "c1",
        "tool_name": "weather",
    }


def test_arguments_that_are_no_object_cannot_be_sent_back() -> None:
    broken = ToolCallPart(id="c1", name="f", arguments=None, raw_arguments="{broken")
    body, ledger = built(user("?"), assistant(broken))

    assert body["messages"][1]["tool_calls"][0]["function"]["arguments"] == {}
    assert "dropped /messages/1/parts/0/arguments" in ledger


@pytest.mark.parametrize(
    ("reasoning", "think"),
    [
        (Reasoning(effort="none"), False),
        (Reasoning(effort="high"), "high"),
        (Reasoning(summary=True), True),
        (Reasoning(effort="low", summary=True), "low"),
    ],
)
def test_thinking_is_asked_for_by_word(reasoning: Reasoning, think: Any) -> None:
    body, _ = built(user("?"), reasoning=reasoning)

    assert body["think"] == think
    assert read_request(body)[0].reasoning == (
        Reasoning(effort=reasoning.effort) if reasoning.effort else Reasoning(summary=True)
    )


def test_results_without_ids_go_to_the_calls_of_their_name_in_order() -> None:
    call = {"function": {"name": "f", "arguments": {}}}
    other = {"function": {"name": "g", "arguments": {}}}
    body = {
        "model": "m",
        "messages": [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": "", "tool_calls": [call, other, call]},
            {"role": "tool", "tool_name": "g", "content": "g"},
            {"role": "tool", "tool_name": "f", "content": "first"},
            {"role": "tool", "tool_name": "f", "content": "second"},
        ],
    }
    messages = read_request(body)[0].messages

    ids = [call.id for call in messages[1].tool_calls]
    assert [message.parts[0].call_id for message in messages[2:]] == [ids[1], ids[0], ids[2]]  # type: ignore[union-attr]


def test_a_limit_below_one_is_no_number_of_tokens() -> None:
    request, _ = read_request(
        {"model": "m", "messages": [{"role": "user", "content": "?"}], "options": {"num_predict": -1}}
    )

    assert request.max_output_tokens is None
    assert request.extra == {"options": {"num_predict": -1}}


# ---- the plan --------------------------------------------------------------------------------------------------------


def plan(*messages: Any, model: str = "ollama:qwen3:4b", **options: Any) -> Any:
    with Client() as client:
        return client.plan(model, list(messages), **options)


def test_a_prompt_that_is_too_long_shall_be_an_error_and_the_ledger_says_what_the_window_is() -> None:
    made = plan(user("hi"))

    assert made.call.json["truncate"] is False
    assert {entry.subject: entry.severity for entry in made.adaptations} == {
        "/extra/truncate": "advisory",
        "/extra/options/num_ctx": "advisory",
    }


def test_a_window_of_ones_own_needs_no_word() -> None:
    made = plan(user("hi"), temperature=0.5, extra={"options": {"num_ctx": 16384}, "truncate": True})

    assert made.call.json["options"] == {"temperature": 0.5, "num_ctx": 16384}
    assert made.call.json["truncate"] is True
    assert [entry.subject for entry in made.adaptations if entry.action == "defaulted"] == []


def test_a_schema_is_held_by_a_grammar_unless_there_are_tools() -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    alone = plan(user("hi"), output=Output(schema=schema))
    beside = plan(user("hi"), output=Output(schema=schema), tools=[Tool(name="f")])

    assert alone.output.mode == "native"
    assert "JSON Schema" in alone.call.json["messages"][0]["content"]  # the model is not shown the grammar
    assert alone.call.json["format"]["properties"] == schema["properties"]
    assert beside.output.mode == "prompt"
    assert "format" not in beside.call.json


def test_a_forced_call_is_left_out_with_an_entry() -> None:
    made = plan(user("hi"), tools=[Tool(name="f")], tool_choice="required")

    assert [(entry.action, entry.severity) for entry in made.adaptations if entry.subject == "/tool_choice"] == [
        ("dropped", "lost")
    ]


def test_what_the_protocol_has_no_place_for_is_left_out_with_an_entry() -> None:
    made = plan(system("Be brief."), user("See", UriPart(uri="https://example.com/a.png", mime_type="image/png")))

    assert [entry.severity for entry in made.adaptations if entry.subject == "/messages/1/parts/1"] == ["changed"]


def test_gpt_oss_cannot_stop_thinking() -> None:
    made = plan(user("hi"), model="ollama:gpt-oss:20b", reasoning=Reasoning(effort="none"))

    assert made.call.json["think"] == "low"
    assert [entry.action for entry in made.adaptations if entry.subject == "/reasoning/effort"] == [
        "substituted",
        "renamed",
    ]


# ---- where it is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000/api/chat"),
        ("example.com", "http://example.com:11434/api/chat"),
        (":9", "http://localhost:9/api/chat"),
        ("[::1]:9", "http://[::1]:9/api/chat"),
        ("https://example.com", "https://example.com/api/chat"),
    ],
)
def test_the_variable_of_the_server_may_lack_scheme_and_port(
    variable: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", variable)

    assert plan(user("hi")).to_json()["url"] == url


def test_the_cloud_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OLLAMA_API_KEY", raising=False)

    assert plan(user("hi"), model="ollama-cloud:gpt-oss:120b").to_json()["url"] == "https://ollama.com/api/chat"
    with Client() as client, pytest.raises(Exception, match="set OLLAMA_API_KEY"):
        client.chat("ollama-cloud:gpt-oss:120b", "hi")
