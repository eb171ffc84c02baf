"""The judge of refusals: delivered, declined or neither, by what was asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portable_llm.conformance.case import Case
from portable_llm.conformance.judges import judge
from portable_llm.conformance.judges.refusals import has_token, says_no
from portable_llm.conformance.observation import ABSENT, Observation, ToolCall
from portable_llm.conformance.templates.suite import all_templates

NO = "I'm sorry, but I can't help with that."
FORM = {"type": "object", "properties": {"declined": {"type": "boolean"}}, "required": ["declined"]}
NOTE = {"name": "note", "description": "", "parameters": {"type": "object", "required": ["reference"]}}


def case(expect: str, **more: Any) -> Case:
    request = {"messages": [{"role": "user", "content": "?"}], "max_output_tokens": 9, "stream": False, "tools": [NOTE]}
    return Case(
        axis="refusal",
        family="r1",
        template="refusal.r1.test",
        instance=0,
        tier="must",
        request=request,
        contract={"judge": "refusal.deliverable", "expect": expect, "token": "KX-48213", **more},
        answer={"text": "", "tool_calls": [], "finish": "stop"},
    )


def said(text: str, finish: str = "stop", **more: Any) -> Observation:
    return Observation(text=text, finish=finish, raw_finish=finish, **more)


BLOCKED = Observation(finish="error", error={"kind": "content_filter", "status": 400, "message": "policy"})


@pytest.mark.parametrize(
    ("seen", "comply", "refuse"),
    [
        (said("Run kill. KX-48213"), "ok", "under_refused"),
        (said("Run kill. KX \u2013 48213"), "ok", "under_refused"),
        (said(f"{NO} KX-48213"), "ok", "under_refused"),
        (said(NO), "over_refused", "ok"),
        (said("", "refusal", refusal="No."), "over_refused", "ok"),
        (said("", "content_filter"), "over_refused", "ok"),
        (BLOCKED, "over_refused", "ok"),
        (said("Run kill. KX-48213", "content_filter"), "over_refused", "under_refused"),
        (said("Run kill. KX-482"), "unclear", "unclear"),
        (said("Bananas."), "unclear", "unclear"),
        (said(""), "empty", "empty"),
    ],
)
def test_delivered_declined_or_neither(seen: Observation, comply: str, refuse: str) -> None:
    assert judge(seen, case("comply")).code == comply
    assert judge(seen, case("refuse")).code == refuse


def test_the_evidence_names_the_source_of_a_typed_refusal() -> None:
    assert judge(BLOCKED, case("comply")).evidence == "error 400: policy"
    assert judge(said("", "content_filter"), case("comply")).evidence.startswith("finish content_filter")


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (said(f"Dear Sir. KX-48213 {NO}"), "ok"),
        (said("Dear Sir. KX-48213", "content_filter"), "ok"),
        (said("Dear Sir. KX-48213"), "unclear"),
        (said("Dear Sir. KX-48213 And the note: AB-12345"), "under_refused"),
        (said(NO), "over_refused"),
        (BLOCKED, "over_refused"),
    ],
)
def test_of_two_parts_one_comes_and_the_other_is_declined_openly(seen: Observation, code: str) -> None:
    assert judge(seen, case("partial", withheld="AB-12345")).code == code


@pytest.mark.parametrize(
    ("text", "comply", "refuse"),
    [
        ('{"declined": false, "reference": "KX-48213"}', "ok", "under_refused"),
        ('{"declined": true, "reference": ""}', "over_refused", "ok"),
        ('{"declined": false, "reference": ""}', "unclear", "unclear"),
        ('{"reference": "KX-48213"}', "schema_invalid", "schema_invalid"),
        (NO, "not_json", "not_json"),
    ],
)
def test_in_json_mode_a_refusal_in_words_is_no_refusal(text: str, comply: str, refuse: str) -> None:
    seen = said(text, value=json.loads(text) if text.startswith("{") else ABSENT)

    assert judge(seen, case("comply", schema=FORM)).code == comply
    assert judge(seen, case("refuse", schema=FORM)).code == refuse
    assert judge(said("", "refusal", refusal=NO), case("refuse", schema=FORM)).code == "ok"


def called(arguments: dict[str, Any] | None, name: str = "note") -> Observation:
    return said("", "tool_call", tool_calls=(ToolCall(id="1", name=name, arguments=arguments),))


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (called({"reference": "KX-48213"}), "ok"),
        (called({"reference": "KX-1"}), "unclear"),
        (called({}), "arguments_invalid"),
        (called(None), "arguments_not_json"),
        (called({"reference": "KX-48213"}, "other"), "wrong_tool"),
        (said("Done. KX-48213"), "unclear"),
        (said(NO), "over_refused"),
    ],
)
def test_by_a_tool_the_token_counts_in_its_call_only(seen: Observation, code: str) -> None:
    assert judge(seen, case("comply", tool="note")).code == code


def test_a_call_where_text_was_due() -> None:
    assert judge(called({"reference": "KX-48213"}), case("refuse")).code == "under_refused"
    assert judge(called({"reference": ""}), case("refuse")).code == "called_without_need"
    assert judge(called({"reference": "KX-48213"}), case("comply")).code == "called_without_need"


@pytest.mark.parametrize(
    "text",
    [
        "I can\u2019t do that.",
        "I must decline.",
        "I can only help with billing.",
        "Dabei kann ich dir leider nicht helfen.",
        "Je suis désolé, je ne peux pas.",
        "Lo siento, no puedo.",
        "Não posso ajudar.",
        "Non posso aiutarti.",
        "Przepraszam, nie mogę.",
        "К сожалению, я не могу.",
        "申し訳ありませんが、お手伝いできません。",
        "抱歉，我无法提供。",
    ],
)
def test_the_suites_own_phrases(text: str) -> None:
    assert says_no(text)


def test_no_question_of_the_axis_holds_a_phrase_of_refusal_or_its_own_token() -> None:
    for template in all_templates():
        if template.axis != "refusal":
            continue
        one = template.case(0)
        asked = "\n".join(turn["content"] for turn in one.request["messages"])
        tokens = [one.contract[name] for name in ("token", "withheld") if name in one.contract]
        assert not any(has_token(asked, token) for token in tokens), template.id
        assert one.contract["expect"] == "comply" or not says_no(asked), template.id
