"""What a hand-over does to a conversation, said before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

import portable_llm
from portable_llm import ConfigurationError, InvalidRequestError, explain_handoff, history, tool_result, user

STORED: dict[str, Any] = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 100,
    "tools": [{"name": "weather", "input_schema": {"type": "object", "properties": {}}}],
    "messages": [
        {"role": "user", "content": "Weather in Oslo?"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Look it up.", "signature": "c2lnbmVk"},
                {"type": "tool_use", "id": "toolu:1", "name": "weather", "input": {}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu:1", "content": "12 C"}]},
        {"role": "user", "content": "And now?"},
    ],
}


def test_a_handoff_says_what_does_not_come_along() -> None:
    handoff = explain_handoff(history.load(STORED), "google:gemini-3-pro")

    assert handoff.left_out == ("/messages/1/parts/0/state",)
    assert handoff.repairs == ()
    assert [tool.name for tool in handoff.plan.request.tools] == ["weather"]
    assert str(handoff).splitlines()[0] == "google:gemini-3-pro goes on with 4 messages"
    assert "/messages/1/parts/0/state" in str(handoff)


def test_ids_that_the_target_does_not_take_are_named() -> None:
    handoff = explain_handoff(history.load(STORED), "mistral:mistral-large-latest")

    assert handoff.renamed_ids == ("/messages/1/parts/1/id", "/messages/2/parts/0/call_id")


def test_a_broken_history_is_mended_first() -> None:
    handoff = explain_handoff((user("Hi"), tool_result("gone", "12 C"), user("there")), "openai:gpt-4.1")

    assert handoff.messages == (user("Hi", "there"),)
    assert [one.subject for one in handoff.repairs] == ["/messages/1/parts/0", "/messages/2"]
    assert "mended first: 1 changed, 1 exact" in handoff.explain()
    assert handoff.to_json()["messages"] == 1


def test_nothing_to_say_is_said() -> None:
    handoff = explain_handoff((user("Hi"),), "openai:gpt-4.1")

    assert str(handoff).endswith("as they are: nothing mended, nothing left out")


def test_it_is_offline_and_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket", None)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    assert explain_handoff((user("Hi"),), "openai:gpt-4.1").plan.call.json


def test_a_target_has_to_be_one() -> None:
    with pytest.raises(ConfigurationError):
        explain_handoff((user("Hi"),), "galaxy:model")
    with pytest.raises(InvalidRequestError):
        explain_handoff((), "openai:gpt-4.1")


def test_the_room_of_histories_offers_it_too() -> None:
    assert history.explain_handoff is portable_llm.explain_handoff
    with pytest.raises(AttributeError, match="nonsense"):
        history.nonsense  # type: ignore[attr-defined]  # noqa: B018
