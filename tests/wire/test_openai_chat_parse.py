"""Whole answers, streams and errors of Chat Completions, with the deviations of the hosts that speak it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portable_llm._errors import ProviderError, ServerError
from portable_llm._events import Delta, Started, TextDelta, ToolCallDelta
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm._messages import Citation, Origin, ReasoningPart, RefusalPart, TextPart, ToolCallPart, UnknownPart
from portable_llm._response import Refusal, Refused, Response, Usage
from portable_llm.wire.openai_chat import parse_error, parse_response, stream_decoder

ORIGIN = Origin(provider="p", host="h", model="m")
FILTERED_INSTEAD = {"model": "m", "choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]}


def whole(message: dict[str, Any] | None = None, finish: Any = "stop", **fields: Any) -> Response[None]:
    choice = {"index": 0, "message": {"role": "assistant", **(message or {"content": "hi"})}, "finish_reason": finish}
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], **fields}
    return parse_response(reply(200, body), ORIGIN)


def reply(status: int, body: Any, **headers: str) -> HttpReply:
    return HttpReply(status=status, headers=headers, body=json.dumps(body).encode())


def chunk(delta: dict[str, Any] | None = None, finish: Any = None, **fields: Any) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **fields}


def streamed(*chunks: dict[str, Any] | str) -> tuple[list[Delta], Response[None], bool]:
    decoder, deltas = stream_decoder(ORIGIN), list[Delta]()
    for item in chunks:
        deltas += decoder.feed(Frame("", (item if isinstance(item, str) else json.dumps(item)).encode()))
    return deltas, decoder.finish()[1], decoder.is_complete


def calls(*deltas: dict[str, Any] | list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    lists = [delta if isinstance(delta, list) else [delta] for delta in deltas]
    _, response, _ = streamed(*(chunk({"tool_calls": items}) for items in lists))
    return [(call.id, call.name, call.raw_arguments) for call in response.tool_calls]


def call(arguments: str = "", id: str | None = None, name: str | None = None, **fields: Any) -> dict[str, Any]:
    function = {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}
    return {**fields, **({} if id is None else {"id": id}), "function": function}


# ---- whole answers ---------------------------------------------------------------------------------------------------


def test_a_plain_answer() -> None:
    usage = {
        "prompt_tokens": 90,
        "completion_tokens": 6,
        "total_tokens": 96,
        "prompt_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 10},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }

    response = whole({"content": "hi", "refusal": None, "annotations": []}, usage=usage)

    assert response.message.parts == (TextPart(text="hi"),)
    assert (response.finish_reason, response.raw_finish_reason) == ("stop", "stop")
    assert (response.id, response.model) == ("c", "m")
    assert response.usage == Usage(
        input_tokens=90,
        output_tokens=6,
        cache_read_input_tokens=64,
        cache_creation_input_tokens=10,
        reasoning_output_tokens=4,
    )


def test_the_request_id_comes_from_the_headers() -> None:
    body = {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}

    assert parse_response(reply(200, body, **{"x-request-id": "req_1"}), ORIGIN).request_id == "req_1"


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("length", "length"),
        ("LENGTH", "length"),
        ("eos", "stop"),
        ("content_filter", "content_filter"),
        ("sensitive", "content_filter"),
        ("network_error", "error"),
        ("insufficient_system_resource", "error"),
        ("galaxy_brain", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_finish_words(word: str | None, reason: str) -> None:
    response = whole(finish=word)

    assert (response.finish_reason, response.raw_finish_reason) == (reason, word)


def test_calls_make_a_plain_stop_a_tool_call_and_leave_a_length_stop_alone() -> None:
    message = {"content": None, "tool_calls": [call("{}", "c", "f", type="function")]}

    assert whole(message, "stop").finish_reason == "tool_call"
    assert whole(message, "length").finish_reason == "length"


def test_arguments_that_are_no_json_object_stay_readable_as_text() -> None:
    response = whole({"tool_calls": [call('{"city": "Os', "c", "f")]}, "length")

    assert response.tool_calls == (ToolCallPart(id="c", name="f", arguments=None, raw_arguments='{"city": "Os'),)


def test_arguments_sent_as_an_object_or_null() -> None:
    object_, null = {"function": {"name": "f", "arguments": {"a": 1}}}, {"function": {"name": "f", "arguments": None}}

    assert [c.arguments for c in whole({"tool_calls": [object_, null]}).tool_calls] == [{"a": 1}, {}]


def test_a_custom_call_is_a_call_with_free_text() -> None:
    custom = {"id": "c", "type": "custom", "custom": {"name": "math", "input": "4 + 4"}}

    response = whole({"tool_calls": [custom]}, "tool_calls")

    assert response.tool_calls == (
        ToolCallPart(
            id="c", name="math", arguments=None, raw_arguments="4 + 4", state={"type": "custom"}, origin=ORIGIN
        ),
    )


def test_a_typed_refusal() -> None:
    response = whole({"content": None, "refusal": "I can't."})

    assert response.message.parts == (RefusalPart(text="I can't."),)
    assert response.finish_reason == "refusal"
    assert response.refusal == Refusal(kind="hard", source="model", text="I can't.", evidence=("message.refusal",))
    assert isinstance(response.outcome, Refused)


def test_an_empty_refusal_beside_a_normal_answer_is_none() -> None:
    response = whole({"content": "4", "refusal": "", "tool_calls": None})

    assert response.refusal is None
    assert response.finish_reason == "stop"


def test_a_filter_names_its_categories() -> None:
    choice = {
        "message": {"content": ""},
        "finish_reason": "content_filter",
        "content_filter_results": {
            "hate": {"filtered": False, "severity": "safe"},
            "violence": {"filtered": True, "severity": "high"},
        },
    }

    response = parse_response(reply(200, {"choices": [choice]}), ORIGIN)

    assert response.finish_reason == "content_filter"
    assert response.refusal == Refusal(
        kind="hard",
        source="output_filter",
        category="violence",
        raw_category="violence",
        evidence=("finish_reason=content_filter", "content_filter_results.violence=high"),
    )


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_keeps_the_name_of_its_field(field: str) -> None:
    response = whole({field: "Hm.", "content": "hi"})

    assert response.message.parts == (
        ReasoningPart(text="Hm.", state={"field": field}, origin=ORIGIN),
        TextPart(text="hi"),
    )


def test_reasoning_sent_three_times_is_read_once() -> None:
    details: list[Any] = [{"type": "reasoning.text", "text": "Hm.", "signature": "s", "index": 0}]

    response = whole({"reasoning": "Hm.", "reasoning_content": "Hm.", "reasoning_details": details, "content": "hi"})

    thought = response.message.parts[0]
    assert thought == ReasoningPart(
        text="Hm.", state={"field": "reasoning_content", "reasoning_details": details}, origin=ORIGIN
    )


def test_content_as_a_list_of_typed_pieces() -> None:
    pieces = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "hi"},
        {"type": "reference", "reference_ids": [1]},
    ]

    assert whole({"content": pieces}).message.parts == (
        ReasoningPart(text="Hm.", state={"field": "content"}, origin=ORIGIN),
        TextPart(text="hi"),
        UnknownPart(raw={"type": "reference", "reference_ids": [1]}, origin=ORIGIN),
    )


def test_annotations_are_citations_of_the_text() -> None:
    source = {"start_index": 0, "end_index": 2, "url": "https://e.org", "title": "E"}
    annotation = {"type": "url_citation", "url_citation": source}

    response = whole({"content": "hi", "annotations": [annotation]})

    assert response.message.parts == (
        TextPart(text="hi", citations=(Citation(start=0, end=2, url="https://e.org", title="E", raw=annotation),)),
    )


def test_content_without_a_type_of_its_own_is_kept() -> None:
    response = whole({"content": "", "images": [{"type": "image_url", "image_url": {"url": "data:,"}}]})

    assert response.message.parts == (
        UnknownPart(raw={"images": [{"type": "image_url", "image_url": {"url": "data:,"}}]}, origin=ORIGIN),
    )


@pytest.mark.parametrize(
    "usage",
    [
        {"usage": {"prompt_tokens": 10, "completion_tokens": 5}},
        {"x_groq": {"usage": {"prompt_tokens": 10, "completion_tokens": 5}}},
    ],
)
def test_usage_wherever_it_stands(usage: dict[str, Any]) -> None:
    assert whole(**usage).usage == Usage(input_tokens=10, output_tokens=5)
    assert streamed(chunk({"content": "hi"}, "stop"), chunk(None, **usage))[1].usage == whole(**usage).usage


def test_reasoning_counted_beside_the_completion_is_added() -> None:
    counted = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 115,
        "completion_tokens_details": {"reasoning_tokens": 100},
    }

    assert whole(usage=counted).usage.output_tokens == 105
    assert whole(usage={**counted, "total_tokens": 15}).usage.output_tokens == 5


def test_an_answer_without_choices_has_no_parts_and_no_reason() -> None:
    response = parse_response(reply(200, {"id": "c", "choices": []}), ORIGIN)

    assert response.message.parts == ()
    assert response.finish_reason == "unknown"


def test_only_the_first_choice_is_read_and_all_are_kept() -> None:
    choices = [{"message": {"content": text}, "finish_reason": "stop"} for text in ("one", "two")]

    response = parse_response(reply(200, {"choices": choices}), ORIGIN)

    assert response.text == "one"
    assert response.raw == {"choices": choices}


# ---- errors inside a 2xx ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": {"code": 502, "message": "Upstream error"}}, "server_error"),
        ({"error": {"code": 429, "message": "Upstream error"}}, "rate_limit"),
        ({"error": "Upstream error"}, "server_error"),
        ({"choices": None, "base_resp": {"status_code": 1008, "status_msg": "Upstream error"}}, "server_error"),
        ({"object": "error", "message": "Upstream error", "code": 400}, "invalid_request"),
        ({"detail": "Upstream error"}, "server_error"),
    ],
)
def test_an_error_in_a_2xx_is_an_error(body: dict[str, Any], kind: str) -> None:
    with pytest.raises(ProviderError, match="Upstream error") as caught:
        parse_response(reply(200, body), ORIGIN)

    assert caught.value.kind == kind


def test_an_error_beside_a_partial_answer_carries_it() -> None:
    choice = {"message": {"content": "so f"}, "finish_reason": "error", "error": {"code": 502, "message": "broke"}}

    with pytest.raises(ServerError, match="broke") as caught:
        parse_response(reply(200, {"choices": [choice]}), ORIGIN)

    assert caught.value.partial is not None
    assert (caught.value.partial.text, caught.value.partial.finish_reason) == ("so f", "error")


# ---- streams ---------------------------------------------------------------------------------------------------------


def test_a_plain_stream() -> None:
    deltas, response, is_complete = streamed(
        chunk({"role": "assistant", "content": "", "refusal": None}),
        chunk({"content": "Hel"}),
        chunk({"content": "lo"}, obfuscation="x"),
        chunk({}, "stop"),
        chunk(None, usage={"prompt_tokens": 9, "completion_tokens": 2}),
        "[DONE]",
    )

    assert deltas[0] == Started("c", "m")
    assert [delta.text for delta in deltas if isinstance(delta, TextDelta)] == ["Hel", "lo"]
    assert response.message.parts == (TextPart(text="Hello"),)
    assert response.usage == Usage(input_tokens=9, output_tokens=2)
    assert is_complete


def test_a_first_chunk_without_choices_or_names_does_no_harm() -> None:
    first = {"id": "", "model": "", "object": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}

    deltas, response, _ = streamed(first, chunk({"content": "hi"}), chunk({}, "stop"))

    assert deltas[0] == Started("c", "m")
    assert (response.id, response.model, response.text) == ("c", "m", "hi")


@pytest.mark.parametrize(
    ("chunks", "is_complete"),
    [
        ([chunk({"content": "hi"}), "[DONE]"], True),
        ([chunk({"content": "hi"}, "stop")], True),
        ([chunk({"content": "hi"})], False),
        ([chunk({"content": "hi"}, "")], False),
    ],
    ids=["mark", "reason", "neither", "empty reason"],
)
def test_a_stream_is_whole_with_its_end_mark_or_a_finish_reason(chunks: list[Any], is_complete: bool) -> None:
    assert streamed(*chunks)[2] is is_complete


def test_an_end_without_a_reason_is_unknown_and_never_a_stop() -> None:
    assert streamed(chunk({"content": "hi"}), "[DONE]")[1].finish_reason == "unknown"


def test_usage_in_a_chunk_with_choices_and_repeated_in_each() -> None:
    running = [chunk({"content": "x"}, usage={"prompt_tokens": 9, "completion_tokens": n}) for n in (1, 2)]

    assert streamed(*running, chunk({}, "stop", usage=None))[1].usage.output_tokens == 2


def test_only_the_first_of_interleaved_choices_is_read() -> None:
    other = {"index": 1, "delta": {"content": "two"}, "finish_reason": "length"}

    response = streamed(chunk({"content": "one"}), {**chunk(), "choices": [other]}, chunk({}, "stop"))[1]

    assert (response.text, response.finish_reason) == ("one", "stop")


def test_a_cumulative_message_beside_the_deltas_is_not_read_twice() -> None:
    def both(delta: str, so_far: str) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": {"content": delta}, "message": {"content": so_far}}]}

    assert streamed(both("Hel", "Hel"), both("lo", "Hello"))[1].text == "Hello"


def test_a_whole_message_in_a_single_chunk() -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}

    assert streamed({"id": "c", "model": "m", "choices": [choice]})[1].text == "hi"


def test_a_refusal_in_pieces() -> None:
    response = streamed(chunk({"refusal": "I ca"}), chunk({"refusal": "n't."}), chunk({}, "stop"), "[DONE]")[1]

    assert response.finish_reason == "refusal"
    assert response.refusal is not None
    assert response.refusal.text == "I can't."


def test_reasoning_details_grow_together() -> None:
    def detail(**fields: Any) -> dict[str, Any]:
        return chunk(
            {"reasoning": fields.get("text"), "reasoning_details": [{"type": "reasoning.text", "index": 0, **fields}]}
        )

    response = streamed(detail(text="Hm"), detail(text="."), detail(signature="s"), chunk({"content": "hi"}, "stop"))[1]

    thought = response.message.parts[0]
    assert isinstance(thought, ReasoningPart)
    assert thought.text == "Hm."
    assert thought.state is not None
    assert thought.state["reasoning_details"] == [
        {"type": "reasoning.text", "index": 0, "text": "Hm.", "signature": "s"}
    ]


def test_sound_grows_and_ends_with_its_expiry() -> None:
    response = streamed(
        chunk({"audio": {"id": "a", "transcript": "he"}}),
        chunk({"audio": {"data": "AA", "transcript": "y"}}),
        chunk({"audio": {"expires_at": 5}}),
        chunk({}, "stop"),
    )[1]

    audio = {"id": "a", "transcript": "hey", "data": "AA", "expires_at": 5}
    assert response.message.parts == (UnknownPart(raw={"audio": audio}, origin=ORIGIN),)


@pytest.mark.parametrize(
    "error_chunk",
    [
        {"error": {"message": "broke", "code": 502}},
        {"error": {"message": "broke"}, "choices": []},
        {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error", "error": {"message": "broke"}}]},
        {"error": {"message": "broke", "code": "tool_use_failed", "status_code": 400}},
    ],
)
def test_an_error_inside_a_stream_raises_and_leaves_the_partial(error_chunk: dict[str, Any]) -> None:
    decoder = stream_decoder(ORIGIN)
    decoder.feed(Frame("", json.dumps(chunk({"content": "so f"})).encode()))

    with pytest.raises(ProviderError, match="broke"):
        decoder.feed(Frame("error", json.dumps(error_chunk).encode()))

    partial = decoder.finish()[1]
    assert (partial.text, partial.finish_reason) == ("so f", "error")


@pytest.mark.parametrize(
    "error", [{"code": "data_inspection_failed", "message": "m"}, {"type": "content_filter", "message": "m"}]
)
def test_a_filter_that_breaks_in_is_a_refusal_and_no_error(error: dict[str, Any]) -> None:
    _, response, is_complete = streamed(chunk({"content": "so f"}), {"error": error})
    answer = parse_response(reply(200, {"error": error}), ORIGIN)

    assert is_complete
    assert (response.text, response.finish_reason) == ("so f", "content_filter")
    for refused in (response, answer):
        assert refused.finish_reason == "content_filter"
        assert refused.refusal is not None
        assert refused.refusal.source == "input_filter"


# ---- calls in streams ------------------------------------------------------------------------------------------------


def test_calls_in_parallel_by_index() -> None:
    assert calls(
        call("", "a", "f", index=0, type="function"),
        call('{"x"', index=0),
        call("", "b", "g", index=1, type="function"),
        call(":1}", index=0),
        call("{}", index=1),
    ) == [("a", "f", '{"x":1}'), ("b", "g", "{}")]


def test_calls_without_an_index() -> None:
    assert calls(call("{}", "a", "f"), call("{}", "b", "g")) == [("a", "f", "{}"), ("b", "g", "{}")]
    assert calls([call("{}", "a", "f"), call("{}", "b", "g")]) == [("a", "f", "{}"), ("b", "g", "{}")]
    assert calls(call('{"x"', "a", "f"), call(":1}")) == [("a", "f", '{"x":1}')]


def test_calls_without_an_id_get_one() -> None:
    assert calls(call("{}", None, "f", index=0), call("{}", "", "f", index=1)) == [
        ("call_0_c", "f", "{}"),
        ("call_1_c", "f", "{}"),
    ]
    assert calls(call("{}", None, "f"), call("{}", None, "g")) == [("call_0_c", "f", "{}"), ("call_1_c", "g", "{}")]


def test_the_first_id_stays_whether_it_is_repeated_emptied_or_changed() -> None:
    for later in ("a", "", "random"):
        assert calls(call('{"x"', "a", "f", index=0), call(":1}", later, index=0)) == [("a", "f", '{"x":1}')]


def test_parallel_calls_that_all_claim_index_0() -> None:
    assert calls(call("{}", "a", "f", index=0), call("{}", "b", "g", index=0)) == [("a", "f", "{}"), ("b", "g", "{}")]


def test_a_call_names_itself_from_its_first_delta_on() -> None:
    deltas, _, _ = streamed(
        chunk({"tool_calls": [call("", "a", "f", index=0)]}), chunk({"tool_calls": [call("{}", index=0)]})
    )

    assert [delta for delta in deltas if isinstance(delta, ToolCallDelta)] == [
        ToolCallDelta(0, "a", "f", ""),
        ToolCallDelta(0, "a", "f", "{}"),
    ]


def test_a_custom_call_in_pieces() -> None:
    begun = {"index": 0, "id": "c", "type": "custom", "custom": {"name": "math", "input": ""}}
    response = streamed(
        chunk({"tool_calls": [begun]}),
        chunk({"tool_calls": [{"index": 0, "custom": {"input": "4 +"}}]}),
        chunk({"tool_calls": [{"index": 0, "custom": {"input": " 4"}}]}),
    )[1]

    assert [(c.name, c.raw_arguments, c.state) for c in response.tool_calls] == [("math", "4 + 4", {"type": "custom"})]


def test_the_deprecated_function_call() -> None:
    legacy = {"function_call": {"name": "f", "arguments": "{}"}}

    assert [c.name for c in whole(legacy, "function_call").tool_calls] == ["f"]
    response = streamed(chunk(legacy), chunk({}, "function_call"))[1]
    assert (response.finish_reason, response.tool_calls[0].name) == ("tool_call", "f")


# ---- error answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (
            400,
            {"error": {"message": "m", "type": "invalid_request_error", "code": "context_length_exceeded"}},
            "context_overflow",
        ),
        (
            400,
            {"error": {"message": "This model's maximum context length is 8 tokens", "code": None}},
            "context_overflow",
        ),
        (400, {"error": {"message": "m", "type": "exceed_context_size_error", "code": 400}}, "context_overflow"),
        (413, {"error": {"message": "Request too large"}}, "context_overflow"),
        (429, {"error": {"message": "m", "type": "insufficient_quota", "code": "insufficient_quota"}}, "quota"),
        (400, {"error": {"message": "m", "code": "insufficient_quota"}}, "quota"),
        (402, {"error": {"message": "no balance"}}, "quota"),
        (429, {"error": {"message": "m", "type": "requests", "code": "rate_limit_exceeded"}}, "rate_limit"),
        (429, {"error": {"code": "1113", "message": "no balance"}}, "quota"),
        (400, {"code": "invalid-argument", "error": "Incorrect API key provided."}, "auth"),
        (400, {"code": "invalid-argument", "error": "Model not found: m"}, "not_found"),
        (404, {"error": "Specified model not found: m"}, "not_found"),
        (401, {"detail": "Could not parse your token."}, "auth"),
        (
            400,
            {"code": 400, "message": "Temperature must be between 0 and 2", "type": "Bad Request"},
            "invalid_request",
        ),
        (400, {"error": {"message": "m", "code": "tool_use_failed", "failed_generation": "x"}}, "invalid_request"),
        (503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, "overloaded"),
        (498, {"error": {"message": "flex capacity exceeded"}}, "overloaded"),
        (500, {"error": {"message": "m", "type": "server_error"}}, "server_error"),
        (409, {"error": {"message": "conflict"}}, "unknown"),
    ],
)
def test_error_kinds(status: int, body: Any, kind: str) -> None:
    error = parse_error(reply(status, body, **{"x-request-id": "req_1"}), ORIGIN)

    assert isinstance(error, ProviderError)
    assert (error.kind, error.status, error.request_id) == (kind, status, "req_1")


AZURE = {
    "error": {
        "message": "The response was filtered",
        "code": "content_filter",
        "status": 400,
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {"hate": {"filtered": True, "severity": "high"}, "sexual": {"filtered": False}},
        },
    }
}


@pytest.mark.parametrize(
    ("status", "body", "source", "category"),
    [
        (400, AZURE, "input_filter", "hate"),
        (400, {"error": {"code": "data_inspection_failed", "message": "m"}}, "input_filter", "unspecified"),
        (400, {"error": {"type": "content_filter", "message": "m"}}, "input_filter", "unspecified"),
        (400, {"error": {"code": "content_policy_violation", "message": "m"}}, "provider_policy", "unspecified"),
        (400, {"error": {"code": "1301", "message": "m"}}, "input_filter", "unspecified"),
        (
            403,
            {"error": {"code": 403, "message": "m", "metadata": {"reasons": ["violence"], "flagged_input": "x"}}},
            "input_filter",
            "violence",
        ),
        (400, FILTERED_INSTEAD, "output_filter", "unspecified"),
    ],
    ids=["azure", "dashscope", "moonshot", "policy", "zai", "openrouter", "foundry"],
)
def test_a_filter_that_answers_with_an_error_status(status: int, body: Any, source: str, category: str) -> None:
    response = parse_error(reply(status, body), ORIGIN)

    assert isinstance(response, Response)
    assert response.finish_reason == "content_filter"
    assert response.refusal is not None
    assert (response.refusal.kind, response.refusal.source, response.refusal.category) == ("hard", source, category)
    assert response.refusal.evidence[0] == f"HTTP {status}"
    assert response.raw == body
