"""Portable requests as Responses requests: items in order, options under their names, and what gets lost on record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import strategies
from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
from portable_llm._errors import InvalidRequestError
from portable_llm._messages import (
    BlobPart,
    Citation,
    FilePart,
    Message,
    Origin,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
    assistant,
    system,
    tool_result,
    user,
)
from portable_llm._plan import make_plan
from portable_llm._request import CacheHint, NamedTool, Output, Reasoning, Request, Sampling, Tool, request
from portable_llm.providers._target import Settings
from portable_llm.wire.openai_responses import CAPABILITIES, build_request

ORIGIN = Origin(provider="p", host="h", model="m")
CALL = ToolCallPart(id="call_1", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city": "Oslo"}')
WEATHER = Tool(name="weather", description="Current weather", parameters={"type": "object", "properties": {}})
THOUGHT = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Look it up."}],
    "encrypted_content": "gAAA",
}


def build(
    *messages: Message, capabilities: Capabilities = CAPABILITIES, stream: bool = False, **options: Any
) -> tuple[dict[str, Any], tuple[Adaptation, ...]]:
    asked = Request(model="m", messages=messages or (user("hi"),), **options)
    call, ledger = build_request(asked, capabilities, stream=stream)
    assert isinstance(call.json, dict)
    return call.json, ledger


def items(*messages: Message, **options: Any) -> list[dict[str, Any]]:
    return build(*messages, **options)[0]["input"]


def subjects(ledger: tuple[Adaptation, ...]) -> dict[str, tuple[str, str]]:
    return {entry.subject: (entry.action, entry.severity) for entry in ledger}


def made(*parts: Any) -> Message:
    return Message(role="assistant", parts=parts)


# ---- state -----------------------------------------------------------------------------------------------------------


def test_nothing_is_kept_at_the_provider_unless_asked_and_the_ledger_says_so() -> None:
    body, ledger = build()

    assert body == {"model": "m", "input": [{"type": "message", "role": "user", "content": "hi"}], "store": False}
    assert subjects(ledger) == {"/extra/store": ("defaulted", "advisory")}


@pytest.mark.parametrize(
    "extra", [{"store": True}, {"previous_response_id": "resp_1"}, {"conversation": "conv_1"}, {"background": True}]
)
def test_who_names_state_on_the_server_gets_the_api_s_own_default(extra: dict[str, Any]) -> None:
    body, _ = build(extra=extra)

    assert body == {"model": "m", "input": [{"type": "message", "role": "user", "content": "hi"}], **extra}


def test_a_stream_is_asked_for_and_needs_no_option_for_its_usage() -> None:
    assert build(stream=True)[0]["stream"] is True


# ---- messages --------------------------------------------------------------------------------------------------------


def test_turns_are_items_in_order() -> None:
    sent = items(system("Be brief."), user("Weather?"), assistant("Let me see.", CALL), tool_result("call_1", "12 C"))

    assert sent == [
        {"type": "message", "role": "system", "content": "Be brief."},
        {"type": "message", "role": "user", "content": "Weather?"},
        {"type": "message", "role": "assistant", "content": "Let me see."},
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city": "Oslo"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "12 C"},
    ]


def test_text_and_calls_keep_the_order_that_chat_completions_cannot_say() -> None:
    sent = items(user("?"), made(CALL, TextPart(text="and now")), tool_result("call_1", "12 C"))

    assert [item["type"] for item in sent] == ["message", "function_call", "message", "function_call_output"]


def test_media_of_a_user() -> None:
    parts = (
        TextPart(text="See"),
        BlobPart(mime_type="image/png", data=strategies.PNG),
        UriPart(uri="https://example.test/a.jpg", mime_type="image/jpeg"),
        UriPart(uri="https://example.test/a.pdf", mime_type="application/pdf"),
        BlobPart(mime_type="application/pdf", data=b"%PDF"),
        BlobPart(mime_type="audio/wav", data=b"RIFF"),
        FilePart(id="file-1"),
        FilePart(id="file-2", mime_type="image/png"),
    )
    [sent] = items(Message(role="user", parts=parts))

    assert sent["content"] == [
        {"type": "input_text", "text": "See"},
        {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,iVBORw0KGgo="},
        {"type": "input_image", "detail": "auto", "image_url": "https://example.test/a.jpg"},
        {"type": "input_file", "file_url": "https://example.test/a.pdf"},
        {
            "type": "input_file",
            "filename": "document.pdf",
            "file_data": "data:application/pdf;base64,JVBERg==",
        },
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        {"type": "input_file", "file_id": "file-1"},
        {"type": "input_image", "detail": "auto", "file_id": "file-2"},
    ]


def test_a_tool_may_give_back_an_image() -> None:
    sent = items(
        user("?"), made(CALL), tool_result("call_1", "See:", BlobPart(mime_type="image/png", data=strategies.PNG))
    )

    assert [piece["type"] for piece in sent[-1]["output"]] == ["input_text", "input_image"]


def test_a_failed_tool_says_so_in_its_text() -> None:
    failed = ToolResultPart(call_id="call_1", parts=(TextPart(text="no such city"),), is_error=True)
    body, ledger = build(user("?"), made(CALL), Message(role="tool", parts=(failed,)))

    assert body["input"][-1]["output"] == "Error: no such city"
    assert subjects(ledger)["/messages/2/parts/0/is_error"] == ("emulated", "exact")


def test_a_call_with_free_text_has_a_result_of_its_own_type() -> None:
    code = ToolCallPart(id="c1", name="python", arguments=None, raw_arguments="print(1)", state={"type": "custom"})
    sent = items(user("?"), made(code), tool_result("c1", "1"))

    assert sent[1:] == [
        {"type": "custom_tool_call", "call_id": "c1", "name": "python", "input": "print(1)"},
        {"type": "custom_tool_call_output", "call_id": "c1", "output": "1"},
    ]


def test_unreadable_arguments_go_back_as_the_model_wrote_them() -> None:
    broken = ToolCallPart(id="c1", name="weather", arguments=None, raw_arguments='{"city": ')

    assert items(user("?"), made(broken), tool_result("c1", "?"))[1]["arguments"] == '{"city": '


def test_phase_and_namespace_are_what_the_model_needs_again() -> None:
    turn = made(
        TextPart(text="Let me see.", state={"phase": "commentary"}, origin=ORIGIN),
        replace(CALL, state={"namespace": "crm"}, origin=ORIGIN),
        TextPart(text="Sunny.", state={"phase": "final_answer"}, origin=ORIGIN),
    )
    sent = items(user("?"), turn)[1:]

    assert [item.get("phase", item.get("namespace")) for item in sent] == ["commentary", "crm", "final_answer"]


def test_words_of_refusal_go_back_as_such() -> None:
    [_, sent] = items(user("?"), made(TextPart(text="First, "), RefusalPart(text="No more.")))

    assert sent == {
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [
            {"type": "output_text", "text": "First, ", "annotations": []},
            {"type": "refusal", "refusal": "No more."},
        ],
    }


def test_neighbouring_texts_are_one_since_a_list_of_them_would_need_an_id() -> None:
    body, ledger = build(user("?"), made(TextPart(text="According to "), TextPart(text="the page")))

    assert body["input"][1]["content"] == "According to the page"
    assert subjects(ledger)["/messages/1/parts"] == ("renamed", "exact")


def test_where_a_text_comes_from_is_not_sent_back_and_listed() -> None:
    cited = Citation(start=0, end=4, url="https://example.test", title="T")
    body, ledger = build(user("?"), made(TextPart(text="Oslo", citations=(cited,))))

    assert body["input"][1]["content"] == "Oslo"
    assert subjects(ledger)["/messages/1/parts/0/citations"] == ("dropped", "advisory")


def test_media_that_a_model_cannot_have_said_is_left_out_and_listed() -> None:
    body, ledger = build(user("?"), made(TextPart(text="x"), BlobPart(mime_type="image/png", data=b"")), user("!"))

    assert [item["role"] for item in body["input"]] == ["user", "assistant", "user"]
    assert subjects(ledger)["/messages/1/parts/1"] == ("dropped", "changed")


# ---- reasoning and odd items -----------------------------------------------------------------------------------------


def test_reasoning_goes_back_as_the_item_it_came_as() -> None:
    thought = ReasoningPart(text="Look it up.", state=THOUGHT, origin=ORIGIN)

    assert items(user("?"), made(thought, CALL), tool_result("call_1", "12 C"))[1] == THOUGHT


def test_reasoning_that_led_to_nothing_would_be_refused_and_is_left_out() -> None:
    body, ledger = build(user("?"), made(ReasoningPart(state=THOUGHT, origin=ORIGIN)), user("Well?"))

    assert [item["role"] for item in body["input"]] == ["user", "user"]
    assert subjects(ledger)["/messages/1/parts/0/state"] == ("dropped", "lost")


def test_reasoning_without_its_content_is_only_sent_where_it_is_stored() -> None:
    bare = {"type": "reasoning", "id": "rs_1", "summary": []}
    turns = (user("?"), made(ReasoningPart(state=bare, origin=ORIGIN), TextPart(text="x")), user("!"))
    body, ledger = build(*turns)

    assert [item["type"] for item in body["input"]] == ["message"] * 3
    assert subjects(ledger)["/messages/1/parts/0/state"] == ("dropped", "lost")
    assert items(*turns, extra={"store": True})[1] == bare


@pytest.mark.parametrize("state", [None, {"signature": "abc"}])
def test_reasoning_that_is_no_item_is_never_turned_into_text(state: dict[str, Any] | None) -> None:
    body, ledger = build(user("?"), made(ReasoningPart(text="secret", state=state), TextPart(text="x")))

    assert "secret" not in str(body)
    assert subjects(ledger)["/messages/1/parts/0/state"] == ("dropped", "lost")


def test_items_of_hosted_tools_go_back_verbatim() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}}
    sent = items(user("?"), made(UnknownPart(raw=search), TextPart(text="x")), user("!"))

    assert sent[1] == search


def test_reasoning_of_another_model_never_leaves() -> None:
    """The whole way, passes included: bound to provider, host and model."""
    target = Settings().resolve("openai-responses:gpt-5.4")
    foreign = replace(target.origin, model="gpt-5.2")
    turns = (user("?"), made(ReasoningPart(state=THOUGHT, origin=foreign), TextPart(text="x")), user("!"))
    home = (user("?"), made(ReasoningPart(state=THOUGHT, origin=target.origin), TextPart(text="x")), user("!"))

    assert b"gAAA" not in make_plan(request("openai-responses:gpt-5.4", turns), target).call.body
    assert b"gAAA" in make_plan(request("openai-responses:gpt-5.4", home), target).call.body


# ---- options ---------------------------------------------------------------------------------------------------------


def test_tools_are_flat_and_strict_is_always_said() -> None:
    body, ledger = build(tools=(WEATHER, replace(WEATHER, name="time", strict=True)), tool_choice=NamedTool("time"))

    assert body["tools"] == [
        {
            "type": "function",
            "name": "weather",
            "description": "Current weather",
            "parameters": {"type": "object", "properties": {}},
            "strict": False,
        },
        {
            "type": "function",
            "name": "time",
            "description": "Current weather",
            "parameters": {"type": "object", "properties": {}},
            "strict": True,
        },
    ]
    assert body["tool_choice"] == {"type": "function", "name": "time"}
    assert subjects(ledger)["/tools/0/strict"] == ("defaulted", "advisory")
    assert "/tools/1/strict" not in subjects(ledger)


def test_a_subset_of_tools_has_a_choice_of_its_own() -> None:
    body, ledger = build(tools=(WEATHER,), allowed_tools=("weather",), tool_choice="required")

    assert body["tool_choice"] == {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [{"type": "function", "name": "weather"}],
    }
    assert subjects(ledger)["/allowed_tools"] == ("renamed", "exact")


def test_the_format_of_the_text_is_flat_too() -> None:
    schema = {"type": "object", "properties": {}}

    assert build(output=Output(schema=schema, name="answer", strict=True))[0]["text"] == {
        "format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": True}
    }
    assert build(output=Output())[0]["text"] == {"format": {"type": "json_object"}}


def test_further_fields_of_an_option_come_through_extra() -> None:
    body, _ = build(
        output=Output(),
        reasoning=Reasoning(effort="low"),
        extra={"text": {"verbosity": "low"}, "reasoning": {"context": "all_turns"}, "service_tier": "flex"},
    )

    assert body["text"] == {"format": {"type": "json_object"}, "verbosity": "low"}
    assert body["reasoning"] == {"effort": "low", "context": "all_turns"}
    assert body["service_tier"] == "flex"


def test_tools_of_the_provider_s_own_stand_behind_the_application_s() -> None:
    body, _ = build(tools=(WEATHER,), extra={"tools": [{"type": "web_search"}], "include": ["web_search_call.results"]})

    assert [tool["type"] for tool in body["tools"]] == ["function", "web_search"]
    assert body["include"] == ["web_search_call.results"]


def test_an_extra_field_never_overwrites_an_option() -> None:
    with pytest.raises(InvalidRequestError, match="extra sets 'temperature'"):
        build(sampling=Sampling(temperature=1), extra={"temperature": 0})


def test_log_probabilities_are_included_by_name() -> None:
    body, _ = build(sampling=Sampling(logprobs=3))

    assert (body["include"], body["top_logprobs"]) == (["message.output_text.logprobs"], 3)
    assert "top_logprobs" not in build(sampling=Sampling(logprobs=0))[0]


@pytest.mark.parametrize("effort", ["low", "high"])
def test_who_asks_for_reasoning_gets_what_must_be_sent_back(effort: Any) -> None:
    body, _ = build(reasoning=Reasoning(effort=effort, summary=True))

    assert body["reasoning"] == {"effort": effort, "summary": "auto"}
    assert body["include"] == ["reasoning.encrypted_content"]
    assert "include" not in build(reasoning=Reasoning(effort="none"))[0]


@pytest.mark.parametrize(("model", "asks"), [("gpt-5.4", True), ("o4-mini", True), ("gpt-4o", False), ("x", False)])
def test_models_that_reason_are_asked_for_it_by_name(model: str, asks: bool) -> None:
    target = Settings().resolve(f"openai-responses:{model}")
    body = make_plan(request(f"openai-responses:{model}", "hi"), target).call.json

    assert isinstance(body, dict)
    assert ("include" in body) == asks


def test_the_rest_of_the_options() -> None:
    body, ledger = build(
        max_output_tokens=64,
        metadata={"team": "a"},
        cache=CacheHint(key="k", ttl="1h", breakpoints=("/messages/0",)),
        parallel_tool_calls=False,
        tools=(WEATHER,),
        sampling=Sampling(temperature=0.5, top_p=0.9),
    )

    assert {name: body[name] for name in ("max_output_tokens", "metadata", "prompt_cache_key", "temperature")} == {
        "max_output_tokens": 64,
        "metadata": {"team": "a"},
        "prompt_cache_key": "k",
        "temperature": 0.5,
    }
    assert body["parallel_tool_calls"] is False
    assert subjects(ledger)["/cache/ttl"] == ("dropped", "advisory")
    assert subjects(ledger)["/cache/breakpoints"] == ("dropped", "advisory")


def test_what_the_protocol_lacks_is_on_record() -> None:
    _, ledger = build(
        stop=("END",),
        sampling=Sampling(top_k=1, seed=1, logit_bias={"1": 1}),
        reasoning=Reasoning(budget_tokens=100),
    )

    lost = {entry.subject for entry in ledger if entry.severity == "lost"}
    assert lost == {
        "/stop",
        "/reasoning/budget_tokens",
        *(f"/sampling/{n}" for n in ("top_k", "seed", "logit_bias")),
    }


def test_penalties_are_fields_of_the_specification_and_not_of_the_vendor_s_service() -> None:
    asked = request("compatible-responses:m@http://host/v1", "hi", sampling=Sampling(presence_penalty=0.5))
    there = make_plan(asked, Settings().resolve(asked.model))
    at_home = make_plan(asked, Settings().resolve("openai-responses:gpt-4o"))

    assert isinstance(there.call.json, dict)
    assert there.call.json["presence_penalty"] == 0.5
    assert at_home.worst == "lost"


def test_a_limit_below_what_the_api_takes_is_raised_and_that_is_a_change() -> None:
    target = Settings().resolve("openai-responses:gpt-4o")
    plan = make_plan(request("openai-responses:gpt-4o", "hi", max_output_tokens=5), target)

    assert isinstance(plan.call.json, dict)
    assert plan.call.json["max_output_tokens"] == 16
    assert plan.worst == "changed"


def test_a_stored_prompt_needs_no_input() -> None:
    asked = Request[Any](model="m", messages=(), extra={"prompt": {"id": "pmpt_1"}})
    call, _ = build_request(asked, CAPABILITIES)

    assert isinstance(call.json, dict)
    assert "input" not in call.json
