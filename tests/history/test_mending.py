"""Broken histories: each kind of break, what is done to it, and that nothing sound is touched."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portable_llm import (
    BlobPart,
    Message,
    Origin,
    ReasoningPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    assistant,
    system,
    tool_result,
    user,
)
from portable_llm._plan import make_plan
from portable_llm._request import Tool
from portable_llm.history import NO_OPENING, NO_RESULT, RepairPolicy, repair
from portable_llm.providers import provider
from portable_llm.providers._target import Target
from strategies import conversations
from support.growth import calls


def call(id: str, name: str = "weather") -> ToolCallPart:
    return ToolCallPart(id=id, name=name, arguments={}, raw_arguments="{}")


def missing(id: str) -> Message:
    return tool_result(id, NO_RESULT, is_error=True)


def mended(*messages: Message, **policy: Any) -> list[Message]:
    return list(repair(messages, RepairPolicy(**policy)).messages)


def steps(*messages: Message, **policy: Any) -> list[tuple[str, str, str]]:
    ledger = repair(messages, RepairPolicy(**policy)).adaptations
    return [(entry.subject, entry.action, entry.severity) for entry in ledger]


def has_own_ids(messages: tuple[Message, ...]) -> bool:
    ids = [part.id for message in messages for part in message.tool_calls]
    return len(ids) == len(set(ids))


@given(conversations().filter(has_own_ids))
def test_a_sound_history_stays_the_same(messages: tuple[Message, ...]) -> None:
    repaired = repair(messages)

    assert repaired.messages is messages or repaired.messages == messages
    assert repaired.adaptations == ()


def test_results_in_another_order_are_sound() -> None:
    talk = (user("Hi"), assistant(call("a"), call("b")), tool_result("b", 2), tool_result("a", 1))

    assert repair(talk).messages == talk


# ---- results without a call ------------------------------------------------------------------------------------------


def test_a_result_of_no_call_is_left_out() -> None:
    talk = (user("Hi"), tool_result("gone", "12 C"), assistant("Hello"))

    assert mended(*talk) == [user("Hi"), assistant("Hello")]
    assert steps(*talk) == [("/messages/1/parts/0", "dropped", "changed")]


def test_a_result_of_no_call_may_become_words_of_the_user() -> None:
    words = "Result of a tool call that is not in this conversation: 12 C"

    assert mended(user("Hi"), tool_result("gone", "12 C"), assistant("Hello"), orphans="as_text") == [
        user("Hi", words),
        assistant("Hello"),
    ]


def test_images_of_such_a_result_come_along_with_its_words() -> None:
    image = BlobPart(mime_type="image/png", data=b"x")

    result = mended(user("Hi"), tool_result("gone", "See:", image), orphans="as_text")

    assert result[0].parts[1:] == (
        TextPart(text="Result of a tool call that is not in this conversation: See:"),
        image,
    )


def test_a_second_result_of_a_call_is_left_out() -> None:
    talk = (user("Hi"), assistant(call("a")), tool_result("a", 1), tool_result("a", 2))

    assert mended(*talk) == list(talk[:3])


# ---- calls without a result ------------------------------------------------------------------------------------------


def test_a_call_without_a_result_is_answered_with_a_failed_one() -> None:
    talk = (user("Hi"), assistant(call("a"), call("b")), tool_result("b", 2), user("And?"))

    assert mended(*talk) == [*talk[:3], missing("a"), talk[3]]
    assert steps(*talk) == [("/messages/1/parts/0", "substituted", "changed")]


def test_a_call_without_a_result_may_be_left_out() -> None:
    talk = (user("Hi"), assistant("Let me see.", call("a"), call("b")), tool_result("b", 2), user("And?"))

    assert mended(*talk, unanswered="drop_call") == [
        talk[0],
        assistant("Let me see.", call("b")),
        talk[2],
        talk[3],
    ]


def test_calls_at_the_end_may_wait_for_the_application() -> None:
    talk = (user("Hi"), assistant(call("a"), call("b")), tool_result("a", 1))

    assert mended(*talk) == [*talk, missing("b")]
    assert mended(*talk, pending="keep") == list(talk)
    assert mended(*talk, pending="drop_call") == [user("Hi"), assistant(call("a")), talk[2]]


# ---- results in the wrong place --------------------------------------------------------------------------------------


def test_a_result_goes_behind_its_call() -> None:
    talk = (user("Hi"), assistant(call("a")), user("Are you there?"), tool_result("a", 1), assistant("Yes"))

    assert mended(*talk) == [talk[0], talk[1], talk[3], talk[2], talk[4]]
    assert steps(*talk) == [("/messages/3/parts/0", "moved", "lost")]


def test_a_result_in_front_of_its_call_goes_behind_it() -> None:
    talk = (user("Hi"), tool_result("a", 1), assistant(call("a")), assistant("Done"))

    assert mended(*talk) == [user("Hi"), assistant(call("a"), "Done"), tool_result("a", 1)]


def test_results_beside_words_of_the_user_stay_where_they_are() -> None:
    result = ToolResultPart(call_id="a", parts=(TextPart(text="1"),))
    talk = (user("Hi"), assistant(call("a")), user(result, "And?"))

    assert repair(talk).messages == talk


def test_results_of_a_turn_that_was_stored_in_pieces_are_brought_together() -> None:
    talk = (user("Hi"), assistant(call("a")), assistant(call("b")), tool_result("a", 1), tool_result("b", 2))

    assert mended(*talk) == [user("Hi"), assistant(call("a"), call("b")), talk[3], talk[4]]
    assert steps(*talk) == [("/messages/2", "encoded", "exact")]


def test_turns_that_may_not_be_merged_get_their_results_each() -> None:
    talk = (user("Hi"), assistant(call("a")), assistant(call("b")), tool_result("a", 1), tool_result("b", 2))

    assert mended(*talk, consecutive="keep") == [talk[0], talk[1], talk[3], talk[2], talk[4]]


# ---- ids -------------------------------------------------------------------------------------------------------------


def test_an_id_stands_for_one_call() -> None:
    talk = (
        user("Hi"),
        assistant(call("call_0")),
        tool_result("call_0", 1),
        assistant(call("call_0")),
        tool_result("call_0", 2),
    )

    assert mended(*talk) == [
        *talk[:3],
        assistant(call("call_0_2")),
        tool_result("call_0_2", 2),
    ]
    assert steps(*talk) == [
        ("/messages/3/parts/0/id", "renamed", "exact"),
        ("/messages/4/parts/0/call_id", "renamed", "exact"),
    ]


def test_calls_without_ids_get_some() -> None:
    talk = (user("Hi"), assistant(call(""), call("")), tool_result("", 1), tool_result("", 2))

    assert mended(*talk) == [
        user("Hi"),
        assistant(call("call"), call("call_2")),
        tool_result("call", 1),
        tool_result("call_2", 2),
    ]


# ---- turns -----------------------------------------------------------------------------------------------------------


def test_empty_turns_and_texts_are_left_out() -> None:
    talk = (user("Hi", ""), Message(role="assistant", parts=()), user(""), assistant("Hello"))

    assert mended(*talk) == [user("Hi"), assistant("Hello")]
    assert {severity for _, _, severity in steps(*talk)} == {"exact"}


def test_an_empty_text_with_state_is_not_empty() -> None:
    signed = TextPart(text="", state={"thoughtSignature": "x"}, origin=Origin(provider="p", host="h", model="m"))
    talk = (user("Hi"), assistant(signed))

    assert repair(talk).messages == talk


def test_neighbouring_turns_of_one_role_are_one() -> None:
    talk = (system("Be brief."), system("Be kind."), user("Hi"), user("there"), assistant("Hello"), assistant("you"))

    assert mended(*talk) == [*talk[:2], user("Hi", "there"), assistant("Hello", "you")]
    assert mended(*talk, consecutive="keep") == list(talk)


def test_parts_get_a_turn_that_may_hold_them() -> None:
    odd = Message(role="assistant", parts=(call("a"), ToolResultPart(call_id="a", parts=()), TextPart(text="Done")))

    assert mended(user("Hi"), odd) == [user("Hi"), assistant(call("a")), tool_result_of("a"), assistant("Done")]


def tool_result_of(id: str) -> Message:
    return Message(role="tool", parts=(ToolResultPart(call_id=id, parts=()),))


def test_a_conversation_that_the_model_opens_gets_a_beginning() -> None:
    talk = (system("Be brief."), assistant("Welcome"), user("Hi"))

    assert mended(*talk) == [talk[0], user(NO_OPENING), *talk[1:]]
    assert mended(*talk, opening="drop") == [talk[0], talk[2]]
    assert mended(*talk, opening="keep") == list(talk)
    assert steps(*talk) == [("/messages/1", "substituted", "changed")]


# ---- reasoning that is bound to its conversation ---------------------------------------------------------------------

THOUGHT = ReasoningPart(text="Hm.", state={"signature": "x"}, origin=Origin(provider="p", host="h", model="m"))


def test_reasoning_behind_a_change_is_left_out() -> None:
    talk = (user("Hi"), assistant(THOUGHT, "a"), tool_result("gone", 1), user("And?"), assistant(THOUGHT, "b"))

    assert mended(*talk) == [user("Hi"), assistant(THOUGHT, "a"), user("And?"), assistant("b")]
    assert ("/messages/4/parts/0/state", "dropped", "lost") in steps(*talk)


def test_reasoning_behind_a_change_may_be_kept() -> None:
    talk = (user("Hi"), tool_result("gone", 1), assistant(THOUGHT, "b"))

    assert mended(*talk, reasoning="keep") == [user("Hi"), assistant(THOUGHT, "b")]
    assert ("/messages/2/parts/0/state", "weakened", "lost") in steps(*talk, reasoning="keep")


def test_reasoning_stays_where_the_model_sees_the_same_as_before() -> None:
    talk = (user("Hi"), user("there"), assistant(THOUGHT, "b"))

    assert mended(*talk) == [user("Hi", "there"), assistant(THOUGHT, "b")]


# ---- invariants ------------------------------------------------------------------------------------------------------

_IDS = st.sampled_from(["", "a", "b", "c"])
_PARTS = st.one_of(
    st.builds(TextPart, text=st.sampled_from(["", "x", "y"])),
    st.builds(call, _IDS),
    st.builds(ToolResultPart, call_id=_IDS, parts=st.sampled_from([(), (TextPart(text="r"),)])),
    st.just(THOUGHT),
)
_BROKEN = st.lists(
    st.builds(
        lambda role, parts: Message(role=role, parts=tuple(parts)),
        st.sampled_from(["system", "user", "assistant", "assistant", "tool"]),
        st.lists(_PARTS, max_size=3),
    ),
    max_size=9,
)
_POLICIES = st.builds(
    RepairPolicy,
    unanswered=st.sampled_from(["error_result", "drop_call", "keep"]),
    pending=st.sampled_from(["error_result", "drop_call", "keep"]),
    orphans=st.sampled_from(["drop", "as_text"]),
    consecutive=st.sampled_from(["merge", "keep"]),
    opening=st.sampled_from(["insert", "drop", "keep"]),
    reasoning=st.sampled_from(["drop", "keep"]),
)


@settings(max_examples=300)
@given(_BROKEN, _POLICIES)
def test_what_is_mended_is_never_mended_again(messages: list[Message], policy: RepairPolicy) -> None:
    once = repair(messages, policy)
    twice = repair(once.messages, policy)

    assert twice.messages == once.messages
    assert twice.adaptations == ()


@given(_BROKEN)
def test_a_mended_history_keeps_all_rules(messages: list[Message]) -> None:
    sound = repair(messages).messages
    talk = [message for message in sound if message.role != "system"]

    assert [part for message in talk for part in message.parts if part == TextPart(text="")] == []
    assert not talk or talk[0].role == "user"
    assert all(message.parts for message in talk)
    assert not any(one.role == two.role and one.role in ("user", "assistant") for one, two in pairwise(sound))
    ids = [part.id for message in talk for part in message.tool_calls]
    assert all(ids)
    assert len(ids) == len(set(ids))
    waiting: set[str] = set()
    for message in talk:
        results = [part.call_id for part in message.parts if isinstance(part, ToolResultPart)]
        if message.role == "assistant":
            assert not waiting
            waiting = {part.id for part in message.tool_calls}
        assert set(results) <= waiting
        assert len(set(results)) == len(results)
        waiting -= set(results)
        assert not waiting or message.role == "assistant" or len(results) == len(message.parts)
    assert not waiting


@given(_BROKEN)
def test_nothing_of_a_history_goes_without_an_entry(messages: list[Message]) -> None:
    repaired = repair(messages)
    kept = [id(part) for message in repaired.messages for part in message.parts]

    for number, message in enumerate(messages):
        for position, part in enumerate(message.parts):
            place = f"/messages/{number}/parts/{position}"
            assert id(part) in kept or any(
                entry.subject.startswith(place) or entry.subject == f"/messages/{number}"
                for entry in repaired.adaptations
            )


@pytest.mark.parametrize("model", ["anthropic:claude-sonnet-4-5", "google:gemini-3-pro", "openai:gpt-4.1"])
@settings(deadline=None)
@given(messages=_BROKEN)
def test_a_mended_history_can_be_planned_for_anybody(model: str, messages: list[Message]) -> None:
    sound = repair(messages).messages
    if not any(message.role in ("user", "tool") for message in sound):
        return
    name, _, bare = model.partition(":")
    row = provider(name)
    target = Target(provider=row, model=bare, base_url=row.base_url or "", is_override=False)

    assert make_plan(Request[Any](model=model, messages=sound, tools=(Tool(name="weather"),)), target).call.json


@pytest.mark.parametrize("broken", ["orphans", "ids", "early", "one turn"])
def test_the_work_grows_with_the_length_and_no_faster(broken: str) -> None:
    def talk(size: int) -> list[Message]:
        numbers = range(size)
        match broken:
            case "orphans":
                return [tool_result(f"gone{n}", "x") for n in numbers]
            case "ids":
                return [one for n in numbers for one in (assistant(call("a")), tool_result("a", n))]
            case "early":
                return [*(tool_result("a", n) for n in numbers), *(assistant(call("a")) for n in numbers)]
            case _:
                made = assistant(*(call(f"a{n}") for n in numbers))
                return [made, user("?"), user(*(part for n in numbers for part in tool_result(f"a{n}", n).parts))]

    small, large = calls(lambda: repair(talk(200))), calls(lambda: repair(talk(400)))

    assert large < 2.2 * small
