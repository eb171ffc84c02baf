"""What the Google row says about its models, through the plan as a user sees it."""

from __future__ import annotations

from typing import Any

import pytest

from portable_llm._messages import Message, Origin, TextPart, ToolCallPart, UnknownPart, assistant, tool_result, user
from portable_llm._plan import Plan, make_plan
from portable_llm._request import Options, Reasoning, Request, request
from portable_llm.providers import provider
from portable_llm.providers._target import Target

GOOGLE = provider("google")


def plan(model: str, *messages: Message, **options: Any) -> Plan[Any]:
    known: Options = options  # type: ignore[assignment]
    asked: Request[Any] = request(f"google:{model}", messages or (user("hello"),), **known)
    return make_plan(asked, Target(provider=GOOGLE, model=model, base_url=GOOGLE.base_url or "", is_override=False))


def body(made: Plan[Any]) -> dict[str, Any]:
    assert isinstance(made.call.json, dict)
    return made.call.json


def losses(made: Plan[Any]) -> dict[str, str]:
    return {e.subject: e.action for e in made.adaptations if e.severity in ("lost", "changed")}


def test_the_row_is_reached_by_its_name_with_a_key_in_a_header() -> None:
    assert (GOOGLE.name, GOOGLE.title, GOOGLE.wire) == ("google", "Google Gemini", "gemini")
    assert GOOGLE.auth.env == ("GOOGLE_API_KEY", "GEMINI_API_KEY")
    assert GOOGLE.auth.headers("k") == {"x-goog-api-key": "k"}


def test_a_known_model_gets_what_it_takes_without_a_loss() -> None:
    made = plan("gemini-3.6-flash", temperature=0.5, top_k=4, stop="END", max_output_tokens=9)

    assert losses(made) == {}
    assert made.target.base_url + made.call.path == (
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-3.6-flash:generateContent"
    )


@pytest.mark.parametrize("option", ["temperature", "top_p", "top_k"])
def test_gemini_4_ignores_sampling_and_the_ledger_says_so(option: str) -> None:
    made = plan("gemini-4-neon", **{option: 1})

    assert losses(made) == {f"/sampling/{option}": "dropped"}
    assert "generationConfig" not in body(made)


@pytest.mark.parametrize(
    ("model", "effort", "sent"),
    [
        ("gemini-3-pro-preview", "medium", {"thinkingLevel": "LOW"}),
        ("gemini-3.6-flash", "none", {"thinkingLevel": "MINIMAL"}),
        ("gemini-3.8-flash", "minimal", {"thinkingLevel": "LOW"}),
        ("gemini-4-argon", "max", {"thinkingLevel": "HIGH"}),
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
        ("gemini-2.5-pro", "none", {"thinkingBudget": 1024}),
        ("a-model-of-tomorrow", "xhigh", {"thinkingLevel": "XHIGH"}),
    ],
)
def test_an_effort_is_the_nearest_the_model_has(model: str, effort: Any, sent: dict[str, Any]) -> None:
    assert body(plan(model, reasoning=Reasoning(effort=effort)))["generationConfig"] == {"thinkingConfig": sent}


def test_models_that_do_not_think_are_not_asked_to() -> None:
    made = plan("gemini-2.0-flash", reasoning=Reasoning(effort="high"))

    assert losses(made) == {"/reasoning/effort": "dropped"}
    assert "generationConfig" not in body(made)


@pytest.mark.parametrize(
    ("model", "signature"),
    [("gemini-2.5-flash", None), ("gemini-3-pro-preview", "skip_thought_signature_validator")],
)
def test_a_call_of_another_vendor_gets_a_signature_where_one_is_asked_for(model: str, signature: str | None) -> None:
    foreign = Origin(provider="somebody", host="example.test", model="other")
    call = ToolCallPart(id="c1", name="f", arguments={}, state={"thoughtSignature": "theirs"}, origin=foreign)

    made = plan(model, user("?"), assistant(call), tool_result("c1", "ok"))

    assert body(made)["contents"][1]["parts"][0].get("thoughtSignature") == signature
    assert losses(made) == {"/messages/1/parts/0/state": "dropped"}


def test_its_own_signature_goes_back_untouched() -> None:
    own = plan("gemini-3-pro-preview").origin
    call = ToolCallPart(id="c1", name="f", arguments={}, state={"thoughtSignature": "mine"}, origin=own)

    made = plan("gemini-3-pro-preview", user("?"), assistant(call), tool_result("c1", "ok"))

    assert body(made)["contents"][1]["parts"][0]["thoughtSignature"] == "mine"
    assert losses(made) == {}


def test_a_paused_answer_goes_on_without_a_loss() -> None:
    own = plan("gemini-4-neon").origin
    paused = assistant(TextPart(text="half"), UnknownPart(raw={"continuationToken": "dG9r"}, origin=own))

    made = plan("gemini-4-neon", user("?"), paused)

    assert body(made) == {"contents": [{"role": "user", "parts": [{"text": "?"}]}], "continuationToken": "dG9r"}
    assert losses(made) == {}


def test_labels_are_for_vertex_and_not_sent_here() -> None:
    made = plan("gemini-3.6-flash", metadata={"team": "a"})

    assert "labels" not in body(made)
    assert [e.severity for e in made.adaptations if e.subject == "/metadata"] == ["advisory"]
