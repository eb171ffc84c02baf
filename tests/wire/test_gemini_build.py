"""Portable request → generateContent, and back."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strategies
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
from portable_llm._request import CacheHint, NamedTool, Output, Reasoning, Request, Sampling, Tool
from portable_llm.wire.gemini import CAPABILITIES, build_request, read_request
from wire import gemini_strategies

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ORIGIN = Origin(provider="p", host="h", model="m")
HELLO: Request[Any] = Request(model="some-model", messages=(user("hello"),))
UNSIGNED = CAPABILITIES.with_(spelling={"messages/signature": ""})
BUDGETS = CAPABILITIES.with_(spelling={"reasoning/effort": "thinkingBudget"})


def body_of(request: Request[Any], capabilities: Any = CAPABILITIES) -> dict[str, Any]:
    body = build_request(request, capabilities)[0].json
    assert isinstance(body, dict)
    return body


def contents_of(*messages: Message, capabilities: Any = CAPABILITIES) -> Any:
    return body_of(replace(HELLO, messages=messages), capabilities)["contents"]


def entries_of(request: Request[Any], capabilities: Any = CAPABILITIES) -> list[tuple[str, str, str]]:
    return [(e.subject, e.action, e.severity) for e in build_request(request, capabilities)[1]]


# ---- where things go -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "stream", "path"),
    [
        ("gemini-3-flash", False, "/models/gemini-3-flash:generateContent"),
        ("gemini-3-flash", True, "/models/gemini-3-flash:streamGenerateContent?alt=sse"),
        ("tunedModels/my-own", False, "/tunedModels/my-own:generateContent"),
        ("models/gemini-3-flash", False, "/models/gemini-3-flash:generateContent"),
        ("a b?c", False, "/models/a%20b%3Fc:generateContent"),
    ],
)
def test_the_model_stands_in_the_path(model: str, stream: bool, path: str) -> None:
    call, _ = build_request(HELLO.with_model(model), CAPABILITIES, stream=stream)

    assert call.path == path
    assert read_request({"contents": []}, path=path)[0].model == model.removeprefix("models/")


def test_a_conversation_becomes_contents_of_user_and_model() -> None:
    body = body_of(replace(HELLO, messages=(system("Be brief."), user("Hi"), assistant("Hello"), user("Bye"))))

    assert body == {
        "contents": [
            {"role": "user", "parts": [{"text": "Hi"}]},
            {"role": "model", "parts": [{"text": "Hello"}]},
            {"role": "user", "parts": [{"text": "Bye"}]},
        ],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
    }


def test_every_option_has_its_place() -> None:
    schema = {"type": "object", "properties": {"a_b": {"type": "string"}}}
    request = replace(
        HELLO,
        output=Output(schema=schema),
        tools=(Tool(name="weather", description="Now", parameters=schema),),
        tool_choice=NamedTool("weather"),
        sampling=Sampling(
            temperature=0.5, top_p=0.9, top_k=5, seed=7, presence_penalty=0.1, frequency_penalty=0.2, logprobs=3
        ),
        reasoning=Reasoning(effort="low", summary=True),
        max_output_tokens=100,
        stop=("END",),
        metadata={"team": "a"},
    )

    assert body_of(request) == {
        "contents": [{"role": "user", "parts": [{"text": "hello"}]}],
        "generationConfig": {
            "maxOutputTokens": 100,
            "temperature": 0.5,
            "topP": 0.9,
            "topK": 5,
            "seed": 7,
            "presencePenalty": 0.1,
            "frequencyPenalty": 0.2,
            "responseLogprobs": True,
            "logprobs": 3,
            "stopSequences": ["END"],
            "responseMimeType": "application/json",
            "responseJsonSchema": schema,
            "thinkingConfig": {"thinkingLevel": "LOW", "includeThoughts": True},
        },
        "tools": [
            {"functionDeclarations": [{"name": "weather", "description": "Now", "parametersJsonSchema": schema}]}
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}},
        "labels": {"team": "a"},
    }
    assert {severity for _, _, severity in entries_of(request)} == {"exact", "advisory"}


@pytest.mark.parametrize(("choice", "mode"), [("auto", "AUTO"), ("required", "ANY"), ("none", "NONE")])
def test_a_tool_choice_is_a_mode(choice: Any, mode: str) -> None:
    assert body_of(replace(HELLO, tool_choice=choice))["toolConfig"] == {"functionCallingConfig": {"mode": mode}}


def test_any_json_is_a_type_without_a_schema() -> None:
    assert body_of(replace(HELLO, output=Output()))["generationConfig"] == {"responseMimeType": "application/json"}


def test_an_effort_is_a_budget_for_models_that_take_one() -> None:
    request = replace(HELLO, reasoning=Reasoning(effort="medium"))

    assert body_of(request, BUDGETS)["generationConfig"] == {"thinkingConfig": {"thinkingBudget": 8192}}
    assert ("/reasoning/effort", "emulated", "exact") in entries_of(request, BUDGETS)


@pytest.mark.parametrize(
    ("capabilities", "sent", "dropped"),
    [
        (CAPABILITIES, {"thinkingLevel": "HIGH"}, "/reasoning/budget_tokens"),
        (BUDGETS, {"thinkingBudget": 99}, "/reasoning/effort"),
    ],
)
def test_effort_and_budget_are_never_sent_together(capabilities: Any, sent: Any, dropped: str) -> None:
    request = replace(HELLO, reasoning=Reasoning(effort="high", budget_tokens=99))

    assert body_of(request, capabilities)["generationConfig"]["thinkingConfig"] == sent
    assert (dropped, "dropped", "lost") in entries_of(request, capabilities)


def test_what_the_wire_cannot_say_is_in_the_ledger_even_without_the_passes() -> None:
    request = replace(
        HELLO,
        tools=(Tool(name="a", strict=True),),
        parallel_tool_calls=False,
        cache=CacheHint(key="k"),
        sampling=Sampling(logit_bias={"1": 2}),
        output=Output(schema={"type": "object"}, name="other", strict=False),
    )

    assert {subject for subject, action, _ in entries_of(request) if action == "dropped"} == {
        "/tools/0/strict",
        "/parallel_tool_calls",
        "/cache",
        "/sampling/logit_bias",
        "/output/name",
        "/output/strict",
    }


# ---- parts -----------------------------------------------------------------------------------------------------------


def test_media_goes_as_bytes_or_by_reference() -> None:
    message = user(
        BlobPart(mime_type="image/png", data=b"\x89PNG"),
        UriPart(uri="https://example.test/a.pdf", mime_type="application/pdf"),
        UriPart(uri="https://example.test/b"),
        FilePart(id="https://example.test/v1beta/files/abc", mime_type="video/mp4", origin=ORIGIN),
    )

    assert contents_of(message)[0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}},
        {"fileData": {"fileUri": "https://example.test/a.pdf", "mimeType": "application/pdf"}},
        {"fileData": {"fileUri": "https://example.test/b"}},
        {"fileData": {"fileUri": "https://example.test/v1beta/files/abc", "mimeType": "video/mp4"}},
    ]


def test_state_goes_back_on_the_part_it_came_on() -> None:
    signed = {"thoughtSignature": "CrUE"}
    message = Message(
        role="assistant",
        parts=(
            ReasoningPart(text="Look up.", state=signed, origin=ORIGIN),
            TextPart(text="", state=signed, origin=ORIGIN),
            ToolCallPart(id="a", name="weather", arguments={"city": "Oslo"}, state=signed, origin=ORIGIN),
            ToolCallPart(id="b", name="weather", arguments={"city": "Rome"}),
            UnknownPart(raw={"executableCode": {"code": "1"}}, origin=ORIGIN),
        ),
    )

    assert contents_of(user("?"), message)[1]["parts"] == [
        {"text": "Look up.", "thought": True, **signed},
        {"text": "", **signed},
        {"functionCall": {"id": "a", "name": "weather", "args": {"city": "Oslo"}}, **signed},
        {"functionCall": {"id": "b", "name": "weather", "args": {"city": "Rome"}}},
        {"executableCode": {"code": "1"}},
    ]


ROUND = (
    user("?"),
    assistant(
        ToolCallPart(id="a", name="weather", arguments={"city": "Oslo"}),
        ToolCallPart(id="b", name="time", arguments={}),
    ),
    tool_result("b", "noon"),
    tool_result("a", "no such city", is_error=True),
)


def test_the_first_call_of_a_foreign_turn_gets_the_documented_signature() -> None:
    request = replace(HELLO, messages=ROUND)
    calls = body_of(request)["contents"][1]["parts"]

    assert [call.get("thoughtSignature") for call in calls] == ["skip_thought_signature_validator", None]
    assert ("/messages/1/parts/0/state", "defaulted", "advisory") in entries_of(request)


def test_models_that_ask_for_no_signature_get_none() -> None:
    assert all("thoughtSignature" not in part for part in contents_of(*ROUND, capabilities=UNSIGNED)[1]["parts"])


def test_all_results_of_a_turn_stand_in_one_content_by_name_and_id() -> None:
    contents = contents_of(*ROUND)

    assert len(contents) == 3
    assert contents[2] == {
        "role": "user",
        "parts": [
            {"functionResponse": {"id": "b", "name": "time", "response": {"output": "noon"}}},
            {"functionResponse": {"id": "a", "name": "weather", "response": {"error": "no such city"}}},
        ],
    }


def test_a_result_keeps_its_media_and_the_borders_of_its_texts() -> None:
    call = assistant(ToolCallPart(id="a", name="look", arguments={}))
    parts = ("one", BlobPart(mime_type="image/png", data=b"\x89PNG"), "two")
    request = replace(HELLO, messages=(user("?"), call, tool_result("a", *parts)))

    response = body_of(request)["contents"][2]["parts"][0]["functionResponse"]

    assert response["response"] == {"output": ["one", "two"]}
    assert response["parts"] == [{"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}]
    assert ("/messages/2/parts/0/parts/1", "moved", "exact") in entries_of(request)


def test_the_same_call_id_in_two_turns_means_the_nearer_call() -> None:
    def turn(name: str) -> tuple[Message, Message]:
        return assistant(ToolCallPart(id="call_0", name=name, arguments={})), tool_result("call_0", "ok")

    contents = contents_of(user("?"), *turn("first"), *turn("second"))

    names = [part["functionResponse"]["name"] for content in contents[2::2] for part in content["parts"]]
    assert names == ["first", "second"]


def test_a_result_without_its_call_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match=r"/messages/1/parts/0 answers the call 'x'"):
        contents_of(user("?"), tool_result("x", "y"))


def test_unreadable_arguments_are_sent_empty_and_said_so() -> None:
    call = ToolCallPart(id="a", name="weather", arguments=None, raw_arguments='{"city": "Os')
    request = replace(HELLO, messages=(user("?"), assistant(call)))

    assert body_of(request)["contents"][1]["parts"][0]["functionCall"]["args"] == {}
    assert ("/messages/1/parts/0/raw_arguments", "dropped", "changed") in entries_of(request)


@pytest.mark.parametrize(
    ("part", "sent", "entry"),
    [
        (RefusalPart(text="No."), {"text": "No."}, ("/messages/1/parts/0", "renamed", "exact")),
        (
            TextPart(text="So.", citations=(Citation(url="https://example.test"),)),
            {"text": "So."},
            ("/messages/1/parts/0/citations", "moved", "exact"),
        ),
    ],
)
def test_what_a_turn_holds_beyond_the_wire_is_told(part: Any, sent: Any, entry: Any) -> None:
    request = replace(HELLO, messages=(user("?"), assistant(part)))

    assert body_of(request)["contents"][1]["parts"] == [sent]
    assert entry in entries_of(request)


def test_system_text_alone_is_no_request() -> None:
    with pytest.raises(InvalidRequestError, match="add a user message"):
        contents_of(system("Be brief."))


def test_an_empty_turn_is_an_empty_text() -> None:
    assert contents_of(user("?"), Message(role="assistant", parts=()))[1]["parts"] == [{"text": ""}]


# ---- a paused answer -------------------------------------------------------------------------------------------------

PAUSED = assistant("half an ans", UnknownPart(raw={"continuationToken": "dG9r"}, origin=ORIGIN))


def test_a_paused_turn_is_continued_by_its_token_and_not_repeated() -> None:
    once = body_of(replace(HELLO, messages=(user("?"), PAUSED)))
    twice = body_of(replace(HELLO, messages=(user("?"), assistant(*PAUSED.parts[:1], token("b2xk")), PAUSED)))

    assert once == twice == {"contents": [{"role": "user", "parts": [{"text": "?"}]}], "continuationToken": "dG9r"}


def token(value: str) -> UnknownPart:
    return UnknownPart(raw={"continuationToken": value}, origin=ORIGIN)


def test_a_token_further_up_is_left_out_and_said_so() -> None:
    request = replace(HELLO, messages=(user("?"), PAUSED, user("And now?")))

    assert body_of(request)["contents"][1]["parts"] == [{"text": "half an ans"}]
    assert "continuationToken" not in body_of(request)
    assert ("/messages/1/parts/1/state", "dropped", "lost") in entries_of(request)


# ---- extra -----------------------------------------------------------------------------------------------------------


def test_extra_fields_are_merged_into_the_objects_of_the_wire() -> None:
    request = replace(
        HELLO,
        max_output_tokens=5,
        tools=(Tool(name="a"),),
        extra={
            "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}],
            "generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW"},
            "tools": [{"googleSearch": {}}],
        },
    )
    body = body_of(request)

    assert body["safetySettings"] == [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}]
    assert body["generationConfig"] == {"maxOutputTokens": 5, "mediaResolution": "MEDIA_RESOLUTION_LOW"}
    assert [list(tool) for tool in body["tools"]] == [["functionDeclarations"], ["googleSearch"]]
    assert [e for e in entries_of(request) if e[0].startswith("/extra")] == [
        ("/extra/safetySettings", "moved", "exact"),
        ("/extra/generationConfig", "moved", "exact"),
        ("/extra/tools", "moved", "exact"),
    ]


@pytest.mark.parametrize(
    ("extra", "where"),
    [
        ({"contents": []}, "contents"),
        ({"generationConfig": {"maxOutputTokens": 9}}, "maxOutputTokens"),
        ({"generation_config": {"max_output_tokens": 9}}, "maxOutputTokens"),
        ({"generationConfig": {"responseJsonSchema": {"type": "string"}}}, "responseJsonSchema"),
    ],
)
def test_an_extra_field_never_overwrites_a_portable_option(extra: Any, where: str) -> None:
    request = replace(HELLO, max_output_tokens=5, output=Output(schema={"type": "object"}), extra=extra)

    with pytest.raises(InvalidRequestError, match=f"would overwrite the wire field '{where}'"):
        build_request(request, CAPABILITIES)


# ---- there and back --------------------------------------------------------------------------------------------------


@MANY
@given(messages=gemini_strategies.own_histories())
def test_a_history_of_its_own_reads_back_with_its_state(messages: tuple[Message, ...]) -> None:
    request = replace(HELLO, messages=messages)
    call, _ = build_request(request, CAPABILITIES)

    read, _ = read_request(body_of(request), path=call.path)

    assert read.messages == gemini_strategies.without_origins(messages)
    assert build_request(read, CAPABILITIES)[0] == call


@MANY
@given(extra=st.dictionaries(strategies.words, strategies.json_values, max_size=3))
def test_unknown_fields_survive_a_round_trip_as_extra(extra: dict[str, Any]) -> None:
    extra.pop("model", None)
    request = replace(HELLO, extra={f"x{name}": value for name, value in extra.items()})

    read, ledger = read_request(body_of(request), path="/models/some-model:generateContent")

    assert read == request
    assert {entry.subject for entry in ledger} == {f"/extra/{name}" for name in request.extra}


# ---- stored requests of other clients --------------------------------------------------------------------------------


def read(body: dict[str, Any]) -> Request[Any]:
    return read_request(body)[0]


def test_snake_case_is_read_as_camel_case() -> None:
    snake = {
        "contents": [{"parts": [{"inline_data": {"mime_type": "image/png", "data": "iVBORw=="}}]}],
        "system_instruction": {"role": "model", "parts": [{"text": "Be brief."}]},
        "generation_config": {"max_output_tokens": 5, "top_p": 0.5, "thinking_config": {"thinking_level": "LOW"}},
        "tools": [{"function_declarations": [{"name": "a", "parameters_json_schema": {"type": "object"}}]}],
        "tool_config": {"function_calling_config": {"mode": "any", "allowed_function_names": ["a"]}},
    }

    request = read(snake)

    assert request.messages == (system("Be brief."), user(BlobPart(mime_type="image/png", data=b"\x89PNG")))
    assert (request.max_output_tokens, request.sampling.top_p) == (5, 0.5)
    assert request.reasoning == Reasoning(effort="low")
    assert request.tools == (Tool(name="a", parameters={"type": "object"}),)
    assert request.tool_choice == NamedTool("a")
    assert request.extra == {}


def test_results_without_ids_find_their_calls_by_name_and_order() -> None:
    def call(name: str) -> dict[str, Any]:
        return {"functionCall": {"name": name, "args": {}}}

    def result(name: str, text: str) -> dict[str, Any]:
        return {"functionResponse": {"name": name, "response": {"output": text}}}

    request = read(
        {
            "contents": [
                {"role": "user", "parts": [{"text": "?"}]},
                {"role": "model", "parts": [call("a"), call("b"), call("a")]},
                {"role": "function", "parts": [result("b", "1"), result("a", "2"), result("a", "3")]},
            ]
        }
    )

    assert [part.id for part in request.messages[1].tool_calls] == ["call_0", "call_1", "call_2"]
    answered = [part.call_id for m in request.messages[2:] for part in m.parts if isinstance(part, ToolResultPart)]
    assert answered == ["call_1", "call_0", "call_2"]


@pytest.mark.parametrize(("key", "is_error"), [("output", False), ("result", False), ("error", True)])
def test_the_documented_wrappers_of_a_result_are_no_content(key: str, is_error: bool) -> None:
    result = {"functionResponse": {"name": "a", "id": "1", "response": {key: "12 C"}}}
    request = read({"contents": [{"parts": [result]}]})

    assert request.messages == (tool_result("1", "12 C", is_error=is_error),)


def test_a_result_object_is_kept_as_json_text() -> None:
    request, ledger = read_request(
        {
            "contents": [
                {"role": "model", "parts": [{"functionCall": {"name": "a", "id": "1"}}]},
                {"parts": [{"functionResponse": {"name": "a", "id": "1", "response": {"degrees": 12}}}]},
            ]
        }
    )

    assert request.messages[1] == tool_result("1", '{"degrees":12}')
    assert [entry.action for entry in ledger] == ["encoded"]


def test_the_openapi_form_of_a_schema_becomes_json_schema() -> None:
    parameters = {
        "type": "OBJECT",
        "properties": {
            "type": {"type": "STRING", "nullable": True, "enum": ["a"]},
            "list": {"type": "ARRAY", "items": {"anyOf": [{"type": "INTEGER"}], "nullable": True}},
        },
    }
    declarations = [{"functionDeclarations": [{"name": "f", "parameters": parameters, "behavior": "BLOCKING"}]}]
    request, ledger = read_request({"contents": [], "tools": declarations})

    assert request.tools[0].parameters == {
        "type": "object",
        "properties": {
            "type": {"type": ["string", "null"], "enum": ["a", None]},
            "list": {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
        },
    }
    assert [(e.subject, e.action) for e in ledger] == [
        ("/tools/0/parameters", "encoded"),
        ("/tools/0/behavior", "dropped"),
    ]


def test_what_has_no_portable_place_is_put_back_as_it_was() -> None:
    body = {
        "contents": [{"role": "user", "parts": [{"text": "?"}]}],
        "cachedContent": "cachedContents/1",
        "generationConfig": {"thinkingConfig": {"thinkingBudget": -1}, "candidateCount": 2},
        "tools": [{"googleSearch": {}}],
        "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED"}},
        "labels": {"a": 1},
    }
    request, _ = read_request(body, path="/models/m:generateContent")

    assert body_of(request) == body


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "/contents is missing"),
        ({"contents": "hi"}, "/contents is missing or no list"),
        ({"contents": ["hi"]}, "/contents/0 is no object"),
        ({"contents": [{"role": "assistant", "parts": []}]}, "/contents/0/role is 'assistant'"),
    ],
)
def test_json_that_is_no_request_is_refused(body: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        read_request(body)


@MANY
@given(
    body=st.dictionaries(
        st.sampled_from(["contents", "tools", "generationConfig", "toolConfig", "labels"]), strategies.json_values
    )
)
def test_strange_requests_never_crash_the_reader(body: dict[str, Any]) -> None:
    with contextlib.suppress(InvalidRequestError):
        read_request(body)
