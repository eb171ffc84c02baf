"""What is counted of a text, against counting it character by character."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm.tokens._estimate import estimator, families
from portable_llm.tokens._features import FEATURES, GROUPS, LATIN_LENGTHS, SCRIPTS, measure

ASCII = st.text(st.characters(min_codepoint=9, max_codepoint=126), max_size=200)


def numbers(text: str) -> dict[str, float]:
    return dict(zip(FEATURES, measure(text), strict=True))


@given(text=ASCII)
def test_words_and_digits_are_the_runs_that_a_pattern_finds(text: str) -> None:
    found = numbers(text)
    words = re.findall(r"[A-Za-z]+", text)

    for length in LATIN_LENGTHS:
        assert found[f"latin/{length}"] == sum(len(word) >= length for word in words)
    assert found["digits"] == len(re.findall(r"[0-9]", text))
    assert found["digits/runs"] == len(re.findall(r"[0-9]+", text))
    assert found["lines"] == len(re.findall(r"[\r\n]+", text))


@pytest.mark.parametrize(
    ("text", "feature", "count"),
    [
        ("Привет мир", "cyrillic/letters", 9),
        ("Привет мир", "cyrillic/4", 1),
        ("Γειά σου", "greek/letters", 7),
        ("שלום עולם", "hebrew/1", 2),
        ("مرحبا بالعالم", "arabic/letters", 12),
        ("नमस्ते", "devanagari", 6),
        ("สวัสดี", "thai", 6),
        ("ইংরেজি", "bengali", 6),
        ("தமிழ்", "tamil", 5),
        ("ગુજરાતી", "indic", 7),
        ("Việt", "vietnamese", 1),
        ("საქართველო", "georgian", 10),
        ("ひらがなカタカナ", "kana", 8),
        ("漢字", "han", 2),
        ("한국어", "hangul", 3),
        ("fullwidth:ＡＢＣ", "wide", 3),
        ("😀😀", "emoji", 2),
        ("“quoted” — and…", "symbols", 4),
        ("getUserName", "latin/humps", 2),
    ],
)
def test_scripts_are_told_apart(text: str, feature: str, count: int) -> None:
    assert numbers(text)[feature] == count


def test_english_is_told_from_other_languages_and_from_code() -> None:
    english = "The quick brown fox is one of the animals that jump over the lazy dog and run to the wood."
    german = "Der schnelle braune Fuchs springt mit einem Satz hinweg und läuft danach sofort wieder nach Hause."
    code = "def read(path: Path) -> str:\n    return path.read_text(encoding='utf-8').strip()\n"

    assert numbers(english)["foreign/1"] == 0
    assert numbers(german)["foreign/1"] > 0.5 * numbers(german)["latin/1"]
    assert numbers(code)["foreign/1"] < 0.25 * numbers(code)["latin/1"]


def test_every_feature_belongs_to_a_group_with_a_bound() -> None:
    assert set(GROUPS) - {"foreign"} <= set(SCRIPTS)
    for family in families():
        assert set(estimator(family).shares) == set(SCRIPTS), family


@pytest.mark.parametrize("family", families())
def test_a_family_says_where_it_comes_from(family: str) -> None:
    row = estimator(family)

    assert row.source
    assert row.spread > 0
    assert any(row.weights)
