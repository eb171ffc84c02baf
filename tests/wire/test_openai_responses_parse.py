"""Whole answers, streams and errors of the Responses protocol, with the deviations of the hosts that speak it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portable_llm._errors import ProviderError, RateLimitError
from portable_llm._events import Delta, PartEnd, ReasoningDelta, Started, TextDelta
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._messages import Origin, ReasoningPart, RefusalPart, TextPart, ToolCallPart, UnknownPart
from portable_llm._response import Refused, Response, Usage
from portable_llm.wire.openai_responses import parse_error, parse_response, stream_decoder

ORIGIN = Origin(provider="p", host="h", model="m")


def reply(status: int, body: Any) -> HttpReply:
    return HttpReply(status=status, body=json.dumps(body).encode())


def message(*content: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": list(content), **fields}


def text(text: str = "hi", **fields: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": text, **fields}


def answer(*output: dict[str, Any], status: str = "completed", **fields: Any) -> dict[str, Any]:
    head = {"id": "resp_1", "object": "response", "model": "m-2026", "status": status}
    return {**head, "output": list(output), **fields}


def whole(*output: dict[str, Any], status: str = "completed", **fields: Any) -> Response[None]:
    return parse_response(reply(200, answer(*output, status=status, **fields)), ORIGIN)


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


def streamed(*events: dict[str, Any]) -> tuple[list[Delta], Response[None], bool]:
    decoder, deltas = stream_decoder(ORIGIN), list[Delta]()
    for one in events:
        deltas += decoder.feed(Frame(str(one.get("type")), json.dumps(one).encode()))
    last, response = decoder.finish()
    return [*deltas, *last], response, decoder.is_complete


CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'}
THOUGHT = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "One."}, {"type": "summary_text", "text": "Two."}],
    "encrypted_content": "gAAA",
}
END = event("completed", response=answer())

# ---- whole answers ---------------------------------------------------------------------------------------------------


def test_a_plain_answer() -> None:
    usage = {
        "input_tokens": 50,
        "input_tokens_details": {"cached_tokens": 20, "cache_write_tokens": 5},
        "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 8},
        "total_tokens": 70,
    }
    response = whole(message(text("hi")), usage=usage)

    assert (response.id, response.model, response.text) == ("resp_1", "m-2026", "hi")
    assert (response.finish_reason, response.raw_finish_reason) == ("stop", "completed")
    assert response.usage == Usage(
        input_tokens=50,
        output_tokens=20,
        cache_read_input_tokens=20,
        cache_creation_input_tokens=5,
        reasoning_output_tokens=8,
    )


def test_parts_stand_in_the_order_of_the_items() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    response = whole(THOUGHT, search, message(text("a"), text("b")), CALL)

    assert response.message.parts == (
        ReasoningPart(text="One.\n\nTwo.", state=THOUGHT, origin=ORIGIN),
        UnknownPart(raw=search, origin=ORIGIN),
        TextPart(text="a"),
        TextPart(text="b"),
        ToolCallPart(id="call_1", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city":"Oslo"}'),
    )
    assert response.finish_reason == "tool_call"


def test_calls_of_a_kind_with_free_text_are_the_application_s_too() -> None:
    custom = {"type": "custom_tool_call", "call_id": "c", "name": "python", "input": "print(1)", "namespace": "n"}
    response = whole(custom)

    assert response.tool_calls == (
        ToolCallPart(
            id="c",
            name="python",
            arguments=None,
            raw_arguments="print(1)",
            state={"type": "custom", "namespace": "n"},
            origin=ORIGIN,
        ),
    )
    assert response.finish_reason == "tool_call"


def test_the_phase_of_a_text_is_kept_for_the_next_turn() -> None:
    assert whole(message(text("hi"), phase="commentary")).message.parts == (
        TextPart(text="hi", state={"phase": "commentary"}, origin=ORIGIN),
    )


def test_citations_are_normalised_with_the_provider_s_record_beside() -> None:
    cited = {"type": "url_citation", "start_index": 0, "end_index": 2, "url": "https://example.test", "title": "T"}
    file = {"type": "file_citation", "file_id": "f", "filename": "a.txt", "index": 1}
    [part] = whole(message(text("hi", annotations=[cited, file]))).message.parts

    assert isinstance(part, TextPart)
    first, second = part.citations
    assert (first.start, first.end, first.url, first.title) == (0, 2, "https://example.test", "T")
    assert (second.title, second.raw) == ("a.txt", file)


def test_words_of_refusal_end_as_a_refusal_though_the_status_says_completed() -> None:
    response = whole(message({"type": "refusal", "refusal": "I can't."}))

    assert (response.finish_reason, response.raw_finish_reason) == ("refusal", "completed")
    assert response.message.parts == (RefusalPart(text="I can't."),)
    assert response.refusal is not None
    assert (response.refusal.source, response.refusal.text) == ("model", "I can't.")


@pytest.mark.parametrize(
    ("status", "reason", "finish"),
    [
        ("incomplete", "max_output_tokens", "length"),
        ("incomplete", "content_filter", "content_filter"),
        ("incomplete", "steered", "unknown"),
        ("incomplete", None, "unknown"),
        ("cancelled", None, "cancelled"),
        ("queued", None, "unknown"),
        ("in_progress", None, "unknown"),
        ("galaxy_brain", None, "unknown"),
    ],
)
def test_endings(status: str, reason: str | None, finish: str) -> None:
    details = {"incomplete_details": {"reason": reason} if reason else None}
    response = whole(message(text()), status=status, **details)

    assert (response.finish_reason, response.raw_finish_reason) == (finish, reason or status)


def test_an_answer_cut_in_a_call_is_cut() -> None:
    cut = whole({**CALL, "arguments": '{"ci'}, status="incomplete", incomplete_details={"reason": "max_output_tokens"})

    assert (cut.finish_reason, cut.tool_calls[0].arguments) == ("length", None)


def test_a_failed_answer_is_an_error_though_http_said_200() -> None:
    with pytest.raises(RateLimitError, match="slow down") as caught:
        whole(message(text("so f")), status="failed", error={"code": "rate_limit_exceeded", "message": "slow down"})

    assert caught.value.partial is not None
    assert (caught.value.partial.text, caught.value.partial.finish_reason) == ("so f", "error")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("server_error", "server_error"),
        ("invalid_image_url", "invalid_request"),
        ("vector_store_timeout", "timeout"),
        ("next_years_code", "server_error"),
    ],
)
def test_codes_of_a_failed_answer(code: str, kind: str) -> None:
    with pytest.raises(ProviderError) as caught:
        whole(status="failed", error={"code": code, "message": "x"})

    assert (caught.value.kind, caught.value.code) == (kind, code)


def test_a_policy_s_word_in_a_failed_answer_is_a_refusal() -> None:
    error = {"code": "bio_policy", "message": "no"}
    response = whole(status="failed", error=error)

    assert response.refusal is not None
    assert (response.refusal.source, response.refusal.category) == ("provider_policy", "bio_chem")
    assert response.outcome == Refused(refusal=response.refusal)


def test_a_failed_answer_without_a_reason_is_still_an_error() -> None:
    with pytest.raises(ProviderError, match="the answer failed"):
        whole(status="failed", error=None)


def test_a_filter_s_report_names_side_and_category() -> None:
    report = {
        "blocked": True,
        "source_type": "prompt",
        "content_filter_results": {"hate": {"filtered": True, "severity": "high"}, "sexual": {"filtered": False}},
    }
    passed = {**report, "blocked": False, "source_type": "completion"}
    response = whole(
        status="incomplete",
        incomplete_details={"reason": "content_filter"},
        content_filters=[passed, report],
    )

    assert response.refusal is not None
    assert (response.refusal.source, response.refusal.category) == ("input_filter", "hate")
    assert response.refusal.evidence == (
        "incomplete_details.reason=content_filter",
        "content_filters.prompt.hate=high",
    )
    assert whole(message(text()), content_filters=[passed]).refusal is None


def test_what_has_no_type_is_kept_as_the_item_it_goes_back_as() -> None:
    piece = {"type": "output_hologram", "x": 1}

    assert whole(message(piece)).message.parts == (
        UnknownPart(raw={"type": "message", "role": "assistant", "content": [piece]}, origin=ORIGIN),
    )


def test_an_answer_of_another_protocol_is_never_a_success() -> None:
    response = parse_response(reply(200, {"id": "c", "choices": [{"message": {"content": "hi"}}]}), ORIGIN)

    assert (response.finish_reason, response.text) == ("unknown", "")


def test_an_error_without_an_answer_around_it() -> None:
    with pytest.raises(ProviderError, match="broken"):
        parse_response(reply(200, {"message": "broken"}), ORIGIN)


# ---- streams ---------------------------------------------------------------------------------------------------------


def told(*pieces: str, at: int = 0) -> list[dict[str, Any]]:
    where = {"output_index": at, "content_index": 0, "item_id": "msg_1"}
    return [
        event("output_item.added", output_index=at, item=message()),
        event("content_part.added", **where, part=text("")),
        *(event("output_text.delta", **where, delta=piece) for piece in pieces),
    ]


def test_a_plain_stream() -> None:
    started = event("created", response={"id": "resp_1", "model": "m-2026", "status": "in_progress"})
    deltas, response, is_complete = streamed(
        started, *told("h", "i"), event("completed", response=answer(message(text("hi"))))
    )

    assert next(delta for delta in deltas if not isinstance(delta, PartEnd)) == Started("resp_1", "m-2026")
    assert [delta.text for delta in deltas if isinstance(delta, TextDelta)] == ["h", "i"]
    assert (response.text, response.finish_reason, is_complete) == ("hi", "stop", True)


def test_what_the_pieces_did_not_say_comes_from_the_finished_item() -> None:
    only_last = streamed(event("completed", response=answer(THOUGHT, message(text("hi")), CALL)))[1]
    only_done = streamed(
        *(event("output_item.done", output_index=n, item=item) for n, item in enumerate([THOUGHT, CALL])), END
    )[1]
    half = streamed(*told("h"), event("output_text.done", output_index=0, content_index=0, text="hi"), END)[1]

    assert only_last.message == whole(THOUGHT, message(text("hi")), CALL).message
    assert only_done.message == whole(THOUGHT, CALL).message
    assert half.text == "hi"


def test_what_was_said_is_not_said_again() -> None:
    item = message(text("hi"))
    deltas, response, _ = streamed(
        *told("hi"),
        event("output_text.done", output_index=0, content_index=0, text="hi"),
        event("content_part.done", output_index=0, content_index=0, part=text("hi")),
        event("output_item.done", output_index=0, item=item),
        event("completed", response=answer(item)),
    )

    assert [delta.text for delta in deltas if isinstance(delta, TextDelta)] == ["hi"]
    assert response.text == "hi"


@pytest.mark.parametrize("index", [{"output_index": 0}, {}], ids=["the same index", "no index"])
def test_hosts_that_number_all_items_alike(index: dict[str, int]) -> None:
    events: list[dict[str, Any]] = []
    items = [message(text(word), id=f"msg_{word}") for word in ("one", "two")]
    for item in items:
        events += [
            event("output_item.added", **index, item={**item, "content": []}),
            event("output_text.delta", **index, item_id=item["id"], content_index=0, delta=item["content"][0]["text"]),
            event("output_item.done", **index, item=item),
        ]
    _, response, _ = streamed(*events, event("completed", response=answer(*items)))

    assert [part.text for part in response.message.parts if isinstance(part, TextPart)] == ["one", "two"]


def test_a_call_that_is_whole_when_it_begins_is_not_made_twice() -> None:
    whole_at_once = event("output_item.added", output_index=0, item=CALL)
    pieces = [event("function_call_arguments.delta", output_index=0, delta=CALL["arguments"])]
    done = event("output_item.done", output_index=0, item=CALL)

    for events in ([whole_at_once, *pieces, done, END], [whole_at_once, done, END], [whole_at_once, *pieces, END]):
        assert streamed(*events)[1].tool_calls[0].arguments == {"city": "Oslo"}


def test_ids_that_change_on_the_way_do_not_matter() -> None:
    deltas = [event("output_text.delta", output_index=0, content_index=0, item_id=f"m{n}", delta="x") for n in range(3)]

    assert streamed(*deltas, END)[1].text == "xxx"


def test_a_call_in_pieces() -> None:
    begun = {**CALL, "arguments": ""}
    _, response, _ = streamed(
        event("output_item.added", output_index=0, item=begun),
        *(event("function_call_arguments.delta", output_index=0, delta=piece) for piece in ('{"city":', '"Oslo"}')),
        event("function_call_arguments.done", output_index=0, arguments=CALL["arguments"]),
        event("output_item.done", output_index=0, item=CALL),
        event("completed", response=answer(CALL)),
    )

    assert [(call.id, call.name, call.arguments) for call in response.tool_calls] == [
        ("call_1", "weather", {"city": "Oslo"})
    ]
    assert response.finish_reason == "tool_call"


def test_paragraphs_of_reasoning_are_kept_apart() -> None:
    deltas, response, _ = streamed(
        event("output_item.added", output_index=0, item={"type": "reasoning", "id": "rs_1", "encrypted_content": "g"}),
        event("reasoning_summary_text.delta", output_index=0, summary_index=0, delta="One."),
        event("reasoning_summary_text.delta", output_index=0, summary_index=1, delta="Tw"),
        event("reasoning_summary_text.delta", output_index=0, summary_index=1, delta="o."),
        event("output_item.done", output_index=0, item=THOUGHT),
        END,
    )

    assert [delta.text for delta in deltas if isinstance(delta, ReasoningDelta)] == ["One.", "\n\nTw", "o."]
    assert response.message.parts == whole(THOUGHT).message.parts


def test_encrypted_content_is_taken_from_the_finished_item_alone() -> None:
    begun = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "not whole"}
    _, response, is_complete = streamed(event("output_item.added", output_index=0, item=begun))

    assert response.message.parts == (ReasoningPart(text="", state=None, origin=ORIGIN),)
    assert not is_complete


def test_reasoning_of_open_models() -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]}
    _, response, _ = streamed(
        event("output_item.added", output_index=0, item={"type": "reasoning", "id": "rs_1", "summary": []}),
        event("reasoning_text.delta", output_index=0, content_index=0, delta="Hm."),
        event("output_item.done", output_index=0, item=item),
        END,
    )

    assert response.message.parts == (ReasoningPart(text="Hm.", state=item, origin=ORIGIN),)


def test_citations_come_once_though_they_are_said_twice() -> None:
    cited = {"type": "url_citation", "start_index": 0, "end_index": 2, "url": "https://example.test", "title": "T"}
    item = message(text("hi", annotations=[cited]))
    added = event("output_text.annotation.added", output_index=0, content_index=0, annotation_index=0, annotation=cited)
    whole_stream = streamed(*told("hi"), added, event("output_item.done", output_index=0, item=item), END)[1]
    cut_stream = streamed(*told("hi"), added)[1]

    for response in (whole_stream, cut_stream):
        [part] = response.message.parts
        assert isinstance(part, TextPart)
        assert [citation.url for citation in part.citations] == ["https://example.test"]


@pytest.mark.parametrize("shape", ["nested", "flat"])
def test_an_error_inside_a_stream(shape: str) -> None:
    error = {"code": "rate_limit_exceeded", "message": "slow down", "param": None}
    decoder = stream_decoder(ORIGIN)
    body = {"type": "error", "error": error} if shape == "nested" else {"type": "error", **error}

    with pytest.raises(RateLimitError, match="slow down"):
        decoder.feed(Frame("error", json.dumps(body).encode()))
    assert decoder.finish()[1].finish_reason == "error"


def test_a_stream_that_fails_at_its_end() -> None:
    decoder = stream_decoder(ORIGIN)
    for one in told("so f"):
        decoder.feed(Frame("", json.dumps(one).encode()))
    failed = event("failed", response=answer(error={"code": "server_error", "message": "oops"}, status="failed"))

    with pytest.raises(ProviderError, match="oops"):
        decoder.feed(Frame("", json.dumps(failed).encode()))
    assert (decoder.finish()[1].text, decoder.finish()[1].finish_reason) == ("so f", "error")


def test_a_filter_that_breaks_in_takes_back_the_passage_it_names() -> None:
    report = {
        "blocked": True,
        "source_type": "completion",
        "content_filter_results": {"violence": {"filtered": True, "severity": "medium"}},
        "content_filter_offsets": {"start_offset": 0, "end_offset": 9, "check_offset": 0},
    }
    last = answer(status="incomplete", incomplete_details={"reason": "content_filter"}, content_filters=[report])
    _, response, _ = streamed(*told("First you"), event("incomplete", response=last))

    assert response.finish_reason == "content_filter"
    assert response.refusal is not None
    assert (response.refusal.is_withdrawn, response.refusal.category) == (True, "violence")


@pytest.mark.parametrize("event_", [{"type": "keepalive", "sequence_number": 3}, {"type": "response.galaxy"}, {}])
def test_events_without_a_meaning_say_nothing(event_: dict[str, Any]) -> None:
    deltas, _, is_complete = streamed(event_)

    assert (deltas, is_complete) == ([], False)


def test_chunks_of_another_protocol_are_an_interruption() -> None:
    chunk = {"object": "chat.completion.chunk", "choices": [{"delta": {"content": "hi"}, "finish_reason": "stop"}]}
    decoder = stream_decoder(ORIGIN)
    decoder.feed(Frame("", json.dumps(chunk).encode()))
    decoder.feed(Frame("", b"[DONE]"))

    assert not decoder.is_complete
    assert decoder.finish()[1].finish_reason == "unknown"


def test_a_whole_that_says_something_else_than_its_pieces_adds_nothing() -> None:
    """What was shown is not taken back."""
    done = event("output_text.done", output_index=0, content_index=0, text="x")
    _, response, _ = streamed(*told(*(["xy"] * 2000)), *([done] * 2000), END)

    assert len(response.text) == 4000


# ---- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": "previous_response_not_found", "message": "x"}, "not_found"),
        (400, {"code": "model_not_found", "message": "x"}, "not_found"),
        (400, {"code": None, "message": "Item 'rs_1' of type 'reasoning' was provided without"}, "invalid_request"),
        (400, {"code": "invalid_encrypted_content", "message": "x"}, "invalid_request"),
        (400, {"code": "insufficient_quota", "message": "x"}, "quota"),
        (400, {"code": "context_length_exceeded", "message": "x"}, "context_overflow"),
        (401, {"code": "invalid_api_key", "message": "x"}, "auth"),
        (429, {"code": "RateLimitReached", "message": "x"}, "rate_limit"),
        (404, {"code": "DeploymentNotFound", "message": "x"}, "not_found"),
        (503, {"type": "server_error", "message": "x"}, "overloaded"),
    ],
)
def test_error_answers(status: int, error: dict[str, Any], kind: str) -> None:
    read = parse_error(reply(status, {"error": error}), ORIGIN)

    assert isinstance(read, ProviderError)
    assert (read.kind, read.status) == (kind, status)


def test_azure_s_filter_on_the_prompt_is_a_refusal() -> None:
    inner = {
        "code": "ResponsibleAIPolicyViolation",
        "content_filter_result": {"sexual": {"filtered": True, "severity": "high"}},
    }
    body = {"error": {"message": "blocked", "type": None, "code": "content_filter", "innererror": inner}}
    read = parse_error(reply(400, body), ORIGIN)

    assert isinstance(read, Response)
    assert read.refusal is not None
    assert (read.refusal.source, read.refusal.category) == ("input_filter", "sexual")
