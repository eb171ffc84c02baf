"""The stated bounds of estimates, on texts that had no part in making them: this repository's own."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from portable_llm.tokens._estimate import estimator, families
from portable_llm.tokens._tables import exact_counter

CHECKOUT = Path(__file__).resolve().parents[2]
STORED: dict[str, Any] = json.loads((files("portable_llm.tokens") / "estimates.json").read_text(encoding="utf-8"))
PUBLIC = ("o200k", "cl100k")
BASE64 = re.compile(r"[A-Za-z0-9+/]{100}")
"""Bytes as text, which the estimator does not know: the page on counts says so."""
needs_tables = pytest.mark.skipif(exact_counter("o200k") is None, reason="no vocabulary here: pip install bpe-openai")


def pieces(pattern: str, size: int) -> list[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(CHECKOUT.glob(pattern)))
    return [text[at : at + size] for at in range(0, len(text), size)][:300]


@needs_tables
@pytest.mark.parametrize("family", PUBLIC)
@pytest.mark.parametrize("size", [40, 400, 4000])
@pytest.mark.parametrize("pattern", ["docs/**/*.md", "src/portable_llm/*.py"])
def test_the_bound_holds_against_the_vocabulary(family: str, size: int, pattern: str) -> None:
    assert held(family, pieces(pattern, size)) >= 0.95


@needs_tables
@pytest.mark.parametrize("family", PUBLIC)
@pytest.mark.parametrize("size", [40, 400, 4000])
def test_texts_of_invented_names_are_out_by_little(family: str, size: int) -> None:
    """The suite's cases are full of towns that do not exist, which no vocabulary has: a case nobody calibrated for."""
    cases = [text for text in pieces("conformance/cases/**/*.jsonl", size) if not BASE64.search(text)]

    assert held(family, cases) >= 0.8
    assert held(family, cases, slack=1.06) >= 0.95


def held(family: str, texts: list[str], *, slack: float = 1.0) -> float:
    """The share of texts whose count lies within the bounds; `slack` widens the upper one."""
    exact = exact_counter(family)
    assert exact is not None
    counts = [(estimator(family).measure(text).count("t", "s"), exact(text)) for text in texts]
    return sum(count.low <= tokens <= slack * count.high for count, tokens in counts) / len(counts)


@needs_tables
@pytest.mark.parametrize("family", PUBLIC)
@pytest.mark.parametrize(
    "text",
    [
        "Die Sprache eines Textes entscheidet mit darüber, in wie viele Teile er zerlegt wird, und wie teuer er wird.",
        "La langue d'un texte décide en partie du nombre de morceaux, et donc de ce qu'il coûte à la fin du mois.",
        "Язык текста влияет на то, на сколько частей он будет разделён и сколько это будет стоить.",
        "文章の言語によって、いくつの部分に分けられるか、そしていくらかかるかが決まります。",
        "一段文字会被切成多少块，要花多少钱，在一定程度上取决于它所用的语言。",
        "텍스트의 언어는 그것이 몇 조각으로 나뉘는지, 그리고 비용이 얼마인지를 결정합니다.",
        "لغة النص تحدد عدد الأجزاء التي يقسم إليها وكم يكلف ذلك في النهاية.",
        "किसी पाठ की भाषा तय करती है कि वह कितने टुकड़ों में बँटेगा और उसकी लागत कितनी होगी।",
    ],
    ids=["de", "fr", "ru", "ja", "zh", "ko", "ar", "hi"],
)
def test_the_bound_holds_in_many_scripts(family: str, text: str) -> None:
    exact = exact_counter(family)
    assert exact is not None
    count = estimator(family).measure(text).count("t", "s")

    assert count.low <= exact(text) <= count.high


@pytest.mark.parametrize("family", [name for name in families() if "held_out" in STORED["families"][name]])
def test_the_bounds_held_where_they_were_checked(family: str) -> None:
    """Measured by `scripts/calibrate_tokens.py` on a third part of its texts."""
    held = STORED["families"][family]["held_out"]

    assert held["texts"] > 1000
    assert held["inside"] >= 0.95


@pytest.mark.parametrize("family", families())
def test_no_weight_makes_more_text_fewer_tokens(family: str) -> None:
    for text in ("Việt Nam", "naïve café", "12345678", "a.b(c)[d]", "¿Qué?", "x"):
        assert estimator(family).measure(text * 50).tokens > estimator(family).measure(text).tokens
