"""What is different in Mistral's dialect: content in chunks, nine-character ids, prefixes, errors without a wrapper."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import strategies
from portable_llm import Client
from portable_llm._errors import ProviderError
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._messages import (
    Citation,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    UnknownPart,
    assistant,
    system,
    tool_result,
    user,
)
from portable_llm._request import Reasoning, Request, Sampling, Tool
from portable_llm._response import Response
from portable_llm.wire.mistral import (
    CAPABILITIES,
    build_request,
    parse_error,
    parse_response,
    read_request,
    stream_decoder,
    write_response,
    write_stream,
)

ORIGIN = strategies.ORIGIN


def read(content: Any = None, *, word: str | None = "stop", calls: Any = None, **body: Any) -> Response[None]:
    """The answer with this content."""
    message = {"role": "assistant", "content": content, "tool_calls": calls}
    choice = {"index": 0, "message": message, "finish_reason": word}
    whole = {"id": "1", "object": "chat.completion", "model": "m", "choices": [choice], **body}
    return parse_response(HttpReply(status=200, body=json.dumps(whole).encode()), ORIGIN)


def streamed(*deltas: dict[str, Any], word: str = "stop") -> Response[None]:
    """The answer that these deltas add up to."""
    decoder = stream_decoder(ORIGIN)
    for place, delta in enumerate(deltas):
        choice = {"index": 0, "delta": delta, "finish_reason": word if place == len(deltas) - 1 else None}
        decoder.feed(Frame("", json.dumps({"id": "1", "model": "m", "p": "abc", "choices": [choice]}).encode()))
    return decoder.finish()[1]


def failed(body: Any, status: int = 400) -> ProviderError:
    error = parse_error(HttpReply(status=status, body=json.dumps(body).encode()), ORIGIN)
    assert isinstance(error, ProviderError)
    return error


def thinking(*texts: str, **more: Any) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text} for text in texts], **more}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_thinking_is_reasoning_and_never_text() -> None:
    response = read([thinking("Look ", "up."), text("12 C")])

    assert response.text == "12 C"
    assert [part.text for part in response.message.parts if isinstance(part, ReasoningPart)] == ["Look up."]


def test_a_stream_may_change_between_lists_and_strings() -> None:
    deltas = ({"role": "assistant", "content": ""}, {"content": [thinking("Look ")]}, {"content": [thinking("up.")]})
    response = streamed(*deltas, {"content": "12"}, {"content": [text(" C")]})

    assert [(type(part), part.text) for part in response.message.parts] == [  # type: ignore[union-attr]
        (ReasoningPart, "Look up."),
        (TextPart, "12 C"),
    ]


def test_a_signature_comes_back_with_its_thinking() -> None:
    response = read([thinking("So.", signature="sig", closed=True), text("Yes")])
    request = Request(model="m", messages=(user("Well?"), response.message, user("Sure?")))

    call, _ = build_request(request, CAPABILITIES)

    assert call.json["messages"][1]["content"] == [  # type: ignore[index]
        thinking("So.", signature="sig", closed=True),
        text("Yes"),
    ]


REFERENCES = [text("Oslo is cold"), {"type": "reference", "reference_ids": [1, "b"]}, text(", Rome is not.")]


def test_references_are_citations_of_the_text_before_them() -> None:
    [part] = read(REFERENCES).message.parts
    pieces = ({"content": "Oslo is"}, {"content": [text(" cold"), REFERENCES[1]]}, {"content": ", Rome is not."})

    assert part == TextPart(
        text="Oslo is cold, Rome is not.", citations=(Citation(start=0, end=12, raw=REFERENCES[1]),)
    )
    assert streamed(*pieces).message.parts == (part,)


def test_references_go_back_to_where_they_were() -> None:
    call, _ = build_request(Request(model="m", messages=(user("?"), read(REFERENCES).message, user("!"))), CAPABILITIES)

    assert call.json["messages"][1]["content"] == REFERENCES  # type: ignore[index]


def test_a_chunk_of_an_unknown_type_is_kept_and_sent_back() -> None:
    chunk = {"type": "hologram", "data": "x"}
    response = read([text("See:"), chunk])
    call, _ = build_request(Request(model="m", messages=(user("?"), response.message, user("!"))), CAPABILITIES)

    assert response.message.parts[1] == UnknownPart(raw=chunk, origin=ORIGIN)
    assert call.json["messages"][1]["content"] == [text("See:"), chunk]  # type: ignore[index]


def test_a_call_without_type_or_with_the_id_null_is_a_call() -> None:
    function = {"name": "weather", "arguments": '{"city": "Oslo"}'}
    response = read("", word="tool_calls", calls=[{"id": "null", "function": function, "index": 0}])

    [call] = response.tool_calls
    assert (call.name, call.arguments) == ("weather", {"city": "Oslo"})
    assert call.id not in ("null", "")
    assert response.finish_reason == "tool_call"


@pytest.mark.parametrize(
    ("word", "reason"),
    [("stop", "stop"), ("length", "length"), ("model_length", "length"), ("error", "error"), ("galaxy", "unknown")],
)
def test_finish_words(word: str, reason: str) -> None:
    response = read("x", word=word)

    assert (response.finish_reason, response.raw_finish_reason) == (reason, word)


def test_no_finish_word_is_no_success() -> None:
    assert read("x", word=None).finish_reason == "unknown"


@pytest.mark.parametrize("details", [{"prompt_tokens_details": {"cached_tokens": 7}}, {"num_cached_tokens": 7}])
def test_cached_tokens_stand_in_one_of_two_places(details: dict[str, Any]) -> None:
    response = read("x", usage={"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11, **details})

    assert (response.usage.input_tokens, response.usage.cache_read_input_tokens) == (9, 7)
    assert response.usage.reasoning_output_tokens is None


def test_calls_and_text_of_a_stream_are_written_as_the_vendor_does() -> None:
    call = ToolCallPart(id="a1B2c3D4e", name="f", arguments={}, raw_arguments="{}")
    response = read("Hi", word="tool_calls", calls=[{"id": call.id, "function": {"name": "f", "arguments": "{}"}}])
    chunks = [json.loads(event[6:]) for event in write_stream(response) if event.startswith(b"data: {")]

    last = chunks[-1]["choices"][0]
    assert last["finish_reason"] == "tool_calls"
    assert [one["id"] for one in last["delta"]["tool_calls"]] == ["a1B2c3D4e"]
    assert json.loads(write_response(response).body)["choices"][0]["message"]["content"] == "Hi"


# ---- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (
            400,
            {"object": "error", "message": "Bad.", "type": "invalid_request_error", "code": "1"},
            "invalid_request",
            "Bad.",
        ),
        (
            422,
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "x"], "msg": "Extra"}]},
            "invalid_request",
            "Extra",
        ),
        (422, {"object": "error", "message": {"detail": [{"msg": "Deeper"}]}}, "invalid_request", "Deeper"),
        (401, {"detail": "Invalid API Key"}, "auth", "Invalid API Key"),
        (401, {"message": "Unauthorized", "request_id": "r1"}, "auth", "Unauthorized"),
        (402, {"message": "Pay"}, "quota", "Pay"),
        (429, {"message": "Requests rate limit exceeded"}, "rate_limit", "Requests"),
        (429, {"message": "Full", "type": "service_tier_capacity_exceeded", "code": "3505"}, "rate_limit", "Full"),
        (503, {"object": "error", "message": "Service unavailable.", "code": "1000"}, "overloaded", "Service"),
        (
            400,
            {"message": "Prompt contains 9 tokens, too large for model with 8 maximum context length"},
            "context_overflow",
            "9",
        ),
    ],
)
def test_errors_have_no_wrapper(status: int, body: Any, kind: str, says: str) -> None:
    error = failed(body, status)

    assert error.kind == kind
    assert says in error.message


def test_the_body_names_the_request() -> None:
    assert failed({"message": "Unauthorized", "request_id": "r1"}, 401).request_id == "r1"


def test_an_error_in_the_middle_of_a_stream_is_raised() -> None:
    decoder = stream_decoder(ORIGIN)

    with pytest.raises(ProviderError, match="Service unavailable"):
        decoder.feed(Frame("", b'{"object":"error","message":"Service unavailable.","code":"1000"}'))
    assert decoder.finish()[1].finish_reason == "error"


def test_a_report_of_a_guardrail_beside_an_answer_is_no_refusal() -> None:
    report = [{"moderation_llm_v2": {"action": "pass", "categories": {"sexual": {"violated": False, "score": 0.1}}}}]

    assert read("Fine.", guardrails=report).refusal is None


PRODUCTION = {
    "object": "error",
    "message": "Request blocked by guardrail policy",
    "type": "guardrail_violation",
    "param": None,
    "code": "1920",
    "raw_status_code": 403,
    "guardrails": [
        {"moderation_llm_v2": {"action": "block", "categories": {"pii": {"violated": False}}}},
        {"moderation_llm_v2": {"action": "block", "categories": {"sexual": {"violated": True}}}},
    ],
}
"""The form of a block in production (a public log of 2026-10-03)."""
DOCUMENTED = {
    "error": {"message": "Content blocked by guardrail", "status": 403},
    "guardrails": {"results": {"moderation_llm_v2": {"violated": True, "decisions": {"sexual": {"violated": True}}}}},
}
"""The form on the vendor's page of 2026-04-23."""


@pytest.mark.parametrize("body", [PRODUCTION, DOCUMENTED], ids=["production", "documented"])
def test_a_guardrail_that_blocked_is_a_refusal_that_names_what_was_violated(body: dict[str, Any]) -> None:
    whole = parse_error(HttpReply(status=403, body=json.dumps(body).encode()), ORIGIN)
    decoder = stream_decoder(ORIGIN)
    decoder.feed(Frame("", json.dumps(body).encode()))
    streamed = decoder.finish()[1]

    for response in (whole, streamed):
        assert isinstance(response, Response)
        assert response.finish_reason == "content_filter"
        assert response.refusal is not None
        assert (response.refusal.source, response.refusal.category) == ("input_filter", "sexual")
        assert response.refusal.raw_category == "sexual"
        assert "guardrails.sexual" in response.refusal.evidence


def test_a_guardrail_that_failed_is_a_failure_and_no_refusal() -> None:
    failure = {"moderation_llm_v2": {"action": "block", "error": {"message": "Moderation API request failed."}}}
    body = {"object": "Error", "message": "Blocked.", "type": "invalid_request_error", "code": 3201}

    assert failed({**body, "guardrails": [failure]}, 403).kind == "server_error"


# ---- requests --------------------------------------------------------------------------------------------------------


def built(request: Request[Any], **spelling: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The wire messages, and the ledger as `action subject`."""
    call, ledger = build_request(request, CAPABILITIES.with_(spelling=spelling))
    return call.json["messages"], [f"{entry.action} {entry.subject}" for entry in ledger]  # type: ignore[index]


CALL = ToolCallPart(id="a1B2c3D4e", name="f", arguments={}, raw_arguments="{}")
AFTER_TOOL = Request(model="m", messages=(user("?"), assistant(CALL), tool_result(CALL.id, "1"), user("And?")))


def test_a_last_assistant_message_is_a_prefix() -> None:
    messages, ledger = built(Request(model="m", messages=(user("Count"), assistant("One,"))))

    assert messages[-1] == {"role": "assistant", "content": "One,", "prefix": True}
    assert "renamed /messages/1" in ledger
    assert "substituted /response/text" in ledger  # it is repeated, which other providers do not do


def test_a_turn_behind_a_tools_result_is_sent_as_it_is_unless_the_model_refuses_that() -> None:
    plain, quiet = built(AFTER_TOOL)
    filled, ledger = built(AFTER_TOOL, **{"messages/after_tool": "OK"})

    assert [message["role"] for message in plain] == ["user", "assistant", "tool", "user"]
    assert [message["role"] for message in filled] == ["user", "assistant", "tool", "assistant", "user"]
    assert "substituted /messages/3" not in quiet
    assert "substituted /messages/3" in ledger


def test_a_tools_schema_is_sent_without_its_name() -> None:
    named = Tool(name="f", parameters={"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"})
    call, ledger = build_request(Request(model="m", messages=(user("?"),), tools=(named,)), CAPABILITIES)

    assert call.json["tools"][0]["function"]["parameters"] == {"type": "object"}  # type: ignore[index]
    assert [entry.severity for entry in ledger if entry.subject == "/tools/0/parameters"] == ["advisory"]


def test_an_assistants_message_with_calls_alone_has_an_empty_text() -> None:
    messages, _ = built(AFTER_TOOL)

    assert messages[1]["content"] == ""


def test_a_failed_tool_says_so_in_its_text() -> None:
    failed_tool = Request(model="m", messages=(user("?"), assistant(CALL), tool_result(CALL.id, "no", is_error=True)))
    messages, ledger = built(failed_tool)

    assert messages[-1]["content"] == "Error: no"
    assert "emulated /messages/2/parts/0/is_error" in ledger


def test_a_field_that_only_the_vendor_knows_goes_through() -> None:
    read_back, ledger = read_request(
        {"model": "m", "messages": [{"role": "user", "content": "hi"}], "safe_prompt": True, "n": 2, "min_tokens": 3}
    )

    assert read_back.extra == {"safe_prompt": True, "n": 2, "min_tokens": 3}
    assert {entry.subject for entry in ledger} == {"/extra/safe_prompt", "/extra/n", "/extra/min_tokens"}


# ---- the plan --------------------------------------------------------------------------------------------------------


def plan(*messages: Any, model: str = "mistral:mistral-large-latest", **options: Any) -> Any:
    with Client() as client:
        return client.plan(model, list(messages), **options)


def test_ids_of_other_vendors_become_nine_letters_in_call_and_result_alike() -> None:
    call = ToolCallPart(id="toolu_01A09q90qw90lq917835lq9", name="f", arguments={}, raw_arguments="{}")
    body = plan(user("?"), assistant(call), tool_result(call.id, "1")).call.json

    sent = body["messages"][1]["tool_calls"][0]["id"]
    assert re.fullmatch("[A-Za-z0-9]{9}", sent)
    assert body["messages"][2]["tool_call_id"] == sent


def test_reasoning_of_others_is_left_out_and_never_text() -> None:
    mine = plan(user("?"), assistant(ReasoningPart(text="hidden", origin=ORIGIN), "Yes."), user("!"))

    assert "hidden" not in mine.call.body.decode()
    assert [entry.severity for entry in mine.adaptations if entry.subject.endswith("/state")] == ["lost"]


def test_logprobs_are_left_out_with_an_entry_since_nearly_every_model_refuses_them() -> None:
    made = plan(user("?"), sampling=Sampling(logprobs=2))

    assert "logprobs" not in made.call.json
    assert [entry.action for entry in made.adaptations if entry.subject == "/sampling/logprobs"] == ["dropped"]


@pytest.mark.parametrize(("wanted", "sent"), [("low", "high"), ("max", "high"), ("none", "none")])
def test_an_effort_becomes_the_nearest_word_that_is_documented(wanted: Any, sent: str) -> None:
    made = plan(user("?"), model="mistral:mistral-small-latest", reasoning=Reasoning(effort=wanted))

    assert made.call.json["reasoning_effort"] == sent


def test_json_without_a_schema_is_named_in_the_messages() -> None:
    made = plan(system("Be brief."), user("?"), output="json")

    assert made.call.json["response_format"] == {"type": "json_object"}
    assert "JSON" in made.call.json["messages"][0]["content"][1]["text"]
