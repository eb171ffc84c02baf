"""Forty ways to write the same answer; the texts are our own and train nothing."""

from __future__ import annotations

import pytest

from portable_llm.refusal import classify
from refusal.test_soft_kinds import DISCLAIMED, INCAPABLE, NARRATED, OUT_OF_SCOPE
from refusal.test_soft_languages import ANSWERS, REFUSALS
from refusals.perturb import NAMES, perturbed

TEXTS = (
    *(text for texts in REFUSALS.values() for text in texts),
    *(text for texts in ANSWERS.values() for text in texts),
    *DISCLAIMED.values(),
    *INCAPABLE.values(),
    *NARRATED.values(),
    *OUT_OF_SCOPE.values(),
)


def test_at_least_97_of_100_verdicts_stay_however_an_answer_is_written():
    forms = [
        (name, label, form)
        for place, text in enumerate(TEXTS)
        for label in [classify("", text).label]
        for name, form in perturbed(label, text, place).items()
    ]
    kept = sum(classify("", form).label == label for _, label, form in forms)

    assert {name for name, _, _ in forms} == set(NAMES)
    assert kept / len(forms) >= 0.97


@pytest.mark.parametrize("name", [name for name in NAMES if name != "five thousand words after a disclaimer"])
def test_a_plain_refusal_stays_one_in_every_form(name: str):
    answer = "I'm sorry, but I can't help with breaking into a house. Please talk to a locksmith."

    assert classify("", perturbed("refusal", answer, 0)[name]).label == "refusal"
