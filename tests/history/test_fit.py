"""Messages made to fit a context window: what each strategy cuts, what it never does, and what the ledger says."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import (
    BlobPart,
    ContextWindowError,
    Fact,
    FilePart,
    InvalidRequestError,
    Message,
    ModelRule,
    Origin,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
    assistant,
    history,
    system,
    tool_result,
    user,
)
from portable_llm._errors import ConfigurationError
from portable_llm.history import DropOldest, ElideResults, FitPolicy, Fitted, Summarise, fit, fit_async
from portable_llm.history._window import window_in
from portable_llm.providers import provider
from portable_llm.providers._target import Target
from portable_llm.wire import wire_format
from support.growth import calls as work_of


def count(message: Message) -> int:
    """One token for each character of text, and one for each part."""
    return len(message.parts) + sum(
        len(part.text)
        if isinstance(part, TextPart)
        else sum(len(inner.text) for inner in part.parts if isinstance(inner, TextPart))
        if isinstance(part, ToolResultPart)
        else 5
        for part in message.parts
    )


def call(id: str) -> ToolCallPart:
    return ToolCallPart(id=id, name="search", arguments={}, raw_arguments="{}")


TALK = (
    system("Be brief."),  # 10
    user("a" * 9),  # 10
    assistant("b" * 9),  # 10
    user("c" * 9),  # 10
    assistant(call("1")),  # 6
    tool_result("1", "d" * 13),  # 14
    assistant("e" * 9),  # 10
    user("f" * 9),  # 10
)


def kept(fitted: Fitted, given: Sequence[Message] = TALK) -> list[int]:
    """Places of the messages that are still there."""
    return [place for place, message in enumerate(given) if message in fitted.messages]


def fitted(limit: int, *strategy: Any, **options: Any) -> Fitted:
    return fit(TALK, limit, count=count, strategy=strategy or "drop_oldest", **options)


# ---- refuse ----------------------------------------------------------------------------------------------------------


def test_what_fits_stays_the_same() -> None:
    result = fit(TALK, 80, count=count)

    assert result == Fitted(messages=TALK, adaptations=(), tokens=80)
    assert not result.is_cut


def test_nothing_is_cut_unasked() -> None:
    with pytest.raises(ContextWindowError, match="80 tokens and the window has 79") as caught:
        fit(TALK, 79, count=count)

    assert (caught.value.tokens, caught.value.limit, caught.value.reserve) == (80, 79, 0)


def test_room_for_the_answer_is_kept_free() -> None:
    with pytest.raises(ContextWindowError, match="window has 90, of which 20 are kept free"):
        fit(TALK, 90, reserve=20, count=count)


# ---- drop the oldest -------------------------------------------------------------------------------------------------


def test_the_oldest_turns_go_first() -> None:
    assert kept(fitted(79)) == [0, 3, 4, 5, 6, 7]
    assert [(entry.subject, entry.action, entry.severity) for entry in fitted(79).adaptations] == [
        ("/messages/1", "dropped", "changed"),
        ("/messages/2", "dropped", "changed"),
    ]


def test_calls_and_results_go_together() -> None:
    assert kept(fitted(41)) == [0, 3, 6, 7]


def test_an_answer_keeps_its_question() -> None:
    """What is left begins with words of the user, even where a long run of the model follows them."""
    talk = (user("task"), assistant(call("1")), tool_result("1", "x"), assistant(call("2")), tool_result("2", "y"))

    result = fit(talk, 14, count=count, strategy="drop_oldest")

    assert kept(result, talk) == [0, 3, 4]


def test_the_last_turn_is_never_cut() -> None:
    assert kept(fitted(20)) == [0, 7]
    with pytest.raises(ContextWindowError, match="after all cuts"):
        fitted(19)


def test_pinned_messages_stay() -> None:
    assert kept(fitted(40, pinned={1})) == [0, 1, 7]
    assert kept(fitted(60, pinned=lambda message: "dddd" in str(message))) == [0, 3, 4, 5, 6, 7]


# ---- elide results ---------------------------------------------------------------------------------------------------


def test_large_results_become_notes() -> None:
    talk = (user("q"), assistant(call("1")), tool_result("1", "x" * 1000), assistant(call("2")), tool_result("2", "y"))

    result = fit(talk, 200, count=count, strategy=ElideResults(over=500))

    digest = hashlib.sha256(b"x" * 1000).hexdigest()[:16]
    note = f"[result left out to fit the context window: 1,000 characters, sha256 {digest}]"
    assert result.messages[2] == tool_result("1", note)
    assert [(entry.subject, entry.action) for entry in result.adaptations] == [("/messages/2/parts/0", "substituted")]


def test_results_of_any_kind_may_be_large() -> None:
    kinds = (
        BlobPart(mime_type="image/png", data=b"x" * 500),
        UriPart(uri="https://a.example/" + "x" * 500),
        FilePart(id="x" * 500),
        UnknownPart(raw={"type": "galaxy", "data": "x" * 500}),
    )
    for kind in kinds:
        talk = (user("q"), assistant(call("1")), tool_result("1", kind), user("r"))
        limit = sum(map(long_count, talk)) - 100

        result = fit(talk, limit, count=long_count, strategy=_ELIDE)

        assert result.messages[2].parts[0] != talk[2].parts[0]
        assert "result left out" in str(result.messages[2])


def long_count(message: Message) -> int:
    return len(str(message))


def test_small_pinned_and_recent_results_stay() -> None:
    talk = (user("q"), assistant(call("1")), tool_result("1", "x" * 99), user("r"))

    for strategy, pinned in ((ElideResults(over=99, keep_last=0), ()), (ElideResults(over=9), ()), (_ELIDE, {2})):
        with pytest.raises(ContextWindowError):
            fit(talk, 90, count=count, strategy=strategy, pinned=pinned)


_ELIDE = ElideResults(over=9, keep_last=0)


def test_strategies_are_taken_in_order() -> None:
    talk = (user("q"), assistant("a" * 50), user("s"), assistant(call("1")), tool_result("1", "x" * 500), user("r"))

    first = fit(talk, 200, count=count, strategy=(ElideResults(over=100, keep_last=0), "drop_oldest"))
    both = fit(talk, 130, count=count, strategy=(ElideResults(over=100, keep_last=0), DropOldest()))

    assert [entry.action for entry in first.adaptations] == ["substituted"]
    assert {entry.action for entry in both.adaptations} == {"substituted", "dropped"}
    assert both.tokens <= 130


# ---- summarise -------------------------------------------------------------------------------------------------------


def test_a_summary_takes_the_place_of_the_oldest_turns() -> None:
    told: list[tuple[Message, ...]] = []

    def summary(messages: tuple[Message, ...]) -> str:
        told.append(messages)
        return "s"

    result = fitted(79, Summarise(by=summary, max_tokens=45))

    assert told == [TALK[1:7]]
    assert result.messages[1] == user(history.SUMMARY + "s")
    assert result.messages[0] == TALK[0]
    assert result.messages[-1] == TALK[-1]
    assert {entry.action for entry in result.adaptations} == {"substituted"}


def test_a_summary_may_be_awaited() -> None:
    async def summary(messages: tuple[Message, ...]) -> Message:
        await asyncio.sleep(0)
        return user(f"{len(messages)} messages")

    result = asyncio.run(fit_async(TALK, 79, count=count, strategy=Summarise(by=summary, max_tokens=20)))

    assert "messages" in result.messages[1].text
    with pytest.raises(ConfigurationError, match="fit_async"):
        fitted(79, Summarise(by=summary, max_tokens=20))


def test_a_summary_that_is_too_long_is_refused() -> None:
    with pytest.raises(ContextWindowError):
        fitted(60, Summarise(by=lambda messages: "x" * 100, max_tokens=5))


def test_what_makes_the_summary_may_fail() -> None:
    def summary(messages: tuple[Message, ...]) -> str:
        raise LookupError("no model")

    with pytest.raises(LookupError):
        fitted(60, Summarise(by=summary, max_tokens=5))
    with pytest.raises(InvalidRequestError, match="a summary is text"):
        fitted(60, Summarise(by=lambda messages: "  ", max_tokens=5))


# ---- reasoning -------------------------------------------------------------------------------------------------------

THOUGHT = ReasoningPart(text="Hm.", state={"signature": "x"}, origin=Origin(provider="p", host="h", model="m"))
THOUGHTS = (user("aaaaaaaaa"), assistant(THOUGHT, "b"), user("c"), assistant(THOUGHT, "d"), user("e"))


def test_reasoning_behind_a_cut_is_left_out_and_said() -> None:
    result = fit(THOUGHTS, 15, count=count, strategy="drop_oldest")

    assert result.messages == (user("c"), assistant("d"), user("e"))
    assert ("/messages/3/parts/0/state", "dropped", "lost") in [
        (entry.subject, entry.action, entry.severity) for entry in result.adaptations
    ]
    assert "bound to another conversation" in result.adaptations[-1].detail


def test_reasoning_may_be_kept_for_models_that_do_not_mind() -> None:
    result = fit(THOUGHTS, 15, count=count, strategy="drop_oldest", reasoning="keep")

    assert result.messages == THOUGHTS[2:]
    assert result.adaptations[-1].action == "weakened"


def test_without_a_cut_reasoning_is_left_alone() -> None:
    assert fit(THOUGHTS, 100, count=count, strategy="drop_oldest").messages == THOUGHTS


# ---- limits by model -------------------------------------------------------------------------------------------------


def test_a_model_whose_window_is_not_known_is_said() -> None:
    with pytest.raises(InvalidRequestError, match="is not known: give its tokens"):
        fit(TALK, "ollama:some-model-of-tomorrow")


def test_windows_come_from_published_tables() -> None:
    pytest.importorskip("genai_prices")

    assert fit(TALK, "openai:gpt-4o", reserve=2_000).messages == TALK
    with pytest.raises(ContextWindowError, match="128,000"):
        fit(TALK, "openai:gpt-4o", reserve=127_999)
    with pytest.raises(InvalidRequestError, match="not known"):
        fit(TALK, "openai:some-model-of-tomorrow")


def test_a_row_may_say_the_window() -> None:
    row = provider("ollama").with_(
        models=(ModelRule(pattern="mine", facts={"context_window": Fact(maximum=9, source="mine", date="2026-11-24")}),)
    )
    target = Target(provider=row, model="mine", base_url="http://127.0.0.1:1", is_override=False)

    assert window_in(target.capabilities(wire_format(row.wire).CAPABILITIES), target) == 9


def test_tokens_are_counted_where_no_count_is_given() -> None:
    with pytest.raises(ContextWindowError) as caught:
        fit(TALK, 10)

    assert caught.value.tokens is not None
    assert 20 < caught.value.tokens < 200


@pytest.mark.parametrize("strategy", ["galaxy", 3, [None, "x"]])
def test_what_is_no_strategy_is_said(strategy: Any) -> None:
    with pytest.raises((InvalidRequestError, TypeError)):
        fit(TALK, 10, count=count, strategy=strategy)


def test_a_policy_is_checked_when_it_is_made() -> None:
    with pytest.raises(ConfigurationError, match="tighten"):
        FitPolicy(tighten=1.5)
    with pytest.raises(ConfigurationError, match="limit"):
        FitPolicy(limit=-1)
    with pytest.raises(InvalidRequestError):
        FitPolicy(strategy="galaxy")  # type: ignore[arg-type]


# ---- invariants ------------------------------------------------------------------------------------------------------

_ROUNDS = st.lists(
    st.tuples(st.integers(0, 60), st.lists(st.integers(0, 400), max_size=3), st.booleans()), min_size=1, max_size=8
)
_STRATEGIES = st.sampled_from(
    [
        ("drop_oldest",),
        (ElideResults(over=100, keep_last=0),),
        (ElideResults(over=100), "drop_oldest"),
        ("drop_oldest", ElideResults(over=100, keep_last=0)),
        (Summarise(by=lambda messages: "s", max_tokens=60),),
        (ElideResults(over=100), Summarise(by=lambda messages: "s", max_tokens=60), "drop_oldest"),
    ]
)


def conversation(rounds: list[tuple[int, list[int], bool]]) -> tuple[Message, ...]:
    """Each round: words of the user, calls with results of the sizes given, and perhaps an answer."""
    messages: list[Message] = [system("s")]
    for number, (size, results, is_answered) in enumerate(rounds):
        messages.append(user(f"{number}" + "u" * size))
        if results:
            ids = [f"{number}-{position}" for position in range(len(results))]
            messages.append(assistant(THOUGHT, *map(call, ids)))
            messages += [tool_result(one, "r" * length) for one, length in zip(ids, results, strict=True)]
        if is_answered:
            messages.append(assistant(THOUGHT, f"{number}" + "a" * size))
    return tuple(messages)


def try_to_fit(messages: tuple[Message, ...], limit: int, strategy: Any, pinned: set[int]) -> Fitted | None:
    try:
        return fit(messages, limit, count=count, strategy=strategy, pinned=pinned)
    except ContextWindowError as error:
        assert (error.tokens or 0) > limit  # noqa: PT017 (whether it is raised is for the caller to say)
        return None


def gone(fitted: Fitted) -> set[str]:
    """Places that were cut; reasoning is another matter."""
    return {entry.subject for entry in fitted.adaptations if not entry.subject.endswith("/state")}


@given(_ROUNDS, _STRATEGIES, st.integers(0, 2500), st.integers(0, 500), st.sets(st.integers(0, 20), max_size=3))
def test_fit_keeps_its_promises(
    rounds: list[tuple[int, list[int], bool]], strategy: Any, limit: int, more: int, pinned: set[int]
) -> None:
    messages = conversation(rounds)
    result = try_to_fit(messages, limit, strategy, pinned)
    if result is None:
        return

    assert result.tokens == sum(map(count, result.messages)) <= limit
    assert all(
        messages[place] in result.messages or THOUGHT in messages[place].parts
        for place in pinned
        if place < len(messages)
    )
    assert not {f"/messages/{place}" for place in (0, len(messages) - 1)} & gone(result)
    made = [part.id for message in result.messages for part in message.tool_calls]
    answered = [
        part.call_id for message in result.messages for part in message.parts if isinstance(part, ToolResultPart)
    ]
    assert made == answered
    assert next(message for message in result.messages if message.role != "system").role == "user"

    larger = try_to_fit(messages, limit + more, strategy, pinned)
    assert larger is not None
    assert gone(larger) <= gone(result)


@pytest.mark.parametrize("strategy", [("drop_oldest",), (ElideResults(over=100), "drop_oldest")])
def test_the_work_grows_with_the_length_and_no_faster(strategy: Any) -> None:
    small, large = conversation([(5, [300], True)] * 200), conversation([(5, [300], True)] * 400)

    once = work_of(lambda: try_to_fit(small, 4_000, strategy, set()))
    twice = work_of(lambda: try_to_fit(large, 4_000, strategy, set()))

    assert twice < 2.2 * once


def test_each_message_is_counted_once() -> None:
    counted: list[int] = []

    def counting(message: Message) -> int:
        counted.append(id(message))
        return count(message)

    messages = conversation([(5, [], True)] * 50)
    fit(messages, 500, count=counting, strategy="drop_oldest", reasoning="keep")

    assert sorted(counted) == sorted(map(id, messages))
