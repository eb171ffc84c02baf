"""Counting refusals: by kind, source and category, live and from many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from portable_llm import Refusal, Response
from portable_llm.refusal import RefusalCounter, refusal_attributes, refusal_rates
from portable_llm.testing import answer

PLAIN = replace(answer("Hi", model="m"), provider="p")
HARD = Refusal(kind="hard", source="input_filter", category="cyber", text="secret words")
SOFT = Refusal(kind="soft", source="model", category="out_of_scope", probability=0.75)


def refused(refusal: Refusal) -> Response[None]:
    return replace(PLAIN, refusal=refusal)


def test_rates_of_some_answers() -> None:
    rates = refusal_rates(iter([PLAIN, refused(HARD), refused(SOFT), refused(replace(SOFT, is_partial=True))]))

    assert (rates.answers, rates.refusals, rates.partial, rates.rate) == (4, 2, 1, 0.5)
    assert rates.by_kind == {"hard": 1, "soft": 1}
    assert rates.by_source == {"input_filter": 1, "model": 1}
    assert rates.by_category == {"cyber": 1, "out_of_scope": 1}
    assert rates.by_model == {"p:m": 2}
    assert rates.to_json()["rate"] == 0.5


def test_no_answers_have_no_rate() -> None:
    assert refusal_rates([]).rate is None


def test_an_answer_counts_the_refusals_it_stands_in_for() -> None:
    rates = refusal_rates([replace(PLAIN, declined=(refused(HARD),))])

    assert (rates.answers, rates.refusals) == (2, 1)


def test_many_threads_lose_no_count() -> None:
    counter = RefusalCounter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(counter.add, [refused(HARD), PLAIN] * 500))

    assert (counter.rates().answers, counter.rates().by_kind) == (1000, {"hard": 500})


def test_attributes_of_a_span_hold_no_words_of_the_answer() -> None:
    attributes = refusal_attributes(HARD)

    assert attributes["portable_llm.refusal.category"] == "cyber"
    assert "secret words" not in map(str, attributes.values())
    assert refusal_attributes(SOFT)["portable_llm.refusal.probability"] == pytest.approx(0.75)
    assert refusal_attributes(None) == {}


def test_every_public_name_of_the_room_loads() -> None:
    from portable_llm import refusal

    assert all(getattr(refusal, name) is not None for name in refusal.__all__)
    assert dir(refusal) == sorted(refusal.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        refusal.nonsense  # noqa: B018
