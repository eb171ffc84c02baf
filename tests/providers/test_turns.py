"""What hosts ask of the order of turns, and what of a request is passed on unread."""

from __future__ import annotations

import pytest

from portable_llm import Client, Message, Plan, assistant, provider_names, system, user
from portable_llm.providers import provider


def planned(model: str, *messages: Message) -> tuple[Plan[None], list[dict[str, object]]]:
    with Client() as client:
        plan = client.plan(model, list(messages))
    body = plan.call.json
    assert isinstance(body, dict)
    return plan, body["messages"]


def test_turns_that_have_to_alternate_are_joined_and_listed() -> None:
    plan, sent = planned("perplexity:sonar", system("Be brief."), user("One."), user("Two."))

    texts = [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]
    assert sent == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": texts}]
    assert [(a.subject, a.severity) for a in plan.adaptations if a.action == "encoded"] == [("/messages/2", "exact")]


def test_turns_in_a_row_stay_apart_where_nothing_is_said_against_it() -> None:
    _, sent = planned("openai:gpt-5.4", user("One."), user("Two."))

    assert [message["content"] for message in sent] == ["One.", "Two."]


def test_an_answer_that_is_begun_is_marked_where_the_host_wants_a_mark() -> None:
    plan, sent = planned("moonshot:moonshot-v1-8k", user("Count."), assistant("One, two,"))

    assert sent[-1] == {"role": "assistant", "content": "One, two,", "partial": True}
    assert "/messages/1" in [a.subject for a in plan.adaptations if a.action == "renamed"]
    assert all(a.severity != "changed" for a in plan.adaptations)


def test_a_last_turn_of_the_user_gets_no_mark() -> None:
    _, sent = planned("moonshot:moonshot-v1-8k", user("Count."), assistant("One, two,"), user("Go on."))

    assert all("partial" not in message for message in sent)


@pytest.mark.parametrize("name", provider_names())
def test_a_field_meant_for_another_vendor_is_passed_on_and_listed(name: str) -> None:
    model = f"{name}:m" if provider(name).base_url else f"{name}:m@http://h.example/v1"
    with Client() as client:
        plan = client.plan(model, "Hello", extra={"field_of_another": {"a": 1}}, max_output_tokens=10)

    said = [a for a in plan.adaptations if a.subject == "/extra/field_of_another"]
    assert [(a.action, a.severity) for a in said] == [("moved", "exact")]
    assert b'"field_of_another":{"a":1}' in (plan.call.body or b"")
