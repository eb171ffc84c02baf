"""Answers of the Messages protocol, whole and streamed, as the vendor and its imitators send them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portable_llm._errors import (
    BadRequestError,
    ContextOverflowError,
    OverloadedError,
    ProviderError,
    QuotaError,
    ServerError,
    UnreadableAnswerError,
)
from portable_llm._events import PartStart, ReasoningDelta, Started, TextDelta, ToolCallDelta
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._messages import Citation, Origin, ReasoningPart, TextPart, ToolCallPart, UnknownPart
from portable_llm._response import NoOutput, Refused, Response, Usage
from portable_llm.wire.anthropic_messages import parse_error, parse_response, stream_decoder, write_error

HERE = Origin(provider="somebody", host="example.test", model="m")
USAGE = {"input_tokens": 5, "output_tokens": 7}


def reply(body: Any, status: int = 200, **headers: str) -> HttpReply:
    return HttpReply(status=status, headers=headers, body=json.dumps(body).encode())


def message(*content: Any, **fields: Any) -> dict[str, Any]:
    base = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m-1", "stop_reason": "end_turn"}
    return {**base, "content": list(content), "usage": USAGE, **fields}


def read(*content: Any, **fields: Any) -> Response[None]:
    return parse_response(reply(message(*content, **fields)), HERE)


def text(words: str, **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **fields}


# ---- whole answers ---------------------------------------------------------------------------------------------------


def test_a_plain_answer() -> None:
    http = reply(message(text("hi")), **{"request-id": "req_1"})

    response = parse_response(http, HERE)

    assert (response.text, response.finish_reason, response.raw_finish_reason) == ("hi", "stop", "end_turn")
    assert (response.id, response.model, response.provider) == ("msg_1", "m-1", "somebody")
    assert response.request_id == "req_1"
    assert response.outcome == NoOutput()
    assert response.raw == message(text("hi"))


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", "stop"),
        ("STOP_SEQUENCE", "stop"),
        ("max_tokens", "length"),
        ("tool_use", "tool_call"),
        ("pause_turn", "pause"),
        ("compaction", "pause"),
        ("model_context_window_exceeded", "context_overflow"),
        ("galaxy_brain", "unknown"),
        (None, "unknown"),
    ],
)
def test_every_stop_reason_keeps_its_word(word: str | None, reason: str) -> None:
    response = read(text("hi"), stop_reason=word)

    assert (response.finish_reason, response.raw_finish_reason) == (reason, word)


def test_the_whole_prompt_is_counted_as_input() -> None:
    usage = {
        "input_tokens": 40,
        "cache_creation_input_tokens": 10,
        "cache_read_input_tokens": 1200,
        "output_tokens": 30,
        "output_tokens_details": {"thinking_tokens": 18},
    }

    assert read(usage=usage).usage == Usage(
        input_tokens=1250,
        output_tokens=30,
        cache_read_input_tokens=1200,
        cache_creation_input_tokens=10,
        reasoning_output_tokens=18,
    )


def test_counts_that_are_not_reported_stay_unknown() -> None:
    assert read(usage=None).usage == Usage()


def test_a_call_has_its_arguments_as_an_object() -> None:
    block = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}

    (call,) = read({**block, "caller": {"type": "direct"}}, stop_reason="tool_use").tool_calls

    assert call == ToolCallPart(
        id="toolu_1", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city":"Oslo"}'
    )


def test_a_caller_other_than_the_model_is_kept_for_replay() -> None:
    caller = {"type": "code_execution_20260120", "tool_id": "srvtoolu_1"}

    (call,) = read({"type": "tool_use", "id": "t", "name": "n", "input": {}, "caller": caller}).tool_calls

    assert (call.state, call.origin) == ({"caller": caller}, HERE)


def test_reasoning_keeps_what_has_to_go_back() -> None:
    response = read(
        {"type": "thinking", "thinking": "", "signature": "EqQB"}, {"type": "redacted_thinking", "data": "Evg"}
    )

    assert response.message.parts == (
        ReasoningPart(text="", state={"signature": "EqQB"}, origin=HERE),
        ReasoningPart(text="", state={"redacted_data": "Evg"}, origin=HERE),
    )


def test_citations_split_a_text_that_joins_without_separators() -> None:
    cited = {"type": "page_location", "cited_text": "so", "document_title": "Doc", "start_page_number": 1}

    response = read(text("It is "), text("so", citations=[cited]), text("."))

    assert response.text == "It is so."
    part = response.message.parts[1]
    assert isinstance(part, TextPart)
    assert part.citations == (Citation(title="Doc", quote="so", raw=cited),)
    assert part.state == {"citations": [cited]}


def test_blocks_of_the_vendor_s_own_tools_are_kept_and_are_no_calls() -> None:
    block = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}}

    response = read(block, text("found"))

    assert response.message.parts[0] == UnknownPart(raw=block, origin=HERE)
    assert response.tool_calls == ()
    assert response.finish_reason == "stop"


def test_a_refusal_is_known_by_its_stop_reason_alone() -> None:
    response = read(stop_reason="refusal", stop_details=None)

    assert response.finish_reason == "refusal"
    assert response.refusal is not None
    assert (response.refusal.kind, response.refusal.category) == ("hard", "unspecified")
    assert response.refusal.evidence == ("stop_reason=refusal",)
    assert response.outcome == Refused(refusal=response.refusal)


def test_a_refusal_says_why_where_the_vendor_does() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "blocked under the policy"}

    refusal = read(text("Sure, "), stop_reason="refusal", stop_details=details).refusal

    assert refusal is not None
    assert (refusal.source, refusal.category, refusal.text) == (
        "provider_policy",
        "cyber",
        "blocked under the policy",
    )
    assert "stop_details.category=cyber" in refusal.evidence


@pytest.mark.parametrize("body", [{"choices": []}, {"content": "hi"}, {"completion": "hi"}, {}])
def test_json_that_is_no_message_is_unreadable(body: Any) -> None:
    with pytest.raises(UnreadableAnswerError, match="content"):
        parse_response(reply(body), HERE)


def test_an_error_inside_a_200_is_an_error() -> None:
    with pytest.raises(OverloadedError, match="Overloaded"):
        parse_response(reply({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}), HERE)


# ---- streams ---------------------------------------------------------------------------------------------------------


def streamed(*events: Any) -> tuple[list[Any], Response[None], bool]:
    decoder = stream_decoder(HERE)
    deltas = [delta for event in events for delta in decoder.feed(Frame("", json.dumps(event).encode()))]
    last, response = decoder.finish()
    return [*deltas, *last], response, decoder.is_complete


def start(**usage: int) -> dict[str, Any]:
    return {"type": "message_start", "message": message(stop_reason=None, usage=usage or USAGE)}


def opened(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": f"{kind}_delta", **fields}}


def closed(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def ended(word: str | None = "end_turn", usage: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    counts = {"output_tokens": 7} if usage is None else usage
    return {"type": "message_delta", "delta": {"stop_reason": word, **fields}, "usage": counts}


STOP = {"type": "message_stop"}
PING = {"type": "ping"}


def test_reasoning_text_and_a_call_arrive_piece_by_piece() -> None:
    deltas, response, is_complete = streamed(
        start(),
        PING,
        opened(0, type="thinking", thinking="", signature=""),
        delta(0, "thinking", thinking="Look "),
        delta(0, "thinking", thinking="up."),
        delta(0, "signature", signature="EqQD"),
        closed(0),
        opened(1, type="text", text=""),
        delta(1, "text", text="One moment."),
        closed(1),
        opened(2, type="tool_use", id="toolu_2", name="weather", input={}),
        delta(2, "input_json", partial_json=""),
        delta(2, "input_json", partial_json='{"city": '),
        delta(2, "input_json", partial_json='"Oslo"}'),
        closed(2),
        ended("tool_use"),
        STOP,
    )

    assert is_complete
    assert deltas[0] == Started("msg_1", "m-1")
    assert [one.kind for one in deltas if isinstance(one, PartStart)] == ["reasoning", "text", "tool_call"]
    assert [one.text for one in deltas if isinstance(one, ReasoningDelta)] == ["Look ", "up."]
    assert [one.text for one in deltas if isinstance(one, TextDelta)] == ["One moment."]
    assert "".join(one.arguments for one in deltas if isinstance(one, ToolCallDelta)) == '{"city": "Oslo"}'
    assert response.message.parts[0] == ReasoningPart(text="Look up.", state={"signature": "EqQD"}, origin=HERE)
    assert response.tool_calls[0].arguments == {"city": "Oslo"}
    assert response.finish_reason == "tool_call"


def test_a_stream_may_have_no_block_at_all() -> None:
    _, response, is_complete = streamed(start(), ended(), STOP)

    assert is_complete
    assert (response.message.parts, response.finish_reason) == ((), "stop")


def test_usage_at_the_end_is_cumulative_and_never_added() -> None:
    counts = {"input_tokens": 40, "cache_read_input_tokens": 1200, "output_tokens": 2}

    _, response, _ = streamed(start(**counts), ended(usage={**counts, "output_tokens": 55}), STOP)

    assert (response.usage.input_tokens, response.usage.output_tokens) == (1240, 55)


def test_hosts_that_split_the_input_only_at_the_end_are_counted_once() -> None:
    late = {"input_tokens": 200, "cache_read_input_tokens": 800, "output_tokens": 9}

    _, response, _ = streamed(start(input_tokens=1000, cache_creation_input_tokens=50), ended(usage=late), STOP)

    assert response.usage.input_tokens == 1000
    assert response.usage.cache_creation_input_tokens is None


def test_the_input_side_of_the_start_stays_where_the_end_has_none() -> None:
    _, response, _ = streamed(start(input_tokens=10, cache_read_input_tokens=5), ended(), STOP)

    assert (response.usage.input_tokens, response.usage.output_tokens) == (15, 7)


def test_a_refusal_in_a_stream_keeps_what_was_said_before() -> None:
    _, response, _ = streamed(
        start(),
        opened(0, type="text", text=""),
        delta(0, "text", text="Sure, "),
        closed(0),
        ended("refusal", stop_details={"type": "refusal", "category": "bio", "explanation": None}),
        STOP,
    )

    assert (response.text, response.finish_reason) == ("Sure, ", "refusal")
    assert response.refusal is not None
    assert (response.refusal.category, response.refusal.raw_category) == ("bio_chem", "bio")
    assert response.refusal.is_withdrawn
    assert response.refusal.is_billed


def test_a_server_tool_s_arguments_are_collected_into_its_block() -> None:
    _, response, _ = streamed(
        start(),
        opened(0, type="server_tool_use", id="s", name="web_search", input={}),
        delta(0, "input_json", partial_json='{"query":'),
        delta(0, "input_json", partial_json='"x"}'),
        closed(0),
        opened(1, type="compaction", content=""),
        delta(1, "compaction", content="so far"),
        closed(1),
        ended(),
        STOP,
    )

    assert [part.raw for part in response.message.parts if isinstance(part, UnknownPart)] == [
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}},
        {"type": "compaction", "content": "so far"},
    ]
    assert response.tool_calls == ()


def test_citations_in_a_stream_are_those_of_a_whole_answer() -> None:
    cited = {"type": "char_location", "cited_text": "y", "document_title": "Doc"}

    _, response, _ = streamed(
        start(),
        opened(0, type="text", text="", citations=[]),
        delta(0, "citations", citation=cited),
        delta(0, "text", text="x"),
        closed(0),
        ended(),
        STOP,
    )

    assert response.message == read(text("x", citations=[cited])).message


def test_arguments_that_come_whole_in_the_start_are_kept() -> None:
    _, response, _ = streamed(start(), opened(0, type="tool_use", id="t", name="n", input={"a": 1}), closed(0), STOP)

    assert response.tool_calls[0].arguments == {"a": 1}


def test_a_call_cut_before_its_end_has_no_arguments_to_run() -> None:
    _, response, is_complete = streamed(
        start(),
        opened(0, type="tool_use", id="t", name="n", input={}),
        delta(0, "input_json", partial_json='{"city": "Os'),
    )

    assert not is_complete
    assert response.finish_reason == "unknown"
    assert response.tool_calls[0].arguments is None
    assert response.tool_calls[0].raw_arguments == '{"city": "Os'


def test_a_stream_without_its_last_event_is_no_success() -> None:
    _, response, is_complete = streamed(start(), opened(0, type="text", text=""), delta(0, "text", text="hi"))

    assert (is_complete, response.finish_reason, response.text) == (False, "unknown", "hi")


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}, OverloadedError),
        ({"type": "error", "error": {"type": "galaxy_error", "message": "busy"}}, ServerError),
        ({"error": {"code": 500, "type": "server_error", "message": "busy"}}, ServerError),
    ],
)
def test_an_error_in_the_stream_is_raised(event: Any, error: type[ProviderError]) -> None:
    with pytest.raises(error, match="busy"):
        streamed(start(), event)


def test_the_end_mark_of_another_protocol_is_overlooked() -> None:
    assert stream_decoder(HERE).feed(Frame("", b"[DONE]")) == []


# ---- errors ----------------------------------------------------------------------------------------------------------


def error(kind: str, said: str, status: int, **fields: Any) -> ProviderError | Response[None]:
    body = {"type": "error", "error": {"type": kind, "message": said, **fields}, "request_id": "req_9"}
    return parse_error(reply(body, status), HERE)


@pytest.mark.parametrize(
    ("status", "word", "said", "kind"),
    [
        (400, "invalid_request_error", "messages.0: Input does not match the expected shape.", "invalid_request"),
        (400, "invalid_request_error", "prompt is too long: 3333404 tokens > 200000 maximum", "context_overflow"),
        (400, "invalid_request_error", "Your credit balance is too low to access the API.", "quota"),
        (401, "authentication_error", "invalid x-api-key", "auth"),
        (402, "billing_error", "pay", "quota"),
        (403, "permission_error", "no", "permission"),
        (404, "not_found_error", "model: x", "not_found"),
        (409, "conflict_error", "x", "unknown"),
        (413, "request_too_large", "x", "context_overflow"),
        (429, "rate_limit_error", "slow down: too many tokens per minute", "rate_limit"),
        (500, "api_error", "x", "server_error"),
        (504, "timeout_error", "x", "timeout"),
        (529, "overloaded_error", "Overloaded", "overloaded"),
        (418, "galaxy_error", "x", "invalid_request"),
    ],
)
def test_errors_by_the_vendor_s_word(status: int, word: str, said: str, kind: str) -> None:
    read_error = error(word, said, status)

    assert isinstance(read_error, ProviderError)
    assert (read_error.kind, read_error.status, read_error.request_id) == (kind, status, "req_9")
    assert said in str(read_error)


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached"])
def test_a_spend_limit_is_no_rate_limit(code: str) -> None:
    read_error = error("rate_limit_error", "limit", 429, details={"error_code": code})

    assert isinstance(read_error, QuotaError)
    assert read_error.code == code


def test_a_blocked_answer_is_a_refusal_and_no_error() -> None:
    answer = error("invalid_request_error", "Output blocked by content filtering policy", 400)

    assert isinstance(answer, Response)
    assert (answer.finish_reason, answer.request_id) == ("content_filter", "req_9")
    assert answer.refusal is not None
    assert answer.refusal.source == "output_filter"


# ---- servers that imitate the protocol -------------------------------------------------------------------------------


def test_a_local_server_s_errors_come_in_another_envelope() -> None:
    body = {"error": {"code": 400, "message": "the request exceeds the available context size", "type": "x"}}
    longer = {**body["error"], "type": "exceed_context_size_error", "n_prompt_tokens": 9, "n_ctx": 5}

    plain = parse_error(reply({"error": {"code": 400, "message": "bad", "type": "invalid_request_error"}}, 400), HERE)
    overflow = parse_error(reply({"error": longer}, 400), HERE)

    assert isinstance(plain, BadRequestError)
    assert plain.request_id is None
    assert isinstance(overflow, ContextOverflowError)


def test_a_local_server_s_call_starts_without_input() -> None:
    _, response, _ = streamed(
        start(),
        opened(0, type="tool_use", id="Xy9", name="weather"),
        delta(0, "input_json", partial_json='{"city":"Oslo"}'),
        closed(0),
        ended("tool_use"),
        STOP,
    )

    assert response.tool_calls == (
        ToolCallPart(id="Xy9", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city":"Oslo"}'),
    )


def test_a_local_server_s_ids_and_sparse_usage_are_read() -> None:
    response = read(
        text("hi"), id="chatcmpl-1", usage={"input_tokens": 3, "output_tokens": 2, "cache_read_input_tokens": 4}
    )

    assert (response.id, response.usage.input_tokens) == ("chatcmpl-1", 7)
    assert response.usage.cache_creation_input_tokens is None


def test_unsigned_reasoning_is_read_and_has_no_state() -> None:
    assert read({"type": "thinking", "thinking": "Hm."}).message.parts == (ReasoningPart(text="Hm.", origin=HERE),)


def test_a_kind_nobody_knows_is_written_as_its_own_word() -> None:
    assert json.loads(write_error("galaxy", "x").body)["error"]["type"] == "galaxy"
