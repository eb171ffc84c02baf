"""generateContent answers → portable ones: whole, as a JSON array, as a stream, as an error."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portable_llm._errors import (
    AuthenticationError,
    OverloadedError,
    ProviderError,
    QuotaError,
    RateLimitError,
    UnreadableAnswerError,
)
from portable_llm._events import TextDelta
from portable_llm._frames import Frame, SseDecoder
from portable_llm._http import HttpReply
from portable_llm._messages import (
    Citation,
    Origin,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    UnknownPart,
    assistant,
)
from portable_llm._response import Refusal, Refused, Response, Usage
from portable_llm.wire.gemini import (
    parse_error,
    parse_response,
    stream_decoder,
    write_response,
    write_stream,
)
from wire import gemini_strategies

MANY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ORIGIN = gemini_strategies.ORIGIN


def reply(body: Any, status: int = 200) -> HttpReply:
    return HttpReply(status=status, body=json.dumps(body).encode())


def candidate(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, "index": 0, **fields}]}


def whole(*parts: dict[str, Any], **fields: Any) -> Response[None]:
    return parse_response(reply(candidate(*parts, **fields)), ORIGIN)


def streamed(*chunks: dict[str, Any]) -> Response[None]:
    decoder = stream_decoder(ORIGIN)
    for chunk in chunks:
        decoder.feed(Frame("", json.dumps(chunk).encode()))
    return decoder.finish()[1]


# ---- parts -----------------------------------------------------------------------------------------------------------


def test_an_answer_of_thoughts_calls_and_text() -> None:
    body = candidate(
        {"text": "Look up.", "thought": True},
        {"functionCall": {"name": "weather", "args": {"city": "Oslo"}}, "thoughtSignature": "CrUF"},
        {"functionCall": {"name": "weather", "args": {"city": "Rome"}, "id": "given"}},
        {"text": "Wait."},
        finishReason="STOP",
    )
    usage = {"promptTokenCount": 30, "candidatesTokenCount": 12, "thoughtsTokenCount": 40, "totalTokenCount": 82}
    response = parse_response(
        reply({**body, "usageMetadata": usage, "modelVersion": "gemini-3", "responseId": "r-1_x"}), ORIGIN
    )

    assert response.message.parts == (
        ReasoningPart(text="Look up.", origin=ORIGIN),
        ToolCallPart(
            id="call_0_r1x",
            name="weather",
            arguments={"city": "Oslo"},
            raw_arguments='{"city":"Oslo"}',
            state={"thoughtSignature": "CrUF"},
            origin=ORIGIN,
        ),
        ToolCallPart(id="given", name="weather", arguments={"city": "Rome"}, raw_arguments='{"city":"Rome"}'),
        TextPart(text="Wait."),
    )
    assert (response.finish_reason, response.raw_finish_reason) == ("tool_call", "STOP")
    assert response.usage == Usage(input_tokens=30, output_tokens=52, reasoning_output_tokens=40)
    assert (response.id, response.model) == ("r-1_x", "gemini-3")


def test_tokens_that_built_in_tools_put_into_the_prompt_are_input() -> None:
    usage = {"promptTokenCount": 5, "toolUsePromptTokenCount": 7, "cachedContentTokenCount": 2}

    response = parse_response(reply({"usageMetadata": usage}), ORIGIN)

    assert response.usage == Usage(input_tokens=12, cache_read_input_tokens=2)


def test_a_signature_stays_on_its_part_even_if_that_is_empty() -> None:
    response = streamed(
        candidate({"text": "a"}),
        candidate({"text": "b"}),
        candidate({"text": "", "thoughtSignature": "xx"}),
        candidate({"text": "c"}),
        candidate({"text": ""}, finishReason="STOP"),
    )

    assert response.message.parts == (
        TextPart(text="ab"),
        TextPart(text="", state={"thoughtSignature": "xx"}, origin=ORIGIN),
        TextPart(text="c"),
    )
    assert response.text == "abc"


@pytest.mark.parametrize(
    "part",
    [
        {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "aa"},
        {"toolCall": {"id": "1", "toolType": "GOOGLE_SEARCH"}},
        {"galaxy": {"brain": True}},
        {"thoughtSignature": "alone"},
    ],
)
def test_pieces_of_another_kind_are_kept_whole(part: dict[str, Any]) -> None:
    response = whole(part, finishReason="STOP")

    assert response.message.parts == (UnknownPart(raw=part, origin=ORIGIN),)
    assert response.tool_calls == ()


def test_arguments_that_are_no_object_stay_unread() -> None:
    calls = whole(
        {"functionCall": {"name": "a", "args": "cut {"}},
        {"functionCall": {"name": "b", "args": [1]}},
        {"functionCall": {"name": "c"}},
    ).tool_calls

    assert [(call.arguments, call.raw_arguments) for call in calls] == [(None, "cut {"), (None, "[1]"), ({}, "{}")]


def test_not_a_number_in_arguments_is_no_crash() -> None:
    body = b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"a","args":{"x":NaN}}}]}}]}'

    (call,) = parse_response(HttpReply(status=200, body=body), ORIGIN).tool_calls

    assert call.raw_arguments == '{"x": NaN}'


def test_a_call_that_a_later_chunk_repeats_is_one_call() -> None:
    call = {"functionCall": {"name": "a", "args": {"x": 1}, "id": "1"}}
    response = streamed(
        candidate({**call, "thoughtSignature": "xx"}),
        candidate(call, finishReason="STOP"),
        candidate({"functionCall": {"name": "a", "args": {"x": 2}, "id": "1"}}),
    )

    assert [(c.arguments, c.state) for c in response.tool_calls] == [
        ({"x": 1}, {"thoughtSignature": "xx"}),
        ({"x": 2}, None),
    ]


def test_only_the_first_of_several_candidates_is_read() -> None:
    chunks = [
        {"candidates": [{"index": 1, "content": {"parts": [{"text": "B"}]}, "finishReason": "MAX_TOKENS"}]},
        {"candidates": [{"index": 0, "content": {"parts": [{"text": "A"}]}, "finishReason": "STOP"}]},
    ]

    assert streamed(*chunks).text == "A"
    assert streamed(*chunks).finish_reason == "stop"


# ---- endings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("STOP", "stop"),
        ("stop", "stop"),
        ("MAX_TOKENS", "length"),
        ("CONTINUATION", "pause"),
        ("MALFORMED_FUNCTION_CALL", "error"),
        ("UNEXPECTED_TOOL_CALL", "error"),
        ("OTHER", "unknown"),
        ("GALAXY_BRAIN", "unknown"),
        (1, "stop"),
        (2, "length"),
        (3, "content_filter"),
        (9, "unknown"),  # a filter at one service, a malformed call at the other
        (77, "unknown"),
    ],
)
def test_every_word_or_number_keeps_itself_beside_its_meaning(word: Any, reason: str) -> None:
    response = whole({"text": "x"}, finishReason=word)

    assert (response.finish_reason, response.raw_finish_reason) == (reason, str(word))


def test_no_word_is_never_a_stop() -> None:
    assert whole({"text": "x"}).finish_reason == "unknown"


def test_calls_do_not_hide_that_the_answer_was_cut_or_failed() -> None:
    call = {"functionCall": {"name": "a", "args": {}}}

    assert whole(call, finishReason="MAX_TOKENS").finish_reason == "length"
    assert whole(call, finishReason="UNEXPECTED_TOOL_CALL").finish_reason == "error"


def test_a_blocked_prompt_is_a_refusal_by_the_input_filter() -> None:
    feedback = {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": "Not this."}
    response = parse_response(reply({"promptFeedback": feedback}), ORIGIN)

    refusal = Refusal(
        kind="hard",
        source="input_filter",
        category="other",
        raw_category="PROHIBITED_CONTENT",
        text="Not this.",
        evidence=("promptFeedback.blockReason=PROHIBITED_CONTENT",),
    )
    assert response.outcome == Refused(refusal=refusal)
    assert (response.finish_reason, response.raw_finish_reason) == ("content_filter", "PROHIBITED_CONTENT")


def test_a_filtered_answer_names_the_harm_that_its_ratings_name() -> None:
    ratings = [
        {"category": "HARM_CATEGORY_HARASSMENT", "probability": "LOW"},
        {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True},
    ]
    response = whole(finishReason="SAFETY", safetyRatings=ratings)

    assert response.refusal == Refusal(
        kind="hard",
        source="output_filter",
        category="illegal",
        raw_category="HARM_CATEGORY_DANGEROUS_CONTENT",
        evidence=("finishReason=SAFETY", "safetyRatings.blocked=HARM_CATEGORY_DANGEROUS_CONTENT"),
    )


def ending(word: str | int, text: str = "") -> dict[str, Any]:
    return candidate(*([{"text": text}] if text else []), finishReason=word)


@pytest.mark.parametrize("word", ["RECITATION", "SAFETY", "PROHIBITED_CONTENT", 4])
@pytest.mark.parametrize(
    "order",
    [
        pytest.param(("stop", "filter"), id="after a stop"),
        pytest.param(("filter", "stop"), id="before a stop"),
        pytest.param(("stop", "filter", "stop"), id="between two"),
        pytest.param(("filter", "length"), id="before a limit"),
        pytest.param(("error", "filter", "stop"), id="after a failure"),
    ],
)
def test_a_filter_in_any_chunk_is_the_reason_to_end_and_the_text_is_kept(
    word: str | int, order: tuple[str, ...]
) -> None:
    words = {"stop": "STOP", "filter": word, "length": "MAX_TOKENS", "error": "MALFORMED_RESPONSE"}
    chunks = [candidate({"text": "Call me "}), *(ending(words[name], name[:1]) for name in order)]
    whole_text = "Call me " + "".join(name[:1] for name in order)
    whole = parse_response(reply(chunks), ORIGIN)

    for response in (streamed(*chunks), whole):
        assert (response.finish_reason, response.raw_finish_reason) == ("content_filter", str(word))
        assert response.text == whole_text
        assert response.refusal is not None
        assert response.refusal.evidence == (f"finishReason={word}",)
        assert response.outcome == Refused(refusal=response.refusal)
        assert not response.is_complete
    assert streamed(*chunks).refusal == whole.refusal


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("MAX_TOKENS", "STOP"), "length"),
        (("MALFORMED_FUNCTION_CALL", "STOP"), "error"),
        (("OTHER", "STOP"), "unknown"),
        (("STOP", "MAX_TOKENS"), "length"),
        (("CONTINUATION", "STOP"), "stop"),
        (("FINISH_REASON_UNSPECIFIED", "STOP"), "stop"),
        (("STOP", "STOP"), "stop"),
    ],
)
def test_a_plain_stop_unsays_no_other_reason(words: tuple[str, ...], reason: str) -> None:
    assert streamed(*(ending(word, "x") for word in words)).finish_reason == reason


def test_a_rating_that_blocked_and_a_blocked_prompt_stay_so_in_later_chunks() -> None:
    blocked = {"category": "HARM_CATEGORY_HARASSMENT", "blocked": True}
    calm = {"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"}
    rated = streamed(
        candidate({"text": "a"}, safetyRatings=[blocked]),
        candidate({"text": "b"}, safetyRatings=[blocked]),
        candidate({"text": "c"}, safetyRatings=[calm], finishReason="STOP"),
    )
    asked = streamed(
        {"promptFeedback": {"blockReason": "SAFETY"}},
        {**candidate({"text": "c"}, finishReason="STOP"), "promptFeedback": {"safetyRatings": [calm]}},
    )

    assert rated.refusal is not None
    assert rated.refusal.evidence == ("safetyRatings.blocked=HARM_CATEGORY_HARASSMENT",)
    assert (rated.finish_reason, rated.text) == ("content_filter", "abc")
    assert asked.refusal is not None
    assert (asked.finish_reason, asked.refusal.source) == ("content_filter", "input_filter")


def test_a_stream_that_is_cut_before_the_reason_has_not_ended() -> None:
    decoder = stream_decoder(ORIGIN)
    decoder.feed(Frame("", json.dumps(candidate({"text": "Call me "})).encode()))

    assert not decoder.is_complete


def test_harmless_ratings_of_a_prompt_block_nothing() -> None:
    body = {**candidate({"text": "x"}, finishReason="STOP"), "promptFeedback": {"safetyRatings": [{"blocked": False}]}}

    assert parse_response(reply(body), ORIGIN).finish_reason == "stop"


def test_a_paused_answer_ends_with_the_token_that_continues_it() -> None:
    response = whole({"text": "half"}, finishReason="CONTINUATION", continuationToken="dG9r")

    assert response.finish_reason == "pause"
    assert response.message.parts[-1] == UnknownPart(raw={"continuationToken": "dG9r"}, origin=ORIGIN)


# ---- citations -------------------------------------------------------------------------------------------------------


def test_grounding_counts_bytes_and_citations_characters() -> None:
    chunk = {"web": {"uri": "https://example.test/a", "title": "A"}}
    passage = {"startIndex": 7, "endIndex": 11, "text": "ngst"}
    metadata = {
        "groundingChunks": [chunk],
        "groundingSupports": [{"segment": passage, "groundingChunkIndices": [0]}],
    }
    response = streamed(
        candidate({"text": "hm", "thought": True}),
        candidate({"text": "Øre "}),
        candidate({"text": "Ångst"}),
        candidate({"text": "", "thoughtSignature": "x"}, finishReason="STOP", groundingMetadata=metadata),
    )

    text = response.message.parts[1]
    assert isinstance(text, TextPart)
    assert text.citations == (Citation(start=5, end=9, url="https://example.test/a", title="A", raw=chunk),)
    assert text.text[5:9] == "ngst"


@pytest.mark.parametrize(
    "segment",
    [
        {"startIndex": 0, "endIndex": 2, "text": "other words"},
        {"startIndex": 1, "endIndex": 3},  # inside a character
        {"startIndex": 2, "endIndex": 99},
        {},
    ],
)
def test_a_passage_that_is_not_there_stays_without_a_place(segment: dict[str, Any]) -> None:
    support = {"segment": segment, "groundingChunkIndices": [7]}
    response = whole({"text": "Øre"}, finishReason="STOP", groundingMetadata={"groundingSupports": [support]})

    (text,) = response.message.parts
    assert isinstance(text, TextPart)
    assert text.citations == (Citation(raw={}),)


@pytest.mark.parametrize("name", ["citations", "citationSources"])
def test_citations_have_their_place(name: str) -> None:
    entry = {"startIndex": 2, "endIndex": 5, "uri": "https://example.test", "license": "MIT"}
    response = whole({"text": "é says"}, finishReason="STOP", citationMetadata={name: [entry]})

    (text,) = response.message.parts
    assert isinstance(text, TextPart)
    assert text.citations == (Citation(start=1, end=4, url="https://example.test", raw=entry),)


# ---- arguments in pieces (Vertex AI) ---------------------------------------------------------------------------------


def partial(*arguments: dict[str, Any], name: str | None = None, more: bool = True) -> dict[str, Any]:
    call: dict[str, Any] = {"partialArgs": list(arguments)}
    if name:
        call["name"] = name
    if more:
        call["willContinue"] = True
    return candidate({"functionCall": call})


def test_arguments_that_come_leaf_by_leaf_are_put_together() -> None:
    response = streamed(
        partial(name="book"),
        partial({"jsonPath": "$.city", "stringValue": "Os", "willContinue": True}),
        partial({"jsonPath": "$.city", "stringValue": "lo"}),
        partial(
            {"jsonPath": "$.days[0].n", "numberValue": 3}, {"jsonPath": "$.days[1]['x']", "nullValue": "NULL_VALUE"}
        ),
        partial({"jsonPath": "$.ok", "boolValue": True}, more=False),
        candidate({"text": "done"}, finishReason="STOP"),
    )

    (call,) = response.tool_calls
    assert call.arguments == {"city": "Oslo", "days": [{"n": 3}, {"x": None}], "ok": True}
    assert response.text == "done"


def test_a_call_cut_inside_its_arguments_is_unreadable_and_never_empty() -> None:
    (call,) = streamed(partial(name="book"), partial({"jsonPath": "$.city", "stringValue": "Os"})).tool_calls

    assert call.arguments is None
    assert "Os" in call.raw_arguments


@pytest.mark.parametrize("path", ["$.a[999999999]", "$", "a", "$.a[", "$" + ".a" * 300, "$.b.c", "$.b[0]"])
def test_a_path_that_leads_nowhere_makes_the_call_unreadable(path: str) -> None:
    piece = {"jsonPath": path, "numberValue": 1}
    (call,) = streamed(partial({"jsonPath": "$.b", "numberValue": 1}, piece, name="f", more=False)).tool_calls

    assert call.arguments is None


# ---- there and back --------------------------------------------------------------------------------------------------


@MANY
@given(response=gemini_strategies.answers() | gemini_strategies.blocked_prompts())
def test_what_is_written_parses_back_equal(response: Response[None]) -> None:
    read = parse_response(write_response(response), ORIGIN)

    assert gemini_strategies.without_raw_sources(read) == response


@MANY
@given(response=gemini_strategies.answers() | gemini_strategies.blocked_prompts(), pieces=st.integers(1, 5))
def test_a_stream_adds_up_to_the_whole_answer(response: Response[None], pieces: int) -> None:
    decoder, frames = stream_decoder(ORIGIN), SseDecoder()
    for chunk in write_stream(response, pieces=pieces):
        for frame in frames.feed(chunk):
            decoder.feed(frame)

    assert decoder.is_complete
    assert decoder.finish()[1] == replace(parse_response(write_response(response), ORIGIN), raw=None)


@MANY
@given(response=gemini_strategies.answers(), data=st.data())
def test_a_stream_cut_anywhere_is_a_prefix_and_says_so(response: Response[None], data: st.DataObject) -> None:
    stream = b"".join(write_stream(response))
    cut = data.draw(st.integers(0, len(stream) - 1))
    decoder, frames = stream_decoder(ORIGIN), SseDecoder()
    for frame in frames.feed(stream[:cut]):
        decoder.feed(frame)

    # The last event alone holds the reason to end, and is whole only with its blank line.
    is_whole = stream[cut:] == b"\n"
    assert decoder.is_complete == is_whole
    partial_answer = decoder.finish()[1]
    assert response.text.startswith(partial_answer.text)
    assert is_whole or partial_answer.finish_reason == "unknown"


@MANY
@given(response=gemini_strategies.answers())
def test_a_json_array_of_chunks_says_the_same_as_the_stream(response: Response[None]) -> None:
    chunks = [json.loads(chunk[6:]) for chunk in write_stream(response)]

    read = parse_response(reply(chunks), ORIGIN)

    assert read.raw == {"chunks": chunks}
    assert replace(read, raw=None) == streamed(*chunks)


def test_a_model_s_typed_refusal_is_written_as_the_nearest_that_is_no_success() -> None:
    refusal = Refusal(kind="hard", source="model", text="I will not.")
    declined = replace(
        whole(finishReason="STOP"),
        message=assistant(RefusalPart(text="I will not.")),
        finish_reason="refusal",
        raw_finish_reason=None,
        refusal=refusal,
    )

    read = parse_response(write_response(declined), ORIGIN)

    assert (read.finish_reason, read.raw_finish_reason, read.text) == ("content_filter", "SAFETY", "")
    assert read.refusal is not None
    assert read.refusal.text == "I will not."


# ---- the stream ------------------------------------------------------------------------------------------------------


def test_deltas_come_as_they_arrive_and_calls_end_at_once() -> None:
    decoder = stream_decoder(ORIGIN)

    def feed(chunk: dict[str, Any]) -> list[Any]:
        return [type(d).__name__ for d in decoder.feed(Frame("", json.dumps(chunk).encode()))]

    assert feed({**candidate({"text": "a"}), "responseId": "r", "modelVersion": "m"}) == [
        "Started",
        "PartStart",
        "TextDelta",
    ]
    assert feed(candidate({"text": "b"})) == ["TextDelta"]
    assert feed(candidate({"functionCall": {"name": "f", "args": {}}})) == ["PartStart", "ToolCallDelta", "PartEnd"]
    assert not decoder.is_complete
    assert feed(candidate(finishReason="STOP")) == []
    assert decoder.is_complete
    assert [type(d).__name__ for d in decoder.finish()[0]] == ["PartEnd"]


def test_events_without_blank_lines_between_them_are_read_one_by_one() -> None:
    lines = [json.dumps(candidate({"text": t})).encode() for t in "ab"]
    decoder = stream_decoder(ORIGIN)

    deltas = decoder.feed(Frame("", b"\n".join(lines)))

    assert [d.text for d in deltas if isinstance(d, TextDelta)] == ["a", "b"]


def test_an_error_inside_a_stream_is_raised_and_the_partial_answer_stays() -> None:
    decoder = stream_decoder(ORIGIN)
    decoder.feed(Frame("", json.dumps(candidate({"text": "half"})).encode()))

    with pytest.raises(OverloadedError, match="overloaded") as caught:
        decoder.feed(Frame("", b'{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}'))

    assert caught.value.status == 200
    assert not decoder.is_complete
    assert decoder.finish()[1].text == "half"


def test_a_frame_that_is_no_json_is_unreadable() -> None:
    with pytest.raises(UnreadableAnswerError, match="<html>"):
        stream_decoder(ORIGIN).feed(Frame("", b"<html>"))


def test_the_end_mark_of_another_protocol_is_ignored() -> None:
    decoder = stream_decoder(ORIGIN)

    assert decoder.feed(Frame("", b"[DONE]")) == []
    assert not decoder.is_complete


def test_the_last_usage_counts() -> None:
    chunks = [{"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": n}} for n in (1, 2, 7)]

    assert streamed(*chunks).usage == Usage(input_tokens=5, output_tokens=7)


# ---- errors ----------------------------------------------------------------------------------------------------------


def error(code: int, message: str, status: str | None = None, **detail: Any) -> ProviderError:
    body: dict[str, Any] = {"code": code, "message": message, "details": [detail]}
    if status:
        body["status"] = status
    answer = parse_error(reply({"error": body}, code), ORIGIN)
    assert isinstance(answer, ProviderError)
    return answer


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (400, "INVALID_ARGUMENT", "invalid_request"),
        (400, "FAILED_PRECONDITION", "invalid_request"),
        (401, "UNAUTHENTICATED", "auth"),
        (403, "PERMISSION_DENIED", "permission"),
        (404, "NOT_FOUND", "not_found"),
        (429, "RESOURCE_EXHAUSTED", "rate_limit"),
        (499, "CANCELLED", "unknown"),
        (500, "INTERNAL", "server_error"),
        (503, "UNAVAILABLE", "overloaded"),
        (504, "DEADLINE_EXCEEDED", "timeout"),
        (418, "GALAXY", "invalid_request"),
    ],
)
def test_the_status_word_says_whose_move_it_is(code: int, status: str, kind: str) -> None:
    answer = error(code, "what happened", status)

    assert (answer.kind, answer.status, answer.code) == (kind, code, status)
    assert "what happened" in str(answer)


def test_a_wrong_key_is_a_plain_400_with_a_reason() -> None:
    answer = error(400, "API key not valid.", "INVALID_ARGUMENT", reason="API_KEY_INVALID")

    assert isinstance(answer, AuthenticationError)
    assert answer.code == "API_KEY_INVALID"


def test_too_much_input_is_an_overflow() -> None:
    message = "The input token count (9) exceeds the maximum number of tokens allowed (8)."

    assert error(400, message, "INVALID_ARGUMENT").kind == "context_overflow"


def test_a_daily_quota_is_no_rate_limit() -> None:
    daily = error(429, "quota", "RESOURCE_EXHAUSTED", violations=[{"quotaId": "RequestsPerDayPerProject"}])
    minute = error(429, "quota", "RESOURCE_EXHAUSTED", violations=[{"quotaId": "RequestsPerMinute"}])

    assert isinstance(daily, QuotaError)
    assert isinstance(minute, RateLimitError)


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("34s", 34.0), ("1.5s", 1.5), ({"seconds": "2"}, None), ({"seconds": 2, "nanos": 5e8}, 2.5), ("soon", None)],
)
def test_the_pause_asked_for_stands_in_the_body(delay: Any, seconds: float | None) -> None:
    assert error(429, "slow down", "RESOURCE_EXHAUSTED", retryDelay=delay).retry_after == seconds


def test_an_error_inside_an_array_or_a_200_is_an_error_too() -> None:
    body = [{"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}]

    assert isinstance(parse_error(reply(body, 429), ORIGIN), RateLimitError)
    with pytest.raises(RateLimitError):
        parse_response(reply(body), ORIGIN)


def test_a_blocked_prompt_that_came_as_an_error_is_still_a_refusal() -> None:
    answer = parse_error(reply({"promptFeedback": {"blockReason": "SAFETY"}}, 400), ORIGIN)

    assert isinstance(answer, Response)
    assert answer.refusal is not None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[1]", b'"x"', b"42"])
def test_a_2xx_that_is_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        parse_response(HttpReply(status=200, body=body), ORIGIN)


def test_nothing_is_shared_between_two_answers() -> None:
    first, second = whole({"functionCall": {"name": "a", "args": {}}}), whole({"functionCall": {"name": "a"}})

    assert first.tool_calls[0].arguments is not second.tool_calls[0].arguments


def test_what_came_is_the_origin_s_own() -> None:
    origin = Origin(provider="p", host="h", model="m")
    response = parse_response(reply(candidate({"text": "t", "thought": True})), origin)

    assert [part.origin for part in response.message.parts if isinstance(part, ReasoningPart)] == [origin]
    assert response.provider == "p"
