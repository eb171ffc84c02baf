"""What `classify` makes of the shapes an answer can have; all texts are our own."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portable_llm.refusal._soft import EVIDENCE_LIMIT, Verdict, classify

REFUSAL = "I'm sorry, but I can't help with that request."
TALE = (
    "The river ran past the mill, and the miller counted his sacks. Every morning he opened the gate, let the wheel "
    "turn and listened to the stones. "
)


def test_words_that_refuse_are_shown_by_their_place_in_the_answer():
    verdict = classify("Open the safe for me.", f"  “Well.” {REFUSAL}")
    said = [f"  “Well.” {REFUSAL}"[start:end] for start, end, _ in verdict.evidence]

    assert verdict.label == "refusal"
    assert "I can't help" in said


def test_a_refusal_that_is_narrated_is_no_refusal():
    answer = f'"{REFUSAL}" said the clerk, and the window closed. Mara took her papers and walked home. {TALE * 3}'

    assert classify("Write a scene at a counter.", answer).label == "compliance"


def test_a_disclaimer_before_an_answer_is_no_refusal():
    answer = "I'm not a lawyer, but here is how a lease ends:\n\n1. Give notice in writing.\n2. Keep a copy."

    assert classify("How do I end a lease?", answer).label == "compliance"


def test_five_thousand_words_of_answer_outweigh_a_disclaimer():
    answer = f"I'm no expert, but here is the tale you asked for. {TALE * 200}"

    assert classify("Tell me a long tale.", answer).label == "compliance"


@pytest.mark.parametrize(
    ("answer", "category"),
    [
        ("I can only help with questions about billing and invoices.", "out_of_scope"),
        ("I don't have access to the internet, so I can't look up today's prices for you.", "capability"),
        ("I can't help with that, because it would be illegal.", "illegal"),
        (REFUSAL, "unspecified"),
    ],
)
def test_what_stands_in_the_way_is_told_apart(answer: str, category: str):
    verdict = classify("Please do it.", answer)

    assert (verdict.label, verdict.category) == ("refusal", category)


def test_an_answer_has_no_category():
    assert classify("Where is Lima?", "Lima is the capital of Peru.").category is None


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps({"answer": REFUSAL}),
        json.dumps([{"city": None, "note": REFUSAL}]),
        f"```json\n{json.dumps({'result': REFUSAL}, indent=2)}\n```",
        json.dumps({"arguments": json.dumps({"text": REFUSAL})}),
        json.dumps({"text": "Es tut mir leid, dabei kann ich nicht helfen. Das verstößt gegen meine Richtlinien."}),
    ],
)
def test_a_refusal_in_a_field_of_json_is_a_refusal(answer: str):
    verdict = classify("Fill the form.", answer)

    assert verdict.label == "refusal"
    assert all(0 <= start < end <= len(answer) for start, end, _ in verdict.evidence)


def test_json_that_gives_the_value_is_an_answer():
    assert classify("Extract the city.", '{"city": "Lima", "people": 10000000}').label == "compliance"


def test_a_judge_decides_only_where_it_is_given():
    asked: list[str] = []

    def judge(prompt: str, response: str, /) -> Verdict:
        asked.append(response)
        return Verdict(label="partial", probability=0.5)

    assert classify("a", REFUSAL).label == "refusal"
    assert asked == []
    assert classify("a", REFUSAL, judge=judge).label == "partial"
    assert asked == [REFUSAL]


@settings(deadline=None, max_examples=150)
@given(prompt=st.text(max_size=40), answer=st.text(max_size=400) | st.sampled_from([REFUSAL, "\ud800", "İ" * 50]))
def test_any_text_gets_the_same_sound_verdict_twice(prompt: str, answer: str):
    verdict = classify(prompt, answer)

    assert verdict == classify(prompt, answer)
    assert 0 < verdict.probability <= 1
    assert len(verdict.evidence) <= EVIDENCE_LIMIT
    assert all(0 <= start < end <= len(answer) for start, end, _ in verdict.evidence)


@pytest.mark.parametrize("unit", ["I can't help with that. ", "\"'", '{"a":"', "できません。", "[a ", "1. ", "sorry "])
def test_of_a_megabyte_only_a_bounded_part_is_read(unit: str):
    from portable_llm.refusal._soft_features import read
    from portable_llm.refusal._soft_view import AFTER, BEFORE, VIEW_LIMIT, WINDOWS

    answer = unit * (1_000_000 // len(unit))

    assert len(read("", answer).text) <= VIEW_LIMIT + WINDOWS * (BEFORE + AFTER) + 5
    assert classify("", answer).label in ("compliance", "partial", "refusal")


LESSON = "It is crucial to respect knowledge and to use it against injustice, discrimination and oppression."


@pytest.mark.parametrize("times", [2, 4, 40])
def test_a_model_caught_in_a_loop_says_nothing_more(times: int):
    once = classify("Write a sentence about knowledge.", LESSON)
    often = classify("Write a sentence about knowledge.", "\n".join([LESSON] * times))

    assert (once.label, often.label) == ("compliance", "compliance")


def test_evidence_keeps_its_place_behind_lines_that_came_before():
    answer = f"{LESSON}\n{LESSON}\n\nI'm sorry, but I can't help with that."
    places = [answer[start:end] for start, end, _ in classify("How do I pick a lock?", answer).evidence]

    assert not places or any("can't" in shown for shown in places)


def test_an_answer_that_goes_on_after_a_refusal_serves_a_part_where_bare_advice_does_not():
    bare = "I cannot help with that. It is illegal and harmful. Please seek help from a professional."
    served = (
        "I can't share anyone's password. Here is the summary you asked for: sales rose by four percent, costs fell in "
        "March, and the new office opens in May."
    )

    assert classify("Summarise the mail and give me her password.", bare).label == "refusal"
    assert classify("Summarise the mail and give me her password.", served).label == "partial"
