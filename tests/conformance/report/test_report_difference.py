"""Words that the other answer lacks are marked, and nothing of the answer is lost or changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portable_llm.conformance.report.difference import MAX_WORDS, difference

sentences = st.lists(st.sampled_from(["the", "order", "17", "is", "late", ".", "\n", " ", "Ünï"]), max_size=40).map(
    "".join
)


def marked(text: str, other: str) -> list[str]:
    return [piece.text for piece in difference(text, other) if piece.is_own]


def test_only_what_differs_is_marked() -> None:
    assert marked("The order is on its way.", "The order is not known.") == ["on its way"]
    assert marked('```json\n{"a": 1}\n```', '{"a": 1}') == ["```json\n", "\n```"]


@given(st.one_of(st.text(), sentences), st.one_of(st.text(), sentences))
def test_the_pieces_make_up_the_answer(text: str, other: str) -> None:
    assert "".join(piece.text for piece in difference(text, other)) == text


@given(st.one_of(st.text(), sentences))
def test_an_answer_does_not_differ_from_itself(text: str) -> None:
    assert marked(text, text) == []


def test_beyond_the_limit_the_rest_is_marked_as_a_whole() -> None:
    long = " ".join(f"w{number}" for number in range(20 * MAX_WORDS))

    pieces = difference(f"a {long} end", f"b {long[::-1]} end")

    assert "".join(piece.text for piece in pieces) == f"a {long} end"
    assert pieces[-1].text == " end"
    assert not pieces[-1].is_own


def test_a_text_made_to_match_everywhere_is_compared_too() -> None:
    pieces = difference("a " * 5_000 + "b", "c " + "a " * 5_001)

    assert "".join(piece.text for piece in pieces) == "a " * 5_000 + "b"
