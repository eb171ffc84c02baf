"""What Cohere's chat does differently: plans before calls, citations with sources, typed events, upper-case words."""

from __future__ import annotations

import json
from typing import Any

import pytest

import strategies
from portable_llm import Client
from portable_llm._errors import ProviderError
from portable_llm._frames import JSON_LINES, Frame
from portable_llm._http import HttpReply
from portable_llm._messages import (
    Citation,
    Origin,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    UnknownPart,
    assistant,
    tool_result,
    user,
)
from portable_llm._request import NamedTool, Output, Reasoning, Request, Tool
from portable_llm._response import Response
from portable_llm.wire.cohere_v2 import (
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


def read(message: Any, *, word: str | None = "COMPLETE", **body: Any) -> Response[None]:
    """The answer with this message."""
    whole = {"id": "c1", "finish_reason": word, "message": {"role": "assistant", **message}, **body}
    return parse_response(HttpReply(status=200, body=json.dumps(whole).encode()), ORIGIN)


def event(kind: str, index: int | None = None, end: Any = None, **message: Any) -> dict[str, Any]:
    """One event; `end` is the delta of the last."""
    where = {} if index is None else {"index": index}
    return {"type": kind, **where, "delta": end if end is not None else {"message": message}}


def streamed(*events: dict[str, Any]) -> tuple[Response[None], bool]:
    """The answer that these events add up to, and whether it came to its end."""
    decoder = stream_decoder(ORIGIN)
    for one in events:
        decoder.feed(Frame(one["type"], json.dumps(one).encode()))
    return decoder.finish()[1], decoder.is_complete


START = {"type": "message-start", "id": "c1", "delta": {"message": {"role": "assistant", "content": []}}}
CALL = {"id": "weather_a1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
USAGE = {
    "billed_units": {"input_tokens": 20.0, "output_tokens": 10.0},
    "tokens": {"input_tokens": 900.0, "output_tokens": 40.0, "reasoning_tokens": 7.0},
    "cached_tokens": 512.0,
}


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_the_plan_is_reasoning_that_goes_back_to_where_it_stood() -> None:
    response = read({"tool_plan": "I will look.", "tool_calls": [CALL]}, word="TOOL_CALL")
    asked = Request(model="m", messages=(user("?"), response.message, tool_result("weather_a1", "12 C")))
    call, _ = build_request(asked, CAPABILITIES)

    assert response.text == ""
    assert response.finish_reason == "tool_call"
    assert response.message.parts[0] == ReasoningPart(text="I will look.", state={"field": "tool_plan"}, origin=ORIGIN)
    assert call.json["messages"][1] == {  # type: ignore[index]
        "role": "assistant",
        "tool_plan": "I will look.",
        "tool_calls": [CALL],
    }


def test_a_plan_and_calls_come_in_pieces() -> None:
    begun = {**CALL, "function": {"name": "weather", "arguments": ""}}
    response, is_complete = streamed(
        START,
        event("tool-plan-delta", tool_plan="I will "),
        event("tool-plan-delta", tool_plan="look."),
        event("tool-call-start", 0, tool_calls=begun),
        event("tool-call-delta", 0, tool_calls={"function": {"arguments": '{\n    "city": '}}),
        event("tool-call-delta", 0, tool_calls={"function": {"arguments": '"Oslo"}'}}),
        event("tool-call-end", 0),
        event("message-end", end={"finish_reason": "TOOL_CALL", "usage": USAGE}),
    )

    assert [call.arguments for call in response.tool_calls] == [{"city": "Oslo"}]
    assert response.message.parts[0].text == "I will look."  # type: ignore[union-attr]
    assert (response.id, response.model, is_complete) == ("c1", ORIGIN.model, True)


def test_thinking_comes_before_the_text() -> None:
    response = read({"content": [{"type": "thinking", "thinking": "So."}, {"type": "text", "text": "12 C"}]})

    assert [type(part) for part in response.message.parts] == [ReasoningPart, TextPart]
    assert response.text == "12 C"


SOURCE = {"type": "document", "id": "doc:0", "document": {"id": "doc:0", "title": "Climate", "url": "https://e.test/1"}}
RECORD = {"start": 0, "end": 4, "text": "Oslo", "sources": [SOURCE], "type": "TEXT_CONTENT"}
CITED = TextPart(
    text="Oslo is cold.",
    citations=(Citation(start=0, end=4, title="Climate", url="https://e.test/1", raw=RECORD),),
)


def test_citations_name_passage_and_source() -> None:
    content = {"content": [{"type": "text", "text": "Oslo is cold."}], "citations": [RECORD]}
    whole = read(content)
    pieces, _ = streamed(
        START,
        event("content-start", 0, content={"type": "text", "text": ""}),
        event("content-delta", 0, content={"text": "Oslo is cold."}),
        event("citation-start", 0, citations=RECORD),
        event("citation-end", 0),
        event("message-end", end={"finish_reason": "COMPLETE"}),
    )

    assert whole.message.parts == pieces.message.parts == (CITED,)


def test_a_citation_belongs_to_the_content_that_it_names() -> None:
    content = [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    of_plan = {**RECORD, "type": "PLAN", "content_index": 0}
    response = read({"content": content, "citations": [{**RECORD, "content_index": 2}, of_plan]})

    assert [len(part.citations) for part in response.message.parts if isinstance(part, TextPart)] == [0, 1]
    assert response.message.parts[-1] == UnknownPart(raw={"citations": [of_plan]}, origin=ORIGIN)


def test_own_citations_go_back_with_their_text_and_those_of_others_do_not() -> None:
    foreign = TextPart(text="b", citations=(Citation(url="https://e.test"),))
    call, ledger = build_request(
        Request(model="m", messages=(user("?"), assistant(CITED), user("!"), assistant(foreign), user("?"))),
        CAPABILITIES,
    )

    messages = call.json["messages"]  # type: ignore[index]
    assert messages[1]["citations"] == [RECORD]
    assert "citations" not in messages[3]
    assert [entry.subject for entry in ledger] == ["/messages/3/parts/0/citations"]


def test_what_was_counted_and_not_what_is_billed() -> None:
    usage = read({"content": []}, usage=USAGE).usage

    assert (usage.input_tokens, usage.output_tokens) == (900, 40)
    assert (usage.cache_read_input_tokens, usage.reasoning_output_tokens) == (512, 7)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("COMPLETE", "stop"),
        ("STOP_SEQUENCE", "stop"),
        ("MAX_TOKENS", "length"),
        ("ERROR", "error"),
        ("TIMEOUT", "error"),
        ("ERROR_TOXIC", "content_filter"),
        ("ERROR_LIMIT", "context_overflow"),
        ("USER_CANCEL", "cancelled"),
        ("GALAXY", "unknown"),
        (None, "unknown"),
    ],
)
def test_finish_words(word: str | None, reason: str) -> None:
    response = read({"content": [{"type": "text", "text": "x"}]}, word=word)

    assert (response.finish_reason, response.raw_finish_reason) == (reason, word)
    assert (response.refusal is not None) == (reason == "content_filter")


def test_content_of_an_unknown_type_is_kept() -> None:
    item = {"type": "hologram", "data": "x"}
    whole = read({"content": [item]})
    response, _ = streamed(START, event("content-start", 0, content=item), event("content-end", 0))

    assert whole.message.parts == response.message.parts == (UnknownPart(raw=item, origin=ORIGIN),)


def test_a_stream_without_its_last_event_was_cut() -> None:
    response, is_complete = streamed(START, event("content-delta", 0, content={"text": "12"}))

    assert (response.text, response.finish_reason, is_complete) == ("12", "unknown", False)


def test_plans_and_citations_survive_being_written() -> None:
    plan = ReasoningPart(text="I will look.", state={"field": "tool_plan"}, origin=ORIGIN)
    made = ToolCallPart(id="c", name="f", arguments={}, raw_arguments="{}")
    response = read({"content": []})
    said = strategies.Response(**{**vars(response), "message": assistant(CITED, plan, made)})

    whole = parse_response(write_response(said), ORIGIN)
    decoder = stream_decoder(ORIGIN)
    for chunk in write_stream(said):
        kind, _, data = chunk.decode().partition("\ndata: ")
        decoder.feed(Frame(kind.removeprefix("event: "), data.strip().encode() or b"[DONE]"))

    assert whole.message == decoder.finish()[1].message == said.message


# ---- version 1 -------------------------------------------------------------------------------------------------------


def test_answers_of_version_1_are_read() -> None:
    body = {
        "response_id": "r1",
        "text": "Arrr",
        "finish_reason": "COMPLETE",
        "meta": {"tokens": {"input_tokens": 9, "output_tokens": 2}},
    }
    response = parse_response(HttpReply(status=200, body=json.dumps(body).encode()), ORIGIN)

    assert (response.text, response.finish_reason, response.usage.input_tokens) == ("Arrr", "stop", 9)


def test_streams_of_version_1_are_lines() -> None:
    whole = {"text": "Arrr", "meta": {"billed_units": {"input_tokens": 9, "output_tokens": 2}}}
    lines = [
        {"is_finished": False, "event_type": "stream-start", "generation_id": "g"},
        {"is_finished": False, "event_type": "text-generation", "text": "Ar"},
        {"is_finished": False, "event_type": "text-generation", "text": "rr"},
        {"is_finished": True, "event_type": "stream-end", "response": whole, "finish_reason": "MAX_TOKENS"},
    ]
    frames, decoder = JSON_LINES.decoder(), stream_decoder(ORIGIN)
    for frame in frames.feed(b"".join(json.dumps(line).encode() + b"\n" for line in lines)):
        decoder.feed(frame)
    response = decoder.finish()[1]

    assert (response.text, response.finish_reason, response.usage.output_tokens) == ("Arrr", "length", 2)
    assert decoder.is_complete


# ---- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, "too many tokens: size limit exceeded by 11326 tokens", "context_overflow"),
        (401, "invalid api token", "auth"),
        (402, "Please add or update your payment method", "quota"),
        (404, "model 'command-r' was removed on September 15, 2025", "not_found"),
        (422, "unprocessable", "invalid_request"),
        (429, "You are using a Trial key, which is limited to 40 API calls / minute", "rate_limit"),
        (429, "You are using a Trial key, which is limited to 1000 API calls / month", "quota"),
        (498, "invalid token", "auth"),
        (503, "unavailable", "overloaded"),
    ],
)
def test_an_error_is_a_sentence_without_a_wrapper(status: int, said: str, kind: str) -> None:
    error = parse_error(HttpReply(status=status, body=json.dumps({"id": "e1", "message": said}).encode()), ORIGIN)

    assert isinstance(error, ProviderError)
    assert (error.kind, error.request_id) == (kind, "e1")
    assert said in error.message


def test_an_error_in_the_last_event_is_raised_and_no_success() -> None:
    decoder = stream_decoder(ORIGIN)
    last = event("message-end", end={"finish_reason": "ERROR", "error": "internal server error"})

    with pytest.raises(ProviderError, match="internal server error"):
        decoder.feed(Frame("message-end", json.dumps(last).encode()))
    assert decoder.finish()[1].finish_reason == "error"


# ---- requests --------------------------------------------------------------------------------------------------------


def built(**options: Any) -> tuple[dict[str, Any], list[str]]:
    """The wire request, and the ledger as `action subject`."""
    call, ledger = build_request(Request(model="m", messages=(user("?"),), **options), CAPABILITIES)
    return call.json, [f"{entry.action} {entry.subject}" for entry in ledger]  # type: ignore[return-value]


def test_strictness_is_one_switch_for_all_tools() -> None:
    strict, plain = Tool(name="a", strict=True), Tool(name="b")

    assert built(tools=(strict,))[0]["strict_tools"] is True
    body, ledger = built(tools=(strict, plain))
    assert "strict_tools" not in body
    assert "dropped /tools/0/strict" in ledger


@pytest.mark.parametrize(
    ("reasoning", "thinking"),
    [
        (Reasoning(effort="none"), {"type": "disabled"}),
        (Reasoning(effort="high"), {"type": "enabled"}),
        (Reasoning(summary=True), {"type": "enabled"}),
        (Reasoning(budget_tokens=9), {"type": "enabled", "token_budget": 9}),
    ],
)
def test_thinking_is_on_or_off(reasoning: Reasoning, thinking: dict[str, Any]) -> None:
    assert built(reasoning=reasoning)[0]["thinking"] == thinking


def test_documents_of_a_tool_are_kept_as_they_are() -> None:
    document = {"type": "document", "document": {"id": "1", "data": {"c": "12"}}}
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "weather_a1", "content": [document]},
    ]
    request, _ = read_request({"model": "m", "messages": messages, "safety_mode": "STRICT"})
    call, _ = build_request(request, CAPABILITIES)

    assert call.json["messages"] == messages  # type: ignore[index]
    assert request.extra == {"safety_mode": "STRICT"}


# ---- the plan --------------------------------------------------------------------------------------------------------


def plan(*messages: Any, model: str = "cohere:command-a-03-2025", **options: Any) -> Any:
    with Client() as client:
        return client.plan(model, list(messages), **options)


def test_a_certain_call_is_forced_by_sending_its_tool_alone() -> None:
    tools = [Tool(name="a"), Tool(name="b")]
    made = plan(user("?"), tools=tools, tool_choice=NamedTool("b"))

    assert made.call.json["tool_choice"] == "REQUIRED"
    assert [tool["function"]["name"] for tool in made.call.json["tools"]] == ["b"]


def test_names_with_a_dash_are_sent_without() -> None:
    made = plan(user("?"), tools=[Tool(name="get-time")])

    assert made.call.json["tools"][0]["function"]["name"] == "get_time"
    assert made.tools.names == {"get_time": "get-time"}


def test_a_schema_travels_bare_and_is_lowered_to_what_is_held() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}
    made = plan(user("?"), output=Output(schema=schema))

    assert made.call.json["response_format"]["type"] == "json_object"
    assert "minimum" not in made.call.json["response_format"]["json_schema"]["properties"]["n"]
    assert any(entry.subject.endswith("/minimum") and entry.severity == "checked" for entry in made.adaptations)


def test_temperature_ends_at_one() -> None:
    made = plan(user("?"), temperature=1.5)

    assert made.call.json["temperature"] == 1
    assert [entry.severity for entry in made.adaptations if entry.subject == "/sampling/temperature"] == ["lost"]


def test_a_plan_of_its_own_goes_back_and_that_of_another_model_does_not() -> None:
    here = Origin(provider="cohere", host="api.cohere.com", model="command-a-03-2025")
    call = ToolCallPart(id="weather_a1", name="weather", arguments={}, raw_arguments="{}")
    thought = ReasoningPart(text="I will look.", state={"field": "tool_plan"}, origin=here)
    history = (user("?"), assistant(thought, call), tool_result("weather_a1", "12 C"))

    assert plan(*history).call.json["messages"][1]["tool_plan"] == "I will look."
    moved = plan(*history, model="cohere:command-r7b-12-2024")
    assert b"I will look." not in moved.call.body
    assert [entry.severity for entry in moved.adaptations if entry.subject.endswith("/state")] == ["lost"]
