"""Portable requests as the Messages protocol carries them, and what the ledger says about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portable_llm._adaptation import Adaptation
from portable_llm._messages import (
    BlobPart,
    Citation,
    FilePart,
    Message,
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
from portable_llm._request import Sampling
from portable_llm.wire.anthropic_messages import CAPABILITIES, build_request
from wire.anthropic_messages_building import HELLO, HERE, built


def turns(*messages: Message) -> tuple[Any, dict[str, Adaptation]]:
    body, ledger = built(replace(HELLO, messages=messages))
    return body["messages"], ledger


def call(id: str = "toolu_1", **fields: Any) -> ToolCallPart:
    return ToolCallPart(**{"id": id, "name": "weather", "arguments": {"city": "Oslo"}, **fields})


# ---- the shape of a request ------------------------------------------------------------------------------------------


def test_the_smallest_request_needs_a_path_a_version_and_three_fields() -> None:
    http, ledger = build_request(HELLO, CAPABILITIES)

    assert (http.method, http.path) == ("POST", "/v1/messages")
    assert http.headers == {"anthropic-version": "2026-10-21"}
    assert http.json == {"model": "m", "max_tokens": 4096, "messages": [{"role": "user", "content": "hello"}]}
    assert [(entry.subject, entry.severity) for entry in ledger] == [("/max_output_tokens", "exact")]


def test_a_stream_is_asked_for_in_the_body() -> None:
    http, _ = build_request(HELLO, CAPABILITIES, stream=True)

    assert isinstance(http.json, dict)
    assert http.json["stream"] is True


@pytest.mark.parametrize("name", ["temperature", "top_p", "top_k"])
def test_sampling_asks_for_the_older_version_which_still_has_it(name: str) -> None:
    http, _ = build_request(replace(HELLO, sampling=Sampling(**{name: 1})), CAPABILITIES)

    assert isinstance(http.json, dict)
    assert http.json[name] == 1
    assert http.headers["anthropic-version"] == "2023-06-01"


def test_sampling_put_in_by_extra_asks_for_it_too() -> None:
    http, _ = build_request(replace(HELLO, extra={"temperature": 0.5}), CAPABILITIES)

    assert http.headers["anthropic-version"] == "2023-06-01"


def test_a_sampling_option_without_a_field_is_lost_and_said_so() -> None:
    body, ledger = built(replace(HELLO, sampling=Sampling(seed=7)))

    assert "seed" not in body
    assert ledger["/sampling/seed"].severity == "lost"


# ---- turns -----------------------------------------------------------------------------------------------------------


def test_leading_system_text_stands_in_its_own_field() -> None:
    body, ledger = built(replace(HELLO, messages=(system("Be brief."), user("hello"))))

    assert body["system"] == "Be brief."
    assert [turn["role"] for turn in body["messages"]] == ["user"]
    assert ledger["/messages/0"].severity == "exact"


def test_several_leading_system_messages_become_blocks_in_order() -> None:
    body, _ = built(replace(HELLO, messages=(system("a"), system("b"), user("hello"))))

    assert body["system"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]


def test_a_late_system_message_stays_a_turn() -> None:
    wire, _ = turns(user("hello"), system("Be brief."))

    assert [turn["role"] for turn in wire] == ["user", "system"]


def test_results_of_one_round_and_what_the_user_adds_are_one_turn_with_the_results_first() -> None:
    wire, ledger = turns(
        user("Weather?"),
        assistant(call("a"), call("b")),
        tool_result("a", "12 C"),
        tool_result("b", "no such city", is_error=True),
        user("Hurry."),
    )

    assert wire[2:] == [
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "12 C"},
                {"type": "tool_result", "tool_use_id": "b", "content": "no such city", "is_error": True},
                {"type": "text", "text": "Hurry."},
            ],
        }
    ]
    assert ledger["/messages"].severity == "exact"


def test_a_result_behind_the_user_s_words_still_comes_first() -> None:
    wire, _ = turns(assistant(call("a"), call("b")), tool_result("a", "1"), user("Hurry."), tool_result("b", "2"))

    assert [block["type"] for block in wire[1]["content"]] == ["tool_result", "tool_result", "text"]


def test_results_of_different_rounds_stay_apart() -> None:
    wire, _ = turns(assistant(call("a")), tool_result("a", "1"), assistant(call("b")), tool_result("b", "2"))

    assert [turn["role"] for turn in wire] == ["assistant", "user", "assistant", "user"]


def test_two_user_turns_without_results_stay_two() -> None:
    wire, _ = turns(user("a"), user("b"))

    assert [turn["content"] for turn in wire] == ["a", "b"]


def test_white_space_of_the_model_is_replayed() -> None:
    wire, _ = turns(user("Weather?"), assistant("\n\n", call()))

    assert [block["type"] for block in wire[1]["content"]] == ["text", "tool_use"]


def test_an_empty_text_is_left_out_since_the_wire_refuses_it() -> None:
    wire, ledger = turns(user("Weather?"), assistant("", call()))

    assert [block["type"] for block in wire[1]["content"]] == ["tool_use"]
    assert ledger["/messages/1/parts/0"].severity == "exact"


def test_a_message_that_says_nothing_is_left_out() -> None:
    wire, ledger = turns(user("a"), Message(role="assistant", parts=()), user("b"))

    assert [turn["role"] for turn in wire] == ["user", "user"]
    assert "/messages/1" in ledger


# ---- parts -----------------------------------------------------------------------------------------------------------

PARTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "image": (
        BlobPart(mime_type="image/png", data=b"\x89PNG"),
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}},
    ),
    "pdf": (
        BlobPart(mime_type="application/pdf", data=b"%PDF"),
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="}},
    ),
    "plain text": (
        BlobPart(mime_type="text/plain", data="å".encode()),
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "å"}},
    ),
    "image by address": (
        UriPart(uri="https://example.test/a.png"),
        {"type": "image", "source": {"type": "url", "url": "https://example.test/a.png"}},
    ),
    "pdf by address": (
        UriPart(uri="https://example.test/a.PDF?x=1"),
        {"type": "document", "source": {"type": "url", "url": "https://example.test/a.PDF?x=1"}},
    ),
    "document by address and type": (
        UriPart(uri="https://example.test/a", mime_type="application/pdf"),
        {"type": "document", "source": {"type": "url", "url": "https://example.test/a"}},
    ),
    "stored image": (
        FilePart(id="file_1", mime_type="image/png", origin=HERE),
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
    ),
    "stored file": (
        FilePart(id="file_1", origin=HERE),
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
    ),
    "unknown": (UnknownPart(raw={"type": "galaxy", "x": 1}, origin=HERE), {"type": "galaxy", "x": 1}),
}


@pytest.mark.parametrize("name", PARTS)
def test_each_kind_of_content_has_its_block(name: str) -> None:
    part, block = PARTS[name]

    wire, _ = turns(user("Look:", part))

    assert wire[0]["content"][1] == block


def test_content_the_wire_cannot_carry_is_a_change() -> None:
    wire, ledger = turns(user("Listen:", BlobPart(mime_type="audio/wav", data=b"RIFF")))

    assert wire[0]["content"] == "Listen:"
    assert ledger["/messages/0/parts/1"].severity == "changed"


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            ReasoningPart(text="Hm.", state={"signature": "EqQB"}, origin=HERE),
            {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"},
        ),
        (
            ReasoningPart(text="", state={"signature": "EqQB"}, origin=HERE),
            {"type": "thinking", "thinking": "", "signature": "EqQB"},
        ),
        (
            ReasoningPart(state={"redacted_data": "Evg"}, origin=HERE),
            {"type": "redacted_thinking", "data": "Evg"},
        ),
        (ReasoningPart(text="Hm.", origin=HERE), {"type": "thinking", "thinking": "Hm."}),
    ],
)
def test_reasoning_goes_back_as_it_came(part: ReasoningPart, block: dict[str, Any]) -> None:
    wire, _ = turns(user("a"), assistant(part, "b"))

    assert wire[1]["content"][0] == block


def test_reasoning_nobody_signed_is_not_sent() -> None:
    wire, ledger = turns(user("a"), assistant(ReasoningPart(text="Hm."), "b"))

    assert wire[1]["content"] == "b"
    assert ledger["/messages/1/parts/0/state"].severity == "lost"


def test_citations_go_back_with_their_text() -> None:
    cited = TextPart(text="x", citations=(Citation(quote="y"),), state={"citations": [{"cited_text": "y"}]})

    wire, _ = turns(user("a"), assistant(cited))

    assert wire[1]["content"] == [{"type": "text", "text": "x", "citations": [{"cited_text": "y"}]}]


def test_words_of_refusal_are_plain_text() -> None:
    wire, ledger = turns(user("a"), assistant(RefusalPart(text="No.")), user("b"))

    assert wire[1] == {"role": "assistant", "content": "No."}
    assert ledger["/messages/1/parts/0"].action == "renamed"


def test_arguments_that_are_no_object_cannot_be_replayed() -> None:
    wire, ledger = turns(user("a"), assistant(call(arguments=None, raw_arguments='{"city": "Os')))

    assert wire[1]["content"][0]["input"] == {}
    assert ledger["/messages/1/parts/0/arguments"].severity == "changed"


def test_a_caller_other_than_the_model_goes_back() -> None:
    caller = {"type": "code_execution_20260120", "tool_id": "srvtoolu_1"}

    wire, _ = turns(user("a"), assistant(call(state={"caller": caller}, origin=HERE)))

    assert wire[1]["content"][0]["caller"] == caller


def test_a_result_may_hold_several_parts() -> None:
    part = ToolResultPart(call_id="a", parts=(TextPart(text="x"), BlobPart(mime_type="image/png", data=b"")))

    wire, _ = turns(assistant(call("a")), Message(role="tool", parts=(part,)))

    assert [block["type"] for block in wire[1]["content"][0]["content"]] == ["text", "image"]


def test_a_result_without_content_has_none() -> None:
    wire, _ = turns(assistant(call("a")), tool_result("a"))

    assert wire[1]["content"] == [{"type": "tool_result", "tool_use_id": "a"}]
