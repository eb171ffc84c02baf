"""Portable requests as chat completion requests, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
from portable_llm._errors import InvalidRequestError
from portable_llm._messages import (
    BlobPart,
    Citation,
    FilePart,
    Message,
    Origin,
    Part,
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
from portable_llm._request import NamedTool, Output, Reasoning, Request, Sampling, Tool
from portable_llm.providers import provider
from portable_llm.wire.openai_chat import CAPABILITIES, build_request, read_request

ORIGIN = Origin(provider="p", host="h", model="m")
CALL = ToolCallPart(id="call_1", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city": "Oslo"}')
WEATHER = Tool(
    name="weather", description="Current weather", parameters={"type": "object", "properties": {}}, strict=True
)


def build(
    *messages: Message, capabilities: Capabilities = CAPABILITIES, stream: bool = False, **options: Any
) -> tuple[dict[str, Any], tuple[Adaptation, ...]]:
    request = Request(model="m", messages=messages or (user("hi"),), **options)
    call, ledger = build_request(request, capabilities, stream=stream)
    assert isinstance(call.json, dict)
    return call.json, ledger


def sent(*messages: Message) -> list[dict[str, Any]]:
    return build(*messages)[0]["messages"]


def subjects(ledger: tuple[Adaptation, ...]) -> dict[str, tuple[str, str]]:
    return {entry.subject: (entry.action, entry.severity) for entry in ledger}


def test_plain_text_is_sent_as_it_is_and_needs_no_entry() -> None:
    body, ledger = build(system("Be brief."), user("Weather?"))

    assert body == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Weather?"}],
    }
    assert ledger == ()


def test_a_tool_loop() -> None:
    assert sent(user("Weather?"), assistant(CALL), tool_result("call_1", "12 C")) == [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "12 C"},
    ]


def test_several_results_in_one_turn_are_several_messages_before_the_text() -> None:
    results = [ToolResultPart(call_id=name, parts=(TextPart(text=name),)) for name in ("a", "b")]

    messages = sent(assistant(replace(CALL, id="a"), replace(CALL, id="b")), user(*results, "and now?"))

    assert messages[1:] == [
        {"role": "tool", "tool_call_id": "a", "content": "a"},
        {"role": "tool", "tool_call_id": "b", "content": "b"},
        {"role": "user", "content": "and now?"},
    ]


def test_changed_arguments_win_over_the_text_the_model_wrote() -> None:
    edited = replace(CALL, arguments={"city": "Bergen"})

    assert sent(assistant(edited))[0]["tool_calls"][0]["function"]["arguments"] == '{"city":"Bergen"}'


def test_unreadable_arguments_are_replayed_as_they_were() -> None:
    broken = replace(CALL, arguments=None, raw_arguments='{"city": ')

    assert sent(assistant(broken))[0]["tool_calls"][0]["function"]["arguments"] == '{"city": '


def test_a_failed_tool_says_so_in_its_text() -> None:
    body, ledger = build(assistant(CALL), tool_result("call_1", "no such city", is_error=True))

    assert body["messages"][1]["content"] == "Error: no such city"
    assert subjects(ledger) == {"/messages/1/parts/0/is_error": ("emulated", "exact")}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            BlobPart(mime_type="image/png", data=b"a"),
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,YQ=="}},
        ),
        (UriPart(uri="https://e.org/a.png"), {"type": "image_url", "image_url": {"url": "https://e.org/a.png"}}),
        (
            BlobPart(mime_type="audio/mpeg", data=b"a"),
            {"type": "input_audio", "input_audio": {"data": "YQ==", "format": "mp3"}},
        ),
        (
            BlobPart(mime_type="application/pdf", data=b"a"),
            {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,YQ=="}},
        ),
        (FilePart(id="file-1", origin=ORIGIN), {"type": "file", "file": {"file_id": "file-1"}}),
        (
            UnknownPart(raw={"type": "video_url", "video_url": {"url": "u"}}, origin=ORIGIN),
            {"type": "video_url", "video_url": {"url": "u"}},
        ),
    ],
    ids=["image", "image address", "sound", "document", "file", "unknown"],
)
def test_parts_of_a_user_turn(part: Part, expected: dict[str, Any]) -> None:
    body, ledger = build(user("see", part))

    assert body["messages"][0]["content"] == [{"type": "text", "text": "see"}, expected]
    assert ledger == ()


def test_what_a_message_cannot_hold_is_left_out_with_an_entry() -> None:
    image = BlobPart(mime_type="image/png", data=b"a")
    address = UriPart(uri="https://e.org/a.pdf", mime_type="application/pdf")

    body, ledger = build(user("see", address), assistant(CALL, image), tool_result("call_1", "12 C", image))

    assert [message.get("content") for message in body["messages"]] == ["see", None, "12 C"]
    assert subjects(ledger) == dict.fromkeys(
        ["/messages/0/parts/1", "/messages/1/parts/1", "/messages/2/parts/0/parts/1"], ("dropped", "changed")
    )


def test_text_behind_a_call_moves_in_front_of_it() -> None:
    body, ledger = build(assistant(CALL, "done"))

    assert body["messages"][0]["content"] == "done"
    assert subjects(ledger) == {"/messages/0/parts/1": ("moved", "exact")}


def test_a_refusal_stays_typed_where_the_host_knows_it() -> None:
    refused = assistant(RefusalPart(text="No."))
    body, ledger = build(refused, capabilities=provider("compatible").capabilities_of("m", CAPABILITIES))

    assert sent(refused)[0]["content"] == [{"type": "refusal", "refusal": "No."}]
    assert body["messages"][0]["content"] == "No."
    assert subjects(ledger) == {"/messages/0/parts/0": ("renamed", "exact")}


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_goes_back_into_the_field_it_came_in(field: str) -> None:
    thought = ReasoningPart(text="Hm.", state={"field": field}, origin=ORIGIN)

    assert sent(assistant(thought, CALL))[0][field] == "Hm."


def test_reasoning_details_go_back_unchanged() -> None:
    details: list[Any] = [{"type": "reasoning.encrypted", "data": "x", "id": "r", "format": "f", "index": 0}]
    thought = ReasoningPart(text="", state={"reasoning_details": details}, origin=ORIGIN)

    assert sent(assistant(thought, "ok"))[0] == {"role": "assistant", "content": "ok", "reasoning_details": details}


def test_reasoning_no_host_asked_back_is_left_out_with_an_entry() -> None:
    body, ledger = build(assistant(ReasoningPart(text="Hm.", origin=ORIGIN), "ok"))

    assert body["messages"] == [{"role": "assistant", "content": "ok"}]
    assert subjects(ledger) == {"/messages/0/parts/0/state": ("dropped", "lost")}


def test_a_signature_on_a_call_goes_back_with_it() -> None:
    signed = replace(CALL, state={"extra_content": {"google": {"thought_signature": "s"}}}, origin=ORIGIN)

    assert sent(assistant(signed))[0]["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "s"}}


def test_a_custom_call_goes_back_as_one() -> None:
    custom = ToolCallPart(
        id="c", name="math", arguments=None, raw_arguments="4 + 4", state={"type": "custom"}, origin=ORIGIN
    )

    assert sent(assistant(custom))[0]["tool_calls"] == [
        {"id": "c", "type": "custom", "custom": {"name": "math", "input": "4 + 4"}}
    ]


def test_citations_are_not_sent_and_cost_nothing() -> None:
    body, ledger = build(assistant(TextPart(text="ok", citations=(Citation(url="https://e.org"),))))

    assert body["messages"][0]["content"] == "ok"
    assert subjects(ledger) == {"/messages/0/parts/0/citations": ("dropped", "advisory")}


def test_options_and_their_names() -> None:
    body, ledger = build(
        user("Weather?"),
        tools=(WEATHER,),
        tool_choice=NamedTool("weather"),
        parallel_tool_calls=False,
        output=Output(schema={"type": "object"}, name="answer", strict=True),
        sampling=Sampling(temperature=0.5, seed=7, logprobs=3, logit_bias={"5": -1}),
        reasoning=Reasoning(effort="low"),
        max_output_tokens=256,
        stop=("END",),
        metadata={"team": "a"},
        stream=True,
    )

    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Weather?"}],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "weather",
                    "description": "Current weather",
                    "parameters": {"type": "object", "properties": {}},
                    "strict": True,
                },
            }
        ],
        "parallel_tool_calls": False,
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
        },
        "temperature": 0.5,
        "seed": 7,
        "logit_bias": {"5": -1},
        "logprobs": True,
        "top_logprobs": 3,
        "reasoning_effort": "low",
        "max_completion_tokens": 256,
        "stop": ["END"],
        "metadata": {"team": "a"},
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert {entry.severity for entry in ledger} == {"exact"}


def test_any_json_is_json_mode() -> None:
    assert build(output=Output())[0]["response_format"] == {"type": "json_object"}


def test_compatible_hosts_get_the_older_name_of_the_limit() -> None:
    capabilities = provider("compatible").capabilities_of("m", CAPABILITIES)

    body, ledger = build(max_output_tokens=9, capabilities=capabilities)

    assert body["max_tokens"] == 9
    assert "max_completion_tokens" not in body
    assert subjects(ledger) == {"/max_output_tokens": ("renamed", "exact")}


def test_a_host_may_have_no_stream_options() -> None:
    capabilities = CAPABILITIES.with_(spelling={"stream_options": ""})

    assert "stream_options" not in build(capabilities=capabilities, stream=True)[0]


def test_extra_objects_are_merged_member_by_member() -> None:
    body, ledger = build(extra={"stream_options": {"include_obfuscation": False}}, stream=True)

    assert body["stream_options"] == {"include_usage": True, "include_obfuscation": False}
    assert subjects(ledger) == {"/extra/stream_options": ("moved", "exact")}


def test_extra_may_not_overwrite_what_an_option_has_set() -> None:
    with pytest.raises(InvalidRequestError, match=r"temperature.*(/extra/temperature)"):
        build(sampling=Sampling(temperature=0.5), extra={"temperature": 1})


# ---- the way back ----------------------------------------------------------------------------------------------------


def read(**body: Any) -> Request[Any]:
    return read_request({"model": "m", "messages": [{"role": "user", "content": "hi"}], **body})[0]


def test_state_survives_the_way_there_and_back() -> None:
    turn = assistant(
        ReasoningPart(text="Hm.", state={"field": "reasoning_content"}),
        "ok",
        replace(CALL, state={"extra_content": {"google": {"thought_signature": "s"}}}),
        ToolCallPart(id="c", name="math", arguments=None, raw_arguments="4 + 4", state={"type": "custom"}),
    )
    call, _ = build_request(Request(model="m", messages=(turn,)), CAPABILITIES)

    assert read_request(call.json)[0].messages == (turn,)  # type: ignore[arg-type]


def test_both_names_of_the_limit_are_read() -> None:
    assert read(max_tokens=5).max_output_tokens == 5
    assert read(max_completion_tokens=5).max_output_tokens == 5


def test_fields_without_a_portable_name_come_out_as_they_went_in() -> None:
    request = read(n=2, service_tier="flex", verbosity="low")

    assert request.extra == {"n": 2, "service_tier": "flex", "verbosity": "low"}
    assert build_request(request, CAPABILITIES)[0].json["n"] == 2  # type: ignore[index,call-overload]


def test_developer_text_is_system_text() -> None:
    request, ledger = read_request({"model": "m", "messages": [{"role": "developer", "content": "Be brief."}]})

    assert request.messages == (system("Be brief."),)
    assert subjects(ledger) == {"/messages/0/role": ("renamed", "exact")}


def test_deprecated_functions_are_read_as_tools() -> None:
    request, _ = read_request(
        {
            "model": "m",
            "functions": [{"name": "weather", "parameters": {"type": "object"}}],
            "function_call": {"name": "weather"},
            "messages": [
                {"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": "{}"}},
                {"role": "function", "name": "weather", "content": "12 C"},
            ],
        }
    )

    assert request.tools == (Tool(name="weather", parameters={"type": "object"}),)
    assert request.tool_choice == NamedTool("weather")
    call, result = request.messages[0].parts[0], request.messages[1].parts[0]
    assert isinstance(call, ToolCallPart)
    assert isinstance(result, ToolResultPart)
    assert call.id == result.call_id


DOCUMENT = "data:application/pdf;base64,JVBERi0="


def test_what_has_no_place_gets_an_entry() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://e.org/a.png", "detail": "low"}}
    _, ledger = read_request(
        {
            "model": "m",
            "messages": [{"role": "user", "name": "ada", "content": [image]}],
            "tools": [{"type": "web_search"}],
            "stream": True,
        }
    )

    assert subjects(ledger).keys() == {"/messages/0/name", "/messages/0/parts/0/detail", "/extra/tools", "/stream"}


def test_a_tool_of_the_providers_own_stays_behind_the_functions() -> None:
    search, weather = {"type": "web_search"}, {"type": "function", "function": {"name": "weather", "parameters": {}}}
    request, ledger = read_request(
        {"model": "m", "messages": [], "tools": [search, weather], "tool_choice": "auto", "parallel_tool_calls": True}
    )

    assert build_request(request, CAPABILITIES)[0].json["tools"] == [weather, search]  # type: ignore[index,call-overload]
    assert subjects(ledger)["/tools"] == ("moved", "exact")


def test_a_choice_among_the_providers_own_tools_alone_is_sent() -> None:
    asked = {"model": "m", "messages": [], "tools": [{"type": "web_search"}], "tool_choice": "auto"}

    assert build_request(read_request(asked)[0], CAPABILITIES)[0].json == asked


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        ({"role": "user", "content": "hi", "mood": "gay"}, "/messages/0/mood"),
        ({"role": "user", "content": [{"type": "text", "text": "hi", "mood": "gay"}]}, "/messages/0/parts/0/mood"),
        (
            {"role": "user", "content": [{"type": "file", "file": {"filename": "a.pdf", "file_data": DOCUMENT}}]},
            "/messages/0/parts/0/filename",
        ),
        (
            {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": ""}, "x": 1}]},
            "/messages/0/parts/0/x",
        ),
        ({"role": "tool", "tool_call_id": "1", "name": "f", "content": "hi"}, "/messages/0/name"),
    ],
    ids=["message", "piece", "file name", "call", "name of a result"],
)
def test_a_member_that_nobody_reads_is_listed(message: dict[str, Any], subject: str) -> None:
    _, ledger = read_request({"model": "m", "messages": [message]})

    assert subjects(ledger)[subject] == ("dropped", "changed")


def test_the_name_beside_a_result_is_that_of_its_call() -> None:
    call = {"id": "1", "function": {"name": "f", "arguments": ""}}
    result = {"role": "tool", "tool_call_id": "1", "name": "f", "content": "hi"}

    _, ledger = read_request({"model": "m", "messages": [{"role": "assistant", "tool_calls": [call]}, result]})

    assert subjects(ledger) == {"/messages/1/name": ("moved", "exact")}


@pytest.mark.parametrize(
    "body", [{}, {"model": "m"}, {"model": 1, "messages": []}, {"model": "m", "messages": [{"role": "alien"}]}]
)
def test_json_that_is_no_request_is_refused_with_its_place(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match=r"model|role"):
        read_request(body)


# ---- provider rows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "refused"),
    [
        ("gpt-4o", {"reasoning/effort"}),
        ("o4-mini", {"sampling/temperature", "stop", "parallel_tool_calls"}),
        ("gpt-5", {"sampling/temperature", "stop"}),
        ("gpt-5.2", {"stop"}),
        ("gpt-6.2-sol", {"tools", "sampling/temperature", "stop"}),
        ("some-new-model", set()),
    ],
)
def test_openai_models_refuse_what_they_are_known_to_refuse(model: str, refused: set[str]) -> None:
    capabilities = provider("openai").capabilities_of(model, CAPABILITIES)
    asked = ("reasoning/effort", "sampling/temperature", "stop", "parallel_tool_calls", "tools")

    assert {name for name in asked if capabilities[name].support == "no"} == refused


def test_a_compatible_server_needs_an_address_and_no_key() -> None:
    row = provider("compatible")

    assert row.base_url is None
    assert row.auth.is_optional
    assert row.capabilities_of("m", CAPABILITIES)["tools"].is_assumed


def test_an_address_in_the_place_of_its_object_is_no_lost_image() -> None:
    piece = {"type": "image_url", "image_url": "https://e.org/a.png"}
    request = read(messages=[{"role": "user", "content": [piece]}])

    assert request.messages[0].parts == (UriPart(uri="https://e.org/a.png", mime_type="image/png"),)


@pytest.mark.parametrize("mark", ["cache_control", "prompt_cache_breakpoint"])
@pytest.mark.parametrize("place", ["message", "piece"])
def test_marks_for_a_cache_that_are_not_kept_are_listed(place: str, mark: str) -> None:
    marked = {mark: {"type": "ephemeral"}}
    piece = {"type": "text", "text": "hi", **(marked if place == "piece" else {})}
    message = {"role": "user", "content": [piece], **(marked if place == "message" else {})}

    _, ledger = read_request({"model": "m", "messages": [message]})

    assert subjects(ledger) == {"/cache/breakpoints": ("dropped", "advisory")}
