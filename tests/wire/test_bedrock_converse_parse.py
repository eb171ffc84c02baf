"""Answers, streams and errors of Converse as they are recorded and documented, read for what they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portable_llm._errors import ProviderError, UnreadableAnswerError
from portable_llm._events import PartStart, ReasoningDelta, TextDelta, ToolCallDelta
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._messages import Origin, ReasoningPart, TextPart, UnknownPart
from portable_llm._response import Response
from portable_llm.wire.bedrock_converse import (
    CAPABILITIES,
    build_request,
    parse_error,
    parse_response,
    read_request,
    stream_decoder,
)

ORIGIN = Origin(provider="bedrock", host="h", model="amazon.nova-lite-v1:0")
USAGE = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}


def whole(*content: dict[str, Any], stop: str = "end_turn", **beside: Any) -> Response[None]:
    body = {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": stop,
        "usage": USAGE,
        "metrics": {"latencyMs": 9},
        **beside,
    }
    headers = {"content-type": "application/json", "x-amzn-requestid": "r-1"}
    return parse_response(HttpReply(status=200, headers=headers, body=json.dumps(body).encode()), ORIGIN)


def frame(name: str, **fields: Any) -> Frame:
    return Frame(name, json.dumps({**fields, "p": "abcdefgh"}).encode())


def delta(index: int, **fields: Any) -> Frame:
    return frame("contentBlockDelta", contentBlockIndex=index, delta=fields)


def start(index: int, **fields: Any) -> Frame:
    return frame("contentBlockStart", contentBlockIndex=index, start=fields)


def stop(index: int) -> Frame:
    return frame("contentBlockStop", contentBlockIndex=index)


def streamed(*frames: Frame, end: str = "end_turn") -> Response[None]:
    decoder = stream_decoder(ORIGIN)
    last = (frame("messageStop", stopReason=end), frame("metadata", usage=USAGE, metrics={"latencyMs": 9}))
    for each in (frame("messageStart", role="assistant"), *frames, *last):
        decoder.feed(each)
    assert decoder.is_complete
    return decoder.finish()[1]


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_an_answer_is_named_by_what_was_asked_and_by_its_request() -> None:
    response = whole({"text": "hi"})

    assert (response.text, response.model, response.id, response.request_id) == ("hi", ORIGIN.model, None, "r-1")
    assert (response.finish_reason, response.raw_finish_reason) == ("stop", "end_turn")


def test_cached_tokens_are_counted_inside() -> None:
    counts = {**USAGE, "cacheReadInputTokens": 100, "cacheWriteInputTokens": 20, "totalTokens": 135}

    usage = whole({"text": "hi"}, usage=counts).usage

    assert (usage.input_tokens, usage.output_tokens) == (130, 5)
    assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (100, 20)
    assert usage.reasoning_output_tokens is None


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("tool_use", "tool_call"),
        ("model_context_window_exceeded", "context_overflow"),
        ("malformed_model_output", "error"),
        ("malformed_tool_use", "error"),
        ("a_word_of_next_year", "unknown"),
        ("", "unknown"),
    ],
)
def test_what_the_words_for_an_ending_mean(word: str, reason: str) -> None:
    assert whole({"text": "hi"}, stop=word).finish_reason == reason
    assert streamed(delta(0, text="hi"), end=word).finish_reason == reason


def test_reasoning_keeps_its_signature_and_what_cannot_be_read() -> None:
    response = whole(
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "EqQB"}}},
        {"reasoningContent": {"redactedContent": "c2VjcmV0"}},
        {"text": "Yes."},
    )

    assert response.message.parts == (
        ReasoningPart(text="Hm.", state={"signature": "EqQB"}, origin=ORIGIN),
        ReasoningPart(state={"redactedContent": "c2VjcmV0"}, origin=ORIGIN),
        TextPart(text="Yes."),
    )


CITATION = {
    "title": "policy",
    "sourceContent": [{"text": "Consult with your manager."}],
    "location": {"documentChar": {"documentIndex": 0, "start": 58, "end": 96}},
}


def test_cited_text_is_text_with_its_sources() -> None:
    cited = {"citationsContent": {"content": [{"text": "Ask your manager."}], "citations": [CITATION]}}

    response = whole({"text": "Well: "}, cited)
    again = streamed(
        delta(0, text="Well: "),
        stop(0),
        delta(1, text="Ask your "),
        delta(1, text="manager."),
        delta(1, citation=CITATION),
    )

    assert response.text == "Well: Ask your manager."
    part = response.message.parts[1]
    assert isinstance(part, TextPart)
    assert (part.citations[0].title, part.citations[0].quote) == ("policy", "Consult with your manager.")
    assert again.message == response.message


def test_what_the_provider_ran_itself_is_kept_whole_and_nothing_to_run() -> None:
    call = {"toolUseId": "t1", "name": "nova_code_interpreter", "input": {"snippet": "1+1"}, "type": "server_tool_use"}
    result = {"toolUseId": "t1", "type": "nova_code_interpreter_result", "content": [{"json": {"stdOut": "2"}}]}
    mine = {"toolUseId": "t2", "name": "final", "input": {"n": 2}, "type": "tool_use"}

    response = whole({"toolUse": call}, {"toolResult": result}, {"toolUse": mine}, stop="tool_use")
    again = streamed(
        start(0, toolUse={name: call[name] for name in ("toolUseId", "name", "type")}),
        delta(0, toolUse={"input": '{"snippet":'}),
        delta(0, toolUse={"input": '"1+1"}'}),
        stop(0),
        start(1, toolResult={"toolUseId": "t1", "type": result["type"]}),
        delta(1, toolResult=result["content"]),
        stop(1),
        start(2, toolUse={"toolUseId": "t2", "name": "final"}),
        delta(2, toolUse={"input": '{"n":2}'}),
        end="tool_use",
    )

    assert [each.name for each in response.tool_calls] == ["final"]
    assert [part.raw for part in response.message.parts[:2] if isinstance(part, UnknownPart)] == [
        {"toolUse": call},
        {"toolResult": result},
    ]
    assert [part.raw for part in again.message.parts[:2] if isinstance(part, UnknownPart)] == [
        {"toolUse": call},
        {"toolResult": result},
    ]
    assert [each.arguments for each in again.tool_calls] == [{"n": 2}]


def test_an_answer_is_replayed_as_it_came() -> None:
    content = [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "EqQB"}}},
        {"citationsContent": {"content": [{"text": "Ask."}], "citations": [CITATION]}},
        {"toolResult": {"toolUseId": "t1", "type": "nova_code_interpreter_result", "content": []}},
        {"toolUse": {"toolUseId": "t2", "name": "final", "input": {"n": 2}}},
    ]
    asked, _ = read_request({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, path="/model/m/converse")
    history = (*asked.messages, whole(*content, stop="tool_use").message)

    from dataclasses import replace

    call, _ = build_request(replace(asked, messages=history), CAPABILITIES)

    body = call.json
    assert isinstance(body, dict)
    assert body["messages"][1] == {"role": "assistant", "content": content}  # type: ignore[index, call-overload]


# ---- guardrails ------------------------------------------------------------------------------------------------------


def guarded(trace: dict[str, Any], text: str = "Blocked.") -> Response[None]:
    return whole({"text": text}, stop="guardrail_intervened", trace={"guardrail": trace})


def test_a_guardrail_says_on_which_side_it_stepped_in_and_why() -> None:
    topic = {"topicPolicy": {"topics": [{"name": "Fiduciary", "type": "DENY", "action": "BLOCKED"}]}}
    insult = {"contentPolicy": {"filters": [{"type": "INSULTS", "confidence": "HIGH", "action": "BLOCKED"}]}}

    asked = guarded({"inputAssessment": {"g1": topic}}).refusal
    answered = guarded({"inputAssessment": {"g1": {}}, "outputAssessments": {"g1": [insult]}}).refusal

    assert asked is not None
    assert (asked.source, asked.category, asked.text) == ("input_filter", "out_of_scope", "Blocked.")
    assert asked.evidence == ("stopReason=guardrail_intervened", "guardrail.input.topicPolicy=BLOCKED")
    assert answered is not None
    assert (answered.source, answered.category, answered.raw_category) == ("output_filter", "hate", "INSULTS")


def test_a_masked_answer_keeps_its_text_and_is_no_success() -> None:
    entity = {"type": "ADDRESS", "match": "Italy", "action": "ANONYMIZED"}
    trace = {
        "modelOutput": ["The capital of Italy is Rome."],
        "outputAssessments": {"g1": [{"sensitiveInformationPolicy": {"piiEntities": [entity]}}]},
    }

    response = guarded(trace, "The capital of {ADDRESS} is {ADDRESS}.")

    assert response.finish_reason == "content_filter"
    assert response.text == "The capital of {ADDRESS} is {ADDRESS}."
    assert response.refusal is not None
    assert (response.refusal.category, response.refusal.text) == ("privacy", None)
    # What had to stay hidden stays out of everything but the raw body.
    assert "Italy" not in repr(response.refusal)


def test_a_guardrail_without_a_trace_is_still_one() -> None:
    response = streamed(delta(0, text="Sorry."), end="guardrail_intervened")

    assert response.finish_reason == "content_filter"
    assert response.refusal is not None
    assert response.refusal.source == "output_filter"


def test_a_refusal_in_the_model_s_own_words_is_one_whatever_the_protocol_says() -> None:
    own = {"stop_reason": "refusal", "stop_details": {"category": "cyber", "explanation": "Not this."}}

    response = whole({"text": "Sure"}, stop="end_turn", additionalModelResponseFields=own)

    assert (response.finish_reason, response.raw_finish_reason) == ("refusal", "end_turn")
    assert response.refusal is not None
    assert (response.refusal.source, response.refusal.category) == ("model", "cyber")
    assert (response.refusal.text, response.refusal.is_withdrawn) == ("Not this.", True)
    assert whole({"text": "Sure"}, additionalModelResponseFields={"stop_reason": "end_turn"}).refusal is None


# ---- streams ---------------------------------------------------------------------------------------------------------


def test_text_and_reasoning_begin_without_being_announced() -> None:
    decoder = stream_decoder(ORIGIN)

    assert decoder.feed(delta(0, reasoningContent={"text": "Hm"})) == [
        PartStart(0, "reasoning"),
        ReasoningDelta(0, "Hm"),
    ]
    assert decoder.feed(delta(0, reasoningContent={"signature": "EqQB"})) == []
    assert decoder.feed(delta(1, text="Yes")) == [PartStart(1, "text"), TextDelta(1, "Yes")]
    assert decoder.feed(start(2, toolUse={"toolUseId": "t", "name": "f"})) == [
        PartStart(2, "tool_call"),
        ToolCallDelta(2, "t", "f", ""),
    ]


def test_blocks_may_interleave() -> None:
    response = streamed(
        start(0, toolUse={"toolUseId": "a", "name": "f"}),
        start(1, toolUse={"toolUseId": "b", "name": "g"}),
        delta(1, toolUse={"input": '{"x":'}),
        delta(0, toolUse={"input": ""}),
        delta(1, toolUse={"input": "1}"}),
        end="tool_use",
    )

    assert [(call.id, call.arguments) for call in response.tool_calls] == [("a", {}), ("b", {"x": 1})]


def test_pieces_of_redacted_reasoning_are_joined_as_bytes() -> None:
    response = streamed(
        delta(0, reasoningContent={"redactedContent": "c2Vj"}),
        delta(0, reasoningContent={"redactedContent": "cmV0IQ=="}),
    )

    assert response.message.parts == (ReasoningPart(state={"redactedContent": "c2VjcmV0IQ=="}, origin=ORIGIN),)


def test_a_stream_that_just_stops_is_not_complete() -> None:
    decoder = stream_decoder(ORIGIN)
    decoder.feed(delta(0, text="Ye"))

    assert not decoder.is_complete
    _, partial = decoder.finish()
    assert (partial.text, partial.finish_reason, partial.usage.output_tokens) == ("Ye", "unknown", None)


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("exception:throttlingException", {"message": "slow down"}, "rate_limit"),
        ("exception:internalServerException", {"message": "oh"}, "server_error"),
        ("exception:serviceUnavailableException", {"message": "busy"}, "overloaded"),
        ("exception:validationException", {"message": "Input is too long for requested model."}, "context_overflow"),
        (
            "exception:modelStreamErrorException",
            {"originalStatusCode": 500, "originalMessage": "the model broke"},
            "server_error",
        ),
        ("exception:next year's", {"originalStatusCode": 429, "message": "slow down"}, "rate_limit"),
        ("error:Broken", {"message": "no more"}, "server_error"),
        ("exception:throttlingException", None, "rate_limit"),
    ],
)
def test_an_exception_inside_a_stream_is_an_error(name: str, body: Any, kind: str) -> None:
    decoder = stream_decoder(ORIGIN)
    decoder.feed(delta(0, text="So "))

    with pytest.raises(ProviderError) as caught:
        decoder.feed(Frame(name, b"" if body is None else json.dumps(body).encode()))

    assert caught.value.kind == kind
    assert caught.value.code == name.partition(":")[2]
    if body:
        assert body.get("message", body.get("originalMessage")) in caught.value.message
    assert not decoder.is_complete
    assert decoder.finish()[1].text == "So "


# ---- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "word", "message", "kind"),
    [
        (400, "ValidationException", "The provided model identifier is invalid.", "invalid_request"),
        (400, "ValidationException", "Input is too long for requested model.", "context_overflow"),
        (400, "ServiceQuotaExceededException", "quota", "quota"),
        (403, "AccessDeniedException", "You don't have access to the model.", "permission"),
        (403, "UnrecognizedClientException", "invalid", "auth"),
        (403, "ExpiredTokenException", "The security token included in the request is expired", "auth"),
        (403, "InvalidSignatureException", "Signature expired", "auth"),
        (403, None, "The security token included in the request is expired", "auth"),
        (403, None, "You don't have access to the model with the specified model ID.", "permission"),
        (404, "ResourceNotFoundException", "end of its life", "not_found"),
        (408, "ModelTimeoutException", "too slow", "timeout"),
        (424, "ModelErrorException", "the model broke", "server_error"),
        (429, "ThrottlingException", "Too many tokens, please wait before trying again.", "rate_limit"),
        (429, "ModelNotReadyException", "not ready", "overloaded"),
        (429, None, "Too many tokens, please wait before trying again.", "rate_limit"),
        (500, "InternalServerException", "oh", "server_error"),
        (503, "ServiceUnavailableException", "busy", "overloaded"),
    ],
)
def test_what_an_error_means(status: int, word: str | None, message: str, kind: str) -> None:
    headers = {} if word is None else {"x-amzn-errortype": f"{word}:http://internal.amazon.com/coral/"}
    body = json.dumps({"message": message}).encode()

    error = parse_error(HttpReply(status=status, headers=headers, body=body), ORIGIN)

    assert isinstance(error, ProviderError)
    assert (error.kind, error.status, error.code) == (kind, status, word)
    assert message in error.message


@pytest.mark.parametrize(
    "body",
    [
        {"Message": "no", "__type": "com.amazon.coral.service#AccessDeniedException"},
        {"message": "no", "__type": "AccessDeniedException"},
    ],
)
def test_the_type_may_stand_in_the_body(body: dict[str, str]) -> None:
    error = parse_error(HttpReply(status=403, body=json.dumps(body).encode()), ORIGIN)

    assert isinstance(error, ProviderError)
    assert (error.kind, error.code) == ("permission", "AccessDeniedException")
    assert "no" in error.message


def test_an_error_inside_a_200_is_an_error() -> None:
    reply = HttpReply(
        status=200, headers={"x-amzn-errortype": "ThrottlingException"}, body=b'{"message":"Too many requests"}'
    )

    with pytest.raises(ProviderError, match="Too many requests") as caught:
        parse_response(reply, ORIGIN)
    assert caught.value.kind == "rate_limit"


def test_a_body_without_a_message_is_unreadable() -> None:
    with pytest.raises(UnreadableAnswerError, match=r"output\.message"):
        parse_response(HttpReply(status=200, body=b'{"inputTokens": 3}'), ORIGIN)
